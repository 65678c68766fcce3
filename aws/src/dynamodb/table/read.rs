//! What a table is: seven questions, since most of its settings are answered by themselves.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types as sdk;
use formwork_engine::kind::Status;
use formwork_engine::{Json, Name};
use futures::future::{join3, join4};

use super::blocks::read_key;
use super::{
    AttributeType, BillingMode, GONE, GlobalIndex, InsightsMode, KinesisPrecision, KinesisStream, LocalIndex,
    OnDemandThroughput, Projection, ProvisionedThroughput, Stream, Table, TableClass, TableName, TableOutputs,
    WarmThroughput,
};
use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{OrGone, Result, readable};
use crate::lifecycle::Observed;
use crate::questions::each;
use crate::tags as marks;

/// The ARN of a table of this account and region.
pub(super) fn arn(aws: &Aws, name: &str) -> String {
    let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
    format!("arn:{partition}:dynamodb:{region}:{account}:table/{name}")
}

/// The table; `None` when it is not there.
pub(super) async fn describe(aws: &Aws, name: &str) -> Result<Option<sdk::TableDescription>> {
    let answer = aws.dynamodb().describe_table().table_name(name).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.table))
}

/// Ready when the table, all of its indexes and its encryption are.
pub(super) fn status(table: &sdk::TableDescription) -> Status {
    let word = |what: String, status: Option<&str>| match status {
        None | Some("ACTIVE" | "ENABLED" | "DISABLED") => None,
        Some(other) => Some(format!("{what}{other}")),
    };
    let own = match table.table_status.as_ref().map(sdk::TableStatus::as_str) {
        Some(lost @ ("INACCESSIBLE_ENCRYPTION_CREDENTIALS" | "ARCHIVED" | "ARCHIVING")) => {
            return Status::Stuck(format!("{lost}: the key that encrypts it cannot be used"));
        }
        status => word(String::new(), status),
    };
    let indexes = table.global_secondary_indexes().iter().filter_map(|index| {
        let name = index.index_name().unwrap_or_default();
        word(format!("index {name} "), index.index_status.as_ref().map(sdk::IndexStatus::as_str))
    });
    let encryption = table.sse_description.as_ref().and_then(|it| it.status.as_ref()).map(sdk::SseStatus::as_str);
    let encryption = word("encryption ".to_owned(), encryption);
    let open = own.into_iter().chain(indexes).chain(encryption).next();
    open.map_or(Status::Ready, Status::Pending)
}

