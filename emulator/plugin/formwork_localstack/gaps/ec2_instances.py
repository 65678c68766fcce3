"""EC2: instances. moto starts them with half of what was asked for, forgets most of the rest, and changes running ones in any way.

What an instance holds beyond moto's own attributes is kept on moto's object (`formwork`), in the shape of the answers.
"""

import base64
import copy
from typing import Any

from localstack.aws.api import RequestContext
from moto.ec2.utils import parse_user_data

from .. import known, weather
from ..intercept import Layer, Proceed, around, refusal
from . import ec2_images, ec2_launch_templates
from .altered import alter, call

_EBS_DEFAULTS = {"gp3": (3000, 125), "gp2": (100, None)}
_BURSTABLE = ("t2.", "t3.", "t3a.", "t4g.")
_KEPT = ("CpuOptions", "PrivateDnsNameOptions", "EnclaveOptions", "HibernationOptions", "MaintenanceOptions")


@around(Layer.GAPS, "ec2", "RunInstances")
def run_instances(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Refuses images, keys and profiles that do not stand. The volumes are made here: moto takes neither speed nor encryption of them."""
    backend = known.ec2(context.account_id, context.region)
    ec2_images.load(backend)
    if request.get("LaunchTemplate"):
        _from_template(context, request)
    image = _check(context, backend, request)
    devices = request.get("BlockDeviceMappings") or []
    if request.get("MetadataOptions", {}).get("HttpPutResponseHopLimit") is None and "MetadataOptions" in request:
        alter(context, request, MetadataOptions={**request["MetadataOptions"], "HttpPutResponseHopLimit": 1})
    placement, user_data = request.get("Placement") or {}, request.get("UserData")
    # A request that is made anew would encode the user data a second time.
    alter(context, request, BlockDeviceMappings=None, UserData=None, Placement={key: value for key, value in placement.items() if key == "AvailabilityZone"} or None)
    answer = call(context, request)
    for row in answer.get("Instances") or []:
        instance = backend.get_instance(row["InstanceId"])
        instance.user_data = parse_user_data(user_data) if user_data else None
        _complete(context, backend, instance, request, placement)
        _make_volumes(context, backend, instance, image, devices, request)
        instance.formwork_way = [("pending", _reads(context))]
        _show(instance, row)
        row["State"] = {"Code": 0, "Name": "pending"}
    return answer


def _from_template(context: RequestContext, request: dict[str, Any]) -> None:
    """What the request leaves out is what the template says; tags of both are given."""
    said = ec2_launch_templates.said(context, request["LaunchTemplate"])
    tags = [*(said.pop("TagSpecifications", None) or []), *(request.get("TagSpecifications") or [])]
    by_kind: dict[str, dict[str, str]] = {}
    for spec in tags:
        by_kind.setdefault(spec["ResourceType"], {}).update({tag["Key"]: tag["Value"] for tag in spec.get("Tags") or []})
    merged = [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in held.items()]} for kind, held in by_kind.items()]
    given = {key: value for key, value in said.items() if request.get(key) is None}
    alter(context, request, **given, TagSpecifications=merged or None, LaunchTemplate=None)


def _check(context: RequestContext, backend: Any, request: dict[str, Any]) -> Any:
    image = backend.amis.get(request.get("ImageId") or "")
    if image is None:
        raise refusal("InvalidAMIID.NotFound", f"The image id '[{request.get('ImageId')}]' does not exist")
    if request.get("KeyName") and request["KeyName"] not in backend.key_pairs:
        raise refusal("InvalidKeyPair.NotFound", f"The key pair '{request['KeyName']}' does not exist")
    _check_profile(context, request.get("IamInstanceProfile") or {})
    subnets = [(request.get("SubnetId"), request.get("PrivateIpAddress"))]
    subnets += [(interface.get("SubnetId"), interface.get("PrivateIpAddress")) for interface in request.get("NetworkInterfaces") or []]
    for eni in list(backend.enis.values()):
        if (eni.subnet.id, eni.private_ip_address) in subnets:
            raise refusal("InvalidIPAddress.InUse", f"Address {eni.private_ip_address} is in use.")
    for interface in request.get("NetworkInterfaces") or []:
        if any(request.get(name) for name in ("SubnetId", "SecurityGroupIds", "PrivateIpAddress")):
            raise refusal("InvalidParameterCombination", "Network interfaces and an instance-level subnet ID may not be specified on the same request")
        for group_id in interface.get("Groups") or []:
            if known.security_group(context.account_id, context.region, group_id) is None:
                raise refusal("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    if request.get("HibernationOptions", {}).get("Configured") and request.get("EnclaveOptions", {}).get("Enabled"):
        raise refusal("UnsupportedOperation", "Hibernation and Nitro Enclaves cannot be enabled for one instance")
    return image


def _check_profile(context: RequestContext, profile: dict[str, Any]) -> None:
    name = profile.get("Name") or (profile.get("Arn") or "").rsplit("/", 1)[-1]
    if not name:
        return
    found = next((held for held in list(known.iam(context.account_id).instance_profiles.values()) if held.name == name), None)
    if found is None:
        raise refusal("InvalidParameterValue", f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name")
    if not found.roles:
        raise refusal("InvalidParameterValue", f"IAM Instance Profile \"{found.arn}\" has no associated IAM Roles")


def _complete(context: RequestContext, backend: Any, instance: Any, request: dict[str, Any], placement: dict[str, Any]) -> None:
    instance.disable_api_termination = bool(request.get("DisableApiTermination"))
    instance.ebs_optimized = bool(request.get("EbsOptimized"))
    interface = instance.nics[0]
    interface.delete_on_termination = True
    if not instance.security_groups:
        instance.security_groups = list(interface.group_set) or [backend.get_security_group_by_name_or_id("default", instance.vpc_id)]
    kept: dict[str, Any] = {name: dict(request[name]) for name in _KEPT if request.get(name)}
    kept |= {name: request[name] for name in ("KernelId", "RamdiskId") if request.get(name)}
    kept["Placement"] = {"Tenancy": "default", "GroupName": "", **placement, "AvailabilityZone": instance._placement.zone}
    kept["CpuOptions"] = {"CoreCount": 1, "ThreadsPerCore": 2, **kept.get("CpuOptions", {})}
    names = {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": False, "EnableResourceNameDnsAAAARecord": False}
    kept["PrivateDnsNameOptions"] = {**names, **kept.get("PrivateDnsNameOptions", {})}
    kept.setdefault("EnclaveOptions", {"Enabled": False})
    kept.setdefault("HibernationOptions", {"Configured": False})
    credits = (request.get("CreditSpecification") or {}).get("CpuCredits")
    instance.formwork_credits = credits or ("standard" if instance.instance_type.startswith("t2.") else "unlimited")
    instance.formwork = kept


def _make_volumes(context: RequestContext, backend: Any, instance: Any, image: Any, devices: list[dict[str, Any]], request: dict[str, Any]) -> None:
    """The volumes of the image, as the request changes them, and those that it adds."""
    for device in list(instance.block_device_mapping):
        volume_id = instance.block_device_mapping[device].volume_id
        backend.volumes.pop(volume_id, None)
        del instance.block_device_mapping[device]
    wanted = {image.root_device_name: {"VolumeSize": 8, "VolumeType": "gp3", "SnapshotId": image.ebs_snapshot.id, "DeleteOnTermination": True}}
    for mapping in devices:
        if mapping.get("NoDevice") is not None:
            wanted.pop(mapping["DeviceName"], None)
        elif mapping.get("Ebs"):
            wanted[mapping["DeviceName"]] = {**wanted.get(mapping["DeviceName"], {}), **mapping["Ebs"]}
    tags = [spec for spec in request.get("TagSpecifications") or [] if spec.get("ResourceType") == "volume"]
    for device, ebs in wanted.items():
        kind = ebs.get("VolumeType") or "gp2"
        speed, throughput = _EBS_DEFAULTS.get(kind, (None, None))
        if ebs.get("VolumeSize") is None and not ebs.get("SnapshotId"):
            raise refusal("MissingParameter", "The request must contain the parameter size or snapshotId")
        volume = backend.create_volume(ebs.get("VolumeSize") or 8, instance._placement.zone, encrypted=bool(ebs.get("Encrypted")), kms_key_id=ebs.get("KmsKeyId"))
        volume.volume_type, volume.snapshot_id = kind, ebs.get("SnapshotId")
        volume.iops, volume.throughput = ebs.get("Iops") or speed, ebs.get("Throughput") or throughput
        ends = ebs.get("DeleteOnTermination")
        backend.attach_volume(volume.id, instance.id, device, True if ends is None else ends)
        volume.add_tags({tag["Key"]: tag["Value"] for spec in tags for tag in spec.get("Tags") or []})
    instance.root_device_name = image.root_device_name


def _reads(context: RequestContext) -> int:
    """How many reads see a state on the way: one, and more in the weather that says so."""
    condition = weather.of(context.account_id)
    return max(1, condition.pending if condition else 0)


@around(Layer.GAPS, "ec2", "DescribeInstances")
def describe_instances(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    backend = known.ec2(context.account_id, context.region)
    for reservation in answer.get("Reservations") or []:
        for row in reservation.get("Instances") or []:
            instance = backend.get_instance_by_id(row["InstanceId"])
            if instance is not None and hasattr(instance, "formwork"):
                _show(instance, row)
                if word := _on_the_way(instance):
                    row["State"] = {"Code": {"pending": 0, "shutting-down": 32, "stopping": 64}[word], "Name": word}
    return answer


def _on_the_way(instance: Any) -> str | None:
    way = getattr(instance, "formwork_way", [])
    if not way:
        return None
    word, left = way[0]
    instance.formwork_way = [(word, left - 1)] if left > 1 else []
    return str(word)


def _show(instance: Any, row: dict[str, Any]) -> None:
    row.update(copy.deepcopy(instance.formwork))
    row["RootDeviceName"] = instance.root_device_name
    row["EbsOptimized"] = instance.ebs_optimized
    row["Monitoring"] = {"State": instance.monitoring_state}
    row["SecurityGroups"] = [{"GroupId": group.id, "GroupName": group.name} for group in instance.security_groups]
    row["BlockDeviceMappings"] = [
        {"DeviceName": device, "Ebs": {"VolumeId": held.volume_id, "Status": "attached", "DeleteOnTermination": bool(held.delete_on_termination)}}
        for device, held in instance.block_device_mapping.items()
    ]
    for name in ("KernelId", "RamdiskId"):
        if row.get(name) in ("", "None"):
            del row[name]
    if instance.state == "terminated":
        # What is described of one that ended is little more than its id, its state and its tags.
        for name in ("SubnetId", "VpcId", "PrivateIpAddress", "PublicIpAddress", "NetworkInterfaces", "IamInstanceProfile"):
            row.pop(name, None)
        row["BlockDeviceMappings"], row["SecurityGroups"] = [], []


@around(Layer.GAPS, "ec2", "StopInstances", "StartInstances", "TerminateInstances")
def change_state(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A stop, a start and an end are seen on their way. With an instance go its hold on addresses and its network interfaces."""
    backend = known.ec2(context.account_id, context.region)
    operation = context.operation.name
    for instance_id in request["InstanceIds"]:
        instance = backend.get_instance_by_id(instance_id)
        if instance is None:
            raise refusal("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
        allowed = {"StopInstances": ("running", "stopped"), "StartInstances": ("running", "stopped")}.get(operation)
        if allowed and (instance.state not in allowed or getattr(instance, "formwork_way", [])):
            raise refusal("IncorrectInstanceState", f"The instance '{instance_id}' is not in a state from which it can be {'stopped' if operation == 'StopInstances' else 'started'}.")
    if operation == "TerminateInstances" and all(backend.get_instance_by_id(instance_id).state == "terminated" for instance_id in request["InstanceIds"]):
        ended = {"Code": 48, "Name": "terminated"}
        return {"TerminatingInstances": [{"InstanceId": instance_id, "CurrentState": ended, "PreviousState": ended} for instance_id in request["InstanceIds"]]}
    before = {instance_id: backend.get_instance_by_id(instance_id).state for instance_id in request["InstanceIds"]}
    answer = proceed()
    word = {"StopInstances": "stopping", "StartInstances": "pending", "TerminateInstances": "shutting-down"}[operation]
    for instance_id in request["InstanceIds"]:
        instance = backend.get_instance_by_id(instance_id)
        if instance.state != before[instance_id]:
            instance.formwork_way = [(word, _reads(context))]
        if operation == "TerminateInstances":
            _let_go(backend, instance)
    return answer


def _let_go(backend: Any, instance: Any) -> None:
    held = {eni.id for eni in instance.nics.values()}
    for address in list(backend.addresses):
        if address.instance is instance or (address.eni is not None and address.eni.id in held):
            address.eni, address.instance, address.association_id = None, None, None
    for eni_id in held:
        backend.enis.pop(eni_id, None)


@around(Layer.GAPS, "ec2", "ModifyInstanceAttribute")
def modify_instance_attribute(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """One attribute a call. Some are taken only while the instance is stopped:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html"""
    instance = _instance(context, request["InstanceId"])
    given = {key: value for key, value in request.items() if key not in ("InstanceId", "DryRun") and value is not None}
    if len(given) != 1:
        raise refusal("InvalidParameterCombination", "Fields for multiple attribute types specified: " + ", ".join(sorted(given)))
    (name, value), = given.items()
    plain = value["Value"] if isinstance(value, dict) and "Value" in value else value
    if name in ("InstanceType", "UserData", "EbsOptimized", "Kernel", "Ramdisk") and (instance.state != "stopped" or getattr(instance, "formwork_way", [])):
        raise refusal("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")
    if name == "Groups":
        groups = [known.security_group(context.account_id, context.region, group_id) for group_id in value]
        if None in groups:
            raise refusal("InvalidGroup.NotFound", f"The security groups {value} do not all exist")
        instance.security_groups = groups
        instance.nics[0]._group_set = list(groups)
    elif name == "BlockDeviceMappings":
        for mapping in value:
            instance.block_device_mapping[mapping["DeviceName"]].delete_on_termination = mapping["Ebs"]["DeleteOnTermination"]
    elif name == "UserData":
        data = plain if isinstance(plain, bytes) else str(plain).encode()
        instance.user_data = parse_user_data(base64.b64encode(data).decode())
    elif name == "SourceDestCheck":
        instance.source_dest_check = instance.nics[0].source_dest_check = plain
    elif name in ("InstanceType", "EbsOptimized", "DisableApiTermination", "DisableApiStop", "InstanceInitiatedShutdownBehavior"):
        attribute = {"InstanceType": "instance_type", "EbsOptimized": "ebs_optimized", "DisableApiTermination": "disable_api_termination",
                     "DisableApiStop": "disable_api_stop", "InstanceInitiatedShutdownBehavior": "instance_initiated_shutdown_behavior"}[name]
        setattr(instance, attribute, plain)
    else:
        raise refusal("InvalidParameterValue", f"The attribute {name} is not known to the emulator")
    return {}


@around(Layer.GAPS, "ec2", "ModifyInstanceMetadataOptions")
def modify_metadata(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """What is not given stays as it is."""
    options = _instance(context, request["InstanceId"]).metadata_options
    for name, attribute in (("HttpTokens", "http_tokens"), ("HttpPutResponseHopLimit", "http_put_response_hop_limit"), ("HttpEndpoint", "http_endpoint"),
                            ("HttpProtocolIpv6", "http_protocol_ipv6"), ("InstanceMetadataTags", "instance_metadata_tags")):
        if request.get(name) is not None:
            setattr(options, attribute, request[name])
    shown = {"State": "pending", "HttpTokens": options.http_tokens, "HttpPutResponseHopLimit": options.http_put_response_hop_limit, "HttpEndpoint": options.http_endpoint}
    return {"InstanceId": request["InstanceId"], "InstanceMetadataOptions": shown}


@around(Layer.GAPS, "ec2", "MonitorInstances", "UnmonitorInstances")
def monitor(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    state = "enabled" if context.operation.name == "MonitorInstances" else "disabled"
    for instance_id in request["InstanceIds"]:
        _instance(context, instance_id).monitoring_state = state
    word = "pending" if state == "enabled" else "disabling"
    return {"InstanceMonitorings": [{"InstanceId": instance_id, "Monitoring": {"State": word}} for instance_id in request["InstanceIds"]]}


@around(Layer.GAPS, "ec2", "ModifyInstanceCreditSpecification")
def modify_credits(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    done, refused = [], []
    for wanted in request["InstanceCreditSpecifications"]:
        instance = _instance(context, wanted["InstanceId"])
        if instance.instance_type.startswith(_BURSTABLE):
            instance.formwork_credits = wanted["CpuCredits"]
            done.append({"InstanceId": instance.id})
        else:
            error = {"Code": "InstanceCreditSpecification.NotSupported", "Message": f"The instance type {instance.instance_type} has no credits"}
            refused.append({"InstanceId": instance.id, "Error": error})
    return {"SuccessfulInstanceCreditSpecifications": done, "UnsuccessfulInstanceCreditSpecifications": refused}


@around(Layer.GAPS, "ec2", "DescribeInstanceCreditSpecifications")
def describe_credits(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    backend = known.ec2(context.account_id, context.region)
    wanted = set(request.get("InstanceIds") or [])
    for filter in request.get("Filters") or []:
        if filter["Name"] != "instance-id":
            raise refusal("InvalidParameterValue", f"The filter '{filter['Name']}' is invalid")
        wanted |= set(filter["Values"])
    found = [instance for reservation in list(backend.reservations.values()) for instance in reservation.instances]
    found = [instance for instance in found if instance.id in wanted and instance.instance_type.startswith(_BURSTABLE) and instance.state != "terminated"]
    return {"InstanceCreditSpecifications": [{"InstanceId": instance.id, "CpuCredits": getattr(instance, "formwork_credits", "standard")} for instance in found]}


@around(Layer.GAPS, "ec2", "ModifyPrivateDnsNameOptions")
def modify_names(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    instance = _instance(context, request["InstanceId"])
    options = instance.formwork["PrivateDnsNameOptions"]
    kind = request.get("PrivateDnsHostnameType")
    if kind and kind != options["HostnameType"] and instance.state != "stopped":
        raise refusal("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")
    for name, key in (("PrivateDnsHostnameType", "HostnameType"), ("EnableResourceNameDnsARecord", "EnableResourceNameDnsARecord"),
                      ("EnableResourceNameDnsAAAARecord", "EnableResourceNameDnsAAAARecord")):
        if request.get(name) is not None:
            options[key] = request[name]
    return {"Return": True}


@around(Layer.GAPS, "ec2", "ModifyVolume")
def modify_volume(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    backend = known.ec2(context.account_id, context.region)
    volume = backend.volumes.get(request["VolumeId"])
    if volume is None:
        raise refusal("InvalidVolume.NotFound", f"The volume '{request['VolumeId']}' does not exist.")
    if request.get("Size") and request["Size"] < volume.size:
        raise refusal("InvalidParameterValue", "New size cannot be smaller than existing size")
    volume.size = request.get("Size") or volume.size
    if request.get("VolumeType") and request["VolumeType"] != volume.volume_type:
        volume.volume_type = request["VolumeType"]
        volume.iops, volume.throughput = _EBS_DEFAULTS.get(volume.volume_type, (None, None))
    volume.iops = request.get("Iops") or volume.iops
    volume.throughput = request.get("Throughput") or volume.throughput
    return {"VolumeModification": {"VolumeId": volume.id, "ModificationState": "modifying", "TargetSize": volume.size, "TargetVolumeType": volume.volume_type}}


@around(Layer.GAPS, "ec2", "AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation")
def check_profile(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto does not show the profile that took the place of another one."""
    wanted = request.get("IamInstanceProfile") or {}
    _check_profile(context, wanted)
    answer = proceed()
    row = answer["IamInstanceProfileAssociation"]
    name = wanted.get("Name") or wanted["Arn"].rsplit("/", 1)[-1]
    profile = next(held for held in list(known.iam(context.account_id).instance_profiles.values()) if held.name == name)
    _instance(context, row["InstanceId"]).iam_instance_profile = {"Arn": profile.arn, "Id": profile.id}
    return answer


def _instance(context: RequestContext, instance_id: str) -> Any:
    found = known.ec2(context.account_id, context.region).get_instance_by_id(instance_id)
    if found is None or found.state == "terminated":
        raise refusal("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    return found
