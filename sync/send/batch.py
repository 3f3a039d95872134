"""Batches of labels: as requests, with the ids that CVAT gave them, and cut to parts. Pure functions."""

from collections.abc import Iterable, Sequence
from typing import Any

from ...cvat import Annotations, Shape, Tag
from ..runs.outbox import Batch, BatchAnswer

Wire = dict[str, Any]
"""An object as CVAT's JSON has it."""

Sheet = tuple[list[Wire], list[Wire]]
"""Tags and shapes."""

Key = tuple[str, int]
"""Identity of an object in CVAT: kind and id."""


def wire(batch: Batch) -> Sheet:
    """A batch's tags and shapes as they are sent.

    Raises:
        ValueError: if a number would harm the job
    """
    objects = [item for label in batch.labels for item in label.objects]
    body = Annotations(
        tags=tuple(item for item in objects if isinstance(item, Tag)),
        shapes=tuple(item for item in objects if isinstance(item, Shape)),
    ).for_create()
    return body["tags"], body["shapes"]


def answer_of(sent: tuple[Sequence[Wire], Sequence[Wire]], got: tuple[Sequence[Wire], Sequence[Wire]]) -> BatchAnswer:
    """What to keep of CVAT's answer, which has the objects in the order of the request."""
    return BatchAnswer(
        tags=tuple(_kept(a, b) for a, b in zip(sent[0], got[0], strict=True)),
        shapes=tuple(_kept(a, b) for a, b in zip(sent[1], got[1], strict=True)),
    )


def _kept(sent: Wire, got: Wire) -> int | Wire:
    """The id alone, if CVAT keeps the object just as it was sent."""
    same = not sent.get("elements") and all(got.get(name) == value for name, value in sent.items())
    return int(got["id"]) if same else got


def ids_of(saved: Iterable[BatchAnswer]) -> set[Key]:
    """The ids that answers gave: kind and id."""
    found: set[Key] = set()
    for answer in saved:
        for kind, items in (("tag", answer.tags), ("shape", answer.shapes)):
            found.update((kind, item["id"] if isinstance(item, dict) else item) for item in items if item is not None)
    return found


def split(batch: Batch) -> tuple[Batch, Batch] | None:
    """Two halves of a batch that was too large; ``None`` if it is one label."""
    count = len(batch.labels)
    if count < 2:
        return None
    return batch.part(range(count // 2)), batch.part(range(count // 2, count))
