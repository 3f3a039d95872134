"""Attribute values: typed in FiftyOne, text in CVAT."""

import math
from collections.abc import Callable
from typing import Any, Literal

Kind = Literal["str", "int", "float", "bool"]
Value = bool | int | float | str | None

MAX_TEXT = 4096  # CVAT refuses longer attribute values
ABSENT = ""  # CVAT has no "no value": an empty text stands for it
LARGEST_INTEGER = 2**63 - 1  # MongoDB holds no larger ones
EXACT_INTEGER = 2**53  # from here on, a float may stand for a neighbour


class NotCarried(ValueError):
    """A value or label that CVAT can't hold; the message says why."""


class Unreadable(ValueError):
    """A text from CVAT that is no value of the attribute's kind."""


def kind_of(value: object) -> Kind | None:
    """The kind of a FiftyOne attribute value.

    Returns:
        ``None`` for values that have no text form which leads back to them (lists, dicts, dates, ids ...)
    """
    found = _KINDS.get(type(value))
    if found is None and isinstance(value, (str, int, float)):
        found = next(kind for type_, kind in _KINDS.items() if isinstance(value, type_))
    return found


_KINDS: dict[type, Kind] = {bool: "bool", int: "int", float: "float", str: "str"}


def to_text(value: object) -> str:
    """The text CVAT stores for a FiftyOne attribute value.

    Raises:
        NotCarried: if CVAT can't hold the value
    """
    if value is None:
        return ABSENT
    kind = kind_of(value)
    if kind is None:
        raise NotCarried(f"values of type {type(value).__name__}")
    text = _WRITERS[kind](value)
    if len(text) > MAX_TEXT:
        raise NotCarried(f"texts over {MAX_TEXT} characters")
    if "\x00" in text:
        raise NotCarried("texts with a zero byte")
    return text


def is_storable(text: str) -> bool:
    """Whether MongoDB can store a text: halves of a character, as JSON can spell them, it can't."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def from_text(text: str, kind: Kind) -> Value:
    """The FiftyOne value of a text that a person entered in CVAT.

    Args:
        text: CVAT's text
        kind: what the value was before, or what its attribute holds

    Raises:
        Unreadable: if the text is no value of this kind
    """
    if not is_storable(text):
        raise Unreadable(f"{text[:40]!a} has characters that no text can have")
    if kind == "str":
        return text if text != ABSENT else None
    stripped = text.strip()
    if stripped == ABSENT:
        return None
    try:
        if "_" in stripped:  # Python would read 1_000 as a number
            raise ValueError(text)
        return _READERS[kind](stripped)
    except ValueError:
        raise Unreadable(f"{text[:40]!r} is not {_NAMES[kind]}") from None


def _read_bool(text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _read_int(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        rounded = float(text)
        if not rounded.is_integer() or abs(rounded) >= EXACT_INTEGER:
            raise
        number = int(rounded)
    if not -LARGEST_INTEGER <= number <= LARGEST_INTEGER:
        raise ValueError(text)
    return number


def _read_float(text: str) -> float:
    number = float(text)
    if math.isinf(number) and "inf" not in text.lower():
        raise ValueError(text)
    return number


# Subclasses of the number types, as drivers and numpy have them, would show their class in their text
_WRITERS: dict[Kind, Callable[[Any], str]] = {
    "bool": lambda value: "true" if value else "false",
    "int": lambda value: repr(int(value)),
    "float": lambda value: repr(float(value)),
    "str": str,
}
_READERS: dict[Kind, Callable[[str], Value]] = {"bool": _read_bool, "int": _read_int, "float": _read_float}
_NAMES: dict[Kind, str] = {"bool": "true or false", "int": "a whole number", "float": "a number"}
