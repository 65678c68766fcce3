//! Changing a table. DynamoDB takes one `UpdateTable` until the table is active again, and one index that is added or removed with it; what
//! else there is to change is left for the next time.

use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types as sdk;

use super::blocks::{self, incomplete};
use super::{
    BillingMode, GlobalIndex, KinesisStream, OnDemandThroughput, Stream, Table, TableChanges, WarmThroughput, read,
    tags_of,
};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Update, Updated};
use crate::tags;

pub(super) async fn make(aws: &Aws, update: Update<'_, Table>) -> Result<Updated<TableChanges>> {
    let TableChanges {
        // They come and go with the indexes whose keys they are, in the same call.
        attributes: _,
        billing_mode,
        provisioned_throughput,
        on_demand_throughput,
        warm_throughput,
        global_secondary_indexes,
        stream,
        stream_policy,
        ttl_attribute,
        point_in_time_recovery,
        recovery_period_in_days,
        kms_encryption,
        kms_key,
        deletion_protection,
        table_class,
        resource_policy,
        contributor_insights,
        contributor_insights_mode,
        kinesis_stream,
        tags,
    } = update.changes;
    let Update { owner, id, now, planned, .. } = update;
    let name = id.as_str();
    let settings = Settings { aws, name, now, planned };
    if ttl_attribute {
        settings.time_to_live().await?;
    }
    if point_in_time_recovery || recovery_period_in_days {
        settings.backups().await?;
    }
    if contributor_insights || contributor_insights_mode {
        let (enabled, mode) = (planned.contributor_insights, planned.contributor_insights_mode);
        settings.insights(None, enabled, mode.map(|mode| mode.as_str().into())).await?;
    }
    if kinesis_stream {
        settings.kinesis().await?;
    }
    if resource_policy || tags {
        let arn = read::arn(aws, name);
        if let (true, Some(policy)) = (resource_policy, &planned.resource_policy) {
            aws.dynamodb().put_resource_policy().resource_arn(&arn).policy(policy.as_str()).send().await?;
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            aws.dynamodb().tag_resource().resource_arn(&arn).set_tags(Some(tags_of(set)?)).send().await?;
            if !removed.is_empty() {
                let call = aws.dynamodb().untag_resource().resource_arn(&arn);
                call.set_tag_keys(Some(removed.into_iter().collect())).send().await?;
            }
        }
    }
    let capacity = billing_mode || provisioned_throughput || on_demand_throughput || warm_throughput;
    let encryption = kms_encryption || kms_key;
    // A stream of another view is another stream: this one ends first.
    let ending = now.stream != Stream::Off && planned.stream != Stream::Off;
    let call = aws.dynamodb().update_table().table_name(name);
    let mut left = TableChanges { stream_policy, stream, global_secondary_indexes, ..TableChanges::default() };
    let call = if deletion_protection {
        left = TableChanges { billing_mode, provisioned_throughput, on_demand_throughput, warm_throughput, ..left };
        left = TableChanges { table_class, kms_encryption, kms_key, ..left };
        Some(call.deletion_protection_enabled(planned.deletion_protection))
    } else if capacity {
        left = TableChanges { table_class, kms_encryption, kms_key, ..left };
        Some(settings.capacity(call, billing_mode)?)
    } else if table_class {
        left = TableChanges { kms_encryption, kms_key, ..left };
        Some(call.table_class(planned.table_class.as_str().into()))
    } else if encryption {
        Some(call.sse_specification(planned.encryption()))
    } else if stream && now.stream != planned.stream {
        // A stream that begins has no policy, whatever the one before had.
        left.stream = ending || planned.stream != Stream::Off;
        let off = || sdk::StreamSpecification::builder().stream_enabled(false).build();
        let off = || off().map_err(|error| incomplete("StreamSpecification", &error));
        let specification = match planned.stream.to_sdk()? {
            Some(specification) if !ending => specification,
            _ => off()?,
        };
        Some(call.stream_specification(specification))
    } else if global_secondary_indexes {
        let step = settings.index()?;
        left.global_secondary_indexes = step.is_some();
        step.map(|step| step.of(call))
    } else {
        None
    };
    if let Some(call) = call {
        call.send().await?;
        return Ok(Updated::later(left));
    }
    if global_secondary_indexes {
        // All of them are there.
        settings.insights_of_indexes().await?;
    }
    if let (true, Some(policy)) = (stream || stream_policy, &planned.stream_policy) {
        let table = read::describe(aws, name).await?;
        let Some(arn) = table.and_then(|table| table.latest_stream_arn) else {
            return Err(Error::refused("dynamodb PutResourcePolicy", "`stream_policy` needs a `stream`"));
        };
        aws.dynamodb().put_resource_policy().resource_arn(arn).policy(policy.as_str()).send().await?;
    }
    Ok(Updated::done())
}

