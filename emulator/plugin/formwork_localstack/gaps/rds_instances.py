"""RDS instances: fields that moto accepts and forgets, values it invents wrongly, and the refusals of AWS."""

import re
import uuid
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault, refusal
from .altered import alter
from .rds import parameter_group

_MINORS = {"postgres": {"11": "11.22", "12": "12.22", "13": "13.22", "14": "14.19", "15": "15.14", "16": "16.10", "17": "17.6", "18": "18.1"}}
_DEFAULT_MAJOR = {"postgres": "17"}
_CERTIFICATE = "rds-ca-rsa2048-g1"
_GP3_STRIPE = 400

# Kept for the maintenance window unless ApplyImmediately is true:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html
_DEFERRED = (
    "DBInstanceClass", "AllocatedStorage", "StorageType", "Iops", "StorageThroughput", "EngineVersion", "MultiAZ", "MasterUserPassword", "DBPortNumber",
    "CACertificateIdentifier", "DBSubnetGroupName", "DedicatedLogVolume",
)

# moto's names of what it takes in a request and should give back, by the request's own name.
_ECHOED = {
    "EnablePerformanceInsights": "performance_insights_enabled",
    "PerformanceInsightsKMSKeyId": "performance_insights_kms_key_id",
    "PerformanceInsightsRetentionPeriod": "performance_insights_retention_period",
    "MonitoringInterval": "monitoring_interval",
    "MonitoringRoleArn": "monitoring_role_arn",
    "NetworkType": "network_type",
    "DedicatedLogVolume": "dedicated_log_volume",
    "EngineLifecycleSupport": "engine_lifecycle_support",
    "DatabaseInsightsMode": "database_insights_mode",
    "BackupTarget": "backup_target",
    "EnableCustomerOwnedIp": "customer_owned_ip_enabled",
    "Timezone": "timezone",
    "CustomIamInstanceProfile": "custom_iam_instance_profile",
    "NcharCharacterSetName": "nchar_character_set_name",
    "Iops": "iops",
    "StorageThroughput": "storage_throughput",
}

# Parameters of ModifyDBInstance that AWS has added since the installed service model was made.
_LATER = ("EngineLifecycleSupport",)


