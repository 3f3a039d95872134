"""Conflicts that a load left open: which there are, and what somebody decides about them."""

import getpass
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ...cvat import Job
from ...labels.base import BaseLabel
from ..dataset.labels import DatasetLabels
from ..errors import database_context
from ..progress import ProgressReporter
from ..request import LoadRequest, Policy, parse
from ..runs import record as records
from ..runs.base import BaseStore
from ..runs.lease import Lease
from ..runs.marks import JobMark
from ..runs.refreshes import check_no_refresh
from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from .apply import read_local
from .choice import Choice
from .copying import map_fields
from .decide import decide
from .diff import JobDiff
from .frame_numbers import name_frames
from .job_changes import JobChanges
from .load_context import LoadContext
from .load_run import LoadRun
from .merge import ALL
from .merge_settings import MergeSettings
from .placed_frames import with_present_frames
from .remote_changes import reopened
from .shared_jobs import Neighbor, SharedLabels
from .video_frames import TaskSequence, Timeline, frames_of, placed_entries, timeline_of


@database_context("Nothing was changed.")
def conflicts(dataset: Any, key: str, dest_field: Any = None) -> list[dict[str, Any]]:
    """The conflicts that a load with the policy ``"ask"`` left open.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key
        dest_field: as of the load

    Returns:
        for each part ``field``, ``sample_id``, ``label_id``, ``part``, the values ``base``, ``local`` and ``remote``,
        the ``outcome`` (``"open"``, or what was decided while other parts of the label are open) and the ``job_id``;
        of labels on frames of a video or sequence also ``frame`` (as of :class:`Choice`) and ``track`` (CVAT's id; see
        :func:`sync.load.frame_numbers.frame_ranges`)

    Raises:
        RunMissing: if there is no such run
    """
    return open_conflicts(_context_of(dataset._root_dataset, key, dest_field))


def count_open(dataset: Any, record: RunRecord) -> int:
    """How many labels of a run are in conflict, at a glance.

    Raises:
        StateUnreadable: if what is kept of the run is damaged
    """
    return sum(mark.open for mark in BaseStore(RunStore(dataset, record.run_id)).marks().values())


def open_conflicts(context: LoadContext) -> list[dict[str, Any]]:
    """The open conflicts of a run; see :func:`conflicts`."""
    load_run = LoadRun(context.dry_run(), ProgressReporter())
    listed: list[dict[str, Any]] = []
    for changes in _open_jobs(load_run, load_run.base.marks()):
        settings = MergeSettings(
            context.record.run_id,
            context.mapped.schema,
            "ask",
            in_sequence=isinstance(changes.timeline, TaskSequence),
            shared=SharedLabels(load_run.base, changes.neighbors, changes.job.id),
        )
        diff = JobDiff(edited=changes.diff.edited, deleted=changes.diff.deleted)
        plan = decide(diff, changes.open, read_local(context.labels, diff, changes.open, settings), settings)
        if changes.timeline is not None:
            name_frames(plan.tally, changes.timeline)
        listed += [{**conflict, "job_id": changes.job.id} for conflict in plan.tally.conflicts]
    return listed


@database_context("What was decided before stays so; decide again when the database is back.")
def resolve(
    dataset: Any, key: str, decisions: Iterable[Mapping[str, Any]], dest_field: Any = None, user: str = ""
) -> dict[str, Any]:
    """Decides about open conflicts.

    A label is written once all of its conflicts are decided, together with all else that CVAT changed of it; until
    then the decisions are kept. It can be undone like a load.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key
        decisions: see :class:`Choice`; the last that is about a part counts
        dest_field: as of the load
        user: who decides; by default the one who is logged in here

    Returns:
        ``added``, ``changed`` and ``deleted`` labels, how many parts are ``decided`` and how many labels are still
        ``open``, and the report as of a load under ``report``

    Raises:
        RunMissing: if there is no such run
        Refused: if a decision can't be understood, or the run is being loaded at this moment; nothing was changed
    """
    choices = [parse(Choice, decision) for decision in decisions]
    dataset = dataset._root_dataset
    record = records.find(dataset, key)
    check_no_refresh(RunStore(dataset, record.run_id), key)
    with Lease(RunStore(dataset, record.run_id), key, "decided"):
        return apply_choices(_context_of(dataset, key, dest_field, user), choices)


def apply_choices(context: LoadContext, choices: Sequence[Choice]) -> dict[str, Any]:
    """Decides about open conflicts; see :func:`resolve`."""

    timelines: dict[tuple[str, int], Timeline | None] = {}  # two videos may have labels of one id

    def resolver(label: BaseLabel) -> dict[str, Policy]:
        timeline = timelines.get((label.sample_id, label.frame))
        return {choice.part or ALL: choice.take for choice in choices if choice.concerns(label, timeline)}

    load_run = LoadRun(context, ProgressReporter(), resolver)
    load_run.prepare()
    marks = load_run.base.marks()
    jobs = _open_jobs(load_run, marks)
    timelines.update(((item.base.sample_id, item.base.frame), job.timeline) for job in jobs for item in job.open)
    report = load_run.apply_jobs(jobs, marks)
    return {
        **{what: report.total(what) for what in ("added", "changed", "deleted")},
        "decided": sum(conflict["outcome"] != "open" for conflict in report.conflicts),
        "open": sum(mark.open for mark in marks.values()),
        "report": report.as_dict(),
    }


def _open_jobs(load_run: LoadRun, marks: Mapping[int, JobMark]) -> list[JobChanges]:
    """The jobs with open conflicts."""
    tasks = {job_id: task.id for task in load_run.record.tasks for job_id in task.jobs}
    changed = []
    for job_id, mark in ((job_id, mark) for job_id, mark in marks.items() if mark.open):
        entries = base, tracks, open_ = *load_run.base.known_entries(job_id, mark), load_run.base.open(job_id)
        job = Job(id=job_id, task_id=tasks.get(job_id, 0), stage="", state="")
        known = load_run.base.task(job.task_id)
        if known is not None:
            known = with_present_frames(known, load_run.context.labels)
            base, tracks, open_ = placed_entries(frames_of(known, load_run.context.labels), entries)
        timeline = timeline_of(known)
        diff = replace(reopened(base, open_), tracks=tracks)
        near = Neighbor.of(mark)
        changed.append(JobChanges(job, None, diff, base, open_, tracks=tracks, timeline=timeline, neighbors=near))
    return changed


def _context_of(dataset: Any, key: str, dest_field: Any, user: str = "") -> LoadContext:
    record: RunRecord = records.find(dataset, key)
    request = parse(LoadRequest, {"anno_key": key, "dest_field": dest_field, "policy": "ask"})
    return LoadContext(
        labels=DatasetLabels(dataset),
        store=RunStore(dataset, record.run_id),
        record=record,
        mapped=map_fields(record.schema_, request.dest_field).with_declared(dataset),
        request=request,
        user=user or getpass.getuser(),
        keep=partial(records.update, dataset, key),
    )
