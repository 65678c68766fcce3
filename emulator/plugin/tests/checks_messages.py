"""Queues, topics, alarms, parameters and tables, where LocalStack and moto differ from AWS."""

import json

from harness import Account, check, refused, same

_TAGS = [{"Key": "formwork", "Value": "yes"}]


@check
def public_parameters_name_images_of_the_region(account: Account) -> None:
    name = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/recommended"
    image = account.ssm.get_parameter(Name=f"{name}/image_id")["Parameter"]["Value"]
    assert image.startswith("ami-") and len(image) == 21, image
    same(json.loads(account.ssm.get_parameter(Name=name)["Parameter"]["Value"])["image_id"], image)
    found = account.ssm.get_parameters(Names=["/aws/service/bottlerocket/aws-k8s-1.33/arm64/latest/image_id", "/aws/service/none"])
    same((len(found["Parameters"]), found["InvalidParameters"]), (1, ["/aws/service/none"]))
    same(account.kinds(), [])


@check
def a_parameter_keeps_its_type_and_its_tier(account: Account) -> None:
    ssm = account.ssm
    policy = [{"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": "2040-01-01T00:00:00Z"}}]
    ssm.put_parameter(Name="/a/b", Value="x", Type="String", Tier="Advanced", Policies=json.dumps(policy), AllowedPattern="[a-z]+", Tags=_TAGS)
    with refused("HierarchyTypeMismatchException"):
        ssm.put_parameter(Name="/a/b", Value="x", Type="SecureString", Overwrite=True)
    with refused("ParameterLimitExceeded"):
        ssm.put_parameter(Name="/a/b", Value="x", Type="String", Tier="Standard", Overwrite=True)
    with refused("ParameterPatternMismatchException"):
        ssm.put_parameter(Name="/a/b", Value="X", Type="String", Overwrite=True)
    row = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": ["/a/b"]}])["Parameters"][0]
    same([json.loads(row["Policies"][0]["PolicyText"])], policy)
    same(account.kinds(), ["aws:ssm/parameter"])


@check
def a_queue_has_one_sort_of_encryption(account: Account) -> None:
    sqs, key = account.sqs, account.kms.create_key()["KeyMetadata"]["Arn"]
    url = sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key}, tags={"formwork": "yes"})["QueueUrl"]
    same(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["SqsManagedSseEnabled"])["Attributes"], {"SqsManagedSseEnabled": "false"})
    with refused("InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true", "KmsMasterKeyId": ""})
    assert "KmsMasterKeyId" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    same([row["id"] for row in account.resources() if row["kind"] == "aws:sqs/queue"], [url])
    sqs.delete_queue(QueueUrl=url)
    with refused("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"):
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])


@check
def a_topic_answers_what_it_was_given(account: Account) -> None:
    sns = account.sns
    given = {"DisplayName": "T", "TracingConfig": "Active", "SignatureVersion": "2", "DeliveryPolicy": '{"http":{}}'}
    arn = sns.create_topic(Name="t", Attributes=given, Tags=_TAGS, DataProtectionPolicy='{"Name":"p"}')["TopicArn"]
    role = account.role("logs", "sns.amazonaws.com")
    for name, value in {"SQSSuccessFeedbackRoleArn": role, "SQSSuccessFeedbackSampleRate": "50"}.items():
        sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
    found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    same({name: found.get(name) for name in given}, given)
    same((found["SQSSuccessFeedbackRoleArn"], found["SQSSuccessFeedbackSampleRate"]), (role, "50"))
    sns.set_topic_attributes(TopicArn=arn, AttributeName="SQSSuccessFeedbackRoleArn", AttributeValue="")
    assert "SQSSuccessFeedbackRoleArn" not in sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    same(sns.get_data_protection_policy(ResourceArn=arn)["DataProtectionPolicy"], '{"Name":"p"}')
    same(sns.list_tags_for_resource(ResourceArn=arn)["Tags"], _TAGS)
    fifo = {"FifoTopic": "true", "ContentBasedDeduplication": "false", "ArchivePolicy": '{"MessageRetentionPeriod":"30"}'}
    kept = sns.create_topic(Name="t.fifo", Attributes=fifo)["TopicArn"]
    same({name: sns.get_topic_attributes(TopicArn=kept)["Attributes"].get(name) for name in fifo}, fifo)
    with refused("InvalidParameter"):
        sns.delete_topic(TopicArn=kept)
    sns.set_topic_attributes(TopicArn=kept, AttributeName="ArchivePolicy", AttributeValue="{}")
    sns.delete_topic(TopicArn=kept)
    with refused("NotFound"):
        sns.get_topic_attributes(TopicArn=kept)
    queue = account.sqs.create_queue(QueueName="q")["QueueUrl"]
    target = account.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    told = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=target, ReturnSubscriptionArn=True, Attributes={"RawMessageDelivery": "true"})
    same(sns.get_subscription_attributes(SubscriptionArn=told["SubscriptionArn"])["Attributes"]["RawMessageDelivery"], "true")
    same(account.kinds(), ["aws:iam/role", "aws:sns/subscription", "aws:sns/topic", "aws:sqs/queue"])
    sns.unsubscribe(SubscriptionArn=told["SubscriptionArn"])
    with refused("NotFound"):
        sns.get_subscription_attributes(SubscriptionArn=told["SubscriptionArn"])


