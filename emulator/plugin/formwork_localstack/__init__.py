"""Formwork's plugin for LocalStack: faults, a call log, strict behaviour, and the services the community edition lacks.

`hooks.py` is where LocalStack enters. `admin.py` is the HTTP contract under `/_formwork`; `calls.py`, `faults.py` and
`reset.py` do what it promises. The modules listed in `hooks.INSTALLERS` change how services behave.
"""

import uuid

VERSION = "1.0.0"

INSTANCE = str(uuid.uuid4())
"""Minted at process start. LocalStack forgets everything when it restarts, so a client that kept state beside an
instance can tell from this that the state is worthless now."""
