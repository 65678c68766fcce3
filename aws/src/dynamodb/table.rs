//! `aws:dynamodb/table`: a table of items, found by their keys.
//!
//! ```
//! use formwork_aws::dynamodb::{AttributeType, GlobalIndex, Projection, Table};
//!
//! let by_status = GlobalIndex::builder().partition_key("status").projection(Projection::keys_only()).build();
//! let orders = Table::builder()
//!     .name("orders")
//!     .partition_key("customer")
//!     .sort_key("order")
//!     .attributes([("customer", AttributeType::Text), ("order", AttributeType::Text), ("status", AttributeType::Text)])
//!     .global_secondary_indexes([("by-status", by_status)])
//!     .point_in_time_recovery(true)
//!     .deletion_protection(true)
//!     .build();
//! # drop(orders);
//! ```
//!
//! DynamoDB takes one change of a table at a time, and adds or removes one index at a time. An update of several is made step by step, each
//! waiting until the table is active again.

mod blocks;
mod conformance;
mod read;
mod update;

pub use blocks::{
    AttributeType, BillingMode, GlobalIndex, InsightsMode, KinesisPrecision, KinesisStream, LocalIndex,
    OnDemandThroughput, Projection, ProvisionedThroughput, Stream, TableClass, WarmThroughput,
};

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Change, Ending, Hazard, Json, Name, Outputs, Resource, id};

use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::hazards::unguarded;
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated};
use crate::questions::each;
use crate::tags::{self, Tags};

id! {
    /// The name of a table, unique in its account and region.
    pub struct TableName;
}

const ENDING: Ending = Ending { refused_by: Some("deletion_protection"), ..Ending::PLAIN };

/// A table. Its items are lost with it.
#[derive(Resource)]
#[resource(
    kind = "aws:dynamodb/table",
    cfn = "AWS::DynamoDB::Table",
    id = TableName,
    outputs = TableOutputs,
    guard = unique_name,
    natural_key(name),
    data_store,
    visibility = 120,
    ending = ENDING
)]
// An index of a large table is filled for hours.
#[resource(create_wait = (2, 2, 1, 1800), update_wait = (2, 2, 1, 21600), delete_wait = (2, 2, 1, 1200))]
pub struct Table {
    /// The name: 3 to 255 letters, digits and `_.-`.
    #[arg(replace, cfn = "TableName")]
    pub name: Name,
    /// The attribute by which items are spread, and found.
    #[arg(replace, cfn = "KeySchema")]
    pub partition_key: String,
    /// The attribute by which items of one partition key are sorted; there is one item for each when it is left out.
    #[arg(replace, default, cfn = "KeySchema")]
    pub sort_key: String,
    /// The types of all attributes that are keys of the table or of an index, and of no others.
    #[arg(decide = attributes_change, cfn = "AttributeDefinitions")]
    pub attributes: BTreeMap<String, AttributeType>,
    /// How reads and writes are paid for.
    #[arg(in_place, default = BillingMode::PayPerRequest)]
    pub billing_mode: BillingMode,
    /// The capacity that is there all the time; needed with `BillingMode::Provisioned`.
    #[arg(in_place, hazards = throughput_hazards)]
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// The most that may be read and written with `BillingMode::PayPerRequest`; the account's limit when left out.
    #[arg(in_place, hazards = limit_hazards)]
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// What it can bear at once. It grows by itself, and never shrinks.
    #[arg(in_place, same = grown)]
    pub warm_throughput: Option<WarmThroughput>,
    /// Indexes with keys of their own, by name, at most twenty. A change of keys or projection makes an index anew.
    #[arg(in_place, default, hazards = index_hazards)]
    pub global_secondary_indexes: BTreeMap<String, GlobalIndex>,
    /// Indexes with the table's partition key and another sort key, by name, at most five. They are made with the table.
    #[arg(replace, default)]
    pub local_secondary_indexes: BTreeMap<String, LocalIndex>,
    /// What is told of each change of an item, for a day.
    #[arg(in_place, default = Stream::Off, cfn = "StreamSpecification.StreamViewType", hazards = stream_hazards)]
    pub stream: Stream,
    /// Who else may read the stream.
    #[arg(in_place, after_create, cfn = "StreamSpecification.ResourcePolicy")]
    pub stream_policy: Option<Json>,
    /// The attribute that says, in seconds since 1970, when an item is deleted; none are when it is left out. DynamoDB takes one change of it
    /// in an hour.
    #[arg(in_place, after_create, default, cfn = "TimeToLiveSpecification", hazards = ttl_hazards)]
    pub ttl_attribute: String,
    /// Whether it can be restored to any moment of the last days.
    #[arg(
        in_place,
        after_create,
        default = false,
        cfn = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
        hazards = unguarded
    )]
    pub point_in_time_recovery: bool,
    /// Of how many days that is, 1 to 35; DynamoDB's 35 when left out.
    #[arg(
        in_place,
        after_create,
        cfn = "PointInTimeRecoverySpecification.RecoveryPeriodInDays",
        hazards = crate::hazards::shorter_if_known
    )]
    pub recovery_period_in_days: Option<i32>,
    /// Whether a KMS key of the account encrypts it, and not one of DynamoDB's own.
    #[arg(in_place, default = false, cfn = "SSESpecification.SSEEnabled")]
    pub kms_encryption: bool,
    /// The key, with `kms_encryption`; the account's `aws/dynamodb` when absent.
    #[arg(in_place, same = same_key, cfn = "SSESpecification.KMSMasterKeyId")]
    pub kms_key: Option<Arn<Key>>,
    /// Whether AWS refuses to delete it. Lifted by Formwork itself once the deletion is consented to.
    #[arg(in_place, default = false, cfn = "DeletionProtectionEnabled", hazards = unguarded)]
    pub deletion_protection: bool,
    /// What storage and requests cost. Two changes are taken in thirty days.
    #[arg(in_place, default = TableClass::Standard)]
    pub table_class: TableClass,
    /// Who else may use it.
    #[arg(in_place, cfn = "ResourcePolicy.PolicyDocument")]
    pub resource_policy: Option<Json>,
    /// Whether the keys that are used most are found out.
    #[arg(in_place, after_create, default = false, cfn = "ContributorInsightsSpecification.Enabled")]
    pub contributor_insights: bool,
    /// Which requests are looked at for that; all when left out.
    #[arg(in_place, after_create, cfn = "ContributorInsightsSpecification.Mode")]
    pub contributor_insights_mode: Option<InsightsMode>,
    /// The Kinesis stream that changes of items are written to; none when left out.
    #[arg(in_place, after_create, cfn = "KinesisStreamSpecification")]
    pub kinesis_stream: Option<KinesisStream>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Attributes come and go with indexes; the type of one that stays is that of all items.
