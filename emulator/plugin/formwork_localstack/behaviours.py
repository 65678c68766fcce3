"""The modules of this package that change how services behave."""

import importlib
import importlib.util
from types import ModuleType

NAMES = ("validate", "weather", "strict", "tokens", "repairs", "echo")
"""In the order in which they see a request. Each has an `install()`; one that remembers something also has a
`reset(account: str | None)`, None standing for every account."""


def behaviours() -> list[ModuleType]:
    """The modules named in `NAMES` that this build of the plugin has."""
    names = [f"{__package__}.{name}" for name in NAMES]
    return [importlib.import_module(name) for name in names if importlib.util.find_spec(name)]
