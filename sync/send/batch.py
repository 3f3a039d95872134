"""Batches of labels: as requests, and with the ids that CVAT gave them. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...cvat import Annotations, Shape, Tag
from ..runs.outbox import Batch, BatchAnswer

Wire = dict[str, Any]
"""An object as CVAT's JSON has it."""


def wire(batch: Batch) -> tuple[list[Wire], list[Wire]]:
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


def ids_of(saved: Iterable[BatchAnswer]) -> set[tuple[str, int]]:
    """The ids that answers gave: kind and id."""
    found: set[tuple[str, int]] = set()
    for answer in saved:
        for kind, items in (("tag", answer.tags), ("shape", answer.shapes)):
            found.update((kind, item["id"] if isinstance(item, dict) else item) for item in items if item is not None)
    return found


def find_written(
    sent: tuple[Sequence[Wire], Sequence[Wire]], there: Annotations, known: set[tuple[str, int]]
) -> BatchAnswer | None:
    """Looks for a batch in a job whose answer was lost.

    CVAT writes a request whole or not at all, so one object that is there proves all. Equal objects are told apart by
    their ids, which CVAT counts up in the order of the request. An object that was deleted since has no id.

    Args:
        sent: the batch's tags and shapes
        there: what the job has
        known: what was there before, or belongs to other batches: kind and id

    Returns:
        its ids; ``None`` if it was not written
    """
    tags = _match(sent[0], [tag for tag in there.tags if ("tag", tag.id) not in known])
    shapes = _match(sent[1], [shape for shape in there.shapes if ("shape", shape.id) not in known])
    if not any(item is not None for item in (*tags, *shapes)):
        return None
    return BatchAnswer(tags=tuple(tags), shapes=tuple(shapes))


def _match(sent: Sequence[Wire], there: Sequence[Tag | Shape]) -> list[int | Wire | None]:
    """For each object that was sent the first one that is drawn alike: its id, or, of a skeleton, all of it."""
    found: dict[Any, Iterator[Tag | Shape]] = {}
    alike: dict[Any, list[Tag | Shape]] = defaultdict(list)
    for item in sorted(there, key=lambda item: item.id or 0):
        alike[_look_of(item)].append(item)
    matches: list[int | Wire | None] = []
    for body in sent:
        look = _look_of_wire(body)
        match = next(found.setdefault(look, iter(alike.get(look, ()))), None)
        matches.append(None if match is None else _with_ids(body, match) if body.get("elements") else match.id)
    return matches


def _look_of(item: Tag | Shape) -> Any:
    if isinstance(item, Tag):
        return item.frame, item.label_id
    elements = tuple(sorted((element.label_id, element.points) for element in item.elements))
    return item.type, item.frame, item.label_id, item.points, item.rotation, elements


def _look_of_wire(body: Mapping[str, Any]) -> Any:
    if "type" not in body:
        return body["frame"], body["label_id"]
    elements = tuple(sorted((item["label_id"], tuple(item["points"])) for item in body.get("elements", ())))
    return body["type"], body["frame"], body["label_id"], tuple(body["points"]), body["rotation"], elements


def _with_ids(body: Wire, match: Tag | Shape) -> Wire:
    """A skeleton as it was sent, with the ids that it and its points have."""
    points = {element.label_id: element.id for element in match.elements} if isinstance(match, Shape) else {}
    elements = [{**element, "id": points.get(element["label_id"])} for element in body["elements"]]
    return {**body, "id": match.id, "elements": elements}


def split(batch: Batch) -> tuple[Batch, Batch] | None:
    """Two halves of a batch that was too large; ``None`` if it is one label."""
    if len(batch.labels) < 2:
        return None
    middle = len(batch.labels) // 2
    # What was left out is counted with the first half
    return (
        batch.model_copy(update={"labels": batch.labels[:middle]}),
        Batch(labels=batch.labels[middle:]),
    )
