"""EC2: subnets, addresses, VPC endpoints and flow logs where moto or LocalStack differ from AWS.

What a resource holds beyond moto's own attributes is kept on moto's object, so it goes when the object goes.
"""

import json
import re
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, refusal
from .altered import alter, call

_SUBNET_EXTRAS = "formwork_extras"
_RECORD = "formwork_ptr_record"
_OPTIONS = "formwork_destination_options"
_KEPT_ENDPOINT = ("IpAddressType", "DnsOptions")


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "ec2", "ModifySubnetAttribute")
def modify_subnet_attribute(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """One attribute per call, as AWS has it; the ones that moto does not know are kept beside the subnet."""
    subnet = _subnet(context, request["SubnetId"])
    given = {key: _plain(value) for key, value in request.items() if key not in ("SubnetId", "DryRun") and value is not None}
    given.pop("CustomerOwnedIpv4Pool", None)
    if len(given) > 1:
        raise refusal("InvalidParameterCombination", "Fields for multiple attribute types specified: " + ", ".join(sorted(given)))
    extras = _extras(subnet)
    options = extras["PrivateDnsNameOptionsOnLaunch"]
    for key, value in given.items():
        if key == "PrivateDnsHostnameTypeOnLaunch":
            options["HostnameType"] = value
        elif key == "EnableResourceNameDnsARecordOnLaunch":
            options["EnableResourceNameDnsARecord"] = value
        elif key == "EnableResourceNameDnsAAAARecordOnLaunch":
            options["EnableResourceNameDnsAAAARecord"] = value
        elif key == "DisableLniAtDeviceIndex":
            extras.pop("EnableLniAtDeviceIndex", None)
        elif key in ("EnableDns64", "EnableLniAtDeviceIndex"):
            extras[key] = value
        else:
            return proceed()
    return {}


@around(Layer.GAPS, "ec2", "ModifyVpcAttribute")
def modify_vpc_attribute(_context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    given = [key for key in ("EnableDnsSupport", "EnableDnsHostnames", "EnableNetworkAddressUsageMetrics") if request.get(key) is not None]
    if len(given) != 1:
        raise refusal("InvalidParameterCombination", "Fields for multiple attribute types specified: " + ", ".join(given))
    return proceed()


@around(Layer.GAPS, "ec2", "DescribeSubnets", "CreateSubnet")
def show_subnets(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    zone = request.get("AvailabilityZone")
    if context.operation.name == "CreateSubnet" and zone and not zone.startswith(context.region):
        raise refusal("InvalidParameterValue", f"Value ({zone}) for parameter availabilityZone is invalid.")
    answer = proceed()
    for row in answer.get("Subnets") or [answer.get("Subnet") or {}]:
        subnet = known.subnet(context.account_id, context.region, row.get("SubnetId", ""))
        if subnet is not None:
            row.update({key: dict(value) if isinstance(value, dict) else value for key, value in _extras(subnet).items()})
    return answer


@around(Layer.GAPS, "ec2", "ModifyAddressAttribute", "ResetAddressAttribute")
def modify_address_attribute(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """The reverse DNS name of an address."""
    address = _address(context, request["AllocationId"])
    name = request.get("DomainName")
    setattr(address, _RECORD, f"{name.rstrip('.')}." if name else None)
    return {"Address": _attribute(address)}


@around(Layer.GAPS, "ec2", "DescribeAddressesAttribute")
def describe_addresses_attribute(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    ids = request.get("AllocationIds") or [address.allocation_id for address in known.ec2(context.account_id, context.region).addresses]
    return {"Addresses": [_attribute(_address(context, allocation_id)) for allocation_id in ids]}


@around(Layer.GAPS, "ec2", "CreateVpcEndpoint")
def create_vpc_endpoint(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Refuses services, groups and route tables that do not stand; a service's name is checked by its form."""
    service, kind = request.get("ServiceName") or "", request.get("VpcEndpointType") or "Gateway"
    if not re.fullmatch(rf"(com\.amazonaws\.({context.region}|vpce\.{context.region}|s3-global)|aws\.[a-z]+\.{context.region})\.[a-zA-Z0-9.-]+", service):
        raise refusal("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")
    if kind == "Gateway" and service.rsplit(".", 1)[-1] not in ("s3", "dynamodb"):
        raise refusal("InvalidParameter", f"The Vpc Endpoint Service '{service}' does not support endpoints of type Gateway")
    backend = known.ec2(context.account_id, context.region)
    for table_id in request.get("RouteTableIds") or []:
        table = backend.get_route_table(table_id)
        for endpoint in _routed_by(backend, table_id):
            if endpoint.service_name == service:
                raise refusal("RouteAlreadyExists", f"route table {table_id} already has a route with destination-prefix-list-id {endpoint.destination_prefix_list_id}")
        if table.vpc_id != request["VpcId"]:
            raise refusal("InvalidParameter", f"Route table {table_id} is not in VPC {request['VpcId']}")
    for group_id in request.get("SecurityGroupIds") or []:
        if not known.security_group(context.account_id, context.region, group_id):
            raise refusal("InvalidSecurityGroupID.NotFound", f"The security group '{group_id}' does not exist")
    if kind == "Interface" and request.get("PrivateDnsEnabled", service.startswith("com.amazonaws.")):
        _check_private_dns(context, backend, request["VpcId"], service)
    answer = proceed()
    endpoint = backend.vpc_end_points[answer["VpcEndpoint"]["VpcEndpointId"]]
    if kind == "Interface":
        endpoint.private_dns_enabled = request.get("PrivateDnsEnabled", service.startswith("com.amazonaws."))
    endpoint.vpc_endpoint_type = kind
    if kind == "Interface" and not endpoint.security_group_ids:
        default = backend.get_security_group_by_name_or_id("default", vpc_id=endpoint.vpc_id)
        endpoint.security_group_ids = [default.id] if default else []
    endpoint.formwork_kept = {key: request[key] for key in _KEPT_ENDPOINT if request.get(key)}
    _show_endpoint(endpoint, answer["VpcEndpoint"])
    if kind == "Interface":
        answer["VpcEndpoint"]["State"] = "pending"
    return answer


@around(Layer.GAPS, "ec2", "DescribeVpcEndpoints")
def describe_vpc_endpoints(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto does not know the filter by id, which finds nothing where the parameter `VpcEndpointIds` refuses."""
    by_id = [filter for filter in request.get("Filters") or [] if filter["Name"] == "vpc-endpoint-id"]
    if by_id:
        alter(context, request, Filters=[filter for filter in request["Filters"] if filter not in by_id] or None)
    answer = call(context, request) if by_id else proceed()
    for filter in by_id:
        answer["VpcEndpoints"] = [row for row in answer.get("VpcEndpoints") or [] if row["VpcEndpointId"] in filter["Values"]]
    endpoints = known.ec2(context.account_id, context.region).vpc_end_points
    for row in answer.get("VpcEndpoints") or []:
        if row["VpcEndpointId"] in endpoints:
            _show_endpoint(endpoints[row["VpcEndpointId"]], row)
    return answer


@around(Layer.GAPS, "ec2", "ModifyVpcEndpoint")
def modify_vpc_endpoint(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """LocalStack changes only the endpoint's own lists; the routes and the network interfaces belong to it."""
    backend = known.ec2(context.account_id, context.region)
    endpoint = backend.vpc_end_points.get(request["VpcEndpointId"])
    if endpoint is None or endpoint.state == "deleted":
        raise refusal("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{request['VpcEndpointId']}' does not exist")
    for table_id in request.get("AddRouteTableIds") or []:
        if table_id not in endpoint.route_table_ids:
            backend.create_route(table_id, None, gateway_id=endpoint.id, destination_prefix_list_id=endpoint.destination_prefix_list_id)
            endpoint.route_table_ids = [*endpoint.route_table_ids, table_id]
    for table_id in request.get("RemoveRouteTableIds") or []:
        _unroute(backend, endpoint, table_id)
    for group_id in request.get("AddSecurityGroupIds") or []:
        if not known.security_group(context.account_id, context.region, group_id):
            raise refusal("InvalidSecurityGroupID.NotFound", f"The security group '{group_id}' does not exist")
    groups = [*endpoint.security_group_ids, *(request.get("AddSecurityGroupIds") or [])]
    endpoint.security_group_ids = [group for group in dict.fromkeys(groups) if group not in (request.get("RemoveSecurityGroupIds") or [])]
    for subnet_id in request.get("AddSubnetIds") or []:
        if subnet_id not in (endpoint.subnet_ids or []):
            interface = backend.create_network_interface(_subnet(context, subnet_id), None)
            endpoint.subnet_ids = [*(endpoint.subnet_ids or []), subnet_id]
            endpoint.network_interface_ids = [*endpoint.network_interface_ids, interface.id]
    for subnet_id in request.get("RemoveSubnetIds") or []:
        gone = [eni for eni in endpoint.network_interface_ids if eni in backend.enis and backend.enis[eni].subnet.id == subnet_id]
        for eni in gone:
            backend.enis.pop(eni)
        endpoint.network_interface_ids = [eni for eni in endpoint.network_interface_ids if eni not in gone]
        endpoint.subnet_ids = [subnet for subnet in endpoint.subnet_ids or [] if subnet != subnet_id]
    if request.get("PolicyDocument"):
        endpoint.policy_document = request["PolicyDocument"]
    if request.get("ResetPolicy"):
        endpoint.policy_document = json.dumps(type(endpoint).DEFAULT_POLICY)
    if request.get("PrivateDnsEnabled") is not None:
        if request["PrivateDnsEnabled"] and not endpoint.private_dns_enabled:
            _check_private_dns(context, backend, endpoint.vpc_id, endpoint.service_name)
        endpoint.private_dns_enabled = request["PrivateDnsEnabled"]
    kept = getattr(endpoint, "formwork_kept", {})
    endpoint.formwork_kept = {**kept, **{key: request[key] for key in _KEPT_ENDPOINT if request.get(key)}}
    return {"Return": True}


@around(Layer.GAPS, "ec2", "DeleteVpcEndpoints")
def delete_vpc_endpoints(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto fails when a route is gone already; what does not stand is named in the answer, not as an error."""
    backend = known.ec2(context.account_id, context.region)
    missing = []
    for endpoint_id in request["VpcEndpointIds"]:
        endpoint = backend.vpc_end_points.get(endpoint_id)
        if endpoint is None or endpoint.state == "deleted":
            missing.append(endpoint_id)
            continue
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
        for table_id in list(endpoint.route_table_ids or []):
            _unroute(backend, endpoint, table_id)
        for eni in endpoint.network_interface_ids:
            backend.enis.pop(eni, None)
        endpoint.network_interface_ids = []
    answer = proceed()
    if missing:
        answer["Unsuccessful"] = [
            {"ResourceId": endpoint_id, "Error": {"Code": "InvalidVpcEndpoint.NotFound", "Message": f"The Vpc Endpoint Id '{endpoint_id}' does not exist"}}
            for endpoint_id in missing
        ]
    return answer


@around(Layer.GAPS, "ec2", "CreateFlowLogs")
def create_flow_logs(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    role = request.get("DeliverLogsPermissionArn")
    if role and not known.role(context.account_id, role):
        raise refusal("InvalidParameter", "Unable to assume given IAM role")
    answer = proceed()
    logs = known.ec2(context.account_id, context.region).flow_logs
    for log_id in answer.get("FlowLogIds") or []:
        setattr(logs[log_id], _OPTIONS, request.get("DestinationOptions"))
    return answer


@around(Layer.GAPS, "ec2", "DescribeFlowLogs")
def describe_flow_logs(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    logs = known.ec2(context.account_id, context.region).flow_logs
    for row in answer.get("FlowLogs") or []:
        if options := getattr(logs.get(row["FlowLogId"]), _OPTIONS, None):
            row["DestinationOptions"] = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False, **options}
    return answer


def _plain(value: Any) -> Any:
    return value["Value"] if isinstance(value, dict) and set(value) == {"Value"} else value


def _subnet(context: RequestContext, subnet_id: str) -> Any:
    found = known.subnet(context.account_id, context.region, subnet_id)
    if found is None:
        raise refusal("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    return found


def _extras(subnet: Any) -> dict[str, Any]:
    if not hasattr(subnet, _SUBNET_EXTRAS):
        options = {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": False, "EnableResourceNameDnsAAAARecord": False}
        setattr(subnet, _SUBNET_EXTRAS, {"EnableDns64": False, "PrivateDnsNameOptionsOnLaunch": options})
    return getattr(subnet, _SUBNET_EXTRAS)


def _address(context: RequestContext, allocation_id: str) -> Any:
    for address in known.ec2(context.account_id, context.region).addresses:
        if address.allocation_id == allocation_id:
            return address
    raise refusal("InvalidAllocationID.NotFound", f"The allocation ID '{allocation_id}' does not exist")


def _attribute(address: Any) -> dict[str, Any]:
    record = getattr(address, _RECORD, None)
    return {"PublicIp": address.public_ip, "AllocationId": address.allocation_id, **({"PtrRecord": record} if record else {})}


def _check_private_dns(context: RequestContext, backend: Any, vpc_id: str, service: str) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"""
    vpc = known.vpc(context.account_id, context.region, vpc_id)
    if vpc is None:
        return
    if not all(str(getattr(vpc, name)).lower() == "true" for name in ("enable_dns_support", "enable_dns_hostnames")):
        raise refusal("InvalidParameter", f"Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc_id}")
    for other in list(backend.vpc_end_points.values()):
        if other.vpc_id == vpc_id and other.service_name == service and other.private_dns_enabled and other.state != "deleted":
            raise refusal("InvalidParameter", f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {service} in the VPC {vpc_id}")


def _routed_by(backend: Any, table_id: str) -> list[Any]:
    return [endpoint for endpoint in list(backend.vpc_end_points.values()) if endpoint.state != "deleted" and table_id in (endpoint.route_table_ids or [])]


def _unroute(backend: Any, endpoint: Any, table_id: str) -> None:
    endpoint.route_table_ids = [held for held in endpoint.route_table_ids if held != table_id]
    table = backend.route_tables.get(table_id)
    if table is not None:
        for route in [route for route in list(table.routes.values()) if getattr(route.gateway, "id", None) == endpoint.id]:
            table.routes.pop(route.id, None)


def _show_endpoint(endpoint: Any, row: dict[str, Any]) -> None:
    row["VpcEndpointType"] = endpoint.vpc_endpoint_type or "Gateway"
    row["OwnerId"] = endpoint.owner_id
    row.setdefault("RequesterManaged", False)
    row.setdefault("RouteTableIds", [])
    row["PrivateDnsEnabled"] = bool(endpoint.private_dns_enabled)
    row.update(getattr(endpoint, "formwork_kept", {}))
    if endpoint.vpc_endpoint_type == "Interface":
        row.setdefault("IpAddressType", "ipv4")
        row["Groups"] = [{"GroupId": group["GroupId"], "GroupName": group["GroupName"]} for group in endpoint.groups]
