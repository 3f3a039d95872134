"""A track that is changed on some frames is what it was on all others, and keeps its ids."""

from __future__ import annotations

import random

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import AttributeValue, Shape, Track, TrackedShape
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.edit import OUTSIDE_JOB, edit_track, why_not
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.keyframes import wrong_frames

SPAN = range(10, 40)
TOLERANCE = 0.5


def text(value: str, spec: int = 2) -> tuple[AttributeValue, ...]:
    return (AttributeValue(spec_id=spec, value=value),)


def keyframe(frame: int, x: float, *, outside: bool = False, of: str = "rectangle", value: str = "") -> TrackedShape:
    points = (x, 5.0, x + 20, 25.0) if of == "rectangle" else (x, 5.0, x + 20, 9.0, x + 9, 25.0 + x % 7)
    return TrackedShape(
        id=100 + frame, type=of, frame=frame, points=points, outside=outside, attributes=text(value) if value else ()
    )


def a_track(*keyframes: TrackedShape, parts: tuple[Track, ...] = ()) -> Track:
    first = keyframes[0].frame
    return Track(id=7, frame=first, label_id=1, source="semi-auto", group=3, shapes=keyframes, elements=parts)


def a_shape(frame: int, x: float, of: str = "rectangle", value: str = "a") -> Shape:
    found = keyframe(frame, x, of=of)
    return Shape(type=of, frame=frame, label_id=1, points=found.points, attributes=text(value))


def random_track(dice: random.Random, of: str) -> Track:
    frames = sorted(dice.sample(SPAN, dice.randint(1, 6)))
    keyframes, gone = [], False
    for frame in frames:
        gone = bool(keyframes) and not gone and dice.random() < 0.3
        value = dice.choice(["a", "b", ""]) if keyframes else "a"
        keyframes.append(keyframe(frame, dice.uniform(0, 300), outside=gone, of=of, value=value))
    return a_track(*keyframes)


@pytest.mark.parametrize("number", range(24))
def test_other_frames_stay_as_they_are(number: int) -> None:
    dice = random.Random(number)
    of = dice.choice(["rectangle", "polygon"])
    track = random_track(dice, of)
    then = interpolate(track, SPAN)
    start = dice.choice(SPAN)
    stretch = range(start, min(start + dice.randint(1, 8), SPAN.stop))
    changes = {
        frame: None if dice.random() < 0.2 else a_shape(frame, dice.uniform(0, 300), of, dice.choice("ab"))
        for frame in stretch
        if dice.random() < 0.8
    }
    assert not why_not(track, then, SPAN)
    made = edit_track(track, changes, SPAN, TOLERANCE, ({2}, ()))
    wanted = {frame: shape for frame, shape in changes.items() if shape is not None}
    if made is None:
        assert not wanted and not then.frames.keys() - changes.keys()
        return
    now = interpolate(made, SPAN)
    fixed = {frame: shape for frame in then.frames if frame not in changes and (shape := then.shape(frame))}
    assert not now.odd and now.frames.keys() == fixed.keys() | wanted.keys()
    assert not wrong_frames(now, fixed, 0.0) and not wrong_frames(now, wanted, TOLERANCE)
    for frame, shape in {**fixed, **wanted}.items():
        assert {item.value for item in now.frames[frame].attributes} == {item.value for item in shape.attributes}
    assert (made.id, made.group, made.source, made.frame) == (7, 3, "semi-auto", min(s.frame for s in made.shapes))
    ids = {shape.frame: shape.id for shape in made.shapes}
    for shape in track.shapes:  # those that were there are there as they were
        if shape.frame in fixed:
            assert ids[shape.frame] == shape.id
    assert all(id_ is None or id_ == 100 + frame for frame, id_ in ids.items())


def test_only_the_stretch_gets_new_keyframes() -> None:
    """Between its neighbours, as few as it takes; far away nothing."""
    track = a_track(keyframe(10, 0, value="a"), keyframe(20, 100), keyframe(39, 290))
    made = edit_track(
        track, {frame: a_shape(frame, 200.0 + frame) for frame in range(25, 30)}, SPAN, TOLERANCE, ({2}, ())
    )
    assert made is not None
    assert [(shape.frame, shape.id) for shape in made.shapes] == [
        *((10, 110), (20, 120), (24, None), (25, None), (29, None), (30, None), (39, 139)),
    ]
    assert edit_track(track, dict.fromkeys(SPAN), SPAN, TOLERANCE, ((), ())) is None


def test_another_class_everywhere_keeps_the_track() -> None:
    track = a_track(keyframe(10, 0), keyframe(12, 20, outside=True))
    changes = {f: a_shape(f, 3.0).model_copy(update={"label_id": 9, "attributes": text("v", 5)}) for f in (10, 11)}
    made = edit_track(track, changes, SPAN, TOLERANCE, ((), ()))
    assert made is not None
    assert (made.id, made.label_id, made.attributes) == (7, 9, text("v", 5))
    assert [(shape.frame, shape.outside, shape.id) for shape in made.shapes] == [(10, False, 110), (12, True, 112)]


def test_a_skeleton_keeps_its_parts() -> None:
    def part(label: int, *places: tuple[int, float]) -> Track:
        shapes = tuple(TrackedShape(id=label * 100 + f, type="points", frame=f, points=(x, x)) for f, x in places)
        return Track(id=label, frame=10, label_id=label, shapes=shapes)

    frame = TrackedShape(id=1, type="skeleton", frame=10)
    track = a_track(frame, parts=(part(21, (10, 0.0), (30, 20.0)), part(22, (10, 5.0))))
    then = interpolate(track, SPAN)
    moved = then.shape(15)
    assert moved is not None
    elements = tuple(item.model_copy(update={"points": (99.0, 99.0)}) for item in moved.elements)
    made = edit_track(track, {15: moved.model_copy(update={"elements": elements})}, SPAN, TOLERANCE, ((), ()))
    assert made is not None
    assert {(item.label_id, item.id) for item in made.elements} == {(21, 21), (22, 22)}
    fixed = {f: shape for f in then.frames if f != 15 and (shape := then.shape(f))}
    now = interpolate(made, SPAN)
    assert not wrong_frames(now, fixed, 0.0)
    assert [item.points for _, item in now.frames[15].elements] == [(99.0, 99.0)] * 2


def test_what_would_lose_something_is_not_written() -> None:
    beyond = a_track(keyframe(5, 0), keyframe(20, 9))
    assert why_not(beyond, interpolate(beyond, SPAN), SPAN) == OUTSIDE_JOB
    twice = a_track(keyframe(11, 0), keyframe(11, 9))
    assert "a second keyframe on one frame" in why_not(twice, interpolate(twice, SPAN), SPAN)
