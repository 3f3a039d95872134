"""What is written for a decision about a label: documents before and after, as one change each."""

from bson import ObjectId

from ...labels.base import BaseLabel, apply_changes
from ...labels.codec import Parts
from ...labels.schema import FieldSchema
from ...labels.types import LABEL_TYPES
from ..dataset.labels import SampleLabels
from ..dataset.mask_files import name_arrays
from ..dataset.samples import Document
from ..runs.change import CONFLICT_TAG, Change
from .rebase import stored


def added(base: BaseLabel, held: SampleLabels, schema: FieldSchema, parts: Parts) -> tuple[Change, Parts]:
    """A label that is made anew, and its parts as they will be read from its document."""
    blank = LABEL_TYPES[schema.type].codec.blank()
    values, settled = apply_changes(blank, schema, parts)
    document = {**blank, "_id": ObjectId(base.label_id), **values}
    where = (base.field, base.sample_id, base.label_id)
    return Change("added", *where, None, document, holder=held.holder), settled


def edited_change(
    base: BaseLabel, after: BaseLabel | None, document: Document, values: Document, marked: bool | None
) -> Change | None:
    """A label that was edited; ``None`` if nothing of it or its tag changes.

    Args:
        base, after: the base before and after
        document: the label as it is
        values: what is written of it, by path
        marked: whether it is in conflict; ``None`` for a value that has no tags
    """
    tags = values.get("tags", document.get("tags")) or []
    tag = {}
    if marked is not None and marked != (CONFLICT_TAG in tags):
        tag = {"tags": [*tags, CONFLICT_TAG] if marked else [item for item in tags if item != CONFLICT_TAG]}
    if not values and not tag:
        return None
    named, files = name_arrays(document, {**values, **tag})
    return Change(
        kind="changed" if values else "marked",
        field=base.field,
        sample_id=base.sample_id,
        label_id=base.label_id,
        before=stored(document),
        after={**stored(document), **named},
        values=named,
        base=base,
        base_after=after,
        files=files,
    )


def reset_values(document: Document, parts: Parts, schema: FieldSchema) -> Document:
    """The values that take from a label all that is not among these parts, such as its confidence and tags."""
    blank = LABEL_TYPES[schema.type].codec.blank()
    rest = (path for path in stored(document) if path not in ("_id", "_cls") and path not in parts)
    return {path: blank.get(path) for path in rest if document[path] != blank.get(path)}


def moved_here(
    base: BaseLabel, to: str, document: Document, there: SampleLabels, schema: FieldSchema, parts: Parts
) -> tuple[Change | None, Parts]:
    """A label that comes from another field with every bit but these parts, and its parts as they will be read.

    Args:
        base: the label where it was
        to: the field it comes to
        document: the label as it is
        there: what its sample has in that field; the label is there already if a load was killed
        schema: of that field
        parts: its new parts
    """
    values, settled = apply_changes(document, schema, parts)
    tags = [tag for tag in document.get("tags") or [] if tag != CONFLICT_TAG]
    if tags != (document.get("tags") or []):
        values = {**values, "tags": tags}
    named, files = name_arrays(document, values)
    after = {**stored(document), **named}
    where = (to, base.sample_id, base.label_id)
    before = there.labels.get(base.label_id)
    if before is None:
        return Change("moved", *where, None, after, holder=there.holder, files=files), settled
    news = {path: after.get(path) for path in {**before, **after} if before.get(path) != after.get(path)}
    if not news:
        return None, settled
    return Change("changed", *where, stored(before), {**stored(before), **news}, values=news, files=files), settled


def moved_away(base: BaseLabel, document: Document, held: SampleLabels) -> Change:
    """The same label where it was: gone."""
    index = list(held.labels).index(base.label_id)
    where = (base.field, base.sample_id, base.label_id)
    return Change("moved away", *where, stored(document), None, index=index, base=base)
