//! Reading replication groups: the group shows half of its settings, any of its members the other half, and neither its tags.

use std::collections::BTreeMap;

use aws_sdk_elasticache::types as sdk;
use formwork_engine::kind::Status;
use formwork_engine::{Caseless, Field, Name, Value, Version};

use super::{
    AuthTokenStrategy, ClusterMode, Engine, GONE, IpProtocol, LogDelivery, NetworkType, ReplicationGroup,
    ReplicationGroupName, ReplicationGroupOutputs, TransitMode,
};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::SecurityGroupId;
use crate::elasticache::{ParameterGroupName, SubnetGroupName, tags_by_arn};
use crate::error::{OrGone, Result};
use crate::lifecycle::{Observed, Readings};
use crate::questions::{each, many, named};
use crate::tags;

pub(super) async fn describe(aws: &Aws, name: &str) -> Result<Option<sdk::ReplicationGroup>> {
    let answer = aws.elasticache().describe_replication_groups().replication_group_id(name).send().await;
    Ok(answer.or_gone(GONE)?.and_then(|answer| answer.replication_groups?.into_iter().next()))
}

/// The groups of these ids that are there.
pub(super) async fn groups(aws: &Aws, ids: &[&str]) -> Result<BTreeMap<String, sdk::ReplicationGroup>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.elasticache().describe_replication_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            let groups = page?.replication_groups.unwrap_or_default().into_iter();
            found.extend(groups.filter_map(|group| Some((group.replication_group_id.clone()?, group))));
        }
        Ok(found)
    };
    let found = named(ids.iter().copied(), all, |id| describe(aws, id)).await?;
    found.into_iter().map(|(id, group)| Ok((id.to_owned(), group?))).collect()
}

pub(super) fn status(group: &sdk::ReplicationGroup) -> Status {
    match group.status() {
        Some("available") => Status::Ready,
        Some("create-failed") => Status::Failed("create-failed".to_owned()),
        other => Status::Pending(other.unwrap_or("creating").to_owned()),
    }
}

/// A member of each group, by the group's id.
async fn members(aws: &Aws, groups: &[sdk::ReplicationGroup]) -> Result<BTreeMap<String, sdk::CacheCluster>> {
    let mut found = Vec::new();
    if !many(groups.len()) {
        for id in groups.iter().filter_map(|group| group.member_clusters().first()) {
            let call = aws.elasticache().describe_cache_clusters().cache_cluster_id(id);
            let answer = call.send().await.or_gone(&["CacheClusterNotFound", "CacheClusterNotFoundFault"])?;
            found.extend(answer.and_then(|answer| answer.cache_clusters).unwrap_or_default());
        }
    } else {
        let mut pages = aws.elasticache().describe_cache_clusters().into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.cache_clusters.unwrap_or_default());
        }
    }
    Ok(found.into_iter().filter_map(|member| Some((member.replication_group_id.clone()?, member))).collect())
}

pub(super) async fn read(aws: &Aws, ids: &[ReplicationGroupName]) -> Result<Readings<ReplicationGroup>> {
    let ids: Vec<&str> = ids.iter().map(ReplicationGroupName::as_str).collect();
    // One that is being deleted is as good as gone: nothing can be changed on it.
    let groups = groups(aws, &ids).await?.into_values().filter(|group| group.status() != Some("deleting"));
    let groups: Vec<_> = groups.collect();
    let mut members = members(aws, &groups).await?;
    let tags = each(&groups, |group| tags_by_arn(aws, group.arn().unwrap_or_default(), GONE)).await;
    let mut readings = Readings::<ReplicationGroup>::new();
    for (group, tags) in groups.into_iter().zip(tags) {
        let id = group.replication_group_id.clone().unwrap_or_default();
        let member = members.remove(&id);
        if let Some(reading) = tags.transpose() {
            readings.insert(ReplicationGroupName::new(id), reading.map(|read| observe(group, member, read)));
        }
    }
    Ok(readings)
}

