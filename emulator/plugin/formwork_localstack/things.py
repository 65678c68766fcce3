"""Which reads show which things: the table that lag and pending states work by.

A thing is named across operations by its service and the text that identifies it, such as an id, a name or an ARN. What is
not in the table is answered at once. That is right for what AWS answers with strong consistency: STS, the objects of S3
(their settings and the existence of a bucket are not), Route 53, DynamoDB's consistent reads; and for what no
one reads back, such as quotas, zones and images.
"""

from dataclasses import dataclass
from typing import Any

from .intercept import refusal


@dataclass(frozen=True)
class Listing:
    """A read that answers rows, told apart by the member `key`, or by several that are joined with a bar. One that is asked for by `ids` and not
    there is refused with `missing`, as EC2 and RDS do."""

    rows: str
    key: str
    ids: str = ""
    missing: str = ""
    status: int = 400

    def name(self, row: dict[str, Any]) -> str:
        """What tells a row apart."""
        return "|".join(str(row.get(part)) for part in self.key.split("|"))


@dataclass(frozen=True)
class Single:
    """A read of one thing, or of one setting of it. `before` is what a setting is that was never made: an error code or an answer."""

    name: str
    missing: str
    status: int = 404
    before: str | dict[str, Any] | None = None


LISTINGS: dict[tuple[str, str], Listing] = {
    ("acm", "ListCertificates"): Listing("CertificateSummaryList", "CertificateArn"),
    ("cloudwatch", "DescribeAlarms"): Listing("MetricAlarms", "AlarmName"),
    ("ec2", "DescribeClientVpnAuthorizationRules"): Listing("AuthorizationRules", "DestinationCidr|GroupId"),
    ("ec2", "DescribeClientVpnEndpoints"): Listing("ClientVpnEndpoints", "ClientVpnEndpointId", "ClientVpnEndpointIds", "InvalidClientVpnEndpointId.NotFound"),
    ("ec2", "DescribeClientVpnRoutes"): Listing("Routes", "DestinationCidr|TargetSubnet"),
    ("ec2", "DescribeClientVpnTargetNetworks"): Listing("ClientVpnTargetNetworks", "AssociationId", "AssociationIds", "InvalidClientVpnAssociationIdNotFound"),
    ("ec2", "DescribeVpcs"): Listing("Vpcs", "VpcId", "VpcIds", "InvalidVpcID.NotFound"),
    ("ec2", "DescribeSubnets"): Listing("Subnets", "SubnetId", "SubnetIds", "InvalidSubnetID.NotFound"),
    ("ec2", "DescribeInternetGateways"): Listing("InternetGateways", "InternetGatewayId", "InternetGatewayIds", "InvalidInternetGatewayID.NotFound"),
    ("ec2", "DescribeNatGateways"): Listing("NatGateways", "NatGatewayId", "NatGatewayIds", "NatGatewayNotFound"),
    ("ec2", "DescribeAddresses"): Listing("Addresses", "AllocationId", "AllocationIds", "InvalidAllocationID.NotFound"),
    ("ec2", "DescribeRouteTables"): Listing("RouteTables", "RouteTableId", "RouteTableIds", "InvalidRouteTableID.NotFound"),
    ("ec2", "DescribeSecurityGroups"): Listing("SecurityGroups", "GroupId", "GroupIds", "InvalidGroup.NotFound"),
    ("ec2", "DescribeSecurityGroupRules"): Listing("SecurityGroupRules", "SecurityGroupRuleId", "SecurityGroupRuleIds", "InvalidSecurityGroupRuleId.NotFound"),
    ("ec2", "DescribeVpcEndpoints"): Listing("VpcEndpoints", "VpcEndpointId", "VpcEndpointIds", "InvalidVpcEndpointId.NotFound"),
    ("ec2", "DescribeFlowLogs"): Listing("FlowLogs", "FlowLogId", "FlowLogIds", "InvalidFlowLogId.NotFound"),
    # The states of instances on their way are those of `gaps.ec2_instances`; what was run is shown within its reservation.
    ("ec2", "DescribeInstances"): Listing("Reservations", "ReservationId"),
    ("ec2", "DescribeKeyPairs"): Listing("KeyPairs", "KeyPairId", "KeyPairIds", "InvalidKeyPair.NotFound"),
    ("ec2", "DescribeLaunchTemplates"): Listing("LaunchTemplates", "LaunchTemplateId", "LaunchTemplateIds", "InvalidLaunchTemplateId.NotFound"),
    ("ec2", "DescribeNetworkAcls"): Listing("NetworkAcls", "NetworkAclId", "NetworkAclIds", "InvalidNetworkAclID.NotFound"),
    ("ec2", "DescribeManagedPrefixLists"): Listing("PrefixLists", "PrefixListId", "PrefixListIds", "InvalidPrefixListID.NotFound"),
    ("ec2", "DescribeTags"): Listing("Tags", "ResourceId"),
    ("iam", "ListRoles"): Listing("Roles", "RoleName"),
    ("iam", "ListAttachedRolePolicies"): Listing("AttachedPolicies", "PolicyArn"),
    ("iam", "ListPolicyVersions"): Listing("Versions", "VersionId"),
    ("iam", "GetAccountAuthorizationDetails"): Listing("RoleDetailList", "RoleName"),
    ("rds", "DescribeDBClusters"): Listing("DBClusters", "DBClusterIdentifier", "DBClusterIdentifier", "DBClusterNotFoundFault", 404),
    ("rds", "DescribeDBClusterParameterGroups"): Listing("DBClusterParameterGroups", "DBClusterParameterGroupName", "DBClusterParameterGroupName", "DBParameterGroupNotFound", 404),
    ("rds", "DescribeDBInstances"): Listing("DBInstances", "DBInstanceIdentifier", "DBInstanceIdentifier", "DBInstanceNotFound", 404),
    ("rds", "DescribeDBSubnetGroups"): Listing("DBSubnetGroups", "DBSubnetGroupName", "DBSubnetGroupName", "DBSubnetGroupNotFoundFault", 404),
    ("rds", "DescribeDBParameterGroups"): Listing("DBParameterGroups", "DBParameterGroupName", "DBParameterGroupName", "DBParameterGroupNotFound", 404),
    ("elasticache", "DescribeReplicationGroups"): Listing("ReplicationGroups", "ReplicationGroupId", "ReplicationGroupId", "ReplicationGroupNotFoundFault", 404),
    ("elasticache", "DescribeCacheSubnetGroups"): Listing("CacheSubnetGroups", "CacheSubnetGroupName", "CacheSubnetGroupName", "CacheSubnetGroupNotFoundFault", 400),
    ("elasticache", "DescribeCacheParameterGroups"): Listing("CacheParameterGroups", "CacheParameterGroupName", "CacheParameterGroupName", "CacheParameterGroupNotFound", 404),
    ("logs", "DescribeLogGroups"): Listing("logGroups", "logGroupName"),
    ("kms", "ListKeys"): Listing("Keys", "KeyId"),
    ("kms", "ListAliases"): Listing("Aliases", "AliasName"),
    ("ecr", "DescribeRepositories"): Listing("repositories", "repositoryName", "repositoryNames", "RepositoryNotFoundException"),
    ("efs", "DescribeFileSystems"): Listing("FileSystems", "FileSystemId", "FileSystemId", "FileSystemNotFound", 404),
    ("efs", "DescribeMountTargets"): Listing("MountTargets", "MountTargetId", "MountTargetId", "MountTargetNotFound", 404),
    ("elbv2", "DescribeListeners"): Listing("Listeners", "ListenerArn", "ListenerArns", "ListenerNotFound"),
    ("elbv2", "DescribeLoadBalancers"): Listing("LoadBalancers", "LoadBalancerArn", "LoadBalancerArns", "LoadBalancerNotFound"),
    ("elbv2", "DescribeRules"): Listing("Rules", "RuleArn", "RuleArns", "RuleNotFound"),
    ("elbv2", "DescribeTargetGroups"): Listing("TargetGroups", "TargetGroupArn", "TargetGroupArns", "TargetGroupNotFound"),
    ("sns", "ListSubscriptionsByTopic"): Listing("Subscriptions", "SubscriptionArn"),
    ("ssm", "DescribeParameters"): Listing("Parameters", "Name"),
    ("ssm", "GetParameters"): Listing("Parameters", "Name"),
    ("eks", "ListPodIdentityAssociations"): Listing("associations", "associationId"),
    ("eks", "ListAssociatedAccessPolicies"): Listing("associatedAccessPolicies", "policyArn"),
}

