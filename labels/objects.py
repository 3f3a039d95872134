"""CVAT's objects, tags, shapes and tracks on one frame: their identity, what is drawn, whether they are the same."""

from dataclasses import replace

from ..cvat.models import Shape, Tag
from .codec import Codec
from .shapes import CvatShape, Node
from .types import LABEL_TYPES
from .vocabulary import Vocabulary

Object = Tag | Shape
Key = tuple[str, int] | tuple[str, int, int]
"""Identity of a CVAT object: tags, shapes and tracks have ids of their own; a track is one object on each frame."""


def key_of(item: Object) -> Key:
    """The identity of an object that CVAT has stored."""
    if isinstance(item, Shape) and item.track is not None:
        return "track", item.track, item.frame
    if item.id is None:
        raise ValueError("an object without an id has no identity")
    return ("tag" if isinstance(item, Tag) else "shape", item.id)


def shape_of(item: Object, vocabulary: Vocabulary) -> CvatShape:
    """What of an object is drawn."""
    if isinstance(item, Tag):
        return CvatShape("tag")
    if item.type == "skeleton":
        order = vocabulary.points_of(item.label_id)
        places = [(order[e.label_id], e) for e in item.elements if e.label_id in order and len(e.points) >= 2]
        nodes = [Node(index, e.points[0], e.points[1], e.outside, e.occluded) for index, e in places]
        return CvatShape("skeleton", nodes=tuple(sorted(nodes, key=lambda node: node.index)))
    return CvatShape(item.type, item.points, item.rotation)


def shape_in(item: Object, vocabulary: Vocabulary, codec: Codec) -> CvatShape:
    """A shape of a label; where each has a class of its own, with that and with what lies above."""
    shape = shape_of(item, vocabulary)
    if codec.grouping != "frame" or isinstance(item, Tag):
        return shape
    return replace(shape, name=vocabulary.meaning(item.label_id, item.type).name, z_order=item.z_order)


def same_content(old: Object, new: Object, vocabulary: Vocabulary, field: str) -> bool:
    """Whether an object is, in all that a FiftyOne label takes from it, what it was."""
    schema = vocabulary.schema.fields[field]
    codec = LABEL_TYPES[schema.type].codec
    return (
        old.label_id == new.label_id
        and old.frame == new.frame
        and texts_of(old) == texts_of(new)
        and shape_in(old, vocabulary, codec) == shape_in(new, vocabulary, codec)
        and all(getattr(old, fact, None) == getattr(new, fact, None) for fact in schema.facts)
    )


def texts_of(item: Object) -> dict[int, str]:
    """The texts of its attributes, by the id of their specs."""
    return {value.spec_id: value.value for value in item.attributes}
