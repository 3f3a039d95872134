"""The fewest keyframes of an object on consecutive frames, between which CVAT's interpolation gives every frame back.

Two frames are linked if, with keyframes on both, every frame in between is given back within its limits. The fewest
keyframes are the shortest way over links. All links up to :data:`WINDOW` frames are found together: for each first
frame, the speeds at which an even motion passes within the limits of all frames so far are a range that narrows frame
by frame, and the next frame is linked if the speed towards it is in the range. So what is found is the fewest, if no
two neighbours have to be further apart than that. Of longer links, those from the :data:`FAR_STARTS` last frames of
each step are found: a long track of little motion must not take time with the square of its frames.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .contours import Array
from .motion import HALF_TURN, Flags, Motion, Numbers
from .uneven import uneven_links

WINDOW = 256
LEAST_WINDOW, WINDOW_NUMBERS = 32, 4096  # contours of many vertices have a smaller window
FAR_STARTS = 16


def fewest_keyframes(motion: Motion, forced: Flags, ends: bool) -> list[int]:
    """The fewest frames that have to be keyframes.

    Args:
        motion: the object
        forced: ``(n,)``: frames that have to be keyframes anyway; the first one has to
        ends: whether the object is gone after the last frame, and a keyframe there says so (see
            :func:`after_the_last`); else it stays as its last keyframe has it

    Returns:
        their numbers, ascending
    """
    knots = [0, *(number for number in np.flatnonzero(forced).tolist() if number)]
    chosen: list[int] = []
    for first, last in itertools.pairwise(knots):
        if last == first + 1:
            chosen.append(first)
            continue
        targets = np.zeros(last - first + 1, dtype=bool)
        targets[-1] = True
        chosen += [first + number for number in _shortest(motion[first : last + 1], targets)[:-1]]
    rest = motion[knots[-1] :]
    if not ends:
        way = _shortest(rest, _stays(rest))
    elif rest.even:
        way = _shortest(rest, None)
    else:
        targets = np.zeros(len(rest) + 1, dtype=bool)
        targets[-1] = True
        way = _shortest(_held(rest), targets)[:-1]
    return chosen + [knots[-1] + number for number in way]


def after_the_last(motion: Motion, keyframe: int) -> Array:
    """The values of the keyframe after the last frame, where the object is gone: frames before it move towards it.

    Args:
        motion: the object
        keyframe: the number of its last keyframe

    Returns:
        ``(c,)``: such values that all frames after the keyframe are given back
    """
    last = len(motion) - 1
    if not motion.even or keyframe == last:
        return np.asarray(motion.values[last])
    speeds, low, high = _cone(motion, keyframe)
    fastest = _fastest(motion, keyframe)
    speed = np.clip(speeds[-1], np.maximum(low[-1], -fastest), np.minimum(high[-1], fastest))
    return np.asarray(motion.values[keyframe] + speed * (last + 1 - keyframe))


def _held(motion: Motion) -> Motion:
    """The motion with one more frame, on which the object is as on the last one."""
    again = [*range(len(motion)), len(motion) - 1]
    lengths = None if motion.lengths is None else motion.lengths[again]
    return Motion(motion.kind, motion.values[again], motion.limits[again], motion.sizes[again], motion.turning, lengths)


def _stays(motion: Motion) -> Flags:
    """Whether each frame, as the last keyframe, gives all frames after it back."""
    highest = np.minimum.accumulate((motion.values + motion.limits)[::-1])[::-1]
    lowest = np.maximum.accumulate((motion.values - motion.limits)[::-1])[::-1]
    near = ((lowest <= motion.values) & (motion.values <= highest)).all(axis=1)
    return np.asarray(near & np.logical_and.accumulate((motion.sizes == motion.sizes[-1])[::-1])[::-1])


@dataclass(frozen=True)
class _Links:
    """The links of frames up to the window.

    Args:
        near: ``(n, window + 1)``: whether a frame is linked to the one so many frames later
        far: ``(n,)``: whether it may be linked to frames beyond the window
        passes: ``(n,)``: whether an even motion from it passes all frames to the last one; not known of the far ones
    """

    near: Flags
    far: Flags
    passes: Flags


def _shortest(motion: Motion, targets: Flags | None) -> list[int]:
    """The shortest way over links from the first frame to a target.

    Args:
        motion: the object
        targets: ``(n,)``: where it may end; ``None`` for any frame from which an even motion passes all others
    """
    if len(motion) == 1 or (targets is not None and targets[0]):
        return [0]
    linked, passes = _look(motion, 0)
    if targets is None and passes:
        return [0]
    if targets is not None and (linked & targets[1:]).any():
        return [0, 1 + int(np.flatnonzero(linked & targets[1:])[-1])]
    if (way := _over_one(motion, targets, 1 + np.flatnonzero(linked))) is not None:
        return way
    links = _links(motion)
    ends = links.passes if targets is None else targets
    came_from = np.full(len(motion), -1)
    level = np.array([0])
    while True:
        far = [(start, *_look(motion, start)) for start in level[links.far[level]][-FAR_STARTS:].tolist()]
        if targets is None:
            ends[[start for start, _, passes in far if passes]] = True
        if ends[level].any():
            break
        level = _next_level(level, links, far, came_from)
    way = [int(level[ends[level]][-1])]
    while way[-1]:
        way.append(int(came_from[way[-1]]))
    return way[::-1]


def _over_one(motion: Motion, targets: Flags | None, level: Numbers) -> list[int] | None:
    """A way with one frame in between, if it is found at once: to find all links of a long motion takes time."""
    if len(motion) <= _window(motion):
        return None
    for start in level[: -FAR_STARTS - 1 : -1].tolist():
        if start + 1 == len(motion):
            continue
        linked, passes = _look(motion, start)
        if targets is None and passes:
            return [0, start]
        if targets is not None and (linked & targets[start + 1 :]).any():
            return [0, start, start + 1 + int(np.flatnonzero(linked & targets[start + 1 :])[-1])]
    return None


def _window(motion: Motion) -> int:
    columns = int(motion.values.shape[1])
    return min(WINDOW, max(LEAST_WINDOW, WINDOW_NUMBERS // max(columns, 1)))


def _next_level(level: Numbers, links: _Links, far: Sequence[tuple[int, Flags, bool]], came_from: Numbers) -> Numbers:
    """The frames that are linked to those of a level and were not reached before; each remembers where from."""
    rows, steps = np.nonzero(links.near[level])
    starts, ends = level[rows], level[rows] + steps
    for start, linked, _ in far:
        beyond = start + 1 + np.flatnonzero(linked)
        starts, ends = np.append(starts, np.full(len(beyond), start)), np.append(ends, beyond)
    new = (came_from[ends] < 0) & (ends > 0)
    came_from[ends[new]] = starts[new]
    return np.unique(ends[new])


def _look(motion: Motion, start: int) -> tuple[Flags, bool]:
    """What a frame is linked to.

    Returns:
        ``(n - start - 1,)``: whether each later frame is; and whether an even motion passes all of them
    """
    speeds, low, high = _cone(motion, start)
    later = np.arange(start + 1, len(motion))
    here = np.full(len(later), start)
    linked = motion.meet(here, later)
    linked[0] = True
    wanted = np.where(motion.moves(here, later)[:, None], speeds, 0.0)
    linked[1:] &= ((low[:-1] <= wanted[1:]) & (wanted[1:] <= high[:-1])).all(axis=1)
    linked[1:] &= np.logical_and.accumulate(motion.sizes[later[:-1]] == motion.sizes[start])
    fastest = _fastest(motion, start)
    return linked, bool((np.maximum(low[-1], -fastest) <= np.minimum(high[-1], fastest)).all())


def _cone(motion: Motion, start: int) -> tuple[Array, Array, Array]:
    """Speeds in units a frame, ``(n - start - 1, c)`` each.

    Returns:
        those towards each later frame, and the lowest and highest of an even motion that passes all up to it
    """
    later = np.arange(start + 1, len(motion))
    steps = (later - start)[:, None]
    speeds = (motion.values[later] - motion.values[start]) / steps
    slack = motion.limits[later] / steps
    return speeds, np.maximum.accumulate(speeds - slack), np.minimum.accumulate(speeds + slack)


def _fastest(motion: Motion, starts: Numbers | int) -> Array:
    """The highest speed of each number on the way to the frame after the last one: no half turn may be made."""
    left = len(motion) - np.asarray(starts)
    fastest = np.full((*left.shape, motion.values.shape[1]), np.inf)
    if motion.turning:
        fastest[..., -1] = HALF_TURN / left
    return fastest


def _links(motion: Motion) -> _Links:
    count = len(motion)
    near = np.zeros((count, min(_window(motion), count - 1) + 1), dtype=bool)
    far, through = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    through[-1] = True
    starts = np.arange(count - 1)
    low = np.full((count - 1, motion.values.shape[1]), -np.inf)
    high = -low
    for step in range(1, near.shape[1]):
        ends = starts + step
        speeds = (motion.values[ends] - motion.values[starts]) / step
        wanted = np.where(motion.moves(starts, ends)[:, None], speeds, 0.0)
        near[starts, step] = ((low <= wanted) & (wanted <= high)).all(axis=1) & motion.meet(starts, ends)
        slack = motion.limits[ends] / step
        low, high = np.maximum(low, speeds - slack), np.minimum(high, speeds + slack)
        alive = (low <= high).all(axis=1) & (motion.sizes[starts] == motion.sizes[ends])
        if alive[-1] and ends[-1] == count - 1:  # starts ascend: only the last one can have come to the end
            fastest = _fastest(motion, int(starts[-1]))
            through[starts[-1]] = (np.maximum(low[-1], -fastest) <= np.minimum(high[-1], fastest)).all()
        alive &= ends < count - 1
        starts, low, high = starts[alive], low[alive], high[alive]
        if not len(starts):
            break
    far[starts] = True
    near[np.arange(count - 1), 1] = True
    if motion.lengths is not None:
        for start, end in uneven_links(motion, near.shape[1]):
            near[start, end - start] = True
    return _Links(near, far, through)
