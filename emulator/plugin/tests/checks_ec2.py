"""EC2 as the plugin corrects it, and the deletes that it refuses."""

import json

from harness import Account, check, refused, same


@check
def ec2_network_is_destroyed_in_the_right_order_only(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    subnets = account.subnets(vpc)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue"):
        ec2.attach_internet_gateway(InternetGatewayId=other, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]
    same(made["State"], "pending")
    nat = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"][0]
    same((nat["State"], nat["ConnectivityType"], nat["NatGatewayAddresses"][0]["AllocationId"]), ("available", "public", address))
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[1])
    with refused("DependencyViolation"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=address)
    with refused("AuthFailure"):
        ec2.disassociate_address(AssociationId=nat["NatGatewayAddresses"][0]["AssociationId"])
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnets[0])
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    same(ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"][1]["State"], "blackhole")
    ec2.release_address(AllocationId=address)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)
    main = ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}, {"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]
    with refused("DependencyViolation"):
        ec2.delete_route_table(RouteTableId=main["RouteTableId"])
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_vpc(VpcId=vpc)


@check
def ec2_security_group_stays_while_used(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    first, second = (ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"] for name in ("a", "b"))
    pair = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": first}]}]
    rule = ec2.authorize_security_group_ingress(GroupId=second, IpPermissions=pair)["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=first)
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    ec2.revoke_security_group_ingress(GroupId=second, SecurityGroupRuleIds=[rule])
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=second, SecurityGroupRuleIds=[rule])
    ec2.delete_security_group(GroupId=first)
    default = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]["GroupId"]
    with refused("CannotDelete"):
        ec2.delete_security_group(GroupId=default)
    account.rds.create_db_instance(
        DBInstanceIdentifier="d", Engine="postgres", DBInstanceClass="db.t4g.small", AllocatedStorage=20, MasterUsername="a", ManageMasterUserPassword=True, VpcSecurityGroupIds=[second],
    )
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=second)
    account.rds.delete_db_instance(DBInstanceIdentifier="d", SkipFinalSnapshot=True)
    ec2.delete_security_group(GroupId=second)
    for wrong in ({"VpcId": "vpc-0"}, {"GroupName": "sg-x"}, {"Description": "öl"}):
        with refused("InvalidVpcID.NotFound", "InvalidParameterValue"):
            ec2.create_security_group(**{"GroupName": "c", "Description": "d", "VpcId": vpc, **wrong})


@check
def ec2_subnet_stays_while_databases_caches_and_clusters_use_it(account: Account) -> None:
    ec2 = account.ec2
    cluster = account.cluster()
    subnets, vpc = cluster["resourcesVpcConfig"]["subnetIds"], cluster["resourcesVpcConfig"]["vpcId"]
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnets[0])
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=cluster["resourcesVpcConfig"]["clusterSecurityGroupId"])
    account.eks.delete_cluster(name="main")
    account.elasticache.create_cache_subnet_group(CacheSubnetGroupName="s", CacheSubnetGroupDescription="d", SubnetIds=subnets)
    account.elasticache.create_replication_group(ReplicationGroupId="r", ReplicationGroupDescription="d", CacheSubnetGroupName="s", NumCacheClusters=2)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnets[1])
    account.elasticache.delete_replication_group(ReplicationGroupId="r")
    account.rds.create_db_subnet_group(DBSubnetGroupName="s", DBSubnetGroupDescription="d", SubnetIds=subnets)
    account.rds.create_db_instance(
        DBInstanceIdentifier="d", Engine="postgres", DBInstanceClass="db.t4g.small", AllocatedStorage=20, MasterUsername="a", ManageMasterUserPassword=True,
        DBSubnetGroupName="s", MultiAZ=True,
    )
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnets[1])
    account.rds.delete_db_instance(DBInstanceIdentifier="d", SkipFinalSnapshot=True)
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


