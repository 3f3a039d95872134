"""The schema of a run: what the person said, completed from what the dataset declares and has."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.inference import SeenValues, widened
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest, parse
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.attributes import declared_attribute
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.checks import left_out_early
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.schema import resolve_schema


def boxes(*classes: str, **attributes: Any) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label=name, bounding_box=[0, 0, 1, 1], **attributes) for name in classes]
    )


@pytest.fixture
def filled(dataset: fo.Dataset) -> fo.Dataset:
    dataset.add_samples(
        [
            fo.Sample("/a.jpg", gt=boxes("dog", "cat", code="1", size=2), sky=fo.Classification(label="sunny")),
            fo.Sample("/b.jpg", gt=boxes("dog", speed=0.5, parked=True)),
        ]
    )
    return dataset


def resolve(collection: Any, **given: Any) -> dict[str, Any]:
    """The schema of a request, as it is recorded."""
    schema, _ = resolve_schema(collection, parse(SendRequest, {"anno_key": "k", "label_field": "gt", **given}))
    return schema.as_annotate()


def classes(collection: Any, **given: Any) -> list[str]:
    return list(resolve(collection, **given)["gt"]["classes"])


def widgets(collection: Any, **given: Any) -> dict[str, tuple[str, str]]:
    attributes = resolve(collection, **given)["gt"]["attributes"]
    return {name: (item["type"], item["kind"]) for name, item in attributes.items()}


def test_classes_are_those_of_the_whole_dataset_whatever_the_view_shows(filled: fo.Dataset) -> None:
    assert classes(filled) == ["cat", "dog"]
    assert classes(filled.skip(1)) == ["cat", "dog"]
    assert classes(filled.filter_labels("gt", fo.ViewField("label") == "dog")) == ["cat", "dog"]


def test_samples_without_labels_get_the_classes_and_attributes_of_the_others(filled: fo.Dataset) -> None:
    filled.add_samples([fo.Sample("/empty.jpg"), fo.Sample("/none.jpg", gt=fo.Detections())])
    unlabelled = filled.match(~fo.ViewField("gt.detections").length().is_in([1, 2]))
    assert len(unlabelled) == 2
    assert classes(unlabelled) == ["cat", "dog"]
    assert set(widgets(unlabelled)) == {"code", "parked", "size", "speed"}
    assert resolve(unlabelled, label_field="sky")["sky"]["classes"] == ["sunny"]


def test_classes_of_the_dataset_go_first_and_none_is_lost(filled: fo.Dataset) -> None:
    filled.default_classes = ["cow", "dog"]
    assert classes(filled) == ["cow", "dog", "cat"]
    filled.classes["gt"] = ["dog", "horse"]
    assert classes(filled) == ["dog", "horse", "cat"]


def test_classes_that_are_said_are_all(filled: fo.Dataset) -> None:
    filled.default_classes = ["cow"]
    assert classes(filled, classes=["dog", "bird"]) == ["dog", "bird"]
    assert classes(filled, classes="dog") == ["dog"]
    assert classes(filled, label_schema={"gt": {"classes": ["bird"]}}, classes=["dog"]) == ["bird"]


# Some labels have no value: a number or a checkbox would show it as 0 or false
WIDGETS = {
    "code": ("select", "str"),
    "size": ("text", "int"),
    "speed": ("text", "float"),
    "parked": ("select", "bool"),
}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (True, WIDGETS),
        (False, {}),
        ([], {}),
        (["code"], {"code": WIDGETS["code"]}),
        ("size", {"size": WIDGETS["size"]}),
        (["new"], {"new": ("text", "str")}),
        ({"size": None}, {"size": WIDGETS["size"]}),
        ({"size": {"type": "select", "values": [1, 2]}}, {"size": ("select", "int")}),
        ({"new": {"type": "radio", "values": ["a", "b"]}}, {"new": ("radio", "str")}),
        ({"new": {"type": "checkbox"}}, {"new": ("checkbox", "bool")}),
    ],
)
def test_attributes(filled: fo.Dataset, said: Any, expected: dict[str, tuple[str, str]]) -> None:
    assert widgets(filled, attributes=said) == expected


def test_an_attribute_of_few_texts_is_a_choice(dataset: fo.Dataset) -> None:
    dataset.add_sample(fo.Sample("/a.jpg", gt=boxes(*["car"] * 6, colour="red")))
    (item,) = resolve(dataset)["gt"]["attributes"].values()
    assert (item["type"], item["values"], item["default"]) == ("select", ["red"], None)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2.5], "float"),
        ([1, "a"], "str"),
        ([True, False], "bool"),
        ([True, 1], "str"),
        ([None, 3], "int"),
        (["007", "7"], "str"),
    ],
)
def test_kinds_of_mixed_values(dataset: fo.Dataset, values: list[Any], kind: str) -> None:
    labels = [fo.Detection(label="car", bounding_box=[0, 0, 1, 1], x=value) for value in values]
    dataset.add_sample(fo.Sample("/a.jpg", gt=fo.Detections(detections=labels)))
    assert widgets(dataset)["x"][1] == kind


def test_the_datasets_own_label_schema(filled: fo.Dataset) -> None:
    schema = filled.generate_label_schemas("gt")
    schema["classes"] = ["dog", "zebra"]
    filled.update_label_schema("gt", schema)
    assert classes(filled)[:2] == ["dog", "zebra"]
    assert set(classes(filled)) == {"dog", "zebra", "cat"}
    assert set(widgets(filled)) >= set(WIDGETS)


def test_switches_and_types_are_kept(filled: fo.Dataset) -> None:
    said = resolve(filled, label_field=["gt", "sky"], allow_deletions=False)
    assert [(item["type"], item["allow_deletions"], item["existing_field"]) for item in said.values()] == [
        ("detections", False, True),
        ("classification", False, True),
    ]
    new = resolve(filled, label_field="new", label_type="polylines", classes=["a"])["new"]
    assert (new["type"], new["existing_field"]) == ("polylines", False)


def test_areas_lines_and_both(dataset: fo.Dataset) -> None:
    path = [[[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]]]
    area = fo.Polyline(label="a", points=path, filled=True, closed=True)
    line = fo.Polyline(label="a", points=path)
    for name, shapes in {"areas": [area], "lines": [line], "both": [area, line]}.items():
        dataset.add_sample(fo.Sample(f"/{name}.jpg", **{name: fo.Polylines(polylines=[s.copy() for s in shapes])}))
    said = resolve(dataset, label_field=["areas", "lines", "both"])
    assert said["areas"]["type"] == "polygons"
    assert said["lines"]["type"] == "polylines"
    assert said["both"]["drawn_as"] == "any"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"label_field": None}, "Nothing says which labels to annotate"),
    "frames": ({"label_field": "frames.gt"}, "would be of the frames of videos"),
    "no labels": ({"label_field": "metadata"}, "The field 'metadata' is a"),
    "no such field": ({"label_field": "gtt"}, "There is no field 'gtt'."),
    "a reserved name": ({"attributes": {"tags": {}}}, "an attribute can't be named 'tags'"),
    "a class without a name": ({"classes": ["a", " "]}, "a class has no name"),
    "a default that is no choice": (
        {"attributes": {"x": {"type": "select", "values": ["a"], "default": "b"}}},
        "the default 'b' is not among the values",
    ),
    "two bounds": ({"attributes": {"x": {"type": "number", "values": [0, 1]}}}, "minimum, maximum and step"),
}


@pytest.mark.parametrize(("given", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(filled: fo.Dataset, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        resolve(filled, **given)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_read_only_field(filled: fo.Dataset) -> None:
    field = filled.get_field("gt")
    field.read_only = True
    field.save()
    with pytest.raises(Refused, match="'gt' is read-only, so no annotations could be loaded into it"):
        resolve(filled)


@pytest.mark.parametrize("name", ["copy", "clean", "has_mask", "instance_id", "x" * 65])
def test_an_attribute_whose_name_would_break_a_label_stays_behind_and_is_counted(filled: fo.Dataset, name: str) -> None:
    filled._sample_collection.update_many({}, {"$set": {f"gt.detections.0.{name}": "odd"}})
    request = parse(SendRequest, {"anno_key": "k", "label_field": "gt"})
    schema, seen = resolve_schema(filled, request)
    assert set(schema.fields["gt"].attributes) == {"code", "size", "speed", "parked"}
    (sentence,) = [text for text in left_out_early(request, schema, seen, []) if "name" in text]
    assert sentence.startswith(f"gt: values of attribute '{name[:40]}")
    assert left_out_early(request, schema, seen, [])[sentence] == 2
    with pytest.raises(Refused, match="an attribute can't be named"):
        resolve(filled, attributes=[name])


@pytest.mark.parametrize("key", ["occluded_attr", "source_attr", "score_attr", "z_order_attr", "group_id_attr"])
@pytest.mark.parametrize("name", ["mask_path", "_cls", "id", "tags", "$x", "a.b", "to_dict"])
def test_nor_can_it_hold_what_cvat_knows_of_an_object(filled: fo.Dataset, key: str, name: str) -> None:
    with pytest.raises(Refused, match="can't hold the"):
        resolve(filled, **{key: name})


def test_where_every_label_has_a_value_numbers_and_truth_have_widgets_of_their_own(dataset: fo.Dataset) -> None:
    dataset.add_sample(fo.Sample("/a.jpg", gt=boxes("dog", "cat", size=2, speed=0.5, parked=True)))
    assert widgets(dataset) == {"size": ("number", "int"), "speed": ("number", "float"), "parked": ("checkbox", "bool")}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1_700_000_000 + n for n in range(30)], "number"),
        ([2**31, 2**53 - 1, -(2**40)], "number"),
        ([2**53, 1], "text"),
        ([1e300, 0.5], "text"),
        ([float("nan"), 0.5], "text"),
        ([float("inf")], "text"),
        ([" x", " x"], "text"),
        (["y", "y ", "y", "y "], "text"),
        ([1, "1", 1, "1"], "text"),
        ([True, 1], "text"),
        (["a\nb", "a\nb"], "text"),
    ],
    ids=repr,
)
def test_a_widget_accepts_every_value_that_it_was_inferred_from(
    dataset: fo.Dataset, values: list[Any], expected: str
) -> None:
    labels = [fo.Detection(label="car", bounding_box=[0, 0, 1, 1], x=value) for value in values]
    dataset.add_sample(fo.Sample("/a.jpg", gt=fo.Detections(detections=labels)))
    schema, _ = resolve_schema(dataset, parse(SendRequest, {"anno_key": "k", "label_field": "gt"}))
    attribute = schema.fields["gt"].attributes["x"]
    assert attribute.type == expected
    assert all(attribute.accepts(attribute.text_of(value)) for value in values)


DECLARED: dict[str, tuple[Any, list[Any], str]] = {
    "IntField": (fo.IntField, [3, 4], "int"),
    "FloatField": (fo.FloatField, [3.5, 4.0], "float"),
    "StringField": (fo.StringField, ["3", "4"], "str"),
    "BooleanField": (fo.BooleanField, [True, False], "bool"),
}


@pytest.mark.parametrize("name", DECLARED)
def test_the_declared_type_of_a_field_decides_what_its_attribute_holds(dataset: fo.Dataset, name: str) -> None:
    field, values, kind = DECLARED[name]
    dataset.add_sample_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    dataset.add_sample_field("gt.detections.x", field)
    labels = [fo.Detection(label="car", bounding_box=[0, 0, 1, 1], x=value) for value in values]
    dataset.add_sample(fo.Sample("/a.jpg", gt=fo.Detections(detections=labels)))
    schema, _ = resolve_schema(dataset, parse(SendRequest, {"anno_key": "k", "label_field": "gt"}))
    assert schema.fields["gt"].declared["x"] == name
    assert schema.fields["gt"].attributes["x"].kind == kind
    assert "declared" not in schema.as_annotate()["gt"]


def test_choices_that_the_field_cannot_hold_are_told_before_anything_is_sent(dataset: fo.Dataset) -> None:
    dataset.add_sample_field("rating", fo.FloatField)
    dataset.add_sample_field("mood", fo.EmbeddedDocumentField, embedded_doc_type=fo.Regression)
    dataset.add_sample(fo.Sample("/a.jpg", rating=2.5, mood=fo.Regression(value=0.5)))
    for name in ("rating", "mood"):
        with pytest.raises(Refused, match="'value' can't have the value 'high': the field holds numbers"):
            resolve(dataset, label_field=name, classes=["high", "low"])
        assert resolve(dataset, label_field=name, classes=["1", "2.5"])[name]["attributes"]["value"]["type"] == "select"


@pytest.mark.parametrize(
    ("item", "values", "expected"),
    [
        ({"type": "int", "range": [0, 10]}, [11, 3], ("number", ())),
        ({"type": "int", "range": [0, 10]}, [7, 3], ("number", (0, 10, 1))),
        ({"type": "str", "component": "dropdown", "values": ["a", "b"]}, ["a", "c"], ("select", ("a", "b", "c"))),
        ({"type": "str", "component": "dropdown", "values": ["a", "b"]}, ["a", "c "], ("select", ("a", "b", "c "))),
        ({"type": "str", "component": "dropdown", "values": ["a", "b"]}, ["c", "c "], ("text", ())),
        ({"type": "str", "component": "radio", "values": ["a", "b"]}, ["a", 1], ("text", ())),
        ({"type": "bool", "component": "checkbox"}, [True, 1], ("text", ())),
        ({"type": "bool", "component": "checkbox"}, [True, None], ("select", (True, False))),
        ({"type": "float", "range": [0, 1]}, [0.5, None], ("text", ())),
        ({"type": "float", "range": [float("nan"), 1]}, [0.5, 0.25], ("text", ())),
    ],
    ids=repr,
)
def test_what_the_dataset_declares_is_widened_to_what_labels_have(
    item: dict[str, Any], values: list[Any], expected: tuple[str, tuple[Any, ...]]
) -> None:
    seen = SeenValues()
    for value in values:
        if value is not None:
            seen.add(value)
    schema = declared_attribute({"name": "x", **item}, "Detection")
    assert schema is not None
    wider = widened(schema, seen, None in values)
    assert (wider.type, wider.values) == expected
    assert all(wider.accepts(wider.text_of(value)) for value in values)


@pytest.mark.parametrize(
    ("confidences", "widget"),
    [([0.5, 1.0], "number"), ([97.5, 0.5], "number"), ([0.5, None], "text"), ([None], "text")],
)
def test_confidence_is_shown_whatever_it_is(dataset: fo.Dataset, confidences: list[Any], widget: str) -> None:
    labels = [fo.Detection(label="car", bounding_box=[0, 0, 1, 1], confidence=value) for value in confidences]
    dataset.add_sample(fo.Sample("/a.jpg", gt=fo.Detections(detections=labels)))
    request = parse(SendRequest, {"anno_key": "k", "label_field": "gt", "show_confidence": True})
    schema, _ = resolve_schema(dataset, request)
    shown = schema.fields["gt"].attributes["confidence"]
    assert (shown.type, shown.read_only) == (widget, True)
    assert all(shown.accepts(shown.text_of(value)) for value in confidences)
