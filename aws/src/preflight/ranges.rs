//! Ranges of addresses: such as are none, subnets outside of their network, subnets and networks that share addresses.

use std::collections::BTreeMap;

use formwork_engine::preflight::{Intended, Problem};
use formwork_engine::{Urn, Value};

use super::{of, referred};
use crate::cidr::Range;

/// Arguments that hold a range or several, by kind. A route's destination may be a prefix list, which is none.
const RANGES: &[(&str, &str)] = &[
    ("aws:ec2/vpc", "cidr_block"),
    ("aws:ec2/subnet", "cidr_block"),
    ("aws:ec2/network-acl-entry", "cidr_block"),
    ("aws:ec2/network-acl-entry", "ipv6_cidr_block"),
    ("aws:ec2/route", "destination"),
    ("aws:ec2/security-group-ingress-rule", "cidr_ipv4"),
    ("aws:ec2/security-group-ingress-rule", "cidr_ipv6"),
    ("aws:ec2/security-group-egress-rule", "cidr_ipv4"),
    ("aws:ec2/security-group-egress-rule", "cidr_ipv6"),
    ("aws:eks/cluster", "public_access_cidrs"),
    ("aws:eks/cluster", "service_ipv4_cidr"),
    ("aws:eks/cluster", "remote_node_networks"),
    ("aws:eks/cluster", "remote_pod_networks"),
];

pub(super) fn check(intended: &[Intended]) -> Vec<Problem> {
    let mut found = Vec::new();
    for (kind, arg) in RANGES {
        for one in of(intended, kind).filter(|one| one.is_touched()) {
            for text in texts(one.args.get(arg)) {
                if Range::parse(text).is_none() && !text.starts_with("pl-") {
                    let reason = format!("is \"{text}\", which is no range of addresses");
                    found.push(one.problem(arg, reason, "write it as 10.0.0.0/16 or 2001:db8::/56"));
                }
            }
        }
    }
    sizes(intended, &mut found);
    subnets(intended, &mut found);
    service_ranges(intended, &mut found);
    found
}

/// The texts of a value that is one or holds several.
fn texts(value: &Value) -> Vec<&str> {
    match value.as_list() {
        Some(list) => list.iter().filter_map(Value::as_text).collect(),
        None => value.as_text().into_iter().collect(),
    }
}

/// VPCs and IPv4 subnets have between 16 and 65536 addresses (EC2's documentation of CreateVpc and CreateSubnet).
fn sizes(intended: &[Intended], found: &mut Vec<Problem>) {
    for one in of(intended, "aws:ec2/vpc").chain(of(intended, "aws:ec2/subnet")).filter(|one| one.is_new()) {
        let Some((text, range)) = range(one, "cidr_block") else { continue };
        if range.is_v4 && !(16..=28).contains(&range.length) {
            let reason = format!("is {text}, and AWS takes prefixes from /16 to /28");
            found.push(one.problem("cidr_block", reason, "choose a range of 16 to 65536 addresses"));
        }
    }
}

fn subnets(intended: &[Intended], found: &mut Vec<Problem>) {
    // Those of one network, in the order of the program.
    let mut of_network: BTreeMap<&Urn, Vec<(&Intended, &str, Range)>> = BTreeMap::new();
    for subnet in of(intended, "aws:ec2/subnet") {
        let Some((text, own)) = range(subnet, "cidr_block") else { continue };
        let Some(vpc) = referred(intended, subnet, "vpc") else { continue };
        if let Some((network, whole)) = range(vpc, "cidr_block")
            && (subnet.is_touched() || vpc.is_touched())
            && own.is_v4
            && !whole.contains(&own)
        {
            let reason = format!("{text} lies outside of {}, which has {network}", vpc.urn.path());
            found.push(subnet.problem("cidr_block", reason, format!("choose a part of {network}")));
        }
        let others = of_network.entry(&vpc.urn).or_default();
        for (other, theirs, range) in others.iter() {
            if (subnet.is_touched() || other.is_touched()) && range.overlaps(&own) {
                let reason = format!("{text} shares addresses with {theirs} of {}", other.urn.path());
                found.push(subnet.problem("cidr_block", reason, "the subnets of a VPC have no address in common"));
            }
        }
        others.push((subnet, text, own));
    }
}

/// The range of a cluster's services is private, between /24 and /12, and no part of its VPC (EKS's documentation of `serviceIpv4Cidr`).
fn service_ranges(intended: &[Intended], found: &mut Vec<Problem>) {
    for cluster in of(intended, "aws:eks/cluster").filter(|one| one.is_new()) {
        let Some((text, own)) = range(cluster, "service_ipv4_cidr") else { continue };
        let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
        if !private.iter().filter_map(|range| Range::parse(range)).any(|range| range.contains(&own)) {
            let reason = format!("is {text}, and EKS takes a part of {}", private.join(", "));
            found.push(cluster.problem("service_ipv4_cidr", reason, "choose a private range"));
        }
        if !(12..=24).contains(&own.length) {
            let reason = format!("is {text}, and EKS takes prefixes from /12 to /24");
            found.push(cluster.problem("service_ipv4_cidr", reason, "choose a range of 256 to 1048576 addresses"));
        }
        for subnet in super::all_referred(intended, cluster, "subnets").unwrap_or_default() {
            let Some(vpc) = referred(intended, subnet, "vpc") else { continue };
            if let Some((network, whole)) = range(vpc, "cidr_block")
                && whole.overlaps(&own)
            {
                let reason = format!("{text} shares addresses with {network} of {}", vpc.urn.path());
                found.push(cluster.problem("service_ipv4_cidr", reason, "services need addresses of their own"));
            }
        }
    }
}

/// A range that is known and is one.
fn range<'a>(one: &'a Intended, arg: &str) -> Option<(&'a str, Range)> {
    let text = one.text(arg)?;
    Some((text, Range::parse(text)?))
}
