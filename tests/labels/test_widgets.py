"""No text is sent that CVAT's editor would refuse: it then refuses every edit of the object, and shows it as done."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import AttributeSpec, Label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attribute_schema import AttributeSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried, Unreadable, kind_of
from fiftyone.plugins.orgs.roundtrip.cvat.labels.field_kinds import FIELD_KINDS, field_kind, schema_type
from fiftyone.plugins.orgs.roundtrip.cvat.labels.from_project import attribute_of
from fiftyone.plugins.orgs.roundtrip.cvat.labels.inference import SeenValues
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from fiftyone.plugins.orgs.roundtrip.cvat.labels.widgets import Widget, browser_number
from hypothesis import given
from hypothesis import strategies as st
from labels_server import bits, bound, edited, make_labels, schema_of, send
from labels_strategies import attribute_settings, texts, values
from pydantic import ValidationError

BOX = {"label": "car", "bounding_box": [0.25, 0.5, 0.5, 0.25]}
foreign = st.sampled_from([[1], {"a": 1}, datetime.datetime(2026, 1, 1), b"x"])


def kept_by_cvat(spec: AttributeSpec) -> AttributeSpec:
    """An attribute as CVAT keeps it: blanks are cut, line breaks make several values."""
    choices = tuple(part.strip() for part in "\n".join(value.strip() for value in spec.values).split("\n"))
    return spec.model_copy(update={"values": choices, "default_value": spec.default_value.strip()})


def editor_accepts(spec: AttributeSpec, text: str) -> bool:
    """The rules of CVAT's editor: a number is in its range, a choice one of its values, a checkbox true or false."""
    if spec.input_type == "number":
        low, high = (browser_number(bound) for bound in spec.values[:2])
        return low <= browser_number(text) <= high
    if spec.input_type == "checkbox":
        return text.lower() in ("true", "false")
    return spec.input_type == "text" or text in spec.values


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0), (" ", 0), ("0", 0), (" 5 ", 5), ("-2.50", -2.5), (".5", 0.5), ("5.", 5), ("1e3", 1000), ("0x10", 16),
        ("0b11", 3), ("Infinity", math.inf), ("-Infinity", -math.inf), ("1e400", math.inf), ("002100", 2100),
    ],
)  # fmt: skip
def test_what_a_browser_takes_for_a_number(text: str, number: float) -> None:
    assert browser_number(text) == number


@pytest.mark.parametrize(
    "text", ["a", "nan", "NaN", "inf", "1_000", "1 2", "--1", "+-5", "e5", ".", "0x", "0xg", "5,5"]
)
def test_and_what_not(text: str) -> None:
    assert math.isnan(browser_number(text))


@given(st.floats() | st.integers())
def test_it_reads_a_number_as_python_writes_it(value: float) -> None:
    if math.isfinite(value):
        assert browser_number(repr(value)) == float(value)


@given(attribute_settings(), st.lists(values | foreign, max_size=4))
def test_every_text_that_is_sent_is_accepted(settings: dict[str, Any], some: list[Any]) -> None:
    """Whatever attribute a person asks for, and whatever labels have; what is not accepted is left out by reason."""
    try:
        schema = schema_of(gt={"attributes": {"it": settings}})
    except ValidationError:
        return
    vocabulary = bound(schema)
    spec = kept_by_cvat(make_labels(schema)[0].attributes[0])
    assert editor_accepts(spec, spec.default_value)
    for value in [*some, None]:
        sent = send({**BOX, "it": value}, schema, vocabulary=vocabulary)
        for text in (sent.encoded.objects[0].attributes[0].value, sent.objects[0].attributes[0].value):
            assert editor_accepts(spec, text), (settings, value)
        missing = len(sent.encoded.left_out)
        assert missing in (0, 1)
        reading = sent.read(edited(sent.objects[0], points=(1, 1, 9, 9)))
        assert bits(reading.parts["it"]) == bits(sent.base.parts["it"])


@st.composite
def project_attributes(draw: st.DrawFn) -> AttributeSpec:
    """An attribute that a project has already, made by anyone."""
    type_ = draw(st.sampled_from(["text", "select", "radio", "checkbox", "number"]))
    some = st.sampled_from(["", "a", "b", "0", "10", "1", "true", "NaN", "Infinity", "-5", "3", "x"])
    return AttributeSpec(
        id=7,
        name="it",
        input_type=type_,
        default_value=draw(some),
        values=tuple(draw(st.lists(some, min_size=3 if type_ == "number" else 1, max_size=3))),
    )


@given(project_attributes(), attribute_settings(), values | foreign)
def test_nor_is_one_sent_that_the_widget_of_a_project_refuses(
    spec: AttributeSpec, settings: dict[str, Any], value: Any
) -> None:
    try:
        schema = schema_of(gt={"attributes": {"it": settings}})
    except ValidationError:
        return
    label = Label(id=5, name="car", attributes=(spec,))
    vocabulary = Vocabulary.bind(schema, [label], {("gt", "car"): "car"})
    again = Vocabulary.load(schema, vocabulary.dump())
    assert again.words == vocabulary.words
    sent = send({**BOX, "it": value}, schema, vocabulary=again)
    text = sent.encoded.objects[0].attributes[0].value
    nothing_fits = not any(editor_accepts(spec, tried) for tried in ("", "true", spec.default_value, *spec.values))
    assert editor_accepts(spec, text) or nothing_fits


