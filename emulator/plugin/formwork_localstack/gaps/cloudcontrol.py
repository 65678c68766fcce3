"""A double of the Cloud Control API, for the types in `TYPES`.

There is nothing behind it: a resource is its model. What it keeps to are the rules that a client sees. Every change is a request with a token of its
own, which first says nothing, then the identifier, and then how it ended; the same client token gets the same request; a property of
`createOnlyProperties` cannot be changed, one of `writeOnlyProperties` is never shown and has to be said again with every change. Requests are
checked against the service's model like those of every service, and so is every answer here.

https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html
"""

import copy
import functools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.validate import ParamValidator
from localstack.aws.api import RequestContext
from localstack.aws.spec import load_service

from ..intercept import fault
from ..stores import Regional
from .native import Native, now, page


@dataclass(frozen=True)
class _Type:
    """A type as its schema has it: properties by name, with what may be done with them."""

    identifier: tuple[str, ...]
    properties: frozenset[str]
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    write_only: frozenset[str] = frozenset()
    made: Callable[[RequestContext, dict[str, Any]], dict[str, Any]] = lambda _context, _model: {}


def _namespace(context: RequestContext, model: dict[str, Any]) -> dict[str, Any]:
    name, there = model["NamespaceName"], uuid.uuid4()
    return {
        "DbName": model.get("DbName", "dev"),
        "Namespace": {
            "NamespaceName": name,
            "NamespaceId": str(there),
            "NamespaceArn": f"arn:aws:redshift-serverless:{context.region}:{context.account_id}:namespace/{there}",
            "Status": "AVAILABLE",
        },
    }


def _workgroup(context: RequestContext, model: dict[str, Any]) -> dict[str, Any]:
    name, there = model["WorkgroupName"], uuid.uuid4()
    return {
        "PubliclyAccessible": model.get("PubliclyAccessible", False),
        "Workgroup": {
            "WorkgroupName": name,
            "WorkgroupArn": f"arn:aws:redshift-serverless:{context.region}:{context.account_id}:workgroup/{there}",
            "Status": "AVAILABLE",
        },
    }


TYPES: dict[str, _Type] = {
    "AWS::RedshiftServerless::Namespace": _Type(
        identifier=("NamespaceName",),
        properties=frozenset(
            {
                "AdminPasswordSecretKmsKeyId", "AdminUserPassword", "AdminUsername", "DbName", "DefaultIamRoleArn", "FinalSnapshotName",
                "FinalSnapshotRetentionPeriod", "IamRoles", "KmsKeyId", "LogExports", "ManageAdminPassword", "NamespaceName",
                "NamespaceResourcePolicy", "RedshiftIdcApplicationArn", "SnapshotCopyConfigurations", "Tags",
            }
        ),
        required=frozenset({"NamespaceName"}),
        create_only=frozenset({"NamespaceName"}),
        write_only=frozenset(
            {"AdminUserPassword", "FinalSnapshotName", "FinalSnapshotRetentionPeriod", "ManageAdminPassword", "RedshiftIdcApplicationArn"}
        ),
        made=_namespace,
    ),
    "AWS::RedshiftServerless::Workgroup": _Type(
        identifier=("WorkgroupName",),
        properties=frozenset(
            {
                "BaseCapacity", "ConfigParameters", "EnhancedVpcRouting", "MaxCapacity", "NamespaceName", "Port", "PricePerformanceTarget",
                "PubliclyAccessible", "RecoveryPointId", "SecurityGroupIds", "SnapshotArn", "SnapshotIdentifier", "SnapshotName",
                "SnapshotOwnerAccount", "SubnetIds", "Tags", "TrackName", "WorkgroupName",
            }
        ),
        required=frozenset({"WorkgroupName"}),
        create_only=frozenset({"NamespaceName", "WorkgroupName"}),
        made=_workgroup,
    ),
}
"""Facts of https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_RedshiftServerless.html."""


@dataclass
class _Request:
    """A request and what is left of it: how it will end is decided when it is taken, and shown after as many looks."""

    event: dict[str, Any]
    ending: dict[str, Any]
    identifier: str
    looks: int = 0


@dataclass
class _State:
    models: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """By type and identifier, everything that was said and made."""
    requests: dict[str, _Request] = field(default_factory=dict)
    tokens: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)


STATE: Regional[_State] = Regional(_State)
CLOUDCONTROL = Native(STATE)
clear = STATE.clear

