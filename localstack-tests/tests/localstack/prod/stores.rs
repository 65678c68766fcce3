//! The rows about database and cache.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use aws_sdk_elasticache::types::ReplicationGroup;
use aws_sdk_rds::types::DbInstance;

use super::network::retention;
use super::{Seen, check, one};

#[tokio::test]
async fn database_is_postgres_multi_az_encrypted_and_kept() {
    check(database, "multi_az: Some(false)").await;
}

#[tokio::test]
async fn database_is_private() {
    check(database_is_private_, "publicly_accessible: Some(true)").await;
}

#[tokio::test]
async fn database_takes_connections_with_tls_only() {
    check(database_takes_tls_only, "rds.force_ssl is Some(\"0\")").await;
}

#[tokio::test]
async fn database_is_reached_from_the_vpc_only() {
    let row = async |seen: &Seen| {
        let groups = instance(seen).await?;
        let groups = groups.vpc_security_groups().iter().filter_map(|it| it.vpc_security_group_id());
        reached(seen, groups.map(str::to_owned).collect(), 5432).await
    };
    check(row, "0.0.0.0/0").await;
}

#[tokio::test]
async fn database_logs_expire() {
    // Nothing of this row can be broken without breaking the database's declaration: the wrong number of days must be told from the right one.
    let seen = Seen::of(super::prod()).await;
    for log in ["postgresql", "upgrade"] {
        let name = format!("/aws/rds/instance/prod-postgres/{log}");
        retention(&seen, &name, 30).await.unwrap();
        assert!(retention(&seen, &name, 31).await.is_err());
    }
}

#[tokio::test]
async fn cache_is_replicated_over_zones_encrypted_and_kept() {
    check(cache, "transit encryption").await;
}

#[tokio::test]
async fn cache_never_evicts_jobs() {
    check(cache_never_evicts, "maxmemory-policy is Some(\"allkeys-lru\")").await;
}

#[tokio::test]
async fn cache_is_reached_from_the_vpc_only() {
    let row = async |seen: &Seen| {
        let cache = group(seen).await?;
        let nodes = seen.aws.elasticache().describe_cache_clusters().send().await?;
        let mine = |id: &str| cache.member_clusters().iter().any(|member| member == id);
        let node = nodes.cache_clusters().iter().find(|it| it.cache_cluster_id().is_some_and(mine));
        let groups = one(node, "node of the cache")?.security_groups().iter().filter_map(|it| it.security_group_id());
        reached(seen, groups.map(str::to_owned).collect(), 6379).await
    };
    check(row, "6380").await;
}

async fn instance(seen: &Seen) -> Result<DbInstance> {
    let answer = seen.aws.rds().describe_db_instances().db_instance_identifier("prod-postgres").send().await?;
    one(answer.db_instances().first().cloned(), "instance")
}

async fn database(seen: &Seen) -> Result<()> {
    let it = instance(seen).await?;
    ensure!(it.engine() == Some("postgres"), "engine: {:?}", it.engine());
    ensure!(it.engine_version().is_some_and(|version| version.starts_with("16")), "version: {:?}", it.engine_version());
    ensure!(it.db_instance_class() == Some("db.r6g.large"), "class: {:?}", it.db_instance_class());
    ensure!(it.multi_az() == Some(true), "multi_az: {:?}", it.multi_az());
    ensure!(it.storage_encrypted() == Some(true), "storage_encrypted: {:?}", it.storage_encrypted());
    ensure!(it.deletion_protection() == Some(true), "deletion_protection: {:?}", it.deletion_protection());
    ensure!(it.backup_retention_period() == Some(14), "backups: {:?}", it.backup_retention_period());
    ensure!(it.preferred_backup_window() == Some("02:00-03:00"), "{:?}", it.preferred_backup_window());
    ensure!(
        it.preferred_maintenance_window() == Some("sun:03:30-sun:04:30"),
        "{:?}",
        it.preferred_maintenance_window()
    );
    ensure!(it.performance_insights_enabled() == Some(true), "performance insights are off");
    ensure!(it.allocated_storage() == Some(100), "storage: {:?}", it.allocated_storage());
    let secret = it.master_user_secret().and_then(|secret| secret.secret_arn());
    ensure!(secret.is_some(), "RDS does not manage the password");
    ensure!(
        seen.text("database_password_secret_arn")? == secret.unwrap_or_default(),
        "the output names another secret"
    );
    Ok(())
}

async fn database_is_private_(seen: &Seen) -> Result<()> {
    let it = instance(seen).await?;
    ensure!(it.publicly_accessible() == Some(false), "publicly_accessible: {:?}", it.publicly_accessible());
    let group = one(it.db_subnet_group().and_then(|group| group.db_subnet_group_name()), "subnet group")?;
    let groups = seen.aws.rds().describe_db_subnet_groups().db_subnet_group_name(group).send().await?;
    let group = one(groups.db_subnet_groups().first(), "subnet group")?;
    let found = group.subnets().iter().filter_map(|it| it.subnet_identifier()).map(str::to_owned).collect();
    private(seen, found)
}

