"""What is decided about the frames of a video, as tables."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import DataMeta
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.media import Frame
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.video import VideoSpan
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.plan import NAME_LIMIT, foresee_segments, plan_videos
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.task_video import count_problem, expected_frames


def request(**given: Any) -> SendRequest:
    return SendRequest(anno_key="run", label_field=("frames.gt",), **given)


@pytest.mark.parametrize(
    ("asked", "total", "expected"),
    [
        ({}, 20, 20),
        ({"frame_start": 3, "frame_stop": 16, "frame_step": 4}, 20, 4),  # as CVAT does: 3, 7, 11, 15
        ({"frame_stop": 100}, 20, 20),
        ({"frame_stop": 0}, 20, 1),
        ({"frame_start": 19}, 20, 1),
        ({"frame_start": 20}, 20, 0),
        ({"frame_step": 50}, 20, 1),
    ],
)
def test_how_many_frames_a_task_gets(asked: dict[str, Any], total: int, expected: int) -> None:
    assert expected_frames(request(**asked), total) == expected


def meta(size: int, start: int = 0, step: int = 1) -> DataMeta:
    frames = [{"name": "clip.mp4", "width": 64, "height": 48}] if size else []
    filter_ = f"step={step}" if step > 1 else ""
    return DataMeta.model_validate({"size": size, "start_frame": start, "frame_filter": filter_, "frames": frames})


@pytest.mark.parametrize(
    ("asked", "found", "total", "problem"),
    [
        pytest.param({}, meta(20), 20, "", id="equal"),
        pytest.param({}, meta(98), None, "", id="nobody counted"),
        pytest.param({}, meta(98), 100, "has 98 frames for CVAT but 100 by its metadata in FiftyOne, so", id="fewer"),
        pytest.param({}, meta(101), 100, "has 101 frames for CVAT but 100", id="more"),
        pytest.param({"frame_step": 10}, meta(10, step=10), 98, "", id="a difference that does not matter"),
        pytest.param({"frame_step": 10}, meta(9, step=10), 98, r"but 10 .*\(10 of the 98 frames in all\)", id="steps"),
        pytest.param({}, meta(0), 20, "has no frame for CVAT", id="none"),
        pytest.param({"frame_start": 5}, meta(20), 20, "was cut by CVAT to each 1 frames from frame 0 on", id="start"),
        pytest.param({"frame_step": 2}, meta(20), 20, "which was not asked for", id="step"),
    ],
)
def test_numbers_of_frames_are_compared(
    asked: dict[str, Any], found: DataMeta, total: int | None, problem: str
) -> None:
    said = count_problem(request(**asked), found, total)
    assert re.search(problem, said) if problem else said == ""


@pytest.mark.parametrize(("start", "step", "count"), [(0, 1, 5), (3, 4, 4), (7, 1, 1)])
def test_frames_are_numbered_both_ways(start: int, step: int, count: int) -> None:
    span = VideoSpan(start=start, step=step, count=count)
    numbers = [span.number_of(frame) for frame in range(count)]
    assert numbers == [start + 1 + step * frame for frame in range(count)]
    there = {number: span.frame_of(number) for number in range(-3, 60)}
    assert {number: frame for number, frame in there.items() if frame is not None} == {
        number: frame for frame, number in enumerate(numbers)
    }


@pytest.mark.parametrize(
    ("frames", "size", "overlap", "spans"),
    [
        (20, None, 0, [(0, 19)]),
        (20, 12, 5, [(0, 11), (7, 18), (14, 19)]),  # as CVAT cut a video of 20 frames
        (20, 12, 0, [(0, 11), (12, 19)]),
        (20, 10, 4, [(0, 9), (6, 15), (12, 19)]),
        (1, 4, 2, [(0, 0)]),
        (4, 4, 2, [(0, 3)]),
    ],
)
def test_jobs_are_foreseen(frames: int, size: int | None, overlap: int, spans: list[tuple[int, int]]) -> None:
    assert [(item.start, item.stop) for item in foresee_segments(frames, size, overlap)] == spans


def test_each_video_is_a_task_with_its_name() -> None:
    videos = [
        Frame(sample_id=str(n), name=name, path=name, size=n, video=True) for n, name in enumerate(("a.mp4", "b" * 300))
    ]
    assert [task.name for task in plan_videos(videos[:1], "run")] == ["run"]
    first, second = plan_videos(videos, "r" * 300)
    assert first.name.endswith(": a.mp4") and len(second.name) <= NAME_LIMIT and "b" * 100 in second.name
    assert (first.bytes, second.frames) == (0, (videos[1],))
