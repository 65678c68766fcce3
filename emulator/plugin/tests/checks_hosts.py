"""EC2's hosts and what filters their networks: images, keys, instances, launch templates, ACLs, prefix lists."""

import base64
from typing import Any

from harness import Account, check, refused, same

_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIESRu+F5HH74W8WWGBAtysAWMqolk8RHIYUllXU4JCP7 anna"


def _image(account: Account) -> str:
    names = ["al2023-ami-2023.*-kernel-6.1-x86_64"]
    images = account.ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": names}, {"Name": "root-device-type", "Values": ["ebs"]}])["Images"]
    return max(images, key=lambda image: image["CreationDate"])["ImageId"]


def _described(account: Account, instance_id: str) -> dict[str, Any]:
    return account.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])["Reservations"][0]["Instances"][0]


@check
def ec2_images_are_found_by_name_and_by_public_parameter(account: Account) -> None:
    image = _image(account)
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    same(account.ssm.get_parameter(Name=name)["Parameter"]["Value"], image)
    with refused("ParameterNotFound"):
        account.ssm.get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2099")
    other = Account(account.endpoint, "us-east-1")
    assert _image(other) != image, "an image belongs to one region"


@check
def ec2_key_pairs_are_imported_and_deleted_by_their_ids(account: Account) -> None:
    tags = [{"ResourceType": "key-pair", "Tags": [{"Key": "team", "Value": "a"}]}]
    made = account.ec2.import_key_pair(KeyName="anna", PublicKeyMaterial=_KEY, TagSpecifications=tags)
    with refused("InvalidKeyPair.Duplicate"):
        account.ec2.import_key_pair(KeyName="anna", PublicKeyMaterial=_KEY)
    by_id = [{"Name": "key-pair-id", "Values": [made["KeyPairId"]]}]
    found = account.ec2.describe_key_pairs(Filters=by_id, IncludePublicKey=True)["KeyPairs"][0]
    same((found["KeyName"], found["KeyType"], found["PublicKey"].split()[:2]), ("anna", "ed25519", _KEY.decode().split()[:2]))
    same(account.kinds(), ["aws:ec2/key-pair"])
    account.ec2.create_tags(Resources=[made["KeyPairId"]], Tags=[{"Key": "team", "Value": "b"}])
    same(account.ec2.describe_key_pairs(Filters=by_id)["KeyPairs"][0]["Tags"], [{"Key": "team", "Value": "b"}])
    account.ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    account.ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    same(account.kinds(), [])