/// The arguments that only a member shows.
const OF_MEMBER: &[&str] = &[
    "engine_version",
    "parameter_group",
    "subnet_group",
    "security_groups",
    "maintenance_window",
    "notification_topic",
];

fn observe(
    group: sdk::ReplicationGroup,
    member: Option<sdk::CacheCluster>,
    read: tags::Read,
) -> Observed<ReplicationGroup> {
    let shards = group.node_groups();
    let shard = shards.first();
    let endpoint = |endpoint: Option<&sdk::Endpoint>| endpoint.and_then(|it| it.address()).map(str::to_owned);
    let primary = shard.and_then(|shard| shard.primary_endpoint());
    let configuration = group.configuration_endpoint();
    let port = configuration.or(primary).and_then(|endpoint| endpoint.port()).unwrap_or(6379);
    let replicas = shard.map(|shard| shard.node_group_members().len().saturating_sub(1));
    let count = |count: usize| i32::try_from(count).ok();
    let transit = group.transit_encryption_enabled.unwrap_or_default();
    let mode = group.transit_encryption_mode().and_then(|mode| TransitMode::parse(mode.as_str()));
    let id = group.replication_group_id().unwrap_or_default();
    let topic = member.as_ref().and_then(|member| member.notification_configuration());
    let topic = topic.filter(|topic| topic.topic_status() == Some("active")).and_then(|topic| topic.topic_arn());
    let on = |state: Option<&str>| matches!(state, Some("enabled" | "enabling"));
    let args = ReplicationGroup {
        name: Name::new(id),
        description: group.description().unwrap_or_default().to_owned(),
        engine: group.engine().and_then(Engine::parse).unwrap_or(Engine::Redis),
        engine_version: member.as_ref().and_then(|member| member.engine_version()).map(Version::new),
        node_type: group.cache_node_type().unwrap_or_default().to_owned(),
        num_cache_clusters: count(group.member_clusters().len()),
        num_node_groups: count(shards.len()),
        replicas_per_node_group: replicas.and_then(count),
        preferred_zones: Vec::new(),
        shards: Vec::new(),
        cluster_mode: group.cluster_mode().and_then(|mode| ClusterMode::parse(mode.as_str())),
        automatic_failover: on(group.automatic_failover().map(|state| state.as_str())),
        multi_az: on(group.multi_az().map(|state| state.as_str())),
        auto_minor_version_upgrade: group.auto_minor_version_upgrade.unwrap_or(true),
        at_rest_encryption: group.at_rest_encryption_enabled.unwrap_or_default(),
        kms_key: group.kms_key_id().map(Arn::new),
        transit_encryption: transit,
        // What is not said means that only encrypted connections are let in.
        transit_encryption_mode: transit.then(|| mode.unwrap_or(TransitMode::Required)),
        auth_token: None,
        auth_token_strategy: AuthTokenStrategy::Rotate,
        user_groups: group.user_group_ids().iter().cloned().collect(),
        parameter_group: member
            .as_ref()
            .and_then(|member| member.cache_parameter_group()?.cache_parameter_group_name())
            .map(ParameterGroupName::new),
        subnet_group: member.as_ref().and_then(|member| member.cache_subnet_group_name()).map(SubnetGroupName::new),
        security_groups: member.as_ref().map(|member| {
            let groups = member.security_groups().iter().filter(|group| group.status() != Some("removing"));
            groups.filter_map(|group| group.security_group_id()).map(SecurityGroupId::new).collect()
        }),
        port,
        network_type: group
            .network_type()
            .and_then(|network| NetworkType::parse(network.as_str()))
            .unwrap_or(NetworkType::Ipv4),
        ip_discovery: group.ip_discovery().and_then(|protocol| IpProtocol::parse(protocol.as_str())),
        data_tiering: group.data_tiering().is_some_and(|tiering| tiering.as_str() == "enabled"),
        maintenance_window: member.as_ref().and_then(|it| it.preferred_maintenance_window()).map(Caseless::new),
        snapshot_retention_limit: group.snapshot_retention_limit.unwrap_or_default(),
        snapshot_window: group.snapshot_window().map(str::to_owned),
        snapshotting_cluster: group.snapshotting_cluster_id().map(str::to_owned),
        snapshot_name: None,
        snapshot_arns: None,
        log_delivery: group.log_delivery_configurations().iter().filter_map(LogDelivery::of).collect(),
        notification_topic: topic.map(Arn::new),
        apply_immediately: true,
        final_snapshot: None,
        tags: read.tags,
    };
    let outputs = ReplicationGroupOutputs {
        id: ReplicationGroupName::new(id),
        arn: Arn::new(group.arn().unwrap_or_default()),
        primary_endpoint: endpoint(primary),
        reader_endpoint: endpoint(shard.and_then(|shard| shard.reader_endpoint())),
        configuration_endpoint: endpoint(configuration),
        port,
    };
    let mut observed = Observed::new(args, outputs, read.owner);
    match member {
        Some(member) => observed.pending = pending(group.pending_modified_values(), &member),
        None => {
            let reason = "none of its members is shown";
            observed.unreadable.extend(OF_MEMBER.iter().map(|name| (*name, reason.to_owned())));
        }
    }
    observed
}

