"""A program that runs beside others."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from .places import ROOT


class Beside:
    """Starts a program, and keeps what it says until it is waited for, so that no other output is mixed with it.

    Args:
        command: the program and its arguments
        env: its environment
        cwd: the folder it works in
    """

    def __init__(self, *command: object, env: Mapping[str, str], cwd: Path = ROOT) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when nobody needs it
        self._process = subprocess.Popen(
            [str(part) for part in command], env=env, cwd=cwd, stdout=self._said, stderr=subprocess.STDOUT
        )

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends it if nobody has waited for it."""
        self._process.terminate()
        self._process.wait()
        self._said.close()

    def finish(self) -> int:
        """Wait for its end and print all that it said; returns its exit code."""
        code = self._process.wait()
        self._said.seek(0)
        sys.stdout.write(self._said.read().decode(errors="replace"))
        sys.stdout.flush()
        return code
