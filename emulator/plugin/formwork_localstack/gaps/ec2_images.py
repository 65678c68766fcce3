"""EC2: a handful of machine images, and key pairs by their ids.

moto would load 1148 images into every region of every account, at half of what an account costs. Here are as many as stacks look up, with ids
that are made of the region and the name. The public parameters of Systems Manager name the newest of Amazon Linux.
"""

import hashlib
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, refusal
from .altered import alter, call

_AMAZON, _CANONICAL = "137112412989", "099720109477"

# owner, alias, name, architecture, root device, date
_IMAGES: list[tuple[str, str | None, str, str, str, str]] = [
    (_AMAZON, "amazon", "al2023-ami-2023.8.20250915.0-kernel-6.1-x86_64", "x86_64", "/dev/xvda", "2025-09-16T01:10:21.000Z"),
    (_AMAZON, "amazon", "al2023-ami-2023.9.20251014.0-kernel-6.1-x86_64", "x86_64", "/dev/xvda", "2025-10-15T01:10:21.000Z"),
    (_AMAZON, "amazon", "al2023-ami-2023.9.20251014.0-kernel-6.12-x86_64", "x86_64", "/dev/xvda", "2025-10-15T01:12:03.000Z"),
    (_AMAZON, "amazon", "al2023-ami-2023.9.20251014.0-kernel-6.1-arm64", "arm64", "/dev/xvda", "2025-10-15T01:11:47.000Z"),
    (_AMAZON, "amazon", "amzn2-ami-kernel-5.10-hvm-2.0.20250929.2-x86_64-gp2", "x86_64", "/dev/xvda", "2025-09-30T22:05:11.000Z"),
    (_CANONICAL, None, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251001", "x86_64", "/dev/sda1", "2025-10-01T09:37:40.000Z"),
    (_CANONICAL, None, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20251001", "arm64", "/dev/sda1", "2025-10-01T09:38:12.000Z"),
]

_LATEST = "/aws/service/ami-amazon-linux-latest/"
_PARAMETERS = {
    "al2023-ami-kernel-default-x86_64": "al2023-ami-2023.9.20251014.0-kernel-6.1-x86_64",
    "al2023-ami-kernel-6.1-x86_64": "al2023-ami-2023.9.20251014.0-kernel-6.1-x86_64",
    "al2023-ami-kernel-6.12-x86_64": "al2023-ami-2023.9.20251014.0-kernel-6.12-x86_64",
    "al2023-ami-kernel-default-arm64": "al2023-ami-2023.9.20251014.0-kernel-6.1-arm64",
    "al2023-ami-kernel-6.1-arm64": "al2023-ami-2023.9.20251014.0-kernel-6.1-arm64",
}


def image_id(region: str, name: str) -> str:
    """The id of an image in a region; another one in each, as on AWS."""
    return "ami-" + hashlib.sha256(f"{region} {name}".encode()).hexdigest()[:17]


def load(backend: Any) -> None:
    """Puts the images into an account and region that has none of them yet."""
    from moto.ec2.models.amis import Ami

    region = backend.region_name
    if image_id(region, _IMAGES[0][2]) in backend.amis:
        return
    for owner, alias, name, architecture, device, date in _IMAGES:
        identity = image_id(region, name)
        backend.amis[identity] = Ami(
            backend, identity, name=name, owner_id=owner, owner_alias=alias, public=True, virtualization_type="hvm", architecture=architecture,
            creation_date=date, hypervisor="xen", root_device_type="ebs", root_device_name=device, region_name=f"{region}a", description=name,
        )


@around(Layer.GAPS, "ec2", "DescribeImages")
def describe_images(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto takes the dates as they are and knows no filter by the root device's type."""
    load(known.ec2(context.account_id, context.region))
    own = [filter for filter in request.get("Filters") or [] if filter["Name"] == "root-device-type"]
    if own:
        alter(context, request, Filters=[filter for filter in request["Filters"] if filter not in own] or None)
    answer = call(context, request) if own else proceed()
    for filter in own:
        answer["Images"] = [row for row in answer.get("Images") or [] if row.get("RootDeviceType") in filter["Values"]]
    return answer


@around(Layer.GAPS, "ssm", "GetParameter")
def get_parameter(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The public parameters with the newest images of Amazon Linux name those that are there."""
    name = request.get("Name") or ""
    if not name.startswith(_LATEST):
        return proceed()
    image = _PARAMETERS.get(name.removeprefix(_LATEST))
    if image is None:
        raise refusal("ParameterNotFound", "")
    arn = f"arn:aws:ssm:{context.region}::parameter{name}"
    value = image_id(context.region, image)
    return {"Parameter": {"Name": name, "Type": "String", "Value": value, "Version": 1, "ARN": arn, "DataType": "aws:ec2:image"}}


@around(Layer.GAPS, "ec2", "DeleteKeyPair")
def delete_key_pair(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto deletes by the name only. One that is not there is no error, as on AWS."""
    identity = request.get("KeyPairId")
    if not identity:
        return proceed()
    pairs = known.ec2(context.account_id, context.region).key_pairs
    for name in [name for name, pair in list(pairs.items()) if pair.id == identity]:
        del pairs[name]
    return {"Return": True, "KeyPairId": identity}
