"""Operations that moto has not got, or gets wrong, one module per service.

Importing a module registers what it supplies; each in `MODULES` has `clear(account_id | None)` for the reset.
"""

from types import ModuleType

from . import acm, cloudcontrol, cloudfront, cloudwatch, dynamodb, ec2, ec2_client_vpn, ecr, efs, eks, elasticache, elbv2, iam, kms, logs, policies, quotas, rds, route53, sns, sqs, ssm
from . import ec2_acls, ec2_filters, ec2_images, ec2_instances, ec2_launch_templates, ec2_prefix_lists, ec2_requests, ec2_routing, ec2_tags, eks_access, eks_addons, eks_nodes, rds_classes  # noqa: F401  They register operations.

MODULES: list[ModuleType] = [acm, cloudcontrol, cloudfront, cloudwatch, dynamodb, ec2, ec2_client_vpn, ecr, efs, eks, elasticache, elbv2, iam, kms, logs, policies, quotas, rds, route53, sns, sqs, ssm]


def clear(account_id: str | None = None) -> None:
    """Forgets what the modules hold of one account, or of all."""
    for module in MODULES:
        module.clear(account_id)
