"""The one place where a call to any service, native or moto, can be changed.

Every other module of the service side registers functions here; none patches LocalStack's dispatch itself.
A registered function gets the parsed request and `proceed`, which makes the rest of the call:

    @around(Layer.GAPS, "ec2", "DeleteRoute")
    def delete_route(context, request, proceed):
        if ...: raise refusal("InvalidParameterValue", "...")
        return proceed()

Layers run outside in: a request is validated first, then its answer may be a former one (weather) and is echoed into, then a wrong
delete is refused,
and last an operation that moto gets wrong is put right. Faults and the log of calls (hooks.py) sit before all of them.
"""

import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.skeleton import Skeleton
from localstack.http import Response

Proceed = Callable[[], Any]
Around = Callable[[RequestContext, dict[str, Any], Proceed], Any]


class Layer(IntEnum):
    """In which order the functions around one operation run, the lowest first."""

    VALIDATE = 0
    PENDING = 1
    LAG = 2
    TOKENS = 3
    ECHO = 4
    STRICT = 5
    GAPS = 6


_EVERY = "*"
_registered: dict[tuple[str, str], list[tuple[Layer, Around]]] = {}
_chains: dict[tuple[str, str], list[Around]] = {}
_lock = threading.Lock()
_installed = False


def around(layer: Layer, service: str, *operations: str) -> Callable[[Around], Around]:
    """Registers a function around operations of a service; no operations means all, service `*` means every service."""

    def register(function: Around) -> Around:
        with _lock:
            for operation in operations or (_EVERY,):
                entries = _registered.setdefault((service, operation), [])
                if (layer, function) not in entries:
                    entries.append((layer, function))
            _chains.clear()
        return function

    return register


def install() -> None:
    """Puts the registered functions between LocalStack's parser and its providers; a second call does nothing."""
    global _installed
    with _lock:
        if _installed:
            return
        _installed = True
    dispatch = Skeleton.dispatch_request

    def dispatch_request(self: Skeleton, serializer: Any, context: RequestContext, instance: Any) -> Response:
        chain = _chain(context.service.service_name, context.operation.name)
        if not chain:
            return dispatch(self, serializer, context, instance)
        handler = self.dispatch_table[context.operation.name]
        request = instance if instance is not None else {}

        def step(index: int) -> Any:
            if index == len(chain):
                return handler(context, instance)
            return chain[index](context, request, lambda: step(index + 1))

        result = step(0) or {}
        if isinstance(result, Response):
            return result
        context.service_response = result
        return serializer.serialize_to_response(
            result, context.operation, context.request.headers, context.request_id
        )

    Skeleton.dispatch_request = dispatch_request


def refusal(code: str, message: str, status: int = 400) -> CommonServiceException:
    """An error as AWS words it: its code, a message for people, the HTTP status."""
    return CommonServiceException(code, message, status_code=status, sender_fault=status < 500)


def fault(context: RequestContext, shape: str, message: str) -> CommonServiceException:
    """The error that the service's own model describes, with the code and status that go over the wire."""
    described = context.service.shape_for(shape).metadata.get("error", {})
    return refusal(described.get("code", shape), message, described.get("httpStatusCode", 400))


def _chain(service: str, operation: str) -> list[Around]:
    found = _chains.get((service, operation))
    if found is None:
        with _lock:
            entries = [
                entry
                for key in ((service, operation), (service, _EVERY), (_EVERY, _EVERY))
                for entry in _registered.get(key, [])
            ]
            found = [function for _, function in sorted(entries, key=lambda entry: entry[0])]
            _chains[(service, operation)] = found
    return found
