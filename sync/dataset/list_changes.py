"""Changing a list of labels in one step, whatever is edited, removed or put into it: pure functions.

MongoDB writes a sample as a whole at each update. Thousands of labels of one sample, each changed by an update of its
own, would take minutes; so all that happens to a list is one update, which says what the new list is made of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class FormerValue:
    """What a field held that was no place for labels: nothing at all, or a value such as ``None``."""

    there: bool
    value: Any = None


@dataclass
class ListChange:
    """What happens to the list of labels of one sample. What is done twice is done once.

    Args:
        merge: new values by path, for the labels of these ids
        replace: whole documents, for the labels of these ids
        remove: the ids of labels, and what the field shall hold if nothing is left in it; ``None`` for an empty list
        insert: places in the list, ``None`` for its end, and documents
    """

    merge: dict[str, Document] = field(default_factory=dict)
    replace: dict[str, Document] = field(default_factory=dict)
    remove: dict[str, FormerValue | None] = field(default_factory=dict)
    insert: list[tuple[int | None, Document]] = field(default_factory=list)


@dataclass(frozen=True)
class Keep:
    """Labels that stay as they are: from one place in the old list to before another."""

    start: int
    stop: int


@dataclass(frozen=True)
class Merge:
    """A label of the old list with new values."""

    place: int
    values: Document


@dataclass(frozen=True)
class Put:
    """Labels that are written as a whole."""

    documents: tuple[Document, ...]


Piece = Keep | Merge | Put


def splice(ids: Sequence[str], change: ListChange) -> list[Piece] | None:
    """What a new list is made of.

    Args:
        ids: of the labels in the old list; if one is there twice, the first is meant
        change: what happens to it

    Returns:
        its pieces in order; ``None`` if it is the old one
    """
    rest: list[Piece] = []
    seen: set[str] = set()
    for place, label_id in enumerate(ids):
        first = label_id not in seen
        seen.add(label_id)
        if first and label_id in change.remove:
            continue
        if first and label_id in change.replace:
            rest.append(Put((change.replace[label_id],)))
        elif first and label_id in change.merge:
            rest.append(Merge(place, change.merge[label_id]))
        else:
            rest.append(Keep(place, place + 1))
    pieces = _joined(_inserted(rest, change.insert, seen - change.remove.keys()))
    return None if pieces == _joined([Keep(place, place + 1) for place in range(len(ids))]) else pieces


def former_value(change: ListChange, pieces: Sequence[Piece]) -> FormerValue | None:
    """What the field shall hold instead of an empty list, if that is said."""
    return None if pieces else next((value for value in reversed(change.remove.values()) if value is not None), None)


def applied(labels: Sequence[Document], pieces: Iterable[Piece]) -> list[Document]:
    """The new list, in memory."""
    result: list[Document] = []
    for piece in pieces:
        if isinstance(piece, Keep):
            result += labels[piece.start : piece.stop]
        elif isinstance(piece, Merge):
            result.append({**labels[piece.place], **piece.values})
        else:
            result += piece.documents
    return result


def expression(root: str, pieces: Iterable[Piece]) -> Document:
    """The new list as MongoDB makes it from the one that it has at a path."""
    old = f"${root}"
    parts: list[Any] = []
    for piece in pieces:
        if isinstance(piece, Keep):
            parts.append({"$slice": [old, piece.start, piece.stop - piece.start]})
        elif isinstance(piece, Merge):
            parts.append([{"$mergeObjects": [{"$arrayElemAt": [old, piece.place]}, {"$literal": piece.values}]}])
        else:
            parts.append({"$literal": list(piece.documents)})
    return {"$concatArrays": parts} if parts else {"$literal": []}


def _inserted(rest: Sequence[Piece], insert: Iterable[tuple[int | None, Document]], there: set[str]) -> Iterable[Piece]:
    """Single pieces, with documents put at their places among them."""
    news: dict[str, tuple[int, Document]] = {}
    for place, document in insert:
        if (label_id := str(document["_id"])) not in there:
            news.setdefault(label_id, (len(rest) + len(news) if place is None else place, document))
    left = iter(rest)
    count = 0
    for place, document in sorted(news.values(), key=lambda item: item[0]):
        while count < place and (piece := next(left, None)) is not None:
            yield piece
            count += 1
        yield Put((document,))
        count += 1
    yield from left


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    result: list[Piece] = []
    puts: list[Document] = []
    for piece in pieces:
        if isinstance(piece, Put):
            puts += piece.documents
            continue
        if puts:
            result.append(Put(tuple(puts)))
            puts = []
        last = result[-1] if result else None
        if isinstance(piece, Keep) and isinstance(last, Keep) and last.stop == piece.start:
            result[-1] = Keep(last.start, piece.stop)
        else:
            result.append(piece)
    return [*result, Put(tuple(puts))] if puts else result
