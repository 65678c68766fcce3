//! Zones by name and id, as the account has them: names that there are not, and control planes where EKS has none.
//!
//! Names are the account's own: `us-east-1e` of one is another place than that of the next. Ids are the same for everybody, and documentation
//! speaks of those. Which name is which id is asked once, and only where it matters.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::preflight::{Intended, Problem};

#[cfg(feature = "eks")]
use super::places::WITHOUT_EKS;
use super::{all_referred, of, referred};
use crate::context::Aws;
use crate::error::Result;

/// The zones of a region: ids by name, asked when they are first needed.
pub(super) struct Zones<'a> {
    aws: &'a Aws,
    known: Option<Result<BTreeMap<String, String>>>,
}

impl<'a> Zones<'a> {
    /// Nothing is asked yet.
    pub(super) fn of(aws: &'a Aws) -> Self {
        Self { aws, known: None }
    }

    /// Ids by name. A refusal is remembered too.
    async fn all(&mut self) -> Result<BTreeMap<String, String>> {
        if self.known.is_none() {
            let answer = self.aws.ec2().describe_availability_zones().send().await;
            let zones = answer.map(|answer| answer.availability_zones.unwrap_or_default().into_iter());
            let by_name = zones.map(|zones| zones.filter_map(|zone| Some((zone.zone_name?, zone.zone_id?))).collect());
            self.known = Some(by_name.map_err(Into::into));
        }
        self.known.clone().unwrap_or_else(|| Ok(BTreeMap::new()))
    }

    /// Names by id, where one of these subnets is placed by an id alone; otherwise nothing is asked.
    pub(super) async fn names<'i>(&mut self, subnets: impl Iterator<Item = &'i Intended>) -> Result<Names> {
        let by_id = |subnet: &Intended| subnet.text("availability_zone").is_none() && has_id(subnet);
        if !subnets.into_iter().any(by_id) {
            return Ok(Names::default());
        }
        Ok(Names(self.all().await?.into_iter().map(|(name, id)| (id, name)).collect()))
    }
}

fn has_id(subnet: &Intended) -> bool {
    subnet.text("availability_zone_id").is_some()
}

/// Names of zones by id.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(pub(super) BTreeMap<String, String>);

impl Names {
    /// The name of the zone that a subnet is placed in, where the program says it.
    pub(super) fn of<'s>(&'s self, subnet: &'s Intended) -> Option<&'s str> {
        let by_id = || self.0.get(subnet.text("availability_zone_id")?).map(String::as_str);
        subnet.text("availability_zone").or_else(by_id)
    }

    /// The zones that a list of subnets spans; `None` where one of them is not known.
    pub(super) fn spanned(&self, intended: &[Intended], one: &Intended, arg: &str) -> Option<BTreeSet<String>> {
        let subnets = all_referred(intended, one, arg)?;
        subnets.into_iter().map(|subnet| self.of(subnet).map(str::to_owned)).collect()
    }

    /// The zone of the one subnet that an argument refers to.
    pub(super) fn single(&self, intended: &[Intended], one: &Intended, arg: &str) -> Option<BTreeSet<String>> {
        self.of(referred(intended, one, arg)?).map(|zone| BTreeSet::from([zone.to_owned()]))
    }
}

/// Zones that a program names itself; those that it has read are there.
pub(super) async fn missing(zones: &mut Zones<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    let region = zones.aws.region().to_owned();
    let named = |subnet: &&Intended| {
        subnet.is_new()
            && subnet.text("availability_zone").is_some_and(|zone| zone.starts_with(&region))
            && !subnet.references.contains_key("availability_zone")
    };
    let subnets: Vec<&Intended> = of(intended, "aws:ec2/subnet").filter(named).collect();
    if subnets.is_empty() {
        return Ok(Vec::new());
    }
    let there = zones.all().await?;
    let known = there.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let missing = subnets.into_iter().filter_map(|subnet| {
        let zone = subnet.text("availability_zone").filter(|zone| !there.contains_key(*zone))?;
        let reason = format!("is {zone}, which this account does not have");
        Some(subnet.problem("availability_zone", reason, format!("it has {known}")))
    });
    Ok(missing.collect())
}

/// Clusters with a subnet in a zone that has no control planes, where the program places the subnet by the zone's name. By its id it needs no
/// account to be known.
#[cfg(feature = "eks")]
pub(super) async fn control_planes(zones: &mut Zones<'_>, intended: &[Intended]) -> Result<Vec<Problem>> {
    let closed = WITHOUT_EKS.iter().any(|(region, _)| *region == zones.aws.region());
    if !closed || placed_by_name(intended).next().is_none() {
        return Ok(Vec::new());
    }
    Ok(without_control_planes(intended, &zones.all().await?))
}

/// Clusters and their subnets that name a zone.
#[cfg(feature = "eks")]
fn placed_by_name(intended: &[Intended]) -> impl Iterator<Item = (&Intended, &Intended, &str)> {
    let clusters = of(intended, "aws:eks/cluster").filter(|cluster| cluster.sets(&["subnets"]));
    let subnets = clusters.flat_map(|cluster| {
        let subnets = all_referred(intended, cluster, "subnets").unwrap_or_default();
        subnets.into_iter().map(move |subnet| (cluster, subnet))
    });
    subnets.filter_map(|(cluster, subnet)| Some((cluster, subnet, subnet.text("availability_zone")?)))
}

/// What is wrong with them, where the zones of a region have these ids by name.
#[cfg(feature = "eks")]
pub(super) fn without_control_planes(intended: &[Intended], there: &BTreeMap<String, String>) -> Vec<Problem> {
    let is_closed = |region: &str, id: &str| WITHOUT_EKS.contains(&(region, id));
    let found = placed_by_name(intended).filter_map(|(cluster, subnet, zone)| {
        let region = cluster.region.as_str();
        let id = there.get(zone).filter(|id| is_closed(region, id))?;
        let path = subnet.urn.path();
        let open = there.iter().filter(|(_, id)| !is_closed(region, id)).map(|(name, _)| name.as_str());
        let open = open.collect::<Vec<_>>().join(", ");
        let reason = format!("has {path} in {zone} ({id} for everybody), where EKS has no control planes");
        Some(cluster.problem("subnets", reason, format!("put that subnet into another zone: {open}")))
    });
    found.collect()
}
