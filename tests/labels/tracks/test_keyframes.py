"""Keyframes give every frame back, and they are the fewest that do."""

from __future__ import annotations

import itertools
import math

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import AttributeValue, Shape, Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import Interpolated, interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.keyframes import count_keyframes, track_of, wrong_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from tracks_strategies import FIXED, KINDS, MUTABLE, apart, objects, texts
from wire_interpolation import load

RECORDED = {facts["name"]: Track.model_validate(facts["stored"]) for facts in load() if "error" not in facts}
OPPOSITE = ("0 -> 180", "90 -> 270", "340 -> 20 -> 200")
"""Recorded rotations of exactly 180 degrees, by which the server jumps: only keyframes beside each other do that."""

tolerances = st.sampled_from([0.0, 0.5, 3.0])


def reach(shape: Shape) -> float:
    """How far the corner of a shape that a rotation moves most is from its middle, in pixels."""
    x1, y1, x2, y2 = shape.points
    return math.hypot(x2 - x1, y2 - y1) / (2 if shape.type == "rectangle" else 1)


def gives_back(found: Interpolated, shapes: dict[int, Shape], tolerance: float) -> None:
    """Looks at every frame on its own, with no help of what is tested."""
    assert found.odd == ()
    assert found.frames.keys() == shapes.keys()
    for frame, wanted in shapes.items():
        shape = found.shape(frame)
        assert shape is not None
        assert (shape.type, shape.occluded, texts(shape)) == (wanted.type, wanted.occluded, texts(wanted))
        assert shape.points == pytest.approx(wanted.points, abs=tolerance + 1e-8), frame
        if wanted.rotation or shape.rotation:
            off = math.radians(apart(shape.rotation, wanted.rotation)) * reach(wanted)
            assert off <= tolerance + 1e-6 * (1 + reach(wanted)), frame
        joints = {element.label_id: element for element in shape.elements}
        for element in wanted.elements:
            assert joints[element.label_id].outside == element.outside, frame
            if not element.outside:
                assert joints[element.label_id].points == pytest.approx(element.points, abs=tolerance + 1e-8)


@given(st.data(), tolerances)
@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_given_back(kind: str, data: st.DataObject, tolerance: float) -> None:
    shapes = data.draw(objects([kind]))
    last = max(shapes) + data.draw(st.integers(0, 2))
    forced = data.draw(st.sets(st.sampled_from(sorted(shapes)), max_size=3))
    track = track_of(shapes, last, tolerance, forced, {MUTABLE})
    found = interpolate(track, range(last + 1))
    gives_back(found, shapes, tolerance)
    assert found.keyframes >= forced
    assert all(keyframe.frame <= last for own in (track, *track.elements) for keyframe in own.shapes)
    assert [value.spec_id for value in track.attributes] == [FIXED]
    for own in (track, *track.elements):
        frames = [keyframe.frame for keyframe in own.shapes]
        assert frames == sorted(set(frames)) and frames[0] == own.frame == min(shapes)


def fewest(shapes: dict[int, Shape], last: int, tolerance: float) -> int:
    """The fewest keyframes, found by trying all choices of frames."""
    frames = sorted(shapes)
    for count in range(len(frames)):
        for chosen in itertools.combinations(frames[1:], count):
            keyframes = [_keyframe(shapes[frame]) for frame in (frames[0], *chosen)]
            track = Track.model_validate({"frame": frames[0], "label_id": 1, "shapes": keyframes})
            found = interpolate(track, range(last + 1))
            alike = all(
                texts(found.shape(frame)) == {MUTABLE: texts(shape)[MUTABLE]}
                and found.frames[frame].keyframe.occluded == shape.occluded
                for frame, shape in shapes.items()
            )
            if alike and not wrong_frames(found, shapes, tolerance):
                return count + 1
    raise AssertionError("all frames as keyframes do not give them back")


def _keyframe(shape: Shape) -> dict[str, object]:
    data = shape.model_dump()
    data["attributes"] = [value for value in data["attributes"] if value["spec_id"] == MUTABLE]
    return data


