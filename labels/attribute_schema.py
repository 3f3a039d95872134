"""The schema of one attribute: the widget that annotators see, and what its values may be."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationInfo, model_validator

from .attributes import ABSENT, Kind, NotCarried, Unreadable, Value, from_text, kind_of, to_text
from .field_kinds import field_kind
from .frozen import Frozen
from .widgets import NUMBER_RANGE, Input, Widget, browser_number, trimmed

CHOICE_LIMIT = 200  # of one value of a choice
CHOICES_LIMIT = 4096  # of all of them together
NAME_LIMIT = 64  # of an attribute's name
DIGITS = 4
"""Decimals of numbers that annotators only look at."""
READ_ONLY = " (read-only)"
DEFAULT_LIMIT = 128  # of an attribute's default


class AttributeSchema(Frozen):
    """One attribute of a label.

    Args:
        type: the widget that annotators see
        values: the choices of a ``select`` or ``radio``; minimum, maximum and step of a ``number``
        default: what a newly drawn label gets; ``None`` for no value
        mutable: whether the value may differ between the frames of a track
        read_only: whether edits made in CVAT are ignored (and counted)
        kind: the Python type of the values in FiftyOne
    """

    type: Input = "text"
    values: tuple[Value, ...] = ()
    default: Value = None
    mutable: bool = True
    read_only: bool = False
    kind: Kind = "str"

    @model_validator(mode="before")
    @classmethod
    def _infer_kind(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "kind" not in data and isinstance(data.get("values", ()), (list, tuple)):
            return {**data, "kind": _infer(data)}
        return data

    @model_validator(mode="after")
    def _check(self) -> "AttributeSchema":
        if self.type in ("select", "radio"):
            self._check_choices()
        if self.type == "number" and self.values:
            self._check_range()
        if self.default is not None:
            text = to_text(self.default).strip()
            if len(text) > DEFAULT_LIMIT:
                raise ValueError(f"a default can't have more than {DEFAULT_LIMIT} characters")
            if self.type in ("select", "radio") and text not in self.choices:
                raise ValueError(f"the default {self.default!r} is not among the values")
            if not self.accepts(text):
                raise ValueError(f"the default {self.default!r} is no value of a {self.type}")
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _keep_readable(cls, data: Any, handler: Any, info: ValidationInfo) -> "AttributeSchema":
        """Lets a run that was stored be read, whatever its attribute's values are: it is a text then."""
        try:
            return handler(data)  # type: ignore[no-any-return]
        except ValueError:
            if not (info.context or {}).get("stored") or not isinstance(data, Mapping):
                raise
            return handler({**data, "type": "text", "values": (), "default": None})  # type: ignore[no-any-return]

    def _check_choices(self) -> None:
        if not self.values:
            raise ValueError(f"an attribute of type '{self.type}' needs a list of values")
        if any("\n" in choice or "\r" in choice for choice in self.choices):
            raise ValueError("a value of a choice can't have a line break")
        if any(len(choice) > CHOICE_LIMIT for choice in self.choices):
            raise ValueError(f"a value of a choice can't have more than {CHOICE_LIMIT} characters")
        if len("\n".join(self.options)) > CHOICES_LIMIT:
            raise ValueError(f"the values of a choice can't have more than {CHOICES_LIMIT} characters in all")
        if any(isinstance(value, float) and not math.isfinite(value) for value in self.values):
            raise ValueError("a value of a choice can't be infinite, or no number")
        for choice, value in zip(self.choices, self.values, strict=True):
            first = self.values[self.choices.index(choice)]
            if (type(first), first) != (type(value), value):
                raise ValueError(f"the values {first!r} and {value!r} look the same in CVAT")

    def _check_range(self) -> None:
        numbers = [browser_number(text) for text in self.choices]
        if len(numbers) != 3 or not all(map(math.isfinite, numbers)) or "" in self.choices:
            raise ValueError("the values of a number are its minimum, maximum and step")
        if numbers[0] > numbers[1] or numbers[2] <= 0:
            raise ValueError("the minimum of a number is not above its maximum, and its step is above 0")

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The values as CVAT's texts."""
        return trimmed([to_text(value) for value in self.values])

    @cached_property
    def options(self) -> tuple[str, ...]:
        """What annotators can choose from: the values, and no value."""
        return tuple(dict.fromkeys(self.choices if ABSENT in self.choices else (ABSENT, *self.choices)))

    @cached_property
    def widget(self) -> Widget:
        """The widget to ask CVAT for.

        What a newly drawn object gets is what the widget then shows: a number without a value looks like 0 there.
        """
        values: tuple[str, ...] = ()
        if self.type in ("select", "radio"):
            values = self.options
        elif self.type == "number":
            values = self.choices or (*NUMBER_RANGE, "1" if self.kind == "int" else "0.01")
        widget = Widget.model_construct(input=self.type, values=values)
        if self.default is not None:
            default = to_text(self.default).strip()
        elif self.type == "number":
            default = "0" if widget.accepts("0") else values[0]
        else:
            default = widget.absent
        return widget.model_copy(update={"default": default})

    @property
    def absent(self) -> str:
        """The text that stands for no value: one that the widget accepts."""
        return self.widget.absent

    def accepts(self, text: str) -> bool:
        """Whether CVAT's editor lets an attribute have this text."""
        return self.widget.accepts(text)

    def text_of(self, value: object, widget: Widget | None = None) -> str:
        """The text to send for a value.

        Args:
            value: as FiftyOne has it; ``None`` for no value
            widget: the widget that CVAT has, if not the one it was asked for

        Raises:
            NotCarried: if CVAT can't hold it, or its editor would refuse every edit of an object that has it
        """
        widget = widget or self.widget
        if value is None:
            return widget.absent
        if self.read_only and isinstance(value, float) and widget.accepts(short := to_text(rounded(value))):
            return short
        text = to_text(value)
        if widget.input in ("select", "radio", "number"):
            text = text.strip()
        if not widget.accepts(text):
            raise NotCarried(f"values that {widget.describe()} does not take")
        return text

    def value_of(self, text: str, was: object = None, declared: str | None = None) -> Value:
        """The value of a text that a person entered.

        Args:
            text: as CVAT has it
            was: the value before, whose kind counts first
            declared: the class of the field that is to hold it, if that is declared

        Raises:
            Unreadable: if it is none that may be there
        """
        field = field_kind(declared)
        if field is not None and not field.kinds:
            raise Unreadable(f"the field holds {field.noun}")
        if self.type in ("select", "radio") and text.strip() in self.choices:
            value = self.values[self.choices.index(text.strip())]
            own = value is None or self.kind in ("str", kind_of(value))
            if own and (value is None or field is None or field.holds(kind_of(value))):
                return value if value != ABSENT else None
        kinds: list[Kind] = []
        for kind in (kind_of(was), self.kind, *(field.kinds[:1] if field else ())):
            if kind is not None and kind not in kinds and (field is None or field.holds(kind)):
                kinds.append(kind)
        for kind in kinds[:-1]:
            try:
                return from_text(text, kind)
            except Unreadable:
                continue
        return from_text(text, kinds[-1])


def rounded(value: float) -> float:
    """A number to look at: four decimals, or four digits where it is below 1."""
    return float(f"{value:.4g}") if abs(value) < 1 else round(value, DIGITS)


def name_in_cvat(name: str, attribute: AttributeSchema) -> str:
    """What annotators see an attribute called: CVAT has none that can't be edited, so the name says it."""
    told = f"{name}{READ_ONLY}"
    return told if attribute.read_only and len(told) <= NAME_LIMIT else name


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
