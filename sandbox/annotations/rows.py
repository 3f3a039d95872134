"""Ids of stored annotations: one counter and one owner per id, as in a database table.

The real server keeps tags, shapes, tracks and keyframes in four tables. An update deletes rows and
inserts them again with their ids, so ids can clash: with a row of another job, with another object of
the same request, or with an id that was taken ahead of the counter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..responses import refuse


class Rows:
    """The primary keys of one table.

    Args:
        constraint: the name that the database gives in its message.
    """

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        self._sequence = 0
        self._owners: dict[int, Any] = {}
        self._owned: dict[Any, set[int]] = {}

    def insert(self, owner: Any, ident: int | None) -> int:
        """Take an id: the given one, or the next of the counter (which moves even on failure).

        Raises:
            Refusal: 400 when the id is taken.
        """
        if ident is None:
            self._sequence += 1
            ident = self._sequence
        if ident in self._owners:
            raise refuse(
                400,
                f'duplicate key value violates unique constraint "{self.constraint}"\n'
                f"DETAIL:  Key (id)=({ident}) already exists.\n",
            )
        self._owners[ident] = owner
        self._owned.setdefault(owner, set()).add(ident)
        return ident

    def delete(self, owner: Any, ident: int) -> bool:
        """Give an id back, if it is this owner's."""
        if self._owners.get(ident) is not owner:
            return False
        del self._owners[ident]
        self._owned[owner].discard(ident)
        return True

    def forget(self, owner: Any) -> None:
        """Give back everything of an owner."""
        for ident in self._owned.pop(owner, ()):
            del self._owners[ident]


class Transaction:
    """Undoes inserts, deletions and changes when the block ends in an exception.

    The counters stay where they are, as a database's do.
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: Any) -> None:
        if error is not None:
            for step in reversed(self._undo):
                step()

    def insert(self, rows: Rows, owner: Any, ident: int | None) -> int:
        """`Rows.insert`, undone on failure."""
        taken = rows.insert(owner, ident)
        self._undo.append(lambda: rows.delete(owner, taken))
        return taken

    def delete(self, rows: Rows, owner: Any, ident: int) -> bool:
        """`Rows.delete`, undone on failure."""
        done = rows.delete(owner, ident)
        if done:
            self._undo.append(lambda: rows.insert(owner, ident))
        return done

    def put(self, table: dict[int, Any], key: int, value: Any) -> None:
        """Set an entry of a dictionary, undone on failure."""
        self._undo.append(lambda: table.pop(key, None))
        table[key] = value

    def pop(self, table: dict[int, Any], key: int) -> Any:
        """Remove an entry of a dictionary, undone on failure."""
        value = table.pop(key)
        self._undo.append(lambda: table.__setitem__(key, value))
        return value
