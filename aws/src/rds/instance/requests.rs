//! The calls that make and change an instance.

use std::collections::BTreeSet;

use aws_sdk_rds::types::{CloudwatchLogsExportConfiguration, DbInstance, ProcessorFeature};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use formwork_engine::ChangeSet;
use formwork_engine::kind::Owner;

use super::changes::runs;
use super::{AssociatedRole, Instance, InstanceChanges, InstanceId, PointInTime, StorageType};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::rds::tags_of;

/// From how many GiB on `gp3` has operations and throughput that are chosen apart from the size.
const GP3_PROVISIONED: i32 = 400;

/// Where an instance comes from.
enum Origin<'a> {
    New,
    Snapshot(&'a str),
    PointInTime(&'a PointInTime),
    Replica(&'a InstanceId),
}

/// Sets what all four calls take that make an instance.
macro_rules! common {
    ($call:expr, $owner:expr, $args:expr) => {
        $call
            .db_instance_class(&$args.instance_class)
            .set_processor_features($args.processor_features())
            .set_allocated_storage($args.allocated_storage)
            .set_storage_type($args.storage_type.map(|of| of.as_str().to_owned()))
            .set_iops($args.iops)
            .set_storage_throughput($args.storage_throughput)
            .set_dedicated_log_volume($args.dedicated_log_volume.then_some(true))
            .set_enable_iam_database_authentication($args.iam_database_authentication.then_some(true))
            .set_port($args.port)
            .set_db_subnet_group_name($args.subnet_group.as_ref().map(ToString::to_string))
            .set_vpc_security_group_ids($args.security_group_ids())
            .publicly_accessible($args.publicly_accessible)
            .network_type($args.network_type.as_str())
            .multi_az($args.multi_az)
            .set_availability_zone($args.availability_zone.clone())
            .set_db_parameter_group_name($args.parameter_group.as_ref().map(ToString::to_string))
            .set_option_group_name($args.option_group.as_ref().map(ToString::to_string))
            .auto_minor_version_upgrade($args.auto_minor_version_upgrade)
            .set_backup_target($args.backup_target.clone())
            .copy_tags_to_snapshot($args.copy_tags_to_snapshot)
            .deletion_protection($args.deletion_protection)
            .set_enable_cloudwatch_logs_exports($args.log_exports())
            .set_ca_certificate_identifier($args.ca_certificate_identifier.clone())
            .set_custom_iam_instance_profile($args.custom_iam_instance_profile.clone())
            .set_domain($args.domain.clone())
            .set_domain_iam_role_name($args.domain_iam_role_name.clone())
            .set_domain_fqdn($args.domain_fqdn.as_ref().map(ToString::to_string))
            .set_domain_ou($args.domain_ou.clone())
            .set_domain_auth_secret_arn($args.domain_auth_secret_arn.as_ref().map(ToString::to_string))
            .set_domain_dns_ips($args.dns_ips())
            .set_tags(Some(tags_of($owner, &$args.tags)))
    };
}

/// Sets what the calls take that make an instance which stands on its own.
macro_rules! independent {
    ($call:expr, $args:expr) => {
        $call
            .engine(&$args.engine)
            .set_db_name($args.db_name.clone())
            .set_license_model($args.license_model.clone())
            .set_engine_lifecycle_support($args.engine_lifecycle_support.map(|it| it.as_str().to_owned()))
            .set_manage_master_user_password($args.manage_master_user_password.then_some(true))
            .set_master_user_secret_kms_key_id($args.secret_key())
            .backup_retention_period($args.backup_retention_period)
            .set_preferred_backup_window($args.preferred_backup_window.clone())
    };
}

/// Makes an instance with the one call that fits its origin; answers it with the arguments which that call does not take.
pub(super) async fn create(
    aws: &Aws,
    owner: &Owner,
    args: &Instance,
) -> Result<(Option<DbInstance>, BTreeSet<String>)> {
    let origin = args.origin()?;
    let left = args.left(&origin).names();
    let made = match origin {
        Origin::New => create_new(aws, owner, args).await?,
        Origin::Snapshot(snapshot) => {
            let call = aws.rds().restore_db_instance_from_db_snapshot().db_snapshot_identifier(snapshot);
            let call = call.db_instance_identifier(args.identifier.as_str());
            independent!(common!(call, owner, args), args).send().await?.db_instance
        }
        Origin::PointInTime(point) => {
            let call = aws.rds().restore_db_instance_to_point_in_time();
            let operation = "rds RestoreDBInstanceToPointInTime";
            let time = point.restore_time.as_deref().map(|text| time(operation, text)).transpose()?;
            let call = call
                .target_db_instance_identifier(args.identifier.as_str())
                .set_source_db_instance_identifier(point.source_db_instance.as_ref().map(ToString::to_string))
                .set_source_dbi_resource_id(point.source_resource_id.clone())
                .set_source_db_instance_automated_backups_arn(point.source_automated_backups_arn.clone())
                .set_use_latest_restorable_time(time.is_none().then_some(true))
                .set_restore_time(time)
                .set_max_allocated_storage(args.upper_limit());
            independent!(common!(call, owner, args), args).send().await?.db_instance
        }
        Origin::Replica(source) => {
            let call = aws.rds().create_db_instance_read_replica().source_db_instance_identifier(source.as_str());
            let call = call
                .db_instance_identifier(args.identifier.as_str())
                .set_kms_key_id(args.kms_key_id.as_ref().map(ToString::to_string))
                .set_max_allocated_storage(args.upper_limit())
                .set_monitoring_interval(args.monitoring())
                .set_monitoring_role_arn(args.monitoring_role_arn.as_ref().map(ToString::to_string))
                .set_enable_performance_insights(args.enable_performance_insights.then_some(true))
                .set_performance_insights_kms_key_id(args.insights_key())
                .set_performance_insights_retention_period(args.performance_insights_retention_period)
                .set_database_insights_mode(args.database_insights_mode.map(|mode| mode.as_str().into()))
                .set_replica_mode(args.replica_mode.map(|mode| mode.as_str().into()));
            common!(call, owner, args).send().await?.db_instance
        }
    };
    Ok((made, left))
}

async fn create_new(aws: &Aws, owner: &Owner, args: &Instance) -> Result<Option<DbInstance>> {
    let call = aws
        .rds()
        .create_db_instance()
        .db_instance_identifier(args.identifier.as_str())
        .set_engine_version(args.engine_version.as_ref().map(ToString::to_string))
        .set_max_allocated_storage(args.upper_limit())
        .storage_encrypted(args.storage_encrypted)
        .set_kms_key_id(args.kms_key_id.as_ref().map(ToString::to_string))
        .set_master_username(args.master_username.clone())
        .set_master_user_password(args.password())
        .set_master_user_authentication_type(args.master_user_authentication_type.map(|it| it.as_str().into()))
        .set_preferred_maintenance_window(args.preferred_maintenance_window.as_ref().map(ToString::to_string))
        .set_monitoring_interval(args.monitoring())
        .set_monitoring_role_arn(args.monitoring_role_arn.as_ref().map(ToString::to_string))
        .set_enable_performance_insights(args.enable_performance_insights.then_some(true))
        .set_performance_insights_kms_key_id(args.insights_key())
        .set_performance_insights_retention_period(args.performance_insights_retention_period)
        .set_database_insights_mode(args.database_insights_mode.map(|mode| mode.as_str().into()))
        .set_character_set_name(args.character_set_name.clone())
        .set_nchar_character_set_name(args.nchar_character_set_name.clone())
        .set_timezone(args.timezone.clone())
        .set_db_system_id(args.db_system_id.clone());
    Ok(independent!(common!(call, owner, args), args).send().await?.db_instance)
}

/// A moment as the calls take it that restore to one.
pub(in crate::rds) fn time(operation: &str, text: &str) -> Result<DateTime> {
    DateTime::from_str(text, Format::DateTime).map_err(|error| {
        Error::refused(operation, format!("`{text}` is no time such as 2026-02-01T09:30:00Z: {error}"))
    })
}

impl Instance {
    fn origin(&self) -> Result<Origin<'_>> {
        match (&self.snapshot_identifier, &self.point_in_time, &self.source_db_instance) {
            (None, None, None) => Ok(Origin::New),
            (Some(snapshot), None, None) => Ok(Origin::Snapshot(snapshot)),
            (None, Some(point), None) => Ok(Origin::PointInTime(point)),
            (None, None, Some(source)) => Ok(Origin::Replica(source)),
            _ => Err(Error::refused(
                "rds CreateDBInstance",
                "only one of `snapshot_identifier`, `point_in_time` and `source_db_instance` can be where it comes from",
            )),
        }
    }

    /// The declared arguments that the call for this origin does not take.
    fn left(&self, origin: &Origin<'_>) -> InstanceChanges {
        let none = InstanceChanges::default();
        let restored = || InstanceChanges {
            engine_version: self.engine_version.is_some(),
            master_user_password: self.master_user_password.is_some(),
            master_user_authentication_type: self.master_user_authentication_type.is_some(),
            preferred_maintenance_window: self.preferred_maintenance_window.is_some(),
            enable_performance_insights: self.enable_performance_insights,
            performance_insights_retention_period: self.performance_insights_retention_period.is_some(),
            database_insights_mode: self.database_insights_mode.is_some(),
            monitoring_interval: self.monitoring_interval > 0,
            ..InstanceChanges::default()
        };
        match origin {
            Origin::New => none,
            Origin::PointInTime(_) => restored(),
            Origin::Snapshot(_) => {
                InstanceChanges { max_allocated_storage: self.max_allocated_storage > 0, ..restored() }
            }
            Origin::Replica(_) => InstanceChanges {
                engine_version: self.engine_version.is_some(),
                backup_retention_period: true,
                preferred_backup_window: self.preferred_backup_window.is_some(),
                preferred_maintenance_window: self.preferred_maintenance_window.is_some(),
                ..none
            },
        }
    }

    fn processor_features(&self) -> Option<Vec<ProcessorFeature>> {
        let feature = |(name, value): (&String, &String)| ProcessorFeature::builder().name(name).value(value).build();
        (!self.processor_features.is_empty()).then(|| self.processor_features.iter().map(feature).collect())
    }

    fn security_group_ids(&self) -> Option<Vec<String>> {
        self.security_groups.as_ref().map(|groups| groups.iter().map(ToString::to_string).collect())
    }

    fn log_exports(&self) -> Option<Vec<String>> {
        let logs = &self.enable_cloudwatch_logs_exports;
        (!logs.is_empty()).then(|| logs.iter().cloned().collect())
    }

    fn dns_ips(&self) -> Option<Vec<String>> {
        self.domain_dns_ips.as_ref().map(|ips| ips.iter().cloned().collect())
    }

    fn password(&self) -> Option<String> {
        self.master_user_password.as_ref().map(|password| password.reveal().clone())
    }

    fn secret_key(&self) -> Option<String> {
        self.master_user_secret_kms_key_id
            .as_ref()
            .filter(|_| self.manage_master_user_password)
            .map(ToString::to_string)
    }

    fn insights_key(&self) -> Option<String> {
        self.performance_insights_kms_key_id
            .as_ref()
            .filter(|_| self.enable_performance_insights)
            .map(ToString::to_string)
    }

    fn upper_limit(&self) -> Option<i32> {
        (self.max_allocated_storage > 0).then_some(self.max_allocated_storage)
    }

    fn monitoring(&self) -> Option<i32> {
        (self.monitoring_interval > 0).then_some(self.monitoring_interval)
    }

    /// The operations per second to send along with a change of the storage: AWS wants the present ones repeated where they are
    /// provisioned.
    fn iops_beside(&self, now: &Instance) -> Option<i32> {
        let of = self.storage_type.or(now.storage_type);
        let provisioned = match of {
            Some(StorageType::Io1 | StorageType::Io2) => true,
            Some(StorageType::Gp3) => now.allocated_storage >= Some(GP3_PROVISIONED),
            _ => false,
        };
        self.iops.or(now.iops.filter(|_| provisioned && of == now.storage_type))
    }
}

/// Sends one round of changes.
pub(super) async fn modify(
    aws: &Aws,
    id: &InstanceId,
    now: &Instance,
    planned: &Instance,
    round: InstanceChanges,
) -> Result<()> {
    let bare =
        aws.rds().modify_db_instance().db_instance_identifier(id.as_str()).apply_immediately(planned.apply_immediately);
    let storage = round.allocated_storage || round.storage_type || round.iops || round.storage_throughput;
    let manages = planned.manage_master_user_password;
    let switched = round.manage_master_user_password && now.manage_master_user_password != manages;
    let password = !manages && (round.master_user_password || switched);
    let version = planned.engine_version.as_ref().filter(|wanted| {
        // What was made from a snapshot may run the wanted version already.
        round.engine_version && !runs(wanted, now.engine_version.as_ref())
    });
    let insights = round.enable_performance_insights
        || round.performance_insights_kms_key_id
        || round.performance_insights_retention_period
        || round.database_insights_mode;
    let watched = planned.enable_performance_insights;
    let monitoring = round.monitoring_interval || round.monitoring_role_arn;
    let domain = round.domain
        || round.domain_iam_role_name
        || round.domain_fqdn
        || round.domain_ou
        || round.domain_auth_secret_arn
        || round.domain_dns_ips;
    let joined = Some(planned).filter(|_| domain);
    let text = |changed: bool, value: &Option<String>| value.clone().filter(|_| changed);
    let call = bare
        .clone()
        .set_allocated_storage(planned.allocated_storage.or(now.allocated_storage).filter(|_| storage))
        .set_storage_type(planned.storage_type.filter(|_| storage).map(|of| of.as_str().to_owned()))
        .set_iops(planned.iops_beside(now).filter(|_| storage))
        .set_storage_throughput(planned.storage_throughput.filter(|_| storage))
        .set_max_allocated_storage(round.max_allocated_storage.then(|| upper_limit(now, planned)).flatten())
        .set_manage_master_user_password(switched.then_some(manages))
        .set_master_user_secret_kms_key_id(planned.secret_key().filter(|_| switched))
        .set_master_user_password(planned.password().filter(|_| password))
        .set_engine_version(version.map(ToString::to_string))
        .set_allow_major_version_upgrade(version.and(planned.allow_major_version_upgrade.then_some(true)))
        .set_db_parameter_group_name(
            planned.parameter_group.as_ref().filter(|_| round.parameter_group).map(ToString::to_string),
        )
        .set_option_group_name(planned.option_group.as_ref().filter(|_| round.option_group).map(ToString::to_string))
        .set_license_model(text(round.license_model, &planned.license_model))
        .set_engine_lifecycle_support(
            planned
                .engine_lifecycle_support
                .filter(|_| round.engine_lifecycle_support)
                .map(|it| it.as_str().to_owned()),
        )
        .set_auto_minor_version_upgrade(round.auto_minor_version_upgrade.then_some(planned.auto_minor_version_upgrade))
        .set_db_instance_class(round.instance_class.then(|| planned.instance_class.clone()))
        .set_processor_features(planned.processor_features().filter(|_| round.processor_features))
        .set_use_default_processor_features(
            (round.processor_features && planned.processor_features.is_empty()).then_some(true),
        )
        .set_dedicated_log_volume(round.dedicated_log_volume.then_some(planned.dedicated_log_volume))
        .set_master_user_authentication_type(
            planned
                .master_user_authentication_type
                .filter(|_| round.master_user_authentication_type)
                .map(|it| it.as_str().into()),
        )
        .set_enable_iam_database_authentication(
            round.iam_database_authentication.then_some(planned.iam_database_authentication),
        )
        .set_db_port_number(planned.port.filter(|_| round.port))
        .set_db_subnet_group_name(planned.subnet_group.as_ref().filter(|_| round.subnet_group).map(ToString::to_string))
        .set_vpc_security_group_ids(planned.security_group_ids().filter(|_| round.security_groups))
        .set_publicly_accessible(round.publicly_accessible.then_some(planned.publicly_accessible))
        .set_network_type(round.network_type.then(|| planned.network_type.as_str().to_owned()))
        .set_multi_az(round.multi_az.then_some(planned.multi_az))
        .set_backup_retention_period(round.backup_retention_period.then_some(planned.backup_retention_period))
        .set_preferred_backup_window(text(round.preferred_backup_window, &planned.preferred_backup_window))
        .set_preferred_maintenance_window(
            planned
                .preferred_maintenance_window
                .as_ref()
                .filter(|_| round.preferred_maintenance_window)
                .map(ToString::to_string),
        )
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
        .set_ca_certificate_identifier(text(round.ca_certificate_identifier, &planned.ca_certificate_identifier))
        .set_certificate_rotation_restart(
            (round.ca_certificate_identifier && !planned.certificate_rotation_restart).then_some(false),
        )
        .set_domain(joined.and_then(|it| it.domain.clone()))
        .set_domain_iam_role_name(joined.and_then(|it| it.domain_iam_role_name.clone()))
        .set_domain_fqdn(joined.and_then(|it| it.domain_fqdn.as_ref()).map(ToString::to_string))
        .set_domain_ou(joined.and_then(|it| it.domain_ou.clone()))
        .set_domain_auth_secret_arn(joined.and_then(|it| it.domain_auth_secret_arn.as_ref()).map(ToString::to_string))
        .set_domain_dns_ips(joined.and_then(Instance::dns_ips))
        .set_replica_mode(planned.replica_mode.filter(|_| round.replica_mode).map(|mode| mode.as_str().into()));
    // AWS refuses a call that asks for nothing.
    if call.as_input() != bare.as_input() {
        call.send().await?;
    }
    if round.associated_roles {
        associate(aws, id, &now.associated_roles, &planned.associated_roles).await?;
    }
    Ok(())
}

async fn associate(
    aws: &Aws,
    id: &InstanceId,
    now: &BTreeSet<AssociatedRole>,
    planned: &BTreeSet<AssociatedRole>,
) -> Result<()> {
    // A feature has one role: the former has to go first.
    for role in now.difference(planned) {
        let call = aws.rds().remove_role_from_db_instance().db_instance_identifier(id.as_str());
        let call = call.feature_name(&role.feature_name).role_arn(role.role_arn.as_str());
        call.send().await.or_gone(&["DBInstanceRoleNotFound"])?;
    }
    for role in planned.difference(now) {
        let call = aws.rds().add_role_to_db_instance().db_instance_identifier(id.as_str());
        call.feature_name(&role.feature_name).role_arn(role.role_arn.as_str()).send().await?;
    }
    Ok(())
}

/// The limit that ends growing by itself is the present size.
fn upper_limit(now: &Instance, planned: &Instance) -> Option<i32> {
    planned.upper_limit().or(planned.allocated_storage.max(now.allocated_storage))
}

fn exports(now: &Instance, planned: &Instance) -> Option<CloudwatchLogsExportConfiguration> {
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
pub(super) fn final_snapshot(instance: &DbInstance, recorded: &Instance) -> Option<String> {
    let is_replica = instance.read_replica_source_db_instance_identifier().is_some();
    let is_broken = matches!(
        instance.db_instance_status(),
        Some("failed" | "incompatible-create" | "incompatible-network" | "incompatible-restore")
    );
    if recorded.skip_final_snapshot || is_replica || is_broken {
        return None;
    }
    let identifier = instance.db_instance_identifier().unwrap_or_default();
    let made = || told_apart(instance, &format!("{identifier}-final"));
    Some(recorded.final_snapshot_identifier.clone().unwrap_or_else(made))
}

/// The name with the beginning of the resource id, which tells the generations of one identifier apart, and their snapshots.
pub(super) fn told_apart(instance: &DbInstance, name: &str) -> String {
    let resource = instance.dbi_resource_id().unwrap_or_default().trim_start_matches("db-").to_ascii_lowercase();
    format!("{name}-{}", resource.get(..8).unwrap_or(&resource))
}
