"""A whole label <-> its CVAT objects: class, attributes and geometry together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ..cvat.models import AttributeValue, Shape, Tag
from .attributes import ABSENT, Kind, NotCarried, Unreadable, Value, from_text, kind_of, to_text
from .codec import Codec, Document, Parts
from .figures import Figure, Size
from .schema import AttributeSchema, FieldSchema
from .types import LABEL_TYPES
from .vocabulary import Meaning, Vocabulary

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


def figure_of(item: Object) -> Figure:
    """What of an object is drawn."""
    if isinstance(item, Tag):
        return Figure("tag")
    return Figure(item.type, item.points, item.rotation)


class BaseLabel(BaseModel):
    """What a label was when both sides last agreed.

    Args:
        field: the label's field
        sample_id: the sample it is on
        label_id: its id in FiftyOne
        parts: what of it can be edited in CVAT, as FiftyOne had it
        objects: its tag or shapes, as CVAT returned them
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    field: str
    sample_id: str
    label_id: str
    parts: Parts
    objects: tuple[Annotated[Shape | Tag, Field(union_mode="left_to_right")], ...]


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
    parts: Parts = {path: _plain(document.get(path)) for path in ("label", *codec.geometry)}
    # Of every class: a label keeps its attributes when its class is changed, or is called something else
    for attribute in schema.all_attributes:
        value = document.get(attribute)
        if value is None or kind_of(value):
            parts[attribute] = value
    return parts


def _plain(value: Any) -> Any:
    """A value that JSON can hold; what it can't is nothing that CVAT could edit."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
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
    label = document.get("label")
    word = vocabulary.word(name, label) if isinstance(label, str) else None
    if word is None:
        raise NotCarried(_no_word(label))
    figures = LABEL_TYPES[schema.type].codec.encode(document, size)
    if any(abs(point) > FARTHEST_PX for figure in figures for point in figure.points):
        raise NotCarried("labels that lie absurdly far outside their image")
    values, left_out = _texts(document, schema.attributes_of(word.name))
    attributes = tuple(AttributeValue(spec_id=word.specs[a][0], value=text) for a, text in values.items())
    shared = {"frame": frame, "label_id": word.label_id, "source": SOURCE, "attributes": attributes}
    if len(figures) > 1:
        shared["group"] = group
    objects = tuple(_object(figure, shared) for figure in figures)
    return Encoded(objects, local_parts(document, schema), left_out)


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


def _object(figure: Figure, shared: dict[str, object]) -> Object:
    if figure.type == "tag":
        return Tag.model_validate(shared)
    return Shape.model_validate({**shared, "type": figure.type, "points": figure.points, "rotation": figure.rotation})


def same_content(old: Object, new: Object) -> bool:
    """Whether an object is, in all that a FiftyOne label takes from it, what it was."""
    return (
        old.label_id == new.label_id
        and old.frame == new.frame
        and _values(old) == _values(new)
        and figure_of(old) == figure_of(new)
    )


def _values(item: Object) -> dict[int, str]:
    return {value.spec_id: value.value for value in item.attributes}


def read_label(base: BaseLabel, now: Sequence[Object | None], vocabulary: Vocabulary, size: Size) -> Reading:
    """What CVAT says a label is now.

    Args:
        base: what it was
        now: its objects as CVAT has them, in the base's order; ``None`` for one that was deleted
        vocabulary: the run's words, as they are now
        size: of the frame, in pixels
    """
    schema = vocabulary.schema.fields[base.field]
    codec = LABEL_TYPES[schema.type].codec
    refused: Counter[str] = Counter()
    pairs = _figures(base, now, codec, size, refused)
    parts: Parts = {**base.parts, **codec.decode(base.parts, pairs, size)}
    for old, new in zip(base.objects, now, strict=True):
        if new is None:
            continue
        meaning = vocabulary.meaning(new.label_id, figure_of(new).type)
        if meaning.name != vocabulary.name_then(old.label_id):
            parts["label"] = meaning.name
        if _values(old) != _values(new) or old.label_id != new.label_id:
            _read_attributes(base, old, new, meaning, vocabulary, parts, refused)
    return Reading(parts, refused)


def _figures(
    base: BaseLabel, now: Sequence[Object | None], codec: Codec, size: Size, refused: Counter[str]
) -> list[tuple[Figure, Figure | None]]:
    """Each figure then, and now; one that was made something this label can't be stays what it was."""
    pairs: list[tuple[Figure, Figure | None]] = []
    for number, (item, new_item) in enumerate(zip(base.objects, now, strict=True)):
        old, new = figure_of(item), figure_of(new_item) if new_item else None
        if new is not None and new.type not in codec.figures:
            if new != old:
                refused[f"{codec.document} labels that were turned into a {new.type}"] += 1
            old = new = codec.encode(base.parts, size)[number]
        elif old.type not in codec.figures:
            old = codec.encode(base.parts, size)[number]
        pairs.append((old, new))
    return pairs


def _read_attributes(
    base: BaseLabel,
    old: Object,
    new: Object,
    meaning: Meaning,
    vocabulary: Vocabulary,
    parts: Parts,
    refused: Counter[str],
) -> None:
    before = vocabulary.meaning(old.label_id, figure_of(old).type)
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

    Args:
        items: its objects: one, or those of a group
        codec_type: the label type to read it as; ``None`` for that of the field its class belongs to
        vocabulary: the run's words, as they are now
        size: of the frame, in pixels
    """
    first = items[0]
    figures = [figure_of(item) for item in items]
    meaning = vocabulary.meaning(first.label_id, figures[0].type)
    if codec_type is None and meaning.field is None:
        return Drawn(None, {"label": meaning.name}, Counter())
    type_name = codec_type or vocabulary.schema.fields[meaning.field or ""].type
    parts: Parts = {"label": meaning.name, **LABEL_TYPES[type_name].codec.draw(figures, size)}
    refused: Counter[str] = Counter()
    for name, text in _named(first, meaning).items():
        schema = meaning.attributes.get(name)
        try:
            value = from_text(text, schema.kind if schema else "str")
        except Unreadable as error:
            refused[f"values of '{name}' that could not be read ({error})"] += 1
            continue
        if value is not None:
            parts[name] = value
    return Drawn(meaning.field, parts, refused)
