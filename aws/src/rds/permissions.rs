//! The permissions of the types of RDS.

use super::{Instance, ParameterGroup, SubnetGroup};
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
