"""Looking at what changed in CVAT since the last load; nothing is written."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...cvat import Annotations, Client, CvatError, Job, ServerFault, Unreachable
from ...labels.base import BaseLabel
from ...labels.objects import Object, key_of
from ...labels.read import Reading
from ...labels.schema import LabelSchema
from ...labels.vocabulary import Vocabulary
from ..dataset.labels import Labels
from ..errors import Refused, StateUnreadable, sentence
from ..progress import ProgressReporter
from ..request import LoadRequest
from ..runs.base import BaseStore, OpenConflict, TaskBase
from ..runs.marks import JobMark
from ..runs.outbox import TrackLabels, each_field
from ..runs.record import not_here
from ..runs.run_record import RunRecord
from .diff import JobDiff, diff_job
from .edited_label import Edited
from .fetch import OF_ONE, TaskState, fetch_labels, fetch_tasks
from .held_jobs import HeldJob, JobHolder
from .job_changes import JobChanges
from .job_objects import without_own_id
from .placed_frames import with_present_frames
from .read_ahead import ReadAhead
from .task_notes import names_of, notes_of, unsent
from .task_objects import TaskObjects
from .track_diff import VideoJob
from .video_diff import diff_video
from .video_frames import Entries, TakenIndexes, TrackFrames, frames_of, placed_entries, timeline_of

READING = 0.5
"""The part of a load that is done when all is read."""

Problem = CvatError | StateUnreadable
"""Why a job can't be read: what CVAT says of it, or what is kept of it."""


@dataclass(frozen=True)
class TaskChanges:
    """A task that has something to be loaded.

    Args:
        state: the task as CVAT has it
        known: what was known of it
        vocabulary: what its labels mean now
        jobs: its jobs that have something
    """

    state: TaskState
    known: TaskBase
    vocabulary: Vocabulary
    jobs: tuple[HeldJob, ...]


@dataclass
class RemoteChanges:
    """What there is to be loaded.

    Args:
        tasks: the tasks that have something
        marks: where the load stands with each job
        jobs, jobs_left: how many jobs there are, and how many have something but were not asked for
        failed: jobs that could not be read, and why
        listed: all jobs, as CVAT has just listed them
        notes: sentences for the person
    """

    tasks: list[TaskChanges] = field(default_factory=list)
    marks: Mapping[int, JobMark] = field(default_factory=dict)
    jobs: int = 0
    jobs_left: int = 0
    failed: dict[int, Problem] = field(default_factory=dict)
    listed: list[Job] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def job_changes(self) -> list[HeldJob]:
        """The jobs of all tasks."""
        return [changes for task in self.tasks for changes in task.jobs]

    def copy(self) -> "RemoteChanges":
        """The same, to be tried."""
        tasks = [replace(task, jobs=tuple(changes.copy() for changes in task.jobs)) for task in self.tasks]
        return replace(self, tasks=tasks)

    def mark(self, job: Job) -> JobMark:
        """Where the load stands with a job."""
        return self.marks.get(job.id, JobMark())

    def has_moved(self, job: Job) -> bool:
        """Whether a job changed in CVAT since it was last read."""
        return self.mark(job).updated_date != job.updated_date

    @property
    def labels(self) -> int:
        """How many labels the run has."""
        return sum(sum(mark.labels.values()) for mark in self.marks.values())


def find_remote_changes(
    client: Client,
    record: RunRecord,
    schema: LabelSchema,
    base: BaseStore,
    request: LoadRequest,
    reporter: ProgressReporter,
    labels: Labels,
) -> RemoteChanges:
    """Reads what changed in CVAT.

    Args:
        client: the CVAT server
        record: the run
        schema: its schema, under the names of the fields that are loaded into
        base: what its labels were when both sides last agreed
        request: what was asked for
        reporter: takes the progress
        labels: the dataset's labels, which know the frames of videos

    Raises:
        Refused: if what was known of the run is not with the dataset
    """
    found = RemoteChanges(marks=base.marks())
    tasks = record.complete_tasks
    known = {task.id: with_present_frames(kept, labels) for task in tasks if (kept := base.task(task.id))}
    if len(known) < len(tasks):
        raise Refused(f"{not_here(request.anno_key)} Load it there.")
    found.notes += unsent(record)
    states = fetch_tasks(client, record, known, request.wants)
    found.listed = [job for state in states for job in (*state.jobs, *state.left)]
    found.jobs = len(found.listed)
    found.notes += request.unmatched(found.listed)
    indexes = TakenIndexes(record, schema, base, known, labels)
    moved = [job for state in states if state.error is None for job in state.jobs if found.has_moved(job)]
    with ReadAhead(client, [(job, sum(found.mark(job).labels.values())) for job in moved]) as ahead:
        reader = _Reader(client, record, schema, base, reporter, found, ahead, labels, indexes)
        for state in states:
            found.jobs_left += sum(reader.is_due(job) for job in state.left)
            found.notes += notes_of(state.task, (*state.jobs, *state.left), state.others, state.elsewhere)
            if state.problem:
                found.notes.append(state.problem)
            elif state.error is not None:
                reader.fail(state.jobs, state.error, f"Task {state.task.id} ('{state.task.name}')")
            elif task := reader.look_at(state, known[state.task.id]):
                found.tasks.append(task)
    if found.failed and len(found.failed) == found.jobs:
        raise next(iter(found.failed.values()))
    return found


