"""Puts in the operations that moto has not got or gets wrong; they live in `gaps`, one module per service."""

from . import gaps, intercept, paging, routing  # noqa: F401  Paging registers itself when it is imported.


def install() -> None:
    """Importing `gaps` has registered every repair; what is left is to put them in front of the providers."""
    routing.install()
    intercept.install()


def reset(account: str | None) -> None:
    """Forgets what the plugin itself holds of an account, or of all."""
    gaps.clear(account)
