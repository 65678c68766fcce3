//! Quotas that a plan would pass, as Service Quotas tells them: how much the account may have, against what it has and what is made.
//!
//! What a service tells of itself (addresses, databases, identities) is asked of it instead (`account`). Each service is asked for all its quotas
//! at once, and only where something is made to which one of them matters. What may not be read is a warning, and never a failure.

use std::collections::BTreeMap;

use formwork_engine::preflight::{Intended, Problem};

use super::account::{beyond, made};
use super::{of, referred};
use crate::context::Aws;
use crate::error::Result;

/// Takes what was found of one thing.
type Take<'t> = &'t mut (dyn FnMut(&str, Result<Vec<Problem>>) + Send);

/// The quota of rules in one direction of a security group.
const RULES: (&str, &str) = ("vpc", "L-0EA8095F");
/// The quota of NAT gateways in a zone.
const GATEWAYS: (&str, &str) = ("vpc", "L-FE5A380F");
/// The quota of node groups in a cluster.
const NODE_GROUPS: (&str, &str) = ("eks", "L-6D54EA21");

/// Holds what is made against the quotas of its region.
pub(super) async fn check(aws: &Aws, intended: &[Intended], take: Take<'_>) {
    let mut quotas = Quotas { aws, known: BTreeMap::new() };
    #[cfg(feature = "ec2")]
    {
        take("the quota of VPCs", vpcs(&mut quotas, intended).await);
        take("the quota of NAT gateways", gateways(&mut quotas, intended).await);
        take("the quota of rules", rules(&mut quotas, intended).await);
    }
    #[cfg(feature = "eks")]
    {
        take("the quota of clusters", clusters(&mut quotas, intended).await);
        take("the quota of node groups", node_groups(&mut quotas, intended).await);
    }
    #[cfg(feature = "elbv2")]
    take("the quota of load balancers", balancers(&mut quotas, intended).await);
    #[cfg(feature = "efs")]
    take("the quota of file systems", file_systems(&mut quotas, intended).await);
}

/// What is known of quotas so far: each service is asked once.
struct Quotas<'a> {
    aws: &'a Aws,
    known: BTreeMap<&'static str, BTreeMap<String, f64>>,
}

impl Quotas<'_> {
    /// A quota: the account's own, or AWS's where the account has never had another one. `None` when AWS knows none.
    async fn most(&mut self, (service, code): (&'static str, &'static str)) -> Result<Option<i64>> {
        #[expect(clippy::cast_possible_truncation, reason = "counts of things")]
        let whole = |value: f64| value as i64;
        if !self.known.contains_key(service) {
            let mut found = BTreeMap::new();
            let call = self.aws.servicequotas().list_service_quotas().service_code(service);
            let mut pages = call.into_paginator().send();
            while let Some(page) = pages.next().await {
                let quotas = page?.quotas.unwrap_or_default().into_iter();
                found.extend(quotas.filter_map(|quota| Some((quota.quota_code?, quota.value?))));
            }
            self.known.insert(service, found);
        }
        if let Some(value) = self.known.get(service).and_then(|quotas| quotas.get(code)) {
            return Ok(Some(whole(*value)));
        }
        let call = self.aws.servicequotas().get_aws_default_service_quota().service_code(service).quota_code(code);
        let answer = call.send().await?;
        Ok(answer.quota.and_then(|quota| quota.value).map(whole))
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(feature = "ec2")]
async fn vpcs(quotas: &mut Quotas<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    const KIND: &str = "aws:ec2/vpc";
    if made(intended, KIND).next().is_none() {
        return Ok(Vec::new());
    }
    let Some(most) = quotas.most(("vpc", "L-F678F1CE")).await? else { return Ok(Vec::new()) };
    let mut used = 0;
    let mut pages = quotas.aws.ec2().describe_vpcs().into_paginator().send();
    while let Some(page) = pages.next().await {
        used += count(page?.vpcs.unwrap_or_default().len());
    }
    Ok(beyond(made(intended, KIND), "cidr_block", most - used, "VPCs in the region", most))
}

