"""Tracks of a video back: exactly the frames that somebody edited change, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from video_loop import VideoLoop, box, without_ids

from sandbox import Sandbox


@pytest.fixture
def clip(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> VideoLoop:
    """A clip of twenty frames; labels are to come."""
    return VideoLoop(dataset, box, tmp_path)


def moving(frame: int) -> list[Any]:
    """A car all along, with a bend on frame 10; a van on frames 5 to 9."""
    car = box(10.0 + 4.0 * frame + 3.0 * max(0, frame - 10) + 0.1 * (frame % 2), index=1, confidence=0.5, tags=["mine"])
    van = box(200.0, "van", index=2)
    return [car, van] if 5 <= frame < 10 else [car]


@pytest.fixture
def run(clip: VideoLoop) -> VideoLoop:
    clip.fill(20, moving)
    clip.send()
    return clip


def lefts(points: list[float], left: float) -> list[float]:
    return [left, points[1], left + points[2] - points[0], points[3]]


def test_nothing_edited_changes_nothing(run: VideoLoop) -> None:
    before = run.documents()
    run.cvat.call("PATCH", "jobs/1/annotations", {"version": 0, "tags": [], "shapes": [], "tracks": run.tracks()},
                  action="update")  # fmt: skip
    report = run.load(confirm=False)
    assert run.documents() == before
    assert report["objects"] == {"found": 25, "unchanged": 25, "applied": 0, "left": 0}
    assert (report["jobs_read"], report["unchanged"]) == (1, 25)
    assert run.load(confirm=False)["jobs_read"] == 0


def test_a_moved_keyframe_changes_the_frames_up_to_its_neighbours(run: VideoLoop) -> None:
    before = run.documents()
    car = run.tracks()[0]
    keyframes = [shape["frame"] for shape in car["shapes"]]
    assert keyframes == [0, 10, 19]
    run.keyframe(car, 10, points=lefts(car["shapes"][1]["points"], 90.0))
    report = run.load(confirm=False)
    assert run.changed_frames(before) == list(range(1, 19))
    assert run.lefts(10) == [90.0] and run.labels(10)[0]["confidence"] == 0.5
    assert report["changed"] == 18 and report["objects"]["applied"] == 18 and report["objects"]["found"] == 25
    assert run.load(confirm=False)["jobs_read"] == 0
    undone = undo(run.dataset, "run")
    assert (undone["changed"], run.changed_frames(before)) == (18, [])
    assert run.load()["changed"] == 18


def test_a_removed_keyframe_and_a_new_one(run: VideoLoop) -> None:
    before = run.documents()
    car = run.tracks()[0]
    car = run.drop_keyframe(car, 10)
    run.load()
    assert run.changed_frames(before) == list(range(1, 19))
    before = run.documents()
    run.keyframe(car, 5, points=lefts(car["shapes"][0]["points"], 60.0))
    run.load()
    assert run.changed_frames(before) == [*range(1, 19)] and run.lefts(5) == [60.0, 200.0]


def test_outside_takes_labels_away_from_a_frame_on(run: VideoLoop) -> None:
    before = run.documents()
    van = run.tracks()[1]
    run.keyframe(van, 8, outside=True)
    report = run.load()
    assert (report["deleted"], run.changed_frames(before)) == (2, [8, 9])
    assert undo(run.dataset, "run")["restored"] == 2
    assert run.changed_frames(before) == []
    assert run.load()["deleted"] == 2


def test_an_attribute_changes_from_a_frame_on(clip: VideoLoop) -> None:
    clip.fill(20, lambda frame: [box(50.0, index=1, code="a" if frame < 16 else "c")])
    clip.send({"attributes": {"code": {"type": "text"}}})
    before = clip.documents()
    (car,) = clip.tracks()
    spec = clip.cvat.labels()["car"]["attributes"][0]["id"]
    clip.keyframe(car, 12, attributes=[{"spec_id": spec, "value": "b"}])
    clip.load()
    assert clip.changed_frames(before) == list(range(12, 16))
    assert [clip.labels(frame)[0]["code"] for frame in (11, 12, 15, 16)] == ["a", "b", "b", "c"]
    assert clip.labels(12)[0]["bounding_box"] == clip.labels(11)[0]["bounding_box"]


def test_another_class_is_another_class_on_all_frames(run: VideoLoop) -> None:
    before = run.documents()
    car = run.tracks()[0]
    run.write("update", {**car, "label_id": run.cvat.labels()["van"]["id"]})
    report = run.load()
    assert report["changed"] == 20 and run.changed_frames(before) == list(range(20))
    assert {run.labels(frame)[0]["label"] for frame in range(20)} == {"van"}


def test_a_new_track_has_a_free_index_and_makes_frames(clip: VideoLoop) -> None:
    clip.fill(20, lambda frame: [box(50.0, index=7, instance=fo.Instance())] if frame < 10 else [])
    clip.send()
    before = clip.documents()
    at = {"type": "rectangle", "points": [100.0, 60.0, 140.0, 120.0]}
    clip.cvat.track("van", {"frame": 8, **at}, {"frame": 12, **at}, {"frame": 14, **at, "outside": True})
    report = clip.load()
    assert (report["added"], clip.changed_frames(before)) == (6, list(range(8, 14)))
    news = [clip.labels(frame)[-1] for frame in range(8, 14)]
    assert {label["index"] for label in news} == {8} and len({str(label["instance"]["_id"]) for label in news}) == 1
    assert [label.get("keyframe") for label in news] == [True, None, None, None, True, None]
    assert len(clip.dataset.first().frames) == 14
    assert clip.dataset.first().frames[13].gt.detections[0].instance is not None
    assert clip.load()["jobs_read"] == 0
    undo(clip.dataset, "run")
    assert clip.documents().keys() == before.keys() and clip.changed_frames(before) == []
    assert clip.load()["added"] == 6 and {clip.labels(frame)[-1]["index"] for frame in range(8, 14)} == {8}


def test_delete_and_undo_changes_nothing(run: VideoLoop) -> None:
    before = run.documents()
    again = run.delete_and_undo(run.tracks()[0])
    report = run.load(confirm=False)
    assert run.documents() == before and report["matches"]["exact"] == 20
    assert any("lost their ids" in note for note in report["notes"])
    run.keyframe(again, 10, points=lefts(again["shapes"][1]["points"], 90.0))
    run.load()
    assert run.changed_frames(before) == list(range(1, 19))


def test_a_split_track_keeps_its_index_on_the_longer_part(run: VideoLoop) -> None:
    before = run.documents()
    car = without_ids(run.tracks()[0])
    first, bend, last = car["shapes"]
    at_6 = {**first, "frame": 6, "points": run_at(first, bend, 6)}
    run.write("delete", run.tracks()[0])
    run.write(
        "create",
        {**car, "shapes": [first, {**at_6, "outside": True}]},
        {**car, "frame": 6, "shapes": [at_6, bend, last]},
    )
    report = run.load()
    assert run.changed_frames(before) == list(range(6))
    assert (report["changed"], report["deleted"], report["added"]) == (6, 0, 0)
    assert [run.labels(frame)[0]["index"] for frame in (0, 5, 6, 19)] == [3, 3, 1, 1]
    assert any("split off" in note for note in report["notes"])
    after = run.documents()
    assert undo(run.dataset, "run")["changed"] == 6
    assert run.changed_frames(before) == []
    assert run.load()["changed"] == 6 and run.changed_frames(after) == []


def run_at(one: dict[str, Any], other: dict[str, Any], frame: int) -> list[float]:
    """What a box is between two keyframes."""
    share = (frame - one["frame"]) / (other["frame"] - one["frame"])
    return [a + (b - a) * share for a, b in zip(one["points"], other["points"], strict=True)]


def test_merged_single_boxes_are_one_object(clip: VideoLoop) -> None:
    clip.fill(20, lambda frame: [box(10.0 + 40.0 * frame, confidence=0.5)] if frame in (3, 5, 8) else [])
    clip.send()
    before = clip.documents()
    clip.cvat.merge(*(clip.cvat.shape(frame) for frame in (3, 5, 8)))
    report = clip.load()
    assert (report["changed"], report["added"], report["deleted"]) == (3, 0, 0)
    assert clip.changed_frames(before) == [3, 5, 8]
    assert [clip.labels(frame)[0]["index"] for frame in (3, 5, 8)] == [1, 1, 1]
    assert clip.labels(3)[0]["confidence"] == 0.5
    before = clip.documents()
    (track,) = clip.tracks()
    clip.keyframe(track, 5, points=[30.0, 60.0, 70.0, 120.0])
    clip.load()
    assert clip.changed_frames(before) == [5]


def test_removed_frames_keep_their_labels(run: VideoLoop) -> None:
    before = run.documents()
    car = run.tracks()[0]
    run.keyframe(car, 10, points=lefts(car["shapes"][1]["points"], 90.0))
    run.cvat.remove_frames(*range(5, 15))
    report = run.load()
    assert run.changed_frames(before) == [1, 2, 3, 4, 15, 16, 17, 18] and report["deleted"] == 0
    assert report["frames_deleted"] == 10 and any("10 frames were removed" in note for note in report["notes"])
    assert report["objects"]["left"] == 15 - 5  # the van did not change there
    run.cvat.remove_frames()
    report = run.load()
    assert run.changed_frames(before) == list(range(1, 19)) and report["frames_restored"] == 10
    assert run.lefts(10) == [90.0]


def test_frames_with_tags_are_tagged(run: VideoLoop) -> None:
    run.dataset.add_frame_field("tags", fo.ListField, subfield=fo.StringField)
    run.cvat.remove_frames(3)
    run.load()
    assert run.dataset.first().frames[4].tags == ["deleted_in_cvat"]
    undo(run.dataset, "run")
    run.dataset.reload()
    assert run.dataset.first().frames[4].tags == []


def test_a_fix_and_a_move_are_both_kept(run: VideoLoop) -> None:
    """In FiftyOne on frame 13, in CVAT from 1 to 18: a conflict on 13, and the class is none."""
    frame = run.dataset.first().frames[14]
    frame.gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    frame.save()
    frame = run.dataset.first().frames[16]
    frame.gt.detections[0].label = "van"
    frame.save()
    car = run.tracks()[0]
    run.keyframe(car, 10, points=lefts(car["shapes"][1]["points"], 90.0))
    report = run.load(policy="local")
    (conflict,) = report["conflicts"]
    assert (conflict["frame"], conflict["part"], conflict["sample_id"]) == (14, "geometry", run.sample_id)
    assert run.labels(13)[0]["bounding_box"] == [0.5, 0.5, 0.1, 0.1]
    assert run.labels(15)[0]["label"] == "van" and run.lefts(15) != [87.0]
    assert report["samples"] == [run.sample_id]


def test_a_preview_writes_nothing(run: VideoLoop) -> None:
    before = run.documents()
    car = run.tracks()[0]
    run.keyframe(car, 10, points=lefts(car["shapes"][1]["points"], 90.0))
    run.cvat.track("van", {"frame": 0, "points": [1.0, 1.0, 50.0, 50.0]})
    preview = run.load(preview=True)
    assert run.documents() == before
    report = run.load()
    for what in ("added", "changed", "deleted", "objects", "matches", "left"):
        assert preview[what] == report[what]
    assert (report["added"], report["changed"]) == (20, 18)
