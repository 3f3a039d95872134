"""What the editor saves twice, draws beside a line of several parts, and brings back in part."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from sync_loop import Loop

PARTS = [[(0.1, 0.1), (0.2, 0.1)], [(0.1, 0.3), (0.2, 0.3)]]
TWIN = "exact copies of other objects, as an editor's double save makes them"


@pytest.fixture
def lines(loop: Loop) -> Loop:
    """A line of two parts, sent."""
    line = fo.Polyline(label="lane", points=PARTS, confidence=0.5)
    loop.fill(fo.Polylines(polylines=[line]), None, field="lines")
    loop.send(label_schema={"lines": {"type": "polylines", "classes": ["lane", "edge"]}})
    return loop


def draw(loop: Loop, name: str = "lane", y: float = 120.0) -> dict[str, Any]:
    return loop.cvat.draw(name, 0, [32.0, y, 64.0, y], "polyline")


def shown(loop: Loop) -> list[tuple[str, int]]:
    return [(label.label, len(label.points)) for label in loop.labels("lines")[0]]


@pytest.mark.parametrize("kind", ["rectangle", "tag", "polygon"])
def test_what_was_saved_twice_is_taken_once(loop: Loop, kind: str) -> None:
    boxes = fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2])])
    loop.fill(boxes, None)
    loop.send(classes=["cat"])
    points = [5.0, 5.0, 50.0, 5.0, 50.0, 50.0] if kind == "polygon" else None
    first = loop.cvat.draw("cat", 1, points, kind)
    loop.cvat.save_twice(first)
    loop.cvat.save_twice(loop.cvat.shape(0))
    report = loop.load()
    assert report["added"] == 1
    assert report["objects"] == {"found": 4, "unchanged": 1, "applied": 1, "left": 2}
    assert {item["reason"] for item in report["left"]} == {TWIN}
    assert {name for item in report["left"] for name in item["frames"]} == {name_of(loop, 0), name_of(loop, 1)}
    assert sum(item["count"] for item in report["left"]) == 2
    assert loop.load()["jobs_read"] == 0


def name_of(loop: Loop, frame: int) -> str:
    name = loop.cvat.call("GET", "tasks/1/data/meta")["frames"][frame]["name"]
    return str(name)


def test_the_twin_takes_the_place_of_the_one_that_is_deleted_later(loop: Loop) -> None:
    boxes = fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2], confidence=0.5)])
    loop.fill(boxes)
    loop.send()
    before = loop.documents()
    first = loop.cvat.shape()
    loop.cvat.save_twice(first)
    loop.load()
    loop.cvat.delete(first)
    report = loop.load()
    assert (report["deleted"], report["matches"]["exact"]) == (0, 1)
    assert loop.since(before) == {}


def test_a_twin_of_a_line_of_two_parts_does_not_double_it(lines: Loop) -> None:
    before = lines.documents()
    lines.cvat.save_twice(*lines.cvat.objects())
    report = lines.load()
    assert lines.since(before) == {}
    assert report["objects"] == {"found": 4, "unchanged": 2, "applied": 0, "left": 2}


def test_a_part_that_is_grouped_with_a_line_belongs_to_it(lines: Loop) -> None:
    """The editor gives all members a number that is new."""
    parts = lines.cvat.objects()
    group = lines.cvat.group(*parts, draw(lines))
    assert group != parts[0]["group"]
    report = lines.load()
    assert (report["added"], report["changed"]) == (0, 1)
    assert shown(lines) == [("lane", 3)]
    assert lines.labels("lines")[0][0].confidence == 0.5
    assert lines.load()["jobs_read"] == 0
    lines.cvat.group(*lines.cvat.objects(), draw(lines, y=150.0))
    lines.load()
    assert shown(lines) == [("lane", 4)]


def test_a_line_that_only_has_the_old_number_does_not(lines: Loop) -> None:
    parts = lines.cvat.objects()
    lines.cvat.group(*parts)
    lines.cvat.edit(draw(lines), group=parts[0]["group"])
    lines.load()
    assert shown(lines) == [("lane", 2), ("lane", 1)]


def test_a_line_of_another_class_in_the_group_is_a_label_of_its_own(lines: Loop) -> None:
    lines.cvat.group(*lines.cvat.objects(), draw(lines, "edge"))
    report = lines.load()
    assert shown(lines) == [("lane", 2), ("edge", 1)]
    assert report["objects"]["left"] == 0


def test_a_group_of_several_labels_is_not_one_label(loop: Loop) -> None:
    """Somebody's own group, which happens to hold lines of several parts."""
    two = [
        fo.Polyline(label="lane", points=[[(x, 0.1), (x, y)], [(x, 0.5), (x, 0.6)]])
        for x, y in ((0.1, 0.2), (0.5, 0.3))
    ]
    loop.fill(fo.Polylines(polylines=two), field="lines")
    loop.send(label_schema={"lines": {"type": "polylines", "classes": ["lane"]}})
    loop.cvat.group(*loop.cvat.objects(), draw(loop))
    loop.load()
    assert shown(loop) == [("lane", 2), ("lane", 2), ("lane", 1)]


def test_a_part_whose_deletion_was_undone_is_that_part(lines: Loop) -> None:
    before = lines.documents()
    lines.cvat.undo_deletion(lines.cvat.shape(0, 1))
    report = lines.load()
    assert lines.since(before) == {}
    assert report["objects"] == {"found": 2, "unchanged": 2, "applied": 0, "left": 0}


def test_another_class_is_another_label(loop: Loop) -> None:
    """A car is deleted, and a person drawn where it was."""
    car = fo.Detection(label="car", bounding_box=[0.1, 0.1, 0.2, 0.2], confidence=0.5, index=7, tags=["mine"])
    loop.fill(fo.Detections(detections=[car]))
    loop.send(classes=["car", "person"])
    thing = loop.cvat.shape()
    loop.cvat.delete(thing)
    loop.cvat.draw("person", 0, [value + 3 for value in thing["points"]])
    report = loop.load()
    assert (report["added"], report["changed"], report["deleted"]) == (1, 0, 1)
    (person,) = loop.labels()[0]
    assert (person.label, person.confidence, person.index, person.tags) == ("person", None, None, [])
    assert person.id != car.id
