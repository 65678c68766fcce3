"""Route 53: hosted zones, their records and the changes of them, supplied whole.

moto takes nearly every batch of changes, deletes by name and type alone, answers changes as made at once, and makes a second
zone for a reference that was used. What is not here (health checks, traffic policies) is moto's.
https://docs.aws.amazon.com/Route53/latest/APIReference/
"""

import copy
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault
from ..stores import Regional
from .native import now

PENDING_READS = 1
"""For how many looks a change is on its way to the name servers."""

_GLOBAL = "aws-global"
_APEX_TTL = {"NS": 172800, "SOA": 900}
_ROUTED = ("Weight", "Region", "Failover", "GeoLocation", "GeoProximityLocation", "CidrRoutingConfig", "MultiValueAnswer")

Key = tuple[str, str, str]
"""A record by name, type and set identifier."""


@dataclass
class Zone:
    """A hosted zone: as `GetHostedZone` answers it, and what is in it."""

    row: dict[str, Any]
    servers: dict[str, Any] | None
    vpcs: list[dict[str, str]] = field(default_factory=list)
    records: dict[Key, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    features: int = 0
    """For how many looks a feature still comes or goes."""

    @property
    def id(self) -> str:
        """The id without what stands before it."""
        return self.row["Id"].rsplit("/", 1)[-1]

    @property
    def private(self) -> bool:
        """Whether it answers in its VPCs only."""
        return bool(self.row["Config"]["PrivateZone"])


@dataclass
class State:
    """What an account has."""

    zones: dict[str, Zone] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    logging: dict[str, dict[str, str]] = field(default_factory=dict)
    sets: dict[str, dict[str, Any]] = field(default_factory=dict)


STATE: Regional[State] = Regional(State)


def clear(account_id: str | None = None) -> None:
    """Forgets one account, or all."""
    STATE.clear(account_id)


Operation = Callable[[RequestContext, State, dict[str, Any]], dict[str, Any] | None]


def _operation(name: str) -> Callable[[Operation], Operation]:
    def register(function: Operation) -> Operation:
        def locked(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
            with STATE.lock:
                return copy.deepcopy(function(context, STATE.of(context.account_id, _GLOBAL), dict(request)) or {})

        around(Layer.GAPS, "route53", name)(locked)
        return function

    return register


def canonical(name: str) -> str:
    """A name as Route 53 keeps it: small letters, a dot at the end, `*` as its number."""
    return name.lower().rstrip(".").replace("*", "\\052") + "."


def resolves(account_id: str, name: str, kind: str, value: str) -> bool:
    """Whether a public zone of the account answers a name with a value, as all of the internet would see it."""
    with STATE.lock:
        for zone in STATE.of(account_id, _GLOBAL).zones.values():
            for (held, held_kind, _), record in zone.records.items():
                if not zone.private and (held, held_kind) == (canonical(name), kind):
                    if any(canonical(row["Value"]) == canonical(value) for row in record.get("ResourceRecords") or []):
                        return True
    return False


def zones(account_id: str) -> Iterator[Zone]:
    """What stands, for the lister."""
    with STATE.lock:
        return iter(list(STATE.of(account_id, _GLOBAL).zones.values()))


def foreign(zone: Zone) -> list[dict[str, Any]]:
    """The records that a zone does not have by itself."""
    return [record for (name, kind, _), record in zone.records.items() if (name, kind) not in ((zone.row["Name"], "NS"), (zone.row["Name"], "SOA"))]


@_operation("CreateHostedZone")
def create_hosted_zone(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    name, reference, vpc = canonical(request["Name"]), request["CallerReference"], request.get("VPC")
    if reference in state.references:
        raise fault(context, "HostedZoneAlreadyExists", f"A hosted zone has already been created with the specified caller reference: {reference}")
    config = {"Comment": (request.get("HostedZoneConfig") or {}).get("Comment"), "PrivateZone": vpc is not None}
    if (request.get("HostedZoneConfig") or {}).get("PrivateZone") and vpc is None:
        raise fault(context, "InvalidInput", "When you're creating a private hosted zone, you must specify a VPC.")
    if vpc is not None:
        _check_vpc(context, state, name, vpc)
    shared = request.get("DelegationSetId")
    if shared and shared.rsplit("/", 1)[-1] not in state.sets:
        raise fault(context, "NoSuchDelegationSet", f"A reusable delegation set with the ID {shared} does not exist.")
    servers = None if vpc else copy.deepcopy(state.sets[shared.rsplit("/", 1)[-1]]) if shared else {"NameServers": _name_servers()}
    row = {"Id": f"/hostedzone/{_id('Z')}", "Name": name, "CallerReference": reference, "Config": {k: v for k, v in config.items() if v is not None}}
    zone = Zone(row, servers, [dict(vpc)] if vpc else [])
    named = (servers or {"NameServers": _name_servers()})["NameServers"]
    _put(zone, {"Name": name, "Type": "NS", "TTL": _APEX_TTL["NS"], "ResourceRecords": [{"Value": f"{server}."} for server in named]})
    soa = f"{named[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    _put(zone, {"Name": name, "Type": "SOA", "TTL": _APEX_TTL["SOA"], "ResourceRecords": [{"Value": soa}]})
    state.zones[zone.id] = zone
    state.references.add(reference)
    answer = {"HostedZone": _shown(zone), "ChangeInfo": _change(state), "Location": f"https://route53.amazonaws.com/2013-04-01{row['Id']}"}
    return {**answer, **({"DelegationSet": servers} if servers else {"DelegationSet": {"NameServers": []}, "VPC": vpc})}


@_operation("GetHostedZone")
def get_hosted_zone(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    zone = _zone(context, state, request["Id"])
    if zone.features:
        zone.features -= 1
        if not zone.features:
            _settle(zone)
    answer = {"HostedZone": _shown(zone)}
    return {**answer, **({"VPCs": zone.vpcs} if zone.private else {"DelegationSet": zone.servers})}


@_operation("ListHostedZones")
def list_hosted_zones(_context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    size, wanted = int(request.get("MaxItems") or 100), request.get("DelegationSetId")
    found = [zone for zone in state.zones.values() if not wanted or (zone.servers or {}).get("Id", "").endswith(wanted)]
    ids = [zone.id for zone in found]
    start = ids.index(request["Marker"]) if request.get("Marker") in ids else 0
    page, rest = found[start : start + size], found[start + size :]
    answer = {"HostedZones": [_shown(zone) for zone in page], "Marker": request.get("Marker") or "", "IsTruncated": bool(rest), "MaxItems": str(size)}
    return {**answer, **({"NextMarker": rest[0].id} if rest else {})}


@_operation("ListHostedZonesByName")
def list_hosted_zones_by_name(_context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    size = int(request.get("MaxItems") or 100)
    order = lambda zone: (_order(zone.row["Name"]), zone.id)  # noqa: E731
    start = (_order(canonical(request["DNSName"])) if request.get("DNSName") else [], request.get("HostedZoneId") or "")
    found = [zone for zone in sorted(state.zones.values(), key=order) if order(zone) >= start]
    page, rest = found[:size], found[size:]
    answer = {"HostedZones": [_shown(zone) for zone in page], "IsTruncated": bool(rest), "MaxItems": str(size)}
    answer.update({key: request[key] for key in ("DNSName", "HostedZoneId") if request.get(key)})
    return {**answer, **({"NextDNSName": rest[0].row["Name"], "NextHostedZoneId": rest[0].id} if rest else {})}


@_operation("ListHostedZonesByVPC")
def list_hosted_zones_by_vpc(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    wanted = (request["VPCId"], request["VPCRegion"])
    found = [zone for zone in state.zones.values() if wanted in [(vpc["VPCId"], vpc["VPCRegion"]) for vpc in zone.vpcs]]
    rows = [{"HostedZoneId": zone.id, "Name": zone.row["Name"], "Owner": {"OwningAccount": context.account_id}} for zone in found]
    return {"HostedZoneSummaries": rows, "MaxItems": str(request.get("MaxItems") or 100)}


@_operation("GetHostedZoneCount")
def get_hosted_zone_count(_context: RequestContext, state: State, _request: dict[str, Any]) -> dict[str, Any]:
    return {"HostedZoneCount": len(state.zones)}


@_operation("UpdateHostedZoneComment")
def update_hosted_zone_comment(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    zone = _zone(context, state, request["Id"])
    zone.row["Config"].pop("Comment", None)
    if request.get("Comment"):
        zone.row["Config"]["Comment"] = request["Comment"]
    return {"HostedZone": _shown(zone)}


@_operation("UpdateHostedZoneFeatures")
def update_hosted_zone_features(context: RequestContext, state: State, request: dict[str, Any]) -> None:
    zone, wanted = _zone(context, state, request["HostedZoneId"]), bool(request.get("EnableAcceleratedRecovery"))
    if zone.private:
        raise fault(context, "InvalidInput", "Accelerated recovery is only available for public hosted zones.")
    zone.row["Features"] = {"AcceleratedRecoveryStatus": "ENABLING" if wanted else "DISABLING"}
    zone.features = PENDING_READS + 1


@_operation("DeleteHostedZone")
def delete_hosted_zone(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    zone = _zone(context, state, request["Id"])
    if foreign(zone):
        raise fault(context, "HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
    del state.zones[zone.id]
    for identity in [key for key, row in state.logging.items() if row["HostedZoneId"] == zone.id]:
        del state.logging[identity]
    return {"ChangeInfo": _change(state)}


@_operation("AssociateVPCWithHostedZone")
def associate_vpc(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    zone, vpc = _zone(context, state, request["HostedZoneId"]), request["VPC"]
    if not zone.private:
        raise fault(context, "PublicZoneVPCAssociation", "You're trying to associate a VPC with a public hosted zone.")
    if vpc["VPCId"] not in [held["VPCId"] for held in zone.vpcs]:
        _check_vpc(context, state, zone.row["Name"], vpc)
        zone.vpcs.append(dict(vpc))
    return {"ChangeInfo": _change(state)}


@_operation("DisassociateVPCFromHostedZone")
def disassociate_vpc(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    zone, vpc_id = _zone(context, state, request["HostedZoneId"]), request["VPC"]["VPCId"]
    left = [held for held in zone.vpcs if held["VPCId"] != vpc_id]
    if len(left) == len(zone.vpcs):
        raise fault(context, "VPCAssociationNotFound", f"The VPC {vpc_id} and hosted zone {zone.id} that you specified are not currently associated.")
    if not left:
        raise fault(context, "LastVPCAssociation", "The VPC that you're trying to disassociate from the private hosted zone is the last VPC that is associated with it.")
    zone.vpcs = left
    return {"ChangeInfo": _change(state)}


@_operation("ChangeResourceRecordSets")
def change_records(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    """All changes of a batch are made, or none."""
    from .route53_records import apply

    zone = _zone(context, state, request["HostedZoneId"])
    after, wrong = apply(zone, request["ChangeBatch"]["Changes"])
    if wrong:
        raise fault(context, "InvalidChangeBatch", f"[{', '.join(wrong)}]")
    zone.records = after
    return {"ChangeInfo": _change(state, request["ChangeBatch"].get("Comment"))}


@_operation("ListResourceRecordSets")
def list_records(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    zone, size = _zone(context, state, request["HostedZoneId"]), int(request.get("MaxItems") or 300)
    name, kind, identifier = request.get("StartRecordName"), request.get("StartRecordType"), request.get("StartRecordIdentifier")
    if kind and not name or identifier and not kind:
        raise fault(context, "InvalidInput", "The input is not valid.")
    start = (_order(canonical(name)) if name else [], kind or "", identifier or "")
    place = lambda key: (_order(key[0]), key[1], key[2])  # noqa: E731
    keys = [key for key in sorted(zone.records, key=place) if place(key) >= start]
    page, rest = keys[:size], keys[size:]
    answer = {"ResourceRecordSets": [zone.records[key] for key in page], "IsTruncated": bool(rest), "MaxItems": str(size)}
    if rest:
        answer.update(NextRecordName=rest[0][0], NextRecordType=rest[0][1], **({"NextRecordIdentifier": rest[0][2]} if rest[0][2] else {}))
    return answer


@_operation("GetChange")
def get_change(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    change = state.changes.get(request["Id"].rsplit("/", 1)[-1])
    if change is None:
        raise fault(context, "NoSuchChange", f"A change with the specified change ID {request['Id']} does not exist.")
    info, left = change
    if left:
        change[1] = left - 1
    else:
        info["Status"] = "INSYNC"
    return {"ChangeInfo": info}


@_operation("ChangeTagsForResource")
def change_tags(context: RequestContext, state: State, request: dict[str, Any]) -> None:
    tags = _zone(context, state, request["ResourceId"]).tags
    for key in request.get("RemoveTagKeys") or []:
        tags.pop(key, None)
    tags.update({tag["Key"]: tag.get("Value", "") for tag in request.get("AddTags") or []})


@_operation("ListTagsForResource")
def list_tags(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    return {"ResourceTagSet": _tag_set(_zone(context, state, request["ResourceId"]))}


@_operation("ListTagsForResources")
def list_tags_of_many(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    if len(request["ResourceIds"]) > 10:
        raise fault(context, "InvalidInput", "At most 10 resource IDs may be given.")
    return {"ResourceTagSets": [_tag_set(_zone(context, state, identity)) for identity in request["ResourceIds"]]}


@_operation("CreateQueryLoggingConfig")
def create_query_logging(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    zone, arn = _zone(context, state, request["HostedZoneId"]), request["CloudWatchLogsLogGroupArn"]
    if any(row["HostedZoneId"] == zone.id for row in state.logging.values()):
        raise fault(context, "QueryLoggingConfigAlreadyExists", "You can create only one query logging configuration for a hosted zone.")
    if zone.private:
        raise fault(context, "InvalidInput", "Query logging is only available for public hosted zones.")
    if not known.log_group(context.account_id, "us-east-1", arn):
        raise fault(context, "NoSuchCloudWatchLogsLogGroup", f"There is no CloudWatch Logs log group with the specified ARN {arn}.")
    identity = _id("q").lower()
    state.logging[identity] = {"Id": identity, "HostedZoneId": zone.id, "CloudWatchLogsLogGroupArn": arn}
    return {"QueryLoggingConfig": state.logging[identity], "Location": f"https://route53.amazonaws.com/2013-04-01/queryloggingconfig/{identity}"}


@_operation("ListQueryLoggingConfigs")
def list_query_logging(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    wanted = request.get("HostedZoneId")
    if wanted:
        wanted = _zone(context, state, wanted).id
    return {"QueryLoggingConfigs": [row for row in state.logging.values() if wanted in (None, row["HostedZoneId"])]}


@_operation("GetQueryLoggingConfig")
def get_query_logging(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    if request["Id"] not in state.logging:
        raise fault(context, "NoSuchQueryLoggingConfig", "There is no DNS query logging configuration with the specified ID.")
    return {"QueryLoggingConfig": state.logging[request["Id"]]}


@_operation("DeleteQueryLoggingConfig")
def delete_query_logging(context: RequestContext, state: State, request: dict[str, Any]) -> None:
    get_query_logging(context, state, request)
    del state.logging[request["Id"]]


@_operation("CreateReusableDelegationSet")
def create_delegation_set(context: RequestContext, state: State, request: dict[str, Any]) -> dict[str, Any]:
    reference = request["CallerReference"]
    if any(held["CallerReference"] == reference for held in state.sets.values()):
        raise fault(context, "DelegationSetAlreadyCreated", f"A delegation set with the same caller reference has already been created: {reference}")
    identity = _id("N")
    state.sets[identity] = {"Id": f"/delegationset/{identity}", "CallerReference": reference, "NameServers": _name_servers()}
    return {"DelegationSet": state.sets[identity], "Location": f"https://route53.amazonaws.com/2013-04-01/delegationset/{identity}"}


@_operation("DeleteReusableDelegationSet")
def delete_delegation_set(context: RequestContext, state: State, request: dict[str, Any]) -> None:
    identity = request["Id"].rsplit("/", 1)[-1]
    if identity not in state.sets:
        raise fault(context, "NoSuchDelegationSet", f"A reusable delegation set with the ID {identity} does not exist.")
    if any((zone.servers or {}).get("Id", "").endswith(identity) for zone in state.zones.values()):
        raise fault(context, "DelegationSetInUse", "The specified delegation contains associated hosted zones which must be deleted first.")
    del state.sets[identity]


def _zone(context: RequestContext, state: State, identity: str) -> Zone:
    zone = state.zones.get(identity.rsplit("/", 1)[-1])
    if zone is None:
        raise fault(context, "NoSuchHostedZone", f"No hosted zone found with ID: {identity.rsplit('/', 1)[-1]}")
    return zone


def _check_vpc(context: RequestContext, state: State, name: str, vpc: dict[str, str]) -> None:
    if known.vpc(context.account_id, vpc.get("VPCRegion") or context.region, vpc["VPCId"]) is None:
        raise fault(context, "InvalidVPCId", f"The VPC: {vpc['VPCId']} you provided is not found")
    for zone in state.zones.values():
        if zone.row["Name"] == name and vpc["VPCId"] in [held["VPCId"] for held in zone.vpcs]:
            raise fault(context, "ConflictingDomainExists", f"The VPC {vpc['VPCId']} in region {vpc.get('VPCRegion')} has already been associated with the hosted zone {zone.id} with the same domain name.")


def _shown(zone: Zone) -> dict[str, Any]:
    return {**zone.row, "ResourceRecordSetCount": len(zone.records)}


def _settle(zone: Zone) -> None:
    coming = zone.row["Features"]["AcceleratedRecoveryStatus"] == "ENABLING"
    zone.row["Features"] = {"AcceleratedRecoveryStatus": "ENABLED" if coming else "DISABLED"}


def _put(zone: Zone, record: dict[str, Any]) -> None:
    zone.records[record["Name"], record["Type"], record.get("SetIdentifier") or ""] = record


def _tag_set(zone: Zone) -> dict[str, Any]:
    return {"ResourceType": "hostedzone", "ResourceId": zone.id, "Tags": [{"Key": key, "Value": value} for key, value in zone.tags.items()]}


def _change(state: State, comment: str | None = None) -> dict[str, Any]:
    info = {"Id": f"/change/{_id('C')}", "Status": "PENDING", "SubmittedAt": now(), **({"Comment": comment} if comment else {})}
    state.changes[info["Id"].rsplit("/", 1)[-1]] = [info, PENDING_READS]
    return dict(info)


def _order(name: str) -> list[str]:
    """Route 53 sorts names by their labels, from the end."""
    return list(reversed(name.rstrip(".").split(".")))


def _name_servers() -> list[str]:
    number = random.randrange(512)
    return [f"ns-{number + 512 * place}.awsdns-{number % 64:02}.{top}" for place, top in enumerate(("com", "net", "org", "co.uk"))]


def _id(first: str) -> str:
    return first + "".join(random.choices(string.ascii_uppercase + string.digits, k=20))
