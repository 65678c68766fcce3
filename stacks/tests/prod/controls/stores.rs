//! Database and cache: encrypted, private, TLS only, reached from the VPC only.

use formwork::engine::{Expr, Resource, Value};
use formwork::prelude::*;
use formwork::testing::TypedPlan;

use super::network::stand_in_private_subnets;
use super::{has, referred, referring, some};
use crate::{altered, beside, check, configured};

#[test]
fn the_database_is_encrypted_multi_az_and_private() {
    check(
        database_is_safe,
        [
            (
                "storage_encrypted",
                altered(|it| it.altering::<rds::Instance>("database/main", "storage_encrypted", false)),
            ),
            ("multi_az", configured(|config| config.database.multi_az = false)),
            (
                "publicly_accessible",
                altered(|it| it.altering::<rds::Instance>("database/main", "publicly_accessible", true)),
            ),
            (
                "deletion_protection",
                altered(|it| it.altering::<rds::Instance>("database/main", "deletion_protection", false)),
            ),
            (
                "skip_final_snapshot",
                altered(|it| it.altering::<rds::Instance>("database/main", "skip_final_snapshot", true)),
            ),
            ("subnet_group", altered(|it| it.altering::<rds::Instance>("database/main", "subnet_group", Expr::null()))),
            ("database/main: network/public-1", altered(in_public::<rds::SubnetGroup>)),
        ],
    );
}

#[test]
fn the_cache_is_encrypted_and_private() {
    check(
        cache_is_safe,
        [
            ("at_rest_encryption", altered(|it| alter_cache(it, "at_rest_encryption", false))),
            ("transit_encryption", altered(|it| alter_cache(it, "transit_encryption", false))),
            ("auth_token", altered(|it| alter_cache(it, "auth_token", Expr::null()))),
            ("automatic_failover", configured(|config| config.cache.nodes = 1)),
            ("subnet_group", altered(|it| alter_cache(it, "subnet_group", Expr::null()))),
            ("cache/main: network/public-1", altered(in_public::<elasticache::SubnetGroup>)),
        ],
    );
}

#[test]
fn the_database_takes_connections_with_tls_only() {
    let parameters = |value: &str| Value::from([("rds.force_ssl", value)]);
    check(
        database_takes_tls_only,
        [
            (
                "rds.force_ssl",
                altered(|it| it.altering::<rds::ParameterGroup>("database/main", "parameters", parameters("0"))),
            ),
            (
                "rds.force_ssl",
                altered(|it| it.altering::<rds::ParameterGroup>("database/main", "parameters", Expr::null())),
            ),
            (
                "parameter_group",
                altered(|it| it.altering::<rds::Instance>("database/main", "parameter_group", "default.postgres16")),
            ),
        ],
    );
}

#[test]
fn the_cache_takes_connections_with_tls_only() {
    check(
        cache_takes_tls_only,
        [
            ("transit_encryption", altered(|it| alter_cache(it, "transit_encryption", false))),
            ("transit_encryption_mode", altered(|it| alter_cache(it, "transit_encryption_mode", "preferred"))),
        ],
    );
}

#[test]
fn the_database_is_reached_from_the_vpc_only() {
    let rule = "database/access-1";
    check(
        |plan| reached_from_the_vpc_only::<rds::Instance>(plan, 5432),
        [
            ("cidr_ipv4", altered(|it| alter_rule(it, rule, "cidr_ipv4", "0.0.0.0/0"))),
            ("cidr_ipv6", altered(|it| alter_rule(it, rule, "cidr_ipv6", "::/0"))),
            ("from_port", altered(|it| alter_rule(it, rule, "from_port", 0_i64))),
            ("to_port", altered(|it| alter_rule(it, rule, "to_port", 65_535_i64))),
            ("protocol", altered(|it| alter_rule(it, rule, "protocol", "udp"))),
            ("nobody reaches", altered(|it| alter_rule(it, rule, "security_group", "sg-elsewhere"))),
            (
                "security_groups",
                altered(|it| it.altering::<rds::Instance>("database/main", "security_groups", Expr::null())),
            ),
            ("open: `cidr_ipv4`", beside(|stack| let_everybody_in(stack, "database", 5432))),
        ],
    );
}

#[test]
fn the_cache_is_reached_from_the_vpc_only() {
    let rule = "cache/access-1";
    check(
        |plan| reached_from_the_vpc_only::<elasticache::ReplicationGroup>(plan, 6379),
        [
            ("cidr_ipv4", altered(|it| alter_rule(it, rule, "cidr_ipv4", "10.0.0.0/8"))),
            ("to_port", altered(|it| alter_rule(it, rule, "to_port", 6380_i64))),
            ("nobody reaches", altered(|it| alter_rule(it, rule, "security_group", "sg-elsewhere"))),
            ("security_groups", altered(|it| alter_cache(it, "security_groups", Expr::null()))),
            ("open: `cidr_ipv4`", beside(|stack| let_everybody_in(stack, "cache", 6379))),
        ],
    );
}

