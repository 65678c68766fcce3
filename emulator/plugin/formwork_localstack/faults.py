"""Faults: errors, lost answers, held and delayed calls, and answers that say something else for a while.

Everything is counted and nothing is random, so a test that fails fails again. At most one fault that ends or holds
a call (error, lose_answer, hold_before, hold_after) is used up by one call: two of them for the same operation are
therefore a queue. Delays and overlays come on top.
"""

import re
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .calls import Call, plain

EXCLUSIVE = frozenset({"error", "lose_answer", "hold_before", "hold_after"})
REQUIRED = {
    "error": ("code",),
    "lose_answer": (),
    "hold_before": (),
    "hold_after": (),
    "delay": ("milliseconds",),
    "overlay": ("path",),
}
SEGMENT = re.compile(r"^(?P<name>[^\[\]]+)(?:\[(?P<pick>[^\]]*)\])?$")


@dataclass
class Fault:
    """A wish about coming calls. `matched` counts the calls it fits, `hits` those it was used on."""

    id: str
    account: str
    action: dict[str, Any]
    service: str | None = None
    operation: str | None = None
    mutating_only: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)
    skip: int = 0
    count: int = 1
    matched: int = 0
    hits: int = 0

    @property
    def kind(self) -> str:
        """What it does: a key of `REQUIRED`."""
        return self.action["kind"]

    def fits(self, call: Call) -> bool:
        """Whether the call is one of those that the fault is about."""
        return (
            call.account == self.account
            and self.service in (None, call.service)
            and self.operation in (None, call.operation)
            and (call.mutating or not self.mutating_only)
            and contains(call.parameters, self.parameters)
        )

    def to_json(self) -> dict[str, Any]:
        """The fault as it was asked for, with its counters."""
        return dict(self.__dict__)


@dataclass
class Held:
    """A call that waits for `released`."""

    fault: Fault
    call: Call
    phase: str
    released: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False

    def to_json(self) -> dict[str, Any]:
        """The call, with the fault that holds it and whether it has been executed (`after`) or not (`before`)."""
        return {**self.call.to_json(), "fault": self.fault.id, "phase": self.phase}


