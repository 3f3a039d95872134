"""A whole label <-> its CVAT objects: class, attributes and geometry together."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..cvat.models import Shape, Tag
from .attributes import ABSENT, Kind, NotCarried, Unreadable, Value, from_text, kind_of, to_text
from .codec import Codec, Document, Pair, Parts
from .figures import Figure, Node, Size
from .pixels import PIXELS
from .schema import AttributeSchema, FieldSchema
from .types import LABEL_TYPES
from .vocabulary import Meaning, Vocabulary, Word

Object = Tag | Shape
Key = tuple[str, int]
"""Identity of a CVAT object: tags and shapes have ids of their own."""

FARTHEST_PX = 1e9
SOURCE = "file"


def key_of(item: Object) -> Key:
    """The identity of an object that CVAT has stored."""
    if item.id is None:
        raise ValueError("an object without an id has no identity")
    return ("tag" if isinstance(item, Tag) else "shape", item.id)


def figure_of(item: Object, vocabulary: Vocabulary) -> Figure:
    """What of an object is drawn."""
    if isinstance(item, Tag):
        return Figure("tag")
    if item.type == "skeleton":
        order = vocabulary.points_of(item.label_id)
        places = [(order[e.label_id], e) for e in item.elements if e.label_id in order and len(e.points) >= 2]
        nodes = [Node(index, e.points[0], e.points[1], e.outside, e.occluded) for index, e in places]
        return Figure("skeleton", nodes=tuple(sorted(nodes, key=lambda node: node.index)))
    return Figure(item.type, item.points, item.rotation)


def _figure_in(item: Object, vocabulary: Vocabulary, codec: Codec) -> Figure:
    """A figure of a label; where each has a class of its own, with that and with what lies above."""
    figure = figure_of(item, vocabulary)
    if codec.gathers != "frame" or isinstance(item, Tag):
        return figure
    return replace(figure, name=vocabulary.meaning(item.label_id, item.type).name, z_order=item.z_order)


class BaseLabel(BaseModel):
    """What a label was when both sides last agreed.

    Args:
        field: the label's field
        sample_id: the sample it is on
        frame: the number of the sample's frame in its task
        label_id: its id in FiftyOne; that of the sample for a plain value
        parts: what of it can be edited in CVAT, as FiftyOne had it
        objects: its tag or shapes, as CVAT returned them
        group: the CVAT group of its shapes, if it was sent as several
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    field: str
    sample_id: str
    frame: int
    label_id: str
    parts: Parts
    objects: tuple[Annotated[Shape | Tag, Field(union_mode="left_to_right")], ...]
    group: int = 0


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Reading:
    """What CVAT says a label is now.

    Args:
        parts: all its parts; those that were not edited there are the base's own
        refused: edits that are not applied, counted by reason
    """

    parts: Parts
    refused: Counter[str] = field(default_factory=Counter)


def local_parts(document: Document, schema: FieldSchema) -> Parts:
    """What of a label can be edited in CVAT, with the values it has in FiftyOne."""
    codec = LABEL_TYPES[schema.type].codec
    parts: Parts = {"label": _plain(document.get("label"))} if codec.named else {}
    parts.update({path: _plain(value) for path, value in codec.parts(document).items()})
    # Of every class: a label keeps its attributes when its class is changed, or is called something else
    for attribute in [*schema.all_attributes, *schema.facts.values()]:
        value = document.get(attribute)
        if value is None or kind_of(value):
            parts[attribute] = value
    return parts


def settle(document: Document, schema: FieldSchema, changes: Parts) -> tuple[dict[str, Any], Parts]:
    """What to write into a label's document for its changed parts, and the parts as they will be read from it.

    Args:
        document: the label as it is, or the blank one
        schema: of its field
        changes: the new parts

    Returns:
        values by path (see :meth:`labels.codec.Codec.store`), and the parts that both sides then agree on
    """
    codec = LABEL_TYPES[schema.type].codec
    values = codec.store(document, changes)
    after = {**document, **values}
    if isinstance(values.get("mask_path"), np.ndarray):
        after.update({PIXELS: values["mask_path"], "mask_path": document["mask_path"]})
    geometry = {path: value for path, value in codec.parts(after).items() if path in changes}
    return values, {**changes, **geometry}


