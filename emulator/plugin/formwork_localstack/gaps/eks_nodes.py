"""EKS managed node groups and Fargate profiles."""

import uuid
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import fault
from . import eks_access
from .eks import EKS, STATE, arn, cluster_of, invalid, minor, record_update, remember, replayed, require_role, require_subnets
from .native import now, page

_LABEL_LIMIT = 50


@EKS.operation
def create_nodegroup(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    cluster = cluster_of(context, request["clusterName"])
    key = (request["clusterName"], request["nodegroupName"])
    if again := replayed(state, "CreateNodegroup", request):
        return {"nodegroup": again}
    if key in state.nodegroups:
        raise fault(context, "ResourceInUseException", f"NodeGroup already exists with name {key[1]} and cluster name {key[0]}")
    require_role(context, request["nodeRole"])
    for subnet in require_subnets(context, request["subnets"]):
        if subnet.vpc_id != cluster["resourcesVpcConfig"]["vpcId"]:
            raise invalid(context, f"Subnet {subnet.id} does not belong to the VPC of the cluster")
    template = request.get("launchTemplate")
    if template and (request.get("diskSize") or request.get("remoteAccess")):
        raise invalid(context, "Disk size and remote access must be specified within the launch template")
    version = request.get("version") or cluster["version"]
    if minor(version) > minor(cluster["version"]):
        raise invalid(context, "Requested Nodegroup version is not supported by the cluster's version")
    identity = str(uuid.uuid4())
    group: dict[str, Any] = {
        "nodegroupName": key[1],
        "nodegroupArn": arn(context, f"nodegroup/{key[0]}/{key[1]}/{identity}"),
        "clusterName": key[0],
        "version": version,
        "releaseVersion": request.get("releaseVersion") or _release(version),
        "createdAt": now(),
        "modifiedAt": now(),
        "status": "ACTIVE",
        "capacityType": request.get("capacityType") or "ON_DEMAND",
        "scalingConfig": _scaling(context, {"minSize": 1, "maxSize": 2, "desiredSize": 2}, request.get("scalingConfig") or {}),
        "subnets": list(request["subnets"]),
        "amiType": request.get("amiType") or ("CUSTOM" if template and _has_image(context, template) else "AL2023_x86_64_STANDARD"),
        "nodeRole": request["nodeRole"],
        "labels": dict(request.get("labels") or {}),
        "taints": list(request.get("taints") or []),
        "resources": {"autoScalingGroups": [{"name": f"eks-{key[1]}-{identity}"}]},
        "health": {"issues": []},
        "updateConfig": _update_config(context, request.get("updateConfig") or {"maxUnavailable": 1}),
        "nodeRepairConfig": request.get("nodeRepairConfig") or {"enabled": False},
        "tags": dict(request.get("tags") or {}),
    }
    if template:
        group["launchTemplate"] = _template(context, template)
        if request.get("instanceTypes"):
            group["instanceTypes"] = list(request["instanceTypes"])
    else:
        group["instanceTypes"] = list(request.get("instanceTypes") or ["t3.medium"])
        group["diskSize"] = request.get("diskSize") or 20
    if request.get("remoteAccess"):
        group["remoteAccess"] = request["remoteAccess"]
    state.nodegroups[key] = group
    # EKS lets the nodes in through an access entry of its own; with a config map only, it edits that map.
    entry = (key[0], request["nodeRole"])
    if cluster["accessConfig"]["authenticationMode"] != "CONFIG_MAP" and entry not in state.entries:
        eks_access.add_entry(context, state, key[0], request["nodeRole"], "EC2_LINUX", own=True)
    answer = {**group, "status": "CREATING"}
    remember(state, "CreateNodegroup", request, answer)
    return {"nodegroup": answer}


@EKS.operation
def describe_nodegroup(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return {"nodegroup": _group_of(context, request)}


@EKS.operation
def list_nodegroups(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["clusterName"])
    names = sorted(name for owner, name in STATE.at(context).nodegroups if owner == request["clusterName"])
    names, token = page(request, names)
    return {"nodegroups": names, "nextToken": token}


@EKS.operation
def delete_nodegroup(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    group = _group_of(context, request)
    del state.nodegroups[(request["clusterName"], request["nodegroupName"])]
    entry = (request["clusterName"], group["nodeRole"])
    shared = any(owner == entry[0] and other["nodeRole"] == entry[1] for (owner, _), other in state.nodegroups.items())
    if entry in state.own_entries and not shared:
        state.entries.pop(entry, None)
        state.policies.pop(entry, None)
        state.own_entries.discard(entry)
    return {"nodegroup": {**group, "status": "DELETING"}}


@EKS.operation
def update_nodegroup_config(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    group = _group_of(context, request)
    if again := replayed(STATE.at(context), "UpdateNodegroupConfig", request):
        return {"update": again}
    labels = request.get("labels") or {}
    merged = {**group["labels"], **(labels.get("addOrUpdateLabels") or {})}
    for key in labels.get("removeLabels") or []:
        if key not in group["labels"]:
            raise invalid(context, f"Label {key} does not exist on the node group")
        merged.pop(key)
    if len(merged) > _LABEL_LIMIT:
        raise invalid(context, "Too many labels")
    taints = request.get("taints") or {}
    by_key = {(taint.get("key"), taint.get("effect")): taint for taint in group["taints"]}
    for taint in taints.get("removeTaints") or []:
        by_key.pop((taint.get("key"), taint.get("effect")), None)
    for taint in taints.get("addOrUpdateTaints") or []:
        by_key[(taint.get("key"), taint.get("effect"))] = taint
    scaling = _scaling(context, group["scalingConfig"], request.get("scalingConfig") or {})
    update_config = _update_config(context, request["updateConfig"]) if request.get("updateConfig") else group["updateConfig"]
    group.update(labels=merged, taints=list(by_key.values()), scalingConfig=scaling, updateConfig=update_config, modifiedAt=now())
    if request.get("nodeRepairConfig"):
        group["nodeRepairConfig"] = request["nodeRepairConfig"]
    changes = {key: value for key, value in request.items() if key not in ("clusterName", "nodegroupName", "clientRequestToken")}
    update = record_update(context, request, request["clusterName"], "ConfigUpdate", changes, of=request["nodegroupName"])
    remember(STATE.at(context), "UpdateNodegroupConfig", request, update)
    return {"update": update}


@EKS.operation
def update_nodegroup_version(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    group = _group_of(context, request)
    cluster = cluster_of(context, request["clusterName"])
    if again := replayed(STATE.at(context), "UpdateNodegroupVersion", request):
        return {"update": again}
    version = request.get("version") or (group["version"] if request.get("launchTemplate") else cluster["version"])
    if minor(version) > minor(cluster["version"]):
        raise invalid(context, "Requested Nodegroup version is not supported by the cluster's version")
    if minor(version) < minor(group["version"]):
        raise invalid(context, "A node group cannot go back to an earlier version")
    if request.get("launchTemplate"):
        if "launchTemplate" not in group:
            raise invalid(context, "A launch template cannot be added to a node group made without one")
        group["launchTemplate"] = _template(context, request["launchTemplate"])
    group.update(version=version, releaseVersion=request.get("releaseVersion") or _release(version), modifiedAt=now())
    update = record_update(context, request, request["clusterName"], "VersionUpdate", {"version": version}, of=request["nodegroupName"])
    remember(STATE.at(context), "UpdateNodegroupVersion", request, update)
    return {"update": update}


@EKS.operation
def create_fargate_profile(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    cluster = cluster_of(context, request["clusterName"])
    key = (request["clusterName"], request["fargateProfileName"])
    if again := replayed(state, "CreateFargateProfile", request):
        return {"fargateProfile": again}
    if key in state.fargate:
        raise fault(context, "ResourceInUseException", "A Fargate Profile already exists with this name in this cluster.")
    _one_at_a_time(context, key, "create")
    require_role(context, request["podExecutionRoleArn"])
    if not request.get("selectors"):
        raise invalid(context, "Fargate Profile requires at least one selector.")
    subnets = list(request.get("subnets") or cluster["resourcesVpcConfig"]["subnetIds"])
    require_subnets(context, subnets)
    profile = {
        "fargateProfileName": key[1],
        "fargateProfileArn": arn(context, f"fargateprofile/{key[0]}/{key[1]}/{uuid.uuid4()}"),
        "clusterName": key[0],
        "createdAt": now(),
        "podExecutionRoleArn": request["podExecutionRoleArn"],
        "subnets": subnets,
        "selectors": request["selectors"],
        "status": "ACTIVE",
        "tags": dict(request.get("tags") or {}),
        "health": {"issues": []},
    }
    state.fargate[key] = profile
    state.moving[key[0]] = (key[1], "CREATING")
    answer = {**profile, "status": "CREATING"}
    remember(state, "CreateFargateProfile", request, answer)
    return {"fargateProfile": answer}


@EKS.operation
def describe_fargate_profile(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["clusterName"])
    moving = STATE.at(context).moving
    if moving.get(request["clusterName"], ("", ""))[0] == request["fargateProfileName"]:
        del moving[request["clusterName"]]
    found = STATE.at(context).fargate.get((request["clusterName"], request["fargateProfileName"]))
    if found is None:
        raise fault(context, "ResourceNotFoundException", f"No Fargate Profile found with name: {request['fargateProfileName']}.")
    return {"fargateProfile": found}


@EKS.operation
def list_fargate_profiles(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["clusterName"])
    names = sorted(name for owner, name in STATE.at(context).fargate if owner == request["clusterName"])
    names, token = page(request, names)
    return {"fargateProfileNames": names, "nextToken": token}


@EKS.operation
def delete_fargate_profile(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state, key = STATE.at(context), (request["clusterName"], request["fargateProfileName"])
    if key in state.fargate:
        _one_at_a_time(context, key, "delete")
    profile = describe_fargate_profile(context, request)["fargateProfile"]
    del state.fargate[key]
    state.moving[key[0]] = (key[1], "DELETING")
    return {"fargateProfile": {**profile, "status": "DELETING"}}


def _group_of(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["clusterName"])
    found = STATE.at(context).nodegroups.get((request["clusterName"], request["nodegroupName"]))
    if found is None:
        raise fault(context, "ResourceNotFoundException", f"No node group found for name: {request['nodegroupName']}.")
    return found


def _release(version: str) -> str:
    return f"{version}.0-20260101"


def _scaling(context: RequestContext, present: dict[str, int], wanted: dict[str, int]) -> dict[str, int]:
    merged = {**present, **{key: value for key, value in wanted.items() if value is not None}}
    if "minSize" in wanted and "desiredSize" not in wanted and present["desiredSize"] < wanted["minSize"]:
        merged["desiredSize"] = wanted["minSize"]
    if not merged["minSize"] <= merged["desiredSize"] <= merged["maxSize"] or merged["maxSize"] < 1:
        raise invalid(
            context,
            f"Minimum capacity {merged['minSize']}, desired capacity {merged['desiredSize']} and maximum capacity {merged['maxSize']} do not fit together",
        )
    return merged


def _update_config(context: RequestContext, wanted: dict[str, Any]) -> dict[str, Any]:
    if "maxUnavailable" in wanted and "maxUnavailablePercentage" in wanted:
        raise invalid(context, "maxUnavailable and maxUnavailablePercentage exclude each other")
    return dict(wanted)


def _template(context: RequestContext, wanted: dict[str, Any]) -> dict[str, Any]:
    """The launch template with its name, id and version; AWS takes the id or the name, not both, and fills in the rest."""
    if "id" in wanted and "name" in wanted:
        raise invalid(context, "Launch template id and name exclude each other")
    for template in list(known.ec2(context.account_id, context.region).launch_templates.values()):
        if wanted.get("id") == template.id or wanted.get("name") == template.name:
            version = wanted.get("version") or str(template.default_version_number)
            return {"id": template.id, "name": template.name, "version": version}
    raise invalid(context, "The launch template does not exist")


def _has_image(context: RequestContext, wanted: dict[str, Any]) -> bool:
    found = _template(context, wanted)
    template = known.ec2(context.account_id, context.region).launch_templates[found["id"]]
    return any(version.data.get("ImageId") for version in template.versions if str(version.number) == found["version"])


def _one_at_a_time(context: RequestContext, key: tuple[str, str], verb: str) -> None:
    """A cluster makes or deletes one profile at a time. Here one is on its way until somebody looks at it."""
    other, status = STATE.at(context).moving.get(key[0], (key[1], ""))
    if other != key[1]:
        raise fault(context, "ResourceInUseException", f"Cannot {verb} Fargate Profile {key[1]} because cluster {key[0]} currently has Fargate profile {other} in status {status}")
