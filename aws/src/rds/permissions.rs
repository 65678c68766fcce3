//! The permissions of the types of RDS.

use super::{Cluster, ClusterInstance, ClusterParameterGroup, Instance, ParameterGroup, SubnetGroup};
use crate::permissions::{Permission, Permitted, Verb, create, delete, look, own_role, pass, update};

const PARAMETERS: &[&str] = &[ParameterGroup::ARN];
const SUBNETS: &[&str] = &[SubnetGroup::ARN];
/// An instance, and what a create and a change may name beside it.
const INSTANCE: &[&str] = &[
    Instance::ARN,
    "arn:{partition}:rds:{region}:{account}:og:*",
    "arn:{partition}:rds:{region}:{account}:pg:*",
    "arn:{partition}:rds:{region}:{account}:subgrp:*",
];
/// Where it comes from, when it is not new.
const SOURCES: &[&str] = &[
    "arn:{partition}:rds:{region}:{account}:db:*",
    "arn:{partition}:rds:{region}:{account}:snapshot:*",
    "arn:{partition}:rds:{region}:{account}:auto-backup:*",
];
/// A delete may leave a last snapshot.
const ENDING: &[&str] = &[Instance::ARN, "arn:{partition}:rds:{region}:{account}:snapshot:*"];
/// RDS names the secrets that it makes.
const SECRETS: &[&str] = &["arn:{partition}:secretsmanager:{region}:{account}:secret:rds!*"];
const MANAGED: &[&str] = &["secretsmanager:CreateSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource"];
const PASSWORD: &str = "RDS keeps the password in a secret that it makes in the name of the caller";

impl Permitted for Instance {
    const ARN: &'static str = "arn:{partition}:rds:{region}:{account}:db:{identifier:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["rds:DescribeDBInstances"]),
        create(&["rds:AddTagsToResource", "rds:CreateDBInstance"]).on(INSTANCE),
        own_role("rds.amazonaws.com", &["arn:{partition}:iam::{account}:role/aws-service-role/rds.amazonaws.com/*"]),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{kms_key_id}"])
            .when(&["kms_key_id"])
            .because("its storage is encrypted under the key"),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{performance_insights_kms_key_id}"])
            .when(&["performance_insights_kms_key_id"])
            .because("performance data is encrypted under the key"),
        create(MANAGED).on(SECRETS).when(&["manage_master_user_password"]).because(PASSWORD),
        create(&["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"])
            .on(&["{master_user_secret_kms_key_id}"])
            .when(&["master_user_secret_kms_key_id"])
            .because(PASSWORD),
        pass(Verb::Create, &["{monitoring_role_arn}"], "monitoring.rds.amazonaws.com").when(&["monitoring_role_arn"]),
        create(&["rds:RestoreDBInstanceFromDBSnapshot"]).on(SOURCES).when(&["snapshot_identifier"]),
        create(&["rds:RestoreDBInstanceToPointInTime"]).on(SOURCES).when(&["point_in_time"]),
        create(&["rds:CreateDBInstanceReadReplica"]).on(SOURCES).when(&["source_db_instance"]),
        update(&["rds:AddTagsToResource", "rds:ModifyDBInstance", "rds:RemoveTagsFromResource"]).on(INSTANCE),
        update(MANAGED).on(SECRETS).when(&["manage_master_user_password"]).because(PASSWORD),
        pass(Verb::Update, &["{monitoring_role_arn}"], "monitoring.rds.amazonaws.com").when(&["monitoring_role_arn"]),
        update(&["rds:AddRoleToDBInstance", "rds:RemoveRoleFromDBInstance"]).on(INSTANCE).when(&["associated_roles"]),
        pass(Verb::Update, &["arn:{partition}:iam::{account}:role/*"], "rds.amazonaws.com").when(&["associated_roles"]),
        delete(&["rds:DeleteDBInstance"]).on(ENDING),
        delete(&["rds:ModifyDBInstance"])
            .on(INSTANCE)
            .when(&["deletion_protection"])
            .because("the protection against deletion is lifted first"),
    ];
}

