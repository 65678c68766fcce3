"""IAM: the audience of an OIDC provider, policies that are still attached, and roles that services still act with."""

import secrets
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, fault
from ..stores import Regional

_TASKS: Regional[dict[str, list[str]]] = Regional(dict)
"""By the id of a deletion: what has kept it from being done."""

clear = _TASKS.clear


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


@around(Layer.STRICT, "iam", "DeleteServiceLinkedRole")
def delete_service_linked_role(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """The role of a service that has something in the account stays; that shows by the task alone.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html"""
    role = next((held for held in list(known.iam(context.account_id).roles.values()) if held.name == request["RoleName"]), None)
    if role is None:
        raise fault(context, "NoSuchEntityException", f"The role with name {request['RoleName']} cannot be found.")
    service = role.path.strip("/").rsplit("/", 1)[-1]
    users = _users(context.account_id, service)
    answer = proceed() if not users else {"DeletionTaskId": f"task{role.path}{role.name}/{secrets.token_hex(16)}"}
    with _TASKS.lock:
        _TASKS.at(context)[answer["DeletionTaskId"]] = users
    return answer


@around(Layer.STRICT, "iam", "GetServiceLinkedRoleDeletionStatus")
def deletion_status(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    with _TASKS.lock:
        users = _TASKS.at(context).get(request["DeletionTaskId"])
    if users is None:
        raise fault(context, "NoSuchEntityException", "There is no such deletion.")
    if not users:
        return {"Status": "SUCCEEDED"}
    usage = [{"Region": context.region, "Resources": users}]
    return {"Status": "FAILED", "Reason": {"Reason": "The role is in use by the service.", "RoleUsageList": usage}}


def _users(account_id: str, service: str) -> list[str]:
    """The ARNs of what a service has in an account, of those services that this plugin supplies itself."""
    from . import eks, elbv2

    if service == "eks.amazonaws.com":
        return [cluster["arn"] for _, state in eks.STATE.each(account_id) for cluster in list(state.clusters.values())]
    if service == "elasticloadbalancing.amazonaws.com":
        return [arn for _, state in elbv2.STATE.each(account_id) for arn in list(state.balancers)]
    return []


def _provider(context: RequestContext, arn: str) -> Any:
    found = known.iam(context.account_id).open_id_providers.get(arn)
    if found is None:
        raise fault(context, "NoSuchEntityException", f"OpenIDConnect Provider not found for arn {arn}")
    return found
