"""Batches of labels: as requests, with the ids that CVAT gave them, and cut to parts. Pure functions."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ...cvat import Annotations, Shape, Tag
from ...cvat.models import Track
from ..runs.outbox import Batch, BatchAnswer

Wire = dict[str, Any]
"""An object as CVAT's JSON has it."""


class Sheet(NamedTuple):
    """The objects of a request, or of an answer."""

    tags: list[Wire]
    shapes: list[Wire]
    tracks: list[Wire]


Key = tuple[str, int]
"""Identity of an object in CVAT: kind and id."""


def wire(batch: Batch) -> Sheet:
    """A batch's tags, shapes and tracks as they are sent.

    Raises:
        ValueError: if a number would harm the job
    """
    objects = [item for label in batch.labels for item in label.objects]
    body = Annotations(
        tags=tuple(item for item in objects if isinstance(item, Tag)),
        shapes=tuple(item for item in objects if isinstance(item, Shape)),
        tracks=tuple(item for item in objects if isinstance(item, Track)),
    ).for_create()
    return Sheet(body["tags"], body["shapes"], body["tracks"])


def answer_of(sent: Sheet, got: Sheet) -> BatchAnswer:
    """What to keep of CVAT's answer, which has the objects in the order of the request."""
    return BatchAnswer(
        tags=tuple(_kept(a, b) for a, b in zip(sent.tags, got.tags, strict=True)),
        shapes=tuple(_kept(a, b) for a, b in zip(sent.shapes, got.shapes, strict=True)),
        tracks=tuple(got.tracks),
    )


def _kept(sent: Wire, got: Wire) -> int | Wire:
    """The id alone, if CVAT keeps the object just as it was sent."""
    same = not sent.get("elements") and all(got.get(name) == value for name, value in sent.items())
    return int(got["id"]) if same else got


def ids_of(saved: Iterable[BatchAnswer]) -> set[Key]:
    """The ids that answers gave: kind and id."""
    found: set[Key] = set()
    for answer in saved:
        for kind, items in (("tag", answer.tags), ("shape", answer.shapes), ("track", answer.tracks)):
            found.update((kind, item["id"] if isinstance(item, dict) else item) for item in items if item is not None)
    return found


def split(batch: Batch) -> tuple[Batch, Batch] | None:
    """Two halves of a batch that was too large; ``None`` if it is one label."""
    count = len(batch.labels)
    if count < 2:
        return None
    return batch.part(range(count // 2)), batch.part(range(count // 2, count))
