"""The button "Try the sandbox": a small server that behaves like CVAT, for people who have none at hand."""

import atexit
import importlib.util
import os
import re
import secrets
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

from ..sync.connection import NAMES, PREFIX, find_credentials
from ..sync.errors import NoCredentials
from . import turns

ROOT = Path(__file__).resolve().parent.parent
GUARD = ROOT / "demo" / "guard.py"
"""A program that runs another, and ends it when its own input closes: the sandbox never outlives the App."""
NEEDED = (GUARD, ROOT / "sandbox" / "__main__.py")
ACCOUNT = "admin"

_lock = threading.Lock()
_links: list[str] = []
"""Where the pages of the sandbox are that this process has started."""


class SandboxPart:
    """A method of the panel."""

    def try_sandbox(self, ctx: foo.ExecutionContext) -> None:
        """The button "Try the sandbox"."""
        with turns.away(ctx):
            is_there = not is_offered(ctx) or start()
        if not is_there:
            ctx.ops.notify("The sandbox did not start. The log of the FiftyOne server has the details.", "error")
        self.refresh(ctx)  # type: ignore[attr-defined]


def is_offered(ctx: foo.ExecutionContext) -> bool:
    """Whether the sandbox is there and can run here, and nobody has said yet which CVAT is meant."""
    if not all(path.is_file() for path in NEEDED) or importlib.util.find_spec("werkzeug") is None:
        return False
    if any(ctx.secrets.get(PREFIX + name.upper()) for name in NAMES):
        return False
    try:
        find_credentials(secret=ctx.secrets.get)
    except NoCredentials:
        return True
    return False


def link() -> str:
    """Where the pages of the sandbox are; empty if this process has started none."""
    return _links[-1] if _links else ""


def start() -> bool:
    """Starts the sandbox and makes this process log in there; whether that worked."""
    with _lock:
        if _links:
            return True
        password = secrets.token_urlsafe(12)
        command = [sys.executable, str(GUARD), sys.executable, "-m", "sandbox", "--port", "0"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "SANDBOX_USERS": f"{ACCOUNT}:{password}:superuser"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None and process.stdin is not None
        found = next(filter(None, (re.search(r"http://\S+key=\S+", line) for line in process.stdout)), None)
        if found is None:
            process.stdin.close()
            return False
        atexit.register(process.stdin.close)
        rest = process.stdout
        threading.Thread(target=lambda: deque(rest, maxlen=0), daemon=True).start()
        _links.append(found.group())
        _log_in(found.group().partition("/?")[0], password)
        return True


def _log_in(url: str, password: str) -> None:
    """Says to this process, and to no file, where CVAT is."""
    backends: dict[str, Any] = fo.annotation_config.backends
    login = {"url": url, "username": ACCOUNT, "password": password}
    backends["roundtrip"] = {**(backends.get("roundtrip") or {}), **login}
