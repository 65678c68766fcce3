//! `aws:dynamodb/table`: CloudFormation's `AWS::DynamoDB::Table`.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Block, Change, Choice, Json, Name, Outputs, Resource, id};

use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{Error, Result};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated};
use crate::tags::Tags;

id! {
    /// What names one: its `TableName`.
    pub struct TableId;
}

/// CloudFormation's `AWS::DynamoDB::Table`.
#[derive(Resource)]
#[resource(
    kind = "aws:dynamodb/table",
    cfn = "AWS::DynamoDB::Table",
    id = TableId,
    outputs = TableOutputs,
    guard = unique_name,
    natural_key(name),
)]
pub struct Table {
    /// CloudFormation's `TableName`. 1 to 1024 characters.
    #[arg(replace, cfn = "TableName")]
    pub name: Name,
    /// CloudFormation's `KeySchema`. At least 1 elements.
    #[arg(decide = key_schema_change)]
    pub key_schema: Json,
    /// CloudFormation's `AttributeDefinitions`.
    #[arg(in_place, default)]
    pub attribute_definitions: BTreeSet<AttributeDefinition>,
    /// CloudFormation's `BillingMode`.
    #[arg(in_place)]
    pub billing_mode: Option<String>,
    /// CloudFormation's `ContributorInsightsSpecification`.
    #[arg(in_place)]
    pub contributor_insights_specification: Option<ContributorInsightsSpecification>,
    /// CloudFormation's `DeletionProtectionEnabled`.
    #[arg(in_place)]
    pub deletion_protection_enabled: Option<bool>,
    /// CloudFormation's `GlobalSecondaryIndexes`.
    #[arg(in_place, default)]
    pub global_secondary_indexes: Vec<GlobalSecondaryIndex>,
    /// CloudFormation's `ImportSourceSpecification`.
    #[arg(replace, write_only)]
    pub import_source_specification: Option<ImportSourceSpecification>,
    /// CloudFormation's `KinesisStreamSpecification`.
    #[arg(in_place)]
    pub kinesis_stream_specification: Option<KinesisStreamSpecification>,
    /// CloudFormation's `LocalSecondaryIndexes`.
    #[arg(in_place, default)]
    pub local_secondary_indexes: Vec<LocalSecondaryIndex>,
    /// CloudFormation's `OnDemandThroughput`.
    #[arg(in_place)]
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// CloudFormation's `PointInTimeRecoverySpecification`.
    #[arg(in_place)]
    pub point_in_time_recovery_specification: Option<PointInTimeRecoverySpecification>,
    /// CloudFormation's `ProvisionedThroughput`.
    #[arg(in_place)]
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// CloudFormation's `ResourcePolicy`.
    #[arg(in_place)]
    pub resource_policy: Option<ResourcePolicy>,
    /// CloudFormation's `SSESpecification`.
    #[arg(in_place, cfn = "SSESpecification")]
    pub sse_specification: Option<SSESpecification>,
    /// CloudFormation's `StreamSpecification`.
    #[arg(in_place)]
    pub stream_specification: Option<StreamSpecification>,
    /// CloudFormation's `TableClass`.
    #[arg(in_place)]
    pub table_class: Option<String>,
    /// CloudFormation's `TimeToLiveSpecification`.
    #[arg(in_place)]
    pub time_to_live_specification: Option<TimeToLiveSpecification>,
    /// CloudFormation's `WarmThroughput`.
    #[arg(in_place)]
    pub warm_throughput: Option<WarmThroughput>,
    /// CloudFormation's `Tags`.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// CloudFormation says that the values of `KeySchema` decide. Until it is known how: the careful answer.
fn key_schema_change(_: &Json, _: &Json) -> Change {
    Change::Replace
}

/// CloudFormation's `AttributeDefinition`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttributeDefinition {
    /// CloudFormation's `AttributeName`. 1 to 255 characters.
    pub attribute_name: String,
    /// CloudFormation's `AttributeType`.
    pub attribute_type: AttributeType,
}

/// CloudFormation's `ContributorInsightsSpecification`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContributorInsightsSpecification {
    /// CloudFormation's `Enabled`.
    pub enabled: bool,
    /// CloudFormation's `Mode`.
    pub mode: Option<Mode>,
}

/// CloudFormation's `KeySchema`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeySchema {
    /// CloudFormation's `AttributeName`.
    pub attribute_name: String,
    /// CloudFormation's `KeyType`.
    pub key_type: String,
}

/// CloudFormation's `OnDemandThroughput`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OnDemandThroughput {
    /// CloudFormation's `MaxReadRequestUnits`. At least 1.
    pub max_read_request_units: Option<i64>,
    /// CloudFormation's `MaxWriteRequestUnits`. At least 1.
    pub max_write_request_units: Option<i64>,
}

