"""The list of what stands, against what was made."""

import json
import secrets

from harness import Account, check, same


@check
def lister_sees_every_kind_of_a_production_stack(account: Account) -> None:
    ec2, tag = account.ec2, lambda kind: [{"ResourceType": kind, "Tags": [{"Key": "formwork", "Value": "yes"}]}]
    same(account.kinds(), [])
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tag("vpc"))["Vpc"]["VpcId"]
    subnets = account.subnets(vpc)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3", VpcEndpointType="Gateway", RouteTableIds=[table])
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
    account.logs.create_log_group(logGroupName="l", tags={"formwork": "yes"})
    role = account.role("flow", "vpc-flow-logs.amazonaws.com")
    ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogGroupName="l", DeliverLogsPermissionArn=role)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    account.iam.put_role_policy(RoleName="flow", PolicyName="p", PolicyDocument=json.dumps(policy))
    account.iam.attach_role_policy(RoleName="flow", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    account.iam.create_policy(PolicyName="q", PolicyDocument=json.dumps(policy), Tags=[{"Key": "formwork", "Value": "yes"}])
    account.iam.create_instance_profile(InstanceProfileName="i")
    account.iam.create_open_id_connect_provider(Url="https://example.com", ThumbprintList=["a" * 40], ClientIDList=["sts.amazonaws.com"])
    account.eks.create_cluster(name="c", roleArn=account.role("cluster"), resourcesVpcConfig={"subnetIds": subnets}, accessConfig={"authenticationMode": "API"})
    account.eks.create_nodegroup(clusterName="c", nodegroupName="n", nodeRole=role, subnets=subnets)
    account.eks.create_addon(clusterName="c", addonName="vpc-cni")
    account.eks.create_pod_identity_association(clusterName="c", namespace="n", serviceAccount="s", roleArn=role)
    other = account.role("other")
    account.eks.create_access_entry(clusterName="c", principalArn=other)
    account.eks.associate_access_policy(
        clusterName="c", principalArn=other, policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope={"type": "cluster"}
    )
    account.rds.create_db_subnet_group(DBSubnetGroupName="s", DBSubnetGroupDescription="d", SubnetIds=subnets, Tags=[{"Key": "formwork", "Value": "yes"}])
    account.rds.create_db_parameter_group(DBParameterGroupName="p", DBParameterGroupFamily="postgres17", Description="d")
    account.rds.create_db_instance(
        DBInstanceIdentifier="d", Engine="postgres", DBInstanceClass="db.t4g.small", AllocatedStorage=20, MasterUsername="a", ManageMasterUserPassword=True,
    )
    account.rds.create_db_snapshot(DBInstanceIdentifier="d", DBSnapshotIdentifier="snap")
    account.elasticache.create_cache_subnet_group(CacheSubnetGroupName="s", CacheSubnetGroupDescription="d", SubnetIds=subnets)
    account.elasticache.create_cache_parameter_group(CacheParameterGroupName="p", CacheParameterGroupFamily="redis7", Description="d")
    account.elasticache.create_replication_group(ReplicationGroupId="r", ReplicationGroupDescription="d", CacheSubnetGroupName="s")
    bucket = f"formwork-{secrets.token_hex(6)}"
    account.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    account.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "formwork", "Value": "yes"}]})
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    account.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    account.secretsmanager.create_secret(Name="x", SecretString="v", Tags=[{"Key": "formwork", "Value": "yes"}])
    account.secretsmanager.create_secret(Name="y", SecretString="v")
    account.secretsmanager.delete_secret(SecretId="y")
    key = account.kms.create_key(Tags=[{"TagKey": "formwork", "TagValue": "yes"}])["KeyMetadata"]["KeyId"]
    gone = account.kms.create_key()["KeyMetadata"]["KeyId"]
    account.kms.schedule_key_deletion(KeyId=gone)
    account.kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    account.ecr.create_repository(repositoryName="web", tags=[{"Key": "formwork", "Value": "yes"}])
    same(account.kinds(), [
        "aws:ec2/elastic-ip", "aws:ec2/flow-log", "aws:ec2/internet-gateway", "aws:ec2/nat-gateway", "aws:ec2/route", "aws:ec2/route-table",
        "aws:ec2/route-table-association", "aws:ec2/security-group", "aws:ec2/security-group-egress-rule", "aws:ec2/security-group-ingress-rule",
        "aws:ec2/subnet", "aws:ec2/subnet", "aws:ec2/vpc", "aws:ec2/vpc-endpoint", "aws:ecr/repository", "aws:eks/access-entry",
        "aws:eks/access-policy-association", "aws:eks/addon", "aws:eks/cluster", "aws:eks/node-group", "aws:eks/pod-identity-association",
        "aws:elasticache/parameter-group", "aws:elasticache/replication-group", "aws:elasticache/subnet-group", "aws:iam/instance-profile",
        "aws:iam/open-id-connect-provider", "aws:iam/policy", "aws:iam/role", "aws:iam/role", "aws:iam/role", "aws:iam/role-policy", "aws:iam/role-policy-attachment",
        "aws:kms/alias", "aws:kms/key", "aws:logs/log-group", "aws:rds/instance", "aws:rds/parameter-group", "aws:rds/snapshot", "aws:rds/subnet-group",
        "aws:s3/bucket", "aws:s3/bucket-policy", "aws:secretsmanager/secret", "aws:secretsmanager/secret",
    ])
    tagged = sorted(row["kind"] for row in account.resources() if row["tags"].get("formwork") == "yes")
    same(tagged, ["aws:ec2/vpc", "aws:ecr/repository", "aws:iam/policy", "aws:kms/key", "aws:logs/log-group", "aws:rds/subnet-group", "aws:s3/bucket", "aws:secretsmanager/secret"])
    same(sorted(row["state"] for row in account.resources() if row["kind"] == "aws:secretsmanager/secret"), ["available", "scheduled"])
    account.reset()
    same(account.kinds(), [])
