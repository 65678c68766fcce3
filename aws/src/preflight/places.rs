//! Things that must be spread over zones, and zones where they cannot be.

use std::collections::BTreeSet;

use formwork_engine::preflight::{Intended, Problem};

use super::{all_referred, of};

/// What needs subnets in two zones: kind, argument, and who says so.
const SPREAD: &[(&str, &str, &str)] =
    &[("aws:eks/cluster", "subnets", "EKS"), ("aws:rds/subnet-group", "subnets", "RDS")];

/// Zones, by id, in which EKS has no control planes. No call tells them: EKS's user guide does, under "networking requirements for VPC and
/// subnets", and `eksctl` keeps the same list; looked up in November 2026.
pub(super) const WITHOUT_EKS: &[(&str, &str)] =
    &[("us-east-1", "use1-az3"), ("us-west-1", "usw1-az2"), ("ca-central-1", "cac1-az3")];

pub(super) fn check(intended: &[Intended]) -> Vec<Problem> {
    let mut found = Vec::new();
    for (kind, arg, service) in SPREAD {
        for one in of(intended, kind).filter(|one| one.is_touched()) {
            let Some(subnets) = all_referred(intended, one, arg) else { continue };
            let zones: Option<BTreeSet<&str>> = subnets.iter().map(|subnet| zone(subnet)).collect();
            if let Some(zones) = zones.filter(|zones| zones.len() < 2) {
                let zone = zones.first().copied().unwrap_or("no zone");
                let reason = format!("lie all in {zone}, and {service} needs subnets in two zones");
                found.push(one.problem(arg, reason, "add a subnet in another zone"));
            }
        }
    }
    for cluster in of(intended, "aws:eks/cluster").filter(|one| one.is_touched()) {
        for subnet in all_referred(intended, cluster, "subnets").unwrap_or_default() {
            let Some(id) = subnet.text("availability_zone_id") else { continue };
            if WITHOUT_EKS.contains(&(subnet.region.as_str(), id)) {
                let reason = format!("has {} in {id}, where EKS has no control planes", subnet.urn.path());
                found.push(cluster.problem("subnets", reason, "put that subnet into another zone"));
            }
        }
    }
    for subnet in of(intended, "aws:ec2/subnet").filter(|one| one.is_new()) {
        if let Some(zone) = subnet.text("availability_zone")
            && !zone.starts_with(subnet.region.as_str())
        {
            let reason = format!("is {zone}, which is no zone of {}", subnet.region);
            found.push(subnet.problem("availability_zone", reason, "take the zones from `ec2::availability_zones`"));
        }
    }
    found
}

/// The zone of a subnet, by name or by id: both in one program are told apart, which errs on the side of silence.
fn zone(subnet: &Intended) -> Option<&str> {
    subnet.text("availability_zone").or_else(|| subnet.text("availability_zone_id"))
}
