"""Runs the checks of the plugin against a started emulator:

    python emulator/plugin/tests/run.py http://127.0.0.1:4566 [part of a name ...]

Exit code 1 when a check fails. Needs only the emulator's own virtual environment.
"""

import sys
import time
import traceback

import checks_elasticache  # noqa: F401  Importing registers the checks.
import checks_ec2  # noqa: F401
import checks_dns  # noqa: F401
import checks_echo  # noqa: F401
import checks_eks  # noqa: F401
import checks_hosts  # noqa: F401
import checks_lister  # noqa: F401
import checks_messages  # noqa: F401
import checks_prod  # noqa: F401
import checks_rds  # noqa: F401
import checks_tokens  # noqa: F401
import checks_validate  # noqa: F401
import checks_vpn  # noqa: F401
import checks_weather  # noqa: F401
from harness import CHECKS, Account


def main() -> int:
    endpoint, wanted = sys.argv[1], sys.argv[2:]
    failed = 0
    for name, function in CHECKS.items():
        if wanted and not any(part in name for part in wanted):
            continue
        account, started = Account(endpoint), time.monotonic()
        try:
            function(account)
            print(f"ok    {name} ({time.monotonic() - started:.2f} s)")
        except Exception:  # noqa: BLE001  A failed check must not hide the next one.
            failed += 1
            print(f"FAIL  {name}")
            traceback.print_exc(limit=-3)
        finally:
            account.reset()
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