NAMED_AFTER, OVER_AFTER = 1, 2
"""Looks at a request after which it says its identifier, and its end."""


def _answers(function: Callable[[RequestContext, dict[str, Any]], dict[str, Any]]) -> Callable[[RequestContext, dict[str, Any]], dict[str, Any]]:
    """Holds an answer against the service's model before it leaves."""

    @functools.wraps(function)
    def held(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
        answer = function(context, request)
        output = load_service("cloudcontrol").operation_model(context.operation.name).output_shape
        report = ParamValidator().validate(answer, output)
        if report.has_errors():
            raise AssertionError(f"the double's own answer to {context.operation.name} is none: {report.generate_report()}")
        return answer

    return held


@CLOUDCONTROL.operation
@_answers
def create_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state, of = STATE.at(context), _type(context, request["TypeName"])
    if again := _replayed(context, state, request):
        return {"ProgressEvent": again}
    model = _document(context, request["DesiredState"], dict)
    identifier = "|".join(str(model.get(part, "")) for part in of.identifier)
    key = (request["TypeName"], identifier)
    missing, unknown = sorted(of.required - model.keys()), sorted(model.keys() - of.properties)
    if missing or unknown:
        what = f"required key [{missing[0]}] not found" if missing else f"extraneous key [{unknown[0]}] is not permitted"
        ending = _failed("InvalidRequest", f"Model validation failed (#: {what})")
    elif key in state.models:
        ending = _failed("AlreadyExists", f"Resource of type '{key[0]}' with identifier '{identifier}' already exists.")
    else:
        state.models[key] = {**model, **of.made(context, model)}
        ending = {"OperationStatus": "SUCCESS"}
    return {"ProgressEvent": _begin(state, request, "CREATE", identifier, ending)}


@CLOUDCONTROL.operation
@_answers
def get_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    of, model = _type(context, request["TypeName"]), _model(context, request)
    return {"TypeName": request["TypeName"], "ResourceDescription": _description(of, request["Identifier"], model)}


@CLOUDCONTROL.operation
@_answers
def list_resources(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    of, models = _type(context, request["TypeName"]), STATE.at(context).models
    there = [_description(of, key[1], model) for key, model in sorted(models.items()) if key[0] == request["TypeName"]]
    rows, token = page(request, there, "MaxResults", "NextToken")
    return _without_nothing({"TypeName": request["TypeName"], "ResourceDescriptions": rows, "NextToken": token})


@CLOUDCONTROL.operation
@_answers
def update_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state, of = STATE.at(context), _type(context, request["TypeName"])
    if again := _replayed(context, state, request):
        return {"ProgressEvent": again}
    model = _model(context, request)
    if _is_busy(state, request):
        raise fault(context, "ConcurrentOperationException", "Another operation on this resource is in progress.")
    planned = copy.deepcopy(model)
    touched = {_apply(context, planned, change) for change in _document(context, request["PatchDocument"], list)}
    forgotten = sorted((of.write_only & model.keys()) - touched)
    if fixed := sorted(touched & of.create_only):
        ending = _failed("NotUpdatable", f"Invalid patch update: createOnlyProperties [/properties/{fixed[0]}] cannot be updated")
    elif forgotten:
        ending = _failed("InvalidRequest", f"writeOnlyProperties [/properties/{forgotten[0]}] must be specified in the patch")
    elif unknown := sorted(touched - of.properties):
        ending = _failed("InvalidRequest", f"Model validation failed (#: extraneous key [{unknown[0]}] is not permitted)")
    else:
        model.clear()
        model.update(planned)
        ending = {"OperationStatus": "SUCCESS"}
    return {"ProgressEvent": _begin(state, request, "UPDATE", request["Identifier"], ending)}


@CLOUDCONTROL.operation
@_answers
def delete_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    _type(context, request["TypeName"])
    if again := _replayed(context, state, request):
        return {"ProgressEvent": again}
    _model(context, request)
    if _is_busy(state, request):
        raise fault(context, "ConcurrentOperationException", "Another operation on this resource is in progress.")
    return {"ProgressEvent": _begin(state, request, "DELETE", request["Identifier"], {"OperationStatus": "SUCCESS"})}


@CLOUDCONTROL.operation
@_answers
def get_resource_request_status(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state = STATE.at(context)
    asked = state.requests.get(request["RequestToken"])
    if asked is None:
        raise fault(context, "RequestTokenNotFoundException", f"Request token {request['RequestToken']} was not found.")
    _look(state, asked)
    return {"ProgressEvent": asked.event}


@CLOUDCONTROL.operation
@_answers
def list_resource_requests(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    state, wanted = STATE.at(context), request.get("ResourceRequestStatusFilter") or {}
    operations, statuses = wanted.get("Operations"), wanted.get("OperationStatuses")
    found = []
    for asked in state.requests.values():
        _look(state, asked)
        if asked.event["Operation"] in (operations or [asked.event["Operation"]]) and asked.event["OperationStatus"] in (
            statuses or [asked.event["OperationStatus"]]
        ):
            found.append(asked.event)
    rows, token = page(request, found[::-1], "MaxResults", "NextToken")
    return _without_nothing({"ResourceRequestStatusSummaries": rows, "NextToken": token})


def _type(context: RequestContext, name: str) -> _Type:
    if of := TYPES.get(name):
        return of
    raise fault(context, "TypeNotFoundException", f"The type '{name}' cannot be found.")


def _model(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    key = (request["TypeName"], request["Identifier"])
    state = STATE.at(context)
    # A deletion that is over by now has to be noticed by whoever looks at the resource and not at the request.
    for asked in state.requests.values():
        if asked.event["Operation"] == "DELETE" and (asked.event["TypeName"], asked.identifier) == key:
            _look(state, asked)
    model = state.models.get(key)
    if model is None:
        raise fault(context, "ResourceNotFoundException", f"Resource of type '{key[0]}' with identifier '{key[1]}' was not found.")
    return model


def _document(context: RequestContext, text: str, wanted: type) -> Any:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise fault(context, "InvalidRequestException", f"Invalid JSON: {error}") from None
    if not isinstance(document, wanted):
        raise fault(context, "InvalidRequestException", f"a JSON {wanted.__name__} was expected")
    return document


def _replayed(context: RequestContext, state: _State, request: dict[str, Any]) -> dict[str, Any] | None:
    """The request that came with this client token before."""
    token = request.get("ClientToken")
    if token is None or token not in state.tokens:
        return None
    request_token, before = state.tokens[token]
    if before != request:
        raise fault(context, "ClientTokenConflictException", f"The client token {token} was used for another request.")
    return state.requests[request_token].event


def _begin(state: _State, request: dict[str, Any], operation: str, identifier: str, ending: dict[str, Any]) -> dict[str, Any]:
    token = str(uuid.uuid4())
    event = {"TypeName": request["TypeName"], "RequestToken": token, "Operation": operation, "OperationStatus": "IN_PROGRESS", "EventTime": now()}
    if operation != "CREATE":
        event["Identifier"] = identifier
    state.requests[token] = _Request(event, ending, identifier)
    if client_token := request.get("ClientToken"):
        state.tokens[client_token] = (token, dict(request))
    return event


def _look(state: _State, asked: _Request) -> None:
    asked.looks += 1
    if asked.looks >= NAMED_AFTER and asked.identifier:
        asked.event["Identifier"] = asked.identifier
    if asked.looks >= OVER_AFTER and asked.event["OperationStatus"] == "IN_PROGRESS":
        asked.event.update(asked.ending)
        if asked.event["Operation"] == "DELETE" and asked.event["OperationStatus"] == "SUCCESS":
            state.models.pop((asked.event["TypeName"], asked.identifier), None)


def _is_busy(state: _State, request: dict[str, Any]) -> bool:
    """Whether an earlier request for the same resource is still under way."""
    key = (request["TypeName"], request["Identifier"])
    return any((asked.event["TypeName"], asked.identifier) == key and asked.looks < OVER_AFTER for asked in state.requests.values())


def _failed(code: str, message: str) -> dict[str, Any]:
    return {"OperationStatus": "FAILED", "ErrorCode": code, "StatusMessage": message}


def _apply(context: RequestContext, model: dict[str, Any], change: dict[str, Any]) -> str:
    """Makes one operation of a patch on a top-level property, and answers its name."""
    name = str(change.get("path", "")).removeprefix("/").replace("~1", "/").replace("~0", "~")
    if change.get("op") in ("add", "replace"):
        model[name] = change["value"]
    elif change.get("op") == "remove" and name in model:
        del model[name]
    else:
        raise fault(context, "InvalidRequestException", f"Invalid patch: {json.dumps(change)}")
    return name


def _description(of: _Type, identifier: str, model: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in model.items() if name not in of.write_only}
    return {"Identifier": identifier, "Properties": json.dumps(shown)}


def _without_nothing(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if value is not None}
