"""CloudWatch: the tags of an alarm, which belong to it, and what one call may say of it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around, fault, refusal


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in LocalStack's store, which the reset empties itself."""


@around(Layer.GAPS, "cloudwatch", "PutMetricAlarm")
def put_metric_alarm(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Tags are those of a new alarm; LocalStack ignores them. A metric and queries exclude each other."""
    queries = request.get("Metrics")
    single = [name for name in ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic") if request.get(name)]
    if bool(queries) == bool(single):
        raise refusal("ValidationError", "Exactly one element of the metrics list, or a metric, must be given")
    if queries and sum(1 for query in queries if query.get("ReturnData", True)) != 1:
        raise refusal("ValidationError", "Exactly one element of the metrics list should return data.")
    if single and bool(request.get("Statistic")) == bool(request.get("ExtendedStatistic")):
        raise refusal("ValidationError", "One of the parameters Statistic and ExtendedStatistic must be given")
    arn = _arn(context, request["AlarmName"])
    fresh = arn not in _store(context).alarms
    tags = request.pop("Tags", None)
    answer = proceed()
    if fresh and tags:
        _store(context).TAGS.tag_resource(arn, tags)
    return answer


@around(Layer.GAPS, "cloudwatch", "DeleteAlarms")
def delete_alarms(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """LocalStack keeps the tags of an alarm that is gone. One that is not there is refused."""
    arns = [_arn(context, name) for name in request["AlarmNames"]]
    if missing := [arn for arn in arns if arn not in _store(context).alarms]:
        raise fault(context, "ResourceNotFound", f"Unknown: {missing}")
    answer = proceed()
    for arn in arns:
        _store(context).TAGS.tags.pop(arn, None)
    return answer


@around(Layer.GAPS, "cloudwatch", "ListTagsForResource", "TagResource", "UntagResource")
def tags(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if request["ResourceARN"] not in _store(context).alarms:
        raise fault(context, "ResourceNotFoundException", f"Unknown: {request['ResourceARN']}")
    return proceed()


def _store(context: RequestContext) -> Any:
    from localstack.services.cloudwatch.models import cloudwatch_stores

    return cloudwatch_stores[context.account_id][context.region]


def _arn(context: RequestContext, name: str) -> str:
    return f"arn:aws:cloudwatch:{context.region}:{context.account_id}:alarm:{name}"
