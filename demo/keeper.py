"""Removes a folder as soon as nobody needs it any more. A program: `python keeper.py FOLDER`.

Its input is a pipe whose other end is held by those who need the folder. The system closes that end when the last of
them ends, in whatever way.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

PATIENCE = 30.0
"""Seconds in which a folder may fill again that is being removed."""


def remove(folder: Path, patience: float = PATIENCE) -> None:
    """Remove a folder in which somebody may still be writing."""
    ends = time.monotonic() + patience
    while folder.exists() and time.monotonic() < ends:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)


if __name__ == "__main__":
    sys.stdin.read()
    remove(Path(sys.argv[1]))
