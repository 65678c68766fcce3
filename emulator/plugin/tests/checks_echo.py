"""Fields that are read back, states that refuse, and lists in pages."""

import json

from harness import Account, check, refused, same


@check
def echo_addresses_rules_roles_and_buckets(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    address = ec2.allocate_address(Domain="vpc")
    same((address["NetworkBorderGroup"], address["PublicIpv4Pool"]), ("eu-west-1", "amazon"))
    assert "InstanceId" not in ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"][0]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    rule = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.0.5/16", "Description": "x"}]}],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["SecurityGroupRules"][0]
    same((rule["CidrIpv4"], rule["Tags"]), ("10.0.0.0/16", [{"Key": "a", "Value": "b"}]))
    rule = ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "2001:db8:0::/32"}]}])["SecurityGroupRules"][0]
    same((rule["FromPort"], rule["CidrIpv6"]), (-1, "2001:db8::/32"))
    arn = account.iam.create_open_id_connect_provider(Url="https://example.com", ClientIDList=["a"])["OpenIDConnectProviderArn"]
    same(len(account.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ThumbprintList"]), 1)
    bucket = f"echo-{account.id}"
    account.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    account.s3.delete_bucket_encryption(Bucket=bucket)
    same(len(account.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]), 1)


@check
def kms_key_is_read_back_and_refuses_while_it_waits(account: Account) -> None:
    kms = account.kms
    key = kms.create_key(Description="d")["KeyMetadata"]
    same(key["MultiRegion"], False)
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=180)
    same(kms.get_key_rotation_status(KeyId=key["KeyId"])["RotationPeriodInDays"], 180)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account.id}:root"}, "Action": "kms:*", "Resource": "*"}]})
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy)
    same(kms.get_key_policy(KeyId=key["KeyId"])["Policy"], policy)
    with refused("MalformedPolicyDocumentException"):
        kms.put_key_policy(KeyId=key["KeyId"], Policy="{}")
    with refused("ValidationException"):
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=5)
    same(kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)["KeyState"], "PendingDeletion")
    for refusing in (lambda: kms.schedule_key_deletion(KeyId=key["KeyId"]), lambda: kms.create_alias(AliasName="alias/a", TargetKeyId=key["KeyId"]), lambda: kms.enable_key(KeyId=key["KeyId"])):
        with refused("KMSInvalidStateException"):
            refusing()
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    same(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"], "Disabled")


@check
def log_group_class_and_protection_are_read_back(account: Account) -> None:
    logs = account.logs
    logs.create_log_group(logGroupName="l", logGroupClass="INFREQUENT_ACCESS", deletionProtectionEnabled=True, tags={"a": "b"})
    row = logs.describe_log_groups(logGroupNamePrefix="l")["logGroups"][0]
    same((row["logGroupClass"], row["deletionProtectionEnabled"]), ("INFREQUENT_ACCESS", True))
    with refused("ValidationException"):
        logs.delete_log_group(logGroupName="l")
    logs.put_log_group_deletion_protection(logGroupIdentifier="l", deletionProtectionEnabled=False)
    logs.tag_resource(resourceArn=row["logGroupArn"], tags={"c": "d"})
    same([entry["tags"] for entry in account.resources()], [{"a": "b", "c": "d"}])
    logs.delete_log_group(logGroupName="l")
    logs.create_log_group(logGroupName="l")
    same(logs.list_tags_for_resource(resourceArn=row["logGroupArn"])["tags"], {})
    logs.tag_resource(resourceArn=row["logGroupArn"], tags={"e": "f"})
    same(logs.list_tags_for_resource(resourceArn=row["logGroupArn"])["tags"], {"e": "f"})


@check
def lists_come_in_pages(account: Account) -> None:
    for number in range(7):
        account.role(f"r{number}")
    first = account.iam.list_roles(MaxItems=3)
    same((len(first["Roles"]), first["IsTruncated"]), (3, True))
    same(sum(len(page["Roles"]) for page in account.iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 3})), 7)
    vpc = account.vpc()
    subnets = account.subnets(vpc, 7)
    pages = list(account.ec2.get_paginator("describe_subnets").paginate(Filters=[{"Name": "vpc-id", "Values": [vpc]}], PaginationConfig={"PageSize": 5}))
    same([len(page["Subnets"]) for page in pages], [5, 2])
    same(sorted(row["SubnetId"] for page in pages for row in page["Subnets"]), sorted(subnets))


@check
def policies_speak_of_those_who_stand(account: Account) -> None:
    ghost = f"arn:aws:iam::{account.id}:role/ghost"

    def policy(principal: object, **more: object) -> str:
        statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::policy-{account.id}/*", **more}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ghost}, "Action": "sts:AssumeRole"}]})
    with refused("MalformedPolicyDocument"):
        account.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    bucket = f"policy-{account.id}"
    account.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with refused("MalformedPolicy"):
        account.s3.put_bucket_policy(Bucket=bucket, Policy=policy({"AWS": ghost}))
    with refused("AccessDenied"):
        account.s3.put_bucket_policy(Bucket=bucket, Policy=policy("*"))
    account.role("ghost")
    account.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    account.s3.put_bucket_policy(Bucket=bucket, Policy=policy({"AWS": ghost}))
    account.s3.put_bucket_policy(Bucket=bucket, Policy=policy("*", Effect="Deny"))
    account.s3.delete_public_access_block(Bucket=bucket)
    account.s3.put_bucket_policy(Bucket=bucket, Policy=policy("*"))
