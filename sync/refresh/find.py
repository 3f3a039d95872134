"""Which labels changed in FiftyOne since both sides last agreed, and what is to be written of them into a job."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...cvat import Annotations, Job
from ...labels.base import BaseLabel
from ...labels.codec import Parts
from ...labels.objects import Key, Object, key_of
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from ..dataset.labels import Labels, SampleLabels
from ..dataset.mask_files import with_pixels
from ..dataset.samples import Document, FieldPlace
from ..load.diff import JobDiff, diff_job
from ..load.rebase import local_of
from ..runs.base import NO_SAMPLE, OpenConflict, TaskBase
from ..runs.marks import JobMark
from ..runs.refreshes import JobWrites, LabelWrite
from ..send.encode import Place, draw
from ..send.refusals import unstorable
from .draw import in_place
from .execute import current
from .fates import Fate, Remote, differs, fate_of
from .report import BOTH, GONE, ON_TRACK, REMOVED, RENAMED, WAITS, RefreshReport

SAMPLES = 1_000
"""Samples whose labels are in memory at a time."""

LabelKey = tuple[str, str, str]
"""A label: its field, its sample and its own id."""


@dataclass(frozen=True)
class Candidate:
    """A label that is not what it was when both sides last agreed.

    Args:
        place: its frame
        field: its field
        base: what it was; ``None`` if CVAT never had it
        document: what it is; ``None`` if it was deleted
        local: the same as parts
    """

    place: Place
    field: str
    base: BaseLabel | None
    document: Document | None
    local: Parts | None

    @property
    def label(self) -> BaseLabel:
        """The label, as it is told in a report."""
        if self.base is not None:
            return self.base
        label_id = str((self.document or {}).get("_id"))
        where = {"field": self.field, "sample_id": self.place.sample_id, "frame": self.place.frame}
        return BaseLabel(label_id=label_id, parts=self.local or {}, objects=(), **where)

    @property
    def key(self) -> LabelKey:
        """Its field, its sample and its own id."""
        return self.field, self.place.sample_id, self.label.label_id


class LocalChanges:
    """Finds the labels of jobs that changed in FiftyOne.

    Args:
        labels: the dataset's labels
        schema: the run's schema
        samples: the samples that are looked at; ``None`` for all
    """

    def __init__(self, labels: Labels, schema: LabelSchema, samples: Container[str] | None) -> None:
        self._labels, self._schema, self._samples = labels, schema, samples
        self._places = {name: FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in schema.fields.items()}

    def find(
        self, known: TaskBase, span: range, base: Sequence[BaseLabel], report: RefreshReport
    ) -> Iterator[Candidate]:
        """The labels of some frames that changed; counts those that did not.

        Args:
            known: what is kept of the task
            span: the frames
            base: the labels of these frames when both sides last agreed
            report: counts
        """
        held: dict[tuple[str, str], dict[str, BaseLabel]] = {}
        for label in base:
            held.setdefault((label.field, label.sample_id), {})[label.label_id] = label
        frames = [Place(number, known.frames[number].sample_id, known.frames[number].size) for number in span]
        frames = [frame for frame in frames if self._is_wanted(frame.sample_id)]
        for start in range(0, len(frames), SAMPLES):
            some = frames[start : start + SAMPLES]
            for name, place in self._places.items():
                found = self._labels.read(place, [frame.sample_id for frame in some])
                for frame in some:
                    known_labels = held.get((name, frame.sample_id), {})
                    if frame.sample_id in found:
                        yield from self._of_sample(name, frame, known_labels, found[frame.sample_id], report)
                    else:
                        for label in known_labels.values():
                            report.leave(GONE, label)

    def _is_wanted(self, sample_id: str) -> bool:
        return sample_id != NO_SAMPLE and (self._samples is None or sample_id in self._samples)

    def _of_sample(
        self, name: str, frame: Place, base: Mapping[str, BaseLabel], held: SampleLabels, report: RefreshReport
    ) -> Iterator[Candidate]:
        schema = self._schema.fields[name]
        for label_id, label in base.items():
            document = held.labels.get(label_id)
            local = None
            if document is not None:
                document = with_pixels(document, held.media, held.own)
                try:
                    local = local_of(label, document, schema)
                except Exception as error:  # whatever is in a document: it is this label that stays behind
                    report.leave(f"labels that can't be read ({type(error).__name__})", label)
                    continue
            if local is None or differs(label.parts, local):
                yield Candidate(frame, name, label, document, local)
            else:
                report.unchanged += 1
        for label_id, document in held.labels.items():
            if label_id not in base and schema.classes:
                yield Candidate(frame, name, None, document, {"label": document.get("label")})


@dataclass(frozen=True)
class JobNow:
    """A job as CVAT has it now.

    Args:
        job: the job
        date: its date
        annotations: what it has
        removed: the frames of its task that were removed
        vocabulary: what the task's labels mean
        shared: frames that an earlier job has, too
    """

    job: Job
    date: str
    annotations: Annotations
    removed: frozenset[int]
    vocabulary: Vocabulary
    shared: frozenset[int]


def plan_job(
    candidates: Sequence[Candidate],
    now: JobNow,
    known: TaskBase,
    base: Sequence[BaseLabel],
    mark: JobMark,
    was_open: Sequence[OpenConflict],
    report: RefreshReport,
) -> JobWrites:
    """Decides what is written into a job.

    Args:
        candidates: the labels that changed in FiftyOne
        now: the job
        known: what is kept of its task
        base: its labels when both sides last agreed
        mark: where the load stands with it
        was_open: its conflicts that wait for a decision
        report: counts what is left
    """
    job, words = now.job, now.vocabulary
    span = range(max(0, job.start_frame), min(job.stop_frame + 1, len(known.frames)))
    diff = diff_job(base, now.annotations, known.frames, now.removed, words, span)
    planner = _Planner(now, diff, {(item.base.field, item.base.label_id) for item in was_open}, report)
    writes = planner.writes(candidates)
    agreed = {write.key for write in writes if write.kind == "agreed"}
    waiting = [*(edited.base for edited in diff.edited), *diff.deleted]
    left = diff.objects.left if diff.objects else {}
    settled = all(_key(label) in agreed for label in waiting) and not diff.new
    settled = settled and (mark.updated_date == now.date or not left)
    return JobWrites(
        job_id=job.id,
        task_id=job.task_id,
        date=now.date,
        writes=tuple(writes),
        shared=tuple(sorted(now.shared)),
        settled=settled,
    )


class _Planner:
    """Decides about the labels of one job."""

    def __init__(self, now: JobNow, diff: JobDiff, was_open: set[tuple[str, str]], report: RefreshReport) -> None:
        self._now, self._was_open, self._report = now, was_open, report
        self._there: dict[Key, Object] = current(now.annotations)
        self._kept = {_key(label): label for label in diff.kept}
        self._edited = {_key(edited.base): edited for edited in diff.edited}
        words = now.vocabulary
        self._unsure = diff.incomplete or bool(words.renamed or words.renumbered)

    def writes(self, candidates: Sequence[Candidate]) -> list[LabelWrite]:
        """What is written of labels that changed here; all else is counted."""
        found: list[LabelWrite] = []
        to_draw: list[tuple[Candidate, tuple[Object, ...]]] = []
        for candidate in candidates:
            fate, objects, reason = self._fate(candidate)
            if reason:
                self._leave(reason, candidate)
            elif fate == "agreed":
                found.append(self._agreed(candidate))
            elif fate == "delete":
                found.append(LabelWrite(kind="deleted", before=candidate.base, objects=objects))
            elif fate in ("create", "update"):
                to_draw.append((candidate, objects))
        return [*found, *self._drawn(to_draw)]

    def _fate(self, candidate: Candidate) -> tuple[Fate, tuple[Object, ...], str]:
        """What becomes of a label; its objects in CVAT; and why nothing is written, if so."""
        label, remote, parts = candidate.base, "kept", None
        objects: tuple[Object, ...] = ()
        if self._unsure:
            return "unchanged", (), RENAMED
        if candidate.place.frame in self._now.removed:
            return "unchanged", (), REMOVED
        if label is not None:
            if (label.field, label.label_id) in self._was_open:
                return "unchanged", (), WAITS
            kept, edited = self._kept.get(candidate.key), self._edited.get(candidate.key)
            held = kept.objects if kept else edited.objects if edited else ()
            if any(key_of(item) not in self._there for item in held):
                return "unchanged", (), ON_TRACK
            objects = tuple(self._there[key_of(item)] for item in held)
            remote = "kept" if kept else "edited" if edited else "deleted"
            parts = edited.reading.parts if edited and edited.to is None else None
        fate = fate_of(label.parts if label else None, candidate.local, _as_remote(remote), parts)
        return fate, objects, BOTH if fate == "both" else ""

    def _agreed(self, candidate: Candidate) -> LabelWrite:
        """A label that both sides changed in the same way, or deleted."""
        edited = self._edited.get(candidate.key)
        after = None
        if edited is not None:
            parts = {**edited.base.parts, **edited.reading.parts}
            after = edited.base.model_copy(update={"parts": parts, "objects": edited.objects})
        return LabelWrite(kind="agreed", before=candidate.base, after=after)

    def _drawn(self, wanted: Sequence[tuple[Candidate, tuple[Object, ...]]]) -> Iterator[LabelWrite]:
        """Labels that are created or changed, as they are drawn."""
        by_key = {candidate.key: (candidate, objects) for candidate, objects in wanted}
        lost, shared = Counter[str](), self._now.shared
        for twice in (True, False):
            some = [c for c, _ in wanted if (c.place.frame in shared) == twice]
            labels = ((c.place, c.field, c.document) for c in some)
            counter = Counter[str]() if twice else lost  # the earlier job counts that
            groups = [item.group or 0 for item in self._there.values()]
            for batch in draw(labels, self._now.vocabulary, (), groups, counter):
                if not twice:
                    lost.update(batch.left_out)
                for label in batch.labels:
                    assert isinstance(label, BaseLabel), "no track is drawn of images"
                    yield from self._write(label, *by_key[_key(label)])
        self._report.leave_all(lost)

    def _write(self, drawn: BaseLabel, candidate: Candidate, objects: tuple[Object, ...]) -> Iterator[LabelWrite]:
        base, schema = candidate.base, self._now.vocabulary.schema.fields[candidate.field]
        if refusals := unstorable(drawn):
            self._report.leave(refusals[0].sentence, drawn)
            return
        if base is None:
            yield LabelWrite(kind="created", after=drawn)
            return
        parts = {**base.parts, **drawn.parts}
        after = in_place(drawn, objects, schema).model_copy(update={"parts": parts, "wrote": ()})
        kind = "agreed" if after.objects == objects else "changed"
        yield LabelWrite.model_validate({"kind": kind, "before": base, "after": after, "objects": objects})

    def _leave(self, reason: str, candidate: Candidate) -> None:
        if candidate.place.frame not in self._now.shared:
            self._report.leave(reason, candidate.label)


def _as_remote(name: str) -> Remote:
    return "edited" if name == "edited" else "deleted" if name == "deleted" else "kept"


def _key(label: BaseLabel) -> LabelKey:
    return label.field, label.sample_id, label.label_id
