"""ElastiCache replication groups and the cache clusters that are their members."""

import re
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.moto import call_moto

from .. import known
from ..intercept import fault, refusal
from .elasticache import ELASTICACHE, STATE, arn, keep_tags, parameter_group, subnet_group
from .native import now, page

_DEFAULT_VERSIONS = {"redis": "7.1.0", "valkey": "8.0.1"}


@ELASTICACHE.operation
def create_replication_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    name = request["ReplicationGroupId"].lower()
    if name in state.replication_groups:
        raise fault(context, "ReplicationGroupAlreadyExistsFault", f"Replication group {name} already exists.")
    if not re.fullmatch(r"[a-z](?!.*--)[a-z0-9-]{0,38}[a-z0-9]|[a-z]", name):
        raise refusal("InvalidParameterValue", "The parameter ReplicationGroupId is not a valid identifier.")
    engine = request.get("Engine") or "redis"
    version = _full_version(engine, request.get("EngineVersion"))
    encrypted = bool(request.get("TransitEncryptionEnabled", False))
    if request.get("AuthToken"):
        if not encrypted:
            raise refusal("InvalidParameterValue", "The AUTH token is only supported when encryption-in-transit is enabled")
        _check_token(request["AuthToken"])
    parameters = parameter_group(context, request.get("CacheParameterGroupName") or _default_parameters(engine, version))
    if not parameters["CacheParameterGroupFamily"].startswith(_family(engine, version)):
        raise refusal("InvalidParameterCombination", f"Expected a parameter group of family {_family(engine, version)} but found one of family {parameters['CacheParameterGroupFamily']}")
    place = subnet_group(context, request["CacheSubnetGroupName"]) if request.get("CacheSubnetGroupName") else None
    for group_id in request.get("SecurityGroupIds") or []:
        if not known.security_group(context.account_id, context.region, group_id):
            raise refusal("InvalidParameterValue", f"The security group {group_id} does not exist")
    shards = int(request.get("NumNodeGroups") or 1)
    per_shard = int(request["ReplicasPerNodeGroup"]) + 1 if request.get("ReplicasPerNodeGroup") is not None else int(request.get("NumCacheClusters") or 1)
    failover, multi_zone = bool(request.get("AutomaticFailoverEnabled", False)), bool(request.get("MultiAZEnabled", False))
    if failover and per_shard < 2:
        raise refusal("InvalidParameterCombination", "At least 2 cache clusters are needed for automatic failover")
    if multi_zone and not failover:
        raise refusal("InvalidParameterCombination", "Multi-AZ needs automatic failover to be enabled")
    clustered = shards > 1 or request.get("ClusterMode") in ("enabled", "compatible") or parameters["CacheParameterGroupName"].endswith(".cluster.on") \
        or state.parameters.get(parameters["CacheParameterGroupName"], {}).get("cluster-enabled") == "yes"
    group: dict[str, Any] = {
        "ReplicationGroupId": name,
        "Description": request["ReplicationGroupDescription"],
        "GlobalReplicationGroupInfo": {},
        "Status": "available",
        "PendingModifiedValues": {},
        "AutomaticFailover": "enabled" if failover else "disabled",
        "MultiAZ": "enabled" if multi_zone else "disabled",
        "SnapshotRetentionLimit": int(request.get("SnapshotRetentionLimit") or 0),
        "SnapshotWindow": request.get("SnapshotWindow") or "05:30-06:30",
        "ClusterEnabled": clustered,
        "CacheNodeType": request.get("CacheNodeType") or "cache.t3.small",
        "AuthTokenEnabled": bool(request.get("AuthToken")),
        "TransitEncryptionEnabled": encrypted,
        "AtRestEncryptionEnabled": bool(request.get("AtRestEncryptionEnabled", engine == "valkey")),
        "ARN": arn(context, f"replicationgroup:{name}"),
        "UserGroupIds": list(request.get("UserGroupIds") or []),
        "LogDeliveryConfigurations": _deliveries([], request.get("LogDeliveryConfigurations") or []),
        "ReplicationGroupCreateTime": now(),
        "DataTiering": "enabled" if request.get("DataTieringEnabled") else "disabled",
        "AutoMinorVersionUpgrade": request.get("AutoMinorVersionUpgrade", True),
        "NetworkType": request.get("NetworkType") or "ipv4",
        "IpDiscovery": request.get("IpDiscovery") or "ipv4",
        "ClusterMode": request.get("ClusterMode") or ("enabled" if clustered else "disabled"),
        "Engine": engine,
    }
    if encrypted:
        group["TransitEncryptionMode"] = request.get("TransitEncryptionMode") or "required"
    if request.get("AuthToken"):
        group["AuthTokenLastModifiedDate"] = now()
    if request.get("KmsKeyId"):
        if not group["AtRestEncryptionEnabled"]:
            raise refusal("InvalidParameterCombination", "A KMS key needs encryption at rest to be enabled")
        group["KmsKeyId"] = request["KmsKeyId"]
    settings = {
        "EngineVersion": version,
        "PreferredMaintenanceWindow": (request.get("PreferredMaintenanceWindow") or "sun:23:00-mon:01:30").lower(),
        "CacheParameterGroupName": parameters["CacheParameterGroupName"],
        "CacheSubnetGroupName": place["CacheSubnetGroupName"] if place else "default",
        "SecurityGroups": [{"SecurityGroupId": group_id, "Status": "active"} for group_id in request.get("SecurityGroupIds") or []],
        "Port": int(request.get("Port") or 6379),
        "NotificationTopicArn": request.get("NotificationTopicArn"),
        "Zones": _zones(context, place),
    }
    group["NodeGroups"] = []
    for index in range(shards):
        shard = f"{index + 1:04d}"
        group["NodeGroups"].append({"NodeGroupId": shard, "Status": "available", "NodeGroupMembers": []})
    state.replication_groups[name] = group
    keep_tags(state, group["ARN"], request)
    for index, shard in enumerate(group["NodeGroups"]):
        zones = request.get("PreferredCacheClusterAZs") or _shard_zones(request, index) or settings["Zones"]
        _fill(context, group, shard, per_shard, settings, zones)
    _endpoints(context, group, settings["Port"])
    return {"ReplicationGroup": {**group, "Status": "creating", "NodeGroups": [], "ConfigurationEndpoint": None}}