_ENCRYPTED = {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}}

SINGLES: dict[tuple[str, str], Single] = {
    ("acm", "DescribeCertificate"): Single("CertificateArn", "ResourceNotFoundException", 400),
    ("acm", "ListTagsForCertificate"): Single("CertificateArn", "ResourceNotFoundException", 400),
    ("cloudfront", "GetCachePolicy"): Single("Id", "NoSuchCachePolicy"),
    ("cloudfront", "GetDistribution"): Single("Id", "NoSuchDistribution"),
    ("cloudfront", "GetDistributionConfig"): Single("Id", "NoSuchDistribution"),
    ("cloudfront", "GetOriginAccessControl"): Single("Id", "NoSuchOriginAccessControl"),
    ("cloudfront", "GetResponseHeadersPolicy"): Single("Id", "NoSuchResponseHeadersPolicy"),
    ("cloudfront", "ListTagsForResource"): Single("Resource", "NoSuchResource"),
    ("cloudwatch", "ListTagsForResource"): Single("ResourceARN", "ResourceNotFoundException"),
    ("dynamodb", "DescribeTable"): Single("TableName", "ResourceNotFoundException", 400),
    ("dynamodb", "DescribeTimeToLive"): Single("TableName", "ResourceNotFoundException", 400),
    ("dynamodb", "DescribeContinuousBackups"): Single("TableName", "TableNotFoundException", 400),
    ("dynamodb", "DescribeContributorInsights"): Single("TableName", "ResourceNotFoundException", 400),
    ("dynamodb", "DescribeKinesisStreamingDestination"): Single("TableName", "ResourceNotFoundException", 400),
    ("dynamodb", "GetResourcePolicy"): Single("ResourceArn", "ResourceNotFoundException", 400, "PolicyNotFoundException"),
    ("dynamodb", "ListTagsOfResource"): Single("ResourceArn", "ResourceNotFoundException", 400),
    ("ec2", "DescribeVpcAttribute"): Single("VpcId", "InvalidVpcID.NotFound", 400),
    ("ec2", "DescribeLaunchTemplateVersions"): Single("LaunchTemplateId", "InvalidLaunchTemplateId.NotFound", 400),
    ("ec2", "GetManagedPrefixListEntries"): Single("PrefixListId", "InvalidPrefixListID.NotFound", 400),
    ("iam", "GetRole"): Single("RoleName", "NoSuchEntity"),
    ("iam", "GetRolePolicy"): Single("PolicyName", "NoSuchEntity"),
    ("iam", "GetPolicy"): Single("PolicyArn", "NoSuchEntity"),
    ("iam", "GetPolicyVersion"): Single("PolicyArn", "NoSuchEntity"),
    ("iam", "ListPolicyTags"): Single("PolicyArn", "NoSuchEntity"),
    ("iam", "GetInstanceProfile"): Single("InstanceProfileName", "NoSuchEntity"),
    ("iam", "GetOpenIDConnectProvider"): Single("OpenIDConnectProviderArn", "NoSuchEntity"),
    ("efs", "DescribeBackupPolicy"): Single("FileSystemId", "FileSystemNotFound", 404, "PolicyNotFound"),
    ("efs", "DescribeFileSystemPolicy"): Single("FileSystemId", "FileSystemNotFound", 404, "PolicyNotFound"),
    ("efs", "DescribeLifecycleConfiguration"): Single("FileSystemId", "FileSystemNotFound"),
    ("efs", "DescribeMountTargetSecurityGroups"): Single("MountTargetId", "MountTargetNotFound"),
    ("elbv2", "DescribeListenerAttributes"): Single("ListenerArn", "ListenerNotFound", 400),
    ("elbv2", "DescribeLoadBalancerAttributes"): Single("LoadBalancerArn", "LoadBalancerNotFound", 400),
    ("elbv2", "DescribeTargetGroupAttributes"): Single("TargetGroupArn", "TargetGroupNotFound", 400),
    ("elbv2", "DescribeTargetHealth"): Single("TargetGroupArn", "TargetGroupNotFound", 400),
    ("eks", "DescribeCluster"): Single("name", "ResourceNotFoundException"),
    ("eks", "DescribeNodegroup"): Single("nodegroupName", "ResourceNotFoundException"),
    ("eks", "DescribeAddon"): Single("addonName", "ResourceNotFoundException"),
    ("eks", "DescribeFargateProfile"): Single("fargateProfileName", "ResourceNotFoundException"),
    ("eks", "DescribeAccessEntry"): Single("principalArn", "ResourceNotFoundException"),
    ("eks", "DescribePodIdentityAssociation"): Single("associationId", "ResourceNotFoundException"),
    ("rds", "ListTagsForResource"): Single("ResourceName", "DBInstanceNotFound"),
    ("elasticache", "ListTagsForResource"): Single("ResourceName", "ReplicationGroupNotFoundFault"),
    ("kms", "DescribeKey"): Single("KeyId", "NotFoundException", 400),
    ("kms", "GetKeyPolicy"): Single("KeyId", "NotFoundException", 400),
    ("kms", "GetKeyRotationStatus"): Single("KeyId", "NotFoundException", 400),
    ("kms", "ListResourceTags"): Single("KeyId", "NotFoundException", 400),
    ("secretsmanager", "DescribeSecret"): Single("SecretId", "ResourceNotFoundException", 400),
    ("sns", "GetSubscriptionAttributes"): Single("SubscriptionArn", "NotFound"),
    ("sns", "GetTopicAttributes"): Single("TopicArn", "NotFound"),
    ("sns", "ListTagsForResource"): Single("ResourceArn", "ResourceNotFound"),
    ("sqs", "GetQueueAttributes"): Single("QueueUrl", "AWS.SimpleQueueService.NonExistentQueue", 400),
    ("sqs", "GetQueueUrl"): Single("QueueName", "AWS.SimpleQueueService.NonExistentQueue", 400),
    ("sqs", "ListQueueTags"): Single("QueueUrl", "AWS.SimpleQueueService.NonExistentQueue", 400),
    ("ssm", "GetParameter"): Single("Name", "ParameterNotFound", 400),
    ("ssm", "ListTagsForResource"): Single("ResourceId", "InvalidResourceId", 400),
    ("ecr", "GetLifecyclePolicy"): Single("repositoryName", "RepositoryNotFoundException", 400, "LifecyclePolicyNotFoundException"),
    ("ecr", "GetRepositoryPolicy"): Single("repositoryName", "RepositoryNotFoundException", 400, "RepositoryPolicyNotFoundException"),
    ("s3", "HeadBucket"): Single("Bucket", "404"),
    ("s3", "GetBucketPolicy"): Single("Bucket", "NoSuchBucket", 404, "NoSuchBucketPolicy"),
    ("s3", "GetBucketTagging"): Single("Bucket", "NoSuchBucket"),
    ("s3", "GetBucketLifecycleConfiguration"): Single("Bucket", "NoSuchBucket", 404, "NoSuchLifecycleConfiguration"),
    ("s3", "GetBucketCors"): Single("Bucket", "NoSuchBucket", 404, "NoSuchCORSConfiguration"),
    ("s3", "GetBucketWebsite"): Single("Bucket", "NoSuchBucket", 404, "NoSuchWebsiteConfiguration"),
    ("s3", "GetBucketVersioning"): Single("Bucket", "NoSuchBucket", 404, {}),
    ("s3", "GetBucketLogging"): Single("Bucket", "NoSuchBucket", 404, {}),
    ("s3", "GetBucketEncryption"): Single("Bucket", "NoSuchBucket", 404, _ENCRYPTED),
    ("s3", "GetBucketOwnershipControls"): Single("Bucket", "NoSuchBucket"),
    ("s3", "GetPublicAccessBlock"): Single("Bucket", "NoSuchBucket"),
}


