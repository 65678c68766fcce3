"""Reads that miss what was just made."""

import json

from harness import Account, check, refused, same


@check
def a_new_thing_is_missed_by_as_many_reads_as_were_asked_for(account: Account) -> None:
    account.lag(2)
    vpc = account.vpc()
    shown = lambda: [row["VpcId"] for row in account.ec2.describe_vpcs()["Vpcs"]]  # noqa: E731
    assert vpc not in shown()
    with refused("InvalidVpcID.NotFound"):
        account.ec2.describe_vpcs(VpcIds=[vpc])
    assert vpc in shown()
    # It can be used at once: what is done to it is no read.
    account.lag(2)
    gateway = account.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    account.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    account.lag(0)
    same(len(account.ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"]), 1)


@check
def a_name_that_was_just_given_is_not_found(account: Account) -> None:
    account.lag(1)
    account.iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    with refused("NoSuchEntity"):
        account.iam.get_role(RoleName="r")
    same(account.iam.get_role(RoleName="r")["Role"]["RoleName"], "r")
    key = account.kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("NotFoundException"):
        account.kms.describe_key(KeyId=key)
    account.kms.describe_key(KeyId=key)
    account.ecr.create_repository(repositoryName="images")
    with refused("RepositoryNotFoundException"):
        account.ecr.describe_repositories(repositoryNames=["images"])
    same(len(account.ecr.describe_repositories()["repositories"]), 1)


@check
def what_exists_already_is_not_missed(account: Account) -> None:
    vpc = account.vpc()
    account.lag(3)
    same(len(account.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]), 1)


@check
def a_change_is_missed_by_a_question_that_was_asked_before(account: Account) -> None:
    vpc = account.vpc()
    account.lag(2)

    def hostnames() -> bool:
        answer = account.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
        return answer["EnableDnsHostnames"]["Value"]

    same(hostnames(), False)
    account.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    same([hostnames() for _ in range(3)], [False, False, True])
    account.iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    account.lag(1)
    with refused("NoSuchEntity"):
        account.iam.get_role_policy(RoleName="r", PolicyName="p")
    allowed = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    account.iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
    with refused("NoSuchEntity"):
        account.iam.get_role_policy(RoleName="r", PolicyName="p")
    same(account.iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyName"], "p")
