//! The choices and blocks of a replication group.

use aws_sdk_elasticache::types as sdk;
use formwork_engine::{Block, Choice};

/// The engine of a cache.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Redis OSS.
    #[choice("redis")]
    Redis,
    /// Valkey.
    #[choice("valkey")]
    Valkey,
}

/// Whether a group is made of several shards.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterMode {
    /// One shard.
    #[choice("disabled")]
    Disabled,
    /// One shard, and clients may already speak as if there were several: the step before `enabled`.
    #[choice("compatible")]
    Compatible,
    /// Several shards.
    #[choice("enabled")]
    Enabled,
}

/// Which connections are let in where connections can be encrypted.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitMode {
    /// Encrypted and plain ones: the step on the way in or out.
    #[choice("preferred")]
    Preferred,
    /// Encrypted ones only.
    #[choice("required")]
    Required,
}

/// What happens to the former token when another one is declared.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthTokenStrategy {
    /// Both are let in until the next change.
    #[choice("ROTATE")]
    Rotate,
    /// Only the declared one is let in.
    #[choice("SET")]
    Set,
}

/// The addresses of nodes.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkType {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv6.
    #[choice("ipv6")]
    Ipv6,
    /// Both.
    #[choice("dual_stack")]
    DualStack,
}

/// A version of the internet protocol.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpProtocol {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv6.
    #[choice("ipv6")]
    Ipv6,
}

/// A shard, placed by hand.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Shard {
    /// The slots it holds, such as `0-8191`.
    pub slots: Option<String>,
    /// How many replicas it has, 0 to 5.
    pub replica_count: Option<i32>,
    /// The zone of its primary.
    pub primary_zone: Option<String>,
    /// The zones of its replicas.
    #[arg(default)]
    pub replica_zones: Vec<String>,
}

impl Shard {
    pub(super) fn to_sdk(&self) -> sdk::NodeGroupConfiguration {
        sdk::NodeGroupConfiguration::builder()
            .set_slots(self.slots.clone())
            .set_replica_count(self.replica_count)
            .set_primary_availability_zone(self.primary_zone.clone())
            .set_replica_availability_zones((!self.replica_zones.is_empty()).then(|| self.replica_zones.clone()))
            .build()
    }
}

/// A log that is delivered elsewhere.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogDelivery {
    /// Which log.
    pub log_type: LogType,
    /// Where to.
    pub destination_type: LogDestination,
    /// The name of the log group or delivery stream.
    pub destination: String,
    /// In which form.
    #[arg(default = LogFormat::Json)]
    pub format: LogFormat,
}

impl LogDelivery {
    /// The request that switches it on.
    pub(super) fn on(&self) -> sdk::LogDeliveryConfigurationRequest {
        let details = sdk::DestinationDetails::builder();
        let details = match self.destination_type {
            LogDestination::CloudWatchLogs => details.cloud_watch_logs_details(
                sdk::CloudWatchLogsDestinationDetails::builder().log_group(&self.destination).build(),
            ),
            LogDestination::KinesisFirehose => details.kinesis_firehose_details(
                sdk::KinesisFirehoseDestinationDetails::builder().delivery_stream(&self.destination).build(),
            ),
        };
        sdk::LogDeliveryConfigurationRequest::builder()
            .log_type(self.log_type.as_str().into())
            .destination_type(self.destination_type.as_str().into())
            .destination_details(details.build())
            .log_format(self.format.as_str().into())
            .enabled(true)
            .build()
    }

    /// The request that switches a type off.
    pub(super) fn off(log_type: LogType) -> sdk::LogDeliveryConfigurationRequest {
        sdk::LogDeliveryConfigurationRequest::builder().log_type(log_type.as_str().into()).enabled(false).build()
    }

    /// What AWS says of one; `None` where it is being switched off or is of a form not known here.
    pub(super) fn of(read: &sdk::LogDeliveryConfiguration) -> Option<Self> {
        if read.status().is_some_and(|status| status.as_str() == "disabling") {
            return None;
        }
        let details = read.destination_details()?;
        let destination = match details.cloud_watch_logs_details() {
            Some(logs) => logs.log_group(),
            None => details.kinesis_firehose_details().and_then(|firehose| firehose.delivery_stream()),
        };
        Some(Self {
            log_type: LogType::parse(read.log_type()?.as_str())?,
            destination_type: LogDestination::parse(read.destination_type()?.as_str())?,
            destination: destination?.to_owned(),
            format: LogFormat::parse(read.log_format()?.as_str())?,
        })
    }
}

/// A log of a cache.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogType {
    /// What the engine says.
    #[choice("engine-log")]
    EngineLog,
    /// Commands that took long.
    #[choice("slow-log")]
    SlowLog,
}

/// Where a log is delivered to.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogDestination {
    /// A log group.
    #[choice("cloudwatch-logs")]
    CloudWatchLogs,
    /// A delivery stream.
    #[choice("kinesis-firehose")]
    KinesisFirehose,
}

/// The form of delivered logs.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogFormat {
    /// JSON.
    #[choice("json")]
    Json,
    /// Plain text.
    #[choice("text")]
    Text,
}