@dataclass
class _Reader:
    client: Client
    record: RunRecord
    schema: LabelSchema
    base: BaseStore
    reporter: ProgressReporter
    found: RemoteChanges
    ahead: ReadAhead
    labels: Labels
    indexes: TakenIndexes
    seen: list[int] = field(default_factory=list)
    unreachable: bool = False
    holder: JobHolder = field(default_factory=JobHolder)

    def is_due(self, job: Job) -> bool:
        """Whether a job changed, or has conflicts to be decided."""
        return self.found.has_moved(job) or bool(self.found.mark(job).open)

    def look_at(self, state: TaskState, known: TaskBase) -> TaskChanges | None:
        """Looks at a task; ``None`` if it has nothing."""
        due = [job for job in state.jobs if self.is_due(job)]
        if not due and not state.moved:
            return None
        is_new = state.moved or any(self.found.has_moved(job) for job in due)
        then = known.words(self.schema)
        try:
            vocabulary = self._refreshed(then, state) if is_new else then
        except OF_ONE as error:
            self.fail(state.jobs, error, f"The labels of task {state.task.id} ('{state.task.name}')")
            return None
        self.found.notes += names_of(then, vocabulary)
        flipped = state.removed ^ frozenset(known.deleted_frames)
        changed: dict[int, HeldJob] = {}
        fixed = {job.id for job in state.left if self.found.has_moved(job)}
        objects = TaskObjects(self.base, (*state.jobs, *state.left), fixed)
        for job in sorted(state.jobs, key=lambda job: (job.start_frame, job.id)):
            read = self.found.has_moved(job) or bool(vocabulary.renamed or vocabulary.renumbered)
            read = read or any(job.start_frame <= frame <= job.stop_frame for frame in flipped)
            if read or job.id in objects.pending:
                changed.update(self._try_to_read(job, state, known, vocabulary, objects))
            elif job in due:
                changed[job.id] = self._look_again(job, known, state)
        for job in (*state.jobs, *state.left):
            if job.id in objects.pending:
                changed.update(self._try_to_read(job, state, known, vocabulary, objects))
        failed = tuple(job for job in state.jobs if job.id in self.found.failed)
        if failed:
            rest = tuple(job for job in state.jobs if job not in failed)
            state = replace(state, jobs=rest, left=(*state.left, *failed))
        return TaskChanges(state, known, vocabulary, tuple(map(changed.__getitem__, objects.order(changed))))

    def _try_to_read(
        self, job: Job, state: TaskState, known: TaskBase, vocabulary: Vocabulary, objects: TaskObjects
    ) -> dict[int, HeldJob]:
        """What changed in a job, by its id; nothing if it can't be read."""
        try:
            return {job.id: self._read(job, state, known, vocabulary, objects)}
        except (*OF_ONE, StateUnreadable) as error:
            objects.pending.discard(job.id)
            self.fail([job], error, f"Job {job.id} (frames {job.start_frame} to {job.stop_frame})")
            return {}

    def fail(self, jobs: Sequence[Job], error: Problem, what: str) -> None:
        """Leaves jobs that can't be read, unless the server does not answer at all.

        Raises:
            CvatError: if nothing could be reached twice in a row
        """
        if isinstance(error, Unreachable) and self.unreachable:
            raise error
        self.unreachable = isinstance(error, Unreachable)
        self.found.failed.update({job.id: error for job in jobs})
        self.found.notes.append(
            f"{what} could not be read: {sentence(error)} Labels there stay as they are; load again for them."
        )

    def _refreshed(self, then: Vocabulary, state: TaskState) -> Vocabulary:
        """What a task's labels mean now. Of those whose ids and names are gone, their objects say what they are."""
        labels = fetch_labels(self.client, self.record, state)
        lost = then.lost(labels)
        votes: dict[int, Counter[int]] = {}
        for job in state.jobs if lost else ():
            annotations = self.client.annotations(job.id)
            objects: list[Object] = [*annotations.tags, *annotations.shapes]
            tracks = {track.id: track.label_id for track in annotations.tracks}
            for then_track in (item.track for item in self.base.tracks(job.id)):
                if then_track.label_id in lost and then_track.id in tracks:
                    votes.setdefault(then_track.label_id, Counter())[tracks[then_track.id]] += 1
            now = {key_of(item): item.label_id for item in objects if item.id is not None}
            for label in self.base.labels(job.id) or ():
                for item in label.objects:
                    if item.label_id in lost and key_of(item) in now:
                        votes.setdefault(item.label_id, Counter())[now[key_of(item)]] += 1
        return then.refreshed(labels, {old: found.most_common(1)[0][0] for old, found in votes.items()})

    def _read(
        self, job: Job, state: TaskState, known: TaskBase, vocabulary: Vocabulary, objects: TaskObjects
    ) -> HeldJob:
        self.reporter.step(f"Reading job {job.id}", READING * len(self.seen) / max(1, self.found.jobs))
        self.seen.append(job.id)
        date, annotations = self.ahead.take(job)
        self.unreachable = False

        def compare(annotations: Annotations, base: BaseStore) -> JobChanges:
            return replace(self, base=base)._compare(job, date, annotations, state, known, vocabulary, objects)

        return self.holder.hold(compare(annotations, self.base), annotations, compare)

    def _compare(
        self,
        job: Job,
        date: str,
        annotations: Annotations,
        state: TaskState,
        known: TaskBase,
        vocabulary: Vocabulary,
        objects: TaskObjects,
    ) -> JobChanges:
        frames = frames_of(known, self.labels)
        are_tracks = isinstance(frames, TrackFrames)
        used = self.indexes.of(known) if are_tracks else ()  # they are read from what is kept, so before that is here
        base, tracks, open_ = placed_entries(frames, self._known(job))
        span = range(max(0, job.start_frame), min(job.stop_frame + 1, len(frames)))
        if isinstance(frames, TrackFrames):
            run_id = self.record.run_id
            others = objects.others(job, tracks, annotations)
            settled = objects.settled_of(job, tracks, annotations, vocabulary, {*used})
            begun = self.base.new_objects(job.id)
            now = (annotations, frames, span, state.removed, used, run_id)
            job_now = VideoJob(base, tracks, *now, others, settled, begun)
            diff = diff_video(job_now, vocabulary)
            diff.notes += objects.index_notes(job, tracks, annotations, vocabulary)
            objects.note(job, diff)
            self.indexes.take(known, diff.indexes)
        else:
            diff = diff_job(base, annotations, frames, state.removed, vocabulary, span)
        if diff.deleted and (nameless := without_own_id(annotations)):
            raise ServerFault(
                f"CVAT gave {nameless:,} of its objects no id of their own, and others that were sent are not there. "
                "That can't be told from a deletion."
            )
        emptied = 0 if annotations.tags or annotations.shapes else _emptied(base, tracks, diff, state.removed)
        return self._changes(job, date, diff, (base, tracks, open_), known, state, emptied)

    def _changes(
        self,
        job: Job,
        date: str | None,
        diff: JobDiff,
        entries: Entries,
        known: TaskBase,
        state: TaskState,
        emptied: int = 0,
    ) -> JobChanges:
        base, tracks, open_ = entries
        timeline = timeline_of(known)
        neighbors, elsewhere = state.spans.neighbors_of(job), known.video.shared if known.video else 0
        return JobChanges(job, date, diff, base, open_, emptied, tracks, timeline, neighbors, elsewhere)

    def _look_again(self, job: Job, known: TaskBase, state: TaskState) -> JobChanges:
        """The open conflicts of a job that did not change in CVAT: what it has is still known."""
        entries = base, tracks, open_ = placed_entries(frames_of(known, self.labels), self._known(job))
        diff = replace(reopened(base, open_), tracks=tracks)
        return self._changes(job, None, diff, entries, known, state)

    def _known(self, job: Job) -> Entries:
        mark = self.found.mark(job)
        return *self.base.known_entries(job.id, mark), self.base.open(job.id) if mark.open else ()