def _plain(value: Any) -> Any:
    """A value that JSON can hold; what it can't is nothing that CVAT could edit."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return value if kind_of(value) else None


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
        raise NotCarried(_no_word(own))
    figures = codec.encode(document, size, schema)
    if any(abs(point) > FARTHEST_PX for figure in figures for point in figure.points if figure.type != "mask"):
        raise NotCarried("labels that lie absurdly far outside their image")
    left_out: list[str] = []
    objects = []
    for figure in figures:
        word = vocabulary.word(name, figure.name or own or "")
        if word is None:
            raise NotCarried(_no_word(figure.name or own))
        attributes = {a: item for a, item in schema.attributes_of(word.name).items() if a in word.specs}
        values, behind = _texts(document, attributes)
        left_out += [reason for reason in behind if reason not in left_out]
        shared = _facts(document, schema)
        shared.update(frame=frame, label_id=word.label_id)
        shared["attributes"] = [{"spec_id": word.specs[a][0], "value": text} for a, text in values.items()]
        if len(figures) > 1 and codec.gathers == "group":
            shared["group"] = group
        objects.append(_object(figure, shared, word))
    return Encoded(tuple(objects), local_parts(document, schema), tuple(left_out))


def _facts(document: Document, schema: FieldSchema) -> dict[str, Any]:
    """What CVAT keeps of an object beside its shape, from the attributes that hold it."""
    facts: dict[str, Any] = {"source": SOURCE}
    for fact, attribute in schema.facts.items():
        value = document.get(attribute)
        if value is not None and _FACT_CHECKS[fact](value):
            facts[fact] = value
    return facts


_FACT_CHECKS: dict[str, Callable[[Any], bool]] = {
    "occluded": lambda value: isinstance(value, bool),
    "group": lambda value: type(value) is int and 0 <= value < 2**31,
    "z_order": lambda value: type(value) is int and abs(value) < 2**31,
    "source": lambda value: isinstance(value, str) and 0 < len(value) <= 16,
    "score": lambda value: type(value) in (int, float) and 0 <= value <= 1,
}
"""What CVAT would refuse, and the whole job's labels with it, is not sent."""


