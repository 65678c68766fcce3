//! What a type calls in its life is held against the permissions that it says it needs, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use formwork_aws::conformance::Example;
use formwork_aws::permissions::action;
use formwork_emulator::Call;
use formwork_engine::Stack;

/// Why a permission that a type names is needed by none of the calls of its walk, by the beginning of the action.
const BESIDES: &[(&str, &str)] = &[
    ("iam:PassRole", "AWS asks for it with the call that hands the role over"),
    ("iam:CreateServiceLinkedRole", "AWS asks for it with the first create in an account"),
    ("kms:CreateGrant", "AWS asks for it with the create of what is encrypted"),
    ("kms:De", "AWS asks for it with the create of what is encrypted"),
    ("kms:Encrypt", "AWS asks for it with the write of what is encrypted"),
    ("kms:GenerateDataKey", "AWS asks for it with the write of what is encrypted"),
    ("kinesis:", "AWS asks for it with the start of what writes to a stream"),
    ("logs:", "AWS asks for it with the create of what delivers logs"),
    ("secretsmanager:", "AWS asks for it with the create of what makes a secret"),
    ("s3:", "AWS asks for it with the create of what reads or writes a bucket"),
    ("route53:AssociateVPCWithHostedZone", "AWS asks for it with the create of an endpoint that has private names"),
    ("ec2:DescribeRegions", "AWS asks for it with the create of a private zone"),
    ("ec2:DescribeVpcs", "AWS asks for it with the create of a private zone"),
    ("acm-pca:", "AWS asks for it with the request of a certificate from a private authority"),
    ("ec2:RunInstances", "AWS asks for it with the create of nodes from a launch template"),
    ("ec2:DescribeLaunchTemplateVersions", "AWS asks for it with the create of nodes from a launch template"),
    ("ec2:DescribeSubnets", "AWS asks for it with the create of nodes"),
    ("ec2:CreateNetworkInterface", "AWS asks for it with the create of a mount target"),
    ("ec2:DescribeNetworkInterfaces", "AWS asks for it with the create of a mount target"),
    ("ec2:ModifyNetworkInterfaceAttribute", "AWS asks for it with the change of a mount target"),
    ("ec2:DeleteNetworkInterface", "AWS asks for it with the delete of a mount target"),
    ("iam:GetRole", "AWS asks for it with the create of what takes the role"),
    ("iam:ListAttachedRolePolicies", "AWS asks for it with the create of what takes the role"),
];

