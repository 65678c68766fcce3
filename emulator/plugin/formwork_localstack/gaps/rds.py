"""RDS subnet groups and parameter groups: what moto leaves out, and the refusals of AWS.

Names are case-insensitive on AWS and stored in lower case; moto looks them up as they were sent.
"""

import re
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault, refusal
from .altered import alter

_NAMES = (
    "DBInstanceIdentifier", "NewDBInstanceIdentifier", "DBSubnetGroupName", "DBParameterGroupName", "DBSnapshotIdentifier",
    "FinalDBSnapshotIdentifier", "DBClusterIdentifier", "DBClusterParameterGroupName", "FinalSnapshotIdentifier",
)

_FAMILY = re.compile(r"(aurora-)?(postgres|postgresql|mysql|mariadb|oracle-[a-z0-9-]+|sqlserver-[a-z]+-|db2-[a-z]+-)[0-9.]+(-lts)?")

# A change of these takes effect with a restart only, so AWS refuses `immediate` for them.
_STATIC = {
    "autovacuum_freeze_max_age", "autovacuum_max_workers", "huge_pages", "max_connections", "max_files_per_process", "max_locks_per_transaction",
    "max_logical_replication_workers", "max_pred_locks_per_transaction", "max_prepared_transactions", "max_replication_slots", "max_wal_senders",
    "max_worker_processes", "old_snapshot_threshold", "rds.logical_replication", "shared_buffers", "shared_preload_libraries",
    "track_activity_query_size", "track_commit_timestamp", "wal_buffers",
}

