"""Clips of a video back: frames outside stay as they are, and what two clips share is one label, whoever edits it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sync_loop import operator
from video_loop import FIELD, VideoLoop, box, without_ids

from sandbox import Sandbox

APART, SHARED = [[(4, 9), (13, 18)]], [[(4, 12), (9, 18)]]


class Clips(VideoLoop):
    """A video of twenty frames with a car all along, of which clips are sent as tasks 1 and 2."""

    def send_clips(self, clips: Any, **params: Any) -> dict[str, Any]:
        self.fill(20, lambda frame: [box(10.0 + 4.0 * frame + frame % 2, index=3, confidence=0.5)])
        schema = {FIELD: {"type": "detections", "classes": ["car", "van"]}, **params.pop("schema", {})}
        send = operator("send_to_cvat")
        return dict(send(self.dataset.to_clips(clips), anno_key="run", label_schema=schema, **params))

    def job(self, task: int) -> int:
        """The job of a task."""
        return int(self.cvat.jobs(task)[0]["id"])

    def move(self, task: int, frame: int, left: float) -> None:
        """Moves the car on a frame of a task, and there alone."""
        job = self.job(task)
        (car,) = (track for track in self.tracks(job) if len(track["shapes"]) > 2)
        here = next(shape for shape in car["shapes"] if shape["frame"] == frame)["points"]
        self.keyframe(car, frame, job, points=[left, here[1], left + here[2] - here[0], here[3]])

    def draw(self, task: int, first: int, last: int) -> None:
        """Draws a van."""
        label = self.cvat.labels(task)["van"]["id"]
        at = {"type": "rectangle", "points": [200.0, 60.0, 240.0, 120.0], "occluded": False, "attributes": []}
        at.update({"rotation": 0.0, "z_order": 0})
        shapes = [{**at, "frame": first, "outside": False}, {**at, "frame": last + 1, "outside": True}]
        van = {"frame": first, "label_id": label, "group": 0, "source": "manual", "attributes": [], "shapes": shapes}
        self.write("create", van, job=self.job(task))


@pytest.fixture
def make(tmp_path: Path, new_world: Callable[[], tuple[fo.Dataset, Sandbox]]) -> Callable[[], Clips]:
    """Makes datasets, each with a server of its own."""
    return lambda: Clips(*new_world(), tmp_path)


@pytest.fixture
def run(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> Clips:
    return Clips(dataset, box, tmp_path)


@pytest.mark.parametrize("clips", [APART, SHARED], ids=["apart", "shared"])
def test_nothing_edited_changes_nothing(run: Clips, clips: Any) -> None:
    run.send_clips(clips, keyframe_tolerance=20)
    before = run.documents()
    for task in (1, 2):
        body = {"version": 0, "tags": [], "shapes": [], "tracks": run.tracks(run.job(task))}
        run.cvat.call("PATCH", f"jobs/{run.job(task)}/annotations", body, action="update")
    report = run.load(confirm=False)
    assert run.documents() == before
    assert (report["jobs_read"], report["unchanged"]) == (2, 12 if clips is APART else 15)
    assert run.load(confirm=False)["jobs_read"] == 0


def test_only_frames_of_the_clip_change(run: Clips) -> None:
    """Of an object that goes on outside of it, the index stays; new ones get one that is free in the whole video."""
    run.send_clips(APART, keyframe_tolerance=0)
    before = run.documents()
    run.move(1, 2, 100.0)
    run.draw(1, 4, 9)
    run.draw(2, 0, 1)
    preview = run.load(preview=True)
    report = run.load()
    assert run.changed_frames(before) == [5, 7, 8, 12, 13]
    assert run.lefts(5) == [100.0] and run.labels(5)[0]["index"] == 3
    assert [run.labels(frame)[1]["index"] for frame in (7, 8, 12, 13)] == [4, 4, 5, 5]
    assert (report["added"], report["changed"]) == (preview["added"], preview["changed"]) == (4, 1)
    assert run.load()["jobs_read"] == 0
    undo(run.dataset, "run")
    assert run.changed_frames(before) == []


def test_an_edit_in_one_clip_stays_whatever_the_other_has(make: Callable[[], Clips]) -> None:
    """Frames 9 to 12 are 5 to 8 of the first clip, and 0 to 3 of the second one."""
    ends = []
    for order in ((), (1, 2), (2, 1)):
        run = make()
        run.send_clips(SHARED, keyframe_tolerance=0)
        before = run.documents()
        run.move(1, 6, 90.0)
        run.move(2, 2, 120.0)
        run.draw(1, 5, 6)
        (car,) = (track for track in run.tracks(run.job(2)) if len(track["shapes"]) > 2)
        run.keyframe(car, 3, run.job(2), outside=True)
        if not order:
            run.load()
        for task in order:
            run.load(tasks=[run.cvat.find("tasks")[task - 1]["id"]])
        assert run.changed_frames(before) == [8, 9, 10, 11]
        assert (run.lefts(8), run.lefts(9), run.lefts(10)) == ([42.0, 200.0], [90.0, 200.0], [120.0])
        assert run.load()["jobs_read"] == 0
        ends.append([run.lefts(frame) for frame in range(20)])
    assert ends[0] == ends[1] == ends[2]


def test_the_same_label_edited_in_both_clips_is_a_conflict(run: Clips) -> None:
    run.send_clips(SHARED, keyframe_tolerance=0)
    run.move(1, 6, 90.0)
    run.move(2, 1, 120.0)
    report = run.load(policy="ask")
    assert report["changed"] == 1 and len(report["conflicts"]) == 1 and run.lefts(9) == [90.0]
    assert run.load(policy="ask")["changed"] == 0
    assert resolve(run.dataset, "run", [{"take": "remote"}])["open"] == 0
    assert run.lefts(9) == [120.0]
    assert (run.load()["changed"], run.lefts(9)) == (0, [120.0])


def test_a_label_deleted_in_one_clip_does_not_come_back_from_the_other(run: Clips) -> None:
    run.send_clips(SHARED, keyframe_tolerance=0)
    (car,) = run.tracks(run.job(1))
    run.write("delete", car, job=run.job(1))
    report = run.load()
    assert (report["deleted"], [len(run.labels(frame)) for frame in range(20)]) == (9, [1] * 3 + [0] * 9 + [1] * 8)
    run.move(2, 7, 200.0)
    assert run.load()["changed"] == 1
    assert [len(run.labels(frame)) for frame in range(20)] == [1] * 3 + [0] * 9 + [1] * 8
    (car,) = run.tracks(run.job(2))
    run.write("delete", car, job=run.job(2))
    run.write("create", without_ids(car), job=run.job(2))
    assert (run.load()["deleted"], run.load()["jobs_read"]) == (0, 0)
    assert {label["index"] for frame in range(20) for label in run.labels(frame)} == {3}


def test_a_tag_of_the_whole_video_in_another_clip(run: Clips) -> None:
    """It is the video's label, as long as that has none."""
    run.send_clips(APART, schema={"scene": {"type": "classification", "classes": ["street", "field"]}})
    run.cvat.draw("street", 3, type="tag", task=2)
    assert run.load()["added"] == 1
    run.cvat.draw("field", 0, type="tag", task=1)
    report = run.load()
    assert (report["added"], report["objects"]["left"]) == (0, 1)
    run.dataset.reload()
    assert run.dataset.first()["scene"].label == "street"


def test_a_copy_beside_has_no_label_that_one_clip_deleted(run: Clips) -> None:
    """Though the other clip still has it. What was deleted in FiftyOne is copied from what both sides agreed on."""
    run.send_clips(SHARED, keyframe_tolerance=0)
    (car,) = run.tracks(run.job(1))
    run.keyframe(car, 6, run.job(1), outside=True)
    assert run.load()["deleted"] == 1
    sample = run.dataset.first()
    sample.frames[5].gt.detections = []
    sample.save()
    there = [number for number in range(4, 19) if number != 10]
    report = run.load(dest_field={FIELD: "frames.fixed"})
    assert [number for number in range(1, 21) if run.labels(number - 1, "fixed")] == there
    assert report["fields"]["frames.fixed"]["copied"] == len(there)
    assert run.load(dest_field={FIELD: "frames.fixed"})["jobs_read"] == 0
