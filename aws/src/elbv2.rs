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
    IpAddressType, LoadBalancer, LoadBalancerId, LoadBalancerOutputs, LoadBalancerType, Logs, Scheme, SubnetMapping,
    Switch,
};
pub use target_group::{Protocol, Target, TargetGroup, TargetGroupId, TargetGroupOutputs, TargetType};

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use formwork_engine::Resource as _;
use formwork_engine::kind::{Mark, Owner};

use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::questions::each;
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

/// The load balancers and target groups that carry the mark of a stack. Listeners and rules are found by what they belong to.
pub(crate) async fn marked(aws: &Aws, stack: &str) -> Result<Vec<Mark>> {
    let mut arns: Vec<(&'static str, String)> = Vec::new();
    let mut pages = aws.elbv2().describe_load_balancers().into_paginator().send();
    while let Some(page) = pages.next().await {
        let balancers = page?.load_balancers.unwrap_or_default().into_iter();
        let kind = LoadBalancer::schema().kind;
        arns.extend(balancers.filter_map(|balancer| Some((kind, balancer.load_balancer_arn?))));
    }
    let mut pages = aws.elbv2().describe_target_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        let groups = page?.target_groups.unwrap_or_default().into_iter();
        let kind = TargetGroup::schema().kind;
        arns.extend(groups.filter_map(|group| Some((kind, group.target_group_arn?))));
    }
    let mut found = Vec::new();
    for chunk in arns.chunks(TAGS_AT_ONCE) {
        let asked = chunk.iter().map(|(_, arn)| arn.clone()).collect();
        let answer = aws.elbv2().describe_tags().set_resource_arns(Some(asked)).send().await?;
        for row in answer.tag_descriptions.unwrap_or_default() {
            let Some((kind, arn)) = chunk.iter().find(|(_, arn)| row.resource_arn.as_ref() == Some(arn)) else {
                continue;
            };
            let tags = row.tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value?)));
            found.extend(tags::mark(stack, kind, arn, tags));
        }
    }
    Ok(found)
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
