"""Objects over frames as hypothesis draws them: still, moving evenly, jittering, turning, gone for a while."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import AttributeValue, Shape
from hypothesis import strategies as st

MUTABLE, FIXED = 11, 12
"""The ids of the specs of an attribute that may change along a track, and of one that may not."""

KINDS = ("rectangle", "ellipse", "cuboid", "polygon", "polyline", "points", "skeleton")
JOINTS = (101, 102, 103)

steps = st.sampled_from([0.0, 0.25, 3.0, -2.0, 40.0]) | st.floats(-30, 30)
jitters = st.sampled_from([0.0, 0.0, 0.3, 5.0])
turns = st.sampled_from([0.0, 0.0, 1.0, -7.5, 90.0, 179.0, 180.0, 181.0]) | st.floats(-200, 200)


@st.composite
def paths(draw: st.DrawFn, count: int, numbers: int) -> list[list[float]]:
    """Numbers on some frames: pieces of even motion, with or without jitter."""
    place = draw(st.lists(st.floats(-50, 900), min_size=numbers, max_size=numbers))
    path: list[list[float]] = []
    while len(path) < count:
        speed = draw(st.lists(steps, min_size=numbers, max_size=numbers))
        jitter = draw(jitters)
        for _ in range(draw(st.integers(1, count))):
            shaken = [draw(st.floats(-jitter, jitter)) if jitter else 0.0 for _ in place]
            path.append([round(value + more, 6) for value, more in zip(place, shaken, strict=True)])
            place = [value + step for value, step in zip(place, speed, strict=True)]
    return path[:count]


@st.composite
def points_of(draw: st.DrawFn, kind: str, count: int) -> list[tuple[float, ...]]:
    """The points of a shape on some frames; contours and points may change their number."""
    numbers = {"rectangle": 4, "ellipse": 4, "cuboid": 16, "skeleton": 0}.get(kind)
    if numbers is not None:
        return [tuple(row) for row in draw(paths(count, numbers))]
    least = {"polygon": 3, "polyline": 2, "points": 1}[kind]
    found: list[tuple[float, ...]] = []
    while len(found) < count:
        vertices = draw(st.integers(least, least + 4))
        found += [tuple(row) for row in draw(paths(draw(st.integers(1, count)), 2 * vertices))]
    return found[:count]


@st.composite
def objects(draw: st.DrawFn, kinds: Iterable[str] = KINDS, most: int = 24, gaps: bool = True) -> dict[int, Shape]:
    """An object by frame; it may begin late, be away for a while, and change its attributes."""
    kind = draw(st.sampled_from(list(kinds)))
    there = draw(st.lists(st.booleans() if gaps else st.just(True), min_size=1, max_size=most).filter(any))
    frames = [frame for frame, seen in enumerate(there) if seen]
    rows = draw(points_of(kind, len(frames)))
    rotations = [0.0] * len(frames)
    if kind in ("rectangle", "ellipse") and draw(st.booleans()):
        turning = itertools.accumulate(draw(st.lists(turns, min_size=len(frames), max_size=len(frames))))
        rotations = [rotation % 360.0 % 360.0 for rotation in turning]
    rare = st.sampled_from([False] * 6 + [True])
    text, occluded, found = "a", False, {}
    elements = draw(skeletons(len(frames))) if kind == "skeleton" else [()] * len(frames)
    for frame, row, rotation, points in zip(frames, rows, rotations, elements, strict=True):
        text = draw(st.sampled_from("abc")) if draw(rare) else text
        occluded = occluded != draw(rare)
        attributes = (AttributeValue(spec_id=MUTABLE, value=text), AttributeValue(spec_id=FIXED, value="fixed"))
        found[frame] = Shape(
            type=kind, frame=frame, label_id=1, points=row, rotation=rotation, occluded=occluded, attributes=attributes,
            elements=tuple(point.model_copy(update={"frame": frame}) for point in points),
        )  # fmt: skip
    return found


@st.composite
def skeletons(draw: st.DrawFn, count: int) -> list[tuple[Shape, ...]]:
    """The points of a skeleton on some frames, each missing at times, but never all."""
    columns = [draw(paths(count, 2)) for _ in JOINTS]
    found = []
    for rows in zip(*columns, strict=True):
        missing = draw(st.lists(st.sampled_from([False] * 4 + [True]), min_size=len(JOINTS), max_size=len(JOINTS)))
        missing = [gone and not all(missing) for gone in missing]
        found.append(
            tuple(
                Shape(type="points", frame=0, label_id=joint, points=tuple(row), outside=gone)
                for joint, row, gone in zip(JOINTS, rows, missing, strict=True)
            )
        )
    return found


def texts(shape: Any) -> dict[int, str]:
    """A shape's attributes by the ids of their specs."""
    return {value.spec_id: value.value for value in shape.attributes}


def apart(one: float, other: float) -> float:
    """How far two rotations are apart, in degrees."""
    return abs(math.remainder(one - other, 360.0))


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -1.0, 5e-324, 1e308, 7.0])
types = st.sampled_from(
    ["rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "skeleton", "mask", "", "x"]
)
keyframes = st.fixed_dictionaries(
    {
        "type": types,
        "frame": st.integers(-3, 12),
        "points": st.lists(numbers, max_size=17) | st.sampled_from([(0.0,) * n for n in (2, 4, 6, 8, 16)]),
        "rotation": numbers,
        "outside": st.booleans(),
    }
)


@st.composite
def corrupt_tracks(draw: st.DrawFn, deep: bool = True) -> dict[str, Any]:
    """A track that CVAT would take, or would not."""
    kind = draw(types)
    shapes = draw(st.lists(keyframes, max_size=6))
    return {
        "frame": draw(st.integers(-3, 12)),
        "label_id": draw(st.integers(1, 3)),
        "shapes": [{**shape, "type": kind} if draw(st.booleans()) else shape for shape in shapes],
        "elements": draw(st.lists(corrupt_tracks(deep=False), max_size=3)) if deep else [],
    }
