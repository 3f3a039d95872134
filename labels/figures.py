"""Figures: what CVAT draws, in pixels, without attributes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NOISE_PX = 2e-3
"""CVAT's editor moves untouched corners of a shape that it edits by up to about this much."""


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
class Figure:
    """One shape or tag of CVAT.

    Args:
        type: ``"rectangle"``, ``"polygon"``, ``"polyline"``, ``"mask"``, ``"tag"`` ...
        points: as CVAT has them: flat ``x, y, x, y ...`` in pixels, or the runs of a mask
        rotation: clockwise degrees in ``[0, 360)``
        name: its own class, where the figures of one label have several
        z_order: what lies above, where figures overlap
        nodes: the points of a skeleton, in its order
    """

    type: str
    points: tuple[float, ...] = ()
    rotation: float = 0.0
    name: str | None = None
    z_order: int = 0
    nodes: tuple[Node, ...] = ()


def touched(old: Sequence[float], new: Sequence[float]) -> list[bool]:
    """Which coordinates of an edited figure a person moved.

    When something moved visibly, movements below :data:`NOISE_PX` beside it are the editor's and are not counted; when
    nothing else moved they are taken as meant.
    """
    moves = np.abs(np.subtract(new, old))
    visible = moves > NOISE_PX
    return [bool(moved) for moved in (visible if visible.any() else moves > 0)]


def kept_vertices(old: Sequence[float], new: Sequence[float]) -> list[int | None]:
    """For each vertex of a line that got or lost vertices, the index of the old one that it is, if any."""
    before, after = np.reshape(old, (-1, 2)), np.reshape(new, (-1, 2))
    found: list[int | None] = []
    start = 0
    for vertex in after:
        near = np.flatnonzero((np.abs(before[start:] - vertex) <= NOISE_PX).all(axis=1))
        found.append(start + int(near[0]) if len(near) else None)
        start = start + int(near[0]) + 1 if len(near) else start
    return found
