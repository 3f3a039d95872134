"""What the measurements share: a world of their own, a sandbox in another process, tables.

Run as a program, this file is that sandbox: it prints its address, and ends when its input closes.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.database import Database
from demo.scratch import scratch_folder
from devtools.places import ROOT
from devtools.world import link_plugin

ACCOUNT = "admin"
"""Name and password of the sandbox's first account."""


@dataclass(frozen=True)
class World:
    """Where a measurement takes place.

    Attributes:
        url: the sandbox.
        folder: for files; gone when the process ends.
    """

    url: str
    folder: Path

    @property
    def login(self) -> dict[str, str]:
        """The parameters with which to log in, for this plugin as for FiftyOne's own integration."""
        return {"url": self.url, "username": ACCOUNT, "password": ACCOUNT}


@contextmanager
def world(**settings: Any) -> Iterator[World]:
    """A private database, home and plugins folder, and a sandbox. Enter it before FiftyOne is imported.

    Args:
        **settings: the sandbox's, see :class:`sandbox.settings.Settings`
    """
    for name in [name for name in os.environ if name.startswith(("FIFTYONE_", "CVAT_"))]:
        del os.environ[name]
    folder = scratch_folder("bench")
    (folder / "home").mkdir()
    link_plugin(folder / "plugins")
    os.environ.update(
        HOME=str(folder / "home"),
        FIFTYONE_PLUGINS_DIR=str(folder / "plugins"),
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_SHOW_PROGRESS_BARS="false",
        FIFTYONE_LOGGING_LEVEL="ERROR",
    )
    Database(folder / "database").start()  # ends with this process, after FiftyOne has tidied up in it
    with sandbox(**settings) as url:
        yield World(url, folder)


@contextmanager
def sandbox(**settings: Any) -> Iterator[str]:
    """A sandbox in a process of its own, so that server and client do not take turns; its address.

    Args:
        **settings: see :class:`sandbox.settings.Settings`
    """
    command = [sys.executable, "-m", "bench.common", json.dumps(settings)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate()  # closes its input, which is its sign to end


def operator(name: str) -> Any:
    """An operator of the plugin, to be called from Python."""
    import fiftyone.operators as foo

    return foo.get_operator(f"@roundtrip/cvat/{name}")


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and what it returns."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table whose columns line up."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )


def versions() -> str:
    """What was measured, and on what."""
    packages = ("fiftyone", "requests", "pydantic", "numpy", "pymongo")
    parts = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    return f"Python {platform.python_version()}, {', '.join(parts)}; {platform.machine()}, {os.cpu_count()} cores"


def peak_memory() -> float:
    """The most megabytes of memory that this process had so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _serve(settings: dict[str, Any]) -> None:
    from sandbox import Account, Sandbox

    with Sandbox(users=[Account(ACCOUNT, ACCOUNT, True)], anonymous_rate=None, **settings) as box:
        print(box.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve(json.loads(sys.argv[1]))
