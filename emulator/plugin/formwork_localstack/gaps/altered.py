"""Calls to moto with other parameters than were sent.

moto reads the HTTP request itself, so a change of the parsed one reaches it only when a new request is made of it.
"""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.moto import call_moto, call_moto_with_request

_ALTERED = "formwork_altered"


def alter(context: RequestContext, request: dict[str, Any], **values: Any) -> None:
    """Makes moto see other parameters; None takes one out."""
    for key, value in values.items():
        if value is None:
            request.pop(key, None)
        else:
            request[key] = value
    setattr(context, _ALTERED, True)


def call(context: RequestContext, request: dict[str, Any]) -> Any:
    """Calls moto, with the request as the functions in front of it have left it."""
    return call_moto_with_request(context, request) if context.get(_ALTERED) else call_moto(context)
