"""EKS add-ons: the ones of AWS itself, with one invented version per Kubernetes version as the default."""

import json
import re
import uuid
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import fault
from .eks import EKS, STATE, VERSIONS, arn, cluster_of, invalid, minor, record_update, remember, replayed
from .native import now, page

_ADDONS: dict[str, tuple[str, str]] = {
    "vpc-cni": ("networking", "v1.20.{}-eksbuild.1"),
    "coredns": ("networking", "v1.12.{}-eksbuild.1"),
    "kube-proxy": ("networking", "v1.{}.0-eksbuild.2"),
    "eks-pod-identity-agent": ("security", "v1.3.{}-eksbuild.1"),
    "aws-ebs-csi-driver": ("storage", "v1.51.{}-eksbuild.1"),
    "aws-efs-csi-driver": ("storage", "v2.1.{}-eksbuild.1"),
    "aws-mountpoint-s3-csi-driver": ("storage", "v2.1.{}-eksbuild.1"),
    "snapshot-controller": ("storage", "v8.3.{}-eksbuild.1"),
    "eks-node-monitoring-agent": ("observability", "v1.4.{}-eksbuild.1"),
    "amazon-cloudwatch-observability": ("observability", "v4.5.{}-eksbuild.1"),
    "aws-guardduty-agent": ("security", "v1.12.{}-eksbuild.1"),
    "metrics-server": ("observability", "v0.8.{}-eksbuild.1"),
    "external-dns": ("networking", "v0.19.{}-eksbuild.1"),
    "cert-manager": ("security", "v1.18.{}-eksbuild.1"),
    "adot": ("observability", "v0.131.{}-eksbuild.1"),
    "kube-state-metrics": ("observability", "v2.17.{}-eksbuild.1"),
    "prometheus-node-exporter": ("observability", "v1.9.{}-eksbuild.1"),
}


