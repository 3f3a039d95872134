"""What a CVAT track is on every frame.

The same as CVAT's server has, which exports use. The web editor agrees with it but for three things: between rotations
that are exactly 180 degrees apart it turns evenly; it ignores ``outside`` of a skeleton itself (not of its points); and
it gives the points of a skeleton the ``z_order`` of the skeleton.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ...cvat.models import AttributeValue, Shape, Track, TrackedShape
from .between import between
from .stored import Keyframe, Oddity, readable_keyframes

Attributes = tuple[AttributeValue, ...]


class FrameShape(NamedTuple):
    """What a track is on one frame.

    Args:
        points: pixels, as CVAT's shapes have them
        rotation: clockwise degrees
        keyframe: the keyframe that its other values hold from; it may be that of this frame
        attributes: its texts that may change along the track
        elements: of a skeleton, the points that it has on this frame: their CVAT label and what they are
    """

    points: tuple[float, ...]
    rotation: float
    keyframe: TrackedShape
    attributes: Attributes
    elements: tuple[tuple[int, FrameShape], ...] = ()

    @property
    def outside(self) -> bool:
        return self.keyframe.outside


@dataclass(frozen=True)
class Interpolated:
    """A track, frame by frame.

    Args:
        track: the track
        frames: what it is on each frame where it is
        ends: what it is on keyframes where it is ``outside``: it is not there from these on
        keyframes: the frames of its keyframes, of those asked for
        odd: what of the track could not be used, and why
    """

    track: Track
    frames: dict[int, FrameShape] = field(default_factory=dict)
    ends: dict[int, FrameShape] = field(default_factory=dict)
    keyframes: frozenset[int] = frozenset()
    odd: tuple[Oddity, ...] = ()

    def shape(self, frame: int) -> Shape | None:
        """The track on one frame as a shape of CVAT with all its attributes; ``None`` where it is not."""
        found = self.frames.get(frame)
        return None if found is None else shape_of(self.track, frame, found)


def shape_of(track: Track, frame: int, item: FrameShape) -> Shape:
    """What a track is on a frame, as a shape of CVAT with all its attributes.

    Args:
        track: the track, which has what is the same on all frames
        frame: the frame's number
        item: what it is there
    """
    keyframe = item.keyframe
    return Shape.model_construct(
        type=keyframe.type,
        frame=frame,
        label_id=track.label_id,
        points=item.points,
        rotation=item.rotation,
        occluded=keyframe.occluded,
        outside=keyframe.outside,
        z_order=keyframe.z_order,
        group=track.group,
        source=track.source,
        attributes=(*track.attributes, *item.attributes),
        elements=tuple(
            Shape.model_construct(
                type=point.keyframe.type,
                frame=frame,
                label_id=label_id,
                points=point.points,
                rotation=point.rotation,
                occluded=point.keyframe.occluded,
                outside=point.outside,
                z_order=point.keyframe.z_order,
                source=track.source,
                attributes=point.attributes,
            )
            for label_id, point in item.elements
        ),
    )


def interpolate(track: Track, frames: range) -> Interpolated:
    """What a track is on every frame. Never raises, whatever is stored.

    Args:
        track: as CVAT has it
        frames: the frames to give, without gaps; keyframes beyond them count, too
    """
    keyframes, odd = readable_keyframes(track)
    if any(keyframe.shape.type == "skeleton" for keyframe in keyframes):
        return _skeleton(track, keyframes, frames, odd)
    shapes: dict[int, FrameShape] = {}
    ends: dict[int, FrameShape] = {}
    for frame, item in _every_frame(track, keyframes, frames, odd, hidden=False):
        (ends if item.outside else shapes)[frame] = item
    return Interpolated(track, shapes, ends, _own(track, keyframes, frames), tuple(odd))


def _own(track: Track, keyframes: Sequence[Keyframe], frames: range) -> frozenset[int]:
    return frozenset(k.shape.frame for k in keyframes if k.shape.frame in frames and k.shape.frame >= track.frame)


def _every_frame(
    track: Track, keyframes: Sequence[Keyframe], frames: range, odd: list[Oddity], hidden: bool
) -> Iterator[tuple[int, FrameShape]]:
    """What a track is on each frame from its first keyframe on, ascending.

    Args:
        track: the track
        keyframes: those that can be read
        frames: the frames to give
        odd: gets what can't be interpolated
        hidden: whether to give the frames after a keyframe that is ``outside``, too
    """
    for left, right in itertools.zip_longest(keyframes, keyframes[1:]):
        shape, attributes = left.shape, left.attributes
        first = shape.frame
        if first in frames and first >= track.frame:
            yield first, FrameShape(shape.points, shape.rotation, shape, attributes)
        end = frames.stop if right is None else right.shape.frame
        inside = range(max(first + 1, frames.start, track.frame), min(end, frames.stop))
        if not inside or shape.type == "mask" or (shape.outside and not hidden):
            continue
        if right is None or not _meets(left, right, odd):
            for frame in inside:
                yield frame, FrameShape(shape.points, shape.rotation, shape, attributes)
            continue
        for frame, (points, rotation) in zip(inside, between(shape, right.shape, inside), strict=True):
            yield frame, FrameShape(points, rotation, shape, attributes)


def _meets(left: Keyframe, right: Keyframe, odd: list[Oddity]) -> bool:
    """Whether CVAT interpolates between two keyframes."""
    if not right.drawn or not left.drawn:
        return False
    if left.shape.type != right.shape.type:
        odd.append(Oddity(right.shape.frame, f"a keyframe that turns a {left.shape.type} into a {right.shape.type}"))
        return False
    return True


def _skeleton(track: Track, keyframes: Sequence[Keyframe], frames: range, odd: list[Oddity]) -> Interpolated:
    """A skeleton: each of its points moves on its own, and the skeleton says on which frames there is one."""
    points: dict[int, dict[int, FrameShape]] = {}
    for element in track.elements:
        if element.label_id in points:
            odd.append(Oddity(element.frame, "a point that a skeleton has twice"))
            continue
        own, strange = readable_keyframes(element)
        points[element.label_id] = dict(_every_frame(element, own, frames, strange, hidden=True))
        odd += strange
    if not any(points.values()):
        return Interpolated(track, odd=(*odd, Oddity(track.frame, "a skeleton without points")))
    shapes: dict[int, FrameShape] = {}
    ends: dict[int, FrameShape] = {}
    for frame, item in _every_frame(track, keyframes, frames, odd, hidden=False):
        there = tuple((label_id, found[frame]) for label_id, found in points.items() if frame in found)
        if item.outside:
            ends[frame] = item._replace(elements=there)
        elif not all(point.outside for _, point in there):
            shapes[frame] = item._replace(elements=there)
    return Interpolated(track, shapes, ends, _own(track, keyframes, frames), tuple(odd))
