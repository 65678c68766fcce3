//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn cluster(stack: &mut Stack) {
    stack.component("cluster", |stack| {
        // `master_user_password` is a secret, which AWS does not tell: give it where it is to be managed.
        // AWS does not tell `allow_major_version_upgrade`, `apply_immediately`, `delete_automated_backups`,
        // `final_snapshot_identifier`, `instance_parameter_group`, `master_user_authentication_type`, `point_in_time`,
        // `skip_final_snapshot`, `snapshot_identifier`: the code leaves it out.
        let conformance_cluster_associated_roles =
            rds::ClusterRole::builder().feature_name("s3Import").role_arn(Arn::new("cluster-import-arn-1")).build();
        let conformance_cluster = rds::Cluster::builder()
            .identifier("Conformance-Cluster")
            .engine("aurora-postgresql")
            .engine_version("16")
            .engine_lifecycle_support(rds::EngineLifecycleSupport::Standard)
            .storage_type(rds::ClusterStorageType::Aurora)
            .serverless_v2_scaling(rds::ServerlessV2Scaling::builder().min_capacity("0.5").max_capacity("8").build())
            .kms_key_id(Arn::new("s-arn-1"))
            .database_name("orders")
            .master_username("orders")
            .iam_database_authentication(true)
            .enable_http_endpoint(true)
            .port(5432)
            .subnet_group(rds::SubnetGroupName::new("cluster-main-subnets-id-1"))
            .security_groups([ec2::SecurityGroupId::new("cluster-main-cluster-1-id-1")])
            .availability_zones(["eu-west-1a"])
            .parameter_group(rds::ClusterParameterGroupName::new("conformance-16-id-1"))
            .backup_retention_period(3)
            .preferred_backup_window("04:00-05:00")
            .preferred_maintenance_window("Sun:06:00-Sun:07:00")
            .copy_tags_to_snapshot(true)
            .deletion_protection(true)
            .database_insights_mode(rds::DatabaseInsightsMode::Standard)
            .monitoring_interval(30)
            .monitoring_role_arn(Arn::new("cluster-conformance-1-arn-1"))
            .enable_cloudwatch_logs_exports(["postgresql"])
            .associated_roles([conformance_cluster_associated_roles])
            .domain("d-0123456789")
            .domain_iam_role_name("directory-1")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Cluster", conformance_cluster, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn cluster_instance(stack: &mut Stack) {
    stack.component("cluster-instance", |stack| {
        // AWS does not tell `apply_immediately`, `certificate_rotation_restart`: the code leaves it out.
        let conformance_member = rds::ClusterInstance::builder()
            .identifier("Conformance-Member")
            .cluster(rds::ClusterId::new("members-cluster-id-1"))
            .engine("members-cluster-engine-1")
            .instance_class("db.t4g.medium")
            .promotion_tier(2)
            .availability_zone("eu-west-1a")
            .parameter_group(rds::ParameterGroupName::new("members-1-id-1"))
            .preferred_maintenance_window("Sun:06:00-Sun:07:00")
            .enable_performance_insights(false)
            .database_insights_mode(rds::DatabaseInsightsMode::Standard)
            .monitoring_interval(30)
            .monitoring_role_arn(Arn::new("member-conformance-1-arn-1"))
            .ca_certificate_identifier("rds-ca-rsa2048-g1")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Member", conformance_member, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn cluster_parameter_group(stack: &mut Stack) {
    stack.component("cluster-parameter-group", |stack| {
        let conformance_aurora16 = rds::ClusterParameterGroup::builder()
            .name("Conformance-Aurora16")
            .family("aurora-postgresql16")
            .description("made by the conformance suite")
            .parameters([
                ("autovacuum_naptime", "30"),
                ("autovacuum_vacuum_cost_limit", "400"),
                ("checkpoint_timeout", "600"),
                ("deadlock_timeout", "2000"),
                ("default_statistics_target", "200"),
                ("idle_in_transaction_session_timeout", "60000"),
                ("lock_timeout", "10000"),
                ("log_autovacuum_min_duration", "1000"),
                ("log_connections", "1"),
                ("log_disconnections", "1"),
                ("log_lock_waits", "1"),
                ("log_min_duration_statement", "500"),
                ("log_statement", "ddl"),
                ("log_temp_files", "0"),
                ("maintenance_work_mem", "262144"),
                ("max_connections", "200"),
                ("random_page_cost", "1.1"),
                ("rds.force_ssl", "1"),
                ("rds.logical_replication", "1"),
                ("statement_timeout", "60000"),
                ("temp_buffers", "2048"),
                ("track_io_timing", "1"),
            ])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Aurora16", conformance_aurora16, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn instance(stack: &mut Stack) {
    stack.component("instance", |stack| {
        // `master_user_password` is a secret, which AWS does not tell: give it where it is to be managed.
        // AWS does not tell `allow_major_version_upgrade`, `apply_immediately`, `certificate_rotation_restart`,
        // `delete_automated_backups`, `final_snapshot_identifier`, `master_user_authentication_type`, `point_in_time`,
        // `skip_final_snapshot`, `snapshot_identifier`: the code leaves it out.
        let conformance_orders = rds::Instance::builder()
            .identifier("Conformance-Orders")
            .engine("postgres")
            .engine_lifecycle_support(rds::EngineLifecycleSupport::Standard)
            .license_model("postgresql-license")
            .instance_class("db.t4g.medium")
            .allocated_storage(50)
            .max_allocated_storage(100)
            .storage_type(rds::StorageType::Gp3)
            .kms_key_id(Arn::new("s-arn-1"))
            .db_name("orders")
            .master_username("orders")
            .port(5432)
            .subnet_group(rds::SubnetGroupName::new("conformance-main-subnets-id-1"))
            .security_groups([ec2::SecurityGroupId::new("conformance-main-rds-id-1")])
            .multi_az(true)
            .parameter_group(rds::ParameterGroupName::new("conformance-17-id-1"))
            .backup_retention_period(3)
            .preferred_backup_window("04:00-05:00")
            .preferred_maintenance_window("Sun:06:00-Sun:07:00")
            .copy_tags_to_snapshot(true)
            .deletion_protection(true)
            .database_insights_mode(rds::DatabaseInsightsMode::Standard)
            .monitoring_interval(30)
            .monitoring_role_arn(Arn::new("rds-conformance-1-arn-1"))
            .enable_cloudwatch_logs_exports(["postgresql"])
            .ca_certificate_identifier("rds-ca-rsa2048-g1")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Orders", conformance_orders, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn parameter_group(stack: &mut Stack) {
    stack.component("parameter-group", |stack| {
        let conformance_postgres16 = rds::ParameterGroup::builder()
            .name("Conformance-Postgres16")
            .family("postgres16")
            .description("made by the conformance suite")
            .parameters([
                ("autovacuum_naptime", "30"),
                ("autovacuum_vacuum_cost_limit", "400"),
                ("checkpoint_timeout", "600"),
                ("deadlock_timeout", "2000"),
                ("default_statistics_target", "200"),
                ("idle_in_transaction_session_timeout", "60000"),
                ("lock_timeout", "10000"),
                ("log_autovacuum_min_duration", "1000"),
                ("log_connections", "1"),
                ("log_disconnections", "1"),
                ("log_lock_waits", "1"),
                ("log_min_duration_statement", "500"),
                ("log_statement", "ddl"),
                ("log_temp_files", "0"),
                ("maintenance_work_mem", "262144"),
                ("max_connections", "200"),
                ("random_page_cost", "1.1"),
                ("rds.force_ssl", "1"),
                ("statement_timeout", "60000"),
                ("temp_buffers", "2048"),
                ("track_activity_query_size", "4096"),
                ("track_io_timing", "1"),
            ])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Postgres16", conformance_postgres16, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn subnet_group(stack: &mut Stack) {
    stack.component("subnet-group", |stack| {
        let conformance_databases = rds::SubnetGroup::builder()
            .name("Conformance-Databases")
            .description("made by the conformance suite")
            .subnets([ec2::SubnetId::new("a-id-1"), ec2::SubnetId::new("b-id-1")])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Databases", conformance_databases, options().import("the-id"));
    });
}