def _no_word(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        return "labels without a class"
    return f"labels of class '{name}', which is not in the schema"


def _texts(document: Document, attributes: Mapping[str, AttributeSchema]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Every attribute's text (CVAT would give a missing one its default), and what it can't hold."""
    texts: dict[str, str] = {}
    left_out: list[str] = []
    for name, schema in attributes.items():
        value = document.get(name)
        try:
            texts[name] = schema.absent if value is None else to_text(value)
        except NotCarried as error:
            texts[name] = schema.absent
            left_out.append(f"attribute '{name}': {error}")
    return texts, tuple(left_out)


def _object(figure: Figure, shared: dict[str, Any], word: Word) -> Object:
    if figure.type == "tag":
        return Tag.model_validate(shared)
    shape = {**shared, "type": figure.type, "points": figure.points, "rotation": figure.rotation}
    if figure.nodes:
        shape["elements"] = [
            {
                "type": "points",
                "frame": shared["frame"],
                "label_id": word.points[node.index],
                "points": (node.x, node.y),
                "outside": node.outside,
                "occluded": node.occluded,
                "source": shared["source"],
            }
            for node in figure.nodes
        ]
    return Shape.model_validate(shape)


def same_content(old: Object, new: Object, vocabulary: Vocabulary, field: str) -> bool:
    """Whether an object is, in all that a FiftyOne label takes from it, what it was."""
    schema = vocabulary.schema.fields[field]
    codec = LABEL_TYPES[schema.type].codec
    return (
        old.label_id == new.label_id
        and old.frame == new.frame
        and _values(old) == _values(new)
        and _figure_in(old, vocabulary, codec) == _figure_in(new, vocabulary, codec)
        and all(getattr(old, fact, None) == getattr(new, fact, None) for fact in schema.facts)
    )


def _values(item: Object) -> dict[int, str]:
    return {value.spec_id: value.value for value in item.attributes}


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
    figures = [_figure_pair(n, pair, base, vocabulary, size, refused) for n, pair in enumerate(pairs)]
    parts: Parts = dict(base.parts)
    try:
        parts.update(codec.decode(base.parts, figures, size, schema))
    except Unreadable as error:
        refused[f"edits of shapes: {error}"] += 1
    for old, new in pairs:
        if old is None or new is None:
            continue
        meaning = vocabulary.meaning(new.label_id, figure_of(new, vocabulary).type)
        if codec.named and meaning.name != vocabulary.name_then(old.label_id):
            parts["label"] = meaning.name
        if _values(old) != _values(new) or old.label_id != new.label_id:
            _read_attributes(base, old, new, meaning, vocabulary, parts, refused)
        for fact, attribute in schema.facts.items():
            if getattr(old, fact, None) != getattr(new, fact, None):
                parts[attribute] = getattr(new, fact, None)
    return Reading(parts, refused)


def _figure_pair(
    number: int,
    pair: tuple[Object | None, Object | None],
    base: BaseLabel,
    vocabulary: Vocabulary,
    size: Size,
    refused: Counter[str],
) -> Pair:
    """A figure then, and now; one that was made something this label can't be stays what it was."""
    schema = vocabulary.schema.fields[base.field]
    codec = LABEL_TYPES[schema.type].codec
    old, new = (_figure_in(item, vocabulary, codec) if item else None for item in pair)
    if old is not None and old.type not in codec.figures:
        try:
            old = codec.encode(base.parts, size, schema)[number]
        except NotCarried:
            old = None
    if new is None or new.type in codec.figures:
        return old, new
    if new != (_figure_in(pair[0], vocabulary, codec) if pair[0] else None):
        refused[f"{codec.document} labels that were turned into a {new.type}"] += 1
    return old, old


def _read_attributes(
    base: BaseLabel,
    old: Object,
    new: Object,
    meaning: Meaning,
    vocabulary: Vocabulary,
    parts: Parts,
    refused: Counter[str],
) -> None:
    before = vocabulary.meaning(old.label_id, figure_of(old, vocabulary).type)
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
                refused[f"values of '{name}' that fell to the default when the class was changed"] += 1
            continue
        if schema.read_only:
            refused[f"edits of the read-only attribute '{name}'"] += 1
            continue
        value = base.parts.get(name)
        if not _is_carried(value):
            refused[f"edits of '{name}' where CVAT could not show the value"] += 1
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
class Drawn:
    """A label that was drawn in CVAT.

    Args:
        field: where it belongs; ``None`` if no field of the run can hold it
        parts: its parts
        refused: values that could not be read, counted by reason
    """

    field: str | None
    parts: Parts
    refused: Counter[str]


def read_new(items: Sequence[Object], codec_type: str | None, vocabulary: Vocabulary, size: Size) -> Drawn:
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
    meaning = vocabulary.meaning(first.label_id, figure_of(first, vocabulary).type)
    if codec_type is None and meaning.field is None:
        return Drawn(None, {"label": meaning.name}, Counter())
    if meaning.field is not None:
        schema = vocabulary.schema.fields[meaning.field]
    else:
        schema = FieldSchema(type=codec_type or "", classes=())
    codec = LABEL_TYPES[schema.type].codec
    figures = [_figure_in(item, vocabulary, codec) for item in items]
    parts: Parts = {"label": meaning.name} if codec.named else {}
    parts.update(codec.draw(figures, size, schema))
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
    return Drawn(meaning.field, parts, refused)
