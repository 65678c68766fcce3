"""RDS clusters: moto makes and deletes them and knows their members; what they are is kept here in the shape of the answer.

moto leaves out half of what a create says, invents some of the rest, changes what a modification names by accident only, and has no
Data API and no way to take a role away.
"""

import re
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault, refusal
from .altered import alter
from .rds import parameter_group
from .rds_cluster_groups import cluster_group_of
from .rds_instances import check_monitoring_role, check_password_text, key_arn, numbers, service_key

_VERSIONS = {
    "aurora-postgresql": {"13": "13.20", "14": "14.17", "15": "15.12", "16": "16.8", "17": "17.4"},
    "aurora-mysql": {"5.7": "5.7.mysql_aurora.2.12.5", "8.0": "8.0.mysql_aurora.3.08.2"},
    "postgres": {"13": "13.22", "14": "14.19", "15": "15.14", "16": "16.10", "17": "17.6"},
    "mysql": {"8.0": "8.0.43", "8.4": "8.4.6"},
}
_DEFAULTS = {"aurora-postgresql": "16", "aurora-mysql": "8.0", "postgres": "17", "mysql": "8.4"}
_LOGS = {
    "aurora-postgresql": {"postgresql", "instance", "iam-db-auth-error"}, "aurora-mysql": {"audit", "error", "general", "slowquery", "instance", "iam-db-auth-error"},
    "postgres": {"postgresql", "upgrade", "iam-db-auth-error"}, "mysql": {"error", "general", "slowquery", "iam-db-auth-error"},
}

# Kept for the maintenance window unless ApplyImmediately is true:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
_DEFERRED = ("EngineVersion", "DBClusterInstanceClass", "AllocatedStorage", "StorageType", "Iops", "EnableIAMDatabaseAuthentication")

# What is answered under the name under which it is given, or under another one.
_ECHOED = {
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade", "BackupRetentionPeriod": "BackupRetentionPeriod", "BacktrackWindow": "BacktrackWindow",
    "CopyTagsToSnapshot": "CopyTagsToSnapshot", "DBClusterInstanceClass": "DBClusterInstanceClass", "AllocatedStorage": "AllocatedStorage",
    "StorageType": "StorageType", "Iops": "Iops", "DatabaseInsightsMode": "DatabaseInsightsMode", "DeletionProtection": "DeletionProtection",
    "EnableGlobalWriteForwarding": "GlobalWriteForwardingRequested", "EnableHttpEndpoint": "HttpEndpointEnabled",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled", "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "EngineLifecycleSupport": "EngineLifecycleSupport", "MonitoringInterval": "MonitoringInterval", "MonitoringRoleArn": "MonitoringRoleArn",
    "NetworkType": "NetworkType", "Port": "Port", "PreferredBackupWindow": "PreferredBackupWindow", "PubliclyAccessible": "PubliclyAccessible",
    "ClusterScalabilityType": "ClusterScalabilityType", "DBSystemId": "DBSystemId", "ServerlessV2ScalingConfiguration": "ServerlessV2ScalingConfiguration",
    "EngineVersion": "EngineVersion", "DBClusterParameterGroupName": "DBClusterParameterGroup", "StorageEncrypted": "StorageEncrypted",
}

# Parameters of ModifyDBCluster that AWS has added since the installed service model was made.
_LATER = ("EngineLifecycleSupport",)


