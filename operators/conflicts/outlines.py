"""The outlines of shapes, in pixels."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...labels.attributes import Unreadable
from ...labels.masks import decode_runs
from ...labels.shapes import CvatShape, Size

Points = NDArray[np.float64]
STEPS = np.linspace(0, 2 * math.pi, 72, endpoint=False)
CROSS = 4.0
"""Half the size of the cross that a point is drawn as."""


class Outline(NamedTuple):
    """A line.

    Args:
        points: ``(n, 2)``, pixels
        closed: whether it ends where it began
    """

    points: Points
    closed: bool = True


class Tint(NamedTuple):
    """The pixels of a mask.

    Args:
        mask: ``(height, width)``
        left, top: the pixel of the frame that its first pixel is on
    """

    mask: NDArray[np.bool_]
    left: int
    top: int


def outlines(shapes: Iterable[CvatShape], size: Size) -> list[Outline]:
    """The outlines of a label. What can't be drawn, such as a mask outside its image, has none.

    Args:
        shapes: the label's
        size: of the frame
    """
    return [line for shape in shapes for line in _lines(shape, size) if np.isfinite(line.points).all()]


def tints(shapes: Iterable[CvatShape], size: Size) -> list[Tint]:
    """The masks of a label; see :func:`outlines`."""
    found = []
    for shape in shapes:
        if shape.type == "mask":
            try:
                found.append(Tint(*decode_runs(shape.points, size)))
            except Unreadable:
                continue
    return found


def extent(lines: Sequence[Outline]) -> tuple[float, float, float, float] | None:
    """The box around outlines: left, top, right, bottom; ``None`` around nothing."""
    if not lines:
        return None
    points = np.concatenate([line.points for line in lines])
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _lines(shape: CvatShape, size: Size) -> list[Outline]:
    points = np.asarray(shape.points, dtype=float)
    if shape.type == "mask":
        return [line for tint in tints([shape], size) for line in _contours(tint)]
    if shape.type == "skeleton":
        return [line for node in shape.nodes if not node.outside for line in _cross(node.x, node.y)]
    if len(points) < 2 or len(points) % 2:
        return []
    pairs = points.reshape(-1, 2)
    if shape.type == "rectangle" and len(pairs) == 2:
        (x0, y0), (x1, y1) = pairs
        corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        return [Outline(_turned(corners, shape.rotation))]
    if shape.type == "ellipse" and len(pairs) == 2:
        (x, y), (right, top) = pairs
        around = np.column_stack([x + (right - x) * np.cos(STEPS), y + (y - top) * np.sin(STEPS)])
        return [Outline(_turned(around, shape.rotation))]
    if shape.type == "points":
        return [line for x, y in pairs for line in _cross(x, y)]
    return [Outline(pairs, closed=shape.type != "polyline")]


def _turned(points: Points, degrees: float) -> Points:
    """Points turned clockwise around the middle of their box."""
    if not degrees:
        return points
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (points - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle


def _cross(x: float, y: float) -> list[Outline]:
    across = np.array([[x - CROSS, y], [x + CROSS, y]])
    down = np.array([[x, y - CROSS], [x, y + CROSS]])
    return [Outline(across, closed=False), Outline(down, closed=False)]


def _contours(tint: Tint) -> list[Outline]:
    found, _ = cv2.findContours(tint.mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    corner = np.array([tint.left, tint.top]) + 0.5  # the middle of a pixel
    return [Outline(contour.reshape(-1, 2) + corner) for contour in found]