@dataclass(frozen=True)
class States:
    """The words of a thing that AWS makes, changes and deletes while others wait. `hides` is not there before it is ready."""

    row: str
    status: str
    creating: str
    ready: tuple[str, ...]
    updating: str = ""
    deleting: str = ""
    hides: tuple[str, ...] = ()
    unknown: str = "a-state-of-tomorrow"


_EKS = {"status": "status", "creating": "CREATING", "ready": ("ACTIVE",), "updating": "UPDATING", "deleting": "DELETING", "unknown": "A_STATE_OF_TOMORROW"}

STATES: dict[tuple[str, str], States] = {
    ("cloudfront", "GetDistribution"): States("Distribution", "Status", "InProgress", ("Deployed",), "InProgress"),
    ("dynamodb", "DescribeTable"): States("Table", "TableStatus", "CREATING", ("ACTIVE",), "UPDATING", "DELETING", unknown="A_STATE_OF_TOMORROW"),
    ("ec2", "DescribeVpcs"): States("Vpc", "State", "pending", ("available",)),
    ("ec2", "DescribeSubnets"): States("Subnet", "State", "pending", ("available",)),
    ("ec2", "DescribeNatGateways"): States("NatGateway", "State", "pending", ("available", "failed", "deleted"), deleting="deleting"),
    ("ec2", "DescribeVpcEndpoints"): States("VpcEndpoint", "State", "pending", ("available", "deleted"), deleting="deleting"),
    ("eks", "DescribeCluster"): States("cluster", **_EKS, hides=("endpoint", "certificateAuthority", "identity")),
    ("eks", "DescribeNodegroup"): States("nodegroup", **_EKS),
    ("eks", "DescribeAddon"): States("addon", **_EKS),
    ("efs", "DescribeFileSystems"): States("FileSystem", "LifeCycleState", "creating", ("available",), "updating", "deleting"),
    ("efs", "DescribeMountTargets"): States("MountTarget", "LifeCycleState", "creating", ("available",), deleting="deleting"),
    ("elbv2", "DescribeLoadBalancers"): States("LoadBalancer", "State.Code", "provisioning", ("active",)),
    ("eks", "DescribeFargateProfile"): States("fargateProfile", **_EKS),
    ("rds", "DescribeDBClusters"): States("DBCluster", "Status", "creating", ("available",), "modifying", "deleting"),
    ("rds", "DescribeDBInstances"): States("DBInstance", "DBInstanceStatus", "creating", ("available",), "modifying", "deleting", ("Endpoint",)),
    ("elasticache", "DescribeReplicationGroups"): States("ReplicationGroup", "Status", "creating", ("available",), "modifying", "deleting", ("NodeGroups", "ConfigurationEndpoint")),
}
"""By the read that shows them; `row` is the name under which the calls that change such a thing, and single reads, answer it; a dot in
`status` leads into the row."""

