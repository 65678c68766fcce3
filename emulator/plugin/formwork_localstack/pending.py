"""States on the way: what AWS makes, changes and deletes while others wait shows its word for it to n reads, and only then the end.

The emulator itself does everything at once. So a delete that is done is shown as one that is under way, from the answer of the
deleting call or the last read; an update of EKS is `InProgress` for as many reads of its own.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

from localstack.aws.api import RequestContext, ServiceException

from . import weather
from .intercept import Layer, Proceed, around
from .stores import Regional
from .things import CHANGES, LISTINGS, SINGLES, STATES, States, asked, texts

MIXED = 3
"""Reads that a pending state of the mix takes."""
PENDING = "formwork_pending"
UNKNOWN = "formwork_unknown"


@dataclass
class _On:
    """A thing on its way."""

    phase: str
    left: int
    row: dict[str, Any] | None = None


@dataclass
class _Ways:
    """The things of one account and region that are on their way, and what was last read of each."""

    things: dict[tuple[str, str], _On] = field(default_factory=dict)
    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    updates: dict[str, int] = field(default_factory=dict)


_WAYS: Regional[_Ways] = Regional(_Ways)


def forget(account: str | None) -> None:
    """Everything is at its end."""
    _WAYS.clear(account)


@around(Layer.PENDING, "*")
def pending(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Notes what sets out, and shows what is on its way."""
    condition = None if context.is_internal_call else weather.of(context.account_id)
    if condition is None or not (condition.pending or condition.mix):
        return proceed()
    key = (context.service.service_name, context.operation.name)
    if key in CHANGES:
        answer = proceed()
        _set_out(context, request, answer, max(condition.pending, MIXED if context.get(PENDING) else 0))
        return answer
    if key == ("eks", "DescribeUpdate"):
        return _update(context, request, proceed(), condition)
    if states := STATES.get(key):
        return _shown(context, request, proceed, states, condition)
    return proceed()


def _set_out(context: RequestContext, request: dict[str, Any], answer: dict[str, Any], reads: int) -> None:
    service = context.service.service_name
    read, phase = CHANGES[service, context.operation.name]
    states = STATES[service, read]
    if reads == 0 or (phase == "updating" and not states.updating):
        return
    row = answer.get(states.row)
    if row is None and phase == "creating" and (listing := LISTINGS.get((service, read))):
        # Some answer what they made as a list, and some without a name around it.
        row = (answer.get(listing.rows) or [answer])[0]
    with _WAYS.lock:
        ways = _WAYS.at(context)
        for name in _named(service, read, request, row):
            last = ways.rows.get((read, name))
            ways.things[read, name] = _On(phase, reads, copy.deepcopy(last or row) if phase == "deleting" else None)
        if update := (answer.get("update") or {}).get("id"):
            ways.updates[update] = reads


def _named(service: str, read: str, request: dict[str, Any], row: Any) -> set[str]:
    """The things of a read's kind that a changing call is about."""
    if listing := LISTINGS.get((service, read)):
        if isinstance(row, dict) and row.get(listing.key):
            return {str(row[listing.key]).lower()}
        # The deletes of EC2 name a thing by its key, those of several by the plural.
        return {name.lower() for name in asked(request, listing.key) + asked(request, listing.ids)}
    name = SINGLES[service, read].name
    fallback = {"name": "clusterName"}.get(name, name)
    # CloudFront makes the id itself.
    made = row.get(name) if isinstance(row, dict) else None
    return {str(request.get(name) or request.get(fallback) or made or "").lower()} - {""}


def _shown(context: RequestContext, request: dict[str, Any], proceed: Proceed, states: States, condition: weather.Weather) -> Any:
    service, read = context.service.service_name, context.operation.name
    listing = LISTINGS.get((service, read))
    error: ServiceException | None = None
    try:
        answer = proceed()
    except ServiceException as refused:
        answer, error = {}, refused
    with _WAYS.lock:
        ways = _WAYS.at(context)
        if listing:
            rows = list(answer.get(listing.rows) or [])
            rows = [_on_the_way(ways, read, str(row[listing.key]).lower(), row, states, condition) for row in rows]
            names = {str(row[listing.key]).lower() for row in rows}
            # One that is deleted already is still seen when it is asked for by name, and in a list of all.
            wanted = {name.lower() for name in asked(request, listing.ids)}
            filtered = set().union(*(texts(filter.get("Values")) for filter in request.get("Filters") or request.get("Filter") or []))
            for name in [name for of, name in ways.things if of == read and name not in names]:
                if (not wanted and not filtered) or name in wanted | filtered:
                    row = _deleting(ways, read, name, states, condition)
                    rows += [row] if row else []
            if rows or error is None:
                answer = {**answer, listing.rows: rows}
        else:
            name = str(request.get(SINGLES[service, read].name) or "").lower()
            row = answer.get(states.row)
            row = _on_the_way(ways, read, name, row, states, condition) if row else _deleting(ways, read, name, states, condition)
            if row:
                answer = {**answer, states.row: row}
        rows = [answer[states.row]] if answer.get(states.row) else (answer.get(listing.rows) or [] if listing else [])
        if context.get(UNKNOWN) and rows:
            condition.did("unknown state")
            for row in rows:
                _say(row, states.status, states.unknown)
    if error is not None and not rows:
        raise error
    return answer


def _on_the_way(ways: _Ways, read: str, name: str, row: dict[str, Any], states: States, condition: weather.Weather) -> dict[str, Any]:
    """A thing that is there, with the word for where it is going."""
    ways.rows[read, name] = row = copy.deepcopy(row)
    on = ways.things.get((read, name))
    if on is None:
        return row
    if _word(row, states.status) not in states.ready or on.left == 0:
        # Something else is the matter with it, which is not to be hidden.
        del ways.things[read, name]
        return row
    on.left -= 1
    condition.did("pending state")
    row = copy.deepcopy(row)
    _say(row, states.status, {"creating": states.creating, "updating": states.updating, "deleting": states.deleting}[on.phase])
    if on.phase == "creating":
        for hidden in states.hides:
            row.pop(hidden, None)
    return row


def _deleting(ways: _Ways, read: str, name: str, states: States, condition: weather.Weather) -> dict[str, Any] | None:
    """A thing that is gone and still shown, while reads are left."""
    on = ways.things.get((read, name))
    if on is None or on.phase != "deleting" or on.row is None or on.left == 0:
        if on is not None and on.phase == "deleting":
            del ways.things[read, name]
        return None
    on.left -= 1
    condition.did("pending state")
    row = copy.deepcopy(on.row)
    _say(row, states.status, states.deleting)
    return row


def _word(row: dict[str, Any], path: str) -> Any:
    outer, _, inner = path.rpartition(".")
    return (row.get(outer) or {}).get(inner) if outer else row.get(inner)


def _say(row: dict[str, Any], path: str, word: str) -> None:
    outer, _, inner = path.rpartition(".")
    (row.setdefault(outer, {}) if outer else row)[inner] = word


def _update(context: RequestContext, request: dict[str, Any], answer: Any, condition: weather.Weather) -> Any:
    with _WAYS.lock:
        left = _WAYS.at(context).updates.get(request["updateId"], 0)
        if left == 0 or answer["update"].get("status") != "Successful":
            return answer
        _WAYS.at(context).updates[request["updateId"]] = left - 1
    condition.did("pending state")
    return {"update": {**answer["update"], "status": "InProgress"}}
