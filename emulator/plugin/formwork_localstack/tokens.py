"""Client tokens: a create that is sent again with its token makes nothing a second time.

moto ignores the tokens of EC2, so a retry after a lost answer would make a duplicate that AWS would not. Any operation of
EC2 whose input has a `ClientToken` is covered; EKS minds its own (`gaps.eks`), and Secrets Manager takes the token as the
version's id. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

import copy
import threading
from typing import Any

from localstack.aws.api import RequestContext

from . import intercept
from .intercept import Layer, Proceed, around, refusal
from .stores import Regional


class _Sent:
    """A request that came with a token, and its answer once there is one."""

    def __init__(self, parameters: dict[str, Any]):
        self.parameters = parameters
        self.answer: Any = None
        self.lock = threading.Lock()


_SENT: Regional[dict[tuple[str, str], _Sent]] = Regional(dict)


def install() -> None:
    """Importing this module has registered the functions; what is left is to put them in front of the providers."""
    intercept.install()


def reset(account: str | None) -> None:
    """Forgets the tokens of an account, or of all."""
    _SENT.clear(account)


@around(Layer.TOKENS, "ec2")
def once(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The same token with the same parameters gets the first answer, with others a refusal. A failed call leaves the
    token unused. Two calls at one time with one token are one after the other."""
    token = request.get("ClientToken")
    if not token or "ClientToken" not in context.operation.input_shape.members:
        return proceed()
    parameters = {key: value for key, value in request.items() if key not in ("ClientToken", "DryRun") and value is not None}
    with _SENT.lock:
        sent = _SENT.at(context).setdefault((context.operation.name, token), _Sent(copy.deepcopy(parameters)))
    with sent.lock:
        if sent.answer is not None:
            if sent.parameters != parameters:
                raise refusal("IdempotentParameterMismatch", f"The request uses the same client token as a previous, but non-identical request: {token}")
            return copy.deepcopy(sent.answer)
        sent.parameters = copy.deepcopy(parameters)
        answer = proceed()
        sent.answer = copy.deepcopy(dict(answer))
        return answer


@around(Layer.TOKENS, "secretsmanager", "CreateSecret")
def secret_once(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The token becomes the id of the secret's version: the same with the same content is a retry that succeeds.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""
    from moto.secretsmanager.models import secretsmanager_backends

    token, secrets = request.get("ClientRequestToken"), secretsmanager_backends[context.account_id][context.region].secrets
    secret = next((held for held in list(secrets.values()) if held.name == request["Name"]), None)
    version = (secret.versions or {}).get(token) if secret is not None and token and not secret.deleted_date else None
    if version is not None and version.get("secret_string") == request.get("SecretString") and version.get("secret_binary") == request.get("SecretBinary"):
        return {"ARN": secret.arn, "Name": secret.name, "VersionId": token}
    return proceed()
