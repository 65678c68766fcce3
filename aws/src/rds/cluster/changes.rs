//! What a change of a cluster does, and in which rounds changes are sent.

use std::collections::BTreeSet;

use formwork_engine::{Change, ChangeSet, Hazard, Value, Version};

use super::ClusterChanges;
use crate::rds::ClusterParameterGroupName;
use crate::rds::instance::changes::{is_lower, is_major};

/// The changes of the next call, and those that come after it; `None` when no call is needed.
///
/// As of an instance: storage and password must not be held up or undone by an upgrade that fails; another major version needs
/// parameters of its own family in the same call; the rest comes last. Roles and the Data API have calls of their own, which AWS takes
/// only of a cluster that is available.
pub(super) fn next_round(changes: ClusterChanges) -> Option<(ClusterChanges, ClusterChanges)> {
    let ClusterChanges {
        engine_version,
        allow_major_version_upgrade: _sent_with_the_version,
        auto_minor_version_upgrade,
        engine_lifecycle_support,
        instance_class,
        allocated_storage,
        storage_type,
        iops,
        serverless_v2_scaling,
        master_user_password,
        manage_master_user_password,
        master_user_secret_kms_key_id,
        master_user_authentication_type,
        iam_database_authentication,
        enable_http_endpoint,
        port,
        security_groups,
        network_type,
        parameter_group,
        instance_parameter_group: _sent_with_the_version_too,
        backup_retention_period,
        preferred_backup_window,
        preferred_maintenance_window,
        backtrack_window,
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
        associated_roles,
        domain,
        domain_iam_role_name,
        enable_global_write_forwarding,
        enable_local_write_forwarding,
        apply_immediately: _sent_with_every_change,
        tags: _done_by_a_call_of_their_own,
    } = changes;
    let first = ClusterChanges {
        allocated_storage,
        storage_type,
        iops,
        master_user_password,
        manage_master_user_password,
        master_user_secret_kms_key_id,
        ..ClusterChanges::default()
    };
    let second =
        ClusterChanges { engine_version, parameter_group, engine_lifecycle_support, ..ClusterChanges::default() };
    let third = ClusterChanges {
        auto_minor_version_upgrade,
        instance_class,
        serverless_v2_scaling,
        master_user_authentication_type,
        iam_database_authentication,
        port,
        security_groups,
        network_type,
        backup_retention_period,
        preferred_backup_window,
        preferred_maintenance_window,
        backtrack_window,
        copy_tags_to_snapshot,
        deletion_protection,
        enable_performance_insights,
        performance_insights_kms_key_id,
        performance_insights_retention_period,
        database_insights_mode,
        monitoring_interval,
        monitoring_role_arn,
        enable_cloudwatch_logs_exports,
        domain,
        domain_iam_role_name,
        enable_global_write_forwarding,
        enable_local_write_forwarding,
        ..ClusterChanges::default()
    };
    let fourth = ClusterChanges { associated_roles, ..ClusterChanges::default() };
    let last = ClusterChanges { enable_http_endpoint, ..ClusterChanges::default() };
    let mut rounds = [first, second, third, fourth, last].into_iter().filter(|round| !round.names().is_empty());
    let round = rounds.next()?;
    let left: BTreeSet<String> = rounds.flat_map(|round| round.names()).collect();
    Some((round, ChangeSet::from_names(&left)))
}

/// A version goes up and never down.
pub(super) fn version(before: &Option<Version>, after: &Option<Version>) -> Change {
    match (before, after) {
        (Some(before), Some(after)) => {
            let (before, after) = (Versions::of(before), Versions::of(after));
            let lower = |before: Option<&str>, after: Option<&str>| matches!((before, after), (Some(before), Some(after)) if is_lower(after, before));
            let same_engine = !is_lower(before.engine, after.engine) && !is_lower(after.engine, before.engine);
            if is_lower(after.engine, before.engine) || (same_engine && lower(before.aurora, after.aurora)) {
                Change::Never
            } else {
                Change::InPlace
            }
        }
        _ => Change::InPlace,
    }
}

/// Every upgrade interrupts service. One to another major version changes the files of the database, and only a snapshot brings the
/// former one back.
pub(super) fn version_hazards(before: &Option<Version>, after: &Option<Version>) -> &'static [Hazard] {
    let (Some(before), Some(after)) = (before, after) else { return &[] };
    if is_other_major(before, after) { &[Hazard::Irreversible, Hazard::Outage] } else { &[Hazard::Outage] }
}

/// Whether another major version is asked for, which AWS wants to be allowed.
pub(super) fn is_other_major(before: &Version, after: &Version) -> bool {
    let (before, after) = (Versions::of(before), Versions::of(after));
    let is_mysql = before.aurora.is_some() || after.aurora.is_some();
    // `8.0.mysql_aurora.3.08.0`: what stands before is MySQL's own, of which both numbers are the major version.
    let long = |version: &str| if is_mysql { format!("{version}.0") } else { version.to_owned() };
    is_major(&long(before.engine), &long(after.engine))
}

/// A version of Aurora MySQL is two: MySQL's and Aurora's own.
struct Versions<'a> {
    engine: &'a str,
    aurora: Option<&'a str>,
}

