"""Label schemas: the forms that `annotate()` takes, and sentences for what is wrong with one."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attribute_schema import AttributeSchema, named_attributes
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import to_text
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import FieldSchema, LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import FIELD_TYPES, LABEL_TYPES
from hypothesis import given
from hypothesis import strategies as st
from labels_server import bits, schema_of
from pydantic import ValidationError


def field(**settings: Any) -> FieldSchema:
    return FieldSchema.model_validate({"type": "detections", "classes": ["car"], **settings})


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (["car", "bus"], ("car", "bus")),
        (("car", "bus"), ("car", "bus")),
        ("car", ("car",)),
        ([{"classes": ["car", "bus"], "attributes": {"a": {}}}, "man"], ("car", "bus", "man")),
        ([{"classes": "car"}], ("car",)),
        ([{"name": "car"}], ("car",)),
        ([], ()),
    ],
)
def test_forms_of_classes(classes: Any, names: tuple[str, ...]) -> None:
    assert field(classes=classes).class_names == names


@pytest.mark.parametrize(
    ("attributes", "names"),
    [
        (None, []),
        (True, []),
        (False, []),
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        ({"a": {}, "b": None}, ["a", "b"]),
    ],
)
def test_forms_of_attributes(attributes: Any, names: list[str]) -> None:
    assert list(field(attributes=attributes).attributes) == names
    assert list(named_attributes(attributes)) == names


def test_attributes_of_classes() -> None:
    schema = field(
        classes=[{"classes": ["car", "bus"], "attributes": ["doors"]}, "man"], attributes={"sure": {"type": "checkbox"}}
    )
    assert list(schema.attributes_of("car")) == ["sure", "doors"]
    assert list(schema.attributes_of("bus")) == ["sure", "doors"]
    assert list(schema.attributes_of("man")) == ["sure"]
    assert list(schema.attributes_of("not in the schema")) == ["sure"]
    assert list(schema.all_attributes) == ["sure", "doors"]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, "str"),
        ({"type": "checkbox"}, "bool"),
        ({"type": "number"}, "float"),
        ({"type": "number", "values": [0, 9, 1]}, "int"),
        ({"type": "number", "values": [0, 9, 0.5]}, "float"),
        ({"type": "number", "default": 3}, "int"),
        ({"type": "select", "values": [1, 2]}, "int"),
        ({"type": "select", "values": [1, 2.5]}, "float"),
        ({"type": "select", "values": ["1", "2"]}, "str"),
        ({"type": "select", "values": [1, "a"]}, "str"),
        ({"type": "radio", "values": [True, False]}, "bool"),
        ({"type": "select", "values": [None, 1]}, "int"),
        ({"type": "text", "default": 1.5}, "float"),
        ({"type": "number", "kind": "int"}, "int"),
    ],
)
def test_the_kind_of_an_attribute(settings: dict[str, Any], kind: str) -> None:
    assert AttributeSchema.model_validate(settings).kind == kind


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": ["car", "car"]}, "a class is listed twice: car"),
        ({"classes": [" "]}, "a class has no name"),
        ({"classes": 5}, "classes are given as a list of names"),
        ({"classes": [{"classes": 5}]}, "classes are given as a list of names"),
        ({"classes": ["car", 5]}, "5 is no class name"),
        ({"classes": ["car", None]}, "None is no class name"),
        ({"type": "boxes"}, "'boxes' is no label type; these are: classification, "),
        ({"attributes": 5}, "attributes are given as a list of names, or as a dict of name and settings"),
        ({"attributes": [{"name": "a"}]}, "attributes are given as a list of names, or as a dict"),
        ({"attributes": ["label"]}, "an attribute can't be named 'label'"),
        ({"attributes": ["bounding_box"]}, "an attribute can't be named 'bounding_box'"),
        ({"attributes": ["rotation"]}, "an attribute can't be named 'rotation'"),
        ({"attributes": ["_cls"]}, "an attribute can't be named '_cls'"),
        ({"attributes": ["$set"]}, "an attribute can't be named '$set'"),
        ({"attributes": ["a.b"]}, "an attribute can't be named 'a.b'"),
        ({"attributes": [""]}, "an attribute can't be named ''"),
        ({"attributes": [" "]}, "an attribute can't be named ' '"),
        ({"attributes": ["x" * 65]}, f"an attribute can't be named '{'x' * 40}...': it has more than 64 characters"),
        ({"attributes": ["a", "a "]}, "attributes differ only in spaces around their names: a"),
        (
            {"classes": [{"classes": ["car"], "attributes": ["label"]}]},
            "an attribute can't be named 'label'",
        ),
        ({"attributes": {"a": {"type": "select"}}}, "an attribute of type 'select' needs a list of values"),
        ({"attributes": {"a": {"type": "radio", "values": ["b\nc"]}}}, "a value of a choice can't have a line break"),
        (
            {"attributes": {"a": {"type": "select", "values": ["x" * 201]}}},
            "a value of a choice can't have more than 200 characters",
        ),
        (
            {"attributes": {"a": {"type": "select", "values": ["x" * 190 + str(n) for n in range(30)]}}},
            "the values of a choice can't have more than 4096 characters in all",
        ),
        (
            {"attributes": {"a": {"type": "select", "values": ["b"], "default": "c"}}},
            "the default 'c' is not among the values",
        ),
        ({"attributes": {"a": {"default": "x" * 129}}}, "a default can't have more than 128 characters"),
        ({"attributes": {"a": {"type": "checkbox", "default": 5}}}, "the default 5 is no value of a checkbox"),
        ({"attributes": {"a": {"type": "number", "default": "b"}}}, "the default 'b' is no value of a number"),
        (
            {"attributes": {"a": {"type": "number", "values": [1, 2]}}},
            "the values of a number are its minimum, maximum and step",
        ),
        (
            {"attributes": {"a": {"type": "number", "values": [1, 2, "b"]}}},
            "the values of a number are its minimum, maximum and step",
        ),
    ],
    ids=repr,
)
def test_what_is_wrong_is_said_in_a_sentence(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        field(**settings)
    (error,) = caught.value.errors()
    assert error["type"] == "value_error"
    assert error["msg"].removeprefix("Value error, ").startswith(message)


@given(
    st.dictionaries(
        st.sampled_from(["type", "classes", "attributes", "drawn_as", "allow_additions"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["classes", "attributes", "type", "values", "a"]), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    )
)
def test_whatever_is_given_is_a_schema_or_told_to_be_wrong(settings: dict[str, Any]) -> None:
    try:
        schema = field(**settings)
    except ValidationError:
        return
    assert schema.type in LABEL_TYPES
    assert all(isinstance(name, str) for name in schema.class_names)


@pytest.mark.parametrize(
    ("settings", "accepted", "refused"),
    [
        ({"type": "text"}, ["", "anything"], []),
        ({"type": "checkbox"}, ["true", "False"], ["", "yes"]),
        ({"type": "select", "values": ["a", 1]}, ["", "a", "1"], ["b", "A"]),
        ({"type": "number"}, ["", "0", "1e3", "-5.5", "1e10", "2147483648"], ["a", "1e17", "nan", "inf", "1_0"]),
        ({"type": "number", "values": [1, 5, 1]}, ["1", "5.0"], ["", "0", "6"]),
    ],
)
def test_what_a_widget_accepts(settings: dict[str, Any], accepted: list[str], refused: list[str]) -> None:
    schema = AttributeSchema.model_validate(settings)
    assert all(map(schema.accepts, accepted))
    assert not any(map(schema.accepts, refused))
    assert schema.accepts(schema.absent)


def test_a_schema_comes_back_from_the_record_of_its_run() -> None:
    schema = schema_of(
        gt={
            "classes": ["car", {"classes": ["bus"], "attributes": {"seats": {"type": "number", "values": [0, 99, 1]}}}],
            "attributes": {
                "plate": {"default": "002100", "read_only": True},
                "speed": {"type": "number", "values": [0.0, 9.5, 0.5], "mutable": False},
                "side": {"type": "radio", "values": ["a", 1, 1.0, True, None]},
            },
            "allow_deletions": False,
        },
        roads={"type": "polylines", "classes": ["road"], "drawn_as": "any", "existing_field": False},
    )
    again = LabelSchema(fields=schema.as_annotate())
    assert again == schema
    assert list(map(type, again.fields["gt"].attributes["side"].values)) == [str, int, float, bool, type(None)]
    assert schema.as_annotate()["gt"]["classes"][0] == "car"


@given(
    st.lists(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), max_size=20),
        min_size=1,
        max_size=5,
    )
)
def test_every_value_of_a_choice_can_be_chosen(values: list[Any]) -> None:
    try:
        schema = AttributeSchema(type="select", values=tuple(values))
    except ValidationError as error:
        assert "look the same in CVAT" in str(error) or "line break" in str(error)
        texts = [to_text(value).strip() for value in values]
        assert len(set(texts)) < len(values) or any("\r" in text for text in texts)
        return
    for value in values:
        assert schema.accepts(schema.text_of(value))
        assert AttributeSchema(type="select", values=tuple(values), default=value).default == value
        assert bits(schema.value_of(schema.text_of(value))) == bits(None if value == "" else value)


def test_every_label_type_has_a_field_to_be_in() -> None:
    assert {name for names in FIELD_TYPES.values() for name in names} == set(LABEL_TYPES)
    for item in LABEL_TYPES.values():
        assert item.many == (item.field != item.codec.document)
        assert item.drawn_as in item.codec.shape_types
