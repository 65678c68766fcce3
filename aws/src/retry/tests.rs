//! Each row with what the service says in such a case: repeated within its window, believed after it; and what the same operations say when it is
//! final.

use formwork_engine::apply::retry::{Advice, Tried, Verb, advise};
use formwork_engine::kind::CallClass;

use super::*;
use crate::error::classify;

/// Service, operation, code and message as the service words it, and for how many seconds it is borne.
type Said = (&'static str, &'static str, &'static str, &'static str, u64);

const SAID: &[Said] = &[
    (
        "ec2",
        "AssociateAddress",
        "InvalidInstanceID",
        "The pending instance 'i-1' is not in a valid state for this operation.",
        300,
    ),
    ("ec2", "ModifyInstanceAttribute", "InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist", 300),
    (
        "ec2",
        "RunInstances",
        "InvalidParameterValue",
        "Value (hosts) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        120,
    ),
    (
        "ec2",
        "RunInstances",
        "InvalidParameterValue",
        "IAM Instance Profile \"arn:aws:iam::1:instance-profile/hosts\" has no associated IAM Roles",
        120,
    ),
    ("ec2", "RunInstances", "InvalidGroup.NotFound", "The security group 'sg-1' does not exist", 300),
    ("ec2", "CreateNetworkAcl", "InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist", 300),
    ("ec2", "CreateNetworkAclEntry", "InvalidNetworkAclID.NotFound", "The networkAcl ID 'acl-1' does not exist", 300),
    (
        "ec2",
        "ModifyManagedPrefixList",
        "IncorrectState",
        "The prefix list pl-1 is in an incorrect state for the request",
        120,
    ),
    (
        "ec2",
        "StartInstances",
        "IncorrectInstanceState",
        "The instance 'i-1' is not in a state from which it can be started.",
        120,
    ),
    (
        "acm",
        "DeleteCertificate",
        "ResourceInUseException",
        "Certificate arn:aws:acm:a:1:certificate/1 is in use.",
        1200,
    ),
    ("route53", "AssociateVPCWithHostedZone", "InvalidVPCId", "The VPC: vpc-1 you provided is not found", 120),
    ("ec2", "CreateNatGateway", "InvalidAllocationID.NotFound", "The allocation ID 'eipalloc-1' does not exist", 300),
    ("ec2", "CreateRoute", "InvalidTransitGatewayID.NotFound", "The transitGateway ID 'tgw-1' does not exist", 300),
    ("ec2", "CreateRoute", "InvalidParameterException", "", 300),
    ("ec2", "DeleteRoute", "InvalidParameterException", "", 300),
    (
        "ec2",
        "AttachInternetGateway",
        "InvalidInternetGatewayID.NotFound",
        "The internetGateway ID 'igw-1' does not exist",
        300,
    ),
    ("ec2", "CreateNatGateway", "InvalidSubnetID.NotFound", "The subnet ID 'subnet-1' does not exist", 300),
    ("ec2", "AssociateRouteTable", "InvalidRouteTableID.NotFound", "The routeTable ID 'rtb-1' does not exist", 300),
    ("ec2", "CreateSubnet", "InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist", 300),
    (
        "ec2",
        "CreateVpc",
        "UnsupportedOperation",
        "The operation CreateVpc is not supported. Account 1 is not monitored by IPAM ipam-1",
        300,
    ),
    ("ec2", "DeleteVpc", "DependencyViolation", "The vpc 'vpc-1' has dependencies and cannot be deleted.", 300),
    (
        "ec2",
        "DeleteSubnet",
        "DependencyViolation",
        "The subnet 'subnet-1' has dependencies and cannot be deleted.",
        1200,
    ),
    ("ec2", "DeleteSecurityGroup", "DependencyViolation", "resource sg-1 has a dependent object", 900),
    (
        "ec2",
        "DetachInternetGateway",
        "DependencyViolation",
        "Network vpc-1 has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.",
        1200,
    ),
    ("ec2", "CreateClientVpnEndpoint", "OperationNotPermitted", "not while another endpoint is being created", 600),
    ("ec2", "CreateClientVpnEndpoint", "InvalidGroup.NotFound", "The security group 'sg-1' does not exist", 300),
    ("ec2", "CreateClientVpnRoute", "ConcurrentMutationLimitExceeded", "Please try again later.", 1800),
    ("ec2", "AuthorizeClientVpnIngress", "InvalidClientVpnEndpointId.NotFound", "cvpn-1 does not exist", 300),
    ("ec2", "AssociateClientVpnTargetNetwork", "InvalidSubnetID.NotFound", "subnet-1 does not exist", 300),
    ("ec2", "CreateClientVpnRoute", "InvalidClientVpnActiveAssociationNotFound", "in pending-associate", 300),
    ("ec2", "DeleteClientVpnEndpoint", "ClientVpnEndpointAssociationExists", "it has associations cvpn-assoc-1", 300),
    ("ec2", "ReleaseAddress", "InvalidIPAddress.InUse", "The address 'eipalloc-1' is in use.", 180),
    ("ec2", "CreateFlowLogs", "InvalidParameter", "Unable to assume the given IAM role", 120),
    (
        "cloudfront",
        "UpdateDistribution",
        "PreconditionFailed",
        "The request failed because it didn't meet the preconditions in one or more request-header fields.",
        120,
    ),
    (
        "cloudfront",
        "DeleteDistribution",
        "DistributionNotDisabled",
        "The distribution you are trying to delete has not been disabled.",
        300,
    ),
    (
        "cloudfront",
        "DeleteOriginAccessControl",
        "OriginAccessControlInUse",
        "Cannot delete the origin access control because it is being used.",
        300,
    ),
    (
        "cloudfront",
        "CreateDistributionWithTags",
        "NoSuchCachePolicy",
        "The specified cache policy does not exist.",
        120,
    ),
    (
        "cloudfront",
        "CreateDistributionWithTags",
        "InvalidViewerCertificate",
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.",
        120,
    ),
    (
        "iam",
        "CreateRole",
        "MalformedPolicyDocument",
        "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:role/a\"",
        120,
    ),
    (
        "iam",
        "DeleteRole",
        "DeleteConflict",
        "Cannot delete entity, must remove roles from instance profile first.",
        120,
    ),
    (
        "iam",
        "AttachRolePolicy",
        "ConcurrentModification",
        "Multiple requests to change this object were submitted simultaneously.",
        120,
    ),
    ("iam", "AddRoleToInstanceProfile", "NoSuchEntity", "The role with name a cannot be found.", 120),
    (
        "iam",
        "AddRoleToInstanceProfile",
        "InvalidParameterValue",
        "Value (a) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        120,
    ),
    (
        "eks",
        "CreateCluster",
        "InvalidParameterException",
        "The subnet ID 'subnet-1' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: InvalidSubnetID.NotFound)",
        120,
    ),
    ("eks", "CreateCluster", "InvalidParameterException", "Error in role params", 120),
    (
        "eks",
        "CreateCluster",
        "InvalidParameterException",
        "Role could not be assumed because the trusted entity is not correct",
        120,
    ),
    (
        "eks",
        "CreateCluster",
        "InvalidParameterException",
        "The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the following policy is attached",
        120,
    ),
    (
        "eks",
        "CreateCluster",
        "InvalidParameterException",
        "IAM role's policy must include the `ec2:DescribeSubnets` action",
        120,
    ),
    (
        "eks",
        "CreateNodegroup",
        "InvalidParameterException",
        "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole arn:aws:iam::1:role/a",
        120,
    ),
    (
        "eks",
        "CreateNodegroup",
        "InvalidRequestException",
        "The provided role doesn't have the Amazon EKS Managed Policies associated with it.",
        120,
    ),
    ("eks", "CreateNodegroup", "InvalidParameterException", "The role with name a cannot be found.", 120),
    ("eks", "CreateNodegroup", "InvalidParameterException", "The role is not assumable", 120),
    (
        "eks",
        "CreateNodegroup",
        "InvalidRequestException",
        "Amazon EKS Nodegroups was unable to assume the service-linked role in your account",
        120,
    ),
    ("eks", "CreateAddon", "InvalidParameterException", "The role does not exist", 120),
    (
        "eks",
        "CreateFargateProfile",
        "InvalidParameterException",
        "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
        120,
    ),
    (
        "eks",
        "CreateFargateProfile",
        "ResourceInUseException",
        "Cannot create Fargate Profile a because cluster main currently has Fargate profile b in status CREATING",
        3600,
    ),
    ("eks", "CreateAddon", "InvalidParameterException", "Addon is in CREATE_FAILED", 120),
    (
        "eks",
        "AssociateAccessPolicy",
        "InvalidParameterException",
        "The specified principalArn is invalid: invalid principal.",
        120,
    ),
    (
        "eks",
        "UpdatePodIdentityAssociation",
        "InvalidParameterException",
        "Role provided in the request does not exist.",
        120,
    ),
    ("eks", "DeleteCluster", "ResourceInUseException", "Cluster has update in progress", 3600),
    (
        "rds",
        "CreateDBInstance",
        "InvalidParameterValue",
        "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
        120,
    ),
    (
        "rds",
        "ModifyDBInstance",
        "InvalidParameterValue",
        "IAM role ARN value is invalid or does not include the required permissions for: S3_INTEGRATION",
        120,
    ),
    ("rds", "CreateDBInstance", "ValidationError", "RDS couldn't fetch the role from instance profile a", 120),
    (
        "rds",
        "ModifyDBInstance",
        "InvalidParameterCombination",
        "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.",
        21600,
    ),
    ("rds", "ModifyDBInstance", "InvalidDBClusterState", "DB cluster is not available.", 120),
    ("rds", "CreateDBInstance", "InvalidDBClusterStateFault", "Cluster a is not available.", 1800),
    (
        "rds",
        "DeleteDBCluster",
        "InvalidDBClusterStateFault",
        "DbCluster a is not currently in the available state.",
        1800,
    ),
    (
        "rds",
        "DeleteDBParameterGroup",
        "InvalidDBParameterGroupState",
        "One or more database instances are still members of this parameter group",
        180,
    ),
    (
        "rds",
        "DeleteDBSubnetGroup",
        "InvalidDBSubnetGroupStateFault",
        "Cannot delete the subnet group because at least one database instance is still using it.",
        180,
    ),
    (
        "rds",
        "DeleteDBInstance",
        "InvalidDBInstanceState",
        "Instance a is currently being backed up; please try your request later.",
        1800,
    ),
    ("rds", "DeleteDBInstance", "InvalidDBInstanceState", "Instance a is already being deleted.", 1800),
    (
        "elasticache",
        "DeleteReplicationGroup",
        "InvalidReplicationGroupState",
        "Replication group a has status modifying which is not valid for deletion.",
        600,
    ),
    (
        "elasticache",
        "DeleteCacheSubnetGroup",
        "CacheSubnetGroupInUse",
        "Cache subnet group a is currently in use by a cache cluster.",
        300,
    ),
    ("elasticloadbalancingv2", "CreateListener", "CertificateNotFound", "Certificate 'arn' not found", 300),
    (
        "elasticloadbalancingv2",
        "ModifyListener",
        "UnsupportedCertificate",
        "The certificate 'arn' must have a fully-qualified domain name",
        300,
    ),
    ("elasticloadbalancingv2", "CreateRule", "TargetGroupNotFound", "Target groups 'arn' not found", 120),
    (
        "elasticloadbalancingv2",
        "CreateLoadBalancer",
        "InvalidConfigurationRequest",
        "Unable to create the service linked role",
        120,
    ),
    (
        "elasticloadbalancingv2",
        "ModifyLoadBalancerAttributes",
        "InvalidConfigurationRequest",
        "Access Denied for bucket: logs. Please check S3bucket permission",
        120,
    ),
    (
        "elasticloadbalancingv2",
        "DeleteTargetGroup",
        "ResourceInUse",
        "Target group 'arn' is currently in use by a listener or a rule",
        300,
    ),
    ("efs", "CreateMountTarget", "IncorrectFileSystemLifeCycleState", "None", 600),
    ("efs", "DeleteFileSystem", "FileSystemInUse", "None", 600),
    ("efs", "PutFileSystemPolicy", "InvalidPolicyException", "Policy contains invalid Principal block", 120),
    (
        "elasticache",
        "CreateReplicationGroup",
        "InvalidParameterValue",
        "Failed to create service linked role for your account",
        120,
    ),
    (
        "rds",
        "CreateDBInstance",
        "InvalidParameterValue",
        "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later",
        120,
    ),
    ("elasticache", "DeleteCacheSubnetGroup", "DependencyViolation", "", 300),
    (
        "elasticache",
        "ModifyCacheParameterGroup",
        "InvalidCacheParameterGroupState",
        "The parameter group has pending changes",
        60,
    ),
    (
        "elasticache",
        "DeleteCacheParameterGroup",
        "InvalidCacheParameterGroupState",
        "One or more cache clusters are still members of this parameter group",
        300,
    ),
    ("s3", "CreateBucket", "OperationAborted", "", 120),
    ("s3", "PutBucketVersioning", "NoSuchBucket", "The specified bucket does not exist", 120),
    (
        "s3",
        "PutBucketReplication",
        "InvalidRequest",
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        120,
    ),
    (
        "s3",
        "DeleteBucketOwnershipControls",
        "OperationAborted",
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
        300,
    ),
    ("s3", "PutBucketPolicy", "MalformedPolicy", "Invalid principal in policy", 120),
    (
        "kms",
        "CreateKey",
        "MalformedPolicyDocumentException",
        "Policy contains a statement with one or more invalid principals.",
        120,
    ),
    ("kms", "EnableKeyRotation", "KMSInvalidStateException", "arn:aws:kms:key/1 is creating.", 120),
    (
        "secretsmanager",
        "PutResourcePolicy",
        "MalformedPolicyDocumentException",
        "This resource policy contains an unsupported principal.",
        120,
    ),
    (
        "cloudcontrol",
        "UpdateResource",
        "ConcurrentOperationException",
        "Another operation on this resource is in progress.",
        3600,
    ),
    ("cloudwatchlogs", "PutRetentionPolicy", "OperationAbortedException", "", 120),
    (
        "dynamodb",
        "UpdateTable",
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        3600,
    ),
    ("dynamodb", "DeleteTable", "ResourceInUseException", "Attempt to change a resource which is still in use", 1200),
    (
        "dynamodb",
        "UpdateContinuousBackups",
        "ContinuousBackupsUnavailableException",
        "Backups are being enabled for the table: orders. Please retry later",
        1200,
    ),
    (
        "dynamodb",
        "UpdateTimeToLive",
        "ValidationException",
        "Time to live has been modified multiple times within a fixed interval",
        3900,
    ),
    ("dynamodb", "TagResource", "ResourceNotFoundException", "Requested resource not found", 120),
    (
        "sqs",
        "CreateQueue",
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        90,
    ),
    ("sqs", "SetQueueAttributes", "QueueDoesNotExist", "The specified queue does not exist.", 60),
    ("sns", "SetTopicAttributes", "InvalidParameter", "Invalid parameter: the role cannot be assumed", 120),
    ("sns", "Subscribe", "NotFound", "Topic does not exist", 60),
    ("ssm", "PutParameter", "TooManyUpdates", "The parameter is being updated by another request.", 60),
];