/// Gateways are counted by zone: those in subnets of the plan whose zone is known.
#[cfg(feature = "ec2")]
async fn gateways(quotas: &mut Quotas<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    let mut by_zone: BTreeMap<&str, Vec<&Intended>> = BTreeMap::new();
    for gateway in made(intended, "aws:ec2/nat-gateway") {
        let subnet = referred(intended, gateway, "subnet");
        if let Some(zone) = subnet.and_then(|subnet| subnet.text("availability_zone")) {
            by_zone.entry(zone).or_default().push(gateway);
        }
    }
    if by_zone.is_empty() {
        return Ok(Vec::new());
    }
    let Some(most) = quotas.most(GATEWAYS).await? else { return Ok(Vec::new()) };
    // The gateways say their subnets, and those their zones: only asked where the quota could matter.
    let tight = by_zone.values().any(|made| count(made.len()) * 2 >= most);
    let used = if tight { gateways_by_zone(quotas.aws).await? } else { BTreeMap::new() };
    let over = by_zone.into_iter().flat_map(|(zone, made)| {
        let left = most - used.get(zone).copied().unwrap_or_default();
        beyond(made.into_iter(), "subnet", left, &format!("NAT gateways in {zone}"), most)
    });
    Ok(over.collect())
}

#[cfg(feature = "ec2")]
async fn gateways_by_zone(aws: &Aws) -> Result<BTreeMap<String, i64>> {
    let mut zones = BTreeMap::new();
    let mut pages = aws.ec2().describe_subnets().into_paginator().send();
    while let Some(page) = pages.next().await {
        let subnets = page?.subnets.unwrap_or_default().into_iter();
        zones.extend(subnets.filter_map(|subnet| Some((subnet.subnet_id?, subnet.availability_zone?))));
    }
    let mut used: BTreeMap<String, i64> = BTreeMap::new();
    let mut pages = aws.ec2().describe_nat_gateways().into_paginator().send();
    while let Some(page) = pages.next().await {
        for gateway in page?.nat_gateways.unwrap_or_default() {
            let state = gateway.state.as_ref().map_or("", |state| state.as_str());
            let zone = gateway.subnet_id.as_ref().and_then(|subnet| zones.get(subnet));
            if let (false, Some(zone)) = (matches!(state, "deleted" | "failed"), zone) {
                *used.entry(zone.clone()).or_default() += 1;
            }
        }
    }
    Ok(used)
}

/// Rules of one direction in one group, those that stay counted in: whoever manages a group declares its rules.
#[cfg(feature = "ec2")]
async fn rules(quotas: &mut Quotas<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    const KINDS: [(&str, &str); 2] =
        [("aws:ec2/security-group-ingress-rule", "inbound"), ("aws:ec2/security-group-egress-rule", "outbound")];
    if KINDS.iter().all(|(kind, _)| made(intended, kind).next().is_none()) {
        return Ok(Vec::new());
    }
    let Some(most) = quotas.most(RULES).await? else { return Ok(Vec::new()) };
    let over = KINDS.iter().flat_map(|(kind, direction)| rules_beyond(intended, kind, direction, most));
    Ok(over.collect())
}

#[cfg(feature = "ec2")]
fn rules_beyond(intended: &[Intended], kind: &'static str, direction: &str, most: i64) -> Vec<Problem> {
    // IPv4 and IPv6 have a quota each.
    let mut groups: BTreeMap<(String, bool), Vec<&Intended>> = BTreeMap::new();
    for rule in of(intended, kind) {
        let group = rule.refers_to("security_group").map(ToString::to_string);
        let group = group.or_else(|| rule.text("security_group").map(str::to_owned));
        if let Some(group) = group {
            groups.entry((group, rule.text("cidr_ipv6").is_some())).or_default().push(rule);
        }
    }
    let over = groups.into_values().flat_map(|rules| {
        let (new, stay): (Vec<_>, Vec<_>) = rules.into_iter().partition(|rule| rule.is_new() && !rule.replaces);
        let what = format!("{direction} rules in a security group");
        beyond(new.into_iter(), "security_group", most - count(stay.len()), &what, most)
    });
    over.collect()
}

