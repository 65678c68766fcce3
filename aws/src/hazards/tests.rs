//! The table of hazards: (type, argument, before, after, hazards), and every argument of a data store that can change in place is in it.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::{ArgSchema, Change, ChangeRule, Field, Hazard, Schema, Shape, Value};
use serde_json::{Value as Json, json};

const LOSS: &[Hazard] = &[Hazard::DataLoss];
const FOR_GOOD: &[Hazard] = &[Hazard::Irreversible];
const OUTAGE: &[Hazard] = &[Hazard::Outage];
const NONE: &[Hazard] = &[];

/// The stores of which the end needs consent.
const STORES: &[&str] = &[
    "aws:cloudcontrol/resource",
    "aws:ecr/repository",
    "aws:efs/file-system",
    "aws:eks/cluster",
    "aws:elasticache/replication-group",
    "aws:kms/key",
    "aws:logs/log-group",
    "aws:rds/cluster",
    "aws:rds/instance",
    "aws:s3/bucket",
    "aws:secretsmanager/secret",
];

/// Kind, argument, before, after, what the change is marked with.
fn table() -> Vec<(&'static str, &'static str, Json, Json, &'static [Hazard])> {
    let rds = "aws:rds/instance";
    let aurora = "aws:rds/cluster";
    let cache = "aws:elasticache/replication-group";
    let bucket = "aws:s3/bucket";
    let cluster = "aws:eks/cluster";
    let expire = |days: i64| json!([{ "id": "a", "prefix": "", "expiration_days": days }]);
    let policy =
        |count: i64| json!(format!(r#"{{"rules":[{{"rulePriority":1,"selection":{{"countNumber":{count}}}}}]}}"#));
    vec![
        (rds, "backup_retention_period", json!(7), json!(0), LOSS),
        (rds, "backup_retention_period", json!(7), json!(3), LOSS),
        (rds, "backup_retention_period", json!(7), json!(14), NONE),
        (rds, "engine_version", json!("16.4"), json!("17"), &[Hazard::Irreversible, Hazard::Outage]),
        (rds, "engine_version", json!("16.4"), json!("16.6"), OUTAGE),
        (rds, "deletion_protection", json!(true), json!(false), LOSS),
        (rds, "deletion_protection", json!(false), json!(true), NONE),
        (rds, "performance_insights_retention_period", json!(465), json!(7), LOSS),
        (rds, "performance_insights_retention_period", json!(7), json!(465), NONE),
        (rds, "instance_class", json!("db.m7g.large"), json!("db.t4g.micro"), OUTAGE),
        (rds, "processor_features", json!({}), json!({ "coreCount": "2" }), OUTAGE),
        (rds, "port", json!(5432), json!(5433), OUTAGE),
        (rds, "subnet_group", json!("a"), json!("b"), OUTAGE),
        (rds, "ca_certificate_identifier", json!("a"), json!("b"), OUTAGE),
        (aurora, "backup_retention_period", json!(7), json!(1), LOSS),
        (aurora, "backtrack_window", json!(7200), json!(0), LOSS),
        (aurora, "backtrack_window", json!(3600), json!(7200), NONE),
        (aurora, "engine_version", json!("16.4"), json!("17"), &[Hazard::Irreversible, Hazard::Outage]),
        (aurora, "engine_version", json!("8.0.mysql_aurora.3.05.2"), json!("8.0.mysql_aurora.3.08.0"), OUTAGE),
        (aurora, "deletion_protection", json!(true), json!(false), LOSS),
        (aurora, "performance_insights_retention_period", json!(465), json!(7), LOSS),
        (aurora, "instance_class", json!("db.m6gd.large"), json!("db.m6gd.xlarge"), OUTAGE),
        (aurora, "port", json!(5432), json!(5433), OUTAGE),
        (cache, "snapshot_retention_limit", json!(7), json!(0), LOSS),
        (cache, "snapshot_retention_limit", json!(0), json!(7), NONE),
        (cache, "num_node_groups", json!(3), json!(2), LOSS),
        (cache, "num_node_groups", json!(2), json!(3), NONE),
        (cache, "engine", json!("redis"), json!("valkey"), FOR_GOOD),
        (cache, "engine_version", json!("6.2.6"), json!("7.1"), FOR_GOOD),
        (cache, "engine_version", json!("7.0.7"), json!("7.1"), NONE),
        (cache, "cluster_mode", json!("compatible"), json!("enabled"), FOR_GOOD),
        (cache, "cluster_mode", json!("disabled"), json!("compatible"), NONE),
        (cache, "node_type", json!("cache.m7g.large"), json!("cache.t4g.small"), OUTAGE),
        ("aws:efs/file-system", "backup", json!(true), json!(false), LOSS),
        ("aws:efs/file-system", "backup", json!(false), json!(true), NONE),
        ("aws:efs/file-system", "overwrite_protection", json!(true), json!(false), LOSS),
        ("aws:efs/file-system", "overwrite_protection", json!(false), json!(true), NONE),
        (bucket, "versioning", json!(true), json!(false), LOSS),
        (bucket, "versioning", json!(false), json!(true), NONE),
        (bucket, "lifecycle_rules", json!([]), expire(1), LOSS),
        (bucket, "lifecycle_rules", expire(30), expire(7), LOSS),
        (bucket, "lifecycle_rules", expire(7), expire(30), NONE),
        (bucket, "lifecycle_rules", expire(7), json!([]), NONE),
        (bucket, "object_lock", json!(false), json!(true), FOR_GOOD),
        (cluster, "version", json!("1.32"), json!("1.33"), FOR_GOOD),
        (cluster, "authentication_mode", json!("CONFIG_MAP"), json!("API"), FOR_GOOD),
        (cluster, "secrets_key", Json::Null, json!("arn:aws:kms:eu-west-1:1:key/a"), FOR_GOOD),
        (cluster, "auto_mode", json!({ "node_pools": ["system"] }), Json::Null, OUTAGE),
        (cluster, "deletion_protection", json!(true), json!(false), LOSS),
        ("aws:cloudfront/distribution", "enabled", json!(true), json!(false), OUTAGE),
        ("aws:cloudfront/distribution", "enabled", json!(false), json!(true), NONE),
        ("aws:cloudfront/distribution", "aliases", json!(["a", "b"]), json!(["b"]), OUTAGE),
        ("aws:cloudfront/distribution", "aliases", json!(["a"]), json!(["a", "b"]), NONE),
        ("aws:kms/key", "enabled", json!(true), json!(false), &[Hazard::DataLoss, Hazard::Outage]),
        ("aws:kms/key", "enabled", json!(false), json!(true), NONE),
        ("aws:kms/key", "pending_window_in_days", json!(30), json!(7), LOSS),
        ("aws:kms/key", "pending_window_in_days", json!(7), json!(30), NONE),
        // The former value stays as AWSPREVIOUS.
        ("aws:secretsmanager/secret", "secret_string", json!("one"), json!("two"), OUTAGE),
        ("aws:secretsmanager/secret", "recovery_window_in_days", json!(30), json!(0), LOSS),
        ("aws:secretsmanager/secret", "replica_regions", json!([{ "region": "us-east-1" }]), json!([]), OUTAGE),
        ("aws:ecr/repository", "lifecycle_policy", Json::Null, policy(10), LOSS),
        ("aws:ecr/repository", "lifecycle_policy", policy(10), policy(5), LOSS),
        ("aws:logs/log-group", "retention_in_days", json!(0), json!(30), LOSS),
        ("aws:logs/log-group", "retention_in_days", json!(90), json!(30), LOSS),
        ("aws:logs/log-group", "retention_in_days", json!(30), json!(0), NONE),
        ("aws:cloudcontrol/resource", "properties", json!({}), json!({ "Size": "1" }), OUTAGE),
        ("aws:logs/log-group", "deletion_protection", json!(true), json!(false), LOSS),
    ]
}

/// Arguments whose change loses nothing that is there, by type: settings of access, of performance and of what is done from now on, what a later
/// delete does (which needs consent itself), and what AWS refuses where it would lose something.
fn harmless() -> BTreeMap<&'static str, &'static str> {
    [
        ("aws:cloudcontrol/resource", "unread secrets type_version role"),
        (
            "aws:rds/cluster",
            "allow_major_version_upgrade auto_minor_version_upgrade engine_lifecycle_support allocated_storage storage_type iops \
             serverless_v2_scaling master_user_password manage_master_user_password master_user_secret_kms_key_id \
             master_user_authentication_type iam_database_authentication enable_http_endpoint security_groups network_type \
             parameter_group instance_parameter_group preferred_backup_window preferred_maintenance_window copy_tags_to_snapshot \
             delete_automated_backups skip_final_snapshot final_snapshot_identifier enable_performance_insights \
             performance_insights_kms_key_id database_insights_mode monitoring_interval monitoring_role_arn \
             enable_cloudwatch_logs_exports associated_roles domain domain_iam_role_name enable_global_write_forwarding \
             enable_local_write_forwarding apply_immediately tags",
        ),
        (
            "aws:rds/instance",
            "allow_major_version_upgrade auto_minor_version_upgrade engine_lifecycle_support license_model allocated_storage \
             max_allocated_storage storage_type iops storage_throughput dedicated_log_volume master_user_password \
             manage_master_user_password master_user_secret_kms_key_id master_user_authentication_type iam_database_authentication \
             security_groups publicly_accessible network_type multi_az parameter_group option_group preferred_backup_window \
             preferred_maintenance_window copy_tags_to_snapshot delete_automated_backups skip_final_snapshot \
             final_snapshot_identifier enable_performance_insights performance_insights_kms_key_id database_insights_mode \
             monitoring_interval monitoring_role_arn enable_cloudwatch_logs_exports certificate_rotation_restart associated_roles \
             domain domain_iam_role_name domain_fqdn domain_ou domain_auth_secret_arn domain_dns_ips replica_mode apply_immediately \
             tags",
        ),
        (
            "aws:elasticache/replication-group",
            "description num_cache_clusters replicas_per_node_group preferred_zones automatic_failover multi_az \
             auto_minor_version_upgrade transit_encryption transit_encryption_mode auth_token auth_token_strategy user_groups \
             parameter_group security_groups ip_discovery maintenance_window snapshot_window snapshotting_cluster log_delivery \
             notification_topic apply_immediately final_snapshot tags",
        ),
        (
            "aws:s3/bucket",
            "ownership public_access_block encryption default_retention transition_minimum_object_size cors_rules acceleration \
             logging website intelligent_tiering inventories analytics metrics notification replication force_destroy tags",
        ),
        (
            "aws:efs/file-system",
            "throughput_mode provisioned_throughput_mibps transition_to_infrequent_access transition_to_archive \
             transition_to_primary_on_access policy bypass_policy_lockout_safety_check tags",
        ),
        (
            "aws:eks/cluster",
            "subnets security_groups endpoint_private_access endpoint_public_access public_access_cidrs log_types support_type \
             zonal_shift control_plane_tier remote_node_networks remote_pod_networks force_upgrade tags",
        ),
        (
            "aws:kms/key",
            "description policy enable_key_rotation rotation_period_in_days bypass_policy_lockout_safety_check tags",
        ),
        ("aws:secretsmanager/secret", "description kms_key_id external_type tags"),
        ("aws:ecr/repository", "scan_on_push tag_mutability tag_mutability_exclusions policy force_delete tags"),
        ("aws:logs/log-group", "kms_key data_protection_policy indexed_fields tags"),
    ]
    .into()
}

fn schema(kind: &str) -> &'static Schema {
    crate::schemas().into_iter().find(|schema| schema.kind == kind).unwrap()
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(is) => Value::Bool(*is),
        Json::Number(number) => number.as_i64().unwrap().to_value(),
        Json::String(text) => text.to_value(),
        Json::Array(list) => Value::List(list.iter().map(value).collect()),
        Json::Object(map) => Value::Map(map.iter().map(|(key, inner)| (key.clone(), value(inner))).collect()),
    }
}

