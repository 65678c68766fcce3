//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn subscription(stack: &mut Stack) {
    stack.component("subscription", |stack| {
        let subscription = sns::Subscription::builder()
            .topic(sns::TopicArn::new("topic-id-1"))
            .protocol(sns::Protocol::Sqs)
            .endpoint("one-arn-1")
            .filter_policy(r#"{"sort":["order"]}"#)
            .filter_policy_scope(sns::FilterPolicyScope::MessageAttributes)
            .raw_message_delivery(true)
            .dead_letter_target(Arn::new("dead-arn-1"))
            .build();
        stack.add_with("subscription", subscription, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn topic(stack: &mut Stack) {
    stack.component("topic", |stack| {
        let conformance_delivery_status_logging = sns::DeliveryStatusLogging::builder()
            .protocol(sns::LoggedProtocol::Sqs)
            .success_role(Arn::new("role-arn-1"))
            .success_sample_rate(50)
            .failure_role(Arn::new("role-arn-1"))
            .build();
        let conformance = sns::Topic::builder()
            .name("Conformance")
            .display_name("Conformance")
            .kms_key(Arn::new("key-arn-1"))
            .data_protection_policy(r#"{"Name":"one","Version":"2021-06-01","Statement":[{"Sid":"mask","DataDirection":"Inbound","Principal":["*"],"DataIdentifier":["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],"Operation":{"Deidentify":{"MaskConfig":{}}}}]}"#)
            .delivery_policy(r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3}}}"#)
            .delivery_status_logging([conformance_delivery_status_logging])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance", conformance, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn topic_policy(stack: &mut Stack) {
    stack.component("topic-policy", |stack| {
        let topic_policy_policy = iam::Statement::allow()
            .principal(iam::Principal::service("events.amazonaws.com"))
            .action("sns:Publish")
            .resource("arn:aws:sns:eu-west-1:123456789012:with-policy-1");
        let topic_policy_policy = iam::PolicyDocument::of([topic_policy_policy]);
        let topic_policy = sns::TopicPolicy::builder()
            .topic(sns::TopicArn::new("with-policy-1-id-1"))
            .policy(topic_policy_policy)
            .build();
        stack.add_with("topic-policy", topic_policy, options().import("the-id"));
    });
}
