//! The calls that make and change a cluster.

use std::collections::BTreeSet;

use aws_sdk_rds::types::{CloudwatchLogsExportConfiguration, DbCluster, ServerlessV2ScalingConfiguration};
use formwork_engine::ChangeSet;
use formwork_engine::kind::Owner;

use super::changes::is_other_major;
use super::{Cluster, ClusterChanges, ClusterId, ClusterPointInTime, ClusterRole};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::rds::instance::changes::runs;
use crate::rds::instance::requests::time;
use crate::rds::{NetworkType, arn, tags_of};

/// Where a cluster comes from; a replica is new as to its call.
enum Origin<'a> {
    New,
    Snapshot(&'a str),
    PointInTime(&'a ClusterPointInTime),
}

/// Sets what all three calls take that make a cluster.
macro_rules! common {
    ($call:expr, $owner:expr, $args:expr) => {
        $call
            .db_cluster_identifier($args.identifier.as_str())
            .set_port($args.port)
            .set_db_subnet_group_name($args.subnet_group.as_ref().map(ToString::to_string))
            .set_vpc_security_group_ids($args.security_group_ids())
            .set_kms_key_id($args.kms_key_id.as_ref().map(ToString::to_string))
            .set_enable_iam_database_authentication($args.iam_database_authentication.then_some(true))
            .set_backtrack_window($args.backtrack())
            .set_enable_cloudwatch_logs_exports($args.log_exports())
            .set_db_cluster_parameter_group_name($args.parameter_group.as_ref().map(ToString::to_string))
            .deletion_protection($args.deletion_protection)
            .copy_tags_to_snapshot($args.copy_tags_to_snapshot)
            .set_domain($args.domain.clone())
            .set_domain_iam_role_name($args.domain_iam_role_name.clone())
            .set_db_cluster_instance_class($args.instance_class.clone())
            .set_storage_type($args.storage_type.map(|of| of.as_str().to_owned()))
            .set_iops($args.iops)
            .set_publicly_accessible($args.publicly_accessible)
            .set_network_type($args.network())
            .set_serverless_v2_scaling_configuration($args.scaling()?)
            .set_monitoring_interval($args.monitoring())
            .set_monitoring_role_arn($args.monitoring_role_arn.as_ref().map(ToString::to_string))
            .set_enable_performance_insights($args.enable_performance_insights.then_some(true))
            .set_performance_insights_kms_key_id($args.insights_key())
            .set_performance_insights_retention_period($args.performance_insights_retention_period)
            .backup_retention_period($args.backup_retention_period)
            .set_preferred_backup_window($args.preferred_backup_window.clone())
            .set_engine_lifecycle_support($args.engine_lifecycle_support.map(|it| it.as_str().to_owned()))
            .set_tags(Some(tags_of($owner, &$args.tags)))
    };
}

/// Makes a cluster with the one call that fits its origin; answers it with the arguments which that call does not take.
pub(super) async fn create(aws: &Aws, owner: &Owner, args: &Cluster) -> Result<(Option<DbCluster>, BTreeSet<String>)> {
    let origin = args.origin()?;
    let left = args.left(&origin).names();
    let made = match origin {
        Origin::New => create_new(aws, owner, args).await?,
        Origin::Snapshot(snapshot) => {
            let call = aws.rds().restore_db_cluster_from_snapshot().snapshot_identifier(snapshot);
            let call = call
                .engine(&args.engine)
                .set_engine_version(args.engine_version.as_ref().map(ToString::to_string))
                .set_database_name(args.database_name.clone())
                .set_availability_zones(args.zones());
            common!(call, owner, args).send().await?.db_cluster
        }
        Origin::PointInTime(point) => {
            let call = aws.rds().restore_db_cluster_to_point_in_time();
            let operation = "rds RestoreDBClusterToPointInTime";
            let at = point.restore_time.as_deref().map(|text| time(operation, text)).transpose()?;
            let call = call
                .set_source_db_cluster_identifier(point.source_db_cluster.as_ref().map(ToString::to_string))
                .set_source_db_cluster_resource_id(point.source_resource_id.clone())
                .restore_type(point.restore_type.as_str())
                .set_use_latest_restorable_time(at.is_none().then_some(true))
                .set_restore_to_time(at);
            common!(call, owner, args).send().await?.db_cluster
        }
    };
    Ok((made, left))
}

async fn create_new(aws: &Aws, owner: &Owner, args: &Cluster) -> Result<Option<DbCluster>> {
    let call = aws
        .rds()
        .create_db_cluster()
        .engine(&args.engine)
        .set_engine_version(args.engine_version.as_ref().map(ToString::to_string))
        .set_availability_zones(args.zones())
        .set_allocated_storage(args.allocated_storage)
        .storage_encrypted(args.storage_encrypted)
        .auto_minor_version_upgrade(args.auto_minor_version_upgrade)
        .set_cluster_scalability_type(args.cluster_scalability_type.map(|it| it.as_str().into()))
        .set_database_name(args.database_name.clone())
        .set_master_username(args.master_username.clone())
        .set_master_user_password(args.password())
        .set_manage_master_user_password(args.manage_master_user_password.then_some(true))
        .set_master_user_secret_kms_key_id(args.secret_key())
        .set_master_user_authentication_type(args.master_user_authentication_type.map(|it| it.as_str().into()))
        .set_preferred_maintenance_window(args.preferred_maintenance_window.as_ref().map(ToString::to_string))
        .set_database_insights_mode(args.database_insights_mode.map(|mode| mode.as_str().into()))
        .set_enable_http_endpoint(args.enable_http_endpoint.then_some(true))
        .set_enable_global_write_forwarding(args.enable_global_write_forwarding.then_some(true))
        .set_enable_local_write_forwarding(args.enable_local_write_forwarding.then_some(true))
        .set_global_cluster_identifier(args.global_cluster_identifier.as_ref().map(ToString::to_string))
        .set_replication_source_identifier(args.replication_source.clone())
        .set_db_system_id(args.db_system_id.clone());
    Ok(common!(call, owner, args).send().await?.db_cluster)
}

impl Cluster {
    fn origin(&self) -> Result<Origin<'_>> {
        match (&self.snapshot_identifier, &self.point_in_time, &self.replication_source) {
            (None, None, _) => Ok(Origin::New),
            (Some(snapshot), None, None) => Ok(Origin::Snapshot(snapshot)),
            (None, Some(point), None) => Ok(Origin::PointInTime(point)),
            _ => Err(Error::refused(
                "rds CreateDBCluster",
                "only one of `snapshot_identifier`, `point_in_time` and `replication_source` can be where it comes from",
            )),
        }
    }

    /// The declared arguments that the call for this origin does not take.
    fn left(&self, origin: &Origin<'_>) -> ClusterChanges {
        if let Origin::New = origin {
            return ClusterChanges::default();
        }
        ClusterChanges {
            // The version of a restore to a moment is that of its source.
            engine_version: self.engine_version.is_some(),
            auto_minor_version_upgrade: !self.auto_minor_version_upgrade,
            allocated_storage: self.allocated_storage.is_some(),
            master_user_password: self.master_user_password.is_some(),
            manage_master_user_password: self.manage_master_user_password,
            master_user_authentication_type: self.master_user_authentication_type.is_some(),
            preferred_maintenance_window: self.preferred_maintenance_window.is_some(),
            database_insights_mode: self.database_insights_mode.is_some(),
            enable_http_endpoint: self.enable_http_endpoint,
            enable_global_write_forwarding: self.enable_global_write_forwarding,
            enable_local_write_forwarding: self.enable_local_write_forwarding,
            ..ClusterChanges::default()
        }
    }

    fn zones(&self) -> Option<Vec<String>> {
        self.availability_zones.as_ref().map(|zones| zones.iter().cloned().collect())
    }

    fn security_group_ids(&self) -> Option<Vec<String>> {
        self.security_groups.as_ref().map(|groups| groups.iter().map(ToString::to_string).collect())
    }

    fn log_exports(&self) -> Option<Vec<String>> {
        let logs = &self.enable_cloudwatch_logs_exports;
        (!logs.is_empty()).then(|| logs.iter().cloned().collect())
    }

    /// A Multi-AZ DB cluster has IPv4 alone, and is not asked.
    fn network(&self) -> Option<String> {
        let is_asked = self.engine.starts_with("aurora") || self.network_type != NetworkType::Ipv4;
        is_asked.then(|| self.network_type.as_str().to_owned())
    }

    /// Other engines than Aurora MySQL refuse the argument, also with nothing in it.
    fn backtrack(&self) -> Option<i64> {
        (self.backtrack_window > 0).then_some(self.backtrack_window)
    }

    fn scaling(&self) -> Result<Option<ServerlessV2ScalingConfiguration>> {
        let Some(scaling) = &self.serverless_v2_scaling else { return Ok(None) };
        let number = |text: &str| {
            text.parse::<f64>().map_err(|error| {
                let said = format!("`{text}` is no number of capacity units such as 0.5: {error}");
                Error::refused("rds CreateDBCluster", said)
            })
        };
        let scaling = ServerlessV2ScalingConfiguration::builder()
            .min_capacity(number(&scaling.min_capacity)?)
            .max_capacity(number(&scaling.max_capacity)?)
            .set_seconds_until_auto_pause(scaling.seconds_until_auto_pause);
        Ok(Some(scaling.build()))
    }

    fn password(&self) -> Option<String> {
        self.master_user_password.as_ref().map(|password| password.reveal().clone())
    }

    fn secret_key(&self) -> Option<String> {
        let key = self.master_user_secret_kms_key_id.as_ref();
        key.filter(|_| self.manage_master_user_password).map(ToString::to_string)
    }

    fn insights_key(&self) -> Option<String> {
        let key = self.performance_insights_kms_key_id.as_ref();
        key.filter(|_| self.enable_performance_insights).map(ToString::to_string)
    }

    fn monitoring(&self) -> Option<i32> {
        (self.monitoring_interval > 0).then_some(self.monitoring_interval)
    }
}

