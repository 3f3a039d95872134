"""What a load makes of the labels of a job: plain data, before anything is written."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from ...cvat import Shape
from ...labels.base import BaseLabel, LabelKey
from ..dataset.list_changes import FormerValue
from ..dataset.samples import Document
from .base import OpenConflict
from .report import Count, Counts

CONFLICT_TAG = "cvat_conflict"
"""The tag of labels that are in conflict; of the sample, if there is no label that could have it."""

DELETED_TAG = "deleted_in_cvat"
"""The tag of samples whose frame was removed in CVAT."""

Kind = Literal["added", "changed", "deleted", "marked", "moved", "moved away"]
"""What happens to a label. One that moves to another field is moved there, and moved away here: both or neither."""

COUNTED: Mapping[Kind, Count] = {"added": "added", "changed": "changed", "deleted": "deleted", "moved": "changed"}
"""What a change counts as; marks don't count, and one that moves counts where it comes to."""


@dataclass(frozen=True)
class Change:
    """What happens to one label.

    Args:
        kind: what it is; ``"marked"`` if only its tag changes
        field, sample_id, label_id: where it is; the id is that of the sample for a plain value
        before, after: its document; ``None`` if there is none
        values: what is written of an edited label, by path
        index: its place in its list, before
        holder: what the field of its sample held before, if that was no place for labels
        base, base_after: the base, ``None`` if there is none
        files: files to be written first
    """

    kind: Kind
    field: str
    sample_id: str
    label_id: str
    before: Document | None
    after: Document | None
    values: Document = dataclasses.field(default_factory=dict)
    index: int | None = None
    holder: FormerValue | None = None
    base: BaseLabel | None = None
    base_after: BaseLabel | None = None
    files: Mapping[str, NDArray[Any]] = dataclasses.field(default_factory=dict)

    @property
    def key(self) -> LabelKey:
        """Which label of its task it is, in the field that the change is about."""
        known = self.base or self.base_after
        assert known is not None, "a label is known before or after"
        return self.field, known.frame, self.label_id


@dataclass(frozen=True)
class JobPlan:
    """What a load makes of a job.

    Args:
        changes: what happens to the dataset's labels
        base: the job's base afterwards
        open: its conflicts that nobody decided
        tagged, untagged: samples that get the tag of conflicts, or lose it
        tally: the counts
        again: whether the job has to be read again, though it does not change in CVAT
        gone: labels that are gone from the job, but that another job may have: whether they are deleted by this
        present: what tracks are on the frames of labels that were edited, or that came, by their id and the frame
    """

    changes: tuple[Change, ...]
    base: tuple[BaseLabel, ...]
    open: tuple[OpenConflict, ...]
    tagged: tuple[str, ...]
    untagged: tuple[str, ...]
    tally: Counts
    again: bool = False
    gone: Mapping[LabelKey, bool] = dataclasses.field(default_factory=dict)
    present: Mapping[tuple[int, int], Shape] = dataclasses.field(default_factory=dict)
