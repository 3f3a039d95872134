"""What CVAT knows of an object beside its shape; it can be kept in an attribute."""

from collections.abc import Callable
from typing import Any

from .attributes import is_storable

FACTS: dict[str, Callable[[Any], bool]] = {
    "occluded": lambda value: isinstance(value, bool),
    "group": lambda value: type(value) is int and 0 <= value < 2**31,
    "z_order": lambda value: type(value) is int and abs(value) < 2**31,
    "source": lambda value: isinstance(value, str) and 0 < len(value) <= 16 and is_storable(value),
    "score": lambda value: type(value) in (int, float) and 0 <= value <= 1,
}
"""By its name there: whether CVAT can hold a value. What it would refuse, and the whole job's labels with it, is not
sent."""
