"""A whole FiftyOne label as CVAT objects: class, attributes and geometry together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..cvat.models import Shape, Tag
from .attribute_schema import AttributeSchema
from .attributes import NotCarried
from .base import local_parts
from .codec import Document, Parts
from .facts import FACTS
from .objects import Object
from .schema import FieldSchema
from .shapes import FARTHEST_PX, CvatShape, Size
from .skeleton import Skeleton
from .types import LABEL_TYPES
from .vocabulary import Vocabulary, Word

SOURCE = "file"
LONGEST_NAME = 80
"""Characters of a class in a sentence."""
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
OWN_GROUP = "groups of labels of several parts: the parts are a group of their own in CVAT"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A label as CVAT objects.

    Args:
        objects: to be created
        parts: what of the label they carry
        left_out: attributes that CVAT can't hold, and why
    """

    objects: tuple[Object, ...]
    parts: Parts
    left_out: tuple[str, ...] = ()


def encode_label(document: Document, name: str, vocabulary: Vocabulary, size: Size, frame: int, group: int) -> Encoded:
    """A FiftyOne label as CVAT objects.

    Args:
        document: the label's document
        name: its field
        vocabulary: the run's words
        size: of the frame, in pixels
        frame: the frame's number in its task
        group: the CVAT group to use if the label takes several objects

    Raises:
        NotCarried: if CVAT can't hold it
    """
    schema = vocabulary.schema.fields[name]
    codec = LABEL_TYPES[schema.type].codec
    own = document.get("label") if codec.named else name
    if codec.named and (not isinstance(own, str) or vocabulary.word(name, own) is None):
        raise NotCarried(no_word(own, in_schema=own in schema.class_names))
    shapes = codec.encode(document, size, _drawn_with(schema, vocabulary.word(name, own or "")))
    if any(abs(number) > FARTHEST_PX for shape in shapes for number in _coordinates(shape)):
        raise NotCarried("labels that lie absurdly far outside their image")
    left_out = codec.left_out(document, size)
    objects = []
    for shape in shapes:
        word = vocabulary.word(name, shape.name or own or "")
        if word is None:
            raise NotCarried(no_word(shape.name or own))
        if word.drawn_as not in ("any", shape.type):
            its = f"the project's label '{word.cvat_name}' is of type {word.drawn_as}"
            raise NotCarried(f"labels drawn as {shape.type}, as {its}")
        attributes = {a: item for a, item in schema.attributes_of(word.name).items() if a in word.specs}
        values, behind = _texts(codec.shown(document), attributes, word)
        left_out += [reason for reason in behind if reason not in left_out]
        shared = _facts(document, schema)
        shared.update(frame=frame, label_id=word.label_id)
        shared["attributes"] = [{"spec_id": word.specs[a][0], "value": text} for a, text in values.items()]
        if len(shapes) > 1 and codec.grouping == "group":
            if shared.get("group") and OWN_GROUP not in left_out:
                left_out.append(OWN_GROUP)
            shared["group"] = group
        objects.append(_object(shape, shared, word))
    return Encoded(tuple(objects), local_parts(document, schema), tuple(left_out))


def _drawn_with(schema: FieldSchema, word: Word | None) -> FieldSchema:
    """How a class is drawn: one of a skeleton that was not made for the run as that, whatever the others are."""
    if word is None or word.drawn_as != "skeleton" or schema.skeleton is not None:
        return schema
    return schema.model_copy(update={"skeleton": Skeleton(labels=tuple(map(str, word.points)))})


def _coordinates(shape: CvatShape) -> Iterator[float]:
    if shape.type != "mask":
        yield from shape.points
    for node in shape.nodes:
        yield from (node.x, node.y)


def _facts(document: Document, schema: FieldSchema) -> dict[str, Any]:
    """What CVAT keeps of an object beside its shape, from the attributes that hold it."""
    facts: dict[str, Any] = {"source": SOURCE}
    for fact, attribute in schema.facts.items():
        value = document.get(attribute)
        if value is not None and FACTS[fact](value):
            facts[fact] = value
    return facts


def no_word(name: object, *, in_schema: bool = False) -> str:
    """Why labels of a class can't be carried that the schema lacks; or the schema has, but not the task."""
    if not isinstance(name, str) or not name.strip():
        return "labels without a class"
    told = "".join(c if c.isprintable() else UNPRINTABLE for c in name[:LONGEST_NAME])
    told += "..." if len(name) > LONGEST_NAME else ""
    where = "which the task in CVAT has no label for" if in_schema else "which is not in the schema"
    return f"labels of class '{told}', {where}"


def _texts(
    document: Document, attributes: Mapping[str, AttributeSchema], word: Word
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Every attribute's text (CVAT would give a missing one its default), and what it can't hold."""
    texts: dict[str, str] = {}
    left_out: list[str] = []
    for name, schema in attributes.items():
        widget = word.widgets.get(name)
        try:
            texts[name] = schema.text_of(document.get(name), widget)
        except NotCarried as error:
            texts[name] = schema.text_of(None, widget)
            left_out.append(f"{error} in attribute '{name}'")
    return texts, tuple(left_out)


def _object(shape: CvatShape, shared: dict[str, Any], word: Word) -> Object:
    if shape.type == "tag":
        return Tag.model_validate(shared)
    values = {**shared, "type": shape.type, "points": shape.points, "rotation": shape.rotation}
    if shape.nodes:
        values["elements"] = [
            {
                "type": "points",
                "frame": shared["frame"],
                "label_id": word.points[node.index],
                "points": (node.x, node.y),
                "outside": node.outside,
                "occluded": node.occluded,
                "source": shared["source"],
            }
            for node in shape.nodes
        ]
    return Shape.model_validate(values)