/// As the planner has it: with the defaults of blocks, and secrets as such.
fn whole(arg: &'static ArgSchema, json: &Json) -> Value {
    let given = Value::Map([(arg.name.to_owned(), value(json))].into());
    formwork_engine::compare::complete(std::slice::from_ref(arg), &given).get(arg.name).clone()
}

#[test]
fn changes_are_marked_with_what_they_put_at_risk() {
    for (kind, name, before, after, expected) in table() {
        let arg = schema(kind).arg(name).unwrap_or_else(|| panic!("{kind} has no {name}"));
        let of = arg.hazards.unwrap_or_else(|| panic!("{kind}.{name} has no hazards"));
        let marked: BTreeSet<Hazard> = of(&whole(arg, &before), &whole(arg, &after)).iter().copied().collect();
        assert_eq!(marked, expected.iter().copied().collect(), "{kind}.{name} from {before} to {after}");
    }
}

#[test]
fn every_argument_of_a_data_store_is_judged() {
    let stores: Vec<&str> = crate::schemas().iter().filter(|it| it.data_store).map(|it| it.kind).collect();
    assert_eq!(stores.iter().copied().collect::<BTreeSet<_>>(), STORES.iter().copied().collect());
    let harmless = harmless();
    let mut wrong = Vec::new();
    for kind in stores {
        let marked: BTreeSet<&str> = table().into_iter().filter(|row| row.0 == kind).map(|row| row.1).collect();
        let judged: BTreeSet<&str> = harmless[kind].split_whitespace().collect();
        for arg in schema(kind).args {
            let in_place = !matches!(arg.change, ChangeRule::Always(Change::Replace | Change::Never));
            let (marked, judged) = (marked.contains(arg.name), judged.contains(arg.name));
            match (in_place, arg.hazards.is_some()) {
                (true, true) if !marked => wrong.push(format!("{kind}.{} has hazards and no row", arg.name)),
                (true, false) if !judged => wrong.push(format!("{kind}.{} is not judged", arg.name)),
                _ if marked && judged => wrong.push(format!("{kind}.{} is judged twice", arg.name)),
                _ => {}
            }
        }
        let names: BTreeSet<&str> = schema(kind).args.iter().map(|arg| arg.name).collect();
        wrong.extend(judged.difference(&names).map(|name| format!("{kind} has no {name}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_shrinking_disk_is_refused_and_not_only_marked() {
    let ChangeRule::Decide(decide) = schema("aws:rds/instance").arg("allocated_storage").unwrap().change else {
        panic!("it depends on the values");
    };
    assert_eq!(decide(&Value::Int(100), &Value::Int(50)), Change::Never);
}

#[test]
fn what_is_left_behind_and_what_refuses_a_delete_is_said() {
    let leaves = |kind: &str, recorded: Json| schema(kind).ending.leaves.and_then(|leaves| leaves(&value(&recorded)));
    let rds = |skip: bool, automated: bool| {
        leaves("aws:rds/instance", json!({ "skip_final_snapshot": skip, "delete_automated_backups": automated }))
    };
    assert_eq!(rds(false, true), Some("a final snapshot"));
    assert_eq!(rds(false, false), Some("a final snapshot and the automated backups"));
    assert_eq!((rds(true, false), rds(true, true)), (Some("the automated backups"), None));
    let replica =
        json!({ "skip_final_snapshot": false, "delete_automated_backups": true, "source_db_instance": "main" });
    assert_eq!(leaves("aws:rds/instance", replica), None, "a replica has no last snapshot");
    assert_eq!(
        leaves("aws:elasticache/replication-group", json!({ "final_snapshot": "last" })),
        Some("a final snapshot")
    );
    assert_eq!(leaves("aws:elasticache/replication-group", json!({})), None);
    assert!(leaves("aws:secretsmanager/secret", json!({ "recovery_window_in_days": 7 })).is_some());
    assert_eq!(leaves("aws:secretsmanager/secret", json!({ "recovery_window_in_days": 0 })), None);
    for schema in crate::schemas() {
        // Whatever AWS calls deletion protection is lifted visibly.
        // Of a machine it is called so.
        let named = schema.arg("deletion_protection").or_else(|| schema.arg("termination_protection"));
        let protected = named.filter(|arg| matches!(arg.shape, Shape::Bool));
        assert_eq!(schema.ending.refused_by, protected.map(|arg| arg.name), "{}", schema.kind);
    }
}
