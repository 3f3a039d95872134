"""The label schema of a run: what annotators may draw, and which attributes they may set.

The keys are those of ``SampleCollection.annotate()``'s ``label_schema``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .attributes import ABSENT, Kind, Unreadable, Value, from_text, kind_of, to_text
from .types import LABEL_TYPES

Widget = Literal["text", "select", "radio", "checkbox", "number"]
NAME_LIMIT = 64  # of a label's and of an attribute's name in CVAT
CHOICE_LIMIT = 200  # of one value of a choice
CHOICES_LIMIT = 4096  # of all of them together
DEFAULT_LIMIT = 128  # of an attribute's default
NUMBER_RANGE = ("-1000000000", "1000000000")  # CVAT's widget for numbers needs bounds

RESERVED = frozenset(
    {"id", "_id", "_cls", "tags", "label", "bounding_box", "points", "closed", "filled", "mask", "mask_path"}
    | {"index", "instance", "logits", "attributes"}
)
"""Names that mean something in a label of FiftyOne."""


def can_be_attribute(name: str) -> bool:
    """Whether a label of FiftyOne can have an attribute of this name, beside what it always has."""
    return bool(name.strip()) and name not in RESERVED and not name.startswith(("_", "$")) and "." not in name


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AttributeSchema(_Frozen):
    """One attribute of a label.

    Args:
        type: the widget that annotators see
        values: the choices of a ``select`` or ``radio``; minimum, maximum and step of a ``number``
        default: what a newly drawn label gets; ``None`` for no value
        mutable: whether the value may differ between the frames of a track
        read_only: whether edits made in CVAT are ignored (and counted)
        kind: the Python type of the values in FiftyOne
    """

    type: Widget = "text"
    values: tuple[Value, ...] = ()
    default: Value = None
    mutable: bool = True
    read_only: bool = False
    kind: Kind = "str"

    @model_validator(mode="before")
    @classmethod
    def _infer_kind(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "kind" not in data:
            return {**data, "kind": _infer(data)}
        return data

    @model_validator(mode="after")
    def _check(self) -> "AttributeSchema":
        if self.type in ("select", "radio"):
            self._check_choices()
        if self.type == "number" and self.values:
            self._check_range()
        if self.default is not None:
            text = to_text(self.default)
            if len(text) > DEFAULT_LIMIT:
                raise ValueError(f"a default can't have more than {DEFAULT_LIMIT} characters")
            if self.type in ("select", "radio") and text not in self.choices:
                raise ValueError(f"the default {self.default!r} is not among the values")
            if not (_is_numeric(text) if self.type == "number" else self.accepts(text)):
                raise ValueError(f"the default {self.default!r} is no value of a {self.type}")
        return self

    def _check_choices(self) -> None:
        if not self.values:
            raise ValueError(f"an attribute of type '{self.type}' needs a list of values")
        if any("\n" in choice for choice in self.choices):
            raise ValueError("a value of a choice can't have a line break")
        if any(len(choice) > CHOICE_LIMIT for choice in self.choices):
            raise ValueError(f"a value of a choice can't have more than {CHOICE_LIMIT} characters")
        if len("\n".join(self.options)) > CHOICES_LIMIT:
            raise ValueError(f"the values of a choice can't have more than {CHOICES_LIMIT} characters in all")

    def _check_range(self) -> None:
        if len(self.values) != 3 or not all(map(_is_numeric, self.choices)):
            raise ValueError("the values of a number are its minimum, maximum and step")

    @property
    def choices(self) -> tuple[str, ...]:
        """The values as CVAT's texts."""
        return tuple(to_text(value) for value in self.values)

    @property
    def options(self) -> tuple[str, ...]:
        """What annotators can choose from: the values, and no value."""
        return self.choices if ABSENT in self.choices else (ABSENT, *self.choices)

    @property
    def absent(self) -> str:
        """The text that stands for no value: one that the widget accepts.

        CVAT's editor refuses to change any attribute of an object that has one its widget does not accept.
        """
        if self.type == "checkbox":
            return "false"
        if self.accepts(ABSENT):
            return ABSENT
        return to_text(self.values[0] if self.default is None else self.default)

    def accepts(self, text: str) -> bool:
        """Whether CVAT's editor lets an attribute have this text."""
        if self.type == "checkbox":
            return text.lower() in ("true", "false")
        if self.type in ("select", "radio"):
            return text in self.options
        if self.type == "number":
            text = text or "0"  # as browsers read it
            low, high = (self.choices or NUMBER_RANGE)[:2]
            return _is_numeric(text) and float(low) <= float(text) <= float(high)
        return True


def _is_numeric(text: str) -> bool:
    try:
        return isinstance(from_text(text, "float"), float)
    except Unreadable:
        return False


def _infer(data: Mapping[str, Any]) -> Kind:
    widget = data.get("type", "text")
    if widget == "checkbox":
        return "bool"
    samples = [v for v in (*(data.get("values") or ()), data.get("default")) if v is not None]
    kinds = {kind_of(v) for v in samples}
    if widget == "number":
        return "int" if kinds == {"int"} else "float"
    if len(kinds) == 1:
        return kinds.pop() or "str"
    return "float" if kinds == {"int", "float"} else "str"


Attributes = dict[str, AttributeSchema]


class ClassSchema(_Frozen):
    """One class, with the attributes that only it has."""

    name: str
    attributes: Attributes = {}


class Skeleton(_Frozen):
    """The points of a skeleton: their names, and pairs of the points that are joined."""

    labels: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()


FACTS = ("occluded", "group", "z_order", "source", "score")
"""What CVAT knows of an object beside its shape; can be kept in an attribute."""