@settings(max_examples=25)
@given(objects(["rectangle", "ellipse", "points"], most=8, gaps=False), tolerances)
def test_there_are_no_fewer_keyframes_that_would_do(shapes: dict[int, Shape], tolerance: float) -> None:
    track = track_of(shapes, max(shapes), tolerance, (), {MUTABLE})
    assert len(track.shapes) == fewest(shapes, max(shapes), tolerance)


@settings(max_examples=20)
@given(objects(["rectangle", "ellipse", "points"], most=7, gaps=False), tolerances)
def test_an_object_that_ends_needs_no_more(shapes: dict[int, Shape], tolerance: float) -> None:
    """The keyframe that ends it can be where an even motion would be: that never takes more, and often one fewer."""
    track = track_of(shapes, max(shapes) + 1, tolerance, (), {MUTABLE})
    assert frames_of(track)[-1] == (max(shapes) + 1, True)
    assert count_keyframes(track) <= fewest(shapes, max(shapes), tolerance)


@pytest.mark.parametrize("tolerance", [0.0, 0.5])
@pytest.mark.parametrize("name", RECORDED)
def test_tracks_of_cvat_are_given_back_by_no_more_keyframes(name: str, tolerance: float) -> None:
    stored = RECORDED[name]
    frames = range(20)
    found = interpolate(stored, frames)
    shapes = {frame: shape for frame in found.frames if (shape := found.shape(frame))}
    mutable = {value.spec_id for keyframe in stored.shapes for value in keyframe.attributes}
    track = track_of(shapes, frames[-1], tolerance, (), mutable)
    again = interpolate(track, frames)
    assert again.frames.keys() == shapes.keys() and not wrong_frames(again, shapes, tolerance)
    jumps = 2 if any(part in name for part in OPPOSITE) else 0
    assert count_keyframes(track) <= count_keyframes(stored) + jumps


def boxes(*xs: float) -> dict[int, Shape]:
    """A box of 10 pixels by frame."""
    return {
        frame: Shape(type="rectangle", frame=frame, label_id=1, points=(x, 0, x + 10, 10)) for frame, x in enumerate(xs)
    }


def frames_of(track: Track) -> list[tuple[int, bool]]:
    return [(keyframe.frame, keyframe.outside) for keyframe in track.shapes]


def test_an_object_that_stands_still_has_one_keyframe() -> None:
    assert frames_of(track_of(boxes(*[7.0] * 2000), 1999)) == [(0, False)]


def test_an_object_that_moves_evenly_has_two() -> None:
    assert frames_of(track_of(boxes(*range(2000)), 1999)) == [(0, False), (1999, False)]


def test_what_ends_needs_no_keyframe_on_its_last_frame() -> None:
    track = track_of(boxes(*range(100)), 150)
    assert frames_of(track) == [(0, False), (100, True)]
    assert track.shapes[1].points == pytest.approx((100, 0, 110, 10))


def test_gaps_are_outside() -> None:
    shapes = boxes(*[7.0] * 9)
    for frame in (0, 3, 4, 7):
        del shapes[frame]
    assert frames_of(track_of(shapes, 8)) == [(1, False), (3, True), (5, False), (7, True), (8, False)]


@pytest.mark.parametrize(("tolerance", "keyframes"), [(0.5, 2), (0.3, 4), (0.0, 5)])
def test_the_tolerance_is_pixels(tolerance: float, keyframes: int) -> None:
    assert len(track_of(boxes(0, 1.3, 2, 2.6, 4), 4, tolerance).shapes) == keyframes


def test_a_label_that_says_that_it_is_a_keyframe_is_one() -> None:
    assert frames_of(track_of(boxes(*range(9)), 8, forced={3, 99})) == [(0, False), (3, False), (8, False)]


def test_a_long_track_is_found_whole() -> None:
    """Beyond the window in which all links are known."""
    zigzag = [abs(frame % 2000 - 1000) for frame in range(10_000)]
    assert len(track_of(boxes(*zigzag), 9_999).shapes) == 11


def test_the_most_frequent_text_of_what_a_track_has_once_is_taken() -> None:
    shapes = {
        frame: shape.model_copy(update={"attributes": (AttributeValue(spec_id=FIXED, value=text),)})
        for (frame, shape), text in zip(boxes(1, 2, 3).items(), "abb", strict=True)
    }
    assert texts(track_of(shapes, 2)) == {FIXED: "b"}
