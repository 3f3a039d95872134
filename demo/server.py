"""The CVAT that the demo talks to: the user's own if they named one, else the sandbox."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from cvat import Client, Credentials, CvatError, RetryPolicy

from .guard import Guarded
from .trouble import DemoError

PREFIX = "FIFTYONE_CVAT_"
ACCOUNT = "admin"
PATIENCE = 20.0
"""Seconds that the user's server may take for an answer."""
ONCE = RetryPolicy(attempts=1, connect_attempts=1)


@contextmanager
def cvat_server() -> Iterator[str | None]:
    """Have a server named by the environment, which must let us in; without one, start a sandbox.

    Yields:
        The link to the sandbox's pages; None if the server is the user's own.

    Raises:
        DemoError: if the user's server cannot be used, or the sandbox does not start.
    """
    if os.environ.get(f"{PREFIX}URL", "").strip():
        log_in()
        yield None
        return
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]  # a user's login is for their own server
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
    raise DemoError("The sandbox did not start; its last words are above.")


def log_in() -> None:
    """Log in to the user's server, as the plugin will, and say who they are there.

    Raises:
        DemoError: if that can't be done; the text says why.
    """
    names = ("url", "token", "username", "email", "password", "organization")
    given = {name: os.environ.get(PREFIX + name.upper()) or None for name in names}
    if not (given["token"] or (given["password"] and (given["username"] or given["email"]))):
        raise DemoError(
            f"{PREFIX}URL is set, but no login for it: set {PREFIX}TOKEN, or {PREFIX}USERNAME and {PREFIX}PASSWORD; "
            f"or unset {PREFIX}URL to use the sandbox."
        )
    try:
        credentials = Credentials(**given)
        with Client(credentials, timeout=PATIENCE, retry=ONCE) as client:
            server = client.check()
    except ValidationError as error:
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise DemoError(f"The login in the variables {PREFIX}* can't be used: {problem}.") from None
    except CvatError as error:
        raise DemoError(str(error)) from None
    os.environ[f"{PREFIX}URL"] = credentials.url
    print(f"CVAT {server.version} at {credentials.url}, logged in as {server.user.username}.", flush=True)
