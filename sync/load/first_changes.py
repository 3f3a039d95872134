"""The first labels that a load changes, for a person to look at."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ...labels.base import local_parts
from ...labels.schema import FieldSchema, LabelSchema
from ...labels.shapes import CvatShape, Size
from ...labels.types import LABEL_TYPES
from ..dataset.samples import Document
from ..runs.base import TaskBase
from ..runs.change import COUNTED, Change
from ..runs.changed_label import ChangedLabel
from .versions import drawn

MOST = 20
"""Labels that are listed one by one."""
MOST_POINTS = 20_000
"""Numbers of a shape; one that has more is not drawn."""


def first_changes(
    changes: Iterable[Change], known: TaskBase, schema: LabelSchema, most: int = MOST
) -> list[ChangedLabel]:
    """The first of the labels that a load changes in a job, as they were and are.

    Args:
        changes: what happens to the labels of the job
        known: what is kept of its task
        schema: the run's
        most: how many are wanted
    """
    return list(islice(_each(changes, known, schema), max(0, most)))


def _each(changes: Iterable[Change], known: TaskBase, schema: LabelSchema) -> Iterator[ChangedLabel]:
    for change in changes:
        base, what = change.base or change.base_after, COUNTED.get(change.kind)
        if what is None or base is None or not 0 <= base.frame < known.count:
            continue
        field, size = schema.fields[change.field], known.size_of(base.frame)
        of = known.place_of(base.frame)
        was, now = (_values(document, field) for document in (change.before, change.after))
        differing = [path for path in {**was, **now} if was.get(path) != now.get(path)]
        yield ChangedLabel(
            what=what,
            field=change.field,
            sample_id=of.sample_id if of else change.sample_id,
            label_id=change.label_id,
            frame=of.number if of else None,
            name=str((change.after or change.before or {}).get("label") or ""),
            was={path: was[path] for path in differing if path in was},
            now={path: now[path] for path in differing if path in now},
            size=size,
            before=_shapes(change.before, size, field),
            after=_shapes(change.after, size, field),
        )


def _values(document: Document | None, schema: FieldSchema) -> dict[str, Any]:
    """What of a label is no shape."""
    codec = LABEL_TYPES[schema.type].codec
    drawn_as = set(codec.geometry) - codec.own.keys()
    parts = local_parts(document, schema) if document else {}
    return {path: value for path, value in parts.items() if path not in drawn_as}


def _shapes(document: Document | None, size: Size, schema: FieldSchema) -> tuple[CvatShape, ...]:
    shapes = drawn(document, size, schema) if document else ()
    return tuple(shape for shape in shapes if len(shape.points) <= MOST_POINTS)