@around(Layer.GAPS, "rds", "CreateDBInstance")
def create_instance(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if request.get("DBClusterIdentifier"):
        return _create_member(context, request, proceed)
    engine = request["Engine"]
    version = _version(engine, request.get("EngineVersion"))
    if version != request.get("EngineVersion"):
        alter(context, request, EngineVersion=version)
    _check_password(request)
    _check_groups(context, request, engine, version)
    _check_storage(request)
    if request.get("MonitoringInterval") and not request.get("MonitoringRoleArn"):
        raise refusal("InvalidParameterCombination", "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.")
    check_monitoring_role(context, request)
    if request.get("MultiAZ") and request.get("AvailabilityZone"):
        raise refusal("InvalidParameterCombination", "Requesting a specific availability zone is not valid for Multi-AZ instances.")
    key = key_arn(context, request["KmsKeyId"]) if request.get("KmsKeyId") else None
    if key and not request.get("StorageEncrypted"):
        raise refusal("InvalidParameterCombination", "A KMS key needs storage encryption to be enabled")
    answer = proceed()
    database = known.rds(context.account_id, context.region).databases[request["DBInstanceIdentifier"]]
    _complete(context, database, request, key)
    row = _shown(context, answer["DBInstance"], database)
    row["DBInstanceStatus"] = "creating"
    row.pop("Endpoint", None)
    return answer


@around(Layer.GAPS, "rds", "DescribeDBInstances")
def describe_instances(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    databases = known.rds(context.account_id, context.region).databases
    for row in answer.get("DBInstances") or []:
        if row["DBInstanceIdentifier"] in databases:
            _shown(context, row, databases[row["DBInstanceIdentifier"]])
    return answer


@around(Layer.GAPS, "rds", "ModifyDBInstance")
def modify_instance(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    database = known.rds(context.account_id, context.region).databases.get(request["DBInstanceIdentifier"])
    if database is None:
        return proceed()
    if database.db_cluster_identifier:
        return _modify_member(context, request, database, proceed)
    _check_modification(context, database, request)
    pending: dict[str, Any] = getattr(database, "formwork_pending", {})
    if request.get("ApplyImmediately"):
        if pending:
            alter(context, request, **{key: request.get(key, value) for key, value in pending.items()})
        database.formwork_pending = {}
    else:
        deferred = {key: request[key] for key in _DEFERRED if request.get(key) is not None}
        deferred = {key: value for key, value in deferred.items() if value != _present(database, key)}
        if deferred:
            alter(context, request, **dict.fromkeys(deferred))
        database.formwork_pending = {**pending, **deferred}
    if request.get("ManageMasterUserPassword") and hasattr(database, "master_user_secret"):
        # moto would make a second secret for a database that has one already.
        alter(context, request, ManageMasterUserPassword=None)
    exports = _exports(database, request.get("CloudwatchLogsExportConfiguration") or {})
    if exports is not None:
        alter(context, request, CloudwatchLogsExportConfiguration=None)
    if request.get("KmsKeyId"):
        alter(context, request, KmsKeyId=None)
    answer = proceed()
    if exports is not None:
        database.enabled_cloudwatch_logs_exports = exports
    if request.get("DBPortNumber"):
        database.port = request["DBPortNumber"]
    for name, attribute in _ECHOED.items():
        # The installed service model may be older than the caller's: what it does not know is not parsed, and still in the form.
        value = context.request.form.get(name) if name in _LATER else request.get(name)
        if value is not None:
            setattr(database, attribute, value)
    _settle(context, database)
    _shown(context, answer["DBInstance"], database)
    return answer


@around(Layer.GAPS, "rds", "RebootDBInstance")
def reboot_instance(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    database = known.rds(context.account_id, context.region).databases[request["DBInstanceIdentifier"]]
    _shown(context, answer["DBInstance"], database)["DBInstanceStatus"] = "rebooting"
    return answer


@around(Layer.GAPS, "rds", "DeleteDBInstance")
def delete_instance(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    backend = known.rds(context.account_id, context.region)
    database = backend.databases.get(request["DBInstanceIdentifier"])
    if database is None:
        return proceed()
    final, skip = request.get("FinalDBSnapshotIdentifier"), bool(request.get("SkipFinalSnapshot", False))
    if not database.db_cluster_identifier and not database.deletion_protection:
        if not skip and not final:
            raise refusal("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
        if skip and final:
            raise refusal("InvalidParameterCombination", "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.")
        if final and final in backend.database_snapshots:
            raise fault(context, "DBSnapshotAlreadyExistsFault", f"Cannot create the snapshot because a snapshot with the identifier {final} already exists.")
    answer = proceed()
    _shown(context, answer["DBInstance"], database)["DBInstanceStatus"] = "deleting"
    return answer


def _create_member(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A member of an Aurora cluster: what it is not told itself is as the cluster says."""
    cluster = known.rds(context.account_id, context.region).clusters.get(request["DBClusterIdentifier"])
    if cluster is None:
        raise fault(context, "DBClusterNotFoundFault", f"DBCluster {request['DBClusterIdentifier']} not found.")
    if not cluster.engine.startswith("aurora"):
        raise refusal("InvalidParameterCombination", "A Multi-AZ DB cluster has the members that RDS makes")
    for name in ("MasterUsername", "MasterUserPassword", "BackupRetentionPeriod", "StorageEncrypted", "AllocatedStorage", "VpcSecurityGroupIds"):
        if request.get(name) is not None:
            raise refusal("InvalidParameterCombination", f"{name} is a matter of the cluster")
    if request.get("DBInstanceClass") == "db.serverless" and not cluster.formwork_shown.get("ServerlessV2ScalingConfiguration"):
        raise refusal("InvalidParameterCombination", "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.")
    _check_member_group(context, request, cluster)
    check_monitoring_role(context, request)
    answer = proceed()
    database = known.rds(context.account_id, context.region).databases[request["DBInstanceIdentifier"]]
    database.dbi_resource_id = "db-" + uuid.uuid4().hex[:26].upper()
    database.db_subnet_group_name = cluster.db_subnet_group_name if cluster.formwork_shown["DBSubnetGroup"] != "default" else None
    group = getattr(database, "db_subnet_group", None)
    zones = [row["SubnetAvailabilityZone"]["Name"] for row in group.subnets] if group is not None else [database.availability_zone]
    if request.get("AvailabilityZone") and group is not None and request["AvailabilityZone"] not in zones:
        known.rds(context.account_id, context.region).databases.pop(request["DBInstanceIdentifier"])
        raise refusal("InvalidParameterCombination", f"The subnet group has no subnet in {request['AvailabilityZone']}")
    database.availability_zone = request.get("AvailabilityZone") or zones[len(cluster.members) % len(zones)]
    database.publicly_accessible = bool(request.get("PubliclyAccessible", False))
    database.ca_certificate_identifier = request.get("CACertificateIdentifier") or _CERTIFICATE
    shown = cluster.formwork_shown
    inherited = {
        "EnablePerformanceInsights": shown["PerformanceInsightsEnabled"], "PerformanceInsightsKMSKeyId": shown.get("PerformanceInsightsKMSKeyId"),
        "PerformanceInsightsRetentionPeriod": shown.get("PerformanceInsightsRetentionPeriod"), "MonitoringInterval": shown["MonitoringInterval"],
        "MonitoringRoleArn": shown.get("MonitoringRoleArn"), "DatabaseInsightsMode": shown["DatabaseInsightsMode"], "NetworkType": shown["NetworkType"],
    }
    for name, attribute in _ECHOED.items():
        value = request.get(name) if request.get(name) is not None else inherited.get(name)
        if value is not None:
            setattr(database, attribute, value)
    _settle_member(context, database)
    row = _shown(context, answer["DBInstance"], database)
    row["DBInstanceStatus"] = "creating"
    row.pop("Endpoint", None)
    return answer


def _modify_member(context: RequestContext, request: dict[str, Any], database: Any, proceed: Proceed) -> Any:
    for name in ("MasterUserPassword", "BackupRetentionPeriod", "EngineVersion", "AllocatedStorage", "VpcSecurityGroupIds", "DeletionProtection"):
        if request.get(name) is not None:
            raise refusal("InvalidParameterCombination", f"{name} is a matter of the cluster")
    _check_member_group(context, request, database.cluster)
    check_monitoring_role(context, request)
    pending: dict[str, Any] = getattr(database, "formwork_pending", {})
    if request.get("ApplyImmediately"):
        if pending:
            alter(context, request, **{key: request.get(key, value) for key, value in pending.items()})
        database.formwork_pending = {}
    else:
        deferred = {key: request[key] for key in ("DBInstanceClass", "CACertificateIdentifier") if request.get(key) not in (None, _present(database, key))}
        if deferred:
            alter(context, request, **dict.fromkeys(deferred))
        database.formwork_pending = {**pending, **deferred}
    answer = proceed()
    for name, attribute in _ECHOED.items():
        if request.get(name) is not None:
            setattr(database, attribute, request[name])
    _settle_member(context, database)
    _shown(context, answer["DBInstance"], database)
    return answer


def _check_member_group(context: RequestContext, request: dict[str, Any], cluster: Any) -> None:
    if request.get("DBParameterGroupName"):
        from .rds_clusters import family_of

        group, family = parameter_group(context, request["DBParameterGroupName"]), family_of(cluster.engine, cluster.engine_version)
        if group.family != family:
            raise refusal("InvalidParameterCombination", f"The parameter group {group.name} with DBParameterGroupFamily {group.family} can't be used for this instance. Please use a parameter group with DBParameterGroupFamily {family}.")


def _settle_member(context: RequestContext, database: Any) -> None:
    """Values of a member that follow from others."""
    if getattr(database, "performance_insights_enabled", False):
        database.performance_insights_retention_period = getattr(database, "performance_insights_retention_period", None) or 7
        wanted = getattr(database, "performance_insights_kms_key_id", None)
        database.performance_insights_kms_key_id = key_arn(context, wanted) if wanted else service_key(context, "rds")
    else:
        database.performance_insights_retention_period = None
        database.performance_insights_kms_key_id = None
    if int(database.monitoring_interval or 0) == 0:
        database.monitoring_role_arn = None


def _shown_member(row: dict[str, Any], database: Any) -> dict[str, Any]:
    """Parts of an answer about a member that no attribute of moto's gives."""
    row["PendingModifiedValues"] = dict(getattr(database, "formwork_pending", {}))
    row["CertificateDetails"] = {"CAIdentifier": database.ca_certificate_identifier}
    row["PromotionTier"] = database.promotion_tier
    row["MultiAZ"] = False
    if isinstance(row.get("Endpoint"), dict):
        row["Endpoint"].update({"Port": database.cluster.port, "HostedZoneId": "Z29XKXDKYMONMX"})
    return row


def _version(engine: str, wanted: str | None) -> str | None:
    """A major version alone is taken, and answered with its newest minor version."""
    minors = _MINORS.get(engine)
    if minors is None:
        return wanted
    if not wanted:
        return minors[_DEFAULT_MAJOR[engine]]
    if wanted in minors:
        return minors[wanted]
    major, _, minor = wanted.partition(".")
    if major not in minors or not re.fullmatch(r"\d+(-[a-zA-Z0-9-]+)?", minor):
        raise refusal("InvalidParameterCombination", f"Cannot find version {wanted} for {engine}")
    return wanted


def _check_password(request: dict[str, Any]) -> None:
    managed, password = request.get("ManageMasterUserPassword"), request.get("MasterUserPassword")
    if managed and password:
        raise refusal("InvalidParameterCombination", "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.")
    if not managed and not password:
        raise refusal("InvalidParameterValue", "The parameter MasterUserPassword must be provided and must not be blank.")
    if not request.get("MasterUsername"):
        raise refusal("InvalidParameterValue", "The parameter MasterUsername must be provided and must not be blank.")
    if request["Engine"] == "postgres" and request["MasterUsername"].lower() in ("admin", "rdsadmin", "user", "public"):
        raise refusal("InvalidParameterValue", f"MasterUsername {request['MasterUsername']} cannot be used as it is a reserved word used by the engine")
    check_password_text(password)


def check_password_text(password: str | None) -> None:
    """Refuses a password that is too short or too long, or has characters that AWS does not take."""
    if password is None:
        return
    if not 8 <= len(password) <= 128:
        raise refusal("InvalidParameterValue", "The parameter MasterUserPassword is not a valid password because it is shorter than 8 or longer than 128 characters.")
    if re.search(r'[/@" ]', password) or not password.isprintable() or not password.isascii():
        raise refusal("InvalidParameterValue", "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.")


def _check_groups(context: RequestContext, request: dict[str, Any], engine: str, version: str | None) -> None:
    for group_id in request.get("VpcSecurityGroupIds") or []:
        if not known.security_group(context.account_id, context.region, group_id):
            raise refusal("InvalidParameterValue", f"Invalid security group , groupId= {group_id}, groupName=.")
    if request.get("DBParameterGroupName"):
        group = parameter_group(context, request["DBParameterGroupName"])
        family = f"{engine}{(version or '').split('.')[0]}"
        if engine == "postgres" and version and group.family != family:
            raise refusal("InvalidParameterCombination", f"The parameter group {group.name} with DBParameterGroupFamily {group.family} can't be used for this instance. Please use a parameter group with DBParameterGroupFamily {family}.")


def _check_storage(request: dict[str, Any]) -> None:
    size, kind = request.get("AllocatedStorage"), request.get("StorageType")
    if request["Engine"] == "postgres" and not size:
        raise refusal("InvalidParameterValue", "Invalid storage size for engine name postgres and storage type: 0")
    if kind == "gp3" and int(size) < _GP3_STRIPE and (request.get("Iops") or request.get("StorageThroughput")):
        raise refusal("InvalidParameterCombination", f"You can't specify IOPS or storage throughput for engine postgres and a storage size less than {_GP3_STRIPE}.")
    if kind in ("io1", "io2") and not request.get("Iops"):
        raise refusal("InvalidParameterCombination", f"You must specify a value for IOPS with storage type {kind}")


def _check_modification(context: RequestContext, database: Any, request: dict[str, Any]) -> None:
    engine, present = database.engine, str(database.engine_version)
    version = request.get("EngineVersion")
    if version:
        version = _version(engine, version)
        alter(context, request, EngineVersion=version)
        before, after = numbers(present), numbers(version or "")
        if after < before:
            raise refusal("InvalidParameterCombination", f"Cannot upgrade {engine} from {present} to {version}")
        if after[0] != before[0] and not request.get("AllowMajorVersionUpgrade"):
            raise refusal("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
        if after[0] != before[0] and database.db_parameter_group_name and not request.get("DBParameterGroupName") and not database.db_parameter_group_name.startswith("default."):
            raise refusal("InvalidParameterCombination", f"Current Parameter Group ({database.db_parameter_group_name}) is non-default. You need to explicitly specify a new Parameter Group in this case (default or custom)")
    if request.get("AllocatedStorage") and int(request["AllocatedStorage"]) < int(database.allocated_storage):
        raise refusal("InvalidParameterCombination", "The allocated storage of an instance cannot be decreased")
    if request.get("MonitoringInterval") and not (request.get("MonitoringRoleArn") or getattr(database, "monitoring_role_arn", None)):
        raise refusal("InvalidParameterCombination", "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.")
    check_monitoring_role(context, request)
    if request.get("MasterUserPassword") and (request.get("ManageMasterUserPassword") or (hasattr(database, "master_user_secret") and request.get("ManageMasterUserPassword") is not False)):
        raise refusal("InvalidParameterCombination", "You can't specify MasterUserPassword for an instance whose master password RDS manages.")
    check_password_text(request.get("MasterUserPassword"))
    _check_groups(context, request, engine, version or present)


def check_monitoring_role(context: RequestContext, request: dict[str, Any]) -> None:
    """Refuses a role that does not stand."""
    if request.get("MonitoringRoleArn") and not known.role(context.account_id, request["MonitoringRoleArn"]):
        raise refusal("InvalidParameterValue", "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING")


def _present(database: Any, key: str) -> Any:
    """The value that a deferrable parameter has now; equal ones are not pending."""
    attribute = {
        "DBInstanceClass": "db_instance_class", "AllocatedStorage": "allocated_storage", "StorageType": "storage_type", "Iops": "iops",
        "StorageThroughput": "storage_throughput", "EngineVersion": "engine_version", "MultiAZ": "multi_az", "DBPortNumber": "port",
        "CACertificateIdentifier": "ca_certificate_identifier", "DedicatedLogVolume": "dedicated_log_volume",
    }.get(key)
    return getattr(database, attribute, None) if attribute else None


def _exports(database: Any, wanted: dict[str, list[str]]) -> list[str] | None:
    if not wanted:
        return None
    present = [name for name in database.enabled_cloudwatch_logs_exports if name not in (wanted.get("DisableLogTypes") or [])]
    for name in wanted.get("EnableLogTypes") or []:
        if database.engine == "postgres" and name not in ("postgresql", "upgrade", "iam-db-auth-error"):
            raise refusal("InvalidParameterCombination", f"You cannot use the log types '{name}' with engine version {database.engine} {database.engine_version}.")
        if name not in present:
            present.append(name)
    return present


def _complete(context: RequestContext, database: Any, request: dict[str, Any], key: str | None) -> None:
    """Puts into moto's object what its constructor leaves out; moto answers with every attribute that the API has."""
    database.dbi_resource_id = "db-" + uuid.uuid4().hex[:26].upper()
    for name, attribute in _ECHOED.items():
        if request.get(name) is not None:
            setattr(database, attribute, request[name])
    database.enabled_cloudwatch_logs_exports = list(request.get("EnableCloudwatchLogsExports") or [])
    database.ca_certificate_identifier = request.get("CACertificateIdentifier") or _CERTIFICATE
    database.publicly_accessible = bool(request.get("PubliclyAccessible", False))
    if not request.get("LicenseModel") and database.engine == "postgres":
        database.license_model = "postgresql-license"
    if database.storage_encrypted:
        database.kms_key_id = key or service_key(context, "rds")
    group = getattr(database, "db_subnet_group", None)
    if group is not None and not request.get("AvailabilityZone"):
        database.availability_zone = group.subnets[0]["SubnetAvailabilityZone"]["Name"]
    for attribute, value in (
        ("monitoring_interval", 0), ("network_type", "IPV4"), ("dedicated_log_volume", False), ("customer_owned_ip_enabled", False),
        ("engine_lifecycle_support", "open-source-rds-extended-support"), ("database_insights_mode", "standard"), ("backup_target", "region"),
        ("performance_insights_enabled", False),
    ):
        if getattr(database, attribute, None) is None:
            setattr(database, attribute, value)
    _settle(context, database)


def _settle(context: RequestContext, database: Any) -> None:
    """Values that follow from others."""
    if database.engine == "postgres" and database.option_group_name.startswith("default:"):
        database.option_group_name = f"default:postgres-{numbers(str(database.engine_version))[0]}"
    if database.performance_insights_enabled:
        database.performance_insights_retention_period = getattr(database, "performance_insights_retention_period", None) or 7
        wanted = getattr(database, "performance_insights_kms_key_id", None)
        database.performance_insights_kms_key_id = key_arn(context, wanted) if wanted else service_key(context, "rds")
    else:
        database.performance_insights_retention_period = None
        database.performance_insights_kms_key_id = None
    if int(database.monitoring_interval or 0) == 0:
        database.monitoring_role_arn = None
    if database.storage_type == "gp3" and int(database.allocated_storage) < _GP3_STRIPE:
        database.iops, database.storage_throughput = 3000, 125
    elif database.storage_type == "gp3":
        database.iops, database.storage_throughput = database.iops or 12000, database.storage_throughput or 500


def _shown(context: RequestContext, row: dict[str, Any], database: Any) -> dict[str, Any]:
    """Parts of an answer that no attribute of moto's gives."""
    if getattr(database, "db_cluster_identifier", None):
        return _shown_member(row, database)
    pending = dict(getattr(database, "formwork_pending", {}))
    if "DBPortNumber" in pending:
        pending["Port"] = pending.pop("DBPortNumber")
    if "MasterUserPassword" in pending:
        pending["MasterUserPassword"] = "****"
    row["PendingModifiedValues"] = pending
    row["CertificateDetails"] = {"CAIdentifier": database.ca_certificate_identifier}
    if isinstance(row.get("Endpoint"), dict):
        row["Endpoint"].setdefault("HostedZoneId", "Z29XKXDKYMONMX")
    row["DbInstancePort"] = 0
    if database.multi_az and getattr(database, "db_subnet_group", None) is not None:
        zones = [subnet["SubnetAvailabilityZone"]["Name"] for subnet in database.db_subnet_group.subnets]
        row["SecondaryAvailabilityZone"] = next((zone for zone in zones if zone != database.availability_zone), None)
    return row


def numbers(version: str) -> list[int]:
    """All numbers in a version."""
    return [int(part) for part in re.findall(r"\d+", version)]


def service_key(context: RequestContext, service: str) -> str:
    """The key that AWS keeps for a service in an account and region; the same every time."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{service}/{context.account_id}/{context.region}")
    return f"arn:aws:kms:{context.region}:{context.account_id}:key/{identity}"


def key_arn(context: RequestContext, wanted: str) -> str:
    """The ARN of a key named by id, alias or ARN; AWS gives back the ARN whichever was sent."""
    from moto.kms.models import kms_backends

    if wanted == service_key(context, "rds") or wanted == "alias/aws/rds":
        return service_key(context, "rds")
    parts = wanted.split(":")
    account, region = (parts[4], parts[3]) if len(parts) > 5 else (context.account_id, context.region)
    try:
        return kms_backends[account][region].describe_key(wanted if "alias/" not in wanted else wanted[wanted.index("alias/"):]).arn
    except KeyError:
        raise fault(context, "KMSKeyNotAccessibleFault", f"The specified KMS key [{wanted}] does not exist, is not enabled or you do not have permissions to access it.") from None
