"""How alike shapes are: whether one that is new may be one that was lost. The cost is bounded, whatever is drawn."""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .shapes import FARTHEST_PX, CvatShape

LEAST_OVERLAP = 0.5
"""Areas (boxes, polygons, masks) are the same label if their intersection is at least this part of their union.

The larger piece of a shape that was cut in two has just that.
"""

FARTHEST, LEAST_REACH_PX = 0.1, 10.0
"""Points and lines are the same label if they are closer than this part of their diagonal, or this many pixels.

Measured is the mean distance of each point to the nearest of the other shape, both ways.
"""

GRID = 256  # how finely areas are compared that are no upright boxes
SAMPLES = 256  # the most points of a line whose distance is measured

AREAS = frozenset({"rectangle", "polygon", "mask", "ellipse", "cuboid"})

Points = NDArray[np.float64]


def likeness(old: CvatShape, new: CvatShape) -> float:
    """How alike two shapes are, 0 to 1; 0 if they can't be the same label."""
    return alike(Outline(old), Outline(new))


@dataclass(frozen=True)
class Outline:
    """A shape that is compared with many."""

    shape: CvatShape

    @property
    def is_area(self) -> bool:
        return self.shape.type in AREAS

    @cached_property
    def is_box(self) -> bool:
        """Whether it is an upright box with an area: its reach says all about it."""
        upright = self.shape.type == "rectangle" and not self.shape.rotation and len(self.points) > 0
        return upright and self.reach[0] + self.reach[2] > 0 and self.reach[1] + self.reach[3] > 0

    @cached_property
    def points(self) -> Points:
        """The points of the shape, or around it: ``(n, 2)``, in pixels; none if its numbers make no such shape."""
        numbers = self.shape.points[-4:] if self.shape.type == "mask" else (*self.shape.points, self.shape.rotation)
        if not all(abs(number) <= FARTHEST_PX for number in numbers):
            return np.empty((0, 2))
        try:
            return _points(self.shape)
        except (ValueError, IndexError):
            return np.empty((0, 2))

    @cached_property
    def reach(self) -> tuple[float, float, float, float]:
        """How far another shape of the same label can be: right, bottom, -left, -top. Two meet if none is apart."""
        if not len(self.points):
            return (-math.inf,) * 4
        slack = 0.0 if self.is_area else self.limit
        high, low = self.points.max(axis=0) + slack, self.points.min(axis=0) - slack
        return float(high[0]), float(high[1]), float(-low[0]), float(-low[1])

    @cached_property
    def limit(self) -> float:
        """The distance in pixels at which another line is no more the same."""
        return max(LEAST_REACH_PX, FARTHEST * float(np.hypot(*np.ptp(self.points, axis=0))))

    @cached_property
    def some(self) -> Points:
        """Points whose distance is measured: all, or as many as are looked at, evenly chosen."""
        count = len(self.points)
        return self.points if count <= SAMPLES else self.points[np.linspace(0, count - 1, SAMPLES).astype(int)]

    @cached_property
    def tree(self) -> cKDTree:
        """All points, to find the nearest one."""
        return cKDTree(self.points)

    @cached_property
    def run_ends(self) -> NDArray[np.float64]:
        """Where the runs of a mask end, counted in pixels of its box."""
        return np.cumsum(np.asarray(self.shape.points[:-4], dtype=float))


def alike(old: Outline, new: Outline) -> float:
    """How alike two shapes are, 0 to 1; 0 if they can't be the same label."""
    if old.is_area != new.is_area or not len(old.points) or not len(new.points):
        return 0.0
    if not old.is_area:
        return max(0.0, 1.0 - _distance(old, new) / old.limit)
    overlap = _overlap(old, new)
    return overlap if overlap >= LEAST_OVERLAP else 0.0


