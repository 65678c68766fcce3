//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn table(stack: &mut Stack) {
    stack.component("table", |stack| {
        let conformance_global_secondary_indexes_2 = dynamodb::GlobalIndex::builder()
            .partition_key("status")
            .sort_key("order")
            .projection(dynamodb::Projection::keys_only())
            .contributor_insights(true)
            .build();
        let conformance_global_secondary_indexes = ("by-status", conformance_global_secondary_indexes_2);
        let conformance_local_secondary_indexes_2 = dynamodb::LocalIndex::builder()
            .sort_key("total")
            .projection(dynamodb::Projection::include(["status"]))
            .build();
        let conformance_local_secondary_indexes = ("by-total", conformance_local_secondary_indexes_2);
        let conformance_stream_policy = iam::Statement::allow()
            .principal(iam::Principal::aws("arn:aws:iam::123456789012:root"))
            .action("dynamodb:GetRecords")
            .resource("*");
        let conformance_stream_policy = iam::PolicyDocument::of([conformance_stream_policy]);
        let conformance_resource_policy = iam::Statement::allow()
            .principal(iam::Principal::aws("arn:aws:iam::123456789012:root"))
            .action("dynamodb:GetItem")
            .resource("*");
        let conformance_resource_policy = iam::PolicyDocument::of([conformance_resource_policy]);
        let conformance_kinesis_stream =
            dynamodb::KinesisStream::builder().stream_arn("arn:aws:kinesis:eu-west-1:123456789012:stream/one").build();
        let conformance = dynamodb::Table::builder()
            .name("Conformance")
            .partition_key("customer")
            .sort_key("order")
            .attributes([
                ("customer", dynamodb::AttributeType::Text),
                ("order", dynamodb::AttributeType::Text),
                ("status", dynamodb::AttributeType::Text),
                ("total", dynamodb::AttributeType::Text),
            ])
            .on_demand_throughput(dynamodb::OnDemandThroughput::builder().max_read(100).max_write(50).build())
            .warm_throughput(dynamodb::WarmThroughput::builder().read(12000).write(4000).build())
            .global_secondary_indexes([conformance_global_secondary_indexes])
            .local_secondary_indexes([conformance_local_secondary_indexes])
            .stream(dynamodb::Stream::After)
            .stream_policy(conformance_stream_policy)
            .ttl_attribute("until")
            .point_in_time_recovery(true)
            .recovery_period_in_days(7)
            .kms_encryption(true)
            .kms_key(Arn::new("key-arn-1"))
            .deletion_protection(true)
            .resource_policy(conformance_resource_policy)
            .contributor_insights(true)
            .contributor_insights_mode(dynamodb::InsightsMode::Throttled)
            .kinesis_stream(conformance_kinesis_stream)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance", conformance, options().import("the-id"));
    });
}
