"""What Route 53 refuses of a batch of changes, in its words."""

import re
from typing import Any

from .route53 import _APEX_TTL, _ROUTED, Key, Zone, canonical

_ALONE = "CNAME"
_QUOTED = re.compile(r'("([^"\\]|\\.){0,255}"\s*)+')


def apply(zone: Zone, changes: list[dict[str, Any]]) -> tuple[dict[Key, dict[str, Any]], list[str]]:
    """The records after a batch, and what is wrong with it."""
    records, wrong = dict(zone.records), []
    for change in changes:
        record = _kept(change["ResourceRecordSet"])
        key = (record["Name"], record["Type"], record.get("SetIdentifier") or "")
        if said := _one(zone, records, change["Action"], key, record):
            wrong.append(said)
        elif change["Action"] == "DELETE":
            del records[key]
        else:
            records[key] = record
    if not wrong:
        wrong += _together(zone, records)
    return records, wrong


def _kept(record: dict[str, Any]) -> dict[str, Any]:
    """A record as it is answered: names in one spelling, nothing that was not said."""
    kept = {name: value for name, value in record.items() if value not in (None, "", [])}
    kept["Name"] = canonical(record["Name"])
    if target := kept.get("AliasTarget"):
        kept["AliasTarget"] = {**target, "DNSName": canonical(target["DNSName"])}
    return kept


def _one(zone: Zone, records: dict[Key, dict[str, Any]], action: str, key: Key, record: dict[str, Any]) -> str | None:
    name, kind, identifier = key
    told = f"[name='{name}', type='{kind}'" + (f", set-identifier='{identifier}'" if identifier else "") + "]"
    apex = zone.row["Name"]
    if name != apex and not name.endswith(f".{apex}"):
        return f"RRSet with DNS name {name} is not permitted in zone {apex}"
    if action == "DELETE":
        if key not in records:
            return f"Tried to delete resource record set {told} but it was not found"
        if _comparable(records[key]) != _comparable(record):
            return f"Tried to delete resource record set {told} but the values provided do not match the current values"
        if name == apex and kind in _APEX_TTL:
            return "A HostedZone must contain exactly one SOA record." if kind == "SOA" else "A HostedZone must contain at least one NS record for the zone itself."
        return None
    if action == "CREATE" and key in records:
        return f"Tried to create resource record set {told} but it already exists"
    whole = "TTL" in record and bool(record.get("ResourceRecords"))
    if whole == ("AliasTarget" in record) or ("AliasTarget" in record and ("TTL" in record or "ResourceRecords" in record)):
        return f"Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none or more in Change with [Action={action}, Name={name}, Type={kind}, SetIdentifier={identifier or 'null'}]"
    if (sort := _sort(record)) and not identifier or identifier and not sort:
        return f"Invalid request: Missing field 'SetIdentifier' or a routing policy in Change with [Action={action}, Name={name}, Type={kind}, SetIdentifier={identifier or 'null'}]"
    values = [row["Value"] for row in record.get("ResourceRecords") or []]
    if kind in ("TXT", "SPF") and not all(_QUOTED.fullmatch(value) for value in values):
        return f"Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with '{values[0]}''"
    if kind == _ALONE and len(values) > 1:
        return f"RRSet of type CNAME with DNS name {name} has more than one value"
    if kind == _ALONE and name == apex:
        return f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}"
    target = record.get("AliasTarget") or {}
    if str(target.get("HostedZoneId", "")).rsplit("/", 1)[-1] == zone.id and not any(held[:2] == (target["DNSName"], kind) for held in records):
        return f"Tried to create an alias that targets {target['DNSName']}, type {kind} in zone {zone.id}, but the alias target name does not lie within the target zone"
    return None


def _together(zone: Zone, records: dict[Key, dict[str, Any]]) -> list[str]:
    """What no single change is to blame for."""
    wrong, apex = [], zone.row["Name"]
    kinds: dict[str, set[str]] = {}
    sorts: dict[tuple[str, str], set[str]] = {}
    for (name, kind, _), record in records.items():
        kinds.setdefault(name, set()).add(kind)
        sorts.setdefault((name, kind), set()).add(_sort(record))
    for name, held in kinds.items():
        if _ALONE in held and len(held) > 1:
            wrong.append(f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {apex}")
    for (name, kind), held in sorts.items():
        if len(held) > 1:
            wrong.append(f"RRSet with DNS name {name}, type {kind}, cannot be created as other RRSets exist with the same name and type and another routing policy")
    return wrong


def _sort(record: dict[str, Any]) -> str:
    """How a record is chosen among others; empty for one that stands alone."""
    return next((name for name in _ROUTED if name in record and record[name] is not False), "")


def _comparable(record: dict[str, Any]) -> Any:
    values = sorted(row["Value"] for row in record.get("ResourceRecords") or [])
    rest = {name: value for name, value in record.items() if name != "ResourceRecords" and value is not False}
    return values, rest
