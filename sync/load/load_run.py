"""Writing what a load found: job by job, in an order in which it can be killed anywhere and run again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from ...labels.schema import FieldSchema, LabelSchema
from ...labels.types import NEW_FIELD_FOR
from ...labels.vocabulary import Vocabulary
from ..dataset.samples import FRAMES
from ..progress import ProgressReporter
from ..runs import record as records
from ..runs.base import BaseStore, TaskBase, count_fields
from ..runs.change import DELETED_TAG, JobPlan
from ..runs.log import JobEntry, LoadLog, LoadRecord, TaskEntry, note_of
from ..runs.marks import JobMark, Marks
from ..runs.report import LoadReport, one_for_each_part
from .apply import read_local
from .copying import seed_copy
from .decide import decide
from .decided_job import DecidedJob
from .first_changes import MOST, first_changes
from .frame_numbers import name_frames
from .held_jobs import HeldJob, UnchangedJob
from .job_changes import JobChanges
from .load_context import LoadContext
from .merge_settings import MergeSettings, Resolver
from .portions import portions
from .recover import entry_of, recover
from .remote_changes import READING, RemoteChanges, TaskChanges
from .rooms import room_for
from .rotated import upright_notes
from .shared_jobs import SharedLabels
from .undo import finish_undo
from .video_frames import TaskFrameImages, TaskSequence, TaskVideo


class LoadRun:
    """One load on its way.

    Args:
        context: what it works on
        reporter: takes the progress, and carries the wish to stop
        resolver: what somebody decided about the parts of a label that is in conflict; makes it a ``"resolve"``
    """

    def __init__(self, context: LoadContext, reporter: ProgressReporter, resolver: Resolver | None = None) -> None:
        self.context = context
        self.reporter = reporter
        self.mapped = context.mapped
        self.record = context.record
        self.log = LoadLog(context.store)
        self.base = BaseStore(context.store, context.mapped.target)
        self.report = LoadReport(anno_key=context.request.anno_key)
        self.kind: Literal["load", "resolve"] = "resolve" if resolver else "load"
        self.resolver: Resolver = resolver or (lambda label: {})
        self.load: LoadRecord | None = None
        self.earlier: dict[int, JobEntry] = {}
        self.left: frozenset[int] = frozenset()
        self.entries: dict[int, JobEntry] = {}
        self.known: dict[int, TaskBase] = {}
        self.words: dict[int, Vocabulary] = {}

    def so_far(self) -> str:
        """What became of the dataset, should the load end here."""
        if self.load is None and not self.report.changed_anything:
            return "Nothing was changed."
        return "What was loaded before that stays, and is complete in itself; load again for the rest."

    def prepare(self) -> None:
        """Ends what was interrupted, and makes the copies of labels that are loaded beside for the first time."""
        interrupted = [r for r in self.log.records() if r.status in ("applying", "undoing")]
        for record in interrupted:
            base = BaseStore(self.context.store, record.target)
            if record.status == "undoing":
                finish_undo(self.context.labels, base, self.log, record)
                continue
            written = recover(self.context.labels, base, self.log, record)
            if (record.target, record.kind) == (self.base.target, self.kind):
                self.load, self.earlier = record, written
            elif record.kind == "resolve":  # what was not decided then waits to be decided
                self.log.save(record.model_copy(update=_facts(written)))
        for name, item in self.mapped.schema.fields.items():
            self.context.labels.ensure(name, item)
        if self.mapped.target:
            main = BaseStore(self.context.store)
            jobs = main.marks().keys() - self.base.marks().keys()
            if jobs or not self.base.marks():  # it is the first load, or the run has grown since the last one
                seed_copy(self.context.labels, self.record, self.mapped, main, self.base, self.report, jobs)

    def apply(self, found: RemoteChanges) -> LoadReport:
        """Writes what was found; the report."""
        self.report.jobs, self.report.jobs_left = found.jobs, found.jobs_left
        self.report.jobs_failed = len(found.failed)
        self.report.jobs_read = sum(changes.date is not None for changes in found.job_changes)
        counted = Counter[str]()
        for changes in found.job_changes:
            counted.update(changes.notes)
        for sentence in (*found.notes, *(f"{what}: {count:,}." for what, count in counted.items())):
            self.report.note(sentence)
        self.left = frozenset(job.id for job in found.listed if not self.context.request.wants(job))
        marks = self.base.marks()
        done, count = 0, len(found.job_changes)
        self.known = {task.state.task.id: task.known for task in found.tasks}
        self.words = {task.state.task.id: task.vocabulary for task in found.tasks}
        for task in found.tasks:
            self._tag_frames(task)
            for held in task.jobs:
                self.reporter.step(f"Loading job {held.job.id}", READING + (1 - READING) * done / count)
                self._apply_held(held, marks)
                done += 1
            self._settle_task(task)
        self._finish(marks)
        return self.report

    def _apply_held(self, held: HeldJob, marks: Marks) -> None:
        if isinstance(held, UnchangedJob) and held.job.id not in self.earlier:
            self.report.add(held.counts)
            marks.save({held.job.id: JobMark(updated_date=held.date, labels=held.labels)})
        else:
            self._apply_job(self._parts(held.whole(self.base)), marks)

    def _parts(self, changes: JobChanges) -> Iterator[JobChanges]:
        """What of a job is decided about together: all, after a load that was killed in it."""
        return iter([changes]) if changes.job.id in self.earlier else portions(changes)

    def apply_jobs(self, changed_jobs: Sequence[JobChanges], marks: Marks) -> LoadReport:
        """Writes what was decided about the conflicts of some jobs; the report."""
        for changes in changed_jobs:
            self._apply_job(self._parts(changes), marks)
        if self.load is not None:
            self._close(self.load)
        return self.report

    def _apply_job(self, parts: Iterator[JobChanges], marks: Marks) -> None:
        decided: DecidedJob | None = None
        for part in parts:
            decided = decided or DecidedJob(part)
            decided.add(part, self._decide(part))
        if decided is not None:
            self._write(decided, marks)

    def _write(self, decided: DecidedJob, marks: Marks) -> None:
        """Writes what was decided about a job: all of it is logged by now."""
        job = decided.job
        if decided.new:
            self.base.save_new_objects(job.id, {**self.base.new_objects(job.id), **decided.new})
        for planned in decided.writes:
            planned.write(self.context.labels, self.mapped.schema)
        labels, tracks = decided.base()
        if decided.open_changed:
            self.base.save_open(job.id, tuple(decided.conflicts))
        if decided.has_changed(tracks):
            self.base.save_labels(job.id, labels, tracks)
            if self.base.new_objects(job.id):
                self.base.save_new_objects(job.id, {})
        counts = count_fields((*labels, *tracks), decided.shared)
        if self.kind == "resolve":  # which frames an earlier job has is not known then, but was counted before
            decided.was.update(count_fields(decided.known, decided.shared))
            counts = _moved_on(marks[job.id].labels, decided.was, counts)
        date = marks[job.id].updated_date if decided.date is None else decided.date
        then = None if decided.again else date
        shares = tuple(one.as_mark() for one in decided.neighbors) if decided.conflicts else ()
        marks.save({job.id: JobMark(updated_date=then, labels=counts, open=len(decided.conflicts), shares=shares)})

    def _decide(self, part: JobChanges) -> JobPlan:
        """Decides about labels of a job, and logs what is to be written of them; what was decided."""
        homeless = {NEW_FIELD_FOR[new.figure] for new in part.diff.new if new.drawn.field is None}
        rooms = self._make_room(homeless, FRAMES if isinstance(part.timeline, TaskVideo | TaskFrameImages) else "")
        schema = self.mapped.schema
        read_only = self.context.labels.read_only(schema.fields)
        settings = MergeSettings(
            self.record.run_id,
            schema,
            self.context.request.policy,
            self.resolver,
            rooms,
            read_only,
            in_sequence=isinstance(part.timeline, TaskSequence),
            shared=SharedLabels(
                self.base, part.neighbors, part.job.id, part.diff.tracks, self.words.get(part.job.task_id)
            ),
        )
        plan = decide(part.diff, part.open, read_local(self.context.labels, part.diff, part.open, settings), settings)
        part.diff.use_up()
        entry = entry_of(note_of(part.job), plan, part.open, self.earlier.pop(part.job.id, None))
        if part.timeline is not None:
            name_frames(entry.tally, part.timeline)
        if plan.gone:
            self.base.save_gone(part.job.id, {**self.base.gone(part.job.id), **plan.gone})
        if entry.changes or entry.tagged or entry.untagged:
            self.context.check()
            self._begin()
            before = self.entries.get(part.job.id)
            whole = entry if before is None else before.with_more(entry)
            self.entries[part.job.id] = self.log.save_job(self._number, whole)
        self.report.add(entry.tally)
        room = MOST - len(self.report.first_changes)
        if room > 0 and (known := self.known.get(part.job.task_id)) is not None:
            self.report.first_changes += first_changes(plan.changes, known, self.mapped.schema, room)
        for sentence in upright_notes(plan.changes):
            self.report.note(sentence)
        return plan

    @property
    def _number(self) -> int:
        return self.load.number if self.load else 0

    def _begin(self) -> None:
        """Notes that a load is being written, before anything is."""
        types = {name: item.type for name, item in self.mapped.schema.fields.items()}
        if self.load is not None:
            if self.load.types != types:
                self.load = self.load.model_copy(update={"types": types})
                self.log.save(self.load)
            return
        numbers = [record.number for record in self.log.records()]
        self.load = LoadRecord(
            number=max(numbers, default=0) + 1,
            kind=self.kind,
            target=self.mapped.target,
            types=types,
            at=records.now(),
            user=self.context.user,
            by_itself=self.context.by_itself,
        )
        self.log.save(self.load)

    def _make_room(self, types: Iterable[str], holder: str) -> dict[str, str]:
        """Finds, or declares, the fields for labels that no field of the run can hold, by their type."""
        if self.context.request.unexpected != "keep":
            return {}
        made = self.context.made
        labels, fields = self.context.labels, self.mapped.schema
        rooms = {type_: room_for(labels, fields, type_, made, holder) for type_ in sorted(types)}
        for type_, name in rooms.items():
            if name in self.mapped.schema.fields:
                continue
            added = FieldSchema(type=type_, classes=(), existing_field=False)
            self.context.labels.ensure(name, added)
            self.mapped = self.mapped.with_field(name, added)
            schema = {**self.record.label_schema, **LabelSchema(fields={name: added}).as_annotate()}
            self.record = self.record.model_copy(update={"label_schema": schema})
            self.context.keep(self.record)
        return rooms

    def _tag_frames(self, task: TaskChanges) -> None:
        """Tags the samples whose frames were removed; what the task was before is kept first."""
        then, now = frozenset(task.known.deleted_frames), task.state.removed
        removed, restored = self._holders(task.known, now - then), self._holders(task.known, then - now)
        if not removed and not restored and not task.vocabulary.renamed and not task.vocabulary.renumbered:
            return
        self._begin()
        task_id = task.state.task.id
        if self.log.task(self._number, task_id) is None:
            facts = {"vocabulary": task.known.vocabulary, "deleted_frames": task.known.deleted_frames}
            entry = TaskEntry(task_id=task_id, tagged=tuple(removed), untagged=tuple(restored), **facts)
            self.log.save_task(self._number, entry)
        self.context.labels.tag(removed, DELETED_TAG)
        self.context.labels.untag(restored, DELETED_TAG)

    def _holders(self, known: TaskBase, frames: Iterable[int]) -> list[str]:
        """The samples of frames of a task; of a video, the documents of its frames."""
        if (video := TaskVideo.of(known)) is None:
            return [known.frames[frame].sample_id for frame in sorted(frames) if frame < len(known.frames)]
        numbers = sorted(video.span.number_of(frame) for frame in frames if frame < video.span.count)
        ids = self.context.labels.frames(video.sample_id, numbers) if numbers else {}
        return [ids[number] for number in numbers]

    def _settle_task(self, task: TaskChanges) -> None:
        """Keeps what is known of a task now."""
        state = task.state
        whole = state.updated_date is not None and not state.left
        # Whoever sees, or wants, only some of its jobs: new names are still news for the others
        words = task.vocabulary.settled() if whole else task.vocabulary
        kept = not whole and task.vocabulary.renumbered  # the others still have the ids that are known
        facts = {
            "vocabulary": task.known.vocabulary if kept else words.dump(),
            "updated_date": None if state.left and state.moved else state.updated_date,
            "deleted_frames": tuple(sorted(state.removed)),
        }
        settled = task.known.model_copy(update=facts)
        if settled != task.known:
            self.base.save_task(state.task.id, settled)

    def _finish(self, marks: Marks) -> None:
        if self.load is not None:
            self._close(self.load)
        for name in self.mapped.schema.fields:
            report = self.report.of(name)
            total = sum(mark.labels.get(name, 0) for mark in marks.values())
            report.unchanged = max(0, total - report.added - report.changed)
        if self.report.frames_deleted:
            self.report.note(
                _removal(
                    self.report.frames_deleted, of_videos=self.record.media_type == "video" or self.record.of_frames
                )
            )
        self.record = self.record.model_copy(update={"loaded_at": records.now()})
        self.context.keep(self.record)

    def _close(self, load: LoadRecord) -> None:
        """Notes that a load is complete."""
        for job_id, entry in self.earlier.items():  # jobs that were complete before the load was killed
            if job_id not in self.left:
                self.report.add(entry.tally)
        tasks = self.log.tasks(load.number)
        self.report.frames_deleted = sum(len(task.tagged) for task in tasks)
        self.report.frames_restored = sum(len(task.untagged) for task in tasks)
        facts = {
            **_facts({**self.earlier, **self.entries}),
            "frames_deleted": self.report.frames_deleted,
            "frames_restored": self.report.frames_restored,
        }
        self.load = load.model_copy(update=facts)
        self.log.save(self.load)
        self.log.prune()


def _facts(entries: Mapping[int, JobEntry]) -> dict[str, Any]:
    """What a complete load's record says of its jobs."""
    tallies = [entry.tally for entry in entries.values()]
    counts = {what: sum(tally.total(what) for tally in tallies) for what in ("added", "changed", "deleted")}
    notes = tuple(entries[job_id].note for job_id in sorted(entries))
    conflicts = len(one_for_each_part(tally.conflicts for tally in tallies))
    return {**counts, "status": "applied", "jobs": notes, "conflicts": conflicts}


def _removal(frames: int, *, of_videos: bool) -> str:
    """What became of the samples whose frames were removed."""
    if of_videos:
        which = "1 frame was" if frames == 1 else f"{frames:,} frames were"
        return (
            f"{which} removed in CVAT; the labels there stay as they are. Frames that have a field 'tags' are tagged "
            f"'{DELETED_TAG}'."
        )
    if frames == 1:
        return f"1 frame was removed in CVAT; its sample is tagged '{DELETED_TAG}' and keeps its labels."
    return f"{frames:,} frames were removed in CVAT; their samples are tagged '{DELETED_TAG}' and keep their labels."


def _moved_on(counted: Mapping[str, int], was: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """How many labels each field of a job has, where others are counted than there are.

    Args:
        counted: how many were counted before
        was, now: how many there were, and are
    """
    names = dict.fromkeys((*counted, *now))
    return {name: max(0, counted.get(name, 0) + now.get(name, 0) - was.get(name, 0)) for name in names}
