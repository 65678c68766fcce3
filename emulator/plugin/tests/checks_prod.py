"""A production network with its cluster, database and cache: made, taken down in the right order, and gone."""


from concurrent.futures import ThreadPoolExecutor

from harness import Account, check, refused, same


@check
def prod_comes_and_goes(account: Account) -> None:
    ec2, eks, rds, cache, iam = account.ec2, account.eks, account.rds, account.elasticache, account.iam
    vpc = account.vpc()
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = account.subnets(vpc, 6)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    public, private = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.create_route(RouteTableId=private, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    with ThreadPoolExecutor(6) as pool:
        tables = [public] * 3 + [private] * 3
        held = list(pool.map(lambda pair: ec2.associate_route_table(SubnetId=pair[0], RouteTableId=pair[1])["AssociationId"], zip(subnets, tables)))
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3", VpcEndpointType="Gateway", RouteTableIds=[private])["VpcEndpoint"]["VpcEndpointId"]
    groups = [ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("database", "redis")]
    key = account.kms.create_key()["KeyMetadata"]["Arn"]
    roles = [account.role(name, service) for name, service in (("cluster", "eks.amazonaws.com"), ("node", "ec2.amazonaws.com"), ("admin", "ec2.amazonaws.com"))]
    account.logs.create_log_group(logGroupName="/aws/eks/prod/cluster")
    eks.create_cluster(
        name="prod", roleArn=roles[0], version="1.33", resourcesVpcConfig={"subnetIds": subnets[3:], "endpointPrivateAccess": True},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
        logging={"clusterLogging": [{"types": ["api", "audit", "authenticator", "controllerManager", "scheduler"], "enabled": True}]},
    )
    issuer = eks.describe_cluster(name="prod")["cluster"]["identity"]["oidc"]["issuer"]
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
    eks.create_addon(clusterName="prod", addonName="vpc-cni")
    eks.create_nodegroup(clusterName="prod", nodegroupName="ng", nodeRole=roles[1], subnets=subnets[3:])
    for name in ("kube-proxy", "coredns", "eks-pod-identity-agent"):
        eks.create_addon(clusterName="prod", addonName=name)
    eks.create_access_entry(clusterName="prod", principalArn=roles[2])
    eks.associate_access_policy(
        clusterName="prod", principalArn=roles[2], policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", accessScope={"type": "cluster"}
    )
    rds.create_db_subnet_group(DBSubnetGroupName="prod", DBSubnetGroupDescription="d", SubnetIds=subnets[3:])
    rds.create_db_parameter_group(DBParameterGroupName="prod", DBParameterGroupFamily="postgres16", Description="d")
    rds.modify_db_parameter_group(DBParameterGroupName="prod", Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}])
    rds.create_db_instance(
        DBInstanceIdentifier="prod", Engine="postgres", EngineVersion="16.4", DBInstanceClass="db.t4g.medium", AllocatedStorage=50, MasterUsername="app",
        ManageMasterUserPassword=True, MultiAZ=True, StorageEncrypted=True, DBSubnetGroupName="prod", DBParameterGroupName="prod", VpcSecurityGroupIds=groups[:1], DeletionProtection=True,
    )
    cache.create_cache_subnet_group(CacheSubnetGroupName="prod", CacheSubnetGroupDescription="d", SubnetIds=subnets[3:])
    cache.create_cache_parameter_group(CacheParameterGroupName="prod", CacheParameterGroupFamily="redis7", Description="d")
    cache.modify_cache_parameter_group(CacheParameterGroupName="prod", ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}])
    cache.create_replication_group(
        ReplicationGroupId="prod", ReplicationGroupDescription="d", NumCacheClusters=2, AutomaticFailoverEnabled=True, MultiAZEnabled=True, AtRestEncryptionEnabled=True,
        TransitEncryptionEnabled=True, AuthToken="a" * 32, CacheSubnetGroupName="prod", CacheParameterGroupName="prod", SecurityGroupIds=groups[1:], CacheNodeType="cache.t4g.small",
    )
    for early in (lambda: ec2.delete_vpc(VpcId=vpc), lambda: ec2.delete_security_group(GroupId=groups[0]), lambda: ec2.delete_security_group(GroupId=groups[1]),
                  lambda: ec2.delete_subnet(SubnetId=subnets[3]), lambda: ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)):
        with refused("DependencyViolation"):
            early()
    cache.delete_replication_group(ReplicationGroupId="prod")
    cache.delete_cache_parameter_group(CacheParameterGroupName="prod")
    cache.delete_cache_subnet_group(CacheSubnetGroupName="prod")
    rds.modify_db_instance(DBInstanceIdentifier="prod", DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier="prod", FinalDBSnapshotIdentifier="prod-final")
    rds.delete_db_parameter_group(DBParameterGroupName="prod")
    rds.delete_db_subnet_group(DBSubnetGroupName="prod")
    eks.delete_access_entry(clusterName="prod", principalArn=roles[2])
    for name in ("kube-proxy", "coredns", "eks-pod-identity-agent"):
        eks.delete_addon(clusterName="prod", addonName=name)
    eks.delete_nodegroup(clusterName="prod", nodegroupName="ng")
    eks.delete_addon(clusterName="prod", addonName="vpc-cni")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    eks.delete_cluster(name="prod")
    account.logs.delete_log_group(logGroupName="/aws/eks/prod/cluster")
    for name in ("cluster", "node", "admin"):
        iam.delete_role(RoleName=name)
    account.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for group in groups:
        ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    for association in held:
        ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route(RouteTableId=private, DestinationCidrBlock="0.0.0.0/0")
    ec2.delete_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0")
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.release_address(AllocationId=address)
    ec2.delete_route_table(RouteTableId=private)
    ec2.delete_route_table(RouteTableId=public)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda subnet: ec2.delete_subnet(SubnetId=subnet), subnets))
    ec2.delete_vpc(VpcId=vpc)
    same(account.kinds(), ["aws:rds/snapshot"])
    rds.delete_db_snapshot(DBSnapshotIdentifier="prod-final")
    same(account.kinds(), [])
