"""The CVAT that the demo talks to: the user's own if they named one, else the sandbox."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .guard import Guarded

ACCOUNT = "admin"


@contextmanager
def cvat_server() -> Iterator[bool]:
    """Have a server named by the environment, starting a sandbox unless there is one; yields whether it is ours.

    Raises:
        RuntimeError: if the sandbox does not start.
    """
    if os.environ.get("FIFTYONE_CVAT_URL"):
        yield False
        return
    sandbox = Guarded([sys.executable, "-m", "sandbox", "--port", "0"])
    try:
        os.environ.update(
            FIFTYONE_CVAT_URL=_address(sandbox), FIFTYONE_CVAT_USERNAME=ACCOUNT, FIFTYONE_CVAT_PASSWORD=ACCOUNT
        )
        sandbox.ignore_rest()
        yield True
    finally:
        sandbox.stop()


def _address(sandbox: Guarded) -> str:
    for line in sandbox.lines():
        found = re.search(r"http://\S+", line)
        if found:
            return found.group()
    raise RuntimeError("The sandbox did not start; its last words are above.")