def _distance(old: Outline, new: Outline) -> float:
    if old.shape.type == new.shape.type == "skeleton" and len(old.points) == len(new.points):
        return float(np.hypot(*(old.points - new.points).T).mean())  # each point is itself
    there, back = new.tree.query(old.some)[0], old.tree.query(new.some)[0]
    return float(there.mean() + back.mean()) / 2


def _points(shape: CvatShape) -> Points:
    if shape.type == "skeleton":
        seen = [(node.x, node.y) for node in shape.nodes if not node.outside]
        return np.array([spot for spot in seen if all(abs(v) <= FARTHEST_PX for v in spot)], dtype=float).reshape(-1, 2)
    if shape.type == "mask":
        left, top, right, bottom = shape.points[-4:]
        if right < left or bottom < top:
            raise ValueError("a box without pixels")
        return np.array([(left, top), (right + 1, top), (right + 1, bottom + 1), (left, bottom + 1)], dtype=float)
    points = np.array(shape.points, dtype=float).reshape(-1, 2)
    if shape.type == "rectangle":
        (left, top), (right, bottom) = points
        return _turned(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]), shape.rotation)
    if shape.type == "ellipse":
        (x, y), (right, top) = points
        around = np.linspace(0, 2 * math.pi, 64, endpoint=False)
        ring = np.stack([x + (right - x) * np.cos(around), y + (y - top) * np.sin(around)], axis=1)
        return _turned(ring, shape.rotation)
    if shape.type == "cuboid":
        return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0, :], dtype=float)
    return points


def _turned(points: Points, degrees: float) -> Points:
    if not degrees:
        return points
    turn, middle = math.radians(degrees), points.mean(axis=0)
    spin = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return np.asarray((points - middle) @ spin + middle)


def _overlap(old: Outline, new: Outline) -> float:
    """Intersection over union."""
    one, other = old.points, new.points
    low = np.minimum(one.min(axis=0), other.min(axis=0))
    extent = np.maximum(one.max(axis=0), other.max(axis=0)) - low
    if not (extent > 0).all():
        return float(old.shape.points == new.shape.points)
    upright = not (old.shape.rotation or new.shape.rotation)
    if old.shape.type == new.shape.type == "rectangle" and upright:
        sides = np.minimum(one.max(axis=0), other.max(axis=0)) - np.maximum(one.min(axis=0), other.min(axis=0))
        both = float(np.prod(np.clip(sides, 0, None)))
        whole = float(np.prod(np.ptp(one, axis=0)) + np.prod(np.ptp(other, axis=0))) - both
        return both / whole if whole > 0 else 0.0
    here, there = _filled(old, low, extent), _filled(new, low, extent)
    either = np.count_nonzero(here | there)
    return float(np.count_nonzero(here & there) / either) if either else 0.0


def _filled(outline: Outline, low: Points, extent: Points) -> NDArray[np.bool_]:
    """What of a window a shape covers, on a grid."""
    if outline.shape.type != "mask":
        canvas = np.zeros((GRID, GRID), dtype=np.uint8)
        places = np.round((outline.points - low) / extent * GRID * 16 - 8).astype(np.int32)
        cv2.fillPoly(canvas, [places], 1, shift=4)  # in sixteenths of a cell
        return canvas > 0
    left, top, right, bottom = outline.shape.points[-4:]
    width, height = right - left + 1, bottom - top + 1
    centres = (np.arange(GRID) + 0.5) / GRID
    columns = np.floor(low[0] + centres * extent[0]) - left
    lines = np.floor(low[1] + centres * extent[1]) - top
    inside = ((lines >= 0) & (lines < height))[:, None] & ((columns >= 0) & (columns < width))[None, :]
    # A pixel is of the object if it is in a run of odd number: no mask is made, its box may be of any size
    runs = np.searchsorted(outline.run_ends, lines[:, None] * width + columns[None, :], side="right")
    return np.asarray(inside & (runs % 2 == 1) & (runs < len(outline.run_ends)))
