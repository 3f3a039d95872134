"""A video run is loaded by itself, job by job: a completed one at once, whatever its neighbor is at."""

from __future__ import annotations

from pathlib import Path

from sync_loop import Loop
from video_loop import VideoLoop, box

from tests.sync.watch.test_watcher import Watching


def state(video: VideoLoop, job: int, state: str) -> None:
    video.cvat.call("PATCH", f"jobs/{job}", {"state": state})


def test_two_jobs_that_share_frames_and_one_that_is_opened_again(loop: Loop, tmp_path: Path) -> None:
    """Frames 8 and 9 are in both. What waits in a job comes when it is completed, and nothing comes twice."""
    video = VideoLoop(loop.dataset, loop.box, tmp_path)
    video.fill(20, lambda number: [box(10.0, index=1)])
    video.send(segment_size=10, overlap=2)
    watching = Watching(loop, "run")
    assert watching.look() == []
    (first,), (second,) = video.tracks(1), video.tracks(2)
    first = video.keyframe(video.keyframe(first, 7), 8, points=[50.0, 60.0, 90.0, 120.0], job=1)
    video.keyframe(second, 10, points=[90.0, 60.0, 130.0, 120.0], job=2)
    assert watching.look() == [], "nobody said that they are done"
    state(video, 1, "completed")
    assert watching.look() == ["run: Loaded by itself from 1 of 3 jobs: 0 added, 2 changed, 0 deleted labels."]
    assert [video.lefts(frame) for frame in (7, 8, 9, 10)] == [[10.0], [50.0], [50.0], [10.0]]
    assert watching.look() == []
    state(video, 1, "in progress")
    video.keyframe(video.tracks(1)[0], 3, points=[20.0, 60.0, 60.0, 120.0])
    assert watching.look() == [], "it is opened again"
    state(video, 2, "completed")
    assert watching.look() == ["run: Loaded by itself from 1 of 3 jobs: 0 added, 8 changed, 0 deleted labels."]
    assert [video.lefts(frame) for frame in (3, 8, 9, 10, 17)] == [[10.0], [50.0], [50.0], [90.0], [90.0]]
    state(video, 1, "completed")
    assert watching.look() == ["run: Loaded by itself from 1 of 3 jobs: 0 added, 6 changed, 0 deleted labels."]
    assert [video.lefts(frame) for frame in (3, 7, 8, 9, 10)] == [[20.0], [10.0], [50.0], [50.0], [90.0]]
    before = video.documents()
    assert watching.look() == [] and video.load()["changed"] == 0
    assert video.documents() == before
