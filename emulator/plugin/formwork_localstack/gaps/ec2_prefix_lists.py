"""EC2: customer-managed prefix lists. moto takes them as they come, renames them to nothing, and never lets go of them.

https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html
"""

import ipaddress
from typing import Any

from localstack.aws.api import RequestContext

from .. import known, weather
from ..intercept import Layer, Proceed, around, refusal
from .altered import alter, call


@around(Layer.GAPS, "ec2", "CreateManagedPrefixList")
def create(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    if request["PrefixListName"].startswith("com.amazonaws"):
        raise refusal("InvalidPrefixListName", "The prefix list name cannot start with com.amazonaws")
    entries = [_canonical(entry, request["AddressFamily"]) for entry in request.get("Entries") or []]
    _check_size(entries, request["MaxEntries"])
    if request.get("Entries"):
        alter(context, request, Entries=entries)
    answer = call(context, request)
    found = known.ec2(context.account_id, context.region).managed_prefix_lists[answer["PrefixList"]["PrefixListId"]]
    found.entries, found.max_entries = {1: entries}, request["MaxEntries"]
    _set_out(context, found, "create")
    answer["PrefixList"] = _row(found)
    return answer


@around(Layer.GAPS, "ec2", "DescribeManagedPrefixLists")
def describe(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    lists = known.ec2(context.account_id, context.region).managed_prefix_lists
    for list_id in request.get("PrefixListIds") or []:
        _list(context, list_id)
    answer = proceed()
    for row in answer.get("PrefixLists") or []:
        found = lists.get(row["PrefixListId"])
        if found is not None and found.owner_id != "AWS":
            row.update(_row(found))
            found.formwork_reads = max(0, getattr(found, "formwork_reads", 0) - 1)
    return answer


@around(Layer.GAPS, "ec2", "GetManagedPrefixListEntries")
def get_entries(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    found = _list(context, request["PrefixListId"])
    version = request.get("TargetVersion") or found.version
    entries = found.entries.get(version) if version else (list(found.entries.values()) or [[]])[-1]
    if entries is None:
        raise refusal("InvalidParameterValue", f"There is no version {version} of {found.id}")
    return {"Entries": [dict(entry) for entry in entries]}


@around(Layer.GAPS, "ec2", "ModifyManagedPrefixList")
def modify(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """The entries under the version they were read in; the size by itself."""
    found = _list(context, request["PrefixListId"])
    added, removed = request.get("AddEntries") or [], [entry["Cidr"] for entry in request.get("RemoveEntries") or []]
    if getattr(found, "formwork_reads", 0):
        raise refusal("IncorrectState", f"The prefix list {found.id} is in an incorrect state for the request")
    if request.get("MaxEntries") and (added or removed):
        raise refusal("InvalidParameterCombination", "You cannot modify the maximum number of entries and the entries at the same time")
    if not (added or removed or request.get("MaxEntries") or request.get("PrefixListName")):
        raise refusal("InvalidRequest", "The request received was invalid.")
    if request.get("MaxEntries"):
        _check_size(found.entries[found.version], request["MaxEntries"])
        found.max_entries = request["MaxEntries"]
    if added or removed:
        _exchange(found, request, [_canonical(entry, found.address_family) for entry in added], removed)
    found.prefix_list_name = request.get("PrefixListName") or found.prefix_list_name
    _set_out(context, found, "modify")
    return {"PrefixList": _row(found)}


def _exchange(found: Any, request: dict[str, Any], added: list[dict[str, Any]], removed: list[str]) -> None:
    if request.get("CurrentVersion") != found.version:
        raise refusal("PrefixListVersionMismatch", f"The prefix list has the incorrect version number {request.get('CurrentVersion')}")
    if len(added) + len(removed) > 100:
        raise refusal("InvalidParameterValue", "Request cannot contain more than 100 entries")
    ranges = {entry["Cidr"] for entry in added}
    if ranges & set(removed):
        raise refusal("InvalidParameterValue", "Request cannot contain a Cidr in both AddPrefixListEntries and RemovePrefixListEntries")
    now = found.entries[found.version]
    if missing := set(removed) - {entry["Cidr"] for entry in now}:
        raise refusal("InvalidParameterValue", f"The entries {sorted(missing)} do not exist")
    entries = [entry for entry in now if entry["Cidr"] not in removed and entry["Cidr"] not in ranges] + added
    _check_size(entries, found.max_entries)
    found.version += 1
    found.entries[found.version] = entries


@around(Layer.GAPS, "ec2", "DeleteManagedPrefixList")
def delete(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """Not while rules of security groups or routes name it."""
    backend = known.ec2(context.account_id, context.region)
    found = _list(context, request["PrefixListId"])
    users = [group.id for groups in list(backend.groups.values()) for group in list(groups.values())
             if any(found.id == rule.prefix_list_id for rule in [*group.ingress_rules, *group.egress_rules])]
    users += [table.id for table in list(backend.route_tables.values()) if any(route.destination_prefix_list is found for route in table.routes.values())]
    if users:
        raise refusal("DependencyViolation", f"The prefix list {found.id} is used by {', '.join(users)}")
    del backend.managed_prefix_lists[found.id]
    backend.tags.pop(found.id, None)
    return {"PrefixList": {**_row(found), "State": "delete-in-progress"}}


def _list(context: RequestContext, list_id: str) -> Any:
    found = known.ec2(context.account_id, context.region).managed_prefix_lists.get(list_id)
    if found is None:
        raise refusal("InvalidPrefixListID.NotFound", f"The prefix list ID '{list_id}' does not exist")
    return found


def _set_out(context: RequestContext, found: Any, what: str) -> None:
    condition = weather.of(context.account_id)
    found.formwork_reads = max(1, condition.pending if condition else 0)
    found.state = f"{what}-complete"


def _row(found: Any) -> dict[str, Any]:
    on_the_way = getattr(found, "formwork_reads", 0) > 0
    return {
        "PrefixListId": found.id, "AddressFamily": found.address_family, "PrefixListArn": found.prefix_list_arn, "PrefixListName": found.prefix_list_name,
        "State": found.state.replace("-complete", "-in-progress") if on_the_way else found.state, "MaxEntries": int(found.max_entries), "Version": found.version,
        "OwnerId": found.owner_id, "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in found.get_tags()],
    }


def _check_size(entries: list[dict[str, Any]], most: int) -> None:
    if len(entries) > most:
        raise refusal("PrefixListMaxEntriesExceeded", f"The list has {len(entries)} entries, and may have {most}")


def _canonical(entry: dict[str, Any], family: str) -> dict[str, Any]:
    try:
        network = ipaddress.ip_network(entry["Cidr"], strict=False)
    except ValueError:
        raise refusal("InvalidParameterValue", f"The CIDR {entry['Cidr']} is invalid") from None
    if f"IPv{network.version}" != family:
        raise refusal("InvalidParameterValue", f"The CIDR {network} is not of the address family {family}")
    return {key: value for key, value in {**entry, "Cidr": str(network)}.items() if value}
