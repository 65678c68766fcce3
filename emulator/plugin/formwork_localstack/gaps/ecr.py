"""ECR: scanning that is switched off."""

from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around
from .altered import alter, call


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "ecr", "PutImageScanningConfiguration")
def put_image_scanning(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """An absent scanOnPush is false: SDKs leave false out, and moto takes an empty configuration for none."""
    alter(context, request, imageScanningConfiguration={"scanOnPush": False, **request["imageScanningConfiguration"]})
    return call(context, request)
