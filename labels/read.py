"""CVAT objects as a whole FiftyOne label: what was edited of one that was sent, and what a drawn one is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .attribute_schema import AttributeSchema
from .attributes import ABSENT, Kind, NotCarried, Unreadable, Value, from_text, kind_of, to_text
from .base import BaseLabel
from .codec import Pair, Parts
from .facts import FACTS
from .objects import Object, shape_in, shape_of, texts_of
from .schema import FieldSchema
from .shapes import Size
from .types import LABEL_TYPES
from .vocabulary import Meaning, Vocabulary


@dataclass(frozen=True)
class Reading:
    """What CVAT says a label is now.

    Args:
        parts: all its parts; those that were not edited there are the base's own
        refused: edits that are not applied, counted by reason
    """

    parts: Parts
    refused: Counter[str] = field(default_factory=Counter)


def read_label(
    base: BaseLabel, pairs: Sequence[tuple[Object | None, Object | None]], vocabulary: Vocabulary, size: Size
) -> Reading:
    """What CVAT says a label is now.

    Args:
        base: what it was
        pairs: its objects, then and now; ``None`` for one that was drawn since, or deleted
        vocabulary: the run's words, as they are now
        size: of the frame, in pixels
    """
    schema = vocabulary.schema.fields[base.field]
    codec = LABEL_TYPES[schema.type].codec
    refused: Counter[str] = Counter()
    shapes = [_shape_pair(n, pair, base, vocabulary, size, refused) for n, pair in enumerate(pairs)]
    parts: Parts = dict(base.parts)
    try:
        parts.update(codec.decode(base.parts, shapes, size, schema))
    except Unreadable as error:
        refused[f"edits of shapes that could not be read ({error})"] += 1
    for old, new in pairs:
        if old is None or new is None:
            continue
        meaning = vocabulary.meaning(new.label_id, shape_of(new, vocabulary).type)
        if codec.named and meaning.name != vocabulary.name_then(old.label_id):
            parts["label"] = meaning.name
        if texts_of(old) != texts_of(new) or old.label_id != new.label_id:
            _read_attributes(base, old, new, meaning, vocabulary, parts, refused)
        for fact, attribute in schema.facts.items():
            if getattr(old, fact, None) == getattr(new, fact, None):
                continue
            was = base.parts.get(attribute)
            if was is None or FACTS[fact](was):
                parts[attribute] = getattr(new, fact, None)
            else:
                refused[_not_shown(attribute)] += 1
    return Reading(parts, refused)


def _not_shown(attribute: str) -> str:
    return f"edits of '{attribute}' where CVAT could not show the value"


def _shape_pair(
    number: int,
    pair: tuple[Object | None, Object | None],
    base: BaseLabel,
    vocabulary: Vocabulary,
    size: Size,
    refused: Counter[str],
) -> Pair:
    """A shape then, and now; one that was made something this label can't be stays what it was."""
    schema = vocabulary.schema.fields[base.field]
    codec = LABEL_TYPES[schema.type].codec
    old, new = (shape_in(item, vocabulary, codec) if item else None for item in pair)
    if old is not None and old.type not in codec.shape_types:
        try:
            old = codec.encode(base.parts, size, schema)[number]
        except NotCarried:
            old = None
    if new is None or new.type in codec.shape_types:
        return old, new
    if new != (shape_in(pair[0], vocabulary, codec) if pair[0] else None):
        refused[f"edits that turned {_a(codec.document or 'value')} into {_a(new.type)}"] += 1
    return old, old


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _read_attributes(
    base: BaseLabel,
    old: Object,
    new: Object,
    meaning: Meaning,
    vocabulary: Vocabulary,
    parts: Parts,
    refused: Counter[str],
) -> None:
    before = vocabulary.meaning(old.label_id, shape_of(old, vocabulary).type)
    old_texts, new_texts = _named(old, before), _named(new, meaning)
    defaults = {name: default for name, (_, default) in meaning.specs.items()}
    class_changed = old.label_id != new.label_id
    reset = class_changed and all(text == defaults[name] for name, text in new_texts.items())
    for name, text in new_texts.items():
        was = old_texts.get(name)
        schema = meaning.attributes.get(name, AttributeSchema())
        if text == was or (was is None and text == defaults[name]):
            continue
        if class_changed and text == defaults[name] and (reset or text == ABSENT or not schema.accepts(was or ABSENT)):
            # CVAT's editor carries a value over to another class if it fits there; its API carries none
            if was != schema.absent:
                refused[f"resets of '{name}' to its default by a change of class"] += 1
            continue
        if schema.read_only:
            refused[f"edits of the read-only attribute '{name}'"] += 1
            continue
        value = base.parts.get(name)
        if not _is_carried(value):
            refused[_not_shown(name)] += 1
            continue
        try:
            parts[name] = _read_text(text, kind_of(value), schema.kind)
        except Unreadable as error:
            refused[f"values of '{name}' that could not be read ({error})"] += 1


def _is_carried(value: object) -> bool:
    try:
        to_text(value)
    except NotCarried:
        return False
    return True


def _read_text(text: str, kind: Kind | None, other: Kind) -> Value:
    """Reads a text as the kind its value had, else as what the attribute may hold besides."""
    try:
        return from_text(text, kind or other)
    except Unreadable:
        if other == kind:
            raise
        return from_text(text, other)


def _named(item: Object, meaning: Meaning) -> dict[str, str]:
    names = {spec_id: name for name, (spec_id, _) in meaning.specs.items()}
    return {names[v.spec_id]: v.value for v in item.attributes if v.spec_id in names}


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


def read_new(items: Sequence[Object], codec_type: str | None, vocabulary: Vocabulary, size: Size) -> NewLabel:
    """A label drawn in CVAT.

    Raises:
        Unreadable: if its geometry can't be read

    Args:
        items: its objects: one, or those of a group
        codec_type: the label type to read it as; ``None`` for that of the field its class belongs to
        vocabulary: the run's words, as they are now
        size: of the frame, in pixels
    """
    first = items[0]
    meaning = vocabulary.meaning(first.label_id, shape_of(first, vocabulary).type)
    if codec_type is None and meaning.field is None:
        return NewLabel(None, {"label": meaning.name}, Counter())
    if meaning.field is not None:
        schema = vocabulary.schema.fields[meaning.field]
    else:
        schema = FieldSchema(type=codec_type or "", classes=())
    codec = LABEL_TYPES[schema.type].codec
    shapes = [shape_in(item, vocabulary, codec) for item in items]
    parts: Parts = {"label": meaning.name} if codec.named else {}
    parts.update(codec.decode_new(shapes, size, schema))
    facts = {attribute: getattr(first, fact, None) for fact, attribute in schema.facts.items()}
    parts.update({attribute: value for attribute, value in facts.items() if value is not None})
    refused: Counter[str] = Counter()
    for name, text in _named(first, meaning).items():
        attribute = meaning.attributes.get(name)
        try:
            value = from_text(text, attribute.kind if attribute else "str")
        except Unreadable as error:
            refused[f"values of '{name}' that could not be read ({error})"] += 1
            continue
        if value is not None:
            parts[name] = value
    return NewLabel(meaning.field, parts, refused)
