"""The demo for a person: the App on the demo's dataset, and what to click."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time

import fiftyone as fo
import requests
from fiftyone.core.session import client

from . import earlier
from .look import let_annotate
from .steps import instructions
from .trouble import DemoError

ADDRESS = "127.0.0.1"
PATIENCE = 120.0
"""Seconds that the App's server may take to start."""


def show(dataset: fo.Dataset, port: int | None, sandbox: str | None) -> None:
    """Open the App and wait for Ctrl-C.

    Args:
        dataset: what to show.
        port: the App's port; None for a free one.
        sandbox: the link to the pages of the sandbox; None if the CVAT in use is the user's own.
    """
    let_annotate(dataset)
    task = earlier.annotate(dataset) if sandbox else None
    print("Starting the App ...", flush=True)
    client.print = _nothing  # type: ignore[attr-defined]
    session = fo.launch_app(dataset, remote=True, address=ADDRESS, port=port or free_port())
    try:
        address = f"http://{ADDRESS}:{session.server_port}"
        _wait_for(address)
        url = f"{address}/datasets/{dataset.name}"
        _open_browser(url)
        print(instructions(url, _place(sandbox), task), flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\nClosing.", flush=True)
    finally:
        session.close()


def _nothing(*words: object) -> None:
    """Takes the place of `print` in FiftyOne's link between this process and the App.

    The link says that it could not connect whenever the App's server is slow to start or ends first. The browser
    does without the link, so nobody could do anything about it.
    """


def _wait_for(address: str) -> None:
    """Wait until the App can be opened, on a slow machine longer than FiftyOne does."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            requests.get(f"{address}/fiftyone", timeout=PATIENCE).raise_for_status()
            return
        except requests.RequestException:
            if time.monotonic() > ends:
                raise DemoError(f"The App does not answer at {address}.") from None
        time.sleep(0.5)


def _place(sandbox: str | None) -> str:
    """Where CVAT is, in words."""
    if sandbox is None:
        return os.environ["FIFTYONE_CVAT_URL"]
    return f"{sandbox}\n           Open this link first, it logs you in. It is the sandbox, which is not CVAT."


def _open_browser(url: str) -> None:
    """Open the user's browser, with their own settings, if there is a screen to show it on."""
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        env = {**os.environ, "HOME": os.environ.get("ROUNDTRIP_USER_HOME") or os.environ["HOME"]}
        subprocess.Popen(
            [sys.executable, "-m", "webbrowser", url], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
