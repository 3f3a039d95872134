"""Links between contours whose number of vertices changes on the way.

That interpolation gives such frames back is rare where it did not make them itself, and not cheap to see. So it is
tried in one go through the frames, first with the furthest ones that may be linked; and the tries are limited, with
more for each success.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .contours import Array, ContourPair
from .motion import Motion

TRIES_OF_A_FRAME = 12
TRIES, TRIES_MORE = 200, 50


def uneven_links(motion: Motion, window: int) -> list[tuple[int, int]]:
    """Frames between which contours with other numbers of vertices are given back by interpolation.

    Args:
        motion: a polygon or polyline
        window: how many frames they may span, both included

    Returns:
        pairs of their numbers: of the first and the last frame
    """
    changes = np.concatenate(([0], np.cumsum(motion.sizes[1:] != motion.sizes[:-1])))
    low, high = _extents(motion)
    slack = float(motion.limits[0, 0])
    links: list[tuple[int, int]] = []
    start = tries = 0
    while start < len(motion) and tries <= min(TRIES, len(motion)) + TRIES_MORE * len(links):
        reach = slice(start, start + window)
        ends: list[int] = []
        if changes[reach][-1] > changes[start]:
            steps = _enclosing(low[reach], high[reach], slack)
            ends = [start + step for step in steps if changes[start + step] > changes[start]]
        for end in ends[: -TRIES_OF_A_FRAME - 1 : -1]:
            tries += 1
            if _given_back(motion, start, end):
                links.append((start, end))
                break
        start = links[-1][1] if links and links[-1][0] == start else start + 1
    return links


def _extents(motion: Motion) -> tuple[Array, Array]:
    """How far each contour reaches, ``(n, 2)`` pixels: left and top, right and bottom."""
    unused = np.arange(motion.values.shape[1]) >= motion.sizes[:, None]
    low, high = (np.where(unused, fill, motion.values).reshape(len(motion), -1, 2) for fill in (np.inf, -np.inf))
    return low.min(axis=1), high.max(axis=1)


def _enclosing(low: Array, high: Array, slack: float) -> list[int]:
    """The frames, from the third on, that enclose, moving evenly from the first one, all frames in between."""
    steps = np.arange(1, len(low))[:, None]
    falls, rises = (low[1:] - low[0]) / steps, (high[1:] - high[0]) / steps
    lowest = np.minimum.accumulate(falls + slack / steps)[:-1]
    highest = np.maximum.accumulate(rises - slack / steps)[:-1]
    found = ((falls[1:] <= lowest) & (rises[1:] >= highest)).all(axis=1)
    return [2 + step for step in np.flatnonzero(found).tolist()]


def _given_back(motion: Motion, start: int, end: int) -> bool:
    """Whether interpolation gives the frames between two others back; the middle one is looked at first."""
    pair = ContourPair(motion.points(start), motion.points(end), motion.kind == "polygon")
    between = np.arange(start + 1, end)
    if not all(size in pair.sizes for size in motion.sizes[between].tolist()):
        return False
    middle = between[len(between) // 2 :][:1]
    return all(_fits(motion, frames, pair.at((frames - start) / (end - start))) for frames in (middle, between))


def _fits(motion: Motion, frames: NDArray[np.int64], lines: list[list[float]]) -> bool:
    for frame, line in zip(frames.tolist(), lines, strict=True):
        size = len(line)
        if size != motion.sizes[frame]:
            return False
        if (np.abs(line - motion.values[frame, :size]) > motion.limits[frame, :size]).any():
            return False
    return True