/// What waits for the maintenance window: some of it the group says, some of it its members.
fn pending(
    group: Option<&sdk::ReplicationGroupPendingModifiedValues>,
    member: &sdk::CacheCluster,
) -> BTreeMap<&'static str, Value> {
    let mut pending = BTreeMap::new();
    if let Some(values) = member.pending_modified_values() {
        if let Some(version) = values.engine_version() {
            pending.insert("engine_version", Version::new(version).to_value());
        }
        if let Some(node_type) = values.cache_node_type() {
            pending.insert("node_type", Value::from(node_type));
        }
    }
    if let Some(values) = group {
        if let Some(failover) = values.automatic_failover_status() {
            pending.insert("automatic_failover", Value::Bool(failover.as_str() == "enabled"));
        }
        if let Some(encrypted) = values.transit_encryption_enabled() {
            pending.insert("transit_encryption", Value::Bool(encrypted));
        }
        if let Some(mode) = values.transit_encryption_mode() {
            pending.insert("transit_encryption_mode", Value::from(mode.as_str()));
        }
        if let Some(mode) = values.cluster_mode() {
            pending.insert("cluster_mode", Value::from(mode.as_str()));
        }
    }
    if let (false, Some(window)) = (pending.is_empty(), member.preferred_maintenance_window()) {
        pending.insert(formwork_engine::plan::PENDING_WINDOW, Value::from(window));
    }
    pending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_and_waits_is_said_with_its_window() {
        let values = sdk::PendingModifiedValues::builder().engine_version("7.1").cache_node_type("cache.m7g.large");
        let member = sdk::CacheCluster::builder()
            .pending_modified_values(values.build())
            .preferred_maintenance_window("sun:05:00-sun:06:00")
            .build();
        let group = sdk::ReplicationGroupPendingModifiedValues::builder()
            .automatic_failover_status(sdk::PendingAutomaticFailoverStatus::Enabled)
            .transit_encryption_enabled(true)
            .transit_encryption_mode(sdk::TransitEncryptionMode::Preferred)
            .cluster_mode(sdk::ClusterMode::Compatible)
            .build();
        let told = pending(Some(&group), &member);
        let expected = [
            ("$window", Value::from("sun:05:00-sun:06:00")),
            ("automatic_failover", Value::Bool(true)),
            ("cluster_mode", Value::from("compatible")),
            ("engine_version", Value::from("7.1")),
            ("node_type", Value::from("cache.m7g.large")),
            ("transit_encryption", Value::Bool(true)),
            ("transit_encryption_mode", Value::from("preferred")),
        ];
        assert_eq!(told, expected.into());
        let nothing = sdk::CacheCluster::builder().preferred_maintenance_window("sun:05:00-sun:06:00").build();
        assert!(pending(None, &nothing).is_empty(), "a window without anything to be made in it is none");
    }
}
