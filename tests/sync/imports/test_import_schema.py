"""The schema of tasks that FiftyOne did not make: fields, classes and attributes from CVAT's labels."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import AttributeSpec, Label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attribute_schema import AttributeSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.from_project import attribute_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.schema import derive_schema

CASES: dict[str, tuple[dict[str, str], dict[str, list[str]], Any, dict[str, tuple[str, list[str]]]]] = {
    # CVAT's labels with their types, what was drawn, the names asked for -> fields with their types and classes
    "boxes": ({"cat": "rectangle"}, {"cat": ["rectangle"]}, None, {"detections": ("detections", ["cat"])}),
    "a name": ({"cat": "any"}, {"cat": ["rectangle"]}, "gt", {"gt": ("detections", ["cat"])}),
    "masks": ({"cat": "mask"}, {"cat": ["mask"]}, "gt", {"gt": ("instances", ["cat"])}),
    "boxes and masks": (
        {"cat": "any", "dog": "mask"},
        {"cat": ["rectangle"], "dog": ["mask"]},
        "gt",
        {"gt": ("detections", ["cat", "dog"])},
    ),
    "several types of one label": (
        {"cat": "any", "dog": "any"},
        {"cat": ["rectangle", "polygon"], "dog": ["ellipse"]},
        "gt",
        {"gt_detections": ("detections", ["cat"]), "gt_polylines": ("polylines", ["cat", "dog"])},
    ),
    "names by type": (
        {"cat": "any", "sunny": "tag"},
        {"cat": ["points"], "sunny": ["tag"]},
        {"keypoints": "joints", "detections": "not needed"},
        {"joints": ("keypoints", ["cat"]), "classifications": ("classifications", ["sunny"])},
    ),
    "a name for masks that are with the boxes": (
        {"cat": "any"},
        {"cat": ["rectangle", "mask"]},
        {"instances": "gt"},
        {"gt": ("detections", ["cat"])},
    ),
    "a name for boxes where all are masks": (
        {"cat": "any"},
        {"cat": ["mask"]},
        {"detections": "gt"},
        {"gt": ("instances", ["cat"])},
    ),
    "nothing drawn": ({"cat": "polygon", "x": "any"}, {}, None, {"polylines": ("polylines", ["cat", "x"])}),
    "nothing drawn or said": ({"cat": "any"}, {}, None, {"detections": ("detections", ["cat"])}),
    "no labels": ({}, {}, None, {"detections": ("detections", [])}),
    "a type that was not drawn": (
        {"cat": "rectangle", "sunny": "tag", "dog": "any"},
        {"cat": ["rectangle"]},
        "gt",
        {"gt": ("detections", ["cat", "dog"])},
    ),
    "against the label's type": (
        {"cat": "rectangle"},
        {"cat": ["polygon"]},
        "gt",
        {"gt": ("polylines", ["cat"])},
    ),
    "skeletons": ({"fish": "skeleton"}, {"fish": ["skeleton"]}, None, {"keypoints": ("keypoints", ["fish"])}),
}


@pytest.mark.parametrize("case", CASES)
def test_fields(case: str) -> None:
    types, drawn, names, expected = CASES[case]
    ids = {name: number for number, name in enumerate(types, 1)}
    labels = [Label(id=ids[name], name=name, type=type_) for name, type_ in types.items()]
    schema = derive_schema(labels, {ids[name]: figures for name, figures in drawn.items()}, names)
    found = {name: (item.type, list(item.class_names)) for name, item in schema.fields.items()}
    assert found == expected
    assert not any(item.existing_field for item in schema.fields.values())


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"boxes": "gt"}, "names a field for 'boxes'; the label types are: detections, instances"),
        ({"detections": "gt", "polylines": "gt"}, "one field to several label types; there are: detections, polyl"),
    ],
)
def test_names_that_do_not_fit(names: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        derive_schema([Label(id=1, name="cat")], {1: ["rectangle", "polygon"]}, names)


ATTRIBUTES: dict[str, tuple[dict[str, Any], AttributeSchema]] = {
    "text": ({"input_type": "text", "values": [""]}, AttributeSchema()),
    "checkbox": ({"input_type": "checkbox", "values": ["false"]}, AttributeSchema(type="checkbox")),
    "whole numbers": (
        {"input_type": "number", "values": ["0", "10", "1"]},
        AttributeSchema(type="number", values=("0", "10", "1"), kind="int"),
    ),
    "numbers": (
        {"input_type": "number", "values": ["0", "1", "0.1"], "mutable": True},
        AttributeSchema(type="number", values=("0", "1", "0.1"), kind="float"),
    ),
    "a choice": (
        {"input_type": "select", "values": ["1", "x"], "mutable": True},
        AttributeSchema(type="select", values=("1", "x")),
    ),
    "a malformed range": ({"input_type": "number", "values": ["a"]}, AttributeSchema(type="number", kind="float")),
    "a choice of nothing": ({"input_type": "radio", "values": []}, AttributeSchema()),
    "a widget of a later version": ({"input_type": "slider"}, AttributeSchema()),
}


@pytest.mark.parametrize("case", ATTRIBUTES)
def test_attributes(case: str) -> None:
    settings, expected = ATTRIBUTES[case]
    spec = AttributeSpec.model_validate({"id": 1, "name": "a", **settings})
    assert attribute_of(spec) == expected.model_copy(update={"mutable": spec.mutable})


def test_attributes_of_classes() -> None:
    size, confidence = (AttributeSpec(id=n, name=name) for n, name in enumerate(("size", "bounding_box")))
    labels = [
        Label(id=1, name="cat", attributes=(size, confidence)),
        Label(id=2, name="cat", attributes=(AttributeSpec(id=9, name="age", input_type="number"),)),  # of another task
        Label(id=3, name="dog"),
    ]
    item = derive_schema(labels, {}, "gt").fields["gt"]
    assert list(item.attributes_of("cat")) == ["size", "age"]
    assert item.attributes_of("dog") == {}
