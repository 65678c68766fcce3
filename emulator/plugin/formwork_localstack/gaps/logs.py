"""CloudWatch Logs: the key, the class and the protection of a log group, and the retention periods that AWS has."""

from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault

_DAYS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
_CLASS = "formwork_class"
_PROTECTED = "formwork_protected"


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "logs", "CreateLogGroup")
def create_log_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    _check_key(context, request.get("kmsKeyId"))
    answer = proceed()
    group = _group(context, request["logGroupName"])
    setattr(group, _CLASS, request.get("logGroupClass") or "STANDARD")
    setattr(group, _PROTECTED, bool(request.get("deletionProtectionEnabled", False)))
    return answer


@around(Layer.GAPS, "logs", "DescribeLogGroups")
def describe_log_groups(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    for row in answer.get("logGroups") or []:
        group = _group(context, row["logGroupName"])
        row["logGroupClass"] = getattr(group, _CLASS, "STANDARD")
        row["deletionProtectionEnabled"] = getattr(group, _PROTECTED, False)
    return answer


@around(Layer.GAPS, "logs", "PutLogGroupDeletionProtection")
def protect(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    setattr(_group(context, request["logGroupIdentifier"]), _PROTECTED, request["deletionProtectionEnabled"])
    return {}


@around(Layer.STRICT, "logs", "DeleteLogGroup")
def delete_log_group(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A protected group stays. LocalStack keeps the tags of a group beside it; they go with the group."""
    group = _group(context, request["logGroupName"])
    if getattr(group, _PROTECTED, False):
        raise fault(context, "ValidationException", "The log group cannot be deleted because deletion protection is enabled.")
    answer = proceed()
    from localstack.services.logs.models import logs_stores

    logs_stores[context.account_id][context.region].TAGS.pop(group.arn.removesuffix(":*"), None)
    return answer


@around(Layer.GAPS, "logs", "TagResource")
def tag_resource(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """LocalStack forgets the tags of a group that was made without any: it has no place for them then."""
    from localstack.services.logs.models import logs_stores

    logs_stores[context.account_id][context.region].TAGS.setdefault(request["resourceArn"], {})
    return proceed()


@around(Layer.GAPS, "logs", "AssociateKmsKey", "DisassociateKmsKey")
def key_of_group(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """Both succeed whatever the group had before."""
    _check_key(context, request.get("kmsKeyId"))
    group = _group(context, request.get("logGroupName") or request.get("resourceIdentifier") or "")
    group.kms_key_id = request.get("kmsKeyId") if context.operation.name == "AssociateKmsKey" else None
    return {}


@around(Layer.GAPS, "logs", "PutRetentionPolicy")
def put_retention_policy(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if request["retentionInDays"] not in _DAYS:
        raise fault(context, "InvalidParameterException", f"1 validation error detected: Value '{request['retentionInDays']}' at 'retentionInDays' failed to satisfy constraint")
    return proceed()


def _check_key(context: RequestContext, arn: str | None) -> None:
    if arn is not None and not known.key(context.account_id, arn):
        raise fault(context, "InvalidParameterException", "The specified KMS key does not exist or is not allowed to be used with Log Group")


def _group(context: RequestContext, named: str) -> Any:
    from moto.logs.models import logs_backends

    name = named.rsplit("log-group:", 1)[-1].removesuffix(":*")
    found = logs_backends[context.account_id][context.region].groups.get(name)
    if found is None:
        raise fault(context, "ResourceNotFoundException", "The specified log group does not exist.")
    return found
