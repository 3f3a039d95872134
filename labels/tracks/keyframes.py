"""An object on the frames of a video as a CVAT track with the fewest keyframes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from ...cvat.models import AttributeValue, Shape, Track, TrackedShape
from ..shapes import ROUNDING_PX
from .fewest import after_the_last, fewest_keyframes
from .interpolate import FrameShape, Interpolated, interpolate
from .motion import motion_of, turns_allowed

Specs = tuple[Collection[int], Collection[int]]
"""The attributes that may change along a track, by the ids of their specs; and those of them that need no keyframes."""

TOLERANCE_PX = 0.5
"""How far off CVAT may show a coordinate, if nothing else is asked for."""


def track_of(
    shapes: Mapping[int, Shape],
    last: int,
    tolerance: float = TOLERANCE_PX,
    forced: Collection[int] = (),
    mutable: Collection[int] = (),
    quiet: Collection[int] = (),
) -> Track:
    """A CVAT track that is, on every frame, what an object is there; with the fewest keyframes for that.

    A frame is given back if no coordinate is off by more than the tolerance, and no corner by more than that because
    of its rotation; whether the object is there, whether it is occluded, its ``z_order`` and its attributes are always
    given back exactly. So keyframes are: the first frame of each run of frames, the frames where one of these values
    changes, the forced ones, and as few others as it takes. After a run the object is ``outside`` from a keyframe on.

    Args:
        shapes: the object by frame, on one frame at least; of one type and CVAT label, without several parts
        last: the last frame of the job; after it nothing is said of the object
        tolerance: pixels; 0 for exactly, which is to the billionth of a pixel that arithmetic loses
        forced: frames that have to be keyframes
        mutable: the attributes, by the ids of their specs, that may change along a track; of the others, which a track
            has once, the most frequent texts are taken
        quiet: those whose changes need no keyframes
    """
    fixed = frozenset(forced) & shapes.keys()
    while True:
        track = _track(shapes, last, tolerance, fixed, (mutable, quiet))
        wrong = wrong_frames(interpolate(track, range(min(shapes), max(shapes) + 1)), shapes, tolerance) - fixed
        if not wrong:
            return track
        fixed |= wrong


def count_keyframes(track: Track) -> int:
    """The keyframes that an annotator meets: where the object is, not where it ends. Of a skeleton, frames with any."""
    tracks = (track, *track.elements)
    return len({shape.frame for own in tracks for shape in own.shapes if not shape.outside})


def wrong_frames(found: Interpolated, shapes: Mapping[int, Shape], tolerance: float) -> frozenset[int]:
    """The frames on which a track does not give its object back."""
    wrong = {frame for frame in shapes if frame not in found.frames}
    alike: dict[tuple[str, int], list[int]] = {}
    for frame, shape in shapes.items():
        if (item := found.frames.get(frame)) is None:
            continue
        if len(item.points) != len(shape.points):
            wrong.add(frame)
        alike.setdefault((shape.type, len(shape.points)), []).append(frame)
        if shape.elements and not _points_fit(item, shape, tolerance):
            wrong.add(frame)
    for (kind, _), frames in alike.items():
        there = [frame for frame in frames if frame not in wrong]
        if there:
            wrong.update(_too_far(kind, there, found, shapes, tolerance))
    return frozenset(wrong)


def _too_far(
    kind: str, frames: Sequence[int], found: Interpolated, shapes: Mapping[int, Shape], tolerance: float
) -> Iterator[int]:
    points = np.array([shapes[frame].points for frame in frames], dtype=float)
    off = np.abs(points - np.array([found.frames[frame].points for frame in frames], dtype=float))
    far = (off > tolerance + ROUNDING_PX).any(axis=1)
    turns = np.array([found.frames[frame].rotation - shapes[frame].rotation for frame in frames])
    if turns.any():
        far |= np.abs((turns + 180) % 360 - 180) > turns_allowed(kind, points, tolerance) + ROUNDING_PX
    return (frame for frame, is_far in zip(frames, far.tolist(), strict=True) if is_far)


def _points_fit(item: FrameShape, shape: Shape, tolerance: float) -> bool:
    """Whether the points of a skeleton are given back; where those are that are missing does not matter."""
    there = {label_id: point for label_id, point in item.elements if not point.outside}
    wanted = {element.label_id: element for element in shape.elements if not element.outside}
    return there.keys() == wanted.keys() and all(
        abs(is_ - should) <= tolerance + ROUNDING_PX
        for label_id, point in there.items()
        for is_, should in zip(point.points, wanted[label_id].points, strict=True)
    )


def _track(shapes: Mapping[int, Shape], last: int, tolerance: float, forced: Collection[int], specs: Specs) -> Track:
    first = shapes[min(shapes)]
    keyframes = _states if first.type == "skeleton" else _keyframes
    return Track(
        frame=first.frame,
        label_id=first.label_id,
        group=first.group,
        source=first.source,
        attributes=_once(shapes.values(), specs[0]),
        shapes=keyframes(shapes, last, tolerance, forced, specs),
        elements=_elements(shapes, last, tolerance, forced),
    )


def _once(shapes: Collection[Shape], mutable: Collection[int]) -> tuple[AttributeValue, ...]:
    """The attributes that a track has once: the most frequent texts."""
    texts: dict[int, Counter[str]] = {}
    for shape in shapes:
        for value in shape.attributes:
            if value.spec_id not in mutable:
                texts.setdefault(value.spec_id, Counter())[value.value] += 1
    return tuple(AttributeValue(spec_id=spec, value=found.most_common(1)[0][0]) for spec, found in texts.items())


def _elements(shapes: Mapping[int, Shape], last: int, tolerance: float, forced: Collection[int]) -> tuple[Track, ...]:
    """The points of a skeleton, each with keyframes of its own, one on the skeleton's first frame at least."""
    by_label: dict[int, dict[int, Shape]] = {}
    for frame, shape in shapes.items():
        for element in shape.elements:
            by_label.setdefault(element.label_id, {})[frame] = element
    start = min(shapes)
    tracks = []
    for label_id, own in by_label.items():
        seen = {frame: element for frame, element in own.items() if not element.outside}
        keyframes = _keyframes(seen, last, tolerance, forced, ((), ()))
        if start not in seen:
            hidden = own.get(start) or own[min(own)]
            keyframes = (keyframe_of(hidden, start, (), outside=True), *keyframes)
        tracks.append(Track(frame=start, label_id=label_id, source=shapes[start].source, shapes=keyframes))
    return tuple(tracks)


