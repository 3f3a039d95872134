"""Which labels changed in FiftyOne since both sides last agreed."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...labels.base import BaseLabel
from ...labels.codec import Parts
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.labels import Labels, SampleLabels
from ..dataset.mask_files import with_pixels
from ..dataset.samples import Document, FieldPlace
from ..load.rebase import local_of
from ..runs.base import NO_SAMPLE, TaskBase
from ..runs.refreshes import LabelKey
from ..send.encode import Place
from .fates import differs
from .report import GONE, HIDDEN, TWIN, RefreshReport
from .sent_view import Hidden, nothing_hidden

SAMPLES = 1_000
"""Samples whose labels are in memory at a time."""

Places = Mapping[str, Sequence[Place]]
"""Where the labels of each field are: on which frames, and which documents hold them."""

Reidentified = Callable[[BaseLabel, Document], bool]
"""Whether a label is of another object now than that whose track it is on."""


@dataclass(frozen=True)
class Candidate:
    """A label that is not what it was when both sides last agreed.

    Args:
        place: its frame
        field: its field
        base: what it was; ``None`` if CVAT never had it
        document: what it is; ``None`` if it was deleted
        local: the same as parts
        told: whether an earlier job counts what becomes of it
    """

    place: Place
    field: str
    base: BaseLabel | None
    document: Document | None
    local: Parts | None
    told: bool = False

    @property
    def label(self) -> BaseLabel:
        """The label, as it is told in a report."""
        if self.base is not None:
            return self.base
        label_id = str((self.document or {}).get("_id"))
        where: dict[str, Any] = {"field": self.field, "sample_id": self.place.sample_id, "frame": self.place.frame}
        return BaseLabel(label_id=label_id, parts=self.local or {}, objects=(), **where)

    @property
    def key(self) -> LabelKey:
        """Its field, its sample and its own id."""
        return self.field, self.place.sample_id, self.label.label_id

    @property
    def is_reidentified(self) -> bool:
        """Whether all that changed of it is which object it is."""
        return self.base is not None and self.local is not None and not differs(self.base.parts, self.local)


class LocalChanges:
    """Finds the labels of jobs that changed in FiftyOne.

    Args:
        labels: the dataset's labels
        schema: the run's schema
        samples: the samples that are looked at; ``None`` for all
        hidden: which labels were meant not to be sent

    Attributes:
        fields: where the labels of each field are
    """

    def __init__(
        self, labels: Labels, schema: LabelSchema, samples: Container[str] | None, hidden: Hidden = nothing_hidden
    ) -> None:
        self.labels, self._schema, self._samples, self._hidden = labels, schema, samples, hidden
        self.fields = {name: FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in schema.fields.items()}

    def places(self, known: TaskBase, span: range) -> Places:
        """Where labels of images are looked at.

        Args:
            known: what is kept of the task
            span: the frames
        """
        frames = [Place(number, known.frames[number].sample_id, known.frames[number].size) for number in span]
        frames = [frame for frame in frames if self.is_wanted(frame.sample_id)]
        return dict.fromkeys(self.fields, frames)

    def find(
        self,
        places: Places,
        base: Sequence[BaseLabel],
        report: RefreshReport,
        told: Container[int] = (),
        ahead: Container[int] = (),
        elsewhere: Container[tuple[str, str]] = (),
        reidentified: Reidentified = lambda label, document: False,
    ) -> Iterator[Candidate]:
        """The labels of some frames that changed; counts those that did not.

        Args:
            places: the frames, by field
            base: the labels of these frames when both sides last agreed
            report: counts
            told: frames whose labels an earlier job counts, unless they are unchanged there
            ahead: frames that a later job may have, too
            elsewhere: labels that are in other jobs, by field and id, so that they are not new
            reidentified: whether a label is of another object now
        """
        held: dict[tuple[str, str], dict[str, BaseLabel]] = {}
        for label in base:
            held.setdefault((label.field, label.sample_id), {})[label.label_id] = label
        look = _Look(self._schema, report, told, ahead, elsewhere, reidentified)
        for name, frames in places.items():
            place = self.fields[name]
            for start in range(0, len(frames), SAMPLES):
                some = frames[start : start + SAMPLES]
                found = self.labels.read(place, [frame.sample_id for frame in some])
                new = {key: item.labels.keys() - held.get((name, key), {}).keys() for key, item in found.items()}
                hidden = self._hidden(place, new)
                for frame in some:
                    known_labels = held.get((name, frame.sample_id), {})
                    if frame.sample_id in found:
                        yield from look.at(name, frame, known_labels, found[frame.sample_id], hidden)
                    else:
                        for label in known_labels.values():
                            look.counts(label.frame).leave(GONE, label)

    def is_wanted(self, sample_id: str) -> bool:
        """Whether a sample is looked at."""
        return sample_id != NO_SAMPLE and (self._samples is None or sample_id in self._samples)


@dataclass(frozen=True)
class _Look:
    """A look at the labels of a job; see :meth:`LocalChanges.find`."""

    schema: LabelSchema
    report: RefreshReport
    told: Container[int]
    ahead: Container[int]
    elsewhere: Container[tuple[str, str]]
    reidentified: Reidentified
    silent: RefreshReport = field(default_factory=lambda: RefreshReport(anno_key=""))

    def counts(self, frame: int) -> RefreshReport:
        """Where the labels of a frame are counted."""
        return self.silent if frame in self.told else self.report

    def at(
        self,
        name: str,
        place: Place,
        base: Mapping[str, BaseLabel],
        held: SampleLabels,
        hidden: Container[tuple[str, str]],
    ) -> Iterator[Candidate]:
        """The labels of a field in one document that changed."""
        schema = self.schema.fields[name]
        for label_id, label in base.items():
            document, report = held.labels.get(label_id), self.counts(label.frame)
            local, is_other = None, False
            if document is not None:
                document = with_pixels(document, held.media, held.own)
                try:
                    local = local_of(label, document, schema)
                    is_other = self.reidentified(label, document)
                except Exception as error:  # whatever is in a document: it is this label that stays behind
                    report.leave(f"labels that can't be read ({type(error).__name__})", label)
                    continue
            if local is None or is_other or differs(label.parts, local):
                yield self._told(Candidate(replace(place, frame=label.frame), name, label, document, local))
            else:
                report.keep(label, in_others=label.frame in self.ahead)
        for label_id, document in held.labels.items():
            if label_id in base or not schema.classes or (name, label_id) in self.elsewhere:
                continue
            new = Candidate(place, name, None, document, {"label": document.get("label")})
            if (place.sample_id, label_id) in hidden:
                self.counts(place.frame).leave(HIDDEN, new.label)
            else:
                yield self._told(new)
        if (name, "") not in self.elsewhere:  # else the first job of the video counts them
            for label_id in held.twins:
                twin = BaseLabel(
                    field=name, sample_id=place.sample_id, frame=place.frame, label_id=label_id, parts={}, objects=()
                )
                self.counts(place.frame).leave(TWIN, twin)

    def _told(self, candidate: Candidate) -> Candidate:
        """A label with whether another job counts it; one that is as it was in that job counts as what it is here."""
        told = candidate.label.frame in self.told and not self.report.has_kept(candidate.key)
        return replace(candidate, told=True) if told else candidate
