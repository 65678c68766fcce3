//! Classes of databases that an engine's version has not, or not in the zones where the subnets are.
//!
//! One question per engine and class, for all its versions: RDS takes `16` for the newest minor version of it, and a question with `16` would be
//! for a version of that very name.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::preflight::{Intended, Problem};
use formwork_engine::{Urn, Value};

use super::account::is_meant;
use super::zones::{Names, Zones};
use super::{of, referred};
use crate::context::Aws;
use crate::error::Result;
use crate::questions::each;

/// The longest page that RDS answers with.
const PAGE: i32 = 1000;

/// A version of an engine that has a class, and where.
#[derive(Debug, Clone)]
struct Offer {
    version: String,
    zones: BTreeSet<String>,
}

/// A database that is made or changed, as far as it decides where it may be.
struct Wish<'a> {
    one: &'a Intended,
    engine: &'a str,
    version: Option<&'a str>,
    class: &'a str,
    /// The group of its subnets, and the zones of these where they are known.
    group: Option<(&'a Urn, BTreeSet<String>)>,
    /// In how many zones it is.
    needs: usize,
}

/// Asks where the classes that are made can be had, and says where they cannot. Of `besides` it is said already that their version is none.
pub(super) async fn check(
    aws: &Aws,
    zones: &mut Zones<'_>,
    intended: &[Intended],
    besides: &[Problem],
) -> Result<Vec<Problem>> {
    if wishes(intended, &Names::default()).is_empty() {
        return Ok(Vec::new());
    }
    let names = zones.names(of(intended, "aws:ec2/subnet")).await?;
    let wishes = wishes(intended, &names);
    let asked: BTreeSet<(&str, &str)> = wishes.iter().map(|wish| (wish.engine, wish.class)).collect();
    let answers = each(asked.iter().copied(), |(engine, class)| offers(aws, engine, class)).await;
    let mut found = Vec::new();
    let known: BTreeMap<(&str, &str), Vec<Offer>> =
        asked.into_iter().zip(answers).map(|(of, offers)| Ok((of, offers?))).collect::<Result<_>>()?;
    for wish in wishes.iter().filter(|wish| !besides.iter().any(|problem| problem.urn == wish.one.urn)) {
        let offers = known.get(&(wish.engine, wish.class)).map_or(&[][..], Vec::as_slice);
        found.extend(judge(wish, offers));
    }
    Ok(found)
}

async fn offers(aws: &Aws, engine: &str, class: &str) -> Result<Vec<Offer>> {
    let call = aws.rds().describe_orderable_db_instance_options().engine(engine).db_instance_class(class);
    let mut pages = call.max_records(PAGE).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        for option in page?.orderable_db_instance_options.unwrap_or_default() {
            let zones = option.availability_zones.unwrap_or_default().into_iter().filter_map(|zone| zone.name);
            found.extend(option.engine_version.map(|version| Offer { version, zones: zones.collect() }));
        }
    }
    Ok(found)
}

/// What is made with a class, or comes to where another class or another zone is asked for.
fn wishes<'a>(intended: &'a [Intended], names: &Names) -> Vec<Wish<'a>> {
    const OF_INSTANCES: &[&str] =
        &["instance_class", "engine", "engine_version", "subnet_group", "availability_zone", "multi_az"];
    const OF_CLUSTERS: &[&str] = &["instance_class", "engine_version", "subnet_group"];
    let group = |one: &'a Intended| {
        let group = referred(intended, one, "subnet_group")?;
        let zones = names.spanned(intended, group, "subnets")?;
        // Local zones have classes of their own, which are asked for by the group that they are in.
        let regular = |zone: &String| zone.len() == group.region.len() + 1;
        zones.iter().all(regular).then_some((&group.urn, zones))
    };
    let mut found = Vec::new();
    for one in of(intended, "aws:rds/instance").filter(|one| one.sets(OF_INSTANCES)) {
        if let (Some(engine), Some(class)) = (one.text("engine"), one.text("instance_class")) {
            let needs = if *one.args.get("multi_az") == Value::Bool(true) { 2 } else { 1 };
            let version = one.text("engine_version");
            found.push(Wish { one, engine, version, class, group: group(one), needs });
        }
    }
    for one in of(intended, "aws:rds/cluster").filter(|one| one.sets(OF_CLUSTERS)) {
        if let (Some(engine), Some(class)) = (one.text("engine"), one.text("instance_class")) {
            // A Multi-AZ DB cluster is a writer and two readers, in three zones.
            found.push(Wish { one, engine, version: one.text("engine_version"), class, group: group(one), needs: 3 });
        }
    }
    for one in of(intended, "aws:rds/cluster-instance") {
        let cluster = referred(intended, one, "cluster");
        if !one.sets(OF_INSTANCES) && !cluster.is_some_and(|cluster| cluster.sets(OF_CLUSTERS)) {
            continue;
        }
        let engine = one.text("engine").or_else(|| cluster?.text("engine"));
        if let (Some(engine), Some(class)) = (engine, one.text("instance_class")) {
            let version = cluster.and_then(|cluster| cluster.text("engine_version"));
            found.push(Wish { one, engine, version, class, group: cluster.and_then(group), needs: 1 });
        }
    }
    found
}

fn judge(wish: &Wish<'_>, offers: &[Offer]) -> Option<Problem> {
    let Wish { one, engine, version, class, group, needs } = wish;
    let what = version.map_or_else(|| (*engine).to_owned(), |version| format!("{engine} {version}"));
    let meant = offers.iter().filter(|offer| version.is_none_or(|wanted| is_meant(wanted, &offer.version)));
    let meant: Vec<&Offer> = meant.collect();
    if meant.is_empty() {
        let hint = match offers.last() {
            Some(newest) => format!("{engine} {} has it, and so may others", newest.version),
            None => format!("RDS has it for no version of {engine}: see its list of classes"),
        };
        return Some(one.problem("instance_class", format!("is {class}, which RDS does not have for {what}"), hint));
    }
    let zones: BTreeSet<&str> = meant.iter().flat_map(|offer| &offer.zones).map(String::as_str).collect();
    let there = format!("it has it in {}", list(zones.iter().copied()));
    if zones.is_empty() {
        return None;
    }
    if let Some(zone) = one.text("availability_zone")
        && !zones.contains(zone)
    {
        let reason = format!("is {zone}, where RDS does not have {class} for {what}");
        return Some(one.problem("availability_zone", reason, there));
    }
    let (group, spanned) = group.as_ref()?;
    let common: Vec<&str> = spanned.iter().map(String::as_str).filter(|zone| zones.contains(zone)).collect();
    let spans = list(spanned.iter().map(String::as_str));
    let path = group.path();
    let reason = match common.as_slice() {
        [] => format!("is {class}, which RDS does not have for {what} where {path} has subnets: {spans}"),
        // A group that lies in too few zones by itself is said of the group.
        some if some.len() < *needs && spanned.len() >= *needs => {
            let some = list(some.iter().copied());
            format!(
                "is {class}, which RDS has for {what} in {some} alone of the zones of {path}, and {needs} are needed"
            )
        }
        _ => return None,
    };
    Some(one.problem("instance_class", reason, format!("{there}: choose another class, or subnets there")))
}

fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().collect::<Vec<_>>().join(", ")
}
