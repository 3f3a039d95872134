"""Reading a run's tasks and jobs from CVAT: as little as possible, and never half of a save."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ...cvat import (
    Client,
    Conflict,
    CvatError,
    Job,
    Label,
    NotFound,
    PermissionDenied,
    Refused,
    ServerFault,
    Task,
    Unreachable,
    UnsupportedServer,
)
from ..runs.base import TaskBase
from ..runs.run_record import RunRecord, TaskRecord
from .read_ahead import several_at_once
from .shared_jobs import JobSpans
from .task_notes import no_jobs

OF_ONE = (ServerFault, UnsupportedServer, Conflict, PermissionDenied, NotFound, Refused, Unreachable)
"""What can be wrong with one task or job while the others are well."""


@dataclass(frozen=True)
class TaskState:
    """A task as CVAT has it now.

    Args:
        task: its record
        jobs: its annotation jobs that are to be loaded
        left: those that are left for later
        others: its jobs of other types, which hold no labels of the run
        updated_date: its date; ``None`` if the user may not read it
        removed: numbers of the frames that were removed
        moved: whether the task changed since the last load
        problem: why it can't be loaded; ``None`` if it can
        error: what went wrong, if it could not be read
        elsewhere: whether it is in another workspace than the run
    """

    task: TaskRecord
    jobs: tuple[Job, ...] = ()
    left: tuple[Job, ...] = ()
    others: tuple[Job, ...] = ()
    updated_date: str | None = None
    removed: frozenset[int] = frozenset()
    moved: bool = False
    problem: str | None = None
    error: CvatError | None = None
    elsewhere: bool = False

    @cached_property
    def spans(self) -> JobSpans:
        """Its annotation jobs, to find those that share frames."""
        return JobSpans((*self.jobs, *self.left))


def fetch_tasks(
    client: Client, record: RunRecord, known: dict[int, TaskBase], wanted: Callable[[Job], bool]
) -> list[TaskState]:
    """The state of a run's tasks.

    One request lists the tasks, and one the jobs of all of them. A task that changed is looked at by itself for removed
    frames, which do not show in its jobs, unless none of its jobs is wanted. Tasks without jobs are looked for in other
    workspaces, too.
    """
    listed = client.listed_tasks([task.id for task in record.complete_tasks])
    jobs = _jobs_by_task(client, [task.id for task in record.complete_tasks])
    missing = [task.id for task in record.complete_tasks if task.id not in jobs]
    elsewhere: dict[int, list[Job]] = {}
    if missing and client.session.credentials.organization is not None:
        elsewhere = _jobs_by_task(client.within(None), missing)
    states = []
    for task in record.complete_tasks:
        there = jobs.get(task.id) or elsewhere.get(task.id, [])
        mine = [job for job in there if job.type == "annotation"]
        left = tuple(job for job in mine if not wanted(job))
        state = TaskState(
            task, tuple(filter(wanted, mine)), left, others=tuple(job for job in there if job not in mine)
        )
        states.append(replace(state, elsewhere=task.id in elsewhere))

    def looked_at(state: TaskState) -> TaskState:
        is_left = state.left or state.others  # and nothing of it is wanted
        return state if is_left and not state.jobs else _looked_at(client, state, known.get(state.task.id), listed)

    return several_at_once(looked_at, states)


def _jobs_by_task(client: Client, task_ids: Sequence[int]) -> dict[int, list[Job]]:
    jobs: dict[int, list[Job]] = {}
    for job in client.jobs(task_ids=task_ids):
        jobs.setdefault(job.task_id, []).append(job)
    return jobs


def _looked_at(client: Client, state: TaskState, known: TaskBase | None, listed: Mapping[int, Task]) -> TaskState:
    """A state with what its task says of itself, in a list or asked alone."""
    task, then = state.task, frozenset(known.deleted_frames) if known else frozenset()
    try:
        return _read_task(client, state, known, then, listed.get(task.id) if state.jobs else None)
    except NotFound:
        return TaskState(
            task, problem=f"Task {task.id} ('{task.name}') was deleted in CVAT; its labels stay as they are."
        )
    except (ServerFault, UnsupportedServer, Refused) as error:
        return replace(state, error=error)


def _read_task(
    client: Client, state: TaskState, known: TaskBase | None, then: frozenset[int], listed: Task | None
) -> TaskState:
    task = state.task
    try:
        updated = (listed or client.task(task.id)).updated_date
    except PermissionDenied:
        if not state.jobs:
            return TaskState(
                task, problem=f"You have no access to task {task.id} in CVAT; its labels stay as they are."
            )
        removed = frozenset(frame for job in state.jobs for frame in client.job_meta(job.id).deleted_frames)
        return _with_removed(state, None, then, removed)
    if not state.jobs and task.jobs:
        return TaskState(task, problem=no_jobs(task, client.session.credentials.organization))
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
    if state.elsewhere:
        client = client.within(None)
    if state.updated_date is None:
        return client.labels(job_id=state.jobs[0].id)
    return client.labels(task_id=state.task.id)
