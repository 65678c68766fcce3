"""How long the server lives: until it is stopped, or until the last process that it was started for is gone.

A test run that is killed leaves no server behind this way, without anybody having to clean up.
"""

import os
import select
import signal
import threading
import time

GRACE_SECONDS = 5
"""From asking the server to stop to ending the process: nobody is left who could wait for an orderly end."""

POLL_SECONDS = 0.5


class Lifetime:
    """The processes that the server lives for. None of them: it is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parents: set[int] = set()
        self._kept = True
        self._ending = False

    def keep(self) -> None:
        """Stays until it is stopped, whatever becomes of the processes it was started for. Raises ValueError when it is
        too late for that."""
        with self._lock:
            self._refuse_if_ending()
            self._kept = True

    def follow(self, pid: int, *, only: bool = False) -> None:
        """Lives at least as long as process `pid`. With `only`, ends when the last followed process has gone; without,
        a server that is kept stays kept. Raises ValueError when it is too late for that."""
        with self._lock:
            self._refuse_if_ending()
            if only:
                self._kept = False
            if pid in self._parents:
                return
            self._parents.add(pid)
        threading.Thread(target=self._watch, args=(pid,), daemon=True, name=f"formwork-follow-{pid}").start()

    def to_json(self) -> dict[str, object]:
        """Whether it is kept, and the processes it follows."""
        with self._lock:
            return {"kept": self._kept, "parents": sorted(self._parents)}

    def _refuse_if_ending(self) -> None:
        if self._ending:
            raise ValueError("the server is ending, because the process that it was started for is gone")

    def _watch(self, pid: int) -> None:
        wait_for_end(pid)
        with self._lock:
            self._parents.discard(pid)
            if self._kept or self._parents:
                return
            self._ending = True
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(0)


def wait_for_end(pid: int) -> None:
    """Returns when a process is gone. A pidfd says so at once and cannot be fooled by a pid that is used again; where
    there is none (macOS), the pid is asked twice a second."""
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        except OSError:
            pass  # A kernel or a sandbox without it.
        else:
            select.select([descriptor], [], [])
            os.close(descriptor)
            return
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass
        time.sleep(POLL_SECONDS)


LIFETIME = Lifetime()


def install() -> None:
    """Follows the process named in FORMWORK_PARENT_PID, if there is one."""
    if parent := os.environ.get("FORMWORK_PARENT_PID"):
        LIFETIME.follow(int(parent), only=True)
