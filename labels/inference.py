"""The widget for an attribute, from the values that labels have: it accepts all of them, and shows what is missing."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .attribute_schema import CHOICE_LIMIT, CHOICES_LIMIT, AttributeSchema
from .attributes import Kind, NotCarried, kind_of, to_text
from .field_kinds import field_kind
from .widgets import EXACT

MANY_VALUES = 24
"""An attribute with more distinct texts than this is a text field, not a choice."""


@dataclass
class SeenValues:
    """The values that labels have for one attribute.

    Args:
        kinds: how often each kind of value occurs
        low, high: the least and the largest number
        odd: how many values are numbers that no widget for numbers accepts
        strange: how many values have no text form (lists, dates ...)
    """

    kinds: Counter[Kind] = field(default_factory=Counter)
    low: float = math.inf
    high: float = -math.inf
    odd: int = 0
    strange: int = 0
    _distinct: dict[tuple[Kind, Any], None] = field(default_factory=dict)

    def add(self, value: Any) -> None:
        """Counts a value."""
        kind = kind_of(value)
        if kind is None:
            self.strange += 1
            return
        self.kinds[kind] += 1
        if len(self._distinct) <= MANY_VALUES:
            self._distinct[kind, value] = None
        if kind in ("int", "float"):
            if abs(value) <= EXACT:
                self.low, self.high = min(self.low, value), max(self.high, value)
            else:
                self.odd += 1

    @property
    def values(self) -> list[Any]:
        """The distinct values, up to one more than a choice would offer; ``1``, ``1.0`` and ``True`` differ."""
        return [value for _, value in self._distinct]

    @property
    def count(self) -> int:
        """How many labels have a value."""
        return sum(self.kinds.values()) + self.strange

    @property
    def kind(self) -> Kind:
        """The one kind that can hold all values."""
        if len(self.kinds) == 1:
            return next(iter(self.kinds))
        return "float" if set(self.kinds) == {"int", "float"} else "str"

    def schema(self, missing: bool = False, declared: str | None = None) -> AttributeSchema:
        """A widget that suits the values: one that could make an annotator's life harder is not chosen.

        In a widget for numbers, no value looks like 0, and in a checkbox like false. So where values are missing, a
        number is a text, and a truth value a choice.

        Args:
            missing: whether some labels have no value
            declared: the class of the field, if it is declared
        """
        known = field_kind(declared)
        kind = self.kind if known is None or not known.kinds or known.holds(self.kind) else known.kinds[0]
        if kind == "bool" and set(self.kinds) <= {"bool"}:
            if missing:
                return AttributeSchema(type="select", values=(True, False), kind="bool")
            return AttributeSchema(type="checkbox", kind="bool")
        if kind in ("int", "float"):
            fits = not missing and not self.odd and set(self.kinds) <= {"int", "float"}
            return AttributeSchema(type="number" if fits else "text", kind=kind)
        if kind == "str" and set(self.kinds) == {"str"} and self._is_a_choice:
            return AttributeSchema(type="select", values=tuple(sorted(self.values)), kind="str")
        return AttributeSchema(type="text", kind=kind)

    @property
    def _is_a_choice(self) -> bool:
        """Whether texts repeat, and can be choices in CVAT."""
        values = self.values
        tidy = all(0 < len(v) <= CHOICE_LIMIT and v == v.strip() and v.isprintable() for v in values)
        short = sum(map(len, values)) < CHOICES_LIMIT - len(values) - 1
        return tidy and short and len(values) <= MANY_VALUES and self.kinds["str"] >= 2 * len(values)


def widened(schema: AttributeSchema, seen: SeenValues, missing: bool) -> AttributeSchema:
    """A schema that the dataset declares, made to accept every value that labels have, and to show what is missing.

    Args:
        schema: as it is declared
        seen: the values of labels
        missing: whether some labels have no value
    """
    numeric, known = seen.kinds.keys() <= {"int", "float"}, len(seen.values) <= MANY_VALUES
    text = schema.model_copy(update={"type": "text", "values": ()})
    if schema.type == "checkbox":
        if seen.kinds.keys() <= {"bool"}:
            return schema.model_copy(update={"type": "select", "values": (True, False)}) if missing else schema
        return text
    if schema.type == "number":
        if missing or seen.odd or not numeric:
            return text
        bounds = [repr(bound) for bound in (seen.low, seen.high) if math.isfinite(bound)]
        return schema if all(map(schema.accepts, bounds)) else schema.model_copy(update={"values": ()})
    if schema.type in ("select", "radio"):
        more = [value for value in seen.values if not _shows(schema, value)]
        return (_with_choices(schema, more) or text) if known else text
    return schema


def _with_choices(schema: AttributeSchema, more: list[Any]) -> AttributeSchema | None:
    """A choice with more values; ``None`` if CVAT can't have them."""
    if any(kind_of(value) != schema.kind for value in more):
        return None
    try:
        return AttributeSchema.model_validate({**schema.model_dump(), "values": (*schema.values, *sorted(more))})
    except ValueError:
        return None


def _shows(schema: AttributeSchema, value: object) -> bool:
    try:
        return to_text(value) == schema.text_of(value)
    except NotCarried:
        return False