@ELASTICACHE.operation
def describe_replication_groups(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    if name := request.get("ReplicationGroupId"):
        return {"ReplicationGroups": [_group_of(context, name)]}
    rows, marker = page(request, list(STATE.at(context).replication_groups.values()), "MaxRecords", "Marker")
    return {"ReplicationGroups": rows, "Marker": marker}


@ELASTICACHE.operation
def modify_replication_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """Everything at once, as with ApplyImmediately; without it AWS keeps node type and version for the window."""
    state = STATE.at(context)
    group = _group_of(context, request["ReplicationGroupId"])
    members = [state.clusters[member] for member in group["MemberClusters"]]
    before = members[0]
    changes: dict[str, Any] = {}
    if "AutomaticFailoverEnabled" in request:
        if request["AutomaticFailoverEnabled"] and len(members) < 2:
            raise refusal("InvalidParameterCombination", "At least 2 cache clusters are needed for automatic failover")
        changes["AutomaticFailover"] = "enabled" if request["AutomaticFailoverEnabled"] else "disabled"
    if "MultiAZEnabled" in request:
        changes["MultiAZ"] = "enabled" if request["MultiAZEnabled"] else "disabled"
    if {**group, **changes}["MultiAZ"] == "enabled" and {**group, **changes}["AutomaticFailover"] == "disabled":
        raise refusal("InvalidParameterCombination", "Multi-AZ needs automatic failover to be enabled")
    for name, of in (("Description", "ReplicationGroupDescription"), ("CacheNodeType", "CacheNodeType"), ("SnapshotRetentionLimit", "SnapshotRetentionLimit"),
                     ("SnapshotWindow", "SnapshotWindow"), ("AutoMinorVersionUpgrade", "AutoMinorVersionUpgrade"), ("IpDiscovery", "IpDiscovery"),
                     ("SnapshottingClusterId", "SnapshottingClusterId"), ("ClusterMode", "ClusterMode"), ("TransitEncryptionMode", "TransitEncryptionMode")):
        if request.get(of) is not None:
            changes[name] = request[of]
    if "TransitEncryptionEnabled" in request:
        changes["TransitEncryptionEnabled"] = request["TransitEncryptionEnabled"]
    if request.get("LogDeliveryConfigurations") is not None:
        changes["LogDeliveryConfigurations"] = _deliveries(group["LogDeliveryConfigurations"], request["LogDeliveryConfigurations"])
    if request.get("AuthTokenUpdateStrategy") == "DELETE":
        changes["AuthTokenEnabled"] = False
    elif request.get("AuthToken"):
        if not {**group, **changes}["TransitEncryptionEnabled"]:
            raise refusal("InvalidParameterCombination", "The AUTH token modification is only supported when encryption-in-transit is enabled")
        _check_token(request["AuthToken"])
        changes.update(AuthTokenEnabled=True, AuthTokenLastModifiedDate=now())
    users = [user for user in group["UserGroupIds"] if user not in (request.get("UserGroupIdsToRemove") or [])]
    changes["UserGroupIds"] = [] if request.get("RemoveUserGroups") else users + list(request.get("UserGroupIdsToAdd") or [])
    shared: dict[str, Any] = {}
    engine = request.get("Engine") or group["Engine"]
    if request.get("EngineVersion") or engine != group["Engine"]:
        version = _full_version(engine, request.get("EngineVersion"))
        if engine == group["Engine"] and _numbers(version) < _numbers(before["EngineVersion"]):
            raise refusal("InvalidParameterCombination", "Cannot modify to an earlier engine version")
        shared["EngineVersion"], shared["Engine"], changes["Engine"] = version, engine, engine
    if request.get("CacheParameterGroupName"):
        parameters = parameter_group(context, request["CacheParameterGroupName"])
        family = _family(engine, shared.get("EngineVersion", before["EngineVersion"]))
        if parameters["CacheParameterGroupFamily"] != family:
            raise refusal("InvalidParameterCombination", f"Expected a parameter group of family {family} but found one of family {parameters['CacheParameterGroupFamily']}")
        shared["CacheParameterGroup"] = {**before["CacheParameterGroup"], "CacheParameterGroupName": parameters["CacheParameterGroupName"]}
    if request.get("SecurityGroupIds"):
        for group_id in request["SecurityGroupIds"]:
            if not known.security_group(context.account_id, context.region, group_id):
                raise refusal("InvalidParameterValue", f"The security group {group_id} does not exist")
        shared["SecurityGroups"] = [{"SecurityGroupId": group_id, "Status": "active"} for group_id in request["SecurityGroupIds"]]
    if request.get("PreferredMaintenanceWindow"):
        shared["PreferredMaintenanceWindow"] = request["PreferredMaintenanceWindow"].lower()
    if request.get("NotificationTopicArn"):
        shared["NotificationConfiguration"] = {"TopicArn": request["NotificationTopicArn"], "TopicStatus": request.get("NotificationTopicStatus") or "active"}
    group.update(changes)
    for member in members:
        member.update(shared)
        _mirror(group, member)
    return {"ReplicationGroup": {**group, "Status": "modifying"}}


@ELASTICACHE.operation
def modify_replication_group_shard_configuration(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    group = _group_of(context, request["ReplicationGroupId"])
    if not group["ClusterEnabled"]:
        raise refusal("InvalidParameterValue", "Shards can be changed in cluster mode only")
    count = int(request["NodeGroupCount"])
    per_shard = len(group["NodeGroups"][0]["NodeGroupMembers"])
    sample = _settings_of(context, group)
    while len(group["NodeGroups"]) > count:
        named = request.get("NodeGroupsToRemove") or []
        shard = next((shard for shard in group["NodeGroups"] if shard["NodeGroupId"] in named), group["NodeGroups"][-1])
        group["NodeGroups"].remove(shard)
        for member in shard["NodeGroupMembers"]:
            state.clusters.pop(member["CacheClusterId"], None)
    while len(group["NodeGroups"]) < count:
        shard = {"NodeGroupId": f"{int(group['NodeGroups'][-1]['NodeGroupId']) + 1:04d}", "Status": "available", "NodeGroupMembers": []}
        group["NodeGroups"].append(shard)
        _fill(context, group, shard, per_shard, sample, sample["Zones"])
    _endpoints(context, group, sample["Port"])
    return {"ReplicationGroup": {**group, "Status": "modifying"}}


@ELASTICACHE.operation
def increase_replica_count(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return _resize(context, request, grow=True)


@ELASTICACHE.operation
def decrease_replica_count(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return _resize(context, request, grow=False)


@ELASTICACHE.operation
def delete_replication_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer says `deleting`; the next read finds nothing. A final snapshot is taken when one is named."""
    state = STATE.at(context)
    group = _group_of(context, request["ReplicationGroupId"])
    if name := (request.get("FinalSnapshotIdentifier") or "").lower():
        if name in state.snapshots:
            raise fault(context, "SnapshotAlreadyExistsFault", f"Snapshot {name} already exists")
        state.snapshots[name] = _snapshot(context, group, name)
    for member in group["MemberClusters"]:
        state.clusters.pop(member, None)
    del state.replication_groups[group["ReplicationGroupId"]]
    state.tags.pop(group["ARN"], None)
    return {"ReplicationGroup": {**group, "Status": "deleting"}}


@ELASTICACHE.operation
def describe_snapshots(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """Final snapshots of replication groups; those that were asked for by themselves are moto's."""
    own, name = STATE.at(context).snapshots, (request.get("SnapshotName") or "").lower()
    if name in own:
        return {"Snapshots": [own[name]]}
    found = [] if name else [row for row in own.values() if request.get("ReplicationGroupId") in (None, row["ReplicationGroupId"])]
    others = call_moto(context).get("Snapshots") or [] if name or not found else []
    return {"Snapshots": found + others}


@ELASTICACHE.operation
def delete_snapshot(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    found = STATE.at(context).snapshots.pop(request["SnapshotName"].lower(), None)
    return {"Snapshot": {**found, "SnapshotStatus": "deleting"}} if found else call_moto(context)


@ELASTICACHE.operation
def describe_cache_clusters(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    name = (request.get("CacheClusterId") or "").lower()
    own = [state.clusters[name]] if name in state.clusters else ([] if name else list(state.clusters.values()))
    if request.get("ShowCacheClustersNotInReplicationGroups"):
        own = []
    others = [] if name in state.clusters else call_moto(context).get("CacheClusters") or []
    rows, marker = page(request, own + others, "MaxRecords", "Marker")
    if not request.get("ShowCacheNodeInfo"):
        rows = [{key: value for key, value in row.items() if key != "CacheNodes"} for row in rows]
    return {"CacheClusters": rows, "Marker": marker}


def _snapshot(context: RequestContext, group: dict[str, Any], name: str) -> dict[str, Any]:
    member = STATE.at(context).clusters[group["MemberClusters"][0]]
    return {
        "SnapshotName": name,
        "ReplicationGroupId": group["ReplicationGroupId"],
        "ReplicationGroupDescription": group["Description"],
        "SnapshotStatus": "available",
        "SnapshotSource": "manual",
        "CacheNodeType": group["CacheNodeType"],
        "Engine": group["Engine"],
        "EngineVersion": member["EngineVersion"],
        "NumNodeGroups": len(group["NodeGroups"]),
        "CacheSubnetGroupName": member["CacheSubnetGroupName"],
        "ARN": arn(context, f"snapshot:{name}"),
    }


def _group_of(context: RequestContext, name: str) -> dict[str, Any]:
    found = STATE.at(context).replication_groups.get(name.lower())
    if found is None:
        raise fault(context, "ReplicationGroupNotFoundFault", f"ReplicationGroup {name} not found.")
    return found


def _resize(context: RequestContext, request: dict[str, Any], grow: bool) -> dict[str, Any]:
    state = STATE.at(context)
    group = _group_of(context, request["ReplicationGroupId"])
    if not request.get("ApplyImmediately"):
        raise refusal("InvalidParameterValue", "ApplyImmediately must be true")
    each = {row["NodeGroupId"]: int(row["NewReplicaCount"]) for row in request.get("ReplicaConfiguration") or []}
    sample = _settings_of(context, group)
    for shard in group["NodeGroups"]:
        present = len(shard["NodeGroupMembers"]) - 1
        count = each.get(shard["NodeGroupId"], request.get("NewReplicaCount"))
        if count is None:
            continue
        count = int(count)
        if count == present or (count > present) != grow:
            raise refusal("InvalidParameterValue", f"The new replica count must be {'above' if grow else 'below'} the present one, {present}")
        if count > 5:
            raise fault(context, "NodeQuotaForClusterExceededFault", "At most 5 replicas per shard")
        if count < 1 and group["AutomaticFailover"] == "enabled":
            raise refusal("InvalidParameterValue", "Automatic failover needs at least one replica")
        named = request.get("ReplicasToRemove") or []
        while len(shard["NodeGroupMembers"]) - 1 > count:
            replicas = shard["NodeGroupMembers"][1:]
            gone = next((row for row in replicas if row["CacheClusterId"] in named), replicas[-1])
            shard["NodeGroupMembers"].remove(gone)
            state.clusters.pop(gone["CacheClusterId"], None)
        _fill(context, group, shard, count + 1, sample, sample["Zones"])
    _endpoints(context, group, sample["Port"])
    return {"ReplicationGroup": {**group, "Status": "modifying"}}


def _settings_of(context: RequestContext, group: dict[str, Any]) -> dict[str, Any]:
    member = STATE.at(context).clusters[group["MemberClusters"][0]]
    place = STATE.at(context).subnet_groups.get(member["CacheSubnetGroupName"])
    return {
        **{key: member[key] for key in ("EngineVersion", "PreferredMaintenanceWindow", "CacheSubnetGroupName", "SecurityGroups")},
        "CacheParameterGroupName": member["CacheParameterGroup"]["CacheParameterGroupName"],
        "Port": member["CacheNodes"][0]["Endpoint"]["Port"],
        "NotificationTopicArn": (member.get("NotificationConfiguration") or {}).get("TopicArn"),
        "Zones": _zones(context, place),
    }


def _fill(context: RequestContext, group: dict[str, Any], shard: dict[str, Any], count: int, settings: dict[str, Any], zones: list[str]) -> None:
    """Adds members to a shard until it has `count`, numbered as AWS does, spread over the zones."""
    state = STATE.at(context)
    name, index = group["ReplicationGroupId"], 1
    prefix = f"{name}-{shard['NodeGroupId']}" if group["ClusterEnabled"] else name
    while len(shard["NodeGroupMembers"]) < count:
        member = f"{prefix}-{index:03d}"
        index += 1
        if member in state.clusters:
            continue
        zone = zones[len(shard["NodeGroupMembers"]) % len(zones)]
        address = {"Address": f"{member}.{_domain(context, group)}", "Port": settings["Port"]}
        role = "primary" if not shard["NodeGroupMembers"] else "replica"
        row = {"CacheClusterId": member, "CacheNodeId": "0001", "PreferredAvailabilityZone": zone}
        if not group["ClusterEnabled"]:
            row.update(ReadEndpoint=address, CurrentRole=role)
        shard["NodeGroupMembers"].append(row)
        cluster = {
            "CacheClusterId": member,
            "Engine": group["Engine"],
            "EngineVersion": settings["EngineVersion"],
            "CacheClusterStatus": "available",
            "NumCacheNodes": 1,
            "PreferredAvailabilityZone": zone,
            "CacheClusterCreateTime": now(),
            "PreferredMaintenanceWindow": settings["PreferredMaintenanceWindow"],
            "PendingModifiedValues": {},
            "CacheSecurityGroups": [],
            "CacheParameterGroup": {"CacheParameterGroupName": settings["CacheParameterGroupName"], "ParameterApplyStatus": "in-sync", "CacheNodeIdsToReboot": []},
            "CacheSubnetGroupName": settings["CacheSubnetGroupName"],
            "CacheNodes": [{"CacheNodeId": "0001", "CacheNodeStatus": "available", "CacheNodeCreateTime": now(), "Endpoint": address,
                            "ParameterGroupStatus": "in-sync", "CustomerAvailabilityZone": zone}],
            "SecurityGroups": list(settings["SecurityGroups"]),
            "ReplicationGroupId": name,
            "ARN": arn(context, f"cluster:{member}"),
            "ReplicationGroupLogDeliveryEnabled": bool(group["LogDeliveryConfigurations"]),
        }
        if settings.get("NotificationTopicArn"):
            cluster["NotificationConfiguration"] = {"TopicArn": settings["NotificationTopicArn"], "TopicStatus": "active"}
        state.clusters[member] = cluster
        # A member is tagged like its group, and can be asked for its tags.
        state.tags[cluster["ARN"]] = dict(state.tags.get(group["ARN"], {}))
        _mirror(group, cluster)
    group["MemberClusters"] = [row["CacheClusterId"] for part in group["NodeGroups"] for row in part["NodeGroupMembers"]]


def _mirror(group: dict[str, Any], cluster: dict[str, Any]) -> None:
    """What a member shows of its group."""
    for key in ("CacheNodeType", "AutoMinorVersionUpgrade", "SnapshotRetentionLimit", "SnapshotWindow", "AuthTokenEnabled", "TransitEncryptionEnabled",
                "AtRestEncryptionEnabled", "NetworkType", "IpDiscovery", "LogDeliveryConfigurations", "TransitEncryptionMode"):
        if key in group:
            cluster[key] = group[key]


def _domain(context: RequestContext, group: dict[str, Any]) -> str:
    return f"{group['ReplicationGroupId'][:6]}.cache.amazonaws.com" if not group["TransitEncryptionEnabled"] else f"{group['ReplicationGroupId'][:6]}.{context.region[:2]}.cache.amazonaws.com"


def _endpoints(context: RequestContext, group: dict[str, Any], port: int) -> None:
    name, domain = group["ReplicationGroupId"], _domain(context, group)
    if group["ClusterEnabled"]:
        group["ConfigurationEndpoint"] = {"Address": f"clustercfg.{name}.{domain}", "Port": port}
        return
    shard = group["NodeGroups"][0]
    lead, read = ("master", "replica") if group["TransitEncryptionEnabled"] else (f"{name}.ng.0001", f"{name}-ro.ng.0001")
    suffix = f"{name}.{domain}" if group["TransitEncryptionEnabled"] else domain
    shard["PrimaryEndpoint"] = {"Address": f"{lead}.{suffix}", "Port": port}
    shard["ReaderEndpoint"] = {"Address": f"{read}.{suffix}", "Port": port}


def _zones(context: RequestContext, place: dict[str, Any] | None) -> list[str]:
    if place:
        return sorted({row["SubnetAvailabilityZone"]["Name"] for row in place["Subnets"]})
    return [f"{context.region}{letter}" for letter in "abc"]


def _shard_zones(request: dict[str, Any], index: int) -> list[str]:
    rows = request.get("NodeGroupConfiguration") or []
    if index >= len(rows) or not rows[index].get("PrimaryAvailabilityZone"):
        return []
    return [rows[index]["PrimaryAvailabilityZone"], *(rows[index].get("ReplicaAvailabilityZones") or [])]


def _deliveries(present: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_type = {row["LogType"]: row for row in present}
    for row in wanted:
        if row.get("Enabled") is False:
            by_type.pop(row["LogType"], None)
            continue
        kept = {key: value for key, value in row.items() if key != "Enabled"}
        by_type[row["LogType"]] = {**kept, "Status": "active"}
    return list(by_type.values())


def _check_token(token: str) -> None:
    if not 16 <= len(token) <= 128 or not re.fullmatch(r"[ -~]+", token) or re.search(r'[\s"@/]', token):
        raise refusal("InvalidParameterValue", "The AUTH token must have 16 to 128 printable characters, and no blank, quote, at sign or slash")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _full_version(engine: str, wanted: str | None) -> str:
    """AWS takes `7.1` and `7.1.0` alike, `6.x` for the newest six, and answers with three numbers."""
    if engine not in _DEFAULT_VERSIONS:
        raise refusal("InvalidParameterValue", f"The engine {engine} has no replication groups")
    if not wanted:
        return _DEFAULT_VERSIONS[engine]
    known_versions = {
        "redis": ["4.0.10", "5.0.0", "5.0.3", "5.0.4", "5.0.5", "5.0.6", "6.0.5", "6.2.6", "7.0.4", "7.0.5", "7.0.7", "7.1.0"],
        "valkey": ["7.2.6", "8.0.1", "8.1.0"],
    }[engine]
    prefix = wanted.removesuffix("x").rstrip(".")
    found = [version for version in known_versions if version == prefix or version.startswith(prefix + ".")]
    if not found:
        raise refusal("InvalidParameterValue", f"Cannot find version {wanted} for {engine}")
    return found[-1]


def _family(engine: str, version: str) -> str:
    major = int(version.split(".")[0])
    if engine == "valkey":
        return f"valkey{major}"
    return {4: "redis4.0", 5: "redis5.0", 6: "redis6.x"}.get(major, "redis7")


def _default_parameters(engine: str, version: str) -> str:
    return f"default.{_family(engine, version)}"
