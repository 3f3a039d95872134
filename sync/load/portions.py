"""A job in portions of frames, so that what is decided about very many labels is not in memory at once."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...labels.base import BaseLabel
from ..runs.object_counts import ObjectCounts
from .diff import JobDiff, New
from .edited_label import Edited
from .job_changes import JobChanges
from .track_edits import TrackEdit

MOST_CHANGES = 10_000
"""Labels with changes that are decided about together, if they are not all on one frame."""


def portions(changes: JobChanges) -> Iterator[JobChanges]:
    """The parts of a job, each with all that is on its frames; it is used up by that.

    The counts of the whole job are in the first. A job that has more than labels is one part.
    """
    diff = changes.diff
    items: list[BaseLabel | Edited | TrackEdit | New] = [*diff.edited, *diff.deleted, *diff.new]
    frames = Counter(map(_frame_of, items))
    del items
    if frames.total() <= MOST_CHANGES or not _is_plain(changes):
        yield changes
        return
    parts = _split(changes, _places(frames))[::-1]
    del changes, diff  # the labels are in the parts alone
    while parts:
        yield parts.pop()


def _frame_of(item: BaseLabel | Edited | TrackEdit | New) -> int:
    return item.base.frame if isinstance(item, Edited) else item.frame


def _is_plain(changes: JobChanges) -> bool:
    """Whether a job has nothing else than what is divided here."""
    found = changes.diff
    lists = (found.kept, found.edited, found.deleted, found.new)
    plain = JobDiff(*lists, found.matches, found.odd, found.objects, found.incomplete)
    neighbors = changes.neighbors
    return changes == JobChanges(
        changes.job, changes.date, plain, changes.base, (), changes.emptied, neighbors=neighbors
    )


def _places(frames: Counter[int]) -> dict[int, int]:
    """The number of the part for each frame, in the order of the frames."""
    places: dict[int, int] = {}
    part = size = 0
    for frame in sorted(frames):
        if size and size + frames[frame] > MOST_CHANGES:
            part, size = part + 1, 0
        places[frame] = part
        size += frames[frame]
    return places


def _split(changes: JobChanges, places: Mapping[int, int]) -> list[JobChanges]:
    """The parts; what is on frames without changes is in the last."""
    whole, last = changes.diff, max(places.values())
    diffs = [JobDiff(objects=None if whole.objects is None else ObjectCounts()) for _ in range(last + 1)]
    diffs[0] = JobDiff(matches=whole.matches, odd=whole.odd, objects=whole.objects, incomplete=whole.incomplete)
    for name in ("kept", "edited", "deleted", "new"):
        for item in getattr(whole, name):
            getattr(diffs[places.get(_frame_of(item), last)], name).append(item)
    whole.use_up()
    bases: list[list[BaseLabel]] = [[] for _ in diffs]
    for label in changes.base:
        bases[places.get(label.frame, last)].append(label)
    return [replace(changes, diff=diff, base=tuple(base)) for diff, base in zip(diffs, bases, strict=True)]
