//! `aws:elbv2/listener-rule`: what becomes of requests to a listener that meet conditions.
//!
//! ```
//! use formwork_aws::Arn;
//! use formwork_aws::elbv2::{Action, Condition, Forward, ListenerRule, Patterns, WeightedTargets};
//!
//! let targets = WeightedTargets::builder().target_group(Arn::new("arn:aws:elasticloadbalancing:…")).build();
//! let api = ListenerRule::builder()
//!     .listener(Arn::new("arn:aws:elasticloadbalancing:…"))
//!     .priority(10)
//!     .conditions([Condition::path(Patterns::builder().values(["/api/*"]).build())])
//!     .actions([Action::forward(Forward::builder().target_groups([targets]).build())])
//!     .build();
//! # drop(api);
//! ```

mod conditions;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Expr, Input, Outputs, Resource, Stack};

pub use conditions::{Condition, Header, Patterns, QueryPair, Rewrite, Transform};

use super::action::{self, Action, FixedResponse, Forward, Redirect, RedirectStatus, WeightedTargets};
use super::listener::{Listener, example_balancer, example_targets};
use super::{Protocol, retag, tags_by_arn, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::{self, Tags};

/// The id of a rule is its ARN.
pub type ListenerRuleId = Arn<ListenerRule>;

const GONE: &[&str] = &["RuleNotFound", "RuleNotFoundException", "ListenerNotFound", "ListenerNotFoundException"];

/// What becomes of requests to a listener that meet all of its conditions. For listeners of application load balancers.
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2/listener-rule",
    cfn = "AWS::ElasticLoadBalancingV2::ListenerRule",
    id = ListenerRuleId,
    outputs = ListenerRuleOutputs,
    guard = unique_name,
    natural_key(listener, priority),
    visibility = 120
)]
pub struct ListenerRule {
    /// The listener.
    #[arg(replace, cfn = "ListenerArn")]
    pub listener: Arn<Listener>,
    /// Its place among the rules of the listener, 1 to 50000, the lowest first; each only once.
    #[arg(in_place)]
    pub priority: i32,
    /// What a request must be like, at most 5 values in all.
    #[arg(in_place)]
    pub conditions: BTreeSet<Condition>,
    /// What is done with it.
    #[arg(in_place)]
    pub actions: Vec<Action>,
    /// What is changed of it before.
    #[arg(in_place, default)]
    pub transforms: BTreeSet<Transform>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags, cfn = "")]
    pub tags: Tags,
}

/// What is known of a rule once it is there.
#[derive(Outputs)]
pub struct ListenerRuleOutputs {
    /// The ARN.
    pub id: ListenerRuleId,
    /// The ARN.
    pub arn: Arn<ListenerRule>,
}