fn private(seen: &Seen, found: BTreeSet<String>) -> Result<()> {
    let wanted: BTreeSet<String> = seen.texts("private_subnet_ids")?.into_iter().collect();
    ensure!(found == wanted, "it may stand in {found:?}");
    Ok(())
}

async fn database_takes_tls_only(seen: &Seen) -> Result<()> {
    let it = instance(seen).await?;
    let group = it.db_parameter_groups().first().and_then(|group| group.db_parameter_group_name());
    let group = one(group, "parameter group")?;
    let mut pages = seen.aws.rds().describe_db_parameters().db_parameter_group_name(group).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page?;
        let named = |it: &&aws_sdk_rds::types::Parameter| it.parameter_name() == Some("rds.force_ssl");
        if let Some(parameter) = page.parameters().iter().find(named) {
            let value = parameter.parameter_value();
            ensure!(value == Some("1"), "rds.force_ssl is {value:?}");
            return Ok(());
        }
    }
    anyhow::bail!("rds.force_ssl is not set")
}

/// Security groups let one TCP port in, from the range of the VPC.
async fn reached(seen: &Seen, groups: Vec<String>, port: i32) -> Result<()> {
    ensure!(!groups.is_empty(), "it has no security group");
    let answer = seen.aws.ec2().describe_security_group_rules().send().await?;
    let mine = |it: &&aws_sdk_ec2::types::SecurityGroupRule| {
        it.is_egress() == Some(false) && it.group_id().is_some_and(|id| groups.iter().any(|group| group == id))
    };
    let rules: Vec<_> = answer.security_group_rules().iter().filter(mine).collect();
    ensure!(rules.len() == groups.len(), "{} rules for {} groups", rules.len(), groups.len());
    for rule in rules {
        let (from, to, range) = (rule.from_port(), rule.to_port(), rule.cidr_ipv4());
        let as_wanted = from == Some(port) && to == Some(port) && range == Some("10.0.0.0/16");
        let tcp = rule.ip_protocol() == Some("tcp");
        ensure!(as_wanted && tcp, "{:?} lets {from:?} to {to:?} in from {range:?}", rule.security_group_rule_id());
    }
    Ok(())
}

async fn group(seen: &Seen) -> Result<ReplicationGroup> {
    let answer = seen.aws.elasticache().describe_replication_groups().replication_group_id("prod-redis").send().await?;
    one(answer.replication_groups().first().cloned(), "replication group")
}

async fn cache(seen: &Seen) -> Result<()> {
    let it = group(seen).await?;
    ensure!(it.transit_encryption_enabled() == Some(true), "transit encryption is off");
    ensure!(it.at_rest_encryption_enabled() == Some(true), "encryption on disk is off");
    ensure!(it.auth_token_enabled() == Some(true), "it asks for no token");
    ensure!(it.automatic_failover().is_some_and(|it| it.as_str() == "enabled"), "no automatic failover");
    ensure!(it.multi_az().is_some_and(|it| it.as_str() == "enabled"), "it is not spread over zones");
    ensure!(it.member_clusters().len() == 2, "it has {} nodes", it.member_clusters().len());
    ensure!(it.snapshot_retention_limit() == Some(7), "snapshots: {:?}", it.snapshot_retention_limit());
    ensure!(it.cache_node_type() == Some("cache.r6g.large"), "nodes: {:?}", it.cache_node_type());
    let groups =
        seen.aws.elasticache().describe_cache_subnet_groups().cache_subnet_group_name("prod-redis").send().await?;
    let subnets = one(groups.cache_subnet_groups().first(), "subnet group")?.subnets();
    private(seen, subnets.iter().filter_map(|it| it.subnet_identifier()).map(str::to_owned).collect())
}

async fn cache_never_evicts(seen: &Seen) -> Result<()> {
    let cache = seen.aws.elasticache();
    let clusters = cache.describe_cache_clusters().send().await?;
    let named =
        clusters.cache_clusters().iter().find_map(|it| it.cache_parameter_group()?.cache_parameter_group_name());
    let named = one(named, "parameter group of the nodes")?;
    let answer = cache.describe_cache_parameters().cache_parameter_group_name(named).send().await?;
    let policy = answer.parameters().iter().find(|it| it.parameter_name() == Some("maxmemory-policy"));
    let policy = policy.and_then(|it| it.parameter_value());
    ensure!(policy == Some("noeviction"), "maxmemory-policy is {policy:?}");
    Ok(())
}