/// CloudFormation's `Projection`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Projection {
    /// CloudFormation's `NonKeyAttributes`.
    #[arg(default)]
    pub non_key_attributes: Vec<String>,
    /// CloudFormation's `ProjectionType`.
    pub projection_type: Option<String>,
}

/// CloudFormation's `ProvisionedThroughput`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProvisionedThroughput {
    /// CloudFormation's `ReadCapacityUnits`.
    pub read_capacity_units: i64,
    /// CloudFormation's `WriteCapacityUnits`.
    pub write_capacity_units: i64,
}

/// CloudFormation's `WarmThroughput`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WarmThroughput {
    /// CloudFormation's `ReadUnitsPerSecond`. At least 1.
    pub read_units_per_second: Option<i64>,
    /// CloudFormation's `WriteUnitsPerSecond`. At least 1.
    pub write_units_per_second: Option<i64>,
}

/// CloudFormation's `GlobalSecondaryIndex`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlobalSecondaryIndex {
    /// CloudFormation's `ContributorInsightsSpecification`.
    pub contributor_insights_specification: Option<ContributorInsightsSpecification>,
    /// CloudFormation's `IndexName`.
    pub index_name: String,
    /// CloudFormation's `KeySchema`.
    pub key_schema: BTreeSet<KeySchema>,
    /// CloudFormation's `OnDemandThroughput`.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// CloudFormation's `Projection`.
    pub projection: Projection,
    /// CloudFormation's `ProvisionedThroughput`.
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// CloudFormation's `WarmThroughput`.
    pub warm_throughput: Option<WarmThroughput>,
}

/// CloudFormation's `Csv`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Csv {
    /// CloudFormation's `Delimiter`.
    pub delimiter: Option<String>,
    /// CloudFormation's `HeaderList`.
    #[arg(default)]
    pub header_list: BTreeSet<String>,
}

/// CloudFormation's `InputFormatOptions`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputFormatOptions {
    /// CloudFormation's `Csv`.
    pub csv: Option<Csv>,
}

/// CloudFormation's `S3BucketSource`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3BucketSource {
    /// CloudFormation's `S3Bucket`.
    pub s3_bucket: String,
    /// CloudFormation's `S3BucketOwner`.
    pub s3_bucket_owner: Option<String>,
    /// CloudFormation's `S3KeyPrefix`.
    pub s3_key_prefix: Option<String>,
}

/// CloudFormation's `ImportSourceSpecification`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportSourceSpecification {
    /// CloudFormation's `InputCompressionType`.
    pub input_compression_type: Option<String>,
    /// CloudFormation's `InputFormat`.
    pub input_format: String,
    /// CloudFormation's `InputFormatOptions`.
    pub input_format_options: Option<InputFormatOptions>,
    /// CloudFormation's `S3BucketSource`.
    pub s3_bucket_source: S3BucketSource,
}

/// CloudFormation's `KinesisStreamSpecification`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KinesisStreamSpecification {
    /// CloudFormation's `ApproximateCreationDateTimePrecision`.
    pub approximate_creation_date_time_precision: Option<ApproximateCreationDateTimePrecision>,
    /// CloudFormation's `StreamArn`.
    pub stream_arn: String,
}

/// CloudFormation's `KeySchema`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableKeySchema {
    /// CloudFormation's `AttributeName`.
    pub attribute_name: String,
    /// CloudFormation's `KeyType`.
    pub key_type: String,
}

/// CloudFormation's `LocalSecondaryIndex`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalSecondaryIndex {
    /// CloudFormation's `IndexName`. 3 to 255 characters.
    pub index_name: String,
    /// CloudFormation's `KeySchema`.
    pub key_schema: BTreeSet<TableKeySchema>,
    /// CloudFormation's `Projection`.
    pub projection: Projection,
}

/// CloudFormation's `PointInTimeRecoverySpecification`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PointInTimeRecoverySpecification {
    /// CloudFormation's `PointInTimeRecoveryEnabled`.
    pub point_in_time_recovery_enabled: Option<bool>,
    /// CloudFormation's `RecoveryPeriodInDays`. 1 to 35.
    pub recovery_period_in_days: Option<i64>,
}

/// CloudFormation's `ResourcePolicy`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourcePolicy {
    /// CloudFormation's `PolicyDocument`.
    pub policy_document: Json,
}

/// CloudFormation's `SSESpecification`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SSESpecification {
    /// CloudFormation's `KMSMasterKeyId`.
    #[arg(cfn = "KMSMasterKeyId")]
    pub kms_master_key_id: Option<String>,
    /// CloudFormation's `SSEEnabled`.
    #[arg(cfn = "SSEEnabled")]
    pub sse_enabled: bool,
    /// CloudFormation's `SSEType`.
    #[arg(cfn = "SSEType")]
    pub sse_type: Option<SSEType>,
}

