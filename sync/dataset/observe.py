"""What labels a collection has: classes, attributes and their values. One pass over the raw documents."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...labels.attribute_schema import RESERVED, AttributeSchema
from ...labels.attributes import MAX_TEXT, Kind, kind_of
from ...labels.codec import Codec
from ...labels.names import attribute_problem, shown

MANY_VALUES = 24
"""An attribute with more distinct texts than this is a text field, not a choice."""
CHOICE_LIMIT = 200  # characters of one value of a choice in CVAT


@dataclass
class ObservedAttribute:
    """The values of one attribute.

    Args:
        kinds: how often each kind of value occurs
        values: the distinct values, up to a few more than a choice would offer
        strange: how many values have no text form (lists, dates ...)
    """

    kinds: Counter[Kind] = field(default_factory=Counter)
    values: dict[Any, None] = field(default_factory=dict)
    strange: int = 0

    def add(self, value: Any) -> None:
        """Counts a value."""
        kind = kind_of(value)
        if kind is None:
            self.strange += 1
            return
        self.kinds[kind] += 1
        if len(self.values) <= MANY_VALUES:
            self.values[value] = None

    @property
    def kind(self) -> Kind:
        """The one kind that can hold all values."""
        if len(self.kinds) == 1:
            return next(iter(self.kinds))
        return "float" if set(self.kinds) == {"int", "float"} else "str"

    def schema(self) -> AttributeSchema:
        """A widget that suits the values: one that could make an annotator's life harder is not chosen."""
        kind = self.kind
        if kind == "bool":
            return AttributeSchema(type="checkbox", kind="bool")
        if kind in ("int", "float"):
            fits = len(self.values) > MANY_VALUES or all(abs(value) < 1e9 for value in self.values)
            return AttributeSchema(type="number" if fits else "text", kind=kind)
        values = [value for value in self.values if isinstance(value, str)]
        repeats = sum(self.kinds.values()) >= 2 * len(values)
        tidy = all(0 < len(v) <= CHOICE_LIMIT and v == v.strip() and v.isprintable() for v in values)
        if (
            set(self.kinds) == {"str"}
            and repeats
            and tidy
            and len(values) <= MANY_VALUES
            and sum(map(len, values)) < MAX_TEXT - len(values)
        ):
            return AttributeSchema(type="select", values=tuple(sorted(values)), kind="str")
        return AttributeSchema(type="text", kind="str")


@dataclass
class Observed:
    """The labels of one field.

    Args:
        labels: how many there are
        classes: how many of each class; labels without a class are under ``""``
        attributes: what attributes they have
        unnameable: how many values are in attributes whose name can't be carried, by sentence
        shape_types: how many would be drawn as which type of CVAT shape
    """

    labels: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    attributes: dict[str, ObservedAttribute] = field(default_factory=dict)
    unnameable: Counter[str] = field(default_factory=Counter)
    shape_types: Counter[str] = field(default_factory=Counter)

    def add(self, documents: Iterable[Mapping[str, Any]], codec: Codec, known: frozenset[str]) -> None:
        """Counts labels.

        Args:
            documents: the labels
            codec: how they are drawn
            known: the paths that are no attributes
        """
        problems: dict[str, str] = {}
        for document in documents:
            self.labels += 1
            if codec.named:
                self.classes[document.get("label") or ""] += 1
            self.shape_types[codec.shape_type(document)] += 1
            follows = codec.follows(document)
            for name in document.keys() - known:
                value = document[name]
                if value is None or name in follows:
                    continue
                if name not in problems:
                    problem = attribute_problem(name, codec.document)
                    problems[name] = f"values of attribute {shown(name)}, as its name {problem}" if problem else ""
                if problems[name]:
                    self.unnameable[problems[name]] += 1
                else:
                    self.attributes.setdefault(name, ObservedAttribute()).add(value)

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.classes if name.strip()))

    def attribute_schemas(self) -> dict[str, AttributeSchema]:
        """The attributes that CVAT can hold, with a widget for each."""
        return {name: seen.schema() for name, seen in sorted(self.attributes.items()) if seen.kinds}


def known_paths(codec: Codec) -> frozenset[str]:
    """The paths in a label's document that are no attributes."""
    return RESERVED | codec.standard | frozenset(codec.geometry)