/// Permissions of the service's own calls that no walk makes, with the reason.
const UNCALLED: &[(&str, &str, &str)] = &[
    ("aws:cloudfront/cache-policy", "cloudfront:ListCachePolicies", "only a lost create is looked for"),
    ("aws:cloudfront/origin-access-control", "cloudfront:ListOriginAccessControls", "only a lost create is looked for"),
    (
        "aws:cloudfront/response-headers-policy",
        "cloudfront:ListResponseHeadersPolicies",
        "only a lost create is looked for",
    ),
    ("aws:ec2/elastic-ip", "ec2:AcceptAddressTransfer", "the emulator has no second account that offers an address"),
    ("aws:ec2/elastic-ip", "ec2:DeleteTags", "its example takes no tag away"),
    ("aws:ec2/instance", "ec2:AssociateIamInstanceProfile", "its example exchanges one profile for another"),
    ("aws:ec2/instance", "ec2:AttachVolume", "there is no type for volumes yet"),
    ("aws:ec2/instance", "ec2:DetachVolume", "there is no type for volumes yet"),
    ("aws:ec2/internet-gateway", "ec2:DeleteTags", "its example takes no tag away"),
    ("aws:ec2/nat-gateway", "ec2:DeleteTags", "its example takes no tag away"),
    ("aws:ec2/route-table", "ec2:DeleteTags", "its example takes no tag away"),
    ("aws:ec2/nat-gateway", "ec2:AssignPrivateNatGatewayAddress", "the emulator does not keep further addresses"),
    ("aws:ec2/nat-gateway", "ec2:AssociateNatGatewayAddress", "the emulator does not keep further addresses"),
    ("aws:ec2/nat-gateway", "ec2:DisassociateNatGatewayAddress", "the emulator does not keep further addresses"),
    ("aws:ec2/nat-gateway", "ec2:UnassignPrivateNatGatewayAddress", "the emulator does not keep further addresses"),
    ("aws:ec2/subnet", "ec2:AssociateSubnetCidrBlock", "there is no type yet that gives a VPC an IPv6 range"),
    ("aws:ecr/repository", "ecr:DeleteLifecyclePolicy", "its example takes no policy away"),
    ("aws:ecr/repository", "ecr:DeleteRepositoryPolicy", "its example takes no policy away"),
    ("aws:efs/file-system", "elasticfilesystem:DeleteFileSystemPolicy", "its example takes no policy away"),
    ("aws:elbv2/load-balancer", "elasticloadbalancing:ModifyIpPools", "the emulator has no pools of addresses"),
    ("aws:iam/policy", "iam:AttachGroupPolicy", "a user and a group would have to be made by hand first"),
    ("aws:iam/policy", "iam:AttachUserPolicy", "a user and a group would have to be made by hand first"),
    ("aws:iam/policy", "iam:DetachGroupPolicy", "a user and a group would have to be made by hand first"),
    ("aws:iam/policy", "iam:DetachUserPolicy", "a user and a group would have to be made by hand first"),
    ("aws:iam/policy", "iam:ListEntitiesForPolicy", "a user and a group would have to be made by hand first"),
    ("aws:iam/policy", "iam:GetAccountAuthorizationDetails", "a walk has few, which are read one by one"),
    ("aws:iam/policy", "iam:ListPolicyTags", "a walk has few, which are read one by one"),
    ("aws:iam/role", "iam:DeleteRolePermissionsBoundary", "its example takes no boundary away"),
    ("aws:iam/role", "iam:GetAccountAuthorizationDetails", "a walk has few, which are read one by one"),
    ("aws:iam/role-policy", "iam:GetAccountAuthorizationDetails", "a walk has few, which are read one by one"),
    (
        "aws:iam/role-policy-attachment",
        "iam:GetAccountAuthorizationDetails",
        "a walk has few, which are read one by one",
    ),
    ("aws:iam/service-linked-role", "iam:ListRoles", "only a lost create is looked for, and no walk loses one"),
    ("aws:logs/log-group", "logs:DeleteIndexPolicy", "the emulator has no field indexes"),
    ("aws:logs/log-group", "logs:PutIndexPolicy", "the emulator has no field indexes"),
    ("aws:logs/log-group", "logs:DisassociateKmsKey", "its example takes no key away"),
    ("aws:logs/log-group", "logs:GetDataProtectionPolicy", "the emulator has no data protection policies"),
    ("aws:logs/log-group", "logs:PutDataProtectionPolicy", "the emulator has no data protection policies"),
    ("aws:rds/cluster", "rds:RemoveFromGlobalCluster", "there is no type for the global database that it would leave"),
    ("aws:rds/cluster", "rds:RestoreDBClusterFromSnapshot", "its example is new, and not made from another one"),
    ("aws:rds/cluster", "rds:RestoreDBClusterToPointInTime", "its example is new, and not made from another one"),
    ("aws:rds/cluster", "rds:CreateDBInstance", "RDS makes the members of a Multi-AZ DB cluster itself"),
    ("aws:rds/instance", "rds:AddRoleToDBInstance", "the emulator does not know associated roles"),
    ("aws:rds/instance", "rds:RemoveRoleFromDBInstance", "the emulator does not know associated roles"),
    ("aws:rds/instance", "rds:CreateDBInstanceReadReplica", "its example is new, and not made from another one"),
    ("aws:rds/instance", "rds:RestoreDBInstanceFromDBSnapshot", "its example is new, and not made from another one"),
    ("aws:rds/instance", "rds:RestoreDBInstanceToPointInTime", "its example is new, and not made from another one"),
    ("aws:route53/hosted-zone", "route53:ChangeResourceRecordSets", "its example is empty when it is deleted"),
    (
        "aws:route53/hosted-zone",
        "route53:ListTagsForResources",
        "only a lost create is looked for, and no walk loses one",
    ),
    ("aws:s3/bucket", "s3:AbortMultipartUpload", "its example is empty when it is deleted"),
    ("aws:s3/bucket", "s3:DeleteObject", "its example is empty when it is deleted"),
    ("aws:s3/bucket", "s3:DeleteObjectVersion", "its example is empty when it is deleted"),
    ("aws:s3/bucket", "s3:ListBucketMultipartUploads", "its example is empty when it is deleted"),
    ("aws:s3/bucket", "s3:ListBucketVersions", "its example is empty when it is deleted"),
    (
        "aws:secretsmanager/secret",
        "secretsmanager:RestoreSecret",
        "no walk leaves one that is only scheduled for deletion",
    ),
    ("aws:ssm/parameter", "ssm:GetParameter", "no walk resumes the write of a secret that it does not know any more"),
];

