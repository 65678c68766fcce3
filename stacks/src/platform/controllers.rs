//! What the controllers inside the cluster may do: their policies, as documents whose every action has its reason here.
//!
//! The load balancer controller's follows the permissions that its project documents; the tag `elbv2.k8s.aws/cluster` is how it marks what it made.

use formwork::prelude::*;

/// What the AWS load balancer controller marks its resources with.
const MADE_BY_CONTROLLER: &str = "elbv2.k8s.aws/cluster";

/// For aws-load-balancer-controller: looks at the network, and makes and changes load balancers, target groups and security groups that carry
/// its tag, and no others.
pub(super) fn load_balancer_controller() -> iam::PolicyDocument {
    let ours = |document: iam::Statement, key: &str, present: bool| {
        // "Null" is true where the tag is missing.
        document.condition("Null", format!("{key}/{MADE_BY_CONTROLLER}"), [if present { "false" } else { "true" }])
    };
    let taggable = ["targetgroup/*/*", "loadbalancer/net/*/*", "loadbalancer/app/*/*"]
        .map(|path| format!("arn:aws:elasticloadbalancing:*:*:{path}"));
    iam::PolicyDocument::of([
        iam::Statement::allow().sid("ServiceLinkedRole").action("iam:CreateServiceLinkedRole").resource("*").condition(
            "StringEquals",
            "iam:AWSServiceName",
            ["elasticloadbalancing.amazonaws.com"],
        ),
        iam::Statement::allow()
            .sid("Look")
            .actions([
                "ec2:DescribeAccountAttributes",
                "ec2:DescribeAddresses",
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
                "ec2:DescribeVpcPeeringConnections",
                "ec2:DescribeVpcs",
                "ec2:GetSecurityGroupsForVpc",
                "elasticloadbalancing:DescribeListenerAttributes",
                "elasticloadbalancing:DescribeListenerCertificates",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeLoadBalancerAttributes",
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeSSLPolicies",
                "elasticloadbalancing:DescribeTags",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
                "elasticloadbalancing:DescribeTrustStores",
            ])
            .resource("*"),
        // Certificates are found by host name, and firewalls and protection are attached where an ingress asks for them.
        iam::Statement::allow()
            .sid("Attach")
            .actions([
                "acm:DescribeCertificate",
                "acm:ListCertificates",
                "cognito-idp:DescribeUserPoolClient",
                "iam:GetServerCertificate",
                "iam:ListServerCertificates",
                "shield:CreateProtection",
                "shield:DeleteProtection",
                "shield:DescribeProtection",
                "shield:GetSubscriptionState",
                "wafv2:AssociateWebACL",
                "wafv2:DisassociateWebACL",
                "wafv2:GetWebACL",
                "wafv2:GetWebACLForResource",
            ])
            .resource("*"),
        iam::Statement::allow()
            .sid("Rules")
            .actions(["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"])
            .resource("*"),
        iam::Statement::allow().sid("MakeGroups").action("ec2:CreateSecurityGroup").resource("*"),
        ours(
            iam::Statement::allow()
                .sid("TagNewGroups")
                .action("ec2:CreateTags")
                .resource("arn:aws:ec2:*:*:security-group/*")
                .condition("StringEquals", "ec2:CreateAction", ["CreateSecurityGroup"]),
            "aws:RequestTag",
            true,
        ),
        // The mark itself may be neither given to what lacks it nor taken away.
        ours(
            ours(
                iam::Statement::allow()
                    .sid("RetagGroups")
                    .actions(["ec2:CreateTags", "ec2:DeleteTags"])
                    .resource("arn:aws:ec2:*:*:security-group/*"),
                "aws:RequestTag",
                false,
            ),
            "aws:ResourceTag",
            true,
        ),
        ours(
            iam::Statement::allow().sid("DeleteGroups").action("ec2:DeleteSecurityGroup").resource("*"),
            "aws:ResourceTag",
            true,
        ),
        ours(
            iam::Statement::allow()
                .sid("Make")
                .actions(["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"])
                .resource("*"),
            "aws:RequestTag",
            true,
        ),
        iam::Statement::allow()
            .sid("Listeners")
            .actions([
                "elasticloadbalancing:AddListenerCertificates",
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateRule",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:RemoveListenerCertificates",
                "elasticloadbalancing:SetRulePriorities",
                "elasticloadbalancing:SetWebAcl",
            ])
            .resource("*"),
        ours(
            ours(
                iam::Statement::allow()
                    .sid("Retag")
                    .actions(["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"])
                    .resources(taggable.clone()),
                "aws:RequestTag",
                false,
            ),
            "aws:ResourceTag",
            true,
        ),
        ours(
            iam::Statement::allow().sid("TagNew").action("elasticloadbalancing:AddTags").resources(taggable).condition(
                "StringEquals",
                "elasticloadbalancing:CreateAction",
                ["CreateTargetGroup", "CreateLoadBalancer"],
            ),
            "aws:RequestTag",
            true,
        ),
        ours(
            iam::Statement::allow()
                .sid("Change")
                .actions([
                    "elasticloadbalancing:DeleteLoadBalancer",
                    "elasticloadbalancing:DeleteTargetGroup",
                    "elasticloadbalancing:ModifyLoadBalancerAttributes",
                    "elasticloadbalancing:ModifyTargetGroup",
                    "elasticloadbalancing:ModifyTargetGroupAttributes",
                    "elasticloadbalancing:SetIpAddressType",
                    "elasticloadbalancing:SetSecurityGroups",
                    "elasticloadbalancing:SetSubnets",
                ])
                .resource("*"),
            "aws:ResourceTag",
            true,
        ),
        iam::Statement::allow()
            .sid("Targets")
            .actions(["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"])
            .resource("arn:aws:elasticloadbalancing:*:*:targetgroup/*/*"),
    ])
}

/// For cluster-autoscaler: looks at everything, and changes the size of this cluster's node groups only.
pub(super) fn cluster_autoscaler(cluster_name: &str) -> iam::PolicyDocument {
    iam::PolicyDocument::of([
        iam::Statement::allow()
            .sid("Look")
            .actions([
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "autoscaling:DescribeTags",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
                "eks:DescribeNodegroup",
            ])
            .resource("*"),
        iam::Statement::allow()
            .sid("Scale")
            .actions(["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"])
            .resource("*")
            // EKS puts this tag on the groups that it makes for node groups.
            .condition("StringEquals", format!("aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster_name}"), ["owned"]),
    ])
}

/// For the External Secrets Operator: reads the platform's secrets, by the beginning of their names.
pub(super) fn external_secrets(secrets: impl IntoIterator<Item = Output<String>>) -> iam::PolicyDocument {
    iam::PolicyDocument::of([iam::Statement::allow()
        .sid("Read")
        .actions(["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"])
        .resources(secrets)])
}
