"""Temporary folders in `.dev/tmp`, which are gone when their process is, even if that was killed.

A keeper (see :mod:`demo.keeper`) outlives the process and its helpers by as long as it takes to remove the folder.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from . import guard, keeper

PLACE = Path(__file__).resolve().parents[1] / ".dev" / "tmp"


def scratch_folder(purpose: str) -> Path:
    """A temporary folder that is removed last of all, when FiftyOne and its database have said goodbye.

    Make one before the database is started: what is registered first is done last. What this process and those
    that it starts put into the system's temporary folder goes there, too.
    """
    kept = _kept_folder(os.getpid())
    os.environ["TMPDIR"] = tempfile.tempdir = str(kept)
    return Path(tempfile.mkdtemp(prefix=f"{purpose}-"))


@cache
def _kept_folder(process: int) -> Path:
    """The folder of this process, in which all others are; and its keeper."""
    folder = _new_folder()
    keeping = subprocess.Popen([sys.executable, keeper.__file__, folder], stdin=subprocess.PIPE, start_new_session=True)
    assert keeping.stdin is not None
    end_of_pipe = keeping.stdin
    guard.HELD.append(end_of_pipe.fileno())

    def end() -> None:
        guard.HELD.remove(end_of_pipe.fileno())
        end_of_pipe.close()
        keeping.wait()

    atexit.register(end)
    return folder


def _new_folder() -> Path:
    try:
        PLACE.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="run-", dir=PLACE))
    except OSError as error:
        folder = Path(tempfile.mkdtemp(prefix="roundtrip-"))
        print(f"{PLACE} cannot be written to ({error.strerror}): using {folder} instead.", file=sys.stderr, flush=True)
        return folder
