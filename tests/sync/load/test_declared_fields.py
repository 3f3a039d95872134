"""A field of the dataset only gets values that it can hold: what annotators enter besides is counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.attribute_fields import declared_fields
from sync_loop import Loop

BOX = [0.1, 0.1, 0.5, 0.5]

FIELDS: dict[str, tuple[Any, Any]] = {
    "IntField": (fo.IntField, 3),
    "FloatField": (fo.FloatField, 3.5),
    "BooleanField": (fo.BooleanField, True),
    "StringField": (fo.StringField, "003"),
    "DateField": (fo.DateField, date(2026, 1, 31)),
    "DateTimeField": (fo.DateTimeField, datetime(2026, 1, 31, 12)),
    "ListField": (fo.ListField, ["a"]),
    "DictField": (fo.DictField, {"a": 1}),
    "VectorField": (fo.VectorField, None),
    "ObjectIdField": (fo.ObjectIdField, None),
}
ENTERED = ["old", "high", "zzz", "7", "7.5", "true", "[1]", "2026-01-31", "{}", "9" * 40, "nan"]
HELD: dict[str, dict[str, Any]] = {
    "IntField": {"7": 7},
    "FloatField": {"7": 7.0, "7.5": 7.5, "9" * 40: 1e40, "nan": float("nan")},
    "BooleanField": {"true": True},
    "StringField": {text: text for text in ENTERED},
}


def declare(loop: Loop, name: str, subfield: str, cls: Any = fo.Detections) -> None:
    loop.dataset.add_sample_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=cls)
    loop.dataset.add_sample_field(subfield, FIELDS[name][0])


def box(**attributes: Any) -> fo.Detections:
    return fo.Detections(detections=[fo.Detection(label="cat", bounding_box=BOX, **attributes)])


@pytest.mark.parametrize(
    ("name", "widget"), [*((name, "text") for name in FIELDS), ("IntField", "number"), ("StringField", "number")]
)
def test_attributes_of_labels(loop: Loop, name: str, widget: str) -> None:
    declare(loop, name, "gt.detections.x")
    count = len(ENTERED)
    loop.fill(*[box() for _ in range(count)], *[box(x=FIELDS[name][1]) for _ in range(count)])
    loop.send(attributes={"x": {"type": widget}})
    for number, text in enumerate([*ENTERED, *ENTERED]):
        loop.cvat.set(loop.cvat.shape(number), "x", text)
    report = loop.load()
    loop.dataset.reload()
    held = HELD.get(name, {})
    for labels, text in zip(loop.labels(), [*ENTERED, *ENTERED], strict=True):
        if text in held:
            assert repr(labels[0]["x"]) == repr(held[text])
    refused = sum(report["fields"]["gt"]["refused"].values())
    assert refused == 2 * (count - len(held))
    assert report["changed"] == 2 * len(held) - (1 if name == "BooleanField" else 0)
    assert not any(loop.load()[what] for what in ("added", "changed", "deleted"))


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in HELD])
def test_what_cannot_be_entered_is_neither_shown_nor_lost(loop: Loop, name: str) -> None:
    declare(loop, name, "gt.detections.x")
    loop.fill(box(x=FIELDS[name][1]))
    before = loop.documents()
    loop.send()
    assert not loop.cvat.labels()["cat"]["attributes"]
    loop.load()
    assert loop.documents() == before


def test_labels_drawn_in_cvat(loop: Loop) -> None:
    declare(loop, "IntField", "gt.detections.x")
    loop.fill(box(x=1), box(x=2))
    loop.send(attributes={"x": {"type": "text"}})
    for text in ("old", "7"):
        drawn = loop.cvat.draw("cat", 1)
        loop.cvat.set(drawn, "x", text)
    report = loop.load()
    assert report["added"] == 2
    assert report["fields"]["gt"]["refused"] == {
        "values of 'x' that could not be read ('old' is not a whole number)": 1
    }
    assert [label.get_field("x") if label.has_field("x") else None for label in loop.labels()[1]] == [2, None, 7]


def test_a_number_of_a_whole_sample(loop: Loop) -> None:
    loop.fill(fo.Regression(value=0.5), fo.Regression(value=0.25))
    loop.send(attributes={"value": {"type": "text"}})
    loop.cvat.set(loop.cvat.tag(0), "value", "high")
    loop.cvat.set(loop.cvat.tag(1), "value", "2")
    report = loop.load()
    assert report["fields"]["gt"]["refused"] == {"values of 'value' that could not be read ('high' is not a number)": 1}
    assert [sample["gt"].value for sample in loop.dataset] == [0.5, 2.0]


@pytest.mark.parametrize(
    ("field", "value", "entered", "expected"),
    [
        (fo.IntField, 3, "old", 3),
        (fo.IntField, 3, "8", 8),
        (fo.StringField, "3", "7", "7"),
        (fo.BooleanField, True, "maybe", True),
        (fo.FloatField, 0.5, "zzz", 0.5),
    ],
)
def test_plain_values(loop: Loop, field: Any, value: Any, entered: str, expected: Any) -> None:
    loop.dataset.add_sample_field("gt", field)
    loop.fill(value)
    loop.send(attributes={"value": {"type": "text"}})
    loop.cvat.set(loop.cvat.tag(), "value", entered)
    report = loop.load()
    assert sum(report["fields"]["gt"]["refused"].values()) == (expected == value)
    assert repr(loop.dataset.first()["gt"]) == repr(expected)


def test_confidence_is_a_number(loop: Loop) -> None:
    loop.fill(box(confidence=0.5))
    loop.send(attributes={"confidence": {"type": "text"}})
    loop.cvat.set(loop.cvat.shape(), "confidence", "zzz")
    report = loop.load()
    assert sum(report["fields"]["gt"]["refused"].values()) == 1
    assert loop.labels()[0][0].confidence == 0.5


def test_a_field_that_was_declared_after_the_send(loop: Loop) -> None:
    loop.fill(box(x=3), box(x=4))
    loop.send(attributes={"x": {"type": "text"}})
    loop.dataset.add_dynamic_sample_fields()
    assert isinstance(loop.dataset.get_field("gt.detections.x"), fo.IntField)
    loop.cvat.set(loop.cvat.shape(0), "x", "old")
    loop.cvat.set(loop.cvat.shape(1), "x", "5")
    assert loop.load()["changed"] == 1
    assert [labels[0].x for labels in loop.labels()] == [3, 5]


def test_the_datasets_own_label_schema_counts_where_nothing_is_declared(loop: Loop) -> None:
    class Declares:
        """A dataset whose label schema knows more than its fields do."""

        label_schemas = {"gt": {"attributes": [{"name": "x", "type": "int"}, {"name": "y", "type": "list<str>"}]}}  # noqa: RUF012

        def get_field(self, path: str) -> Any:
            return loop.dataset.get_field(path)

    loop.fill(box(x=3))
    found = declared_fields(Declares(), "gt", LABEL_TYPES["detections"])
    assert (found["x"], found["y"], found["confidence"]) == ("IntField", "ListField", "FloatField")
    assert declared_fields(Declares(), "none", LABEL_TYPES["detections"]) == {}


@pytest.mark.parametrize("name", ["IntField", "BooleanField", "ListField"])
def test_what_cvat_knows_of_an_object_goes_only_where_it_fits(loop: Loop, name: str) -> None:
    declare(loop, name, "gt.detections.by")
    loop.fill(box())
    before = loop.documents()
    loop.send(source_attr="by")
    loop.cvat.edit(loop.cvat.shape(), source="manual")
    report = loop.load()
    (reason,) = report["fields"]["gt"]["refused"]
    assert reason.startswith("values of 'by' that could not be read (the field holds ")
    assert loop.documents() == before


def test_no_value_and_zero_differ(loop: Loop) -> None:
    """In CVAT's editor a widget for numbers shows no value as 0, and a checkbox as false."""
    loop.fill(box(n=0, ok=False), box(n=5, ok=True), box())
    loop.send()
    attributes = {item["name"]: item["input_type"] for item in loop.cvat.labels()["cat"]["attributes"]}
    assert attributes == {"n": "text", "ok": "select"}
    loop.cvat.set(loop.cvat.shape(2), "n", "0")
    loop.cvat.set(loop.cvat.shape(2), "ok", "false")
    assert loop.load()["changed"] == 1
    (label,) = loop.labels()[2]
    assert (label.n, label.ok) == (0, False)