class FieldSchema(_Frozen):
    """What may be annotated in one label field.

    Args:
        type: the label type, as in ``annotate()``: ``"detections"``, ``"polylines"``, ``"classification"`` ...
        classes: names, or ``{"classes": [...], "attributes": {...}}`` for attributes of some classes only
        attributes: those of every class
        mask_targets: the class of each pixel value of a segmentation: a number, or ``"#rrggbb"``
        skeleton: the points of keypoints that are skeletons in CVAT
        facts: the attributes that hold what CVAT knows of an object, by its name there (see :data:`FACTS`)
        drawn_as: the type of the CVAT labels, where it is not the label type's own (``"any"`` for a mixed field)
        allow_additions, allow_deletions, allow_label_edits, allow_index_edits, allow_spatial_edits: as in
            ``annotate()``
        existing_field: whether the field was there when the run was sent
    """

    type: str
    classes: tuple[ClassSchema, ...]
    attributes: Attributes = {}
    mask_targets: dict[str, str] = {}
    skeleton: Skeleton | None = None
    facts: dict[str, str] = {}
    drawn_as: str | None = None
    allow_additions: bool = True
    allow_deletions: bool = True
    allow_label_edits: bool = True
    allow_index_edits: bool = True
    allow_spatial_edits: bool = True
    existing_field: bool = True

    @field_validator("classes", mode="before")
    @classmethod
    def _flatten_classes(cls, value: Any) -> Any:
        flat: list[Any] = []
        for entry in _names(value):
            if isinstance(entry, str):
                flat.append({"name": entry})
            elif isinstance(entry, Mapping) and "classes" in entry:
                attributes = named_attributes(entry.get("attributes"))
                flat.extend({"name": name, "attributes": attributes} for name in _names(entry["classes"]))
            elif isinstance(entry, (ClassSchema, Mapping)):
                flat.append(entry)
            else:
                raise ValueError(f"{entry!r} is no class name")
        return flat

    @field_validator("mask_targets", mode="before")
    @classmethod
    def _text_targets(cls, value: Any) -> Any:
        return {str(key).lower(): name for key, name in (value or {}).items()}

    @field_validator("facts")
    @classmethod
    def _known_facts(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(value) - set(FACTS)):
            raise ValueError(f"CVAT has no '{unknown[0]}' of an object; it has: {', '.join(FACTS)}")
        return value

    @field_validator("attributes", mode="before")
    @classmethod
    def _name_attributes(cls, value: Any) -> Any:
        return named_attributes(value)

    @model_validator(mode="after")
    def _check(self) -> "FieldSchema":
        if self.type not in LABEL_TYPES:
            raise ValueError(f"'{self.type}' is no label type; these are: {', '.join(LABEL_TYPES)}")
        names = [entry.name for entry in self.classes]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a class is listed twice: {', '.join(twice)}")
        if not all(name.strip() for name in names):
            raise ValueError("a class has no name")
        geometry = LABEL_TYPES[self.type].codec.geometry
        for name in self.all_attributes:
            if not can_be_attribute(name) or name in geometry:
                raise ValueError(f"an attribute can't be named '{name}'")
            if not 0 < len(name) <= NAME_LIMIT:
                raise ValueError(f"the attribute name '{name[:20]}...' must have 1 to {NAME_LIMIT} characters")
        for entry in names:
            trimmed = Counter(name.strip() for name in self.attributes_of(entry))
            if twice := sorted(name for name, uses in trimmed.items() if uses > 1):
                raise ValueError(f"attributes differ only in spaces around their names: {', '.join(twice)}")
        return self

    @cached_property
    def all_attributes(self) -> Attributes:
        """The attributes of every class, and of single ones."""
        merged: Attributes = dict(self.attributes)
        for entry in self.classes:
            merged.update(entry.attributes)
        return merged

    def attributes_of(self, name: str) -> Attributes:
        """The attributes that labels of a class have; for one not listed, those of every class."""
        return self._by_class.get(name, self.attributes)

    @cached_property
    def _by_class(self) -> dict[str, Attributes]:
        return {entry.name: {**self.attributes, **entry.attributes} for entry in self.classes}

    @property
    def targets(self) -> dict[int | str, str]:
        """The mask targets with numbers as numbers; colours are in lower case."""
        return {key if key.startswith("#") else int(key): name for key, name in self.mask_targets.items()}

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.classes)


def _names(value: Any) -> Iterable[Any]:
    """One name, or several, as several."""
    if isinstance(value, str):
        return [value]
    if value is None:
        return ()
    if not isinstance(value, (list, tuple, set, frozenset, Mapping)):
        raise ValueError("classes are given as a list of names")
    return value


def named_attributes(value: Any) -> Any:
    """Brings the forms that ``annotate()`` takes for ``attributes`` to one: a dict of name and settings."""
    if value is None or isinstance(value, bool):
        return {}
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(name, str) for name in value):
        return {name: {} for name in value}
    if not isinstance(value, Mapping):
        raise ValueError("attributes are given as a list of names, or as a dict of name and settings")
    return {name: settings or {} for name, settings in value.items()}


class LabelSchema(_Frozen):
    """The label schema of a run: its fields, in order."""

    fields: dict[str, FieldSchema] = Field(min_length=1)

    def as_annotate(self) -> dict[str, Any]:
        """The schema with the keys of ``annotate()``, as it is kept in the run's record."""
        return {name: _as_annotate(schema) for name, schema in self.fields.items()}


def _as_annotate(schema: FieldSchema) -> dict[str, Any]:
    data = schema.model_dump(mode="json", exclude={"classes"})
    data["classes"] = [
        {"classes": [c.name], "attributes": {n: a.model_dump(mode="json") for n, a in c.attributes.items()}}
        if c.attributes
        else c.name
        for c in schema.classes
    ]
    return data
