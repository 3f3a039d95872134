"""Looking at what changed in CVAT since the last load; nothing is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...cvat import Annotations, Client, Job
from ...labels.base import BaseLabel
from ...labels.read import Reading
from ...labels.schema import LabelSchema
from ...labels.vocabulary import Vocabulary
from ..errors import Refused
from ..progress import Watch
from ..request import LoadRequest
from ..runs.base import BaseStore, JobMark, OpenConflict, TaskBase
from ..runs.record import RunRecord, not_here
from .diff import Edited, JobDiff, diff_job
from .fetch import TaskState, fetch_labels, fetch_tasks

READING = 0.5
"""The part of a load that is done when all is read."""


@dataclass(frozen=True)
class JobChanges:
    """A job that has something to be loaded.

    Args:
        job: the job
        date: its date when it was read; ``None`` if it was not, because only its open conflicts are looked at again
        diff: what changed in it
        base: its base
        open: its conflicts that nobody decided so far
        emptied: how many labels it had, if CVAT has nothing in it now
    """

    job: Job
    date: str | None
    diff: JobDiff
    base: tuple[BaseLabel, ...]
    open: tuple[OpenConflict, ...]
    emptied: int = 0


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
    jobs: tuple[JobChanges, ...]


@dataclass
class RemoteChanges:
    """What there is to be loaded.

    Args:
        tasks: the tasks that have something
        marks: where the load stands with each job
        jobs, jobs_left: how many jobs there are, and how many have something but were not asked for
        listed: all jobs, as CVAT has just listed them
        notes: sentences for the person
    """

    tasks: list[TaskChanges] = field(default_factory=list)
    marks: dict[int, JobMark] = field(default_factory=dict)
    jobs: int = 0
    jobs_left: int = 0
    listed: list[Job] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def job_changes(self) -> list[JobChanges]:
        """The jobs of all tasks."""
        return [changes for task in self.tasks for changes in task.jobs]

    def copy(self) -> "RemoteChanges":
        """The same, to be tried."""
        tasks = [
            replace(task, jobs=tuple(replace(changes, diff=changes.diff.copy()) for changes in task.jobs))
            for task in self.tasks
        ]
        return replace(self, tasks=tasks)

    @property
    def labels(self) -> int:
        """How many labels the run has."""
        return sum(sum(mark.labels.values()) for mark in self.marks.values())


def find_remote_changes(
    client: Client, record: RunRecord, schema: LabelSchema, base: BaseStore, request: LoadRequest, watch: Watch
) -> RemoteChanges:
    """Reads what changed in CVAT.

    Raises:
        Refused: if what was known of the run is not with the dataset
    """
    found = RemoteChanges(marks=base.marks())
    known = {task.id: kept for task in record.tasks if (kept := base.task(task.id))}
    if len(known) < len(record.tasks):
        raise Refused(f"{not_here(request.anno_key)} Load it there.")
    states = fetch_tasks(client, record, known, request.wants)
    found.listed = [job for state in states for job in (*state.jobs, *state.left)]
    found.jobs = len(found.listed)
    reader = _Reader(client, record, schema, base, watch, found)
    for state in states:
        found.jobs_left += sum(reader.is_due(job) for job in state.left)
        if state.problem:
            found.notes.append(state.problem)
        elif task := reader.look_at(state, known[state.task.id]):
            found.tasks.append(task)
    return found


@dataclass(frozen=True)
class _Reader:
    client: Client
    record: RunRecord
    schema: LabelSchema
    base: BaseStore
    watch: Watch
    found: RemoteChanges
    seen: list[int] = field(default_factory=list)

    def is_due(self, job: Job) -> bool:
        """Whether a job changed, or has conflicts to be decided."""
        mark = self.found.marks.get(job.id, JobMark())
        return mark.updated_date != job.updated_date or bool(mark.open)

    def look_at(self, state: TaskState, known: TaskBase) -> TaskChanges | None:
        """Looks at a task; ``None`` if it has nothing."""
        due = [job for job in state.jobs if self.is_due(job)]
        if not due and not state.moved:
            return None
        is_new = state.moved or any(self._moved(job) for job in due)
        then = known.words(self.schema)
        vocabulary = then.refreshed(fetch_labels(self.client, self.record, state)) if is_new else then
        for label_id, name in vocabulary.renamed.items():
            self.found.notes.append(f"The class '{then.name_then(label_id)}' is called '{name}' in CVAT now.")
        flipped = state.removed ^ frozenset(known.deleted_frames)
        changed = []
        for job in state.jobs:
            read = self._moved(job) or bool(vocabulary.renamed)
            read = read or any(job.start_frame <= frame <= job.stop_frame for frame in flipped)
            if read:
                changed.append(self._read(job, state, known, vocabulary))
            elif job in due:
                changed.append(self._look_again(job))
        return TaskChanges(state, known, vocabulary, tuple(changed))

    def _moved(self, job: Job) -> bool:
        return self.found.marks.get(job.id, JobMark()).updated_date != job.updated_date

    def _read(self, job: Job, state: TaskState, known: TaskBase, vocabulary: Vocabulary) -> JobChanges:
        self.watch.step(f"Reading job {job.id}", READING * len(self.seen) / max(1, self.found.jobs))
        self.seen.append(job.id)
        date, annotations = self.client.stable_annotations(job.id, before=job.updated_date)
        base = self.base.labels(job.id) or ()
        diff = diff_job(base, annotations, known.frames, state.removed, vocabulary)
        emptied = _emptied(base, annotations, state.removed)
        return JobChanges(job, date, diff, base, self._open(job), emptied)

    def _look_again(self, job: Job) -> JobChanges:
        """The open conflicts of a job that did not change in CVAT: what it has is still known."""
        base = self.base.labels(job.id) or ()
        open_ = self._open(job)
        return JobChanges(job, None, reopened(base, open_), base, open_)

    def _open(self, job: Job) -> tuple[OpenConflict, ...]:
        return self.base.open(job.id) if self.found.marks.get(job.id, JobMark()).open else ()


def reopened(base: Sequence[BaseLabel], conflicts: Iterable[OpenConflict]) -> JobDiff:
    """Open conflicts, as what changed in their job."""
    waiting: Mapping[tuple[str, str], OpenConflict] = {(c.base.field, c.base.label_id): c for c in conflicts}
    diff = JobDiff()
    for label in base:
        conflict = waiting.get((label.field, label.label_id))
        if conflict is None:
            diff.kept.append(label)
        elif conflict.remote is None:
            diff.deleted.append(label)
        else:
            diff.edited.append(Edited(label, Reading(conflict.remote), conflict.objects))
    return diff


def _emptied(base: Sequence[BaseLabel], annotations: Annotations, removed: Iterable[int]) -> int:
    """How many labels a job had, if it has nothing now."""
    if annotations.count:
        return 0
    gone = set(removed)
    return sum(bool(label.objects) and label.frame not in gone for label in base)
