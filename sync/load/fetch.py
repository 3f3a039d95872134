"""Reading a run's tasks and jobs from CVAT: as little as possible, and never half of a save."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ...cvat import Client, Job, Label, NotFound, PermissionDenied
from ..runs.base import TaskBase
from ..runs.record import RunRecord, TaskRecord


@dataclass(frozen=True)
class TaskState:
    """A task as CVAT has it now.

    Args:
        task: its record
        jobs: its annotation jobs that are to be loaded
        left: those that are left for later
        updated_date: its date; ``None`` if the user may not read it
        removed: numbers of the frames that were removed
        moved: whether the task changed since the last load
        problem: why it can't be loaded; ``None`` if it can
    """

    task: TaskRecord
    jobs: tuple[Job, ...] = ()
    left: tuple[Job, ...] = ()
    updated_date: str | None = None
    removed: frozenset[int] = frozenset()
    moved: bool = False
    problem: str | None = None


def fetch_tasks(
    client: Client, record: RunRecord, known: dict[int, TaskBase], wanted: Callable[[Job], bool]
) -> list[TaskState]:
    """The state of a run's tasks.

    One request lists the jobs of all tasks. A task is looked at by itself for removed frames, which do not show in its
    jobs, unless none of its jobs is wanted.
    """
    jobs: dict[int, list[Job]] = {}
    for job in client.jobs(task_ids=[task.id for task in record.tasks]):
        if job.type == "annotation":
            jobs.setdefault(job.task_id, []).append(job)
    states = []
    for task in record.tasks:
        there = jobs.get(task.id, [])
        state = TaskState(task, tuple(filter(wanted, there)), tuple(job for job in there if not wanted(job)))
        if not there or state.jobs:
            state = _looked_at(client, state, known.get(task.id))
        states.append(state)
    return states


def _looked_at(client: Client, state: TaskState, known: TaskBase | None) -> TaskState:
    task, then = state.task, frozenset(known.deleted_frames) if known else frozenset()
    try:
        updated = client.task(task.id).updated_date
    except NotFound:
        return TaskState(
            task, problem=f"Task {task.id} ('{task.name}') was deleted in CVAT; its labels stay as they are."
        )
    except PermissionDenied:
        if not state.jobs:
            return TaskState(
                task, problem=f"You have no access to task {task.id} in CVAT; its labels stay as they are."
            )
        removed = frozenset(frame for job in state.jobs for frame in client.job_meta(job.id).deleted_frames)
        return _with_removed(state, None, then, removed)
    if known and known.updated_date == updated:
        return replace(state, updated_date=updated, removed=then)
    removed = frozenset(client.task_meta(task.id).deleted_frames)
    return replace(_with_removed(state, updated, then, removed), moved=True)


def _with_removed(state: TaskState, updated: str | None, then: frozenset[int], removed: frozenset[int]) -> TaskState:
    """The state with the frames that are removed; on frames of other jobs, it is what it was."""
    here = frozenset(frame for job in state.jobs for frame in range(job.start_frame, job.stop_frame + 1))
    removed = (removed & here) | (then - here)
    return replace(state, updated_date=updated, removed=removed, moved=removed != then)


def fetch_labels(client: Client, record: RunRecord, state: TaskState) -> list[Label]:
    """The labels of a task as they are now, read in a way that the user is allowed to."""
    if state.updated_date is None:
        return client.labels(job_id=state.jobs[0].id)
    return client.labels(task_id=state.task.id)
