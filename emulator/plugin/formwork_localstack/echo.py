"""Fields that are accepted and not read back, or read back otherwise than AWS does.

A client that compares what it declared with what it reads would see a difference for ever. Where a service has a module in
`gaps`, its fields are minded there; here are the rest.
"""

import ipaddress
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.moto import call_moto_with_request

from . import intercept, known
from .intercept import Layer, Proceed, around

_THUMBPRINT = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"


def install() -> None:
    """Importing this module has registered the functions; what is left is to put them in front of the providers."""
    intercept.install()


@around(Layer.ECHO, "ec2", "AllocateAddress", "DescribeAddresses")
def addresses(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto knows neither the pool nor the border group of an address, and names users that are not there by empty text."""
    answer = proceed()
    rows = answer.get("Addresses") if "Addresses" in answer else [answer]
    by_id = {address.allocation_id: address for address in known.ec2(context.account_id, context.region).addresses}
    for row in rows or []:
        address = by_id.get(row.get("AllocationId"))
        if address is None:
            continue
        if context.operation.name == "AllocateAddress":
            address.formwork_border = request.get("NetworkBorderGroup")
            address.formwork_pool = request.get("PublicIpv4Pool")
        row["NetworkBorderGroup"] = getattr(address, "formwork_border", None) or context.region
        row["PublicIpv4Pool"] = getattr(address, "formwork_pool", None) or "amazon"
        for name in ("InstanceId", "NetworkInterfaceId", "AssociationId"):
            if row.get(name) == "":
                del row[name]
    return answer


@around(Layer.ECHO, "ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def canonical_ranges(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """AWS keeps 10.0.0.5/16 as 10.0.0.0/16 and shows the ports of a rule for all protocols as -1."""
    changed = False
    for permission in request.get("IpPermissions") or []:
        for rows, name in ((permission.get("IpRanges"), "CidrIp"), (permission.get("Ipv6Ranges"), "CidrIpv6")):
            for row in rows or []:
                canonical = _canonical(row.get(name))
                if canonical != row.get(name):
                    row[name], changed = canonical, True
    answer = call_moto_with_request(context, request) if changed else proceed()
    for row in answer.get("SecurityGroupRules") or []:
        if row.get("IpProtocol") == "-1":
            row["FromPort"], row["ToPort"] = -1, -1
        row.setdefault("GroupOwnerId", context.account_id)
    return answer


@around(Layer.ECHO, "ec2", "DescribeSecurityGroupRules")
def rule_owners(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    for row in answer.get("SecurityGroupRules") or []:
        row.setdefault("GroupOwnerId", context.account_id)
    return answer


@around(Layer.ECHO, "ec2", "DescribeFlowLogs")
def flow_log_groups(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    """A log group may be named by its ARN; moto then looks for a group without a name and calls the delivery failed."""
    from moto.logs.models import logs_backends

    answer = proceed()
    for row in answer.get("FlowLogs") or []:
        destination = row.get("LogDestination") or ""
        if ":log-group:" in destination:
            name = destination.split(":log-group:", 1)[1].removesuffix(":*")
            row["LogGroupName"] = name
            if name in logs_backends[context.account_id][context.region].groups:
                row["DeliverLogsStatus"] = "SUCCESS"
                row.pop("DeliverLogsErrorMessage", None)
    return answer


@around(Layer.ECHO, "iam", "GetRole", "ListRoles", "CreateRole", "GetAccountAuthorizationDetails")
def boundaries(_context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    """The type of a permissions boundary is `Policy` on AWS, whatever its documentation says."""
    answer = proceed()
    for row in [answer.get("Role") or {}, *(answer.get("Roles") or []), *(answer.get("RoleDetailList") or [])]:
        if row.get("PermissionsBoundary"):
            row["PermissionsBoundary"]["PermissionsBoundaryType"] = "Policy"
    return answer


@around(Layer.ECHO, "iam", "GetAccountAuthorizationDetails")
def policy_names(_context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    """moto leaves out the names of policies where it answers all of them at once."""
    answer = proceed()
    for row in answer.get("Policies") or []:
        row["PolicyName"] = row.get("PolicyName") or row["Arn"].rsplit("/", 1)[-1]
    return answer


@around(Layer.ECHO, "iam", "CreateOpenIDConnectProvider")
def thumbprint(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    """Without a thumbprint IAM fetches that of the issuer's certificate authority itself."""
    answer = proceed()
    provider = known.iam(context.account_id).open_id_providers[answer["OpenIDConnectProviderArn"]]
    provider.thumbprint_list = provider.thumbprint_list or [_THUMBPRINT]
    return answer


@around(Layer.ECHO, "s3", "GetBucketEncryption")
def encryption(_context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    """Deleting a bucket's encryption brings back the one that every bucket begins with."""
    answer = proceed()
    if not (answer.get("ServerSideEncryptionConfiguration") or {}).get("Rules"):
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
        answer["ServerSideEncryptionConfiguration"] = {"Rules": [rule]}
    return answer


def _canonical(cidr: str | None) -> str | None:
    try:
        return str(ipaddress.ip_network(cidr, strict=False)) if cidr else cidr
    except ValueError:
        return cidr
