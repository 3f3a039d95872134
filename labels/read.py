"""CVAT objects as a whole FiftyOne label: what was edited of one that was sent, and what a new one is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .attributes import NotCarried, Unreadable, is_storable
from .base import BaseLabel
from .codec import Codec, Pair, Parts
from .objects import Object, shape_in, shape_of
from .read_values import edited_facts, edited_values, new_facts, new_values
from .readable import check_shape
from .schema import FieldSchema
from .shapes import CvatShape, Size
from .types import LABEL_TYPES
from .vocabulary import Vocabulary

ObjectPair = tuple[Object | None, Object | None]
"""An object when both sides last agreed, and now; ``None`` for one that was drawn since, or deleted."""


NO_TEXT = "a name that no text can be"


@dataclass(frozen=True, slots=True)
class Reading:
    """What CVAT says a label is now.

    Args:
        parts: all its parts; those that were not edited there are the base's own
        refused: edits that are not applied, counted by reason
    """

    parts: Parts
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class NewLabel:
    """A label that was drawn in CVAT.

    Args:
        field: where it belongs; ``None`` if no field of the run can hold it
        parts: its parts
        refused: values that could not be read, counted by reason
    """

    field: str | None
    parts: Parts
    refused: Counter[str]


def read_label(base: BaseLabel, pairs: Sequence[ObjectPair], vocabulary: Vocabulary, size: Size) -> Reading:
    """What CVAT says a label is now.

    Args:
        base: what it was
        pairs: its objects, then and now
        vocabulary: the run's words, as they are now
        size: of the frame, in pixels
    """
    schema = vocabulary.schema.fields[base.field]
    codec = LABEL_TYPES[schema.type].codec
    refused: Counter[str] = Counter()
    shapes = [_shape_pair(n, pair, base, vocabulary, size, refused) for n, pair in enumerate(_in_order(pairs, codec))]
    parts: Parts = dict(base.parts)
    try:
        parts.update(codec.decode(base.parts, shapes, size, schema))
        if doubts := codec.doubts(shapes, size, schema):
            refused.update(doubts)
    except Unreadable as error:
        refused[f"edits of shapes that could not be read ({error})"] += 1
    for old, new in pairs:
        if old is None or new is None:
            continue
        if codec.named and (new.label_id != old.label_id or new.label_id in vocabulary.renamed):
            _read_class(old, new, vocabulary, parts, refused)
        edited_values(base, old, new, vocabulary, parts, refused)
        edited_facts(base, old, new, schema, parts, refused)
    try:
        codec.check(parts)
    except Unreadable as error:
        refused[f"edits that make no sense ({error})"] += 1
        parts.update({path: base.parts.get(path) for path in codec.geometry})
    return Reading(parts, refused)


def _read_class(old: Object, new: Object, vocabulary: Vocabulary, parts: Parts, refused: Counter[str]) -> None:
    name = vocabulary.meaning(new.label_id, shape_of(new, vocabulary).type).name
    if name == vocabulary.name_then(old.label_id):
        return
    if is_storable(name):
        parts["label"] = name
    else:
        refused[f"classes that could not be read ({NO_TEXT})"] += 1


def _in_order(pairs: Sequence[ObjectPair], codec: Codec) -> Sequence[ObjectPair]:
    """The objects of a whole frame in the order in which they were made: of equally high ones the later is above."""
    if codec.grouping != "frame":
        return pairs
    return sorted(pairs, key=lambda pair: next((item.id or 0 for item in reversed(pair) if item is not None), 0))


def _shape_pair(
    number: int, pair: ObjectPair, base: BaseLabel, vocabulary: Vocabulary, size: Size, refused: Counter[str]
) -> Pair:
    """A shape then, and now; one that was made something this label can't be stays what it was."""
    schema = vocabulary.schema.fields[base.field]
    codec = LABEL_TYPES[schema.type].codec
    old, new = (shape_in(item, vocabulary, codec) if item else None for item in pair)
    same = new == old
    if old is not None and old.type not in codec.shape_types:
        try:
            old = codec.encode(base.parts, size, schema)[number]
        except (NotCarried, IndexError):
            old = None
    if old is not None and _problem(old, size):
        old = None
    if new is None:
        return old, None
    if new.type not in codec.shape_types:
        if not same:
            refused[f"edits that turned {_a(codec.document or 'value')} into {_a(new.type)}"] += 1
        return old, old
    if problem := _problem(new, size):
        refused[f"edits of shapes that could not be read ({problem})"] += 1
        return old, old
    return old, new


def _problem(shape: CvatShape, size: Size) -> str | None:
    """Why no label can be read from a shape, if so."""
    try:
        check_shape(shape, size)
    except Unreadable as error:
        return str(error)
    return None


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun or 'object'}"


def read_new(items: Sequence[Object], codec_type: str | None, vocabulary: Vocabulary, size: Size) -> NewLabel:
    """A label drawn in CVAT.

    Args:
        items: its objects: one, or those of a group
        codec_type: the label type to read it as; ``None`` for that of the field its class belongs to
        vocabulary: the run's words, as they are now
        size: of the frame, in pixels

    Raises:
        Unreadable: if its geometry can't be read
    """
    first = items[0]
    meaning = vocabulary.meaning(first.label_id, shape_of(first, vocabulary).type)
    if not is_storable(meaning.name):
        raise Unreadable(f"of a class with {NO_TEXT}")
    if codec_type is None and meaning.field is None:
        return NewLabel(None, {"label": meaning.name}, Counter())
    if meaning.field is not None:
        schema = vocabulary.schema.fields[meaning.field]
    else:
        unit = next(iter(vocabulary.schema.fields.values())).rotation_unit
        schema = FieldSchema(type=codec_type or "", classes=(), rotation_unit=unit)
    codec = LABEL_TYPES[schema.type].codec
    refused: Counter[str] = Counter()
    shapes = _readable([shape_in(item, vocabulary, codec) for item in items], codec, size, refused)
    parts: Parts = {"label": meaning.name} if codec.named else {}
    parts.update(codec.decode_new(shapes, size, schema))
    refused.update(codec.doubts([(None, shape) for shape in shapes], size, schema))
    new_facts(first, schema, parts, refused)
    new_values(first, meaning, schema, parts, refused)
    codec.check(parts)
    return NewLabel(meaning.field, parts, refused)


def _readable(shapes: Sequence[CvatShape], codec: Codec, size: Size, refused: Counter[str]) -> list[CvatShape]:
    """The shapes of a new label that can be read; the others are counted.

    Raises:
        Unreadable: if there are none
    """
    problems = [
        (shape, _problem(shape, size) if shape.type in codec.shape_types else f"{_a(shape.type)} is none")
        for shape in shapes
    ]
    good = [shape for shape, problem in problems if problem is None]
    if not good:
        raise Unreadable(problems[0][1])
    refused.update(f"shapes that could not be read ({problem})" for _, problem in problems if problem)
    return good
