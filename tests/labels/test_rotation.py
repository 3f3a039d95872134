"""The rotation of boxes: in the unit of FiftyOne's version, or as said; only what was turned is converted."""

from __future__ import annotations

import math
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried
from fiftyone.plugins.orgs.roundtrip.cvat.labels.rotation import (
    RotationsSeen,
    default_unit,
    draws_rotation,
    from_degrees,
    to_degrees,
)
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape, Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from hypothesis import given
from hypothesis import strategies as st
from labels_server import bits, echo, edited, schema_of, send

SCHEMA = schema_of(gt={"rotation_unit": "radians"})
BOX = {"label": "car", "bounding_box": [0.25, 0.25, 0.5, 0.5]}
turns = st.floats(-2 * math.pi, 2 * math.pi) | st.sampled_from([0, 0.0, math.pi, 2 * math.pi, -math.pi, 1])


@pytest.mark.parametrize(
    ("version", "unit"),
    [
        ("1.22.0", "degrees"), ("1.22.1", "degrees"), ("1.22", "degrees"), ("1.23.0", "radians"),
        ("1.23.0.dev3", "radians"), ("2.0.0", "radians"), ("0.25.1", "degrees"),
        ("v1.30", "radians"), ("unknown", "degrees"), ("", "degrees"),
    ],
)  # fmt: skip
def test_the_unit_of_a_version(version: str, unit: str) -> None:
    assert default_unit(version) == unit
    assert draws_rotation(version) is (unit == "radians")


@given(turns)
def test_radians_are_degrees_that_cvat_accepts_and_nothing_changes_unedited(turn: float) -> None:
    sent = send({**BOX, "rotation": turn}, SCHEMA)
    (item,) = sent.objects
    assert 0 <= item.rotation < 360
    assert math.cos(math.radians(item.rotation)) == pytest.approx(math.cos(turn), abs=1e-9)
    assert math.sin(math.radians(item.rotation)) == pytest.approx(math.sin(turn), abs=1e-9)
    assert sent.changes(echo(item)) == {}
    moved = sent.changes(edited(item, points=(1.0, 2.0, 300.0, 400.0), rotation=(item.rotation + 5e-4) % 360))
    assert moved.keys() == {"bounding_box"}


@given(turns, st.floats(0, 359.99))
def test_only_what_was_turned_is_converted(turn: float, to: float) -> None:
    sent = send({**BOX, "rotation": turn}, SCHEMA)
    item = sent.objects[0]
    changes = sent.changes(edited(item, rotation=to))
    if to == item.rotation:
        assert changes == {}
    else:
        assert bits(changes) == bits({"rotation": math.radians(to)}) or changes == {}
        assert 0 <= changes.get("rotation", 0) < 2 * math.pi


@pytest.mark.parametrize("value", [90, -30, 6.3, 360, 359.9, 1e9])
def test_what_is_beyond_a_full_turn_is_left_out_with_a_hint(value: Any) -> None:
    with pytest.raises(NotCarried, match=r"beyond 2 pi radians.*set `rotation_unit` to 'degrees'"):
        send({**BOX, "rotation": value}, SCHEMA)
    assert send({**BOX, "rotation": value}, schema_of(gt={})).objects


def test_single_precision_is_no_reason() -> None:
    assert to_degrees(6.2831855, "radians") == pytest.approx(0, abs=1e-4)


@given(st.floats(0, 359.999), st.sampled_from(["degrees", "radians"]))
def test_there_and_back(degrees: float, unit: Any) -> None:
    assert to_degrees(from_degrees(degrees, unit), unit) == pytest.approx(degrees, abs=1e-9)


def test_a_drawn_box_is_in_the_unit_of_its_field() -> None:
    shape = CvatShape("rectangle", (1, 2, 3, 4), 90.0)
    for unit, value in (("degrees", 90.0), ("radians", math.pi / 2)):
        schema = schema_of(gt={"rotation_unit": unit}).fields["gt"]
        assert LABEL_TYPES["detections"].codec.decode_new([shape], Size(9, 9), schema)["rotation"] == value


def test_the_unit_is_kept_with_the_run() -> None:
    assert SCHEMA.as_annotate()["gt"]["rotation_unit"] == "radians"


@pytest.mark.parametrize(
    ("values", "unit", "caution", "note"),
    [
        ([0.5, 1.0], "degrees", True, True),
        ([0.5, 90], "degrees", False, True),
        ([0.5, -1], "degrees", False, True),
        ([0.5, 1.0], "radians", False, True),
        ([0, 0.0, None, "x", True, float("nan")], "degrees", False, False),
    ],
)
def test_rotations_that_look_like_the_other_unit_are_told(
    values: list[Any], unit: Any, caution: bool, note: bool
) -> None:
    seen = RotationsSeen()
    for value in values:
        seen.add(value)
    assert bool(seen.caution("gt", unit)) is caution
    assert bool(seen.note("gt", unit)) is note