/// Sends one round of changes.
pub(super) async fn modify(
    aws: &Aws,
    id: &ClusterId,
    now: &Cluster,
    planned: &Cluster,
    round: ClusterChanges,
) -> Result<()> {
    let bare =
        aws.rds().modify_db_cluster().db_cluster_identifier(id.as_str()).apply_immediately(planned.apply_immediately);
    let storage = round.allocated_storage || round.storage_type || round.iops;
    let manages = planned.manage_master_user_password;
    let switched = round.manage_master_user_password && now.manage_master_user_password != manages;
    let password = !manages && (round.master_user_password || switched);
    let version = planned.engine_version.as_ref().filter(|wanted| {
        // What was made from a snapshot may run the wanted version already.
        round.engine_version && !runs(wanted, now.engine_version.as_ref())
    });
    let other_major = matches!((&now.engine_version, version), (Some(now), Some(next)) if is_other_major(now, next));
    let insights = round.enable_performance_insights
        || round.performance_insights_kms_key_id
        || round.performance_insights_retention_period
        || round.database_insights_mode;
    let watched = planned.enable_performance_insights;
    let monitoring = round.monitoring_interval || round.monitoring_role_arn;
    let joined = Some(planned).filter(|_| round.domain || round.domain_iam_role_name);
    let text = |changed: bool, value: &Option<String>| value.clone().filter(|_| changed);
    let call = bare
        .clone()
        .set_allocated_storage(planned.allocated_storage.filter(|_| storage))
        .set_storage_type(planned.storage_type.filter(|_| storage).map(|of| of.as_str().to_owned()))
        // AWS wants the present ones repeated where they are provisioned.
        .set_iops(planned.iops.or(now.iops).filter(|_| storage))
        .set_manage_master_user_password(switched.then_some(manages))
        .set_master_user_secret_kms_key_id(planned.secret_key().filter(|_| switched))
        .set_master_user_password(planned.password().filter(|_| password))
        .set_engine_version(version.map(ToString::to_string))
        .set_allow_major_version_upgrade(version.and(planned.allow_major_version_upgrade.then_some(true)))
        .set_db_instance_parameter_group_name(
            planned.instance_parameter_group.as_ref().filter(|_| other_major).map(ToString::to_string),
        )
        .set_db_cluster_parameter_group_name(
            planned.parameter_group.as_ref().filter(|_| round.parameter_group).map(ToString::to_string),
        )
        .set_engine_lifecycle_support(
            planned
                .engine_lifecycle_support
                .filter(|_| round.engine_lifecycle_support)
                .map(|it| it.as_str().to_owned()),
        )
        .set_auto_minor_version_upgrade(round.auto_minor_version_upgrade.then_some(planned.auto_minor_version_upgrade))
        .set_db_cluster_instance_class(text(round.instance_class, &planned.instance_class))
        .set_serverless_v2_scaling_configuration(planned.scaling()?.filter(|_| round.serverless_v2_scaling))
        .set_master_user_authentication_type(
            planned
                .master_user_authentication_type
                .filter(|_| round.master_user_authentication_type)
                .map(|it| it.as_str().into()),
        )
        .set_enable_iam_database_authentication(
            round.iam_database_authentication.then_some(planned.iam_database_authentication),
        )
        .set_port(planned.port.filter(|_| round.port))
        .set_vpc_security_group_ids(planned.security_group_ids().filter(|_| round.security_groups))
        .set_network_type(round.network_type.then(|| planned.network_type.as_str().to_owned()))
        .set_backup_retention_period(round.backup_retention_period.then_some(planned.backup_retention_period))
        .set_preferred_backup_window(text(round.preferred_backup_window, &planned.preferred_backup_window))
        .set_preferred_maintenance_window(
            planned
                .preferred_maintenance_window
                .as_ref()
                .filter(|_| round.preferred_maintenance_window)
                .map(ToString::to_string),
        )
        .set_backtrack_window(round.backtrack_window.then_some(planned.backtrack_window))
        .set_copy_tags_to_snapshot(round.copy_tags_to_snapshot.then_some(planned.copy_tags_to_snapshot))
        .set_deletion_protection(round.deletion_protection.then_some(planned.deletion_protection))
        .set_enable_performance_insights(insights.then_some(watched))
        .set_performance_insights_kms_key_id(
            // Naming the key of what runs already is refused.
            planned.insights_key().filter(|_| insights && !now.enable_performance_insights),
        )
        .set_performance_insights_retention_period(
            planned.performance_insights_retention_period.filter(|_| insights && watched),
        )
        .set_database_insights_mode(
            planned.database_insights_mode.filter(|_| insights).map(|mode| mode.as_str().into()),
        )
        .set_monitoring_interval(monitoring.then_some(planned.monitoring_interval))
        .set_monitoring_role_arn(
            planned
                .monitoring_role_arn
                .as_ref()
                .filter(|_| monitoring && planned.monitoring_interval > 0)
                .map(ToString::to_string),
        )
        .set_cloudwatch_logs_export_configuration(
            round.enable_cloudwatch_logs_exports.then(|| exports(now, planned)).flatten(),
        )
        .set_domain(joined.and_then(|it| it.domain.clone()))
        .set_domain_iam_role_name(joined.and_then(|it| it.domain_iam_role_name.clone()))
        .set_enable_global_write_forwarding(
            round.enable_global_write_forwarding.then_some(planned.enable_global_write_forwarding),
        )
        .set_enable_local_write_forwarding(
            round.enable_local_write_forwarding.then_some(planned.enable_local_write_forwarding),
        );
    // AWS refuses a call that asks for nothing.
    if call.as_input() != bare.as_input() {
        call.send().await?;
    }
    if round.associated_roles {
        associate(aws, id, &now.associated_roles, &planned.associated_roles).await?;
    }
    if round.enable_http_endpoint {
        // ModifyDBCluster takes it for what AWS no longer offers, and ignores it otherwise.
        let arn = arn(aws, "cluster", id.as_str());
        if planned.enable_http_endpoint {
            aws.rds().enable_http_endpoint().resource_arn(arn).send().await?;
        } else {
            aws.rds().disable_http_endpoint().resource_arn(arn).send().await?;
        }
    }
    Ok(())
}

