"""Frames by which annotators are checked: ground truth, and honeypots out of a pool."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from .media import MediaError
from .models import Frame, Job, Task, Validation

Json = dict[str, Any]


def choose_frames(task: Task, params: Json) -> None:
    """Take some frames of a task as its ground truth.

    Raises:
        MediaError: for frames that are not there.
    """
    assert task.data is not None
    task.validation = Validation("gt", sorted(_chosen(task.data.frames, params)))


def add_pool(task: Task, options: Json) -> list[tuple[int, int]]:
    """Take some frames out as a pool, put copies of them into each segment, and the pool at the end.

    Returns:
        First and last frame of each segment.

    Raises:
        MediaError: for frames that are not there, or an order that is not random.
    """
    data, params = task.data, options["validation_params"]
    assert data is not None
    if options["sorting_method"] != "random":
        raise _invalid('validation mode "gt_pool" can only be used with "random" sorting')
    pool = [data.frames[number] for number in _chosen(data.frames, params)]
    rest = [frame for frame in data.frames if frame not in pool]
    size, count = task.segment_size or len(rest), params["frames_per_job_count"]
    chance = random.Random(params.get("random_seed"))
    frames: list[Frame] = []
    segments: list[tuple[int, int]] = []
    honeypots: dict[int, int] = {}
    for start in range(0, len(rest), size):
        part: list[tuple[Frame, int | None]] = [(frame, None) for frame in rest[start : start + size]]
        for number in chance.sample(range(len(pool)), min(count, len(pool))):
            part.insert(chance.randint(0, len(part)), (replace(pool[number]), number))
        segments.append((len(frames), len(frames) + len(part) - 1))
        honeypots |= {len(frames) + place: real for place, (_, real) in enumerate(part) if real is not None}
        frames += [frame for frame, _ in part]
    first = len(frames)
    data.frames = frames + pool
    task.segment_size, task.overlap = 0, 0
    task.validation = Validation(
        "gt_pool",
        list(range(first, len(data.frames))),
        count,
        honeypots={frame: first + number for frame, number in honeypots.items()},
    )
    return segments


def layout(task: Task) -> Json:
    """What is known of the validation of a task."""
    found = task.validation
    if found is None:
        return {"mode": None, "frames_per_job_count": None}
    view = {
        "mode": found.mode,
        "frames_per_job_count": found.frames_per_job,
        "validation_frames": found.frames,
        "disabled_frames": sorted(found.disabled),
    }
    return {**view, **_honeypots(found.honeypots)} if found.mode == "gt_pool" else view


def job_layout(job: Job) -> Json:
    """What is known of the honeypots of a job."""
    found = job.task.validation
    if found is None or found.mode != "gt_pool":
        return {}
    frames = range(job.start_frame, job.stop_frame + 1)
    return _honeypots({frame: real for frame, real in found.honeypots.items() if frame in frames})


def exchange(task: Task, frames: list[int], real_frames: list[int] | None) -> None:
    """Give honeypots other frames of the pool: the named ones, or any."""
    found, data = task.validation, task.data
    assert found is not None and data is not None
    usable = [frame for frame in found.frames if frame not in found.disabled]
    chosen = real_frames if real_frames is not None else [random.choice(usable) for _ in frames]
    for frame, real in zip(frames, chosen, strict=True):
        found.honeypots[frame] = real
        data.frames[frame] = replace(data.frames[real])


def _honeypots(honeypots: dict[int, int]) -> Json:
    return {
        "honeypot_count": len(honeypots),
        "honeypot_frames": list(honeypots),
        "honeypot_real_frames": list(honeypots.values()),
    }


def _chosen(frames: list[Frame], params: Json) -> list[int]:
    """Numbers of the frames that parameters name, or of as many as they say."""
    if params["frame_selection_method"] == "manual":
        names = params["frames"]
        by_name = {frame.name: number for number, frame in enumerate(frames)}
        unknown = [name for name in names if name not in by_name]
        if unknown:
            raise _invalid(f"Unknown validation frames requested: {', '.join(unknown)}")
        return [by_name[name] for name in names]
    count = params.get("frame_count") or round(params.get("frame_share", 0) * len(frames))
    return random.Random(params.get("random_seed")).sample(range(len(frames)), min(count, len(frames)))


def _invalid(message: str) -> MediaError:
    text = repr(message) if "'" not in message else message
    return MediaError(f"rest_framework.exceptions.ValidationError: [ErrorDetail(string={text}, code='invalid')]")
