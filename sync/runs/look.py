"""A look at what annotators are doing: the jobs of runs as CVAT lists them, and nothing of what is in them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...cvat import Client, Job
from .base import BaseStore
from .marks import JobMark
from .record import RunRecord
from .store import RunStore


class JobLook(NamedTuple):
    """A job of a run.

    Args:
        id, task: its ids in CVAT
        frames: how many it has
        assignee: the user name; empty if nobody has it
        stage, state: as CVAT calls them
        changed: whether it changed since it was last loaded; ``None`` if it never was
        url: where a person opens it
        updated_date: when it last changed, as CVAT says it
    """

    id: int
    task: int
    frames: int
    assignee: str
    stage: str
    state: str
    changed: bool | None
    url: str
    updated_date: str = ""


def look_at(dataset: Any, records: Sequence[RunRecord], client: Client) -> dict[str, list[JobLook]]:
    """The jobs of runs, with one request for all of them.

    Args:
        dataset: the dataset
        records: of runs in the workspace that the client is in
        client: of their server

    Returns:
        the annotation jobs by ``run_id``; a run whose tasks were deleted has none

    Raises:
        CvatError: if CVAT does not answer
        StateUnreadable: if what is kept of a run is damaged
    """
    marks = {record.run_id: BaseStore(RunStore(dataset, record.run_id)).marks() for record in records}
    return look_with(marks, records, client)


def look_with(
    marks: Mapping[str, Mapping[int, JobMark]], records: Sequence[RunRecord], client: Client
) -> dict[str, list[JobLook]]:
    """The same, if it is known where the loads of the runs stand; see :func:`look_at`.

    Args:
        marks: of the jobs, by ``run_id``
        records: of runs in the workspace that the client is in
        client: of their server
    """
    run_of = {task.id: record for record in records for task in record.complete_tasks}
    found: dict[str, list[JobLook]] = {record.run_id: [] for record in records}
    for job in _annotation_jobs(client.jobs(task_ids=[*run_of])) if run_of else ():
        run_id = run_of[job.task_id].run_id
        found[run_id].append(_look(job, marks[run_id], client))
    return found


def _annotation_jobs(jobs: Iterable[Job]) -> Iterable[Job]:
    return (job for job in jobs if job.type == "annotation")


def _look(job: Job, marks: Mapping[int, JobMark], client: Client) -> JobLook:
    loaded = marks[job.id].updated_date if job.id in marks else None
    return JobLook(
        job.id,
        job.task_id,
        job.frame_count or job.stop_frame - job.start_frame + 1,
        job.assignee.username if job.assignee else "",
        job.stage,
        job.state,
        None if loaded is None else loaded != job.updated_date,
        client.job_url(job.task_id, job.id),
        job.updated_date,
    )
