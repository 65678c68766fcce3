//! `aws:sns/topic`: what is published to it is told to everybody who has subscribed.
//!
//! ```
//! use formwork_aws::sns::{Endpoint, Protocol, Subscription, Topic};
//! use formwork_aws::sqs::Queue;
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let orders = stack.add("orders", Topic::builder().name("orders").build());
//! let queue = stack.add("billing", Queue::builder().name("billing").build());
//! let told = Subscription::builder().topic(&orders).protocol(Protocol::Sqs).endpoint(Endpoint::arn(&queue.arn));
//! stack.add("billing-is-told", told.build());
//! # }
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sns::types::Tag;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Block, Choice, Expr, Hazard, Json, Name, Outputs, Resource, Stack, id};
use futures::future::join;

use super::{Attributes, GONE, same_document};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result, readable};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::{self, Tags};

id! {
    /// The ARN of a topic, by which it is called.
    pub struct TopicArn;
}

/// A topic. Its subscriptions are resources of their own, and go with it.
#[derive(Resource)]
#[resource(
    kind = "aws:sns/topic",
    cfn = "AWS::SNS::Topic",
    id = TopicArn,
    outputs = TopicOutputs,
    guard = upsert,
    natural_key(name),
    visibility = 120
)]
pub struct Topic {
    /// The name: at most 256 letters, digits, `_` and `-`. That of a FIFO topic ends with `.fifo`, which counts.
    #[arg(replace, cfn = "TopicName")]
    pub name: Name,
    /// Whether messages keep their order and are delivered once, to queues only.
    #[arg(replace, default = false)]
    pub fifo_topic: bool,
    /// The name that the recipients of mails and short messages see, at most 100 characters. None when left out.
    #[arg(in_place, default)]
    pub display_name: String,
    /// The key that encrypts messages while SNS holds them; they are not encrypted when it is absent.
    #[arg(in_place, same = same_key, cfn = "KmsMasterKeyId")]
    pub kms_key: Option<Arn<Key>>,
    /// Whether messages of a FIFO topic with the same content are the same message.
    #[arg(in_place, default = false)]
    pub content_based_deduplication: bool,
    /// To what the limit of messages of a FIFO topic applies; the whole topic when left out.
    #[arg(in_place)]
    pub fifo_throughput_scope: Option<FifoThroughputScope>,
    /// By which hash messages to HTTP endpoints are signed.
    #[arg(in_place, default = SignatureVersion::Sha1)]
    pub signature_version: SignatureVersion,
    /// Whether messages are traced.
    #[arg(in_place, default = TracingConfig::PassThrough)]
    pub tracing_config: TracingConfig,
    /// For how many days a FIFO topic keeps what was published, as `{"MessageRetentionPeriod":"30"}`; `{}` keeps nothing any more.
    #[arg(in_place, same = same_archive, hazards = archive_hazards)]
    pub archive_policy: Option<Json>,
    /// What is masked, refused or reported in the messages of a standard topic.
    #[arg(in_place)]
    pub data_protection_policy: Option<Json>,
    /// How often and how fast HTTP endpoints are tried again. SNS's own policy when left out.
    #[arg(in_place, cfn = "")]
    pub delivery_policy: Option<Json>,
    /// Which deliveries are logged, one entry for each protocol; none when left out.
    #[arg(in_place, after_create, default)]
    pub delivery_status_logging: BTreeSet<DeliveryStatusLogging>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

fn same_archive(wanted: &Option<Json>, found: &Option<Json>) -> bool {
    same_document(wanted.as_ref().map(Json::as_str), found.as_ref().map(Json::as_str))
}

/// What is kept longer than the new policy says goes. A policy that is taken out of the program stays as it is.
fn archive_hazards(before: &Option<Json>, after: &Option<Json>) -> &'static [Hazard] {
    let days = |policy: &Option<Json>| {
        let document: serde_json::Value = serde_json::from_str(policy.as_ref()?.as_str()).ok()?;
        document["MessageRetentionPeriod"].as_str()?.parse::<u32>().ok()
    };
    if after.is_some() && days(after) < days(before) { &[Hazard::DataLoss] } else { &[] }
}

