"""The widgets of CVAT's editor, and the texts that they accept.

The editor checks all attributes of an object whenever one of them is edited. If one has a text that its widget does not
accept, every edit is refused, while the widget shows it as done. So no such text may be sent.
"""

import math
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..cvat.models import AttributeSpec
from .attributes import ABSENT

Input = Literal["text", "select", "radio", "checkbox", "number"]

EXACT = 2**53 - 1
"""The largest whole number that a browser does not round."""

NUMBER_RANGE = (str(-EXACT), str(EXACT))
"""A widget for numbers needs bounds: these are no limit to anybody."""

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BASES = {"0x": 16, "0o": 8, "0b": 2}


def browser_number(text: str) -> float:
    """The number that a browser reads in a text: nothing is 0, and what is no number is NaN."""
    text = text.strip()
    if not text:
        return 0.0
    if text.lstrip("+-") == "Infinity" and len(text) <= len("-Infinity"):
        return -math.inf if text[0] == "-" else math.inf
    if _DECIMAL.fullmatch(text):
        return float(text)
    try:
        return float(int(text[2:], _BASES[text[:2].lower()])) if text[2:].isalnum() else math.nan
    except (KeyError, ValueError, OverflowError):
        return math.nan


class Widget(BaseModel):
    """A widget, as CVAT has it.

    Args:
        input: what it is
        values: its choices; minimum, maximum and step of a number
        default: the text that a newly drawn object gets
    """

    model_config = ConfigDict(frozen=True)

    input: Input = "text"
    values: tuple[str, ...] = ()
    default: str = ABSENT

    @classmethod
    def of(cls, spec: AttributeSpec) -> "Widget":
        """The widget of an attribute in CVAT; a kind that is not known is taken for a text."""
        known: dict[str, Input] = {"select": "select", "radio": "radio", "checkbox": "checkbox", "number": "number"}
        kind = known.get(spec.input_type, "text")
        values = spec.values if kind in ("select", "radio", "number") else ()
        return cls.model_construct(input=kind, values=values, default=spec.default_value)

    def accepts(self, text: str) -> bool:
        """Whether the editor lets an attribute have a text, and any attribute of an object that has it be edited."""
        if self.input == "checkbox":
            return text.lower() in ("true", "false")
        if self.input in ("select", "radio"):
            return text in self.values
        if self.input == "number":
            bounds = [browser_number(bound) for bound in self.values[:2]]
            return len(bounds) == 2 and bounds[0] <= browser_number(text) <= bounds[1]
        return True

    def is_like(self, other: "Widget") -> bool:
        """Whether it accepts what another one does, and looks like it."""
        return (self.input, self.values) == (other.input, other.values)

    @cached_property
    def absent(self) -> str:
        """The text that stands for no value: the first of some that the widget accepts."""
        tried = (ABSENT, "false", self.default, *self.values)
        return next((text for text in tried if self.accepts(text)), ABSENT)

    def describe(self) -> str:
        """The widget in a sentence."""
        if self.input in ("select", "radio"):
            some = ", ".join(repr(value) for value in self.values[:5])
            return f"a choice of {some}{' and others' if len(self.values) > 5 else ''}"
        if self.input == "number":
            return f"a number from {' to '.join(self.values[:2])}"
        return {"checkbox": "a checkbox", "text": "a text"}[self.input]


def trimmed(texts: Sequence[str]) -> tuple[str, ...]:
    """Texts as CVAT keeps them: it cuts the blanks around them."""
    return tuple(text.strip() for text in texts)
