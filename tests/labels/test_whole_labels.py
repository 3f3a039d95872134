"""A whole label there and back: only what a person decided in CVAT changes, and nothing else."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Shape, Tag
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel, apply_changes, local_parts
from fiftyone.plugins.orgs.roundtrip.cvat.labels.objects import key_of, same_content
from fiftyone.plugins.orgs.roundtrip.cvat.labels.read import read_new
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES, NEW_FIELD_FOR
from hypothesis import given
from hypothesis import strategies as st
from labels_server import Sent, bits, bound, echo, edited, schema_of, send
from labels_strategies import boxes, rotations, sizes, texts, values

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


class TestUnedited:
    @given(boxes, rotations, sizes, st.fixed_dictionaries(dict.fromkeys(ATTRIBUTES, values)))
    def test_every_bit_is_kept(self, box: Any, rotation: Any, size: Any, attributes: dict[str, Any]) -> None:
        document = car(bounding_box=box, rotation=rotation, **attributes)
        sent = send(document, SCHEMA, size)
        assert bits(sent.base.parts) == bits({"label": "car", "bounding_box": box, "rotation": rotation, **attributes})
        now = echo(sent.objects[0])
        assert same_content(sent.objects[0], now, sent.vocabulary, "gt")
        reading = sent.read(now)
        assert bits(reading.parts) == bits(sent.base.parts)
        assert not reading.refused

    @pytest.mark.parametrize("foreign", [*FOREIGN, "x" * 4097, "zero\0byte"])
    def test_what_cvat_cannot_hold_stays_and_is_told(self, foreign: Any) -> None:
        sent = send(car(plate=foreign), SCHEMA)
        assert len(sent.encoded.left_out) == 1
        assert sent.encoded.left_out[0].endswith(" in attribute 'plate'")
        assert sent.changes(echo(sent.objects[0])) == {}
        assert sent.changes(edited(sent.objects[0], points=(1, 1, 9, 9))).keys() == {"bounding_box"}

    @pytest.mark.parametrize("foreign", [*FOREIGN, "x" * 4097], ids=lambda value: type(value).__name__)
    @pytest.mark.parametrize("attribute", ["plate", "doors", "parked", "color"])
    def test_a_value_that_cvat_cannot_show_is_not_replaced_by_what_was_typed_in_its_place(
        self, attribute: str, foreign: Any
    ) -> None:
        sent = send(car(**{attribute: foreign}), SCHEMA)
        typed = {"plate": "short", "doors": "5", "parked": "true", "color": "blue"}[attribute]
        reading = sent.read(edited(sent.objects[0], {sent.spec(attribute): typed}, points=(1, 1, 9, 9)))
        assert {name for name, part in reading.parts.items() if part != sent.base.parts[name]} == {"bounding_box"}
        assert reading.refused == {f"edits of '{attribute}' where CVAT could not show the value": 1}

    @pytest.mark.parametrize("foreign", [*FOREIGN, "a text over 16 characters"], ids=repr)
    def test_nor_by_what_cvat_knows_of_the_object(self, foreign: Any) -> None:
        sent = send(car(by=foreign), schema_of(gt={"facts": {"source": "by"}}))
        reading = sent.read(edited(sent.objects[0], source="manual"))
        assert bits(reading.parts) == bits(sent.base.parts)
        assert reading.refused == {"edits of 'by' where CVAT could not show the value": 1}

    def test_what_cvat_knows_of_the_object_replaces_what_it_could_show(self) -> None:
        for was in (None, "me"):
            sent = send(car(by=was), schema_of(gt={"facts": {"source": "by"}}))
            assert sent.changes(edited(sent.objects[0], source="manual")) == {"by": "manual"}

    @pytest.mark.parametrize("foreign", FOREIGN, ids=repr)
    def test_a_label_that_is_made_again_does_not_get_a_stand_in_for_its_value(self, foreign: Any) -> None:
        sent = send(car(plate=foreign), SCHEMA)
        values, agreed = apply_changes(LABEL_TYPES["detections"].codec.blank(), SCHEMA.fields["gt"], sent.base.parts)
        assert values["plate"] is None
        assert agreed["plate"] is None
        assert values["bounding_box"] == BOX

    def test_another_value_in_its_place_is_a_difference(self) -> None:
        field = SCHEMA.fields["gt"]
        first, second = (local_parts(car(plate=value), field) for value in (["a"], ["b"]))
        assert first != second
        assert first == local_parts(car(plate=["a"]), field)

    @pytest.mark.parametrize(
        "aside",
        [{"source": "manual"}, {"z_order": 3}, {"occluded": True}, {"group": 0}, {"outside": True}, {"score": 0.5}],
        ids=repr,
    )
    def test_what_fiftyone_does_not_take_is_no_difference(self, aside: dict[str, Any]) -> None:
        sent = send(car(), SCHEMA)
        item = sent.objects[0]
        assert same_content(item, edited(item, **aside), sent.vocabulary, "gt")

    def test_what_it_takes_is(self) -> None:
        sent = send(car(), SCHEMA)
        item = sent.objects[0]
        for change in (
            {"points": (1.0, 2.0, 3.0, 4.0)},
            {"rotation": 1.0},
            {"label_id": 1},
            {"frame": 1},
            {"type": "ellipse"},
            {"attributes": item.attributes[1:]},
        ):
            assert not same_content(item, item.model_copy(update=change), sent.vocabulary, "gt")

    def test_no_value_is_shown_as_something_that_the_editor_accepts(self) -> None:
        """It refuses every attribute edit of an object that has a text its widget does not take."""
        schema = schema_of(gt={"attributes": {**ATTRIBUTES, "grade": {"type": "number", "values": [1, 5, 1]}}})
        sent = send(car(), schema)
        shown = {value.spec_id: value.value for value in sent.objects[0].attributes}
        named = {name: shown[sent.spec(name)] for name in [*ATTRIBUTES, "grade"]}
        assert named == {
            "plate": "", "speed": "", "doors": "", "parked": "false", "color": "", "checked": "", "grade": "1",
        }  # fmt: skip
        for name, text in named.items():
            assert schema.fields["gt"].attributes[name].accepts(text)


class TestAttributes:
    @pytest.mark.parametrize(
        ("attribute", "text", "value"),
        [
            ("plate", "002101", "002101"),
            ("plate", "1e5", "1e5"),
            ("plate", "", None),
            ("speed", "2", 2.0),
            ("speed", "", None),
            ("doors", "5", 5),
            ("doors", "5.0", 5),
            ("parked", "false", False),
            ("color", "red", "red"),
        ],
    )
    def test_an_edit_keeps_the_kind(self, attribute: str, text: str, value: Any) -> None:
        sent = send(car(**FILLED), SCHEMA)
        assert bits(sent.write(text, attribute)) == bits({attribute: value})

    @pytest.mark.parametrize(
        ("attribute", "text", "value"),
        [
            ("plate", "7", "7"),
            ("speed", "7", 7.0),
            ("doors", "7", 7),
            ("parked", "true", True),
            ("color", "red", "red"),
        ],
    )
    def test_a_first_value_has_the_kind_of_its_attribute(self, attribute: str, text: str, value: Any) -> None:
        sent = send(car(), SCHEMA)
        assert bits(sent.write(text, attribute)) == bits({attribute: value})

    def test_a_value_may_become_what_its_attribute_holds_besides(self) -> None:
        """Where a field has 3 and 2.5, a 3 can become 3.5; and it stays a whole number while it can."""
        sent = send(car(speed=3), SCHEMA)
        assert bits(sent.write("4", "speed")) == bits({"speed": 4})
        assert bits(sent.write("3.5", "speed")) == bits({"speed": 3.5})
        assert bits(send(car(plate=True), SCHEMA).write("maybe", "plate")) == bits({"plate": "maybe"})

    @pytest.mark.parametrize(
        ("attribute", "text", "why"),
        [
            ("doors", "many", "values of 'doors' that could not be read ('many' is not a whole number)"),
            ("doors", "1" * 30, f"values of 'doors' that could not be read ('{'1' * 30}' is not a whole number)"),
            ("speed", "fast", "values of 'speed' that could not be read ('fast' is not a number)"),
            ("parked", "maybe", "values of 'parked' that could not be read ('maybe' is not true or false)"),
            ("checked", "no", "edits of the read-only attribute 'checked'"),
        ],
    )
    def test_what_is_refused_is_counted(self, attribute: str, text: str, why: str) -> None:
        sent = send(car(**FILLED), SCHEMA)
        reading = sent.read(edited(sent.objects[0], {sent.spec(attribute): text}))
        assert bits(reading.parts) == bits(sent.base.parts)
        assert reading.refused == {why: 1}

    @given(st.fixed_dictionaries(dict.fromkeys(ATTRIBUTES, values)), st.sampled_from([*ATTRIBUTES]), texts)
    def test_only_the_attribute_that_was_edited_differs(self, attributes: dict[str, Any], name: str, text: str) -> None:
        sent = send(car(**attributes), SCHEMA)
        reading = sent.read(edited(sent.objects[0], {sent.spec(name): text}))
        changed = {path for path, value in reading.parts.items() if bits(value) != bits(sent.base.parts[path])}
        assert changed <= {name}
        assert sum(reading.refused.values()) <= 1

    def test_an_attribute_that_was_added_in_cvat_later_is_no_edit(self) -> None:
        """Reads give it on every object, with its default."""
        sent = send(car(**FILLED), SCHEMA)
        assert sent.changes(edited(sent.objects[0], {999: "new"})) == {}

    def test_an_attribute_that_was_removed_in_cvat_is_no_edit(self) -> None:
        sent = send(car(**FILLED), SCHEMA)
        bare = sent.objects[0].model_copy(update={"attributes": ()})
        assert sent.changes(bare) == {}


class TestClassChange:
    def test_in_the_editor_texts_are_carried_over(self) -> None:
        sent = send(car(**FILLED), SCHEMA)
        assert sent.changes(as_truck(sent)) == {"label": "truck"}

    def test_an_edit_beside_it_counts(self) -> None:
        sent = send(car(**FILLED), SCHEMA)
        assert bits(sent.changes(as_truck(sent, plate="8", parked="false"))) == bits(
            {"label": "truck", "plate": "8", "parked": False}
        )

    def test_over_the_api_attributes_that_were_dropped_are_no_decision(self) -> None:
        """CVAT then gives them their defaults; the label keeps its own, and the report says so."""
        sent = send(car(**FILLED), SCHEMA)
        reading = sent.read(as_truck(sent, **defaults(sent, "truck")))
        assert bits(reading.parts) == bits({**sent.base.parts, "label": "truck"})
        assert reading.refused == {
            f"attribute '{name}' at its default after a change of class": 1 for name in ATTRIBUTES
        }

    def test_a_label_without_values_gets_none(self) -> None:
        sent = send(car(), SCHEMA)
        reading = sent.read(as_truck(sent, **defaults(sent, "truck")))
        assert bits(reading.parts) == bits({**sent.base.parts, "label": "truck"})
        assert not reading.refused

    def test_a_text_that_does_not_fit_the_new_class_is_not_lost(self) -> None:
        """CVAT's editor then takes the default, though nobody chose it."""
        make = {"type": "select", "values": ["man", "volvo"], "default": "man"}
        schema = schema_of(
            gt={
                "classes": [
                    {"classes": ["car"], "attributes": {"make": {**make, "values": ["man", "audi"]}}},
                    {"classes": ["truck"], "attributes": {"make": make, "axles": {"type": "number", "default": 2}}},
                ],
                "attributes": {"plate": {}},
            }
        )
        sent = send(car(make="audi", plate="1"), schema)
        now = sent.objects[0].model_copy(
            update={
                "label_id": sent.label_id("truck"),
                "attributes": edited(
                    Tag(frame=0, label_id=1),
                    {
                        sent.spec("make", "truck"): "man",
                        sent.spec("plate", "truck"): "1",
                        sent.spec("axles", "truck"): "2",
                    },
                ).attributes,
            }
        )
        assert sent.changes(now) == {"label": "truck"}
        assert sent.changes(edited(now, {sent.spec("make", "truck"): "volvo"})) == {"label": "truck", "make": "volvo"}
        axles = edited(now, {sent.spec("axles", "truck"): "3"})
        assert bits(sent.changes(axles)) == bits({"label": "truck", "axles": 3})

    def test_attributes_of_a_class_that_lacks_them_stay(self) -> None:
        schema = schema_of(gt={"classes": ["car", {"classes": ["truck"], "attributes": {"axles": {}}}]})
        sent = send(car(label="truck", axles="3"), schema)
        plain = sent.objects[0].model_copy(update={"label_id": sent.label_id("car"), "attributes": ()})
        assert sent.changes(plain) == {"label": "car"}


