"""Reading after writing: for some reads, what was just made is not there yet, and what was just changed is as it was.

Off unless it was asked for, per account. A thing that a create made is left out of the next reads that would have shown it: where it
was asked for by its id or name, its service's own error says that there is no such thing. A question that was asked before gets its
last answer again, as many times after a call that changes something in its service. The answer of that call itself is right, and so is
what is done to the thing: AWS's services know their own. EKS, S3, Secrets Manager and CloudWatch Logs are not here: what they say
follows from what was written, or their delays are not documented.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

import copy
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import RequestContext, ServiceException

from . import intercept
from .calls import READS, plain
from .intercept import Layer, Proceed, around, refusal


@dataclass(frozen=True)
class Listed:
    """Things that are read as elements of a list: where the create says the id, the list, the id in its elements, the parameter that
    asks for ids, and the error for one that is not there."""

    made: str
    rows: str
    key: str
    asked: str
    code: str
    status: int = 400


@dataclass(frozen=True)
class Named:
    """Things that are asked for by a parameter: where the create says it, the parameter, and the error."""

    made: str
    parameter: str
    code: str
    status: int = 400


LISTED: dict[tuple[str, str], Listed] = {
    ("ec2", "CreateVpc"): Listed("Vpc.VpcId", "Vpcs", "VpcId", "VpcIds", "InvalidVpcID.NotFound"),
    ("ec2", "CreateSubnet"): Listed("Subnet.SubnetId", "Subnets", "SubnetId", "SubnetIds", "InvalidSubnetID.NotFound"),
    ("ec2", "CreateInternetGateway"): Listed(
        "InternetGateway.InternetGatewayId",
        "InternetGateways",
        "InternetGatewayId",
        "InternetGatewayIds",
        "InvalidInternetGatewayID.NotFound",
    ),
    ("ec2", "CreateRouteTable"): Listed(
        "RouteTable.RouteTableId", "RouteTables", "RouteTableId", "RouteTableIds", "InvalidRouteTableID.NotFound"
    ),
    ("ec2", "CreateNatGateway"): Listed(
        "NatGateway.NatGatewayId", "NatGateways", "NatGatewayId", "NatGatewayIds", "NatGatewayNotFound"
    ),
    ("ec2", "AllocateAddress"): Listed(
        "AllocationId", "Addresses", "AllocationId", "AllocationIds", "InvalidAllocationID.NotFound"
    ),
    ("ec2", "CreateSecurityGroup"): Listed("GroupId", "SecurityGroups", "GroupId", "GroupIds", "InvalidGroup.NotFound"),
    ("ec2", "AuthorizeSecurityGroupIngress"): Listed(
        "SecurityGroupRules.SecurityGroupRuleId",
        "SecurityGroupRules",
        "SecurityGroupRuleId",
        "SecurityGroupRuleIds",
        "InvalidSecurityGroupRuleId.NotFound",
    ),
    ("ec2", "CreateVpcEndpoint"): Listed(
        "VpcEndpoint.VpcEndpointId", "VpcEndpoints", "VpcEndpointId", "VpcEndpointIds", "InvalidVpcEndpointId.NotFound"
    ),
    ("ec2", "CreateFlowLogs"): Listed("FlowLogIds", "FlowLogs", "FlowLogId", "FlowLogIds", "InvalidFlowLogId.NotFound"),
    ("rds", "CreateDBInstance"): Listed(
        "DBInstance.DBInstanceIdentifier",
        "DBInstances",
        "DBInstanceIdentifier",
        "DBInstanceIdentifier",
        "DBInstanceNotFound",
        404,
    ),
    ("rds", "CreateDBSubnetGroup"): Listed(
        "DBSubnetGroup.DBSubnetGroupName",
        "DBSubnetGroups",
        "DBSubnetGroupName",
        "DBSubnetGroupName",
        "DBSubnetGroupNotFoundFault",
        404,
    ),
    ("rds", "CreateDBParameterGroup"): Listed(
        "DBParameterGroup.DBParameterGroupName",
        "DBParameterGroups",
        "DBParameterGroupName",
        "DBParameterGroupName",
        "DBParameterGroupNotFound",
        404,
    ),
    ("elasticache", "CreateReplicationGroup"): Listed(
        "ReplicationGroup.ReplicationGroupId",
        "ReplicationGroups",
        "ReplicationGroupId",
        "ReplicationGroupId",
        "ReplicationGroupNotFoundFault",
        404,
    ),
    ("elasticache", "CreateCacheSubnetGroup"): Listed(
        "CacheSubnetGroup.CacheSubnetGroupName",
        "CacheSubnetGroups",
        "CacheSubnetGroupName",
        "CacheSubnetGroupName",
        "CacheSubnetGroupNotFoundFault",
    ),
    ("elasticache", "CreateCacheParameterGroup"): Listed(
        "CacheParameterGroup.CacheParameterGroupName",
        "CacheParameterGroups",
        "CacheParameterGroupName",
        "CacheParameterGroupName",
        "CacheParameterGroupNotFound",
        404,
    ),
    ("ecr", "CreateRepository"): Listed(
        "repository.repositoryName", "repositories", "repositoryName", "repositoryNames", "RepositoryNotFoundException"
    ),
}
LISTED[("ec2", "AuthorizeSecurityGroupEgress")] = LISTED[("ec2", "AuthorizeSecurityGroupIngress")]

NAMED: dict[tuple[str, str], Named] = {
    ("iam", "CreateRole"): Named("Role.RoleName", "RoleName", "NoSuchEntity", 404),
    ("iam", "CreateOpenIDConnectProvider"): Named(
        "OpenIDConnectProviderArn", "OpenIDConnectProviderArn", "NoSuchEntity", 404
    ),
    ("kms", "CreateKey"): Named("KeyMetadata.KeyId", "KeyId", "NotFoundException"),
}


@dataclass
class _Hidden:
    id: str
    how: Listed | Named
    reads: int


LATE = frozenset({"ec2", "iam", "rds", "elasticache", "kms", "ecr"})
"""The services in which a change is read late."""


@dataclass
class _Answer:
    value: Any
    error: Exception | None
    stale: int = 0


_reads: dict[str, int] = {}
_hidden: dict[tuple[str, str], list[_Hidden]] = {}
_answers: dict[tuple[str, str], dict[tuple[str, str, str], _Answer]] = {}
_lock = threading.Lock()


def install() -> None:
    """Importing this module has registered the function; what is left is to put it in front of the providers."""
    intercept.install()


def reset(account: str | None) -> None:
    """Reads of an account, or of all, show what there is again."""
    with _lock:
        if account is None:
            _reads.clear()
            _hidden.clear()
            _answers.clear()
            return
        _reads.pop(account, None)
        for kept in (_hidden, _answers):
            for key in [key for key in kept if key[0] == account]:
                del kept[key]


def set_lag(account: str, reads: int) -> None:
    """From now on, what is made in an account is missed by so many reads; with 0, nothing is, what was made before included."""
    reset(account)
    if reads > 0:
        with _lock:
            _reads[account] = reads


@around(Layer.LAG, "*")
def late(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Remembers what is made and leaves it out of what is read. A call of one service to another sees everything."""
    account = context.account_id
    if account not in _reads or context.is_internal_call:
        return proceed()
    service, operation = context.service.service_name, context.operation.name
    if service not in LATE:
        return proceed()
    if operation.startswith(READS):
        return _read(account, service, request, lambda: _as_before(context, request, proceed))
    answer = proceed()
    with _lock:
        for known in _answers.get((account, service), {}).values():
            # One that is stale already tells of before an earlier change, and not for longer than it was to.
            known.stale = known.stale or _reads.get(account, 0)
    for table in (LISTED, NAMED):
        if how := table.get((service, operation)):
            with _lock:
                things = _hidden.setdefault((account, service), [])
                things.extend(_Hidden(made, how, _reads.get(account, 0)) for made in _at(answer, how.made.split(".")))
    return answer


