"""Reading a run's tasks and jobs from CVAT: as little as possible, and never half of a save."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..cvat import Client, Job, Label, NotFound, PermissionDenied
from .base import TaskBase
from .record import RunRecord, TaskRecord


@dataclass(frozen=True)
class TaskState:
    """A task as CVAT has it now.

    Args:
        task: its record
        jobs: its annotation jobs
        updated_date: its date; ``None`` if the user may not read it
        removed: numbers of the frames that were removed
        moved: whether the task changed since the last load
        problem: why it can't be loaded; ``None`` if it can
    """

    task: TaskRecord
    jobs: tuple[Job, ...] = ()
    updated_date: str | None = None
    removed: frozenset[int] = frozenset()
    moved: bool = False
    problem: str | None = None


def fetch_tasks(client: Client, record: RunRecord, known: dict[int, TaskBase]) -> list[TaskState]:
    """The state of a run's tasks.

    One request lists the jobs of all tasks. A task is looked at by itself for removed frames, which do not show in its
    jobs.
    """
    jobs: dict[int, list[Job]] = {}
    for job in client.jobs(task_ids=[task.id for task in record.tasks]):
        if job.type == "annotation":
            jobs.setdefault(job.task_id, []).append(job)
    return [_task_state(client, task, jobs.get(task.id, []), known.get(task.id)) for task in record.tasks]


def _task_state(client: Client, task: TaskRecord, jobs: Sequence[Job], known: TaskBase | None) -> TaskState:
    then = frozenset(known.deleted_frames) if known else frozenset()
    try:
        updated = client.task(task.id).updated_date
    except NotFound:
        return TaskState(
            task, problem=f"Task {task.id} ('{task.name}') was deleted in CVAT; its labels stay as they are."
        )
    except PermissionDenied:
        if not jobs:
            return TaskState(
                task, problem=f"You have no access to task {task.id} in CVAT; its labels stay as they are."
            )
        removed = frozenset(frame for job in jobs for frame in client.job_meta(job.id).deleted_frames)
        removed |= {frame for frame in then if not any(job.start_frame <= frame <= job.stop_frame for job in jobs)}
        return TaskState(task, tuple(jobs), None, removed, moved=removed != then)
    if known and known.updated_date == updated:
        return TaskState(task, tuple(jobs), updated, then)
    return TaskState(task, tuple(jobs), updated, frozenset(client.task_meta(task.id).deleted_frames), moved=True)


def fetch_labels(client: Client, record: RunRecord, state: TaskState) -> list[Label]:
    """The labels of a task as they are now, read in a way that the user is allowed to."""
    if state.updated_date is None:
        return client.labels(job_id=state.jobs[0].id)
    return client.labels(task_id=state.task.id)
