//! `aws:sqs/queue`: CloudFormation's `AWS::SQS::Queue`.

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Json, Name, Outputs, Resource, id};

use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{Error, Result};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated};
use crate::tags::Tags;

id! {
    /// What names one: its `QueueUrl`.
    pub struct QueueId;
}

/// CloudFormation's `AWS::SQS::Queue`.
#[derive(Resource)]
#[resource(
    kind = "aws:sqs/queue",
    cfn = "AWS::SQS::Queue",
    id = QueueId,
    outputs = QueueOutputs,
    guard = unique_name,
    natural_key(name),
)]
pub struct Queue {
    /// CloudFormation's `QueueName`.
    #[arg(replace, cfn = "QueueName")]
    pub name: Name,
    /// CloudFormation's `ContentBasedDeduplication`.
    #[arg(in_place)]
    pub content_based_deduplication: Option<bool>,
    /// CloudFormation's `DeduplicationScope`.
    #[arg(in_place)]
    pub deduplication_scope: Option<String>,
    /// CloudFormation's `DelaySeconds`. 0 to 900.
    #[arg(in_place)]
    pub delay_seconds: Option<i64>,
    /// CloudFormation's `FifoQueue`.
    #[arg(replace)]
    pub fifo_queue: Option<bool>,
    /// CloudFormation's `FifoThroughputLimit`.
    #[arg(in_place)]
    pub fifo_throughput_limit: Option<String>,
    /// CloudFormation's `KmsDataKeyReusePeriodSeconds`. 60 to 86400.
    #[arg(in_place)]
    pub kms_data_key_reuse_period_seconds: Option<i64>,
    /// CloudFormation's `KmsMasterKeyId`.
    #[arg(in_place)]
    pub kms_master_key_id: Option<String>,
    /// CloudFormation's `MaximumMessageSize`. 1024 to 1048576.
    #[arg(in_place)]
    pub maximum_message_size: Option<i64>,
    /// CloudFormation's `MessageRetentionPeriod`. 60 to 1209600.
    #[arg(in_place)]
    pub message_retention_period: Option<i64>,
    /// CloudFormation's `ReceiveMessageWaitTimeSeconds`. 0 to 20.
    #[arg(in_place)]
    pub receive_message_wait_time_seconds: Option<i64>,
    /// CloudFormation's `RedriveAllowPolicy`.
    #[arg(in_place)]
    pub redrive_allow_policy: Option<Json>,
    /// CloudFormation's `RedrivePolicy`.
    #[arg(in_place)]
    pub redrive_policy: Option<Json>,
    /// CloudFormation's `SqsManagedSseEnabled`.
    #[arg(in_place)]
    pub sqs_managed_sse_enabled: Option<bool>,
    /// CloudFormation's `VisibilityTimeout`. 0 to 43200.
    #[arg(in_place)]
    pub visibility_timeout: Option<i64>,
    /// CloudFormation's `Tags`.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of one once it is there.
#[derive(Outputs)]
pub struct QueueOutputs {
    /// The id.
    pub id: QueueId,
    /// CloudFormation's `Arn`.
    pub arn: Arn<Queue>,
}

impl Lifecycle for Queue {
    async fn create(_: &Aws, _: &Owner, _: &Self) -> Result<Created> {
        Err(unwritten("create"))
    }

    async fn status(_: &Aws, _: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        Err(unwritten("status"))
    }

    async fn read(_: &Aws, _: &[QueueId]) -> Result<Readings<Self>> {
        Err(unwritten("read"))
    }

    async fn find(_: &Aws, _: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        Err(unwritten("find"))
    }

    async fn update(_: &Aws, update: Update<'_, Self>) -> Result<Updated<QueueChanges>> {
        let QueueChanges {
            content_based_deduplication,
            deduplication_scope,
            delay_seconds,
            fifo_throughput_limit,
            kms_data_key_reuse_period_seconds,
            kms_master_key_id,
            maximum_message_size,
            message_retention_period,
            receive_message_wait_time_seconds,
            redrive_allow_policy,
            redrive_policy,
            sqs_managed_sse_enabled,
            visibility_timeout,
            tags,
        } = update.changes;
        if content_based_deduplication {
            return Err(unwritten("change of content_based_deduplication"));
        }
        if deduplication_scope {
            return Err(unwritten("change of deduplication_scope"));
        }
        if delay_seconds {
            return Err(unwritten("change of delay_seconds"));
        }
        if fifo_throughput_limit {
            return Err(unwritten("change of fifo_throughput_limit"));
        }
        if kms_data_key_reuse_period_seconds {
            return Err(unwritten("change of kms_data_key_reuse_period_seconds"));
        }
        if kms_master_key_id {
            return Err(unwritten("change of kms_master_key_id"));
        }
        if maximum_message_size {
            return Err(unwritten("change of maximum_message_size"));
        }
        if message_retention_period {
            return Err(unwritten("change of message_retention_period"));
        }
        if receive_message_wait_time_seconds {
            return Err(unwritten("change of receive_message_wait_time_seconds"));
        }
        if redrive_allow_policy {
            return Err(unwritten("change of redrive_allow_policy"));
        }
        if redrive_policy {
            return Err(unwritten("change of redrive_policy"));
        }
        if sqs_managed_sse_enabled {
            return Err(unwritten("change of sqs_managed_sse_enabled"));
        }
        if visibility_timeout {
            return Err(unwritten("change of visibility_timeout"));
        }
        if tags {
            return Err(unwritten("change of tags"));
        }
        Ok(Updated::done())
    }

    async fn delete(_: &Aws, _: &QueueId, _: &Self) -> Result<Deletion> {
        Err(unwritten("delete"))
    }
}

/// What a verb says that is not written yet.
fn unwritten(verb: &str) -> Error {
    Error::refused("aws:sqs/queue", format!("its {verb} is not written yet"))
}
