//! `aws:sqs/queue`: a queue of messages.
//!
//! ```
//! use formwork_aws::sqs::{Queue, RedrivePolicy};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let dead = stack.add("dead", Queue::builder().name("orders-dead").message_retention_period(1_209_600).build());
//! let failed = RedrivePolicy::builder().dead_letter_target(&dead.arn).max_receive_count(5).build();
//! stack.add("orders", Queue::builder().name("orders").visibility_timeout(60).redrive_policy(failed).build());
//! # }
//! ```
//!
//! For a minute after a queue was deleted its name cannot be taken again; a create is repeated for that long.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Block, Choice, Expr, Name, Outputs, Resource, Stack, id};
use serde_json::{Value as Document, json};

use super::{Attributes, GONE, attributes, propagation, set};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::hazards::shorter;
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::tags::{self, Tags};

id! {
    /// The URL of a queue, by which it is called.
    pub struct QueueUrl;
}

/// A queue of messages. Those that are still in it are lost with it.
#[derive(Resource)]
#[resource(
    kind = "aws:sqs/queue",
    cfn = "AWS::SQS::Queue",
    id = QueueUrl,
    outputs = QueueOutputs,
    guard = upsert,
    natural_key(name),
    data_store,
    visibility = 120
)]
// Attributes take up to a minute to be known everywhere, and so does the end of a queue.
#[resource(create_wait = (0, 2, 3, 300), update_wait = (0, 2, 3, 300), delete_wait = (0, 2, 3, 180))]
pub struct Queue {
    /// The name: at most 80 letters, digits, `_` and `-`. That of a FIFO queue ends with `.fifo`, which counts.
    #[arg(replace, cfn = "QueueName")]
    pub name: Name,
    /// Whether messages keep their order and are delivered once.
    #[arg(replace, default = false)]
    pub fifo_queue: bool,
    /// Seconds for which a new message is hidden, 0 to 900.
    #[arg(in_place, default = 0)]
    pub delay_seconds: i32,
    /// The most bytes that a message has, 1024 to 1048576.
    #[arg(in_place, default = 1_048_576)]
    pub maximum_message_size: i32,
    /// Seconds for which a message is kept, 60 to 1209600; four days when left out.
    #[arg(in_place, default = 345_600, hazards = shorter)]
    pub message_retention_period: i32,
    /// Seconds for which a call waits for a message when there is none, 0 to 20.
    #[arg(in_place, default = 0)]
    pub receive_message_wait_time_seconds: i32,
    /// Seconds for which a message that was received is hidden from others, 0 to 43200.
    #[arg(in_place, default = 30)]
    pub visibility_timeout: i32,
    /// Whether messages of a FIFO queue with the same content are the same message.
    #[arg(in_place, default = false)]
    pub content_based_deduplication: bool,
    /// Among which messages of a FIFO queue the same one is looked for; the whole queue when left out.
    #[arg(in_place)]
    pub deduplication_scope: Option<DeduplicationScope>,
    /// To what the limit of calls of a FIFO queue applies; the whole queue when left out.
    #[arg(in_place)]
    pub fifo_throughput_limit: Option<FifoThroughputLimit>,
    /// The KMS key that encrypts messages; keys of SQS's own when absent.
    #[arg(in_place, same = same_key, cfn = "KmsMasterKeyId")]
    pub kms_key: Option<Arn<Key>>,
    /// Seconds for which a data key of `kms_key` is used again, 60 to 86400.
    #[arg(in_place, default = 300)]
    pub kms_data_key_reuse_period_seconds: i32,
    /// Whether keys of SQS's own encrypt messages. SQS does so when this is left out, unless there is a `kms_key`.
    #[arg(in_place)]
    pub sqs_managed_sse_enabled: Option<bool>,
    /// Where messages go that were received too often; they stay when left out.
    #[arg(in_place)]
    pub redrive_policy: Option<RedrivePolicy>,
    /// Which queues may send their failed messages here; all of the account and region when left out.
    #[arg(in_place)]
    pub redrive_allow_policy: Option<RedriveAllowPolicy>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Among which messages the same one is looked for.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeduplicationScope {
    /// All of a group.
    #[choice("messageGroup")]
    MessageGroup,
    /// All of the queue.
    #[choice("queue")]
    Queue,
}

/// To what the limit of calls applies.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FifoThroughputLimit {
    /// The queue.
    #[choice("perQueue")]
    PerQueue,
    /// Each group of messages by itself; needs deduplication in groups.
    #[choice("perMessageGroupId")]
    PerMessageGroup,
}

/// Where messages go that nobody could work off.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// The queue, of the same sort.
    #[arg(cfn = "RedrivePolicy.deadLetterTargetArn")]
    pub dead_letter_target: Arn<Queue>,
    /// How often a message is received before it goes there, 1 to 1000.
    #[arg(cfn = "RedrivePolicy.maxReceiveCount")]
    pub max_receive_count: i32,
}

