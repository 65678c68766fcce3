"""CloudFront: origin access controls, cache policies, response headers policies; distributions are in `cloudfront_distributions`.

moto's distributions forget fields, have one ETag for ever and can be deleted while they are enabled, and it has no policies, so all of
these are supplied here. What is left to moto are invalidations, keys and key groups. CloudFront is one service for the whole world: its
state has no region. Behaviour follows https://docs.aws.amazon.com/cloudfront/latest/APIReference.
"""

import random
import string
import uuid
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import fault, refusal
from ..stores import Regional
from .cloudfront_managed import CACHE, RESPONSE_HEADERS
from .native import Native, now


class Versioned:
    """A thing with an id, its configuration, and the version that a change of it must name."""

    def __init__(self, identity: str, config: dict[str, Any]):
        self.identity = identity
        self.put(config)

    def put(self, config: dict[str, Any]) -> None:
        """Another configuration, and with it another version."""
        self.config = config
        self.etag = random_id()
        self.modified = now()


class State:
    """What one account has of CloudFront."""

    def __init__(self) -> None:
        self.distributions: dict[str, Any] = {}
        self.controls: dict[str, Versioned] = {}
        self.cache_policies: dict[str, Versioned] = {}
        self.headers_policies: dict[str, Versioned] = {}


STATE: Regional[State] = Regional(State)
CLOUDFRONT = Native(STATE)
GLOBAL = "aws-global"
clear = STATE.clear


def at(context: RequestContext) -> State:
    """The state of the account of a call, whatever region it is signed for."""
    return STATE.of(context.account_id, GLOBAL)


def random_id() -> str:
    """Such as `EDFDVBD6EXAMPLE`: ids of distributions and access controls, and versions."""
    return "E" + "".join(random.choices(string.ascii_uppercase + string.digits, k=13))


