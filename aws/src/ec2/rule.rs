//! What the rules of security groups share: both directions are the same calls on the same things, and differ in name only.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    self as sdk, Filter, IpPermission, IpRange, Ipv6Range, ResourceType, SecurityGroupRule, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate, UserIdGroupPair,
};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Change, id};

use super::{
    FILTER_VALUES, PrefixListId, SecurityGroupId, candidate, filter, owned_by, read_tags, retag, tag_specification,
};
use crate::arn::Arn;
use crate::cidr::canonical;
pub(super) use crate::cidr::same_if_given as same_cidr;
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, all_ready};
use crate::tags::Tags;

id! {
    /// The id of a rule of a security group, such as `sgr-0123456789abcdef0`.
    pub struct SecurityGroupRuleId;
}

/// A rule of either direction.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub security_group: SecurityGroupId,
    pub protocol: String,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub cidr_ipv4: Option<String>,
    pub cidr_ipv6: Option<String>,
    pub prefix_list: Option<PrefixListId>,
    pub referenced_group: Option<SecurityGroupId>,
    pub referenced_group_owner: Option<String>,
    pub description: String,
    pub tags: Tags,
}

/// A resource type that is one direction.
pub(super) trait Directed: Lifecycle<Id = SecurityGroupRuleId> {
    /// Whether its rules are for traffic that leaves.
    const EGRESS: bool;

    /// As a rule of either direction.
    fn rule(&self) -> Rule;

    /// What was observed of it.
    fn observed(rule: Rule, id: SecurityGroupRuleId, arn: Arn<Self>) -> (Self, Self::Outputs);
}

/// A rule cannot go over from one sort of peer to another, such as from addresses to a group.
pub(super) fn same_sort<T>(before: &Option<T>, after: &Option<T>) -> Change {
    if before.is_some() == after.is_some() { Change::InPlace } else { Change::Replace }
}

/// AWS answers names for the protocols that it has names for.
#[expect(clippy::ptr_arg, reason = "an equality takes references to the type of its field")]
pub(super) fn same_protocol(wanted: &String, found: &String) -> bool {
    protocol(wanted) == protocol(found)
}

pub(crate) fn protocol(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "all" | "-1" => "-1".to_owned(),
        "1" => "icmp".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    }
}

/// What AWS would refuse in words that do not help, or would take and answer differently for ever.
fn check(rule: &Rule) -> std::result::Result<(), String> {
    let peers = [
        ("cidr_ipv4", rule.cidr_ipv4.is_some()),
        ("cidr_ipv6", rule.cidr_ipv6.is_some()),
        ("prefix_list", rule.prefix_list.is_some()),
        ("referenced_group", rule.referenced_group.is_some()),
    ];
    let given: Vec<&str> = peers.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    match given[..] {
        [_] => {}
        [] => return Err("one of cidr_ipv4, cidr_ipv6, prefix_list and referenced_group is needed".to_owned()),
        _ => return Err(format!("only one of {} can be given: make a rule for each", given.join(", "))),
    }
    if protocol(&rule.protocol) == "-1" && (rule.from_port.is_some() || rule.to_port.is_some()) {
        return Err("a rule for all protocols has no ports: leave out from_port and to_port".to_owned());
    }
    Ok(())
}

fn permission(rule: &Rule) -> IpPermission {
    let description = (!rule.description.is_empty()).then(|| rule.description.clone());
    let ipv4 = |cidr| IpRange::builder().cidr_ip(canonical(cidr)).set_description(description.clone()).build();
    let ipv6 = |cidr| Ipv6Range::builder().cidr_ipv6(canonical(cidr)).set_description(description.clone()).build();
    let list = |id: &PrefixListId| {
        sdk::PrefixListId::builder().prefix_list_id(id.as_str()).set_description(description.clone()).build()
    };
    let group = |id: &SecurityGroupId| {
        let pair = UserIdGroupPair::builder().group_id(id.as_str()).set_user_id(rule.referenced_group_owner.clone());
        pair.set_description(description.clone()).build()
    };
    IpPermission::builder()
        .ip_protocol(protocol(&rule.protocol))
        .set_from_port(rule.from_port)
        .set_to_port(rule.to_port)
        .set_ip_ranges(rule.cidr_ipv4.as_deref().map(|cidr| vec![ipv4(cidr)]))
        .set_ipv6_ranges(rule.cidr_ipv6.as_deref().map(|cidr| vec![ipv6(cidr)]))
        .set_prefix_list_ids(rule.prefix_list.as_ref().map(|id| vec![list(id)]))
        .set_user_id_group_pairs(rule.referenced_group.as_ref().map(|id| vec![group(id)]))
        .build()
}

