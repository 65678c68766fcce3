"""The mix: a seeded share of an account's calls goes wrong, in the dialect of each service.

What becomes of a call is drawn from the seed, the call and how often it was made before. A call is its service, operation and
parameters without what is random in them (ids, tokens, the marks of owners), so that the order of concurrent calls hardly matters and
a run can be repeated. Kinds that end a run for good are rare: one seed in ten has one of them, once.

Codes follow the "Common Errors" and "Error retries" pages of each service's API reference.
"""

import hashlib
import json
import re
import time
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

from . import known, weather
from .calls import Call
from .lag import LAGGING
from .pending import PENDING, UNKNOWN
from .things import CHANGES, STATES

LOST = "formwork_lost"
LATE = "formwork_late"

DELAY = 0.3
"""Seconds that a delayed call waits."""

_RARE = ("denied", "expired", "late")
_WEIGHTS = {"throttle": 40, "internal": 14, "unavailable": 10, "lost": 10, "delay": 10, "lag": 30, "pending": 30, "unknown": 20}
"""How often a kind is drawn of those that fit a call; `lag` and `pending` fit few."""

_JSON = ("ThrottlingException", 400, "InternalFailure", "ServiceUnavailableException", "AccessDeniedException", 400, "ExpiredTokenException", 400)
_QUERY = ("Throttling", 400, "InternalFailure", "ServiceUnavailable", "AccessDenied", 403, "ExpiredToken", 403)
_DIALECTS: dict[str, tuple[str, int, str, str, str, int, str, int]] = {
    "cloudfront": _QUERY,
    "ec2": ("RequestLimitExceeded", 503, "InternalError", "Unavailable", "UnauthorizedOperation", 403, "RequestExpired", 400),
    "iam": ("Throttling", 400, "ServiceFailure", "ServiceUnavailable", "AccessDenied", 403, "ExpiredToken", 403),
    "sts": _QUERY,
    "rds": _QUERY,
    "elasticache": _QUERY,
    "s3": ("SlowDown", 503, "InternalError", "ServiceUnavailable", "AccessDenied", 403, "ExpiredToken", 400),
    "route53": _QUERY,
    "eks": ("TooManyRequestsException", 429, "ServerException", "ServiceUnavailableException", "AccessDeniedException", 403, "ExpiredTokenException", 403),
    "kms": ("ThrottlingException", 400, "KMSInternalException", "DependencyTimeoutException", "AccessDeniedException", 400, "ExpiredTokenException", 400),
    "logs": ("ThrottlingException", 400, "InternalFailure", "ServiceUnavailableException", "AccessDeniedException", 400, "ExpiredTokenException", 400),
    "secretsmanager": ("ThrottlingException", 400, "InternalServiceError", "ServiceUnavailableException", "AccessDeniedException", 400, "ExpiredTokenException", 400),
    "elbv2": _QUERY,
    "efs": ("ThrottlingException", 429, "InternalServerError", "ServiceUnavailableException", "AccessDeniedException", 400, "ExpiredTokenException", 400),
    "ecr": ("ThrottlingException", 400, "ServerException", "ServiceUnavailableException", "AccessDeniedException", 400, "ExpiredTokenException", 400),
}
"""Per service: throttling and its status, the words of a 500 and a 503, denial and expiry with their statuses."""


def on_request(context: RequestContext, call: Call) -> None:
    """What the weather does to a call before it is executed: refuses it, lets it wait, or notes what is to come of it."""
    condition = weather.of(call.account)
    if condition is None:
        return
    if call.mutating and condition.throttled and time.monotonic() < condition.throttled_until:
        condition.did("throttle", call)
        raise refused(call.service, "throttle")
    kind = drawn(condition, call) if condition.mix else None
    if kind is None:
        return
    condition.did(kind, call)
    if kind == "delay":
        time.sleep(DELAY)
    elif kind in _NOTED:
        setattr(context, _NOTED[kind], True)
    else:
        raise refused(call.service, kind)


_NOTED = {"lost": LOST, "late": LATE, "lag": LAGGING, "pending": PENDING, "unknown": UNKNOWN}


