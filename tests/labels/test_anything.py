"""Any document and any object: it is carried, or left out with a reason; nothing else is ever raised."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from typing import Any

import bson
import numpy as np
import pytest
from bson import ObjectId
from fiftyone.core.utils import serialize_numpy_array
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Annotations, AttributeValue, Label, Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried, Unreadable
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import apply_changes, local_parts
from fiftyone.plugins.orgs.roundtrip.cvat.labels.encode import encode_label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.objects import same_content
from fiftyone.plugins.orgs.roundtrip.cvat.labels.read import read_label, read_new
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES, NEW_FIELD_FOR
from hypothesis import given
from hypothesis import strategies as st
from labels_server import Sent, bound, make_labels, schema_of, send
from pydantic import ValidationError

SIZE = (64, 48)
ATTRIBUTES = {"n": {"type": "number"}, "t": {}, "ok": {"type": "checkbox"}, "c": {"type": "select", "values": ["a", 1]}}
EXTRA: dict[str, dict[str, Any]] = {
    "segmentation": {"mask_targets": {1: "car", 2: "bus"}, "attributes": {}},
    "regression": {"classes": ["gt"], "attributes": {"value": {"type": "number"}}},
    "scalar": {"classes": ["gt"], "attributes": {"value": {}}},
    "keypoint": {"skeleton": {"labels": ["a", "b"], "edges": [[0, 1]]}},
}
FACTS = {"occluded": "hidden", "group": "team", "z_order": "layer", "source": "by", "score": "sure"}
SCHEMAS = {
    name: schema_of(
        gt={"type": name, "classes": ["car", "bus"], "attributes": ATTRIBUTES, "facts": FACTS, **EXTRA.get(name, {})}
    )
    for name in LABEL_TYPES
}
MASK = bytes(serialize_numpy_array(np.eye(5, dtype=np.uint8)))

odd: list[Any] = [None, True, False, 0, 1, -1, 2**31, 2**63 - 1, 0.0, -0.0, 0.5, 1e300, -1e308, 5e-324]
odd += [math.nan, math.inf, -math.inf, "", " ", "car", "a", "\ud7ff", "x" * 5000, "1e5", b"", b"x", MASK]
odd += [ObjectId("a" * 24), datetime.datetime(2026, 1, 1), bson.Int64(7), bson.Decimal128("1.5"), bson.Regex("x")]
scalars = st.sampled_from(odd) | st.floats() | st.integers(-(2**63), 2**63 - 1)
fractions = st.floats(-0.5, 1.5)
pairs = st.lists(fractions, min_size=2, max_size=2)
geometry = (
    st.lists(fractions, min_size=4, max_size=4)
    | st.lists(pairs, max_size=4)
    | st.lists(st.lists(pairs, max_size=4), max_size=3)
    | st.lists(fractions, min_size=5, max_size=5)
    | st.lists(fractions, min_size=16, max_size=16)
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)
PATHS = ["label", "bounding_box", "points", "closed", "filled", "mask", "mask_path", "rotation", "confidence", "value"]
PATHS += ["index", "tags", "cvat_ellipse", "cvat_cuboid", "occluded", *ATTRIBUTES, *FACTS.values()]
documents = st.dictionaries(st.sampled_from(PATHS), anything | geometry).map(lambda it: {"label": "car", **it})


@given(st.sampled_from([*LABEL_TYPES]), documents)
def test_any_document(type_: str, document: dict[str, Any]) -> None:
    schema = SCHEMAS[type_]
    codec = LABEL_TYPES[type_].codec
    assert codec.shape_type(document)
    local_parts(document, schema.fields["gt"])
    try:
        sent = send(document, schema, SIZE)
    except NotCarried as error:
        assert str(error)
        return
    tags = [item for item in sent.encoded.objects if isinstance(item, Tag)]
    shapes = [item for item in sent.encoded.objects if isinstance(item, Shape)]
    assert Annotations(tags=tuple(tags), shapes=tuple(shapes)).for_create()  # nothing that would harm a job
    assert len(str(sent.base.model_dump_json()).encode()) > 0
    reading = sent.read(*sent.base.objects)
    assert not reading.refused
    assert all(same_content(item, item, sent.vocabulary, "gt") for item in sent.base.objects)


numbers = st.sampled_from([0.0, -1.0, 1.5, 1e9, 1e308, -1e308, math.nan, math.inf, 65.0, 64.0]) | st.floats(-10, 80)
whole = st.integers(-3, 70).map(float)
point_lists = (
    st.lists(numbers, max_size=20)
    | st.lists(whole, min_size=4, max_size=4)
    | st.lists(whole, min_size=6, max_size=12)
    | st.just([0.0, 4.0, 1.0, 1.0, 2.0, 2.0])
    | st.just([3.0, 2.0, 4.0, 0.0, 0.0, 2.0, 2.0])
)
TYPES = ["rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton", "circle", ""]
texts = st.sampled_from(["", "a", "1", "true", "nan", "x" * 5000, "\ud800", "\0", "9" * 30, "1e400"]) | st.text(
    max_size=5
)
integers = st.sampled_from([0, 1, -1, 2**31, 2**63, -(2**70)]) | st.integers(-9, 9)


@st.composite
def objects(draw: st.DrawFn, labels: list[Label]) -> Shape | Tag:
    """An object of a hostile server, with a label of the task or without."""
    label = draw(st.sampled_from(labels))
    attributes = tuple(AttributeValue(spec_id=spec.id or 0, value=draw(texts)) for spec in label.attributes)
    common: dict[str, Any] = {
        "frame": 0,
        "label_id": draw(st.sampled_from([label.id, label.id, 999])),
        "group": draw(st.none() | integers),
        "source": draw(texts),
        "attributes": attributes,
    }
    if draw(st.integers(0, 5)) == 0:
        return Tag.model_construct(**common)
    elements = draw(
        st.lists(st.tuples(st.sampled_from([sub.id for sub in label.sublabels] or [5]), point_lists), max_size=3)
    )
    return Shape.model_construct(
        **common,
        type=draw(st.sampled_from(TYPES)),
        points=tuple(draw(point_lists)),
        rotation=draw(numbers),
        z_order=draw(integers),
        occluded=draw(st.booleans()),
        score=draw(st.none() | numbers),
        elements=tuple(Shape(type="points", frame=0, label_id=i, points=tuple(p)) for i, p in elements),
    )


OBJECTS = {name: objects(make_labels(schema)) for name, schema in SCHEMAS.items()}


def drawn(data: st.DataObject, type_: str, number: int | None) -> Shape | Tag:
    """An object with an id."""
    return data.draw(OBJECTS[type_]).model_copy(update={"id": number})


def stores(values: dict[str, Any]) -> None:
    """That MongoDB, and FiftyOne's numbers, can hold what is to be written."""
    bson.encode({path: value for path, value in values.items() if not isinstance(value, np.ndarray)})


