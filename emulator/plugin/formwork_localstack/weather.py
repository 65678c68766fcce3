"""The weather of an account: what is always wrong a little, until it is taken away.

Faults (`faults.py`) are wishes about single calls. Weather is a condition that every call of an account lives in:

* `lag`: how many reads answer as before a change (`lag.py`).
* `pending`: how many reads show the state on the way to ready (`pending.py`).
* `mix`: a seeded share of the calls goes wrong (`mix.py`).
* `throttled`: for so many seconds from now every call that changes something is refused.

What it did is counted by kind and listed, so that a run can be told from one in fair weather.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .calls import Call

KINDS = ("throttle", "internal", "unavailable", "lost", "delay", "lag", "pending", "unknown", "denied", "expired", "late")
"""What a mix can do to a call; `mix.py` says how."""

KEPT = 10_000
"""Deeds listed per account; the counts go on."""


@dataclass
class Mix:
    """A share of the calls of an account that goes wrong, the same share with the same seed."""

    seed: int
    percent: float
    kinds: tuple[str, ...] = KINDS
    drawn: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    once: set[str] = field(default_factory=set)


@dataclass
class Weather:
    """The condition of one account and what came of it."""

    lag: int = 0
    pending: int = 0
    mix: Mix | None = None
    throttled: float = 0.0
    throttled_until: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    deeds: list[dict[str, Any]] = field(default_factory=list)

    def did(self, kind: str, call: Call | None = None) -> None:
        """Counts a deed, and lists it where it was done to a call as a whole. May be called with the locks of others held."""
        with _TALLY:
            self.counts[kind] += 1
            if call is not None and len(self.deeds) < KEPT:
                self.deeds.append({"seq": call.seq, "kind": kind, "service": call.service, "operation": call.operation})

    def to_json(self) -> dict[str, Any]:
        """As the HTTP contract shows it."""
        with _TALLY:
            mix = self.mix and {"seed": self.mix.seed, "percent": self.mix.percent, "kinds": list(self.mix.kinds)}
            wish = {"lag": self.lag, "pending": self.pending, "mix": mix, "throttled": self.throttled}
            return {**wish, "counts": dict(self.counts), "deeds": list(self.deeds)}


LOCK = threading.RLock()
"""For making and drawing weather: taken before the locks of lag and pending states, never while one of them is held."""

_TALLY = threading.Lock()
"""For what was done: whoever holds it takes no other lock."""

_WEATHERS: dict[str, Weather] = {}


def of(account: str) -> Weather | None:
    """The weather of an account; none in fair weather."""
    return _WEATHERS.get(account)


def set(body: Any) -> None:
    """Makes the weather of an account, in place of what it had. Raises ValueError naming what is wrong with the wish."""
    account, weather = parse(body)
    with LOCK:
        _forget(account)
        _WEATHERS[account] = weather


def clear(account: str | None) -> None:
    """Fair weather for an account, or for all: what was held back shows at once."""
    with LOCK:
        _forget(account)


def listed(account: str) -> dict[str, Any]:
    """The weather of an account and what it did."""
    return (_WEATHERS.get(account) or Weather()).to_json()


def parse(body: Any) -> tuple[str, Weather]:
    """Reads a wish and refuses what it does not know, as misspelt weather would be fair."""
    if not isinstance(body, Mapping):
        raise ValueError("weather is a JSON object")
    known = {"account", "lag", "pending", "mix", "throttled"}
    if unknown := {*body} - known:
        raise ValueError(f"unknown fields {sorted(unknown)}, known are {sorted(known)}")
    account = body.get("account")
    if not isinstance(account, str) or not account:
        raise ValueError("account is missing")
    weather = Weather(lag=_count(body, "lag"), pending=_count(body, "pending"), throttled=float(body.get("throttled") or 0))
    weather.throttled_until = time.monotonic() + weather.throttled if weather.throttled else 0.0
    if (mix := body.get("mix")) is not None:
        weather.mix = _mix(mix)
    return account, weather


def _mix(body: Any) -> Mix:
    if not isinstance(body, Mapping) or {*body} - {"seed", "percent", "kinds"} or not {"seed", "percent"} <= {*body}:
        raise ValueError("mix is an object with seed and percent, and kinds when not all are wanted")
    percent = float(body["percent"])
    if not 0 <= percent <= 100:
        raise ValueError(f"mix.percent is between 0 and 100, not {percent}")
    kinds = tuple(body.get("kinds") or KINDS)
    if unknown := {*kinds} - {*KINDS}:
        raise ValueError(f"unknown mix.kinds {sorted(unknown)}, known are {sorted(KINDS)}")
    return Mix(seed=int(body["seed"]), percent=percent, kinds=kinds)


def _count(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name) or 0
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} is a number of reads, not {value!r}")
    return value


def _forget(account: str | None) -> None:
    from . import lag, pending

    for key in [key for key in _WEATHERS if account in (None, key)]:
        del _WEATHERS[key]
    lag.forget(account)
    pending.forget(account)


def install() -> None:
    """Puts lag and pending states in front of the providers; the mix acts where the faults do, in `hooks`."""
    from . import intercept, lag, pending  # noqa: F401  Importing registers them.

    intercept.install()


def reset(account: str | None) -> None:
    """An emptied account has fair weather."""
    clear(account)
