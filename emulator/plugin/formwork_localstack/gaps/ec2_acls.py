"""EC2: network ACLs. moto makes them without the two last entries, loses the types and codes of ICMP, and fails on entries that are not there."""

from typing import Any

from localstack.aws.api import RequestContext
from moto.ec2.models.network_acls import NetworkAcl, NetworkAclEntry

from .. import known
from ..intercept import Layer, Proceed, around, refusal

LAST = 32767
"""The number of the entries that every ACL ends with: what no other entry fits is dropped."""

_filter_value = NetworkAcl.get_filter_value


def _by_id(self: Any, filter_name: str, method_name: str | None = None) -> Any:
    return self.id if filter_name == "network-acl-id" else _filter_value(self, filter_name, method_name)


NetworkAcl.get_filter_value = _by_id


@around(Layer.GAPS, "ec2", "CreateNetworkAcl")
def create_network_acl(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    acl = known.ec2(context.account_id, context.region).network_acls[answer["NetworkAcl"]["NetworkAclId"]]
    for egress in (True, False):
        acl.network_acl_entries.append(_entry(acl, {"RuleNumber": LAST, "Protocol": "-1", "RuleAction": "deny", "Egress": egress, "CidrBlock": "0.0.0.0/0"}))
    _show(acl, answer["NetworkAcl"])
    return answer


@around(Layer.GAPS, "ec2", "DescribeNetworkAcls")
def describe_network_acls(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    acls = known.ec2(context.account_id, context.region).network_acls
    for acl_id in request.get("NetworkAclIds") or []:
        _acl(context, acl_id)
    answer = proceed()
    for row in answer.get("NetworkAcls") or []:
        _show(acls[row["NetworkAclId"]], row)
    return answer


@around(Layer.GAPS, "ec2", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry")
def set_entry(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html"""
    acl, number = _acl(context, request["NetworkAclId"]), request["RuleNumber"]
    if not 1 <= number <= 32766:
        raise refusal("InvalidParameterValue", f"Value ({number}) for parameter ruleNumber is invalid.")
    if bool(request.get("CidrBlock")) == bool(request.get("Ipv6CidrBlock")):
        raise refusal("InvalidParameterCombination", "Exactly one of cidrBlock and ipv6CidrBlock must be specified")
    if request["Protocol"] in ("6", "17") and not request.get("PortRange"):
        raise refusal("MissingParameter", "The request must contain the parameter PortRange")
    if request["Protocol"] in ("1", "58") and not request.get("IcmpTypeCode"):
        raise refusal("MissingParameter", "The request must contain the parameter Icmp")
    held = _held(acl, number, request["Egress"])
    if context.operation.name == "CreateNetworkAclEntry" and held is not None:
        raise refusal("NetworkAclEntryAlreadyExists", f"The network acl entry identified by {number} already exists.")
    if context.operation.name == "ReplaceNetworkAclEntry":
        if held is None:
            raise _missing(number)
        acl.network_acl_entries.remove(held)
    acl.network_acl_entries.append(_entry(acl, request))
    return {}


@around(Layer.GAPS, "ec2", "DeleteNetworkAclEntry")
def delete_entry(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    acl = _acl(context, request["NetworkAclId"])
    held = _held(acl, request["RuleNumber"], request["Egress"])
    if held is None:
        raise _missing(request["RuleNumber"])
    acl.network_acl_entries.remove(held)
    return {}


@around(Layer.GAPS, "ec2", "ReplaceNetworkAclAssociation")
def replace_association(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    backend = known.ec2(context.account_id, context.region)
    acl = _acl(context, request["NetworkAclId"])
    held = next((held for held in list(backend.network_acls.values()) if request["AssociationId"] in held.associations), None)
    if held is None:
        raise refusal("InvalidAssociationID.NotFound", f"The association ID '{request['AssociationId']}' does not exist")
    if held.vpc_id != acl.vpc_id:
        raise refusal("InvalidParameterValue", f"network ACL {acl.id} and the subnet belong to different networks")
    return proceed()


def _acl(context: RequestContext, acl_id: str) -> Any:
    found = known.ec2(context.account_id, context.region).network_acls.get(acl_id)
    if found is None:
        raise refusal("InvalidNetworkAclID.NotFound", f"The networkAcl ID '{acl_id}' does not exist")
    return found


def _missing(number: int) -> Exception:
    return refusal("InvalidNetworkAclEntry.NotFound", f"The network acl entry identified by {number} does not exist")


def _held(acl: Any, number: int, egress: bool) -> Any:
    def same(entry: Any) -> bool:
        return int(entry.rule_number) == number and (entry.egress in (True, "true")) == egress

    return next((entry for entry in acl.network_acl_entries if same(entry)), None)


def _entry(acl: Any, request: dict[str, Any]) -> Any:
    ports, message = request.get("PortRange") or {}, request.get("IcmpTypeCode") or {}
    return NetworkAclEntry(
        acl.ec2_backend, acl.id, request["RuleNumber"], request["Protocol"], request["RuleAction"], request["Egress"], request.get("CidrBlock"),
        message.get("Code"), message.get("Type"), ports.get("From"), ports.get("To"), request.get("Ipv6CidrBlock"),
    )


def _show(acl: Any, row: dict[str, Any]) -> None:
    row["Entries"], row["OwnerId"] = [], acl.owner_id
    for entry in sorted(acl.network_acl_entries, key=lambda entry: int(entry.rule_number)):
        shown = {"RuleNumber": int(entry.rule_number), "Protocol": str(entry.protocol), "RuleAction": entry.rule_action, "Egress": entry.egress in (True, "true")}
        for key, value in (("CidrBlock", entry.cidr_block), ("Ipv6CidrBlock", entry.ipv6_cidr_block)):
            if value:
                shown[key] = value
        if entry.port_range_from is not None:
            shown["PortRange"] = {"From": int(entry.port_range_from), "To": int(entry.port_range_to)}
        if entry.icmp_type is not None:
            shown["IcmpTypeCode"] = {"Type": int(entry.icmp_type), "Code": int(entry.icmp_code)}
        row["Entries"].append(shown)
