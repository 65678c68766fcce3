//! The blocks and choices of a table, and how DynamoDB takes them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types as sdk;
use aws_smithy_types::error::operation::BuildError;
use formwork_engine::{Block, Choice};

use super::Table;
use crate::error::{Error, Result};

/// Types of attributes that are keys.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeType {
    /// Text.
    #[choice("S")]
    Text,
    /// A number.
    #[choice("N")]
    Number,
    /// Bytes.
    #[choice("B")]
    Binary,
}

/// How reads and writes are paid for.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillingMode {
    /// Each request.
    #[choice("PAY_PER_REQUEST")]
    PayPerRequest,
    /// The capacity that is provisioned.
    #[choice("PROVISIONED")]
    Provisioned,
}

/// What is told of each change of an item.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Nothing: there is no stream.
    #[choice("OFF")]
    Off,
    /// Its keys.
    #[choice("KEYS_ONLY")]
    KeysOnly,
    /// The item after the change.
    #[choice("NEW_IMAGE")]
    After,
    /// The item before the change.
    #[choice("OLD_IMAGE")]
    Before,
    /// The item before and after it.
    #[choice("NEW_AND_OLD_IMAGES")]
    BeforeAndAfter,
}

/// What storage and requests cost.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableClass {
    /// Cheaper requests.
    #[choice("STANDARD")]
    Standard,
    /// Cheaper storage, for what is seldom used.
    #[choice("STANDARD_INFREQUENT_ACCESS")]
    InfrequentAccess,
}

/// Which requests are looked at for the keys that are used most.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsightsMode {
    /// All.
    #[choice("ACCESSED_AND_THROTTLED_KEYS")]
    AccessedAndThrottled,
    /// Those that were refused for coming too fast.
    #[choice("THROTTLED_KEYS")]
    Throttled,
}

/// Capacity that is there all the time.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct ProvisionedThroughput {
    /// Strongly consistent reads of up to 4 KB in a second.
    #[arg(cfn = "ReadCapacityUnits")]
    pub read: i64,
    /// Writes of up to 1 KB in a second.
    #[arg(cfn = "WriteCapacityUnits")]
    pub write: i64,
}

/// The most that may be read and written.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct OnDemandThroughput {
    /// Read units in a second; the account's limit when left out.
    #[arg(cfn = "MaxReadRequestUnits")]
    pub max_read: Option<i64>,
    /// Write units in a second; the account's limit when left out.
    #[arg(cfn = "MaxWriteRequestUnits")]
    pub max_write: Option<i64>,
}

/// What can be borne at once.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct WarmThroughput {
    /// Read units in a second, at least 12000 for a table that is paid by request.
    #[arg(cfn = "ReadUnitsPerSecond")]
    pub read: i64,
    /// Write units in a second, at least 4000 for a table that is paid by request.
    #[arg(cfn = "WriteUnitsPerSecond")]
    pub write: i64,
}

/// Which attributes of items an index has.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "projection_type")]
pub enum Projection {
    /// All.
    #[choice("ALL")]
    All,
    /// The keys of the table and of the index.
    #[choice("KEYS_ONLY")]
    KeysOnly,
    /// The keys, and these.
    #[choice("INCLUDE")]
    Include {
        /// The attributes beside the keys.
        non_key_attributes: BTreeSet<String>,
    },
}

/// An index with keys of its own.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct GlobalIndex {
    /// The attribute by which its items are found.
    pub partition_key: String,
    /// The attribute by which they are sorted; none when left out.
    #[arg(default)]
    pub sort_key: String,
    /// Which attributes it has.
    pub projection: Projection,
    /// Its capacity; needed with `BillingMode::Provisioned`.
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// The most that may be read and written with `BillingMode::PayPerRequest`.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Whether the keys that are used most are found out.
    #[arg(default = false)]
    pub contributor_insights: bool,
}

/// An index with the partition key of its table.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct LocalIndex {
    /// The attribute by which items of one partition key are sorted.
    pub sort_key: String,
    /// Which attributes it has.
    pub projection: Projection,
}

/// A Kinesis stream that changes are written to.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct KinesisStream {
    /// The ARN of the stream.
    #[arg(cfn = "StreamArn")]
    pub stream_arn: String,
    /// How exact the times of changes are.
    #[arg(default = KinesisPrecision::Millisecond, cfn = "ApproximateCreationDateTimePrecision")]
    pub precision: KinesisPrecision,
}

