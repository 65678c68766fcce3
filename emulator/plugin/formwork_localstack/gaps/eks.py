"""EKS clusters and their updates.

moto keeps neither accessConfig nor upgradePolicy nor most of what a cluster has today, and lets concurrent creates of one
name both succeed, so the whole service is supplied here; only the operations in this module and in its three
neighbours exist, every other one answers 501.

Answers follow https://docs.aws.amazon.com/eks/latest/APIReference: a create answers CREATING, a delete DELETING, an
update InProgress, and the next read finds the end of it.
"""

import base64
import uuid
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import fault
from ..stores import Regional
from . import eks_certificate
from .native import Native, now, page

VERSIONS = ["1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35"]
"""The Kubernetes versions that may be asked for, oldest first."""

DEFAULT_VERSION = "1.33"

_LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]


class State:
    """What one account has of EKS in one region; every value is in the shape of its describe answer."""

    def __init__(self) -> None:
        self.clusters: dict[str, dict[str, Any]] = {}
        self.nodegroups: dict[tuple[str, str], dict[str, Any]] = {}
        self.fargate: dict[tuple[str, str], dict[str, Any]] = {}
        self.addons: dict[tuple[str, str], dict[str, Any]] = {}
        self.entries: dict[tuple[str, str], dict[str, Any]] = {}
        self.policies: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        self.identities: dict[tuple[str, str], dict[str, Any]] = {}
        self.updates: dict[tuple[str, str], dict[str, Any]] = {}
        self.tokens: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {}
        self.moving: dict[str, tuple[str, str]] = {}
        self.own_entries: set[tuple[str, str]] = set()

    def parts(self) -> list[dict[Any, dict[str, Any]]]:
        """Everything that carries tags, for the operations that find a thing by its ARN."""
        return [self.clusters, self.nodegroups, self.fargate, self.addons, self.entries, self.identities]


STATE: Regional[State] = Regional(State)
EKS = Native(STATE)
clear = STATE.clear


@EKS.operation
def create_cluster(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    name = request["name"]
    if again := replayed(state, "CreateCluster", request):
        return {"cluster": again}
    if name in state.clusters:
        raise fault(context, "ResourceInUseException", f"Cluster already exists with name: {name}")
    version = request.get("version") or DEFAULT_VERSION
    if version not in VERSIONS:
        raise invalid(context, f"unsupported Kubernetes version {version}")
    require_role(context, request["roleArn"])
    if not known.trusts(context.account_id, request["roleArn"], "eks.amazonaws.com"):
        raise invalid(context, f"Role with arn: {request['roleArn']}, could not be assumed because the trusted entity is not correct")
    access = request.get("accessConfig") or {}
    mode = access.get("authenticationMode") or "CONFIG_MAP"
    bootstrap = access.get("bootstrapClusterCreatorAdminPermissions", True)
    if mode == "CONFIG_MAP" and not bootstrap:
        raise invalid(
            context,
            "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
        )
    wanted = request["resourcesVpcConfig"]
    vpc_id = _vpc_of(context, wanted)
    _check_encryption(context, request.get("encryptionConfig") or [])
    network = request.get("kubernetesNetworkConfig") or {}
    cluster: dict[str, Any] = {
        "name": name,
        "arn": arn(context, f"cluster/{name}"),
        "createdAt": now(),
        "version": version,
        "endpoint": f"https://{uuid.uuid4().hex.upper()}.gr7.{context.region}.eks.amazonaws.com",
        "roleArn": request["roleArn"],
        "resourcesVpcConfig": {
            "subnetIds": list(wanted["subnetIds"]),
            "securityGroupIds": list(wanted.get("securityGroupIds") or []),
            "vpcId": vpc_id,
            "endpointPublicAccess": wanted.get("endpointPublicAccess", True),
            "endpointPrivateAccess": wanted.get("endpointPrivateAccess", False),
            "publicAccessCidrs": list(wanted.get("publicAccessCidrs") or ["0.0.0.0/0"]),
        },
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": network.get("serviceIpv4Cidr") or "172.20.0.0/16",
            "ipFamily": network.get("ipFamily") or "ipv4",
            "elasticLoadBalancing": network.get("elasticLoadBalancing") or {"enabled": False},
        },
        "logging": _logging({}, request.get("logging") or {}),
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{context.region}.amazonaws.com/id/{uuid.uuid4().hex.upper()}"}},
        "status": "ACTIVE",
        "certificateAuthority": {"data": base64.b64encode(eks_certificate.pem().encode()).decode()},
        "platformVersion": "eks.1",
        "tags": dict(request.get("tags") or {}),
        "encryptionConfig": list(request.get("encryptionConfig") or []),
        "health": {"issues": []},
        # AWS gives the mode back but never whether the creator was made an administrator.
        "accessConfig": {"authenticationMode": mode},
        "upgradePolicy": request.get("upgradePolicy") or {"supportType": "EXTENDED"},
        "zonalShiftConfig": request.get("zonalShiftConfig") or {"enabled": False},
        "deletionProtection": bool(request.get("deletionProtection", False)),
        "controlPlaneScalingConfig": request.get("controlPlaneScalingConfig") or {"tier": "standard"},
    }
    for optional in ("remoteNetworkConfig", "computeConfig", "storageConfig", "outpostConfig"):
        if optional in request:
            cluster[optional] = request[optional]
    if network.get("ipFamily") == "ipv6":
        cluster["kubernetesNetworkConfig"].pop("serviceIpv4Cidr")
        cluster["kubernetesNetworkConfig"]["serviceIpv6Cidr"] = "fd7d:8b4c:9d1e::/108"
    if token := request.get("clientRequestToken"):
        cluster["clientRequestToken"] = token
    cluster["resourcesVpcConfig"]["clusterSecurityGroupId"] = _cluster_group(context, name, vpc_id)
    state.clusters[name] = cluster
    if bootstrap and mode != "CONFIG_MAP":
        _bootstrap_creator(context, state, cluster)
    answer = {**cluster, "status": "CREATING"}
    for later in ("endpoint", "certificateAuthority"):
        answer.pop(later)
    remember(state, "CreateCluster", request, answer)
    return {"cluster": answer}


