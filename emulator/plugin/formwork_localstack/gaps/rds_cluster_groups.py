"""Parameter groups of RDS clusters. moto keeps their names and little else: no tags, no refusals, no reset.

AWS answers their calls with the errors of the groups of instances.
"""

from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault, refusal
from .rds import check_family, check_modifications, described_parameters, named_of, page_of_parameters, refuse_default

_ARN = ":cluster-pg:"


@around(Layer.GAPS, "rds", "CreateDBClusterParameterGroup")
def create_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    check_family(request["DBParameterGroupFamily"])
    name, groups = request["DBClusterParameterGroupName"], _groups(context)
    if name in groups:
        raise fault(context, "DBParameterGroupAlreadyExistsFault", f"Parameter group {name} already exists")
    answer = proceed()
    groups[name].tags = [dict(tag) for tag in request.get("Tags") or []]
    return {"DBClusterParameterGroup": _row(groups[name])} if answer else answer


@around(Layer.GAPS, "rds", "DescribeDBClusterParameterGroups")
def describe_groups(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    if name := request.get("DBClusterParameterGroupName"):
        return {"DBClusterParameterGroups": [_row(cluster_group_of(context, name))]}
    return {"DBClusterParameterGroups": [_row(group) for group in list(_groups(context).values())]}


@around(Layer.GAPS, "rds", "ModifyDBClusterParameterGroup")
def modify_group(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    refuse_default(context, request["DBClusterParameterGroupName"])
    group = cluster_group_of(context, request["DBClusterParameterGroupName"])
    wanted = request.get("Parameters") or []
    check_modifications(wanted)
    for row in wanted:
        group.parameters[row["ParameterName"]] = dict(row)
    return {"DBClusterParameterGroupName": group.name}


@around(Layer.GAPS, "rds", "ResetDBClusterParameterGroup")
def reset_group(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    refuse_default(context, request["DBClusterParameterGroupName"])
    group = cluster_group_of(context, request["DBClusterParameterGroupName"])
    for name in named_of(request) or list(group.parameters):
        group.parameters.pop(name, None)
    return {"DBClusterParameterGroupName": group.name}


@around(Layer.GAPS, "rds", "DescribeDBClusterParameters")
def describe_parameters(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    group = cluster_group_of(context, request["DBClusterParameterGroupName"])
    return page_of_parameters(request, described_parameters(group.parameters, group.db_parameter_group_family))


@around(Layer.GAPS, "rds", "DeleteDBClusterParameterGroup")
def delete_group(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    name = request["DBClusterParameterGroupName"]
    refuse_default(context, name)
    group = cluster_group_of(context, name)
    for cluster in list(known.rds(context.account_id, context.region).clusters.values()):
        if getattr(cluster, "formwork_shown", {}).get("DBClusterParameterGroup") == group.name:
            raise fault(context, "InvalidDBParameterGroupStateFault", "One or more database clusters are still using this parameter group, so the group cannot be deleted")
    del _groups(context)[name]
    return {}


@around(Layer.GAPS, "rds", "ListTagsForResource")
def list_tags(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto takes the ARN of such a group for none at all."""
    if _ARN not in request["ResourceName"]:
        return proceed()
    return {"TagList": list(_by_arn(context, request).tags)}


@around(Layer.GAPS, "rds", "AddTagsToResource")
def add_tags(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if _ARN not in request["ResourceName"]:
        return proceed()
    group = _by_arn(context, request)
    merged = {tag["Key"]: tag.get("Value", "") for tag in [*group.tags, *request["Tags"]]}
    group.tags = [{"Key": key, "Value": value} for key, value in merged.items()]
    return {}


@around(Layer.GAPS, "rds", "RemoveTagsFromResource")
def remove_tags(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if _ARN not in request["ResourceName"]:
        return proceed()
    group = _by_arn(context, request)
    group.tags = [tag for tag in group.tags if tag["Key"] not in request["TagKeys"]]
    return {}


def cluster_group_of(context: RequestContext, name: str) -> Any:
    """The group of that name; a default one is made when first asked for."""
    from moto.rds.models import DBClusterParameterGroup

    groups = _groups(context)
    if name not in groups and name.startswith("default."):
        family = name.removeprefix("default.")
        check_family(family)
        groups[name] = DBClusterParameterGroup(known.rds(context.account_id, context.region), name, f"Default cluster parameter group for {family}", family)
    if name not in groups:
        raise fault(context, "DBParameterGroupNotFoundFault", f"DBClusterParameterGroup not found: {name}")
    return groups[name]


def _groups(context: RequestContext) -> Any:
    return known.rds(context.account_id, context.region).db_cluster_parameter_groups


def _by_arn(context: RequestContext, request: dict[str, Any]) -> Any:
    name = request["ResourceName"].split(_ARN, 1)[1]
    if name not in _groups(context):
        raise refusal("DBInstanceNotFound", f"The specified resource name does not match an RDS resource in this region: {name}", 404)
    return _groups(context)[name]


def _row(group: Any) -> dict[str, Any]:
    return {
        "DBClusterParameterGroupName": group.name,
        "DBParameterGroupFamily": group.db_parameter_group_family,
        "Description": group.description,
        "DBClusterParameterGroupArn": f"arn:aws:rds:{group.region}:{group.account_id}{_ARN}{group.name}",
    }
