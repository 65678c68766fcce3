//! The example of a table.

use formwork_engine::{Expr, Stack as Program, Value};

use super::{
    AttributeType, BillingMode, GlobalIndex, InsightsMode, KinesisPrecision, KinesisStream, LocalIndex,
    OnDemandThroughput, Projection, ProvisionedThroughput, Stream, Table, TableClass, WarmThroughput,
};
use crate::conformance::{Conformance, Conforms};
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::kms::Key;

fn types(names: &[&str]) -> Value {
    Value::Map(names.iter().map(|name| ((*name).to_owned(), Value::from("S"))).collect())
}

/// A table with one statement about it, which names it as AWS would.
fn policy(action: &str) -> PolicyDocument {
    PolicyDocument::of([Statement::allow()
        .principal(Principal::aws("arn:aws:iam::123456789012:root"))
        .action(action)
        .resource("*")])
}

fn indexes(all: &[(&str, &str)]) -> Expr {
    let index = |key: &str| {
        let index = GlobalIndex::builder().partition_key(key).sort_key("order").projection(Projection::keys_only());
        Expr::from(index.contributor_insights(true).build())
    };
    Expr::Record(all.iter().map(|(name, key)| ((*name).to_owned(), index(key))).collect())
}

impl Conforms for Table {
    fn conformance(stack: &mut Program) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("items").build());
        let other = stack.add("other", Key::builder().description("items, too").build());
        let stream = |name: &str| format!("arn:aws:kinesis:eu-west-1:123456789012:stream/{name}");
        let kinesis = |name: &str, precision: KinesisPrecision| {
            Expr::from(KinesisStream::builder().stream_arn(stream(name)).precision(precision).build())
        };
        let status =
            GlobalIndex::builder().partition_key("status").sort_key("order").projection(Projection::keys_only());
        let total = LocalIndex::builder().sort_key("total").projection(Projection::include(["status"])).build();
        let base = Table::builder()
            .name("Conformance")
            .partition_key("customer")
            .sort_key("order")
            .attributes(["customer", "order", "status", "total"].map(|name| (name, AttributeType::Text)))
            .billing_mode(BillingMode::PayPerRequest)
            .on_demand_throughput(OnDemandThroughput::builder().max_read(100).max_write(50).build())
            .warm_throughput(WarmThroughput::builder().read(12_000).write(4_000).build())
            .global_secondary_indexes([("by-status", status.contributor_insights(true).build())])
            .local_secondary_indexes([("by-total", total)])
            .stream(Stream::After)
            .stream_policy(policy("dynamodb:GetRecords"))
            .ttl_attribute("until")
            .point_in_time_recovery(true)
            .recovery_period_in_days(7)
            .kms_encryption(true)
            .kms_key(&key.arn)
            .deletion_protection(true)
            .table_class(TableClass::Standard)
            .resource_policy(policy("dynamodb:GetItem"))
            .contributor_insights(true)
            .contributor_insights_mode(InsightsMode::Throttled)
            .kinesis_stream(KinesisStream::builder().stream_arn(stream("one")).build())
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let capacity = |read: i64| Expr::from(ProvisionedThroughput::builder().read(read).write(5).build());
        let limits = OnDemandThroughput::builder().max_read(200).max_write(100).build();
        let warm = WarmThroughput::builder().read(13_000).write(5_000).build();
        let by_name = LocalIndex::builder().sort_key("total").projection(Projection::all()).build();
        Conformance::of(base)
            .change("on_demand_throughput", limits)
            .change("warm_throughput", warm)
            .change("global_secondary_indexes", indexes(&[("by-name", "name"), ("by-place", "place")]))
            .together_with("attributes", types(&["customer", "order", "total", "name", "place"]))
            .change("attributes", types(&["customer", "order", "total", "name"]))
            .together_with("global_secondary_indexes", indexes(&[("by-name", "name")]))
            .change("stream", "NEW_AND_OLD_IMAGES")
            .change("stream_policy", policy("dynamodb:GetShardIterator").output())
            .change("ttl_attribute", "expires")
            .change("recovery_period_in_days", 14)
            .change("point_in_time_recovery", false)
            .together_with("recovery_period_in_days", Value::Null)
            .change("kms_key", &other.arn)
            .change("kms_encryption", false)
            .together_with("kms_key", Value::Null)
            .change("deletion_protection", false)
            .change("table_class", "STANDARD_INFREQUENT_ACCESS")
            .change("resource_policy", policy("dynamodb:Query").output())
            .change("contributor_insights_mode", "ACCESSED_AND_THROTTLED_KEYS")
            .change("contributor_insights", false)
            .together_with("contributor_insights_mode", Value::Null)
            .change("kinesis_stream", kinesis("one", KinesisPrecision::Microsecond))
            .change("kinesis_stream", kinesis("two", KinesisPrecision::Microsecond))
            .change("tags", [("team", "b")])
            .change("global_secondary_indexes", Value::empty_map())
            .together_with("attributes", types(&["customer", "order", "total"]))
            .change("billing_mode", "PROVISIONED")
            .together_with("provisioned_throughput", capacity(5))
            .together_with("on_demand_throughput", Value::Null)
            .together_with("warm_throughput", Value::Null)
            .change("provisioned_throughput", capacity(7))
            .change("local_secondary_indexes", Expr::Record([("by-name".to_owned(), Expr::from(by_name))].into()))
            .change("sort_key", "number")
            .together_with("attributes", types(&["customer", "number", "total"]))
            .change("partition_key", "client")
            .together_with("attributes", types(&["client", "number", "total"]))
            .change("name", "Conformance-2")
    }
}