#[cfg(feature = "eks")]
async fn clusters(quotas: &mut Quotas<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    const KIND: &str = "aws:eks/cluster";
    if made(intended, KIND).next().is_none() {
        return Ok(Vec::new());
    }
    let Some(most) = quotas.most(("eks", "L-1194D53C")).await? else { return Ok(Vec::new()) };
    let mut used = 0;
    let mut pages = quotas.aws.eks().list_clusters().into_paginator().send();
    while let Some(page) = pages.next().await {
        used += count(page?.clusters.unwrap_or_default().len());
    }
    Ok(beyond(made(intended, KIND), "name", most - used, "clusters in the region", most))
}

/// Node groups of one cluster, as far as the plan knows them.
#[cfg(feature = "eks")]
async fn node_groups(quotas: &mut Quotas<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    const KIND: &str = "aws:eks/node-group";
    if made(intended, KIND).next().is_none() {
        return Ok(Vec::new());
    }
    let Some(most) = quotas.most(NODE_GROUPS).await? else { return Ok(Vec::new()) };
    let mut clusters: BTreeMap<String, Vec<&Intended>> = BTreeMap::new();
    for group in of(intended, KIND) {
        let cluster = group.refers_to("cluster").map(ToString::to_string);
        if let Some(cluster) = cluster.or_else(|| group.text("cluster").map(str::to_owned)) {
            clusters.entry(cluster).or_default().push(group);
        }
    }
    let over = clusters.into_values().flat_map(|groups| {
        let (new, stay): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.is_new() && !group.replaces);
        beyond(new.into_iter(), "name", most - count(stay.len()), "node groups in a cluster", most)
    });
    Ok(over.collect())
}

#[cfg(feature = "elbv2")]
async fn balancers(quotas: &mut Quotas<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    const SORTS: [(&str, &str, &str); 2] = [
        ("application", "L-53DA6B97", "application load balancers in the region"),
        ("network", "L-69A177A2", "network load balancers in the region"),
    ];
    if made(intended, "aws:elbv2/load-balancer").next().is_none() {
        return Ok(Vec::new());
    }
    let mut used: BTreeMap<String, i64> = BTreeMap::new();
    let mut pages = quotas.aws.elbv2().describe_load_balancers().into_paginator().send();
    while let Some(page) = pages.next().await {
        for balancer in page?.load_balancers.unwrap_or_default() {
            let sort = balancer.r#type.as_ref().map_or("", |sort| sort.as_str());
            *used.entry(sort.to_owned()).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    for (sort, code, what) in SORTS {
        let made = || made(intended, "aws:elbv2/load-balancer").filter(|one| one.text("sort") == Some(sort));
        if made().next().is_some()
            && let Some(most) = quotas.most(("elasticloadbalancing", code)).await?
        {
            found.extend(beyond(made(), "name", most - used.get(sort).copied().unwrap_or_default(), what, most));
        }
    }
    Ok(found)
}

#[cfg(feature = "efs")]
async fn file_systems(quotas: &mut Quotas<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    const KIND: &str = "aws:efs/file-system";
    if made(intended, KIND).next().is_none() {
        return Ok(Vec::new());
    }
    let Some(most) = quotas.most(("elasticfilesystem", "L-848C634D")).await? else { return Ok(Vec::new()) };
    let mut used = 0;
    let mut pages = quotas.aws.efs().describe_file_systems().into_paginator().send();
    while let Some(page) = pages.next().await {
        used += count(page?.file_systems.unwrap_or_default().len());
    }
    Ok(beyond(made(intended, KIND), "encrypted", most - used, "file systems in the region", most))
}