impl Lifecycle for ListenerRule {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let transforms: Vec<_> = args.transforms.iter().map(Transform::to_sdk).collect();
        let answer = aws
            .elbv2()
            .create_rule()
            .listener_arn(args.listener.as_str())
            .priority(args.priority)
            .set_conditions(Some(args.conditions.iter().map(Condition::to_sdk).collect()))
            .set_actions(Some(action::to_sdk(&args.actions)))
            .set_transforms((!transforms.is_empty()).then_some(transforms))
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?;
        let arn = answer.rules.unwrap_or_default().into_iter().next().and_then(|rule| rule.rule_arn);
        let missing = || Error::unexpected("elasticloadbalancingv2 CreateRule", "no ARN in the answer");
        arn.map(Created::whole).ok_or_else(missing)
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = described(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found = found.into_iter().map(|(arn, rule)| rule.map(|_| arn.to_owned()));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[ListenerRuleId]) -> Result<Readings<Self>> {
        let found = described(aws, ids.iter().map(Arn::as_str)).await?;
        let arns: Vec<String> = found.keys().map(|arn| (*arn).to_owned()).collect();
        let tags = tags_by_arn(aws, &arns, GONE).await?;
        let observed = found.into_iter().filter_map(|(arn, rule)| {
            let read = tags.get(arn)?;
            Some((Arn::new(arn), rule.map(|rule| observe(arn, rule, read))))
        });
        Ok(observed.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let of_listener = of_listener(aws, args.listener.as_str()).await?.into_iter();
        let priority = args.priority.to_string();
        let in_place = of_listener.filter(|rule| rule.priority.as_deref() == Some(priority.as_str()));
        let arns: Vec<String> = in_place.filter_map(|rule| rule.rule_arn).collect();
        let tags = tags_by_arn(aws, &arns, GONE).await?;
        let theirs = |arn: &String| tags.get(arn).and_then(|tags| tags.owner.as_ref());
        Ok(arns.iter().map(|arn| tags::candidate(owner, arn, theirs(arn))).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ListenerRuleChanges>> {
        let ListenerRuleChanges { priority, conditions, actions, transforms, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        if conditions || actions || transforms {
            let call = aws.elbv2().modify_rule().rule_arn(id.as_str());
            let wanted = conditions.then(|| planned.conditions.iter().map(Condition::to_sdk).collect());
            let call = call.set_conditions(wanted).set_actions(actions.then(|| action::to_sdk(&planned.actions)));
            let changed: Vec<_> = planned.transforms.iter().map(Transform::to_sdk).collect();
            let call = match (transforms, changed.is_empty()) {
                (true, true) => call.reset_transforms(true),
                (true, false) => call.set_transforms(Some(changed)),
                (false, _) => call,
            };
            call.send().await?;
        }
        if priority {
            let pair = sdk::RulePriorityPair::builder().rule_arn(id.as_str()).priority(planned.priority).build();
            aws.elbv2().set_rule_priorities().rule_priorities(pair).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ListenerRuleId, _: &Self) -> Result<Deletion> {
        aws.elbv2().delete_rule().rule_arn(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

/// The rules of a listener; none where there is no such listener.
async fn of_listener(aws: &Aws, listener: &str) -> Result<Vec<sdk::Rule>> {
    let mut found = Vec::new();
    let mut pages = aws.elbv2().describe_rules().listener_arn(listener).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(GONE)? else { break };
        found.extend(page.rules.unwrap_or_default());
    }
    Ok(found)
}

/// The ARN of the listener of a rule.
fn listener_of(rule: &str) -> String {
    let listener = rule.rsplit_once('/').map_or(rule, |(listener, _)| listener);
    listener.replacen(":listener-rule/", ":listener/", 1)
}

/// The rules of these ARNs that are there; of many, by listener.
async fn described<'n>(
    aws: &Aws,
    arns: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::Rule>>> {
    let arns: Vec<&str> = arns.into_iter().collect();
    let listeners: BTreeSet<String> = arns.iter().map(|arn| listener_of(arn)).collect();
    let all = async {
        let mut found = BTreeMap::new();
        for rules in each(&listeners, |listener| of_listener(aws, listener)).await {
            found.extend(rules?.into_iter().filter_map(|rule| Some((rule.rule_arn.clone()?, rule))));
        }
        Ok(found)
    };
    let one = |arn: &'n str| async move {
        let answer = aws.elbv2().describe_rules().rule_arns(arn).send().await.or_gone(GONE)?;
        Ok(answer.and_then(|answer| answer.rules?.into_iter().next()))
    };
    named(arns, all, one).await
}

fn observe(arn: &str, rule: sdk::Rule, read: &tags::Read) -> Observed<ListenerRule> {
    let args = ListenerRule {
        listener: Arn::new(listener_of(arn)),
        priority: rule.priority.and_then(|priority| priority.parse().ok()).unwrap_or_default(),
        conditions: rule.conditions.unwrap_or_default().into_iter().filter_map(Condition::from_sdk).collect(),
        actions: action::from_sdk(rule.actions),
        transforms: rule.transforms.unwrap_or_default().into_iter().filter_map(Transform::from_sdk).collect(),
        tags: read.tags.clone(),
    };
    let outputs = ListenerRuleOutputs { id: Arn::new(arn), arn: Arn::new(arn) };
    Observed::new(args, outputs, read.owner.clone())
}

impl Conforms for ListenerRule {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let balancer = example_balancer(stack, 77);
        let targets = example_targets(stack, "ruled");
        let mut listener = |name: &str, port: i32| {
            let answer = FixedResponse::builder().status_code("404").build();
            let listener = Listener::builder().load_balancer(&balancer).port(port).protocol(Protocol::Http);
            stack.add(name, listener.default_actions([Action::fixed_response(answer)]).build())
        };
        let (one, two) = (listener("listener", 80), listener("other", 8080));
        let forward = || {
            let group = WeightedTargets::builder().target_group(&targets).build();
            Action::forward(Forward::builder().target_groups([group]).build())
        };
        let patterns = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            Patterns::builder().values(values).build()
        };
        let base = ListenerRule::builder()
            .listener(&one)
            .priority(10)
            .conditions([
                Condition::host(patterns(&["shop.formwork.example"])),
                Condition::path(patterns(&["/api/*", "/v2/*"])),
            ])
            .actions([forward()])
            .transforms([Transform::path(Rewrite::builder().regex("^/api/(.*)$").replace("/$1").build())])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let conditions =
            |all: Vec<Input<Condition>>| -> Expr { all.into_iter().map(Expr::from).collect::<Vec<_>>().into() };
        let header = Header::builder().name("X-Customer").values(["gold*"]).build();
        let pair = QueryPair::builder().key("page").value("1").build();
        let redirect = Redirect::builder().path("/moved").status(RedirectStatus::Temporary).build();
        Conformance::of(base)
            .change("priority", 20)
            .change("conditions", conditions(vec![Condition::header(header), Condition::methods(["GET", "HEAD"])]))
            .change("conditions", conditions(vec![Condition::query([pair]), Condition::sources(["10.0.0.0/8"])]))
            .change("conditions", conditions(vec![Condition::path(Patterns::builder().regexes(["^/a.c$"]).build())]))
            .change("actions", vec![Expr::from(Action::redirect(redirect))])
            .change("transforms", Vec::<Expr>::new())
            .change("tags", [("team", "b")])
            .change("listener", &two)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listener_stands_in_the_arn() {
        let rule = "arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/front/0a/0b/0c";
        assert_eq!(listener_of(rule), "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/front/0a/0b");
    }
}
