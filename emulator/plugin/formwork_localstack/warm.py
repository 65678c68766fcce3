"""Loads services before the first real call needs them.

LocalStack loads a service, and moto behind it, when it is first called, which takes up to seconds. A client with a
short timeout, or one that calls a service for the first time from ten threads, should not be the one to pay for that.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from localstack.aws.connect import connect_to
from localstack.constants import AWS_REGION_US_EAST_1
from localstack.services.plugins import SERVICE_PLUGINS

READS: dict[str, str] = {
    "acm": "list_certificates",
    "cloudfront": "list_distributions",
    "cloudwatch": "describe_alarms",
    "dynamodb": "list_tables",
    "ec2": "describe_vpcs",
    "ecr": "describe_repositories",
    "efs": "describe_file_systems",
    "eks": "list_clusters",
    "elasticache": "describe_replication_groups",
    "elbv2": "describe_load_balancers",
    "iam": "list_roles",
    "kms": "list_keys",
    "logs": "describe_log_groups",
    "rds": "describe_db_instances",
    "route53": "list_hosted_zones",
    "s3": "list_buckets",
    "secretsmanager": "list_secrets",
    "sns": "list_topics",
    "sqs": "list_queues",
    "ssm": "describe_parameters",
    "sts": "get_caller_identity",
}
"""A call per service that changes nothing and needs no parameters."""

ACCOUNT = "000000000000"
"""Nobody's account: warming up leaves the default VPC of this one, and nothing where tests look."""


def warm(services: list[str] | None) -> dict[str, object]:
    """Loads the given services, or all that Formwork drives. Answers the milliseconds each took, or its error: a
    service that cannot be loaded is the business of the first call that needs it."""
    wanted = list(READS) if services is None else services

    def load(service: str) -> tuple[str, object]:
        started = time.monotonic()
        try:
            SERVICE_PLUGINS.require(service)
            if read := READS.get(service):
                client = connect_to(aws_access_key_id=ACCOUNT, region_name=AWS_REGION_US_EAST_1).get_client(service)
                getattr(client, read)()
        except Exception as error:  # Whatever it is, it is reported and the other services go on.
            return service, f"{type(error).__name__}: {error}"
        return service, round((time.monotonic() - started) * 1000)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(pool.map(load, wanted))
