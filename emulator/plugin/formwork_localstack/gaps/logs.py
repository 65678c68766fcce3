"""CloudWatch Logs: the key of a log group, and the retention periods that AWS has."""

from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around, fault

_DAYS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "logs", "AssociateKmsKey", "DisassociateKmsKey")
def key_of_group(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """Both succeed whatever the group had before."""
    from moto.logs.models import logs_backends

    name = request.get("logGroupName") or (request.get("resourceIdentifier") or "").rsplit("log-group:", 1)[-1].removesuffix(":*")
    group = logs_backends[context.account_id][context.region].groups.get(name)
    if group is None:
        raise fault(context, "ResourceNotFoundException", "The specified log group does not exist.")
    group.kms_key_id = request.get("kmsKeyId") if context.operation.name == "AssociateKmsKey" else None
    return {}


@around(Layer.GAPS, "logs", "PutRetentionPolicy")
def put_retention_policy(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if request["retentionInDays"] not in _DAYS:
        raise fault(context, "InvalidParameterException", f"1 validation error detected: Value '{request['retentionInDays']}' at 'retentionInDays' failed to satisfy constraint")
    return proceed()