@given(project_attributes())
def test_any_attribute_of_cvat_can_be_in_a_schema_that_is_stored(spec: AttributeSpec) -> None:
    """Also with NaN or infinity in its range."""
    attribute = attribute_of(spec)
    schema = schema_of(gt={"attributes": {"it": attribute}})
    assert bits(attribute.model_dump(mode="json"))
    again = schema_of(gt={"attributes": {"it": attribute.model_dump(mode="json")}})
    assert again == schema
    widget = attribute.widget
    assert widget.accepts(widget.default) and widget.accepts(widget.absent)


@pytest.mark.parametrize("bound", [math.nan, math.inf, -math.inf, "NaN", "Infinity", "inf", None, "", "x", True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_range_without_end_is_told_and_one_that_was_stored_can_be_read(bound: Any, place: int) -> None:
    values = [0, 10, 1]
    values[place] = bound
    with pytest.raises(ValidationError, match="minimum, maximum and step"):
        AttributeSchema(type="number", values=tuple(values))
    stored = AttributeSchema.model_validate(
        {"type": "number", "values": values, "kind": "int"}, context={"stored": True}
    )
    assert (stored.type, stored.kind) == ("text", "int")


@given(st.lists(values | foreign, min_size=1, max_size=40), st.booleans(), st.sampled_from([None, *FIELD_KINDS]))
def test_the_widget_that_is_inferred_accepts_every_value(some: list[Any], missing: bool, declared: str | None) -> None:
    seen = SeenValues()
    for value in some:
        if value is not None:
            seen.add(value)
    schema = seen.schema(missing or None in some, declared)
    for value in some:
        if value is None or kind_of(value):
            try:
                text = schema.text_of(value)
            except NotCarried as error:
                assert str(error).startswith("texts ")  # too long, or with a zero byte
                continue
            assert editor_accepts(
                kept_by_cvat(make_labels(schema_of(gt={"attributes": {"it": schema}}))[0].attributes[0]), text
            )
    if missing or None in some:
        zero = schema.text_of(0 if schema.kind in ("int", "float") else False) if schema.kind != "str" else "0"
        assert zero != schema.absent


@given(
    attribute_settings(),
    values,
    texts | st.sampled_from(["1", "0", "true", "a", "2.5"]),
    st.sampled_from([None, *FIELD_KINDS, "NewField"]),
)
def test_no_value_is_read_that_the_field_cannot_hold(
    settings: dict[str, Any], was: Any, text: str, declared: str | None
) -> None:
    try:
        schema = AttributeSchema.model_validate(settings)
    except ValidationError:
        return
    field = field_kind(declared)
    try:
        value = schema.value_of(text, was, declared)
    except Unreadable as error:
        assert str(error)
        return
    assert value is None or field is None or field.holds(kind_of(value))


READ = [
    ("IntField", "text", "old", None),
    ("IntField", "text", "7", 7),
    ("IntField", "text", "7.5", None),
    ("IntField", "number", "7", 7),
    ("FloatField", "text", "high", None),
    ("FloatField", "text", "zzz", None),
    ("FloatField", "number", "7", 7.0),
    ("BooleanField", "text", "true", True),
    ("BooleanField", "text", "yes", None),
    ("BooleanField", "number", "1", None),
    ("StringField", "number", "7", "7"),
    ("StringField", "checkbox", "true", "true"),
    ("DateField", "text", "2026-01-31", None),
    ("DateTimeField", "text", "old", None),
    ("ListField", "text", "[1]", None),
    ("VectorField", "text", "1", None),
    ("DictField", "text", "{}", None),
    ("ObjectIdField", "text", "5f", None),
    ("FieldOfTheFuture", "text", "1", None),
]


@pytest.mark.parametrize(("declared", "widget", "text", "value"), READ)
def test_the_declared_type_decides_what_is_read(declared: str, widget: Any, text: str, value: Any) -> None:
    schema = AttributeSchema(type=widget)
    if value is None:
        with pytest.raises(Unreadable):
            schema.value_of(text, None, declared)
    else:
        assert bits(schema.value_of(text, None, declared)) == bits(value)


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("int", "IntField"),
        ("list<str>", "ListField"),
        ("date", "DateField"),
        ("dict", "DictField"),
        ("?", None),
        (3, None),
    ],
)
def test_the_types_of_label_schemas(type_: Any, expected: str | None) -> None:
    assert schema_type(type_) == expected


def test_a_widget_is_described() -> None:
    assert Widget(input="number", values=("0", "10", "3")).describe() == "a number from 0 to 10"
    assert Widget(input="select", values=tuple("abcdef")).describe() == "a choice of 'a', 'b', 'c', 'd', 'e' and others"