/// A table that is changed from what it is now to what is planned.
struct Settings<'a> {
    aws: &'a Aws,
    name: &'a str,
    now: &'a Table,
    planned: &'a Table,
}

impl Settings<'_> {
    async fn time_to_live(&self) -> Result<()> {
        let set = async |attribute: &str, enabled: bool| -> Result<()> {
            let time = sdk::TimeToLiveSpecification::builder().attribute_name(attribute).enabled(enabled).build();
            let time = time.map_err(|error| incomplete("TimeToLiveSpecification", &error))?;
            let call = self.aws.dynamodb().update_time_to_live().table_name(self.name);
            call.time_to_live_specification(time).send().await?;
            Ok(())
        };
        // As it is at this moment: the second of two changes is refused for an hour, and this is then called again.
        let before = read::time_to_live(self.aws, self.name).await?.unwrap_or_default();
        let after = self.planned.ttl_attribute.as_str();
        if !before.is_empty() && before != after {
            set(&before, false).await?;
        }
        if !after.is_empty() && before != after {
            set(after, true).await?;
        }
        Ok(())
    }

    async fn backups(&self) -> Result<()> {
        let enabled = self.planned.point_in_time_recovery;
        let days = self.planned.recovery_period_in_days.filter(|_| enabled);
        let recovery = sdk::PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(enabled);
        let recovery = recovery.set_recovery_period_in_days(days).build();
        let recovery = recovery.map_err(|error| incomplete("PointInTimeRecoverySpecification", &error))?;
        let call = self.aws.dynamodb().update_continuous_backups().table_name(self.name);
        call.point_in_time_recovery_specification(recovery).send().await?;
        Ok(())
    }

    async fn insights(&self, index: Option<&str>, on: bool, mode: Option<sdk::ContributorInsightsMode>) -> Result<()> {
        let action = if on { sdk::ContributorInsightsAction::Enable } else { sdk::ContributorInsightsAction::Disable };
        let call = self.aws.dynamodb().update_contributor_insights().table_name(self.name);
        let call = call.set_index_name(index.map(str::to_owned)).contributor_insights_action(action);
        call.set_contributor_insights_mode(mode.filter(|_| on)).send().await?;
        Ok(())
    }

    async fn insights_of_indexes(&self) -> Result<()> {
        for (name, index) in &self.planned.global_secondary_indexes {
            let before = self.now.global_secondary_indexes.get(name).is_some_and(|now| now.contributor_insights);
            if before != index.contributor_insights {
                self.insights(Some(name), index.contributor_insights, None).await?;
            }
        }
        Ok(())
    }

    async fn kinesis(&self) -> Result<()> {
        let dynamodb = self.aws.dynamodb();
        let Some(KinesisStream { stream_arn, precision }) = &self.planned.kinesis_stream else { return Ok(()) };
        let before = self.now.kinesis_stream.as_ref();
        let precision: sdk::ApproximateCreationDateTimePrecision = precision.as_str().into();
        if before.is_some_and(|before| before.stream_arn == *stream_arn) {
            let other = sdk::UpdateKinesisStreamingConfiguration::builder();
            let other = other.approximate_creation_date_time_precision(precision).build();
            let call = dynamodb.update_kinesis_streaming_destination().table_name(self.name).stream_arn(stream_arn);
            call.update_kinesis_streaming_configuration(other).send().await?;
            return Ok(());
        }
        if let Some(before) = before {
            let call = dynamodb.disable_kinesis_streaming_destination().table_name(self.name);
            call.stream_arn(&before.stream_arn).send().await.or_gone(super::GONE)?;
        }
        let exact = sdk::EnableKinesisStreamingConfiguration::builder();
        let exact = exact.approximate_creation_date_time_precision(precision).build();
        let call = dynamodb.enable_kinesis_streaming_destination().table_name(self.name).stream_arn(stream_arn);
        call.enable_kinesis_streaming_configuration(exact).send().await?;
        Ok(())
    }

    /// Whoever goes over to provisioned capacity says that of every index in the same call.
    fn capacity(&self, call: UpdateTableFluentBuilder, billing_mode: bool) -> Result<UpdateTableFluentBuilder> {
        let planned = self.planned;
        let provisioned = planned.provisioned_throughput.as_ref().map(|it| it.to_sdk()).transpose()?;
        let by_request = planned.billing_mode == BillingMode::PayPerRequest;
        let limits = planned.on_demand_throughput.as_ref().map(OnDemandThroughput::to_sdk).filter(|_| by_request);
        let there = |name: &String| self.now.global_secondary_indexes.contains_key(name);
        let indexes = planned.global_secondary_indexes.iter().filter(|(name, _)| billing_mode && there(name));
        let indexes = indexes.map(|(name, index)| index.capacity(name)).collect::<Result<Vec<_>>>()?;
        let indexes: Vec<_> = indexes.into_iter().flatten().collect();
        // The same capacity as before is refused.
        let same = !billing_mode && planned.provisioned_throughput == self.now.provisioned_throughput;
        Ok(call
            .set_billing_mode(billing_mode.then(|| planned.billing_mode.as_str().into()))
            .set_provisioned_throughput(provisioned.filter(|_| !by_request && !same))
            .set_on_demand_throughput(limits)
            .set_warm_throughput(planned.warm_throughput.as_ref().map(WarmThroughput::to_sdk))
            .set_global_secondary_index_updates(Some(indexes).filter(|all| !all.is_empty())))
    }

    /// The next change of an index, if there is one: what goes, then what changes its capacity, then what comes.
    fn index(&self) -> Result<Option<IndexStep>> {
        let (now, planned) = (&self.now.global_secondary_indexes, &self.planned.global_secondary_indexes);
        let stays = |name: &String, index: &GlobalIndex| planned.get(name).is_some_and(|it| it.is_same_index(index));
        if let Some((name, _)) = now.iter().find(|(name, index)| !stays(name, index)) {
            let delete = sdk::DeleteGlobalSecondaryIndexAction::builder().index_name(name).build();
            let delete = delete.map_err(|error| incomplete("GlobalSecondaryIndexUpdate", &error))?;
            let change = sdk::GlobalSecondaryIndexUpdate::builder().delete(delete).build();
            return Ok(Some(IndexStep { changes: vec![change], attributes: None }));
        }
        let resized = planned.iter().filter(|(name, index)| now.get(*name).is_some_and(|now| is_resized(now, index)));
        let changes = resized.map(|(name, index)| index.capacity(name)).collect::<Result<Vec<_>>>()?;
        let changes: Vec<_> = changes.into_iter().flatten().collect();
        if !changes.is_empty() {
            return Ok(Some(IndexStep { changes, attributes: None }));
        }
        let Some((name, index)) = planned.iter().find(|(name, _)| !now.contains_key(*name)) else { return Ok(None) };
        // Attributes of indexes that come later would be refused now.
        let mut keys = vec![&self.planned.partition_key, &self.planned.sort_key, &index.partition_key, &index.sort_key];
        keys.extend(now.values().flat_map(|index| [&index.partition_key, &index.sort_key]));
        keys.extend(self.planned.local_secondary_indexes.values().map(|index| &index.sort_key));
        let mut attributes = self.planned.attributes.clone();
        attributes.retain(|name, _| keys.contains(&name));
        let attributes = Some(blocks::attributes(&attributes)?);
        Ok(Some(IndexStep { changes: vec![index.creation(name)?], attributes }))
    }
}

/// Whether an index is declared to have another capacity than it has.
fn is_resized(now: &GlobalIndex, planned: &GlobalIndex) -> bool {
    let provisioned = &planned.provisioned_throughput;
    let limits = &planned.on_demand_throughput;
    (provisioned.is_some() && *provisioned != now.provisioned_throughput)
        || (limits.is_some() && *limits != now.on_demand_throughput)
}

/// One change of indexes.
struct IndexStep {
    changes: Vec<sdk::GlobalSecondaryIndexUpdate>,
    /// The types of all keys, where an index is added.
    attributes: Option<Vec<sdk::AttributeDefinition>>,
}

impl IndexStep {
    fn of(self, call: UpdateTableFluentBuilder) -> UpdateTableFluentBuilder {
        call.set_global_secondary_index_updates(Some(self.changes)).set_attribute_definitions(self.attributes)
    }
}
