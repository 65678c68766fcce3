//! The refusals of AWS that pass by themselves, as data: one row per (service, operations, code, message), with the window
//! after which they are believed.
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
    // EC2: what was made just now is not yet known to the next call, and what was deleted just now still blocks.
    "ec2" ["AssociateAddress", "CreateNatGateway"] ["InvalidAllocationID.NotFound", "InvalidElasticIpID.NotFound"] "" 300;
    "ec2" ["CreateRoute", "ReplaceRoute"] ["InvalidGatewayID.NotFound", "InvalidInternetGatewayID.NotFound", "InvalidNatGatewayID.NotFound", "InvalidTransitGatewayID.NotFound"] "" 120;
    "ec2" ["AttachInternetGateway"] ["InvalidInternetGatewayID.NotFound"] "" 300;
    "ec2" ["ModifySubnetAttribute", "AssociateSubnetCidrBlock", "AssociateRouteTable", "CreateNatGateway"] ["InvalidSubnetID.NotFound"] "" 120;
    "ec2" ["AssociateRouteTable", "CreateRoute"] ["InvalidRouteTableID.NotFound", "InvalidNatGatewayID.NotFound"] "" 300;
    "ec2" ["CreateSubnet", "CreateRouteTable", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "CreateRoute", "AssociateRouteTable", "AttachInternetGateway", "ModifyVpcAttribute", "CreateVpcEndpoint", "CreateFlowLogs", "CreateTags"] ["InvalidVpcID.NotFound", "InvalidSubnetID.NotFound", "InvalidGroup.NotFound", "InvalidInternetGatewayID.NotFound"] "" 120;
    "ec2" ["CreateVpc"] ["UnsupportedOperation"] "is not monitored by IPAM" 300;
    "ec2" ["DeleteVpc", "DeleteSubnet", "DeleteSecurityGroup", "DetachInternetGateway", "DeleteInternetGateway", "DeleteRouteTable"] ["DependencyViolation", "InvalidGroup.InUse"] "" 300;
    "ec2" ["ReleaseAddress"] ["InvalidIPAddress.InUse"] "" 300;
    "ec2" ["CreateFlowLogs"] ["InvalidParameter", "InvalidParameterValue"] "Unable to assume" 120;
    // IAM: principals and policies of seconds ago.
    "iam" ["CreateRole", "UpdateAssumeRolePolicy"] ["MalformedPolicyDocument"] "Invalid principal in policy" 120;
    "iam" ["DeleteRole", "DeletePolicy", "DeleteInstanceProfile"] ["DeleteConflict"] "" 120;
    "iam" ["AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy"] ["ConcurrentModification"] "" 120;
    "iam" [] ["ConcurrentModificationException"] "" 120;
    "iam" ["AddRoleToInstanceProfile"] ["NoSuchEntity"] "The role with name" 120;
    // EKS.
    "eks" ["CreateCluster"] ["InvalidParameterException"] "does not exist" 120;
    "eks" ["CreateCluster"] ["InvalidParameterException"] "Error in role params" 120;
    "eks" ["CreateCluster"] ["InvalidParameterException"] "Role could not be assumed because the trusted entity is not correct" 120;
    "eks" ["CreateCluster"] ["InvalidParameterException"] "doesn't have the Amazon EKS Managed Policies" 120;
    "eks" ["CreateCluster"] ["InvalidParameterException"] "IAM role's policy must include" 120;
    "eks" ["CreateNodegroup"] ["InvalidParameterException", "InvalidRequestException"] "not assumable" 120;
    "eks" ["CreateNodegroup"] ["InvalidParameterException", "InvalidRequestException"] "role" 120;
    "eks" ["CreateAddon"] ["InvalidParameterException"] "does not exist" 120;
    "eks" ["CreateAddon"] ["InvalidParameterException"] "CREATE_FAILED" 120;
    "eks" ["CreateAccessEntry", "AssociateAccessPolicy"] ["InvalidParameterException"] "invalid principal" 120;
    "eks" ["CreatePodIdentityAssociation", "UpdatePodIdentityAssociation"] ["InvalidParameterException"] "does not exist" 120;
    "eks" ["DeleteCluster", "DeleteNodegroup", "UpdateClusterConfig", "UpdateClusterVersion", "UpdateNodegroupConfig", "UpdateNodegroupVersion", "AssociateEncryptionConfig"] ["ResourceInUseException"] "in progress" 3600;
    // RDS.
    "rds" ["CreateDBInstance", "ModifyDBInstance"] ["InvalidParameterValue"] "ENHANCED_MONITORING" 120;
    "rds" ["CreateDBInstance", "ModifyDBInstance"] ["InvalidParameterValue"] "IAM role ARN value is invalid" 120;
    "rds" ["CreateDBInstance"] ["ValidationError"] "couldn't fetch the role from instance profile" 120;
    "rds" ["ModifyDBInstance"] ["InvalidParameterCombination"] "previous storage change is being optimized" 21600;
    "rds" ["DeleteDBParameterGroup"] ["InvalidDBParameterGroupState"] "" 180;
    "rds" ["DeleteDBSubnetGroup"] ["InvalidDBSubnetGroupStateFault"] "" 180;
    "rds" ["DeleteDBInstance", "ModifyDBInstance"] ["InvalidDBInstanceState"] "" 1800;
    // ElastiCache.
    "elasticache" ["DeleteReplicationGroup", "ModifyReplicationGroup", "IncreaseReplicaCount", "DecreaseReplicaCount"] ["InvalidReplicationGroupState"] "" 600;
    "elasticache" ["DeleteCacheSubnetGroup"] ["CacheSubnetGroupInUse"] "" 300;
    "elasticache" ["ModifyCacheParameterGroup", "ResetCacheParameterGroup"] ["InvalidCacheParameterGroupState"] "has pending changes" 60;
    "elasticache" ["DeleteCacheParameterGroup"] ["InvalidCacheParameterGroupState"] "" 300;
    // S3: a bucket of seconds ago, and calls that step on each other.
    "s3" ["CreateBucket"] ["OperationAborted"] "" 120;
    "s3" ["PutBucketEncryption", "PutBucketVersioning", "PutPublicAccessBlock", "PutBucketOwnershipControls", "PutBucketLifecycleConfiguration", "PutBucketCors", "PutBucketPolicy", "PutBucketTagging"] ["NoSuchBucket"] "" 120;
    "s3" [] ["OperationAborted"] "conflicting conditional operation" 300;
    "s3" ["PutBucketPolicy"] ["MalformedPolicy"] "Invalid principal" 120;
    // KMS, ECR, logs: policies that name a principal of seconds ago.
    "kms" ["CreateKey", "PutKeyPolicy"] ["MalformedPolicyDocumentException"] "" 120;
    "kms" [] ["KMSInvalidStateException"] "creating" 120;
    "secretsmanager" ["PutResourcePolicy"] ["MalformedPolicyDocumentException"] "" 120;
    "cloudwatchlogs" [] ["OperationAbortedException"] "" 120;
};

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
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_what_it_says() {
        for row in PASSING {
            for code in row.codes {
                let operation = row.operations.first().copied().unwrap_or("Anything");
                let found = window(row.service, operation, code, &format!("… {} …", row.message));
                assert!(found.is_some(), "{row:?}");
            }
        }
    }

    #[test]
    fn other_operations_and_messages_are_not_retried() {
        assert_eq!(window("iam", "CreateRole", "MalformedPolicyDocument", "Syntax errors in policy."), None);
        assert_eq!(window("ec2", "CreateSubnet", "DependencyViolation", ""), None);
        assert_eq!(
            window("ec2", "DeleteSubnet", "InvalidSubnetID.NotFound", "The subnet ID 'subnet-1' does not exist"),
            None
        );
        assert_eq!(window("eks", "CreateCluster", "InvalidParameterException", "unsupported Kubernetes version"), None);
    }
}