@check
def ec2_instances_are_what_was_asked_for(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    subnet = account.subnets(vpc, 1)[0]
    group = ec2.create_security_group(GroupName="hosts", Description="hosts", VpcId=vpc)["GroupId"]
    account.role("hosts", "ec2.amazonaws.com")
    account.iam.create_instance_profile(InstanceProfileName="hosts")
    ec2.import_key_pair(KeyName="anna", PublicKeyMaterial=_KEY)
    asked: dict[str, Any] = {"ImageId": _image(account), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "KeyName": "anna"}
    with refused("InvalidAMIID.NotFound"):
        ec2.run_instances(**{**asked, "ImageId": "ami-0"})
    with refused("InvalidKeyPair.NotFound"):
        ec2.run_instances(**{**asked, "KeyName": "bert"})
    with refused("InvalidParameterValue"):
        ec2.run_instances(**asked, IamInstanceProfile={"Name": "hosts"})
    account.iam.add_role_to_instance_profile(InstanceProfileName="hosts", RoleName="hosts")
    devices = [
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 10, "VolumeType": "gp3", "Encrypted": True}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250, "DeleteOnTermination": False}},
    ]
    interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "SubnetId": subnet, "Groups": [group], "PrivateIpAddress": "10.0.0.77"}
    made = ec2.run_instances(
        **asked, IamInstanceProfile={"Name": "hosts"}, BlockDeviceMappings=devices, NetworkInterfaces=[interface], ClientToken="a" * 32,
        UserData="#!/bin/sh\necho ä\n", DisableApiTermination=True, InstanceInitiatedShutdownBehavior="terminate",
        MetadataOptions={"HttpTokens": "required"}, Monitoring={"Enabled": True}, EbsOptimized=True, CreditSpecification={"CpuCredits": "standard"},
        CpuOptions={"CoreCount": 1, "ThreadsPerCore": 1}, Placement={"Tenancy": "dedicated"},
        PrivateDnsNameOptions={"HostnameType": "ip-name", "EnableResourceNameDnsARecord": True},
        TagSpecifications=[{"ResourceType": kind, "Tags": [{"Key": "of", "Value": kind}]} for kind in ("instance", "volume")],
    )["Instances"][0]
    same(made["State"]["Name"], "pending")
    same(_described(account, made["InstanceId"])["State"]["Name"], "pending")
    found = _described(account, made["InstanceId"])
    same(found["State"]["Name"], "running")
    same((found["PrivateIpAddress"], [held["GroupId"] for held in found["SecurityGroups"]], found["SubnetId"]), ("10.0.0.77", [group], subnet))
    assert found["PublicIpAddress"], "it was to get a public address"
    same((found["MetadataOptions"]["HttpTokens"], found["MetadataOptions"]["HttpPutResponseHopLimit"], found["Monitoring"]["State"]), ("required", 1, "enabled"))
    same((found["EbsOptimized"], found["CpuOptions"]["ThreadsPerCore"], found["Placement"]["Tenancy"], found["KeyName"]), (True, 1, "dedicated", "anna"))
    same(found["PrivateDnsNameOptions"]["EnableResourceNameDnsARecord"], True)
    assert found["IamInstanceProfile"]["Arn"].endswith("/hosts")
    same(found["Tags"], [{"Key": "of", "Value": "instance"}])
    ends = {mapping["DeviceName"]: mapping["Ebs"]["DeleteOnTermination"] for mapping in found["BlockDeviceMappings"]}
    same((ends, found["RootDeviceName"]), ({"/dev/xvda": True, "/dev/sdf": False}, "/dev/xvda"))
    volumes = [mapping["Ebs"]["VolumeId"] for mapping in found["BlockDeviceMappings"]]
    described = ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": volumes}])["Volumes"]
    rows = {row["Size"]: (row["VolumeType"], row["Encrypted"], row.get("Iops"), row.get("Throughput"), row["Tags"]) for row in described}
    tags = [{"Key": "of", "Value": "volume"}]
    same(rows, {10: ("gp3", True, 3000, 125, tags), 20: ("gp3", False, 4000, 250, tags)})
    data = ec2.describe_instance_attribute(InstanceId=made["InstanceId"], Attribute="userData")["UserData"]["Value"]
    same(base64.b64decode(data).decode(), "#!/bin/sh\necho ä\n")
    credits = ec2.describe_instance_credit_specifications(Filters=[{"Name": "instance-id", "Values": [made["InstanceId"]]}])
    same(credits["InstanceCreditSpecifications"], [{"InstanceId": made["InstanceId"], "CpuCredits": "standard"}])
    with refused("OperationNotPermitted"):
        ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    ec2.modify_instance_attribute(InstanceId=made["InstanceId"], DisableApiTermination={"Value": False})
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=made["InstanceId"])
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    same(_described(account, made["InstanceId"])["State"]["Name"], "shutting-down")
    same(_described(account, made["InstanceId"])["State"]["Name"], "terminated")
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    ec2.release_address(AllocationId=address)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)


