"""Refuses what AWS refuses when something is deleted, detached or released while others need it.

moto and LocalStack delete most things whatever hangs on them, so a wrong order of a destroy would pass unseen. Codes and
conditions follow https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and the user guides named at
each function. Subnet groups, parameter groups, EKS clusters and IAM policies are minded in `gaps`, beside what is known of them.
"""

from collections.abc import Iterator
from typing import Any

from localstack.aws.api import RequestContext

from . import intercept, known
from .gaps import ec2_client_vpn, eks, elasticache, elbv2, rds
from .intercept import Layer, Proceed, around, refusal

_GONE = ("deleted", "deleting", "failed", "terminated", "shutting-down")


def install() -> None:
    """Importing this module has registered the refusals; what is left is to put them in front of the providers."""
    intercept.install()


@around(Layer.STRICT, "ec2", "DeleteVpc")
def delete_vpc(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """All that a user put into a VPC must be gone; its main route table, default group and default ACL go with it.
    https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html"""
    backend, vpc_id = _backend(context), request["VpcId"]
    users = [
        *(gateway.id for gateway in list(backend.internet_gateways.values()) if gateway.vpc and gateway.vpc.id == vpc_id),
        *(gateway.id for gateway in list(backend.egress_only_internet_gateways.values()) if gateway.vpc_id == vpc_id),
        *(group.id for group in list(backend.groups.get(vpc_id, {}).values()) if group.name != "default"),
        *(acl.id for acl in list(backend.network_acls.values()) if acl.vpc_id == vpc_id and acl.default not in (True, "true")),
        *(endpoint.id for endpoint in list(backend.vpc_end_points.values()) if endpoint.vpc_id == vpc_id and endpoint.state not in _GONE),
        *(subnet.id for zone in list(backend.subnets.values()) for subnet in list(zone.values()) if subnet.vpc_id == vpc_id),
        *(table.id for table in list(backend.route_tables.values()) if table.vpc_id == vpc_id and table.main_association_id is None),
    ]
    if users and vpc_id in backend.vpcs:
        raise _dependent("vpc", vpc_id, users)
    return proceed()


@around(Layer.STRICT, "ec2", "DeleteSubnet")
def delete_subnet(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A subnet with network interfaces stays, whoever made them. Its route table association goes with it."""
    backend, subnet_id = _backend(context), request["SubnetId"]
    subnet = known.subnet(context.account_id, context.region, subnet_id)
    if subnet is not None and (users := list(_users_of_subnet(context, backend, subnet))):
        raise _dependent("subnet", subnet_id, users)
    answer = proceed()
    for table in list(backend.route_tables.values()):
        for association_id in [key for key, held in list(table.associations.items()) if held == subnet_id]:
            del table.associations[association_id]
    for acl in list(backend.network_acls.values()):
        for association_id in [key for key, held in list(acl.associations.items()) if held.subnet_id == subnet_id]:
            del acl.associations[association_id]
    return answer


@around(Layer.STRICT, "ec2", "DeleteSecurityGroup")
def delete_security_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """https://docs.aws.amazon.com/vpc/latest/userguide/deleting-security-groups.html"""
    backend = _backend(context)
    group = known.security_group(context.account_id, context.region, request.get("GroupId") or "")
    if group is None and request.get("GroupName"):
        group = backend.get_security_group_by_name_or_id(request["GroupName"])
    if group is None:
        return proceed()
    if group.name == "default":
        raise refusal("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    if users := list(_users_of_group(context, backend, group.id)):
        raise refusal("DependencyViolation", f"resource {group.id} has a dependent object ({', '.join(users)})")
    return proceed()


@around(Layer.STRICT, "ec2", "DeleteRouteTable")
def delete_route_table(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The main route table belongs to its VPC. A gateway endpoint lets go of a table that is deleted."""
    backend, table_id = _backend(context), request["RouteTableId"]
    table = backend.route_tables.get(table_id)
    if table is not None and table.main_association_id is not None:
        raise _dependent("routeTable", table_id, ["the main route table of its VPC"])
    answer = proceed()
    for endpoint in list(backend.vpc_end_points.values()):
        endpoint.route_table_ids = [held for held in endpoint.route_table_ids or [] if held != table_id]
    return answer


@around(Layer.STRICT, "ec2", "AttachInternetGateway")
def attach_internet_gateway(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A VPC has one internet gateway."""
    for gateway in list(_backend(context).internet_gateways.values()):
        if gateway.vpc and gateway.vpc.id == request["VpcId"] and gateway.id != request["InternetGatewayId"]:
            raise refusal("InvalidParameterValue", f"Network {request['VpcId']} already has an internet gateway attached")
    return proceed()


@around(Layer.STRICT, "ec2", "DetachInternetGateway")
def detach_internet_gateway(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Not while addresses of the VPC are mapped to public ones, be it by NAT gateways, instances or interfaces."""
    backend, vpc_id = _backend(context), request["VpcId"]
    nat = any(gateway.vpc_id == vpc_id and gateway.connectivity_type == "public" and gateway.state not in _GONE for gateway in list(backend.nat_gateways.values()))
    mapped = any(address.eni is not None and address.eni.subnet.vpc_id == vpc_id for address in list(backend.addresses))
    running = any(instance.public_ip and instance.vpc_id == vpc_id for instance in _instances(backend))
    gateway = backend.internet_gateways.get(request["InternetGatewayId"])
    if gateway is not None and gateway.vpc and gateway.vpc.id == vpc_id and (nat or mapped or running):
        raise refusal("DependencyViolation", f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.")
    return proceed()


@around(Layer.STRICT, "ec2", "ReleaseAddress")
def release_address(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """An address is disassociated before it is released.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html"""
    for address in list(_backend(context).addresses):
        if address.allocation_id == request.get("AllocationId") and address.association_id:
            raise refusal("InvalidIPAddress.InUse", f"The address with allocation id [{address.allocation_id}] cannot be released because it is in use")
    return proceed()


@around(Layer.STRICT, "ec2", "DisassociateAddress")
def disassociate_address(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The address of a NAT gateway is let go by the gateway alone."""
    backend = _backend(context)
    held = {row.get("associationId") for gateway in list(backend.nat_gateways.values()) if gateway.state not in _GONE for row in gateway.address_set}
    if request.get("AssociationId") and request["AssociationId"] in held:
        raise refusal("AuthFailure", "You do not have permission to access the specified resource.")
    return proceed()


@around(Layer.STRICT, "ec2", "DeleteNetworkAcl")
def delete_network_acl(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The default network ACL belongs to its VPC."""
    acl = _backend(context).network_acls.get(request["NetworkAclId"])
    if acl is not None and acl.default in (True, "true"):
        raise refusal("InvalidParameterValue", f"cannot delete default network ACL {acl.id}")
    return proceed()


def _users_of_subnet(context: RequestContext, backend: Any, subnet: Any) -> Iterator[str]:
    yield from (eni.id for eni in list(backend.enis.values()) if eni.subnet.id == subnet.id)
    yield from (instance.id for instance in _instances(backend) if instance.subnet_id == subnet.id)
    yield from (gateway.id for gateway in list(backend.nat_gateways.values()) if gateway.subnet_id == subnet.id and gateway.state not in _GONE)
    yield from (endpoint.id for endpoint in list(backend.vpc_end_points.values()) if subnet.id in (endpoint.subnet_ids or []) and endpoint.state not in _GONE)
    for database in list(known.rds(context.account_id, context.region).databases.values()):
        # A database has its interfaces in the zones it stands in, not in all subnets of its group.
        group = getattr(database, "db_subnet_group", None)
        ids = {row["SubnetIdentifier"] for row in group.subnets} if hasattr(group, "subnets") else set()
        if subnet.id in ids and (database.multi_az or subnet.availability_zone == database.availability_zone):
            yield database.db_instance_identifier
    state = elasticache.STATE.at(context)
    for name, cluster in list(state.clusters.items()):
        group = state.subnet_groups.get(cluster["CacheSubnetGroupName"], {"Subnets": []})
        held = {row["SubnetIdentifier"] for row in group["Subnets"] if row["SubnetAvailabilityZone"]["Name"] == cluster["PreferredAvailabilityZone"]}
        if subnet.id in held:
            yield name
    eks_state = eks.STATE.at(context)
    yield from (name for name, cluster in list(eks_state.clusters.items()) if subnet.id in cluster["resourcesVpcConfig"]["subnetIds"])
    for (_, name), group in list(eks_state.nodegroups.items()):
        if subnet.id in group["subnets"] and group["scalingConfig"]["desiredSize"] > 0:
            yield name
    yield from elbv2.users_of_subnet(context.account_id, context.region, subnet.id)
    yield from ec2_client_vpn.users_of_subnet(context.account_id, context.region, subnet.id)


def _users_of_group(context: RequestContext, backend: Any, group_id: str) -> Iterator[str]:
    for groups in list(backend.groups.values()):
        for other in list(groups.values()):
            rules = other.ingress_rules + other.egress_rules if other.id != group_id else []
            if any((rule.source_group or {}).get("GroupId") == group_id for rule in rules):
                yield other.id
    yield from (eni.id for eni in list(backend.enis.values()) if any(group.id == group_id for group in eni.group_set or []))
    yield from (instance.id for instance in _instances(backend) if any(group.id == group_id for group in instance.security_groups))
    yield from (endpoint.id for endpoint in list(backend.vpc_end_points.values()) if group_id in endpoint.security_group_ids and endpoint.state not in _GONE)
    databases = known.rds(context.account_id, context.region)
    for database in [*databases.databases.values(), *databases.clusters.values()]:
        if group_id in (getattr(database, "vpc_security_group_ids", None) or []):
            yield rds.name_of(database)
    for name, cluster in list(elasticache.STATE.at(context).clusters.items()):
        if any(row["SecurityGroupId"] == group_id for row in cluster["SecurityGroups"]):
            yield name
    state = eks.STATE.at(context)
    for name, cluster in list(state.clusters.items()):
        placed = cluster["resourcesVpcConfig"]
        if group_id in placed["securityGroupIds"] or group_id == placed["clusterSecurityGroupId"]:
            yield name
    yield from (name for (_, name), nodes in list(state.nodegroups.items()) if group_id in (nodes.get("remoteAccess") or {}).get("sourceSecurityGroups", []))
    yield from elbv2.users_of_group(context.account_id, context.region, group_id)
    yield from ec2_client_vpn.users_of_group(context.account_id, context.region, group_id)


def _backend(context: RequestContext) -> Any:
    return known.ec2(context.account_id, context.region)


def _instances(backend: Any) -> list[Any]:
    return [instance for reservation in list(backend.reservations.values()) for instance in reservation.instances if instance.state not in _GONE]


def _dependent(kind: str, identity: str, users: list[str]) -> Exception:
    return refusal("DependencyViolation", f"The {kind} '{identity}' has dependencies and cannot be deleted. ({', '.join(dict.fromkeys(users))})")
