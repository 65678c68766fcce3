//! Private subnets stay private, and the Kubernetes API is not open to the world.

use formwork::engine::{Expr, Resource, Value};
use formwork::prelude::*;
use formwork::testing::{PlannedResource, TypedPlan};

use super::stores::id_of;
use super::{has, referred, referring, some};
use crate::{altered, check, configured};

#[test]
fn private_subnets_have_no_route_to_an_internet_gateway() {
    let public_table = || id_of::<ec2::RouteTable>("network/public");
    let out = |gateway: Expr| {
        Expr::Record(
            [("by".to_owned(), Expr::text("internet-gateway")), ("internet_gateway".to_owned(), gateway)].into(),
        )
    };
    let subnets =
        |first: &str| Expr::List(vec![id_of::<ec2::Subnet>(first), id_of::<ec2::Subnet>("network/private-2")]);
    check(
        private_subnets_are_private,
        [
            (
                "network/private-1 is reached by a route",
                altered(|it| {
                    it.altering::<ec2::RouteTableAssociation>("network/private-1", "route_table", public_table())
                }),
            ),
            (
                "is reached by a route",
                altered(|it| {
                    it.altering::<ec2::Route>(
                        "network/private",
                        "target",
                        out(id_of::<ec2::InternetGateway>("network/main")),
                    )
                }),
            ),
            (
                "map_public_ip_on_launch",
                altered(|it| it.altering::<ec2::Subnet>("network/private-2", "map_public_ip_on_launch", true)),
            ),
            (
                "cluster/general: network/public-1",
                altered(|it| it.altering::<eks::NodeGroup>("cluster/general", "subnets", subnets("network/public-1"))),
            ),
            (
                "cluster/main: network/public-3",
                altered(|it| it.altering::<eks::Cluster>("cluster/main", "subnets", subnets("network/public-3"))),
            ),
            (
                "database/main: network/public-1",
                altered(|it| it.altering::<rds::SubnetGroup>("database/main", "subnets", subnets("network/public-1"))),
            ),
            (
                "cache/main: network/public-2",
                altered(|it| {
                    it.altering::<elasticache::SubnetGroup>("cache/main", "subnets", subnets("network/public-2"))
                }),
            ),
        ],
    );
}

#[test]
fn the_kubernetes_api_is_not_open_to_the_world() {
    check(
        api_is_closed,
        [
            ("everybody", altered(|it| it.altering::<eks::Cluster>("cluster/main", "endpoint_public_access", true))),
            ("0.0.0.0/0", configured(|config| config.cluster.public_endpoint_cidrs = vec!["0.0.0.0/0".to_owned()])),
            ("endpoint_private_access", configured(|config| config.cluster.private_endpoint = false)),
            (
                "authentication_mode",
                altered(|it| it.altering::<eks::Cluster>("cluster/main", "authentication_mode", "CONFIG_MAP")),
            ),
        ],
    );
}

#[test]
fn kubernetes_secrets_are_encrypted_with_a_rotated_key_of_the_stack() {
    check(
        kubernetes_secrets_are_encrypted,
        [
            ("secrets_key", altered(|it| it.altering::<eks::Cluster>("cluster/main", "secrets_key", Expr::null()))),
            (
                "enable_key_rotation",
                altered(|it| it.altering::<kms::Key>("cluster/secrets", "enable_key_rotation", false)),
            ),
        ],
    );
}

/// Nodes, control plane, database and cache stand in subnets of which no route leads to an internet gateway.
fn private_subnets_are_private(plan: &TypedPlan) -> Result<(), String> {
    some::<eks::Cluster>(plan)?.iter().try_for_each(|it| stand_in_private_subnets(plan, it))?;
    some::<eks::NodeGroup>(plan)?.iter().try_for_each(|it| stand_in_private_subnets(plan, it))?;
    some::<rds::SubnetGroup>(plan)?.iter().try_for_each(|it| stand_in_private_subnets(plan, it))?;
    some::<elasticache::SubnetGroup>(plan)?.iter().try_for_each(|it| stand_in_private_subnets(plan, it))
}

/// What has `subnets` has private ones only.
pub(super) fn stand_in_private_subnets<R: Resource>(
    plan: &TypedPlan,
    what: &PlannedResource<'_, R>,
) -> Result<(), String> {
    for subnet in referred::<ec2::Subnet, _>(plan, what, "subnets")? {
        private(plan, &subnet).map_err(|wrong| format!("{}: {wrong}", what.path()))?;
    }
    Ok(())
}

fn private(plan: &TypedPlan, subnet: &PlannedResource<'_, ec2::Subnet>) -> Result<(), String> {
    // Public subnets have both: their route is the more telling of the two.
    for association in referring::<ec2::RouteTableAssociation, _>(plan, "subnet", subnet) {
        for table in referred::<ec2::RouteTable, _>(plan, &association, "route_table")? {
            for route in referring::<ec2::Route, _>(plan, "route_table", &table) {
                if route.arg("target.by") == &Value::from("internet-gateway") {
                    return Err(format!("{} is reached by a route of {}", subnet.path(), route.path()));
                }
            }
        }
    }
    has(subnet, "map_public_ip_on_launch", false)
}

fn api_is_closed(plan: &TypedPlan) -> Result<(), String> {
    for cluster in some::<eks::Cluster>(plan)? {
        has(&cluster, "endpoint_private_access", true)?;
        has(&cluster, "authentication_mode", "API")?;
        has(&cluster, "bootstrap_creator_admin", false)?;
        if *cluster.arg("endpoint_public_access") == Value::from(false) {
            continue;
        }
        match cluster.arg("public_access_cidrs").as_list() {
            None => return Err(format!("{} is open to everybody", cluster.path())),
            Some(ranges) if ranges.contains(&Value::from("0.0.0.0/0")) => {
                return Err(format!("{} is open to 0.0.0.0/0", cluster.path()));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn kubernetes_secrets_are_encrypted(plan: &TypedPlan) -> Result<(), String> {
    for cluster in some::<eks::Cluster>(plan)? {
        for key in referred::<kms::Key, _>(plan, &cluster, "secrets_key")? {
            has(&key, "enable_key_rotation", true)?;
        }
    }
    Ok(())
}
