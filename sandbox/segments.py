"""The jobs that a task gets: by segments of its frames, with consensus replicas and ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .models import Job, Task
from .store import Store
from .validation import add_pool, choose_frames


def add_jobs(store: Store, task: Task, options: dict[str, Any]) -> Iterator[Job]:
    """Make the jobs of a task whose frames are there. Honeypots and their pool are added to the frames.

    Raises:
        MediaError: for validation frames that can't be had.
    """
    data = task.data
    assert data is not None
    params = options["validation_params"]
    is_pool = params is not None and params["mode"] == "gt_pool"
    segments = add_pool(task, options) if is_pool else _segments(task, options)
    if params and not is_pool:
        choose_frames(task, params)
    for start, stop in segments:
        job = _add_job(store, task, start, stop)
        yield job
        for _ in range(task.consensus_replicas):
            yield _add_job(store, task, start, stop, "consensus_replica", parent=job)
    if task.validation:
        yield add_ground_truth(store, task)


def add_ground_truth(store: Store, task: Task) -> Job:
    """The ground truth job of a task: over its pool, or over frames here and there."""
    assert task.validation is not None and task.data is not None
    frames = task.validation.frames
    if task.validation.mode == "gt_pool":
        return _add_job(store, task, frames[0], frames[-1], "ground_truth")
    job = _add_job(store, task, 0, task.data.size - 1, "ground_truth")
    job.included_frames = frames
    return job


def _add_job(
    store: Store, task: Task, start: int, stop: int, kind: str = "annotation", parent: Job | None = None
) -> Job:
    chunks, created = store.now(), store.now()
    job = Job(store.next_id("job"), task, kind, start, stop, created, store.now(), chunks, parent=parent)
    store.jobs[job.id] = task.jobs[job.id] = job
    if kind == "annotation" and task.data:
        task.data.chunks_updated_date = chunks
    return job


def _segments(task: Task, options: dict[str, Any]) -> list[tuple[int, int]]:
    """First and last frame of each job; also fixes the task's segment size and overlap."""
    assert task.data is not None
    size = task.data.size
    mapping = options["job_file_mapping"]
    if mapping:
        task.segment_size, task.overlap = 0, 0
        ends = [sum(len(group) for group in mapping[: number + 1]) for number in range(len(mapping))]
        return [(end - len(group), end - 1) for group, end in zip(mapping, ends, strict=True)]
    segment = min(task.segment_size, size) or size
    default = 5 if task.mode == "interpolation" else 0
    overlap = min(default if task.overlap is None else task.overlap, segment // 2)
    task.segment_size, task.overlap = segment, overlap
    starts = range(0, max(1, size - overlap), max(1, segment - overlap))
    return [(start, min(start + segment, size) - 1) for start in starts]
