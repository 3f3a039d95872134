"""Which labels changed in FiftyOne since both sides last agreed."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...labels.base import BaseLabel
from ...labels.codec import Parts
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.labels import Labels, SampleLabels
from ..dataset.mask_files import with_pixels
from ..dataset.samples import Document, FieldPlace
from ..load.rebase import local_of
from ..runs.base import NO_SAMPLE, TaskBase
from ..send.encode import Place
from .fates import differs
from .report import GONE, HIDDEN, RefreshReport
from .sent_view import Hidden, nothing_hidden

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
        hidden: which labels were meant not to be sent
    """

    def __init__(
        self, labels: Labels, schema: LabelSchema, samples: Container[str] | None, hidden: Hidden = nothing_hidden
    ) -> None:
        self._labels, self._schema, self._samples, self._hidden = labels, schema, samples, hidden
        self._places = {name: FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in schema.fields.items()}

    def find(
        self,
        known: TaskBase,
        span: range,
        base: Sequence[BaseLabel],
        report: RefreshReport,
        told: Container[int] = (),
    ) -> Iterator[Candidate]:
        """The labels of some frames that changed; counts those that did not.

        Args:
            known: what is kept of the task
            span: the frames
            base: the labels of these frames when both sides last agreed
            report: counts
            told: frames whose labels an earlier job counts
        """
        held: dict[tuple[str, str], dict[str, BaseLabel]] = {}
        silent = RefreshReport(anno_key="")
        for label in base:
            held.setdefault((label.field, label.sample_id), {})[label.label_id] = label
        frames = [Place(number, known.frames[number].sample_id, known.frames[number].size) for number in span]
        frames = [frame for frame in frames if self._is_wanted(frame.sample_id)]
        for start in range(0, len(frames), SAMPLES):
            some = frames[start : start + SAMPLES]
            for name, place in self._places.items():
                found = self._labels.read(place, [frame.sample_id for frame in some])
                new = {key: item.labels.keys() - held.get((name, key), {}).keys() for key, item in found.items()}
                hidden = self._hidden(place, new)
                for frame in some:
                    known_labels = held.get((name, frame.sample_id), {})
                    counts = silent if frame.frame in told else report
                    if frame.sample_id in found:
                        there = found[frame.sample_id]
                        yield from self._of_sample(name, frame, known_labels, there, hidden, counts)
                    else:
                        for label in known_labels.values():
                            counts.leave(GONE, label)

    def _is_wanted(self, sample_id: str) -> bool:
        return sample_id != NO_SAMPLE and (self._samples is None or sample_id in self._samples)

    def _of_sample(
        self,
        name: str,
        frame: Place,
        base: Mapping[str, BaseLabel],
        held: SampleLabels,
        hidden: Container[tuple[str, str]],
        report: RefreshReport,
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
                new = Candidate(frame, name, None, document, {"label": document.get("label")})
                if (frame.sample_id, label_id) in hidden:
                    report.leave(HIDDEN, new.label)
                else:
                    yield new
