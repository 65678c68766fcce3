"""Where LocalStack enters the plugin.

Order matters in two places. The gateway's sockets are patched before LocalStack opens them, which it does after its
start hooks. And the call log sees a request before any behaviour can refuse it, and an answer after every behaviour
has had its say: a refused call is a call, and what is recorded is what the client got.
"""

import time

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.chain import HandlerChain
from localstack.aws.protocol.serializer import create_serializer
from localstack.http import Response
from localstack.runtime import hooks

from . import network
from .behaviours import behaviours
from .calls import CALLS, Call
from .faults import FAULTS, Fault, overlay

CALL = "formwork_call"
ACTING = "formwork_faults"


@hooks.on_infra_start(priority=90)
def register() -> None:
    """Installs everything. An exception here ends LocalStack's start: half a plugin would make tests lie."""
    # Here and not above: these load LocalStack's services, which must not happen before its runtime is set up.
    from . import admin, lifetime

    network.install()
    lifetime.install()
    handlers.serve_custom_service_request_handlers.append(on_request)
    for module in behaviours():
        module.install()
    handlers.run_custom_response_handlers.append(on_response)
    admin.install()


@hooks.on_infra_shutdown(priority=90)
def release() -> None:
    """Lets go of held calls, for whose threads LocalStack would otherwise wait."""
    FAULTS.remove(None)


def on_request(_chain: HandlerChain, context: RequestContext, _response: Response) -> None:
    """Records the call and lets the faults act that come before its execution."""
    if context.is_internal_call or context.operation is None:
        return
    call = CALLS.begin(context)
    acting = FAULTS.take(call)
    setattr(context, CALL, call)
    setattr(context, ACTING, acting)
    for fault in acting:
        action = fault.action
        if fault.kind == "delay":
            time.sleep(float(action["milliseconds"]) / 1000)
        elif fault.kind == "hold_before":
            if FAULTS.hold(fault, call, "before"):
                # Nobody waits for this answer: who sent the call is gone.
                raise CommonServiceException("RequestDropped", "dropped by a test", status_code=503)
            call.outcome = "running"
        elif fault.kind == "error":
            status = int(action.get("status") or 400)
            message = action.get("message") or f"{action['code']}, injected by a test"
            raise CommonServiceException(action["code"], message, status_code=status, sender_fault=status < 500)
    from . import mix  # Not above either: it knows the services.

    mix.on_request(context, call)


def on_response(_chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """Lets the faults act that come after the execution, and records how the call ended."""
    call: Call | None = context.get(CALL)
    if call is None:
        return
    acting: list[Fault] = context.get(ACTING) or []
    outcome = outcome_of(context)
    if outcome == "ok" and context.get("formwork_late"):
        from . import mix

        mix.late_failure(context, call)
    overlays = [fault for fault in acting if fault.kind == "overlay"]
    if overlays and outcome == "ok":
        say_differently(overlays, context, response)
    for fault in acting:
        if fault.kind == "hold_after":
            FAULTS.hold(fault, call, "after")
        elif fault.kind == "lose_answer":
            outcome = "lost"
            network.cut(context)
    if outcome != "lost" and context.get("formwork_lost"):
        outcome = "lost"
        network.cut(context)
    call.outcome = outcome


def outcome_of(context: RequestContext) -> str:
    """The error code that the answer carries, or "ok"."""
    error = context.service_exception
    if error is None:
        return "ok"
    return getattr(error, "code", None) or type(error).__name__


def say_differently(overlays: list[Fault], context: RequestContext, response: Response) -> None:
    """Changes the parsed answer and serialises it again in the protocol of its service."""
    answer = context.service_response
    for fault in overlays:
        overlay(answer, fault.action["path"], fault.action.get("value"))
    serializer = create_serializer(context.service, context.protocol)
    response.update_from(
        serializer.serialize_to_response(answer, context.operation, context.request.headers, context.request_id)
    )
