"""ElastiCache subnet groups, parameter groups and tags.

moto has no parameter groups, cannot change or delete a subnet group, and keeps a deleted replication group for ever, so
these and replication groups (`elasticache_replication`) are supplied here. Users, snapshots and single cache clusters stay
with moto. Behaviour follows https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference.
"""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.moto import call_moto

from .. import known
from ..intercept import fault, refusal
from ..stores import Regional
from .elasticache_families import FAMILIES, defaults
from .native import Native, page


class State:
    """What one account has of ElastiCache in one region; every value is in the shape of its describe answer."""

    def __init__(self) -> None:
        self.subnet_groups: dict[str, dict[str, Any]] = {}
        self.parameter_groups: dict[str, dict[str, Any]] = {}
        self.parameters: dict[str, dict[str, str]] = {}
        self.replication_groups: dict[str, dict[str, Any]] = {}
        self.clusters: dict[str, dict[str, Any]] = {}
        self.snapshots: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}


STATE: Regional[State] = Regional(State)
ELASTICACHE = Native(STATE)
clear = STATE.clear


@ELASTICACHE.operation
def create_cache_subnet_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    name = request["CacheSubnetGroupName"].lower()
    if name in state.subnet_groups:
        raise fault(context, "CacheSubnetGroupAlreadyExistsFault", f"Cache subnet group {name} already exists.")
    if name == "default":
        raise refusal("InvalidParameterValue", "The name default is reserved")
    group = {
        "CacheSubnetGroupName": name,
        "CacheSubnetGroupDescription": request["CacheSubnetGroupDescription"],
        "ARN": arn(context, f"subnetgroup:{name}"),
        "SupportedNetworkTypes": ["ipv4"],
        **_placed(context, request["SubnetIds"]),
    }
    state.subnet_groups[name] = group
    keep_tags(state, group["ARN"], request)
    return {"CacheSubnetGroup": group}


@ELASTICACHE.operation
def describe_cache_subnet_groups(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    groups = STATE.at(context).subnet_groups
    if name := request.get("CacheSubnetGroupName"):
        return {"CacheSubnetGroups": [subnet_group(context, name)]}
    rows, marker = page(request, list(groups.values()), "MaxRecords", "Marker")
    return {"CacheSubnetGroups": rows, "Marker": marker}


@ELASTICACHE.operation
def modify_cache_subnet_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    group = subnet_group(context, request["CacheSubnetGroupName"])
    if request.get("SubnetIds"):
        placed = _placed(context, request["SubnetIds"])
        gone = {s["SubnetIdentifier"] for s in group["Subnets"]} - {s["SubnetIdentifier"] for s in placed["Subnets"]}
        if gone and _users_of_subnet_group(context, group["CacheSubnetGroupName"]):
            zones = {s["SubnetIdentifier"]: s["SubnetAvailabilityZone"]["Name"] for s in group["Subnets"]}
            held = {row.get("PreferredAvailabilityZone") for row in STATE.at(context).clusters.values()}
            if any(zones[subnet_id] in held for subnet_id in gone):
                raise fault(context, "SubnetInUse", f"The subnet ID {sorted(gone)[0]} is in use")
        group.update(placed)
    if request.get("CacheSubnetGroupDescription"):
        group["CacheSubnetGroupDescription"] = request["CacheSubnetGroupDescription"]
    return {"CacheSubnetGroup": group}


@ELASTICACHE.operation
def delete_cache_subnet_group(context: RequestContext, request: dict[str, Any]) -> None:
    state = STATE.at(context)
    group = subnet_group(context, request["CacheSubnetGroupName"])
    name = group["CacheSubnetGroupName"]
    if _users_of_subnet_group(context, name):
        raise fault(context, "CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by a cache cluster.")
    del state.subnet_groups[name]
    state.tags.pop(group["ARN"], None)


@ELASTICACHE.operation
def create_cache_parameter_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    name, family = request["CacheParameterGroupName"].lower(), request["CacheParameterGroupFamily"]
    if name in state.parameter_groups:
        raise fault(context, "CacheParameterGroupAlreadyExistsFault", f"Cache parameter group {name} already exists.")
    if name.startswith("default."):
        raise refusal("InvalidParameterValue", "The parameter CacheParameterGroupName must not start with default.")
    if family not in FAMILIES:
        raise refusal("InvalidParameterValue", f"CacheParameterGroupFamily {family} is not a valid parameter group family.")
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": family,
        "Description": request["Description"],
        "IsGlobal": False,
        "ARN": arn(context, f"parametergroup:{name}"),
    }
    state.parameter_groups[name] = group
    state.parameters[name] = {}
    keep_tags(state, group["ARN"], request)
    return {"CacheParameterGroup": group}