/// What operations of the table say when nothing will change about it.
const FINAL: &[(&str, &str, &str, &str)] = &[
    ("ec2", "CreateSubnet", "DependencyViolation", ""),
    ("ec2", "CreateSubnet", "InvalidSubnet.Range", "The CIDR '10.9.0.0/16' is invalid."),
    ("ec2", "CreateVpc", "UnsupportedOperation", "The operation is not supported in this region."),
    ("ec2", "CreateVpc", "VpcLimitExceeded", "The maximum number of VPCs has been reached."),
    ("ec2", "CreateNatGateway", "NatGatewayLimitExceeded", ""),
    (
        "ec2",
        "CreateRoute",
        "InvalidParameterValue",
        "route table rtb-1 and network gateway igw-1 belong to different networks",
    ),
    ("ec2", "DeleteSubnet", "InvalidSubnetID.NotFound", "The subnet ID 'subnet-1' does not exist"),
    (
        "ec2",
        "DeleteSecurityGroup",
        "CannotDelete",
        "the specified group: \"sg-1\" name: \"default\" cannot be deleted by a user",
    ),
    ("ec2", "AuthorizeSecurityGroupIngress", "RulesPerSecurityGroupLimitExceeded", ""),
    ("ec2", "ReleaseAddress", "OperationNotPermitted", ""),
    ("ec2", "CreateFlowLogs", "InvalidParameter", "The log group name is not valid"),
    ("iam", "CreateRole", "MalformedPolicyDocument", "Syntax errors in policy."),
    ("iam", "CreateRole", "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000"),
    (
        "iam",
        "AttachRolePolicy",
        "NoSuchEntity",
        "Policy arn:aws:iam::aws:policy/No does not exist or is not attachable.",
    ),
    (
        "iam",
        "AddRoleToInstanceProfile",
        "LimitExceeded",
        "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    ),
    ("eks", "CreateCluster", "InvalidParameterException", "unsupported Kubernetes version"),
    ("eks", "CreateCluster", "UnsupportedAvailabilityZoneException", ""),
    // The word "role" alone says nothing about whether it passes.
    (
        "eks",
        "CreateNodegroup",
        "InvalidParameterException",
        "The following supplied instance types do not exist: [t9.huge]; check the role of the nodes",
    ),
    ("eks", "CreateNodegroup", "InvalidParameterException", "Subnets are not tagged with the required role"),
    ("eks", "CreateAddon", "InvalidParameterException", "Addon version specified is not supported"),
    ("eks", "CreateAccessEntry", "InvalidParameterException", "The kubernetes group name is invalid"),
    ("eks", "CreatePodIdentityAssociation", "InvalidParameterException", "The namespace does not exist"),
    ("eks", "DeleteCluster", "ResourceNotFoundException", "No cluster found for name: a."),
    ("rds", "CreateDBInstance", "InvalidParameterValue", "Invalid master password"),
    ("rds", "CreateDBInstance", "InsufficientDBInstanceCapacity", ""),
    ("rds", "ModifyDBInstance", "InvalidParameterCombination", "Cannot downgrade from 16 to 15"),
    ("rds", "ModifyDBInstance", "StorageQuotaExceeded", ""),
    (
        "rds",
        "DeleteDBCluster",
        "InvalidDBClusterStateFault",
        "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
    ),
    ("eks", "CreateFargateProfile", "ResourceInUseException", "A Fargate Profile already exists with this name."),
    (
        "rds",
        "DeleteDBInstance",
        "InvalidParameterCombination",
        "Cannot delete protected DB Instance, please disable deletion protection and try again.",
    ),
    (
        "elasticache",
        "ModifyCacheParameterGroup",
        "InvalidCacheParameterGroupState",
        "The default group cannot be changed",
    ),
    ("elasticache", "DeleteReplicationGroup", "ReplicationGroupNotFoundFault", ""),
    ("s3", "PutBucketPolicy", "MalformedPolicy", "Missing required field Action"),
    ("s3", "GetBucketPolicy", "NoSuchBucket", ""),
    ("s3", "PutBucketVersioning", "InvalidBucketState", ""),
    ("s3", "PutBucketReplication", "InvalidRequest", "Destination bucket must exist."),
    (
        "kms",
        "CreateKey",
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    ),
    ("kms", "ScheduleKeyDeletion", "KMSInvalidStateException", "arn:aws:kms:key/1 is pending deletion."),
    ("secretsmanager", "PutResourcePolicy", "MalformedPolicyDocumentException", "The syntax is wrong."),
    ("cloudcontrol", "UpdateResource", "NotUpdatableException", ""),
    ("cloudwatchlogs", "PutRetentionPolicy", "InvalidParameterException", ""),
    ("dynamodb", "CreateTable", "ResourceInUseException", "Table already exists: orders"),
    ("dynamodb", "UpdateTable", "ValidationException", "One or more parameter values were invalid"),
    ("sqs", "CreateQueue", "QueueNameExists", "A queue already exists with the same name and a different value"),
    ("sns", "CreateTopic", "InvalidParameter", "Topic already exists with different attributes"),
    ("ssm", "PutParameter", "ParameterAlreadyExists", "The parameter already exists."),
];

fn row(service: &str, operation: &str, code: &str, message: &str) -> Option<usize> {
    PASSING.iter().position(|row| {
        row.service == service
            && (row.operations.is_empty() || row.operations.contains(&operation))
            && row.codes.contains(&code)
            && message.contains(row.message)
    })
}

#[test]
fn every_row_is_repeated_within_its_window_and_believed_after_it() {
    let mut met = vec![false; PASSING.len()];
    for (service, operation, code, message, seconds) in SAID {
        let what = format!("{service} {operation}: {code} {message}");
        let class = classify(service, operation, code, message, Some(400));
        assert_eq!(class, CallClass::Passing(Duration::from_secs(*seconds)), "{what}");
        for verb in [Verb::Update, Verb::Delete] {
            let at =
                |second: u64| advise(class, verb, Tried { attempts: 3, elapsed: Duration::from_secs(second) }, 0.5);
            assert!(matches!(at(0), Advice::RetryAfter(_)), "{what}");
            assert!(matches!(at(seconds - 1), Advice::RetryAfter(_)), "{what}");
            assert_eq!(at(*seconds), Advice::GiveUp, "{what}");
        }
        // The same of another operation, or in another service's words, is believed at once.
        assert_eq!(
            window(service, "Frobnicate", code, message).is_some(),
            is_general(service, code, message),
            "{what}"
        );
        assert_eq!(window("sts", operation, code, message), None, "{what}");
        assert_eq!(window(service, operation, "AnotherException", message), None, "{what}");
        met[row(service, operation, code, message).expect("it is in the table")] = true;
    }
    let missed: Vec<&Passing> = PASSING.iter().zip(met).filter(|(_, met)| !met).map(|(row, _)| row).collect();
    assert!(missed.is_empty(), "nobody has said what these rows are about: {missed:#?}");
}

/// Whether a row for all operations of the service is about it.
fn is_general(service: &str, code: &str, message: &str) -> bool {
    PASSING.iter().any(|row| {
        row.service == service
            && row.operations.is_empty()
            && row.codes.contains(&code)
            && message.contains(row.message)
    })
}

#[test]
fn what_is_final_is_believed_at_once() {
    for (service, operation, code, message) in FINAL {
        let class = classify(service, operation, code, message, Some(400));
        assert!(matches!(class, CallClass::Refused | CallClass::Exists), "{service} {operation} {code}: {class:?}");
        let tried = Tried { attempts: 1, elapsed: Duration::ZERO };
        assert_eq!(advise(class, Verb::Update, tried, 0.5), Advice::GiveUp, "{service} {operation} {code} {message}");
    }
}

#[test]
fn no_row_hides_another_with_a_longer_window() {
    for (service, operation, code, message, _) in SAID {
        let first = row(service, operation, code, message).expect("it is in the table");
        for later in &PASSING[first + 1..] {
            let fits = later.service == *service
                && later.operations.contains(operation)
                && later.codes.contains(code)
                && message.contains(later.message);
            assert!(!fits || later.seconds <= PASSING[first].seconds, "{service} {operation} {code}: {later:?}");
        }
    }
}

#[test]
fn a_machine_that_is_not_to_be_had_is_not_asked_for_again() {
    // EC2 says it with a status of 500, as if it had failed itself.
    for code in ["InsufficientInstanceCapacity", "InsufficientHostCapacity"] {
        assert_eq!(classify("ec2", "RunInstances", code, "", Some(500)), CallClass::Refused);
    }
}

#[test]
fn failures_and_refusals_for_speed_are_told_by_every_service_in_its_words() {
    for (service, code, status) in [
        ("cloudfront", "Throttling", 400),
        ("ec2", "RequestLimitExceeded", 503),
        ("iam", "Throttling", 400),
        ("rds", "Throttling", 400),
        ("elasticache", "Throttling", 400),
        ("eks", "ThrottlingException", 400),
        ("eks", "TooManyRequestsException", 429),
        ("kms", "ThrottlingException", 400),
        ("cloudwatchlogs", "ThrottlingException", 400),
        ("secretsmanager", "ThrottlingException", 400),
        ("ecr", "ThrottlingException", 400),
        ("s3", "SlowDown", 503),
        ("cloudwatch", "Throttling", 400),
        ("dynamodb", "ThrottlingException", 400),
        ("sns", "Throttled", 429),
        ("sqs", "RequestThrottled", 403),
        ("ssm", "ThrottlingException", 400),
    ] {
        assert_eq!(classify(service, "Anything", code, "", Some(status)), CallClass::Throttled, "{service} {code}");
    }
    for (service, code, status) in [
        ("ec2", "InternalError", 500),
        ("ec2", "Unavailable", 503),
        ("iam", "ServiceFailure", 500),
        ("eks", "ServerException", 500),
        ("kms", "KMSInternalException", 500),
        ("s3", "InternalError", 500),
        ("s3", "ServiceUnavailable", 503),
        ("elasticache", "ServiceUnavailable", 503),
    ] {
        assert_eq!(classify(service, "Anything", code, "", Some(status)), CallClass::Uncertain, "{service} {code}");
    }
}