async fn associate(
    aws: &Aws,
    id: &ClusterId,
    now: &BTreeSet<ClusterRole>,
    planned: &BTreeSet<ClusterRole>,
) -> Result<()> {
    // A feature has one role: the former has to go first.
    for role in now.difference(planned) {
        let call = aws.rds().remove_role_from_db_cluster().db_cluster_identifier(id.as_str());
        let call = call.set_feature_name(role.feature_name.clone()).role_arn(role.role_arn.as_str());
        call.send().await.or_gone(&["DBClusterRoleNotFound"])?;
    }
    for role in planned.difference(now) {
        let call = aws.rds().add_role_to_db_cluster().db_cluster_identifier(id.as_str());
        call.set_feature_name(role.feature_name.clone()).role_arn(role.role_arn.as_str()).send().await?;
    }
    Ok(())
}

fn exports(now: &Cluster, planned: &Cluster) -> Option<CloudwatchLogsExportConfiguration> {
    let (now, planned) = (&now.enable_cloudwatch_logs_exports, &planned.enable_cloudwatch_logs_exports);
    let list = |from: &BTreeSet<String>, without: &BTreeSet<String>| {
        let list: Vec<_> = from.difference(without).cloned().collect();
        (!list.is_empty()).then_some(list)
    };
    let (enable, disable) = (list(planned, now), list(now, planned));
    let any = enable.is_some() || disable.is_some();
    any.then(|| {
        CloudwatchLogsExportConfiguration::builder().set_enable_log_types(enable).set_disable_log_types(disable).build()
    })
}

/// The name of the last snapshot; `None` where none is wanted or AWS makes none.
pub(super) fn final_snapshot(cluster: &DbCluster, recorded: &Cluster) -> Option<String> {
    let is_replica = cluster.replication_source_identifier().is_some_and(|source| !source.is_empty());
    let is_broken = matches!(
        cluster.status(),
        Some("cloning-failed" | "failed" | "incompatible-create" | "incompatible-restore" | "migration-failed")
    );
    if recorded.skip_final_snapshot || is_replica || is_broken {
        return None;
    }
    let identifier = cluster.db_cluster_identifier().unwrap_or_default();
    let made = || told_apart(cluster, &format!("{identifier}-final"));
    Some(recorded.final_snapshot_identifier.clone().unwrap_or_else(made))
}

/// The name with the beginning of the resource id, which tells the generations of one identifier apart, and their snapshots.
pub(super) fn told_apart(cluster: &DbCluster, name: &str) -> String {
    let resource = cluster.db_cluster_resource_id().unwrap_or_default();
    let resource = resource.trim_start_matches("cluster-").to_ascii_lowercase();
    format!("{name}-{}", resource.get(..8).unwrap_or(&resource))
}
