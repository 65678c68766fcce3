//! Changing a replication group: one kind of change per call of `update`, in an order in which each finds what it needs.
//!
//! Replicas come before failover is switched on and go after it was switched off; engine, version and parameter group go together, since
//! each must fit the others; encryption of connections and cluster mode go through a step in between.

use aws_sdk_elasticache::operation::modify_replication_group::builders::ModifyReplicationGroupFluentBuilder;
use aws_sdk_elasticache::types as sdk;

use super::{ClusterMode, LogDelivery, ReplicationGroup, ReplicationGroupChanges, TransitMode, read};
use crate::context::Aws;
use crate::elasticache::{arn, retag};
use crate::error::Result;
use crate::lifecycle::{Update, Updated};

pub(super) async fn update(
    aws: &Aws,
    update: Update<'_, ReplicationGroup>,
) -> Result<Updated<ReplicationGroupChanges>> {
    let ReplicationGroupChanges {
        description,
        engine,
        engine_version,
        node_type,
        num_cache_clusters,
        num_node_groups,
        replicas_per_node_group,
        preferred_zones: _used_with_new_nodes,
        cluster_mode,
        automatic_failover,
        multi_az,
        auto_minor_version_upgrade,
        transit_encryption,
        transit_encryption_mode,
        auth_token,
        auth_token_strategy,
        user_groups,
        parameter_group,
        security_groups,
        ip_discovery,
        maintenance_window,
        snapshot_retention_limit,
        snapshot_window,
        snapshotting_cluster,
        log_delivery,
        notification_topic,
        apply_immediately: _said_with_each_call,
        final_snapshot: _used_by_delete,
        tags,
    } = update.changes;
    let Update { owner, id, now, planned, .. } = update;
    if tags {
        retag(aws, owner, &arn(aws, "replicationgroup", id.as_str()), &now.tags, &planned.tags).await?;
    }
    let mut left = ReplicationGroupChanges {
        tags: false,
        preferred_zones: false,
        apply_immediately: false,
        final_snapshot: false,
        ..update.changes
    };
    let modify = |at_once: bool| {
        let call = aws.elasticache().modify_replication_group().replication_group_id(id.as_str());
        call.apply_immediately(at_once)
    };

    let replicas = if num_cache_clusters {
        planned.num_cache_clusters.map(|nodes| nodes - 1)
    } else if replicas_per_node_group {
        planned.replicas_per_node_group
    } else {
        None
    };
    let replicas = replicas.filter(|count| Some(*count) != now.replicas_per_node_group);
    let grows = replicas.is_some_and(|count| Some(count) > now.replicas_per_node_group);
    if let (true, Some(count)) = (grows, replicas) {
        (left.num_cache_clusters, left.replicas_per_node_group) = (false, false);
        let call = aws.elasticache().increase_replica_count().replication_group_id(id.as_str());
        let call = match placed(planned, count) {
            Some(shard) => call.replica_configuration(shard),
            None => call.new_replica_count(count),
        };
        call.apply_immediately(true).send().await?;
        return Ok(Updated::later(left));
    }
    if let (true, Some(wanted)) = (cluster_mode, planned.cluster_mode)
        && let Some(next) = next_cluster_mode(now.cluster_mode, wanted)
    {
        left.cluster_mode = next != wanted;
        modify(true).cluster_mode(next.as_str().into()).send().await?;
        return Ok(Updated::later(left));
    }
    left.cluster_mode = false;
    if let (true, Some(count)) = (num_node_groups, planned.num_node_groups) {
        left.num_node_groups = false;
        let call = aws.elasticache().modify_replication_group_shard_configuration();
        let surplus = surplus_shards(aws, id.as_str(), count).await?;
        call.replication_group_id(id.as_str())
            .node_group_count(count)
            .set_node_groups_to_remove((!surplus.is_empty()).then_some(surplus))
            .apply_immediately(true)
            .send()
            .await?;
        return Ok(Updated::later(left));
    }
    left.num_node_groups = false;
    if transit_encryption || transit_encryption_mode {
        let wanted = planned.transit();
        if let Some(next) = next_transit(now.transit(), wanted) {
            left.transit_encryption = transit_encryption && next != wanted;
            left.transit_encryption_mode = transit_encryption_mode && next != wanted;
            let call = modify(true).transit_encryption_enabled(next.is_some());
            call.set_transit_encryption_mode(next.map(|mode| mode.as_str().into())).send().await?;
            return Ok(Updated::later(left));
        }
        (left.transit_encryption, left.transit_encryption_mode) = (false, false);
    }
    if engine || engine_version || parameter_group {
        (left.engine, left.engine_version, left.parameter_group) = (false, false, false);
        let version = planned.engine_version.as_ref().filter(|_| engine || engine_version);
        modify(planned.apply_immediately)
            .set_engine(engine.then(|| planned.engine.to_string()))
            .set_engine_version(version.map(ToString::to_string))
            .set_cache_parameter_group_name(
                planned.parameter_group.as_ref().filter(|_| parameter_group).map(ToString::to_string),
            )
            .send()
            .await?;
        return Ok(Updated::later(left));
    }
    if node_type {
        left.node_type = false;
        modify(planned.apply_immediately).cache_node_type(&planned.node_type).send().await?;
        return Ok(Updated::later(left));
    }
    if auth_token || auth_token_strategy {
        (left.auth_token, left.auth_token_strategy) = (false, false);
        if let Some(call) = token(modify(true), planned) {
            call.send().await?;
            return Ok(Updated::later(left));
        }
    }
    if user_groups {
        left.user_groups = false;
        let added: Vec<_> = planned.user_groups.difference(&now.user_groups).cloned().collect();
        let removed: Vec<_> = now.user_groups.difference(&planned.user_groups).cloned().collect();
        if !added.is_empty() || !removed.is_empty() {
            modify(true)
                .set_user_group_ids_to_add((!added.is_empty()).then_some(added))
                .set_user_group_ids_to_remove((!removed.is_empty()).then_some(removed))
                .send()
                .await?;
            return Ok(Updated::later(left));
        }
    }
    let settings = description
        || automatic_failover
        || multi_az
        || auto_minor_version_upgrade
        || security_groups
        || ip_discovery
        || maintenance_window
        || snapshot_retention_limit
        || snapshot_window
        || snapshotting_cluster
        || log_delivery
        || notification_topic;
    if settings {
        let topic = planned.notification_topic.as_ref().map(ToString::to_string);
        let groups = planned.security_groups.as_ref().filter(|_| security_groups);
        modify(planned.apply_immediately)
            .set_replication_group_description(description.then(|| planned.description.clone()))
            .set_automatic_failover_enabled(automatic_failover.then_some(planned.automatic_failover))
            .set_multi_az_enabled(multi_az.then_some(planned.multi_az))
            .set_auto_minor_version_upgrade(auto_minor_version_upgrade.then_some(planned.auto_minor_version_upgrade))
            .set_security_group_ids(groups.map(|groups| groups.iter().map(ToString::to_string).collect()))
            .set_ip_discovery(planned.ip_discovery.filter(|_| ip_discovery).map(|protocol| protocol.as_str().into()))
            .set_preferred_maintenance_window(
                planned.maintenance_window.as_ref().filter(|_| maintenance_window).map(ToString::to_string),
            )
            .set_snapshot_retention_limit(snapshot_retention_limit.then_some(planned.snapshot_retention_limit))
            .set_snapshot_window(planned.snapshot_window.clone().filter(|_| snapshot_window))
            .set_snapshotting_cluster_id(planned.snapshotting_cluster.clone().filter(|_| snapshotting_cluster))
            .set_log_delivery_configurations(log_delivery.then(|| deliveries(now, planned)))
            .set_notification_topic_status(topic.as_ref().filter(|_| notification_topic).map(|_| "active".to_owned()))
            .set_notification_topic_arn(topic.filter(|_| notification_topic))
            .send()
            .await?;
        // What may be left is only the going of replicas, which failover would have refused before this call.
        let rest = ReplicationGroupChanges { num_cache_clusters, replicas_per_node_group, ..Default::default() };
        return Ok(if replicas.is_some() { Updated::later(rest) } else { Updated::later(Default::default()) });
    }
    if let Some(count) = replicas {
        let call = aws.elasticache().decrease_replica_count().replication_group_id(id.as_str());
        call.new_replica_count(count).apply_immediately(true).send().await?;
    }
    Ok(Updated::done())
}