/// How exact the times of changes are.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum KinesisPrecision {
    /// To the millisecond.
    #[choice("MILLISECOND")]
    Millisecond,
    /// To the microsecond.
    #[choice("MICROSECOND")]
    Microsecond,
}

/// A request that is not complete: never where the types of this module make it.
pub(super) fn incomplete(what: &str, error: &BuildError) -> Error {
    Error::refused(&format!("dynamodb {what}"), error.to_string())
}

/// The keys of a table or an index.
pub(super) fn key(partition: &str, sort: &str) -> Result<Vec<sdk::KeySchemaElement>> {
    let keys = [(partition, sdk::KeyType::Hash), (sort, sdk::KeyType::Range)];
    let element = |(name, sort): (&str, sdk::KeyType)| {
        let element = sdk::KeySchemaElement::builder().attribute_name(name).key_type(sort).build();
        element.map_err(|error| incomplete("KeySchema", &error))
    };
    keys.into_iter().filter(|(name, _)| !name.is_empty()).map(element).collect()
}

/// The other way: partition key and sort key.
pub(super) fn read_key(schema: Option<&[sdk::KeySchemaElement]>) -> (String, String) {
    let named = |sort: &sdk::KeyType| {
        let element = schema.unwrap_or_default().iter().find(|element| element.key_type == *sort);
        element.map(|element| element.attribute_name.clone()).unwrap_or_default()
    };
    (named(&sdk::KeyType::Hash), named(&sdk::KeyType::Range))
}

/// The types of attributes.
pub(super) fn attributes(attributes: &BTreeMap<String, AttributeType>) -> Result<Vec<sdk::AttributeDefinition>> {
    let definition = |(name, sort): (&String, &AttributeType)| {
        let definition = sdk::AttributeDefinition::builder().attribute_name(name).attribute_type(sort.as_str().into());
        definition.build().map_err(|error| incomplete("AttributeDefinitions", &error))
    };
    attributes.iter().map(definition).collect()
}

impl ProvisionedThroughput {
    pub(super) fn to_sdk(&self) -> Result<sdk::ProvisionedThroughput> {
        let units =
            sdk::ProvisionedThroughput::builder().read_capacity_units(self.read).write_capacity_units(self.write);
        units.build().map_err(|error| incomplete("ProvisionedThroughput", &error))
    }

    /// What is answered for a table or index that is paid by request is nothing.
    pub(super) fn read(throughput: Option<&sdk::ProvisionedThroughputDescription>) -> Option<Self> {
        let throughput = throughput?;
        let units = Self { read: throughput.read_capacity_units?, write: throughput.write_capacity_units? };
        (units.read > 0 || units.write > 0).then_some(units)
    }
}

impl OnDemandThroughput {
    pub(super) fn to_sdk(&self) -> sdk::OnDemandThroughput {
        let limits = sdk::OnDemandThroughput::builder();
        limits.set_max_read_request_units(self.max_read).set_max_write_request_units(self.max_write).build()
    }

    /// -1 stands for no limit.
    pub(super) fn read(limits: Option<&sdk::OnDemandThroughput>) -> Option<Self> {
        let limits = limits?;
        let limit = |units: Option<i64>| units.filter(|units| *units > 0);
        Some(Self { max_read: limit(limits.max_read_request_units), max_write: limit(limits.max_write_request_units) })
    }
}

impl WarmThroughput {
    pub(super) fn to_sdk(&self) -> sdk::WarmThroughput {
        let units = sdk::WarmThroughput::builder();
        units.read_units_per_second(self.read).write_units_per_second(self.write).build()
    }
}

impl Stream {
    pub(super) fn to_sdk(self) -> Result<Option<sdk::StreamSpecification>> {
        if self == Stream::Off {
            return Ok(None);
        }
        let stream = sdk::StreamSpecification::builder().stream_enabled(true).stream_view_type(self.as_str().into());
        stream.build().map(Some).map_err(|error| incomplete("StreamSpecification", &error))
    }

    pub(super) fn read(stream: Option<&sdk::StreamSpecification>) -> Self {
        let view = stream.filter(|stream| stream.stream_enabled).and_then(|stream| stream.stream_view_type.as_ref());
        view.and_then(|view| Self::parse(view.as_str())).unwrap_or(Stream::Off)
    }
}