def _states(
    shapes: Mapping[int, Shape], last: int, tolerance: float, forced: Collection[int], specs: Specs
) -> tuple[TrackedShape, ...]:
    """The keyframes of a skeleton itself: where its values change. Where it is not, all its points are outside.

    It is never ``outside`` itself: CVAT's web editor ignores that, and would show points that an annotator draws there,
    while its server takes the object as gone.
    """
    keyframes: list[TrackedShape] = []
    before: TrackedShape | None = None
    for frame in sorted(shapes):
        shape, own = shapes[frame], _changing(shapes[frame], specs[0])
        loud = tuple(value for value in own if value.spec_id not in specs[1])
        state = keyframe_of(shape, shape.frame, loud).model_copy(update={"frame": 0})
        if frame in forced or state != before:
            keyframes.append(keyframe_of(shape, frame, own))
        before = state
    return tuple(keyframes)


def _changing(shape: Shape, mutable: Collection[int]) -> tuple[AttributeValue, ...]:
    """The attributes of a shape that a keyframe has."""
    return tuple(value for value in shape.attributes if value.spec_id in mutable)


def _keyframes(
    shapes: Mapping[int, Shape], last: int, tolerance: float, forced: Collection[int], specs: Specs
) -> tuple[TrackedShape, ...]:
    keyframes: list[TrackedShape] = []
    for run in _runs(sorted(shapes)):
        there = [shapes[frame] for frame in run]
        texts = [_changing(shape, specs[0]) for shape in there]
        states = [
            (shape.occluded, shape.z_order, [(v.spec_id, v.value) for v in own if v.spec_id not in specs[1]])
            for shape, own in zip(there, texts, strict=True)
        ]
        has_to = [True, *(after != before for before, after in pairwise(states))]
        has_to = [needed or frame in forced for needed, frame in zip(has_to, run, strict=True)]
        motion = motion_of(there, tolerance)
        ends = run[-1] < last
        chosen = fewest_keyframes(motion, np.array(has_to), ends)
        keyframes += [keyframe_of(there[number], run[number], texts[number]) for number in chosen]
        if ends:
            values = after_the_last(motion, chosen[-1]).tolist()
            size = int(motion.sizes[-1])
            moved = {"points": tuple(values[:size]), "rotation": values[-1] % 360.0 if motion.turning else 0.0}
            gone = there[-1].model_copy(update=moved)
            keyframes.append(keyframe_of(gone, run[-1] + 1, texts[-1], outside=True))
    return tuple(keyframes)


def keyframe_of(shape: Shape, frame: int, texts: tuple[AttributeValue, ...], outside: bool = False) -> TrackedShape:
    """A shape as a keyframe of a track: its geometry, in pixels, on another frame and with other attributes."""
    return TrackedShape(
        type=shape.type,
        frame=frame,
        points=shape.points,
        rotation=shape.rotation,
        occluded=shape.occluded,
        outside=outside,
        z_order=shape.z_order,
        attributes=texts,
    )


def _runs(frames: Sequence[int]) -> Iterator[range]:
    """Frames, ascending, as runs without gaps."""
    start = 0
    for number, frame in enumerate(frames, 1):
        if number == len(frames) or frames[number] != frame + 1:
            yield range(frames[start], frame + 1)
            start = number
