"""Labels with one id on several samples or frames, as a program that puts the same object into all of them makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.panels.steps import this_one, to_steps
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.labels import DatasetLabels
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import conflicts, resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.versions import find_versions
from sync_loop import Loop
from video_loop import VideoLoop, box

from sandbox import Sandbox


@pytest.fixture
def one(loop: Loop) -> Loop:
    """Three samples with the same labels, to the last bit."""
    label = fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2])
    loop.fill(*[fo.Detections(detections=[label])] * 3)
    assert len({label.id for (label,) in loop.labels()}) == 1
    return loop


def lefts(loop: Loop) -> list[list[float]]:
    loop.dataset.reload()
    return [[round(label.bounding_box[0], 2) for label in labels] for labels in loop.labels()]


def fields(loop: Loop) -> list[Any]:
    return [item["gt"] for item in loop.dataset._sample_collection.find()]


def test_an_undo_puts_back_each(one: Loop) -> None:
    one.send()
    before = fields(one)
    for frame in range(3):
        one.cvat.move(one.cvat.shape(frame), 10.0)
    assert one.load()["changed"] == 3
    assert undo(one.dataset, "run")["changed"] == 3 and fields(one) == before
    assert one.load()["changed"] == 3
    undo(one.dataset, "run")
    one.cvat.delete(one.cvat.shape(2))
    assert one.load()["deleted"] == 1 and [len(labels) for labels in one.labels()] == [1, 1, 0]
    undo(one.dataset, "run")
    assert fields(one) == before


def test_each_is_in_conflict_by_itself(one: Loop) -> None:
    one.send()
    collection = one.dataset._sample_collection
    last = one.dataset.last().id
    collection.update_one({"_id": ObjectId(last)}, {"$set": {"gt.detections.0.bounding_box": [0.6, 0.1, 0.2, 0.2]}})
    for frame in range(3):
        one.cvat.move(one.cvat.shape(frame), 32.0)
    report = one.load(policy="ask")
    assert (report["changed"], len(report["conflicts"]), report["conflicts"][0]["sample_id"]) == (2, 1, last)
    moved = lefts(one)
    assert moved[0] == moved[1] != moved[2] == [0.6]
    again = one.load(policy="ask")
    assert (again["changed"], len(again["conflicts"])) == (0, 1) and lefts(one) == moved
    assert resolve(one.dataset, "run", [{"take": "remote"}])["open"] == 0
    assert lefts(one) == [moved[0]] * 3
    assert one.load()["jobs_read"] == 0


def test_each_is_decided_by_itself(one: Loop) -> None:
    """In the panel: the other one still waits, and is shown with its own picture."""
    one.send()
    one.dataset._sample_collection.update_many({}, {"$set": {"gt.detections.0.bounding_box": [0.6, 0.1, 0.2, 0.2]}})
    for frame in range(3):
        one.cvat.move(one.cvat.shape(frame), 32.0)
    one.load(policy="ask")
    first, second, third = to_steps(conflicts(one.dataset, "run"))
    assert len({step.key for step in (first, second, third)}) == 3
    shown = find_versions(one.dataset, "run", this_one(second, "remote")[0])
    assert shown is not None and shown.media == one.dataset[second.sample_id].filepath
    decided = resolve(one.dataset, "run", this_one(second, "remote"))
    assert (decided["decided"], decided["open"]) == (1, 2)
    before = [x for (x,) in lefts(one)]
    assert before[0] == before[2] == 0.6 != before[1]
    assert to_steps(conflicts(one.dataset, "run")) == [first, third]


def test_a_load_that_is_killed_goes_on(one: Loop) -> None:
    one.send()
    before = fields(one)
    for frame in range(3):
        one.cvat.move(one.cvat.shape(frame), 10.0)
    with patch.object(DatasetLabels, "write", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        one.load()
    assert one.load()["changed"] == 3
    undo(one.dataset, "run")
    assert fields(one) == before


def test_a_copy_beside_has_all(one: Loop) -> None:
    one.send()
    assert one.load(dest_field="copy_of_gt")["fields"]["copy_of_gt"]["copied"] == 3
    assert [len(labels) for labels in one.labels("copy_of_gt")] == [1, 1, 1]


@pytest.fixture
def clip(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> VideoLoop:
    return VideoLoop(dataset, box, tmp_path)


@pytest.mark.parametrize("jobs", [{}, {"segment_size": 4, "overlap": 2}], ids=["one job", "jobs that share frames"])
def test_a_label_on_all_frames_of_a_video(clip: VideoLoop, jobs: dict[str, int]) -> None:
    still = box(10.0, index=1)
    clip.fill(6, lambda frame: [still, box(100.0 + 5 * frame, index=2)])
    assert len({label["_id"] for frame in range(6) for label in clip.labels(frame)[:1]}) == 1
    clip.send(keyframe_tolerance=0, **jobs)
    before = clip.documents()
    first = clip.cvat.jobs()[0]["id"]
    track = next(item for item in clip.tracks(first) if item["shapes"][0]["points"][0] == 10.0)
    clip.keyframe(track, 1, first, outside=True)
    clip.load()
    gone = [1, 2, 3] if jobs else [1, 2, 3, 4, 5]
    assert clip.changed_frames(before) == gone
    assert [len(clip.labels(frame)) for frame in range(6)] == [2 - (frame in gone) for frame in range(6)]
    assert clip.load()["jobs_read"] == 0
    undo(clip.dataset, "run")
    assert clip.changed_frames(before) == []


def test_one_video_is_decided_by_itself(clip: VideoLoop) -> None:
    """Two videos have the same label on their second frame, so the same frames of two tasks."""
    still = box(10.0)
    for name in ("one", "other"):
        own = clip.folder / name
        own.mkdir()
        VideoLoop(clip.dataset, clip.box, own).fill(3, lambda frame: [still] if frame == 1 else [])
    clip.send()
    field = {"$set": {"gt.detections.0.bounding_box": [0.6, 0.1, 0.2, 0.2]}}
    clip.dataset._frame_collection.update_many({"frame_number": 2}, field)
    for job in clip.cvat.call("GET", "jobs")["results"]:
        (shape,) = clip.cvat.call("GET", f"jobs/{job['id']}/annotations")["shapes"]
        moved = {**shape, "points": [value + 32.0 for value in shape["points"]]}
        body = {"version": 0, "tags": [], "shapes": [moved], "tracks": []}
        clip.cvat.call("PATCH", f"jobs/{job['id']}/annotations?action=update", body)
    clip.load(policy="ask")
    first, second = to_steps(conflicts(clip.dataset, "run"))
    assert first.sample_id != second.sample_id and first.label_ids == second.label_ids
    for step, left in ((first, [second]), (second, [])):
        assert resolve(clip.dataset, "run", this_one(step, "remote"))["decided"] == 1
        assert to_steps(conflicts(clip.dataset, "run")) == left
