"""Whether a thing that a request names really stands, asked of moto's stores and not of an API.

moto is imported when first asked: loading it at LocalStack's start would double the time that takes.
"""

from typing import Any


def ec2(account_id: str, region: str) -> Any:
    """The EC2 backend of an account and region."""
    from moto.ec2.models import ec2_backends

    return ec2_backends[account_id][region]


def iam(account_id: str) -> Any:
    """The IAM backend of an account."""
    from moto.iam.models import iam_backends

    return iam_backends[account_id]["aws"]


def log_group(account_id: str, region: str, arn: str) -> bool:
    """Whether a log group stands that is named by its ARN, with or without the `:*` that stands for its streams."""
    from moto.logs.models import logs_backends

    group = arn.removesuffix(":*")
    return any(held.arn.removesuffix(":*") == group for held in list(logs_backends[account_id][region].groups.values()))


def rds(account_id: str, region: str) -> Any:
    """The RDS backend of an account and region."""
    from moto.rds.models import rds_backends

    return rds_backends[account_id][region]


def subnet(account_id: str, region: str, subnet_id: str) -> Any | None:
    """The subnet of that id, or nothing."""
    for per_zone in list(ec2(account_id, region).subnets.values()):
        if subnet_id in per_zone:
            return per_zone[subnet_id]
    return None


def vpc(account_id: str, region: str, vpc_id: str) -> Any | None:
    """The VPC of that id, or nothing."""
    return ec2(account_id, region).vpcs.get(vpc_id)


def security_group(account_id: str, region: str, group_id: str) -> Any | None:
    """The security group of that id, or nothing."""
    for groups in list(ec2(account_id, region).groups.values()):
        if group_id in groups:
            return groups[group_id]
    return None


def principal(account_id: str, arn: str) -> bool:
    """Whether an IAM principal stands; one of another account, the root and an assumed session are believed."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[4] != account_id:
        return len(parts) == 6
    kind, _, name = parts[5].partition("/")
    backend = iam(account_id)
    if kind == "role":
        return any(role.arn == arn for role in list(backend.roles.values()))
    if kind == "user":
        return any(user.arn == arn for user in list(backend.users.values()))
    return bool(name) or kind == "root"


def role(account_id: str, arn: str) -> bool:
    """Whether a role stands."""
    return ":role/" in arn and principal(account_id, arn)


def trusts(account_id: str, role_arn: str, service: str) -> bool:
    """Whether the trust policy of a role names a service; a role of another account is believed to."""
    for found in list(iam(account_id).roles.values()):
        if found.arn == role_arn:
            document = found.assume_role_policy_document
            return service in (document if isinstance(document, str) else str(document))
    return True


def key(account_id: str, arn: str) -> bool:
    """Whether a KMS key that is named by its ARN stands and can be used; one of another account is believed to."""
    from moto.kms.models import kms_backends

    parts = arn.split(":")
    if len(parts) != 6 or parts[4] != account_id:
        return len(parts) == 6
    found = kms_backends[account_id][parts[3]].keys.get(parts[5].removeprefix("key/"))
    return found is not None and found.key_state == "Enabled"
