//! The example of the conformance suite.

use formwork_engine::{Expr, Field, Secret, Stack};

use super::{DatabaseInsightsMode, EngineLifecycleSupport, Instance, NetworkType, StorageType};
use crate::conformance::{Conformance, Conforms};
use crate::ec2::{SecurityGroup, Subnet, Vpc};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::kms::Key;
use crate::rds::{ParameterGroup, SubnetGroup};

impl Conforms for Instance {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let mut key = |name: &str| stack.add(name, Key::builder().description("databases").build());
        let (storage_key, other_key, secret_key, insights_key) = (key("s"), key("o"), key("p"), key("i"));
        let mut role = |name: &str| {
            let trust = PolicyDocument::of([Statement::allow()
                .principal(Principal::service("monitoring.rds.amazonaws.com"))
                .action("sts:AssumeRole")]);
            stack.add(name, Role::builder().name(name).assume_role_policy(trust).build())
        };
        let (one, two) = (role("rds-conformance-1"), role("rds-conformance-2"));
        let mut parameters =
            |name: &str, family: &str| stack.add(name, ParameterGroup::builder().name(name).family(family).build());
        let g17 = parameters("conformance-17", "postgres17");
        let (g18, h18) = (parameters("conformance-18", "postgres18"), parameters("conformance-18b", "postgres18"));
        let mut network = |name: &str, range: &str| {
            let vpc = stack.add(name, Vpc::builder().cidr_block(format!("{range}.0.0/16")).build());
            let mut subnet = |zone: &str, third: u8| {
                let cidr = format!("{range}.{third}.0/24");
                let subnet = Subnet::builder().vpc(&vpc).cidr_block(cidr).availability_zone(zone).build();
                stack.add(&format!("{name}-{third}"), subnet)
            };
            let (a, b) = (subnet("eu-west-1a", 1), subnet("eu-west-1b", 2));
            let group_name = format!("{name}-rds");
            let group = SecurityGroup::builder().name(group_name.as_str()).description("databases").vpc(&vpc).build();
            let group = stack.add(&group_name, group);
            let subnets = SubnetGroup::builder().name(name).subnets([&a, &b]).build();
            (group, stack.add(&format!("{name}-subnets"), subnets))
        };
        let (group, subnets) = network("conformance-main", "10.41");
        let (other_group, other_subnets) = network("conformance-other", "10.42");
        let password = |text: &str| Secret::new(text.to_owned()).to_value();
        let base = Instance::builder()
            .identifier("Conformance-Orders")
            .engine("postgres")
            .allow_major_version_upgrade(true)
            .auto_minor_version_upgrade(true)
            .engine_lifecycle_support(EngineLifecycleSupport::Standard)
            .license_model("postgresql-license")
            .instance_class("db.t4g.medium")
            .allocated_storage(50)
            .max_allocated_storage(100)
            .storage_type(StorageType::Gp3)
            .dedicated_log_volume(false)
            .storage_encrypted(true)
            .kms_key_id(&storage_key.arn)
            .db_name("orders")
            .master_username("orders")
            .master_user_password(Secret::new("first-password".to_owned()))
            .manage_master_user_password(false)
            .iam_database_authentication(false)
            .port(5432)
            .subnet_group(&subnets)
            .security_groups([&group])
            .publicly_accessible(false)
            .network_type(NetworkType::Ipv4)
            .multi_az(true)
            .parameter_group(&g17)
            .backup_retention_period(3)
            .preferred_backup_window("04:00-05:00")
            .preferred_maintenance_window("Sun:06:00-Sun:07:00")
            .copy_tags_to_snapshot(true)
            .delete_automated_backups(true)
            .skip_final_snapshot(false)
            .final_snapshot_identifier("conformance-orders-last")
            .deletion_protection(true)
            .enable_performance_insights(false)
            .database_insights_mode(DatabaseInsightsMode::Standard)
            .monitoring_interval(30)
            .monitoring_role_arn(&one.arn)
            .enable_cloudwatch_logs_exports(["postgresql"])
            .ca_certificate_identifier("rds-ca-rsa2048-g1")
            .certificate_rotation_restart(true)
            .apply_immediately(true)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let of_other_engines = "of other engines than the example's";
        let of_a_directory = "the emulator knows no directories";
        let of_another_origin =
            "what is made from a snapshot or another instance is a stack of its own, not a change of this one";
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("instance_class", "db.m7g.large")
            .change("max_allocated_storage", 700_i64)
            .change("allocated_storage", 400_i64)
            .change("iops", 13_000_i64)
            .change("iops", 14_000_i64)
            .change("storage_throughput", 600_i64)
            .change("storage_throughput", 700_i64)
            .change("storage_type", "io2")
            .together_with("storage_throughput", Expr::null())
            .change("dedicated_log_volume", true)
            .change("master_user_password", password("second-password"))
            .change("manage_master_user_password", true)
            .together_with("master_user_password", Expr::null())
            .change("manage_master_user_password", false)
            .together_with("master_user_password", password("third-password"))
            .change("master_user_secret_kms_key_id", &secret_key.arn)
            .together_with("manage_master_user_password", true)
            .together_with("master_user_password", Expr::null())
            // The base leaves the version to AWS, which begins with 17: to declare it changes the record alone.
            .change("engine_version", "17")
            .change("engine_version", "18")
            .together_with("parameter_group", &g18.id)
            .change("parameter_group", &h18.id)
            .change("allow_major_version_upgrade", false)
            .change("auto_minor_version_upgrade", false)
            .change("engine_lifecycle_support", "open-source-rds-extended-support")
            .change("iam_database_authentication", true)
            .change("port", 5433_i64)
            .change("subnet_group", &other_subnets.id)
            .together_with("security_groups", vec![Expr::from(&other_group)])
            .change("security_groups", Vec::<Expr>::new())
            .change("security_groups", vec![Expr::from(&other_group)])
            .change("publicly_accessible", true)
            .change("network_type", "DUAL")
            .change("multi_az", false)
            .change("backup_retention_period", 14_i64)
            .change("preferred_backup_window", "02:00-03:00")
            .change("preferred_maintenance_window", "mon:06:00-mon:07:00")
            .change("copy_tags_to_snapshot", false)
            .change("delete_automated_backups", false)
            .change("skip_final_snapshot", true)
            .change("final_snapshot_identifier", "conformance-orders-end")
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
            .change("enable_cloudwatch_logs_exports", vec![Expr::text("upgrade"), Expr::text("iam-db-auth-error")])
            .change("ca_certificate_identifier", "rds-ca-rsa4096-g1")
            .change("certificate_rotation_restart", false)
            .change("apply_immediately", false)
            .change("availability_zone", "eu-west-1b")
            .change("kms_key_id", &other_key.arn)
            .change("storage_encrypted", false)
            .together_with("kms_key_id", Expr::null())
            .change("db_name", "customers")
            .change("master_username", "customers")
            .change("backup_target", "local")
            .change("identifier", "Conformance-Customers")
            .change("engine", "mysql")
            .together_with("engine_version", Expr::null())
            .together_with("license_model", "general-public-license")
            .together_with("parameter_group", Expr::null())
            .together_with("enable_cloudwatch_logs_exports", Vec::<Expr>::new())
            .unseen("processor_features", of_other_engines)
            .unseen("character_set_name", of_other_engines)
            .unseen("nchar_character_set_name", of_other_engines)
            .unseen("timezone", of_other_engines)
            .unseen("db_system_id", of_other_engines)
            .unseen("custom_iam_instance_profile", of_other_engines)
            .unseen("replica_mode", of_other_engines)
            .unseen("option_group", "PostgreSQL has the default group only")
            .unseen("master_user_authentication_type", "the emulator does not know it")
            .unseen("associated_roles", "the emulator does not know them")
            .unseen("domain", of_a_directory)
            .unseen("domain_iam_role_name", of_a_directory)
            .unseen("domain_fqdn", of_a_directory)
            .unseen("domain_ou", of_a_directory)
            .unseen("domain_auth_secret_arn", of_a_directory)
            .unseen("domain_dns_ips", of_a_directory)
            .unseen("snapshot_identifier", of_another_origin)
            .unseen("point_in_time", of_another_origin)
            .unseen("source_db_instance", of_another_origin)
    }
}
