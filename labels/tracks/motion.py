"""An object on consecutive frames, as arrays: how far from it CVAT's interpolation may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...cvat.models import Shape
from ..shapes import ROUNDING_PX
from .between import CONTOURS, MOVING
from .contours import Array, relative_lengths

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

HALF_TURN = 180.0 - 1e-6
"""Degrees. Keyframes this far apart turn the other way round, or by something else."""

WIDEST_TURN = 90.0
"""Degrees that a tiny shape may be turned off, however little that moves its corners."""


@dataclass(frozen=True)
class Motion:
    """An object on ``n`` consecutive frames.

    Args:
        kind: the type of its CVAT shapes
        values: ``(n, c)``: its coordinates in pixels, padded with zeros; if it turns, a last column has its rotation
            in degrees, without jumps from 359 to 0
        limits: ``(n, c)``: how far off each may be
        sizes: ``(n,)``: how many numbers its points have on each frame
        turning: whether the last column is a rotation
        lengths: of contours, ``(n, v)``: how far along each vertex is, see :func:`.contours.relative_lengths`
    """

    kind: str
    values: Array
    limits: Array
    sizes: Numbers
    turning: bool = False
    lengths: Array | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, part: slice) -> Motion:
        lengths = None if self.lengths is None else self.lengths[part]
        return Motion(self.kind, self.values[part], self.limits[part], self.sizes[part], self.turning, lengths)

    @property
    def even(self) -> bool:
        """Whether all its numbers move evenly from one keyframe to the next, whatever they are."""
        return self.kind in MOVING or (self.kind == "points" and bool((self.sizes == 2).all()))

    def moves(self, ones: Numbers, others: Numbers) -> Flags:
        """Whether CVAT moves it from one frame to another one, if both are keyframes; else it stays until the other.

        Args:
            ones, others: the numbers of the frames, pair by pair
        """
        if self.kind == "points":
            return np.asarray((self.sizes[ones] == 2) & (self.sizes[others] == 2))
        return np.full(len(others), self.kind in MOVING or self.kind in CONTOURS)

    def points(self, number: int) -> tuple[float, ...]:
        """Its points on a frame."""
        return tuple(self.values[number, : self.sizes[number]].tolist())

    def meet(self, ones: Numbers, others: Numbers) -> Flags:
        """Whether each number of one frame moves to the same number of another one, or none does.

        Args:
            ones, others: the numbers of the frames, pair by pair
        """
        same: Flags = (self.sizes[ones] == self.sizes[others]) | ~self.moves(ones, others)
        if self.turning:
            same &= np.abs(self.values[others, -1] - self.values[ones, -1]) < HALF_TURN
        if self.lengths is not None and same.any():
            same[same] = _face_each_other(self.lengths[ones[same]], self.lengths[others[same]])
        return same


def motion_of(shapes: Sequence[Shape], tolerance: float) -> Motion:
    """An object on consecutive frames.

    Args:
        shapes: what it is on each, all of one type
        tolerance: how many pixels a coordinate may be off, and a corner by a rotation that is off
    """
    kind = shapes[0].type
    sizes = np.array([len(shape.points) for shape in shapes])
    widest = int(sizes.max(initial=0))
    values = np.zeros((len(shapes), widest))
    if (sizes == widest).all():
        values[:] = [shape.points for shape in shapes]
    else:
        for row, shape in zip(values, shapes, strict=True):
            row[: len(shape.points)] = shape.points
    limits = np.full(values.shape, tolerance + ROUNDING_PX / 2)
    rotations = np.array([shape.rotation for shape in shapes])
    lengths = _lengths(shapes, sizes) if kind in CONTOURS else None
    if not rotations.any():
        return Motion(kind, values, limits, sizes, lengths=lengths)
    off = turns_allowed(kind, values, tolerance)
    values = np.column_stack((values, np.unwrap(rotations, period=360.0)))
    return Motion(kind, values, np.column_stack((limits, off)), sizes, True, lengths)


def turns_allowed(kind: str, points: Array, tolerance: float) -> Array:
    """How many degrees the rotation of shapes may be off, so that no corner is off by more than the tolerance.

    Args:
        kind: the type of the shapes
        points: ``(n, c)`` pixels
        tolerance: pixels
    """
    reach = np.zeros(len(points))
    if kind in ("rectangle", "ellipse"):
        reach = np.hypot(points[:, 2] - points[:, 0], points[:, 3] - points[:, 1])
        reach = reach / 2 if kind == "rectangle" else reach
    with np.errstate(divide="ignore", invalid="ignore"):
        allowed = np.degrees(tolerance / reach)
    return np.minimum(np.where(reach > 0, allowed, WIDEST_TURN if tolerance else 0.0), WIDEST_TURN) + ROUNDING_PX / 2


def _lengths(shapes: Sequence[Shape], sizes: Numbers) -> Array:
    closed = shapes[0].type == "polygon"
    lengths = np.zeros((len(shapes), int(sizes.max(initial=0)) // 2 + closed))
    for row, shape in zip(lengths, shapes, strict=True):
        vertices = np.reshape(shape.points, (-1, 2))
        own = relative_lengths(np.concatenate((vertices, vertices[:1])) if closed else vertices)
        row[: len(own)] = own
        row[len(own) :] = np.arange(2, 2 + len(row) - len(own))  # beyond the end, each at a place of its own
    return lengths


def _face_each_other(lefts: Array, rights: Array) -> Flags:
    """Whether each vertex of contours is the nearest to the one with its number, and to no other before it."""
    own = np.abs(lefts - rights)
    before = (own[:, 1:] < np.abs(lefts[:, 1:] - rights[:, :-1])).all(axis=1)
    after = (own[:, :-1] <= np.abs(lefts[:, :-1] - rights[:, 1:])).all(axis=1)
    return np.asarray(before & after)
