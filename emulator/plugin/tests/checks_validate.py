"""Requests that no service of AWS would take."""

from harness import Account, check, refused


@check
def validate_refuses_in_the_words_of_each_service(account: Account) -> None:
    with refused("MissingParameter"):
        account.ec2.create_subnet(CidrBlock="10.0.0.0/24")
    with refused("InvalidParameterValue"):
        account.ec2.create_flow_logs(ResourceType="VPC", ResourceIds=["vpc-1"], TrafficType="SOME")
    with refused("MissingParameter"):
        account.rds.create_db_subnet_group(DBSubnetGroupName="x", SubnetIds=["a"])
    with refused("ValidationError"):
        account.iam.create_role(RoleName="a b", AssumeRolePolicyDocument="{}")
    with refused("ValidationError"):
        account.iam.create_role(RoleName="a" * 65, AssumeRolePolicyDocument="{}")
    with refused("InvalidParameterException"):
        account.eks.create_cluster(name="a b", roleArn="arn", resourcesVpcConfig={})
    with refused("InvalidParameterException"):
        account.eks.create_cluster(name="a", roleArn="arn", resourcesVpcConfig={}, accessConfig={"authenticationMode": "NONE"})
    with refused("InvalidParameterException"):
        account.ecr.create_repository(repositoryName="UPPER")
    with refused("InvalidParameterException"):
        account.logs.create_log_group(logGroupName="no spaces")
    with refused("ValidationException"):
        account.kms.create_alias(AliasName="", TargetKeyId="x")
    with refused("InvalidParameterValue"):
        account.elasticache.create_replication_group(ReplicationGroupId="r", ReplicationGroupDescription="d", NetworkType="ipv5")
