"""How a service whose moto part is too thin is supplied as functions over plain answers.

The state of such a service is kept in the very shape that its describe operations give back, so a field that was
accepted is read back without any further code.
"""

import copy
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.skeleton import DispatchTable

from ..intercept import refusal
from ..stores import Regional

Operation = Callable[[RequestContext, dict[str, Any]], dict[str, Any] | None]


class Native:
    """The operations of one service and the lock that makes each of them one step."""

    def __init__(self, state: Regional[Any]):
        self.state = state
        self.table: DispatchTable = {}

    def operation(self, function: Operation) -> Operation:
        """Registers `create_cluster` as the operation `CreateCluster`; acronyms are given by `named`."""
        return self.named("".join(word.capitalize() for word in function.__name__.split("_")))(function)

    def named(self, name: str) -> Callable[[Operation], Operation]:
        """Registers a function under an operation's name."""

        def register(function: Operation) -> Operation:
            def locked(context: RequestContext, request: Any) -> Any:
                with self.state.lock:
                    return copy.deepcopy(function(context, dict(request or {})) or {})

            self.table[name] = locked
            return function

        return register


def now() -> datetime:
    """The present moment, in whole milliseconds as AWS gives it."""
    moment = datetime.now(timezone.utc)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def page(request: dict[str, Any], items: list[Any], size: str = "maxResults", token: str = "nextToken") -> tuple[list[Any], str | None]:
    """One page of a list: `size` items from the place that `token` names, and the token of the next."""
    given = str(request.get(token) or 0)
    if not given.isdigit():
        raise refusal("InvalidParameterException" if size == "maxResults" else "InvalidParameterValue", f"{token} is not one of this list")
    start = int(given)
    end = start + int(request.get(size) or 100)
    return items[start:end], str(end) if end < len(items) else None
