"""Who a policy speaks of must stand, and a bucket that is closed to the public takes no public policy.

IAM turns the principals of a trust or resource policy into ids when the policy is written, and refuses the ones that it
does not find: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html. That is what makes the
order of a role and the policies that name it matter.
"""

import json
from collections.abc import Iterator
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault, refusal


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here."""


@around(Layer.GAPS, "iam", "CreateRole", "UpdateAssumeRolePolicy")
def trust(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    text = request.get("AssumeRolePolicyDocument") or request.get("PolicyDocument") or ""
    if unknown := unknown_principal(context.account_id, text):
        raise fault(context, "MalformedPolicyDocumentException", f'Invalid principal in policy: "AWS":"{unknown}"')
    return proceed()


@around(Layer.GAPS, "kms", "CreateKey", "PutKeyPolicy")
def key_policy(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    if unknown_principal(context.account_id, request.get("Policy") or ""):
        raise fault(context, "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")
    return proceed()


@around(Layer.GAPS, "secretsmanager", "PutResourcePolicy")
def secret_policy(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    try:
        json.loads(request.get("ResourcePolicy") or "")
    except ValueError:
        raise fault(context, "MalformedPolicyDocumentException", "This resource policy contains a syntax error.") from None
    if unknown_principal(context.account_id, request["ResourcePolicy"]):
        raise fault(context, "MalformedPolicyDocumentException", "This resource policy contains an unsupported principal.")
    return proceed()


@around(Layer.GAPS, "s3", "PutBucketPolicy")
def bucket_policy(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
    text = request.get("Policy") or ""
    if unknown_principal(context.account_id, text):
        raise refusal("MalformedPolicy", "Invalid principal in policy")
    if _is_public(text) and _blocks_public_policies(context, request["Bucket"]):
        raise refusal("AccessDenied", "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", 403)
    return proceed()


def unknown_principal(account_id: str, text: str) -> str | None:
    """The first role or user of this account that a policy names and that does not stand."""
    for statement in _statements(text):
        principal = statement.get("Principal")
        named = principal.get("AWS") if isinstance(principal, dict) else None
        for arn in [named] if isinstance(named, str) else named or []:
            if arn.startswith("arn:") and not known.principal(account_id, arn):
                return arn
    return None


def _is_public(text: str) -> bool:
    for statement in _statements(text):
        principal = statement.get("Principal")
        named = principal.get("AWS") if isinstance(principal, dict) else principal
        if statement.get("Effect") == "Allow" and "Condition" not in statement and (named == "*" or isinstance(named, list) and "*" in named):
            return True
    return False


def _blocks_public_policies(context: RequestContext, name: str) -> bool:
    from localstack.services.s3.models import s3_stores

    bucket = s3_stores[context.account_id][context.region].buckets.get(name)
    return bool(bucket and (bucket.public_access_block or {}).get("BlockPublicPolicy"))


def _statements(text: str) -> Iterator[dict[str, Any]]:
    try:
        policy = json.loads(text)
    except ValueError:
        return
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    for statement in [statements] if isinstance(statements, dict) else statements or []:
        if isinstance(statement, dict):
            yield statement
