//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn alarm(stack: &mut Stack) {
    stack.component("alarm", |stack| {
        let conformance = cloudwatch::Alarm::builder()
            .name("Conformance")
            .description("made by the conformance suite")
            .actions_enabled(false)
            .alarm_actions([Arn::new("topic-arn-1")])
            .ok_actions([Arn::new("topic-arn-1")])
            .insufficient_data_actions([Arn::new("topic-arn-1")])
            .namespace("AWS/SQS")
            .metric_name("ApproximateAgeOfOldestMessage")
            .dimensions([("QueueName", "orders")])
            .statistic(cloudwatch::Statistic::Maximum)
            .period(60)
            .unit(cloudwatch::Unit::Seconds)
            .evaluation_periods(5)
            .datapoints_to_alarm(3)
            .threshold("300.5")
            .comparison_operator(cloudwatch::ComparisonOperator::GreaterThanThreshold)
            .treat_missing_data(cloudwatch::MissingData::NotBreaching)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance", conformance, options().import("the-id"));
    });
}
