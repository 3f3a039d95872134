"""Jobs between the look at CVAT and the writing: as many of their labels in memory as there is room for."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from ...cvat import Annotations, Job
from ..runs.base import BaseStore, count_fields
from ..runs.report import Counts
from .diff import JobDiff
from .job_changes import JobChanges

MOST_LABELS = 50_000
"""Labels of jobs with changes that are kept in memory. Of more, CVAT's answer is kept, and compared once more."""


@dataclass(frozen=True)
class UnchangedJob:
    """A job whose labels are in CVAT what they were, whatever else is there.

    Args:
        job, date: as of :class:`.job_changes.JobChanges`
        counts: how its labels were found, and what became of its objects
        labels: how many labels its base has, by field
    """

    job: Job
    date: str | None
    counts: Counts
    labels: dict[str, int]
    deleted: int = 0
    emptied: int = 0
    notes: tuple[str, ...] = ()

    def copy(self) -> "UnchangedJob":
        """The same, to be tried."""
        return self

    def whole(self, base: BaseStore) -> JobChanges:
        """The same with its labels."""
        labels = base.labels(self.job.id) or ()
        matches, objects = self.counts.matches.copy(), self.counts.objects.model_copy(deep=True)
        return JobChanges(self.job, self.date, JobDiff([*labels], matches=matches, objects=objects), labels, ())


@dataclass(frozen=True)
class PackedJob:
    """A job of which CVAT's answer is kept, as its labels would take too much memory.

    Args:
        job, date, emptied: as of :class:`.job_changes.JobChanges`
        deleted: how many of its labels are gone
        packed: the answer
        compare: compares it with a base
    """

    job: Job
    date: str | None
    emptied: int
    deleted: int
    packed: bytes
    compare: Callable[[Annotations, BaseStore], JobChanges]
    notes: tuple[str, ...] = ()

    def copy(self) -> "PackedJob":
        """The same, to be tried."""
        return self

    def whole(self, base: BaseStore) -> JobChanges:
        """The same with its labels."""
        return self.compare(Annotations.model_validate_json(zlib.decompress(self.packed)), base)


HeldJob = JobChanges | UnchangedJob | PackedJob


class JobHolder:
    """Holds what was found of jobs."""

    def __init__(self) -> None:
        self._labels = 0

    def hold(
        self, changes: JobChanges, annotations: Annotations, compare: Callable[[Annotations, BaseStore], JobChanges]
    ) -> HeldJob:
        """A job in the form in which it is held.

        Args:
            changes: what was found of it
            annotations: what CVAT answered
            compare: compares that with a base
        """
        if is_unchanged(changes):
            counts = Counts(matches=changes.diff.matches, objects=changes.diff.objects or {})
            return UnchangedJob(changes.job, changes.date, counts, count_fields(changes.base, changes.shared))
        self._labels += len(changes.base) + len(changes.diff.new)
        if self._labels <= MOST_LABELS or changes.timeline is not None:  # indexes are given once
            return changes
        packed = zlib.compress(annotations.model_dump_json(exclude_defaults=True).encode(), 1)
        return PackedJob(changes.job, changes.date, changes.emptied, changes.deleted, packed, compare)


def is_unchanged(changes: JobChanges) -> bool:
    """Whether the base of a job stays the very same, and nothing of it waits for a decision."""
    found, base = changes.diff, changes.base
    kept = JobDiff(found.kept, matches=found.matches, objects=found.objects)
    plain = JobChanges(changes.job, changes.date, kept, base, (), neighbors=changes.neighbors)
    return changes == plain and len(found.kept) == len(base) and {*map(id, found.kept)} == {*map(id, base)}
