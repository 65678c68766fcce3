"""Read-after-write lag: after a call that changes something the next n reads that would show it answer as before it.

The plugin need not know what a call changes. It remembers what each read last showed of each thing; a read whose true answer
differs, of a thing that a call has named since, is given the remembered answer n times. A thing that was never shown was not
there; one that is gone is shown n times more where the same question was answered with it before. The answer of the changing
call itself is right, and calls that change something see the truth: a name that no read shows yet is taken all the same.
"""

import copy
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localstack.aws.api import RequestContext, ServiceException

from . import weather
from .calls import READS, plain
from .intercept import Layer, Proceed, around
from .stores import Regional
from .things import LISTINGS, SINGLES, Listing, Single, absent, asked, texts


@dataclass
class _Seen:
    """What the reads of one account and region have shown."""

    fresh: dict[str, int] = field(default_factory=dict)
    """By a text that a changing call named: for how many reads what it changed is held back."""
    visible: set[tuple[str, str]] = field(default_factory=set)
    settled: dict[tuple[str, str], Any] = field(default_factory=dict)
    """By read and thing: what was last shown; `_Refused` for a refusal."""
    shown: dict[str, list[str]] = field(default_factory=dict)
    """By question: the things in its last answer."""
    running: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """By read and thing: the true answer that is held back, and for how many reads still."""


@dataclass
class _Refused:
    error: ServiceException


_SEEN: Regional[_Seen] = Regional(_Seen)
MIXED = 3
"""Reads that a lag of the mix takes."""
LAGGING = "formwork_lagging"


def forget(account: str | None) -> None:
    """What was held back shows at once."""
    _SEEN.clear(account)


