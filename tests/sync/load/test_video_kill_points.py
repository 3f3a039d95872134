"""A load, an undo and a decision are killed before and after their database writes, and run again.

They are those of a video, also in jobs that share frames, of two videos (two tasks), and of two image sequences. Little
is decided, logged and written together, so that there are ends in the middle of each.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import bson
import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import apply, portions
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import conflicts, resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import log
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import task_pool
from sequence_loop import Scenes
from sync_killing import Killed, Watcher, watching
from sync_loop import Loop
from video_loop import VideoLoop, box, without_ids

from sandbox import Sandbox

ALL = bool(os.environ.get("ROUNDTRIP_ALL"))
SOME = 2
"""How many points of each kind are tried, unless all are."""

Work = Callable[[VideoLoop], Any]


def labels(frame: int) -> list[Any]:
    if frame >= 10:
        return []
    return [box(10.0 + 5.0 * frame, index=1), box(100.0, "van", index=2), box(200.0, index=3), box(250.0, "van")]


def a_video(loop: VideoLoop) -> None:
    loop.fill(12, labels)
    loop.send(segment_size=6)


def shared_frames(loop: VideoLoop) -> None:
    loop.fill(12, labels)
    loop.send(segment_size=6, overlap=2)


def two_videos(loop: VideoLoop) -> None:
    for name in ("one", "other"):
        own = loop.folder / name
        own.mkdir(exist_ok=True)
        VideoLoop(loop.dataset, loop.box, own).fill(12, labels)
    loop.send(segment_size=6)


def two_sequences(loop: VideoLoop) -> None:
    scenes = Scenes(Loop(loop.dataset, loop.box, lambda: []), loop.folder)
    for scene in ("a", "b"):
        scenes.add(scene, 12, labels)
    schema = {"gt": {"type": "detections", "classes": ["car", "van"]}}
    scenes.send(label_schema=schema, segment_size=6)


SENT: dict[str, Callable[[VideoLoop], None]] = {
    "a video": a_video,
    "shared frames": shared_frames,
    "two videos": two_videos,
    "two sequences": two_sequences,
}


def edit(loop: VideoLoop, first: int, task: int) -> None:
    """Moved, hidden, split, drawn, merged, removed.

    Args:
        loop: the run
        first: the first job of a task
        task: the task
    """
    one, other, third = loop.tracks(first)
    loop.keyframe(one, 3, first, points=[60.0, 60.0, 100.0, 120.0])
    loop.keyframe(other, 4, first, outside=True)
    (start, *_) = third["shapes"]
    loop.write("delete", third, job=first)
    whole = without_ids(third)
    at_2 = {key: value for key, value in {**start, "frame": 2}.items() if key != "id"}
    loop.write("create", {**whole, "shapes": [whole["shapes"][0], {**at_2, "outside": True}]}, job=first)
    loop.write("create", {**whole, "frame": 2, "shapes": [at_2]}, job=first)
    loop.cvat.track("car", {"frame": 7, "points": [1.0, 1.0, 50.0, 50.0]}, task=task)
    loop.cvat.merge(*(loop.cvat.shape(frame, task=task) for frame in (0, 3)), task=task)
    loop.cvat.remove_frames(1, task=task)


def fix_here(loop: VideoLoop, frame: int) -> None:
    """A box and a class, fixed in FiftyOne meanwhile, on a frame of the first video or sequence."""
    holders = loop.dataset._frame_collection if loop.dataset.media_type == "video" else loop.dataset._sample_collection
    number = frame + (loop.dataset.media_type == "video")
    (holder, *_) = sorted(holders.find({"frame_number": number}), key=_place)
    fixed = {"gt.detections.0.bounding_box": [0.5, 0.5, 0.1, 0.1], "gt.detections.1.label": "car"}
    holders.update_one({"_id": holder["_id"]}, {"$set": fixed})


@pytest.fixture
def make(tmp_path: Path, new_world: Callable[[], tuple[fo.Dataset, Sandbox]]) -> Callable[[str], VideoLoop]:
    """Makes datasets, each with a server of its own and edits of all kinds."""

    def make(sent: str) -> VideoLoop:
        loop = VideoLoop(*new_world(), tmp_path)
        with patch.object(task_pool, "TASKS_AT_ONCE", 1):
            SENT[sent](loop)
        for task in loop.cvat.find("tasks"):
            edit(loop, loop.cvat.jobs(task["id"])[0]["id"], task["id"])
        fix_here(loop, 3)
        return loop

    return make


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "MOST_LABELS", 6)
    monkeypatch.setattr(log, "PORTION", 3)
    monkeypatch.setattr(apply, "PORTION", 3)


def shown(loop: VideoLoop) -> Any:
    """The frames without ids and dates."""
    found = [bson.decode(data) for data in loop.documents().values()]
    frames = sorted((item for item in found if "frame_number" in item), key=_place)
    return [(frame["frame_number"], _bare(frame.get("gt"))) for frame in frames]


def _place(frame: Any) -> Any:
    return str(frame.get("scene") or frame["_sample_id"]), frame["frame_number"]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in sorted(value.items()) if key != "_id"}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def told(loop: VideoLoop) -> Any:
    return [(item["part"], item["frame"], item["remote"]) for item in conflicts(loop.dataset, "run")]


def load(policy: str) -> Work:
    return lambda loop: loop.load(policy=policy)


WORK: dict[str, tuple[Work | None, Work]] = {
    "load": (None, load("remote")),
    "load and ask": (None, load("ask")),
    "undo": (load("remote"), lambda loop: undo(loop.dataset, "run")),
    "resolve": (load("ask"), lambda loop: resolve(loop.dataset, "run", [{"take": "remote"}])),
}


CASES = [(sent, what) for sent in SENT for what in WORK if ALL or sent == "a video" or what == "load"]


@pytest.mark.parametrize(("sent", "what"), CASES)
def test_killed_and_run_again(sent: str, what: str, make: Callable[[str], VideoLoop]) -> None:
    before, work = WORK[what]

    def begun() -> VideoLoop:
        loop = make(sent)
        if before:
            before(loop)
        return loop

    smooth = begun()
    start = shown(smooth)
    with watching(Watcher()) as watcher:
        work(smooth)
    end, listed = shown(smooth), told(smooth)
    assert end != start
    dice = random.Random(f"{sent}, {what}")
    after = {True, False} if ALL else {dice.random() < 0.5}
    points = range(watcher.writes - 2 * (what == "undo"))
    some = SOME if sent == "a video" else 1
    chosen = points if ALL else sorted(dice.sample(points, min(some, len(points))))
    for at, done in ((at, done) for at in chosen for done in after):
        loop = begun()
        start_of_this = loop.documents()
        with watching(Watcher(at, done)), pytest.raises(Killed):
            work(loop)
        work(loop)
        where = f"killed {'after' if done else 'before'} write {at} of {watcher.writes}"
        assert (shown(loop), told(loop)) == (end, listed), where
        if what.startswith("load"):
            assert not any(work(loop)[name] for name in ("added", "changed", "deleted")), where
            undo(loop.dataset, "run")
            assert (loop.documents().keys(), loop.changed_frames(start_of_this)) == (start_of_this.keys(), []), where