impl ReplicationGroup {
    /// How connections are encrypted: not at all, or with a mode.
    fn transit(&self) -> Option<TransitMode> {
        self.transit_encryption.then(|| self.transit_encryption_mode.unwrap_or(TransitMode::Required))
    }
}

/// The next step on the way: between plain and encrypted connections stand the ones that may be either.
fn next_transit(now: Option<TransitMode>, wanted: Option<TransitMode>) -> Option<Option<TransitMode>> {
    match (now, wanted) {
        (now, wanted) if now == wanted => None,
        (None, Some(_)) | (Some(TransitMode::Required), None) => Some(Some(TransitMode::Preferred)),
        (_, wanted) => Some(wanted),
    }
}

/// The next step on the way: one shard becomes several only by way of `compatible`.
fn next_cluster_mode(now: Option<ClusterMode>, wanted: ClusterMode) -> Option<ClusterMode> {
    match (now.unwrap_or(ClusterMode::Disabled), wanted) {
        (now, wanted) if now == wanted => None,
        (ClusterMode::Disabled, ClusterMode::Enabled) => Some(ClusterMode::Compatible),
        (_, wanted) => Some(wanted),
    }
}

/// The only shard with the zones of all its nodes, where they are declared for as many as there will be.
fn placed(planned: &ReplicationGroup, replicas: i32) -> Option<sdk::ConfigureShard> {
    let zones = &planned.preferred_zones;
    let as_many = usize::try_from(replicas + 1).is_ok_and(|nodes| nodes == zones.len());
    let shard = sdk::ConfigureShard::builder().node_group_id("0001").new_replica_count(replicas);
    as_many.then(|| shard.set_preferred_availability_zones(Some(zones.clone())).build())
}

