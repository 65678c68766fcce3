//! What AWS says of clusters: how they are, and what they are.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{ClusterPendingModifiedValues, DbCluster, DbClusterRole, Filter};
use formwork_engine::kind::Status;
use formwork_engine::plan::PENDING_WINDOW;
use formwork_engine::{Caseless, Field, Name, Value, Version};

use super::{
    Cluster, ClusterId, ClusterOutputs, ClusterRole, ClusterStorageType, ScalabilityType, ServerlessV2Scaling,
};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::SecurityGroupId;
use crate::error::Result;
use crate::lifecycle::Observed;
use crate::rds::{
    ClusterParameterGroupName, DatabaseInsightsMode, EngineLifecycleSupport, NetworkType, SubnetGroupName, read_tags,
};

/// What an update waits for that is made at once: that nothing of it is outstanding.
pub(super) const AT_ONCE: &str = "at once";

/// How many identifiers one filter gets; a page holds a hundred clusters.
const PER_FILTER: usize = 50;

/// The clusters of these identifiers that there are. A filter does not mind the absent ones.
pub(super) async fn describe(aws: &Aws, ids: impl IntoIterator<Item = &str>) -> Result<BTreeMap<String, DbCluster>> {
    let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
    let mut found = BTreeMap::new();
    for ids in ids.chunks(PER_FILTER) {
        let filter = Filter::builder().name("db-cluster-id").set_values(Some(ids.to_vec())).build();
        let mut pages = aws.rds().describe_db_clusters().filters(filter).into_paginator().send();
        while let Some(page) = pages.next().await {
            let clusters = page?.db_clusters.unwrap_or_default().into_iter();
            found.extend(clusters.filter_map(|it| Some((it.db_cluster_identifier.clone()?, it))));
        }
    }
    Ok(found)
}

/// How a cluster is; after an update that is made at once also whether it is made.
pub(super) fn status(cluster: &DbCluster, at_once: bool) -> Status {
    let word = cluster.status().unwrap_or("creating");
    match word {
        "available" | "storage-optimization" => match outstanding(cluster).filter(|_| at_once) {
            Some(what) => Status::Pending(what),
            None => Status::Ready,
        },
        "cloning-failed" | "failed" | "incompatible-create" | "incompatible-restore" | "migration-failed" => {
            Status::Failed(reason(cluster, word))
        }
        // Somebody has to do something; AWS goes on when it is done.
        "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "incompatible-network"
        | "incompatible-parameters"
        | "insufficient-capacity"
        | "stopped"
        | "storage-full" => Status::Stuck(reason(cluster, word)),
        word => Status::Pending(match cluster.percent_progress() {
            Some(percent) if !percent.is_empty() => format!("{word}, {percent} %"),
            _ => word.to_owned(),
        }),
    }
}

/// The status in AWS's words, with what it says about it.
fn reason(cluster: &DbCluster, word: &str) -> String {
    let messages = cluster.status_infos().iter().filter_map(|it| it.message());
    std::iter::once(word).chain(messages).collect::<Vec<_>>().join("; ")
}

/// What AWS has accepted and not made yet, in words.
fn outstanding(cluster: &DbCluster) -> Option<String> {
    let pending = cluster.pending_modified_values.as_ref();
    let mut names: Vec<&str> = pending.map(modifications).unwrap_or_default().into_keys().collect();
    if pending.is_some_and(|it| it.master_user_password.is_some()) {
        names.push("master_user_password");
    }
    if pending.is_some_and(|it| it.pending_cloudwatch_logs_exports.is_some()) {
        names.push("enable_cloudwatch_logs_exports");
    }
    let under_way =
        |status: Option<&str>| matches!(status, Some("adding" | "removing" | "applying" | "creating" | "PENDING"));
    if cluster.vpc_security_groups().iter().any(|it| under_way(it.status())) {
        names.push("security_groups");
    }
    // `pending-reboot` waits for a restart of the member, which nobody here makes.
    if cluster.db_cluster_members().iter().any(|it| under_way(it.db_cluster_parameter_group_status())) {
        names.push("parameter_group");
    }
    if cluster.associated_roles().iter().any(|it| under_way(it.status())) {
        names.push("associated_roles");
    }
    if cluster.master_user_secret().is_some_and(|it| under_way(it.secret_status())) {
        names.push("manage_master_user_password");
    }
    (!names.is_empty()).then(|| format!("accepted, not made yet: {}", names.join(", ")))
}

