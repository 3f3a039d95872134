"""What a person should know before a send: units, and values that CVAT's widgets can't show."""

from __future__ import annotations

import math
from typing import Any

import fiftyone as fo
import pytest
from sync_loop import Loop


def turned(*rotations: Any, **attributes: Any) -> fo.Detections:
    return fo.Detections(
        detections=[
            fo.Detection(label="cat", bounding_box=[0.2, 0.2, 0.5, 0.4], rotation=rotation, **attributes)
            for rotation in rotations
        ]
    )


def test_the_unit_of_rotations_is_said_and_what_looks_like_the_other_one(loop: Loop) -> None:
    loop.fill(turned(0.5, 1.5))
    notes = loop.send(dry_run=True, rotation_unit="degrees")["notes"]
    assert notes[0] == "Rotations of 'gt' are taken as degrees."
    assert "set `rotation_unit` to 'radians'" in notes[1]
    assert loop.send(dry_run=True, rotation_unit="radians")["notes"] == ["Rotations of 'gt' are taken as radians."]


def test_radians_go_there_and_back(loop: Loop) -> None:
    loop.fill(turned(0.5, 1.5, 90))
    before = loop.documents()
    run = loop.send(rotation_unit="radians")
    assert [item["rotation"] for item in loop.cvat.objects()] == [math.degrees(0.5), math.degrees(1.5)]
    (left,) = run["left_out"]
    assert "beyond 2 pi radians" in left["what"] and left["count"] == 1
    loop.load()
    assert loop.documents() == before
    loop.cvat.edit(loop.cvat.shape(), rotation=180.0)
    loop.load()
    assert loop.since(before) == {"0/gt/detections/0/rotation": (0.5, math.pi)}


def test_by_default_the_version_of_fiftyone_decides(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    loop.fill(turned(0.5))
    monkeypatch.setattr(fo, "__version__", "1.23.0")
    assert "radians" in loop.send(dry_run=True)["notes"][0]
    monkeypatch.setattr(fo, "__version__", "1.22.1")
    assert "degrees" in loop.send(dry_run=True)["notes"][0]


def test_an_attribute_whose_widget_cannot_show_that_there_is_no_value_is_named(loop: Loop) -> None:
    loop.fill(turned(0, n=1, ok=True), turned(0))
    assert loop.send(dry_run=True)["notes"] == []  # by inference, it can
    asked = {"n": {"type": "number"}, "ok": {"type": "checkbox"}, "grade": {"type": "number", "values": [1, 5, 1]}}
    notes = loop.send(dry_run=True, attributes=asked)["notes"]
    assert [note.split(",")[0] for note in notes] == [
        "Labels of 'gt' without 'n' look in CVAT as if it were 0",
        "Labels of 'gt' without 'ok' look in CVAT as if it were false",
        "Labels of 'gt' without 'grade' look in CVAT as if it were 1",
    ]