/// CloudFormation's `StreamSpecification`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamSpecification {
    /// CloudFormation's `ResourcePolicy`.
    pub resource_policy: Option<ResourcePolicy>,
    /// CloudFormation's `StreamViewType`.
    pub stream_view_type: String,
}

/// CloudFormation's `TimeToLiveSpecification`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeToLiveSpecification {
    /// CloudFormation's `AttributeName`.
    pub attribute_name: Option<String>,
    /// CloudFormation's `Enabled`.
    pub enabled: bool,
}

/// What `AttributeType` can be.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttributeType {
    /// `B`.
    #[choice("B")]
    B,
    /// `N`.
    #[choice("N")]
    N,
    /// `S`.
    #[choice("S")]
    S,
}

/// What `Mode` can be.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// `ACCESSED_AND_THROTTLED_KEYS`.
    #[choice("ACCESSED_AND_THROTTLED_KEYS")]
    AccessedAndThrottledKeys,
    /// `THROTTLED_KEYS`.
    #[choice("THROTTLED_KEYS")]
    ThrottledKeys,
}

/// What `ApproximateCreationDateTimePrecision` can be.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApproximateCreationDateTimePrecision {
    /// `MICROSECOND`.
    #[choice("MICROSECOND")]
    Microsecond,
    /// `MILLISECOND`.
    #[choice("MILLISECOND")]
    Millisecond,
}

/// What `SSEType` can be.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SSEType {
    /// `KMS`.
    #[choice("KMS")]
    Kms,
}

/// What is known of one once it is there.
#[derive(Outputs)]
pub struct TableOutputs {
    /// The id.
    pub id: TableId,
    /// CloudFormation's `Arn`.
    pub arn: Arn<Table>,
    /// CloudFormation's `StreamArn`.
    pub stream_arn: String,
}

impl Lifecycle for Table {
    async fn create(_: &Aws, _: &Owner, _: &Self) -> Result<Created> {
        Err(unwritten("create"))
    }

    async fn status(_: &Aws, _: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        Err(unwritten("status"))
    }

    async fn read(_: &Aws, _: &[TableId]) -> Result<Readings<Self>> {
        Err(unwritten("read"))
    }

    async fn find(_: &Aws, _: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        Err(unwritten("find"))
    }

    async fn update(_: &Aws, update: Update<'_, Self>) -> Result<Updated<TableChanges>> {
        let TableChanges {
            key_schema,
            attribute_definitions,
            billing_mode,
            contributor_insights_specification,
            deletion_protection_enabled,
            global_secondary_indexes,
            kinesis_stream_specification,
            local_secondary_indexes,
            on_demand_throughput,
            point_in_time_recovery_specification,
            provisioned_throughput,
            resource_policy,
            sse_specification,
            stream_specification,
            table_class,
            time_to_live_specification,
            warm_throughput,
            tags,
        } = update.changes;
        if key_schema {
            return Err(unwritten("change of key_schema"));
        }
        if attribute_definitions {
            return Err(unwritten("change of attribute_definitions"));
        }
        if billing_mode {
            return Err(unwritten("change of billing_mode"));
        }
        if contributor_insights_specification {
            return Err(unwritten("change of contributor_insights_specification"));
        }
        if deletion_protection_enabled {
            return Err(unwritten("change of deletion_protection_enabled"));
        }
        if global_secondary_indexes {
            return Err(unwritten("change of global_secondary_indexes"));
        }
        if kinesis_stream_specification {
            return Err(unwritten("change of kinesis_stream_specification"));
        }
        if local_secondary_indexes {
            return Err(unwritten("change of local_secondary_indexes"));
        }
        if on_demand_throughput {
            return Err(unwritten("change of on_demand_throughput"));
        }
        if point_in_time_recovery_specification {
            return Err(unwritten("change of point_in_time_recovery_specification"));
        }
        if provisioned_throughput {
            return Err(unwritten("change of provisioned_throughput"));
        }
        if resource_policy {
            return Err(unwritten("change of resource_policy"));
        }
        if sse_specification {
            return Err(unwritten("change of sse_specification"));
        }
        if stream_specification {
            return Err(unwritten("change of stream_specification"));
        }
        if table_class {
            return Err(unwritten("change of table_class"));
        }
        if time_to_live_specification {
            return Err(unwritten("change of time_to_live_specification"));
        }
        if warm_throughput {
            return Err(unwritten("change of warm_throughput"));
        }
        if tags {
            return Err(unwritten("change of tags"));
        }
        Ok(Updated::done())
    }

    async fn delete(_: &Aws, _: &TableId, _: &Self) -> Result<Deletion> {
        Err(unwritten("delete"))
    }
}

/// What a verb says that is not written yet.
fn unwritten(verb: &str) -> Error {
    Error::refused("aws:dynamodb/table", format!("its {verb} is not written yet"))
}
