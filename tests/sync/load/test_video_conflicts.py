"""Conflicts in a video: by frame ranges, decided as one, whatever else happens to the tracks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.frame_numbers import frame_ranges
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import conflicts, resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from video_loop import VideoLoop, box

from sandbox import Sandbox

FIXED = [0.5, 0.5, 0.1, 0.1]


@pytest.fixture
def run(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> VideoLoop:
    """A car on twenty frames was moved in CVAT on 1 to 18, and in FiftyOne on 4, 5, 6 and 12."""
    clip = VideoLoop(dataset, box, tmp_path)
    clip.fill(20, lambda frame: [car(frame)])
    clip.send()
    for number in (4, 5, 6, 12):
        frame = dataset.first().frames[number + 1]
        frame.gt.detections[0].bounding_box = FIXED
        frame.save()
    return clip


def car(frame: int) -> Any:
    return box(10.0 + 4.0 * frame + 3.0 * max(0, frame - 10), index=1)


def move(run: VideoLoop) -> None:
    """Moves the keyframe in the middle."""
    (track,) = run.tracks()
    run.keyframe(track, 10, points=[90.0, 60.0, 130.0, 120.0])


def boxes(run: VideoLoop) -> list[bool]:
    """Where the box is that was made in FiftyOne."""
    return [run.labels(frame)[0]["bounding_box"] == FIXED for frame in (4, 5, 6, 12)]


def test_conflicts_are_listed_by_frame_ranges_and_decided_as_one(run: VideoLoop) -> None:
    before = run.documents()
    move(run)
    report = run.load(policy="ask")
    assert report["changed"] == 14 and boxes(run) == [True] * 4
    ranges = frame_ranges(conflicts(run.dataset, "run"))
    assert [item["text"] for item in ranges] == ["frames 5-7: box", "frame 13: box"]
    assert ranges == frame_ranges(report["conflicts"])
    first = {name: ranges[0][name] for name in ("field", "track", "frames", "part")}
    done = resolve(run.dataset, "run", [{"take": "remote", **first}])
    assert (done["changed"], done["decided"], done["open"]) == (3, 3, 1)
    assert boxes(run) == [False, False, False, True]
    assert resolve(run.dataset, "run", [{"take": "local"}])["open"] == 0
    assert boxes(run) == [False, False, False, True]
    assert not any("cvat_conflict" in label["tags"] for frame in range(20) for label in run.labels(frame))
    report = run.load()
    assert (report["changed"], report["conflicts"]) == (0, [])
    while any(load["status"] == "applied" for load in _loads(run)):
        undo(run.dataset, "run")
    assert run.changed_frames(before) == []


def _loads(run: VideoLoop) -> list[dict[str, Any]]:
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.history import history

    return history(run.dataset, "run")


def test_open_conflicts_stay_open_when_the_job_is_read_again(run: VideoLoop) -> None:
    move(run)
    run.load(policy="ask")
    (track,) = run.tracks()
    run.keyframe(track, 15, points=[150.0, 60.0, 190.0, 120.0])
    report = run.load(policy="ask")
    assert [item["text"] for item in frame_ranges(report["conflicts"])] == ["frames 5-7: box", "frame 13: box"]
    assert report["changed"] == 7  # 11, 14 to 18, and not 12; 10 is the keyframe before
    done = resolve(run.dataset, "run", [{"take": "remote"}])
    assert (done["changed"], done["open"], boxes(run)) == (4, 0, [False] * 4)
    (track,) = run.tracks()
    assert run.lefts(15) == [150.0]
    assert run.lefts(12) == [round(90.0 + 60.0 * 2 / 5, 3)]


def test_a_deleted_object_that_was_fixed_here_is_a_conflict(run: VideoLoop) -> None:
    (track,) = run.tracks()
    run.write("delete", track)
    report = run.load(policy="local")
    assert report["deleted"] == 16 and boxes(run) == [True] * 4
    assert [item["text"] for item in frame_ranges(report["conflicts"])] == [
        "frames 5-7: existence",
        "frame 13: existence",
    ]
    assert run.load()["deleted"] == 0 and boxes(run) == [True] * 4


def test_an_object_that_was_deleted_here_comes_back_if_it_was_edited(run: VideoLoop) -> None:
    frame = run.dataset.first().frames[9]
    frame.gt.detections = []
    frame.save()
    move(run)
    report = run.load(policy="remote")
    assert run.lefts(8) == [round(10.0 + 80.0 * 8 / 10, 3)] and run.labels(8)[0]["label"] == "car"
    assert report["objects"]["left"] == 0 and boxes(run) == [False] * 4