@around(Layer.GAPS, "rds", "CreateDBCluster")
def create_cluster(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    backend, engine = known.rds(context.account_id, context.region), request["Engine"]
    if request["DBClusterIdentifier"] in backend.clusters:
        raise fault(context, "DBClusterAlreadyExistsFault", f"DB Cluster already exists: {request['DBClusterIdentifier']}")
    if engine not in _VERSIONS:
        raise refusal("InvalidParameterValue", f"Invalid DB engine: {engine}")
    version = _version(engine, request.get("EngineVersion"))
    _check(context, request, engine, version)
    _check_users(request)
    if not engine.startswith("aurora"):
        for name in ("DBClusterInstanceClass", "AllocatedStorage", "StorageType"):
            if not request.get(name):
                raise refusal("InvalidParameterCombination", f"The parameter {name} must be provided for a Multi-AZ DB cluster")
    elif request.get("DBClusterInstanceClass") or request.get("AllocatedStorage"):
        raise refusal("InvalidParameterCombination", "Members of an Aurora cluster are instances of their own, and storage is Aurora's")
    if request.get("DBSubnetGroupName") and request["DBSubnetGroupName"] not in backend.subnet_groups:
        raise fault(context, "DBSubnetGroupNotFoundFault", f"DBSubnetGroup not found: {request['DBSubnetGroupName']}")
    given = dict(request)
    key = key_arn(context, request["KmsKeyId"]) if request.get("KmsKeyId") else None
    if key and not request.get("StorageEncrypted"):
        raise refusal("InvalidParameterCombination", "A KMS key needs storage encryption to be enabled")
    # moto knows neither sorts of storage nor IAM of clusters that are not Aurora's.
    alter(context, request, EngineVersion=version, StorageType=None, EnableIAMDatabaseAuthentication=None)
    answer = proceed()
    cluster = backend.clusters[request["DBClusterIdentifier"]]
    cluster.formwork_shown = {
        "AutoMinorVersionUpgrade": True, "BackupRetentionPeriod": 1, "BacktrackWindow": 0, "CopyTagsToSnapshot": False, "DatabaseInsightsMode": "standard",
        "GlobalWriteForwardingRequested": None, "HttpEndpointEnabled": False, "IAMDatabaseAuthenticationEnabled": False,
        "PerformanceInsightsEnabled": False, "EngineLifecycleSupport": "open-source-rds-extended-support", "MonitoringInterval": 0, "NetworkType": "IPV4",
        "DBClusterParameterGroup": f"default.{family_of(engine, version)}", "StorageEncrypted": False, "AllocatedStorage": 1, "StorageType": None,
        "DBSubnetGroup": given.get("DBSubnetGroupName") or "default", "AvailabilityZones": _zones(context, given.get("AvailabilityZones") or []),
        "EnabledCloudwatchLogsExports": sorted(given.get("EnableCloudwatchLogsExports") or []),
    }
    cluster.formwork_pending = {}
    _take(context, cluster, {**given, "EngineVersion": version})
    cluster.formwork_shown["KmsKeyId"] = (key or service_key(context, "rds")) if given.get("StorageEncrypted") else None
    cluster.kms_key_id = cluster.formwork_shown["KmsKeyId"]
    if not given.get("VpcSecurityGroupIds"):
        cluster.vpc_security_group_ids = _default_groups(context, backend.subnet_groups.get(given.get("DBSubnetGroupName") or ""))
    _shown(answer["DBCluster"], cluster)["Status"] = "creating"
    return answer


@around(Layer.GAPS, "rds", "DescribeDBClusters")
def describe_clusters(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    clusters = known.rds(context.account_id, context.region).clusters
    for row in answer.get("DBClusters") or []:
        if row["DBClusterIdentifier"] in clusters:
            _shown(row, clusters[row["DBClusterIdentifier"]])
    return answer


@around(Layer.GAPS, "rds", "ModifyDBCluster")
def modify_cluster(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    cluster = _cluster(context, request["DBClusterIdentifier"])
    later = {name: context.request.form.get(name) for name in _LATER if context.request.form.get(name) is not None}
    given = {**request, **later}
    if set(given) <= {"DBClusterIdentifier", "ApplyImmediately"} and not cluster.formwork_pending:
        raise refusal("InvalidParameterCombination", "No modifications were requested")
    if given.get("EngineVersion"):
        given["EngineVersion"] = _version(cluster.engine, given["EngineVersion"])
        _check_upgrade(context, cluster, given)
    _check(context, given, cluster.engine, given.get("EngineVersion") or cluster.engine_version)
    if given.get("AllocatedStorage") and int(given["AllocatedStorage"]) < int(cluster.formwork_shown["AllocatedStorage"]):
        raise refusal("InvalidParameterCombination", "The allocated storage of a cluster cannot be decreased")
    managed = hasattr(cluster, "master_user_secret")
    if given.get("MasterUserPassword") and managed and given.get("ManageMasterUserPassword") is not False:
        raise refusal("InvalidParameterCombination", "You can't specify MasterUserPassword for a cluster whose master password RDS manages.")
    check_password_text(given.get("MasterUserPassword"))
    if given.get("ApplyImmediately"):
        given, cluster.formwork_pending = {**cluster.formwork_pending, **given}, {}
    else:
        deferred = {key: given.pop(key) for key in _DEFERRED if given.get(key) is not None}
        present = {name: cluster.formwork_shown.get(_ECHOED[name]) for name in deferred}
        cluster.formwork_pending = {**cluster.formwork_pending, **{key: value for key, value in deferred.items() if value != present[key]}}
    _take(context, cluster, given)
    exports = given.get("CloudwatchLogsExportConfiguration") or {}
    present = set(cluster.formwork_shown["EnabledCloudwatchLogsExports"])
    cluster.formwork_shown["EnabledCloudwatchLogsExports"] = sorted(present - set(exports.get("DisableLogTypes") or []) | set(exports.get("EnableLogTypes") or []))
    # moto gets what it keeps itself, and would make a second secret for a cluster that has one already.
    kept = ("DBClusterIdentifier", "ApplyImmediately", "DeletionProtection", "VpcSecurityGroupIds", "MasterUserPassword", "MasterUserSecretKmsKeyId", "ManageMasterUserPassword")
    dropped = [name for name in request if name not in kept or name.endswith("Password") and name.startswith("Manage") and request[name] and managed]
    alter(context, request, **dict.fromkeys(dropped))
    answer = proceed()
    _shown(answer["DBCluster"], cluster)
    return answer


@around(Layer.GAPS, "rds", "DeleteDBCluster")
def delete_cluster(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    backend = known.rds(context.account_id, context.region)
    cluster = _cluster(context, request["DBClusterIdentifier"])
    final, skip = request.get("FinalDBSnapshotIdentifier"), bool(request.get("SkipFinalSnapshot", False))
    if not cluster.deletion_protection and not cluster.members:
        if not skip and not final:
            raise refusal("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
        if skip and final:
            raise refusal("InvalidParameterCombination", "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.")
        if final and final in backend.cluster_snapshots:
            raise fault(context, "DBClusterSnapshotAlreadyExistsFault", f"Cannot create the cluster snapshot because one with the identifier {final} already exists.")
    answer = proceed()
    if request.get("DeleteAutomatedBackups") is not False:
        for name, snapshot in list(backend.cluster_snapshots.items()):
            if snapshot.snapshot_type == "automated" and snapshot.db_cluster_identifier == cluster.db_cluster_identifier:
                backend.cluster_snapshots.pop(name, None)
    _shown(answer["DBCluster"], cluster)["Status"] = "deleting"
    return answer


@around(Layer.GAPS, "rds", "AddRoleToDBCluster")
def add_role(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    _cluster(context, request["DBClusterIdentifier"])
    if not known.role(context.account_id, request["RoleArn"]):
        raise refusal("InvalidParameterValue", "The IAM role ARN value is invalid or does not include the required permissions for: S3_INTEGRATION")
    return proceed()


@around(Layer.GAPS, "rds", "RemoveRoleFromDBCluster")
def remove_role(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    cluster, feature = _cluster(context, request["DBClusterIdentifier"]), request.get("FeatureName")
    kept = [role for role in cluster.associated_roles if (role.role_arn, role.feature_name) != (request["RoleArn"], feature)]
    if len(kept) == len(cluster.associated_roles):
        raise fault(context, "DBClusterRoleNotFoundFault", f"Role {request['RoleArn']} cannot be found for DB cluster")
    cluster.associated_roles[:] = kept
    return {}


@around(Layer.GAPS, "rds", "EnableHttpEndpoint", "DisableHttpEndpoint")
def http_endpoint(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """The Data API of a cluster that is not serverless of the first sort, which ModifyDBCluster does not switch."""
    name = request["ResourceArn"].rsplit(":", 1)[-1]
    if name not in known.rds(context.account_id, context.region).clusters:
        raise fault(context, "ResourceNotFoundFault", f"The cluster {name} was not found")
    enabled = context.operation.name == "EnableHttpEndpoint"
    _cluster(context, name).formwork_shown["HttpEndpointEnabled"] = enabled
    return {"ResourceArn": request["ResourceArn"], "HttpEndpointEnabled": enabled}


def family_of(engine: str, version: str) -> str:
    """The family of the parameters of an engine's version."""
    first = numbers(version)
    return f"{engine}{first[0]}" if "postgres" in engine else f"{engine}{first[0]}.{first[1]}"


def _cluster(context: RequestContext, name: str) -> Any:
    cluster = known.rds(context.account_id, context.region).clusters.get(name)
    if cluster is None:
        raise fault(context, "DBClusterNotFoundFault", f"DBCluster {name} not found.")
    return cluster


def _version(engine: str, wanted: str | None) -> str:
    """A major version alone is taken, and answered with its newest minor version."""
    versions = _VERSIONS[engine]
    wanted = wanted or _DEFAULTS[engine]
    if wanted in versions:
        return versions[wanted]
    if not any(wanted.startswith(f"{major}.") and re.search(r"\d$", wanted) for major in versions):
        raise refusal("InvalidParameterCombination", f"Cannot find version {wanted} for {engine}")
    return wanted


def _check_users(request: dict[str, Any]) -> None:
    managed, password = request.get("ManageMasterUserPassword"), request.get("MasterUserPassword")
    if request.get("ReplicationSourceIdentifier") or request.get("GlobalClusterIdentifier"):
        return
    if managed and password:
        raise refusal("InvalidParameterCombination", "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.")
    if not managed and not password:
        raise refusal("InvalidParameterValue", "The parameter MasterUserPassword must be provided and must not be blank.")
    check_password_text(password)


def _check(context: RequestContext, request: dict[str, Any], engine: str, version: str) -> None:
    """What a create and a modification are refused for."""
    for group_id in request.get("VpcSecurityGroupIds") or []:
        if not known.security_group(context.account_id, context.region, group_id):
            raise refusal("InvalidParameterValue", f"Invalid security group , groupId= {group_id}, groupName=.")
    if request.get("DBClusterParameterGroupName"):
        group, family = cluster_group_of(context, request["DBClusterParameterGroupName"]), family_of(engine, version)
        if group.db_parameter_group_family != family:
            raise refusal("InvalidParameterCombination", f"The Parameter Group {group.name} with DBParameterGroupFamily {group.db_parameter_group_family} cannot be used for this instance. Please use a Parameter Group with DBParameterGroupFamily {family}")
    logs = set(request.get("EnableCloudwatchLogsExports") or []) | set((request.get("CloudwatchLogsExportConfiguration") or {}).get("EnableLogTypes") or [])
    if wrong := logs - _LOGS[engine]:
        raise refusal("InvalidParameterCombination", f"You cannot use the log types {sorted(wrong)} with engine version {engine} {version}.")
    if request.get("MonitoringInterval") and not request.get("MonitoringRoleArn"):
        raise refusal("InvalidParameterCombination", "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.")
    check_monitoring_role(context, request)
    if request.get("BacktrackWindow") and engine != "aurora-mysql":
        raise refusal("InvalidParameterCombination", f"Backtrack is not enabled for the {engine} engine.")
    scaling = request.get("ServerlessV2ScalingConfiguration")
    if scaling:
        least, most = float(scaling.get("MinCapacity", -1)), float(scaling.get("MaxCapacity", -1))
        if not (0 <= least <= most and 1 <= most <= 256) or least * 2 % 1 or most * 2 % 1 or not engine.startswith("aurora"):
            raise refusal("InvalidParameterValue", "Serverless v2 capacity 0 to 256 in steps of a half is valid, for Aurora")
        if scaling.get("SecondsUntilAutoPause") and least:
            raise refusal("InvalidParameterCombination", "SecondsUntilAutoPause needs a MinCapacity of 0")


def _check_upgrade(context: RequestContext, cluster: Any, request: dict[str, Any]) -> None:
    before, after = numbers(cluster.engine_version), numbers(request["EngineVersion"])
    if after < before:
        raise refusal("InvalidParameterCombination", f"Cannot upgrade {cluster.engine} from {cluster.engine_version} to {request['EngineVersion']}")
    if family_of(cluster.engine, cluster.engine_version) == family_of(cluster.engine, request["EngineVersion"]):
        return
    if not request.get("AllowMajorVersionUpgrade"):
        raise refusal("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
    if not request.get("DBClusterParameterGroupName") and not cluster.formwork_shown["DBClusterParameterGroup"].startswith("default."):
        raise refusal("InvalidParameterCombination", "The current DB cluster parameter group is custom. You must explicitly specify a new DB cluster parameter group, either default or custom")
    if request.get("DBInstanceParameterGroupName"):
        group = parameter_group(context, request["DBInstanceParameterGroupName"])
        if group.family != family_of(cluster.engine, request["EngineVersion"]):
            raise refusal("InvalidParameterCombination", f"The parameter group {group.name} is not of the version {request['EngineVersion']}")
        for member in cluster.members:
            member.db_parameter_group_name = group.name
    elif any(member.db_parameter_group_name and not member.db_parameter_group_name.startswith("default.") for member in cluster.members):
        raise refusal("InvalidParameterCombination", "The current DB instance parameter group is custom. You must explicitly specify a new DB instance parameter group, either default or custom")


def _take(context: RequestContext, cluster: Any, given: dict[str, Any]) -> None:
    """Takes over what a request says, and what follows from it."""
    shown = cluster.formwork_shown
    before = family_of(cluster.engine, str(shown.get("EngineVersion") or given["EngineVersion"]))
    for name, answered in _ECHOED.items():
        if given.get(name) is not None:
            shown[answered] = given[name]
    if given.get("PreferredMaintenanceWindow"):
        shown["PreferredMaintenanceWindow"] = given["PreferredMaintenanceWindow"].lower()
    if given.get("EnableLocalWriteForwarding") is not None:
        shown["LocalWriteForwardingStatus"] = "enabled" if given["EnableLocalWriteForwarding"] else "disabled"
    if given.get("Domain") or given.get("DomainIAMRoleName"):
        present = (shown.get("DomainMemberships") or [{}])[0]
        shown["DomainMemberships"] = [{"Status": "joined", "Domain": given.get("Domain") or present.get("Domain"), "IAMRoleName": given.get("DomainIAMRoleName") or present.get("IAMRoleName")}]
    if shown["PerformanceInsightsEnabled"]:
        shown["PerformanceInsightsRetentionPeriod"] = shown.get("PerformanceInsightsRetentionPeriod") or 7
        wanted = shown.get("PerformanceInsightsKMSKeyId")
        shown["PerformanceInsightsKMSKeyId"] = key_arn(context, wanted) if wanted else service_key(context, "rds")
    else:
        shown["PerformanceInsightsRetentionPeriod"] = shown["PerformanceInsightsKMSKeyId"] = None
    if not int(shown["MonitoringInterval"]):
        shown["MonitoringRoleArn"] = None
    # Aurora names the sort of its storage only where it is not the usual one.
    if shown["StorageType"] == "aurora":
        shown["StorageType"] = None
    cluster.engine_version, cluster.port = shown["EngineVersion"], shown.get("Port") or cluster.port
    after = family_of(cluster.engine, cluster.engine_version)
    if before != after and shown["DBClusterParameterGroup"] == f"default.{before}":
        shown["DBClusterParameterGroup"] = f"default.{after}"


def _zones(context: RequestContext, wanted: list[str]) -> list[str]:
    """The storage of a cluster is in three zones; AWS adds those that are not asked for."""
    others = [f"{context.region}{letter}" for letter in "abc" if f"{context.region}{letter}" not in wanted]
    return sorted([*wanted, *others[: max(0, 3 - len(wanted))]])


def _default_groups(context: RequestContext, group: Any) -> list[str]:
    backend = known.ec2(context.account_id, context.region)
    vpc_id = group.vpc_id if group is not None else backend.default_vpc.id
    return [found.id for found in list(backend.groups.get(vpc_id, {}).values()) if found.name == "default"]


def _shown(row: dict[str, Any], cluster: Any) -> dict[str, Any]:
    """An answer as AWS gives it, of moto's."""
    for name, value in cluster.formwork_shown.items():
        if value is None:
            row.pop(name, None)
        else:
            row[name] = value
    pending = {{"EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled"}.get(name, name): value for name, value in cluster.formwork_pending.items()}
    row["PendingModifiedValues"] = {name: value for name, value in pending.items() if name != "DBClusterInstanceClass"}
    row["VpcSecurityGroups"] = [{"VpcSecurityGroupId": group, "Status": "active"} for group in cluster.vpc_security_group_ids]
    return row
