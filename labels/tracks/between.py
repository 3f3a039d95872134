"""What the numbers of a shape are between two keyframes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...cvat.models import TrackedShape
from .contours import Array, ContourPair

MOVING = frozenset({"rectangle", "ellipse", "cuboid", "skeleton"})
"""Types whose numbers all move evenly from one keyframe to the next."""

CONTOURS = frozenset({"polygon", "polyline"})

Numbers = tuple[tuple[float, ...], float]
"""Points in pixels, and the rotation in clockwise degrees."""


def between(left: TrackedShape, right: TrackedShape, frames: Sequence[int]) -> list[Numbers]:
    """What a shape is between two keyframes of its type, as CVAT's server has it.

    Rectangles, ellipses, cuboids and single points move evenly; contours as in :mod:`.contours`; several points, and
    whatever is no such type, stay as they are until the next keyframe.

    Args:
        left, right: the keyframes
        frames: frames between them, ascending
    """
    if not frames:
        return []
    offsets = (np.asarray(frames, dtype=float) - left.frame) / (right.frame - left.frame)
    if left.type in MOVING or (left.type == "points" and len(left.points) == len(right.points) == 2):
        start = np.asarray(left.points)
        places = start + np.subtract(right.points, start) * offsets[:, None]
        return list(
            zip(map(tuple, places.tolist()), rotations_between(left.rotation, right.rotation, offsets), strict=True)
        )
    if left.type in CONTOURS:
        lines = ContourPair(left.points, right.points, left.type == "polygon").at(offsets)
        return [(tuple(line), left.rotation) for line in lines]
    return [(left.points, left.rotation)] * len(frames)


def rotations_between(left: float, right: float, offsets: Array) -> list[float]:
    """Rotations between two keyframes: the short way round, in clockwise degrees in ``[0, 360)``.

    Between opposite ones, exactly 180 degrees apart, CVAT's server turns by one degree in all and then jumps; its web
    editor turns evenly. What the server exports counts here.

    Args:
        left, right: those of the keyframes
        offsets: the moments, from 0 at the left keyframe to 1 at the right one
    """
    turn = (right - left + 180) % 360 - 180
    if turn == -180:
        turn = 1.0
    turned: list[float] = ((left + turn * offsets + 360) % 360).tolist()
    return turned