fn attributes_change(before: &BTreeMap<String, AttributeType>, after: &BTreeMap<String, AttributeType>) -> Change {
    let changed = before.iter().any(|(name, sort)| after.get(name).is_some_and(|now| now != sort));
    if changed { Change::Replace } else { Change::InPlace }
}

/// Requests beyond a smaller capacity are refused.
fn throughput_hazards(
    before: &Option<ProvisionedThroughput>,
    after: &Option<ProvisionedThroughput>,
) -> &'static [Hazard] {
    match (before, after) {
        (Some(before), Some(after)) if after.read < before.read || after.write < before.write => &[Hazard::Outage],
        _ => &[],
    }
}

/// Requests beyond a smaller limit are refused.
fn limit_hazards(before: &Option<OnDemandThroughput>, after: &Option<OnDemandThroughput>) -> &'static [Hazard] {
    let lower = |before: Option<i64>, after: Option<i64>| after.is_some_and(|after| before.is_none_or(|it| after < it));
    let limits = |it: &Option<OnDemandThroughput>| it.as_ref().map_or((None, None), |it| (it.max_read, it.max_write));
    let ((read, write), (read_after, write_after)) = (limits(before), limits(after));
    if lower(read, read_after) || lower(write, write_after) { &[Hazard::Outage] } else { &[] }
}

/// Whoever queries an index that goes, or is made anew, is refused until it is there.
fn index_hazards(before: &BTreeMap<String, GlobalIndex>, after: &BTreeMap<String, GlobalIndex>) -> &'static [Hazard] {
    let stays = |(name, index): (&String, &GlobalIndex)| after.get(name).is_some_and(|now| now.is_same_index(index));
    if before.iter().all(stays) { &[] } else { &[Hazard::Outage] }
}

/// Another view is another stream: who reads this one must be pointed to the other.
fn stream_hazards(before: &Stream, after: &Stream) -> &'static [Hazard] {
    if *before != Stream::Off && before != after { &[Hazard::Outage] } else { &[] }
}

/// Items whose time is over go.
fn ttl_hazards(before: &String, after: &String) -> &'static [Hazard] {
    if !after.is_empty() && before != after { &[Hazard::DataLoss] } else { &[] }
}

/// DynamoDB raises it with the load.
fn grown(wanted: &Option<WarmThroughput>, found: &Option<WarmThroughput>) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => found.read >= wanted.read && found.write >= wanted.write,
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// What is known of a table once it is there.
#[derive(Outputs)]
pub struct TableOutputs {
    /// The name.
    pub id: TableName,
    /// The ARN.
    pub arn: Arn<Table>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
    /// The ARN of its stream; empty while there is none.
    #[output(moves_with(stream))]
    pub stream_arn: String,
}

const GONE: &[&str] = &["ResourceNotFoundException"];

