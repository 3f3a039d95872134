"""A job in portions of frames, so that what is decided about very many labels is not in memory at once."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...labels.base import BaseLabel
from ..runs.object_counts import ObjectCounts
from ..runs.outbox import each_field
from .diff import JobDiff, New
from .edited_label import Edited
from .job_changes import JobChanges
from .track_edits import TrackEdit
from .video_frames import TaskVideo

MOST_LABELS = 10_000
"""Labels on frames with changes that are looked at together, if they are not all on one frame."""


def portions(changes: JobChanges) -> Iterator[JobChanges]:
    """The parts of a job, each with all that is on its frames; it is used up by that.

    The counts of the whole job are in the first; its tracks are in each. A job with open conflicts is one part.
    """
    diff = changes.diff
    whole = changes.timeline.sample_id if isinstance(changes.timeline, TaskVideo) else ""
    items: list[BaseLabel | Edited | TrackEdit | New] = [*diff.edited, *diff.deleted, *diff.new]
    changed = {_frame_of(item, whole) for item in items}
    del items
    weights = Counter(_frame_of(label, whole) for label in changes.base)
    weights.update(_frame_of(new, whole) for new in diff.new)
    for track in changes.tracks:
        weights.update(frame for _, frame in each_field([track]))
    frames = Counter({frame: max(1, weights[frame]) for frame in changed})
    if frames.total() <= MOST_LABELS or changes.open:
        yield changes
        return
    parts = _split(changes, _places(frames), whole)[::-1]
    del changes, diff  # the labels are in the parts alone
    while parts:
        yield parts.pop()


def _frame_of(item: BaseLabel | Edited | TrackEdit | New, whole: str) -> int:
    """Where a label is decided about; those of a whole video together, on whatever frame they are in CVAT.

    Args:
        item: the label
        whole: the sample of the video
    """
    if isinstance(item, TrackEdit):
        return item.frame
    label = item.base if isinstance(item, Edited) else item
    return -1 if label.sample_id == whole else label.frame


def _places(frames: Counter[int]) -> dict[int, int]:
    """The number of the part for each frame, in the order of the frames."""
    places: dict[int, int] = {}
    part = size = 0
    for frame in sorted(frames):
        if size and size + frames[frame] > MOST_LABELS:
            part, size = part + 1, 0
        places[frame] = part
        size += frames[frame]
    return places


def _split(changes: JobChanges, places: Mapping[int, int], video: str) -> list[JobChanges]:
    """The parts; what is on frames without changes is in the last."""
    whole, last = changes.diff, max(places.values())
    diffs = [
        JobDiff(objects=None if whole.objects is None else ObjectCounts(), tracks=whole.tracks, present=whole.present)
        for _ in range(last + 1)
    ]
    diffs[0] = replace(whole, kept=[], edited=[], deleted=[], new=[])
    for name in ("kept", "edited", "deleted", "new"):
        for item in getattr(whole, name):
            getattr(diffs[places.get(_frame_of(item, video), last)], name).append(item)
    whole.use_up()
    bases: list[list[BaseLabel]] = [[] for _ in diffs]
    for label in changes.base:
        bases[places.get(_frame_of(label, video), last)].append(label)
    return [replace(changes, diff=diff, base=tuple(base)) for diff, base in zip(diffs, bases, strict=True)]
