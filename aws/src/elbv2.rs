//! Elastic Load Balancing: application, network and gateway load balancers, and what the types here share: lists and tags.

pub mod action;
mod attributes;
pub mod listener;
pub mod listener_rule;
pub mod load_balancer;
mod permissions;
pub mod target_group;

pub use action::{
    Action, Claim, Cognito, FixedResponse, Forward, Jwt, Oidc, OnUnauthenticated, Redirect, RedirectStatus,
    WeightedTargets,
};
pub use listener::{ClientCertificates, Listener, ListenerId, ListenerOutputs, MutualAuthentication};
pub use listener_rule::{
    Condition, Header, ListenerRule, ListenerRuleId, ListenerRuleOutputs, Patterns, QueryPair, Rewrite, Transform,
};
pub use load_balancer::{
    DesyncMitigation, ForwardedFor, IpAddressType, LoadBalancer, LoadBalancerId, LoadBalancerOutputs, LoadBalancerType,
    Logs, Scheme, SubnetMapping, Switch,
};
pub use target_group::{
    CrossZone, IpFamily, LoadBalancing, Protocol, Stickiness, Target, TargetGroup, TargetGroupId, TargetGroupOutputs,
    TargetType,
};

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use formwork_engine::Resource as _;
use formwork_engine::kind::{Owner, Sought, Swept};

use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::questions::each;
use crate::sweep::among;
use crate::tags::{self, Tags};

/// How many things one call tells the tags of.
const TAGS_AT_ONCE: usize = 20;

fn tag(key: impl Into<String>, value: impl Into<String>) -> sdk::Tag {
    sdk::Tag::builder().key(key).value(value).build()
}

/// The tags of a create call: ownership and the user's.
fn tags_of(owner: &Owner, tags: &Tags) -> Vec<sdk::Tag> {
    tags::all(owner, tags).into_iter().map(|(key, value)| tag(key, value)).collect()
}

fn read_tags(aws: &Aws, tags: Option<Vec<sdk::Tag>>) -> tags::Read {
    let pairs = tags.unwrap_or_default().into_iter();
    tags::read(aws, pairs.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())))
}

/// The tags of things of one type, by ARN; of what went meanwhile there are none.
async fn tags_by_arn(aws: &Aws, arns: &[String], gone: &[&str]) -> Result<BTreeMap<String, tags::Read>> {
    let ask = |arns: Vec<String>| async {
        let answer = aws.elbv2().describe_tags().set_resource_arns(Some(arns)).send().await.or_gone(gone)?;
        Ok(answer.and_then(|answer| answer.tag_descriptions))
    };
    let mut found = BTreeMap::new();
    for chunk in arns.chunks(TAGS_AT_ONCE) {
        // One that is gone fails the call for all of them: then each is asked for by itself.
        let answers: Vec<Result<_>> = match ask(chunk.to_vec()).await? {
            Some(rows) => vec![Ok(Some(rows))],
            None if chunk.len() > 1 => each(chunk, |arn| ask(vec![arn.clone()])).await,
            None => Vec::new(),
        };
        for rows in answers {
            let rows = rows?.unwrap_or_default().into_iter();
            found.extend(rows.filter_map(|row| Some((row.resource_arn?, read_tags(aws, row.tags)))));
        }
    }
    Ok(found)
}

/// The load balancers that carry the tag of a stack.
pub(crate) async fn load_balancers(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut arns = Vec::new();
    let mut pages = aws.elbv2().describe_load_balancers().into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page?.load_balancers.unwrap_or_default().into_iter();
        arns.extend(found.filter_map(|balancer| balancer.load_balancer_arn));
    }
    marked(aws, sought, LoadBalancer::schema().kind, arns).await
}

/// The target groups that carry the tag of a stack.
pub(crate) async fn target_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut arns = Vec::new();
    let mut pages = aws.elbv2().describe_target_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page?.target_groups.unwrap_or_default().into_iter();
        arns.extend(found.filter_map(|group| group.target_group_arn));
    }
    marked(aws, sought, TargetGroup::schema().kind, arns).await
}

/// The listeners that carry the tag of a stack, of its load balancers.
pub(crate) async fn listeners(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let arns = listener_arns(aws, sought).await?;
    marked(aws, sought, Listener::schema().kind, arns).await
}

/// The rules that carry the tag of a stack, of the listeners of its load balancers.
pub(crate) async fn listener_rules(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut arns = Vec::new();
    for listener in listener_arns(aws, sought).await? {
        let mut pages = aws.elbv2().describe_rules().listener_arn(listener).into_paginator().send();
        while let Some(page) = pages.next().await {
            let found = page.or_gone(&["ListenerNotFound"])?.and_then(|page| page.rules).unwrap_or_default();
            // The default one goes with its listener.
            arns.extend(
                found.into_iter().filter(|rule| rule.is_default != Some(true)).filter_map(|rule| rule.rule_arn),
            );
        }
    }
    marked(aws, sought, ListenerRule::schema().kind, arns).await
}

/// Listeners are listed per load balancer: of those that rows know or that carry the tag themselves.
async fn listener_arns(aws: &Aws, sought: &Sought) -> Result<Vec<String>> {
    let ours = load_balancers(aws, sought).await?.marks.into_iter().map(|mark| mark.id);
    let known = sought.known.iter().filter(|id| id.contains(":loadbalancer/")).cloned();
    let mut arns = Vec::new();
    for balancer in ours.chain(known).collect::<std::collections::BTreeSet<_>>() {
        let mut pages = aws.elbv2().describe_listeners().load_balancer_arn(balancer).into_paginator().send();
        while let Some(page) = pages.next().await {
            let found = page.or_gone(&["LoadBalancerNotFound"])?.and_then(|page| page.listeners).unwrap_or_default();
            arns.extend(found.into_iter().filter_map(|listener| listener.listener_arn));
        }
    }
    Ok(arns)
}

/// Those of these ARNs that carry the tag of a stack.
async fn marked(aws: &Aws, sought: &Sought, kind: &str, arns: Vec<String>) -> Result<Swept> {
    let asked: Vec<String> = arns.into_iter().filter(|arn| !sought.known.contains(arn)).collect();
    let mut swept = Swept::default();
    for chunk in asked.chunks(TAGS_AT_ONCE) {
        let answer = aws.elbv2().describe_tags().set_resource_arns(Some(chunk.to_vec())).send().await?;
        let rows = answer.tag_descriptions.unwrap_or_default().into_iter().filter_map(|row| {
            let tags = row.tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value?)));
            Some((row.resource_arn?, tags.collect::<Vec<_>>()))
        });
        swept.marks.extend(among(sought, kind, rows));
    }
    Ok(swept)
}

/// Brings the user's tags from one set to the other, and writes the ownership tags along.
async fn retag(aws: &Aws, owner: &Owner, arn: &str, now: &Tags, planned: &Tags) -> Result<()> {
    let (set, removed) = tags::difference(owner, now, planned);
    let set = set.into_iter().map(|(key, value)| tag(key, value)).collect();
    aws.elbv2().add_tags().resource_arns(arn).set_tags(Some(set)).send().await?;
    if !removed.is_empty() {
        let removed = removed.into_iter().collect();
        aws.elbv2().remove_tags().resource_arns(arn).set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}