impl Permitted for ParameterGroup {
    const ARN: &'static str = "arn:{partition}:rds:{region}:{account}:pg:{name:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["rds:DescribeDBParameterGroups"]),
        look(&["rds:DescribeDBParameters", "rds:ListTagsForResource"]).on(PARAMETERS),
        create(&["rds:AddTagsToResource", "rds:CreateDBParameterGroup"]).on(PARAMETERS),
        update(&[
            "rds:AddTagsToResource",
            "rds:ModifyDBParameterGroup",
            "rds:RemoveTagsFromResource",
            "rds:ResetDBParameterGroup",
        ])
        .on(PARAMETERS),
        delete(&["rds:DeleteDBParameterGroup"]).on(PARAMETERS),
    ];
}

impl Permitted for SubnetGroup {
    const ARN: &'static str = "arn:{partition}:rds:{region}:{account}:subgrp:{name:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["rds:DescribeDBSubnetGroups"]),
        look(&["rds:ListTagsForResource"]).on(SUBNETS),
        create(&["rds:AddTagsToResource", "rds:CreateDBSubnetGroup"]).on(SUBNETS),
        update(&["rds:AddTagsToResource", "rds:ModifyDBSubnetGroup", "rds:RemoveTagsFromResource"]).on(SUBNETS),
        delete(&["rds:DeleteDBSubnetGroup"]).on(SUBNETS),
    ];
}

/// A cluster, and what a create and a change may name beside it.
const CLUSTER: &[&str] = &[
    Cluster::ARN,
    "arn:{partition}:rds:{region}:{account}:cluster-pg:*",
    "arn:{partition}:rds:{region}:{account}:og:*",
    "arn:{partition}:rds:{region}:{account}:pg:*",
    "arn:{partition}:rds:{region}:{account}:subgrp:*",
];
/// Where it comes from, when it is not new.
const CLUSTER_SOURCES: &[&str] = &[
    "arn:{partition}:rds:{region}:{account}:cluster:*",
    "arn:{partition}:rds:{region}:{account}:cluster-snapshot:*",
    "arn:{partition}:rds:{region}:{account}:snapshot:*",
];
/// A delete may leave a last snapshot.
const CLUSTER_ENDING: &[&str] = &[Cluster::ARN, "arn:{partition}:rds:{region}:{account}:cluster-snapshot:*"];

