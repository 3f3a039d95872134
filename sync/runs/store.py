"""The plugin's bulky state: documents of one dataset, keyed by a run's own id."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeAlias, TypeVar

import fiftyone.operators as foo
from bson.errors import BSONError

from ..errors import StateUnreadable

NAME = "roundtrip_cvat"
FORMAT = 1
PIECE = 8 << 20  # bytes of a document; MongoDB's limit is 16 MB


MOST_PIECES = 10_000

Parsed = TypeVar("Parsed")

Text: TypeAlias = str | bytes | Iterable[bytes]
"""A text; a long one may come in pieces."""


class Store(Protocol):
    """What is kept of one run, by name."""

    def save(self, name: str, text: Text) -> None:
        """Keeps a text."""

    def load(self, name: str) -> bytes | None:
        """What is kept under a name, or ``None``."""

    def names(self, start: str = "") -> list[str]:
        """The names that are kept and begin so."""

    def drop(self, *starts: str) -> None:
        """Forgets what begins with one of these, or everything about the run if there are none."""


class NoteStore(Store, Protocol):
    """A store that also keeps small notes."""

    def note(self, name: str, value: dict[str, Any]) -> None:
        """Keeps something small."""

    def noted(self, name: str) -> dict[str, Any] | None:
        """Something small, or ``None``."""


def pieces_of(text: Text) -> Iterable[bytes]:
    """A text in the pieces in which it comes."""
    return (text.encode(),) if isinstance(text, str) else (text,) if isinstance(text, bytes) else text


_DAMAGES = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    RecursionError,
    OverflowError,
    zlib.error,
    BSONError,
)


@contextmanager
def damaged(name: str) -> Iterator[None]:
    """Says which of the things that are kept can't be read, whatever is wrong with it.

    Raises:
        StateUnreadable: if what is done here fails
    """
    try:
        yield
    except _DAMAGES:
        raise StateUnreadable(
            f"What is kept of this run ('{name}') is damaged, so it can't be loaded. Its tasks are still in CVAT."
        ) from None


def parsed(name: str, read: Callable[[bytes], Parsed], text: bytes) -> Parsed:
    """Reads what is kept under a name.

    Raises:
        StateUnreadable: if it is not what was kept
    """
    with damaged(name):
        return read(text)


def stored_runs(dataset: Any) -> set[str]:
    """The ids of the runs of which something is kept."""
    keys = foo.ExecutionStore.create(NAME, dataset_id=dataset._doc.id).list_keys()
    return {run_id for run_id, slash, _ in (key.partition("/") for key in keys) if slash}


class RunStore:
    """What is kept of one run, by name: JSON texts, compressed and cut to fit MongoDB, and small notes as they are.

    Args:
        dataset: the dataset of the run
        run_id: the run's own id, which a rename does not change
    """

    def __init__(self, dataset: Any, run_id: str) -> None:
        self._store = foo.ExecutionStore.create(NAME, dataset_id=dataset._doc.id)
        self._prefix = f"{run_id}/"

    def save(self, name: str, text: Text) -> None:
        """Keeps a JSON text. The head is written last, so a reader never sees half of it."""
        packer = zlib.compressobj(1)
        data = b"".join([*map(packer.compress, pieces_of(text)), packer.flush()])
        pieces = [data[start : start + PIECE] for start in range(0, len(data), PIECE)] or [b""]
        key = self._prefix + name
        before = _old_pieces(self._store.get(key)) if len(pieces) > 1 else range(0)
        first = 1 if len(pieces) <= before.start else before.stop or 1  # beside the old ones, which count until then
        for number, piece in enumerate(pieces[1:], first):
            self._store.set(f"{key}#{number}", {"data": piece})
        check = zlib.crc32(data)
        head = {"format": FORMAT, "pieces": len(pieces), "first": first, "check": check, "data": pieces[0]}
        self._store.set(key, head)
        for number in before:
            self._store.delete(f"{key}#{number}")

    def load(self, name: str) -> bytes | None:
        """The JSON text of a name, or ``None`` if there is none.

        Raises:
            StateUnreadable: if it was written by a newer version, or is damaged
        """
        key = self._prefix + name
        head = self._store.get(key)
        if head is None:
            return None
        with damaged(name):
            if head["format"] > FORMAT:
                raise StateUnreadable("This run was written by a newer version of the plugin. Update the plugin.")
            rest = [self._store.get(f"{key}#{number}") for number in _further(head)]
            data = b"".join([head["data"], *(piece["data"] for piece in rest if piece)])
            if zlib.crc32(data) != head["check"]:
                raise ValueError("another checksum")
            return zlib.decompress(data)

    def save_json(self, name: str, value: Any) -> None:
        """Keeps a JSON-able value."""
        self.save(name, json.dumps(value))

    def load_json(self, name: str) -> Any:
        """The value of a name, or ``None``."""
        text = self.load(name)
        with damaged(name):
            return None if text is None else json.loads(text)

    def names(self, start: str = "") -> list[str]:
        """The names that are kept and begin so."""
        keys = [key.removeprefix(self._prefix) for key in self._store.list_keys() if key.startswith(self._prefix)]
        return [name for name in keys if name.startswith(start) and "#" not in name]

    def note(self, name: str, value: dict[str, Any]) -> None:
        """Keeps something small as it is."""
        self._store.set(self._prefix + name, value)

    def noted(self, name: str) -> dict[str, Any] | None:
        """Something small, or ``None``."""
        found: dict[str, Any] | None = self._store.get(self._prefix + name)
        return found

    def exchange(self, name: str, old: dict[str, Any] | None, new: dict[str, Any]) -> bool:
        """Keeps something small in the place of what was there; whether that was still there."""
        if old is None:
            return bool(self._store.set_if_absent(self._prefix + name, new))
        return bool(self._store.compare_and_set(self._prefix + name, old, new))

    def forget(self, name: str) -> None:
        """Forgets one name, and none that only begins like it."""
        key = self._prefix + name
        pieces = _old_pieces(self._store.get(key))
        self._store.delete(key)
        for number in pieces:
            self._store.delete(f"{key}#{number}")

    def drop(self, *starts: str) -> None:
        """Forgets what begins with one of these, or everything about the run if there are none."""
        begins = tuple(self._prefix + start for start in starts or ("",))
        for key in self._store.list_keys():
            if key.startswith(begins):
                self._store.delete(key)


def _old_pieces(head: dict[str, Any] | None) -> range:
    """The same, of what is about to go: it may be damaged."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        return _further(head)
    return range(0)


def _further(head: dict[str, Any] | None) -> range:
    """The numbers of the pieces that a head needs besides its own; a note has none."""
    if head is None or "pieces" not in head:
        return range(0)
    first, pieces = head.get("first", 1), head["pieces"]
    if not 0 < pieces <= MOST_PIECES:
        raise ValueError("no number of pieces")
    return range(first, first + pieces - 1)