class TestLocal:
    def test_attributes_are_seen_whatever_the_class_is_now(self) -> None:
        """Else a class that was changed, or renamed, would look like lost attributes."""
        schema = schema_of(gt={"classes": [{"classes": ["car"], "attributes": {"doors": {}}}]})
        sent = send(car(doors="4"), schema)
        now = local_parts({**sent.document, "label": "auto"}, schema.fields["gt"])
        assert bits(now) == bits({**sent.base.parts, "label": "auto"})
        assert now["doors"] == "4"

    @pytest.mark.parametrize(
        "strange", [ObjectId("65" * 12), datetime.datetime(2026, 1, 1), [ObjectId("65" * 12)], {"a": 1}, b"x"]
    )
    def test_whatever_a_document_became_it_can_be_compared(self, strange: Any) -> None:
        document = car(label=strange, bounding_box=strange, rotation=strange, plate=strange)
        json.dumps(local_parts(document, SCHEMA.fields["gt"]))


class TestNotCarried:
    @pytest.mark.parametrize(
        ("label", "why"),
        [
            (None, "labels without a class"),
            ("", "labels without a class"),
            ("  ", "labels without a class"),
            (5, "labels without a class"),
            (["car"], "labels without a class"),
            ("bus", "labels of class 'bus', which is not in the schema"),
        ],
    )
    def test_class(self, label: Any, why: str) -> None:
        with pytest.raises(NotCarried) as caught:
            send(car() | {"label": label}, SCHEMA, vocabulary=bound(SCHEMA))
        assert str(caught.value) == why