CHANGES: dict[tuple[str, str], tuple[str, str]] = {
    ("cloudfront", "CreateDistributionWithTags"): ("GetDistribution", "creating"),
    ("cloudfront", "UpdateDistribution"): ("GetDistribution", "updating"),
    ("dynamodb", "CreateTable"): ("DescribeTable", "creating"),
    ("dynamodb", "UpdateTable"): ("DescribeTable", "updating"),
    ("dynamodb", "DeleteTable"): ("DescribeTable", "deleting"),
    ("ec2", "CreateVpc"): ("DescribeVpcs", "creating"),
    ("ec2", "CreateSubnet"): ("DescribeSubnets", "creating"),
    ("ec2", "CreateNatGateway"): ("DescribeNatGateways", "creating"),
    ("ec2", "DeleteNatGateway"): ("DescribeNatGateways", "deleting"),
    ("ec2", "CreateVpcEndpoint"): ("DescribeVpcEndpoints", "creating"),
    ("ec2", "DeleteVpcEndpoints"): ("DescribeVpcEndpoints", "deleting"),
    ("eks", "CreateCluster"): ("DescribeCluster", "creating"),
    ("eks", "UpdateClusterConfig"): ("DescribeCluster", "updating"),
    ("eks", "UpdateClusterVersion"): ("DescribeCluster", "updating"),
    ("eks", "AssociateEncryptionConfig"): ("DescribeCluster", "updating"),
    ("eks", "DeleteCluster"): ("DescribeCluster", "deleting"),
    ("eks", "CreateNodegroup"): ("DescribeNodegroup", "creating"),
    ("eks", "UpdateNodegroupConfig"): ("DescribeNodegroup", "updating"),
    ("eks", "UpdateNodegroupVersion"): ("DescribeNodegroup", "updating"),
    ("eks", "DeleteNodegroup"): ("DescribeNodegroup", "deleting"),
    ("eks", "CreateAddon"): ("DescribeAddon", "creating"),
    ("eks", "UpdateAddon"): ("DescribeAddon", "updating"),
    ("eks", "DeleteAddon"): ("DescribeAddon", "deleting"),
    ("efs", "CreateFileSystem"): ("DescribeFileSystems", "creating"),
    ("efs", "UpdateFileSystem"): ("DescribeFileSystems", "updating"),
    ("efs", "DeleteFileSystem"): ("DescribeFileSystems", "deleting"),
    ("efs", "CreateMountTarget"): ("DescribeMountTargets", "creating"),
    ("efs", "DeleteMountTarget"): ("DescribeMountTargets", "deleting"),
    ("elbv2", "CreateLoadBalancer"): ("DescribeLoadBalancers", "creating"),
    ("eks", "CreateFargateProfile"): ("DescribeFargateProfile", "creating"),
    ("eks", "DeleteFargateProfile"): ("DescribeFargateProfile", "deleting"),
    ("rds", "CreateDBCluster"): ("DescribeDBClusters", "creating"),
    ("rds", "ModifyDBCluster"): ("DescribeDBClusters", "updating"),
    ("rds", "DeleteDBCluster"): ("DescribeDBClusters", "deleting"),
    ("rds", "CreateDBInstance"): ("DescribeDBInstances", "creating"),
    ("rds", "ModifyDBInstance"): ("DescribeDBInstances", "updating"),
    ("rds", "RebootDBInstance"): ("DescribeDBInstances", "updating"),
    ("rds", "DeleteDBInstance"): ("DescribeDBInstances", "deleting"),
    ("elasticache", "CreateReplicationGroup"): ("DescribeReplicationGroups", "creating"),
    ("elasticache", "ModifyReplicationGroup"): ("DescribeReplicationGroups", "updating"),
    ("elasticache", "IncreaseReplicaCount"): ("DescribeReplicationGroups", "updating"),
    ("elasticache", "DecreaseReplicaCount"): ("DescribeReplicationGroups", "updating"),
    ("elasticache", "DeleteReplicationGroup"): ("DescribeReplicationGroups", "deleting"),
}
"""The calls after which a thing is on its way: the read that shows it, and where to."""


def texts(value: Any, found: set[str] | None = None) -> set[str]:
    """Every text in a request or an answer, in lower case: RDS and ElastiCache lower the names they are given."""
    found = set() if found is None else found
    if isinstance(value, str):
        if len(value) <= 512:
            found.add(value.lower())
    elif isinstance(value, dict):
        for inner in value.values():
            texts(inner, found)
    elif isinstance(value, list | tuple):
        for inner in value:
            texts(inner, found)
    return found


def asked(request: dict[str, Any], name: str) -> list[str]:
    """The things that a request names by a parameter, be it one or a list."""
    value = request.get(name) if name else None
    return [value] if isinstance(value, str) else list(value or [])


def absent(code: str, status: int, subject: str) -> Exception:
    """The service's own word that there is no such thing."""
    return refusal(code, f"'{subject}' does not exist (read-after-write lag of the emulator)", status)

