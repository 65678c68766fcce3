//! The permissions of a log group.

use super::LogGroup;
use crate::permissions::{Permission, Permitted, create, delete, look, update};

/// Some actions name a group with its streams, and some without.
const OWN: &[&str] = &[LogGroup::ARN, "arn:{partition}:logs:{region}:{account}:log-group:{name}:*"];

impl Permitted for LogGroup {
    const ARN: &'static str = "arn:{partition}:logs:{region}:{account}:log-group:{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["logs:DescribeLogGroups"]),
        look(&["logs:DescribeIndexPolicies", "logs:GetDataProtectionPolicy", "logs:ListTagsForResource"]).on(OWN),
        create(&["logs:CreateLogGroup", "logs:TagResource"]).on(OWN),
        update(&["logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"])
            .on(OWN),
        update(&["logs:AssociateKmsKey", "logs:DisassociateKmsKey"]).on(OWN).when(&["kms_key"]),
        update(&["logs:PutLogGroupDeletionProtection"]).on(OWN).when(&["deletion_protection"]),
        update(&["logs:DeleteDataProtectionPolicy", "logs:PutDataProtectionPolicy"])
            .on(OWN)
            .when(&["data_protection_policy"]),
        update(&["logs:DeleteIndexPolicy", "logs:PutIndexPolicy"]).on(OWN).when(&["indexed_fields"]),
        delete(&["logs:DeleteLogGroup"]).on(OWN),
        delete(&["logs:PutLogGroupDeletionProtection"])
            .on(OWN)
            .when(&["deletion_protection"])
            .because("the protection against deletion is lifted first"),
    ];
}
