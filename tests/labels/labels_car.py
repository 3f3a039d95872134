"""A car with all kinds of attributes, and the same label as a truck."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import fiftyone as fo
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Shape
from labels_server import Sent, schema_of

BOX = [0.25, 0.5, 0.5, 0.25]
ATTRIBUTES: Mapping[str, Any] = {
    "plate": {"type": "text"},
    "speed": {"type": "number", "kind": "float"},
    "doors": {"type": "number", "kind": "int", "default": 4},
    "parked": {"type": "checkbox"},
    "color": {"type": "select", "values": ["red", "blue"], "default": "red"},
    "checked": {"type": "text", "read_only": True},
}
SCHEMA = schema_of(gt={"classes": ["car", "truck"], "attributes": ATTRIBUTES})
FOREIGN = [[1, 2], {"a": 1}, datetime.datetime(2026, 1, 1), ObjectId("65" * 12), b"x"]
FILLED = {"plate": "002100", "speed": 1.25, "doors": 3, "parked": True, "color": "blue", "checked": "yes"}


def car(**attributes: Any) -> dict[str, Any]:
    """A detection as MongoDB has it, with all that FiftyOne may put on it."""
    document = fo.Detection(label="car", bounding_box=BOX, confidence=0.1 + 0.2, tags=["seen"], index=7).to_dict()
    return {**document, "extra": {"deep": [1]}, **attributes}


def as_truck(sent: Sent, **others: str | None) -> Shape:
    """The car as CVAT's editor has it after its class was changed: texts that fit are carried over."""
    item = sent.objects[0]
    assert isinstance(item, Shape)
    texts = {value.spec_id: value.value for value in item.attributes}
    attributes = [
        {"spec_id": sent.spec(name, "truck"), "value": others.get(name, texts[sent.spec(name)])} for name in ATTRIBUTES
    ]
    return Shape.model_validate({**item.model_dump(), "label_id": sent.label_id("truck"), "attributes": attributes})


def defaults(sent: Sent, name: str) -> dict[str, str]:
    """The default texts of a class."""
    word = sent.vocabulary.word("gt", name)
    assert word is not None
    return {attribute: text for attribute, (_, text) in word.specs.items()}
