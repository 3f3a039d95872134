"""What a real CVAT and its editor sent, read as edits: exactly what the person did comes out.

`recorded.json` is distilled from recordings of CVAT 2.54.1: objects as they were, and as each save left them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Label, Shape
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.objects import same_content
from fiftyone.plugins.orgs.roundtrip.cvat.labels.read import read_label, read_new
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from labels_server import bits

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
UI, MORE_UI = "18_ui_edits", "18b_ui_edits_and_conflicts"
WIDGETS: dict[str, Any] = {
    "make": {"type": "text", "default": "unknown"},
    "color": {"type": "select", "values": ["red", "green", "blue"], "default": "red"},
    "side": {"type": "radio", "values": ["left", "right"], "default": "left"},
    "parked": {"type": "checkbox", "default": False},
    "speed": {"type": "number", "values": [0, 200, 5], "default": 5},
}


class Job:
    """A recorded job, as a run whose labels are the objects it began with.

    Args:
        scenario: the name of the recording
        areas: whether the field holds polygons, else boxes
    """

    def __init__(self, scenario: str, areas: bool = False) -> None:
        self.facts = RECORDED[scenario]
        self.size = Size(*self.facts["size"])
        labels = [Label.model_validate(label) for label in self.facts["labels"]]
        car = next(label for label in labels if label.name == "car")
        attributes = {spec.name: WIDGETS[spec.name] for spec in car.attributes}
        field = {
            "type": "polylines" if areas else "detections",
            "classes": ["plain", {"classes": ["car"], "attributes": attributes}],
        }
        self.vocabulary = Vocabulary.bind(LabelSchema.model_validate({"fields": {"gt": field}}), labels)

    def changes(self, then: Shape, now: Shape, **attributes: Any) -> dict[str, Any]:
        """What of a label that was sent as one object differs when it is another."""
        base = BaseLabel(
            field="gt", sample_id="", frame=0, label_id="", parts=self.parts(then, attributes), objects=(then,)
        )
        reading = read_label(base, [(then, now)], self.vocabulary, self.size)
        assert not reading.refused
        return {path: value for path, value in reading.parts.items() if bits(value) != bits(base.parts.get(path))}

    def same(self, then: Shape, now: Shape) -> bool:
        return same_content(then, now, self.vocabulary, "gt")

    def parts(self, then: Shape, attributes: dict[str, Any]) -> dict[str, Any]:
        """What FiftyOne had; its numbers come from the first pixels only here, so that they have bits of their own."""
        width, height = self.size.width, self.size.height
        label = {"label": self.vocabulary.name_then(then.label_id), **attributes}
        if then.type == "polygon":
            line = [[x / width, y / height] for x, y in zip(then.points[::2], then.points[1::2], strict=True)]
            return {**label, "points": [line], "closed": True, "filled": True}
        x1, y1, x2, y2 = then.points
        box = [x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height]
        return {**label, "bounding_box": box, "rotation": then.rotation or None}


def shape(facts: dict[str, Any]) -> Shape:
    return Shape.model_validate(facts)


def began(scenario: str, number: int) -> Shape:
    """One of the objects a recorded job began with: rectangles 1 and 2, a polygon, and a rotated rectangle."""
    return shape(RECORDED[scenario]["then"][number - 1])


def saved(scenario: str, what: str, action: str = "update") -> Shape:
    """An object as a save of the editor left it."""
    return next(
        shape(save["shape"])
        for save in RECORDED[scenario]["saves"]
        if save["what"].startswith(what) and save["action"] == action
    )


SENT = {"make": "vw", "parked": True, "speed": 10}
"""The attributes of rectangle 2."""


class TestEditor:
    def test_moved(self) -> None:
        """Its width and height keep every bit, though the editor sent slightly others."""
        then = began(UI, 1)
        job = Job(UI)
        box = job.parts(then, {})["bounding_box"]
        now = saved(UI, "move rectangle 1")
        assert now.points[2] - now.points[0] != then.points[2] - then.points[0]
        moved = [122.9140625 / 640, 94.4169921875 / 480, box[2], box[3]]
        assert bits(job.changes(then, now)) == bits({"bounding_box": moved})

    def test_resized_by_a_corner(self) -> None:
        """The opposite corner keeps every bit, though the editor moved it by 4e-4 px."""
        then = began(UI, 2)
        job = Job(UI)
        box = job.parts(then, SENT)["bounding_box"]
        now = saved(UI, "resize rectangle 2")
        assert now.points[:2] != then.points[:2]
        resized = [box[0], box[1], (443.2000000000007 - 330.1) / 640, (200.90000000000146 - 90.2) / 480]
        assert bits(job.changes(then, now, **SENT)) == bits({"bounding_box": resized})

    def test_a_rotated_one_that_was_moved(self) -> None:
        then = began(UI, 4)
        job = Job(UI)
        box = job.parts(then, {})["bounding_box"]
        now = saved(UI, "rotate-free move")
        moved = [336.7763671875 / 640, 291.9921875 / 480, box[2], box[3]]
        assert bits(job.changes(then, now)) == bits({"bounding_box": moved})

    @pytest.mark.parametrize(
        ("what", "number"), [("undo the deletion after the save", 3), ("delete and undo without a save", 4)]
    )
    def test_deleted_and_brought_back_is_unedited_under_another_id(self, what: str, number: int) -> None:
        then, now = began(UI, number), saved(UI, what, "create")
        job = Job(UI, areas=then.type == "polygon")
        assert then.id != now.id
        assert job.same(then, now)
        assert job.changes(then, now) == {}

    def test_a_checkbox(self) -> None:
        then, now = began(MORE_UI, 2), saved(MORE_UI, "change a checkbox attribute")
        assert bits(Job(MORE_UI).changes(then, now, **SENT)) == bits({"parked": False})

    def test_another_class_brings_no_values_that_nobody_chose(self) -> None:
        then, now = began(MORE_UI, 4), saved(MORE_UI, "change the label")
        assert Job(MORE_UI).changes(then, now) == {"label": "car"}

    def test_drawn(self) -> None:
        job = Job(MORE_UI)
        drawn = read_new([saved(MORE_UI, "draw a new", "create")], None, job.vocabulary, job.size)
        x1, y1, x2, y2 = 472.44449879908643, 278.16538711907197, 540.2019568992819, 339.7630763010675
        box = [x1 / 640, y1 / 480, (x2 - x1) / 640, (y2 - y1) / 480]
        theirs = fo.Detection(label="car", bounding_box=box, make="unknown", parked=False, speed=5)
        assert drawn.field == "gt"
        assert bits(drawn.parts) == bits({path: theirs[path] for path in drawn.parts})
        assert set(drawn.parts) == {"label", "bounding_box", "make", "parked", "speed"}

    @pytest.mark.parametrize(
        ("what", "number", "attributes", "paths"),
        [
            ("conflict A", 1, {}, {"bounding_box"}),
            ("conflict B", 2, SENT, {"bounding_box", "parked"}),
            ("conflict C", 4, {}, {"bounding_box", "label"}),
        ],
    )
    def test_saved_over_what_the_api_did(
        self, what: str, number: int, attributes: dict[str, Any], paths: set[str]
    ) -> None:
        changes = Job(MORE_UI).changes(began(MORE_UI, number), saved(MORE_UI, what), **attributes)
        assert set(changes) == paths

    @pytest.mark.parametrize("scenario", [UI, MORE_UI])
    def test_what_nobody_edited(self, scenario: str) -> None:
        for number in range(1, 5):
            then, now = began(scenario, number), began(scenario, number)
            job = Job(scenario, areas=then.type == "polygon")
            assert job.same(then, now)
            assert job.changes(then, now) == {}


class TestApi:
    @pytest.mark.parametrize(
        "pair", RECORDED["11_annotations_shapes"]["numbers"], ids=lambda pair: pair["answer"]["points"]
    )
    def test_numbers_are_the_same_when_read_back(self, pair: dict[str, Any]) -> None:
        """Answers and reads write them differently: 5 and 5.0, and attributes that come and go."""
        then, now = shape(pair["answer"]), shape(pair["read"])
        job = Job("11_annotations_shapes")
        assert job.same(then, now)
        assert job.changes(then, now) == {}

    @pytest.mark.parametrize(
        ("attribute", "text", "value"),
        [
            ("make", "vw", "vw"),
            ("make", "None", "None"),
            ("make", 'ünï ☃ "q" <b>\n2', 'ünï ☃ "q" <b>\n2'),
            ("color", "purple", "purple"),  # not among its values: CVAT does not check
            ("parked", "True", True),
            ("speed", "10", 10),
            ("speed", "999", 999),
        ],
    )
    def test_attributes_as_they_are_read_back(self, attribute: str, text: str, value: Any) -> None:
        job = Job("11_annotations_shapes")
        spec = job.vocabulary.word("gt", "car").specs[attribute][0]  # type: ignore[union-attr]
        now = next(
            item
            for item in map(shape, job.facts["read_back"])
            if any(given.spec_id == spec and given.value == text for given in item.attributes)
        )
        then = now.model_copy(update={"attributes": ()})
        assert bits(job.changes(then, now)) == bits({attribute: value})

    @pytest.mark.parametrize(
        ("after", "changes"),
        [
            ("change the label and attributes", {"label": "car", "make": "audi"}),
            ("update without the attributes key", {"label": "car"}),
        ],
    )
    def test_another_class(self, after: str, changes: dict[str, Any]) -> None:
        """Attributes that an update does not send fall to their defaults: nobody chose these."""
        job = Job("12_identity_and_dates")
        now = self._read(job, after)
        then = now.model_copy(update={"label_id": 340, "attributes": ()})
        assert job.changes(then, now) == changes

    def test_a_box_that_became_a_polygon_keeps_its_label(self) -> None:
        job = Job("12_identity_and_dates")
        then, now = self._read(job, "update two shapes"), self._read(job, "change of type")
        base = BaseLabel(field="gt", sample_id="", frame=0, label_id="", parts=job.parts(then, {}), objects=(then,))
        reading = read_label(base, [(then, now)], job.vocabulary, job.size)
        assert bits(reading.parts) == bits(base.parts)
        assert reading.refused == {"edits that turned a Detection into a polygon": 1}

    def test_another_frame_is_another_content(self) -> None:
        job = Job("12_identity_and_dates")
        now = self._read(job, "change of frame")
        assert not job.same(now.model_copy(update={"frame": 0}), now)

    @staticmethod
    def _read(job: Job, after: str) -> Shape:
        return next(shape(read["shape"]) for read in job.facts["reads"] if read["after"].startswith(after))
