"""EKS access entries, access policy associations and pod identity associations."""

import re
import uuid
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import fault
from .eks import EKS, STATE, State, arn, cluster_of, invalid, remember, replayed
from .native import now, page

_POLICY_PREFIX = "arn:aws:eks::aws:cluster-access-policy/"
_POLICIES = [
    "AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy",
    "AmazonEKSAutoNodePolicy", "AmazonEKSBlockStoragePolicy", "AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy",
    "AmazonEKSComputePolicy", "AmazonEKSBlockStorageClusterPolicy", "AmazonEKSComputeClusterPolicy", "AmazonEKSLoadBalancingClusterPolicy",
    "AmazonEKSNetworkingClusterPolicy", "AmazonEKSHybridPolicy", "AmazonEKSClusterInsightsPolicy",
]
CLUSTER_ADMIN = _POLICY_PREFIX + "AmazonEKSClusterAdminPolicy"
"""The policy that makes a principal an administrator of the cluster."""


@EKS.operation
def create_access_entry(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    cluster = cluster_of(context, request["clusterName"])
    _require_api(context, cluster)
    principal, kind = request["principalArn"], request.get("type") or "STANDARD"
    if again := replayed(state, "CreateAccessEntry", request):
        return {"accessEntry": again}
    if (request["clusterName"], principal) in state.entries:
        raise fault(context, "ResourceInUseException", "The specified access entry resource is already in use on this cluster.")
    if not re.fullmatch(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:.+", principal) or not known.principal(context.account_id, principal):
        raise invalid(context, "The specified principalArn is invalid: invalid principal.")
    groups = list(request.get("kubernetesGroups") or [])
    if any(group.startswith(("system:", "eks:", "aws:", "amazon:", "iam:")) for group in groups):
        raise invalid(context, "The kubernetes group name cannot start with a reserved prefix")
    if kind != "STANDARD" and (groups or request.get("username")):
        raise invalid(context, f"Groups and a user name cannot be given for an entry of type {kind}")
    entry = add_entry(context, state, request["clusterName"], principal, kind, own=False)
    if kind == "STANDARD":
        entry["kubernetesGroups"] = groups
        entry["username"] = request.get("username") or entry["username"]
    entry["tags"] = dict(request.get("tags") or {})
    remember(state, "CreateAccessEntry", request, dict(entry))
    return {"accessEntry": entry}


@EKS.operation
def describe_access_entry(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return {"accessEntry": _entry_of(context, request)}


@EKS.operation
def list_access_entries(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    _require_api(context, cluster_of(context, request["clusterName"]))
    policy = request.get("associatedPolicyArn")
    principals = sorted(
        principal
        for owner, principal in state.entries
        if owner == request["clusterName"] and (not policy or policy in state.policies.get((owner, principal), {}))
    )
    principals, token = page(request, principals)
    return {"accessEntries": principals, "nextToken": token}


@EKS.operation
def update_access_entry(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    entry = _entry_of(context, request)
    if "kubernetesGroups" in request:
        entry["kubernetesGroups"] = list(request["kubernetesGroups"])
    if request.get("username"):
        entry["username"] = request["username"]
    entry["modifiedAt"] = now()
    return {"accessEntry": entry}


@EKS.operation
def delete_access_entry(context: RequestContext, request: dict[str, Any]) -> None:
    state = STATE.at(context)
    _entry_of(context, request)
    key = (request["clusterName"], request["principalArn"])
    del state.entries[key]
    state.policies.pop(key, None)
    state.own_entries.discard(key)


@EKS.operation
def list_access_policies(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    rows, token = page(request, [{"name": name, "arn": _POLICY_PREFIX + name} for name in _POLICIES])
    return {"accessPolicies": rows, "nextToken": token}


@EKS.operation
def associate_access_policy(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """Associating again replaces the scope, as on AWS."""
    entry = _entry_of(context, request)
    if entry["type"] != "STANDARD":
        raise fault(context, "InvalidRequestException", f"Access policies cannot be associated with entries of type {entry['type']}")
    if request["policyArn"].removeprefix(_POLICY_PREFIX) not in _POLICIES:
        raise fault(context, "ResourceNotFoundException", f"The specified policyArn {request['policyArn']} could not be found.")
    scope = request["accessScope"]
    kind, namespaces = scope.get("type") or "cluster", list(scope.get("namespaces") or [])
    if (kind == "namespace") != bool(namespaces):
        raise invalid(context, "Namespaces must be given for the scope namespace, and only for it")
    held = STATE.at(context).policies.setdefault((request["clusterName"], request["principalArn"]), {})
    present = held.get(request["policyArn"])
    held[request["policyArn"]] = {
        "policyArn": request["policyArn"],
        "accessScope": {"type": kind, "namespaces": namespaces},
        "associatedAt": present["associatedAt"] if present else now(),
        "modifiedAt": now(),
    }
    return {
        "clusterName": request["clusterName"],
        "principalArn": request["principalArn"],
        "associatedAccessPolicy": held[request["policyArn"]],
    }


@EKS.operation
def list_associated_access_policies(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    _entry_of(context, request)
    held = STATE.at(context).policies.get((request["clusterName"], request["principalArn"]), {})
    rows, token = page(request, list(held.values()))
    return {
        "clusterName": request["clusterName"],
        "principalArn": request["principalArn"],
        "associatedAccessPolicies": rows,
        "nextToken": token,
    }


@EKS.operation
def disassociate_access_policy(context: RequestContext, request: dict[str, Any]) -> None:
    _entry_of(context, request)
    held = STATE.at(context).policies.get((request["clusterName"], request["principalArn"]), {})
    if held.pop(request["policyArn"], None) is None:
        raise fault(context, "ResourceNotFoundException", "The specified access policy is not associated with the access entry.")


@EKS.operation
def create_pod_identity_association(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    cluster_of(context, request["clusterName"])
    if again := replayed(state, "CreatePodIdentityAssociation", request):
        return {"association": again}
    place = (request["clusterName"], request["namespace"], request["serviceAccount"])
    for item in state.identities.values():
        if (item["clusterName"], item["namespace"], item["serviceAccount"]) == place:
            raise fault(context, "ResourceInUseException", f"Association already exists: {item['associationId']}")
    _require_pod_role(context, request["roleArn"])
    identity = f"a-{uuid.uuid4().hex[:17]}"
    item = {
        "clusterName": place[0],
        "namespace": place[1],
        "serviceAccount": place[2],
        "roleArn": request["roleArn"],
        "associationArn": arn(context, f"podidentityassociation/{place[0]}/{identity}"),
        "associationId": identity,
        "tags": dict(request.get("tags") or {}),
        "createdAt": now(),
        "modifiedAt": now(),
        "disableSessionTags": bool(request.get("disableSessionTags", False)),
    }
    if request.get("targetRoleArn"):
        item["targetRoleArn"] = request["targetRoleArn"]
        item["externalId"] = f"{context.region}/{context.account_id}/{place[0]}/{place[1]}/{place[2]}"
    state.identities[(place[0], identity)] = item
    remember(state, "CreatePodIdentityAssociation", request, dict(item))
    return {"association": item}


@EKS.operation
def describe_pod_identity_association(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return {"association": _identity_of(context, request)}


@EKS.operation
def list_pod_identity_associations(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["clusterName"])
    shown = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")
    rows = [
        {key: item[key] for key in shown if key in item}
        for (owner, _), item in STATE.at(context).identities.items()
        if owner == request["clusterName"]
        and request.get("namespace") in (None, item["namespace"])
        and request.get("serviceAccount") in (None, item["serviceAccount"])
    ]
    rows, token = page(request, rows)
    return {"associations": rows, "nextToken": token}


@EKS.operation
def update_pod_identity_association(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    item = _identity_of(context, request)
    if request.get("roleArn"):
        _require_pod_role(context, request["roleArn"])
        item["roleArn"] = request["roleArn"]
    if "disableSessionTags" in request:
        item["disableSessionTags"] = request["disableSessionTags"]
    if request.get("targetRoleArn"):
        item["targetRoleArn"] = request["targetRoleArn"]
    elif "targetRoleArn" in request:
        item.pop("targetRoleArn", None)
    item["modifiedAt"] = now()
    return {"association": item}


@EKS.operation
def delete_pod_identity_association(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    item = _identity_of(context, request)
    del STATE.at(context).identities[(request["clusterName"], request["associationId"])]
    return {"association": item}


def add_entry(context: RequestContext, state: State, cluster: str, principal: str, kind: str, own: bool) -> dict[str, Any]:
    """Adds an entry; `own` marks one that EKS makes itself, for nodes and for the creator of the cluster."""
    _, _, name = principal.partition(":role/")
    if kind != "STANDARD":
        username, groups = "system:node:{{EC2PrivateDNSName}}", ["system:nodes"]
    elif name:
        username, groups = f"arn:aws:sts::{principal.split(':')[4]}:assumed-role/{name.rsplit('/', 1)[-1]}/{{{{SessionName}}}}", []
    else:
        username, groups = principal, []
    place = principal.split(":", 4)[4].replace(":", "/", 1)
    account, _, path = place.partition("/")
    entry = {
        "clusterName": cluster,
        "principalArn": principal,
        "kubernetesGroups": groups,
        "accessEntryArn": arn(context, f"access-entry/{cluster}/{path.split('/')[0]}/{account}/{path.rsplit('/', 1)[-1]}/{uuid.uuid4()}"),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": {},
        "username": username,
        "type": kind,
    }
    state.entries[(cluster, principal)] = entry
    if own:
        state.own_entries.add((cluster, principal))
    return entry


def _require_api(context: RequestContext, cluster: dict[str, Any]) -> None:
    if cluster["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise fault(
            context,
            "InvalidRequestException",
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
        )


def _entry_of(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    _require_api(context, cluster_of(context, request["clusterName"]))
    found = STATE.at(context).entries.get((request["clusterName"], request["principalArn"]))
    if found is None:
        raise fault(context, "ResourceNotFoundException", "The specified principalArn could not be found. You can view your access entries with 'list-access-entries'.")
    return found


def _require_pod_role(context: RequestContext, role_arn: str) -> None:
    if not known.role(context.account_id, role_arn):
        raise invalid(context, "Role provided in the request does not exist.")


def _identity_of(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["clusterName"])
    found = STATE.at(context).identities.get((request["clusterName"], request["associationId"]))
    if found is None:
        raise fault(context, "ResourceNotFoundException", f"Association with ID: {request['associationId']} does not exist.")
    return found
