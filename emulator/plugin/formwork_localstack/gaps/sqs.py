"""SQS: a queue has one sort of encryption.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around, refusal


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in LocalStack's store, which the reset empties itself."""


@around(Layer.GAPS, "sqs", "CreateQueue", "SetQueueAttributes")
def one_encryption(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A key takes the place of SQS's own keys, which LocalStack shows as well; both together are refused."""
    given = request.get("Attributes") or {}
    queue = _queue(context, request)
    key = given.get("KmsMasterKeyId", queue.attributes.get("KmsMasterKeyId") if queue else None)
    if key and given.get("SqsManagedSseEnabled") == "true":
        raise refusal("InvalidAttributeValue", "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
    answer = proceed()
    if given.get("KmsMasterKeyId"):
        _queue(context, request).attributes["SqsManagedSseEnabled"] = "false"
    return answer


def _queue(context: RequestContext, request: dict[str, Any]) -> Any | None:
    from localstack.services.sqs.models import sqs_stores

    name = request.get("QueueName") or request["QueueUrl"].rsplit("/", 1)[-1]
    return sqs_stores[context.account_id][context.region].queues.get(name)
