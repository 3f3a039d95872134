"""What CVAT's editor does to the shapes that it saves, so that only what a person moved counts as moved."""

import itertools
import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from .shapes import Size

WIDEST_CANVAS_PX = 40_000
"""How far the editor shifts all coordinates: by ten times the width of its window, here of the widest screens."""

SINGLE_PRECISION = 2.0**-23
"""It holds them in single precision: so much of a coordinate is lost, twice."""

NOISE_DEGREES = 1e-3
"""The same for the rotation of a shape that it resizes."""

NEARBY = 32
"""The most vertices at one place among which that of an edited line is looked for."""


def noise_px(size: Size) -> float:
    """The least movement that can be a person's: CVAT's editor moves untouched corners of a shape by less.

    It is a hundredth of a pixel or two: no person can drag a corner by so little.
    """
    return (WIDEST_CANVAS_PX + max(size.width, size.height)) * 1.5 * SINGLE_PRECISION


def touched(
    old: Sequence[float], new: Sequence[float], size: Size, *, alone: bool = True, clips: bool = True
) -> list[bool]:
    """Which coordinates of an edited shape a person moved.

    When something moved visibly, what the editor does beside it is not counted: noise (see :func:`noise_px`), and that
    it clips to the image what lies outside. When nothing else moved, either is taken as meant.

    Args:
        old: the coordinates then: ``x, y, x, y ...`` in pixels
        new: the coordinates now
        size: of the frame, in pixels
        alone: whether nothing else of the shape was edited
        clips: whether the editor clips such a shape (it does not clip what is rotated, nor the points of skeletons)
    """
    moved = _moved(old, new, size, clips)
    if any(moved) or not alone:
        return moved
    return [now != then for then, now in zip(old, new, strict=True)]


def visible(old: Sequence[float], new: Sequence[float], size: Size, *, clips: bool = True) -> bool:
    """Whether a person moved any coordinate; arguments as of :func:`touched`."""
    return any(_moved(old, new, size, clips))


def _moved(old: Sequence[float], new: Sequence[float], size: Size, clips: bool) -> list[bool]:
    slack, borders = noise_px(size), itertools.cycle((size.width, size.height))
    if not clips:
        return [abs(now - then) > slack for then, now in zip(old, new, strict=True)]
    return [
        abs(now - then) > slack
        and not (then < 0 and abs(now) <= slack)
        and not (then > border and abs(now - border) <= slack)
        for then, now, border in zip(old, new, borders, strict=False)
    ]


def turned(old: float, new: float) -> bool:
    """Whether a shape was visibly rotated, the short way round; in degrees."""
    return abs((new - old + 180.0) % 360.0 - 180.0) > NOISE_DEGREES


def kept_vertices(old: Sequence[float], new: Sequence[float], size: Size) -> list[int | None]:
    """For each vertex of a line that got or lost vertices, the index of the old one that it is, if any.

    An old vertex is found wherever it is in the new line: an editor may begin a closed line at another vertex, or run
    through it the other way; and it clips vertices to the image.

    Args:
        old: the coordinates then: ``x, y, x, y ...`` in pixels
        new: the coordinates now
        size: of the frame, in pixels
    """
    before = np.reshape(np.asarray(old, dtype=float), (-1, 2))
    clipped = np.clip(before, 0.0, [float(size.width), float(size.height)])
    places = _Places(noise_px(size))
    for index, (vertex, inside) in enumerate(zip(before.tolist(), clipped.tolist(), strict=True)):
        places.add(index, vertex)
        if vertex != inside:
            places.add(index, inside)
    found: list[int | None] = []
    last = -1
    for vertex in np.reshape(np.asarray(new, dtype=float), (-1, 2)).tolist():
        taken = places.take(vertex, last)
        last = last if taken is None else taken
        found.append(taken)
    return found


class _Places:
    """Vertices that are found by where they are.

    Args:
        slack: how far from a vertex it is found, in pixels
    """

    def __init__(self, slack: float) -> None:
        self._slack = slack
        self._cells: dict[tuple[int, int], deque[tuple[int, list[float]]]] = {}
        self._taken: set[int] = set()

    def add(self, index: int, spot: list[float]) -> None:
        self._cells.setdefault(self._cell(spot), deque()).append((index, spot))

    def take(self, spot: list[float], last: int) -> int | None:
        """The nearest vertex that is free; of equally near ones the first after ``last``."""
        x, y = self._cell(spot)
        near = [item for dx in (-1, 0, 1) for dy in (-1, 0, 1) for item in self._free((x + dx, y + dy))]
        apart = [(max(abs(a - b) for a, b in zip(there, spot, strict=True)), index) for index, there in near]
        best = min(
            (item for item in apart if item[0] <= self._slack),
            key=lambda it: (it[0], it[1] <= last, it[1]),
            default=None,
        )
        if best is None:
            return None
        self._taken.add(best[1])
        return best[1]

    def _free(self, cell: tuple[int, int]) -> list[tuple[int, list[float]]]:
        """The first free vertices of a cell."""
        items = self._cells.get(cell)
        if items is None:
            return []
        while items and items[0][0] in self._taken:
            items.popleft()
        return [item for item in itertools.islice(items, NEARBY) if item[0] not in self._taken]

    def _cell(self, spot: list[float]) -> tuple[int, int]:
        return math.floor(spot[0] / self._slack), math.floor(spot[1] / self._slack)
