"""Elastic Load Balancing, supplied whole: load balancers, target groups, listeners, rules, their attributes and tags.

moto makes a second load balancer under a name that is taken, takes a port twice, deletes what is protected, and knows no transforms, no
mutual authentication and no reserved capacity. Everything is kept in the shape of its describe answer. Behaviour follows
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference.
"""

import secrets
from collections.abc import Iterator
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import fault, refusal
from ..stores import Regional
from . import acm
from .elbv2_attributes import BALANCER, GROUP, LISTENER, checked
from .native import Native, now, page


class State:
    """What one account has of Elastic Load Balancing in one region, by ARN."""

    def __init__(self) -> None:
        self.balancers: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.listeners: dict[str, dict[str, Any]] = {}
        self.rules: dict[str, dict[str, Any]] = {}
        self.attributes: dict[str, dict[str, str]] = {}
        self.targets: dict[str, list[dict[str, Any]]] = {}
        self.capacity: dict[str, int] = {}
        self.tags: dict[str, dict[str, str]] = {}


STATE: Regional[State] = Regional(State)
ELBV2 = Native(STATE)
clear = STATE.clear

_SORTS = {"application": "app", "network": "net", "gateway": "gwy"}
_ZONE = "Z32O12XQLNTSW2"


@ELBV2.operation
def create_load_balancer(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The same request again answers what it made before; the name with other settings is refused."""
    state, name, sort = STATE.at(context), request["Name"], request.get("Type") or "application"
    for arn, held in state.balancers.items():
        if held["LoadBalancerName"] == name:
            if held["formwork:request"] == _settings(request):
                return {"LoadBalancers": [_shown(held)]}
            raise fault(context, "DuplicateLoadBalancerNameException", f"A load balancer with the same name '{name}' exists, but with different settings")
    if len(name) > 32 or name.startswith("internal-"):
        raise refusal("ValidationError", f"The load balancer name '{name}' cannot be longer than '32' characters, and cannot begin with 'internal-'")
    zones, vpc = _zones(context, request, 2 if sort == "application" else 1)
    groups = request.get("SecurityGroups") or []
    _check_groups(context, groups)
    if sort == "application" and not groups:
        groups = [_default_group(context, vpc)]
    arn = _arn(context, f"loadbalancer/{_SORTS[sort]}/{name}/{secrets.token_hex(8)}")
    scheme = request.get("Scheme") or "internet-facing"
    internal = "internal-" if scheme == "internal" else ""
    balancer = {
        "LoadBalancerArn": arn,
        "DNSName": f"{internal}{name}-{secrets.randbelow(10**9)}.{context.region}.elb.amazonaws.com",
        "CanonicalHostedZoneId": _ZONE,
        "CreatedTime": now(),
        "LoadBalancerName": name,
        "Scheme": scheme if sort != "gateway" else None,
        "VpcId": vpc,
        "State": {"Code": "active"},
        "Type": sort,
        "AvailabilityZones": zones,
        "SecurityGroups": groups,
        "IpAddressType": request.get("IpAddressType") or "ipv4",
        "IpamPools": request.get("IpamPools"),
        "EnablePrefixForIpv6SourceNat": (request.get("EnablePrefixForIpv6SourceNat") or "off") if sort == "network" else None,
        "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "on" if sort == "network" and groups else None,
        "formwork:request": _settings(request),
    }
    state.balancers[arn] = balancer
    state.attributes[arn] = dict(BALANCER[sort])
    _keep_tags(state, arn, request)
    # Being made is what the create answers; who asks again sees it in use (`things` holds that back where a test wants it).
    return {"LoadBalancers": [_shown(balancer) | {"State": {"Code": "provisioning"}}]}


@ELBV2.operation
def describe_load_balancers(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    return _described(
        context, request, "LoadBalancers", state.balancers, request.get("LoadBalancerArns"),
        {held["LoadBalancerName"]: held for held in state.balancers.values()}, "LoadBalancerNotFoundException",
    )


@ELBV2.operation
def delete_load_balancer(context: RequestContext, request: dict[str, Any]) -> None:
    """Its listeners go with it; one that is not there is gone already."""
    state, arn = STATE.at(context), request["LoadBalancerArn"]
    if arn not in state.balancers:
        return
    if state.attributes[arn].get("deletion_protection.enabled") == "true":
        raise fault(context, "OperationNotPermittedException", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled")
    for listener in [key for key, held in state.listeners.items() if held["LoadBalancerArn"] == arn]:
        _drop_listener(state, listener)
    for part in (state.balancers, state.attributes, state.tags, state.capacity):
        part.pop(arn, None)


@ELBV2.operation
def set_subnets(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    balancer = _balancer(context, request["LoadBalancerArn"])
    zones, _ = _zones(context, request, 2 if balancer["Type"] == "application" else 1)
    balancer["AvailabilityZones"] = zones
    for name in ("IpAddressType", "EnablePrefixForIpv6SourceNat"):
        if request.get(name):
            balancer[name] = request[name]
    return {"AvailabilityZones": zones, "IpAddressType": balancer["IpAddressType"]}


@ELBV2.operation
def set_security_groups(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    balancer = _balancer(context, request["LoadBalancerArn"])
    if balancer["Type"] == "network" and not balancer["SecurityGroups"]:
        raise fault(context, "InvalidConfigurationRequestException", "You can't set security groups on a Network Load Balancer that was created without any")
    _check_groups(context, request["SecurityGroups"])
    balancer["SecurityGroups"] = request["SecurityGroups"]
    enforced = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
    if request.get(enforced):
        balancer[enforced] = request[enforced]
    return {"SecurityGroupIds": balancer["SecurityGroups"], enforced: balancer[enforced]}


@ELBV2.operation
def set_ip_address_type(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    balancer = _balancer(context, request["LoadBalancerArn"])
    balancer["IpAddressType"] = request["IpAddressType"]
    return {"IpAddressType": balancer["IpAddressType"]}


@ELBV2.operation
def modify_ip_pools(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    balancer = _balancer(context, request["LoadBalancerArn"])
    balancer["IpamPools"] = None if request.get("RemoveIpamPools") else request.get("IpamPools")
    return {"IpamPools": balancer["IpamPools"]}


@ELBV2.operation
def modify_capacity_reservation(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state, arn = STATE.at(context), _balancer(context, request["LoadBalancerArn"])["LoadBalancerArn"]
    if request.get("ResetCapacityReservation"):
        state.capacity.pop(arn, None)
    else:
        state.capacity[arn] = request["MinimumLoadBalancerCapacity"]["CapacityUnits"]
    return _capacity(state, arn)


@ELBV2.operation
def describe_capacity_reservation(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return _capacity(STATE.at(context), _balancer(context, request["LoadBalancerArn"])["LoadBalancerArn"])


@ELBV2.operation
def describe_load_balancer_attributes(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return _attributes(context, _balancer(context, request["LoadBalancerArn"])["LoadBalancerArn"])


@ELBV2.operation
def modify_load_balancer_attributes(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    balancer = _balancer(context, request["LoadBalancerArn"])
    return _set_attributes(context, balancer["LoadBalancerArn"], BALANCER[balancer["Type"]], request)


@ELBV2.operation
def create_target_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state, name, sort = STATE.at(context), request["Name"], request.get("TargetType") or "instance"
    for arn, held in state.groups.items():
        if held["TargetGroupName"] == name:
            if held["formwork:request"] == _settings(request):
                return {"TargetGroups": [_shown(held)]}
            raise fault(context, "DuplicateTargetGroupNameException", f"A target group with the same name '{name}' exists, but with different settings")
    if len(name) > 32:
        raise refusal("ValidationError", f"Target group name '{name}' cannot be longer than '32' characters")
    if sort != "lambda":
        for needed in ("Protocol", "Port", "VpcId"):
            if not request.get(needed):
                raise refusal("ValidationError", f"A {needed} must be specified")
        if known.vpc(context.account_id, context.region, request["VpcId"]) is None:
            raise refusal("ValidationError", f"The VPC ID '{request['VpcId']}' is not found")
    web = request.get("Protocol") in ("HTTP", "HTTPS")
    checked_by = request.get("HealthCheckProtocol") or (request["Protocol"] if web else "TCP" if sort != "lambda" else None)
    http = sort == "lambda" or checked_by in ("HTTP", "HTTPS")
    version = request.get("ProtocolVersion") or ("HTTP1" if web else None)
    arn = _arn(context, f"targetgroup/{name}/{secrets.token_hex(8)}")
    group = {
        "TargetGroupArn": arn,
        "TargetGroupName": name,
        "Protocol": request.get("Protocol"),
        "Port": request.get("Port"),
        "VpcId": request.get("VpcId"),
        "HealthCheckProtocol": checked_by,
        "HealthCheckPort": request.get("HealthCheckPort") or ("traffic-port" if sort != "lambda" else None),
        "HealthCheckEnabled": request.get("HealthCheckEnabled", sort != "lambda"),
        "HealthCheckIntervalSeconds": request.get("HealthCheckIntervalSeconds") or (35 if sort == "lambda" else 30),
        "HealthCheckTimeoutSeconds": request.get("HealthCheckTimeoutSeconds") or (30 if sort == "lambda" else 5 if web else 10),
        "HealthyThresholdCount": request.get("HealthyThresholdCount") or 5,
        "UnhealthyThresholdCount": request.get("UnhealthyThresholdCount") or 2,
        "HealthCheckPath": request.get("HealthCheckPath") or (("/AWS.ALB/healthcheck" if version == "GRPC" else "/") if http else None),
        "Matcher": request.get("Matcher") or (({"GrpcCode": "12"} if version == "GRPC" else {"HttpCode": "200"}) if http else None),
        "LoadBalancerArns": [],
        "TargetType": sort,
        "ProtocolVersion": version,
        "IpAddressType": request.get("IpAddressType") or ("ipv4" if sort != "lambda" else None),
        "TargetControlPort": request.get("TargetControlPort"),
        "formwork:request": _settings(request),
    }
    state.groups[arn], state.targets[arn] = group, []
    state.attributes[arn] = dict(GROUP["lambda" if sort == "lambda" else "web" if web else "other"])
    _keep_tags(state, arn, request)
    return {"TargetGroups": [_shown(group)]}


@ELBV2.operation
def describe_target_groups(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    for arn, held in state.groups.items():
        held["LoadBalancerArns"] = sorted(_used_by(state, arn))
    chosen = state.groups
    if balancer := request.get("LoadBalancerArn"):
        chosen = {arn: held for arn, held in chosen.items() if balancer in held["LoadBalancerArns"]}
    return _described(
        context, request, "TargetGroups", chosen, request.get("TargetGroupArns"),
        {held["TargetGroupName"]: held for held in chosen.values()}, "TargetGroupNotFoundException",
    )


@ELBV2.operation
def modify_target_group(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    group = _group(context, request["TargetGroupArn"])
    group.update({name: value for name, value in request.items() if name != "TargetGroupArn" and value is not None})
    return {"TargetGroups": [_shown(group)]}


@ELBV2.operation
def delete_target_group(context: RequestContext, request: dict[str, Any]) -> None:
    state, arn = STATE.at(context), request["TargetGroupArn"]
    if _used_by(state, arn):
        raise fault(context, "ResourceInUseException", f"Target group '{arn}' is currently in use by a listener or a rule")
    for part in (state.groups, state.targets, state.attributes, state.tags):
        part.pop(arn, None)


@ELBV2.operation
def describe_target_group_attributes(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return _attributes(context, _group(context, request["TargetGroupArn"])["TargetGroupArn"])


@ELBV2.operation
def modify_target_group_attributes(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    arn = _group(context, request["TargetGroupArn"])["TargetGroupArn"]
    return _set_attributes(context, arn, {**GROUP["lambda"], **GROUP["web"], **GROUP["other"]}, request)


@ELBV2.operation
def register_targets(context: RequestContext, request: dict[str, Any]) -> None:
    group = _group(context, request["TargetGroupArn"])
    targets = STATE.at(context).targets[group["TargetGroupArn"]]
    for target in request["Targets"]:
        filled = {"Port": group["Port"], **target} if group["Port"] else dict(target)
        targets[:] = [held for held in targets if not _same_target(held, filled)] + [filled]


@ELBV2.operation
def deregister_targets(context: RequestContext, request: dict[str, Any]) -> None:
    """Without a port, a target goes with all of its ports."""
    group = _group(context, request["TargetGroupArn"])
    targets = STATE.at(context).targets[group["TargetGroupArn"]]
    for target in request["Targets"]:
        targets[:] = [held for held in targets if held["Id"] != target["Id"] or target.get("Port", held.get("Port")) != held.get("Port")]


@ELBV2.operation
def describe_target_health(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    group = _group(context, request["TargetGroupArn"])
    rows = [{"Target": target, "TargetHealth": {"State": "initial"}} for target in STATE.at(context).targets[group["TargetGroupArn"]]]
    return {"TargetHealthDescriptions": rows}


@ELBV2.operation
def create_listener(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state, balancer = STATE.at(context), _balancer(context, request["LoadBalancerArn"])
    for held in state.listeners.values():
        if held["LoadBalancerArn"] == balancer["LoadBalancerArn"] and held.get("Port") == request.get("Port"):
            if held["formwork:request"] == _settings(request):
                return {"Listeners": [_shown(held)]}
            raise fault(context, "DuplicateListenerException", f"A listener already exists on port {request.get('Port')} for this load balancer")
    arn = f"{balancer['LoadBalancerArn'].replace(':loadbalancer/', ':listener/')}/{secrets.token_hex(8)}"
    listener = {"ListenerArn": arn, "LoadBalancerArn": balancer["LoadBalancerArn"], "formwork:request": _settings(request)}
    _fill_listener(context, listener, request)
    state.listeners[arn] = listener
    state.attributes[arn] = dict(LISTENER[balancer["Type"]])
    _keep_tags(state, arn, request)
    return {"Listeners": [_shown(listener)]}


@ELBV2.operation
def describe_listeners(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    listeners = STATE.at(context).listeners
    if balancer := request.get("LoadBalancerArn"):
        _balancer(context, balancer)
        listeners = {arn: held for arn, held in listeners.items() if held["LoadBalancerArn"] == balancer}
    return _described(context, request, "Listeners", listeners, request.get("ListenerArns"), {}, "ListenerNotFoundException")


@ELBV2.operation
def modify_listener(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    listener = _listener(context, request["ListenerArn"])
    for held in STATE.at(context).listeners.values():
        taken = held is not listener and held["LoadBalancerArn"] == listener["LoadBalancerArn"]
        if taken and request.get("Port") and held.get("Port") == request["Port"]:
            raise fault(context, "DuplicateListenerException", f"A listener already exists on port {request['Port']} for this load balancer")
    _fill_listener(context, listener, request)
    return {"Listeners": [_shown(listener)]}


@ELBV2.operation
def delete_listener(context: RequestContext, request: dict[str, Any]) -> None:
    _drop_listener(STATE.at(context), _listener(context, request["ListenerArn"])["ListenerArn"])


@ELBV2.operation
def describe_listener_attributes(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return _attributes(context, _listener(context, request["ListenerArn"])["ListenerArn"])


@ELBV2.operation
def modify_listener_attributes(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    listener = _listener(context, request["ListenerArn"])
    sort = _balancer(context, listener["LoadBalancerArn"])["Type"]
    return _set_attributes(context, listener["ListenerArn"], LISTENER[sort], request)


@ELBV2.operation
def describe_listener_certificates(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    rows = _listener(context, request["ListenerArn"]).get("Certificates") or []
    return {"Certificates": [{**row, "IsDefault": index == 0} for index, row in enumerate(rows)]}


@ELBV2.operation
def create_rule(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state, listener = STATE.at(context), _listener(context, request["ListenerArn"])
    _free(context, listener["ListenerArn"], request["Priority"])
    arn = f"{listener['ListenerArn'].replace(':listener/', ':listener-rule/')}/{secrets.token_hex(8)}"
    rule = {
        "RuleArn": arn,
        "Priority": str(request["Priority"]),
        "Conditions": [_condition(one) for one in request["Conditions"]],
        "Actions": [_action(context, one) for one in request["Actions"]],
        "IsDefault": False,
        "Transforms": request.get("Transforms") or [],
        "formwork:listener": listener["ListenerArn"],
    }
    state.rules[arn] = rule
    _keep_tags(state, arn, request)
    return {"Rules": [_shown(rule)]}


@ELBV2.operation
def describe_rules(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    rules = STATE.at(context).rules
    if listener := request.get("ListenerArn"):
        held = _listener(context, listener)
        default = {"RuleArn": f"{listener.replace(':listener/', ':listener-rule/')}/default", "Priority": "default", "Conditions": [], "Actions": held["DefaultActions"], "IsDefault": True}
        rules = {arn: rule for arn, rule in rules.items() if rule["formwork:listener"] == listener} | {default["RuleArn"]: default}
    return _described(context, request, "Rules", rules, request.get("RuleArns"), {}, "RuleNotFoundException")


@ELBV2.operation
def modify_rule(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    rule = _rule(context, request["RuleArn"])
    if request.get("Conditions"):
        rule["Conditions"] = [_condition(one) for one in request["Conditions"]]
    if request.get("Actions"):
        rule["Actions"] = [_action(context, one) for one in request["Actions"]]
    if request.get("ResetTransforms"):
        rule["Transforms"] = []
    elif request.get("Transforms"):
        rule["Transforms"] = request["Transforms"]
    return {"Rules": [_shown(rule)]}


@ELBV2.operation
def set_rule_priorities(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    pairs = [(_rule(context, pair["RuleArn"]), pair["Priority"]) for pair in request["RulePriorities"]]
    for rule, priority in pairs:
        if rule["Priority"] != str(priority):
            _free(context, rule["formwork:listener"], priority)
    for rule, priority in pairs:
        rule["Priority"] = str(priority)
    return {"Rules": [_shown(rule) for rule, _ in pairs]}


@ELBV2.operation
def delete_rule(context: RequestContext, request: dict[str, Any]) -> None:
    state, arn = STATE.at(context), _rule(context, request["RuleArn"])["RuleArn"]
    del state.rules[arn]
    state.tags.pop(arn, None)


@ELBV2.operation
def add_tags(context: RequestContext, request: dict[str, Any]) -> None:
    state = STATE.at(context)
    for arn in request["ResourceArns"]:
        _exists(context, arn)
        _keep_tags(state, arn, request)


@ELBV2.operation
def remove_tags(context: RequestContext, request: dict[str, Any]) -> None:
    for arn in request["ResourceArns"]:
        _exists(context, arn)
        for key in request["TagKeys"]:
            STATE.at(context).tags.get(arn, {}).pop(key, None)


@ELBV2.operation
def describe_tags(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    if len(request["ResourceArns"]) > 20:
        raise refusal("ValidationError", "Only 20 resources can be described at once")
    rows = []
    for arn in request["ResourceArns"]:
        _exists(context, arn)
        rows.append({"ResourceArn": arn, "Tags": [{"Key": key, "Value": value} for key, value in STATE.at(context).tags.get(arn, {}).items()]})
    return {"TagDescriptions": rows}


def users_of_subnet(account_id: str, region: str, subnet_id: str) -> list[str]:
    """The names of the load balancers that stand in a subnet."""
    held = STATE.of(account_id, region).balancers.values()
    return [one["LoadBalancerName"] for one in list(held) if any(zone["SubnetId"] == subnet_id for zone in one["AvailabilityZones"])]


def users_of_group(account_id: str, region: str, group_id: str) -> list[str]:
    """The names of the load balancers that have a security group."""
    held = STATE.of(account_id, region).balancers.values()
    return [one["LoadBalancerName"] for one in list(held) if group_id in one["SecurityGroups"]]


def _users_of_certificate(account_id: str, region: str, arn: str) -> Iterator[str]:
    for listener in list(STATE.of(account_id, region).listeners.values()):
        if any(row["CertificateArn"] == arn for row in listener.get("Certificates") or []):
            yield listener["LoadBalancerArn"]


acm.USERS.append(_users_of_certificate)


def _settings(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if value is not None}


def _shown(held: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in held.items() if not name.startswith("formwork:") and value is not None}


def _arn(context: RequestContext, rest: str) -> str:
    return f"arn:aws:elasticloadbalancing:{context.region}:{context.account_id}:{rest}"


def _found(context: RequestContext, part: dict[str, dict[str, Any]], arn: str, missing: str) -> dict[str, Any]:
    if arn not in part:
        raise fault(context, missing, f"One or more of '{arn}' not found")
    return part[arn]


def _balancer(context: RequestContext, arn: str) -> dict[str, Any]:
    return _found(context, STATE.at(context).balancers, arn, "LoadBalancerNotFoundException")


def _group(context: RequestContext, arn: str) -> dict[str, Any]:
    return _found(context, STATE.at(context).groups, arn, "TargetGroupNotFoundException")


def _listener(context: RequestContext, arn: str) -> dict[str, Any]:
    return _found(context, STATE.at(context).listeners, arn, "ListenerNotFoundException")


def _rule(context: RequestContext, arn: str) -> dict[str, Any]:
    return _found(context, STATE.at(context).rules, arn, "RuleNotFoundException")


def _exists(context: RequestContext, arn: str) -> None:
    sort = arn.split(":", 5)[-1].split("/", 1)[0]
    {"loadbalancer": _balancer, "targetgroup": _group, "listener": _listener, "listener-rule": _rule}[sort](context, arn)


def _described(
    context: RequestContext,
    request: dict[str, Any],
    rows: str,
    part: dict[str, dict[str, Any]],
    arns: list[str] | None,
    by_name: dict[str, dict[str, Any]],
    missing: str,
) -> dict[str, Any]:
    if arns or request.get("Names"):
        chosen = [_found(context, part, arn, missing) for arn in arns or []]
        chosen += [_found(context, by_name, name, missing) for name in request.get("Names") or []]
        return {rows: [_shown(held) for held in chosen]}
    chosen, marker = page(request, list(part.values()), "PageSize", "Marker")
    return {rows: [_shown(held) for held in chosen], "NextMarker": marker}


def _zones(context: RequestContext, request: dict[str, Any], least: int) -> tuple[list[dict[str, Any]], str]:
    mappings = request.get("SubnetMappings") or [{"SubnetId": subnet} for subnet in request.get("Subnets") or []]
    zones, vpcs = [], set()
    for mapping in mappings:
        subnet = known.subnet(context.account_id, context.region, mapping["SubnetId"])
        if subnet is None:
            raise fault(context, "SubnetNotFoundException", f"The subnet ID '{mapping['SubnetId']}' is not valid")
        vpcs.add(subnet.vpc_id)
        address = {
            "AllocationId": mapping.get("AllocationId"),
            "PrivateIPv4Address": mapping.get("PrivateIPv4Address"),
            "IPv6Address": mapping.get("IPv6Address"),
        }
        address = {name: value for name, value in address.items() if value}
        zone = {"ZoneName": subnet.availability_zone, "SubnetId": subnet.id, "LoadBalancerAddresses": [address] if address else []}
        if mapping.get("SourceNatIpv6Prefix"):
            zone["SourceNatIpv6Prefixes"] = [mapping["SourceNatIpv6Prefix"]]
        zones.append(zone)
    if len({zone["ZoneName"] for zone in zones}) < max(least, len(zones)):
        raise fault(context, "InvalidConfigurationRequestException", f"At least {least} subnets in different Availability Zones must be specified, one for each zone")
    if len(vpcs) != 1:
        raise fault(context, "InvalidConfigurationRequestException", "All subnets must belong to the same VPC")
    return sorted(zones, key=lambda zone: zone["ZoneName"]), vpcs.pop()


def _check_groups(context: RequestContext, groups: list[str]) -> None:
    for group in groups:
        if known.security_group(context.account_id, context.region, group) is None:
            raise fault(context, "InvalidSecurityGroupException", f"The security group '{group}' does not exist")


def _default_group(context: RequestContext, vpc_id: str) -> str:
    groups = known.ec2(context.account_id, context.region).groups.get(vpc_id, {}).values()
    return next((group.id for group in groups if group.name == "default"), "")


def _capacity(state: State, arn: str) -> dict[str, Any]:
    units = state.capacity.get(arn)
    return {"MinimumLoadBalancerCapacity": {"CapacityUnits": units}, "CapacityReservationState": []} if units else {"CapacityReservationState": []}


def _attributes(context: RequestContext, arn: str) -> dict[str, Any]:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in STATE.at(context).attributes[arn].items()]}


def _set_attributes(context: RequestContext, arn: str, allowed: dict[str, str], request: dict[str, Any]) -> dict[str, Any]:
    for pair in request["Attributes"]:
        checked(context, allowed, pair)
    STATE.at(context).attributes[arn].update({pair["Key"]: pair.get("Value") or "" for pair in request["Attributes"]})
    return _attributes(context, arn)


def _keep_tags(state: State, arn: str, request: dict[str, Any]) -> None:
    state.tags.setdefault(arn, {}).update({tag["Key"]: tag.get("Value") or "" for tag in request.get("Tags") or []})


def _fill_listener(context: RequestContext, listener: dict[str, Any], request: dict[str, Any]) -> None:
    for name in ("Port", "Protocol", "SslPolicy", "Certificates", "AlpnPolicy", "MutualAuthentication"):
        if request.get(name) is not None:
            listener[name] = request[name]
    if listener.get("Protocol") in ("HTTPS", "TLS"):
        if not listener.get("Certificates"):
            raise refusal("ValidationError", "A certificate must be specified for secure listeners")
        if len(listener["Certificates"]) > 1:
            raise fault(context, "TooManyCertificatesException", "Up to '1' certificate ARNs can be specified")
        listener.setdefault("SslPolicy", "ELBSecurityPolicy-2016-08")
        if listener["Protocol"] == "HTTPS":
            listener.setdefault("MutualAuthentication", {"Mode": "off"})
    else:
        for name in ("SslPolicy", "Certificates", "MutualAuthentication", "AlpnPolicy"):
            listener.pop(name, None)
    if request.get("DefaultActions"):
        listener["DefaultActions"] = [_action(context, one) for one in request["DefaultActions"]]


def _action(context: RequestContext, action: dict[str, Any]) -> dict[str, Any]:
    """An action with what AWS fills in; the secret of an identity provider is never told."""
    action = {**action}
    if action["Type"] == "forward":
        forward = action.get("ForwardConfig") or {"TargetGroups": [{"TargetGroupArn": action["TargetGroupArn"]}]}
        groups = [{"Weight": 1, **group} for group in forward["TargetGroups"]]
        for group in groups:
            _group(context, group["TargetGroupArn"])
        sticky = {"Enabled": False, **(forward.get("TargetGroupStickinessConfig") or {})}
        action["ForwardConfig"] = {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}
        if len(groups) == 1:
            action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    elif action["Type"] == "redirect":
        whole = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
        action["RedirectConfig"] = {**whole, **action["RedirectConfig"]}
    for name in ("AuthenticateOidcConfig", "AuthenticateCognitoConfig"):
        if name in action:
            whole = {"SessionCookieName": "AWSELBAuthSessionCookie", "Scope": "openid", "SessionTimeout": 604800, "OnUnauthenticatedRequest": "authenticate"}
            action[name] = {**whole, **{key: value for key, value in action[name].items() if key not in ("ClientSecret", "UseExistingClientSecret")}}
    return action


_WITH_VALUES = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}


def _condition(condition: dict[str, Any]) -> dict[str, Any]:
    """Hosts and paths may be said in two ways, and are answered in both."""
    condition = {**condition}
    if (config := _WITH_VALUES.get(condition["Field"])) and not (condition.get(config) or {}).get("RegexValues"):
        values = condition.get("Values") or (condition.get(config) or {}).get("Values") or []
        condition["Values"], condition[config] = values, {"Values": values}
    return condition


def _free(context: RequestContext, listener: str, priority: int) -> None:
    for rule in STATE.at(context).rules.values():
        if rule["formwork:listener"] == listener and rule["Priority"] == str(priority):
            raise fault(context, "PriorityInUseException", f"Priority '{priority}' is currently in use")


def _drop_listener(state: State, arn: str) -> None:
    for rule in [key for key, held in state.rules.items() if held["formwork:listener"] == arn]:
        del state.rules[rule]
        state.tags.pop(rule, None)
    for part in (state.listeners, state.attributes, state.tags):
        part.pop(arn, None)


def _used_by(state: State, group: str) -> set[str]:
    """The load balancers whose listeners and rules lead to a target group."""
    found = set()
    for held in state.listeners.values():
        if _leads_to(held["DefaultActions"], group):
            found.add(held["LoadBalancerArn"])
    for rule in state.rules.values():
        if _leads_to(rule["Actions"], group):
            found.add(state.listeners[rule["formwork:listener"]]["LoadBalancerArn"])
    return found


def _leads_to(actions: list[dict[str, Any]], group: str) -> bool:
    return any(one["TargetGroupArn"] == group for action in actions for one in (action.get("ForwardConfig") or {}).get("TargetGroups", []))


def _same_target(held: dict[str, Any], other: dict[str, Any]) -> bool:
    return held["Id"] == other["Id"] and held.get("Port") == other.get("Port")
