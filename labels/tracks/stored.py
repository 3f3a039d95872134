"""The keyframes of a track that can be used, whatever is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...cvat.models import AttributeValue, Track, TrackedShape
from ..readable import COUNTS, LEAST
from ..shapes import FARTHEST_PX

KINDS = frozenset({*COUNTS, *LEAST, "mask", "skeleton"})
"""The types of CVAT's shapes."""


class Oddity(NamedTuple):
    """Something in a track that could not be used.

    Args:
        frame: where
        reason: what it is, to be counted
    """

    frame: int
    reason: str


class Keyframe(NamedTuple):
    """A keyframe that can be used.

    Args:
        shape: as it is stored
        attributes: its texts; those left out at it are those of the keyframe before
        drawn: whether its points make sense; if not, it only says that the object is gone from here on
    """

    shape: TrackedShape
    attributes: tuple[AttributeValue, ...]
    drawn: bool = True


def readable_keyframes(track: Track) -> tuple[list[Keyframe], list[Oddity]]:
    """The keyframes of a track, ascending, one a frame; and those that could not be used.

    Of two on one frame the one listed later counts, as in CVAT's web editor (its server refuses such tracks).
    """
    odd: list[Oddity] = []
    by_frame: dict[int, TrackedShape] = {}
    for shape in sorted(track.shapes, key=lambda shape: shape.frame):
        if shape.frame in by_frame:
            odd.append(Oddity(shape.frame, "a second keyframe on one frame"))
        by_frame[shape.frame] = shape
    found: list[Keyframe] = []
    texts: dict[int, AttributeValue] = {}
    for shape in by_frame.values():
        drawn = can_be_drawn(shape.type, shape.points) and 0.0 <= shape.rotation <= 360.0
        if not drawn:
            odd.append(Oddity(shape.frame, f"a keyframe whose points are no {shape.type}"))
        if drawn or shape.outside:
            texts.update((value.spec_id, value) for value in shape.attributes)
            found.append(Keyframe(shape, tuple(texts.values()), drawn))
    if not track.shapes:
        odd.append(Oddity(track.frame, "a track without keyframes"))
    if any(keyframe.shape.type == "mask" for keyframe in found):
        odd.append(
            Oddity(track.frame, "a track of masks, which CVAT can't interpolate: they are on its keyframes only")
        )
    return found, odd


def can_be_drawn(kind: str, points: Sequence[float]) -> bool:
    """Whether points make a shape of a type: their number is right, and none is absurdly far away."""
    count = len(points)
    if kind not in KINDS or count != COUNTS.get(kind, count) or count < LEAST.get(kind, 0):
        return False
    if kind == "mask":
        return count > 4  # runs of any number, and a box; what they say is checked where a mask is made
    return count % 2 == 0 and all(abs(value) <= FARTHEST_PX for value in points)
