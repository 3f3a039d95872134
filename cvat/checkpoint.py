"""What an upload remembers outside of its process, so that another process can go on with it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

ANNOUNCED = "announced"
"""The place of a large file that is about to be announced, or was, when the process ended before the answer."""


class Checkpoint(Protocol):
    """What is known of an upload. The calls come from several threads, and may raise to stop the upload.

    What is reported has happened; what has happened may be missing here. So whatever the process was doing
    when it ended, going on from a checkpoint leads to what an undisturbed upload leads to.
    """

    def is_stored(self, name: str) -> bool:
        """Whether the server is known to have this file whole."""
        ...

    def stored(self, names: Sequence[str]) -> None:
        """The server has confirmed that it has these files: those of one request, or one large file."""
        ...

    def place(self, name: str) -> str | None:
        """What ``placed`` said last of this file; None if nothing."""
        ...

    def placed(self, name: str, place: str) -> None:
        """Where the server receives a large file: ``ANNOUNCED`` before it is asked, then the id of the tus upload.

        From the first call on the server may count an unfinished file as present, so it must be remembered
        before the call returns.
        """
        ...


class InMemory:
    """A checkpoint that is gone with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: set[str] = set()
        self._places: dict[str, str] = {}

    def is_stored(self, name: str) -> bool:
        """Whether ``stored`` was called for it."""
        return name in self._stored

    def stored(self, names: Sequence[str]) -> None:
        """Remembers the names."""
        with self._lock:
            self._stored.update(names)

    def place(self, name: str) -> str | None:
        """The last place given to ``placed``."""
        return self._places.get(name)

    def placed(self, name: str, place: str) -> None:
        """Remembers the place."""
        with self._lock:
            self._places[name] = place
