"""What became of the objects of a label, for the sum of a load."""

from collections.abc import Sequence

from ...labels.base import BaseLabel
from ...labels.objects import Object
from ..dataset.samples import Document
from ..runs.object_counts import LeftObjects, ObjectCounts
from .edited_label import Edited
from .job_objects import type_of
from .merge import Decision

SAMPLE_GONE = "on samples that are no longer in the dataset"
READ_ONLY = "the field is read-only in the dataset"
NO_ROOM = "second labels on a sample, for which the field has no room"
TOO_LARGE = "their sample would be larger than MongoDB can hold (16 MB)"
WAITS = "changed on both sides; somebody has to decide"
LOCAL = "changed on both sides, and FiftyOne's change counts"
JOBS_DIFFER = "changed differently in two jobs that have their frame: the change of the earlier job counts"
DELETED = "of labels that were deleted in FiftyOne"
NOT_RESTORED = "edits of segmentations that were deleted here"
NO_FIELD = "in no field of the run"
NO_ADDITIONS = "the run allows no additions"


def count_edited(
    counts: ObjectCounts, edited: Edited, decision: Decision, document: Document | None, after: BaseLabel
) -> None:
    """Counts the objects of a label that was edited and decided about.

    Args:
        counts: is added to
        edited: the label
        decision: what was decided
        document: the label in FiftyOne, if it is there
        after: its base afterwards
    """
    refused = sorted({*edited.reading.refused, *decision.refused})
    if decision.action == "restore" or (decision.changes and document is not None):
        counts.applied += len(edited.objects)
    elif decision.jobs_differ:
        leave(counts, edited.objects, JOBS_DIFFER, edited.base, edited.place)
    elif document is None:
        leave(counts, edited.objects, DELETED, edited.base, edited.place)
    elif any(conflict.outcome == "local" for conflict in decision.conflicts):
        leave(counts, edited.objects, LOCAL, edited.base, edited.place)
    elif refused:
        leave(counts, edited.objects, f"not applied: {'; '.join(refused)}", edited.base, edited.place)
    elif after.parts == edited.base.parts:
        counts.unchanged += len(edited.objects)  # but for what FiftyOne has no place for
    else:
        counts.applied += len(edited.objects)  # the same was done here


def leave(counts: ObjectCounts, objects: Sequence[Object], reason: str, label: BaseLabel, place: str) -> None:
    """Counts objects of a label that stay in CVAT alone.

    Args:
        counts: is added to
        objects: the objects
        reason: why
        label: the label
        place: the name of its frame
    """
    name = str(label.parts.get("label") or label.field)
    frames, samples = {place: None} if place else {}, {label.sample_id: None}
    counts.leave(
        LeftObjects(reason=reason, type=type_of(item), name=name, count=1, frames=frames, samples=samples)
        for item in objects
    )