@check
def ec2_instances_take_some_changes_only_while_they_are_stopped(account: Account) -> None:
    ec2 = account.ec2
    subnet = account.subnets(account.vpc(), 1)[0]
    made = ec2.run_instances(ImageId=_image(account), InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]["InstanceId"]
    with refused("IncorrectInstanceState"):
        ec2.stop_instances(InstanceIds=[made])
    _described(account, made)
    with refused("IncorrectInstanceState"):
        ec2.modify_instance_attribute(InstanceId=made, InstanceType={"Value": "t3.small"})
    with refused("InvalidParameterCombination"):
        ec2.modify_instance_attribute(InstanceId=made, SourceDestCheck={"Value": False}, DisableApiTermination={"Value": True})
    ec2.modify_instance_attribute(InstanceId=made, SourceDestCheck={"Value": False})
    ec2.modify_instance_attribute(InstanceId=made, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    ec2.modify_instance_metadata_options(InstanceId=made, HttpTokens="required")
    ec2.unmonitor_instances(InstanceIds=[made])
    ec2.stop_instances(InstanceIds=[made])
    same(_described(account, made)["State"]["Name"], "stopping")
    found = _described(account, made)
    same((found["State"]["Name"], found["SourceDestCheck"], found["MetadataOptions"]["HttpTokens"]), ("stopped", False, "required"))
    ec2.modify_instance_attribute(InstanceId=made, InstanceType={"Value": "t3.small"})
    ec2.modify_instance_attribute(InstanceId=made, EbsOptimized={"Value": True})
    ec2.modify_instance_attribute(InstanceId=made, UserData={"Value": b"#cloud-config\n"})
    ec2.modify_private_dns_name_options(InstanceId=made, PrivateDnsHostnameType="resource-name")
    ec2.start_instances(InstanceIds=[made])
    same(_described(account, made)["State"]["Name"], "pending")
    found = _described(account, made)
    same((found["State"]["Name"], found["InstanceType"], found["EbsOptimized"]), ("running", "t3.small", True))
    data = ec2.describe_instance_attribute(InstanceId=made, Attribute="userData")["UserData"]["Value"]
    same(base64.b64decode(data), b"#cloud-config\n")
    behaviour = ec2.describe_instance_attribute(InstanceId=made, Attribute="instanceInitiatedShutdownBehavior")
    same(behaviour["InstanceInitiatedShutdownBehavior"]["Value"], "terminate")
    account.role("hosts", "ec2.amazonaws.com")
    for name in ("one", "two"):
        account.iam.create_instance_profile(InstanceProfileName=name)
        account.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName="hosts")
    held = ec2.associate_iam_instance_profile(InstanceId=made, IamInstanceProfile={"Name": "one"})["IamInstanceProfileAssociation"]["AssociationId"]
    ec2.replace_iam_instance_profile_association(AssociationId=held, IamInstanceProfile={"Name": "two"})
    assert _described(account, made)["IamInstanceProfile"]["Arn"].endswith("/two")
    by_instance = [{"Name": "instance-id", "Values": [made]}, {"Name": "state", "Values": ["associating", "associated"]}]
    same(len(ec2.describe_iam_instance_profile_associations(Filters=by_instance)["IamInstanceProfileAssociations"]), 1)
    with refused("InvalidIPAddress.InUse"):
        ec2.run_instances(ImageId=_image(account), InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet, PrivateIpAddress=found["PrivateIpAddress"])
    volume = found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    ec2.modify_volume(VolumeId=volume, Size=12, Iops=4000)
    with refused("InvalidParameterValue"):
        ec2.modify_volume(VolumeId=volume, Size=8)
    found = ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]
    same((found["Size"], found["Iops"], found["VolumeType"]), (12, 4000, "gp3"))