impl Lifecycle for Table {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let indexes = args.global_secondary_indexes.iter().map(|(name, index)| index.to_sdk(name));
        let indexes = indexes.collect::<Result<Vec<_>>>()?;
        let local = args.local_secondary_indexes.iter().map(|(name, index)| index.to_sdk(name, &args.partition_key));
        let local = local.collect::<Result<Vec<_>>>()?;
        let answer = aws
            .dynamodb()
            .create_table()
            .table_name(args.name.as_str())
            .set_key_schema(Some(blocks::key(&args.partition_key, &args.sort_key)?))
            .set_attribute_definitions(Some(blocks::attributes(&args.attributes)?))
            .billing_mode(args.billing_mode.as_str().into())
            .set_provisioned_throughput(args.provisioned_throughput.as_ref().map(|it| it.to_sdk()).transpose()?)
            .set_on_demand_throughput(args.on_demand_throughput.as_ref().map(OnDemandThroughput::to_sdk))
            .set_warm_throughput(args.warm_throughput.as_ref().map(WarmThroughput::to_sdk))
            .set_global_secondary_indexes(Some(indexes).filter(|all| !all.is_empty()))
            .set_local_secondary_indexes(Some(local).filter(|all| !all.is_empty()))
            .set_stream_specification(args.stream.to_sdk()?)
            .set_sse_specification(args.kms_encryption.then(|| args.encryption()))
            .table_class(args.table_class.as_str().into())
            .deletion_protection_enabled(args.deletion_protection)
            .set_resource_policy(args.resource_policy.as_ref().map(ToString::to_string))
            .set_tags(Some(tags_of(tags::all(owner, &args.tags))?))
            .send()
            .await?;
        let name = answer.table_description.and_then(|table| table.table_name);
        let name = name.ok_or_else(|| Error::unexpected("dynamodb CreateTable", "no name in the answer"))?;
        // What is found out of an index is said when it is there.
        let watched = args.global_secondary_indexes.values().any(|index| index.contributor_insights);
        let left = TableChanges { global_secondary_indexes: watched, ..TableChanges::default() };
        Ok(Created { left: formwork_engine::ChangeSet::names(&left), ..Created::whole(name) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| read::describe(aws, &one.id)).await;
        let mut statuses = BTreeMap::new();
        for (one, table) in waiting.iter().zip(found) {
            if let Some(table) = table? {
                statuses.insert(one.id.clone(), read::status(&table));
            }
        }
        Ok(statuses)
    }

    async fn read(aws: &Aws, ids: &[TableName]) -> Result<Readings<Self>> {
        // DynamoDB describes one table at a time.
        let found = each(ids, |id| read::observe(aws, id)).await;
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(table) = read::describe(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        let theirs = read::tags(aws, table.table_arn().unwrap_or_default()).await?.and_then(|tags| tags.owner);
        Ok(vec![tags::candidate(owner, args.name.as_str(), theirs.as_ref())])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<TableChanges>> {
        update::make(aws, update).await
    }

    async fn delete(aws: &Aws, id: &TableName, _: &Self) -> Result<Deletion> {
        let name = id.as_str();
        let Some(table) = read::describe(aws, name).await? else { return Ok(Deletion::Done) };
        if table.deletion_protection_enabled == Some(true) {
            let call = aws.dynamodb().update_table().table_name(name).deletion_protection_enabled(false);
            call.send().await.or_gone(GONE)?;
            return Ok(Deletion::Again);
        }
        let deleted = aws.dynamodb().delete_table().table_name(name).send().await.or_gone(GONE)?;
        Ok(if deleted.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

fn tags_of(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<aws_sdk_dynamodb::types::Tag>> {
    let tag = |(key, value)| aws_sdk_dynamodb::types::Tag::builder().key(key).value(value).build();
    tags.into_iter().map(|pair| tag(pair).map_err(|error| blocks::incomplete("Tag", &error))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_key_that_stays_is_another_table() {
        let of =
            |pairs: &[(&str, AttributeType)]| pairs.iter().map(|(name, sort)| ((*name).to_owned(), *sort)).collect();
        let before = of(&[("id", AttributeType::Text), ("age", AttributeType::Number)]);
        assert_eq!(attributes_change(&before, &of(&[("id", AttributeType::Number)])), Change::Replace);
        assert_eq!(attributes_change(&before, &of(&[("id", AttributeType::Text)])), Change::InPlace);
    }

    #[test]
    fn what_a_table_can_bear_grows_by_itself() {
        let of = |read, write| Some(WarmThroughput { read, write });
        assert!(grown(&of(12_000, 4_000), &of(13_000, 4_000)) && grown(&None, &of(1, 1)));
        assert!(!grown(&of(12_000, 4_000), &of(13_000, 3_000)));
    }
}
