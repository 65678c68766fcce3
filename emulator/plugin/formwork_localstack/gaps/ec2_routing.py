"""EC2: NAT gateways, routes and route table associations where moto differs from AWS."""

import ipaddress
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, refusal

_FAILURE = "formwork_failure"


@around(Layer.GAPS, "ec2", "CreateNatGateway")
def create_nat_gateway(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Answers `pending`. A public gateway in a VPC without an internet gateway is made and then fails, as
    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html says."""
    backend = known.ec2(context.account_id, context.region)
    public = (request.get("ConnectivityType") or "public") == "public"
    if public and not request.get("AllocationId") and request.get("AvailabilityMode") != "regional":
        raise refusal("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
    answer = proceed()
    gateway = backend.nat_gateways[answer["NatGateway"]["NatGatewayId"]]
    gateway.connectivity_type = request.get("ConnectivityType") or "public"
    subnet = known.subnet(context.account_id, context.region, gateway.subnet_id)
    address = request.get("PrivateIpAddress") or _free_address(backend, subnet)
    gateway._eni.private_ip_address = address
    gateway._eni.description = f"Interface for NAT Gateway {gateway.id}"
    gateway._eni.interface_type = "nat_gateway"
    gateway.private_ip = address
    for row in gateway.address_set:
        row["privateIp"] = address
    if public and not any(igw.vpc and igw.vpc.id == gateway.vpc_id for igw in list(backend.internet_gateways.values())):
        gateway.state = "failed"
        setattr(gateway, _FAILURE, ("Gateway.NotAttached", f"Network {gateway.vpc_id} has no Internet gateway attached"))
        _let_go(backend, gateway)
    _show_nat(gateway, answer["NatGateway"])
    answer["NatGateway"]["State"] = "pending"
    return answer


@around(Layer.GAPS, "ec2", "DescribeNatGateways")
def describe_nat_gateways(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto answers an unknown id with an empty list and takes no notice of filters by tag."""
    backend = known.ec2(context.account_id, context.region)
    for gateway_id in request.get("NatGatewayIds") or []:
        _nat(backend, gateway_id)
    answer = proceed()
    rows = answer.get("NatGateways") or []
    for filtered in request.get("Filter") or request.get("Filters") or []:
        name, values = filtered["Name"], filtered.get("Values") or []
        if name.startswith("tag:"):
            rows = [row for row in rows if any(tag["Key"] == name[4:] and tag["Value"] in values for tag in row.get("Tags") or [])]
        elif name == "tag-key":
            rows = [row for row in rows if any(tag["Key"] in values for tag in row.get("Tags") or [])]
    for row in rows:
        _show_nat(backend.nat_gateways[row["NatGatewayId"]], row)
    answer["NatGateways"] = rows
    return answer


@around(Layer.GAPS, "ec2", "DeleteNatGateway")
def delete_nat_gateway(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """With the gateway go its network interface and the hold on its address, which only then can be released."""
    backend = known.ec2(context.account_id, context.region)
    gateway = _nat(backend, request["NatGatewayId"])
    answer = proceed()
    _let_go(backend, gateway)
    return answer


def fail(backend: Any, gateway_id: str) -> None:
    """Makes a gateway fail some time after it was asked for, as AWS's own errors do."""
    gateway = backend.nat_gateways[gateway_id]
    gateway.state = "failed"
    setattr(gateway, _FAILURE, ("InternalError", "Elastic IP address could not be associated with this NAT gateway"))
    _let_go(backend, gateway)


@around(Layer.GAPS, "ec2", "CreateRoute", "ReplaceRoute")
def create_route(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    backend = known.ec2(context.account_id, context.region)
    table = backend.get_route_table(request["RouteTableId"])
    if request.get("NatGatewayId"):
        gateway = backend.nat_gateways.get(request["NatGatewayId"])
        if gateway is None or gateway.state in ("deleted", "failed"):
            raise refusal("InvalidNatGatewayID.NotFound", f"The natGateway ID '{request['NatGatewayId']}' does not exist")
    gateway = backend.internet_gateways.get(request.get("GatewayId") or "")
    if gateway is not None and not (gateway.vpc and gateway.vpc.id == table.vpc_id):
        raise refusal("InvalidParameterValue", f"route table {table.id} and network gateway {gateway.id} belong to different networks")
    targets = ("GatewayId", "NatGatewayId", "InstanceId", "NetworkInterfaceId", "VpcPeeringConnectionId", "TransitGatewayId", "EgressOnlyInternetGatewayId",
               "VpcEndpointId", "LocalGatewayId", "CarrierGatewayId", "CoreNetworkArn", "LocalTarget", "OdbNetworkArn")
    if sum(bool(request.get(target)) for target in targets) != 1:
        raise refusal("InvalidParameterCombination", "Exactly one target must be given")
    if context.operation.name == "CreateRoute":
        wanted = request.get("DestinationIpv6CidrBlock")
        if wanted and any(route.destination_ipv6_cidr_block == wanted for route in list(table.routes.values())):
            raise refusal("RouteAlreadyExists", f"The route identified by {wanted} already exists.")
    return proceed()


@around(Layer.GAPS, "ec2", "DeleteRoute")
def delete_route(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The local route and those of a gateway endpoint are not a user's to delete."""
    table = known.ec2(context.account_id, context.region).get_route_table(request["RouteTableId"])
    for route in list(table.routes.values()):
        if route.local and route.destination_cidr_block and route.destination_cidr_block == request.get("DestinationCidrBlock"):
            raise refusal("InvalidParameterValue", f"cannot remove local route {route.destination_cidr_block} in route table {table.id}")
        listed = route.destination_prefix_list
        if listed is not None and listed.id == request.get("DestinationPrefixListId") and getattr(route.gateway, "id", "").startswith("vpce-"):
            raise refusal("InvalidParameterValue", f"cannot remove VPC endpoint route {listed.id} in route table {table.id}")
    return proceed()


@around(Layer.GAPS, "ec2", "DescribeRouteTables")
def describe_route_tables(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    """A route whose target is gone is a black hole."""
    backend = known.ec2(context.account_id, context.region)
    answer = proceed()
    for table in answer.get("RouteTables") or []:
        for route in table.get("Routes") or []:
            nat, gateway = route.get("NatGatewayId"), route.get("GatewayId") or ""
            if nat and (nat not in backend.nat_gateways or backend.nat_gateways[nat].state in ("deleted", "failed")):
                route["State"] = "blackhole"
            if gateway.startswith("igw-") and not getattr(backend.internet_gateways.get(gateway), "vpc", None):
                route["State"] = "blackhole"
    return answer


@around(Layer.GAPS, "ec2", "AssociateRouteTable")
def associate_route_table(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto answers with an association that stands already, to whatever table; AWS refuses another table."""
    target = request.get("SubnetId") or request.get("GatewayId")
    backend = known.ec2(context.account_id, context.region)
    for table in list(backend.route_tables.values()):
        if target in list(table.associations.values()) and table.id != request["RouteTableId"]:
            raise refusal("Resource.AlreadyAssociated", f"the specified association for route table {request['RouteTableId']} conflicts with an existing association")
    subnet = known.subnet(context.account_id, context.region, request.get("SubnetId") or "")
    if subnet is not None and subnet.vpc_id != backend.get_route_table(request["RouteTableId"]).vpc_id:
        raise refusal("InvalidParameterValue", f"route table {request['RouteTableId']} and subnet {subnet.id} belong to different networks")
    return proceed()


def _nat(backend: Any, gateway_id: str) -> Any:
    found = backend.nat_gateways.get(gateway_id)
    if found is None:
        raise refusal("NatGatewayNotFound", f"The Nat Gateway {gateway_id} was not found")
    return found


def _let_go(backend: Any, gateway: Any) -> None:
    for address in list(backend.addresses):
        if address.eni is gateway._eni:
            address.eni, address.instance, address.association_id = None, None, None
    backend.enis.pop(gateway._eni.id, None)


def _free_address(backend: Any, subnet: Any) -> str:
    taken = {eni.private_ip_address for eni in list(backend.enis.values())}
    hosts = iter(ipaddress.ip_network(subnet.cidr_block).hosts())
    for _ in range(3):  # AWS keeps the first four addresses of a subnet for itself.
        next(hosts, None)
    found = next((str(host) for host in hosts if str(host) not in taken), None)
    if found is None:
        raise refusal("InsufficientFreeAddressesInSubnet", f"There are no free addresses in subnet '{subnet.id}'.")
    return found


def _show_nat(gateway: Any, row: dict[str, Any]) -> None:
    row["ConnectivityType"] = gateway.connectivity_type
    if failure := getattr(gateway, _FAILURE, None):
        row["FailureCode"], row["FailureMessage"] = failure
    for index, address in enumerate(row.get("NatGatewayAddresses") or []):
        address["IsPrimary"] = index == 0
        address["Status"] = "succeeded"
        address["PrivateIp"] = gateway.private_ip
        if gateway.connectivity_type == "private":
            address.pop("AllocationId", None)
            address.pop("PublicIp", None)
