"""Refresh: labels that changed in FiftyOne go into CVAT's open jobs; what annotators touched stays as it is."""

import getpass
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from ...cvat import Client
from ...labels.tracks.keyframes import TOLERANCE_PX
from ..dataset.clips import is_clips
from ..dataset.frames import videos_of_frames
from ..dataset.garbage import paused_garbage_collection
from ..dataset.labels import DatasetLabels, Labels
from ..dataset.samples import FRAMES, as_collection
from ..errors import Refused, database_context, error_context, sentence
from ..load.fetch import fetch_tasks
from ..load.placed_frames import with_present_frames
from ..progress import ProgressReporter
from ..request import RefreshRequest
from ..runs import record as records
from ..runs.base import BaseStore
from ..runs.lease import Lease, is_held
from ..runs.log import JobNote, note_of
from ..runs.record import not_here
from ..runs.refreshes import RefreshLog, RefreshRecord, Tally, check_no_refresh
from ..runs.run_record import RunRecord
from ..runs.same_server import check_server
from ..runs.store import RunStore, Store
from ..send.journal import Journal
from .fields import check_fields
from .local_changes import LocalChanges
from .look import Looked, TaskLooker, Work
from .report import RefreshReport
from .sent_view import Hidden, SentView, nothing_hidden
from .settle import carry_out

ONLY_LOOKED = "Nothing was sent."
SEND_AGAIN = "Send the changes again later: it goes on from there, and nothing is twice."
"""What to do if the server was away, or somebody stopped it."""
FEW = 2
"""So many labels may be deleted without a question."""
EDITOR = (
    "CVAT's editor keeps its own copy of a job while it is open, and saves over what it knows. Ask annotators to save "
    "before, and to reload the job afterwards."
)

MET = (
    "Somebody else saved job {job} while labels were written into it. What they changed of the labels that were "
    "written, in that moment, may be written over: look at the job in CVAT, or ask them."
)


@database_context("What was written into CVAT is kept track of; call it again when the database is back.")
def refresh(
    target: Any, request: RefreshRequest, client: Client, reporter: ProgressReporter | None = None
) -> dict[str, Any]:
    """Brings labels that changed in FiftyOne since both sides last agreed into the jobs of a run.

    A label that changed only here is changed in CVAT, and keeps its ids there; new ones are created, and those that
    were deleted here are deleted. What an annotator changed, or deleted, or drew stays: a load merges it.

    Args:
        target: the dataset, or a view of the samples that are looked at; what a view hides of labels has no meaning
        request: which run, and which jobs
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Returns:
        the report as a plain dict: ``created``, ``changed``, ``deleted`` and ``unchanged`` labels, ``left`` (those that
        were not written, by ``reason``), ``jobs_left``, ``notes`` and more, see
        :class:`sync.refresh.report.RefreshReport`. Of a preview, it is what the refresh would do

    Raises:
        RunMissing: if there is no such run
        Refused: if it can't be refreshed, or more would be deleted than is confirmed; nothing was changed
        CvatError: if CVAT can't be reached or refuses; calling it again goes on
    """
    reporter = reporter or ProgressReporter()
    client = client.stopping_when(reporter.stop.is_set)
    dataset = target._root_dataset
    record = records.find(dataset, request.anno_key)
    store = RunStore(dataset, record.run_id)
    _check(request, record, client, is_sending=record.status != "sent" and is_held(store))
    samples = None if target is dataset else frozenset(_samples_of(target, record))
    context = RefreshContext(
        labels=DatasetLabels(dataset),
        store=store,
        record=record,
        request=request,
        client=client.within(record.organization),
        user=client.session.credentials.user or getpass.getuser(),
        samples=samples,
        hidden=SentView(dataset, request.anno_key, record).hidden,
        tolerance=kept.keyframe_tolerance if (kept := Journal(store).kept_request()) else TOLERANCE_PX,
    )
    with paused_garbage_collection():
        if request.preview:
            check_no_refresh(store, request.anno_key)
            return _told(context.run(reporter), dataset)
        with Lease(store, request.anno_key, "refreshed") as lease:
            return _told(context.run(lease.through(reporter)), dataset)


def _told(report: RefreshReport, dataset: Any) -> dict[str, Any]:
    """A report that names samples: what people look for are videos, not the documents of frames."""
    if dataset._frame_collection is not None:
        report.name_videos(videos_of_frames(dataset, report.samples))
    return report.as_dict()


