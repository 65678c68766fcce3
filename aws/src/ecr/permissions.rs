//! The permissions of a repository.

use super::Repository;
use crate::permissions::{Permission, Permitted, create, delete, look, update};

const OWN: &[&str] = &[Repository::ARN];

impl Permitted for Repository {
    const ARN: &'static str = "arn:{partition}:ecr:{region}:{account}:repository/{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&[
            "ecr:DescribeRepositories",
            "ecr:GetLifecyclePolicy",
            "ecr:GetRepositoryPolicy",
            "ecr:ListTagsForResource",
        ])
        .on(OWN),
        look(&["ecr:DescribeRepositories"]).because("many are read as one list"),
        create(&["ecr:CreateRepository", "ecr:TagResource"]).on(OWN),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{encryption.kms_key}"])
            .when(&["encryption.kms_key"])
            .because("images are encrypted under the key"),
        update(&[
            "ecr:PutImageScanningConfiguration",
            "ecr:PutImageTagMutability",
            "ecr:TagResource",
            "ecr:UntagResource",
        ])
        .on(OWN),
        update(&["ecr:DeleteLifecyclePolicy", "ecr:PutLifecyclePolicy"]).on(OWN).when(&["lifecycle_policy"]),
        update(&["ecr:DeleteRepositoryPolicy", "ecr:SetRepositoryPolicy"]).on(OWN).when(&["policy"]),
        delete(&["ecr:DeleteRepository"]).on(OWN),
    ];
}
