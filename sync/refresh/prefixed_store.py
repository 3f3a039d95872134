"""A part of what is kept of a run: its names have a beginning of their own."""

import json
from typing import Any

from ..runs.store import Store, Text


class PrefixedStore:
    """What is kept of a run under names with a beginning of their own.

    Args:
        store: the run's store
        start: what the names begin with
    """

    def __init__(self, store: Store, start: str) -> None:
        self._store, self._start = store, start

    def save(self, name: str, text: Text) -> None:
        """Keeps a text."""
        self._store.save(self._start + name, text)

    def load(self, name: str) -> bytes | None:
        """What is kept under a name, or ``None``."""
        return self._store.load(self._start + name)

    def names(self, start: str = "") -> list[str]:
        """The names that are kept and begin so."""
        return [name.removeprefix(self._start) for name in self._store.names(self._start + start)]

    def drop(self, *starts: str) -> None:
        """Forgets what begins with one of these."""
        self._store.drop(*(self._start + start for start in starts or ("",)))

    def note(self, name: str, value: dict[str, Any]) -> None:
        """Keeps something small."""
        self.save(name, json.dumps(value))

    def noted(self, name: str) -> dict[str, Any] | None:
        """Something small, or ``None``."""
        text = self.load(name)
        return None if text is None else dict(json.loads(text))