/// The shards that go when `count` stay: the last ones.
async fn surplus_shards(aws: &Aws, id: &str, count: i32) -> Result<Vec<String>> {
    let group = read::describe(aws, id).await?;
    let shards = group.as_ref().map(|group| group.node_groups()).unwrap_or_default();
    let mut ids: Vec<_> = shards.iter().filter_map(|shard| shard.node_group_id().map(str::to_owned)).collect();
    ids.sort();
    Ok(ids.split_off(usize::try_from(count).unwrap_or(0).min(ids.len())))
}

/// The call that changes the token, if it is to be changed. Another strategy alone settles a rotation: the token is sent again.
fn token(
    call: ModifyReplicationGroupFluentBuilder,
    planned: &ReplicationGroup,
) -> Option<ModifyReplicationGroupFluentBuilder> {
    // Without a token in the program AWS keeps the one it has.
    let token = planned.auth_token.as_ref()?;
    let strategy = planned.auth_token_strategy.as_str().into();
    Some(call.auth_token(token.reveal()).auth_token_update_strategy(strategy))
}

/// What switches the declared logs on and the others off.
fn deliveries(now: &ReplicationGroup, planned: &ReplicationGroup) -> Vec<sdk::LogDeliveryConfigurationRequest> {
    let wanted = |log_type| planned.log_delivery.iter().any(|log| log.log_type == log_type);
    let off = now.log_delivery.iter().map(|log| log.log_type).filter(|log_type| !wanted(*log_type));
    planned.log_delivery.iter().map(LogDelivery::on).chain(off.map(LogDelivery::off)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_of_connections_comes_and_goes_in_two_steps() {
        let (preferred, required) = (Some(TransitMode::Preferred), Some(TransitMode::Required));
        assert_eq!(next_transit(None, required), Some(preferred));
        assert_eq!(next_transit(preferred, required), Some(required));
        assert_eq!(next_transit(required, None), Some(preferred));
        assert_eq!(next_transit(preferred, None), Some(None));
        assert_eq!(next_transit(required, required), None);
    }

    #[test]
    fn shards_come_by_way_of_compatible() {
        let step = |now, wanted| next_cluster_mode(Some(now), wanted);
        assert_eq!(step(ClusterMode::Disabled, ClusterMode::Enabled), Some(ClusterMode::Compatible));
        assert_eq!(step(ClusterMode::Compatible, ClusterMode::Enabled), Some(ClusterMode::Enabled));
        assert_eq!(step(ClusterMode::Compatible, ClusterMode::Disabled), Some(ClusterMode::Disabled));
        assert_eq!(step(ClusterMode::Enabled, ClusterMode::Enabled), None);
    }
}