@ELASTICACHE.operation
def describe_cache_parameter_groups(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    if name := request.get("CacheParameterGroupName"):
        return {"CacheParameterGroups": [parameter_group(context, name)]}
    own = [_default_group(context, family) for family in FAMILIES]
    rows = sorted(own + list(STATE.at(context).parameter_groups.values()), key=lambda row: row["CacheParameterGroupName"])
    rows, marker = page(request, rows, "MaxRecords", "Marker")
    return {"CacheParameterGroups": rows, "Marker": marker}


@ELASTICACHE.operation
def describe_cache_parameters(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """Every parameter of the family; those that were set have the source `user`."""
    group = parameter_group(context, request["CacheParameterGroupName"])
    rows = _parameters(context, group)
    if source := request.get("Source"):
        rows = [row for row in rows if row["Source"] == source]
    rows, marker = page(request, rows, "MaxRecords", "Marker")
    return {"Parameters": rows, "CacheNodeTypeSpecificParameters": [], "Marker": marker}


@ELASTICACHE.operation
def modify_cache_parameter_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    group = _own_parameter_group(context, request["CacheParameterGroupName"])
    wanted = request.get("ParameterNameValues") or []
    if not 1 <= len(wanted) <= 20:
        raise refusal("InvalidParameterValue", "Between 1 and 20 parameters can be modified in one request.")
    known_parameters = {row["ParameterName"]: row for row in defaults(group["CacheParameterGroupFamily"])}
    for pair in wanted:
        _check_parameter(group, known_parameters, pair)
    held = STATE.at(context).parameters[group["CacheParameterGroupName"]]
    held.update({pair["ParameterName"]: pair.get("ParameterValue", "") for pair in wanted})
    return {"CacheParameterGroupName": group["CacheParameterGroupName"]}


@ELASTICACHE.operation
def reset_cache_parameter_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    group = _own_parameter_group(context, request["CacheParameterGroupName"])
    held = STATE.at(context).parameters[group["CacheParameterGroupName"]]
    named = request.get("ParameterNameValues") or []
    if bool(request.get("ResetAllParameters")) == bool(named):
        raise refusal("InvalidParameterCombination", "Either ResetAllParameters or ParameterNameValues must be given.")
    if not named:
        held.clear()
    for pair in named:
        held.pop(pair["ParameterName"], None)
    return {"CacheParameterGroupName": group["CacheParameterGroupName"]}


@ELASTICACHE.operation
def delete_cache_parameter_group(context: RequestContext, request: dict[str, Any]) -> None:
    state = STATE.at(context)
    group = _own_parameter_group(context, request["CacheParameterGroupName"])
    name = group["CacheParameterGroupName"]
    if any(row["CacheParameterGroup"]["CacheParameterGroupName"] == name for row in state.clusters.values()):
        raise fault(
            context,
            "InvalidCacheParameterGroupStateFault",
            f"One or more cache clusters are still members of this parameter group {name}, so the group cannot be deleted.",
        )
    del state.parameter_groups[name], state.parameters[name]
    state.tags.pop(group["ARN"], None)


@ELASTICACHE.operation
def list_tags_for_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    tags = _tags_of(context, request["ResourceName"])
    return call_moto(context) if tags is None else _tag_list(tags)


@ELASTICACHE.operation
def add_tags_to_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    tags = _tags_of(context, request["ResourceName"])
    if tags is None:
        return call_moto(context)
    tags.update({tag["Key"]: tag.get("Value", "") for tag in request["Tags"]})
    return _tag_list(tags)


@ELASTICACHE.operation
def remove_tags_from_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    tags = _tags_of(context, request["ResourceName"])
    if tags is None:
        return call_moto(context)
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return _tag_list(tags)


def arn(context: RequestContext, path: str) -> str:
    """The ARN of an ElastiCache thing in the account and region of the call."""
    return f"arn:aws:elasticache:{context.region}:{context.account_id}:{path}"


def keep_tags(state: State, resource_arn: str, request: dict[str, Any]) -> None:
    """Keeps the tags that a create call brought."""
    state.tags[resource_arn] = {tag["Key"]: tag.get("Value", "") for tag in request.get("Tags") or []}


def subnet_group(context: RequestContext, name: str) -> dict[str, Any]:
    """The subnet group of that name, whatever its case."""
    found = STATE.at(context).subnet_groups.get(name.lower())
    if found is None:
        raise fault(context, "CacheSubnetGroupNotFoundFault", f"Cache Subnet Group {name} does not exist.")
    return found


def parameter_group(context: RequestContext, name: str) -> dict[str, Any]:
    """The parameter group of that name, or the default one of a family."""
    for family in FAMILIES:
        for default in (_default_group(context, family), _default_group(context, family, ".cluster.on")):
            if default["CacheParameterGroupName"] == name.lower():
                return default
    found = STATE.at(context).parameter_groups.get(name.lower())
    if found is None:
        raise fault(context, "CacheParameterGroupNotFoundFault", f"CacheParameterGroup {name} not found.")
    return found


def _own_parameter_group(context: RequestContext, name: str) -> dict[str, Any]:
    if name.lower().startswith("default."):
        raise fault(context, "InvalidCacheParameterGroupStateFault", "Default cache parameter groups cannot be changed or deleted.")
    return parameter_group(context, name)


def _default_group(context: RequestContext, family: str, suffix: str = "") -> dict[str, Any]:
    name = f"default.{family}{suffix}"
    return {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": family,
        "Description": f"Default parameter group for {family}",
        "IsGlobal": False,
        "ARN": arn(context, f"parametergroup:{name}"),
    }


def _parameters(context: RequestContext, group: dict[str, Any]) -> list[dict[str, Any]]:
    held = STATE.at(context).parameters.get(group["CacheParameterGroupName"], {})
    rows = []
    for row in defaults(group["CacheParameterGroupFamily"]):
        name = row["ParameterName"]
        rows.append({**row, "ParameterValue": held[name], "Source": "user"} if name in held else dict(row))
    return rows


def _check_parameter(group: dict[str, Any], known_parameters: dict[str, dict[str, Any]], pair: dict[str, Any]) -> None:
    name, value = pair.get("ParameterName"), pair.get("ParameterValue", "")
    row = known_parameters.get(name or "")
    if row is None:
        raise refusal("InvalidParameterValue", f"Could not find parameter with name: {name}")
    if not row["IsModifiable"]:
        raise refusal("InvalidParameterValue", f"The parameter {name} cannot be modified.")
    allowed = row.get("AllowedValues")
    if not allowed:
        return
    if row["DataType"] == "integer":
        low, _, high = allowed.partition("-")
        fits = value.lstrip("-").isdigit() and (not high or int(low) <= int(value) <= int(high))
    else:
        fits = value in allowed.split(",")
    if not fits:
        raise refusal("InvalidParameterValue", f"The value {value} is not allowed for {name}: {allowed}")


def _placed(context: RequestContext, subnet_ids: list[str]) -> dict[str, Any]:
    subnets = [known.subnet(context.account_id, context.region, subnet_id) for subnet_id in subnet_ids]
    for subnet_id, subnet in zip(subnet_ids, subnets):
        if subnet is None:
            raise fault(context, "InvalidSubnet", f"The subnet ID {subnet_id} does not exist")
    vpcs = {subnet.vpc_id for subnet in subnets}
    if len(vpcs) != 1:
        raise fault(context, "InvalidSubnet", "The subnets must belong to one VPC")
    rows = [
        {"SubnetIdentifier": subnet.id, "SubnetAvailabilityZone": {"Name": subnet.availability_zone}, "SupportedNetworkTypes": ["ipv4"]}
        for subnet in subnets
    ]
    return {"VpcId": vpcs.pop(), "Subnets": rows}


def _users_of_subnet_group(context: RequestContext, name: str) -> list[dict[str, Any]]:
    return [row for row in STATE.at(context).clusters.values() if row.get("CacheSubnetGroupName") == name]


def _tags_of(context: RequestContext, resource_arn: str) -> dict[str, str] | None:
    return STATE.at(context).tags.get(resource_arn)


def _tag_list(tags: dict[str, str]) -> dict[str, Any]:
    return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}


from . import elasticache_replication  # noqa: E402, F401  It adds its operations to the same table.