def reopened(base: Sequence[BaseLabel], conflicts: Iterable[OpenConflict]) -> JobDiff:
    """Open conflicts, as what changed in their job."""
    waiting = {conflict.base.key: conflict for conflict in conflicts}
    diff = JobDiff()
    for label in base:
        conflict = waiting.get(label.key)
        if conflict is None:
            diff.kept.append(label)
        elif conflict.remote is None:
            diff.deleted.append(label)
        else:
            diff.edited.append(_reopened(conflict))
    return diff


def _reopened(conflict: OpenConflict) -> Edited:
    reading = Reading(conflict.remote or {})
    return Edited(conflict.base, reading, conflict.objects, to=conflict.to, replaced=conflict.replaced)


def _emptied(base: Sequence[BaseLabel], tracks: Sequence[TrackLabels], diff: JobDiff, removed: Iterable[int]) -> int:
    """How many labels of a job without shapes and tags are gone; 0 if tracks that both sides agreed on are still there.

    A track that is new goes on with the label that it took over, but says nothing of the others.
    """
    gone = set(removed)
    still = sum(bool(label.objects) for label in diff.kept if label.frame not in gone)
    still += sum(frame not in gone for _, frame in each_field(diff.tracks))
    still += sum(edited.is_there for edited in diff.edited)
    if tracks and still:
        return 0
    were = sum(bool(label.objects) for label in base if label.frame not in gone)
    return were + sum(frame not in gone for _, frame in each_field(tracks)) - still
