//! The permissions of the types of EKS.

use super::{AccessEntry, AccessPolicyAssociation, Addon, Cluster, FargateProfile, NodeGroup, PodIdentityAssociation};
use crate::permissions::{Permission, Permitted, Verb, create, delete, look, own_role, pass, update};

/// The cluster that something belongs to, and what is in it.
const CLUSTER: &str = "arn:{partition}:eks:{region}:{account}:cluster/{cluster}";
const ACCESS: &[&str] = &[CLUSTER, AccessEntry::ARN];
const ADDON: &[&str] = &[CLUSTER, Addon::ARN];
const FARGATE: &[&str] = &[CLUSTER, FargateProfile::ARN];
const NODES: &[&str] = &[CLUSTER, NodeGroup::ARN];
const PODS: &[&str] = &[CLUSTER, PodIdentityAssociation::ARN];
const OWN: &[&str] = &[Cluster::ARN];

impl Permitted for AccessEntry {
    const ARN: &'static str = "arn:{partition}:eks:{region}:{account}:access-entry/{cluster}/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["eks:DescribeAccessEntry"]).on(ACCESS),
        create(&["eks:CreateAccessEntry", "eks:TagResource"]).on(ACCESS),
        update(&["eks:TagResource", "eks:UntagResource", "eks:UpdateAccessEntry"]).on(ACCESS),
        delete(&["eks:DeleteAccessEntry"]).on(ACCESS),
    ];
}

impl Permitted for AccessPolicyAssociation {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["eks:ListAssociatedAccessPolicies"]).on(ACCESS),
        create(&["eks:AssociateAccessPolicy"]).on(ACCESS),
        update(&["eks:AssociateAccessPolicy"]).on(ACCESS),
        delete(&["eks:DisassociateAccessPolicy"]).on(ACCESS),
    ];
}

impl Permitted for Addon {
    const ARN: &'static str = "arn:{partition}:eks:{region}:{account}:addon/{cluster}/{addon_name}/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["eks:DescribeAddon", "eks:DescribeUpdate"]).on(ADDON),
        create(&["eks:CreateAddon", "eks:TagResource"]).on(ADDON),
        pass(Verb::Create, &["{service_account_role_arn}"], "eks.amazonaws.com").when(&["service_account_role_arn"]),
        update(&["eks:TagResource", "eks:UntagResource", "eks:UpdateAddon"]).on(ADDON),
        pass(Verb::Update, &["{service_account_role_arn}"], "eks.amazonaws.com").when(&["service_account_role_arn"]),
        delete(&["eks:DeleteAddon"]).on(ADDON),
    ];
}

impl Permitted for Cluster {
    const ARN: &'static str = "arn:{partition}:eks:{region}:{account}:cluster/{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["eks:DescribeCluster", "eks:DescribeUpdate"]).on(OWN),
        create(&["eks:CreateCluster", "eks:TagResource"]).on(OWN),
        pass(Verb::Create, &["{role_arn}"], "eks.amazonaws.com"),
        pass(Verb::Update, &["{auto_mode.node_role_arn}"], "eks.amazonaws.com").when(&["auto_mode.node_role_arn"]),
        own_role("eks.amazonaws.com", &["arn:{partition}:iam::{account}:role/aws-service-role/eks.amazonaws.com/*"]),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{secrets_key}"])
            .when(&["secrets_key"])
            .because("secrets of the cluster are encrypted under the key"),
        update(&["eks:TagResource", "eks:UntagResource", "eks:UpdateClusterConfig", "eks:UpdateClusterVersion"])
            .on(OWN),
        update(&["eks:AssociateEncryptionConfig"]).on(OWN).when(&["secrets_key"]),
        delete(&["eks:DeleteCluster"]).on(OWN),
        delete(&["eks:UpdateClusterConfig"])
            .on(OWN)
            .when(&["deletion_protection"])
            .because("the protection against deletion is lifted first"),
    ];
}

impl Permitted for FargateProfile {
    const ARN: &'static str = "arn:{partition}:eks:{region}:{account}:fargateprofile/{cluster}/{name}/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["eks:DescribeFargateProfile"]).on(FARGATE),
        create(&["eks:CreateFargateProfile", "eks:TagResource"]).on(FARGATE),
        pass(Verb::Create, &["{pod_execution_role_arn}"], "eks-fargate-pods.amazonaws.com"),
        create(&["iam:GetRole"])
            .on(&["{pod_execution_role_arn}"])
            .because("EKS looks at the role of the pods in the name of the caller"),
        own_role(
            "eks-fargate.amazonaws.com",
            &["arn:{partition}:iam::{account}:role/aws-service-role/eks-fargate.amazonaws.com/*"],
        ),
        update(&["eks:TagResource", "eks:UntagResource"]).on(FARGATE),
        delete(&["eks:DeleteFargateProfile"]).on(FARGATE),
    ];
}

impl Permitted for NodeGroup {
    const ARN: &'static str = "arn:{partition}:eks:{region}:{account}:nodegroup/{cluster}/{name}/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["eks:DescribeNodegroup", "eks:DescribeUpdate"]).on(NODES),
        create(&["eks:CreateNodegroup", "eks:TagResource"]).on(NODES),
        pass(Verb::Create, &["{node_role_arn}"], "eks.amazonaws.com"),
        create(&["iam:GetRole", "iam:ListAttachedRolePolicies"])
            .on(&["{node_role_arn}"])
            .because("EKS looks at the role of the nodes in the name of the caller"),
        create(&["ec2:DescribeSubnets"]).because("EKS looks at the subnets in the name of the caller"),
        own_role(
            "eks-nodegroup.amazonaws.com",
            &["arn:{partition}:iam::{account}:role/aws-service-role/eks-nodegroup.amazonaws.com/*"],
        ),
        create(&["ec2:DescribeLaunchTemplateVersions", "ec2:RunInstances"])
            .when(&["launch_template"])
            .because("EKS tries the launch template in the name of the caller"),
        update(&["eks:TagResource", "eks:UntagResource", "eks:UpdateNodegroupConfig", "eks:UpdateNodegroupVersion"])
            .on(NODES),
        delete(&["eks:DeleteNodegroup"]).on(NODES),
    ];
}

impl Permitted for PodIdentityAssociation {
    const ARN: &'static str = "arn:{partition}:eks:{region}:{account}:podidentityassociation/{cluster}/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["eks:DescribePodIdentityAssociation", "eks:ListPodIdentityAssociations"]).on(PODS),
        create(&["eks:CreatePodIdentityAssociation", "eks:TagResource"]).on(PODS),
        pass(Verb::Create, &["{role_arn}"], "pods.eks.amazonaws.com"),
        create(&["iam:GetRole"]).on(&["{role_arn}"]).because("EKS looks at the role in the name of the caller"),
        update(&["eks:TagResource", "eks:UntagResource", "eks:UpdatePodIdentityAssociation"]).on(PODS),
        pass(Verb::Update, &["{role_arn}"], "pods.eks.amazonaws.com"),
        delete(&["eks:DeletePodIdentityAssociation"]).on(PODS),
    ];
}
