"""Shapes: what CVAT draws, in pixels, without attributes."""

import sys
from dataclasses import dataclass

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