fn database_is_safe(plan: &TypedPlan) -> Result<(), String> {
    for database in some::<rds::Instance>(plan)? {
        has(&database, "storage_encrypted", true)?;
        has(&database, "multi_az", true)?;
        has(&database, "publicly_accessible", false)?;
        has(&database, "deletion_protection", true)?;
        has(&database, "skip_final_snapshot", false)?;
        for group in referred::<rds::SubnetGroup, _>(plan, &database, "subnet_group")? {
            stand_in_private_subnets(plan, &group)?;
        }
    }
    Ok(())
}

fn cache_is_safe(plan: &TypedPlan) -> Result<(), String> {
    for cache in some::<elasticache::ReplicationGroup>(plan)? {
        has(&cache, "at_rest_encryption", true)?;
        has(&cache, "transit_encryption", true)?;
        has(&cache, "automatic_failover", true)?;
        has(&cache, "multi_az", true)?;
        if cache.arg("auth_token").is_null() {
            return Err(format!("{} has no auth_token", cache.path()));
        }
        for group in referred::<elasticache::SubnetGroup, _>(plan, &cache, "subnet_group")? {
            stand_in_private_subnets(plan, &group)?;
        }
    }
    Ok(())
}

fn database_takes_tls_only(plan: &TypedPlan) -> Result<(), String> {
    for database in some::<rds::Instance>(plan)? {
        for group in referred::<rds::ParameterGroup, _>(plan, &database, "parameter_group")? {
            // The name of the parameter has a dot, which a path would read as a step down.
            if group.arg("parameters").get("rds.force_ssl").as_text() != Some("1") {
                return Err(format!("{} does not set rds.force_ssl", group.path()));
            }
        }
    }
    Ok(())
}

fn cache_takes_tls_only(plan: &TypedPlan) -> Result<(), String> {
    for cache in some::<elasticache::ReplicationGroup>(plan)? {
        has(&cache, "transit_encryption", true)?;
        if !matches!(cache.arg("transit_encryption_mode").as_text(), None | Some("required")) {
            return Err(format!("transit_encryption_mode of {} lets plain connections in", cache.path()));
        }
    }
    Ok(())
}

/// The groups of every such data store have rules, and each of them lets one TCP port in from the range of the group's VPC.
fn reached_from_the_vpc_only<R: Resource>(plan: &TypedPlan, port: i64) -> Result<(), String> {
    for store in some::<R>(plan)? {
        for group in referred::<ec2::SecurityGroup, _>(plan, &store, "security_groups")? {
            let vpcs = referred::<ec2::Vpc, _>(plan, &group, "vpc")?;
            let rules = referring::<ec2::SecurityGroupIngressRule, _>(plan, "security_group", &group);
            if rules.is_empty() {
                return Err(format!("nobody reaches {}", store.path()));
            }
            for rule in rules {
                let open = |wrong: String| format!("{} is open: {wrong}", store.path());
                has(&rule, "protocol", "tcp").map_err(open)?;
                has(&rule, "from_port", port).map_err(open)?;
                has(&rule, "to_port", port).map_err(open)?;
                for vpc in &vpcs {
                    has(&rule, "cidr_ipv4", vpc.arg("cidr_block").clone()).map_err(open)?;
                }
                for peer in ["cidr_ipv6", "prefix_list", "referenced_group"] {
                    has(&rule, peer, Value::Null).map_err(open)?;
                }
            }
        }
    }
    Ok(())
}

type Planner = formwork::testing::Planner;

fn alter_cache(planner: Planner, arg: &'static str, value: impl Into<Expr>) -> Planner {
    planner.altering::<elasticache::ReplicationGroup>("cache/main", arg, value)
}

fn alter_rule(planner: Planner, path: &str, arg: &'static str, value: impl Into<Expr>) -> Planner {
    planner.altering::<ec2::SecurityGroupIngressRule>(path, arg, value)
}

/// Database or cache in a public subnet.
fn in_public<R: Resource>(planner: Planner) -> Planner {
    let path = if R::schema().kind.starts_with("aws:rds") { "database/main" } else { "cache/main" };
    planner.altering::<R>(path, "subnets", Expr::List(vec![id_of::<ec2::Subnet>("network/public-1")]))
}

/// A rule beside those of the component.
fn let_everybody_in(stack: &mut Stack, component: &str, port: i32) {
    let group: Output<ec2::SecurityGroupId> = Output::of(id_of::<ec2::SecurityGroup>(&format!("{component}/main")));
    let rule = ec2::SecurityGroupIngressRule::builder()
        .security_group(group)
        .protocol("tcp")
        .from_port(port)
        .to_port(port)
        .cidr_ipv4("0.0.0.0/0");
    stack.add("debug", rule.build());
}

/// The id of a resource of the stack, as the program would write it.
pub(super) fn id_of<R: Resource>(path: &str) -> Expr {
    let path: Vec<&str> = path.split('/').collect();
    let kind = formwork::engine::KindName::new(R::schema().kind);
    Expr::Output {
        urn: Urn::new("test", &path, &kind).expect("paths of the stack are well formed"),
        name: "id".to_owned(),
    }
}
