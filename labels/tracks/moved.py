"""Which numbers of a track a person moved, and which only moved by what CVAT's editor loses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...cvat.models import Track
from ..editor import NOISE_DEGREES, noise_px, touched, turned
from ..shapes import Size
from .interpolate import FrameShape, Interpolated

EXACT = 1e-6
"""Pixels, or degrees: so far the interpolation of CVAT's server and that of its web editor agree.

A keyframe that the editor adds between two others without moving anything moves the frames beside it by less.
"""


CLIPPED = frozenset({"rectangle", "polygon", "polyline", "points"})
"""Types that the editor clips to the image when it makes a keyframe of them, unless they are rotated."""

SizeOf = Callable[[int], Size]
"""The size of a frame."""


@dataclass(frozen=True)
class Moved:
    """What was moved on a frame.

    Args:
        numbers: whether each number of the points was; ``None`` if the points can't be compared one by one
        rotation: whether it was turned
        joints: of a skeleton, whether each number of its points was, by their CVAT label; no entry for those that came,
            went, or were hidden
    """

    numbers: tuple[bool, ...] | None = ()
    rotation: bool = False
    joints: tuple[tuple[int, tuple[bool, ...]], ...] = ()

    def applied(self, then: FrameShape, now: FrameShape) -> FrameShape:
        """What the frame is now, with the numbers of then where nobody moved them."""
        if self.numbers is None:
            return now
        points = _kept(then.points, now.points, self.numbers)
        before, moved = dict(then.elements), dict(self.joints)
        elements = tuple(
            (label_id, item._replace(points=_kept(before[label_id].points, item.points, moved.get(label_id, ()))))
            if label_id in before and not before[label_id].outside and not item.outside
            else (label_id, item)
            for label_id, item in now.elements
        )
        return now._replace(points=points, rotation=now.rotation if self.rotation else then.rotation, elements=elements)


def _kept(then: Sequence[float], now: Sequence[float], moved: Sequence[bool]) -> tuple[float, ...]:
    if not moved:
        return tuple(then) if len(then) == len(now) else tuple(now)
    return tuple(after if is_moved else before for before, after, is_moved in zip(then, now, moved, strict=True))


def find_moved(then: Interpolated, now: Interpolated, frames: Sequence[int], size_of: SizeOf) -> dict[int, Moved]:
    """The frames on which a track was moved.

    A number counts as moved if its interpolation changed, and if a person moved it on one of the two keyframes around
    the frame. What a person did not move there is judged as for shapes (see :func:`labels.editor.touched`): what the
    editor does beside an edit is not counted, but what is the only change of a keyframe that was there before is meant.

    Args:
        then, now: the track
        frames: on which it is both times, ascending
        size_of: the size of each frame
    """
    if any(track.elements for track in (then.track, now.track)):
        return _moved_joints(then, now, frames, size_of)
    found: dict[int, Moved] = {}
    alike: dict[tuple[str, int], list[int]] = {}
    for frame in frames:
        before, after = then.frames[frame], now.frames[frame]
        if before.keyframe.type != after.keyframe.type or len(before.points) != len(after.points):
            found[frame] = Moved(None)
        else:
            alike.setdefault((after.keyframe.type, len(after.points)), []).append(frame)
    for own in alike.values():
        pairs = {frame: (then.frames[frame], now.frames[frame]) for frame in own}
        for frame, row in _moved(pairs, _keyframes(then.track), _keyframes(now.track), size_of).items():
            found[frame] = Moved(row[:-1], row[-1])
    return found


def _moved_joints(then: Interpolated, now: Interpolated, frames: Sequence[int], size_of: SizeOf) -> dict[int, Moved]:
    """The frames on which points of a skeleton were moved, came, went, were hidden or shown."""
    old, new = ({f: dict(found.frames[f].elements) for f in frames} for found in (then, now))
    keys = {element.label_id: _keyframes(element) for element in then.track.elements}
    joints: dict[int, list[tuple[int, tuple[bool, ...]]]] = {}
    for element in now.track.elements:
        label = element.label_id
        there = [f for f in frames if _is_seen(old[f].get(label)) and _is_seen(new[f].get(label))]
        pairs = {f: (old[f][label], new[f][label]) for f in there}
        for frame, row in _moved(pairs, keys.get(label, set()), _keyframes(element), size_of).items():
            joints.setdefault(frame, []).append((label, row[:-1]))
    states = [{frame: _state(points) for frame, points in both.items()} for both in (old, new)]
    return {
        frame: Moved((), False, tuple(joints.get(frame, ())))
        for frame in frames
        if frame in joints or states[0][frame] != states[1][frame]
    }


def _is_seen(point: FrameShape | None) -> bool:
    return point is not None and not point.outside and len(point.points) == 2


def _state(points: dict[int, FrameShape]) -> set[tuple[int, bool, tuple[float, ...]]]:
    """The points that a skeleton has; with their numbers, where these are no two and can't be compared one by one."""
    return {
        (label, point.keyframe.occluded, point.points if len(point.points) != 2 else ())
        for label, point in points.items()
        if not point.outside
    }


