"""Shapes: what CVAT draws, in pixels, without attributes."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NOISE_PX = 4e-3
"""CVAT's editor moves untouched corners of a shape that it edits by less than this much.

It holds them in single precision, shifted by ten times the size of its window: 5e-4 px are lost in a window of
1,000 px, 2e-3 px on the widest screens. No person can drag a corner by so little.
"""

NOISE_DEGREES = 1e-3
"""The same for the rotation of a shape that it resizes."""

ROUNDING_PX = 1e-9
"""What adding and subtracting pixels can lose."""


FARTHEST_PX = 1e9
"""No coordinate is farther away than this from its image: what is was not drawn by anybody."""


@dataclass(frozen=True)
class Size:
    """The size of a frame as CVAT shows it, in pixels."""

    width: int
    height: int


@dataclass(frozen=True)
class Node:
    """One point of a skeleton.

    Args:
        index: which point of the skeleton it is
        x, y: pixels
        outside: whether the point is missing
        occluded: whether it is hidden
    """

    index: int
    x: float
    y: float
    outside: bool = False
    occluded: bool = False


@dataclass(frozen=True)
class CvatShape:
    """One shape or tag of CVAT.

    Args:
        type: ``"rectangle"``, ``"polygon"``, ``"polyline"``, ``"mask"``, ``"tag"`` ...
        points: as CVAT has them: flat ``x, y, x, y ...`` in pixels, or the runs of a mask
        rotation: clockwise degrees in ``[0, 360)``
        name: its own class, where the shapes of one label have several
        z_order: what lies above, where shapes overlap
        nodes: the points of a skeleton, in its order
    """

    type: str
    points: tuple[float, ...] = ()
    rotation: float = 0.0
    name: str | None = None
    z_order: int = 0
    nodes: tuple[Node, ...] = ()


def is_number(value: object) -> bool:
    """Whether a value in a document can be a coordinate: a finite number, and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def touched(old: Sequence[float], new: Sequence[float], alone: bool = True) -> list[bool]:
    """Which coordinates of an edited shape a person moved.

    When something moved visibly, movements below :data:`NOISE_PX` beside it are the editor's and are not counted; when
    nothing else moved they are taken as meant.

    Args:
        old: the coordinates then
        new: the coordinates now
        alone: whether nothing else of the shape was edited
    """
    least = NOISE_PX if visible(old, new) or not alone else 0.0
    return [bool(moved) for moved in np.abs(np.subtract(new, old)) > least]


def visible(old: Sequence[float], new: Sequence[float]) -> bool:
    """Whether any coordinate moved by more than the editor's noise."""
    return bool((np.abs(np.subtract(new, old)) > NOISE_PX).any())


def turned(old: float, new: float) -> bool:
    """Whether a shape was visibly rotated, the short way round."""
    return abs((new - old + 180.0) % 360.0 - 180.0) > NOISE_DEGREES


def kept_vertices(old: Sequence[float], new: Sequence[float]) -> list[int | None]:
    """For each vertex of a line that got or lost vertices, the index of the old one that it is, if any.

    An old vertex is found wherever it is in the new line: an editor may begin a closed line at another vertex, or run
    through it the other way.
    """
    before, after = np.reshape(old, (-1, 2)), np.reshape(new, (-1, 2))
    free = np.ones(len(before), dtype=bool)
    found: list[int | None] = []
    last = -1
    for vertex in after:
        distance = np.abs(before - vertex).max(axis=1)
        near = np.flatnonzero(free & (distance <= NOISE_PX))
        if not len(near):
            found.append(None)
            continue
        nearest = near[distance[near] == distance[near].min()]
        following = nearest[nearest > last]
        last = int(following[0] if len(following) else nearest[0])
        free[last] = False
        found.append(last)
    return found
