"""Load: from CVAT's jobs back to the dataset's labels."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..cvat import Client, Job
from ..labels.schema import FieldSchema, LabelSchema
from ..labels.types import LABEL_TYPES, NEW_FIELD_FOR
from ..labels.vocabulary import Vocabulary
from . import record as records
from .apply import apply_job
from .base import BaseStore, JobMark, TaskBase, count_fields
from .copying import Mapped, map_fields, seed_copy
from .diff import diff_job
from .errors import Refused, telling
from .fetch import TaskState, fetch_labels, fetch_tasks
from .heap import set_aside
from .progress import Watch
from .record import RunRecord
from .report import LoadReport
from .request import LoadRequest
from .samples import check_room, ensure_field, field_class
from .store import RunStore

DELETED_TAG = "deleted_in_cvat"
"""The tag of samples whose frame was removed in CVAT."""


def load(target: Any, request: LoadRequest, client: Client, watch: Watch | None = None) -> dict[str, Any]:
    """Brings what people decided in CVAT into the dataset.

    Args:
        target: the dataset, or any view of it
        request: which run, and how
        client: the CVAT server
        watch: who waits

    Returns:
        the report as a plain dict: ``fields`` with the counts of ``added``, ``changed``, ``deleted`` and ``unchanged``
        labels of each, their totals, and what else there is to know (see :class:`sync.report.LoadReport`)

    Raises:
        RunMissing: if there is no such run
        Refused: if it can't be loaded; nothing was changed
        CvatError: if CVAT can't be reached or refuses; what was loaded so far is consistent, and loading again goes on
    """
    watch = watch or Watch()
    dataset = target._root_dataset
    record = records.find(dataset, request.anno_key)
    check_loadable(request.anno_key, record, client)
    run = _Load(dataset, record, request, client, watch)
    with telling(run.so_far), set_aside():
        return run.carry_out().as_dict()


def check_loadable(key: str, record: RunRecord, client: Client) -> None:
    """Checks that a run was sent whole, and to this server.

    Raises:
        Refused: if not
    """
    if record.status != "sent":
        why = record.problem or "its process ended before it was complete."
        raise Refused(f"The run '{key}' was not sent completely: {why} Resume it first, or delete it with its tasks.")
    if client.url != record.server:
        raise Refused(f"The run '{key}' was sent to {record.server}, but you are connected to {client.url}.")


class _Load:
    """One load on its way."""

    def __init__(self, dataset: Any, record: RunRecord, request: LoadRequest, client: Client, watch: Watch) -> None:
        self.dataset = dataset
        self.record = record
        self.request = request
        self.client = client
        self.watch = watch
        self.mapped: Mapped = map_fields(record.schema_, request.dest_field)
        self.store = RunStore(dataset, record.run_id)
        self.base = BaseStore(self.store, self.mapped.target)
        self.report = LoadReport(anno_key=request.anno_key)

    def carry_out(self) -> LoadReport:
        """Loads every task; the report."""
        self.watch.step("Asking CVAT what changed")
        self._prepare_fields()
        if self.mapped.target and not self.base.marks():
            seed_copy(self.dataset, self.record, self.mapped, BaseStore(self.store), self.base, self.report)
        known = self._known_tasks()
        marks = self.base.marks()
        states = fetch_tasks(self.client, self.record, known)
        self.report.jobs = sum(len(state.jobs) for state in states)
        for state in states:
            if state.problem:
                self.report.note(state.problem)
            else:
                self._load_task(state, known[state.task.id], marks)
        self._finish(marks)
        return self.report

    def so_far(self) -> str:
        """What became of the dataset, should the load end here."""
        if not self.report.changed_anything and not self.report.frames_deleted + self.report.frames_restored:
            return "Nothing was changed."
        return "What was loaded before that stays, and is complete in itself; load again for the rest."

    def _known_tasks(self) -> dict[int, TaskBase]:
        known = {task.id: base for task in self.record.tasks if (base := self.base.task(task.id))}
        if len(known) < len(self.record.tasks):
            raise Refused(
                f"What was known of the run '{self.request.anno_key}' is not with this dataset: it is kept with the "
                "dataset that was sent, not with a copy or an import of it. Load it there."
            )
        return known

    def _prepare_fields(self) -> None:
        fields = self.mapped.schema.fields.items()
        for name, item in fields:
            check_room(self.dataset, name, LABEL_TYPES[item.type].field)
        for name, item in fields:
            ensure_field(self.dataset, name, item)

    def _load_task(self, state: TaskState, known: TaskBase, marks: dict[int, JobMark]) -> None:
        stale = [job for job in state.jobs if marks.get(job.id, JobMark()).updated_date != job.updated_date]
        if not stale and not state.moved:
            return
        then = known.words(self.mapped.schema)
        vocabulary = then.refreshed(fetch_labels(self.client, self.record, state))
        for label_id, name in vocabulary.renamed.items():
            self.report.note(f"The class '{then.name_then(label_id)}' is called '{name}' in CVAT now.")
        flipped = state.removed ^ frozenset(known.deleted_frames)
        self._tag_frames(state, known)
        due = {job.id for job in stale}
        for job in state.jobs:
            covers = any(job.start_frame <= frame <= job.stop_frame for frame in flipped)
            if job.id in due or covers or vocabulary.renamed:
                self._load_job(job, state, known, vocabulary, marks)
        # Whoever may not read the task sees only some of its jobs: new names are still news for the others
        words = vocabulary.settled() if state.updated_date is not None else vocabulary
        settled = {
            "vocabulary": words.dump(),
            "updated_date": state.updated_date,
            "deleted_frames": tuple(sorted(state.removed)),
        }
        self.base.save_task(state.task.id, known.model_copy(update=settled))

    def _load_job(
        self, job: Job, state: TaskState, known: TaskBase, vocabulary: Vocabulary, marks: dict[int, JobMark]
    ) -> None:
        self.watch.step(f"Reading job {job.id}", self.report.jobs_read / max(1, self.report.jobs))
        date, annotations = self.client.stable_annotations(job.id, before=job.updated_date)
        self.report.jobs_read += 1
        base = self.base.labels(job.id) or ()
        diff = diff_job(base, annotations, known.frames, state.removed, vocabulary)
        rooms = self._make_room({NEW_FIELD_FOR[new.figure] for new in diff.new if new.drawn.field is None})
        labels = apply_job(self.dataset, self.record.run_id, diff, self.mapped.schema, rooms, self.report)
        if labels != base:
            self.base.save_labels(job.id, labels)
        marks[job.id] = JobMark(updated_date=date, labels=count_fields(labels))
        self.base.save_marks(marks)

    def _make_room(self, types: Iterable[str]) -> dict[str, str]:
        """Finds, or declares, the fields for labels that no field of the run can hold, by their type."""
        if self.request.unexpected != "keep":
            return {}
        rooms = {type_: room_for(self.dataset, self.mapped.schema, type_) for type_ in sorted(types)}
        for type_, name in rooms.items():
            if name in self.mapped.schema.fields:
                continue
            added = FieldSchema(type=type_, classes=(), existing_field=False)
            ensure_field(self.dataset, name, added)
            self.mapped = self.mapped.with_field(name, added)
            schema = {**self.record.label_schema, **LabelSchema(fields={name: added}).as_annotate()}
            self.record = self.record.model_copy(update={"label_schema": schema})
            records.update(self.dataset, self.request.anno_key, self.record)
        return rooms

    def _tag_frames(self, state: TaskState, known: TaskBase) -> None:
        then = frozenset(known.deleted_frames)
        removed = _samples(known, state.removed - then)
        restored = _samples(known, then - state.removed)
        if removed:
            self.dataset.select(removed).tag_samples(DELETED_TAG)
            self.report.frames_deleted += len(removed)
        if restored:
            self.dataset.select(restored).untag_samples(DELETED_TAG)
            self.report.frames_restored += len(restored)

    def _finish(self, marks: Mapping[int, JobMark]) -> None:
        for name in self.mapped.schema.fields:
            report = self.report.of(name)
            total = sum(mark.labels.get(name, 0) for mark in marks.values())
            report.unchanged = max(0, total - report.added - report.changed)
        if self.report.frames_deleted:
            self.report.note(
                f"{self.report.frames_deleted} frames were removed in CVAT; their samples are tagged '{DELETED_TAG}' "
                "and keep their labels."
            )
        self.record = self.record.model_copy(update={"loaded_at": records.now()})
        records.update(self.dataset, self.request.anno_key, self.record)


def _samples(known: TaskBase, frames: Iterable[int]) -> list[str]:
    return [known.frames[frame].sample_id for frame in frames if frame < len(known.frames)]


def room_for(dataset: Any, schema: LabelSchema, type_: str) -> str:
    """The field for labels that no field of a run can hold: named after their type, as FiftyOne does."""
    wanted = LABEL_TYPES[type_].field
    for name in (type_, f"{type_}_cvat", *(f"{type_}_cvat_{number}" for number in range(2, 100))):
        if name in schema.fields and LABEL_TYPES[schema.fields[name].type].field != wanted:
            continue
        try:
            if field_class(dataset, name) in (None, wanted):
                return name
        except ValueError:
            continue
    raise Refused(f"There is no free field name for the {type_} that were drawn in CVAT.")
