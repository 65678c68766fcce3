//! What only the account can say: versions that there are, zones, and how much of its quotas is left. A few questions, and only where something is
//! made to which the answer matters.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::Value;
use formwork_engine::preflight::{Intended, Preflight, Problem};

#[cfg(feature = "rds")]
use super::databases;
#[cfg(feature = "ec2")]
use super::machines;
#[cfg(feature = "eks")]
use super::referred;
#[cfg(feature = "ec2")]
use super::zones::{self, Zones};
use super::{of, quotas, roles};
use crate::context::Aws;
use crate::error::Result;

/// Asks the account. An emulator has not all versions, and counts nothing itself.
pub(crate) async fn ask(aws: &Aws, intended: &[Intended], emulated: bool) -> Preflight {
    let mut found = Preflight::default();
    let mut take = |what: &str, answer: Result<Vec<Problem>>| match answer {
        Ok(problems) => found.problems.extend(problems),
        Err(error) => found.warnings.push(format!("{what} could not be checked beforehand: {error}")),
    };
    #[cfg(feature = "ec2")]
    let mut zones = Zones::of(aws);
    #[cfg(feature = "ec2")]
    take("availability zones", zones::missing(&mut zones, intended).await);
    #[cfg(feature = "eks")]
    take("zones of EKS", zones::control_planes(&mut zones, intended).await);
    #[cfg(feature = "servicequotas")]
    quotas::check(aws, intended, &mut take).await;
    #[cfg(feature = "rds")]
    {
        let versions = if emulated { Ok(Vec::new()) } else { engine_versions(aws, intended).await };
        let wrong = versions.clone().unwrap_or_default();
        take("versions of database engines", versions);
        take("classes of databases", databases::check(aws, &mut zones, intended, &wrong).await);
    }
    if !emulated {
        #[cfg(feature = "ec2")]
        take("the quota of addresses", addresses(aws, intended).await);
        #[cfg(feature = "eks")]
        take("versions of EKS", cluster_versions(aws, intended).await);
        #[cfg(feature = "eks")]
        take("versions of add-ons", addon_versions(aws, intended).await);
        #[cfg(feature = "rds")]
        take("quotas of RDS", database_quotas(aws, intended).await);
        #[cfg(feature = "iam")]
        take("quotas of IAM", identity_quotas(aws, intended).await);
    }
    #[cfg(feature = "ec2")]
    match machines::check(aws, &mut zones, intended).await {
        Ok(machines) => {
            found.problems.extend(machines.problems);
            found.warnings.extend(machines.warnings);
        }
        Err(error) => found.warnings.push(format!("types of machines could not be checked beforehand: {error}")),
    }
    match roles::missing(aws, intended).await {
        Ok(preparations) => found.preparations = preparations,
        Err(error) => {
            found.warnings.push(format!("roles that services act with could not be looked for beforehand: {error}"));
        }
    }
    found
}

/// The problems of what is made beyond a quota: the first `left` fit.
pub(super) fn beyond<'a>(
    made: impl Iterator<Item = &'a Intended>,
    arg: &str,
    left: i64,
    what: &str,
    most: i64,
) -> Vec<Problem> {
    let over = made.enumerate().filter(|(at, _)| i64::try_from(*at).is_ok_and(|at| at >= left));
    let reason = format!("cannot be had: the account may have {most} {what}, and {} are left", left.max(0));
    over.map(|(_, one)| one.problem(arg, &reason, "ask AWS for a higher quota, or remove what is not needed")).collect()
}

/// What is made in addition. A replacement may need room for both for a while; it is counted where nothing else than a quota is at stake.
pub(super) fn made<'a>(intended: &'a [Intended], kind: &'static str) -> impl Iterator<Item = &'a Intended> {
    of(intended, kind).filter(|one| one.is_new() && !one.replaces)
}

#[cfg(feature = "ec2")]
async fn addresses(aws: &Aws, intended: &[Intended]) -> Result<Vec<Problem>> {
    const MOST: &str = "vpc-max-elastic-ips";
    if made(intended, "aws:ec2/elastic-ip").next().is_none() {
        return Ok(Vec::new());
    }
    let call = aws.ec2().describe_account_attributes().attribute_names(MOST.into());
    let attributes = call.send().await?.account_attributes.unwrap_or_default();
    let values = attributes.into_iter().filter(|attribute| attribute.attribute_name() == Some(MOST));
    let mut values = values.flat_map(|attribute| attribute.attribute_values.unwrap_or_default());
    let Some(most) = values.find_map(|value| value.attribute_value?.parse::<i64>().ok()) else { return Ok(Vec::new()) };
    let taken = aws.ec2().describe_addresses().send().await?.addresses.unwrap_or_default().len();
    let left = most - i64::try_from(taken).unwrap_or(i64::MAX);
    Ok(beyond(made(intended, "aws:ec2/elastic-ip"), "domain", left, "addresses", most))
}

