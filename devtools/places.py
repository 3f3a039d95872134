"""Where things are, how programs are run, and how trouble is told."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEV = ROOT / ".dev"
VENV = DEV / "venv"
PYTHON = VENV / "bin" / "python"


class Trouble(Exception):
    """Something a person has to put right; the text says what."""


def check_folder() -> None:
    """See to it that `.dev` can be written to, before anything fails halfway."""
    try:
        DEV.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=DEV):
            pass
    except OSError as error:
        why = error.strerror or error
        raise Trouble(
            f"{DEV} cannot be written to ({why}), and everything happens there: copy this folder to a place of "
            "your own and run dev.py in the copy."
        ) from None


def need(folder: str) -> None:
    """Say so if a folder is not here that only a clone has."""
    if not (ROOT / folder).is_dir():
        raise Trouble(f"There is no folder {folder!r} here: a downloaded archive leaves it out. Clone the repository.")


def run(*command: object, env: Mapping[str, str], cwd: Path = ROOT) -> int:
    """Run a program to its end; returns its exit code. Ctrl-C and SIGTERM reach it; its tidying is waited for."""
    process = subprocess.Popen([str(part) for part in command], env=env, cwd=cwd)
    before = signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    try:
        while True:
            try:
                code = process.wait()
                return code if code >= 0 else 128 - code  # as a shell says that a signal ended it
            except KeyboardInterrupt:
                continue
    finally:
        signal.signal(signal.SIGTERM, before)


def works(program: object) -> bool:
    """Whether a program can be started."""
    try:
        return subprocess.run([str(program), "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def duration(seconds: float) -> str:
    """Seconds in words."""
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