@check
def ec2_gateway_endpoint_moves_its_routes(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    first, second = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    service = "com.amazonaws.eu-west-1.s3"
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, RouteTableIds=[first])["VpcEndpoint"]
    same(endpoint["VpcEndpointType"], "Gateway")

    def routes(table: str) -> int:
        return len(ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"])

    same((routes(first), routes(second)), (2, 1))
    with refused("RouteAlreadyExists"):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, RouteTableIds=[first])
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], AddRouteTableIds=[second], RemoveRouteTableIds=[first], PolicyDocument=json.dumps({"Statement": []}))
    same((routes(first), routes(second)), (1, 2))
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    same(ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["Unsuccessful"], [])
    same(routes(second), 1)
    same(len(ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0"])["Unsuccessful"]), 1)
    with refused("InvalidServiceName"):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.example.s3")


@check
def ec2_subnet_and_address_attributes_are_read_back(account: Account) -> None:
    ec2 = account.ec2
    subnet = account.subnets(account.vpc(), 1)[0]
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableDns64={"Value": True})
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableResourceNameDnsARecordOnLaunch={"Value": True})
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    row = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
    same((row["EnableDns64"], row["MapPublicIpOnLaunch"]), (True, True))
    same(row["PrivateDnsNameOptionsOnLaunch"], {"HostnameType": "resource-name", "EnableResourceNameDnsARecord": True, "EnableResourceNameDnsAAAARecord": False})
    with refused("InvalidParameterCombination"):
        ec2.modify_subnet_attribute(SubnetId=subnet, EnableDns64={"Value": True}, MapPublicIpOnLaunch={"Value": True})
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.modify_address_attribute(AllocationId=address, DomainName="mail.example.com")
    same(ec2.describe_addresses_attribute(AllocationIds=[address], Attribute="domain-name")["Addresses"][0]["PtrRecord"], "mail.example.com.")


@check
def ec2_routes_and_associations_are_checked(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    subnet = account.subnets(vpc, 1)[0]
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    ec2.associate_route_table(RouteTableId=tables[0], SubnetId=subnet)
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=tables[1], SubnetId=subnet)
    with refused("InvalidNatGatewayID.NotFound"):
        ec2.create_route(RouteTableId=tables[0], DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-0")
    with refused("InvalidParameterValue"):
        ec2.delete_route(RouteTableId=tables[0], DestinationCidrBlock="10.0.0.0/16")
    loose = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue"):
        ec2.create_route(RouteTableId=tables[0], DestinationCidrBlock="0.0.0.0/0", GatewayId=loose)
    with refused("NatGatewayNotFound"):
        ec2.describe_nat_gateways(NatGatewayIds=["nat-0"])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, TagSpecifications=[{"ResourceType": "natgateway", "Tags": [{"Key": "a", "Value": "b"}]}])["NatGateway"]
    row = ec2.describe_nat_gateways(NatGatewayIds=[nat["NatGatewayId"]])["NatGateways"][0]
    same((row["State"], row["FailureCode"]), ("failed", "Gateway.NotAttached"))
    same(len(ec2.describe_nat_gateways(Filters=[{"Name": "tag:a", "Values": ["c"]}])["NatGateways"]), 0)
    same(len(ec2.describe_nat_gateways(Filters=[{"Name": "tag:a", "Values": ["b"]}])["NatGateways"]), 1)
    with refused("DryRunOperation"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    with refused("InvalidParameterValue"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "aws:x", "Value": "y"}])


@check
def iam_and_logs_gaps_are_filled(account: Account) -> None:
    iam = account.iam
    arn = iam.create_open_id_connect_provider(Url="https://example.com/id/X", ThumbprintList=["a" * 40], ClientIDList=["one"])["OpenIDConnectProviderArn"]
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one")
    same(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"], ["two"])
    account.role("r")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    policy = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=policy)
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)
    iam.detach_role_policy(RoleName="r", PolicyArn=policy)
    version = iam.create_policy_version(PolicyArn=policy, PolicyDocument=document, SetAsDefault=False)["PolicyVersion"]["VersionId"]
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)
    iam.delete_policy_version(PolicyArn=policy, VersionId=version)
    iam.delete_policy(PolicyArn=policy)
    logs, key = account.logs, account.kms.create_key()["KeyMetadata"]["Arn"]
    logs.create_log_group(logGroupName="l", kmsKeyId=key)
    logs.disassociate_kms_key(logGroupName="l")
    assert "kmsKeyId" not in logs.describe_log_groups(logGroupNamePrefix="l")["logGroups"][0]
    logs.associate_kms_key(logGroupName="l", kmsKeyId=key)
    same(logs.describe_log_groups(logGroupNamePrefix="l")["logGroups"][0]["kmsKeyId"], key)
    with refused("InvalidParameterException"):
        logs.put_retention_policy(logGroupName="l", retentionInDays=8)


@check
def ec2_flow_log_options_are_read_back(account: Account) -> None:
    bucket = f"flow-{account.id}"
    account.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    made = account.ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[account.vpc()], TrafficType="ALL", LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{bucket}",
        DestinationOptions={"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True},
    )
    same(made.get("Unsuccessful"), [])
    row = account.ec2.describe_flow_logs(FlowLogIds=made["FlowLogIds"])["FlowLogs"][0]
    same(row["DestinationOptions"], {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True})


