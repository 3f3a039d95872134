"""What a load goes by when it decides about labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...labels.base import BaseLabel
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES, NEW_FIELD_FOR
from ..dataset.labels import SampleLabels
from ..dataset.samples import FieldPlace
from ..request import Policy
from .diff import New
from .shared_jobs import SharedLabels

Local = Mapping[str, Mapping[str, SampleLabels]]
"""What the dataset has now: by field, then sample."""

Resolver = Callable[[BaseLabel], Mapping[str, Policy]]
"""Who decides about the parts of a label."""


@dataclass(frozen=True)
class MergeSettings:
    """What a load goes by.

    Args:
        run_id: the run's own id
        schema: the run's schema, under the names of the fields that are loaded into
        policy: whose change counts where both sides changed the same part
        resolver: the parts of a label that somebody decides now, in addition to those that were decided before
        rooms: the field for labels that no field of the run can hold, by label type; without one they are ignored
        read_only: fields that are never written
        in_sequence: whether the labels are on images of a sequence, so that they have frames
        shared: labels that other jobs have, too
    """

    run_id: str
    schema: LabelSchema
    policy: Policy = "remote"
    resolver: Resolver = lambda label: {}
    rooms: Mapping[str, str] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    in_sequence: bool = False
    shared: SharedLabels = field(default_factory=SharedLabels)

    def place(self, name: str) -> FieldPlace:
        """Where a field's labels are."""
        return FieldPlace.of(name, LABEL_TYPES[self.schema.fields[name].type])

    def field_of(self, new: New) -> str | None:
        """Where a label that was drawn in CVAT belongs."""
        return new.drawn.field or self.rooms.get(NEW_FIELD_FOR[new.figure])
