"""What a load must not write into: a user's own field of a type's name, read-only fields, samples without room."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import planned_changes
from sync_loop import Loop

POLYGON = [20.0, 20.0, 60.0, 20.0, 60.0, 60.0]


def boxes(*names: str) -> fo.Detections:
    return fo.Detections(
        detections=[
            fo.Detection(label=name, bounding_box=[0.1 + 0.3 * n, 0.1, 0.2, 0.2]) for n, name in enumerate(names)
        ]
    )


def names(loop: Loop, field: str) -> list[list[str]]:
    return [[label.label for label in labels] for labels in loop.labels(field)]


@pytest.mark.parametrize("read_only", [False, True])
def test_strays_never_go_into_a_field_of_the_user(loop: Loop, read_only: bool) -> None:
    loop.fill(boxes("cat"))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["polylines"] = fo.Polylines(polylines=[fo.Polyline(label="mine", points=[[(0.1, 0.1), (0.2, 0.2)]])])
    if read_only:
        field = loop.dataset.get_field("polylines")
        field.read_only = True
        field.save()
    loop.send()
    loop.cvat.draw("cat", 0, POLYGON, "polygon")
    loop.load()
    assert (names(loop, "polylines"), names(loop, "polylines_cvat")) == ([["mine"]], [["cat"]])


def test_strays_of_several_runs_share_the_field_that_one_made(loop: Loop) -> None:
    loop.fill(boxes("cat"), boxes("dog"))
    for number, key in enumerate(("one", "two")):
        run = loop.send(loop.dataset[number : number + 1], anno_key=key)
        task = run["tasks"][0]["id"]
        loop.cvat.draw(["cat", "dog"][number], 0, POLYGON, "polygon", task=task)
        loop.load(key)
    assert names(loop, "polylines") == [["cat"], ["dog"]]
    assert "polylines_cvat" not in loop.dataset.get_field_schema()


@pytest.fixture
def fixed(loop: Loop) -> Loop:
    """A run of two fields, one of which became read-only after it was sent; all of it was edited."""
    loop.fill(boxes("cat", "dog"))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["pred"] = boxes("cow")
    loop.send(label_schema={"gt": {"classes": ["cat", "dog"]}, "pred": {"classes": ["cow"]}})
    _set_read_only(loop, True)
    loop.cvat.move(loop.cvat.shape(0, 0))
    loop.cvat.delete(loop.cvat.shape(0, 1))
    loop.cvat.draw("cat", 0, [200.0, 100.0, 240.0, 140.0])
    loop.cvat.move(next(item for item in loop.cvat.objects() if item["label_id"] == loop.cvat.labels()["cow"]["id"]))
    return loop


def _set_read_only(loop: Loop, value: bool) -> None:
    field = loop.dataset.get_field("gt")
    field.read_only = value
    field.save()


def test_a_read_only_field_is_never_written(fixed: Loop) -> None:
    before = fixed.documents()
    for _ in range(2):
        report = fixed.load()
        assert fixed.since(before).keys() == {"0/pred/detections/0/bounding_box"}
        assert report["fields"]["gt"]["refused"] == {"changes: the field is read-only in the dataset": 3}
        assert (report["objects"]["found"], report["objects"]["left"]) == (3, 2)
        assert sum(report["objects"][what] for what in ("unchanged", "applied")) == 1
    _set_read_only(fixed, False)
    report = fixed.load()
    assert (report["added"], report["changed"], report["deleted"]) == (1, 1, 1)
    assert fixed.load()["jobs_read"] == 0


def test_a_sample_that_has_no_room_is_counted_and_later_jobs_go_on(loop: Loop, monkeypatch: Any) -> None:
    """As 130 polygons of 5,000 points on one frame."""
    loop.fill(boxes("cat"), boxes("cat"))
    loop.send(segment_size=1)
    size = len(next(iter(loop.documents().values())))
    for frame in (0, 1):
        for number in range(4):
            points = [float(value) for n in range(60) for value in (20 + n, 20 + number + (n % 2) * 30)]
            loop.cvat.draw("cat", frame, points, "polygon")
    loop.cvat.move(loop.cvat.shape(0))
    monkeypatch.setattr(planned_changes, "MOST_BYTES", size + 3000)
    report = loop.load()
    assert [len(labels) for labels in loop.labels("polylines")] == [1, 1]
    assert (report["added"], report["changed"]) == (2, 1)
    (left,) = report["left"]
    assert (left["reason"], left["count"]) == ("their sample would be larger than MongoDB can hold (16 MB)", 6)
    assert report["objects"] == {"found": 10, "unchanged": 1, "applied": 3, "left": 6}
    monkeypatch.undo()
    monkeypatch.setenv("FIFTYONE_CVAT_URL", loop.box.url)
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "admin")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")
    assert loop.load()["added"] == 6


def test_mongodb_holds_what_is_written(loop: Loop) -> None:
    """At the real limit."""
    loop.fill(boxes("cat"), boxes("dog"))
    loop.send(segment_size=1)
    for number in range(110):
        points = [float(value) for n in range(5000) for value in (20 + n % 250, 20 + number + (n % 2) * 30)]
        loop.cvat.draw("cat", 0, points, "polygon")
    loop.cvat.move(loop.cvat.shape(1))
    report = loop.load()
    assert report["changed"] == 1
    assert 80 < report["added"] < 110
    assert report["added"] + report["objects"]["left"] == 110
