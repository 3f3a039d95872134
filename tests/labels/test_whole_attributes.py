"""Attributes and classes that were edited in CVAT: what arrives, and what is kept of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Tag
from hypothesis import given
from hypothesis import strategies as st
from labels_car import ATTRIBUTES, FILLED, SCHEMA, as_truck, car, defaults
from labels_server import bits, edited, schema_of, send
from labels_strategies import texts, values


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
