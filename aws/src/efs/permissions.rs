//! The permissions of the types of EFS.

use super::{FileSystem, MountTarget};
use crate::permissions::{Permission, Permitted, create, delete, look, own_role, update};

/// AWS makes the ids.
const FILES: &[&str] = &[FileSystem::ARN];

impl Permitted for FileSystem {
    const ARN: &'static str = "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&[
            "elasticfilesystem:DescribeBackupPolicy",
            "elasticfilesystem:DescribeFileSystemPolicy",
            "elasticfilesystem:DescribeFileSystems",
            "elasticfilesystem:DescribeLifecycleConfiguration",
        ])
        .on(FILES),
        create(&["elasticfilesystem:CreateFileSystem", "elasticfilesystem:TagResource"]).on(FILES),
        own_role(
            "elasticfilesystem.amazonaws.com",
            &["arn:{partition}:iam::{account}:role/aws-service-role/elasticfilesystem.amazonaws.com/*"],
        ),
        create(&["kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"])
            .on(&["{kms_key}"])
            .when(&["kms_key"])
            .because("its files are encrypted under the key"),
        update(&[
            "elasticfilesystem:PutBackupPolicy",
            "elasticfilesystem:PutLifecycleConfiguration",
            "elasticfilesystem:TagResource",
            "elasticfilesystem:UntagResource",
            "elasticfilesystem:UpdateFileSystem",
            "elasticfilesystem:UpdateFileSystemProtection",
        ])
        .on(FILES),
        update(&["elasticfilesystem:DeleteFileSystemPolicy", "elasticfilesystem:PutFileSystemPolicy"])
            .on(FILES)
            .when(&["policy"]),
        delete(&["elasticfilesystem:DeleteFileSystem"]).on(FILES),
    ];
}

impl Permitted for MountTarget {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["elasticfilesystem:DescribeMountTargetSecurityGroups", "elasticfilesystem:DescribeMountTargets"])
            .on(FILES),
        create(&["elasticfilesystem:CreateMountTarget"]).on(FILES),
        create(&["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"])
            .because("its network interface is made in the name of the caller"),
        update(&["elasticfilesystem:ModifyMountTargetSecurityGroups"]).on(FILES),
        update(&["ec2:ModifyNetworkInterfaceAttribute"])
            .because("its network interface is changed in the name of the caller"),
        delete(&["elasticfilesystem:DeleteMountTarget"]).on(FILES),
        delete(&["ec2:DeleteNetworkInterface"]).because("its network interface goes in the name of the caller"),
    ];
}
