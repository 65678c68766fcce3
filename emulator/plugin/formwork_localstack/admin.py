"""The HTTP contract under `/_formwork`, which the emulator crate's `Admin` speaks. JSON in and out.

| path         | methods                                                                                           |
| ------------ | ------------------------------------------------------------------------------------------------- |
| `/health`    | GET: plugin, instance and pid; LocalStack's own `/_localstack/health` carries the same            |
| `/calls`     | GET `?account=&service=&since=`: recorded calls. DELETE `?account=`                               |
| `/faults`    | GET `?account=`. POST a fault (see `faults.parse`). DELETE `?account=&id=`: also releases its calls |
| `/weather`   | GET `?account=`: what it is and did. POST one (see `weather.parse`). DELETE `?account=`             |
| `/held`      | GET `?account=&wait=SECONDS`: held calls, as soon as there is one                                 |
| `/reset`     | POST `{"account": A}`, or `{}` for everything                                                     |
| `/resources` | GET `?account=&region=`: what stands there, read from the stores                                  |
| `/warm`      | POST `{"services": [...]}`, or `{}` for all that Formwork drives                                  |
| `/lifetime`  | GET. POST `{"pid": n}` to live at least as long as that process, null to be kept                  |

Without `account`, what reads or deletes concerns every account.
"""

import json
import os
from collections.abc import Callable
from typing import Any

from localstack.http import Request, Response
from localstack.services.edge import ROUTER
from localstack.services.internal import get_internal_apis

from . import INSTANCE, VERSION
from .calls import CALLS
from .faults import FAULTS
from .lifetime import LIFETIME
from .reset import reset as forget
from .warm import warm

LONGEST_WAIT = 120.0
"""Seconds that `/held` waits at most: a client that is gone should not occupy a thread for ever."""


def identity() -> dict[str, Any]:
    """Who answers. The pid tells a starter that its own child got the port, and not somebody who had it before."""
    return {"plugin": VERSION, "instance": INSTANCE, "pid": os.getpid()}


def health(_request: Request) -> dict[str, Any]:
    return {"formwork": identity()}


def calls(request: Request) -> Any:
    account = request.args.get("account")
    if request.method == "DELETE":
        CALLS.clear(account)
        return {}
    return CALLS.listed(account, request.args.get("service"), int(request.args.get("since", 0)))


def faults(request: Request) -> Any:
    if request.method == "POST":
        return {"id": FAULTS.add(request.get_json(force=True)).id}
    account = request.args.get("account")
    if request.method == "DELETE":
        FAULTS.remove(account, request.args.get("id"), drop=request.args.get("drop") == "true")
        return {}
    return FAULTS.listed(account)


def weather(request: Request) -> Any:
    from . import weather as conditions

    account = request.args.get("account")
    if request.method == "POST":
        conditions.set(request.get_json(force=True))
        return {}
    if request.method == "DELETE":
        conditions.clear(account)
        return {}
    if not account:
        raise ValueError("account is missing")
    return conditions.listed(account)


def held(request: Request) -> Any:
    wait = min(float(request.args.get("wait", 0)), LONGEST_WAIT)
    return FAULTS.held(request.args.get("account"), wait)


def reset(request: Request) -> Any:
    body = json.loads(request.data or b"{}")
    forget(body.get("account"))
    return {}


def resources(request: Request) -> Any:
    from . import lister

    account = request.args.get("account")
    if not account:
        raise ValueError("account is missing")
    return lister.resources(account, request.args.get("region"))


def warm_up(request: Request) -> Any:
    body = json.loads(request.data or b"{}")
    return warm(body.get("services"))


def lifetime(request: Request) -> Any:
    if request.method == "POST":
        pid = request.get_json(force=True).get("pid")
        if pid is None:
            LIFETIME.keep()
        else:
            LIFETIME.follow(int(pid))
    return LIFETIME.to_json()


def answered(handler: Callable[[Request], Any]) -> Callable[[Request], Response]:
    """Turns what a handler returns into an answer, and a ValueError into a 400 that says what was wrong."""

    def answer(request: Request, **_: Any) -> Response:
        try:
            status, body = 200, handler(request)
        except ValueError as error:
            status, body = 400, {"error": str(error)}
        return Response(json.dumps(body, default=str), status=status, mimetype="application/json")

    return answer


def install() -> None:
    """Adds the routes, and the plugin's name to LocalStack's own health answer."""
    for path, methods, handler in (
        ("/_formwork/health", ["GET"], health),
        ("/_formwork/calls", ["GET", "DELETE"], calls),
        ("/_formwork/faults", ["GET", "POST", "DELETE"], faults),
        ("/_formwork/weather", ["GET", "POST", "DELETE"], weather),
        ("/_formwork/held", ["GET"], held),
        ("/_formwork/reset", ["POST"], reset),
        ("/_formwork/resources", ["GET"], resources),
        ("/_formwork/warm", ["POST"], warm_up),
        ("/_formwork/lifetime", ["GET", "POST"], lifetime),
    ):
        ROUTER.add(path, answered(handler), methods=methods)
    # LocalStack lets anybody put fields into its health answer this way.
    body = json.dumps({"formwork": identity()})
    get_internal_apis().dispatch(Request("PUT", "/_localstack/health", body=body))