@check
def ec2_interface_endpoint_lives(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    subnets = account.subnets(vpc)
    group = ec2.create_security_group(GroupName="e", Description="d", VpcId=vpc)["GroupId"]
    wanted = {"VpcId": vpc, "ServiceName": "com.amazonaws.eu-west-1.ecr.api", "VpcEndpointType": "Interface", "SubnetIds": subnets[:1], "SecurityGroupIds": [group], "PrivateDnsEnabled": True}
    with refused("InvalidParameter"):
        ec2.create_vpc_endpoint(**wanted)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    endpoint = ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]["VpcEndpointId"]
    with refused("InvalidParameter"):
        ec2.create_vpc_endpoint(**wanted)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=subnets[1:], RemoveSecurityGroupIds=[group])
    row = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    same((len(row["SubnetIds"]), len(row["NetworkInterfaceIds"]), row["Groups"], row["PrivateDnsEnabled"]), (2, 2, [], True))
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnets[1])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)


@check
def ec2_rules_of_every_kind_change_in_place(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    first, second, third = (ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"] for name in ("a", "b", "c"))
    peers = [
        ({"Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}, "CidrIpv6", "2001:db8:1::/48"),
        ({"PrefixListIds": [{"PrefixListId": "pl-0123456789abcdef0"}]}, "PrefixListId", "pl-0123456789abcdef1"),
        ({"UserIdGroupPairs": [{"GroupId": second}]}, "ReferencedGroupId", third),
        ({"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, "CidrIpv4", "10.1.0.0/16"),
    ]
    for made, key, value in peers:
        permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **made}
        rule = ec2.authorize_security_group_ingress(GroupId=first, IpPermissions=[permission])["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        wanted = {"IpProtocol": "udp", "FromPort": 2, "ToPort": 3, key: value, "Description": "changed"}
        ec2.modify_security_group_rules(GroupId=first, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": wanted}])
        found = ec2.describe_security_group_rules(Filters=[{"Name": "security-group-rule-id", "Values": [rule]}])["SecurityGroupRules"][0]
        shown = found["ReferencedGroupInfo"]["GroupId"] if key == "ReferencedGroupId" else found[key]
        same((shown, found["IpProtocol"], found["FromPort"], found["ToPort"]), (value, "udp", 2, 3))


@check
def ec2_endpoints_are_found_by_a_filter_on_their_id(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3")["VpcEndpoint"]["VpcEndpointId"]
    found = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-endpoint-id", "Values": [made, "vpce-00000000"]}])["VpcEndpoints"]
    same([one["VpcEndpointId"] for one in found], [made])
    same(ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-endpoint-id", "Values": ["vpce-00000000"]}])["VpcEndpoints"], [])


@check
def ec2_filters_find_what_has_one_of_their_values(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"] for number in range(4)]
    for number, subnet in enumerate(subnets):
        ec2.associate_route_table(RouteTableId=tables[number % 2], SubnetId=subnet)

    def found(*values: str) -> list[str]:
        answer = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": list(values)}])
        return sorted(table["RouteTableId"] for table in answer["RouteTables"])

    same(found(subnets[0], subnets[1]), sorted(tables))
    same(found(subnets[2], "subnet-0000"), [tables[0]])
    same(found(*subnets), sorted(tables))
    same(found("subnet-0000"), [])


@check
def ec2_tags_go_with_what_they_are_of(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    subnet = account.subnets(vpc, 1)[0]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3")["VpcEndpoint"]["VpcEndpointId"]
    log = ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="flows", DeliverLogsPermissionArn=account.role("flows", "vpc-flow-logs.amazonaws.com"),
    )["FlowLogIds"][0]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    rules = [
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[_tcp(port)])["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        for port in (1, 2, 3)
    ]
    of_all = [vpc, subnet, gateway, address, nat, table, endpoint, log, group, *rules]
    ec2.create_tags(Resources=of_all, Tags=[{"Key": "k", "Value": "v"}])
    same(_tagged(account), sorted(of_all))
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)
    same(_tagged(account), sorted(of_all))
    left = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, "vpce-0123456789abcdef0"])["Unsuccessful"]
    same([item["ResourceId"] for item in left], ["vpce-0123456789abcdef0"])
    ec2.delete_flow_logs(FlowLogIds=[log])
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.release_address(AllocationId=address)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rules[0]])
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[_tcp(2)])
    same(_tagged(account), sorted([vpc, subnet, group, rules[2]]))
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    same(_tagged(account), [vpc])
    ec2.delete_vpc(VpcId=vpc)
    same(_tagged(account), [])


def _tcp(port: int) -> dict[str, object]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}


def _tagged(account: Account) -> list[str]:
    return sorted(tag["ResourceId"] for tag in account.ec2.describe_tags(Filters=[{"Name": "key", "Values": ["k"]}])["Tags"])
