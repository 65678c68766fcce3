//! `aws:sns/topic-policy`: who may publish to a topic and subscribe to it.
//!
//! ```
//! use formwork_aws::iam::{PolicyDocument, Principal, Statement};
//! use formwork_aws::sns::{Topic, TopicPolicy};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let topic = stack.add("events", Topic::builder().name("events").build());
//! let publishes = PolicyDocument::of([Statement::allow()
//!     .principal(Principal::service("events.amazonaws.com"))
//!     .action("sns:Publish")
//!     .resource(&topic.arn)]);
//! stack.add("events-publishes", TopicPolicy::builder().topic(&topic).policy(publishes).build());
//! # }
//! ```
//!
//! A topic is born with a policy that lets its own account do everything. It is back when this resource is deleted.

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Json, Outputs, Resource, Stack};
use serde_json::{Value as Document, json};

use super::{GONE, Topic, TopicArn, topic};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;

/// The policy of a topic, in the place of the one that it is born with.
#[derive(Resource)]
#[resource(
    kind = "aws:sns/topic-policy",
    cfn = "AWS::SNS::TopicInlinePolicy",
    id = TopicArn,
    outputs = TopicPolicyOutputs,
    guard = upsert,
    natural_key(topic),
    visibility = 120
)]
pub struct TopicPolicy {
    /// The topic.
    #[arg(replace, cfn = "TopicArn")]
    pub topic: TopicArn,
    /// Who may do what, at most 30 KiB.
    #[arg(in_place, cfn = "PolicyDocument")]
    pub policy: Json,
}

/// What is known of a policy once it is there.
#[derive(Outputs)]
pub struct TopicPolicyOutputs {
    /// The ARN of the topic.
    pub id: TopicArn,
}

/// The `Id` of the policy that every topic is born with.
const BORN_WITH: &str = "__default_policy_ID";

impl Lifecycle for TopicPolicy {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        topic::set(aws, args.topic.as_str(), "Policy", args.policy.as_str()).await?;
        Ok(Created::whole(args.topic.as_str()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| get(aws, &one.id)).await;
        let found = waiting.iter().zip(found).map(|(one, policy)| Ok(policy?.map(|_| one.id.clone())));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?.into_iter().flatten()))
    }

    async fn read(aws: &Aws, ids: &[TopicArn]) -> Result<Readings<Self>> {
        let found = each(ids, |id| get(aws, id.as_str())).await;
        let seen = |id: &TopicArn, policy: Json| {
            Observed::new(Self { topic: id.clone(), policy }, TopicPolicyOutputs { id: id.clone() }, None)
        };
        let found = ids.iter().zip(found).filter_map(|(id, policy)| Some((id, policy.transpose()?)));
        Ok(found.map(|(id, policy)| (id.clone(), policy.map(|policy| seen(id, policy)))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let found = get(aws, args.topic.as_str()).await?;
        Ok(found.map(|_| Candidate { id: args.topic.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<TopicPolicyChanges>> {
        let TopicPolicyChanges { policy } = update.changes;
        if policy {
            topic::set(aws, update.id.as_str(), "Policy", update.planned.policy.as_str()).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &TopicArn, _: &Self) -> Result<Deletion> {
        if get(aws, id.as_str()).await?.is_some() {
            // There is no topic without a policy.
            let born_with = born_with(aws.account(), id.as_str()).to_string();
            topic::set(aws, id.as_str(), "Policy", &born_with).await.or_gone(GONE)?;
        }
        Ok(Deletion::Done)
    }
}

/// The policy that somebody gave it; `None` where it has the one that it was born with, or is gone itself.
async fn get(aws: &Aws, topic: &str) -> Result<Option<Json>> {
    let found = topic::attributes(aws, topic).await?;
    let policy = found.and_then(|mut found| found.remove("Policy")).filter(|policy| !policy.is_empty());
    Ok(policy.filter(|policy| !is_born_with(policy)).map(Json::new))
}

fn is_born_with(policy: &str) -> bool {
    serde_json::from_str::<Document>(policy).is_ok_and(|document| document["Id"] == BORN_WITH)
}

/// The policy that AWS gives a new topic: whoever its account lets.
fn born_with(account: &str, topic: &str) -> Document {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    json!({
        "Version": "2008-10-17",
        "Id": BORN_WITH,
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": actions,
            "Resource": topic,
            "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
        }],
    })
}

impl Conforms for TopicPolicy {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let mut topic = |name: &str| stack.add(name, Topic::builder().name(name).build());
        let (one, two) = (topic("with-policy-1"), topic("with-policy-2"));
        let allows = |action: &str, topic: &str| {
            let statement = Statement::allow().principal(Principal::service("events.amazonaws.com")).action(action);
            PolicyDocument::of([statement.resource(format!("arn:aws:sns:eu-west-1:123456789012:{topic}"))])
        };
        let base = TopicPolicy::builder().topic(&one).policy(allows("sns:Publish", "with-policy-1")).build();
        Conformance::of(base)
            .change("policy", allows("sns:Subscribe", "with-policy-1").output())
            .change("topic", &two)
            .together_with("policy", allows("sns:Publish", "with-policy-2").output())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_that_a_topic_is_born_with_is_nobodys() {
        let policy = born_with("123456789012", "arn:aws:sns:eu-west-1:123456789012:events").to_string();
        assert!(is_born_with(&policy) && !is_born_with(r#"{"Version":"2012-10-17","Statement":[]}"#));
    }
}