@around(Layer.LAG, "*")
def lagging(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Notes what changes, and holds back what reads would show of it."""
    condition = None if context.is_internal_call else weather.of(context.account_id)
    if condition is None or not (condition.lag or condition.mix):
        return proceed()
    key = (context.service.service_name, context.operation.name)
    if not key[1].startswith(READS):
        answer = proceed()
        reads = max(condition.lag, MIXED if context.get(LAGGING) else 0)
        with _SEEN.lock:
            # IAM and S3 are global: their things are read in whatever region the client is in, which is the same one.
            fresh = _SEEN.at(context).fresh
            fresh.update(dict.fromkeys(texts(answer if isinstance(answer, dict) else {}, texts(request)), reads))
        return answer
    if listing := LISTINGS.get(key):
        return _listed(context, request, proceed, listing, condition)
    if single := SINGLES.get(key):
        return _single(context, request, proceed, single, condition)
    return proceed()


def _listed(context: RequestContext, request: dict[str, Any], proceed: Proceed, listing: Listing, condition: weather.Weather) -> Any:
    error: ServiceException | None = None
    try:
        answer = proceed()
    except ServiceException as refused:
        if not listing.missing or getattr(refused, "code", "") != listing.missing:
            raise
        answer, error = {}, refused
    if not isinstance(answer, dict):
        return answer
    service, operation = context.service.service_name, context.operation.name
    # Rows of a list that belongs to one thing, such as the attachments of a role, are named together with it.
    owner = next((str(request[name]) for name in ("RoleName", "PolicyArn", "principalArn", "ClientVpnEndpointId") if request.get(name)), "")
    question = f"{operation} {_digest(request)}"
    # Where one page ends and the next begins moves with every row: only a list in one piece says that something is gone.
    paged = any((request | answer).get(token) for token in ("NextToken", "nextToken", "Marker", "PaginationToken"))
    held, rows = 0, []
    with _SEEN.lock:
        seen = _SEEN.at(context)
        before = [] if paged else seen.shown.get(question, [])
        # What leaves a list that was asked for by some property of it, such as the subnet of a route table, may still be there.
        # Others than EC2's narrow a list by bare words, such as IAM's to the kinds of its entities, which no entity leaves.
        filters = [one for one in request.get("Filters") or request.get("Filter") or [] if isinstance(one, dict)]
        narrowed = any(one.get("Name") != _kebab(listing.key) for one in filters)
        true = {listing.name(row): row for row in answer.get(listing.rows) or [] if isinstance(row, dict)}
        for name, row in true.items():
            old = _as_before(seen, operation, f"{owner}/{name}", (service, f"{owner}/{name.lower()}"), name, row)
            held += old is not row
            rows += [] if old is None else [old]
        for name in before:
            if name not in true:
                subject = (service, f"{owner}/{name.lower()}")
                stays = narrowed and subject in seen.visible
                old = _as_before(seen, operation, f"{owner}/{name}", subject, name, None)
                if stays:
                    seen.visible.add(subject)
                held += old is not None
                rows += [] if old is None else [old]
        seen.shown[question] = [listing.name(row) for row in rows]
    for _ in range(held):
        condition.did("stale")
    if error is not None and not rows:
        raise error
    missing = [name for name in asked(request, listing.ids) if name.lower() not in {listing.name(row).lower() for row in rows}]
    if missing and held:
        raise absent(listing.missing, listing.status, missing[0])
    if held:
        answer = {**answer, listing.rows: rows}
    return answer


def _single(context: RequestContext, request: dict[str, Any], proceed: Proceed, single: Single, condition: weather.Weather) -> Any:
    try:
        true: Any = proceed()
    except ServiceException as refused:
        true = _Refused(refused)
    service, operation = context.service.service_name, context.operation.name
    name, thing = str(request.get(single.name) or ""), _digest(request)
    subject = (service, f"/{name.lower()}")
    with _SEEN.lock:
        seen = _SEEN.at(context)
        known = (operation, thing) in seen.settled
        if not known and not isinstance(true, _Refused) and _hidden(seen, subject, name):
            # Never shown: it was not there, and neither was what is asked about it.
            shown = _counted(seen, subject, "hidden", true, _Refused(absent(single.missing, single.status, name)), name)
            if shown is true:
                _settle(seen, (operation, thing), subject, true)
        else:
            if not known and single.before is not None:
                seen.settled[operation, thing] = _first(single, name)
            shown = _as_before(seen, operation, thing, subject, name, true)
        if shown is true and isinstance(true, _Refused) and getattr(true.error, "code", "") == single.missing:
            seen.visible.discard(subject)
        elif shown is true:
            seen.visible.add(subject)
    if shown is not true:
        condition.did("stale")
    if isinstance(shown, _Refused):
        raise shown.error
    return shown


def _kebab(member: str) -> str:
    """A member of an answer as EC2's filters name it: `RouteTableId` is `route-table-id`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", member).lower()


def _first(single: Single, name: str) -> Any:
    """What a setting is before it is first made."""
    if isinstance(single.before, str):
        return _Refused(absent(single.before, single.status, name))
    return copy.deepcopy(single.before)


def _hidden(seen: _Seen, subject: tuple[str, str], name: str) -> bool:
    return subject not in seen.visible and _reads(seen, name) > 0


def _reads(seen: _Seen, name: str) -> int:
    """For how many reads a change of a thing is held back: a key is named by its id and by its ARN, which ends in it."""
    parts = name.lower().split("|")
    return max(seen.fresh.get(text, 0) for part in parts for text in (part, part.rsplit("/", 1)[-1]))


def _as_before(seen: _Seen, operation: str, thing: str, subject: tuple[str, str], name: str, true: Any) -> Any:
    """What a read shows of a thing: the truth (the very object), or what it showed before; None for nothing."""
    key = (operation, thing)
    if key not in seen.settled:
        if true is not None and not isinstance(true, _Refused) and _hidden(seen, subject, name):
            shown = _counted(seen, subject, "hidden", true, None, name)
            if shown is not true:
                return shown
        return _settle(seen, key, subject, true)
    old = seen.settled[key]
    if _digest(old) == _digest(true):
        seen.running.pop(key, None)
        return true
    shown = _counted(seen, key, _digest(true), true, old, name)
    if shown is true:
        return _settle(seen, key, subject, true)
    # An error is not copied: those of LocalStack cannot be made from what they hold.
    return shown if isinstance(shown, _Refused) else copy.deepcopy(shown)


def _counted(seen: _Seen, key: tuple[str, str], state: str, true: Any, old: Any, name: str) -> Any:
    """The old answer while reads are left that hold the true one back; they begin anew when that changes again."""
    held, left = seen.running.get(key, ("", 0))
    if held != state:
        left = _reads(seen, name)
    if left <= 0:
        seen.running.pop(key, None)
        return true
    seen.running[key] = (state, left - 1)
    return old


def _settle(seen: _Seen, key: tuple[str, str], subject: tuple[str, str], true: Any) -> Any:
    if true is None:
        seen.settled.pop(key, None)
        seen.visible.discard(subject)
    else:
        seen.settled[key] = true if isinstance(true, _Refused) else copy.deepcopy(true)
        seen.visible.add(subject)
    return true


def _digest(value: Any) -> str:
    """An answer as text that can be compared. Moments are left out: some answers carry the present one."""
    if isinstance(value, _Refused):
        return f"refused {getattr(value.error, 'code', '')}"
    return json.dumps(plain(_timeless(value)), sort_keys=True, default=str)


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(inner) for name, inner in value.items() if not isinstance(inner, datetime) and name != "ResponseMetadata"}
    if isinstance(value, list | tuple):
        return [_timeless(inner) for inner in value]
    return value
