"""Labels as CVAT objects that take the place of those that are there: ids stay, and what FiftyOne knows nothing of."""

from collections.abc import Iterator, Sequence

from ...cvat import Shape, Tag
from ...cvat.models import AttributeValue, Track
from ...labels.base import BaseLabel
from ...labels.objects import Object
from ...labels.schema import FieldSchema


def in_place(drawn: BaseLabel, there: Sequence[Object], schema: FieldSchema) -> BaseLabel:
    """A label as it is drawn now, with the ids of its objects; without any, if they are other objects.

    Args:
        drawn: the label, with objects that have no ids
        there: its objects in CVAT
        schema: of its field
    """
    pairs = pair_up(drawn.objects, there)
    if pairs is None:
        return drawn
    objects = tuple(merged(new, old, schema) for new, old in pairs)
    return drawn.model_copy(update={"objects": objects, "group": (objects[0].group or 0) if len(objects) > 1 else 0})


def pair_up(new: Sequence[Object], old: Sequence[Object]) -> list[tuple[Object, Object]] | None:
    """Each new object with the one whose place it takes: of the same type, and of the same class if one has it.

    Returns:
        ``None`` if they are not as many of each type
    """
    free = list(old)
    pairs: dict[int, Object] = {}
    for exactly in (True, False):
        for place, item in enumerate(new):
            if place in pairs:
                continue
            for other in free:
                if _kind(other) == _kind(item) and (other.label_id == item.label_id or not exactly):
                    pairs[place] = other
                    free.remove(other)
                    break
    if free or len(pairs) < len(new):
        return None
    return [(item, pairs[place]) for place, item in enumerate(new)]


def _kind(item: Object) -> str:
    return item.type if isinstance(item, Shape) else "tag"


def merged(new: Object, old: Object, schema: FieldSchema) -> Object:
    """A new object in the place of an old one: with its ids, and with what of it FiftyOne knows nothing of."""
    given = {value.spec_id for value in new.attributes}
    rest = [value for value in old.attributes if value.spec_id not in given and new.label_id == old.label_id]
    facts = {fact: getattr(new, fact) for fact in schema.facts if hasattr(new, fact)}
    same = {"label_id": new.label_id, "attributes": (*new.attributes, *rest), **facts}
    if isinstance(new, Tag) or isinstance(old, Tag):
        return old.model_copy(update=same)
    points = {item.label_id: item for item in old.elements}
    elements = tuple(_element(item, points.get(item.label_id)) for item in new.elements)
    return old.model_copy(update={**same, "points": new.points, "rotation": new.rotation, "elements": elements})


def _element(new: Shape, old: Shape | None) -> Shape:
    if old is None:
        return new
    return old.model_copy(update={"points": new.points, "outside": new.outside, "occluded": new.occluded})


def in_order(item: Object) -> Object:
    """An object whose attributes and points, which CVAT gives in any order, are in one, so that two compare."""
    attributes = _sorted(item.attributes)
    if isinstance(item, Tag) or not item.elements:
        return item if attributes == tuple(item.attributes) else item.model_copy(update={"attributes": attributes})
    elements = tuple(sorted(map(in_order, item.elements), key=lambda element: element.label_id))
    return item.model_copy(update={"attributes": attributes, "elements": elements})


def as_written(written: Object, found: Object) -> bool:
    """Whether CVAT has an object as it was written; of attributes it may have more."""
    texts = {value.spec_id: value.value for value in found.attributes}
    if (
        type(written) is not type(found)
        or (written.frame, written.label_id) != (found.frame, found.label_id)
        or any(texts.get(value.spec_id) != value.value for value in written.attributes)
    ):
        return False
    if isinstance(written, Tag) or isinstance(found, Tag):
        return True
    there = {item.label_id: item for item in found.elements}
    return (
        (written.type, written.points, written.rotation) == (found.type, found.points, found.rotation)
        and (written.z_order, written.occluded, written.outside) == (found.z_order, found.occluded, found.outside)
        and len(written.elements) == len(found.elements)
        and all(item.label_id in there and _same_point(item, there[item.label_id]) for item in written.elements)
    )


def _same_point(one: Shape, other: Shape) -> bool:
    return (one.points, one.outside, one.occluded) == (other.points, other.outside, other.occluded)


def track_in_order(track: Track) -> Track:
    """A track whose keyframes, attributes and points are in one order, so that two compare."""
    return track.model_copy(
        update={
            "attributes": _sorted(track.attributes),
            "shapes": tuple(
                shape.model_copy(update={"attributes": _sorted(shape.attributes)})
                for shape in sorted(track.shapes, key=lambda shape: (shape.frame, shape.id or 0))
            ),
            "elements": tuple(sorted(map(track_in_order, track.elements), key=lambda part: part.label_id)),
        }
    )


def _sorted(values: Sequence[AttributeValue]) -> tuple[AttributeValue, ...]:
    return tuple(sorted(values, key=lambda value: value.spec_id))


def track_as_written(written: Track, found: Track) -> bool:
    """Whether CVAT has a track as it was written; of attributes it may have more."""
    texts = {value.spec_id: value.value for value in found.attributes}
    if written.label_id != found.label_id or any(texts.get(v.spec_id) != v.value for v in written.attributes):
        return False
    then, now = list(_keyframes(written)), list(_keyframes(found))
    parts = {part.label_id: part for part in found.elements}
    return (
        [looks for looks, _ in then] == [looks for looks, _ in now]
        and all(own.items() <= there.items() for (_, own), (_, there) in zip(then, now, strict=True))
        and len(written.elements) == len(found.elements)
        and all(part.label_id in parts and track_as_written(part, parts[part.label_id]) for part in written.elements)
    )


def _keyframes(track: Track) -> Iterator[tuple[tuple[object, ...], dict[int, str]]]:
    """What keyframes look like, and their texts: one holds until the next.

    Before the first one CVAT may add that the track is outside.
    """
    texts: dict[int, str] = {}
    begun = False
    for shape in sorted(track.shapes, key=lambda shape: shape.frame):
        texts.update((value.spec_id, value.value) for value in shape.attributes)
        begun = begun or not shape.outside
        if begun:
            looks = (
                shape.frame,
                shape.type,
                shape.points,
                shape.rotation,
                shape.occluded,
                shape.outside,
                shape.z_order,
            )
            yield looks, dict(texts)
