//! Types of machines that the zones of a host or of a node group do not offer.
//!
//! One question for all types of a region. A host has one zone, which must have its type. Nodes are started wherever their type is to be had: a
//! type that none of the zones has can never be started, and one that some of them lack leaves those without, which is a warning.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, LocationType};
use formwork_engine::Value;
use formwork_engine::preflight::{Intended, Preflight};

use super::of;
use super::zones::{Names, Zones};
use crate::context::Aws;
use crate::error::Result;

/// So many values may a filter of EC2 have (EC2's documentation of filters).
const VALUES: usize = 200;

/// Zones by type of machine.
type Offers = BTreeMap<String, BTreeSet<String>>;

/// Asks where the types of machines are offered that are made, and says where they are not.
pub(super) async fn check(aws: &Aws, zones: &mut Zones<'_>, intended: &[Intended]) -> Result<Preflight> {
    let wanted: BTreeSet<&str> = wishes(intended).flat_map(|(_, _, types)| types).collect();
    if wanted.is_empty() {
        return Ok(Preflight::default());
    }
    let names = zones.names(of(intended, "aws:ec2/subnet")).await?;
    let mut offers = Offers::new();
    let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
    for some in wanted.chunks(VALUES) {
        let types = Filter::builder().name("instance-type").set_values(Some(some.to_vec())).build();
        let call = aws.ec2().describe_instance_type_offerings().location_type(LocationType::AvailabilityZone);
        let mut pages = call.filters(types).into_paginator().send();
        while let Some(page) = pages.next().await {
            for offer in page?.instance_type_offerings.unwrap_or_default() {
                if let (Some(sort), Some(zone)) = (offer.instance_type, offer.location) {
                    offers.entry(sort.as_str().to_owned()).or_default().insert(zone);
                }
            }
        }
    }
    Ok(judge(intended, &names, &offers))
}

/// What is made of types that the program names: the argument and the types.
fn wishes(intended: &[Intended]) -> impl Iterator<Item = (&Intended, &'static str, Vec<&str>)> {
    const ARGS: [(&str, &str, &[&str]); 2] = [
        ("aws:ec2/instance", "instance_type", &["instance_type", "subnet", "availability_zone"]),
        ("aws:eks/node-group", "instance_types", &["instance_types", "subnets"]),
    ];
    ARGS.into_iter().flat_map(move |(kind, arg, decide)| {
        let made = of(intended, kind).filter(move |one| one.sets(decide));
        made.map(move |one| {
            let types = match one.args.get(arg).as_list() {
                Some(list) => list.iter().filter_map(Value::as_text).collect(),
                None => one.text(arg).into_iter().collect(),
            };
            (one, arg, types)
        })
    })
}

fn judge(intended: &[Intended], names: &Names, offers: &Offers) -> Preflight {
    let mut found = Preflight::default();
    for (one, arg, types) in wishes(intended) {
        let own = one.text("availability_zone").map(|zone| BTreeSet::from([zone.to_owned()]));
        let zones = match arg {
            "instance_type" => own.or_else(|| names.single(intended, one, "subnet")),
            _ => names.spanned(intended, one, "subnets"),
        };
        let says = if arg == "instance_type" { "is" } else { "has" };
        for sort in types {
            let Some(offered) = offers.get(sort) else {
                let reason = format!("{says} {sort}, which {} does not offer", one.region);
                let hint = "EC2's list of instance types says which regions have it";
                found.problems.push(one.problem(arg, reason, hint));
                continue;
            };
            let Some(zones) = &zones else { continue };
            let without: Vec<&str> = zones.difference(offered).map(String::as_str).collect();
            if without.len() == zones.len() && !zones.is_empty() {
                let reason = format!("{says} {sort}, which is not offered in {}", without.join(", "));
                found.problems.push(one.problem(arg, reason, format!("it is offered in {}", list(offered))));
            } else if !without.is_empty() {
                let (path, without) = (one.urn.path(), without.join(", "));
                found.warnings.push(format!(
                    "{path}: {sort} is not offered in {without}: nodes of that type will be in {} only",
                    list(zones.intersection(offered))
                ));
            }
        }
    }
    found
}

fn list<'a>(zones: impl IntoIterator<Item = &'a String>) -> String {
    zones.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
