"""What of a label can be edited in CVAT: its parts, as they were when both sides last agreed and as they are here."""

import hashlib
from typing import Annotated, Any

import numpy as np
from bson import ObjectId
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from ..cvat.models import Shape, Tag
from ..cvat.models.base import Slotted
from .attributes import kind_of
from .codec import Document, Parts
from .pixels import PIXELS
from .schema import FieldSchema
from .types import LABEL_TYPES

LabelKey = tuple[str, int, str]
"""A label of a task: its field, its frame and its own id. Labels of several frames may have one id."""


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(ser_json_inf_nan="constants"))
class BaseLabel(Slotted):
    """What a label was when both sides last agreed.

    Args:
        field: the label's field
        sample_id: the sample it is on
        frame: the number of the sample's frame in its task
        label_id: its id in FiftyOne; that of the sample for a plain value
        parts: what of it can be edited in CVAT, as FiftyOne had it
        objects: its tag or shapes, as CVAT returned them
        group: the CVAT group of its shapes, if it was sent as several
        wrote: the paths that loads of its job wrote into it, if another job of the task has its frame, too
    """

    field: str
    sample_id: str
    frame: int
    label_id: str
    parts: Parts
    objects: tuple[Annotated[Shape | Tag, Field(union_mode="left_to_right")], ...]
    group: int = 0
    wrote: tuple[str, ...] = ()

    @property
    def key(self) -> LabelKey:
        """Which label of its task it is, also if the document of its frame is made anew."""
        return self.field, self.frame, self.label_id


def local_parts(document: Document, schema: FieldSchema) -> Parts:
    """What of a label can be edited in CVAT, with the values it has in FiftyOne."""
    codec = LABEL_TYPES[schema.type].codec
    parts: Parts = {"label": _plain(document.get("label"))} if codec.named else {}
    parts.update({path: _plain(value) for path, value in codec.parts(document).items()})
    # Of every class: a label keeps its attributes when its class is changed, or is called something else
    shown = codec.shown(document)
    for attribute in [*schema.all_attributes, *schema.facts.values()]:
        value = shown.get(attribute)
        parts[attribute] = value if value is None or kind_of(value) else _digest(value)
    return parts


def _digest(value: Any) -> dict[str, str]:
    """What stands for a value that CVAT can't show, such as a list or a date: that there is one, and which."""
    return {"sha1": hashlib.sha1(repr(value).encode()).hexdigest()}


def is_digest(value: Any) -> bool:
    """Whether a part only stands for its value, which is in the dataset alone: pixels, and what CVAT can't show."""
    return isinstance(value, dict) and "sha1" in value


def apply_changes(document: Document, schema: FieldSchema, changes: Parts) -> tuple[dict[str, Any], Parts]:
    """What to write into a label's document for its changed parts, and the parts as they will be read from it.

    Args:
        document: the label as it is, or the blank one
        schema: of its field
        changes: the new parts; where an attribute's is a digest, there is no value to write

    Returns:
        values by path (see :meth:`labels.codec.Codec.store`), and the parts that both sides then agree on
    """
    codec = LABEL_TYPES[schema.type].codec
    changes = {
        path: value if path in codec.geometry or not is_digest(value) else None for path, value in changes.items()
    }
    values = codec.store(document, changes)
    if isinstance(values.get("instance"), str):
        values["instance"] = {"_cls": "Instance", "_id": ObjectId(values["instance"])}
    after = {**document, **values}
    if isinstance(values.get("mask_path"), np.ndarray):
        after.update({PIXELS: values["mask_path"], "mask_path": document["mask_path"]})
    geometry = {path: value for path, value in codec.parts(after).items() if path in changes}
    return values, {**changes, **geometry}


def _plain(value: Any) -> Any:
    """A value that JSON can hold; what it can't is nothing that CVAT could edit."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return value if kind_of(value) else None
