"""Writing files that others can see: whole or not at all, never through a link, and over nothing that is not meant."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

READABLE = 0o644


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


def _temporary(path: Path) -> Path:
    number, name = tempfile.mkstemp(prefix=".cvat-", suffix=path.suffix, dir=path.parent)
    os.close(number)
    return Path(name)
