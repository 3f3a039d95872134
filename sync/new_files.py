"""Writing files that others can see: whole or not at all, never through a link, and over nothing that is not meant."""

import contextlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

READABLE = 0o644
BEGIN = ".cvat-unfinished-"
"""What the names of files begin with that are being written."""
UNFINISHED = re.compile(re.escape(BEGIN) + r"[a-z0-9_]{8}(\.\w+)?")
OLD = 600.0
"""Seconds after which nobody is writing a file any more that did not grow meanwhile."""


def write_new(path: Path, write: Callable[[Path], None]) -> None:
    """Writes a file that is not there.

    Args:
        path: of the file
        write: writes it, given a path with the same ending

    Raises:
        FileExistsError: if there is anything of this name, a link to nothing included
        OSError: if it can't be written
    """
    if os.path.lexists(path):
        raise FileExistsError(f"{path}")
    temporary = _temporary(path)
    try:
        write(temporary)
        temporary.chmod(READABLE)
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if os.path.lexists(path):
                raise FileExistsError(f"{path}") from None
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_over(path: Path, write: Callable[[Path], None]) -> None:
    """Writes a file in the place of one that is there. A link goes, and what it led to stays.

    Raises:
        OSError: if it can't be written
    """
    temporary = _temporary(path)
    try:
        write(temporary)
        temporary.chmod(READABLE)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folders: Iterable[Path], now: float | None = None) -> int:
    """Removes what a process left that ended while it wrote files: nothing but files that have such names and are old.

    Args:
        folders: where to look; those that are below them stay
        now: the time, in seconds since 1970; ``None`` for the present

    Returns:
        how many there were
    """
    latest = (time.time() if now is None else now) - OLD
    removed = 0
    for folder in folders:
        with contextlib.suppress(OSError):  # a folder that can't be read, or whose files can't go, keeps them
            for name in [entry.name for entry in os.scandir(folder) if UNFINISHED.fullmatch(entry.name)]:
                facts = os.lstat(folder / name)
                if stat.S_ISREG(facts.st_mode) and facts.st_mtime < latest:
                    (folder / name).unlink()
                    removed += 1
    return removed


def _temporary(path: Path) -> Path:
    number, name = tempfile.mkstemp(prefix=BEGIN, suffix=path.suffix, dir=path.parent)
    os.close(number)
    return Path(name)
