"""What was decided about a job, part by part, until it is written."""

from collections import Counter
from itertools import chain

from ...labels.base import BaseLabel
from ..runs.base import NewObject, OpenConflict, by_label, count_fields
from ..runs.change import JobPlan
from ..runs.outbox import TrackLabels
from ..runs.packed_labels import PackedLabels
from .apply import PlannedWrites
from .job_changes import JobChanges
from .label_tracks import nest, told_apart


class DecidedJob:
    """What is to be written of a job, and what is known of it then.

    Of a long video it is very much, so labels of tracks, and what is to be written, are kept packed.

    Args:
        first: a part of the job; what is the same in all parts is taken from it

    Attributes:
        writes: what is to be written
        new: the objects of its new tracks, by the tracks' ids
        conflicts: what nobody decided about
        was: how many labels each field had
        open_changed: whether other conflicts wait than before
        again: whether the job has to be looked at again, though it does not change
    """

    def __init__(self, first: JobChanges) -> None:
        self.job, self.date, self.shared, self.neighbors = first.job, first.date, first.shared, first.neighbors
        self.known, self._tracks = first.tracks, first.diff.tracks  # each part has those of the whole job
        self.writes: list[PlannedWrites] = []
        self.new: dict[int, NewObject] = {}
        self.conflicts: list[OpenConflict] = []
        self.was: Counter[str] = Counter()
        self.open_changed = self.again = False
        self._alone: list[BaseLabel] = []
        self._on_tracks: dict[int, list[PackedLabels]] = {}
        self._alone_changed = False

    def add(self, part: JobChanges, plan: JobPlan) -> None:
        """Takes what was decided about a part."""
        self.writes.append(PlannedWrites(plan))
        self.new.update(part.diff.objects_of_new)
        self.was.update(count_fields(part.base, part.shared))
        track_ids = {item.track.id for item in self._tracks}
        open_ = {item.base.key for item in plan.open}
        alone, on_tracks = told_apart(plan.base, track_ids, plan.present, open_)
        self._alone += alone
        for track_id, own in on_tracks.items():
            self._on_tracks.setdefault(track_id, []).append(PackedLabels(own))
        self._alone_changed |= by_label(alone) != by_label(part.base)
        self.conflicts += plan.open
        self.open_changed |= plan.open != part.open
        self.again |= plan.again

    def base(self) -> tuple[tuple[BaseLabel, ...], tuple[TrackLabels, ...]]:
        """What both sides have once it is written: labels, and tracks with theirs."""
        return tuple(self._alone), nest(self._tracks, {of: chain(*parts) for of, parts in self._on_tracks.items()})

    def has_changed(self, tracks: tuple[TrackLabels, ...]) -> bool:
        """Whether that is something else than before.

        Args:
            tracks: as :meth:`base` gives them
        """
        return self._alone_changed or tracks != self.known