pub(super) async fn create<R: Directed>(aws: &Aws, owner: &Owner, args: &R) -> Result<Created> {
    let rule = args.rule();
    let operation = if R::EGRESS { "ec2 AuthorizeSecurityGroupEgress" } else { "ec2 AuthorizeSecurityGroupIngress" };
    check(&rule).map_err(|reason| Error::refused(operation, reason))?;
    let tags = tag_specification(owner, &rule.tags, ResourceType::SecurityGroupRule);
    let group = rule.security_group.as_str();
    let rules = if R::EGRESS {
        let call = aws.ec2().authorize_security_group_egress().group_id(group);
        call.ip_permissions(permission(&rule)).tag_specifications(tags).send().await?.security_group_rules
    } else {
        let call = aws.ec2().authorize_security_group_ingress().group_id(group);
        call.ip_permissions(permission(&rule)).tag_specifications(tags).send().await?.security_group_rules
    };
    let id = rules.unwrap_or_default().into_iter().find_map(|rule| rule.security_group_rule_id);
    id.map(Created::whole).ok_or_else(|| Error::unexpected(operation, "no rule id in the answer"))
}

pub(super) async fn status<R: Directed>(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
    let ids: Vec<_> = waiting.iter().map(|one| SecurityGroupRuleId::new(&one.id)).collect();
    Ok(all_ready(describe::<R>(aws, &ids).await?.into_iter().filter_map(|rule| rule.security_group_rule_id)))
}

pub(super) async fn read<R: Directed>(aws: &Aws, ids: &[SecurityGroupRuleId]) -> Result<Readings<R>> {
    let rules = describe::<R>(aws, ids).await?;
    Ok(rules.into_iter().filter_map(|rule| observe::<R>(aws, rule).map(|(id, seen)| (id, Ok(seen)))).collect())
}

pub(super) async fn find<R: Directed>(aws: &Aws, owner: &Owner, args: Option<&R>) -> Result<Vec<Candidate>> {
    let ours = filtered::<R>(aws, owned_by(owner)).await?;
    let ours = ours.into_iter().filter_map(|rule| candidate(aws, owner, rule.security_group_rule_id, rule.tags));
    let mut found: Vec<Candidate> = ours.collect();
    if let Some(wanted) = args.map(R::rule) {
        // A rule is told by what it says: another one of the same content is what a create would be refused for.
        let group = filter("group-id", [wanted.security_group.as_str()]);
        for theirs in filtered::<R>(aws, group).await? {
            let (id, theirs) = (theirs.security_group_rule_id.clone(), rule_of(aws, theirs).0);
            if let Some(id) = id.filter(|id| same_traffic(&wanted, &theirs) && !found.iter().any(|ours| ours.id == *id))
            {
                found.push(Candidate { id, proof: Proof::Name });
            }
        }
    }
    Ok(found)
}

/// Brings the rule itself (`rule`) and its tags (`tags`) to what is planned.
pub(super) async fn update<R: Directed>(
    aws: &Aws,
    owner: &Owner,
    id: &SecurityGroupRuleId,
    now: &R,
    planned: &R,
    changed: Changed,
) -> Result<()> {
    let (now, planned) = (now.rule(), planned.rule());
    if changed.rule {
        check(&planned).map_err(|reason| Error::refused("ec2 ModifySecurityGroupRules", reason))?;
        let request = SecurityGroupRuleRequest::builder()
            .ip_protocol(protocol(&planned.protocol))
            .set_from_port(planned.from_port)
            .set_to_port(planned.to_port)
            .set_cidr_ipv4(planned.cidr_ipv4.as_deref().map(canonical))
            .set_cidr_ipv6(planned.cidr_ipv6.as_deref().map(canonical))
            .set_prefix_list_id(planned.prefix_list.as_ref().map(ToString::to_string))
            .set_referenced_group_id(planned.referenced_group.as_ref().map(ToString::to_string))
            .description(planned.description)
            .build();
        let update = SecurityGroupRuleUpdate::builder().security_group_rule_id(id.as_str());
        let call = aws.ec2().modify_security_group_rules().group_id(planned.security_group.as_str());
        call.security_group_rules(update.security_group_rule(request).build()).send().await?;
    }
    if changed.tags {
        retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
    }
    Ok(())
}

/// What of a rule is to be changed: the two calls that there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changed {
    pub rule: bool,
    pub tags: bool,
}

pub(super) async fn delete<R: Directed>(aws: &Aws, id: &SecurityGroupRuleId, recorded: &R) -> Result<Deletion> {
    const GONE: &[&str] =
        &["InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", "InvalidGroup.NotFound"];
    let group = recorded.rule().security_group;
    if R::EGRESS {
        let call = aws.ec2().revoke_security_group_egress().group_id(group.as_str());
        call.security_group_rule_ids(id.as_str()).send().await.or_gone(GONE)?;
    } else {
        let call = aws.ec2().revoke_security_group_ingress().group_id(group.as_str());
        call.security_group_rule_ids(id.as_str()).send().await.or_gone(GONE)?;
    }
    Ok(Deletion::Done)
}