# Some defaults of PostgreSQL, so that a description without a filter is not empty.
_SYSTEM = {
    "rds.force_ssl": ("1", "boolean", "dynamic"),
    "rds.logical_replication": ("0", "boolean", "static"),
    "log_min_duration_statement": ("-1", "integer", "dynamic"),
    "log_statement": ("none", "string", "dynamic"),
    "max_connections": ("LEAST({DBInstanceClassMemory/9531392},5000)", "integer", "static"),
    "shared_preload_libraries": ("pg_stat_statements", "list", "static"),
    "work_mem": ("4096", "integer", "dynamic"),
}


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.TOKENS, "rds")
def lower_names(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    for name in _NAMES:
        value = request.get(name)
        if isinstance(value, str) and value != value.lower():
            alter(context, request, **{name: value.lower()})
    return proceed()


@around(Layer.GAPS, "rds", "CreateDBSubnetGroup")
def create_subnet_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    name = request["DBSubnetGroupName"]
    if name in known.rds(context.account_id, context.region).subnet_groups:
        raise fault(context, "DBSubnetGroupAlreadyExistsFault", f"The DB subnet group '{name}' already exists.")
    if name == "default":
        raise refusal("InvalidParameterValue", "The name default is reserved")
    _check_subnets(context, request["SubnetIds"])
    return proceed()


@around(Layer.GAPS, "rds", "ModifyDBSubnetGroup")
def modify_subnet_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto drops the group from its list when it modifies it; afterwards it is put back."""
    backend = known.rds(context.account_id, context.region)
    group = backend.subnet_groups.get(request["DBSubnetGroupName"])
    if group is None:
        raise fault(context, "DBSubnetGroupNotFoundFault", f"Subnet group {request['DBSubnetGroupName']} not found.")
    subnets = _check_subnets(context, request["SubnetIds"])
    if subnets[0].vpc_id != group.vpc_id:
        raise fault(context, "InvalidSubnet", "The new subnets are not in the same VPC as the existing subnet group")
    gone = {row["SubnetIdentifier"] for row in group.subnets} - set(request["SubnetIds"])
    held = {database.availability_zone for database in list(backend.databases.values()) if group_of(database) == group.name}
    for row in group.subnets:
        if row["SubnetIdentifier"] in gone and row["SubnetAvailabilityZone"]["Name"] in held:
            raise fault(context, "SubnetAlreadyInUse", f"Some of the subnets to be deleted are currently in use: {row['SubnetIdentifier']}")
    try:
        return proceed()
    finally:
        backend.subnet_groups[request["DBSubnetGroupName"]] = group


@around(Layer.GAPS, "rds", "DeleteDBSubnetGroup")
def delete_subnet_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    backend = known.rds(context.account_id, context.region)
    name = request["DBSubnetGroupName"]
    users = [d for d in list(backend.databases.values()) if group_of(d) == name] + [c for c in list(backend.clusters.values()) if cluster_group(c) == name]
    if users:
        raise fault(context, "InvalidDBSubnetGroupStateFault", f"Cannot delete the subnet group '{name}' because at least one database instance is still using it.")
    return proceed()


@around(Layer.GAPS, "rds", "CreateDBParameterGroup")
def create_parameter_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    check_family(request["DBParameterGroupFamily"])
    return proceed()


@around(Layer.GAPS, "rds", "DescribeDBParameterGroups")
def describe_parameter_groups(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """AWS answers an unknown name with an error, moto with an empty list; and default groups are always there."""
    if name := request.get("DBParameterGroupName"):
        parameter_group(context, name)
    return proceed()


@around(Layer.GAPS, "rds", "ModifyDBParameterGroup")
def modify_parameter_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    refuse_default(context, request["DBParameterGroupName"])
    check_modifications(request.get("Parameters") or [])
    return proceed()


@around(Layer.GAPS, "rds", "DescribeDBParameters")
def describe_parameters(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Parameters that were set have the source `user`; the rest of the family is the system's or the engine's."""
    group = parameter_group(context, request["DBParameterGroupName"])
    return page_of_parameters(request, described_parameters(group.parameters, group.family))


@around(Layer.GAPS, "rds", "ResetDBParameterGroup")
def reset_parameter_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    refuse_default(context, request["DBParameterGroupName"])
    group = parameter_group(context, request["DBParameterGroupName"])
    for name in named_of(request) or list(group.parameters):
        group.parameters.pop(name, None)
    return {"DBParameterGroupName": group.name}


@around(Layer.GAPS, "rds", "DeleteDBParameterGroup")
def delete_parameter_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    name = request["DBParameterGroupName"]
    refuse_default(context, name)
    for database in list(known.rds(context.account_id, context.region).databases.values()):
        if database.db_parameter_group_name == name:
            raise fault(context, "InvalidDBParameterGroupStateFault", "One or more database instances are still members of this parameter group, so the group cannot be deleted")
    return proceed()


def check_family(family: str) -> None:
    """Refuses a family of parameters that there is not."""
    if not _FAMILY.fullmatch(family):
        raise refusal("InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid parameter group family")


def check_modifications(wanted: list[dict[str, Any]]) -> None:
    """Refuses too many parameters, or none, and static ones that shall change at once."""
    if not 1 <= len(wanted) <= 20:
        raise refusal("InvalidParameterValue", "Between 1 and 20 parameters can be modified in one request.")
    for row in wanted:
        if not row.get("ParameterName") or not row.get("ApplyMethod"):
            raise refusal("InvalidParameterValue", "A parameter name and an apply method must be given")
        if row["ParameterName"] in _STATIC and row["ApplyMethod"] == "immediate":
            raise refusal("InvalidParameterCombination", f"cannot use immediate apply method for static parameter {row['ParameterName']}")


def described_parameters(parameters: dict[str, dict[str, Any]], family: str | None) -> list[dict[str, Any]]:
    """All parameters of a group: those that were set, and the rest of the family as far as it is known here."""
    rows = [_row(name, row.get("ParameterValue"), "user", row.get("ApplyMethod")) for name, row in sorted(parameters.items())]
    if "postgres" in (family or ""):
        rows += [_row(name, value, "system", None) for name, (value, _, _) in _SYSTEM.items() if name not in parameters]
    return rows


def page_of_parameters(request: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One page of parameters, of the source that is asked for."""
    if source := request.get("Source"):
        rows = [row for row in rows if row["Source"] == source]
    start, size = int(request.get("Marker") or 0), int(request.get("MaxRecords") or 100)
    answer: dict[str, Any] = {"Parameters": rows[start : start + size]}
    if start + size < len(rows):
        answer["Marker"] = str(start + size)
    return answer


def named_of(request: dict[str, Any]) -> list[str]:
    """The parameters that a reset names; all with none."""
    named = [row["ParameterName"] for row in request.get("Parameters") or []]
    if request.get("ResetAllParameters") and named:
        raise refusal("InvalidParameterCombination", "ResetAllParameters and Parameters exclude each other")
    return named


def group_of(database: Any) -> str | None:
    """The name of the subnet group of a database of moto's."""
    group = getattr(database, "db_subnet_group", None)
    return getattr(group, "name", group)


def name_of(database: Any) -> str:
    """The identifier of a database or a cluster of moto's."""
    return getattr(database, "db_instance_identifier", None) or database.db_cluster_identifier


def cluster_group(cluster: Any) -> str | None:
    """The name of the subnet group of a cluster of moto's."""
    return getattr(cluster, "subnet_group", None) or getattr(cluster, "db_subnet_group_name", None)


def parameter_group(context: RequestContext, name: str) -> Any:
    """The parameter group of that name; a default one is made when first asked for."""
    from moto.rds.models import DBParameterGroup

    backend = known.rds(context.account_id, context.region)
    found = backend.db_parameter_groups.get(name)
    if found is None and name.startswith("default.") and _FAMILY.fullmatch(name.removeprefix("default.")):
        family = name.removeprefix("default.")
        found = DBParameterGroup(backend, name, f"Default parameter group for {family}", family, [])
        backend.db_parameter_groups[name] = found
    if found is None:
        raise fault(context, "DBParameterGroupNotFoundFault", f"DBParameterGroup not found: {name}")
    return found


def _row(name: str, value: Any, source: str, method: str | None) -> dict[str, Any]:
    _, kind, apply = _SYSTEM.get(name, ("", "string", "static" if name in _STATIC else "dynamic"))
    return {
        "ParameterName": name,
        "ParameterValue": value,
        "Source": source,
        "ApplyType": apply,
        "DataType": kind,
        "IsModifiable": True,
        "ApplyMethod": method or ("pending-reboot" if apply == "static" else "immediate"),
    }


def refuse_default(context: RequestContext, name: str) -> None:
    """AWS's own groups stay as they are."""
    if name.startswith("default."):
        raise fault(context, "InvalidDBParameterGroupStateFault", "Default parameter groups cannot be changed or deleted")


def _check_subnets(context: RequestContext, subnet_ids: list[str]) -> list[Any]:
    subnets = [known.subnet(context.account_id, context.region, subnet_id) for subnet_id in subnet_ids]
    for subnet_id, subnet in zip(subnet_ids, subnets):
        if subnet is None:
            raise fault(context, "InvalidSubnet", f"Some input subnets in :[{subnet_id}] are invalid.")
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise fault(context, "InvalidSubnet", "The subnets must belong to one VPC")
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise fault(context, "DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage is less than 2.")
    return subnets


from . import rds_cluster_groups, rds_clusters, rds_instances  # noqa: E402, F401  They register their functions beside these.
