"""A load of a video, an undo and a decision are killed before and after their database writes, and run again."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bson
import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import conflicts, resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sync_killing import Killed, Watcher, watching
from video_loop import VideoLoop, box, without_ids

from sandbox import Sandbox

ALL = bool(os.environ.get("ROUNDTRIP_ALL"))
SOME = 2
"""How many points of each kind are tried, unless all are."""

Work = Callable[[VideoLoop], Any]


@pytest.fixture
def make(tmp_path: Path, new_world: Callable[[], tuple[fo.Dataset, Sandbox]]) -> Callable[[], VideoLoop]:
    """Makes datasets, each with a server of its own and edits of all kinds."""

    def make() -> VideoLoop:
        loop = VideoLoop(*new_world(), tmp_path)
        prepare(loop)
        return loop

    return make


def labels(frame: int) -> list[Any]:
    if frame >= 10:
        return []
    return [box(10.0 + 5.0 * frame, index=1), box(100.0, "van", index=2), box(200.0, index=3), box(250.0, "van")]


def prepare(loop: VideoLoop) -> None:
    """Moved, hidden, split, drawn, merged; and fixed in FiftyOne meanwhile."""
    loop.fill(12, labels)
    loop.send(segment_size=6)
    first, second, third = loop.tracks(1)
    loop.keyframe(first, 3, points=[60.0, 60.0, 100.0, 120.0])
    loop.keyframe(second, 4, outside=True)
    (start, *_) = third["shapes"]
    loop.write("delete", third)
    whole = without_ids(third)
    at_2 = {key: value for key, value in {**start, "frame": 2}.items() if key != "id"}
    loop.write("create", {**whole, "shapes": [whole["shapes"][0], {**at_2, "outside": True}]})
    loop.write("create", {**whole, "frame": 2, "shapes": [at_2]})
    loop.cvat.track("car", {"frame": 7, "points": [1.0, 1.0, 50.0, 50.0]})
    loop.cvat.merge(*(loop.cvat.shape(frame) for frame in (0, 3)))
    loop.cvat.remove_frames(1)
    frame = loop.dataset.first().frames[4]
    frame.gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    frame.gt.detections[1].label = "car"
    frame.save()


def shown(loop: VideoLoop) -> Any:
    """The frames without ids and dates."""
    found = [bson.decode(data) for data in loop.documents().values()]
    frames = sorted((item for item in found if "frame_number" in item), key=lambda item: item["frame_number"])
    return [(frame["frame_number"], _bare(frame.get("gt"))) for frame in frames]


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


@pytest.mark.parametrize("what", WORK)
def test_killed_and_run_again(what: str, make: Callable[[], VideoLoop]) -> None:
    before, work = WORK[what]

    def begun() -> VideoLoop:
        loop = make()
        if before:
            before(loop)
        return loop

    smooth = begun()
    start = shown(smooth)
    with watching(Watcher()) as watcher:
        work(smooth)
    end, listed = shown(smooth), told(smooth)
    assert end != start
    after = {True, False} if ALL else {random.Random(what).random() < 0.5}
    points = range(watcher.writes - 2 * (what == "undo"))
    chosen = points if ALL else sorted(random.Random(what).sample(points, min(SOME, len(points))))
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