/// Whether a version is meant by what is declared: `16` by `16.4`, not the reverse.
pub(super) fn is_meant(wanted: &str, there: &str) -> bool {
    there.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(feature = "eks")]
async fn cluster_versions(aws: &Aws, intended: &[Intended]) -> Result<Vec<Problem>> {
    let wanted = |one: &&Intended| one.is_touched() && one.text("version").is_some();
    let clusters: Vec<&Intended> = of(intended, "aws:eks/cluster").filter(wanted).collect();
    if clusters.is_empty() {
        return Ok(Vec::new());
    }
    let mut pages = aws.eks().describe_cluster_versions().include_all(true).into_paginator().send();
    let mut there = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let versions = page?.cluster_versions.unwrap_or_default();
        there.extend(versions.into_iter().filter_map(|version| version.cluster_version));
    }
    let known = there.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let unknown = clusters.into_iter().filter_map(|cluster| {
        let version = cluster.text("version").filter(|wanted| !there.iter().any(|there| is_meant(wanted, there)))?;
        let reason = format!("is {version}, which EKS does not have");
        Some(cluster.problem("version", reason, format!("it has {known}")))
    });
    Ok(if there.is_empty() { Vec::new() } else { unknown.collect() })
}

/// Add-ons with a version that is written out, in a cluster whose version is.
#[cfg(feature = "eks")]
async fn addon_versions(aws: &Aws, intended: &[Intended]) -> Result<Vec<Problem>> {
    let mut wanted: BTreeMap<(&str, &str), Vec<(&Intended, &str)>> = BTreeMap::new();
    for addon in of(intended, "aws:eks/addon").filter(|one| one.is_touched()) {
        let cluster = referred(intended, addon, "cluster").and_then(|cluster| cluster.text("version"));
        if let (Some(name), Some(version), Some(cluster)) =
            (addon.text("addon_name"), addon.text("addon_version"), cluster)
        {
            wanted.entry((name, cluster)).or_default().push((addon, version));
        }
    }
    let mut found = Vec::new();
    for ((name, cluster), addons) in wanted {
        let call = aws.eks().describe_addon_versions().addon_name(name).kubernetes_version(cluster);
        let mut pages = call.into_paginator().send();
        let mut there = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let versions = page?.addons.unwrap_or_default().into_iter().filter_map(|addon| addon.addon_versions);
            there.extend(versions.flatten().filter_map(|version| version.addon_version));
        }
        let known = there.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        for (addon, version) in addons.into_iter().filter(|(_, version)| !there.contains(*version)) {
            let (reason, hint) = match there.is_empty() {
                true => {
                    (format!("is {version}, and EKS has no {name} for {cluster}"), "see EKS's list of add-ons".into())
                }
                false => (
                    format!("is {version}, which EKS does not have of {name} for {cluster}"),
                    format!("it has {known}"),
                ),
            };
            found.push(addon.problem("addon_version", reason, hint));
        }
    }
    Ok(found)
}

