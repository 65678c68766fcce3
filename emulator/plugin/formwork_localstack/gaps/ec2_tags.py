"""EC2: the tags of what is deleted go with it. moto keeps them and shows them in `DescribeTags` for ever."""

from collections.abc import Iterator
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around

_NAMED_BY = {
    "DeleteClientVpnEndpoint": "ClientVpnEndpointId",
    "DeleteDhcpOptions": "DhcpOptionsId",
    "DeleteFlowLogs": "FlowLogIds",
    "DeleteInternetGateway": "InternetGatewayId",
    "DeleteKeyPair": "KeyPairId",
    "DeleteNatGateway": "NatGatewayId",
    "DeleteNetworkAcl": "NetworkAclId",
    "DeleteNetworkInterface": "NetworkInterfaceId",
    "DeleteRouteTable": "RouteTableId",
    "DeleteSecurityGroup": "GroupId",
    "DeleteSubnet": "SubnetId",
    "DeleteVpc": "VpcId",
    "DeleteVpcEndpoints": "VpcEndpointIds",
    "ReleaseAddress": "AllocationId",
}
"""What a call deletes, by the member of its request that names it."""


# Outside of the layer that puts operations right: what those do by themselves, or refuse, counts.
@around(Layer.STRICT, "ec2", *_NAMED_BY)
def forget_tags(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Drops the tags of what was deleted; what the answer says is left keeps its own."""
    answer = proceed()
    named = request.get(_NAMED_BY[context.operation.name]) or []
    left = {item.get("ResourceId") for item in (answer or {}).get("Unsuccessful") or []}
    tags = known.ec2(context.account_id, context.region).tags
    for resource_id in [named] if isinstance(named, str) else named:
        if resource_id not in left:
            tags.pop(resource_id, None)
    return answer


@around(Layer.STRICT, "ec2", "DeleteSecurityGroup", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
def forget_tags_of_rules(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    """Rules go by their ids, by what they say, or with their group."""
    backend = known.ec2(context.account_id, context.region)
    before = set(_rules(backend))
    answer = proceed()
    for rule_id in before.difference(_rules(backend)):
        backend.tags.pop(rule_id, None)
    return answer


def _rules(backend: Any) -> Iterator[str]:
    for groups in list(backend.groups.values()):
        for group in list(groups.values()):
            for rule in [*group.ingress_rules, *group.egress_rules]:
                yield rule.id