impl<'a> Versions<'a> {
    fn of(version: &'a Version) -> Self {
        match version.as_str().split_once(".mysql_aurora.") {
            Some((engine, aurora)) => Self { engine, aurora: Some(aurora) },
            None => Self { engine: version.as_str(), aurora: None },
        }
    }
}

/// What can no longer be wound back to is lost.
pub(super) fn shorter_backtrack(before: &i64, after: &i64) -> &'static [Hazard] {
    if after < before { &[Hazard::DataLoss] } else { &[] }
}

/// What the deletion of a cluster leaves, encrypted as the cluster was. A replica has no last snapshot.
pub(super) fn left_behind(recorded: &Value) -> Option<&'static str> {
    let is = |name: &str, value: bool| *recorded.get(name) == Value::Bool(value);
    let snapshot = !is("skip_final_snapshot", true) && recorded.get("replication_source").is_null();
    match (snapshot, is("delete_automated_backups", false)) {
        (true, false) => Some("a final snapshot"),
        (true, true) => Some("a final snapshot and the automated backups"),
        (false, true) => Some("the automated backups"),
        (false, false) => None,
    }
}

pub(super) fn same_cluster_parameter_group(
    wanted: &Option<ClusterParameterGroupName>,
    found: &Option<ClusterParameterGroupName>,
) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => wanted.as_str().eq_ignore_ascii_case(found.as_str()),
        (wanted, _) => wanted.is_none(),
    }
}

/// AWS adds zones to those that are asked for.
pub(super) fn same_zones(wanted: &Option<BTreeSet<String>>, found: &Option<BTreeSet<String>>) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => wanted.is_subset(found),
        (wanted, _) => wanted.is_none(),
    }
}

/// `8`, `8.0` and `8.00` are one number.
pub(super) fn same_number(wanted: &String, found: &String) -> bool {
    wanted == found
        || matches!((wanted.parse::<f64>(), found.parse::<f64>()), (Ok(wanted), Ok(found)) if (wanted - found).abs() < f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Option<Version> {
        Some(Version::new(text))
    }

    #[test]
    fn versions_of_both_engines_go_up_only() {
        assert_eq!(version(&v("16.4"), &v("16.3")), Change::Never);
        assert_eq!(version(&v("16.4"), &v("17")), Change::InPlace);
        let mysql = |aurora: &str| v(&format!("8.0.mysql_aurora.{aurora}"));
        assert_eq!(version(&mysql("3.05.2"), &mysql("3.04.0")), Change::Never);
        assert_eq!(version(&mysql("3.05.2"), &mysql("3.08.0")), Change::InPlace);
        assert_eq!(version(&mysql("3.05.2"), &v("5.7.mysql_aurora.2.12.0")), Change::Never);
        // The number of Aurora is less, that of MySQL more.
        assert_eq!(version(&v("5.7.mysql_aurora.2.12.0"), &mysql("1.0")), Change::InPlace);
        assert_eq!(version(&mysql("3.05.2"), &v("8.0")), Change::InPlace);
    }

    #[test]
    fn another_major_version_is_irreversible() {
        const MAJOR: &[Hazard] = &[Hazard::Irreversible, Hazard::Outage];
        assert_eq!(version_hazards(&v("16.4"), &v("17")), MAJOR);
        assert_eq!(version_hazards(&v("16.4"), &v("16.6")), [Hazard::Outage]);
        assert_eq!(version_hazards(&v("5.7.mysql_aurora.2.12.0"), &v("8.0.mysql_aurora.3.08.0")), MAJOR);
        assert_eq!(version_hazards(&v("8.0.mysql_aurora.3.08.0"), &v("8.4.mysql_aurora.4.0.0")), MAJOR);
        assert_eq!(version_hazards(&v("8.0.mysql_aurora.3.05.2"), &v("8.0.mysql_aurora.3.08.0")), [Hazard::Outage]);
    }

    #[test]
    fn zones_that_aws_adds_are_no_difference() {
        let zones = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>());
        assert!(same_zones(&zones(&["a"]), &zones(&["a", "b", "c"])));
        assert!(!same_zones(&zones(&["d"]), &zones(&["a", "b", "c"])));
        assert!(same_zones(&None, &zones(&["a"])));
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        let same = |a: &str, b: &str| same_number(&a.to_owned(), &b.to_owned());
        assert!(same("8", "8.0") && same("0.5", ".5"));
        assert!(!same("8", "8.5") && !same("eight", "8"));
    }

    #[test]
    fn the_version_goes_between_storage_and_the_rest() {
        let mut rest = ClusterChanges {
            engine_version: true,
            parameter_group: true,
            storage_type: true,
            serverless_v2_scaling: true,
            associated_roles: true,
            enable_http_endpoint: true,
            skip_final_snapshot: true,
            ..ClusterChanges::default()
        };
        let mut order = Vec::new();
        while let Some((round, left)) = next_round(rest) {
            order.push(round.names().into_iter().collect::<Vec<_>>().join(" "));
            rest = left;
        }
        assert_eq!(
            order,
            [
                "storage_type",
                "engine_version parameter_group",
                "serverless_v2_scaling",
                "associated_roles",
                "enable_http_endpoint"
            ]
        );
    }
}
