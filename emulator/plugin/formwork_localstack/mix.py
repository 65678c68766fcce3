"""The mix: a seeded share of an account's calls goes wrong, in the dialect of each service.

What becomes of a call is drawn from the seed, the call and how often it was made before. A call is its service, operation and
parameters without what is random in them (ids, tokens, the marks of owners), so that the order of concurrent calls hardly matters and
a run can be repeated. Kinds that end a run for good are rare: one seed in ten has one of them, once. A late failure is one of them: what was
begun well comes to nothing minutes later, a NAT gateway with one seed and a node group with another.

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

_RARE = ("denied", "late", "expired", "late")
"""What ends a run, in the order in which seeds come to it: 7, 17, 27, 37 and so on."""
_WEIGHTS = {"throttle": 40, "internal": 14, "unavailable": 10, "lost": 10, "delay": 10, "lag": 30, "pending": 30, "unknown": 20}
"""How often a kind is drawn of those that fit a call; `lag` and `pending` fit few."""

_JSON = ("ThrottlingException", 400, "InternalFailure", "ServiceUnavailableException", "AccessDeniedException", 400, "ExpiredTokenException", 400)
_QUERY = ("Throttling", 400, "InternalFailure", "ServiceUnavailable", "AccessDenied", 403, "ExpiredToken", 403)
_DIALECTS: dict[str, tuple[str, int, str, str, str, int, str, int]] = {
    "cloudfront": _QUERY,
    "ec2": ("RequestLimitExceeded", 503, "InternalError", "Unavailable", "UnauthorizedOperation", 403, "RequestExpired", 400),
    "iam": ("Throttling", 400, "ServiceFailure", "ServiceUnavailable", "AccessDenied", 403, "ExpiredToken", 403),
    "sts": _QUERY,
    "cloudwatch": _QUERY,
    "sns": ("Throttled", 429, "InternalError", "ServiceUnavailable", "AuthorizationError", 403, "ExpiredToken", 403),
    "sqs": ("RequestThrottled", 403, "InternalFailure", "ServiceUnavailable", "AccessDenied", 403, "ExpiredToken", 403),
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
    if kind != "late":
        # It is late when it has come to that: a call that is refused for another reason makes nothing that could fail.
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
    if _comes_to_nothing(mix, call):
        return "late"
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


def _ends(mix: weather.Mix) -> str | None:
    """The kind that ends a run of this seed: none with most seeds, unless a mix has such kinds alone."""
    kinds = [kind for kind in _RARE if kind in mix.kinds]
    if not kinds or ({*kinds} == {*_RARE} and mix.seed % 10 != 7):
        return None
    return kinds[mix.seed // 10 % len(kinds)]


def _rare(mix: weather.Mix, call: Call) -> str | None:
    """A refusal that ends the run, once."""
    kind = _ends(mix)
    if kind in (None, "late") or not call.mutating:
        return None
    with weather.LOCK:
        if kind in mix.once:
            return None
        mix.once.add(kind)
    return kind


def _comes_to_nothing(mix: weather.Mix, call: Call) -> bool:
    """Whether what a call makes is to fail later. A stack has few such calls, so that the first of its sort is meant, whatever the share."""
    if _ends(mix) != "late" or "late" in mix.once:
        return False
    sorts = sorted(LATE_FAILURES)
    return sorts[mix.seed // 20 % len(sorts)] == (call.service, call.operation)


def late_failure(context: RequestContext, call: Call) -> None:
    """Makes what a call has just begun fail after all, once for a seed."""
    condition = weather.of(call.account)
    if condition is None or condition.mix is None:
        return
    with weather.LOCK:
        if "late" in condition.mix.once:
            return
        condition.mix.once.add("late")
    LATE_FAILURES[call.service, call.operation](context)
    condition.did("late", call)


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