def sane(value: Any) -> bool:
    """Whether all numbers of a geometry are somewhere near its image, or missing."""
    if isinstance(value, (list, tuple)):
        return all(map(sane, value))
    return not isinstance(value, float) or math.isnan(value) or abs(value) < 1e9


@given(st.sampled_from([*LABEL_TYPES]), st.data())
def test_any_new_object(type_: str, data: st.DataObject) -> None:
    schema = SCHEMAS[type_]
    vocabulary = bound(schema)
    items = [drawn(data, type_, number) for number in range(data.draw(st.integers(1, 3)))]
    first = items[0]
    shape_type = "tag" if isinstance(first, Tag) else first.type
    for as_type in (None, NEW_FIELD_FOR.get(shape_type)):
        try:
            label = read_new(items, as_type, vocabulary, Size(*SIZE))
        except Unreadable as error:
            assert str(error)
            continue
        if label.field is None and as_type is None:
            continue
        codec = LABEL_TYPES[type_ if label.field else as_type or ""].codec
        assert all(sane(label.parts.get(path)) for path in codec.geometry if path != "mask")
        item = schema.fields["gt"] if label.field else schema_of(gt={"type": as_type}).fields["gt"]
        values, _ = apply_changes(codec.blank(), item, label.parts)
        stores(values)


LABELS: dict[str, dict[str, Any]] = {
    "detections": {"label": "car", "bounding_box": [0.1, 0.1, 0.5, 0.5], "n": 3, "t": "x"},
    "instances": {"label": "car", "bounding_box": [0.1, 0.1, 0.5, 0.5], "mask": MASK},
    "polylines": {"label": "car", "points": [[[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]], [[0, 0], [1, 1]]], "closed": True},
    "keypoints": {"label": "car", "points": [[0.1, 0.1], [math.nan, math.nan], [0.5, 0.5]]},
    "keypoint": {"label": "car", "points": [[0.1, 0.1], [0.5, 0.5]]},
    "classifications": {"label": "car"},
    "segmentation": {"mask": bytes(serialize_numpy_array(np.arange(30, dtype=np.uint8).reshape(5, 6) % 3))},
    "regression": {"value": 0.5},
    "scalar": {"value": "x"},
}


@given(st.sampled_from([*LABELS]), st.data())
def test_any_edit(type_: str, data: st.DataObject) -> None:
    schema, document = SCHEMAS[type_], LABELS[type_]
    sent: Sent = send(document, schema, SIZE)
    now = [drawn(data, type_, item.id) if data.draw(st.integers(0, 4)) else None for item in sent.objects]
    added = [(None, drawn(data, type_, 90 + n)) for n in range(data.draw(st.integers(0, 2)))]
    pairs = [*zip(sent.objects, now, strict=True), *added]
    grouping = LABEL_TYPES[type_].codec.grouping
    reading = read_label(sent.base, pairs if grouping else pairs[: len(now)], sent.vocabulary, sent.size)
    assert isinstance(reading.refused, Counter)
    codec = LABEL_TYPES[type_].codec
    changes = {path: value for path, value in reading.parts.items() if value is not sent.base.parts.get(path)}
    assert all(sane(changes.get(path)) for path in codec.geometry if path != "mask")
    values, _ = apply_changes(document, schema.fields["gt"], changes)
    stores(values)


@pytest.mark.parametrize("name", ["\ud800", "x\0y"])
def test_a_class_that_is_no_text_is_not_read(name: str) -> None:
    vocabulary = bound(SCHEMAS["detections"])
    try:
        label = Label(id=900, name=name)
    except ValidationError:
        return
    item = Shape(id=1, type="rectangle", frame=0, label_id=900, points=(1, 2, 3, 4))
    now = vocabulary.refreshed([*make_labels(SCHEMAS["detections"]), label])
    try:
        stores(read_new([item], None, now, Size(*SIZE)).parts)
    except Unreadable as error:
        assert str(error) == "of a class with a name that no text can be"


def test_a_label_is_drawn_for_each_type() -> None:
    """The generators reach what they test."""
    for type_, document in LABELS.items():
        assert encode_label(document, "gt", bound(SCHEMAS[type_]), Size(*SIZE), 0, 1).objects, type_
