"""Numbers in the headers of answers."""

from __future__ import annotations

MOST_DIGITS = 18
"""Digits of a number that is believed; longer ones are not even converted."""


def whole_number(text: str) -> int | None:
    """A number of ASCII digits; None for anything else, superscripts and a thousand digits included."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None