#[cfg(feature = "rds")]
async fn engine_versions(aws: &Aws, intended: &[Intended]) -> Result<Vec<Problem>> {
    let mut wanted: BTreeMap<&str, Vec<(&Intended, &str)>> = BTreeMap::new();
    let versioned = ["aws:rds/cluster", "aws:rds/instance"].into_iter().flat_map(|kind| of(intended, kind));
    for instance in versioned.filter(|one| one.is_touched()) {
        if let (Some(engine), Some(version)) = (instance.text("engine"), instance.text("engine_version")) {
            wanted.entry(engine).or_default().push((instance, version));
        }
    }
    let mut found = Vec::new();
    for (engine, instances) in wanted {
        let mut pages = aws.rds().describe_db_engine_versions().engine(engine).into_paginator().send();
        let mut there = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let versions = page?.db_engine_versions.unwrap_or_default();
            there.extend(versions.into_iter().filter_map(|version| version.engine_version));
        }
        if there.is_empty() {
            let none = |(instance, _): &(&Intended, &str)| {
                instance.problem("engine", format!("is {engine}, which RDS does not have"), "see RDS's list of engines")
            };
            found.extend(instances.iter().map(none));
            continue;
        }
        for (instance, version) in instances {
            if !there.iter().any(|there| is_meant(version, there)) {
                let major = version.split('.').next().unwrap_or(version);
                let near: Vec<&str> = there.iter().map(String::as_str).filter(|there| is_meant(major, there)).collect();
                let hint = match near.as_slice() {
                    [] => format!("the newest is {}", there.last().map_or("none", String::as_str)),
                    near => format!("of {major} it has {}", near.join(", ")),
                };
                let reason = format!("is {version}, which RDS does not have of {engine}");
                found.push(instance.problem("engine_version", reason, hint));
            }
        }
    }
    Ok(found)
}

#[cfg(feature = "rds")]
async fn database_quotas(aws: &Aws, intended: &[Intended]) -> Result<Vec<Problem>> {
    /// Kinds, argument to name, RDS's name of the quota, and what it counts.
    type Counted = (&'static [&'static str], &'static str, &'static str, &'static str);
    const QUOTAS: [Counted; 5] = [
        (&["aws:rds/instance", "aws:rds/cluster-instance"], "identifier", "DBInstances", "database instances"),
        (&["aws:rds/cluster"], "identifier", "DBClusters", "database clusters"),
        (&["aws:rds/cluster-parameter-group"], "name", "DBClusterParameterGroups", "database cluster parameter groups"),
        (&["aws:rds/subnet-group"], "name", "DBSubnetGroups", "database subnet groups"),
        (&["aws:rds/parameter-group"], "name", "DBParameterGroups", "database parameter groups"),
    ];
    let counted = |kinds: &'static [&'static str]| kinds.iter().flat_map(|kind| made(intended, kind));
    if QUOTAS.iter().all(|(kinds, ..)| counted(kinds).next().is_none()) {
        return Ok(Vec::new());
    }
    let quotas = aws.rds().describe_account_attributes().send().await?.account_quotas.unwrap_or_default();
    let mut found = Vec::new();
    for (kinds, arg, name, what) in QUOTAS {
        let quota = quotas.iter().find(|quota| quota.account_quota_name() == Some(name));
        if let Some((used, most)) = quota.and_then(|quota| Some((quota.used?, quota.max?))) {
            found.extend(beyond(counted(kinds), arg, most - used, what, most));
        }
    }
    let storage = quotas.iter().find(|quota| quota.account_quota_name() == Some("AllocatedStorage"));
    if let Some((used, most)) = storage.and_then(|quota| Some((quota.used?, quota.max?))) {
        let mut left = most - used;
        for instance in made(intended, "aws:rds/instance") {
            let Value::Int(wanted) = instance.args.get("allocated_storage") else { continue };
            if *wanted > left {
                let reason =
                    format!("{wanted} GiB cannot be had: of {most} GiB for all databases {} are left", left.max(0));
                found.push(instance.problem("allocated_storage", reason, "ask AWS for a higher quota"));
            }
            left -= wanted;
        }
    }
    Ok(found)
}

#[cfg(feature = "iam")]
async fn identity_quotas(aws: &Aws, intended: &[Intended]) -> Result<Vec<Problem>> {
    /// Kind, IAM's names of how many there are and may be, and what is counted.
    const QUOTAS: [(&str, &str, &str, &str); 3] = [
        ("aws:iam/role", "Roles", "RolesQuota", "roles"),
        ("aws:iam/policy", "Policies", "PoliciesQuota", "policies"),
        ("aws:iam/instance-profile", "InstanceProfiles", "InstanceProfilesQuota", "instance profiles"),
    ];
    if QUOTAS.iter().all(|(kind, ..)| made(intended, kind).next().is_none()) {
        return Ok(Vec::new());
    }
    let summary = aws.iam().get_account_summary().send().await?.summary_map.unwrap_or_default();
    let number = |name: &str| summary.iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| i64::from(*value));
    let mut found = Vec::new();
    for (kind, used, most, what) in QUOTAS {
        if let (Some(used), Some(most)) = (number(used), number(most)) {
            found.extend(beyond(made(intended, kind), "name", most - used, what, most));
        }
    }
    Ok(found)
}
