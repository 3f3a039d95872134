"""Tracks in tasks of images: a label on each frame that they cover, and what labels become that are merged into one."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import LoadStopped
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sync_loop import Loop

WIDTH, HEIGHT = 320, 240


@pytest.fixture
def run(loop: Loop) -> Loop:
    """Four samples, a cat on each but the second, sent as one job."""

    def cat(left: float) -> fo.Detections:
        box = fo.Detection(label="cat", bounding_box=[left, 0.25, 0.25, 0.25], confidence=left, tags=["mine"], code="a")
        return fo.Detections(detections=[box])

    loop.fill(cat(0.25), None, cat(0.5), cat(0.125))
    loop.send(label_schema={"gt": {"classes": ["cat", "dog"], "attributes": {"code": {}}}})
    return loop


def lefts(loop: Loop, field: str = "gt") -> list[list[float]]:
    return [[round(label.bounding_box[0] * WIDTH, 3) for label in labels] for labels in loop.labels(field)]


def at(frame: int, left: float, **more: Any) -> dict[str, Any]:
    return {"frame": frame, "points": [left, 60.0, left + 80.0, 120.0], **more}


def test_boxes_that_were_merged_into_a_track_go_on(run: Loop) -> None:
    """The editor deletes them and draws a track, outside after each."""
    before = run.documents()
    run.cvat.merge(run.cvat.shape(0), run.cvat.shape(2))
    report = run.load(confirm=False)
    assert run.since(before) == {}
    assert report["matches"]["exact"] == 2
    assert report["objects"] == {"found": 3, "unchanged": 3, "applied": 0, "left": 0}
    assert not any(run.load(confirm=False)[what] for what in ("added", "changed", "deleted", "jobs_read"))


def test_an_edit_of_the_track_is_an_edit_of_the_labels(run: Loop) -> None:
    before = run.documents()
    track = run.cvat.merge(run.cvat.shape(0), run.cvat.shape(2))
    run.load()
    (stored,) = run.cvat.objects("tracks")
    stored["shapes"][0]["points"] = [100.0, 60.0, 180.0, 120.0]
    body = {"version": 0, "tags": [], "shapes": [], "tracks": [stored]}
    run.cvat.call("PATCH", "jobs/1/annotations", body, action="update")
    assert stored["id"] == track["id"]
    report = run.load()
    assert (report["changed"], report["added"], report["deleted"]) == (1, 0, 0)
    assert run.since(before).keys() == {"0/gt/detections/0/bounding_box"}
    assert lefts(run) == [[100.0], [], [160.0], [40.0]]
    body["tracks"] = [run.cvat.objects("tracks")[0]]
    run.cvat.call("PATCH", "jobs/1/annotations", body, action="delete")
    assert (run.load()["deleted"], lefts(run)) == (2, [[], [], [], [40.0]])


def test_a_drawn_track_is_a_label_on_each_of_its_frames(run: Loop) -> None:
    run.cvat.track("dog", at(1, 10.0), at(3, 30.0, outside=True))
    report = run.load()
    assert (report["added"], report["objects"]["applied"]) == (2, 2)
    assert [[label.label for label in labels] for labels in run.labels()] == [["cat"], ["dog"], ["cat", "dog"], ["cat"]]
    assert lefts(run)[1:3] == [[10.0], [160.0, 20.0]]
    undone = undo(run.dataset, "run")
    assert (undone["removed"], lefts(run)) == (2, [[80.0], [], [160.0], [40.0]])


def test_a_track_without_an_end_is_there_on_all_later_frames(run: Loop) -> None:
    run.cvat.track("dog", at(2, 10.0))
    run.load()
    assert lefts(run) == [[80.0], [], [160.0, 10.0], [40.0, 10.0]]


def test_a_track_that_is_drawn_anew_over_labels_is_them(run: Loop) -> None:
    """Deleted, and drawn again as a track: by their overlap."""
    for frame in (0, 2):
        run.cvat.delete(run.cvat.shape(frame))
    run.cvat.track("cat", at(0, 82.0), at(1, 82.0, outside=True), at(2, 158.0), at(3, 158.0, outside=True))
    report = run.load(confirm=False)
    assert (report["added"], report["changed"], report["deleted"]) == (0, 2, 0)
    assert [label.confidence for labels in run.labels() for label in labels] == [0.25, 0.5, 0.125]
    assert lefts(run) == [[82.0], [], [158.0], [40.0]]


def test_keyframes_beyond_the_job_are_counted(run: Loop) -> None:
    run.cvat.track("dog", at(3, 10.0), at(40, 20.0), at(10**9, 20.0))
    report = run.load()
    assert (report["added"], report["objects"]["left"]) == (1, 2)
    (left,) = report["left"]
    assert (left["reason"], left["name"], left["count"]) == ("on frames that its job does not have", "dog", 2)
    assert left["frames"] == ["frame 40", "frame 1000000000"]


def test_a_track_never_switches_the_caution_off(run: Loop) -> None:
    run.cvat.delete(run.cvat.shape(0))
    run.cvat.delete(run.cvat.shape(2))
    run.cvat.delete(run.cvat.shape(3))
    run.cvat.track("dog", at(1, 10.0, outside=True))
    before = run.documents()
    with pytest.raises(LoadStopped) as stopped:
        run.load(confirm="deleted")
    (caution,) = stopped.value.report["cautions"]
    assert (caution["caution"], caution["count"]) == ("emptied", 3)
    assert run.documents() == before
    run.cvat.track("cat", at(0, 80.0), at(1, 80.0, outside=True))
    with pytest.raises(LoadStopped) as stopped:
        run.load(confirm="deleted", max_deleted=0.0)
    (caution,) = stopped.value.report["cautions"]
    assert caution["count"] == 2


def test_the_class_and_the_attributes_of_a_track(run: Loop) -> None:
    label = run.cvat.labels()["dog"]
    spec = label["attributes"][0]
    text = {"spec_id": spec["id"], "value": "b"}
    keyframe = at(0, 10.0, attributes=[text] if spec["mutable"] else [])
    run.cvat.track("dog", keyframe, at(1, 10.0, outside=True), attributes=[] if spec["mutable"] else [text])
    run.load()
    assert [(label.label, label["code"]) for label in run.labels()[0]] == [("cat", "a"), ("dog", "b")]


def test_tracks_of_other_types(loop: Loop) -> None:
    loop.fill(None, None)
    loop.dataset.add_sample_field("lines", fo.EmbeddedDocumentField, embedded_doc_type=fo.Polylines)
    loop.send(label_schema={"lines": {"type": "polylines", "classes": ["lane"]}})
    polygon = {"type": "polygon", "points": [10.0, 10.0, 60.0, 10.0, 60.0, 60.0]}
    loop.cvat.track(
        "lane", {"frame": 0, **polygon}, {"frame": 1, **polygon, "points": [20.0, 10.0, 70.0, 10.0, 70.0, 60.0]}
    )
    loop.cvat.track("lane", {"frame": 0, "type": "ellipse", "points": [50.0, 50.0, 60.0, 40.0]})
    loop.cvat.track("lane", {"frame": 0, "type": "points", "points": [50.0, 50.0]})
    report = loop.load()
    assert report["objects"] == {"found": 6, "unchanged": 0, "applied": 6, "left": 0}
    assert [len(labels) for labels in loop.labels("lines")] == [2, 2]
    assert [len(labels) for labels in loop.labels("keypoints")] == [1, 1]
