//! `aws:sns/subscription`: somebody who is told what is published to a topic.
//!
//! ```
//! use formwork_aws::sns::{Endpoint, Protocol, Subscription, TopicArn};
//!
//! let topic = TopicArn::new("arn:aws:sns:eu-west-1:123456789012:alerts");
//! let told = Subscription::builder().topic(topic).protocol(Protocol::Https).endpoint("https://example.com/alerts");
//! # drop(told.build());
//! ```
//!
//! Mails and HTTP endpoints must confirm a subscription. Until they have, it is shown as waiting; AWS drops it after some days by itself.

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{
    Choice, Field, Input, IntoInput, Json, Mismatch, Output, Outputs, Resource, Shape, Stack, Value, accepts_text, id,
};

use super::{Attributes, GONE, Topic, TopicArn, same_document};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::sqs::Queue;

id! {
    /// The ARN of a subscription, which AWS makes of its topic's.
    pub struct SubscriptionArn;
}

/// Who is told, in the words of the protocol: the ARN of a queue, function or stream, a URL, an address of mail, a telephone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// What has this ARN: a queue, a function, a stream of Firehose.
    pub fn arn<R: 'static>(arn: impl IntoInput<Arn<R>>) -> Input<Endpoint> {
        Input::of(arn.into_input().into_expr())
    }

    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Field for Endpoint {
    const SHAPE: Shape = Shape::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.0.clone())
    }

    fn from_value(value: &Value) -> std::result::Result<Self, Mismatch> {
        value.as_text().map(Self::new).ok_or_else(|| Mismatch::new("an endpoint", value))
    }
}

accepts_text!(Endpoint);

/// A subscription to a topic.
#[derive(Resource)]
#[resource(
    kind = "aws:sns/subscription",
    cfn = "AWS::SNS::Subscription",
    id = SubscriptionArn,
    outputs = SubscriptionOutputs,
    guard = upsert,
    natural_key(topic, protocol, endpoint),
    visibility = 120
)]
#[resource(create_wait = (0, 5, 1, 300))]
pub struct Subscription {
    /// The topic.
    #[arg(replace, cfn = "TopicArn")]
    pub topic: TopicArn,
    /// How messages are delivered.
    #[arg(replace)]
    pub protocol: Protocol,
    /// Who gets them.
    #[arg(replace)]
    pub endpoint: Endpoint,
    /// How often and how fast an HTTP endpoint is tried again; the topic's policy when left out.
    #[arg(in_place, same = same_policy)]
    pub delivery_policy: Option<Json>,
    /// Which messages are delivered: all when left out, and again with `{}`.
    #[arg(in_place, same = same_policy)]
    pub filter_policy: Option<Json>,
    /// What of a message `filter_policy` is about; its attributes when left out.
    #[arg(in_place)]
    pub filter_policy_scope: Option<FilterPolicyScope>,
    /// Whether queues, streams and HTTP endpoints get the message as it was published, and not wrapped.
    #[arg(in_place, default = false)]
    pub raw_message_delivery: bool,
    /// The queue that gets what cannot be delivered; such messages are lost when it is left out.
    #[arg(in_place, cfn = "RedrivePolicy")]
    pub dead_letter_target: Option<Arn<Queue>>,
    /// From when on archived messages of a FIFO topic are delivered again; none when left out.
    #[arg(in_place, same = same_policy)]
    pub replay_policy: Option<Json>,
    /// The role by which SNS writes to a stream of Firehose.
    #[arg(in_place, cfn = "SubscriptionRoleArn")]
    pub subscription_role: Option<Arn<Role>>,
}

fn same_policy(wanted: &Option<Json>, found: &Option<Json>) -> bool {
    same_document(wanted.as_ref().map(Json::as_str), found.as_ref().map(Json::as_str))
}

/// How messages are delivered.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// By HTTP.
    #[choice("http")]
    Http,
    /// By HTTPS.
    #[choice("https")]
    Https,
    /// By mail, as text.
    #[choice("email")]
    Email,
    /// By mail, as JSON.
    #[choice("email-json")]
    EmailJson,
    /// As short messages.
    #[choice("sms")]
    Sms,
    /// To a queue.
    #[choice("sqs")]
    Sqs,
    /// To a mobile application.
    #[choice("application")]
    Application,
    /// To a function.
    #[choice("lambda")]
    Lambda,
    /// To a stream of Firehose.
    #[choice("firehose")]
    Firehose,
}

