"""Reading the labels of a task whose objects become tracks."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...labels.schema import LabelSchema
from ...labels.tracks.identity import Identity
from ...labels.types import LABEL_TYPES
from .encode import LabelReader, Place

Found = tuple[Place, str, Any]
"""A label: where it is, its field, and its document."""


class TrackReader(ABC):
    """Reads the labels of one task.

    Args:
        schema: the run's schema
    """

    def __init__(self, schema: LabelSchema) -> None:
        self._schema = schema

    @property
    def shared(self) -> int:
        """How many frames, from the first one on, an earlier task of the run has, too: it counts their labels."""
        return 0

    @property
    def has_whole(self) -> bool:
        """Whether labels of the whole video are on the first frame."""
        return False

    @abstractmethod
    def all(self, lost: Counter[str]) -> Iterator[Found]:
        """The labels of all frames, in order.

        Args:
            lost: counts the labels on frames that the task does not have
        """

    @abstractmethod
    def read(self, frames: range) -> Iterator[Found]:
        """The labels of some frames of the task, ascending."""

    @abstractmethod
    def groups(self) -> set[int]:
        """The numbers of the groups that users gave to labels; nothing is read if they gave none."""

    def is_object(self, field: str, label: Any) -> bool:
        """Whether a label can be on a frame of a track: it says which object it is, and is no mask and no tag."""
        return self._type_of_object(field, label) not in ("", "mask", "tag")

    def is_mask_of_object(self, field: str, label: Any) -> bool:
        """Whether a label says which object it is, and is a mask: CVAT has no tracks of these."""
        return self._type_of_object(field, label) == "mask"

    def _type_of_object(self, field: str, label: Any) -> str:
        """The type of the shape of a label that says which object it is; empty if it does not."""
        if not isinstance(label, Mapping) or not Identity.of(label):
            return ""
        return LABEL_TYPES[self._schema.fields[field].type].codec.shape_type(label)


class SequenceReader(TrackReader):
    """Reads the labels of an image sequence.

    Args:
        reader: reads those of samples
        schema: the run's schema
        places: the images, in order
    """

    def __init__(self, reader: LabelReader, schema: LabelSchema, places: Sequence[Place]) -> None:
        super().__init__(schema)
        self._reader = reader
        self._places = places

    def all(self, lost: Counter[str]) -> Iterator[Found]:
        """The labels of all images, in order; each has a frame."""
        return self._reader.read(self._places)

    def read(self, frames: range) -> Iterator[Found]:
        """The labels of some images."""
        return self._reader.read(self._places[frames.start : frames.stop])

    def groups(self) -> set[int]:
        """The numbers of the groups that users gave to labels of the sequence."""
        return set(self._reader.groups(self._places))