/// The tags; `None` when there is no such table.
pub(super) async fn tags(aws: &Aws, arn: &str) -> Result<Option<marks::Read>> {
    let mut pairs = Vec::new();
    let mut next = None;
    loop {
        let call = aws.dynamodb().list_tags_of_resource().resource_arn(arn).set_next_token(next);
        let Some(answer) = call.send().await.or_gone(GONE)? else { return Ok(None) };
        pairs.extend(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
        next = answer.next_token;
        if next.is_none() {
            return Ok(Some(marks::read(aws, pairs)));
        }
    }
}

async fn policy(aws: &Aws, arn: &str) -> Result<Option<String>> {
    let answer = aws.dynamodb().get_resource_policy().resource_arn(arn).send().await;
    Ok(answer.or_gone(&["PolicyNotFoundException", GONE[0]])?.and_then(|answer| answer.policy))
}

pub(super) async fn time_to_live(aws: &Aws, name: &str) -> Result<Option<String>> {
    let answer = aws.dynamodb().describe_time_to_live().table_name(name).send().await.or_gone(GONE)?;
    let description = answer.and_then(|answer| answer.time_to_live_description);
    // On its way counts as there: the change takes up to an hour.
    let on = |it: &sdk::TimeToLiveDescription| {
        matches!(it.time_to_live_status, Some(sdk::TimeToLiveStatus::Enabled | sdk::TimeToLiveStatus::Enabling))
    };
    Ok(description.filter(on).and_then(|it| it.attribute_name))
}

async fn backups(aws: &Aws, name: &str) -> Result<Option<sdk::PointInTimeRecoveryDescription>> {
    let answer = aws.dynamodb().describe_continuous_backups().table_name(name).send().await;
    let answer = answer.or_gone(&["TableNotFoundException", GONE[0]])?;
    Ok(answer.and_then(|answer| answer.continuous_backups_description?.point_in_time_recovery_description))
}

async fn kinesis(aws: &Aws, name: &str) -> Result<Option<KinesisStream>> {
    let answer = aws.dynamodb().describe_kinesis_streaming_destination().table_name(name).send().await.or_gone(GONE)?;
    let streams = answer.and_then(|answer| answer.kinesis_data_stream_destinations).unwrap_or_default();
    let on = |it: &sdk::KinesisDataStreamDestination| {
        use sdk::DestinationStatus::{Active, Enabling, Updating};
        matches!(it.destination_status, Some(Active | Enabling | Updating))
    };
    Ok(streams.into_iter().find(on).and_then(|stream| {
        let precision = stream.approximate_creation_date_time_precision;
        let precision = precision.and_then(|it| KinesisPrecision::parse(it.as_str()));
        Some(KinesisStream {
            stream_arn: stream.stream_arn?,
            precision: precision.unwrap_or(KinesisPrecision::Millisecond),
        })
    }))
}

/// Whether the keys that are used most are found out, and how.
async fn insights(aws: &Aws, name: &str, index: Option<&str>) -> Result<Option<(bool, Option<InsightsMode>)>> {
    let call = aws.dynamodb().describe_contributor_insights().table_name(name);
    let answer = call.set_index_name(index.map(str::to_owned)).send().await.or_gone(GONE)?;
    Ok(answer.map(|answer| {
        use sdk::ContributorInsightsStatus::{Enabled, Enabling};
        let on = matches!(answer.contributor_insights_status, Some(Enabled | Enabling));
        let mode = answer.contributor_insights_mode.filter(|_| on);
        (on, mode.and_then(|mode| InsightsMode::parse(mode.as_str())))
    }))
}

/// What a table is; `None` when it is not there.
pub(super) async fn observe(aws: &Aws, id: &TableName) -> Result<Option<Observed<Table>>> {
    let name = id.as_str();
    let Some(table) = describe(aws, name).await? else { return Ok(None) };
    let arn = table.table_arn.clone().unwrap_or_else(|| arn(aws, name));
    let stream_arn = table.latest_stream_arn.clone().unwrap_or_default();
    let stream = Stream::read(table.stream_specification());
    let stream_policy = async { if stream == Stream::Off { Ok(None) } else { policy(aws, &stream_arn).await } };
    let (marks, own_policy, stream_policy) = join3(tags(aws, &arn), policy(aws, &arn), stream_policy).await;
    let (time, recovery, destination, watched) =
        join4(time_to_live(aws, name), backups(aws, name), kinesis(aws, name), insights(aws, name, None)).await;
    let Some(marks) = marks? else { return Ok(None) };
    let mut unreadable = BTreeMap::new();
    let own_policy = readable(own_policy, &["resource_policy"], &mut unreadable)?;
    let stream_policy = readable(stream_policy, &["stream_policy"], &mut unreadable)?;
    let time = readable(time, &["ttl_attribute"], &mut unreadable)?;
    let recovery = readable(recovery, &["point_in_time_recovery", "recovery_period_in_days"], &mut unreadable)?;
    let kinesis_stream = readable(destination, &["kinesis_stream"], &mut unreadable)?;
    let watched = readable(watched, &["contributor_insights", "contributor_insights_mode"], &mut unreadable)?;
    let (contributor_insights, contributor_insights_mode) = watched.unwrap_or((false, None));
    let recovers = recovery
        .as_ref()
        .is_some_and(|it| it.point_in_time_recovery_status == Some(sdk::PointInTimeRecoveryStatus::Enabled));
    let (partition_key, sort_key) = read_key(table.key_schema.as_deref());
    let billing = table.billing_mode_summary.as_ref().and_then(|it| it.billing_mode.as_ref());
    let class = table.table_class_summary.as_ref().and_then(|it| it.table_class.as_ref());
    let encrypted = table.sse_description.as_ref().filter(|it| {
        matches!(it.status, Some(sdk::SseStatus::Enabled | sdk::SseStatus::Enabling | sdk::SseStatus::Updating))
    });
    let args = Table {
        name: Name::new(name),
        partition_key,
        sort_key,
        attributes: table
            .attribute_definitions()
            .iter()
            .filter_map(|it| Some((it.attribute_name.clone(), AttributeType::parse(it.attribute_type.as_str())?)))
            .collect(),
        // Tables from before there was a choice do not say it.
        billing_mode: billing.and_then(|it| BillingMode::parse(it.as_str())).unwrap_or(BillingMode::Provisioned),
        provisioned_throughput: ProvisionedThroughput::read(table.provisioned_throughput()),
        on_demand_throughput: OnDemandThroughput::read(table.on_demand_throughput()),
        warm_throughput: table
            .warm_throughput()
            .and_then(|it| Some(WarmThroughput { read: it.read_units_per_second?, write: it.write_units_per_second? })),
        global_secondary_indexes: indexes(aws, name, table.global_secondary_indexes()).await?,
        local_secondary_indexes: table
            .local_secondary_indexes()
            .iter()
            .filter_map(|it| {
                let (_, sort_key) = read_key(it.key_schema.as_deref());
                Some((
                    it.index_name.clone()?,
                    LocalIndex { sort_key, projection: Projection::read(it.projection.clone()) },
                ))
            })
            .collect(),
        stream,
        stream_policy: stream_policy.map(Json::new),
        ttl_attribute: time.unwrap_or_default(),
        point_in_time_recovery: recovers,
        recovery_period_in_days: recovery.and_then(|it| it.recovery_period_in_days),
        kms_encryption: encrypted.is_some(),
        kms_key: encrypted.and_then(|it| it.kms_master_key_arn.clone()).map(Arn::new),
        deletion_protection: table.deletion_protection_enabled.unwrap_or_default(),
        table_class: class.and_then(|it| TableClass::parse(it.as_str())).unwrap_or(TableClass::Standard),
        resource_policy: own_policy.map(Json::new),
        contributor_insights,
        contributor_insights_mode,
        kinesis_stream,
        tags: marks.tags,
    };
    let outputs = TableOutputs {
        id: id.clone(),
        arn: Arn::new(arn),
        name: name.to_owned(),
        stream_arn: if stream == Stream::Off { String::new() } else { stream_arn },
    };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, marks.owner) }))
}