impl Permitted for Cluster {
    const ARN: &'static str = "arn:{partition}:rds:{region}:{account}:cluster:{identifier:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["rds:DescribeDBClusters"]),
        create(&["rds:AddTagsToResource", "rds:CreateDBCluster"]).on(CLUSTER),
        // A Multi-AZ DB cluster makes its members in the name of the caller.
        create(&["rds:CreateDBInstance"])
            .on(&["arn:{partition}:rds:{region}:{account}:db:*"])
            .when(&["instance_class"])
            .because("a Multi-AZ DB cluster makes its members"),
        own_role("rds.amazonaws.com", &["arn:{partition}:iam::{account}:role/aws-service-role/rds.amazonaws.com/*"]),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{kms_key_id}"])
            .when(&["kms_key_id"])
            .because("its storage is encrypted under the key"),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{performance_insights_kms_key_id}"])
            .when(&["performance_insights_kms_key_id"])
            .because("performance data is encrypted under the key"),
        create(MANAGED).on(SECRETS).when(&["manage_master_user_password"]).because(PASSWORD),
        create(&["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"])
            .on(&["{master_user_secret_kms_key_id}"])
            .when(&["master_user_secret_kms_key_id"])
            .because(PASSWORD),
        pass(Verb::Create, &["{monitoring_role_arn}"], "monitoring.rds.amazonaws.com").when(&["monitoring_role_arn"]),
        create(&["rds:RestoreDBClusterFromSnapshot"]).on(CLUSTER_SOURCES).when(&["snapshot_identifier"]),
        create(&["rds:RestoreDBClusterToPointInTime"]).on(CLUSTER_SOURCES).when(&["point_in_time"]),
        update(&["rds:AddTagsToResource", "rds:ModifyDBCluster", "rds:RemoveTagsFromResource"]).on(CLUSTER),
        update(&["rds:EnableHttpEndpoint"]).on(CLUSTER).when(&["enable_http_endpoint"]),
        update(&["rds:DisableHttpEndpoint"]).on(CLUSTER),
        update(MANAGED).on(SECRETS).when(&["manage_master_user_password"]).because(PASSWORD),
        pass(Verb::Update, &["{monitoring_role_arn}"], "monitoring.rds.amazonaws.com").when(&["monitoring_role_arn"]),
        update(&["rds:AddRoleToDBCluster", "rds:RemoveRoleFromDBCluster"]).on(CLUSTER).when(&["associated_roles"]),
        pass(Verb::Update, &["arn:{partition}:iam::{account}:role/*"], "rds.amazonaws.com").when(&["associated_roles"]),
        delete(&["rds:DeleteDBCluster"]).on(CLUSTER_ENDING),
        delete(&["rds:ModifyDBCluster"])
            .on(CLUSTER)
            .when(&["deletion_protection"])
            .because("the protection against deletion is lifted first"),
        delete(&["rds:RemoveFromGlobalCluster"])
            .on(&[Cluster::ARN, "arn:{partition}:rds::{account}:global-cluster:*"])
            .when(&["global_cluster_identifier"])
            .because("it leaves the global database first"),
    ];
}

/// A member, and what a create and a change may name beside it.
const MEMBER: &[&str] = &[
    ClusterInstance::ARN,
    "arn:{partition}:rds:{region}:{account}:cluster:*",
    "arn:{partition}:rds:{region}:{account}:og:*",
    "arn:{partition}:rds:{region}:{account}:pg:*",
    "arn:{partition}:rds:{region}:{account}:subgrp:*",
];

impl Permitted for ClusterInstance {
    const ARN: &'static str = "arn:{partition}:rds:{region}:{account}:db:{identifier:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["rds:DescribeDBInstances"]),
        create(&["rds:AddTagsToResource", "rds:CreateDBInstance"]).on(MEMBER),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{performance_insights_kms_key_id}"])
            .when(&["performance_insights_kms_key_id"])
            .because("performance data is encrypted under the key"),
        pass(Verb::Create, &["{monitoring_role_arn}"], "monitoring.rds.amazonaws.com").when(&["monitoring_role_arn"]),
        update(&["rds:AddTagsToResource", "rds:ModifyDBInstance", "rds:RemoveTagsFromResource"]).on(MEMBER),
        pass(Verb::Update, &["{monitoring_role_arn}"], "monitoring.rds.amazonaws.com").when(&["monitoring_role_arn"]),
        delete(&["rds:DeleteDBInstance"]).on(&[ClusterInstance::ARN]),
    ];
}

const CLUSTER_PARAMETERS: &[&str] = &[ClusterParameterGroup::ARN];

impl Permitted for ClusterParameterGroup {
    const ARN: &'static str = "arn:{partition}:rds:{region}:{account}:cluster-pg:{name:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["rds:DescribeDBClusterParameterGroups"]),
        look(&["rds:DescribeDBClusterParameters", "rds:ListTagsForResource"]).on(CLUSTER_PARAMETERS),
        create(&["rds:AddTagsToResource", "rds:CreateDBClusterParameterGroup"]).on(CLUSTER_PARAMETERS),
        update(&[
            "rds:AddTagsToResource",
            "rds:ModifyDBClusterParameterGroup",
            "rds:RemoveTagsFromResource",
            "rds:ResetDBClusterParameterGroup",
        ])
        .on(CLUSTER_PARAMETERS),
        delete(&["rds:DeleteDBClusterParameterGroup"]).on(CLUSTER_PARAMETERS),
    ];
}
