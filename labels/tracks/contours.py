"""What a polygon or polyline is between two keyframes.

CVAT matches the vertices of both by their relative length along the contour, from the stored first vertex on. A vertex
that has several partners stands in between as several vertices; those that come too close to each other are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_Piece = tuple[int, int, float]
"""First and last pair of a piece of the contour, and the distance below which its vertices are left out."""


class ContourPair:
    """Two keyframes of a polygon or polyline, and what is between them.

    Args:
        left, right: their vertices: flat ``x, y, x, y ...`` in pixels, one or more
        closed: whether they are polygons
    """

    def __init__(self, left: Sequence[float], right: Sequence[float], closed: bool) -> None:
        lefts, rights = _vertices(left, closed), _vertices(right, closed)
        partners = _partners(relative_lengths(lefts), relative_lengths(rights))
        start = lefts[[one for one, others in enumerate(partners) for _ in others]]
        self._closed = closed
        self._start = start
        self._way = rights[[other for others in partners for other in others]] - start
        self._pieces = _pieces(partners, lefts, rights)

    @property
    def sizes(self) -> range:
        """How many numbers the vertices in between can have."""
        return range(2 * (len(self._pieces) - self._closed), 2 * (len(self._start) - self._closed) + 1)

    def at(self, offsets: Array) -> list[list[float]]:
        """The vertices in between, flat in pixels.

        Args:
            offsets: moments from 0 at the left keyframe to 1 at the right one
        """
        moving = self._start + self._way * offsets[:, None, None]
        if any(first < last for first, last, _ in self._pieces):
            return [_thinned(vertices, self._pieces, self._closed) for vertices in moving]
        lines: list[list[float]] = moving[:, : -1 if self._closed else None].reshape(len(offsets), -1).tolist()
        return lines


def relative_lengths(vertices: Array) -> Array:
    """How far along a line each vertex is: ``(n,)`` from 0 to 1; ``nan`` after the first one of a line of no length."""
    along = _along(vertices)
    total = along[-1]
    along[1:] = along[1:] / total if total else np.nan
    return along


def _vertices(points: Sequence[float], closed: bool) -> Array:
    vertices = np.asarray(points, dtype=float).reshape(-1, 2)
    return np.concatenate((vertices, vertices[:1])) if closed else vertices


def _nearest(values: Array, among: Array) -> list[int]:
    """For each value, the first of the nearest others."""
    distances = np.abs(values[:, None] - among[None, :])
    found: list[int] = np.where(np.isnan(distances), np.inf, distances).argmin(axis=1).tolist()
    return found


def _partners(lefts: Array, rights: Array) -> list[list[int]]:
    """For each left vertex, the right ones that it becomes, ascending: each vertex of both sides has one at least."""
    partners = [[other] for other in _nearest(lefts, rights)]
    alone = sorted(set(range(len(rights))) - {found[0] for found in partners})
    for other, one in zip(alone, _nearest(rights[alone], lefts) if alone else (), strict=True):
        partners[one].append(other)
    return [sorted(found) for found in partners]


def _pieces(partners: Sequence[Sequence[int]], lefts: Array, rights: Array) -> list[_Piece]:
    """The pieces of the contour: several left vertices that become one right one, or one that becomes several."""
    pieces: list[_Piece] = []
    pair = one = 0
    while one < len(partners):
        others = partners[one]
        last = one
        if len(others) > 1:
            width = len(others)
            least = _length(rights[others[0] : others[-1] + 1]) / (2 * (others[-1] - others[0] + 1))
        else:
            while last + 1 < len(partners) and partners[last + 1] == others:
                last += 1
            width = last - one + 1
            least = _length(lefts[one : last + 1]) / (2 * width) if width > 1 else 0.0
        pieces.append((pair, pair + width - 1, least))
        pair += width
        one = last + 1
    return pieces


def _length(vertices: Array) -> float:
    return float(_along(vertices)[-1])


def _along(vertices: Array) -> Array:
    """The length of a line up to each of its vertices, in pixels."""
    steps = np.sqrt((np.diff(vertices, axis=0) ** 2).sum(axis=1))
    return np.concatenate(([0.0], np.cumsum(steps)))


def _thinned(vertices: Array, pieces: Sequence[_Piece], closed: bool) -> list[float]:
    """A contour without the vertices that are too close to the one before, in each piece."""
    line: list[Array] = []
    for first, last, least in pieces:
        line += [vertices[first]] if first == last else _apart(vertices[first : last + 1], least)
    return [float(value) for vertex in (line[:-1] if closed else line) for value in vertex]


def _apart(vertices: Array, least: float) -> list[Array]:
    kept = [vertices[0]]
    for vertex in vertices[1:-1]:
        if _distance(kept[-1], vertex) >= least:
            kept.append(vertex)
    if len(kept) == 1 and _distance(vertices[0], vertices[-1]) < least:
        return [(vertices[0] + vertices[-1]) / 2]
    return [*kept, vertices[-1]]


def _distance(one: Array, other: Array) -> float:
    return float(np.sqrt(((one - other) ** 2).sum()))
