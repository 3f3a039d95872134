"""Which attributes annotators can change along an object: as its labels have them, unless somebody says."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...labels.schema import ClassSchema, FieldSchema
from ...labels.shapes import Size
from ...labels.tracks.identity import FrameLabel
from ...labels.tracks.mutability import AttributeChanges
from ...labels.types import LABEL_TYPES
from ..dataset.frames import read_videos
from ..dataset.samples import FRAMES, FieldPlace
from ..dataset.sequences import read_sequences

_NO_SIZE = Size(1, 1)  # only attributes are looked at


def said_to_change(attributes: Any) -> frozenset[str]:
    """The attributes of which somebody said whether they can change."""
    if not isinstance(attributes, Mapping):
        return frozenset()
    return frozenset(name for name, item in attributes.items() if isinstance(item, Mapping) and "mutable" in item)


def with_mutability(
    collection: Any,
    schemas: Mapping[str, FieldSchema],
    said: Mapping[str, Collection[str]],
    sequence_fields: Sequence[str] = (),
) -> dict[str, FieldSchema]:
    """The schemas of a run's fields; what never changes along an object belongs to the whole object.

    Args:
        collection: the samples
        schemas: of each field
        said: the attributes of each field of which somebody said whether they can change
        sequence_fields: those that say which images are one sequence
    """
    asked = {
        name: item
        for name, item in schemas.items()
        if (name.startswith(FRAMES) or sequence_fields)
        and item.existing_field
        and item.all_attributes
        and LABEL_TYPES[item.type].codec.named
    }
    if not asked:
        return dict(schemas)
    places = {name: FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in asked.items()}
    changes = {name: AttributeChanges(item) for name, item in asked.items()}
    paths = [place.path for place in places.values()]
    together = read_sequences(collection, paths, sequence_fields) if sequence_fields else read_videos(collection, paths)
    for frames in together:
        for name, place in places.items():
            changes[name].add(
                [
                    FrameLabel(number, "", label, _NO_SIZE)
                    for number, frame in enumerate(frames)
                    for label in place.labels(frame)
                    if isinstance(label, Mapping) and isinstance(label.get("label"), str)
                ]
            )
    return {
        name: _merged(item, changes[name].schema(), said.get(name, ())) if name in asked else item
        for name, item in schemas.items()
    }


def _merged(before: FieldSchema, after: FieldSchema, said: Collection[str]) -> FieldSchema:
    """A schema in which what somebody said counts."""
    if not said:
        return after.model_copy(update={"declared": before.declared})
    known = {entry.name: entry.attributes for entry in before.classes}
    classes = tuple(
        ClassSchema(
            name=entry.name,
            attributes={
                name: item for name, item in entry.attributes.items() if name not in said or name in known[entry.name]
            },
        )
        for entry in after.classes
    )
    return before.model_copy(update={"classes": classes})
