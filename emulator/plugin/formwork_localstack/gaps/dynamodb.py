"""DynamoDB of moto: the settings that it does not keep, and one change of a table at a time.

What is kept here stands on moto's own tables, so that it goes with them. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/
"""

from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around, fault, refusal

_KEPT = "formwork_kept"
"""By name: class, limits of the table and of its indexes, days of recovery, insights, Kinesis streams, policies of streams."""


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "dynamodb", "CreateTable", "UpdateTable", "DescribeTable", "DeleteTable")
def tables(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Class, limits and encryption are read back as they were given; a table that is paid by request has no capacity."""
    name, operation = request["TableName"], context.operation.name
    if operation == "UpdateTable":
        _check_update(context, request)
    answer = proceed()
    table = _tables(context).get(name)
    if table is None:
        return answer
    if operation in ("CreateTable", "UpdateTable"):
        _keep(context, table, request)
    described = answer.get("TableDescription") or answer.get("Table")
    fresh = table.describe()["TableDescription"]
    for key in ("AttributeDefinitions", "ProvisionedThroughput", "SSEDescription", "DeletionProtectionEnabled"):
        described.pop(key, None)
        if key in fresh:
            described[key] = fresh[key]
    kept = _kept(table)
    described["TableClassSummary"] = {"TableClass": kept.get("class", "STANDARD")}
    if limits := kept.get("limits", {}).get(None):
        described["OnDemandThroughput"] = limits
    for index in described.get("GlobalSecondaryIndexes") or []:
        if limits := kept.get("limits", {}).get(index["IndexName"]):
            index["OnDemandThroughput"] = limits
    return answer


def _check_update(context: RequestContext, request: dict[str, Any]) -> None:
    table = _table(context, request["TableName"])
    changes = request.get("GlobalSecondaryIndexUpdates") or []
    if sum(1 for change in changes if "Create" in change or "Delete" in change) > 1:
        raise fault(context, "LimitExceededException", "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
    stream = request.get("StreamSpecification")
    if stream is not None:
        enabled = bool((table.stream_specification or {}).get("StreamEnabled"))
        if enabled == bool(stream.get("StreamEnabled")):
            word = "already has an enabled" if enabled else "has no"
            raise refusal("ValidationException", f"Table {word} stream: {table.name}")
        # moto would refuse another stream because of the label of the one before.
        table.latest_stream_label = table.latest_stream_label if enabled else None
    if definitions := request.get("AttributeDefinitions"):
        names = [index["Create"] for index in changes if "Create" in index]
        used = _used(table) | {key["AttributeName"] for index in names for key in index["KeySchema"]}
        if {row["AttributeName"] for row in definitions} != used:
            raise refusal("ValidationException", "One or more parameter values were invalid: Some AttributeDefinitions are not used.")


def _keep(context: RequestContext, table: Any, request: dict[str, Any]) -> None:
    kept = _kept(table)
    if request.get("TableClass"):
        kept["class"] = request["TableClass"]
    limits = kept.setdefault("limits", {})
    if request.get("OnDemandThroughput"):
        limits[None] = request["OnDemandThroughput"]
    for index in request.get("GlobalSecondaryIndexes") or []:
        if index.get("OnDemandThroughput"):
            limits[index["IndexName"]] = index["OnDemandThroughput"]
    for change in request.get("GlobalSecondaryIndexUpdates") or []:
        for index in change.values():
            if index.get("OnDemandThroughput"):
                limits[index["IndexName"]] = index["OnDemandThroughput"]
    if "SSESpecification" in request:
        table.sse_specification = {**request["SSESpecification"]}
    if table.sse_specification and table.sse_specification.get("Enabled") and not table.sse_specification.get("KMSMasterKeyId"):
        table.sse_specification["KMSMasterKeyId"] = f"arn:aws:kms:{context.region}:{context.account_id}:key/aws-dynamodb"
    if table.billing_mode == "PAY_PER_REQUEST":
        table.throughput = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0}
    used = _used(table)
    table.attr = [row for row in table.attr if row["AttributeName"] in used]
    if request.get("ResourcePolicy"):
        _backend(context).put_resource_policy(table.table_arn, request["ResourcePolicy"], None)


@around(Layer.GAPS, "dynamodb", "UpdateContinuousBackups", "DescribeContinuousBackups")
def backups(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto forgets for how many days a table can be restored."""
    answer = proceed()
    kept = _kept(_table(context, request["TableName"]))
    if specification := request.get("PointInTimeRecoverySpecification"):
        kept["days"] = specification.get("RecoveryPeriodInDays") or kept.get("days", 35)
    recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
        recovery["RecoveryPeriodInDays"] = kept.get("days", 35)
    return answer


@around(Layer.GAPS, "dynamodb", "UpdateContributorInsights", "DescribeContributorInsights")
def insights(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    table, index = _table(context, request["TableName"]), request.get("IndexName")
    if index and index not in {held.name for held in table.global_indexes}:
        raise fault(context, "ResourceNotFoundException", f"Requested resource not found: index {index}")
    watched = _kept(table).setdefault("insights", {})
    if context.operation.name == "UpdateContributorInsights":
        enable = request["ContributorInsightsAction"] == "ENABLE"
        mode = request.get("ContributorInsightsMode") or "ACCESSED_AND_THROTTLED_KEYS"
        watched[index] = {"ContributorInsightsStatus": "ENABLED", "ContributorInsightsMode": mode} if enable else {"ContributorInsightsStatus": "DISABLED"}
    answer = {"TableName": table.name, **watched.get(index, {"ContributorInsightsStatus": "DISABLED"})}
    return {**answer, "IndexName": index} if index else answer


@around(Layer.GAPS, "dynamodb", "TagResource")
def tag_resource(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto adds a tag a second time where AWS gives it another value, and then never comes to the end of the list."""
    answer = proceed()
    table = _table(context, request["ResourceArn"])
    table.tags = [{"Key": key, "Value": value} for key, value in {tag["Key"]: tag["Value"] for tag in table.tags}.items()]
    return answer


@around(
    Layer.GAPS, "dynamodb", "EnableKinesisStreamingDestination", "DisableKinesisStreamingDestination", "UpdateKinesisStreamingDestination",
    "DescribeKinesisStreamingDestination",
)
def kinesis(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """Nothing is written to the stream, which need not be there: there is no type for it."""
    table, operation = _table(context, request["TableName"]), context.operation.name
    streams = _kept(table).setdefault("kinesis", {})
    if operation == "DescribeKinesisStreamingDestination":
        return {"TableName": table.name, "KinesisDataStreamDestinations": [dict(stream) for stream in streams.values()]}
    arn = request["StreamArn"]
    given = request.get("EnableKinesisStreamingConfiguration") or request.get("UpdateKinesisStreamingConfiguration") or {}
    active = streams.get(arn, {}).get("DestinationStatus") == "ACTIVE"
    if active == (operation == "EnableKinesisStreamingDestination"):
        raise refusal("ValidationException", f"Table is {'already' if active else 'not'} streaming to {arn}")
    row = streams.setdefault(arn, {"StreamArn": arn})
    row["DestinationStatus"] = "DISABLED" if operation == "DisableKinesisStreamingDestination" else "ACTIVE"
    row["ApproximateCreationDateTimePrecision"] = given.get("ApproximateCreationDateTimePrecision") or "MILLISECOND"
    return {"TableName": table.name, **row}


@around(Layer.GAPS, "dynamodb", "PutResourcePolicy", "GetResourcePolicy")
def stream_policies(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """moto knows the policies of tables only."""
    arn = request["ResourceArn"]
    if "/stream/" not in arn:
        return proceed()
    table = _table(context, arn.split(":table/", 1)[1].split("/", 1)[0])
    policies = _kept(table).setdefault("policies", {})
    if context.operation.name == "PutResourcePolicy":
        policies[arn] = request["Policy"]
        return {"RevisionId": str(len(policies))}
    if arn not in policies:
        raise fault(context, "PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {arn}")
    return {"Policy": policies[arn], "RevisionId": str(len(policies))}


def _used(table: Any) -> set[str]:
    schemas = [table.schema, *(index.schema for index in [*table.indexes, *table.global_indexes])]
    return {key["AttributeName"] for schema in schemas for key in schema}


def _kept(table: Any) -> dict[str, Any]:
    if not hasattr(table, _KEPT):
        setattr(table, _KEPT, {})
    return getattr(table, _KEPT)


def _backend(context: RequestContext) -> Any:
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[context.account_id][context.region]


def _tables(context: RequestContext) -> dict[str, Any]:
    return _backend(context).tables


def _table(context: RequestContext, named: str) -> Any:
    found = _tables(context).get(named.rsplit("/", 1)[-1])
    if found is None:
        raise fault(context, "ResourceNotFoundException", f"Requested resource not found: Table: {named} not found")
    return found