impl Projection {
    fn to_sdk(&self) -> sdk::Projection {
        let projection = sdk::Projection::builder();
        match self {
            Self::All => projection.projection_type(sdk::ProjectionType::All),
            Self::KeysOnly => projection.projection_type(sdk::ProjectionType::KeysOnly),
            Self::Include { non_key_attributes } => projection
                .projection_type(sdk::ProjectionType::Include)
                .set_non_key_attributes(Some(non_key_attributes.iter().cloned().collect())),
        }
        .build()
    }

    pub(super) fn read(projection: Option<sdk::Projection>) -> Self {
        let Some(projection) = projection else { return Self::All };
        match projection.projection_type {
            Some(sdk::ProjectionType::KeysOnly) => Self::KeysOnly,
            Some(sdk::ProjectionType::Include) => Self::Include {
                non_key_attributes: projection.non_key_attributes.unwrap_or_default().into_iter().collect(),
            },
            _ => Self::All,
        }
    }
}

impl GlobalIndex {
    /// Whether it is the same index, whatever its capacity: keys and projection of an index cannot be changed.
    pub(super) fn is_same_index(&self, other: &Self) -> bool {
        let shape = |it: &Self| (it.partition_key.clone(), it.sort_key.clone(), it.projection.clone());
        shape(self) == shape(other)
    }

    pub(super) fn to_sdk(&self, name: &str) -> Result<sdk::GlobalSecondaryIndex> {
        sdk::GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(key(&self.partition_key, &self.sort_key)?))
            .projection(self.projection.to_sdk())
            .set_provisioned_throughput(self.provisioned_throughput.as_ref().map(|it| it.to_sdk()).transpose()?)
            .set_on_demand_throughput(self.on_demand_throughput.as_ref().map(OnDemandThroughput::to_sdk))
            .build()
            .map_err(|error| incomplete("GlobalSecondaryIndex", &error))
    }

    /// The index as one that is added to a table.
    pub(super) fn creation(&self, name: &str) -> Result<sdk::GlobalSecondaryIndexUpdate> {
        let create = sdk::CreateGlobalSecondaryIndexAction::builder()
            .index_name(name)
            .set_key_schema(Some(key(&self.partition_key, &self.sort_key)?))
            .projection(self.projection.to_sdk())
            .set_provisioned_throughput(self.provisioned_throughput.as_ref().map(|it| it.to_sdk()).transpose()?)
            .set_on_demand_throughput(self.on_demand_throughput.as_ref().map(OnDemandThroughput::to_sdk))
            .build()
            .map_err(|error| incomplete("GlobalSecondaryIndexUpdate", &error))?;
        Ok(sdk::GlobalSecondaryIndexUpdate::builder().create(create).build())
    }

    /// Its capacity, as what changes; `None` where all of it is left to DynamoDB.
    pub(super) fn capacity(&self, name: &str) -> Result<Option<sdk::GlobalSecondaryIndexUpdate>> {
        if self.provisioned_throughput.is_none() && self.on_demand_throughput.is_none() {
            return Ok(None);
        }
        let change = sdk::UpdateGlobalSecondaryIndexAction::builder()
            .index_name(name)
            .set_provisioned_throughput(self.provisioned_throughput.as_ref().map(|it| it.to_sdk()).transpose()?)
            .set_on_demand_throughput(self.on_demand_throughput.as_ref().map(OnDemandThroughput::to_sdk))
            .build()
            .map_err(|error| incomplete("GlobalSecondaryIndexUpdate", &error))?;
        Ok(Some(sdk::GlobalSecondaryIndexUpdate::builder().update(change).build()))
    }
}

impl LocalIndex {
    pub(super) fn to_sdk(&self, name: &str, partition_key: &str) -> Result<sdk::LocalSecondaryIndex> {
        sdk::LocalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(key(partition_key, &self.sort_key)?))
            .projection(self.projection.to_sdk())
            .build()
            .map_err(|error| incomplete("LocalSecondaryIndex", &error))
    }
}

impl Table {
    /// What encrypts it.
    pub(super) fn encryption(&self) -> sdk::SseSpecification {
        let encryption = sdk::SseSpecification::builder().enabled(self.kms_encryption);
        if !self.kms_encryption {
            return encryption.build();
        }
        let key = self.kms_key.as_ref().map(ToString::to_string);
        encryption.sse_type(sdk::SseType::Kms).set_kms_master_key_id(key).build()
    }
}
