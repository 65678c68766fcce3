"""Systems Manager: AWS's public parameters of images, policies of parameters, and what Parameter Store refuses.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
"""

import hashlib
import json
import re
import time
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault

_VERSION = r"1\.(?P<minor>2[3-9]|3[0-9])"
_KINDS = r"(?P<what>/image_id|/image_name|/release_version|)"
_PUBLIC = [
    re.compile(rf"/aws/service/eks/optimized-ami/{_VERSION}/amazon-linux-2023/(x86_64|arm64)/(standard|nvidia|neuron)/recommended{_KINDS}"),
    re.compile(rf"/aws/service/eks/optimized-ami/{_VERSION}/amazon-linux-2(-gpu|-arm64)?/recommended{_KINDS}"),
    re.compile(rf"/aws/service/bottlerocket/aws-k8s-{_VERSION}(-nvidia)?/(x86_64|arm64)/(latest|1\.\d+\.\d+)(?P<what>/image_id|/image_version)"),
    re.compile(r"/aws/service/canonical/ubuntu/server/(22\.04|24\.04)/stable/current/(amd64|arm64)/hvm/ebs-gp[23](?P<what>/ami-id)"),
]


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "ssm", "GetParameter", "GetParameters")
def public_parameters(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto has those of Amazon Linux and ECS only. The others are put beside them when one is first asked for."""
    for name in [request.get("Name") or "", *(request.get("Names") or [])]:
        if value := _public(context, name):
            _publish(context, name, value)
    return proceed()


@around(Layer.GAPS, "ssm", "DescribeParameters")
def policies(context: RequestContext, _request: dict[str, Any], proceed: Proceed) -> Any:
    """moto answers a policy as a document where AWS answers its text and its type."""
    answer = proceed()
    for row in answer.get("Parameters") or []:
        parameter = _parameter(context, row["Name"])
        if parameter is not None and parameter.policies:
            listed = [policy for policy in json.loads(parameter.policies) if policy]
            row["Policies"] = [{"PolicyText": json.dumps(policy), "PolicyType": policy["Type"], "PolicyStatus": "Pending"} for policy in listed]
        row.pop("Value", None)
        row["ARN"] = f"arn:aws:ssm:{context.region}:{context.account_id}:parameter/{row['Name'].lstrip('/')}"
    return answer


@around(Layer.STRICT, "ssm", "PutParameter")
def put_parameter(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"""
    before = _parameter(context, request["Name"])
    if before is not None and request.get("Overwrite"):
        if request.get("Type") not in (None, before.parameter_type):
            raise fault(context, "HierarchyTypeMismatchException", "Parameter Store doesn't support changing a parameter type in a hierarchy.")
        if before.tier == "Advanced" and request.get("Tier") == "Standard":
            raise fault(context, "ParameterLimitExceeded", "This parameter uses the advanced-parameter tier. You can't downgrade it to the standard tier.")
    tier = request.get("Tier") or getattr(before, "tier", None) or "Standard"
    if request.get("Policies") and tier == "Standard":
        raise fault(context, "InvalidPolicyTypeException", "Parameter policies are of the advanced tier.")
    pattern = request.get("AllowedPattern") or getattr(before, "allowed_pattern", None)
    if pattern and not re.fullmatch(pattern, request["Value"]):
        raise fault(context, "ParameterPatternMismatchException", f"Parameter value, cannot be validated against allowedPattern: {pattern}")
    key = request.get("KeyId")
    if key and key.startswith("arn:") and ":key/" in key and not known.key(context.account_id, key):
        raise fault(context, "InvalidKeyId", f"The key {key} does not exist or cannot be used")
    answer = proceed()
    _parameter(context, request["Name"]).tier = tier
    answer["Tier"] = tier
    return answer


def _store(context: RequestContext) -> Any:
    from moto.ssm.models import ssm_backends

    return ssm_backends[context.account_id][context.region]._parameters


def _parameter(context: RequestContext, name: str) -> Any | None:
    store = _store(context)
    return store[name][-1] if name in list(store.keys()) and store[name] else None


def _public(context: RequestContext, name: str) -> str | None:
    """What AWS says under such a name: an image of the region, which is always the same for one name."""
    match = next((found for pattern in _PUBLIC if (found := pattern.fullmatch(name))), None)
    if match is None:
        return None
    what, minor = match["what"], match.groupdict().get("minor")
    path = name.removesuffix(what)
    image = f"ami-{hashlib.sha256(f'{context.region}{path}'.encode()).hexdigest()[:17]}"
    release = f"1.{minor}.4-20251101"
    named = {
        "/image_id": image, "/ami-id": image, "/image_name": f"amazon-eks-node-1.{minor}-v20251101", "/release_version": release,
        "/image_version": "1.48.0-6e1b3d2f",
    }
    return named.get(what) or json.dumps({"schema_version": "2", "image_id": image, "image_name": named["/image_name"], "release_version": release})


def _publish(context: RequestContext, name: str, value: str) -> None:
    from moto.ssm.models import Parameter

    store = _store(context)
    if name not in list(store.keys()):
        store[name] = [
            Parameter(
                account_id=context.account_id, name=name, value=value, parameter_type="String", description=None, allowed_pattern=None, keyid=None,
                last_modified_date=time.time(), version=1, data_type="aws:ec2:image" if value.startswith("ami-") else "text",
            )
        ]