/// The lists by which preflight counts what there is already.
const QUOTAS_COUNT: [&str; 5] = [
    "ec2:DescribeVpcs",
    "ec2:DescribeNatGateways",
    "eks:ListClusters",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticfilesystem:DescribeFileSystems",
];

/// The permissions that calls needed. Who the caller is may be asked by everybody.
pub(crate) fn used(calls: &[Call]) -> BTreeSet<String> {
    let calls = calls.iter().filter(|call| call.service != "sts");
    calls.map(|call| action(&call.service, &call.operation)).collect()
}

/// What was used and is in no table of what the example declares.
pub(super) fn not_allowed(example: &Example, used: &BTreeSet<String>) -> Vec<String> {
    let mut stack = Stack::new("permissions", "permissions", BTreeMap::new());
    (example.declare)(&mut stack, 0);
    let program = stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"));
    let kinds: BTreeSet<&str> = program.resources.values().map(|declaration| declaration.schema.kind).collect();
    let strays: Vec<_> = kinds.iter().map(|kind| formwork_aws::permissions::of_strays(kind)).collect();
    let before: Vec<_> = kinds.iter().map(|kind| formwork_aws::permissions::of_preflight(kind)).collect();
    let tables = formwork_aws::tables().into_iter().filter(|table| kinds.contains(table.kind));
    let mut allowed: BTreeSet<&str> =
        tables.flat_map(|table| table.permissions).flat_map(|it| it.actions).copied().collect();
    // What every run looks for, and what examples look up.
    allowed.extend(strays.iter().chain(&before).flat_map(|it| it.actions));
    allowed.extend(["ec2:DescribeAvailabilityZones", "ec2:DescribeImages"]);
    allowed.extend(["iam:ListRoles", "iam:CreateServiceLinkedRole"]);
    // What is counted for quotas is counted by lists that other types have, too.
    allowed.extend(["servicequotas:ListServiceQuotas", "servicequotas:GetAWSDefaultServiceQuota"]);
    allowed.extend(QUOTAS_COUNT);
    let wrong = used.iter().filter(|action| !allowed.contains(action.as_str()));
    wrong
        .map(|action| format!("it called what needs {action}, which is not among the permissions of the types here"))
        .collect()
}

#[tokio::test]
async fn a_permission_that_no_call_needs_has_a_reason() {
    let walks = super::all().await;
    let mut wrong = Vec::new();
    let mut explained = BTreeSet::new();
    for table in formwork_aws::tables() {
        let service = table.kind.trim_start_matches("aws:").split('/').next().unwrap();
        let actions: BTreeSet<&str> = table.permissions.iter().flat_map(|it| it.actions).copied().collect();
        for action in actions.into_iter().filter(|action| !walks[table.kind].used.contains(*action)) {
            let besides = || {
                let tags = ["TagResource", "AddTagsToResource", "CreateTags"].iter().any(|it| action.ends_with(it))
                    || service == "iam" && action.starts_with("iam:Tag");
                let others = !action.starts_with(&format!("{service}:")) || ["iam:PassRole"].contains(&action);
                tags || others && BESIDES.iter().any(|(beginning, _)| action.starts_with(beginning))
            };
            let entry = UNCALLED.iter().find(|(kind, name, _)| *kind == table.kind && *name == action);
            match entry {
                Some(entry) => drop(explained.insert(entry)),
                None if besides() => {}
                None => wrong.push(format!("{} {action}", table.kind)),
            }
        }
    }
    let stale: Vec<_> = UNCALLED.iter().filter(|entry| !explained.contains(entry)).collect();
    assert!(wrong.is_empty() && stale.is_empty(), "never called:\n{}\nstale: {stale:?}", wrong.join("\n"));
}