@EKS.operation
def describe_cluster(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return {"cluster": cluster_of(context, request["name"])}


@EKS.operation
def list_clusters(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    names, token = page(request, sorted(STATE.at(context).clusters))
    return {"clusters": names, "nextToken": token}


@EKS.operation
def delete_cluster(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    name = request["name"]
    cluster = cluster_of(context, name)
    if cluster["deletionProtection"]:
        raise fault(
            context,
            "InvalidRequestException",
            f"Cannot delete cluster {name} because deletion protection is enabled.",
        )
    if any(owner == name for owner, _ in state.nodegroups):
        raise fault(context, "ResourceInUseException", "Cluster has nodegroups attached")
    if any(owner == name for owner, _ in state.fargate):
        raise fault(context, "ResourceInUseException", "Cluster has Fargate profiles attached")
    del state.clusters[name]
    state.moving.pop(name, None)
    for part in (state.addons, state.entries, state.policies, state.identities, state.updates):
        for key in [key for key in part if key[0] == name]:
            del part[key]
    state.own_entries = {key for key in state.own_entries if key[0] != name}
    state.tokens = {key: value for key, value in state.tokens.items() if value[1].get("name", value[1].get("clusterName")) != name}
    group_id = cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]
    if group_id and known.security_group(context.account_id, context.region, group_id):
        known.ec2(context.account_id, context.region).delete_security_group(group_id=group_id)
    return {"cluster": {**cluster, "status": "DELETING"}}


@EKS.operation
def update_cluster_config(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """AWS takes one kind of change per call, and refuses a change that changes nothing for endpoint access and logging."""
    cluster = cluster_of(context, request["name"])
    if again := replayed(STATE.at(context), "UpdateClusterConfig", request):
        return {"update": again}
    changes = {key: value for key, value in request.items() if key not in ("name", "clientRequestToken") and value is not None}
    if not changes:
        raise invalid(context, "No changes needed for the cluster configuration provided")
    auto_mode = {"computeConfig", "kubernetesNetworkConfig", "storageConfig"}
    if len(changes) > 1 and not set(changes) <= auto_mode:
        raise invalid(context, "Only one type of update can be allowed.")
    if "resourcesVpcConfig" in changes:
        kind = _update_vpc_config(context, cluster, changes["resourcesVpcConfig"])
    elif "logging" in changes:
        merged = _logging(cluster["logging"], changes["logging"])
        if merged == cluster["logging"]:
            raise invalid(context, "No changes needed for the logging config provided")
        cluster["logging"], kind = merged, "LoggingUpdate"
    elif "accessConfig" in changes:
        kind = _update_access(context, cluster, changes["accessConfig"])
    else:
        kinds = {
            "upgradePolicy": "UpgradePolicyUpdate",
            "zonalShiftConfig": "ZonalShiftConfigUpdate",
            "deletionProtection": "DeletionProtectionUpdate",
            "remoteNetworkConfig": "RemoteNetworkConfigUpdate",
            "controlPlaneScalingConfig": "ControlPlaneScalingConfigUpdate",
        }
        kind = next((kinds[key] for key in changes if key in kinds), "AutoModeUpdate")
        for key, value in changes.items():
            cluster[key] = {**cluster.get(key, {}), **value} if isinstance(value, dict) else value
    update = record_update(context, request, request["name"], kind, changes)
    remember(STATE.at(context), "UpdateClusterConfig", request, update)
    return {"update": update}


@EKS.operation
def update_cluster_version(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """One minor version up at a time; AWS refuses everything else."""
    cluster = cluster_of(context, request["name"])
    if again := replayed(STATE.at(context), "UpdateClusterVersion", request):
        return {"update": again}
    wanted, present = request["version"], cluster["version"]
    if wanted not in VERSIONS:
        raise invalid(context, f"unsupported Kubernetes version {wanted}")
    if wanted == present:
        raise invalid(context, f"Cluster is already at version {wanted}")
    if VERSIONS.index(wanted) != VERSIONS.index(present) + 1:
        raise invalid(context, f"Unsupported Kubernetes minor version update from {present} to {wanted}")
    for (owner, _), group in STATE.at(context).nodegroups.items():
        if owner == request["name"] and minor(wanted) - minor(group["version"]) > 3:
            raise fault(context, "InvalidRequestException", "Node groups must be updated before the control plane")
    cluster["version"] = wanted
    update = record_update(context, request, request["name"], "VersionUpdate", {"version": wanted})
    remember(STATE.at(context), "UpdateClusterVersion", request, update)
    return {"update": update}


@EKS.operation
def associate_encryption_config(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """Encryption can be added once and never changed or removed."""
    cluster = cluster_of(context, request["clusterName"])
    if cluster["encryptionConfig"]:
        raise invalid(context, "Encryption is already enabled on this cluster")
    _check_encryption(context, request["encryptionConfig"])
    cluster["encryptionConfig"] = request["encryptionConfig"]
    changes = {"encryptionConfig": request["encryptionConfig"]}
    return {"update": record_update(context, request, request["clusterName"], "AssociateEncryptionConfig", changes)}


@EKS.operation
def describe_update(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["name"])
    update = STATE.at(context).updates.get((request["name"], request["updateId"]))
    if update is None:
        raise fault(context, "ResourceNotFoundException", f"No update found for ID: {request['updateId']}")
    return {"update": {key: value for key, value in update.items() if not key.startswith("_")}}


@EKS.operation
def list_updates(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    cluster_of(context, request["name"])
    of = request.get("nodegroupName") or request.get("addonName")
    ids = [key[1] for key, update in STATE.at(context).updates.items() if key[0] == request["name"] and update["_of"] == of]
    ids, token = page(request, ids)
    return {"updateIds": ids, "nextToken": token}


@EKS.operation
def describe_cluster_versions(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"clusterVersion": version, "clusterType": "eks", "defaultPlatformVersion": "eks.1", "defaultVersion": version == DEFAULT_VERSION,
         "status": "standard-support", "versionStatus": "STANDARD_SUPPORT", "kubernetesPatchVersion": f"{version}.0"}
        for version in reversed(VERSIONS)
        if version in (request.get("clusterVersions") or VERSIONS)
        and (version == DEFAULT_VERSION or not request.get("defaultOnly"))
    ]
    rows, token = page(request, rows)
    return {"clusterVersions": rows, "nextToken": token}


@EKS.operation
def tag_resource(context: RequestContext, request: dict[str, Any]) -> None:
    _tags_of(context, request["resourceArn"]).update(request["tags"])


@EKS.operation
def untag_resource(context: RequestContext, request: dict[str, Any]) -> None:
    tags = _tags_of(context, request["resourceArn"])
    for key in request["tagKeys"]:
        tags.pop(key, None)


@EKS.operation
def list_tags_for_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return {"tags": _tags_of(context, request["resourceArn"])}


def invalid(context: RequestContext, message: str) -> Exception:
    """The error of a parameter that EKS does not accept."""
    return fault(context, "InvalidParameterException", message)


def arn(context: RequestContext, path: str) -> str:
    """The ARN of an EKS thing in the account and region of the call."""
    return f"arn:aws:eks:{context.region}:{context.account_id}:{path}"


def minor(version: str) -> int:
    """The second number of a Kubernetes version."""
    return int(version.split(".")[1])


def cluster_of(context: RequestContext, name: str) -> dict[str, Any]:
    """The cluster of that name; ResourceNotFoundException when there is none."""
    found = STATE.at(context).clusters.get(name)
    if found is None:
        raise fault(context, "ResourceNotFoundException", f"No cluster found for name: {name}.")
    return found


def require_role(context: RequestContext, role_arn: str) -> None:
    """Refuses a role that does not stand, as EKS does when it tries to assume it."""
    if not known.role(context.account_id, role_arn):
        raise invalid(context, f"Role with arn: {role_arn}, could not be assumed because it does not exist or the trusted entity is not correct")


def require_subnets(context: RequestContext, subnet_ids: list[str]) -> list[Any]:
    """The subnets of those ids; InvalidParameterException names the first that does not stand."""
    found = [known.subnet(context.account_id, context.region, subnet_id) for subnet_id in subnet_ids]
    for subnet_id, subnet in zip(subnet_ids, found):
        if subnet is None:
            raise invalid(context, f"The subnet ID '{subnet_id}' does not exist")
    return found


def record_update(context: RequestContext, request: dict[str, Any], cluster: str, kind: str, changes: dict[str, Any], of: str | None = None) -> dict[str, Any]:
    """Notes an update as finished and answers as AWS does at its start."""
    update = {
        "id": str(uuid.uuid4()),
        "status": "Successful",
        "type": kind,
        "params": [{"type": key[0].upper() + key[1:], "value": str(value)} for key, value in changes.items()],
        "createdAt": now(),
        "errors": [],
    }
    STATE.at(context).updates[(cluster, update["id"])] = {**update, "_of": of}
    return {**update, "status": "InProgress"}


def replayed(state: State, operation: str, request: dict[str, Any]) -> dict[str, Any] | None:
    """The first answer to a request that comes again with the same clientRequestToken and the same parameters."""
    token = request.get("clientRequestToken")
    earlier = state.tokens.get((operation, token)) if token else None
    return earlier[1] if earlier and earlier[0] == request else None


def remember(state: State, operation: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """Keeps the answer for a retry with the same clientRequestToken."""
    if token := request.get("clientRequestToken"):
        state.tokens[(operation, token)] = (request, answer)


def _tags_of(context: RequestContext, resource_arn: str) -> dict[str, str]:
    for part in STATE.at(context).parts():
        for item in part.values():
            arns = (item.get(key) for key in ("arn", "nodegroupArn", "fargateProfileArn", "addonArn", "accessEntryArn", "associationArn"))
            if resource_arn in arns:
                return item["tags"]
    raise fault(context, "NotFoundException", f"Resource {resource_arn} was not found")


def _vpc_of(context: RequestContext, wanted: dict[str, Any]) -> str:
    subnets = require_subnets(context, wanted.get("subnetIds") or [])
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise invalid(context, "Subnets specified must be in at least two different AZs")
    vpcs = {subnet.vpc_id for subnet in subnets}
    if len(vpcs) > 1:
        raise invalid(context, "Subnets specified must belong to the same VPC")
    vpc_id = vpcs.pop()
    for group_id in wanted.get("securityGroupIds") or []:
        group = known.security_group(context.account_id, context.region, group_id)
        if group is None or group.vpc_id != vpc_id:
            raise invalid(context, f"Security group {group_id} does not exist in VPC {vpc_id}")
    return vpc_id


def _cluster_group(context: RequestContext, name: str, vpc_id: str) -> str:
    """EKS makes one security group per cluster, tagged as its own, and takes it away with the cluster."""
    group = known.ec2(context.account_id, context.region).create_security_group(
        f"eks-cluster-sg-{name}-{uuid.uuid4().int % 10**9}",
        "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.",
        vpc_id=vpc_id,
        tags={"Name": f"eks-cluster-sg-{name}", "aws:eks:cluster-name": name, f"kubernetes.io/cluster/{name}": "owned"},
        is_default=False,
    )
    return group.id


def _bootstrap_creator(context: RequestContext, state: State, cluster: dict[str, Any]) -> None:
    """The creator becomes an administrator through an access entry of its own, unless asked not to."""
    from . import eks_access

    principal = f"arn:aws:iam::{context.account_id}:root"
    eks_access.add_entry(context, state, cluster["name"], principal, "STANDARD", own=True)
    state.policies[(cluster["name"], principal)] = {
        eks_access.CLUSTER_ADMIN: {
            "policyArn": eks_access.CLUSTER_ADMIN, "accessScope": {"type": "cluster", "namespaces": []}, "associatedAt": now(), "modifiedAt": now(),
        }
    }


def _check_encryption(context: RequestContext, wanted: list[dict[str, Any]]) -> None:
    if len(wanted) > 1:
        raise invalid(context, "Only one encryption config may be given")
    for row in wanted:
        key = (row.get("provider") or {}).get("keyArn") or ""
        if not known.key(context.account_id, key):
            raise invalid(context, f"The KMS key {key} does not exist or cannot be used")


def _logging(present: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    enabled = {kind for row in present.get("clusterLogging") or [] if row.get("enabled") for kind in row["types"]}
    for row in wanted.get("clusterLogging") or []:
        kinds = set(row.get("types") or [])
        enabled = enabled | kinds if row.get("enabled") else enabled - kinds
    rows = []
    for state, kinds in ((True, [kind for kind in _LOG_TYPES if kind in enabled]), (False, [kind for kind in _LOG_TYPES if kind not in enabled])):
        if kinds:
            rows.append({"types": kinds, "enabled": state})
    return {"clusterLogging": rows}


def _update_vpc_config(context: RequestContext, cluster: dict[str, Any], wanted: dict[str, Any]) -> str:
    placement = {"subnetIds", "securityGroupIds"} & set(wanted)
    access = {"endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"} & set(wanted)
    if placement and access:
        raise invalid(context, "Endpoint access and subnets or security groups cannot be updated in one call")
    present = cluster["resourcesVpcConfig"]
    merged = {**present, **{key: value for key, value in wanted.items() if value is not None}}
    if placement:
        if _vpc_of(context, merged) != present["vpcId"]:
            raise invalid(context, "Provided subnets must belong to the VPC of the cluster")
        cluster["resourcesVpcConfig"] = merged
        return "VpcConfigUpdate"
    if not merged["endpointPublicAccess"] and not merged["endpointPrivateAccess"]:
        raise invalid(context, "Private and public endpoint access cannot both be disabled")
    if merged == present:
        raise invalid(context, "Cluster is already at the desired configuration with the endpoint access given")
    cluster["resourcesVpcConfig"] = merged
    return "EndpointAccessUpdate"


def _update_access(context: RequestContext, cluster: dict[str, Any], wanted: dict[str, Any]) -> str:
    """The authentication mode only moves from the config map towards the API."""
    order = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
    present = cluster["accessConfig"]["authenticationMode"]
    mode = wanted.get("authenticationMode") or present
    if order.index(mode) < order.index(present):
        raise invalid(context, f"Unsupported authentication mode update from {present} to {mode}")
    if mode == present:
        raise invalid(context, f"Cluster is already at the desired authentication mode {mode}")
    cluster["accessConfig"] = {"authenticationMode": mode}
    return "AccessConfigUpdate"