/// Which queues may send their failed messages to a queue.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "permission", choice_cfn = "")]
pub enum RedriveAllowPolicy {
    /// All of the account and region.
    #[choice("allowAll")]
    AllowAll,
    /// None.
    #[choice("denyAll")]
    DenyAll,
    /// These, at most ten.
    #[choice("byQueue")]
    ByQueue {
        /// The queues.
        source_queues: BTreeSet<Arn<Queue>>,
    },
}

/// What is known of a queue once it is there.
#[derive(Outputs)]
pub struct QueueOutputs {
    /// The URL.
    pub id: QueueUrl,
    /// The ARN.
    pub arn: Arn<Queue>,
    /// The name.
    #[output(echoes = name)]
    pub name: String,
    /// The URL as text, for the configuration of workloads.
    pub url: String,
}

impl Lifecycle for Queue {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let wanted = args.attributes();
        let call = aws.sqs().create_queue().queue_name(args.name.as_str());
        let call = wanted.iter().fold(call, |call, (name, value)| call.attributes(name.as_str().into(), value));
        let all = tags::all(owner, &args.tags);
        let answer = all.into_iter().fold(call, |call, (key, value)| call.tags(key, value)).send().await?;
        let url = answer.queue_url.ok_or_else(|| Error::unexpected("sqs CreateQueue", "no URL in the answer"))?;
        Ok(Created { waiting: propagation::expect(aws, &wanted), ..Created::whole(url) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        propagation::status(aws, waiting).await
    }

    async fn read(aws: &Aws, ids: &[QueueUrl]) -> Result<Readings<Self>> {
        // SQS answers the attributes of one queue at a time.
        let found = each(ids, |id| observe(aws, id)).await;
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let answer = aws.sqs().get_queue_url().queue_name(args.name.as_str()).send().await.or_gone(GONE)?;
        let Some(url) = answer.and_then(|answer| answer.queue_url) else { return Ok(Vec::new()) };
        let Some(tags) = read_tags(aws, &url).await? else { return Ok(Vec::new()) };
        Ok(vec![tags::candidate(owner, url, tags.owner.as_ref())])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<QueueChanges>> {
        let QueueChanges {
            delay_seconds,
            maximum_message_size,
            message_retention_period,
            receive_message_wait_time_seconds,
            visibility_timeout,
            content_based_deduplication,
            deduplication_scope,
            fifo_throughput_limit,
            kms_key,
            kms_data_key_reuse_period_seconds,
            sqs_managed_sse_enabled,
            redrive_policy,
            redrive_allow_policy,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let named = [
            (delay_seconds, "DelaySeconds"),
            (maximum_message_size, "MaximumMessageSize"),
            (message_retention_period, "MessageRetentionPeriod"),
            (receive_message_wait_time_seconds, "ReceiveMessageWaitTimeSeconds"),
            (visibility_timeout, "VisibilityTimeout"),
            (content_based_deduplication, "ContentBasedDeduplication"),
            (deduplication_scope, "DeduplicationScope"),
            (fifo_throughput_limit, "FifoThroughputLimit"),
            (kms_key, "KmsMasterKeyId"),
            (kms_data_key_reuse_period_seconds, "KmsDataKeyReusePeriodSeconds"),
            (sqs_managed_sse_enabled, "SqsManagedSseEnabled"),
            (redrive_policy, "RedrivePolicy"),
            (redrive_allow_policy, "RedriveAllowPolicy"),
        ];
        let changed: BTreeSet<&str> = named.into_iter().filter(|(changes, _)| *changes).map(|(_, name)| name).collect();
        let mut wanted = planned.attributes();
        wanted.retain(|name, _| changed.contains(name.as_str()));
        if sqs_managed_sse_enabled && planned.sqs_managed_sse_enabled == Some(true) && now.kms_key.is_some() {
            // A queue has one sort of encryption: the key goes with the same call.
            wanted.insert("KmsMasterKeyId".to_owned(), String::new());
        }
        if !wanted.is_empty() {
            set(aws, id.as_str(), &wanted).await?;
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let call = aws.sqs().tag_queue().queue_url(id.as_str());
            set.into_iter().fold(call, |call, (key, value)| call.tags(key, value)).send().await?;
            if !removed.is_empty() {
                let call = aws.sqs().untag_queue().queue_url(id.as_str());
                call.set_tag_keys(Some(removed.into_iter().collect())).send().await?;
            }
        }
        Ok(Updated { waiting: propagation::expect(aws, &wanted), ..Updated::done() })
    }

    async fn delete(aws: &Aws, id: &QueueUrl, _: &Self) -> Result<Deletion> {
        let deleted = aws.sqs().delete_queue().queue_url(id.as_str()).send().await.or_gone(GONE)?;
        Ok(if deleted.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

impl Queue {
    /// What is declared, as SQS takes it: texts by name. What is left to SQS is not among it.
    fn attributes(&self) -> Attributes {
        let number = |value: i32| Some(value.to_string());
        let of_fifo = |value: Option<&str>| value.filter(|_| self.fifo_queue).map(str::to_owned);
        let flag = |value: bool| if value { "true" } else { "false" };
        let pairs = [
            // A standard queue refuses this even as `false`.
            ("FifoQueue", of_fifo(Some("true"))),
            ("DelaySeconds", number(self.delay_seconds)),
            ("MaximumMessageSize", number(self.maximum_message_size)),
            ("MessageRetentionPeriod", number(self.message_retention_period)),
            ("ReceiveMessageWaitTimeSeconds", number(self.receive_message_wait_time_seconds)),
            ("VisibilityTimeout", number(self.visibility_timeout)),
            ("ContentBasedDeduplication", of_fifo(Some(flag(self.content_based_deduplication)))),
            ("DeduplicationScope", of_fifo(self.deduplication_scope.map(|it| it.as_str()))),
            ("FifoThroughputLimit", of_fifo(self.fifo_throughput_limit.map(|it| it.as_str()))),
            ("KmsMasterKeyId", self.kms_key.as_ref().map(ToString::to_string)),
            ("KmsDataKeyReusePeriodSeconds", number(self.kms_data_key_reuse_period_seconds)),
            ("SqsManagedSseEnabled", self.sqs_managed_sse_enabled.map(|it| flag(it).to_owned())),
            ("RedrivePolicy", self.redrive_policy.as_ref().map(RedrivePolicy::document)),
            ("RedriveAllowPolicy", self.redrive_allow_policy.as_ref().map(RedriveAllowPolicy::document)),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

impl RedrivePolicy {
    fn document(&self) -> String {
        let (target, count) = (self.dead_letter_target.as_str(), self.max_receive_count);
        json!({ "deadLetterTargetArn": target, "maxReceiveCount": count }).to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        let document: Document = serde_json::from_str(text).ok()?;
        let count = &document["maxReceiveCount"];
        // Whoever has set it as text is answered text.
        let count = count.as_i64().or_else(|| count.as_str()?.parse().ok())?;
        Some(Self {
            dead_letter_target: Arn::new(document["deadLetterTargetArn"].as_str()?),
            max_receive_count: count.try_into().ok()?,
        })
    }
}

impl RedriveAllowPolicy {
    fn document(&self) -> String {
        match self {
            Self::AllowAll => json!({ "redrivePermission": "allowAll" }).to_string(),
            Self::DenyAll => json!({ "redrivePermission": "denyAll" }).to_string(),
            Self::ByQueue { source_queues } => {
                let queues: Vec<&str> = source_queues.iter().map(Arn::as_str).collect();
                json!({ "redrivePermission": "byQueue", "sourceQueueArns": queues }).to_string()
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let document: Document = serde_json::from_str(text).ok()?;
        match document["redrivePermission"].as_str()? {
            "allowAll" => Some(Self::AllowAll),
            "denyAll" => Some(Self::DenyAll),
            "byQueue" => {
                let queues = document["sourceQueueArns"].as_array()?.iter();
                Some(Self::ByQueue { source_queues: queues.filter_map(|arn| Some(Arn::new(arn.as_str()?))).collect() })
            }
            _ => None,
        }
    }
}

/// The tags; `None` when there is no such queue.
async fn read_tags(aws: &Aws, url: &str) -> Result<Option<tags::Read>> {
    let answer = aws.sqs().list_queue_tags().queue_url(url).send().await.or_gone(GONE)?;
    Ok(answer.map(|answer| tags::read(aws, answer.tags.unwrap_or_default())))
}

/// What a queue is; its tags are a call of their own. `None` when it is not there.
async fn observe(aws: &Aws, id: &QueueUrl) -> Result<Option<Observed<Queue>>> {
    let Some(found) = attributes(aws, id.as_str()).await? else { return Ok(None) };
    let Some(tags) = read_tags(aws, id.as_str()).await? else { return Ok(None) };
    let text = |name: &str| found.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let number = |name: &str, default: i32| text(name).and_then(|value| value.parse().ok()).unwrap_or(default);
    let flag = |name: &str| text(name).map(|value| value == "true");
    let arn = text("QueueArn").unwrap_or_default();
    let name = arn.rsplit(':').next().unwrap_or_default();
    let args = Queue {
        name: Name::new(name),
        fifo_queue: flag("FifoQueue").unwrap_or_default(),
        delay_seconds: number("DelaySeconds", 0),
        maximum_message_size: number("MaximumMessageSize", 1_048_576),
        message_retention_period: number("MessageRetentionPeriod", 345_600),
        receive_message_wait_time_seconds: number("ReceiveMessageWaitTimeSeconds", 0),
        visibility_timeout: number("VisibilityTimeout", 30),
        content_based_deduplication: flag("ContentBasedDeduplication").unwrap_or_default(),
        deduplication_scope: text("DeduplicationScope").and_then(DeduplicationScope::parse),
        fifo_throughput_limit: text("FifoThroughputLimit").and_then(FifoThroughputLimit::parse),
        kms_key: text("KmsMasterKeyId").map(Arn::new),
        kms_data_key_reuse_period_seconds: number("KmsDataKeyReusePeriodSeconds", 300),
        sqs_managed_sse_enabled: flag("SqsManagedSseEnabled"),
        redrive_policy: text("RedrivePolicy").and_then(RedrivePolicy::parse),
        redrive_allow_policy: text("RedriveAllowPolicy").and_then(RedriveAllowPolicy::parse),
        tags: tags.tags,
    };
    let outputs =
        QueueOutputs { id: id.clone(), arn: Arn::new(arn), name: name.to_owned(), url: id.as_str().to_owned() };
    Ok(Some(Observed::new(args, outputs, tags.owner)))
}

impl Conforms for Queue {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("messages").build());
        let other = stack.add("other", Key::builder().description("messages, too").build());
        let dead = stack.add("dead", Queue::builder().name("Dead.fifo").fifo_queue(true).build());
        let plain = stack.add("plain", Queue::builder().name("Plain").build());
        let failed =
            |count: i32| RedrivePolicy::builder().dead_letter_target(&dead.arn).max_receive_count(count).build();
        let base = Queue::builder()
            .name("Conformance.fifo")
            .fifo_queue(true)
            .delay_seconds(5)
            .maximum_message_size(2048)
            .message_retention_period(86_400)
            .receive_message_wait_time_seconds(10)
            .visibility_timeout(60)
            .content_based_deduplication(true)
            .deduplication_scope(DeduplicationScope::MessageGroup)
            .fifo_throughput_limit(FifoThroughputLimit::PerMessageGroup)
            .kms_key(&key.arn)
            .kms_data_key_reuse_period_seconds(600)
            .redrive_policy(failed(5))
            .redrive_allow_policy(RedriveAllowPolicy::deny_all())
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("delay_seconds", 6)
            .change("maximum_message_size", 4096)
            .change("message_retention_period", 43_200)
            .change("receive_message_wait_time_seconds", 20)
            .change("visibility_timeout", 90)
            .change("content_based_deduplication", false)
            .change("fifo_throughput_limit", "perQueue")
            .change("deduplication_scope", "queue")
            .change("kms_key", &other.arn)
            .change("kms_data_key_reuse_period_seconds", 900)
            .change("redrive_policy", failed(7))
            .change("redrive_allow_policy", Expr::from(RedriveAllowPolicy::by_queue([&dead.arn])))
            .change("tags", [("team", "b")])
            .change("sqs_managed_sse_enabled", true)
            .together_with("kms_key", formwork_engine::Value::Null)
            .together_with("kms_data_key_reuse_period_seconds", 300)
            .change("sqs_managed_sse_enabled", false)
            .change("name", "Conformance-2.fifo")
            .change("fifo_queue", false)
            .together_with("name", "Conformance")
            .together_with("deduplication_scope", formwork_engine::Value::Null)
            .together_with("fifo_throughput_limit", formwork_engine::Value::Null)
            .together_with("redrive_policy", formwork_engine::Value::Null)
            .together_with("redrive_allow_policy", Expr::from(RedriveAllowPolicy::by_queue([&plain.arn])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_failed_messages_go_is_read_as_it_was_written() {
        let policy =
            RedrivePolicy { dead_letter_target: Arn::new("arn:aws:sqs:eu-west-1:1:dead"), max_receive_count: 5 };
        assert!(RedrivePolicy::parse(&policy.document()) == Some(policy.clone()));
        let as_text = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:dead","maxReceiveCount":"5"}"#;
        assert!(RedrivePolicy::parse(as_text) == Some(policy));
        assert!(RedrivePolicy::parse("").is_none());
    }

    #[test]
    fn who_may_send_failed_messages_is_read_as_it_was_written() {
        let queues = || [Arn::new("arn:aws:sqs:eu-west-1:1:a"), Arn::new("arn:aws:sqs:eu-west-1:1:b")].into();
        let by_queue = RedriveAllowPolicy::ByQueue { source_queues: queues() };
        for policy in [RedriveAllowPolicy::AllowAll, RedriveAllowPolicy::DenyAll, by_queue] {
            assert!(RedriveAllowPolicy::parse(&policy.document()) == Some(policy));
        }
    }
}