def refused(service: str, kind: str) -> CommonServiceException:
    """A kind's refusal in the dialect of a service."""
    throttled, throttled_status, internal, unavailable, denied, denied_status, expired, expired_status = _DIALECTS.get(service, _JSON)
    code, status, message = {
        "throttle": (throttled, throttled_status, "Rate exceeded"),
        "internal": (internal, 500, "An internal error has occurred"),
        "unavailable": (unavailable, 503, "The service is unavailable. Please try again shortly."),
        "denied": (denied, denied_status, "You are not authorized to perform this operation."),
        "expired": (expired, expired_status, "The security token included in the request is expired"),
    }[kind]
    return CommonServiceException(code, f"{message} (weather)", status_code=status, sender_fault=status < 500)


def drawn(condition: weather.Weather, call: Call) -> str | None:
    """What becomes of a call; None for most."""
    mix = condition.mix
    if mix is None:
        return None
    key = (call.service, call.operation, _digest(call.parameters))
    with weather.LOCK:
        mix.drawn[key] += 1
        number = mix.drawn[key]
    if _share(mix.seed, "hit", *key, number) * 100 >= mix.percent:
        return None
    if rare := _rare(mix, call):
        return rare
    fitting = [kind for kind in _WEIGHTS if kind in mix.kinds and _fits(kind, call)]
    if not fitting:
        return None
    place = _share(mix.seed, "kind", *key, number) * sum(_WEIGHTS[kind] for kind in fitting)
    for kind in fitting:
        place -= _WEIGHTS[kind]
        if place < 0:
            return kind
    return fitting[-1]


def _fits(kind: str, call: Call) -> bool:
    key = (call.service, call.operation)
    return {"lag": call.mutating, "pending": key in CHANGES, "unknown": key in STATES}.get(kind, True)


def _rare(mix: weather.Mix, call: Call) -> str | None:
    """A kind that ends the run: at most one of them for one seed in ten, once."""
    kinds = [kind for kind in _RARE if kind in mix.kinds]
    if not kinds or (set(kinds) == set(_RARE) and mix.seed % 10 != 7):
        return None
    kind = kinds[mix.seed // 10 % len(kinds)]
    fits = (call.service, call.operation) in LATE_FAILURES if kind == "late" else call.mutating
    with weather.LOCK:
        if not fits or kind in mix.once:
            return None
        mix.once.add(kind)
    return kind


def late_failure(context: RequestContext) -> None:
    """Makes what a call has just begun fail after all."""
    LATE_FAILURES[context.service.service_name, context.operation.name](context)


def _nat_gateway(context: RequestContext) -> None:
    from .gaps.ec2_routing import fail

    fail(known.ec2(context.account_id, context.region), context.service_response["NatGateway"]["NatGatewayId"])


def _node_group(context: RequestContext) -> None:
    from .gaps.eks import STATE

    answer = context.service_response["nodegroup"]
    group = STATE.at(context).nodegroups[answer["clusterName"], answer["nodegroupName"]]
    group["status"] = "CREATE_FAILED"
    issue = {"code": "NodeCreationFailure", "message": "Instances failed to join the kubernetes cluster", "resourceIds": []}
    group["health"] = {"issues": [issue]}


LATE_FAILURES = {("ec2", "CreateNatGateway"): _nat_gateway, ("eks", "CreateNodegroup"): _node_group}

_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b([a-z]{2,10})-[0-9a-f]{8,17}\b|\b[0-9a-f]{12,}\b|\b\d{12}\b")


def _digest(parameters: Any) -> str:
    return hashlib.sha256(json.dumps(_plain(parameters), sort_keys=True, default=str).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Parameters without what is random in them."""
    if isinstance(value, dict):
        if isinstance(value.get("Key"), str) and value["Key"].startswith("formwork:"):
            return value["Key"]
        return {name: _plain(inner) for name, inner in value.items() if "token" not in name.lower() and not name.startswith("formwork:")}
    if isinstance(value, list):
        # A batch of ids is the same question whatever their order; how many there are depends on who asked at the same moment.
        return sorted({json.dumps(_plain(inner), sort_keys=True, default=str) for inner in value})
    return _RANDOM.sub(r"\1", value) if isinstance(value, str) else value


def _share(*parts: Any) -> float:
    """A number from 0 to below 1 that is the same for the same parts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
