//! The refusals of AWS that pass by themselves, as data: one row per (service, operations, code, message), with the window
//! after which they are believed.
//!
//! What a service says when there are too many calls, or when it fails, is no matter of this table but of the answer's code and status
//! (`crate::error`), and is repeated whatever was called.
//!
//! Most are IAM's eventual consistency: a role that was made seconds ago is not yet known to the service that shall assume it.

use std::time::Duration;

/// One passing refusal.
#[derive(Debug)]
pub struct Passing {
    /// The service as the SDK's crate names it: `eks`, `cloudwatchlogs`.
    pub service: &'static str,
    /// The operations; empty for all of the service.
    pub operations: &'static [&'static str],
    /// The error codes.
    pub codes: &'static [&'static str],
    /// A part of the message; empty for any.
    pub message: &'static str,
    /// How long it may last, in seconds.
    pub seconds: u64,
}

macro_rules! passing {
    ($($service:literal [$($operation:literal),*] [$($code:literal),+] $message:literal $seconds:literal;)*) => {
        &[$(Passing {
            service: $service,
            operations: &[$($operation),*],
            codes: &[$($code),+],
            message: $message,
            seconds: $seconds,
        }),*]
    };
}

/// The table. Sources: AWS's documentation of each error, and what operators of these services reported.
pub const PASSING: &[Passing] = passing! {
    // EC2: what was made just now is not known to the next call for up to five minutes, and what was deleted just now still blocks.
    "ec2" ["AssociateAddress"] ["InvalidInstanceID"] "pending instance" 300;
    "ec2" ["AssociateAddress", "ModifyInstanceAttribute", "ModifyInstanceMetadataOptions", "AssociateIamInstanceProfile"] ["InvalidInstanceID.NotFound"] "" 300;
    "ec2" ["RunInstances", "AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"] ["InvalidParameterValue"] "Invalid IAM Instance Profile" 120;
    "ec2" ["RunInstances", "AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"] ["InvalidParameterValue"] "has no associated IAM Roles" 120;
    "ec2" ["RunInstances"] ["InvalidGroup.NotFound", "InvalidSubnetID.NotFound", "InvalidKeyPair.NotFound"] "" 300;
    "ec2" ["CreateNetworkAcl"] ["InvalidVpcID.NotFound"] "" 300;
    "ec2" ["CreateNetworkAclEntry", "ReplaceNetworkAclAssociation"] ["InvalidNetworkAclID.NotFound", "InvalidAssociationID.NotFound"] "" 300;
    "ec2" ["ModifyManagedPrefixList", "DeleteManagedPrefixList"] ["IncorrectState", "InvalidPrefixListID.NotFound"] "" 120;
    "ec2" ["StopInstances", "StartInstances", "ModifyInstanceAttribute"] ["IncorrectInstanceState", "IncorrectState"] "" 120;
    "ec2" ["AssociateAddress", "CreateNatGateway"] ["InvalidAllocationID.NotFound", "InvalidElasticIpID.NotFound"] "" 300;
    "ec2" ["CreateRoute", "ReplaceRoute"] ["InvalidGatewayID.NotFound", "InvalidInternetGatewayID.NotFound", "InvalidNatGatewayID.NotFound", "InvalidTransitGatewayID.NotFound"] "" 300;
    "ec2" ["CreateRoute", "DeleteRoute"] ["InvalidParameterException"] "" 300;
    "ec2" ["AttachInternetGateway"] ["InvalidInternetGatewayID.NotFound"] "" 300;
    "ec2" ["ModifySubnetAttribute", "AssociateSubnetCidrBlock", "AssociateRouteTable", "CreateNatGateway"] ["InvalidSubnetID.NotFound"] "" 300;
    "ec2" ["AssociateRouteTable", "CreateRoute"] ["InvalidRouteTableID.NotFound", "InvalidNatGatewayID.NotFound"] "" 300;
    "ec2" ["CreateSubnet", "CreateRouteTable", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "AttachInternetGateway", "ModifyVpcAttribute", "CreateVpcEndpoint", "CreateFlowLogs", "CreateTags"] ["InvalidVpcID.NotFound", "InvalidSubnetID.NotFound", "InvalidGroup.NotFound", "InvalidInternetGatewayID.NotFound", "InvalidRouteTableID.NotFound"] "" 300;
    "ec2" ["CreateVpc"] ["UnsupportedOperation"] "is not monitored by IPAM" 300;
    "ec2" ["DeleteVpc", "DeleteRouteTable", "DeleteNetworkAcl", "DeleteManagedPrefixList"] ["DependencyViolation"] "" 300;
    // Network interfaces of Lambda, load balancers and clusters go minutes after what they belonged to; for as long as such a delete may take.
    "ec2" ["DeleteSubnet"] ["DependencyViolation"] "" 1200;
    "ec2" ["DeleteSecurityGroup"] ["DependencyViolation", "InvalidGroup.InUse"] "" 900;
    "ec2" ["DetachInternetGateway", "DeleteInternetGateway"] ["DependencyViolation"] "" 1200;
    // A Client VPN endpoint takes one change at a time, an account makes one endpoint at a time, and a subnet takes clients minutes after its association.
    "ec2" ["CreateClientVpnEndpoint"] ["OperationNotPermitted"] "while another endpoint is being created" 600;
    "ec2" ["CreateClientVpnEndpoint", "ModifyClientVpnEndpoint"] ["InvalidVpcID.NotFound", "InvalidGroup.NotFound"] "" 300;
    "ec2" ["AssociateClientVpnTargetNetwork", "AuthorizeClientVpnIngress", "CreateClientVpnRoute", "DeleteClientVpnEndpoint", "DeleteClientVpnRoute", "DisassociateClientVpnTargetNetwork", "ModifyClientVpnEndpoint", "RevokeClientVpnIngress"] ["ConcurrentMutationLimitExceeded"] "" 1800;
    "ec2" ["AssociateClientVpnTargetNetwork", "AuthorizeClientVpnIngress", "CreateClientVpnRoute", "ModifyClientVpnEndpoint", "CreateTags"] ["InvalidClientVpnEndpointId.NotFound"] "" 300;
    "ec2" ["AssociateClientVpnTargetNetwork"] ["InvalidSubnetID.NotFound"] "" 300;
    "ec2" ["CreateClientVpnRoute"] ["InvalidClientVpnActiveAssociationNotFound"] "" 300;
    "ec2" ["DeleteClientVpnEndpoint"] ["ClientVpnEndpointAssociationExists"] "" 300;
    "ec2" ["ReleaseAddress"] ["InvalidIPAddress.InUse"] "" 180;
    "ec2" ["CreateFlowLogs"] ["InvalidParameter", "InvalidParameterValue"] "Unable to assume" 120;
    // CloudFront: somebody else's change came between, so that the version tag is not the newest one; the next attempt reads it anew.
    "cloudfront" [] ["PreconditionFailed", "InvalidIfMatchVersion"] "" 120;
    // What was disabled or deleted just now is not known to all of CloudFront, and neither is what was made just now.
    "cloudfront" ["DeleteDistribution"] ["DistributionNotDisabled"] "" 300;
    "cloudfront" ["DeleteCachePolicy", "DeleteOriginAccessControl", "DeleteResponseHeadersPolicy"] ["CachePolicyInUse", "OriginAccessControlInUse", "ResponseHeadersPolicyInUse"] "" 300;
    "cloudfront" ["CreateDistributionWithTags", "UpdateDistribution"] ["InvalidViewerCertificate"] "certificate doesn't exist" 120;
    "cloudfront" ["CreateDistributionWithTags", "UpdateDistribution"] ["InvalidOriginAccessControl", "NoSuchCachePolicy", "NoSuchResponseHeadersPolicy"] "" 120;
    // IAM: principals and policies of seconds ago.
    "iam" ["CreateRole", "UpdateAssumeRolePolicy"] ["MalformedPolicyDocument"] "Invalid principal in policy" 120;
    "iam" ["DeleteRole", "DeletePolicy", "DeleteInstanceProfile"] ["DeleteConflict"] "" 120;
    "iam" [] ["ConcurrentModification", "ConcurrentModificationException"] "" 120;
    "iam" ["AddRoleToInstanceProfile"] ["NoSuchEntity"] "The role with name" 120;
    "iam" ["AddRoleToInstanceProfile"] ["InvalidParameterValue"] "Invalid IAM Instance Profile name" 120;
    // EKS.
    "eks" ["CreateCluster"] ["InvalidParameterException"] "does not exist" 120;
    "eks" ["CreateCluster"] ["InvalidParameterException"] "Error in role params" 120;
    "eks" ["CreateCluster"] ["InvalidParameterException"] "Role could not be assumed because the trusted entity is not correct" 120;
    "eks" ["CreateCluster"] ["InvalidParameterException"] "The provided role doesn't have the Amazon EKS Managed Policies associated with it" 120;
    "eks" ["CreateCluster"] ["InvalidParameterException"] "IAM role's policy must include" 120;
    // Others leave these out, and see a role of seconds ago refused.
    "eks" ["CreateNodegroup"] ["InvalidParameterException", "InvalidRequestException"] "were not found in the trust relationships of nodeRole" 120;
    "eks" ["CreateNodegroup"] ["InvalidParameterException", "InvalidRequestException"] "The provided role doesn't have the Amazon EKS Managed Policies associated with it" 120;
    "eks" ["CreateNodegroup"] ["InvalidParameterException", "InvalidRequestException"] "The role with name" 120;
    "eks" ["CreateNodegroup"] ["InvalidParameterException", "InvalidRequestException"] "not assumable" 120;
    "eks" ["CreateNodegroup"] ["InvalidParameterException", "InvalidRequestException"] "unable to assume the service-linked role" 120;
    "eks" ["CreateAddon"] ["InvalidParameterException"] "does not exist" 120;
    "eks" ["CreateAddon"] ["InvalidParameterException"] "CREATE_FAILED" 120;
    "eks" ["CreateFargateProfile"] ["InvalidParameterException"] "Misconfigured PodExecutionRole Trust Policy" 120;
    // A cluster makes and deletes one at a time, each for a minute or two.
    "eks" ["CreateFargateProfile", "DeleteFargateProfile"] ["ResourceInUseException"] "currently has Fargate profile" 3600;
    "eks" ["CreateAccessEntry", "AssociateAccessPolicy"] ["InvalidParameterException"] "The specified principalArn is invalid: invalid principal" 120;
    "eks" ["CreatePodIdentityAssociation", "UpdatePodIdentityAssociation"] ["InvalidParameterException"] "Role provided in the request does not exist" 120;
    "eks" ["DeleteCluster", "DeleteNodegroup", "UpdateClusterConfig", "UpdateClusterVersion", "UpdateNodegroupConfig", "UpdateNodegroupVersion", "AssociateEncryptionConfig"] ["ResourceInUseException"] "in progress" 3600;
    // RDS.
    "rds" ["CreateDBCluster", "CreateDBInstance", "ModifyDBCluster", "ModifyDBInstance"] ["InvalidParameterValue"] "ENHANCED_MONITORING" 120;
    "rds" ["AddRoleToDBCluster", "CreateDBCluster", "CreateDBInstance", "ModifyDBCluster", "ModifyDBInstance"] ["InvalidParameterValue"] "IAM role ARN value is invalid or does not include the required permissions" 120;
    "rds" ["CreateDBInstance"] ["ValidationError"] "RDS couldn't fetch the role from instance profile" 120;
    "rds" ["ModifyDBInstance"] ["InvalidParameterCombination"] "previous storage change is being optimized" 21600;
    "rds" ["ModifyDBInstance"] ["InvalidDBClusterState", "InvalidDBClusterStateFault"] "" 120;
    // A cluster that is made, changed or backed up takes no change, no member and no role. One with members is not deleted, and says so in other words.
    "rds" ["AddRoleToDBCluster", "CreateDBInstance", "DisableHttpEndpoint", "EnableHttpEndpoint", "ModifyDBCluster", "RemoveRoleFromDBCluster"] ["InvalidDBClusterState", "InvalidDBClusterStateFault"] "" 1800;
    "rds" ["DeleteDBCluster"] ["InvalidDBClusterState", "InvalidDBClusterStateFault"] "available" 1800;
    "rds" ["DeleteDBClusterParameterGroup", "DeleteDBParameterGroup"] ["InvalidDBParameterGroupState", "InvalidDBParameterGroupStateFault"] "" 180;
    "rds" ["DeleteDBSubnetGroup"] ["InvalidDBSubnetGroupStateFault", "InvalidDBSubnetGroupState"] "" 180;
    // An instance that is backed up, changed or made takes neither; "please try your request later", and one that goes already is seen to go.
    "rds" ["DeleteDBInstance", "ModifyDBCluster", "ModifyDBInstance"] ["InvalidDBInstanceState", "InvalidDBInstanceStateFault"] "" 1800;
    // ElastiCache.
    "elasticache" ["DeleteReplicationGroup", "ModifyReplicationGroup", "IncreaseReplicaCount", "DecreaseReplicaCount"] ["InvalidReplicationGroupState", "InvalidReplicationGroupStateFault"] "" 600;
    "elasticache" ["DeleteCacheSubnetGroup"] ["CacheSubnetGroupInUse", "DependencyViolation"] "" 300;
    "elasticache" ["ModifyCacheParameterGroup", "ResetCacheParameterGroup"] ["InvalidCacheParameterGroupState"] "has pending changes" 60;
    "elasticache" ["DeleteCacheParameterGroup"] ["InvalidCacheParameterGroupState"] "" 300;
    // Elastic Load Balancing: names of seconds ago, a bucket's policy that is not in force yet, and what a listener of seconds ago still holds.
    "elasticloadbalancingv2" ["CreateListener", "ModifyListener"] ["CertificateNotFound", "UnsupportedCertificate"] "" 300;
    "elasticloadbalancingv2" ["CreateListener", "CreateRule", "ModifyListener", "ModifyRule"] ["TargetGroupNotFound"] "" 120;
    "elasticloadbalancingv2" ["CreateLoadBalancer"] ["InvalidConfigurationRequest"] "service linked role" 120;
    "elasticloadbalancingv2" ["ModifyLoadBalancerAttributes"] ["InvalidConfigurationRequest"] "Access Denied for bucket" 120;
    "elasticloadbalancingv2" ["DeleteTargetGroup"] ["ResourceInUse"] "" 300;
    // EFS: neither a mount target nor the end of a file system goes while the other one is on its way.
    "efs" [] ["IncorrectFileSystemLifeCycleState", "IncorrectMountTargetState"] "" 600;
    "efs" ["DeleteFileSystem"] ["FileSystemInUse"] "" 600;
    "efs" ["PutFileSystemPolicy"] ["InvalidPolicyException"] "rincipal" 120;
    // Roles that services act with, made just before.
    "elasticache" ["CreateReplicationGroup"] ["InvalidParameterValue", "ServiceLinkedRoleNotFoundFault"] "service linked role" 120;
    "rds" ["CreateDBInstance", "CreateDBCluster"] ["InvalidParameterValue"] "service linked role" 120;
    // S3: a bucket of seconds ago, and calls that step on each other.
    "s3" ["CreateBucket", "PutBucketEncryption"] ["OperationAborted"] "" 120;
    "s3" ["PutBucketEncryption", "PutBucketVersioning", "PutPublicAccessBlock", "PutBucketOwnershipControls", "PutBucketLifecycleConfiguration", "PutBucketCors", "PutBucketPolicy", "PutBucketTagging", "PutBucketLogging", "PutBucketNotificationConfiguration", "PutBucketAccelerateConfiguration", "PutBucketAnalyticsConfiguration", "PutBucketIntelligentTieringConfiguration", "PutBucketInventoryConfiguration", "PutBucketMetricsConfiguration", "PutBucketReplication", "PutBucketWebsite", "PutObjectLockConfiguration"] ["NoSuchBucket"] "" 120;
    "s3" ["PutBucketReplication"] ["InvalidRequest"] "Versioning must be 'Enabled' on the bucket" 120;
    "s3" [] ["OperationAborted"] "conflicting conditional operation" 300;
    "s3" ["PutBucketPolicy"] ["MalformedPolicy"] "Invalid principal" 120;
    // What a certificate was taken from a moment ago (a listener, a distribution) holds it for some minutes more.
    "acm" ["DeleteCertificate"] ["ResourceInUseException"] "" 1200;
    // A VPC of seconds ago.
    "route53" ["CreateHostedZone", "AssociateVPCWithHostedZone"] ["InvalidVPCId"] "" 120;
    // Policies that name a principal of seconds ago.
    "kms" ["CreateKey", "PutKeyPolicy"] ["MalformedPolicyDocumentException"] "invalid principal" 120;
    "kms" [] ["KMSInvalidStateException"] "creating" 120;
    "secretsmanager" ["PutResourcePolicy"] ["MalformedPolicyDocumentException"] "principal" 120;
    // One request for a resource at a time.
    "cloudcontrol" ["UpdateResource", "DeleteResource"] ["ConcurrentOperationException"] "" 3600;
    "cloudwatchlogs" [] ["OperationAbortedException"] "" 120;
    // DynamoDB: fifty tables of an account and one index of a table change at a time; a table that changes takes nothing else.
    "dynamodb" ["CreateTable", "DeleteTable", "UpdateTable", "UpdateContinuousBackups", "UpdateTimeToLive"] ["LimitExceededException"] "simultaneously" 3600;
    "dynamodb" ["DeleteTable", "UpdateTable", "UpdateContributorInsights", "EnableKinesisStreamingDestination", "DisableKinesisStreamingDestination", "UpdateKinesisStreamingDestination", "PutResourcePolicy", "TagResource", "UntagResource"] ["ResourceInUseException"] "" 1200;
    "dynamodb" ["UpdateContinuousBackups"] ["ContinuousBackupsUnavailableException"] "" 1200;
    // A change of the time to live takes up to an hour, in which another one is refused.
    "dynamodb" ["UpdateTimeToLive"] ["ValidationException"] "Time to live has been modified multiple times within a fixed interval" 3900;
    "dynamodb" ["UpdateTimeToLive", "UpdateContributorInsights", "PutResourcePolicy", "TagResource"] ["ResourceNotFoundException"] "" 120;
    // SQS: a name cannot be taken for a minute after its queue was deleted; a queue of seconds ago is not known everywhere.
    "sqs" ["CreateQueue"] ["QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"] "" 90;
    "sqs" ["SetQueueAttributes", "TagQueue"] ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"] "" 60;
    // SNS: roles and subscribers of seconds ago.
    "sns" ["SetTopicAttributes", "Subscribe", "SetSubscriptionAttributes"] ["InvalidParameter"] "role" 120;
    "sns" ["Subscribe"] ["NotFound"] "Topic does not exist" 60;
    // Parameter Store: two writers of one parameter.
    "ssm" ["PutParameter"] ["TooManyUpdates"] "" 60;
};

/// Refusals that nobody should repeat although they look like a failure of AWS's: there is no such machine to be had in the zone now, and
/// the next minute there is none either.
const HOPELESS: &[&str] =
    &["InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientReservedInstanceCapacity"];

/// Whether a refusal is for good whatever its status says.
pub(crate) fn is_hopeless(code: &str) -> bool {
    HOPELESS.contains(&code)
}

/// How long this refusal may last, if it is a passing one.
pub fn window(service: &str, operation: &str, code: &str, message: &str) -> Option<Duration> {
    PASSING
        .iter()
        .filter(|row| row.service == service)
        .filter(|row| row.operations.is_empty() || row.operations.contains(&operation))
        .filter(|row| row.codes.contains(&code))
        .find(|row| message.contains(row.message))
        .map(|row| Duration::from_secs(row.seconds))
}

#[cfg(test)]
mod tests;
