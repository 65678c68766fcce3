"""IAM: the audience of an OIDC provider, and policies that are still attached."""

from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "iam", "AddClientIDToOpenIDConnectProvider")
def add_client_id(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """Adding an audience that is there already changes nothing."""
    provider = _provider(context, request["OpenIDConnectProviderArn"])
    if request["ClientID"] not in provider.client_id_list:
        provider.client_id_list = [*provider.client_id_list, request["ClientID"]]
    return {}


@around(Layer.GAPS, "iam", "RemoveClientIDFromOpenIDConnectProvider")
def remove_client_id(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """Removing an audience that is not there succeeds."""
    provider = _provider(context, request["OpenIDConnectProviderArn"])
    provider.client_id_list = [client for client in provider.client_id_list if client != request["ClientID"]]
    return {}


@around(Layer.STRICT, "iam", "DeletePolicy")
def delete_policy(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """A policy goes only after its attachments and its other versions."""
    backend, arn = known.iam(context.account_id), request["PolicyArn"]
    holders = [*backend.roles.values(), *backend.users.values(), *backend.groups.values()]
    if any(arn in holder.managed_policies for holder in holders):
        raise fault(context, "DeleteConflictException", "Cannot delete a policy attached to entities.")
    policy = backend.managed_policies.get(arn)
    if policy is not None and len(policy.versions) > 1:
        raise fault(context, "DeleteConflictException", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
    return proceed()


def _provider(context: RequestContext, arn: str) -> Any:
    found = known.iam(context.account_id).open_id_providers.get(arn)
    if found is None:
        raise fault(context, "NoSuchEntityException", f"OpenIDConnect Provider not found for arn {arn}")
    return found