def _check(request: RefreshRequest, record: RunRecord, client: Client, *, is_sending: bool) -> None:
    key = request.anno_key
    if is_sending:
        raise Refused(f"The run '{key}' is being sent at this moment; wait for its end, or stop it, then refresh it.")
    if not record.complete_tasks:
        raise Refused(f"The run '{key}' has no complete task in CVAT, so there is nothing to refresh.")
    check_server(record, client, key)


def _samples_of(target: Any, record: RunRecord) -> list[str]:
    """The samples that a view is of.

    Raises:
        Refused: if they are no samples of the run
    """
    is_video = record.media_type == "video"
    whole = is_video and target.media_type == "video" and not is_clips(target)
    if any(name.startswith(FRAMES) for name in record.label_schema) and not whole:
        raise Refused(
            "This run's labels are on frames of videos. Give the dataset, or a view of whole videos."
            if is_video
            else "This run's labels are on frames of videos, and a view says nothing of these: give the dataset."
        )
    return list(as_collection(target).values("id"))


@dataclass(frozen=True)
class RefreshContext:
    """What a refresh works on.

    Args:
        labels: the dataset's labels
        store: the run's store
        record: the run
        request: what was asked for
        client: the CVAT server, in the run's workspace
        user: who refreshes
        samples: the samples that are looked at; ``None`` for all
        hidden: which labels were meant not to be sent
        tolerance: how many pixels CVAT may show the coordinates of tracks off between keyframes
    """

    labels: Labels
    store: Store
    record: RunRecord
    request: RefreshRequest
    client: Client
    user: str = ""
    samples: Container[str] | None = None
    hidden: Hidden = nothing_hidden
    tolerance: float = TOLERANCE_PX

    def run(self, reporter: ProgressReporter) -> RefreshReport:
        """Looks, and writes unless only a preview was asked for."""
        report = RefreshReport(anno_key=self.request.anno_key, preview=self.request.preview)
        log, base = RefreshLog(self.store), BaseStore(self.store)
        with error_context(lambda: ONLY_LOOKED if self.request.preview else SEND_AGAIN):
            begun = None if self.request.preview else self._go_on(log, base, reporter)
            try:
                work = self._find(base, report, reporter)
                self._check_deletions(work)
            except Refused:
                self._close(begun, log)  # loads would be refused as long as this is
                raise
        report.note([EDITOR] if work.plans else [])
        report.jobs_written = len(work.plans)
        if self.request.preview:
            for plan in work.plans:
                report.count(plan)
            return report
        if work.plans:
            with error_context(lambda: SEND_AGAIN):
                self._write(work, begun, log, base, report, reporter)
        else:
            self._close(begun, log)
        return report

    def _close(self, record: RefreshRecord | None, log: RefreshLog) -> None:
        """Notes that a refresh is complete, if one was begun."""
        if record is not None:
            log.save(_closed(log, record))
            log.prune()

    def _go_on(self, log: RefreshLog, base: BaseStore, reporter: ProgressReporter) -> RefreshRecord | None:
        """Ends what was begun of a refresh that was interrupted; its record, as the rest is part of it.

        It is not complete before the rest is written: if this ends before, too, it is still one refresh, which is taken
        back as one.
        """
        pending = log.pending()
        if pending is None:
            return None
        if pending.status == "undoing":
            raise Refused(
                f"Taking back a refresh of the run '{self.request.anno_key}' was interrupted; choose "
                "Take back sent changes (`undo_refresh`) again first."
            )
        for job_id in log.planned():
            carry_out(self.client, self.store, log, base, job_id, reporter, pending.number)
        return pending

    def _find(self, base: BaseStore, report: RefreshReport, reporter: ProgressReporter) -> Work:
        """Finds out what changed here, asks CVAT, and decides; nothing is written."""
        record, schema = self.record, self.record.schema_
        tasks = {task.id: kept for task in record.complete_tasks if (kept := base.task(task.id))}
        known = {task_id: with_present_frames(kept, self.labels) for task_id, kept in tasks.items()}
        if len(known) < len(record.complete_tasks):
            raise Refused(f"{not_here(self.request.anno_key)} Refresh it there.")
        marks = base.marks()
        check_fields(self.labels, schema, self.request.anno_key, marks)
        work = Work(labels=sum(sum(mark.labels.values()) for mark in marks.values()))
        reporter.step("Asking CVAT for the jobs")
        states = fetch_tasks(self.client, record, known, lambda job: True)
        jobs = [job for state in states for job in state.jobs]
        report.jobs = len(jobs)
        report.note(self.request.unmatched(jobs))
        looked = Looked(
            client=self.client,
            record=record,
            request=self.request,
            base=base,
            known=known,
            marks=marks,
            changes=LocalChanges(self.labels, schema, self.samples, self.hidden),
            report=report,
            work=work,
            tolerance=self.tolerance,
        )
        for state in states:
            if state.problem or state.error is not None:
                report.note([state.problem or (sentence(state.error) if state.error else "")])
                continue
            looker = TaskLooker(looked, state)
            for job in state.jobs:
                reporter.step(f"Looking at job {job.id}")
                looker.look_at(job)
        return work

    def _check_deletions(self, work: Work) -> None:
        """Stops before more is deleted than is confirmed.

        Raises:
            Refused: if so
        """
        tally = Tally()
        deleted = sum(tally.counts(plan)["deleted"] for plan in work.plans)
        most = max(FEW, self.request.max_deleted * work.labels)
        if deleted > most and not self.request.confirm and not self.request.preview:
            raise Refused(
                f"The refresh stopped before it changed anything. It would delete {deleted:,} of {work.labels:,} "
                "labels in CVAT, as they are not in the dataset any more. If that is what you mean, refresh again with "
                "`confirm=True`; `preview=True` lists what would change."
            )

    def _write(
        self,
        work: Work,
        begun: RefreshRecord | None,
        log: RefreshLog,
        base: BaseStore,
        report: RefreshReport,
        reporter: ProgressReporter,
    ) -> None:
        number = max((record.number for record in log.records()), default=0) + 1
        record = begun or RefreshRecord(number=number, at=records.now(), user=self.user)
        jobs = dict.fromkeys([*record.jobs, *(plan.job_id for plan in work.plans)])
        notes = {note.job_id: note for note in record.notes} | {id_: note_of(job) for id_, job in work.jobs.items()}
        record = record.model_copy(update={"jobs": tuple(jobs), "notes": tuple(notes.values())})
        log.save(record)
        report.refresh = record.number
        for done, plan in enumerate(work.plans):
            reporter.step(f"Writing into job {plan.job_id}", done / len(work.plans))
            log.save_plan(plan)
            why_not = self.request.why_not
            outcome = carry_out(self.client, self.store, log, base, plan.job_id, reporter, record.number, why_not)
            if outcome.why_not is not None:
                report.leave_job(plan, outcome.why_not)
                if log.done(record.number, plan.job_id) is None:
                    record = _without(record, plan.job_id)
                continue
            report.count(outcome.of(plan))
            report.note([MET.format(job=plan.job_id)] if outcome.met else [])
            for label, reason in outcome.left:
                report.leave(reason, label)
            report.leave_all(outcome.refused)
        if record.jobs:
            self._close(record, log)
        else:
            log.forget(record.number)
            report.refresh = None


def _without(record: RefreshRecord, job_id: int) -> RefreshRecord:
    """A refresh without a job into which it wrote nothing."""
    jobs = tuple(item for item in record.jobs if item != job_id)
    notes = tuple(note for note in record.notes if note.job_id != job_id)
    return record.model_copy(update={"jobs": jobs, "notes": notes})


def _closed(log: RefreshLog, record: RefreshRecord) -> RefreshRecord:
    """The record of a refresh that is complete."""
    counts, tally = {"created": 0, "changed": 0, "deleted": 0}, Tally()
    notes = {note.job_id: note for note in record.notes}
    for job_id in record.jobs:
        if (done := log.done(record.number, job_id)) is None:
            continue
        own = tally.counts(done)
        for kind, count in own.items():
            counts[kind] += count
        note = notes.get(job_id, JobNote(job_id=job_id, task_id=done.task_id))
        told = {"added": own["created"], "changed": own["changed"], "deleted": own["deleted"]}
        notes[job_id] = note.model_copy(update=told)
    return record.model_copy(update={**counts, "notes": tuple(notes.values()), "status": "applied"})
