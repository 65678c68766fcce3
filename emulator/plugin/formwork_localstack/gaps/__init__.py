"""Operations that moto has not got, or gets wrong, one module per service.

Importing a module registers what it supplies; each has `clear(account_id | None)` for the reset.
"""

from types import ModuleType

from . import eks, eks_access, eks_addons, eks_nodes

MODULES: list[ModuleType] = [eks, eks_access, eks_addons, eks_nodes]


def clear(account_id: str | None = None) -> None:
    """Forgets what the modules hold of one account, or of all."""
    for module in MODULES:
        module.clear(account_id)