/// To what the limit of messages applies.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FifoThroughputScope {
    /// The topic.
    #[choice("Topic")]
    Topic,
    /// Each group of messages by itself.
    #[choice("MessageGroup")]
    MessageGroup,
}

/// The hash of a signature.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureVersion {
    /// SHA-1.
    #[choice("1")]
    Sha1,
    /// SHA-256.
    #[choice("2")]
    Sha256,
}

/// Whether messages are traced.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracingConfig {
    /// What the publisher says.
    #[choice("PassThrough")]
    PassThrough,
    /// A segment for each message that is traced.
    #[choice("Active")]
    Active,
}

/// Which deliveries over a protocol are logged, and by which roles.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryStatusLogging {
    /// The protocol.
    pub protocol: LoggedProtocol,
    /// The role that writes what was delivered; nothing is written when it is absent.
    pub success_role: Option<Arn<Role>>,
    /// The share of deliveries that is written, in percent.
    #[arg(default = 0)]
    pub success_sample_rate: i32,
    /// The role that writes what could not be delivered; nothing is written when it is absent.
    pub failure_role: Option<Arn<Role>>,
}

/// Protocols of which the deliveries can be logged.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoggedProtocol {
    /// HTTP and HTTPS.
    #[choice("http/s")]
    Http,
    /// Queues.
    #[choice("sqs")]
    Sqs,
    /// Functions.
    #[choice("lambda")]
    Lambda,
    /// Streams of Firehose.
    #[choice("firehose")]
    Firehose,
    /// Mobile applications.
    #[choice("application")]
    Application,
}

impl LoggedProtocol {
    const ALL: [Self; 5] = [Self::Http, Self::Sqs, Self::Lambda, Self::Firehose, Self::Application];

    /// The beginning of the names of its attributes.
    fn attribute(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Sqs => "SQS",
            Self::Lambda => "Lambda",
            Self::Firehose => "Firehose",
            Self::Application => "Application",
        }
    }
}

/// What is known of a topic once it is there.
#[derive(Outputs)]
pub struct TopicOutputs {
    /// The ARN, by which the topic is called.
    pub id: TopicArn,
    /// The ARN, for policies and alarms.
    pub arn: Arn<Topic>,
    /// The name.
    #[output(echoes = name)]
    pub name: String,
}