@check
def ec2_launch_templates_have_versions_and_say_what_was_said(account: Account) -> None:
    ec2 = account.ec2
    data = {"InstanceType": "t3.micro", "ImageId": _image(account), "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "of", "Value": "template"}]}]}
    spec = [{"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "a"}]}]
    made = ec2.create_launch_template(LaunchTemplateName="hosts", LaunchTemplateData=data, TagSpecifications=spec, ClientToken="b" * 32)["LaunchTemplate"]
    identity = made["LaunchTemplateId"]
    again = ec2.create_launch_template(LaunchTemplateName="hosts", LaunchTemplateData=data, TagSpecifications=spec, ClientToken="b" * 32)["LaunchTemplate"]
    same(again["LaunchTemplateId"], identity)
    with refused("InvalidLaunchTemplateName.AlreadyExistsException"):
        ec2.create_launch_template(LaunchTemplateName="hosts", LaunchTemplateData=data)
    version = ec2.describe_launch_template_versions(LaunchTemplateId=identity, Versions=["$Default"])["LaunchTemplateVersions"][0]
    same((version["VersionNumber"], version["LaunchTemplateData"]), (1, data))
    ec2.create_launch_template_version(LaunchTemplateId=identity, LaunchTemplateData={"InstanceType": "t3.small"}, VersionDescription="next")
    merged = ec2.create_launch_template_version(LaunchTemplateId=identity, LaunchTemplateData={"InstanceType": "t3.large"}, SourceVersion="1")["LaunchTemplateVersion"]
    same(merged["LaunchTemplateData"], {**data, "InstanceType": "t3.large"})
    ec2.modify_launch_template(LaunchTemplateId=identity, DefaultVersion="3")
    refused_ones = ec2.delete_launch_template_versions(LaunchTemplateId=identity, Versions=["1", "3"])["UnsuccessfullyDeletedLaunchTemplateVersions"]
    same([row["VersionNumber"] for row in refused_ones], [3])
    same([row["VersionNumber"] for row in ec2.describe_launch_template_versions(LaunchTemplateId=identity)["LaunchTemplateVersions"]], [3, 2])
    for number in range(7):
        ec2.create_launch_template(LaunchTemplateName=f"more-{number}", LaunchTemplateData={"InstanceType": "t3.micro"})
    first = ec2.describe_launch_templates(MaxResults=5)
    rest = ec2.describe_launch_templates(MaxResults=5, NextToken=first["NextToken"])
    same((len(first["LaunchTemplates"]), len(rest["LaunchTemplates"])), (5, 3))
    subnet = account.subnets(account.vpc(), 1)[0]
    started = ec2.run_instances(LaunchTemplate={"LaunchTemplateId": identity}, SubnetId=subnet, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    found = _described(account, started)
    same((found["InstanceType"], found["Tags"]), ("t3.large", [{"Key": "of", "Value": "template"}]))
    ec2.delete_launch_template(LaunchTemplateId=identity)
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.describe_launch_templates(LaunchTemplateIds=[identity])


@check
def ec2_network_acls_end_with_denial_and_keep_their_entries(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    subnet = account.subnets(vpc, 1)[0]
    acl = ec2.create_network_acl(VpcId=vpc, ClientToken="c" * 32)["NetworkAcl"]["NetworkAclId"]
    by_id = [{"Name": "network-acl-id", "Values": [acl]}]
    found = ec2.describe_network_acls(Filters=by_id)["NetworkAcls"][0]
    same([(entry["RuleNumber"], entry["Egress"], entry["RuleAction"]) for entry in found["Entries"]], [(32767, True, "deny"), (32767, False, "deny")])
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False}
    ec2.create_network_acl_entry(**entry, Protocol="1", RuleAction="allow", CidrBlock="10.0.0.0/16", IcmpTypeCode={"Type": 0, "Code": -1})
    with refused("NetworkAclEntryAlreadyExists"):
        ec2.create_network_acl_entry(**entry, Protocol="-1", RuleAction="allow", CidrBlock="10.0.0.0/16")
    found = ec2.describe_network_acls(Filters=by_id)["NetworkAcls"][0]["Entries"][0]
    same((found["IcmpTypeCode"], found["CidrBlock"], found["Protocol"]), ({"Type": 0, "Code": -1}, "10.0.0.0/16", "1"))
    ec2.replace_network_acl_entry(**entry, Protocol="6", RuleAction="deny", Ipv6CidrBlock="2001:db8::/32", PortRange={"From": 80, "To": 81})
    found = ec2.describe_network_acls(Filters=by_id)["NetworkAcls"][0]["Entries"][0]
    same((found["PortRange"], found["Ipv6CidrBlock"], found["RuleAction"], "CidrBlock" in found), ({"From": 80, "To": 81}, "2001:db8::/32", "deny", False))
    by_subnet = [{"Name": "association.subnet-id", "Values": [subnet]}]
    held = ec2.describe_network_acls(Filters=by_subnet)["NetworkAcls"][0]
    association = next(row for row in held["Associations"] if row["SubnetId"] == subnet)["NetworkAclAssociationId"]
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    with refused("InvalidAssociationID.NotFound"):
        ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    with refused("DependencyViolation"):
        ec2.delete_network_acl(NetworkAclId=acl)
    same(account.kinds(), ["aws:ec2/network-acl", "aws:ec2/network-acl-association", "aws:ec2/network-acl-entry", "aws:ec2/subnet", "aws:ec2/vpc"])
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_acl_entry(**entry)
    with refused("InvalidNetworkAclEntry.NotFound"):
        ec2.delete_network_acl_entry(**entry)
    ec2.delete_network_acl(NetworkAclId=acl)
    same(ec2.describe_network_acls(Filters=by_id)["NetworkAcls"], [])
    with refused("InvalidNetworkAclID.NotFound"):
        ec2.delete_network_acl(NetworkAclId=acl)


@check
def ec2_prefix_lists_change_by_version_and_size_by_itself(account: Account) -> None:
    ec2 = account.ec2
    entries = [{"Cidr": "198.51.100.7/24", "Description": "office"}]
    made = ec2.create_managed_prefix_list(PrefixListName="partners", AddressFamily="IPv4", MaxEntries=1, Entries=entries, ClientToken="d" * 32)["PrefixList"]
    identity = made["PrefixListId"]
    same((made["State"], made["Version"]), ("create-in-progress", 1))
    by_id = [{"Name": "prefix-list-id", "Values": [identity]}]
    with refused("IncorrectState"):
        ec2.modify_managed_prefix_list(PrefixListId=identity, MaxEntries=3)
    same(ec2.describe_managed_prefix_lists(Filters=by_id)["PrefixLists"][0]["State"], "create-in-progress")
    same(ec2.describe_managed_prefix_lists(Filters=by_id)["PrefixLists"][0]["State"], "create-complete")
    same(ec2.get_managed_prefix_list_entries(PrefixListId=identity)["Entries"], [{"Cidr": "198.51.100.0/24", "Description": "office"}])
    with refused("PrefixListMaxEntriesExceeded"):
        ec2.modify_managed_prefix_list(PrefixListId=identity, CurrentVersion=1, AddEntries=[{"Cidr": "10.0.0.0/8"}])
    ec2.modify_managed_prefix_list(PrefixListId=identity, MaxEntries=3)
    ec2.describe_managed_prefix_lists(Filters=by_id)
    with refused("PrefixListVersionMismatch"):
        ec2.modify_managed_prefix_list(PrefixListId=identity, CurrentVersion=7, AddEntries=[{"Cidr": "10.0.0.0/8"}])
    ec2.modify_managed_prefix_list(PrefixListId=identity, CurrentVersion=1, AddEntries=[{"Cidr": "10.0.0.0/8"}], RemoveEntries=[{"Cidr": "198.51.100.0/24"}])
    ec2.describe_managed_prefix_lists(Filters=by_id)
    found = ec2.describe_managed_prefix_lists(Filters=by_id)["PrefixLists"][0]
    same((found["Version"], found["MaxEntries"], found["PrefixListName"], found["State"]), (2, 3, "partners", "modify-complete"))
    same(ec2.get_managed_prefix_list_entries(PrefixListId=identity)["Entries"], [{"Cidr": "10.0.0.0/8"}])
    same(account.kinds(), ["aws:ec2/prefix-list"])
    s3 = ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.eu-west-1.s3"]}])["PrefixLists"]
    same(len(s3), 1)
    ec2.delete_managed_prefix_list(PrefixListId=identity)
    same(ec2.describe_managed_prefix_lists(Filters=by_id)["PrefixLists"], [])
    with refused("InvalidPrefixListID.NotFound"):
        ec2.delete_managed_prefix_list(PrefixListId=identity)