@check
def an_alarm_keeps_its_tags_and_says_one_thing(account: Account) -> None:
    cloudwatch = account.cloudwatch
    alarm = {
        "AlarmName": "a", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.5, "Namespace": "N", "MetricName": "m",
        "Period": 60, "Statistic": "Sum",
    }
    cloudwatch.put_metric_alarm(**alarm, Tags=_TAGS)
    cloudwatch.put_metric_alarm(**alarm, Tags=[{"Key": "formwork", "Value": "no"}])
    arn = cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]["AlarmArn"]
    same(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], _TAGS)
    with refused("ValidationError"):
        cloudwatch.put_metric_alarm(**alarm, ExtendedStatistic="p99")
    same(account.kinds(), ["aws:cloudwatch/alarm"])
    cloudwatch.delete_alarms(AlarmNames=["a"])
    with refused("ResourceNotFound"):
        cloudwatch.delete_alarms(AlarmNames=["a"])
    with refused("ResourceNotFoundException"):
        cloudwatch.list_tags_for_resource(ResourceARN=arn)


def _table(account: Account, **more: object) -> dict[str, object]:
    return account.dynamodb.create_table(
        TableName="t", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST", Tags=_TAGS, **more,
    )["TableDescription"]


@check
def a_table_answers_what_it_was_given(account: Account) -> None:
    dynamodb, limits = account.dynamodb, {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 5}
    made = _table(account, TableClass="STANDARD_INFREQUENT_ACCESS", OnDemandThroughput=limits, ResourcePolicy='{"Version":"2012-10-17"}')
    described = dynamodb.describe_table(TableName="t")["Table"]
    same((described["TableClassSummary"]["TableClass"], described["OnDemandThroughput"]), ("STANDARD_INFREQUENT_ACCESS", limits))
    same(dynamodb.get_resource_policy(ResourceArn=made["TableArn"])["Policy"], '{"Version":"2012-10-17"}')
    dynamodb.update_continuous_backups(TableName="t", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7})
    recovery = dynamodb.describe_continuous_backups(TableName="t")["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    same(recovery["RecoveryPeriodInDays"], 7)
    dynamodb.update_contributor_insights(TableName="t", ContributorInsightsAction="ENABLE")
    same(dynamodb.describe_contributor_insights(TableName="t")["ContributorInsightsStatus"], "ENABLED")
    stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/s"
    dynamodb.enable_kinesis_streaming_destination(TableName="t", StreamArn=stream)
    same([row["DestinationStatus"] for row in dynamodb.describe_kinesis_streaming_destination(TableName="t")["KinesisDataStreamDestinations"]], ["ACTIVE"])
    dynamodb.update_table(TableName="t", SSESpecification={"Enabled": True, "SSEType": "KMS"})
    same(dynamodb.describe_table(TableName="t")["Table"]["SSEDescription"]["Status"], "ENABLED")
    same([row["tags"] for row in account.resources()], [{"formwork": "yes"}])


@check
def a_table_takes_one_index_at_a_time_and_another_stream_after_the_first(account: Account) -> None:
    dynamodb = account.dynamodb
    _table(account, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    index = lambda name: {  # noqa: E731
        "Create": {"IndexName": name, "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    }
    types = lambda *names: [{"AttributeName": name, "AttributeType": "S"} for name in names]  # noqa: E731
    with refused("LimitExceededException"):
        dynamodb.update_table(TableName="t", AttributeDefinitions=types("id", "aaa", "bbb"), GlobalSecondaryIndexUpdates=[index("aaa"), index("bbb")])
    dynamodb.update_table(TableName="t", AttributeDefinitions=types("id", "aaa"), GlobalSecondaryIndexUpdates=[index("aaa")])
    dynamodb.update_table(TableName="t", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "aaa"}}])
    same(dynamodb.describe_table(TableName="t")["Table"]["AttributeDefinitions"], types("id"))
    other = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    with refused("ValidationException"):
        dynamodb.update_table(TableName="t", StreamSpecification=other)
    dynamodb.update_table(TableName="t", StreamSpecification={"StreamEnabled": False})
    arn = dynamodb.update_table(TableName="t", StreamSpecification=other)["TableDescription"]["LatestStreamArn"]
    with refused("PolicyNotFoundException"):
        dynamodb.get_resource_policy(ResourceArn=arn)
    dynamodb.put_resource_policy(ResourceArn=arn, Policy="{}")
    same(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"], "{}")


@check
def policies_of_queues_and_topics_stand_beside_them(account: Account) -> None:
    sns, sqs = account.sns, account.sqs
    arn, url = sns.create_topic(Name="t")["TopicArn"], sqs.create_queue(QueueName="q")["QueueUrl"]
    born_with = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    same((json.loads(born_with)["Id"], account.kinds()), ("__default_policy_ID", ["aws:sns/topic", "aws:sqs/queue"]))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": arn}]})
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    same(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"], policy)
    same(account.kinds(), ["aws:sns/topic", "aws:sns/topic-policy", "aws:sqs/queue", "aws:sqs/queue-policy"])
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=born_with)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    same(account.kinds(), ["aws:sns/topic", "aws:sqs/queue"])
