"""On how many frames tracks are where lost tracks were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...cvat.models import Track
from ..likeness import LEAST_OVERLAP, LEAST_REACH_PX
from .contours import Array
from .interpolate import FrameShape, interpolate

MOST_BOXES = 50_000_000
"""How many pairs of boxes are compared at most. If there are more, every other frame is looked at, and so on."""


class Nearness:
    """How near new tracks are to lost ones. Near on a frame is where the boxes around both overlap by half or more.

    Args:
        lost: the lost tracks
        held: the frames of each with labels
        frames: those of the job
    """

    def __init__(self, lost: Sequence[Track], held: Sequence[Sequence[int]], frames: range) -> None:
        self._lost, self._held, self._frames = lost, held, frames
        self._scores = np.zeros((len(lost), 0, 3))
        self._near = np.zeros((len(lost), 0, 0), dtype=bool)
        self._there = np.zeros((0, 0), dtype=bool)
        self._every = 1

    def look_at(self, fresh: Sequence[Track]) -> None:
        """Compares the lost tracks with new ones."""
        if not self._lost or not fresh:
            return
        self._every = 1 + len(self._lost) * len(fresh) * len(self._frames) // MOST_BOXES
        new = np.stack([boxes_of(track, self._frames, None)[:: self._every] for track in fresh])
        self._there = ~np.isnan(new[..., 0])
        self._near = np.zeros((len(self._lost), *self._there.shape), dtype=bool)
        self._scores = np.zeros((len(self._lost), len(fresh), 3))
        labels = np.array([track.label_id for track in fresh])
        for number, (track, held) in enumerate(zip(self._lost, self._held, strict=True)):
            overlap = overlap_of(boxes_of(track, self._frames, set(held))[:: self._every], new)
            near = overlap >= LEAST_OVERLAP
            self._near[number] = near
            same_class = (labels == track.label_id) & near.any(axis=1)
            self._scores[number] = np.stack((near.sum(axis=1), same_class, (overlap * near).sum(axis=1)), axis=1)

    def pairs(self) -> dict[int, int]:
        """The lost tracks, each with the new one that is it: most frames first; of as many, the one of its class."""
        order = [
            (tuple(self._scores[old, new].tolist()), old, new) for old, new in np.argwhere(self._scores[..., 0] > 0)
        ]
        found: dict[int, int] = {}
        taken: set[int] = set()
        for _, old, new in sorted(order, key=lambda one: (*(-value for value in one[0]), one[1], one[2])):
            if old not in found and new not in taken:
                found[int(old)] = int(new)
                taken.add(int(new))
        return found

    def labels(self) -> Iterator[tuple[int, int, int]]:
        """On which new track the labels of the lost ones are now: lost track, new track, frame; one a track and frame.

        A label stays with the track that is its own, if that is on the frame, or if no other track is near there.
        """
        pairs = self.pairs()
        taken: set[tuple[int, int]] = set()
        unsettled: list[tuple[int, int]] = []
        for old, new in pairs.items():
            for frame in self._held[old]:
                if self._there[new, self._place(frame)]:
                    taken.add((new, frame))
                    yield old, new, frame
                else:
                    unsettled.append((old, frame))
        unsettled += [(old, frame) for old in range(len(self._lost)) if old not in pairs for frame in self._held[old]]
        ranks = np.lexsort(self._scores[..., ::-1].transpose(2, 0, 1))[:, ::-1] if self._scores.size else None
        for old, frame in unsettled:
            others = [] if ranks is None else ranks[old][self._near[old, ranks[old], self._place(frame)]].tolist()
            choice = next((other for other in others if (other, frame) not in taken), pairs.get(old))
            if choice is not None and (choice, frame) not in taken:
                taken.add((choice, frame))
                yield old, choice, frame

    def _place(self, frame: int) -> int:
        return (frame - self._frames.start) // self._every


def boxes_of(track: Track, frames: range, held: set[int] | None) -> Array:
    """The box around a track on each frame: ``(n, 4)`` pixels, left, top, right, bottom; ``nan`` where it is not."""
    boxes = np.full((len(frames), 4), np.nan)
    for frame, item in interpolate(track, frames).frames.items():
        if held is None or frame in held:
            boxes[frame - frames.start] = _box(item)
    thin = np.maximum(LEAST_REACH_PX - (boxes[:, 2:] - boxes[:, :2]), 0.0) / 2
    return np.concatenate((boxes[:, :2] - thin, boxes[:, 2:] + thin), axis=1)


def _box(item: FrameShape) -> tuple[float, float, float, float]:
    kind, points = item.keyframe.type, item.points
    if kind == "skeleton":
        points = tuple(value for _, point in item.elements if not point.outside for value in point.points[:2])
    elif kind == "mask":
        points = points[-4:]
    elif kind == "ellipse":
        (x, y, right, top) = points
        points = (2 * x - right, top, right, 2 * y - top)
    xs, ys = points[::2], points[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def overlap_of(old: Array, new: Array) -> NDArray[np.float64]:
    """Intersection over union of boxes, frame by frame: ``(n, 4)`` and ``(m, n, 4)`` give ``(m, n)``; 0 without one."""
    sides = np.minimum(old[:, 2:], new[..., 2:]) - np.maximum(old[:, :2], new[..., :2])
    both = np.prod(np.clip(sides, 0.0, None), axis=-1)
    whole = np.prod(old[:, 2:] - old[:, :2], axis=-1) + np.prod(new[..., 2:] - new[..., :2], axis=-1) - both
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nan_to_num(both / whole, nan=0.0, posinf=0.0))
