"""The demo for a person: the App on the demo's dataset, and what to click."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from types import FrameType

import fiftyone as fo

ADDRESS = "127.0.0.1"


def show(dataset: fo.Dataset, port: int | None, sandbox: str | None) -> None:
    """Open the App and wait for Ctrl-C.

    Args:
        dataset: what to show.
        port: the App's port; None for a free one.
        sandbox: the link to the pages of the sandbox; None if the CVAT in use is the user's own.
    """
    session = fo.launch_app(dataset, remote=True, address=ADDRESS, port=port or free_port())
    url = f"http://{ADDRESS}:{session.server_port}/datasets/{dataset.name}"
    _open_browser(url)
    print(_instructions(url, sandbox), flush=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\nClosing.", flush=True)
    finally:
        session.close()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _instructions(url: str, sandbox: str | None) -> str:
    place = os.environ["FIFTYONE_CVAT_URL"]
    if sandbox:
        place = f"{sandbox}\n           Open this link first, it logs you in. It is the sandbox, which is not CVAT."
    return f"""
The App:   {url}
CVAT:      {place}

1. Select some pictures and press the button "Send to CVAT" above the grid. The form is filled in: press Send.
2. Press the + beside "Samples" and open the panel "CVAT runs": follow the link to the task, move or delete boxes.
3. In the panel press "Load" on the run's row: the labels in the grid are what you drew.

Ctrl-C ends everything."""


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