class FaultBook:
    """The faults and held calls of all accounts."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._faults: list[Fault] = []
        self._held: list[Held] = []

    def add(self, body: Any) -> Fault:
        """Takes a fault in the shape of the HTTP contract. Raises ValueError naming what is wrong with it."""
        fault = parse(body)
        with self._changed:
            self._faults.append(fault)
        return fault

    def listed(self, account: str | None) -> list[dict[str, Any]]:
        """The faults of an account in the order they were added, used up or not."""
        with self._changed:
            return [fault.to_json() for fault in self._faults if account in (None, fault.account)]

    def remove(self, account: str | None, fault_id: str | None = None, *, drop: bool = False) -> None:
        """Removes faults and lets go of the calls they hold. A call held before its execution is then executed: that
        is the call which arrives after its sender was killed. With `drop` it is not: the call that never arrived."""

        def leaves(fault: Fault) -> bool:
            return account in (None, fault.account) and fault_id in (None, fault.id)

        with self._changed:
            self._faults = [fault for fault in self._faults if not leaves(fault)]
            for held in self._held:
                if leaves(held.fault):
                    held.dropped = drop
                    held.released.set()

    def take(self, call: Call) -> list[Fault]:
        """The faults that act on a call, counted as used."""
        acting: list[Fault] = []
        with self._changed:
            for fault in self._faults:
                if not fault.fits(call):
                    continue
                fault.matched += 1
                if fault.matched <= fault.skip or fault.hits >= fault.count:
                    continue
                if fault.kind in EXCLUSIVE and any(other.kind in EXCLUSIVE for other in acting):
                    continue
                fault.hits += 1
                acting.append(fault)
        return acting

    def hold(self, fault: Fault, call: Call, phase: str) -> bool:
        """Blocks the calling thread until the fault is removed. Only this request waits: each has its own thread.
        True when the call is to be dropped."""
        held = Held(fault, call, phase)
        call.outcome = "held"
        with self._changed:
            if fault not in self._faults:
                return False  # Removed between being taken and now: nobody would release it.
            self._held.append(held)
            self._changed.notify_all()
        held.released.wait()
        with self._changed:
            self._held.remove(held)
            self._changed.notify_all()
        return held.dropped

    def held(self, account: str | None, wait: float) -> list[dict[str, Any]]:
        """The held calls of an account, waiting up to `wait` seconds for the first one."""
        deadline = time.monotonic() + wait
        with self._changed:
            while True:
                found = [held for held in self._held if account in (None, held.fault.account)]
                found = [held for held in found if not held.released.is_set()]
                remaining = deadline - time.monotonic()
                if found or remaining <= 0:
                    return [held.to_json() for held in found]
                self._changed.wait(remaining)


def parse(body: Any) -> Fault:
    """Reads a fault and refuses what it does not know: a misspelt field would make a fault that never fires, and a
    test that passes for the wrong reason."""
    if not isinstance(body, Mapping):
        raise ValueError("a fault is a JSON object")
    known = {"account", "service", "operation", "mutating_only", "parameters", "skip", "count", "action"}
    if unknown := set(body) - known:
        raise ValueError(f"unknown fields {sorted(unknown)}, known are {sorted(known)}")
    account = body.get("account")
    if not isinstance(account, str) or not account:
        raise ValueError("account is missing")
    action = body.get("action")
    if not isinstance(action, Mapping) or action.get("kind") not in REQUIRED:
        raise ValueError(f"action.kind must be one of {sorted(REQUIRED)}")
    for name in REQUIRED[action["kind"]]:
        if name not in action:
            raise ValueError(f"action {action['kind']} needs {name}")
    if action["kind"] == "overlay":
        steps(action["path"])
    return Fault(
        id=uuid.uuid4().hex[:12],
        account=account,
        action=dict(action),
        service=body.get("service"),
        operation=body.get("operation"),
        mutating_only=bool(body.get("mutating_only", False)),
        parameters=plain(body.get("parameters") or {}),
        skip=int(body.get("skip") or 0),
        count=int(body.get("count", 1)),
    )


def contains(whole: Any, part: Any) -> bool:
    """Whether `part` is found in `whole`: each named field of an object, each element of a list in any place."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(name in whole and contains(whole[name], part[name]) for name in part)
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(contains(have, want) for have in whole) for want in part)
    return whole == part


def steps(path: str) -> list[tuple[str, str | None]]:
    """Splits an overlay's path: `DBInstances[].Endpoint.Port`, `Vpcs[0].State`, `Vpcs[VpcId=vpc-1].State`."""
    found = []
    for text in re.split(r"\.(?![^\[]*\])", path):
        match = SEGMENT.match(text)
        if not match:
            raise ValueError(f"overlay path {path!r}: {text!r} is neither a name nor a name with [..]")
        found.append((match["name"], match["pick"]))
    return found


def overlay(answer: Any, path: str, value: Any) -> None:
    """Sets the field at `path` in an answer, or removes it where `value` is None. A part of the path that the answer
    does not have is left alone: there is nothing there to be said differently."""
    _overlay(answer, steps(path), value)


def _overlay(node: Any, path: list[tuple[str, str | None]], value: Any) -> None:
    if not isinstance(node, dict):
        return
    (name, pick), rest = path[0], path[1:]
    if pick is None:
        if rest:
            _overlay(node.get(name), rest, value)
        elif value is None:
            node.pop(name, None)
        else:
            node[name] = value
        return
    elements = node.get(name)
    if not isinstance(elements, list):
        return
    for index, element in enumerate(elements):
        if pick == "" or pick == str(index) or _picked(element, pick):
            if rest:
                _overlay(element, rest, value)
            else:
                elements[index] = value


def _picked(element: Any, pick: str) -> bool:
    key, equals, wanted = pick.partition("=")
    return bool(equals) and isinstance(element, dict) and str(element.get(key)) == wanted


FAULTS = FaultBook()
