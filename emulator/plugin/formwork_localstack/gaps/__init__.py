"""Operations that moto has not got, or gets wrong, one module per service.

Importing a module registers what it supplies; each in `MODULES` has `clear(account_id | None)` for the reset.
"""

from types import ModuleType

from . import eks, eks_access, eks_addons, eks_nodes, elasticache, rds  # noqa: F401  All of them register operations.

MODULES: list[ModuleType] = [eks, elasticache, rds]


def clear(account_id: str | None = None) -> None:
    """Forgets what the modules hold of one account, or of all."""
    for module in MODULES:
        module.clear(account_id)
