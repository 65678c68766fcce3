"""EC2: what AWS checks of every request, and the security group requests that moto takes unseen."""

import re
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, refusal

_TAGGED = {
    "CreateVpc": "vpc", "CreateSubnet": "subnet", "CreateInternetGateway": "internet-gateway", "AllocateAddress": "elastic-ip", "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table", "CreateSecurityGroup": "security-group", "CreateVpcEndpoint": "vpc-endpoint", "CreateFlowLogs": "vpc-flow-log",
    "AuthorizeSecurityGroupIngress": "security-group-rule", "AuthorizeSecurityGroupEgress": "security-group-rule", "CreateNetworkAcl": "network-acl",
    "CreateLaunchTemplate": "launch-template", "CreateManagedPrefixList": "prefix-list", "ImportKeyPair": "key-pair",
    "CreateClientVpnEndpoint": "client-vpn-endpoint",
}
_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


@around(Layer.VALIDATE, "ec2")
def every_request(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    operation = context.operation.name
    for spec in request.get("TagSpecifications") or []:
        kind = _TAGGED.get(operation)
        if kind and spec.get("ResourceType") != kind:
            raise refusal("InvalidParameterValue", f"'{spec.get('ResourceType')}' is not a valid taggable resource type for this operation.")
        _check_tags(spec.get("Tags") or [])
    if operation == "CreateTags":
        _check_tags(request.get("Tags") or [])
    if request.get("DryRun") is True:
        raise refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
    return proceed()


@around(Layer.GAPS, "ec2", "CreateSecurityGroup")
def create_security_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if request.get("VpcId") and known.vpc(context.account_id, context.region, request["VpcId"]) is None:
        raise refusal("InvalidVpcID.NotFound", f"The vpc ID '{request['VpcId']}' does not exist")
    if request["GroupName"].lower().startswith("sg-") or not _TEXT.fullmatch(request["GroupName"]):
        raise refusal("InvalidParameterValue", f"Value ({request['GroupName']}) for parameter GroupName is invalid. Group names may not be in the format sg-*.")
    if not _TEXT.fullmatch(request.get("Description") or ""):
        raise refusal("InvalidParameterValue", "Invalid security group description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
    return proceed()


@around(Layer.GAPS, "ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def authorize(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    for permission in request.get("IpPermissions") or []:
        for row in (permission.get("IpRanges") or []) + (permission.get("Ipv6Ranges") or []) + (permission.get("UserIdGroupPairs") or []):
            if not _TEXT.fullmatch(row.get("Description") or ""):
                raise refusal("InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
        for pair in permission.get("UserIdGroupPairs") or []:
            group_id = pair.get("GroupId")
            if group_id and pair.get("UserId") in (None, context.account_id) and not known.security_group(context.account_id, context.region, group_id):
                raise refusal("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    answer = proceed()
    # moto shows the description of a range only, where it keeps that of a group with the group.
    group = known.security_group(context.account_id, context.region, request.get("GroupId") or "")
    for rule in (group.ingress_rules + group.egress_rules) if group is not None else []:
        if said := (rule.source_group or {}).get("Description"):
            rule.ip_range.setdefault("Description", said)
    return answer


@around(Layer.GAPS, "ec2", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
def revoke(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A rule named by its id that is gone is an unknown rule, not an unknown permission."""
    group = known.security_group(context.account_id, context.region, request.get("GroupId") or "")
    if group is not None and request.get("SecurityGroupRuleIds"):
        held = {rule.id for rule in group.ingress_rules + group.egress_rules}
        gone = [rule_id for rule_id in request["SecurityGroupRuleIds"] if rule_id not in held]
        if gone:
            raise refusal("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{gone[0]}' does not exist")
    return proceed()


@around(Layer.GAPS, "ec2", "ModifySecurityGroupRules")
def modify_rules(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """moto changes IPv4 ranges only; the kind of a rule's peer stays what it was made with."""
    group = known.security_group(context.account_id, context.region, request["GroupId"])
    if group is None:
        raise refusal("InvalidGroup.NotFound", f"The security group '{request['GroupId']}' does not exist")
    held = {rule.id: rule for rule in group.ingress_rules + group.egress_rules}
    for update in request["SecurityGroupRules"]:
        rule, wanted = held.get(update["SecurityGroupRuleId"]), update["SecurityGroupRule"]
        if rule is None:
            raise refusal("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{update['SecurityGroupRuleId']}' does not exist")
        _modify_rule(rule, wanted)
    return {"Return": True}


def _modify_rule(rule: Any, wanted: dict[str, Any]) -> None:
    given = [key for key in ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId") if wanted.get(key)]
    if len(given) != 1:
        raise refusal("InvalidParameterCombination", "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified")
    had = {"CidrIpv4": rule.cidr_ipv4, "CidrIpv6": rule.cidr_ipv6, "PrefixListId": rule.prefix_list_id, "ReferencedGroupId": rule.source_group}
    if not had[given[0]]:
        raise refusal("InvalidParameterValue", f"Invalid rule type for security group rule '{rule.id}'. You may not specify {given[0]} for an existing rule of another type.")
    protocol = wanted.get("IpProtocol")
    if not protocol:
        raise refusal("InvalidParameterValue", "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.")
    rule.ip_protocol = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}.get(str(protocol).lower(), str(protocol).lower())
    every = rule.ip_protocol == "-1"
    rule.from_port, rule.to_port = (None, None) if every else (wanted.get("FromPort"), wanted.get("ToPort"))
    description = wanted.get("Description")
    if given[0] == "ReferencedGroupId":
        rule.source_group = {**rule.source_group, "GroupId": wanted[given[0]]}
        if description is not None:
            rule.source_group["Description"] = description
    elif given[0] == "PrefixListId":
        rule.prefix_list_id = wanted[given[0]]
    else:
        rule.ip_range = {**rule.ip_range, {"CidrIpv4": "CidrIp", "CidrIpv6": "CidrIpv6"}[given[0]]: wanted[given[0]]}
    if description is not None:
        rule.ip_range = {**rule.ip_range, "Description": description}


def _check_tags(tags: list[dict[str, Any]]) -> None:
    for tag in tags:
        if (tag.get("Key") or "").lower().startswith("aws:"):
            raise refusal("InvalidParameterValue", f"Value ( {tag['Key']} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use")