def test_values_that_a_widget_refuses_stay_behind_and_the_object_can_be_edited(loop: Loop) -> None:
    loop.fill(box(a=1, b="c", c=11, d=2**60), box(a=True, b="a", c=3, d=2**31))
    before = loop.documents()
    run = loop.send(
        attributes={
            "a": {"type": "checkbox"},
            "b": {"type": "select", "values": ["a", "b"]},
            "c": {"type": "number", "values": [0, 10, 3]},
            "d": {"type": "number"},
        }
    )
    assert {item["what"]: item["count"] for item in run["left_out"]} == {
        "gt: values that a checkbox does not take in attribute 'a'": 1,
        "gt: values that a choice of '', 'a', 'b' does not take in attribute 'b'": 1,
        "gt: values that a number from 0 to 10 does not take in attribute 'c'": 1,
        "gt: values that a number from -9007199254740991 to 9007199254740991 does not take in attribute 'd'": 1,
    }
    loop.load()
    assert loop.documents() == before


ENDLESS = {"name": "n", "mutable": True, "input_type": "number", "default_value": "NaN"}


@pytest.mark.parametrize("values", [["NaN", "10", "1"], ["0", "Infinity", "1"], ["10", "0", "1"], ["0", "x"]], ids=str)
def test_a_number_without_a_range_in_cvat_does_not_keep_a_run_from_being_loaded(loop: Loop, values: list[str]) -> None:
    """CVAT takes any range; people add such attributes, also to a label that was sent."""
    loop.fill(box(x="a"))
    loop.send()
    label = loop.cvat.labels()["cat"]
    loop.cvat.call("PATCH", f"labels/{label['id']}", {"attributes": [{**ENDLESS, "values": values}]})
    loop.cvat.set(loop.cvat.shape(), "x", "b")
    assert loop.load()["changed"] == 1
    loop.cvat.set(loop.cvat.shape(), "x", "a")
    assert loop.load()["changed"] == 1
    assert loop.labels()[0][0].x == "a"


@pytest.mark.parametrize("values", [[float("nan"), 10, 1], [0, float("inf"), 1]], ids=str)
def test_and_one_that_is_asked_for_is_refused_in_a_sentence(loop: Loop, values: list[float]) -> None:
    loop.fill(box(x=1))
    with pytest.raises(Exception, match="the values of a number are its minimum, maximum and step"):
        loop.send(attributes={"x": {"type": "number", "values": values}})