def _moved(
    pairs: dict[int, tuple[FrameShape, FrameShape]], old_keys: set[int], new_keys: set[int], size_of: SizeOf
) -> dict[int, tuple[bool, ...]]:
    """What was moved on the frames where anything was: each number of the points, and last the rotation.

    Args:
        pairs: what a track, or a point of a skeleton, was and is on each frame; of one type and number of points
        old_keys, new_keys: the frames of its keyframes
        size_of: the size of each frame
    """
    if not pairs:
        return {}
    frames = list(pairs)
    old, new = (
        np.array([(*item.points, item.rotation) for item in items]) for items in zip(*pairs.values(), strict=True)
    )
    off = np.abs(new - old)
    off[:, -1] = np.abs((new[:, -1] - old[:, -1] + 180.0) % 360.0 - 180.0)
    keys = sorted(old_keys | new_keys)
    at_key = np.isin(frames, keys)
    noise = noise_px(size_of(frames[0]))
    least = np.array([noise] * (off.shape[1] - 1) + [NOISE_DEGREES])
    seen = np.zeros(off.shape, dtype=bool)
    for row in np.flatnonzero(at_key & (off > EXACT).any(axis=1)).tolist():
        frame = frames[row]
        seen[row] = _touched(*pairs[frame], size_of(frame), frame in old_keys and frame in new_keys)
    # Between two keyframes both interpolations are even: a person moved there what was moved on either of them
    piece = np.searchsorted(keys, frames, side="right")
    visible = np.zeros((len(keys) + 1, off.shape[1]), dtype=bool)
    ends = np.zeros(len(keys) + 1, dtype=int)
    for there in (piece[at_key], piece[at_key] - 1):
        np.logical_or.at(visible, there, seen[at_key])
        np.add.at(ends, there, 1)
    open_ = (ends < 2)[piece] & (piece < len(keys))  # one of them is not there both times
    np.logical_or.at(visible, piece[open_], off[open_] > least)
    moved = np.where(at_key[:, None], seen, visible[piece] & (off > EXACT))
    return {frames[n]: tuple(moved[n].tolist()) for n in np.flatnonzero(moved.any(axis=1)).tolist()}


def _touched(then: FrameShape, now: FrameShape, size: Size, is_old: bool) -> tuple[bool, ...]:
    """What a person moved of a keyframe: each number of the points, and last the rotation.

    Args:
        then, now: what the track was and is on its frame
        size: of the frame
        is_old: whether there was a keyframe before
    """
    clips = now.keyframe.type in CLIPPED and not (then.rotation or now.rotation)
    moved = touched(then.points, now.points, size, alone=False, clips=clips)
    spun = turned(then.rotation, now.rotation)
    if any(moved) or spun or not is_old:
        return *moved, spun
    return *(
        before != after for before, after in zip(then.points, now.points, strict=True)
    ), then.rotation != now.rotation


def _keyframes(track: Track) -> set[int]:
    return {shape.frame for shape in track.shapes}
