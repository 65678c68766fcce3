//! The example of the conformance suite.

use formwork_engine::{Expr, Field, Secret, Stack};

use super::{Cluster, ClusterRole, ClusterStorageType, ServerlessV2Scaling};
use crate::conformance::{Conformance, Conforms};
use crate::ec2::{SecurityGroup, Subnet, Vpc};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::kms::Key;
use crate::rds::{
    ClusterParameterGroup, DatabaseInsightsMode, EngineLifecycleSupport, NetworkType, ParameterGroup, SubnetGroup,
};

impl Conforms for Cluster {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let mut key = |name: &str| stack.add(name, Key::builder().description("clusters").build());
        let (storage_key, other_key, secret_key, insights_key) = (key("s"), key("o"), key("p"), key("i"));
        let mut role = |name: &str, service: &str| {
            let trust = PolicyDocument::of([Statement::allow()
                .principal(Principal::service(service))
                .action("sts:AssumeRole")]);
            stack.add(name, Role::builder().name(name).assume_role_policy(trust).build())
        };
        let mut monitor = |name: &str| role(name, "monitoring.rds.amazonaws.com");
        let (one, two) = (monitor("cluster-conformance-1"), monitor("cluster-conformance-2"));
        let (import, export) =
            (role("cluster-import", "rds.amazonaws.com"), role("cluster-export", "rds.amazonaws.com"));
        let mut parameters = |name: &str, family: &str| {
            stack.add(name, ClusterParameterGroup::builder().name(name).family(family).build())
        };
        let g16 = parameters("conformance-16", "aurora-postgresql16");
        let (g17, h17) =
            (parameters("conformance-17", "aurora-postgresql17"), parameters("conformance-17b", "aurora-postgresql17"));
        let mut of_members =
            |name: &str, family: &str| stack.add(name, ParameterGroup::builder().name(name).family(family).build());
        let (m16, m17) =
            (of_members("members-16", "aurora-postgresql16"), of_members("members-17", "aurora-postgresql17"));
        let mut network = |name: &str, range: &str| {
            let vpc = stack.add(name, Vpc::builder().cidr_block(format!("{range}.0.0/16")).build());
            let mut subnet = |zone: &str, third: u8| {
                let cidr = format!("{range}.{third}.0/24");
                let subnet = Subnet::builder().vpc(&vpc).cidr_block(cidr).availability_zone(zone).build();
                stack.add(&format!("{name}-{third}"), subnet)
            };
            let (a, b) = (subnet("eu-west-1a", 1), subnet("eu-west-1b", 2));
            let mut group = |number: u8| {
                let group_name = format!("{name}-cluster-{number}");
                let group =
                    SecurityGroup::builder().name(group_name.as_str()).description("clusters").vpc(&vpc).build();
                stack.add(&group_name, group)
            };
            let groups = [group(1), group(2)];
            let subnets = SubnetGroup::builder().name(name).subnets([&a, &b]).build();
            (groups, stack.add(&format!("{name}-subnets"), subnets))
        };
        let ([group, other_group], subnets) = network("cluster-main", "10.45");
        let ([far_group, _], other_subnets) = network("cluster-other", "10.46");
        let password = |text: &str| Secret::new(text.to_owned()).to_value();
        let capacity = |least: &str, most: &str| ServerlessV2Scaling::builder().min_capacity(least).max_capacity(most);
        let feature = |name: &str, role| ClusterRole::builder().feature_name(name).role_arn(role).build();
        let base = Cluster::builder()
            .identifier("Conformance-Cluster")
            .engine("aurora-postgresql")
            .engine_version("16")
            .allow_major_version_upgrade(true)
            .auto_minor_version_upgrade(true)
            .engine_lifecycle_support(EngineLifecycleSupport::Standard)
            .storage_type(ClusterStorageType::Aurora)
            .serverless_v2_scaling(capacity("0.5", "8").build())
            .storage_encrypted(true)
            .kms_key_id(&storage_key.arn)
            .database_name("orders")
            .master_username("orders")
            .master_user_password(Secret::new("first-password".to_owned()))
            .manage_master_user_password(false)
            .iam_database_authentication(true)
            .enable_http_endpoint(true)
            .port(5432)
            .subnet_group(&subnets)
            .security_groups([&group])
            .network_type(NetworkType::Ipv4)
            .availability_zones(["eu-west-1a"])
            .parameter_group(&g16)
            .instance_parameter_group(&m16)
            .backup_retention_period(3)
            .preferred_backup_window("04:00-05:00")
            .preferred_maintenance_window("Sun:06:00-Sun:07:00")
            .copy_tags_to_snapshot(true)
            .delete_automated_backups(true)
            .skip_final_snapshot(false)
            .final_snapshot_identifier("conformance-cluster-last")
            .deletion_protection(true)
            .enable_performance_insights(false)
            .database_insights_mode(DatabaseInsightsMode::Standard)
            .monitoring_interval(30)
            .monitoring_role_arn(&one.arn)
            .enable_cloudwatch_logs_exports(["postgresql"])
            .associated_roles([feature("s3Import", &import.arn)])
            .domain("d-0123456789")
            .domain_iam_role_name("directory-1")
            .enable_local_write_forwarding(false)
            .apply_immediately(true)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let of_another_origin =
            "what is made from a snapshot or another cluster is a stack of its own, not a change of this one";
        let of_a_global_one = "there is no type for the global database that it would have to name";
        let of_other_engines = "of other engines than the example's";
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("serverless_v2_scaling", capacity("0", "16.0").seconds_until_auto_pause(600).build())
            .change("storage_type", "aurora-iopt1")
            .change("master_user_password", password("second-password"))
            .change("manage_master_user_password", true)
            .together_with("master_user_password", Expr::null())
            .change("manage_master_user_password", false)
            .together_with("master_user_password", password("third-password"))
            .change("master_user_secret_kms_key_id", &secret_key.arn)
            .together_with("manage_master_user_password", true)
            .together_with("master_user_password", Expr::null())
            .change("instance_parameter_group", &m17.id)
            .change("engine_version", "17")
            .together_with("parameter_group", &g17.id)
            .change("parameter_group", &h17.id)
            .change("allow_major_version_upgrade", false)
            .change("auto_minor_version_upgrade", false)
            .change("engine_lifecycle_support", "open-source-rds-extended-support")
            .change("master_user_authentication_type", "iam-db-auth")
            .change("iam_database_authentication", false)
            .change("enable_http_endpoint", false)
            .change("port", 5433_i64)
            .change("security_groups", vec![Expr::from(&other_group)])
            .change("network_type", "DUAL")
            .change("backup_retention_period", 14_i64)
            .change("preferred_backup_window", "02:00-03:00")
            .change("preferred_maintenance_window", "mon:06:00-mon:07:00")
            .change("copy_tags_to_snapshot", false)
            .change("delete_automated_backups", false)
            .change("skip_final_snapshot", true)
            .change("final_snapshot_identifier", "conformance-cluster-end")
            .change("deletion_protection", false)
            .change("performance_insights_kms_key_id", &insights_key.arn)
            .together_with("enable_performance_insights", true)
            .change("performance_insights_retention_period", 465_i64)
            .change("performance_insights_retention_period", 496_i64)
            .change("database_insights_mode", "advanced")
            .change("monitoring_interval", 60_i64)
            .change("monitoring_role_arn", &two.arn)
            .change("enable_performance_insights", false)
            .together_with("database_insights_mode", "standard")
            .together_with("performance_insights_kms_key_id", Expr::null())
            .together_with("performance_insights_retention_period", Expr::null())
            .change("enable_cloudwatch_logs_exports", vec![Expr::text("instance"), Expr::text("iam-db-auth-error")])
            .change("associated_roles", vec![Expr::from(feature("s3Export", &export.arn))])
            .change("domain", "d-9876543210")
            .change("domain_iam_role_name", "directory-2")
            .change("enable_local_write_forwarding", true)
            .change("subnet_group", &other_subnets.id)
            .together_with("security_groups", vec![Expr::from(&far_group)])
            .change("kms_key_id", &other_key.arn)
            .change("storage_encrypted", false)
            .together_with("kms_key_id", Expr::null())
            .change("database_name", "customers")
            .change("master_username", "customers")
            .change("cluster_scalability_type", "standard")
            .change("identifier", "Conformance-Customers")
            // Aurora of the other engine: with a window to wind back to.
            .change("engine", "aurora-mysql")
            .together_with("engine_version", Expr::null())
            .together_with("parameter_group", Expr::null())
            .together_with("instance_parameter_group", Expr::null())
            .together_with("enable_cloudwatch_logs_exports", vec![Expr::text("audit")])
            .together_with("enable_local_write_forwarding", false)
            .together_with("master_user_authentication_type", Expr::null())
            .together_with("associated_roles", Vec::<Expr>::new())
            .together_with("backtrack_window", 3600_i64)
            .change("backtrack_window", 7200_i64)
            // Not Aurora any more, but one with members of its own.
            .change("engine", "postgres")
            .together_with("backtrack_window", 0_i64)
            .together_with("iam_database_authentication", false)
            .together_with("serverless_v2_scaling", Expr::null())
            .together_with("enable_cloudwatch_logs_exports", vec![Expr::text("postgresql")])
            .together_with("instance_class", "db.m6gd.large")
            .together_with("storage_type", "io1")
            .together_with("iops", 1000_i64)
            .together_with("allocated_storage", 100_i64)
            .change("publicly_accessible", true)
            .change("instance_class", "db.m6gd.xlarge")
            .change("iops", 2000_i64)
            .change("allocated_storage", 200_i64)
            .change("apply_immediately", false)
            .unseen("availability_zones", "AWS adds the other zones of the region, so that any choice of them is met")
            .unseen("db_system_id", of_other_engines)
            .unseen("global_cluster_identifier", of_a_global_one)
            .unseen("enable_global_write_forwarding", of_a_global_one)
            .unseen("replication_source", of_another_origin)
            .unseen("snapshot_identifier", of_another_origin)
            .unseen("point_in_time", of_another_origin)
    }
}
