"""Starts LocalStack with the plugin: `python -m formwork_localstack`.

Standard input is a file that the starter has locked. The lock belongs to the open file, which this process shares, so
it is held for exactly as long as the process lives: whoever finds the lock free knows that no server is running in this
folder, however the last one ended. The process id goes into that file for those who find it held.
"""

import importlib
import os
import runpy
import signal
import stat
import sys


def announce() -> None:
    """Writes the process id into the lock file; does nothing when started by hand with another standard input."""
    if not stat.S_ISREG(os.fstat(0).st_mode):
        return
    os.ftruncate(0, 0)
    os.pwrite(0, f"{os.getpid()}\n".encode(), 0)


def main() -> None:
    """Announces the process and becomes LocalStack."""
    announce()
    # A closed terminal says SIGHUP to what was started from it; an emulator that is kept outlives its terminal.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # LocalStack's plugin loader keeps quiet about a plugin that cannot be imported and starts without it. Imported
    # here, an error ends the process and stands in the log.
    importlib.import_module("formwork_localstack.hooks")
    sys.argv = ["localstack.runtime.main"]
    runpy.run_module("localstack.runtime.main", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
