"""State of the services that this plugin supplies itself, per account and region, so that a reset can clear it."""

import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from localstack.aws.api import RequestContext

T = TypeVar("T")


class Regional(Generic[T]):
    """One value per account and region, made when first asked for, with a lock that its users share."""

    def __init__(self, make: Callable[[], T]):
        self._make = make
        self._values: dict[tuple[str, str], T] = {}
        self.lock = threading.RLock()

    def at(self, context: RequestContext) -> T:
        """The value of the account and region that a call is made in."""
        return self.of(context.account_id, context.region)

    def of(self, account_id: str, region: str) -> T:
        """The value of an account and region."""
        with self.lock:
            key = (account_id, region)
            if key not in self._values:
                self._values[key] = self._make()
            return self._values[key]

    def each(self, account_id: str, region: str | None = None) -> Iterator[tuple[str, T]]:
        """The regions of an account that hold something, or just the given one, each with its value."""
        with self.lock:
            found = [(r, v) for (a, r), v in self._values.items() if a == account_id and region in (None, r)]
        return iter(found)

    def clear(self, account_id: str | None = None) -> None:
        """Forgets one account, or all of them."""
        with self.lock:
            for key in [key for key in self._values if account_id in (None, key[0])]:
                del self._values[key]