/// The accepted modifications, by argument.
fn modifications(pending: &ClusterPendingModifiedValues) -> BTreeMap<&'static str, Value> {
    let text = |text: &Option<String>| text.as_ref().map(Field::to_value);
    let number = |number: Option<i32>| number.as_ref().map(Field::to_value);
    let all = [
        ("engine_version", text(&pending.engine_version)),
        ("iam_database_authentication", pending.iam_database_authentication_enabled.as_ref().map(Field::to_value)),
        ("backup_retention_period", number(pending.backup_retention_period)),
        ("storage_type", text(&pending.storage_type)),
        ("allocated_storage", number(pending.allocated_storage)),
        ("iops", number(pending.iops)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn role(role: DbClusterRole) -> Option<ClusterRole> {
    let feature_name = role.feature_name.filter(|name| !name.is_empty());
    Some(ClusterRole { feature_name, role_arn: Arn::new(role.role_arn?) })
}

/// Whether writes of readers are forwarded, or soon are.
fn forwards_locally(cluster: &DbCluster) -> bool {
    let status = cluster.local_write_forwarding_status.as_ref().map(|it| it.as_str());
    matches!(status, Some("enabled" | "enabling" | "requested"))
}

fn forwards_globally(cluster: &DbCluster) -> bool {
    let status = cluster.global_write_forwarding_status.as_ref().map(|it| it.as_str());
    cluster.global_write_forwarding_requested.unwrap_or_default() || matches!(status, Some("enabled" | "enabling"))
}

/// What a cluster is. What cannot be read is as its default says.
pub(super) fn observe(aws: &Aws, cluster: DbCluster) -> Observed<Cluster> {
    let (locally, globally) = (forwards_locally(&cluster), forwards_globally(&cluster));
    let tags = read_tags(aws, cluster.tag_list);
    let identifier = cluster.db_cluster_identifier.unwrap_or_default();
    let engine = cluster.engine.unwrap_or_default();
    let version = cluster.engine_version.unwrap_or_default();
    let secret = cluster.master_user_secret;
    let watched = cluster.performance_insights_enabled.unwrap_or_default();
    let joined = cluster.domain_memberships.and_then(|list| list.into_iter().next());
    let positive = |number: &i32| *number > 0;
    let port = cluster.port.filter(positive);
    let groups = cluster.vpc_security_groups.unwrap_or_default().into_iter();
    let groups = groups.filter(|it| it.status.as_deref() != Some("removing"));
    let window = cluster.preferred_maintenance_window;
    let mut pending = cluster.pending_modified_values.as_ref().map(modifications).unwrap_or_default();
    if let (false, Some(window)) = (pending.is_empty(), &window) {
        pending.insert(PENDING_WINDOW, window.to_value());
    }
    // Aurora says what its storage is only where it is not the usual one, and has no size of it.
    let is_aurora = engine.starts_with("aurora");
    let usual = is_aurora.then_some(ClusterStorageType::Aurora);
    let scaling = cluster.serverless_v2_scaling_configuration.and_then(|it| {
        Some(ServerlessV2Scaling {
            min_capacity: it.min_capacity?.to_string(),
            max_capacity: it.max_capacity?.to_string(),
            seconds_until_auto_pause: it.seconds_until_auto_pause,
        })
    });
    let args = Cluster {
        identifier: Name::new(identifier.as_str()),
        engine: engine.clone(),
        engine_version: Some(Version::new(version.as_str())),
        allow_major_version_upgrade: false,
        auto_minor_version_upgrade: cluster.auto_minor_version_upgrade.unwrap_or(true),
        engine_lifecycle_support: cluster.engine_lifecycle_support.and_then(|it| EngineLifecycleSupport::parse(&it)),
        instance_class: cluster.db_cluster_instance_class,
        allocated_storage: cluster.allocated_storage.filter(|_| !is_aurora),
        storage_type: cluster.storage_type.and_then(|it| ClusterStorageType::parse(&it)).or(usual),
        iops: cluster.iops.filter(positive),
        serverless_v2_scaling: scaling,
        cluster_scalability_type: cluster.cluster_scalability_type.and_then(|it| ScalabilityType::parse(it.as_str())),
        storage_encrypted: cluster.storage_encrypted.unwrap_or_default(),
        kms_key_id: cluster.kms_key_id.map(Arn::new),
        database_name: cluster.database_name,
        master_username: cluster.master_username,
        master_user_password: None,
        manage_master_user_password: secret.is_some(),
        master_user_secret_kms_key_id: secret.as_ref().and_then(|it| it.kms_key_id.clone()).map(Arn::new),
        master_user_authentication_type: None,
        iam_database_authentication: cluster.iam_database_authentication_enabled.unwrap_or_default(),
        enable_http_endpoint: cluster.http_endpoint_enabled.unwrap_or_default(),
        port,
        subnet_group: cluster.db_subnet_group.map(SubnetGroupName::new),
        security_groups: Some(groups.filter_map(|it| it.vpc_security_group_id).map(SecurityGroupId::new).collect()),
        publicly_accessible: cluster.publicly_accessible,
        network_type: cluster.network_type.and_then(|it| NetworkType::parse(&it)).unwrap_or(NetworkType::Ipv4),
        availability_zones: cluster.availability_zones.map(|zones| zones.into_iter().collect()),
        parameter_group: cluster.db_cluster_parameter_group.map(ClusterParameterGroupName::new),
        instance_parameter_group: None,
        backup_retention_period: cluster.backup_retention_period.unwrap_or_default(),
        preferred_backup_window: cluster.preferred_backup_window,
        preferred_maintenance_window: window.map(Caseless::new),
        backtrack_window: cluster.backtrack_window.unwrap_or_default(),
        copy_tags_to_snapshot: cluster.copy_tags_to_snapshot.unwrap_or_default(),
        delete_automated_backups: true,
        skip_final_snapshot: false,
        final_snapshot_identifier: None,
        deletion_protection: cluster.deletion_protection.unwrap_or_default(),
        enable_performance_insights: watched,
        performance_insights_kms_key_id: cluster.performance_insights_kms_key_id.filter(|_| watched).map(Arn::new),
        performance_insights_retention_period: cluster.performance_insights_retention_period.filter(|_| watched),
        database_insights_mode: cluster.database_insights_mode.and_then(|it| DatabaseInsightsMode::parse(it.as_str())),
        monitoring_interval: cluster.monitoring_interval.unwrap_or_default(),
        monitoring_role_arn: cluster.monitoring_role_arn.map(Arn::new),
        enable_cloudwatch_logs_exports: cluster
            .enabled_cloudwatch_logs_exports
            .unwrap_or_default()
            .into_iter()
            .collect(),
        associated_roles: cluster.associated_roles.unwrap_or_default().into_iter().filter_map(role).collect(),
        domain: joined.as_ref().and_then(|it| it.domain.clone()),
        domain_iam_role_name: joined.and_then(|it| it.iam_role_name),
        global_cluster_identifier: cluster.global_cluster_identifier.filter(|it| !it.is_empty()).map(Caseless::new),
        enable_global_write_forwarding: globally,
        enable_local_write_forwarding: locally,
        replication_source: cluster.replication_source_identifier.filter(|it| !it.is_empty()),
        snapshot_identifier: None,
        point_in_time: None,
        db_system_id: cluster.db_system_id,
        apply_immediately: true,
        tags: tags.tags,
    };
    let (address, reader_address) = (cluster.endpoint.unwrap_or_default(), cluster.reader_endpoint.unwrap_or_default());
    let port = port.unwrap_or_default();
    let outputs = ClusterOutputs {
        id: ClusterId::new(identifier),
        arn: Arn::new(cluster.db_cluster_arn.unwrap_or_default()),
        resource_id: cluster.db_cluster_resource_id.unwrap_or_default(),
        engine,
        endpoint: format!("{address}:{port}"),
        address,
        reader_endpoint: format!("{reader_address}:{port}"),
        reader_address,
        port,
        hosted_zone_id: cluster.hosted_zone_id.unwrap_or_default(),
        master_user_secret: secret.and_then(|it| it.secret_arn).map(Arn::new),
        running_version: version,
    };
    Observed { pending, ..Observed::new(args, outputs, tags.owner) }
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::DbClusterMember;

    use super::*;

    #[test]
    fn available_is_not_ready_while_an_immediate_change_is_outstanding() {
        let pending = ClusterPendingModifiedValues::builder().engine_version("17.6").build();
        let cluster = DbCluster::builder().status("available").pending_modified_values(pending).build();
        assert_eq!(status(&cluster, true), Status::Pending("accepted, not made yet: engine_version".to_owned()));
        // One that waits for its window holds nobody up.
        assert_eq!(status(&cluster, false), Status::Ready);
    }

    #[test]
    fn parameters_that_wait_for_a_restart_hold_nobody_up() {
        let member = |status: &str| DbClusterMember::builder().db_cluster_parameter_group_status(status).build();
        let with = |word: &str| {
            status(&DbCluster::builder().status("available").db_cluster_members(member(word)).build(), true)
        };
        assert_eq!(with("applying"), Status::Pending("accepted, not made yet: parameter_group".to_owned()));
        assert_eq!(with("pending-reboot"), Status::Ready);
    }

    #[test]
    fn unknown_words_are_pending_and_a_stopped_cluster_is_not_a_failure() {
        let with = |word: &str| status(&DbCluster::builder().status(word).build(), false);
        assert_eq!(with("resetting-master-credentials"), Status::Pending("resetting-master-credentials".to_owned()));
        assert_eq!(with("stopped"), Status::Stuck("stopped".to_owned()));
        assert_eq!(with("migration-failed"), Status::Failed("migration-failed".to_owned()));
    }
}