/// The rules of one direction that pass a filter.
async fn filtered<R: Directed>(aws: &Aws, filter: Filter) -> Result<Vec<SecurityGroupRule>> {
    let mut found = Vec::new();
    let mut pages = aws.ec2().describe_security_group_rules().filters(filter).into_paginator().send();
    while let Some(page) = pages.next().await {
        let rules = page?.security_group_rules.unwrap_or_default().into_iter();
        found.extend(rules.filter(|rule| rule.is_egress.unwrap_or_default() == R::EGRESS));
    }
    Ok(found)
}

async fn describe<R: Directed>(aws: &Aws, ids: &[SecurityGroupRuleId]) -> Result<Vec<SecurityGroupRule>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let ids = chunk.iter().map(SecurityGroupRuleId::as_str);
        found.extend(filtered::<R>(aws, filter("security-group-rule-id", ids)).await?);
    }
    Ok(found)
}

fn rule_of(aws: &Aws, rule: SecurityGroupRule) -> (Rule, Option<formwork_engine::kind::Ownership>) {
    let read = read_tags(aws, rule.tags);
    let (referenced_group, referenced_group_owner) =
        rule.referenced_group_info.map_or((None, None), |group| (group.group_id, group.user_id));
    // "All ports" of a rule without ports is -1 in answers, and cannot be declared.
    let portless = rule.ip_protocol.as_deref() == Some("-1");
    let rule = Rule {
        security_group: SecurityGroupId::new(rule.group_id.unwrap_or_default()),
        protocol: rule.ip_protocol.unwrap_or_default(),
        from_port: rule.from_port.filter(|_| !portless),
        to_port: rule.to_port.filter(|_| !portless),
        cidr_ipv4: rule.cidr_ipv4,
        cidr_ipv6: rule.cidr_ipv6,
        prefix_list: rule.prefix_list_id.map(PrefixListId::new),
        referenced_group: referenced_group.map(SecurityGroupId::new),
        referenced_group_owner,
        description: rule.description.unwrap_or_default(),
        tags: read.tags,
    };
    (rule, read.owner)
}

fn observe<R: Directed>(aws: &Aws, rule: SecurityGroupRule) -> Option<(SecurityGroupRuleId, Observed<R>)> {
    let id = SecurityGroupRuleId::new(rule.security_group_rule_id.clone()?);
    let arn = rule.security_group_rule_arn.clone().unwrap_or_else(|| {
        let (partition, region) = (aws.partition(), aws.region());
        let account = rule.group_owner_id.as_deref().unwrap_or(aws.account());
        format!("arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}")
    });
    let (rule, owner) = rule_of(aws, rule);
    let (args, outputs) = R::observed(rule, id.clone(), Arn::new(arn));
    Some((id, Observed::new(args, outputs, owner)))
}

fn same_traffic(wanted: &Rule, found: &Rule) -> bool {
    same_protocol(&wanted.protocol, &found.protocol)
        && (wanted.from_port, wanted.to_port) == (found.from_port, found.to_port)
        && same_cidr(&wanted.cidr_ipv4, &found.cidr_ipv4)
        && same_cidr(&wanted.cidr_ipv6, &found.cidr_ipv6)
        && wanted.prefix_list == found.prefix_list
        && wanted.referenced_group == found.referenced_group
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Rule {
        Rule {
            security_group: SecurityGroupId::new("sg-1"),
            protocol: "tcp".to_owned(),
            from_port: Some(5432),
            to_port: Some(5432),
            cidr_ipv4: Some("10.0.0.0/16".to_owned()),
            cidr_ipv6: None,
            prefix_list: None,
            referenced_group: None,
            referenced_group_owner: None,
            description: String::new(),
            tags: Tags::new(),
        }
    }

    #[test]
    fn protocols_have_names_and_numbers() {
        let same = |a: &str, b: &str| same_protocol(&a.to_owned(), &b.to_owned());
        assert!(same("6", "tcp") && same("ALL", "-1") && same("58", "icmpv6") && same("50", "50"));
        assert!(!same("tcp", "udp"));
    }

    #[test]
    fn a_rule_has_exactly_one_peer() {
        assert_eq!(check(&rule()), Ok(()));
        assert!(check(&Rule { cidr_ipv4: None, ..rule() }).is_err());
        assert!(check(&Rule { prefix_list: Some(PrefixListId::new("pl-1")), ..rule() }).is_err());
    }

    #[test]
    fn a_rule_for_all_protocols_has_no_ports() {
        assert!(check(&Rule { protocol: "all".to_owned(), ..rule() }).is_err());
        assert_eq!(check(&Rule { protocol: "-1".to_owned(), from_port: None, to_port: None, ..rule() }), Ok(()));
    }

    #[test]
    fn the_sort_of_a_peer_is_only_changed_by_a_replacement() {
        assert_eq!(same_sort(&Some(1), &Some(2)), Change::InPlace);
        assert_eq!(same_sort(&Some(1), &None), Change::Replace);
        assert_eq!(same_sort(&None, &Some(2)), Change::Replace);
    }
}
