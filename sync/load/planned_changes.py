"""What is to be written of a job, and which room its samples and fields have for more."""

import bson

from ...labels.base import BaseLabel
from ..dataset.labels import SampleLabels
from ..runs.change import COUNTED, Change
from ..runs.report import Counts

MOST_BYTES = 15 << 20
"""No sample becomes larger by a load: MongoDB holds 16 MB, and what is sent to it has more than the labels."""


class PlannedChanges:
    """The changes of one job.

    Args:
        tally: counts them
    """

    def __init__(self, tally: Counts) -> None:
        self.changes: list[Change] = []
        self.moved_away: list[Change] = []
        self._tally = tally
        self._gone: dict[tuple[str, str], set[str]] = {}
        self._taken: set[tuple[str, str]] = set()
        self._sizes: dict[str, int] = {}

    def add(self, change: Change, held: SampleLabels) -> bool:
        """Adds a change if its sample has room for it; whether it has.

        Args:
            change: the change
            held: what its sample has
        """
        growth = _growth(change)
        size = self._sizes.get(change.sample_id, held.size) + growth
        if growth > 0 and size > MOST_BYTES:
            return False
        self._sizes[change.sample_id] = size
        self.changes.append(change)
        self._tally.samples[change.sample_id] = None
        place = (change.field, change.sample_id)
        if change.kind == "deleted":
            self._gone.setdefault(place, set()).add(change.label_id)
        elif change.before is None:
            self._taken.add(place)
        if (what := COUNTED.get(change.kind)) is not None:
            document = change.after or change.before or {}
            self._tally.of(change.field).count(what, str(document.get("label") or ""))
        return True

    def is_free(self, field: str, label: BaseLabel, held: SampleLabels) -> bool:
        """Whether a field for one label has room for a label on its sample."""
        place = (field, label.sample_id)
        return place not in self._taken and not set(held.labels) - self._gone.get(place, set()) - {label.label_id}


def _growth(change: Change) -> int:
    """How many bytes a change adds to its sample."""
    if change.before is None or change.after is None or not change.values:
        return _size(change.after) - _size(change.before)
    before = {path: change.before[path] for path in change.values if path in change.before}
    return _size({path: change.after[path] for path in change.values}) - _size(before)


def _size(document: object) -> int:
    return 0 if document is None else len(bson.encode(document))
