"""What a load did, or would do, for the person and for programs."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from ..readable import readable
from .changed_label import ChangedLabel
from .object_counts import LONGEST_NAME, ObjectCounts

Count = Literal["added", "changed", "deleted"]


class ClassReport(BaseModel):
    """The labels of one class: how many were added, changed and deleted."""

    added: int = 0
    changed: int = 0
    deleted: int = 0


class FieldReport(BaseModel):
    """The labels of one field: how many were added, changed, deleted and left as they were.

    ``classes`` are the same counts by class, as labels have it in the end; labels without a class are under ``""``.
    ``copied`` are the labels that were copied into a ``dest_field`` when it was first loaded into; ``refused`` are
    edits made in CVAT that were not applied, by reason.
    """

    added: int = 0
    changed: int = 0
    deleted: int = 0
    unchanged: int = 0
    copied: int = 0
    refused: Counter[str] = Field(default_factory=Counter)
    classes: dict[str, ClassReport] = Field(default_factory=dict)

    def count(self, what: Count, name: str) -> None:
        """Counts a label of a class."""
        by_class = self.classes.setdefault(name[:LONGEST_NAME], ClassReport())
        setattr(self, what, getattr(self, what) + 1)
        setattr(by_class, what, getattr(by_class, what) + 1)

    def add(self, other: "FieldReport") -> None:
        """Adds the counts of another report of the same field."""
        for name in ("added", "changed", "deleted", "copied"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.refused.update(other.refused)
        for label, theirs in other.classes.items():
            mine = self.classes.setdefault(label, ClassReport())
            for what in ("added", "changed", "deleted"):
                setattr(mine, what, getattr(mine, what) + getattr(theirs, what))


class Counts(BaseModel):
    """What was done with the labels of a job, or of several.

    Args:
        fields: the counts, by field
        matches: how labels were found in CVAT: ``by_id``; having lost their id, as ``exact`` the same or by their
            ``overlap``; or not at all, so that they are ``new``
        conflicts: parts that both sides had changed, with all three values; whose counts is the ``outcome``
        unexpected: labels that no field of the run can hold, by what they are and where they were put; and parts of
            tracks that make no sense
        objects: what became of each object that CVAT has
        samples_gone: labels of samples that the dataset does not have any more
        samples: the samples with labels that changed, or are in conflict
    """

    fields: dict[str, FieldReport] = Field(default_factory=dict)
    matches: Counter[str] = Field(default_factory=Counter)
    conflicts: list[dict[str, Any]] = Field(default_factory=list)
    unexpected: Counter[str] = Field(default_factory=Counter)
    objects: ObjectCounts = Field(default_factory=ObjectCounts)
    samples_gone: int = 0
    samples: dict[str, None] = Field(default_factory=dict)

    def of(self, field: str) -> FieldReport:
        """The report of a field."""
        if field not in self.fields:
            self.fields[field] = FieldReport()
        return self.fields[field]

    def add(self, other: "Counts") -> None:
        """Adds what was done elsewhere."""
        for name, report in other.fields.items():
            self.of(name).add(report)
        self.matches.update(other.matches)
        self.conflicts += other.conflicts
        self.unexpected.update(other.unexpected)
        self.objects.add(other.objects)
        self.samples_gone += other.samples_gone
        self.samples.update(other.samples)

    def total(self, what: str) -> int:
        """A count over all fields."""
        return sum(getattr(report, what) for report in self.fields.values())


def one_for_each_part(lists: Iterable[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The conflicts of several jobs, one for each part of a label.

    Of a label on a frame that two jobs have, the second job finds what the first one left: what FiftyOne had then, and
    whose value counts in the end, is one conflict.

    Args:
        lists: the conflicts of each job, in the order in which they were loaded
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for conflict in itertools.chain.from_iterable(lists):
        key = tuple(conflict[name] for name in ("field", "sample_id", "label_id", "part"))
        first = found.get(key)
        if first is None:
            found[key] = conflict
        elif conflict["outcome"] == "open" or (conflict["outcome"] == "remote" and first["outcome"] != "open"):
            found[key] = {**first, "remote": conflict["remote"], "outcome": conflict["outcome"]}
    return list(found.values())


class LoadReport(Counts):
    """What a load did.

    Args:
        anno_key: the run
        jobs, jobs_read: how many jobs the run has, and how many had changed and were read
        jobs_left: how many had changed, but were not chosen: they are left for a later load
        jobs_failed: how many could not be read; ``notes`` say which, and why
        frames_deleted, frames_restored: samples whose frame was removed in CVAT, or brought back
        comments: of the review in CVAT: how many are ``open``, ``resolved`` and ``new``, on how many ``samples``; empty
            if there are none, and in a preview
        notes: sentences for the person
        first_changes: the first 20 labels that were added, changed or deleted: which, and how they were and are
        preview: whether this is only what a load would do
        cautions: what a load stops at until it is confirmed, see :mod:`sync.load.cautions`
    """

    anno_key: str
    jobs: int = 0
    jobs_read: int = 0
    jobs_left: int = 0
    jobs_failed: int = 0
    frames_deleted: int = 0
    frames_restored: int = 0
    comments: dict[str, int] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    first_changes: list[ChangedLabel] = Field(default_factory=list)
    preview: bool = False
    cautions: list[dict[str, Any]] = Field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Adds a sentence, once."""
        if (text := readable(sentence)) not in self.notes:
            self.notes.append(text)

    @property
    def changed_anything(self) -> bool:
        """Whether any label was written."""
        return any(self.total(what) for what in ("added", "changed", "deleted", "copied"))

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, with the totals of all fields.

        ``objects`` are the numbers of :class:`sync.runs.object_counts.ObjectCounts`; ``left`` lists those that stay in
        CVAT alone: ``reason``, ``type``, ``name`` (the class), ``count``, the first ``frames`` and ``samples``.
        """
        data = self.model_dump(mode="json")
        data["samples"] = list(self.samples)
        data["conflicts"] = one_for_each_part([data["conflicts"]])
        data["objects"] = {**data["objects"], "left": self.objects.left_count}
        data["left"] = [
            {**item.model_dump(), "frames": list(item.frames), "samples": list(item.samples)}
            for item in self.objects.left.values()
        ]
        data["matched"] = self.matches["exact"] + self.matches["overlap"]
        data.update({name: self.total(name) for name in ("added", "changed", "deleted", "unchanged")})
        return data