def _read(account: str, service: str, request: dict[str, Any], proceed: Proceed) -> Any:
    with _lock:
        hidden = [thing for thing in _hidden.get((account, service), []) if thing.reads > 0]
    for thing in hidden:
        asked = request.get(thing.how.asked if isinstance(thing.how, Listed) else thing.how.parameter)
        if asked == thing.id or (isinstance(asked, list) and thing.id in asked) or _names(asked, thing.id):
            thing.reads -= 1
            raise refusal(thing.how.code, f"{thing.id} does not exist", thing.how.status)
    answer = proceed()
    for thing in hidden:
        rows = answer.get(thing.how.rows) if isinstance(thing.how, Listed) and isinstance(answer, dict) else None
        if isinstance(rows, list) and any(row.get(thing.how.key) == thing.id for row in rows):
            thing.reads -= 1
            answer = {**answer, thing.how.rows: [row for row in rows if row.get(thing.how.key) != thing.id]}
    return answer


def _as_before(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The answer that this question had before the last change, while it is stale; otherwise that of now, which is remembered."""
    question = (context.region, context.operation.name, json.dumps(plain(request), sort_keys=True))
    with _lock:
        answers = _answers.setdefault((context.account_id, context.service.service_name), {})
        known = answers.get(question)
        if known is not None and known.stale > 0:
            known.stale -= 1
            if known.error is not None:
                raise known.error
            return copy.deepcopy(known.value)
    try:
        answer = proceed()
    except ServiceException as error:
        answers[question] = _Answer(None, error)
        raise
    if isinstance(answer, dict):
        answers[question] = _Answer(copy.deepcopy(dict(answer)), None)
    return answer


def _names(asked: Any, id: str) -> bool:
    """A key may be asked for by its ARN."""
    return isinstance(asked, str) and asked.startswith("arn:aws:kms:") and asked.endswith(f":key/{id}")


def _at(answer: Any, path: list[str]) -> Iterator[str]:
    if isinstance(answer, list):
        for element in answer:
            yield from _at(element, path)
    elif not path:
        if isinstance(answer, str):
            yield answer
    elif isinstance(answer, dict) and path[0] in answer:
        yield from _at(answer[path[0]], path[1:])
