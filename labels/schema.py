"""The label schema of a run: what annotators may draw, and which attributes they may set.

The keys are those of ``SampleCollection.annotate()``'s ``label_schema``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from .attribute_schema import Attributes, named_attributes
from .attributes import Unreadable
from .facts import FACTS
from .field_kinds import field_kind
from .frozen import Frozen
from .names import attribute_problem, class_field, property_problem, shown
from .rotation import RotationUnit
from .skeleton import Skeleton
from .types import LABEL_TYPES

_TARGET = re.compile(r"-?[0-9]+|#[0-9a-f]{6}")


class ClassSchema(Frozen):
    """One class, with the attributes that only it has."""

    name: str
    attributes: Attributes = Field(default_factory=dict)


class FieldSchema(Frozen):
    """What may be annotated in one label field.

    Args:
        type: the label type, as in ``annotate()``: ``"detections"``, ``"polylines"``, ``"classification"`` ...
        classes: names, or ``{"classes": [...], "attributes": {...}}`` for attributes of some classes only
        attributes: those of every class
        mask_targets: the class of each pixel value of a segmentation: a number, or ``"#rrggbb"``
        skeleton: the points of keypoints that are skeletons in CVAT
        facts: the attributes that hold what CVAT knows of an object, by its name there (see :data:`labels.facts.FACTS`)
        drawn_as: the type of the CVAT labels, where it is not the label type's own (``"any"`` for a mixed field)
        allow_additions, allow_deletions, allow_label_edits, allow_index_edits, allow_spatial_edits: as in
            ``annotate()``
        rotation_unit: what the rotation of boxes is given in
        existing_field: whether the field was there when the run was sent
        declared: the classes of the fields that the dataset declares for attributes now, by name; not stored
    """

    type: str
    classes: tuple[ClassSchema, ...]
    attributes: Attributes = Field(default_factory=dict)
    mask_targets: dict[str, str] = Field(default_factory=dict)
    skeleton: Skeleton | None = None
    facts: dict[str, str] = Field(default_factory=dict)
    drawn_as: str | None = None
    allow_additions: bool = True
    allow_deletions: bool = True
    allow_label_edits: bool = True
    allow_index_edits: bool = True
    allow_spatial_edits: bool = True
    rotation_unit: RotationUnit = "degrees"
    existing_field: bool = True
    declared: dict[str, str] = Field(default={}, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _keep_readable(cls, data: Any, info: ValidationInfo) -> Any:
        """Lets a run that was stored be read: attributes whose names are not allowed any more are left out."""
        if not (info.context or {}).get("stored") or data.get("type") not in LABEL_TYPES:
            return data
        document = LABEL_TYPES[data["type"]].codec.document

        def allowed(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
            return {a: item for a, item in (attributes or {}).items() if attribute_problem(a, document) is None}

        facts = {f: a for f, a in (data.get("facts") or {}).items() if property_problem(a, document, f) is None}
        classes = [
            {**entry, "attributes": allowed(entry.get("attributes"))} if isinstance(entry, Mapping) else entry
            for entry in data.get("classes") or ()
        ]
        return {**data, "attributes": allowed(data.get("attributes")), "classes": classes, "facts": facts}

    @model_validator(mode="before")
    @classmethod
    def _add_own(cls, data: Any) -> Any:
        """Adds the attributes that labels of this type always have in CVAT."""
        type_ = data.get("type") if isinstance(data, Mapping) else None
        own = LABEL_TYPES[type_].codec.own if isinstance(type_, str) and type_ in LABEL_TYPES else {}
        return {**data, "attributes": {**named_attributes(data.get("attributes")), **own}} if own else data

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
        if not isinstance(value or {}, Mapping):
            raise ValueError("mask targets are given as a dict of pixel value and class")
        targets = {str(key).lower(): name for key, name in (value or {}).items()}
        if wrong := [key for key in targets if not _TARGET.fullmatch(key) or len(key) > 19]:
            raise ValueError(f"{wrong[0]!r} is no pixel value: these are whole numbers, or colours as '#ff0000'")
        if len({key.startswith("#") for key in targets}) > 1:
            raise ValueError("mask targets are all numbers, or all colours")
        return targets

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
    def _check(self, info: ValidationInfo) -> "FieldSchema":
        if self.type not in LABEL_TYPES:
            raise ValueError(f"'{self.type}' is no label type; these are: {', '.join(LABEL_TYPES)}")
        names = [entry.name for entry in self.classes]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a class is listed twice: {', '.join(twice)}")
        if not all(name.strip() for name in names):
            raise ValueError("a class has no name")
        self._check_names()
        if not (info.context or {}).get("stored"):
            self._check_choices()
        for entry in names:
            trimmed = Counter(name.strip() for name in self.attributes_of(entry))
            if twice := sorted(name for name, uses in trimmed.items() if uses > 1):
                raise ValueError(f"attributes differ only in spaces around their names: {', '.join(twice)}")
        return self

    def _check_names(self) -> None:
        """Checks that every name of an attribute can be a path in a label."""
        codec = LABEL_TYPES[self.type].codec
        for name in self.all_attributes:
            problem = attribute_problem(name, codec.document)
            if problem is None and name in codec.geometry and name not in codec.own:
                problem = f"is the geometry of FiftyOne's {codec.document}"
            if problem is not None:
                raise ValueError(f"an attribute can't be named {shown(name)}: it {problem}")
        holds: dict[str, str] = {}
        for fact, name in self.facts.items():
            problem = property_problem(name, codec.document, fact)
            if problem is None and name in codec.geometry:
                problem = f"is the geometry of FiftyOne's {codec.document}"
            if problem is not None:
                raise ValueError(f"the attribute {shown(name)} can't hold the '{fact}': it {problem}")
            if name in holds:
                raise ValueError(f"the attribute '{name}' can't hold both '{holds[name]}' and '{fact}'")
            if name in self.all_attributes:
                raise ValueError(f"'{name}' is an attribute, and can't hold the '{fact}' too")
            holds[name] = fact

    def _check_choices(self) -> None:
        """Checks that the fields of the dataset can hold what annotators can choose."""
        for name, item in self.all_attributes.items():
            field = field_kind(self.declared_of(name))
            for choice in item.choices if field and field.kinds and item.type in ("select", "radio") else ():
                try:
                    item.value_of(choice, None, self.declared_of(name))
                except Unreadable:
                    noun = field.noun if field else ""
                    raise ValueError(f"'{name}' can't have the value {shown(choice)}: the field holds {noun}") from None

    @cached_property
    def all_attributes(self) -> Attributes:
        """The attributes of every class, and of single ones."""
        merged: Attributes = dict(self.attributes)
        for entry in self.classes:
            merged.update(entry.attributes)
        return merged

    def without_attribute(self, name: str) -> "FieldSchema":
        """The same without an attribute, whatever classes have it."""
        if name not in self.all_attributes:
            return self

        def rest(attributes: Attributes) -> Attributes:
            return {other: item for other, item in attributes.items() if other != name}

        classes = tuple(entry.model_copy(update={"attributes": rest(entry.attributes)}) for entry in self.classes)
        data = {key: getattr(self, key) for key in type(self).model_fields}
        return FieldSchema(**{**data, "classes": classes, "attributes": rest(self.attributes)})

    def attributes_of(self, name: str) -> Attributes:
        """The attributes that labels of a class have; for one not listed, those of every class."""
        return self._by_class.get(name, self.attributes)

    def declared_of(self, name: str) -> str | None:
        """The class of the field that holds an attribute; ``None`` if it can hold anything."""
        return self.declared.get(name) or class_field(LABEL_TYPES[self.type].codec.document, name)

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


class LabelSchema(Frozen):
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
