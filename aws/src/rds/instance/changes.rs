//! What a change of an instance does, and in which rounds changes are sent.

use formwork_engine::{Change, Hazard, Value, Version};

use super::{InstanceChanges, InstanceId};
use crate::arn::Arn;
use crate::kms::Key;
use crate::rds::{ParameterGroupName, SubnetGroupName};

/// The changes of the next call, and those that come after it; `None` when no call is needed.
///
/// Storage and password come first: storage can be changed once in six hours only, and must not be held up or undone by an upgrade that
/// fails. Then the engine version with its groups: another major version needs parameters of its own family in the same call. The rest
/// last, since AWS wants a version that the class supports to run before it gives that class.
pub(super) fn next_round(changes: InstanceChanges) -> Option<(InstanceChanges, InstanceChanges)> {
    let InstanceChanges {
        engine_version,
        allow_major_version_upgrade: _sent_with_the_version,
        auto_minor_version_upgrade,
        engine_lifecycle_support,
        license_model,
        instance_class,
        processor_features,
        allocated_storage,
        max_allocated_storage,
        storage_type,
        iops,
        storage_throughput,
        dedicated_log_volume,
        master_user_password,
        manage_master_user_password,
        master_user_secret_kms_key_id,
        master_user_authentication_type,
        iam_database_authentication,
        port,
        subnet_group,
        security_groups,
        publicly_accessible,
        network_type,
        multi_az,
        parameter_group,
        option_group,
        backup_retention_period,
        preferred_backup_window,
        preferred_maintenance_window,
        copy_tags_to_snapshot,
        delete_automated_backups: _used_by_delete,
        skip_final_snapshot: _used_by_delete_too,
        final_snapshot_identifier: _used_by_delete_as_well,
        deletion_protection,
        enable_performance_insights,
        performance_insights_kms_key_id,
        performance_insights_retention_period,
        database_insights_mode,
        monitoring_interval,
        monitoring_role_arn,
        enable_cloudwatch_logs_exports,
        ca_certificate_identifier,
        certificate_rotation_restart: _sent_with_the_certificate,
        associated_roles,
        domain,
        domain_iam_role_name,
        domain_fqdn,
        domain_ou,
        domain_auth_secret_arn,
        domain_dns_ips,
        replica_mode,
        apply_immediately: _sent_with_every_change,
        tags: _done_by_a_call_of_their_own,
    } = changes;
    let first = InstanceChanges {
        allocated_storage,
        max_allocated_storage,
        storage_type,
        iops,
        storage_throughput,
        master_user_password,
        manage_master_user_password,
        master_user_secret_kms_key_id,
        ..InstanceChanges::default()
    };
    let second = InstanceChanges {
        engine_version,
        parameter_group,
        option_group,
        license_model,
        engine_lifecycle_support,
        ..InstanceChanges::default()
    };
    let third = InstanceChanges {
        auto_minor_version_upgrade,
        instance_class,
        processor_features,
        dedicated_log_volume,
        master_user_authentication_type,
        iam_database_authentication,
        port,
        subnet_group,
        security_groups,
        publicly_accessible,
        network_type,
        multi_az,
        backup_retention_period,
        preferred_backup_window,
        preferred_maintenance_window,
        copy_tags_to_snapshot,
        deletion_protection,
        enable_performance_insights,
        performance_insights_kms_key_id,
        performance_insights_retention_period,
        database_insights_mode,
        monitoring_interval,
        monitoring_role_arn,
        enable_cloudwatch_logs_exports,
        ca_certificate_identifier,
        domain,
        domain_iam_role_name,
        domain_fqdn,
        domain_ou,
        domain_auth_secret_arn,
        domain_dns_ips,
        replica_mode,
        ..InstanceChanges::default()
    };
    let last = InstanceChanges { associated_roles, ..InstanceChanges::default() };
    let mut rounds = [first, second, third, last].into_iter().filter(|round| !names(round).is_empty());
    let round = rounds.next()?;
    let left = rounds.flat_map(|round| names(&round)).collect();
    Some((round, formwork_engine::ChangeSet::from_names(&left)))
}

fn names(changes: &InstanceChanges) -> std::collections::BTreeSet<String> {
    formwork_engine::ChangeSet::names(changes)
}

/// Storage grows and never shrinks.
pub(in crate::rds) fn storage(before: &Option<i32>, after: &Option<i32>) -> Change {
    match (before, after) {
        (Some(before), Some(after)) if after < before => Change::Never,
        _ => Change::InPlace,
    }
}

/// A key is given when something begins to be encrypted, and stays.
pub(in crate::rds) fn key(before: &Option<Arn<Key>>, _: &Option<Arn<Key>>) -> Change {
    if before.is_none() { Change::InPlace } else { Change::Never }
}

/// A version goes up and never down.
pub(super) fn version(before: &Option<Version>, after: &Option<Version>) -> Change {
    match (before, after) {
        (Some(before), Some(after)) if is_lower(after.as_str(), before.as_str()) => Change::Never,
        _ => Change::InPlace,
    }
}

/// Every upgrade interrupts service. One to another major version changes the files of the database, and only a snapshot brings the
/// former one back.
pub(super) fn version_hazards(before: &Option<Version>, after: &Option<Version>) -> &'static [Hazard] {
    let (Some(before), Some(after)) = (before, after) else { return &[] };
    if is_major(before.as_str(), after.as_str()) { &[Hazard::Irreversible, Hazard::Outage] } else { &[Hazard::Outage] }
}

