"""SNS: attributes of topics that are not read back, data protection, and what a topic with an archive refuses.

https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
"""

import json
from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around, fault
from ..stores import Regional

_GIVEN: Regional[dict[str, dict[str, str]]] = Regional(dict)
"""By topic: its attributes as they were given."""
_PROTECTION: Regional[dict[str, str]] = Regional(dict)

_FLAGS = ("FifoTopic", "ContentBasedDeduplication")


def clear(account_id: str | None = None) -> None:
    """Forgets the attributes of an account's topics, or of all."""
    _GIVEN.clear(account_id)
    _PROTECTION.clear(account_id)


def has_policy(account_id: str, region: str, arn: str) -> bool:
    """Whether somebody gave a topic a policy in the place of the one that every topic is born with."""
    policy = _GIVEN.of(account_id, region).get(arn, {}).get("Policy")
    return bool(policy) and json.loads(policy).get("Id") != "__default_policy_ID"


@around(Layer.GAPS, "sns", "CreateTopic")
def create_topic(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    arn = answer["TopicArn"]
    # A topic that is there already stays as it is.
    if arn not in _GIVEN.at(context):
        _GIVEN.at(context)[arn] = dict(request.get("Attributes") or {})
        if policy := request.get("DataProtectionPolicy"):
            _PROTECTION.at(context)[arn] = policy
    return answer


@around(Layer.GAPS, "sns", "SetTopicAttributes")
def set_topic_attributes(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    answer = proceed()
    _GIVEN.at(context).setdefault(request["TopicArn"], {})[request["AttributeName"]] = request.get("AttributeValue") or ""
    return answer


@around(Layer.GAPS, "sns", "GetTopicAttributes")
def get_topic_attributes(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """As AWS answers them: texts, and nothing where something was taken away."""
    answer = proceed()
    given = _GIVEN.at(context).get(request["TopicArn"], {})
    attributes = {name: value for name, value in answer["Attributes"].items() if "Feedback" not in name and value not in (None, "")}
    attributes.update(given)
    for name in _FLAGS:
        if name in attributes:
            attributes[name] = str(attributes[name]).lower()
    empty = [name for name, value in attributes.items() if value == "" or (name == "ArchivePolicy" and json.loads(value or "{}") == {})]
    answer["Attributes"] = {name: str(value) for name, value in attributes.items() if name not in empty}
    return answer


@around(Layer.GAPS, "sns", "ListTagsForResource", "TagResource", "UntagResource")
def tags(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """LocalStack keeps tags of topics that there are not."""
    if request["ResourceArn"] not in _GIVEN.at(context):
        raise fault(context, "ResourceNotFoundException", "Resource does not exist")
    return proceed()


@around(Layer.STRICT, "sns", "DeleteTopic")
def delete_topic(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html"""
    archive = _GIVEN.at(context).get(request["TopicArn"], {}).get("ArchivePolicy")
    if archive and json.loads(archive):
        raise fault(context, "InvalidParameterException", "Invalid parameter: Cannot delete a topic with an ArchivePolicy")
    answer = proceed()
    _GIVEN.at(context).pop(request["TopicArn"], None)
    _PROTECTION.at(context).pop(request["TopicArn"], None)
    return answer


@around(Layer.GAPS, "sns", "PutDataProtectionPolicy", "GetDataProtectionPolicy")
def data_protection(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    arn = request["ResourceArn"]
    if arn not in _GIVEN.at(context):
        raise fault(context, "NotFoundException", "Topic does not exist")
    if context.operation.name == "PutDataProtectionPolicy":
        _PROTECTION.at(context)[arn] = request["DataProtectionPolicy"]
        return {}
    return {"DataProtectionPolicy": _PROTECTION.at(context).get(arn, "")}
