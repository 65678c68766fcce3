//! The permissions of the types of ElastiCache.

use super::{ParameterGroup, ReplicationGroup, SubnetGroup};
use crate::permissions::{Permission, Permitted, create, delete, look, own_role, update};

const PARAMETERS: &[&str] = &[ParameterGroup::ARN];
const SUBNETS: &[&str] = &[SubnetGroup::ARN];
/// A group, its nodes, and what a create and a change may name beside it.
const GROUP: &[&str] = &[
    ReplicationGroup::ARN,
    "arn:{partition}:elasticache:{region}:{account}:cluster:{name:lower}-*",
    "arn:{partition}:elasticache:{region}:{account}:parametergroup:*",
    "arn:{partition}:elasticache:{region}:{account}:subnetgroup:*",
    "arn:{partition}:elasticache:{region}:{account}:snapshot:*",
    "arn:{partition}:elasticache:{region}:{account}:usergroup:*",
];
/// What a delivery of logs needs beside the action of the service.
const DELIVERY: &[&str] = &[
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

impl Permitted for ParameterGroup {
    const ARN: &'static str = "arn:{partition}:elasticache:{region}:{account}:parametergroup:{name:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["elasticache:DescribeCacheParameterGroups"]),
        look(&["elasticache:DescribeCacheParameters", "elasticache:ListTagsForResource"]).on(PARAMETERS),
        create(&["elasticache:AddTagsToResource", "elasticache:CreateCacheParameterGroup"]).on(PARAMETERS),
        update(&[
            "elasticache:AddTagsToResource",
            "elasticache:ModifyCacheParameterGroup",
            "elasticache:RemoveTagsFromResource",
            "elasticache:ResetCacheParameterGroup",
        ])
        .on(PARAMETERS),
        delete(&["elasticache:DeleteCacheParameterGroup"]).on(PARAMETERS),
    ];
}

impl Permitted for ReplicationGroup {
    const ARN: &'static str = "arn:{partition}:elasticache:{region}:{account}:replicationgroup:{name:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["elasticache:DescribeCacheClusters", "elasticache:DescribeReplicationGroups"]),
        look(&["elasticache:ListTagsForResource"]).on(GROUP),
        create(&["elasticache:AddTagsToResource", "elasticache:CreateReplicationGroup"]).on(GROUP),
        own_role(
            "elasticache.amazonaws.com",
            &["arn:{partition}:iam::{account}:role/aws-service-role/elasticache.amazonaws.com/*"],
        ),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{kms_key}"])
            .when(&["kms_key"])
            .because("its data is encrypted under the key"),
        create(&["s3:GetObject"]).when(&["snapshot_arns"]).because("the snapshots are read in the name of the caller"),
        create(DELIVERY).when(&["log_delivery"]).because("its logs are delivered in the name of the caller"),
        update(&[
            "elasticache:AddTagsToResource",
            "elasticache:DecreaseReplicaCount",
            "elasticache:IncreaseReplicaCount",
            "elasticache:ModifyReplicationGroup",
            "elasticache:ModifyReplicationGroupShardConfiguration",
            "elasticache:RemoveTagsFromResource",
        ])
        .on(GROUP),
        update(DELIVERY).when(&["log_delivery"]).because("its logs are delivered in the name of the caller"),
        delete(&["elasticache:DeleteReplicationGroup"]).on(GROUP),
    ];
}

impl Permitted for SubnetGroup {
    const ARN: &'static str = "arn:{partition}:elasticache:{region}:{account}:subnetgroup:{name:lower}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["elasticache:DescribeCacheSubnetGroups"]),
        look(&["elasticache:ListTagsForResource"]).on(SUBNETS),
        create(&["elasticache:AddTagsToResource", "elasticache:CreateCacheSubnetGroup"]).on(SUBNETS),
        update(&[
            "elasticache:AddTagsToResource",
            "elasticache:ModifyCacheSubnetGroup",
            "elasticache:RemoveTagsFromResource",
        ])
        .on(SUBNETS),
        delete(&["elasticache:DeleteCacheSubnetGroup"]).on(SUBNETS),
    ];
}