/// What the deletion of an instance leaves, encrypted as the instance was. A replica has no last snapshot.
pub(super) fn left_behind(recorded: &Value) -> Option<&'static str> {
    let is = |name: &str, value: bool| *recorded.get(name) == Value::Bool(value);
    let snapshot = !is("skip_final_snapshot", true) && recorded.get("source_db_instance").is_null();
    match (snapshot, is("delete_automated_backups", false)) {
        (true, false) => Some("a final snapshot"),
        (true, true) => Some("a final snapshot and the automated backups"),
        (false, true) => Some("the automated backups"),
        (false, false) => None,
    }
}

/// The server is restarted, or another one takes its place.
pub(in crate::rds) fn outage<T: PartialEq>(before: &T, after: &T) -> &'static [Hazard] {
    if before == after { &[] } else { &[Hazard::Outage] }
}

pub(in crate::rds) fn same_subnet_group(wanted: &Option<SubnetGroupName>, found: &Option<SubnetGroupName>) -> bool {
    same_text(wanted.as_ref().map(SubnetGroupName::as_str), found.as_ref().map(SubnetGroupName::as_str))
}

pub(in crate::rds) fn same_parameter_group(
    wanted: &Option<ParameterGroupName>,
    found: &Option<ParameterGroupName>,
) -> bool {
    same_text(wanted.as_ref().map(ParameterGroupName::as_str), found.as_ref().map(ParameterGroupName::as_str))
}

pub(super) fn same_instance(wanted: &Option<InstanceId>, found: &Option<InstanceId>) -> bool {
    same_text(wanted.as_ref().map(InstanceId::as_str), found.as_ref().map(InstanceId::as_str))
}

fn same_text(wanted: Option<&str>, found: Option<&str>) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => wanted.eq_ignore_ascii_case(found),
        (wanted, _) => wanted.is_none(),
    }
}

/// The numbers of a version, up to the first part that is none: `15.00.4335.1.v1` has four.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

pub(in crate::rds) fn is_lower(after: &str, before: &str) -> bool {
    let (after, before) = (numbers(after), numbers(before));
    let common = after.len().min(before.len());
    after[..common] < before[..common]
}

/// Engines with versions of two parts (PostgreSQL) have their major one in the first, those with more (MySQL, MariaDB, SQL Server) in
/// the first two.
pub(in crate::rds) fn is_major(before: &str, after: &str) -> bool {
    let (before, after) = (numbers(before), numbers(after));
    let depth = if before.len().max(after.len()) > 2 { 2 } else { 1 };
    before.iter().take(depth).zip(&after).any(|(before, after)| before != after)
}

/// Whether the running version is what is wanted: the same, or one of the wanted major version.
pub(in crate::rds) fn runs(wanted: &Version, running: Option<&Version>) -> bool {
    let rest = running.and_then(|running| running.as_str().strip_prefix(wanted.as_str()));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Option<Version> {
        Some(Version::new(text))
    }

    #[test]
    fn versions_go_up_only() {
        assert_eq!(version(&v("16.4"), &v("16.3")), Change::Never);
        assert_eq!(version(&v("16.4"), &v("15")), Change::Never);
        assert_eq!(version(&v("16.4"), &v("16.10")), Change::InPlace);
        assert_eq!(version(&v("9.6.24"), &v("17")), Change::InPlace);
        assert_eq!(version(&v("15.00.4335.1.v1"), &v("15.00.4345.5.v1")), Change::InPlace);
        assert_eq!(version(&None, &v("16")), Change::InPlace);
    }

    #[test]
    fn another_major_version_is_irreversible() {
        assert_eq!(version_hazards(&v("16.4"), &v("17")), [Hazard::Irreversible, Hazard::Outage]);
        assert_eq!(version_hazards(&v("16.4"), &v("16.6")), [Hazard::Outage]);
        assert_eq!(version_hazards(&v("8.0.35"), &v("8.4")), [Hazard::Irreversible, Hazard::Outage]);
        assert_eq!(version_hazards(&v("8.0.35"), &v("8.0.36")), [Hazard::Outage]);
        assert_eq!(version_hazards(&None, &v("17")), []);
    }

    #[test]
    fn a_major_version_is_satisfied_by_any_of_its_minor_ones() {
        assert!(runs(&Version::new("16"), v("16.4").as_ref()));
        assert!(runs(&Version::new("16.4"), v("16.4").as_ref()));
        assert!(!runs(&Version::new("16.4"), v("16.40").as_ref()));
        assert!(!runs(&Version::new("17"), v("16.4").as_ref()));
    }

    #[test]
    fn storage_never_shrinks() {
        assert_eq!(storage(&Some(100), &Some(50)), Change::Never);
        assert_eq!(storage(&Some(100), &Some(200)), Change::InPlace);
    }

    #[test]
    fn storage_goes_before_the_version_and_the_version_before_the_class() {
        let all = InstanceChanges {
            instance_class: true,
            engine_version: true,
            parameter_group: true,
            allocated_storage: true,
            master_user_password: true,
            skip_final_snapshot: true,
            tags: true,
            ..InstanceChanges::default()
        };
        let mut order = Vec::new();
        let mut rest = all;
        while let Some((round, left)) = next_round(rest) {
            order.push(names(&round).into_iter().collect::<Vec<_>>().join(" "));
            rest = left;
        }
        assert_eq!(
            order,
            ["allocated_storage master_user_password", "engine_version parameter_group", "instance_class"]
        );
    }
}
