"""What both sides agree on after a merge, and what of a label can be written again."""

from collections.abc import Collection, Iterable

from ...cvat import Shape
from ...labels.attributes import kind_of
from ...labels.base import BaseLabel, is_digest, local_parts
from ...labels.codec import Parts
from ...labels.objects import Object, key_of
from ...labels.pixels import INDICES, PIXELS
from ...labels.schema import FieldSchema
from ...labels.tracks.identity import Identity
from ...labels.types import LABEL_TYPES
from ..dataset.mask_files import FOLDER
from ..dataset.samples import Document
from .edited_label import Edited
from .merge import LABEL, LABEL_EDITS, SPATIAL_EDITS, Decision
from .track_identity import INSTANCE

DRAWN = ("type", "points", "rotation", "elements")
"""What of a shape is its geometry."""


def local_of(base: BaseLabel, document: Document, schema: FieldSchema, remote: Iterable[str] = ()) -> Parts:
    """The parts that a label has in FiftyOne now, also those that it has only in CVAT.

    If its class was changed, the attributes of the class that it had count nevertheless.
    """
    kept = {path: document.get(path) for path in (*base.parts, *remote)}
    if INSTANCE in kept:
        kept[INSTANCE] = Identity.of(document).instance
    plain = {path: value for path, value in kept.items() if value is None or kind_of(value)}
    return {**plain, **local_parts(document, schema)}


def stored(document: Document) -> Document:
    """A document without the pixels of its file, which are only looked at."""
    return {path: value for path, value in document.items() if path not in (PIXELS, INDICES, FOLDER)}


def agreed(edited: Edited, decision: Decision, settled: Parts, schema: FieldSchema) -> BaseLabel:
    """The base after a merge: what CVAT has, in FiftyOne's terms, but for what was refused."""
    base, remote = edited.base, edited.reading.parts
    withheld: Collection[str] = ()
    objects = edited.objects
    if SPATIAL_EDITS in decision.refused:
        withheld = LABEL_TYPES[schema.type].codec.geometry
        objects = _without_geometry(base, edited)
    if LABEL_EDITS in decision.refused:
        withheld = (*withheld, LABEL)
    seen = {path: value for path, value in remote.items() if path not in withheld}
    return base.model_copy(update={"parts": {**base.parts, **seen, **settled}, "objects": objects})


def _without_geometry(base: BaseLabel, edited: Edited) -> tuple[Object, ...]:
    """The objects of a label whose new geometry was refused: as they are now, but where they were."""
    if len(edited.objects) == len(base.objects):
        now = dict(zip(map(key_of, base.objects), edited.objects, strict=True))
    else:
        now = {key_of(item): item for item in edited.objects}
    return tuple(
        now[key_of(old)].model_copy(update={name: getattr(old, name) for name in DRAWN if hasattr(old, name)})
        if key_of(old) in now
        else old
        for old in base.objects
    )


def restorable(edited: Edited, parts: Parts, schema: FieldSchema) -> Parts | None:
    """The parts of a label that is to be made again; its pixels, of which only a digest is kept, come from CVAT."""
    if not any(is_digest(parts.get(path)) for path in LABEL_TYPES[schema.type].codec.geometry):
        return parts
    first = edited.objects[0] if len(edited.objects) == 1 else None
    if isinstance(first, Shape) and first.type == "mask" and "bounding_box" in parts:
        return {**parts, "mask": {"runs": list(first.points)}}
    return None
