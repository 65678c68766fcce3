"""EFS: what moto cannot change, and what it does not tell of a file system.

moto makes, describes and deletes file systems and mount targets, whose network interfaces are really in EC2. Behaviour follows
https://docs.aws.amazon.com/efs/latest/ug/api-reference.html.
"""

from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault
from .native import page

_PROTECTION = "formwork_protection"


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "efs", "CreateFileSystem")
def create_file_system(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A token that was used already is answered with what it made; a key must stand, and the account's own is taken without one."""
    backend = _backend(context)
    for one in list(backend.file_systems_by_id.values()):
        if one.creation_token == request["CreationToken"]:
            raise fault(context, "FileSystemAlreadyExists", f"File system '{one.file_system_id}' already exists with creation token '{one.creation_token}'")
    key = request.get("KmsKeyId")
    if key and not known.key(context.account_id, key):
        raise fault(context, "BadRequest", f"The key '{key}' does not exist or cannot be used")
    if request.get("ThroughputMode") == "provisioned" and not request.get("ProvisionedThroughputInMibps"):
        raise fault(context, "BadRequest", "Provisioned throughput must be said for the mode provisioned")
    answer = proceed()
    one = backend.file_systems_by_id[answer["FileSystemId"]]
    setattr(one, f"_{_PROTECTION}", "ENABLED")
    # Said to be on for one zone, whatever was asked, by moto.
    one._backup = bool(request.get("Backup", bool(request.get("AvailabilityZoneName"))))
    if one.encrypted and not one.kms_key_id:
        one.kms_key_id = f"arn:aws:kms:{context.region}:{context.account_id}:key/aws-elasticfilesystem"
    return _told(answer, one)


@around(Layer.GAPS, "efs", "DescribeFileSystems")
def describe_file_systems(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    for row in answer.get("FileSystems") or []:
        _told(row, _file_system(context, row["FileSystemId"]))
    return answer


@around(Layer.GAPS, "efs", "DescribeMountTargets")
def describe_mount_targets(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto does not see the file system whose mount targets are asked for."""
    named = request.get("FileSystemId")
    if not named:
        return proceed()
    rows = [target.info_json() for target in _file_system(context, named).iter_mount_targets()]
    some, marker = page(request, rows, "MaxItems", "Marker")
    return {"MountTargets": some, **({"NextMarker": marker} if marker else {})}


@around(Layer.GAPS, "efs", "CreateMountTarget")
def create_mount_target(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """An address that somebody has already is refused, which breaks moto."""
    address, subnet = request.get("IpAddress"), known.subnet(context.account_id, context.region, request["SubnetId"])
    if address and subnet is not None and address in subnet._subnet_ips:
        raise fault(context, "IpAddressInUse", f"The address {address} is in use in the subnet")
    return proceed()


@around(Layer.GAPS, "efs", "UpdateFileSystem")
def update_file_system(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    one = _file_system(context, request["FileSystemId"])
    mode = request.get("ThroughputMode") or one.throughput_mode
    if mode == "provisioned" and not (request.get("ProvisionedThroughputInMibps") or one.provisioned_throughput_in_mibps):
        raise fault(context, "BadRequest", "Provisioned throughput must be said for the mode provisioned")
    one.throughput_mode = mode
    one.provisioned_throughput_in_mibps = (request.get("ProvisionedThroughputInMibps") or one.provisioned_throughput_in_mibps) if mode == "provisioned" else None
    return _told(one.info_json(), one)


@around(Layer.GAPS, "efs", "UpdateFileSystemProtection")
def update_protection(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    one = _file_system(context, request["FileSystemId"])
    setattr(one, f"_{_PROTECTION}", request["ReplicationOverwriteProtection"])
    return {"ReplicationOverwriteProtection": request["ReplicationOverwriteProtection"]}


@around(Layer.GAPS, "efs", "PutBackupPolicy")
def put_backup_policy(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    one = _file_system(context, request["FileSystemId"])
    one._backup = request["BackupPolicy"]["Status"] == "ENABLED"
    return {"BackupPolicy": {"Status": request["BackupPolicy"]["Status"]}}


@around(Layer.GAPS, "efs", "DescribeBackupPolicy")
def describe_backup_policy(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    one = _file_system(context, request["FileSystemId"])
    return {"BackupPolicy": {"Status": "ENABLED" if one._backup else "DISABLED"}}


@around(Layer.GAPS, "efs", "DescribeFileSystemPolicy")
def describe_policy(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    one = _file_system(context, request["FileSystemId"])
    if not one.file_system_policy:
        raise fault(context, "PolicyNotFound", f"File system '{one.file_system_id}' has no policy")
    return {"FileSystemId": one.file_system_id, "Policy": one.file_system_policy}


@around(Layer.GAPS, "efs", "PutFileSystemPolicy")
def put_policy(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    one = _file_system(context, request["FileSystemId"])
    one.file_system_policy = request["Policy"]
    return {"FileSystemId": one.file_system_id, "Policy": one.file_system_policy}


@around(Layer.GAPS, "efs", "DeleteFileSystemPolicy")
def delete_policy(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    _file_system(context, request["FileSystemId"]).file_system_policy = None
    return {}


def _told(row: dict[str, Any], one: Any) -> dict[str, Any]:
    """What moto leaves out, and without what is nothing."""
    row["FileSystemProtection"] = {"ReplicationOverwriteProtection": getattr(one, f"_{_PROTECTION}", "ENABLED")}
    row["KmsKeyId"] = one.kms_key_id
    row["ProvisionedThroughputInMibps"] = one.provisioned_throughput_in_mibps or None
    for name in [name for name, value in row.items() if value is None]:
        del row[name]
    return row


def _backend(context: RequestContext) -> Any:
    from moto.efs.models import efs_backends

    return efs_backends[context.account_id][context.region]


def _file_system(context: RequestContext, named: str) -> Any:
    found = _backend(context).file_systems_by_id.get(named.rsplit("/", 1)[-1])
    if found is None:
        raise fault(context, "FileSystemNotFound", f"File system '{named}' does not exist.")
    return found
