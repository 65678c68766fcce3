//! The rows, by service.

use super::{Becomes, Id, MAY_BE_MISSING, Type};

const ITS_ID: Id = &[&["id"]];
const INCOMPLETE: &str = "the file does not say its id";

/// The id is the same.
const fn same(terraform: &'static str, pulumi: &'static [&'static str], kind: &'static str) -> Type {
    made(terraform, pulumi, kind, ITS_ID)
}

/// The id is made of attributes.
const fn made(terraform: &'static str, pulumi: &'static [&'static str], kind: &'static str, id: Id) -> Type {
    Type { terraform, pulumi, becomes: Becomes::Kind { kind, id, otherwise: INCOMPLETE } }
}

const fn part(
    terraform: &'static str,
    pulumi: &'static [&'static str],
    kind: &'static str,
    of: &'static str,
    argument: &'static str,
) -> Type {
    Type { terraform, pulumi, becomes: Becomes::Part { kind, of, argument } }
}

const fn nothing(terraform: &'static str, pulumi: &'static [&'static str], why: &'static str) -> Type {
    Type { terraform, pulumi, becomes: Becomes::Nothing(why) }
}

const BUCKET: &str = "aws:s3/bucket";
const ENDPOINT: &str = "aws:ec2/vpc-endpoint";

/// All that are known.
pub(crate) const TYPES: &[Type] = &[
    // Compute and network.
    made(
        "aws_ec2_client_vpn_authorization_rule",
        &["aws:ec2clientvpn/authorizationRule:AuthorizationRule"],
        "aws:ec2/client-vpn-authorization-rule",
        &[&["client_vpn_endpoint_id"], &["target_network_cidr"], &["access_group_id", MAY_BE_MISSING]],
    ),
    same("aws_ec2_client_vpn_endpoint", &["aws:ec2clientvpn/endpoint:Endpoint"], "aws:ec2/client-vpn-endpoint"),
    // Theirs is AWS's own, by which AWS finds it only with the endpoint's.
    made(
        "aws_ec2_client_vpn_network_association",
        &["aws:ec2clientvpn/networkAssociation:NetworkAssociation"],
        "aws:ec2/client-vpn-target-network-association",
        &[&["client_vpn_endpoint_id"], &["association_id", "id"]],
    ),
    made(
        "aws_ec2_client_vpn_route",
        &["aws:ec2clientvpn/route:Route"],
        "aws:ec2/client-vpn-route",
        &[&["client_vpn_endpoint_id"], &["destination_cidr_block"], &["target_vpc_subnet_id"]],
    ),
    made("aws_eip", &["aws:ec2/eip:Eip"], "aws:ec2/elastic-ip", &[&["allocation_id", "id"]]),
    same("aws_flow_log", &["aws:ec2/flowLog:FlowLog"], "aws:ec2/flow-log"),
    same("aws_instance", &["aws:ec2/instance:Instance"], "aws:ec2/instance"),
    same("aws_internet_gateway", &["aws:ec2/internetGateway:InternetGateway"], "aws:ec2/internet-gateway"),
    // Theirs is the name.
    made("aws_key_pair", &["aws:ec2/keyPair:KeyPair"], "aws:ec2/key-pair", &[&["key_pair_id"]]),
    same("aws_launch_template", &["aws:ec2/launchTemplate:LaunchTemplate"], "aws:ec2/launch-template"),
    same("aws_nat_gateway", &["aws:ec2/natGateway:NatGateway"], "aws:ec2/nat-gateway"),
    same("aws_network_acl", &["aws:ec2/networkAcl:NetworkAcl"], "aws:ec2/network-acl"),
    // Theirs is AWS's id of the association, which every change makes anew; ours is the subnet.
    made(
        "aws_network_acl_association",
        &["aws:ec2/networkAclAssociation:NetworkAclAssociation"],
        "aws:ec2/network-acl-association",
        &[&["subnet_id"]],
    ),
    made(
        "aws_network_acl_rule",
        &["aws:ec2/networkAclRule:NetworkAclRule"],
        "aws:ec2/network-acl-entry",
        &[&["network_acl_id"], &["egress"], &["rule_number"]],
    ),
    same("aws_ec2_managed_prefix_list", &["aws:ec2/managedPrefixList:ManagedPrefixList"], "aws:ec2/prefix-list"),
    // Their id is made up (`r-rtb-…`, with a hash): table and destination are what tells a route apart.
    made(
        "aws_route",
        &["aws:ec2/route:Route"],
        "aws:ec2/route",
        &[
            &["route_table_id"],
            &["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"],
        ],
    ),
    same("aws_route_table", &["aws:ec2/routeTable:RouteTable"], "aws:ec2/route-table"),
    // Theirs is AWS's id of the association, which every change makes anew; ours is the subnet.
    Type {
        terraform: "aws_route_table_association",
        pulumi: &["aws:ec2/routeTableAssociation:RouteTableAssociation"],
        becomes: Becomes::Kind {
            kind: "aws:ec2/route-table-association",
            id: &[&["subnet_id"]],
            otherwise: "it associates a gateway with a route table; Formwork's type associates subnets only",
        },
    },
    same("aws_security_group", &["aws:ec2/securityGroup:SecurityGroup"], "aws:ec2/security-group"),
    same(
        "aws_vpc_security_group_egress_rule",
        &["aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"],
        "aws:ec2/security-group-egress-rule",
    ),
    same(
        "aws_vpc_security_group_ingress_rule",
        &["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"],
        "aws:ec2/security-group-ingress-rule",
    ),
    // Their id is a hash. AWS's own is there where the resource stands for one rule of AWS's.
    Type {
        terraform: "aws_security_group_rule",
        pulumi: &["aws:ec2/securityGroupRule:SecurityGroupRule"],
        becomes: Becomes::Either {
            by: "type",
            cases: &[
                ("ingress", "aws:ec2/security-group-ingress-rule"),
                ("egress", "aws:ec2/security-group-egress-rule"),
            ],
            id: &[&["security_group_rule_id"]],
            otherwise: "it stands for several rules of AWS's (it has more than one source or destination) or was written by an \
                        old version of the provider: the file has no id of AWS's for it; declare one rule for each and import them one by one",
        },
    },
    same("aws_subnet", &["aws:ec2/subnet:Subnet"], "aws:ec2/subnet"),
    same("aws_vpc", &["aws:ec2/vpc:Vpc"], "aws:ec2/vpc"),
    same("aws_vpc_endpoint", &["aws:ec2/vpcEndpoint:VpcEndpoint"], ENDPOINT),
    part(
        "aws_internet_gateway_attachment",
        &["aws:ec2/internetGatewayAttachment:InternetGatewayAttachment"],
        "aws:ec2/internet-gateway",
        "internet_gateway_id",
        "vpc",
    ),
    part(
        "aws_eip_association",
        &["aws:ec2/eipAssociation:EipAssociation"],
        "aws:ec2/elastic-ip",
        "allocation_id",
        "instance",
    ),
    part(
        "aws_vpc_endpoint_route_table_association",
        &["aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"],
        ENDPOINT,
        "vpc_endpoint_id",
        "route_tables",
    ),
    part(
        "aws_vpc_endpoint_subnet_association",
        &["aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation"],
        ENDPOINT,
        "vpc_endpoint_id",
        "subnets",
    ),
    part(
        "aws_vpc_endpoint_security_group_association",
        &["aws:ec2/securityGroupAssociation:SecurityGroupAssociation"],
        ENDPOINT,
        "vpc_endpoint_id",
        "security_groups",
    ),
    part(
        "aws_vpc_endpoint_policy",
        &["aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"],
        ENDPOINT,
        "vpc_endpoint_id",
        "policy",
    ),
    nothing(
        "aws_default_vpc",
        &["aws:ec2/defaultVpc:DefaultVpc"],
        "AWS made it with the account, and it is never managed",
    ),
    nothing(
        "aws_default_subnet",
        &["aws:ec2/defaultSubnet:DefaultSubnet"],
        "AWS made it with the account, and it is never managed",
    ),
    nothing(
        "aws_default_route_table",
        &["aws:ec2/defaultRouteTable:DefaultRouteTable"],
        "AWS made it with its VPC, and it is never managed",
    ),
    nothing(
        "aws_default_security_group",
        &["aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"],
        "AWS made it with its VPC, and it is never managed",
    ),
    nothing(
        "aws_default_network_acl",
        &["aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"],
        "AWS made it with its VPC, and it is never managed",
    ),
    nothing(
        "aws_main_route_table_association",
        &["aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"],
        "Formwork associates route tables with subnets and leaves a VPC's main one alone",
    ),
    // The edge.
    same("aws_cloudfront_cache_policy", &["aws:cloudfront/cachePolicy:CachePolicy"], "aws:cloudfront/cache-policy"),
    same("aws_cloudfront_distribution", &["aws:cloudfront/distribution:Distribution"], "aws:cloudfront/distribution"),
    same(
        "aws_cloudfront_origin_access_control",
        &["aws:cloudfront/originAccessControl:OriginAccessControl"],
        "aws:cloudfront/origin-access-control",
    ),
    nothing(
        "aws_cloudfront_origin_access_identity",
        &["aws:cloudfront/originAccessIdentity:OriginAccessIdentity"],
        "origin access controls have replaced it; a distribution names one that is there by `OriginType::s3_identity`",
    ),
    same(
        "aws_cloudfront_response_headers_policy",
        &["aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"],
        "aws:cloudfront/response-headers-policy",
    ),
    // Registries of images.
    same("aws_ecr_repository", &["aws:ecr/repository:Repository"], "aws:ecr/repository"),
    part(
        "aws_ecr_lifecycle_policy",
        &["aws:ecr/lifecyclePolicy:LifecyclePolicy"],
        "aws:ecr/repository",
        "repository",
        "lifecycle_policy",
    ),
    part(
        "aws_ecr_repository_policy",
        &["aws:ecr/repositoryPolicy:RepositoryPolicy"],
        "aws:ecr/repository",
        "repository",
        "policy",
    ),
    // Kubernetes. Their ids join the parts by `:`, `#` or `,`.
    made(
        "aws_eks_access_entry",
        &["aws:eks/accessEntry:AccessEntry"],
        "aws:eks/access-entry",
        &[&["cluster_name"], &["principal_arn"]],
    ),
    made(
        "aws_eks_access_policy_association",
        &["aws:eks/accessPolicyAssociation:AccessPolicyAssociation"],
        "aws:eks/access-policy-association",
        &[&["cluster_name"], &["principal_arn"], &["policy_arn"]],
    ),
    made("aws_eks_addon", &["aws:eks/addon:Addon"], "aws:eks/addon", &[&["cluster_name"], &["addon_name"]]),
    made("aws_eks_cluster", &["aws:eks/cluster:Cluster"], "aws:eks/cluster", &[&["name", "id"]]),
    made(
        "aws_eks_fargate_profile",
        &["aws:eks/fargateProfile:FargateProfile"],
        "aws:eks/fargate-profile",
        &[&["cluster_name"], &["fargate_profile_name"]],
    ),
    made(
        "aws_eks_node_group",
        &["aws:eks/nodeGroup:NodeGroup"],
        "aws:eks/node-group",
        &[&["cluster_name"], &["node_group_name"]],
    ),
    made(
        "aws_eks_pod_identity_association",
        &["aws:eks/podIdentityAssociation:PodIdentityAssociation"],
        "aws:eks/pod-identity-association",
        &[&["cluster_name"], &["association_id"]],
    ),
    // Caches.
    made(
        "aws_elasticache_parameter_group",
        &["aws:elasticache/parameterGroup:ParameterGroup"],
        "aws:elasticache/parameter-group",
        &[&["name", "id"]],
    ),
    same(
        "aws_elasticache_replication_group",
        &["aws:elasticache/replicationGroup:ReplicationGroup"],
        "aws:elasticache/replication-group",
    ),
    made(
        "aws_elasticache_subnet_group",
        &["aws:elasticache/subnetGroup:SubnetGroup"],
        "aws:elasticache/subnet-group",
        &[&["name", "id"]],
    ),
    nothing(
        "aws_elasticache_cluster",
        &["aws:elasticache/cluster:Cluster"],
        "Formwork manages caches as replication groups; a cluster outside of one, or a node of one, is no resource of its own",
    ),
    // Identities.
    made(
        "aws_iam_instance_profile",
        &["aws:iam/instanceProfile:InstanceProfile"],
        "aws:iam/instance-profile",
        &[&["name", "id"]],
    ),
    made(
        "aws_iam_openid_connect_provider",
        &["aws:iam/openIdConnectProvider:OpenIdConnectProvider"],
        "aws:iam/open-id-connect-provider",
        &[&["arn", "id"]],
    ),
    made("aws_iam_policy", &["aws:iam/policy:Policy"], "aws:iam/policy", &[&["arn", "id"]]),
    made("aws_iam_role", &["aws:iam/role:Role"], "aws:iam/role", &[&["name", "id"]]),
    made(
        "aws_iam_service_linked_role",
        &["aws:iam/serviceLinkedRole:ServiceLinkedRole"],
        "aws:iam/service-linked-role",
        &[&["name"]],
    ),
    made("aws_iam_role_policy", &["aws:iam/rolePolicy:RolePolicy"], "aws:iam/role-policy", &[&["role"], &["name"]]),
    made(
        "aws_iam_role_policy_attachment",
        &["aws:iam/rolePolicyAttachment:RolePolicyAttachment"],
        "aws:iam/role-policy-attachment",
        &[&["role"], &["policy_arn"]],
    ),
    nothing(
        "aws_iam_policy_attachment",
        &["aws:iam/policyAttachment:PolicyAttachment"],
        "it attaches one policy to many roles, users and groups at once; declare an attachment for each role",
    ),
    nothing(
        "aws_iam_role_policies_exclusive",
        &["aws:iam/rolePoliciesExclusive:RolePoliciesExclusive"],
        "it is a rule of Terraform's and nothing that AWS has",
    ),
    nothing(
        "aws_iam_role_policy_attachments_exclusive",
        &["aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"],
        "it is a rule of Terraform's and nothing that AWS has",
    ),
    // Keys.
    made("aws_kms_alias", &["aws:kms/alias:Alias"], "aws:kms/alias", &[&["name", "id"]]),
    made("aws_kms_key", &["aws:kms/key:Key"], "aws:kms/key", &[&["key_id", "id"]]),
    part("aws_kms_key_policy", &["aws:kms/keyPolicy:KeyPolicy"], "aws:kms/key", "key_id", "policy"),
    // Logs.
    made("aws_cloudwatch_log_group", &["aws:cloudwatch/logGroup:LogGroup"], "aws:logs/log-group", &[&["name", "id"]]),
    part(
        "aws_cloudwatch_log_data_protection_policy",
        &["aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy"],
        "aws:logs/log-group",
        "log_group_name",
        "data_protection_policy",
    ),
    part(
        "aws_cloudwatch_log_index_policy",
        &["aws:cloudwatch/logIndexPolicy:LogIndexPolicy"],
        "aws:logs/log-group",
        "log_group_name",
        "indexed_fields",
    ),
    // Files.
    same("aws_efs_file_system", &["aws:efs/fileSystem:FileSystem"], "aws:efs/file-system"),
    part(
        "aws_efs_backup_policy",
        &["aws:efs/backupPolicy:BackupPolicy"],
        "aws:efs/file-system",
        "file_system_id",
        "backup",
    ),
    part(
        "aws_efs_file_system_policy",
        &["aws:efs/fileSystemPolicy:FileSystemPolicy"],
        "aws:efs/file-system",
        "file_system_id",
        "policy",
    ),
    same("aws_efs_mount_target", &["aws:efs/mountTarget:MountTarget"], "aws:efs/mount-target"),
    // Load balancers; their ids are ARNs. Terraform has had two names for them.
    made("aws_lb", &["aws:lb/loadBalancer:LoadBalancer"], "aws:elbv2/load-balancer", &[&["arn", "id"]]),
    made("aws_alb", &["aws:alb/loadBalancer:LoadBalancer"], "aws:elbv2/load-balancer", &[&["arn", "id"]]),
    made("aws_lb_listener", &["aws:lb/listener:Listener"], "aws:elbv2/listener", &[&["arn", "id"]]),
    made("aws_alb_listener", &["aws:alb/listener:Listener"], "aws:elbv2/listener", &[&["arn", "id"]]),
    made("aws_lb_listener_rule", &["aws:lb/listenerRule:ListenerRule"], "aws:elbv2/listener-rule", &[&["arn", "id"]]),
    made("aws_alb_listener_rule", &["aws:alb/listenerRule:ListenerRule"], "aws:elbv2/listener-rule", &[&["arn", "id"]]),
    made("aws_lb_target_group", &["aws:lb/targetGroup:TargetGroup"], "aws:elbv2/target-group", &[&["arn", "id"]]),
    made("aws_alb_target_group", &["aws:alb/targetGroup:TargetGroup"], "aws:elbv2/target-group", &[&["arn", "id"]]),
    part(
        "aws_lb_target_group_attachment",
        &["aws:lb/targetGroupAttachment:TargetGroupAttachment"],
        "aws:elbv2/target-group",
        "target_group_arn",
        "targets",
    ),
    // Databases. Since version 5 of the provider `id` is the resource id (`db-…`), which no call takes.
    made("aws_rds_cluster", &["aws:rds/cluster:Cluster"], "aws:rds/cluster", &[&["cluster_identifier", "id"]]),
    made(
        "aws_rds_cluster_instance",
        &["aws:rds/clusterInstance:ClusterInstance"],
        "aws:rds/cluster-instance",
        &[&["identifier", "id"]],
    ),
    made(
        "aws_rds_cluster_parameter_group",
        &["aws:rds/clusterParameterGroup:ClusterParameterGroup"],
        "aws:rds/cluster-parameter-group",
        &[&["name", "id"]],
    ),
    part(
        "aws_rds_cluster_role_association",
        &["aws:rds/clusterRoleAssociation:ClusterRoleAssociation"],
        "aws:rds/cluster",
        "db_cluster_identifier",
        "associated_roles",
    ),
    made("aws_db_instance", &["aws:rds/instance:Instance"], "aws:rds/instance", &[&["identifier"]]),
    made(
        "aws_db_parameter_group",
        &["aws:rds/parameterGroup:ParameterGroup"],
        "aws:rds/parameter-group",
        &[&["name", "id"]],
    ),
    made("aws_db_subnet_group", &["aws:rds/subnetGroup:SubnetGroup"], "aws:rds/subnet-group", &[&["name", "id"]]),
    part(
        "aws_db_instance_role_association",
        &["aws:rds/roleAssociation:RoleAssociation"],
        "aws:rds/instance",
        "db_instance_identifier",
        "associated_roles",
    ),
    // Buckets: what Terraform has split up is one resource here.
    made("aws_s3_bucket", &["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"], BUCKET, &[&["bucket", "id"]]),
    made("aws_s3_bucket_policy", &["aws:s3/bucketPolicy:BucketPolicy"], "aws:s3/bucket-policy", &[&["bucket", "id"]]),
    bucket("aws_s3_bucket_accelerate_configuration", ACCELERATE, "acceleration"),
    bucket(
        "aws_s3_bucket_analytics_configuration",
        &["aws:s3/analyticsConfiguration:AnalyticsConfiguration"],
        "analytics",
    ),
    bucket("aws_s3_bucket_cors_configuration", CORS, "cors_rules"),
    bucket("aws_s3_bucket_intelligent_tiering_configuration", TIERING, "intelligent_tiering"),
    bucket("aws_s3_bucket_inventory", &["aws:s3/inventory:Inventory"], "inventories"),
    bucket("aws_s3_bucket_lifecycle_configuration", LIFECYCLE, "lifecycle_rules"),
    bucket("aws_s3_bucket_logging", LOGGING, "logging"),
    bucket("aws_s3_bucket_metric", &["aws:s3/bucketMetric:BucketMetric"], "metrics"),
    bucket("aws_s3_bucket_notification", &["aws:s3/bucketNotification:BucketNotification"], "notification"),
    bucket("aws_s3_bucket_object_lock_configuration", LOCK, "default_retention"),
    bucket(
        "aws_s3_bucket_ownership_controls",
        &["aws:s3/bucketOwnershipControls:BucketOwnershipControls"],
        "ownership",
    ),
    bucket(
        "aws_s3_bucket_public_access_block",
        &["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"],
        "public_access_block",
    ),
    bucket(
        "aws_s3_bucket_replication_configuration",
        &["aws:s3/bucketReplicationConfig:BucketReplicationConfig"],
        "replication",
    ),
    bucket("aws_s3_bucket_server_side_encryption_configuration", ENCRYPTION, "encryption"),
    bucket("aws_s3_bucket_versioning", VERSIONING, "versioning"),
    bucket("aws_s3_bucket_website_configuration", WEBSITE, "website"),
    nothing(
        "aws_s3_bucket_acl",
        &["aws:s3/bucketAclV2:BucketAclV2", "aws:s3/bucketAcl:BucketAcl"],
        "Formwork does not manage the access lists of buckets; say what is meant in the bucket's policy",
    ),
    // The generic path.
    made(
        "aws_cloudcontrolapi_resource",
        &["aws:cloudcontrol/resource:Resource"],
        "aws:cloudcontrol/resource",
        &[&["type_name"], &["id"]],
    ),
    // Certificates, and names in DNS.
    same("aws_acm_certificate", &["aws:acm/certificate:Certificate"], "aws:acm/certificate"),
    // Theirs is the moment at which it was issued.
    made(
        "aws_acm_certificate_validation",
        &["aws:acm/certificateValidation:CertificateValidation"],
        "aws:acm/certificate-validation",
        &[&["certificate_arn"]],
    ),
    made("aws_route53_zone", &["aws:route53/zone:Zone"], "aws:route53/hosted-zone", &[&["zone_id", "id"]]),
    // `name` may lack the domain of the zone. Records that stand alone have no set identifier.
    made(
        "aws_route53_record",
        &["aws:route53/record:Record"],
        "aws:route53/record-set",
        &[&["zone_id"], &["fqdn", "name"], &["type"], &["set_identifier", MAY_BE_MISSING]],
    ),
    part(
        "aws_route53_zone_association",
        &["aws:route53/zoneAssociation:ZoneAssociation"],
        "aws:route53/hosted-zone",
        "zone_id",
        "vpcs",
    ),
    part(
        "aws_route53_query_log",
        &["aws:route53/queryLog:QueryLog"],
        "aws:route53/hosted-zone",
        "zone_id",
        "query_logging",
    ),
    // Messages and alarms.
    same("aws_cloudwatch_metric_alarm", &["aws:cloudwatch/metricAlarm:MetricAlarm"], "aws:cloudwatch/alarm"),
    made("aws_sns_topic", &["aws:sns/topic:Topic"], "aws:sns/topic", &[&["arn", "id"]]),
    made(
        "aws_sns_topic_subscription",
        &["aws:sns/topicSubscription:TopicSubscription"],
        "aws:sns/subscription",
        &[&["arn", "id"]],
    ),
    part(
        "aws_sns_topic_data_protection_policy",
        &["aws:sns/topicDataProtectionPolicy:TopicDataProtectionPolicy"],
        "aws:sns/topic",
        "arn",
        "data_protection_policy",
    ),
    made("aws_sns_topic_policy", &["aws:sns/topicPolicy:TopicPolicy"], "aws:sns/topic-policy", &[&["arn", "id"]]),
    // Their id is the queue's URL, as ours.
    made("aws_sqs_queue", &["aws:sqs/queue:Queue"], "aws:sqs/queue", &[&["url", "id"]]),
    made("aws_sqs_queue_policy", &["aws:sqs/queuePolicy:QueuePolicy"], "aws:sqs/queue-policy", &[&["queue_url", "id"]]),
    part(
        "aws_sqs_queue_redrive_allow_policy",
        &["aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"],
        "aws:sqs/queue",
        "queue_url",
        "redrive_allow_policy",
    ),
    part(
        "aws_sqs_queue_redrive_policy",
        &["aws:sqs/redrivePolicy:RedrivePolicy"],
        "aws:sqs/queue",
        "queue_url",
        "redrive_policy",
    ),
    // Parameters.
    made("aws_ssm_parameter", &["aws:ssm/parameter:Parameter"], "aws:ssm/parameter", &[&["name", "id"]]),
    // Tables.
    made("aws_dynamodb_table", &["aws:dynamodb/table:Table"], "aws:dynamodb/table", &[&["name", "id"]]),
    part(
        "aws_dynamodb_contributor_insights",
        &["aws:dynamodb/contributorInsights:ContributorInsights"],
        "aws:dynamodb/table",
        "table_name",
        "contributor_insights",
    ),
    part(
        "aws_dynamodb_kinesis_streaming_destination",
        &["aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination"],
        "aws:dynamodb/table",
        "table_name",
        "kinesis_stream",
    ),
    // Secrets.
    made(
        "aws_secretsmanager_secret",
        &["aws:secretsmanager/secret:Secret"],
        "aws:secretsmanager/secret",
        &[&["arn", "id"]],
    ),
    part(
        "aws_secretsmanager_secret_version",
        &["aws:secretsmanager/secretVersion:SecretVersion"],
        "aws:secretsmanager/secret",
        "secret_id",
        "secret_string",
    ),
];

const fn bucket(terraform: &'static str, pulumi: &'static [&'static str], argument: &'static str) -> Type {
    part(terraform, pulumi, BUCKET, "bucket", argument)
}

const ACCELERATE: &[&str] = &[
    "aws:s3/bucketAccelerateConfigurationV2:BucketAccelerateConfigurationV2",
    "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration",
];
const CORS: &[&str] = &[
    "aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2",
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
];
const TIERING: &[&str] = &["aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration"];
const LIFECYCLE: &[&str] = &[
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
];
const LOGGING: &[&str] = &["aws:s3/bucketLoggingV2:BucketLoggingV2", "aws:s3/bucketLogging:BucketLogging"];
const LOCK: &[&str] = &[
    "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
];
const ENCRYPTION: &[&str] = &[
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
];
const VERSIONING: &[&str] =
    &["aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:s3/bucketVersioning:BucketVersioning"];
const WEBSITE: &[&str] = &[
    "aws:s3/bucketWebsiteConfigurationV2:BucketWebsiteConfigurationV2",
    "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
];
