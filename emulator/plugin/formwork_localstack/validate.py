"""Checks every request against the service's own model: what must be there, enumerations, lengths, ranges, patterns.

LocalStack and moto accept nearly anything, so a value that AWS would refuse would pass every test. The error is the one
that the service uses for it. Two things are looser than on AWS: only the first fault is named, and what no model says
(which instance types there are, which parameters fit together) is checked in `gaps` or not at all.
"""

import functools
from typing import Any

import regex
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from localstack.aws.api import RequestContext

from . import intercept
from .intercept import Layer, Proceed, around, refusal

SERVICES = ("cloudcontrol", "cloudfront", "ec2", "ecr", "eks", "elasticache", "iam", "kms", "logs", "rds", "s3", "secretsmanager", "sts")
"""The services whose requests are checked: those that Formwork drives."""

ALLOWED: dict[tuple[str, str], str] = {
    ("s3", "Body"): "the content of an object is a stream",
    ("s3", "LocationConstraint"): "new regions come before new models",
    ("s3", "TagSet"): "an empty set is how tags are taken away",
    ("s3", "Key"): "object keys are any text",
    ("ec2", "InstanceType"): "new instance types come before new models; AWS names them in an error of its own",
    ("ec2", "Filters"): "the model has no names of filters",
    ("ec2", "MaxResults"): "AWS takes values out of the documented range for some operations",
    ("iam", "PathPrefix"): "AWS takes an empty prefix",
    ("kms", "TagList"): "AWS takes an empty list",
    ("logs", "retentionInDays"): "checked in gaps.logs, with the periods that there are",
    ("secretsmanager", "ClientRequestToken"): "AWS takes tokens of 32 characters and more, whatever their alphabet",
}
"""Members that the model describes more narrowly than AWS minds, by service and name, each with the reason."""

# By service: the error for a value that does not fit, and the one for a value that is not there.
_CODES = {
    "cloudfront": ("InvalidArgument", "InvalidArgument"),
    "ec2": ("InvalidParameterValue", "MissingParameter"),
    "rds": ("InvalidParameterValue", "MissingParameter"),
    "elasticache": ("InvalidParameterValue", "MissingParameter"),
    "iam": ("ValidationError", "ValidationError"),
    "sts": ("ValidationError", "ValidationError"),
    "eks": ("InvalidParameterException", "InvalidParameterException"),
    "ecr": ("InvalidParameterException", "InvalidParameterException"),
    "logs": ("InvalidParameterException", "InvalidParameterException"),
    "kms": ("ValidationException", "ValidationException"),
    "cloudcontrol": ("ValidationException", "ValidationException"),
    "secretsmanager": ("ValidationException", "ValidationException"),
    "s3": ("MalformedXML", "MalformedXML"),
}


class Unfit(Exception):
    """A value that the model does not allow: where it stands and which constraint it breaks."""

    def __init__(self, path: str, constraint: str, value: Any = None, missing: bool = False):
        super().__init__(constraint)
        self.path, self.constraint, self.value, self.missing = path, constraint, value, missing


def install() -> None:
    """Importing this module has registered the check; what is left is to put it in front of the providers."""
    intercept.install()


def checked(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Refuses a request that its model does not allow. What services ask of each other is not checked."""
    shape = context.operation.input_shape
    if shape is not None and not context.is_internal_call:
        service = context.service.service_name
        try:
            check(service, shape, request, "")
        except Unfit as unfit:
            unfitting, missing = _CODES[service]
            if unfit.missing:
                raise refusal(missing, f"The request must contain the parameter {unfit.path}") from None
            shown = str(unfit.value)
            raise refusal(
                unfitting,
                f"1 validation error detected: Value '{shown[:200]}' at '{unfit.path}' failed to satisfy constraint: {unfit.constraint}",
            ) from None
    return proceed()


for _service in SERVICES:
    around(Layer.VALIDATE, _service)(checked)


def check(service: str, shape: Shape, value: Any, path: str) -> None:
    """Raises `Unfit` at the first value in the request that the shape does not allow."""
    if isinstance(shape, StructureShape):
        _structure(service, shape, value, path)
    elif isinstance(shape, ListShape):
        _length(shape, len(value), path, value)
        for index, element in enumerate(value):
            check(service, shape.member, element, f"{path}.{index + 1}.member")
    elif isinstance(shape, MapShape):
        _length(shape, len(value), path, value)
        for key, element in value.items():
            check(service, shape.key, key, f"{path}.key")
            if element is not None:
                check(service, shape.value, element, f"{path}.{key}.value")
    elif isinstance(shape, StringShape):
        _string(service, shape, value, path)
    elif shape.type_name in ("integer", "long", "double", "float") and isinstance(value, (int, float)):
        _range(shape, value, path)
    elif shape.type_name == "blob" and isinstance(value, (bytes, str)):
        _length(shape, len(value), path, value)


def _structure(service: str, shape: StructureShape, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        return
    for name, member in shape.members.items():
        at = f"{path}.{name}" if path else name
        given = value.get(name)
        if given is None:
            if name in shape.required_members and (service, name) not in ALLOWED and not member.serialization.get("location") == "uri":
                raise Unfit(at, "Member must not be null", missing=True)
        elif (service, name) not in ALLOWED:
            check(service, member, given, at)


def _string(service: str, shape: StringShape, value: Any, path: str) -> None:
    if not isinstance(value, str):
        return
    if shape.enum and value not in shape.enum:
        raise Unfit(path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]", value)
    if service == "s3":
        return
    _length(shape, len(value), path, value)
    pattern = _pattern(shape.metadata.get("pattern") or "")
    if pattern is not None and not pattern.fullmatch(value):
        raise Unfit(path, f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}", value)


def _length(shape: Shape, length: int, path: str, value: Any) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and length < least:
        raise Unfit(path, f"Member must have length greater than or equal to {least}", value)
    if most is not None and length > most:
        raise Unfit(path, f"Member must have length less than or equal to {most}", value)


def _range(shape: Shape, value: float, path: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        raise Unfit(path, f"Member must have value greater than or equal to {least}", value)
    if most is not None and value > most:
        raise Unfit(path, f"Member must have value less than or equal to {most}", value)


@functools.cache
def _pattern(text: str) -> "regex.Pattern[str] | None":
    """AWS matches the whole value whether the pattern is anchored or not. A pattern of another dialect is left out."""
    if not text:
        return None
    try:
        return regex.compile(text, regex.DOTALL | regex.VERSION0)
    except regex.error:
        return None