def matched(request: dict[str, Any], etag: str) -> None:
    """Refuses a change that does not name the version that there is."""
    given = request.get("IfMatch")
    if not given:
        raise refusal("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
    if given != etag:
        raise refusal("PreconditionFailed", "The request failed because it didn't meet the preconditions in one or more request-header fields.", 412)


def listed(request: dict[str, Any], items: list[Any]) -> dict[str, Any]:
    """One page of a list: it goes on after the marker."""
    start = int(request.get("Marker") or 0) if str(request.get("Marker") or 0).isdigit() else None
    if start is None:
        raise refusal("InvalidArgument", "The marker is not one of this list.")
    size = int(request.get("MaxItems") or 100)
    page = items[start : start + size]
    more = start + size < len(items)
    answer = {"Marker": request.get("Marker") or "", "MaxItems": size, "IsTruncated": more, "Quantity": len(page), "Items": page}
    return {**answer, "NextMarker": str(start + size)} if more else answer


class Sort:
    """A sort of things that have a name: how its operations are called, and what CloudFront says of them."""

    def __init__(self, noun: str, held: Callable[[State], dict[str, Versioned]], make: Callable[[], str], managed: dict[str, str], used_by: Callable[[dict[str, Any], str], bool]):
        self.noun, self.held, self.make, self.managed, self.used_by = noun, held, make, managed, used_by
        plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
        for name, operation in (
            (f"Create{noun}", self.create), (f"Get{noun}", self.get), (f"Get{noun}Config", self.get_config),
            (f"List{plural}", self.list), (f"Update{noun}", self.update), (f"Delete{noun}", self.delete),
        ):
            CLOUDFRONT.named(name)(operation)

    def create(self, context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
        held, config = self.held(at(context)), request[f"{self.noun}Config"]
        self._check(context, config, None)
        made = Versioned(self.make(), config)
        held[made.identity] = made
        return {self.noun: self._shown(made), "ETag": made.etag, "Location": f"https://cloudfront.amazonaws.com/2020-05-31/{made.identity}"}

    def get(self, context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
        found = self.found(context, request["Id"])
        return {self.noun: self._shown(found), "ETag": found.etag}

    def get_config(self, context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
        found = self.found(context, request["Id"])
        return {f"{self.noun}Config": found.config, "ETag": found.etag}

    def list(self, context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
        own = [] if request.get("Type") == "managed" else list(self.held(at(context)).values())
        if self.noun == "OriginAccessControl":
            return {"OriginAccessControlList": listed(request, [{"Id": it.identity, **it.config} for it in own])}
        page = listed(request, [{"Type": "custom", self.noun: self._shown(it)} for it in own])
        return {f"{self.noun}List": page}

    def update(self, context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
        found = self.found(context, request["Id"], "IllegalUpdate")
        matched(request, found.etag)
        config = request[f"{self.noun}Config"]
        self._check(context, config, found.identity)
        found.put(config)
        return {self.noun: self._shown(found), "ETag": found.etag}

    def delete(self, context: RequestContext, request: dict[str, Any]) -> None:
        found = self.found(context, request["Id"], "IllegalDelete")
        matched(request, found.etag)
        state = at(context)
        if any(self.used_by(distribution.config, found.identity) for distribution in state.distributions.values()):
            raise fault(context, f"{self.noun}InUse", f"Cannot delete the {self.noun} because it is attached to one or more distributions.")
        del self.held(state)[found.identity]

    def stands(self, context: RequestContext, identity: str) -> bool:
        """Whether a distribution may name it."""
        return identity in self.managed or identity in self.held(at(context))

    def found(self, context: RequestContext, identity: str, of_managed: str | None = None) -> Versioned:
        """The account's own one of that id."""
        if of_managed and identity in self.managed:
            raise fault(context, of_managed, f"{identity} is managed by AWS.")
        found = self.held(at(context)).get(identity)
        if found is None:
            raise fault(context, f"NoSuch{self.noun}", f"The {self.noun} {identity} does not exist.")
        return found

    def _check(self, context: RequestContext, config: dict[str, Any], own: str | None) -> None:
        names = {it.config["Name"] for it in self.held(at(context)).values() if it.identity != own}
        if config["Name"] in names or config["Name"] in self.managed.values():
            raise fault(context, f"{self.noun}AlreadyExists", f"An {self.noun} with this name already exists.")
        consistent(config)
        ttls = [config.get(name) for name in ("MinTTL", "DefaultTTL", "MaxTTL")]
        if None not in ttls and ttls != sorted(ttls):
            raise refusal("InvalidArgument", "The parameter MinTTL must not be greater than DefaultTTL, and that not greater than MaxTTL.")
        cors = config.get("CorsConfig") or {}
        if cors.get("AccessControlAllowCredentials") and "*" in (cors["AccessControlAllowOrigins"]["Items"] + cors["AccessControlAllowHeaders"]["Items"]):
            raise refusal("InvalidArgument", "A wildcard cannot be combined with AccessControlAllowCredentials.")

    def _shown(self, it: Versioned) -> dict[str, Any]:
        shown = {"Id": it.identity, f"{self.noun}Config": it.config}
        return shown if self.noun == "OriginAccessControl" else {**shown, "LastModifiedTime": it.modified}


def behaviors(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The default cache behaviour of a distribution, and the others."""
    return [config["DefaultCacheBehavior"], *items(config.get("CacheBehaviors"))]


def items(counted: dict[str, Any] | None) -> list[Any]:
    """The elements of one of CloudFront's lists."""
    return list((counted or {}).get("Items") or [])


def consistent(value: Any) -> None:
    """Refuses lists that say another number than they have."""
    if isinstance(value, dict):
        if "Quantity" in value and value["Quantity"] != len(value.get("Items") or []):
            raise refusal("InconsistentQuantities", "The value of Quantity and the size of Items don't match.")
        for inner in value.values():
            consistent(inner)
    elif isinstance(value, list):
        for inner in value:
            consistent(inner)


def _names(member: str) -> Callable[[dict[str, Any], str], bool]:
    return lambda config, identity: any(behavior.get(member) == identity for behavior in behaviors(config))


def _signs(config: dict[str, Any], identity: str) -> bool:
    return any(origin.get("OriginAccessControlId") == identity for origin in items(config["Origins"]))


def _uuid() -> str:
    return str(uuid.uuid4())


CONTROLS = Sort("OriginAccessControl", lambda state: state.controls, random_id, {}, _signs)
CACHE_POLICIES = Sort("CachePolicy", lambda state: state.cache_policies, _uuid, CACHE, _names("CachePolicyId"))
HEADERS_POLICIES = Sort("ResponseHeadersPolicy", lambda state: state.headers_policies, _uuid, RESPONSE_HEADERS, _names("ResponseHeadersPolicyId"))

from . import cloudfront_distributions  # noqa: E402, F401  It adds its operations to the same table.
