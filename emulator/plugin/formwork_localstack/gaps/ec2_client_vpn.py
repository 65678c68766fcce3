"""A double of Client VPN, of which neither LocalStack nor moto has any part.

There is nothing behind it: nobody can connect. What it keeps to are the rules that a client of the API sees: what is on its way says so for some
looks, an association brings a route and takes all of its own along, an endpoint goes last. Requests are checked against the service's model
like those of every service, and so is every answer here. The tags of endpoints are kept with moto's, where `CreateTags` puts them.

https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

import copy
import functools
import ipaddress
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.validate import ParamValidator
from localstack.aws.api import RequestContext

from .. import known, weather
from ..intercept import Layer, Proceed, around, refusal
from ..stores import Regional
from . import acm
from .altered import alter, call

_PREFIX = "cvpn-endpoint-"
_SESSIONS, _PORTS = (8, 10, 12, 24), (443, 1194)
_WAYS = {"directory-service-authentication": "ActiveDirectory", "certificate-authentication": "MutualAuthentication", "federated-authentication": "FederatedAuthentication"}


@dataclass
class _Way:
    """A thing and where it is going: `row` is what answers show of it, and its state for `looks` more of them before it is at its `end`."""

    row: dict[str, Any]
    end: str
    looks: int

    @property
    def code(self) -> str:
        return self.row["Status"]["Code"]


@dataclass
class _Endpoint:
    """An endpoint with its parts: associations by id, rules by range and group, routes by range and subnet."""

    way: _Way
    associations: dict[str, _Way] = field(default_factory=dict)
    rules: dict[tuple[str, str], _Way] = field(default_factory=dict)
    routes: dict[tuple[str, str], _Way] = field(default_factory=dict)


STATE: Regional[dict[str, _Endpoint]] = Regional(dict)
clear = STATE.clear
_GONE = "gone"


def _operation(function: Callable[[RequestContext, dict[str, Any]], dict[str, Any]]) -> Callable[[RequestContext, dict[str, Any]], dict[str, Any]]:
    """Registers `create_client_vpn_route` as `CreateClientVpnRoute`, in one step, and holds its answer against the service's model."""

    @functools.wraps(function)
    def held(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
        with STATE.lock:
            answer = copy.deepcopy(function(context, request))
        report = ParamValidator().validate(answer, context.operation.output_shape)
        if report.has_errors():
            raise AssertionError(f"the double's own answer to {context.operation.name} is none: {report.generate_report()}")
        return answer

    name = "".join(word.capitalize() for word in function.__name__.split("_"))
    around(Layer.GAPS, "ec2", name)(held)
    return function


@_operation
def create_client_vpn_endpoint(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    _check(context, request)
    ways = [row["Type"] for row in request["AuthenticationOptions"]]
    if not ways or len(set(ways)) != len(ways) or len(ways) > 2 or {*_WAYS} - {"certificate-authentication"} <= {*ways}:
        raise refusal("InvalidParameterValue", "The authentication options are invalid")
    for row in request["AuthenticationOptions"]:
        if not row.get(_WAYS[row["Type"]]):
            raise refusal("MissingParameter", f"{_WAYS[row['Type']]} is required for {row['Type']}")
        if chain := (row.get("MutualAuthentication") or {}).get("ClientRootCertificateChainArn"):
            _check_certificate(context, chain)
    block = request.get("ClientCidrBlock")
    if not block and request.get("TrafficIpAddressType") != "ipv6":
        raise refusal("MissingParameter", "The request must contain the parameter ClientCidrBlock")
    if block and not 12 <= _network(block).prefixlen <= 22:
        raise refusal("InvalidParameterValue", f"The client CIDR block {block} must be between /12 and /22")
    identity = _PREFIX + secrets.token_hex(9)[:17]
    row = {
        "ClientVpnEndpointId": identity,
        "Description": request.get("Description") or "",
        "Status": {"Code": "pending-associate"},
        "CreationTime": "2026-01-01T00:00:00",
        "DnsName": f"*.{identity}.prod.clientvpn.{context.region}.amazonaws.com",
        "DnsServers": list(request.get("DnsServers") or []),
        "SplitTunnel": bool(request.get("SplitTunnel")),
        "VpnProtocol": "openvpn",
        "TransportProtocol": request.get("TransportProtocol") or "udp",
        "VpnPort": request.get("VpnPort") or 443,
        "ServerCertificateArn": request["ServerCertificateArn"],
        "AuthenticationOptions": [_authentication(row) for row in request["AuthenticationOptions"]],
        "SecurityGroupIds": list(request.get("SecurityGroupIds") or []),
        "SessionTimeoutHours": request.get("SessionTimeoutHours") or 24,
        "DisconnectOnSessionTimeout": request.get("DisconnectOnSessionTimeout") is not False,
        "EndpointIpAddressType": request.get("EndpointIpAddressType") or "ipv4",
        "TrafficIpAddressType": request.get("TrafficIpAddressType") or "ipv4",
    }
    if block:
        row["ClientCidrBlock"] = str(_network(block))
    if request.get("VpcId"):
        row["VpcId"] = request["VpcId"]
        row["SecurityGroupIds"] = row["SecurityGroupIds"] or [_default_group(context, request["VpcId"])]
    if request.get("SelfServicePortal") != "disabled":
        row["SelfServicePortalUrl"] = f"https://self-service.clientvpn.amazonaws.com/endpoints/{identity}"
    _set_options(context, row, {"ClientConnectOptions": {}, "ClientLoginBannerOptions": {}, "ClientRouteEnforcementOptions": {}, **request})
    STATE.at(context)[identity] = _Endpoint(_Way(row, "", 0))
    tags = {tag["Key"]: tag.get("Value") or "" for spec in request.get("TagSpecifications") or [] for tag in spec.get("Tags") or []}
    known.ec2(context.account_id, context.region).create_tags([identity], tags)
    return {"ClientVpnEndpointId": identity, "Status": row["Status"], "DnsName": row["DnsName"]}


@_operation
def describe_client_vpn_endpoints(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    held = STATE.at(context)
    for identity in request.get("ClientVpnEndpointIds") or []:
        _endpoint(context, identity)
    rows = []
    for identity, endpoint in list(held.items()):
        shown = _shown(endpoint.way)
        if shown is None:
            del held[identity]
            continue
        if endpoint.way.code not in ("deleting", "deleted"):
            shown["Status"] = {"Code": _state_of(endpoint)}
        tags = known.ec2(context.account_id, context.region).tags.get(identity) or {}
        rows.append({**shown, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]})
    wanted = set(request.get("ClientVpnEndpointIds") or [row["ClientVpnEndpointId"] for row in rows])
    rows = [row for row in rows if row["ClientVpnEndpointId"] in wanted]
    return {"ClientVpnEndpoints": _filtered(request, rows, {"endpoint-id": "ClientVpnEndpointId", "transport-protocol": "TransportProtocol"})}


@_operation
def modify_client_vpn_endpoint(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    row = endpoint.way.row
    _check(context, request)
    if request.get("VpcId") and request["VpcId"] != row.get("VpcId"):
        if endpoint.associations:
            raise refusal("InvalidParameterValue", f"The VPC of {row['ClientVpnEndpointId']} cannot be changed while it is associated with subnets")
        row["VpcId"] = request["VpcId"]
        row["SecurityGroupIds"] = [_default_group(context, request["VpcId"])]
    if request.get("SecurityGroupIds"):
        row["SecurityGroupIds"] = list(request["SecurityGroupIds"])
    for name in ("ServerCertificateArn", "VpnPort", "Description", "SplitTunnel", "SessionTimeoutHours", "DisconnectOnSessionTimeout"):
        if request.get(name) is not None:
            row[name] = request[name]
    if (servers := request.get("DnsServers")) is not None:
        row["DnsServers"] = list(servers.get("CustomDnsServers") or []) if servers.get("Enabled") is not False else []
    if request.get("SelfServicePortal") == "enabled":
        row["SelfServicePortalUrl"] = f"https://self-service.clientvpn.amazonaws.com/endpoints/{row['ClientVpnEndpointId']}"
    elif request.get("SelfServicePortal") == "disabled":
        row.pop("SelfServicePortalUrl", None)
    _set_options(context, row, request)
    return {"Return": True}


@_operation
def delete_client_vpn_endpoint(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    if endpoint.associations:
        raise refusal("ClientVpnEndpointAssociationExists", f"The endpoint that you're trying to delete has associations {', '.join(endpoint.associations)}")
    _send(context, endpoint.way, "deleting", _GONE)
    return {"Status": endpoint.way.row["Status"]}


@_operation
def associate_client_vpn_target_network(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    subnet = known.subnet(context.account_id, context.region, request["SubnetId"])
    if subnet is None:
        raise refusal("InvalidSubnetID.NotFound", f"The subnet ID '{request['SubnetId']}' does not exist")
    row = endpoint.way.row
    if subnet.vpc_id != row.get("VpcId", subnet.vpc_id):
        raise refusal("InvalidClientVpnSubnetId.NotFound", f"The subnet {subnet.id} is not in the VPC {row['VpcId']} of the endpoint")
    held = {one.row["TargetNetworkId"] for one in endpoint.associations.values()}
    if subnet.id in held:
        raise refusal("InvalidClientVpnDuplicateAssociationException", f"The subnet {subnet.id} is already associated with the endpoint")
    zones = {known.subnet(context.account_id, context.region, one).availability_zone for one in held}
    if subnet.availability_zone in zones:
        raise refusal("InvalidClientVpnSubnetId.DuplicateAz", f"A subnet of the availability zone {subnet.availability_zone} is already associated with the endpoint")
    if row.get("ClientCidrBlock") and _network(row["ClientCidrBlock"]).overlaps(_network(subnet.cidr_block)):
        raise refusal("InvalidClientVpnSubnetId.OverlappingCidr", f"The range of {subnet.id} overlaps with {row['ClientCidrBlock']}")
    vpc = known.vpc(context.account_id, context.region, subnet.vpc_id)
    if "VpcId" not in row:
        row["VpcId"], row["SecurityGroupIds"] = subnet.vpc_id, [_default_group(context, subnet.vpc_id)]
    identity = "cvpn-assoc-" + secrets.token_hex(9)[:17]
    association = {"AssociationId": identity, "VpcId": subnet.vpc_id, "TargetNetworkId": subnet.id, "ClientVpnEndpointId": row["ClientVpnEndpointId"], "Status": {}}
    endpoint.associations[identity] = _send(context, _Way(association, "", 0), "associating", "associated")
    route = {"ClientVpnEndpointId": row["ClientVpnEndpointId"], "DestinationCidr": vpc.cidr_block, "TargetSubnet": subnet.id, "Type": "Nat", "Origin": "associate", "Status": {}, "Description": "Default Route"}
    endpoint.routes[vpc.cidr_block, subnet.id] = _send(context, _Way(route, "", 0), "creating", "active")
    return {"AssociationId": identity, "Status": association["Status"]}


@_operation
def describe_client_vpn_target_networks(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    if unknown := [identity for identity in request.get("AssociationIds") or [] if identity not in endpoint.associations]:
        raise refusal("InvalidClientVpnAssociationIdNotFound", f"The association {unknown[0]} does not exist")
    rows = _listed(endpoint.associations)
    rows = [{**row, "SecurityGroups": endpoint.way.row["SecurityGroupIds"]} for row in rows if row["AssociationId"] in (request.get("AssociationIds") or [row["AssociationId"]])]
    return {"ClientVpnTargetNetworks": _filtered(request, rows, {"association-id": "AssociationId", "target-network-id": "TargetNetworkId", "vpc-id": "VpcId"})}


@_operation
def disassociate_client_vpn_target_network(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The routes that lead through the subnet go with it, whoever made them."""
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    association = endpoint.associations.get(request["AssociationId"])
    if association is None:
        raise refusal("InvalidClientVpnAssociationIdNotFound", f"The association {request['AssociationId']} does not exist")
    if association.code == "disassociating":
        raise refusal("IncorrectState", f"The association {request['AssociationId']} is being removed already")
    for key in [key for key in endpoint.routes if key[1] == association.row["TargetNetworkId"]]:
        del endpoint.routes[key]
    _send(context, association, "disassociating", _GONE)
    return {"AssociationId": request["AssociationId"], "Status": association.row["Status"]}


@_operation
def authorize_client_vpn_ingress(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    group, everybody = request.get("AccessGroupId") or "", bool(request.get("AuthorizeAllGroups"))
    if bool(group) == everybody:
        raise refusal("InvalidParameterCombination", "Exactly one of AccessGroupId and AuthorizeAllGroups must be specified")
    key = (str(_network(request["TargetNetworkCidr"])), group)
    if key in endpoint.rules:
        raise refusal("InvalidClientVpnDuplicateAuthorizationRule", f"The authorization rule for {key[0]} exists already")
    row = {"ClientVpnEndpointId": request["ClientVpnEndpointId"], "Description": request.get("Description") or "", "GroupId": group, "AccessAll": everybody, "DestinationCidr": key[0], "Status": {}}
    endpoint.rules[key] = _send(context, _Way(row, "", 0), "authorizing", "active")
    return {"Status": row["Status"]}


@_operation
def describe_client_vpn_authorization_rules(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    names = {"description": "Description", "destination-cidr": "DestinationCidr", "group-id": "GroupId"}
    return {"AuthorizationRules": _filtered(request, _listed(endpoint.rules), names)}


@_operation
def revoke_client_vpn_ingress(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    group = request.get("AccessGroupId") or ""
    if bool(group) == bool(request.get("RevokeAllGroups")):
        raise refusal("InvalidParameterCombination", "Exactly one of AccessGroupId and RevokeAllGroups must be specified")
    rule = endpoint.rules.get((str(_network(request["TargetNetworkCidr"])), group))
    if rule is None:
        raise refusal("InvalidClientVpnEndpointAuthorizationRuleNotFound", f"There is no authorization rule for {request['TargetNetworkCidr']}")
    if rule.code == "revoking":
        raise refusal("IncorrectState", f"The authorization rule for {request['TargetNetworkCidr']} is being revoked already")
    _send(context, rule, "revoking", _GONE)
    return {"Status": rule.row["Status"]}


@_operation
def create_client_vpn_route(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint, subnet = _endpoint(context, request["ClientVpnEndpointId"]), request["TargetVpcSubnetId"]
    there = {one.row["TargetNetworkId"] for one in endpoint.associations.values() if one.code == "associated"}
    if not there or (subnet != "local" and subnet not in there):
        raise refusal("InvalidClientVpnActiveAssociationNotFound", f"{subnet} is not associated with {request['ClientVpnEndpointId']}")
    key = (str(_network(request["DestinationCidrBlock"])), subnet)
    if key in endpoint.routes:
        raise refusal("InvalidClientVpnDuplicateRoute", f"The route to {key[0]} through {subnet} exists already")
    row = {
        "ClientVpnEndpointId": request["ClientVpnEndpointId"], "DestinationCidr": key[0], "TargetSubnet": subnet, "Type": "Nat", "Origin": "add-route", "Status": {},
        "Description": request.get("Description") or "",
    }
    endpoint.routes[key] = _send(context, _Way(row, "", 0), "creating", "active")
    return {"Status": row["Status"]}


@_operation
def describe_client_vpn_routes(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    names = {"destination-cidr": "DestinationCidr", "origin": "Origin", "target-subnet": "TargetSubnet"}
    return {"Routes": _filtered(request, _listed(endpoint.routes), names)}


@_operation
def delete_client_vpn_route(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    endpoint = _endpoint(context, request["ClientVpnEndpointId"])
    route = endpoint.routes.get((str(_network(request["DestinationCidrBlock"])), request.get("TargetVpcSubnetId") or "local"))
    if route is None:
        raise refusal("InvalidClientVpnRouteNotFound", f"There is no route to {request['DestinationCidrBlock']}")
    if route.row["Origin"] == "associate":
        raise refusal("OperationNotPermitted", f"The route to {request['DestinationCidrBlock']} was made by an association and goes with it")
    if route.code == "deleting":
        raise refusal("IncorrectState", f"The route to {request['DestinationCidrBlock']} is being deleted already")
    _send(context, route, "deleting", _GONE)
    return {"Status": route.row["Status"]}


@around(Layer.GAPS, "ec2", "CreateTags", "DeleteTags")
def tags_of_endpoints(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto keeps tags of whatever has an id, but takes none for ids of sorts that it has not got."""
    ours = [identity for identity in request["Resources"] if identity.startswith(_PREFIX)]
    if not ours:
        return proceed()
    for identity in ours:
        _endpoint(context, identity)
    backend, tags = known.ec2(context.account_id, context.region), request.get("Tags") or []
    if context.operation.name == "CreateTags":
        backend.create_tags(ours, {tag["Key"]: tag.get("Value") or "" for tag in tags})
    else:
        backend.delete_tags(ours, {tag["Key"]: tag.get("Value") for tag in tags})
    others = [identity for identity in request["Resources"] if identity not in ours]
    if others:
        alter(context, request, Resources=others)
        return call(context, request)
    return {}


def rows(account_id: str, region: str | None) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """What stands, for the lister: region, kind, id and tags. What AWS makes by itself is left out, and what is leaving."""
    for at, held in STATE.each(account_id, region):
        for identity, endpoint in list(held.items()):
            if endpoint.way.code == "deleting":
                continue
            yield at, "client-vpn-endpoint", identity, dict(known.ec2(account_id, at).tags.get(identity) or {})
            for name, one in list(endpoint.associations.items()):
                if one.code != "disassociating":
                    yield at, "client-vpn-target-network-association", f"{identity}|{name}", {}
            for (block, group), one in list(endpoint.rules.items()):
                if one.code != "revoking":
                    yield at, "client-vpn-authorization-rule", "|".join(part for part in (identity, block, group) if part), {}
            for (block, subnet), one in list(endpoint.routes.items()):
                if one.code != "deleting" and one.row["Origin"] != "associate":
                    yield at, "client-vpn-route", f"{identity}|{block}|{subnet}", {}


def users_of_subnet(account_id: str, region: str, subnet_id: str) -> Iterator[str]:
    """The associations that have network interfaces in a subnet, until they are gone."""
    for endpoint in list(STATE.of(account_id, region).values()):
        yield from (identity for identity, one in list(endpoint.associations.items()) if one.row["TargetNetworkId"] == subnet_id)


def users_of_group(account_id: str, region: str, group_id: str) -> Iterator[str]:
    """The endpoints whose network interfaces have a security group; one in no subnet has none."""
    for identity, endpoint in list(STATE.of(account_id, region).items()):
        if endpoint.associations and group_id in endpoint.way.row["SecurityGroupIds"]:
            yield identity


def _users_of_certificate(account_id: str, region: str, arn: str) -> Iterator[str]:
    for identity, endpoint in list(STATE.of(account_id, region).items()):
        row = endpoint.way.row
        chains = [way["MutualAuthentication"]["ClientRootCertificateChain"] for way in row["AuthenticationOptions"] if "MutualAuthentication" in way]
        if endpoint.way.code != "deleting" and arn in (row["ServerCertificateArn"], *chains):
            yield f"arn:aws:ec2:{region}:{account_id}:client-vpn-endpoint/{identity}"


acm.USERS.append(_users_of_certificate)


def _endpoint(context: RequestContext, identity: str) -> _Endpoint:
    found = STATE.at(context).get(identity)
    if found is None or (found.way.code == "deleting" and not context.operation.name.startswith("Describe")):
        raise refusal("InvalidClientVpnEndpointId.NotFound", f"Endpoint {identity} does not exist")
    return found


def _state_of(endpoint: _Endpoint) -> str:
    return "available" if any(one.code == "associated" for one in endpoint.associations.values()) else "pending-associate"


def _send(context: RequestContext, way: _Way, code: str, end: str) -> _Way:
    """Sets a thing on its way, which takes some looks."""
    condition = weather.of(context.account_id)
    way.row["Status"], way.end, way.looks = {"Code": code}, end, max(1, condition.pending if condition else 0)
    return way


def _shown(way: _Way) -> dict[str, Any] | None:
    """A look at a thing; nothing when that finds it gone."""
    if way.end and way.looks == 0:
        if way.end == _GONE:
            return None
        way.row["Status"], way.end = {"Code": way.end}, ""
    way.looks = max(0, way.looks - 1)
    return dict(way.row)


def _listed(held: dict[Any, _Way]) -> list[dict[str, Any]]:
    """A look at all of some things; those that it finds gone are forgotten."""
    shown = []
    for key, way in list(held.items()):
        row = _shown(way)
        if row is None:
            del held[key]
        else:
            shown.append(row)
    return shown


def _filtered(request: dict[str, Any], rows: list[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    for wanted in request.get("Filters") or []:
        if wanted["Name"] not in names:
            raise refusal("InvalidParameterValue", f"The filter '{wanted['Name']}' is invalid")
        rows = [row for row in rows if row.get(names[wanted["Name"]]) in wanted["Values"]]
    return rows


def _check(context: RequestContext, request: dict[str, Any]) -> None:
    """What is refused of a create and of a change."""
    if arn := request.get("ServerCertificateArn"):
        _check_certificate(context, arn)
    if request.get("VpnPort") and request["VpnPort"] not in _PORTS:
        raise refusal("InvalidParameterValue", f"The port {request['VpnPort']} is none of {_PORTS}")
    if request.get("SessionTimeoutHours") and request["SessionTimeoutHours"] not in _SESSIONS:
        raise refusal("InvalidParameterValue", f"The session timeout {request['SessionTimeoutHours']} is none of {_SESSIONS}")
    if len((request.get("ClientLoginBannerOptions") or {}).get("BannerText") or "") > 1400:
        raise refusal("InvalidParameterValue", "The banner text is longer than 1400 characters")
    servers = request.get("DnsServers") or []
    if len(servers.get("CustomDnsServers") or [] if isinstance(servers, dict) else servers) > 2:
        raise refusal("InvalidParameterValue", "At most two DNS servers can be specified")
    if request.get("SecurityGroupIds") and not request.get("VpcId"):
        raise refusal("InvalidParameterValue", "Security Groups cannot be specified without specifying Vpc Id")
    if request.get("VpcId") and known.vpc(context.account_id, context.region, request["VpcId"]) is None:
        raise refusal("InvalidVpcID.NotFound", f"The vpc ID '{request['VpcId']}' does not exist")
    for group_id in request.get("SecurityGroupIds") or []:
        group = known.security_group(context.account_id, context.region, group_id)
        if group is None or group.vpc_id != request["VpcId"]:
            raise refusal("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist in {request['VpcId']}")
    log = request.get("ConnectionLogOptions") or {}
    group = f"arn:aws:logs:{context.region}:{context.account_id}:log-group:{log.get('CloudwatchLogGroup')}"
    if log.get("Enabled") and not known.log_group(context.account_id, context.region, group):
        raise refusal("InvalidParameterValue", f"The log group {log.get('CloudwatchLogGroup')} does not exist")
    function = (request.get("ClientConnectOptions") or {}).get("LambdaFunctionArn")
    if function and not function.rsplit(":", 1)[-1].startswith("AWSClientVPN-"):
        raise refusal("InvalidParameterValue", "The name of the Lambda function must begin with AWSClientVPN-")


def _check_certificate(context: RequestContext, arn: str) -> None:
    if all(arn != held.arn for _, held in acm.certificates(context.account_id, context.region)):
        raise refusal("InvalidParameterValue", f"Certificate {arn} does not exist")


def _set_options(context: RequestContext, row: dict[str, Any], request: dict[str, Any]) -> None:
    """The options that are said whole: whoever names one says all of it."""
    if (log := request.get("ConnectionLogOptions")) is not None:
        row["ConnectionLogOptions"] = {"Enabled": bool(log.get("Enabled"))}
        if log.get("Enabled"):
            stream = log.get("CloudwatchLogStream") or f"{row['ClientVpnEndpointId']}-{context.region}-2026/01/01-{secrets.token_hex(6)}"
            row["ConnectionLogOptions"].update(CloudwatchLogGroup=log["CloudwatchLogGroup"], CloudwatchLogStream=stream)
    if (connect := request.get("ClientConnectOptions")) is not None:
        row["ClientConnectOptions"] = {"Enabled": bool(connect.get("Enabled")), "Status": {"Code": "applied"}}
        if connect.get("Enabled"):
            row["ClientConnectOptions"]["LambdaFunctionArn"] = connect["LambdaFunctionArn"]
    if (banner := request.get("ClientLoginBannerOptions")) is not None:
        row["ClientLoginBannerOptions"] = {"Enabled": bool(banner.get("Enabled"))}
        if banner.get("Enabled"):
            row["ClientLoginBannerOptions"]["BannerText"] = banner["BannerText"]
    if (enforcement := request.get("ClientRouteEnforcementOptions")) is not None:
        row["ClientRouteEnforcementOptions"] = {"Enforced": bool(enforcement.get("Enforced"))}


def _authentication(asked: dict[str, Any]) -> dict[str, Any]:
    """A way of authentication as answers have it: the chain has another name there."""
    name = _WAYS[asked["Type"]]
    said = asked[name]
    if name == "MutualAuthentication":
        said = {"ClientRootCertificateChain": said["ClientRootCertificateChainArn"]}
    elif name == "FederatedAuthentication":
        said = {answer: said[ask] for ask, answer in (("SAMLProviderArn", "SamlProviderArn"), ("SelfServiceSAMLProviderArn", "SelfServiceSamlProviderArn")) if said.get(ask)}
    return {"Type": asked["Type"], name: dict(said)}


def _default_group(context: RequestContext, vpc_id: str) -> str:
    groups = known.ec2(context.account_id, context.region).groups.get(vpc_id, {})
    return next((group.id for group in list(groups.values()) if group.name == "default"), "")


def _network(block: str) -> Any:
    try:
        return ipaddress.ip_network(block, strict=False)
    except ValueError:
        raise refusal("InvalidParameterValue", f"The CIDR {block} is invalid") from None
