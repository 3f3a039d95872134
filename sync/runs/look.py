"""A look at what annotators are doing: the jobs of runs as CVAT lists them, and nothing of what is in them.

The last look at each run is kept with the run, so that it can be shown when CVAT is away; and of earlier ones, how many
jobs were in which state.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from ...cvat import Client, Job
from ..errors import StateUnreadable
from .base import BaseStore
from .marks import JobMark
from .run_record import RunRecord
from .same_server import check_server
from .store import RunStore, Store, parsed

NAME = "look"
MOST = 200
"""Moments of the past that are kept of a run; of more, every second one of the older half goes."""


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
        start, stop: its first and its last frame in its task
        comments: how many review comments it has; of :func:`look_at`, how many of them are open
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
    start: int = 0
    stop: int = 0
    comments: int = 0

    def changed_since(self, marks: Mapping[int, JobMark]) -> bool | None:
        """The same as ``changed``, as of loads that came after the look.

        Args:
            marks: where loads stand with the jobs now
        """
        return _has_changed(self.id, self.updated_date, marks)


class Moment(NamedTuple):
    """How many jobs were in which state, and since when, in seconds since the epoch."""

    at: float
    states: dict[str, int]


class Look(BaseModel):
    """The last look at a run.

    Args:
        at: when it was, in seconds since the epoch
        jobs: the annotation jobs
        past: the earlier moments at which the states were others than before, oldest first, and the last
        known: how many jobs of the run there are or were, as its record says; 0 if it does not
    """

    model_config = ConfigDict(frozen=True)

    at: float
    jobs: tuple[JobLook, ...] = ()
    past: tuple[Moment, ...] = ()
    known: int = 0


def look_at(dataset: Any, records: Sequence[RunRecord], client: Client) -> dict[str, list[JobLook]]:
    """The jobs of runs: one request lists them, and one more their review comments if there are any.

    Args:
        dataset: the dataset
        records: of runs in the workspace that the client is in
        client: of their server

    Returns:
        the annotation jobs by ``run_id``; a run whose tasks were deleted has none

    Raises:
        Refused: if the client is connected to another server
        CvatError: if CVAT does not answer
        StateUnreadable: if what is kept of a run is damaged
    """
    marks = {record.run_id: BaseStore(RunStore(dataset, record.run_id)).marks() for record in records}
    found = look_with(marks, records, client)
    remarked = [job.id for jobs in found.values() for job in jobs if job.comments]
    issues = client.issues_of(remarked) if remarked else []
    open_ = Counter(issue.job for issue in issues if not issue.resolved)
    return {run_id: [job._replace(comments=open_[job.id]) for job in jobs] for run_id, jobs in found.items()}


def look_with(
    marks: Mapping[str, Mapping[int, JobMark]], records: Sequence[RunRecord], client: Client
) -> dict[str, list[JobLook]]:
    """The jobs of runs with one request, if it is known where the loads of the runs stand; see :func:`look_at`.

    Args:
        marks: of the jobs, by ``run_id``
        records: of runs in the workspace that the client is in
        client: of their server

    Raises:
        Refused: if it is not their server
        CvatError: if CVAT does not answer
    """
    for record in records:
        check_server(record, client)
    run_of = {task.id: record for record in records for task in record.complete_tasks}
    found: dict[str, list[JobLook]] = {record.run_id: [] for record in records}
    for job in _annotation_jobs(client.jobs(task_ids=[*run_of])) if run_of else ():
        run_id = run_of[job.task_id].run_id
        found[run_id].append(_look(job, marks[run_id], client))
    return found


def jobs_of(record: RunRecord) -> set[int]:
    """The ids of the jobs that a look at a run asks for, as far as the record knows them."""
    return {job for task in record.complete_tasks for job in task.jobs}


def keep_look(dataset: Any, run_id: str, jobs: Sequence[JobLook], at: float, known: Collection[int] = ()) -> Look:
    """Keeps what was seen of a run.

    Args:
        dataset: the dataset
        run_id: the run
        jobs: what CVAT lists
        at: when, in seconds since the epoch
        known: the jobs that the run had; see :func:`jobs_of`
    """
    store = RunStore(dataset, run_id)
    before = kept_look(store)
    past = before.past if before else ()
    states = dict(Counter(job.state for job in jobs))
    if not past or past[-1].states != states:
        past = (*past, Moment(at, states))
    ever = len({job.id for job in jobs}.union(known))
    look = Look(at=at, jobs=tuple(jobs), past=thinned(past), known=ever)
    store.save(NAME, look.model_dump_json())
    return look


def kept_look(store: Store) -> Look | None:
    """The last look at a run; ``None`` if there was none, or what is kept of it is damaged: the next one mends that."""
    try:
        text = store.load(NAME)
        return None if text is None else parsed(NAME, Look.model_validate_json, text)
    except StateUnreadable:
        return None


def thinned(past: tuple[Moment, ...], most: int = MOST) -> tuple[Moment, ...]:
    """So many moments at most, the first and the newer ones among them."""
    if len(past) <= most:
        return past
    return (*past[: most // 2 : 2], *past[most // 2 :])


def _annotation_jobs(jobs: Iterable[Job]) -> Iterable[Job]:
    return (job for job in jobs if job.type == "annotation")


def _look(job: Job, marks: Mapping[int, JobMark], client: Client) -> JobLook:
    return JobLook(
        id=job.id,
        task=job.task_id,
        frames=job.frame_count or job.stop_frame - job.start_frame + 1,
        assignee=job.assignee.username if job.assignee else "",
        stage=job.stage,
        state=job.state,
        changed=_has_changed(job.id, job.updated_date, marks),
        url=client.job_url(job.task_id, job.id),
        updated_date=job.updated_date,
        start=job.start_frame,
        stop=job.stop_frame,
        comments=job.issues.count,
    )


def _has_changed(job_id: int, updated_date: str, marks: Mapping[int, JobMark]) -> bool | None:
    loaded = marks[job_id].updated_date if job_id in marks else None
    return None if loaded is None else loaded != updated_date