impl Lifecycle for Topic {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let call = aws.sns().create_topic().name(args.name.as_str());
        let call = args.attributes().into_iter().fold(call, |call, (name, value)| call.attributes(name, value));
        let answer = call
            .set_data_protection_policy(args.data_protection_policy.as_ref().map(ToString::to_string))
            .set_tags(Some(tags_of(tags::all(owner, &args.tags))?))
            .send()
            .await?;
        let arn = answer.topic_arn.ok_or_else(|| Error::unexpected("sns CreateTopic", "no ARN in the answer"))?;
        Ok(Created::whole(arn))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| attributes(aws, &one.id)).await;
        let found = waiting.iter().zip(found).map(|(one, topic)| Ok(topic?.map(|_| one.id.clone())));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?.into_iter().flatten()))
    }

    async fn read(aws: &Aws, ids: &[TopicArn]) -> Result<Readings<Self>> {
        let found = each(ids, |id| observe(aws, id)).await;
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
        let arn = format!("arn:{partition}:sns:{region}:{account}:{}", args.name);
        if attributes(aws, &arn).await?.is_none() {
            return Ok(Vec::new());
        }
        let theirs = read_tags(aws, &arn).await?.and_then(|tags| tags.owner);
        Ok(vec![tags::candidate(owner, arn, theirs.as_ref())])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<TopicChanges>> {
        let TopicChanges {
            display_name,
            kms_key,
            content_based_deduplication,
            fifo_throughput_scope,
            signature_version,
            tracing_config,
            archive_policy,
            data_protection_policy,
            delivery_policy,
            delivery_status_logging,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let named = [
            (display_name, "DisplayName"),
            (kms_key, "KmsMasterKeyId"),
            (content_based_deduplication, "ContentBasedDeduplication"),
            (fifo_throughput_scope, "FifoThroughputScope"),
            (signature_version, "SignatureVersion"),
            (tracing_config, "TracingConfig"),
            (archive_policy, "ArchivePolicy"),
            (delivery_policy, "DeliveryPolicy"),
        ];
        let wanted = planned.attributes();
        // SNS sets one attribute at a time.
        for (_, name) in named.into_iter().filter(|(changes, _)| *changes) {
            if let Some(value) = wanted.get(name) {
                set(aws, id.as_str(), name, value).await?;
            }
        }
        if delivery_status_logging {
            let before = logging_attributes(&now.delivery_status_logging);
            for (name, value) in logging_attributes(&planned.delivery_status_logging) {
                if before.get(&name) != Some(&value) {
                    set(aws, id.as_str(), &name, &value).await?;
                }
            }
        }
        if let (true, Some(policy)) = (data_protection_policy, &planned.data_protection_policy) {
            let call = aws.sns().put_data_protection_policy().resource_arn(id.as_str());
            call.data_protection_policy(policy.as_str()).send().await?;
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            aws.sns().tag_resource().resource_arn(id.as_str()).set_tags(Some(tags_of(set)?)).send().await?;
            if !removed.is_empty() {
                let call = aws.sns().untag_resource().resource_arn(id.as_str());
                call.set_tag_keys(Some(removed.into_iter().collect())).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &TopicArn, _: &Self) -> Result<Deletion> {
        let Some(found) = attributes(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        if found.get("ArchivePolicy").is_some_and(|policy| !same_document(Some(policy), None)) {
            set(aws, id.as_str(), "ArchivePolicy", "{}").await.or_gone(GONE)?;
        }
        aws.sns().delete_topic().topic_arn(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl Topic {
    /// What is declared, as SNS takes it: texts by name. What is left to SNS is not among it.
    fn attributes(&self) -> Attributes {
        let text = |value: &str| Some(value.to_owned());
        let flag = |value: bool| if value { "true" } else { "false" };
        let document = |value: &Option<Json>| value.as_ref().map(ToString::to_string);
        let of_fifo = |value: Option<&str>| value.filter(|_| self.fifo_topic).map(str::to_owned);
        let pairs = [
            ("FifoTopic", of_fifo(Some("true"))),
            ("DisplayName", text(&self.display_name)),
            ("KmsMasterKeyId", self.kms_key.as_ref().map(ToString::to_string)),
            ("ContentBasedDeduplication", of_fifo(Some(flag(self.content_based_deduplication)))),
            ("FifoThroughputScope", of_fifo(self.fifo_throughput_scope.map(|scope| scope.as_str()))),
            ("SignatureVersion", text(self.signature_version.as_str())),
            ("TracingConfig", text(self.tracing_config.as_str())),
            ("ArchivePolicy", document(&self.archive_policy)),
            ("DeliveryPolicy", document(&self.delivery_policy)),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// The attributes of what is logged, of all protocols: empty text takes one away.
fn logging_attributes(logging: &BTreeSet<DeliveryStatusLogging>) -> Attributes {
    let role = |role: Option<&Arn<Role>>| role.map(ToString::to_string).unwrap_or_default();
    let of = |protocol: LoggedProtocol| {
        let entry = logging.iter().find(|entry| entry.protocol == protocol);
        let rate = entry.map(|entry| entry.success_sample_rate).unwrap_or_default();
        let (success, failure) =
            (entry.and_then(|it| it.success_role.as_ref()), entry.and_then(|it| it.failure_role.as_ref()));
        let name = protocol.attribute();
        [
            (format!("{name}SuccessFeedbackRoleArn"), role(success)),
            (format!("{name}SuccessFeedbackSampleRate"), rate.to_string()),
            (format!("{name}FailureFeedbackRoleArn"), role(failure)),
        ]
    };
    LoggedProtocol::ALL.into_iter().flat_map(of).collect()
}

/// What is logged, from all attributes of a topic.
fn read_logging(attributes: &Attributes) -> BTreeSet<DeliveryStatusLogging> {
    let of = |protocol: LoggedProtocol| {
        let name = protocol.attribute();
        let text = |what: &str| attributes.get(&format!("{name}{what}")).filter(|value| !value.is_empty());
        let entry = DeliveryStatusLogging {
            protocol,
            success_role: text("SuccessFeedbackRoleArn").map(Arn::new),
            success_sample_rate: text("SuccessFeedbackSampleRate").and_then(|it| it.parse().ok()).unwrap_or_default(),
            failure_role: text("FailureFeedbackRoleArn").map(Arn::new),
        };
        (entry.success_role.is_some() || entry.failure_role.is_some()).then_some(entry)
    };
    LoggedProtocol::ALL.into_iter().filter_map(of).collect()
}

pub(super) async fn set(aws: &Aws, arn: &str, name: &str, value: &str) -> Result<()> {
    aws.sns().set_topic_attributes().topic_arn(arn).attribute_name(name).attribute_value(value).send().await?;
    Ok(())
}

/// The attributes of a topic; `None` when it is not there.
pub(super) async fn attributes(aws: &Aws, arn: &str) -> Result<Option<Attributes>> {
    let answer = aws.sns().get_topic_attributes().topic_arn(arn).send().await.or_gone(GONE)?;
    Ok(answer.map(|answer| answer.attributes.unwrap_or_default().into_iter().collect()))
}

fn tags_of(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build();
    tags.into_iter().map(|pair| tag(pair).map_err(|error| Error::refused("sns Tag", error.to_string()))).collect()
}

/// The tags; `None` when there is no such topic.
async fn read_tags(aws: &Aws, arn: &str) -> Result<Option<tags::Read>> {
    let answer = aws.sns().list_tags_for_resource().resource_arn(arn).send().await.or_gone(GONE)?;
    let pairs = answer.map(|answer| answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
    Ok(pairs.map(|pairs| tags::read(aws, pairs)))
}

/// What a topic is; its tags and its data protection are calls of their own. `None` when it is not there.
async fn observe(aws: &Aws, id: &TopicArn) -> Result<Option<Observed<Topic>>> {
    let Some(found) = attributes(aws, id.as_str()).await? else { return Ok(None) };
    let text = |name: &str| found.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let flag = |name: &str| text(name).is_some_and(|value| value == "true");
    let fifo_topic = flag("FifoTopic");
    let protection = async {
        if fifo_topic {
            // Only standard topics have it.
            return Ok(None);
        }
        let answer = aws.sns().get_data_protection_policy().resource_arn(id.as_str()).send().await.or_gone(GONE)?;
        Ok(answer.and_then(|answer| answer.data_protection_policy).filter(|policy| !policy.is_empty()))
    };
    let (tags, protection) = join(read_tags(aws, id.as_str()), protection).await;
    let Some(tags) = tags? else { return Ok(None) };
    let mut unreadable = BTreeMap::new();
    let protection = readable(protection, &["data_protection_policy"], &mut unreadable)?;
    let name = id.as_str().rsplit(':').next().unwrap_or_default();
    let args = Topic {
        name: Name::new(name),
        fifo_topic,
        display_name: text("DisplayName").unwrap_or_default().to_owned(),
        kms_key: text("KmsMasterKeyId").map(Arn::new),
        content_based_deduplication: flag("ContentBasedDeduplication"),
        fifo_throughput_scope: text("FifoThroughputScope").and_then(FifoThroughputScope::parse),
        signature_version: text("SignatureVersion").and_then(SignatureVersion::parse).unwrap_or(SignatureVersion::Sha1),
        tracing_config: text("TracingConfig").and_then(TracingConfig::parse).unwrap_or(TracingConfig::PassThrough),
        archive_policy: text("ArchivePolicy").map(Json::new),
        data_protection_policy: protection.map(Json::new),
        delivery_policy: text("DeliveryPolicy").map(Json::new),
        delivery_status_logging: read_logging(&found),
        tags: tags.tags,
    };
    let outputs = TopicOutputs { id: id.clone(), arn: Arn::new(id.as_str()), name: name.to_owned() };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, tags.owner) }))
}

impl Conforms for Topic {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("messages").build());
        let other = stack.add("other", Key::builder().description("messages, too").build());
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("sns.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let role = stack.add("role", Role::builder().name("sns-logs").assume_role_policy(&trust).build());
        let logging = |rate: i32| {
            let logging = DeliveryStatusLogging::builder().protocol(LoggedProtocol::Sqs).success_role(&role.arn);
            Expr::from(logging.success_sample_rate(rate).failure_role(&role.arn).build())
        };
        let retries = |number: u32| {
            format!(
                r#"{{"http":{{"defaultHealthyRetryPolicy":{{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":{number}}}}}}}"#
            )
        };
        let masked = |name: &str| {
            format!(
                r#"{{"Name":"{name}","Version":"2021-06-01","Statement":[{{"Sid":"mask","DataDirection":"Inbound","Principal":["*"],"DataIdentifier":["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],"Operation":{{"Deidentify":{{"MaskConfig":{{}}}}}}}}]}}"#
            )
        };
        let base = Topic::builder()
            .name("Conformance")
            .fifo_topic(false)
            .display_name("Conformance")
            .kms_key(&key.arn)
            .signature_version(SignatureVersion::Sha1)
            .tracing_config(TracingConfig::PassThrough)
            .data_protection_policy(masked("one"))
            .delivery_policy(retries(3))
            .delivery_status_logging([DeliveryStatusLogging::builder()
                .protocol(LoggedProtocol::Sqs)
                .success_role(&role.arn)
                .success_sample_rate(50)
                .failure_role(&role.arn)
                .build()])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("display_name", "Changed")
            .change("kms_key", &other.arn)
            .change("signature_version", "2")
            .change("tracing_config", "Active")
            .change("data_protection_policy", masked("two"))
            .change("delivery_policy", retries(5))
            .change("delivery_status_logging", vec![logging(70)])
            .change("delivery_status_logging", Vec::<Expr>::new())
            .change("tags", [("team", "b")])
            .change("name", "Conformance-2")
            .change("fifo_topic", true)
            .together_with("name", "Conformance.fifo")
            .together_with("data_protection_policy", formwork_engine::Value::Null)
            .together_with("delivery_policy", formwork_engine::Value::Null)
            .together_with("fifo_throughput_scope", "Topic")
            .together_with("archive_policy", r#"{"MessageRetentionPeriod":"30"}"#)
            .change("content_based_deduplication", true)
            .change("fifo_throughput_scope", "MessageGroup")
            .change("archive_policy", r#"{"MessageRetentionPeriod":"60"}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_read_as_it_was_set() {
        let entry = DeliveryStatusLogging {
            protocol: LoggedProtocol::Http,
            success_role: Some(Arn::new("arn:aws:iam::1:role/logs")),
            success_sample_rate: 25,
            failure_role: None,
        };
        let logging: BTreeSet<_> = [entry].into();
        let set = logging_attributes(&logging);
        assert_eq!(set.get("HTTPSuccessFeedbackSampleRate").map(String::as_str), Some("25"));
        assert_eq!(set.get("SQSSuccessFeedbackRoleArn").map(String::as_str), Some(""));
        assert!(read_logging(&set) == logging);
    }

    #[test]
    fn an_archive_that_keeps_less_loses_messages() {
        let of = |days: u32| Some(Json::new(format!(r#"{{"MessageRetentionPeriod":"{days}"}}"#)));
        assert!(
            !archive_hazards(&of(60), &of(30)).is_empty()
                && !archive_hazards(&of(30), &Some(Json::new("{}"))).is_empty()
        );
        assert!(archive_hazards(&of(30), &of(60)).is_empty() && archive_hazards(&None, &of(30)).is_empty());
        assert!(same_archive(&Some(Json::new("{}")), &None) && !same_archive(&Some(Json::new("{}")), &of(30)));
    }
}
