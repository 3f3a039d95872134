"""A label that was edited in CVAT: what CVAT says it is now."""

import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...cvat import Shape
from ...labels.attributes import Unreadable
from ...labels.base import BaseLabel
from ...labels.codec import Parts
from ...labels.objects import Object, shape_of
from ...labels.read import Reading, read_label, read_new
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from ..request import Policy
from ..runs.base import FrameRecord, OpenConflict
from .matching import Match
from .merge import LABEL


@dataclass(frozen=True, slots=True)
class Edited:
    """A label whose objects were changed in CVAT.

    Args:
        base: what it was
        reading: what CVAT says it is now
        objects: its objects now
        place: the name of its frame
        to: the field that its class belongs to now, if that is another one
        replaced: whether it is another thing in the only place that its field has: of another class, and made anew
    """

    base: BaseLabel
    reading: Reading
    objects: tuple[Object, ...]
    place: str = ""
    to: str | None = None
    replaced: bool = False

    def read(self) -> "Edited":
        """It is read already; see :class:`.track_edits.TrackEdit`."""
        return self

    @property
    def is_there(self) -> bool:
        """Whether CVAT has objects of it."""
        return bool(self.objects)

    @property
    def compared_parts(self) -> Parts:
        """Its parts as they are merged: a class of another field is another class, whatever its name."""
        parts = self.reading.parts
        return parts if self.to is None else {**parts, LABEL: f"{parts.get(LABEL)} ({self.to})"}

    def staying(self) -> "Edited":
        """The same without its new class, for a label that can't move to the field of that."""
        reading = replace(self.reading, parts={**self.reading.parts, LABEL: self.base.parts.get(LABEL)})
        return replace(self, reading=reading, to=None)

    def as_conflict(self, decided: Mapping[str, Policy]) -> OpenConflict:
        """The label as somebody has to decide about it.

        Args:
            decided: what was decided about its parts so far
        """
        return OpenConflict(
            base=self.base,
            remote=self.reading.parts,
            objects=self.objects,
            decided=dict(decided),
            to=self.to,
            replaced=self.replaced,
        )


def read_edited(match: Match, vocabulary: Vocabulary, frame: FrameRecord) -> Edited:
    """Reads a label that was edited."""
    label = match.label
    objects = tuple(item for item in (*match.items, *match.added) if item is not None)
    if match.how == "overlap" and label.objects[0].label_id != objects[0].label_id:
        with contextlib.suppress(Unreadable):
            drawn = read_new(objects, None, vocabulary, frame.size)
            reading = Reading({**dict.fromkeys(label.parts), **drawn.parts}, drawn.refused)
            return Edited(match.base, reading, objects, frame.name, replaced=True)
    refused: Counter[str] = Counter()
    pairs: list[tuple[Object | None, Object | None]] = [
        (old, None if item is None else _in_its_class(label, old, item, vocabulary, refused))
        for old, item in zip(label.objects, match.items, strict=True)
    ]
    pairs += [(None, item) for item in match.added]
    reading = read_label(label, pairs, vocabulary, frame.size)
    if refused:
        reading = replace(reading, refused=reading.refused + refused)
    if match.renamed and reading.parts.get(LABEL) == label.parts.get(LABEL):
        reading = replace(reading, parts={**reading.parts, LABEL: match.renamed})
    return Edited(match.base, reading, objects, frame.name, match.to)


def _in_its_class(label: BaseLabel, old: Object, item: Object, vocabulary: Vocabulary, refused: Counter[str]) -> Object:
    """An object as it is now, but in its old class if the new one belongs to a field that can't hold it."""
    if item.label_id == old.label_id:
        return item
    wanted = vocabulary.field_of(item.label_id)
    kind = shape_of(item, vocabulary).type
    if vocabulary.knows(item.label_id):
        type_ = LABEL_TYPES[vocabulary.schema.fields[wanted].type] if wanted else None
        if type_ is None or wanted == label.field or kind in type_.codec.shape_types:
            return item
        refused[f"changes to a class of the field '{wanted}', which can't hold a {kind}"] += 1
    else:
        refused["changes to a class that CVAT got while it was read; load again"] += 1
    kept = {"label_id": old.label_id, "attributes": old.attributes}
    if isinstance(old, Shape) and isinstance(item, Shape) and item.elements:
        kept["elements"] = old.elements
    return item.model_copy(update=kept)