async fn indexes(
    aws: &Aws,
    table: &str,
    found: &[sdk::GlobalSecondaryIndexDescription],
) -> Result<BTreeMap<String, GlobalIndex>> {
    // One that is going is gone for whoever looks at what there is.
    let found = found.iter().filter(|it| it.index_status != Some(sdk::IndexStatus::Deleting));
    let found: Vec<_> = found.filter_map(|it| Some((it.index_name.clone()?, it))).collect();
    let watched = each(&found, |(name, _)| insights(aws, table, Some(name))).await;
    let indexes = found.into_iter().zip(watched).map(|((name, index), watched)| {
        let (partition_key, sort_key) = read_key(index.key_schema.as_deref());
        // Where that may not be looked at, nothing is found out.
        let watched = readable(watched, &[], &mut BTreeMap::new())?;
        let index = GlobalIndex {
            partition_key,
            sort_key,
            projection: Projection::read(index.projection.clone()),
            provisioned_throughput: ProvisionedThroughput::read(index.provisioned_throughput()),
            on_demand_throughput: OnDemandThroughput::read(index.on_demand_throughput()),
            contributor_insights: watched.is_some_and(|(on, _)| on),
        };
        Ok((name, index))
    });
    indexes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_ready_when_its_indexes_are() {
        let index = |status: &str| {
            sdk::GlobalSecondaryIndexDescription::builder().index_name("by-age").index_status(status.into()).build()
        };
        let table = |status: &str, index: sdk::GlobalSecondaryIndexDescription| {
            sdk::TableDescription::builder().table_status(status.into()).global_secondary_indexes(index).build()
        };
        assert_eq!(status(&table("ACTIVE", index("ACTIVE"))), Status::Ready);
        assert_eq!(status(&table("UPDATING", index("ACTIVE"))), Status::Pending("UPDATING".into()));
        assert_eq!(status(&table("ACTIVE", index("CREATING"))), Status::Pending("index by-age CREATING".into()));
        assert!(matches!(status(&table("INACCESSIBLE_ENCRYPTION_CREDENTIALS", index("ACTIVE"))), Status::Stuck(_)));
    }
}
