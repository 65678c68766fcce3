"""Forgets what stands in an account, or in all of them.

LocalStack's own `/_localstack/state/reset` is not in the community edition, and moto's `/moto-api/reset` reaches
another process's idea of the state. Both keep everything in dictionaries by account, so those are emptied.
"""

import sys
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.stores import AccountRegionBundle
from moto.core.base_backend import BackendDict, backend_lock
from moto.core.model_instances import reset_model_data

from .behaviours import behaviours
from .calls import CALLS
from .faults import FAULTS


def reset(account: str | None) -> None:
    """Empties one account, or everything with None: resources, recorded calls, faults (held calls are released) and
    what the plugin's own modules remember."""
    FAULTS.remove(account)
    _reset_moto(account)
    _reset_native(account)
    CALLS.clear(account)
    for module in behaviours():
        if forget := getattr(module, "reset", None):
            forget(account)


def _reset_moto(account: str | None) -> None:
    with backend_lock:
        # moto appends a service once per account and never removes it, so the list is made unique on the way.
        services = {id(backends): backends for backends in BackendDict._instances}
        for backends in services.values():
            if account is None:
                backends.clear()
            else:
                backends.pop(account, None)
        BackendDict._instances[:] = [backends for backends in services.values() if backends]
    # A list of every object ever made, for moto's dashboard, which is not served here. It is what a long test run
    # would fill memory with.
    reset_model_data()


def _reset_native(account: str | None) -> None:
    for bundle in _bundles():
        with bundle.lock:
            owned = bundle.get(account) if account is not None else None
            if account is None:
                buckets = _buckets(bundle)
                bundle.reset()
            elif owned is not None:
                buckets = _buckets({account: owned})
                owned.reset()
                bundle.pop(account, None)
                _forget_shared(bundle._universal, account)
            else:
                continue
        _forget_bodies(buckets)


def _bundles() -> list[AccountRegionBundle]:
    """Every store of LocalStack's own that has been loaded. Services that were never called have none."""
    found: dict[int, AccountRegionBundle] = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("localstack.services."):
            for value in vars(module).values():
                if isinstance(value, AccountRegionBundle):
                    found[id(value)] = value
    return list(found.values())


def _forget_shared(universal: dict[str, Any], account: str) -> None:
    """Removes an account's entries from what a service shares between accounts: a map to the owner, as for bucket
    names, or a map by ARN."""
    for shared in universal.values():
        if isinstance(shared, dict):
            for key in [key for key, value in shared.items() if value == account or f":{account}:" in str(key)]:
                del shared[key]


def _buckets(bundle: dict[str, Any]) -> list[str]:
    return [
        name for regions in bundle.values() for store in regions.values() for name in getattr(store, "attr_buckets", {})
    ]


def _forget_bodies(buckets: list[str]) -> None:
    """Object bodies live in the provider, by bucket name, beside the store that was just emptied."""
    if not buckets:
        return
    service = SERVICE_PLUGINS.get_service("s3")
    storage = getattr(getattr(service, "_provider", None), "_storage_backend", None)
    bodies = getattr(storage, "_filesystem", {})
    for bucket in buckets:
        bodies.pop(bucket, None)
