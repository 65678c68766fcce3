"""The services that LocalStack's community edition leaves out, put into the same process.

EKS, Elastic Load Balancing and Service Quotas are supplied whole by `gaps`, and so is a double of Cloud Control; RDS, ElastiCache and ECR are moto's, with the operations of `gaps` in front. An operation
that neither has answers 501, as everywhere else in LocalStack.
"""

from localstack.aws.skeleton import DispatchTable, Skeleton
from localstack.aws.spec import load_service
from localstack.services.moto import _proxy_moto
from localstack.services.plugins import Service, aws_provider


def _service(name: str, table: DispatchTable) -> Service:
    return Service(name, skeleton=Skeleton(load_service(name), table))


def _moto(name: str, own: DispatchTable | None = None) -> Service:
    operations = load_service(name).operation_names
    return _service(name, {**{operation: _proxy_moto for operation in operations}, **(own or {})})


@aws_provider(api="cloudcontrol")
def cloudcontrol() -> Service:
    """A double of Cloud Control, supplied whole by this plugin."""
    from .gaps.cloudcontrol import CLOUDCONTROL

    return _service("cloudcontrol", CLOUDCONTROL.table)


@aws_provider(api="eks")
def eks() -> Service:
    """Elastic Kubernetes Service, supplied whole by this plugin."""
    from .gaps.eks import EKS

    return _service("eks", EKS.table)


@aws_provider(api="elasticache")
def elasticache() -> Service:
    """ElastiCache: groups and replication groups of this plugin, the rest of moto."""
    from .gaps.elasticache import ELASTICACHE

    return _moto("elasticache", ELASTICACHE.table)


@aws_provider(api="rds")
def rds() -> Service:
    """Relational Database Service of moto, corrected by `gaps.rds`."""
    from .gaps.altered import call

    return _service("rds", dict.fromkeys(load_service("rds").operation_names, call))


@aws_provider(api="ecr")
def ecr() -> Service:
    """Elastic Container Registry of moto."""
    return _moto("ecr")


@aws_provider(api="kms", name="moto")
def kms() -> Service:
    """Key Management Service of moto, chosen by PROVIDER_OVERRIDE_KMS: LocalStack's own hides the keys from RDS."""
    from .gaps.altered import call

    return _service("kms", dict.fromkeys(load_service("kms").operation_names, call))


@aws_provider(api="dynamodb", name="moto")
def dynamodb() -> Service:
    """DynamoDB of moto, chosen by PROVIDER_OVERRIDE_DYNAMODB: LocalStack's own needs Java and the network."""
    return _moto("dynamodb")


@aws_provider(api="elbv2")
def elbv2() -> Service:
    """Elastic Load Balancing, supplied whole by this plugin."""
    from .gaps.elbv2 import ELBV2

    return _service("elbv2", ELBV2.table)


@aws_provider(api="cloudfront")
def cloudfront() -> Service:
    """CloudFront: distributions and policies of this plugin, the rest of moto."""
    from .gaps.cloudfront import CLOUDFRONT

    return _moto("cloudfront", CLOUDFRONT.table)


@aws_provider(api="efs")
def efs() -> Service:
    """Elastic File System of moto, corrected by `gaps.efs`."""
    return _moto("efs")


@aws_provider(api="service-quotas")
def service_quotas() -> Service:
    """Service Quotas, supplied whole by this plugin."""
    from .gaps.quotas import SERVICE_QUOTAS

    return _service("service-quotas", SERVICE_QUOTAS.table)