class TestNew:
    @pytest.mark.parametrize(
        ("field_type", "shape", "points", "theirs"),
        [
            ("detections", "rectangle", (160, 240, 480, 360), fo.Detection(bounding_box=BOX)),
            (
                "polylines",
                "polygon",
                (64, 48, 320, 48, 320, 240),
                fo.Polyline(points=[[[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]], closed=True, filled=True),
            ),
            (
                "polygons",
                "polyline",
                (64, 48, 320, 48),
                fo.Polyline(points=[[[0.1, 0.1], [0.5, 0.1]]], closed=False, filled=False),
            ),
            ("classifications", "tag", (), fo.Classification()),
        ],
    )
    def test_a_document_as_fiftyone_would_store_it(
        self, field_type: str, shape: str, points: tuple[float, ...], theirs: fo.Label
    ) -> None:
        schema = schema_of(gt={"type": field_type, "attributes": ATTRIBUTES})
        vocabulary = bound(schema)
        word = vocabulary.word("gt", "car")
        assert word is not None
        texts = {"plate": "002100", "speed": "3", "doors": "", "parked": "true", "color": "red", "checked": "ok"}
        drawn_as = {"id": 1, "frame": 0, "label_id": word.label_id}
        values = [{"spec_id": word.specs[name][0], "value": text} for name, text in texts.items()]
        item = (
            Tag.model_validate({**drawn_as, "attributes": values})
            if shape == "tag"
            else Shape.model_validate({**drawn_as, "type": shape, "points": points, "attributes": values})
        )
        drawn = read_new([item], None, vocabulary, Size(640, 480))
        assert drawn.field == "gt"
        assert not drawn.refused
        for name, value in {"plate": "002100", "speed": 3.0, "parked": True, "color": "red", "checked": "ok"}.items():
            theirs[name] = value
        theirs["label"] = "car"
        stored = theirs.to_dict()
        del stored["_id"]
        assert bits({**LABEL_TYPES[field_type].codec.blank(), **drawn.parts}) == bits(stored)

    def test_unreadable_texts_are_left_out_and_counted(self) -> None:
        sent = send(car(), SCHEMA)
        drawn = read_new(
            [edited(sent.objects[0], {sent.spec("doors"): "many", sent.spec("plate"): "1"})],
            None,
            sent.vocabulary,
            sent.size,
        )
        assert "doors" not in drawn.parts
        assert drawn.parts["plate"] == "1"
        assert drawn.refused == {"values of 'doors' that could not be read ('many' is not a whole number)": 1}

    @pytest.mark.parametrize("shape", ["polygon", "polyline", "tag"])
    def test_a_figure_that_no_field_can_hold_can_be_read_as_another_type(self, shape: str) -> None:
        vocabulary = bound(SCHEMA)
        word = vocabulary.word("gt", "car")
        assert word is not None
        if shape == "tag":
            item: Any = Tag(id=1, frame=0, label_id=word.label_id)
        else:
            item = Shape(id=1, frame=0, label_id=word.label_id, type=shape, points=(1, 2, 3, 4, 5, 6))
        assert read_new([item], None, vocabulary, Size(640, 480)).field is None
        drawn = read_new([item], NEW_FIELD_FOR[shape], vocabulary, Size(640, 480))
        assert drawn.field is None
        assert drawn.parts["label"] == "car"
        assert ("points" in drawn.parts) == (shape != "tag")

    def test_what_was_drawn_and_loaded_is_then_unedited(self) -> None:
        """The parts of a new label are its base; a later edit changes only its part."""
        vocabulary = bound(SCHEMA)
        sent = send(car(**FILLED), SCHEMA, vocabulary=vocabulary)
        drawn = read_new(sent.objects, None, vocabulary, sent.size)
        base = BaseLabel(field="gt", sample_id="", frame=0, label_id="", parts=drawn.parts, objects=sent.objects)
        later = Sent(car(), vocabulary, sent.size, sent.encoded, base, sent.objects)
        assert later.changes(echo(sent.objects[0])) == {}
        assert bits(later.write("2", "doors")) == bits({"doors": 2})


def test_identity_is_kind_and_id() -> None:
    shape, tag = Shape(id=5, type="rectangle", frame=0, label_id=1), Tag(id=5, frame=0, label_id=1)
    assert key_of(shape) != key_of(tag)
    with pytest.raises(ValueError, match="no identity"):
        key_of(Tag(frame=0, label_id=1))


@given(boxes, st.fixed_dictionaries(dict.fromkeys(ATTRIBUTES, values)))
def test_the_base_survives_where_it_is_kept(box: Any, attributes: dict[str, Any]) -> None:
    sent = send(car(bounding_box=box, **attributes), SCHEMA)
    again = BaseLabel.model_validate_json(sent.base.model_dump_json(exclude_defaults=True))
    assert again.objects == sent.objects
    assert bits(again.parts) == bits(sent.encoded.parts)
