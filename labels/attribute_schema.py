"""The schema of one attribute: the widget that annotators see, and what its values may be."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from .attributes import ABSENT, Kind, Unreadable, Value, from_text, kind_of, to_text
from .names import GEOMETRY, IDENTITY

Widget = Literal["text", "select", "radio", "checkbox", "number"]
CHOICE_LIMIT = 200  # of one value of a choice
CHOICES_LIMIT = 4096  # of all of them together
DEFAULT_LIMIT = 128  # of an attribute's default
NUMBER_RANGE = ("-1000000000", "1000000000")  # CVAT's widget for numbers needs bounds

RESERVED = IDENTITY | GEOMETRY | {"_id", "_cls"}
"""Names that mean something in a label of FiftyOne."""


class AttributeSchema(BaseModel):
    """One attribute of a label.

    Args:
        type: the widget that annotators see
        values: the choices of a ``select`` or ``radio``; minimum, maximum and step of a ``number``
        default: what a newly drawn label gets; ``None`` for no value
        mutable: whether the value may differ between the frames of a track
        read_only: whether edits made in CVAT are ignored (and counted)
        kind: the Python type of the values in FiftyOne
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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
