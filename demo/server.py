"""The CVAT that the demo talks to: the user's own if they named one, else the sandbox."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .guard import Guarded

ACCOUNT = "admin"


@contextmanager
def cvat_server() -> Iterator[str | None]:
    """Have a server named by the environment, starting a sandbox unless there is one.

    Yields:
        The link to the sandbox's pages; None if the server is the user's own.

    Raises:
        RuntimeError: if the sandbox does not start.
    """
    if os.environ.get("FIFTYONE_CVAT_URL"):
        yield None
        return
    password = secrets.token_urlsafe(12)
    sandbox = Guarded([sys.executable, "-m", "sandbox", "--port", "0"], SANDBOX_USERS=f"{ACCOUNT}:{password}:superuser")
    try:
        link = _link(sandbox)
        address = link.partition("/?")[0]
        os.environ.update(FIFTYONE_CVAT_URL=address, FIFTYONE_CVAT_USERNAME=ACCOUNT, FIFTYONE_CVAT_PASSWORD=password)
        sandbox.ignore_rest()
        yield link
    finally:
        sandbox.stop()


def _link(sandbox: Guarded) -> str:
    for line in sandbox.lines():
        found = re.search(r"http://\S+key=\S+", line)
        if found:
            return found.group()
    raise RuntimeError("The sandbox did not start; its last words are above.")