/// What of a message a filter is about.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterPolicyScope {
    /// Its attributes.
    #[choice("MessageAttributes")]
    MessageAttributes,
    /// Its content, which is JSON.
    #[choice("MessageBody")]
    MessageBody,
}

/// What is known of a subscription once it is there.
#[derive(Outputs)]
pub struct SubscriptionOutputs {
    /// The ARN.
    pub id: SubscriptionArn,
    /// The ARN, for policies.
    pub arn: Arn<Subscription>,
}

impl Lifecycle for Subscription {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let call = aws.sns().subscribe().topic_arn(args.topic.as_str()).protocol(args.protocol.as_str());
        let call = args.attributes().into_iter().fold(call, |call, (name, value)| call.attributes(name, value));
        // Without it the answer says "pending confirmation" where it should say the ARN.
        let answer = call.endpoint(&args.endpoint.0).return_subscription_arn(true).send().await?;
        let arn = answer.subscription_arn.ok_or_else(|| Error::unexpected("sns Subscribe", "no ARN in the answer"))?;
        Ok(Created::whole(arn))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| attributes(aws, &one.id)).await;
        let mut statuses = BTreeMap::new();
        for (one, attributes) in waiting.iter().zip(found) {
            let Some(attributes) = attributes? else { continue };
            let status = match is_pending(&attributes) {
                true => Status::Stuck("the endpoint has not confirmed that it wants to be told".to_owned()),
                false => Status::Ready,
            };
            statuses.insert(one.id.clone(), status);
        }
        Ok(statuses)
    }

    async fn read(aws: &Aws, ids: &[SubscriptionArn]) -> Result<Readings<Self>> {
        let found = each(ids, |id| attributes(aws, id.as_str())).await;
        let seen = ids.iter().cloned().zip(found).filter_map(|(id, found)| {
            let seen = found.transpose()?.and_then(|attributes| observe(&id, &attributes));
            Some((id, seen))
        });
        Ok(seen.collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let mut pages = aws.sns().list_subscriptions_by_topic().topic_arn(args.topic.as_str()).into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(GONE)? else { break };
            let found = page.subscriptions.unwrap_or_default().into_iter().find(|one| {
                one.protocol() == Some(args.protocol.as_str()) && one.endpoint() == Some(args.endpoint.0.as_str())
            });
            // One that is not confirmed has no ARN in this list.
            if let Some(id) = found.and_then(|one| one.subscription_arn).filter(|arn| arn.starts_with("arn:")) {
                return Ok(vec![Candidate { id, proof: Proof::Name }]);
            }
        }
        Ok(Vec::new())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<SubscriptionChanges>> {
        let SubscriptionChanges {
            delivery_policy,
            filter_policy,
            filter_policy_scope,
            raw_message_delivery,
            dead_letter_target,
            replay_policy,
            subscription_role,
        } = update.changes;
        // A filter is checked against what it is about.
        let named = [
            (filter_policy_scope, "FilterPolicyScope"),
            (filter_policy, "FilterPolicy"),
            (delivery_policy, "DeliveryPolicy"),
            (raw_message_delivery, "RawMessageDelivery"),
            (dead_letter_target, "RedrivePolicy"),
            (replay_policy, "ReplayPolicy"),
            (subscription_role, "SubscriptionRoleArn"),
        ];
        let wanted = update.planned.attributes();
        for (_, name) in named.into_iter().filter(|(changes, _)| *changes) {
            if let Some(value) = wanted.get(name) {
                let call = aws.sns().set_subscription_attributes().subscription_arn(update.id.as_str());
                call.attribute_name(name).attribute_value(value).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &SubscriptionArn, _: &Self) -> Result<Deletion> {
        let Some(found) = attributes(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        // One that was never confirmed cannot be deleted; AWS drops it by itself.
        if !is_pending(&found) {
            aws.sns().unsubscribe().subscription_arn(id.as_str()).send().await.or_gone(GONE)?;
        }
        Ok(Deletion::Done)
    }
}

impl Subscription {
    /// What is declared, as SNS takes it: texts by name. What is left to SNS is not among it.
    fn attributes(&self) -> Attributes {
        let document = |value: &Option<Json>| value.as_ref().map(ToString::to_string);
        let redrive = |target: &Arn<Queue>| serde_json::json!({ "deadLetterTargetArn": target.as_str() }).to_string();
        let pairs = [
            ("DeliveryPolicy", document(&self.delivery_policy)),
            ("FilterPolicy", document(&self.filter_policy)),
            ("FilterPolicyScope", self.filter_policy_scope.map(|scope| scope.as_str().to_owned())),
            ("RawMessageDelivery", Some(self.raw_message_delivery.to_string())),
            ("RedrivePolicy", self.dead_letter_target.as_ref().map(redrive)),
            ("ReplayPolicy", document(&self.replay_policy)),
            ("SubscriptionRoleArn", self.subscription_role.as_ref().map(ToString::to_string)),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// The attributes of a subscription; `None` when it is not there.
async fn attributes(aws: &Aws, arn: &str) -> Result<Option<Attributes>> {
    let answer = aws.sns().get_subscription_attributes().subscription_arn(arn).send().await.or_gone(GONE)?;
    Ok(answer.map(|answer| answer.attributes.unwrap_or_default().into_iter().collect()))
}

fn is_pending(attributes: &Attributes) -> bool {
    attributes.get("PendingConfirmation").is_some_and(|pending| pending.eq_ignore_ascii_case("true"))
}

fn observe(id: &SubscriptionArn, found: &Attributes) -> Result<Observed<Subscription>> {
    let text = |name: &str| found.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let needed = |name: &str| {
        let missing = || Error::unexpected("sns GetSubscriptionAttributes", format!("no {name} in the answer"));
        text(name).ok_or_else(missing)
    };
    let target = |policy: &str| {
        let document: serde_json::Value = serde_json::from_str(policy).ok()?;
        Some(Arn::new(document["deadLetterTargetArn"].as_str()?))
    };
    let protocol = Protocol::parse(needed("Protocol")?);
    let args = Subscription {
        topic: TopicArn::new(needed("TopicArn")?),
        protocol: protocol
            .ok_or_else(|| Error::unexpected("sns GetSubscriptionAttributes", "a protocol that is not known"))?,
        endpoint: Endpoint::new(needed("Endpoint")?),
        delivery_policy: text("DeliveryPolicy").map(Json::new),
        filter_policy: text("FilterPolicy").map(Json::new),
        filter_policy_scope: text("FilterPolicyScope").and_then(FilterPolicyScope::parse),
        raw_message_delivery: text("RawMessageDelivery").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        dead_letter_target: text("RedrivePolicy").and_then(target),
        replay_policy: text("ReplayPolicy").map(Json::new),
        subscription_role: text("SubscriptionRoleArn").map(Arn::new),
    };
    Ok(Observed::new(args, SubscriptionOutputs { id: id.clone(), arn: Arn::new(id.as_str()) }, None))
}

impl Conforms for Subscription {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let topic = stack.add("topic", Topic::builder().name("conformance-told").build());
        let mut queue = |name: &str| stack.add(name, Queue::builder().name(name).build());
        let (one, two, dead, dead_too) = (queue("one"), queue("two"), queue("dead"), queue("dead-too"));
        let other = stack.add("other-topic", Topic::builder().name("conformance-told-2").build());
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("sns.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let role = stack.add("role", Role::builder().name("sns-streams").assume_role_policy(&trust).build());
        let stream: Output<String> =
            Output::known("arn:aws:firehose:eu-west-1:123456789012:deliverystream/told".into());
        let base = Subscription::builder()
            .topic(&topic)
            .protocol(Protocol::Sqs)
            .endpoint(Endpoint::arn(&one.arn))
            .filter_policy(r#"{"sort":["order"]}"#)
            .filter_policy_scope(FilterPolicyScope::MessageAttributes)
            .raw_message_delivery(true)
            .dead_letter_target(&dead.arn)
            .build();
        Conformance::of(base)
            .change("filter_policy", r#"{"sort":["order","refund"]}"#)
            .change("filter_policy_scope", "MessageBody")
            .change("raw_message_delivery", false)
            .change("dead_letter_target", &dead_too.arn)
            .change("endpoint", &two.arn)
            .change("topic", &other)
            .change("protocol", "firehose")
            .together_with("endpoint", &stream)
            .together_with("subscription_role", &role.arn)
            .unseen("delivery_policy", "only an HTTP endpoint has one, and nothing listens there that could confirm it")
            .unseen("replay_policy", "the emulator keeps no archive that could be replayed")
    }
}
