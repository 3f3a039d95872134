"""What is written, in portions that make requests of a good size."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Write = TypeVar("Write")


def in_portions(writes: Iterable[Write], size_of: Callable[[Write], int], most: int) -> list[list[Write]]:
    """Divides writes in their order; one that is too large by itself is a portion of its own.

    Args:
        writes: what is written
        size_of: how many objects, or keyframes, that is
        most: how many of these a portion has at most
    """
    found: list[list[Write]] = []
    count = most
    for write in writes:
        size = size_of(write)
        if count + size > most:
            found.append([])
            count = 0
        found[-1].append(write)
        count += size
    return found
