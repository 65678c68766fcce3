"""The log of calls: what a client asked for, in which order, and how it ended.

Only calls from outside are kept. LocalStack's services call each other through the same gateway, and a test that
counts calls must not see those.
"""

import base64
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from localstack.aws.api import RequestContext

READS = ("Describe", "Get", "List", "Head", "Lookup", "Simulate", "Assume", "BatchGet", "Filter")
"""First words of operations that change nothing. AssumeRole is one: it makes credentials, no resource."""

LONGEST = 4096
"""Characters of one string in a recorded call. Policies fit; a template or an object body would only fill memory."""

KEPT = 20_000
"""Calls kept per account, so that a server that is left running for weeks does not grow without end."""


@dataclass
class Call:
    """One call. `outcome` is "running" until it ends in "ok", an error code or "lost", and "held" while it is held."""

    seq: int
    time: float
    account: str
    region: str
    service: str
    operation: str
    mutating: bool
    parameters: Any
    outcome: str

    def to_json(self) -> dict[str, Any]:
        """The call as the HTTP contract shows it."""
        return asdict(self)


class CallLog:
    """The calls of all accounts. Sequence numbers rise over the life of the process and are never used again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = 0
        self._calls: dict[str, list[Call]] = {}

    def begin(self, context: RequestContext) -> Call:
        """Records a call on its arrival, before anything can refuse, delay or hold it."""
        operation = context.operation.name
        parameters = plain(context.service_request or {})
        with self._lock:
            self._seq += 1
            call = Call(
                seq=self._seq,
                time=time.time(),
                account=context.account_id,
                region=context.region,
                service=context.service.service_name,
                operation=operation,
                mutating=not operation.startswith(READS),
                parameters=parameters,
                outcome="running",
            )
            calls = self._calls.setdefault(call.account, [])
            calls.append(call)
            if len(calls) > KEPT:
                del calls[: KEPT // 10]
        return call

    def listed(self, account: str | None, service: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """Calls with a sequence number above `since`, oldest first."""
        with self._lock:
            if account is not None:
                found = list(self._calls.get(account, ()))
            else:
                found = sorted((call for calls in self._calls.values() for call in calls), key=lambda call: call.seq)
        return [call.to_json() for call in found if call.seq > since and service in (None, call.service)]

    def clear(self, account: str | None) -> None:
        """Forgets the calls of an account, or of all."""
        with self._lock:
            if account is None:
                self._calls.clear()
            else:
                self._calls.pop(account, None)


def plain(value: Any) -> Any:
    """A parameter as JSON can carry it, with very long strings cut.

    A body that is a stream is named and not read: reading it here would take it away from the service.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value)} characters)"
    if isinstance(value, Mapping):
        # The parser of REST services fills in None for every parameter that was not sent.
        return {str(name): plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        try:
            return plain(bytes(value).decode())
        except UnicodeDecodeError:
            return plain(base64.b64encode(value).decode())
    return f"<{type(value).__name__}>"


CALLS = CallLog()
