"""KMS of moto: the policy's name, the period of rotation, and what a key that waits for its deletion refuses."""

import json
from datetime import timedelta
from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around, fault, refusal
from .altered import alter
from .native import now

_PERIOD = "formwork_rotation_days"
_STARTED = "formwork_rotation_started"

# https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
_NOT_WHILE_PENDING = (
    "CreateAlias", "UpdateAlias", "UpdateKeyDescription", "PutKeyPolicy", "EnableKey", "DisableKey", "EnableKeyRotation", "DisableKeyRotation",
    "TagResource", "UntagResource", "ScheduleKeyDeletion", "Encrypt", "Decrypt", "GenerateDataKey", "CreateGrant",
)


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.TOKENS, "kms")
def plain_ids(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """In places moto knows a key by its id only, where AWS takes the ARN as well."""
    for name in ("KeyId", "TargetKeyId"):
        value = request.get(name)
        if isinstance(value, str) and ":key/" in value and f":{context.region}:{context.account_id}:" in value:
            alter(context, request, **{name: value.rsplit("/", 1)[-1]})
    return proceed()


@around(Layer.STRICT, "kms", *_NOT_WHILE_PENDING)
def not_while_pending(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    key = _key(context, request.get("TargetKeyId") or request.get("KeyId"))
    if key is not None and key.key_state == "PendingDeletion":
        raise fault(context, "KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return proceed()


@around(Layer.GAPS, "kms", "GetKeyPolicy", "PutKeyPolicy")
def key_policy(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A key has one policy, whose name `default` need not be said."""
    if context.operation.name == "PutKeyPolicy":
        _check_policy(context, request.get("Policy") or "")
    if not request.get("PolicyName"):
        alter(context, request, PolicyName="default")
    answer = proceed()
    if context.operation.name == "GetKeyPolicy":
        answer["PolicyName"] = "default"
    return answer


@around(Layer.GAPS, "kms", "CreateKey", "DescribeKey")
def show_key(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if request.get("Policy"):
        _check_policy(context, request["Policy"])
    answer = proceed()
    answer["KeyMetadata"].setdefault("MultiRegion", False)
    return answer


@around(Layer.GAPS, "kms", "EnableKeyRotation")
def enable_rotation(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    days = request.get("RotationPeriodInDays")
    if days is not None and not 90 <= days <= 2560:
        raise refusal("ValidationException", f"Value '{days}' at 'rotationPeriodInDays' must be between 90 and 2560")
    answer = proceed()
    key = _key(context, request["KeyId"])
    setattr(key, _PERIOD, days or getattr(key, _PERIOD, 365))
    setattr(key, _STARTED, now())
    return answer


@around(Layer.GAPS, "kms", "GetKeyRotationStatus")
def rotation_status(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    key = _key(context, request["KeyId"])
    answer["KeyId"] = key.id
    if answer.get("KeyRotationEnabled"):
        days = getattr(key, _PERIOD, 365)
        answer["RotationPeriodInDays"] = days
        answer["NextRotationDate"] = getattr(key, _STARTED, now()) + timedelta(days=days)
    return answer


@around(Layer.GAPS, "kms", "ScheduleKeyDeletion")
def schedule_deletion(_context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    days = request.get("PendingWindowInDays") or 30
    if not 7 <= days <= 30:
        raise refusal("ValidationException", f"Value '{days}' at 'pendingWindowInDays' must be between 7 and 30")
    answer = proceed()
    answer.update(KeyState="PendingDeletion", PendingWindowInDays=days)
    return answer


@around(Layer.GAPS, "kms", "CancelKeyDeletion")
def cancel_deletion(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    key = _key(context, request["KeyId"])
    if key is not None and key.key_state != "PendingDeletion":
        raise fault(context, "KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    return proceed()


def _key(context: RequestContext, named: str | None) -> Any | None:
    from moto.kms.models import kms_backends

    backend = kms_backends[context.account_id][context.region]
    try:
        return backend.describe_key(named[named.index("alias/") :] if named and "alias/" in named else named) if named else None
    except Exception:  # noqa: BLE001  Whatever moto says of an unknown key, the call itself will say it.
        return None


def _check_policy(context: RequestContext, text: str) -> None:
    try:
        fits = isinstance(json.loads(text), dict) and bool(json.loads(text).get("Statement"))
    except ValueError:
        fits = False
    if not fits:
        raise fault(context, "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals, or is no policy at all.")