@EKS.operation
def create_addon(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    cluster = cluster_of(context, request["clusterName"])
    key = (request["clusterName"], request["addonName"])
    if again := replayed(state, "CreateAddon", request):
        return {"addon": again}
    if key in state.addons:
        raise fault(context, "ResourceInUseException", "Addon already exists.")
    if key[1] not in _ADDONS:
        raise invalid(context, f"Addon {key[1]} specified is not supported")
    version = request.get("addonVersion") or _default_version(key[1], cluster["version"])
    _check(context, request, version)
    addon: dict[str, Any] = {
        "addonName": key[1],
        "clusterName": key[0],
        "status": "ACTIVE",
        "addonVersion": version,
        "health": {"issues": []},
        "addonArn": arn(context, f"addon/{key[0]}/{key[1]}/{uuid.uuid4()}"),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": dict(request.get("tags") or {}),
        "namespaceConfig": request.get("namespaceConfig") or {"namespace": "kube-system"},
        "podIdentityAssociations": _identities(context, request, key),
    }
    for optional in ("serviceAccountRoleArn", "configurationValues"):
        if request.get(optional):
            addon[optional] = request[optional]
    state.addons[key] = addon
    answer = {**addon, "status": "CREATING"}
    remember(state, "CreateAddon", request, answer)
    return {"addon": answer}


@EKS.operation
def describe_addon(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return {"addon": _addon_of(context, request)}


@EKS.operation
def list_addons(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["clusterName"])
    names, token = page(request, sorted(name for owner, name in STATE.at(context).addons if owner == request["clusterName"]))
    return {"addons": names, "nextToken": token}


@EKS.operation
def update_addon(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """What the call leaves out stays; AWS's documentation says so of all but the pod identity associations."""
    addon = _addon_of(context, request)
    if again := replayed(STATE.at(context), "UpdateAddon", request):
        return {"update": again}
    version = request.get("addonVersion") or addon["addonVersion"]
    _check(context, request, version)
    addon["addonVersion"] = version
    for optional in ("serviceAccountRoleArn", "configurationValues"):
        if optional in request:
            addon[optional] = request[optional]
    if "podIdentityAssociations" in request:
        key = (request["clusterName"], request["addonName"])
        _drop_identities(context, addon)
        addon["podIdentityAssociations"] = _identities(context, request, key)
    addon["modifiedAt"] = now()
    changes = {key: value for key, value in request.items() if key not in ("clusterName", "addonName", "clientRequestToken")}
    update = record_update(context, request, request["clusterName"], "AddonUpdate", changes, of=request["addonName"])
    remember(STATE.at(context), "UpdateAddon", request, update)
    return {"update": update}


@EKS.operation
def delete_addon(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    addon = _addon_of(context, request)
    del STATE.at(context).addons[(request["clusterName"], request["addonName"])]
    _drop_identities(context, addon)
    return {"addon": {**addon, "status": "DELETING"}}


@EKS.operation
def describe_addon_versions(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    wanted = [request["kubernetesVersion"]] if request.get("kubernetesVersion") else list(reversed(VERSIONS))
    rows = [
        {
            "addonName": name,
            "type": kind,
            "publisher": "eks",
            "owner": "aws",
            "addonVersions": [
                {
                    "addonVersion": _default_version(name, version),
                    "architecture": ["amd64", "arm64"],
                    "compatibilities": [{"clusterVersion": version, "platformVersions": ["*"], "defaultVersion": True}],
                    "requiresConfiguration": False,
                }
                for version in wanted
                if version in VERSIONS
            ],
        }
        for name, (kind, _) in _ADDONS.items()
        if request.get("addonName") in (None, name)
    ]
    rows, token = page(request, rows)
    return {"addons": rows, "nextToken": token}


@EKS.operation
def describe_addon_configuration(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    if request["addonName"] not in _ADDONS:
        raise fault(context, "ResourceNotFoundException", f"No addon found with name {request['addonName']}")
    return {
        "addonName": request["addonName"],
        "addonVersion": request["addonVersion"],
        "configurationSchema": json.dumps({"$schema": "http://json-schema.org/draft-06/schema#", "type": "object"}),
    }


def _default_version(name: str, version: str) -> str:
    return _ADDONS[name][1].format(minor(version))


def _check(context: RequestContext, request: dict[str, Any], version: str) -> None:
    if not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version):
        raise invalid(context, f"Addon version specified is not supported: {version}")
    if request.get("serviceAccountRoleArn") and not known.role(context.account_id, request["serviceAccountRoleArn"]):
        raise invalid(context, f"Cross-account or unknown role {request['serviceAccountRoleArn']} does not exist")
    if request.get("configurationValues") and request["configurationValues"].lstrip().startswith("{"):
        try:
            json.loads(request["configurationValues"])
        except ValueError as error:
            raise invalid(context, "ConfigurationValue provided in request is not supported: not valid JSON") from error


def _identities(context: RequestContext, request: dict[str, Any], key: tuple[str, str]) -> list[str]:
    from . import eks_access

    arns = []
    for wanted in request.get("podIdentityAssociations") or []:
        made = eks_access.create_pod_identity_association(
            context, {"clusterName": key[0], "namespace": "kube-system", **wanted}
        )["association"]
        made["ownerArn"] = arn(context, f"addon/{key[0]}/{key[1]}")
        arns.append(made["associationArn"])
    return arns


def _drop_identities(context: RequestContext, addon: dict[str, Any]) -> None:
    identities = STATE.at(context).identities
    for key in [key for key, item in identities.items() if item["associationArn"] in addon["podIdentityAssociations"]]:
        del identities[key]


def _addon_of(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["clusterName"])
    found = STATE.at(context).addons.get((request["clusterName"], request["addonName"]))
    if found is None:
        raise fault(context, "ResourceNotFoundException", f"No addon: {request['addonName']} found in cluster: {request['clusterName']}")
    return found
