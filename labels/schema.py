"""The label schema of a run: what annotators may draw, and which attributes they may set.

The keys are those of ``SampleCollection.annotate()``'s ``label_schema``.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .attributes import Kind, Value, kind_of, to_text

Widget = Literal["text", "select", "radio", "checkbox", "number"]
NAME_LIMIT = 64  # of a label's and of an attribute's name in CVAT

RESERVED = frozenset(
    {"id", "_id", "_cls", "tags", "label", "bounding_box", "points", "closed", "filled", "mask", "mask_path"}
    | {"index", "instance", "logits", "attributes"}
)
"""Names that mean something in a label of FiftyOne."""


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
            if not self.values:
                raise ValueError(f"an attribute of type '{self.type}' needs a list of values")
            if self.default is not None and to_text(self.default) not in self.choices:
                raise ValueError(f"the default {self.default!r} is not among the values")
        if self.type == "number" and self.values and len(self.values) != 3:
            raise ValueError("the values of a number are its minimum, maximum and step")
        if any("\n" in choice for choice in self.choices):
            raise ValueError("a value of a choice can't have a line break")
        return self

    @property
    def choices(self) -> tuple[str, ...]:
        """The values as CVAT's texts."""
        return tuple(to_text(value) for value in self.values)


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
        allow_additions, allow_deletions, allow_label_edits, allow_index_edits, allow_spatial_edits: as in ``annotate()``
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
        if isinstance(value, str):
            value = [value]
        flat: list[Any] = []
        for entry in value or ():
            if isinstance(entry, str):
                flat.append({"name": entry})
            elif isinstance(entry, Mapping) and "classes" in entry:
                names = entry["classes"]
                names = [names] if isinstance(names, str) else names
                attributes = named_attributes(entry.get("attributes"))
                flat.extend({"name": name, "attributes": attributes} for name in names)
            else:
                flat.append(entry)
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
        names = [entry.name for entry in self.classes]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a class is listed twice: {', '.join(twice)}")
        if not all(name.strip() for name in names):
            raise ValueError("a class has no name")
        for name in self.all_attributes:
            if name in RESERVED or name.startswith(("_", "$")) or "." in name:
                raise ValueError(f"an attribute can't be named '{name}'")
            if not 0 < len(name) <= NAME_LIMIT:
                raise ValueError(f"the attribute name '{name[:20]}...' must have 1 to {NAME_LIMIT} characters")
        return self

    @property
    def all_attributes(self) -> Attributes:
        """The attributes of every class, and of single ones."""
        merged: Attributes = dict(self.attributes)
        for entry in self.classes:
            merged.update(entry.attributes)
        return merged

    def attributes_of(self, name: str) -> Attributes:
        """The attributes that labels of a class have; for one not listed, those of every class."""
        for entry in self.classes:
            if entry.name == name:
                return {**self.attributes, **entry.attributes}
        return self.attributes

    @property
    def targets(self) -> dict[int | str, str]:
        """The mask targets with numbers as numbers; colours are in lower case."""
        return {key if key.startswith("#") else int(key): name for key, name in self.mask_targets.items()}

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.classes)


def named_attributes(value: Any) -> Any:
    """Brings the forms that ``annotate()`` takes for ``attributes`` to one: a dict of name and settings."""
    if value in (None, True, False):
        return {}
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple)):
        return {name: {} for name in value}
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
