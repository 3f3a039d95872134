"""A whole label there and back: only what a person decided in CVAT changes, and nothing else."""

from __future__ import annotations

import datetime
import json
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
from labels_car import ATTRIBUTES, BOX, FILLED, FOREIGN, SCHEMA, car
from labels_server import Sent, bits, bound, echo, edited, schema_of, send
from labels_strategies import boxes, rotations, sizes, values


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
