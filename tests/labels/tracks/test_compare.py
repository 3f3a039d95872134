"""Which frames changed: exactly those whose interpolation did, whatever the editor loses on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Shape, Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.compare import FrameChange, compare
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.keyframes import track_of
from hypothesis import given, settings
from hypothesis import strategies as st
from tracks_editor import FRAMES, at, edits, hide, move, occlude, pin, turn, unpin, with_keyframe, write
from tracks_strategies import FIXED, KINDS, MUTABLE, apart, objects, texts
from tracks_world import size_of, stored
from wire_distill import FACTS, from_lines

EDITED = from_lines((Path(FACTS) / "18c_ui_track_edits.jsonl").read_text(encoding="utf-8"))
NOISE = 1e-3
DEFINITE = 0.02
"""Pixels that no noise makes of nothing."""


def changes(then: Track, now: Track, facts: Any = ()) -> dict[int, FrameChange]:
    return compare(interpolate(then, FRAMES), interpolate(now, FRAMES), FRAMES, size_of, facts)


def states() -> dict[str, Track]:
    """A recorded track, before and after each action of a person."""
    seen = [fact for fact in EDITED["exchanges"] if "observed" in fact]
    return {
        fact["observed"].split("after: ")[1]: Track.model_validate(fact["response"]["json"]["tracks"][0])
        for fact in seen
    }


@pytest.mark.parametrize(
    ("step", "moved", "gone"),
    [
        (1, range(10), []),
        (2, range(1, 10), []),
        (3, [], [7, 8, 9]),
        (4, range(1, 7), []),
    ],
    ids=["moved on a keyframe", "moved between keyframes", "outside", "keyframe removed"],
)
def test_recorded_edits_change_the_frames_up_to_the_neighbours(step: int, moved: Any, gone: list[int]) -> None:
    then, now = list(states().values())[step - 1 : step + 1]
    found = changes(then, now)
    assert [frame for frame, change in found.items() if change.geometry] == list(moved)
    assert [frame for frame, change in found.items() if change.now is None] == gone
    assert sorted(found) == sorted([*moved, *gone])


def box_track(*frames: int, **more: Any) -> Track:
    """A box of 10 x 10 pixels that moves by 2 pixels a frame to the right, with keyframes on some frames."""
    attributes = [{"spec_id": MUTABLE, "value": "a"}]
    shapes = [
        {"type": "rectangle", "frame": f, "points": (2 * f, 5, 2 * f + 10, 15), "attributes": attributes}
        for f in frames
    ]
    track = {"frame": frames[0], "label_id": 1, "shapes": shapes, "attributes": [{"spec_id": FIXED, "value": "x"}]}
    return stored([Track.model_validate({**track, **more})])[0]


BOX = box_track(0, 10, 20)


@pytest.mark.parametrize(
    ("now", "frames"),
    [
        pytest.param(move(BOX, 10, {0: 3.0}, NOISE), range(1, 20), id="a keyframe moved"),
        pytest.param(move(BOX, 20, {0: 3.0}, NOISE), range(11, 40), id="the last keyframe moved"),
        pytest.param(move(BOX, 4, {1: -1.0}, NOISE), range(1, 10), id="moved between keyframes"),
        pytest.param(pin(BOX, 4, NOISE), [], id="only a keyframe made"),
        pytest.param(unpin(BOX, 10), [], id="a keyframe removed that said nothing"),
        pytest.param(unpin(BOX, 20), range(11, 40), id="the last keyframe removed"),
        pytest.param(hide(BOX, 13), range(13, 20), id="outside until the next keyframe"),
        pytest.param(hide(BOX, 20), range(20, 40), id="outside from the last keyframe on"),
        pytest.param(write(BOX, 13, MUTABLE, "b"), range(13, 20), id="an attribute from a frame on"),
        pytest.param(occlude(BOX, 13), range(13, 20), id="occluded from a frame on"),
        pytest.param(turn(BOX, 10, 30), range(1, 20), id="turned"),
        pytest.param(BOX.model_copy(update={"label_id": 2}), FRAMES, id="another class"),
        pytest.param(BOX.model_copy(update={"group": 3}), FRAMES, id="grouped"),
        pytest.param(BOX.model_copy(update={"group": 0, "source": "manual"}), [], id="what the editor does by itself"),
        pytest.param(BOX.model_copy(update={"shapes": BOX.shapes[::-1]}), [], id="another order"),
    ],
)
def test_exactly_these_frames_change(now: Track, frames: Any) -> None:
    assert list(changes(BOX, now, ("occluded", "group"))) == list(frames)


def test_what_is_kept_nowhere_changes_nothing() -> None:
    assert changes(BOX, occlude(BOX, 13)) == {}


def test_numbers_that_nobody_moved_keep_every_digit() -> None:
    for frame, change in changes(BOX, move(BOX, 10, {0: 3.0}, NOISE)).items():
        assert change.then is not None and change.now is not None
        assert change.now.points[1:] == change.then.points[1:], frame
        assert change.now.points[0] > change.then.points[0] + 0.1
        assert (change.geometry, change.label, change.attributes) == (True, False, frozenset())


def test_a_tiny_movement_of_a_keyframe_alone_is_meant() -> None:
    now = move(BOX, 10, {0: 1e-3})
    assert list(changes(BOX, now)) == list(range(1, 20))
    assert changes(BOX, now)[10].now.points[0] == now.shapes[1].points[0]  # type: ignore[union-attr]


def test_an_attribute_that_cvat_got_since_is_no_edit() -> None:
    now = BOX.model_copy(
        update={"attributes": (*BOX.attributes, *[v.model_copy(update={"spec_id": 99}) for v in BOX.attributes])}
    )
    then, after = interpolate(BOX, FRAMES), interpolate(now, FRAMES)
    assert compare(then, after, FRAMES, size_of, (), {99: "x"}) == {}
    assert compare(then, after, [3], size_of, (), {99: "y"})[3].attributes == {99}


def skeleton_track() -> Track:
    elements = [
        {
            "frame": 0,
            "label_id": joint,
            "shapes": [{"type": "points", "frame": f, "points": (x + f, 5)} for f in frames],
        }
        for joint, x, frames in ((101, 0, (0, 10, 20)), (102, 50, (0, 5, 20)))
    ]
    shapes = [{"type": "skeleton", "frame": 0}]
    return Track.model_validate({"frame": 0, "label_id": 1, "shapes": shapes, "elements": elements})


def edit_joint(track: Track, edit: Callable[[Track], Track]) -> Track:
    first, *others = track.elements
    return track.model_copy(update={"elements": (edit(first), *others)})


@pytest.mark.parametrize(
    ("edit", "frames"),
    [
        pytest.param(lambda joint: move(joint, 10, {0: 3.0}, NOISE), range(1, 20), id="moved"),
        pytest.param(lambda joint: hide(joint, 13), range(13, 20), id="gone"),
        pytest.param(lambda joint: occlude(joint, 13), range(13, 20), id="hidden"),
        pytest.param(lambda joint: pin(joint, 13, NOISE), [], id="a keyframe"),
    ],
)
def test_points_of_a_skeleton_change_on_their_own(edit: Callable[[Track], Track], frames: Any) -> None:
    then = skeleton_track()
    found = changes(then, edit_joint(then, edit))
    assert list(found) == list(frames)
    for change in found.values():
        assert change.then is not None and change.now is not None
        assert change.now.elements[1] == change.then.elements[1]


def test_a_contour_that_got_a_vertex_changed_up_to_the_neighbours() -> None:
    square = (0, 0, 9, 0, 9, 9, 0, 9)
    shapes = [{"type": "polygon", "frame": f, "points": square} for f in (0, 10, 20)]
    then = Track.model_validate({"frame": 0, "label_id": 1, "shapes": shapes})
    now = with_keyframe(then, at(then, 10, points=(*square, -5, 5)))
    assert list(changes(then, now)) == list(range(1, 20))


def distance(one: Shape, other: Shape) -> float:
    """How far two shapes are apart: in numbers, degrees, or infinitely."""
    same = (one.label_id, one.occluded, texts(one), len(one.points)) == (
        *(other.label_id, other.occluded),
        *(texts(other), len(other.points)),
    )
    if not same:
        return float("inf")
    off = [abs(a - b) for a, b in zip(one.points, other.points, strict=True)]
    return max([apart(one.rotation, other.rotation), *off])


@settings(max_examples=60)
@given(st.data(), st.sampled_from([kind for kind in KINDS if kind != "skeleton"]))
def test_any_edits_change_what_both_interpolations_say(data: st.DataObject, kind: str) -> None:
    shapes = data.draw(objects([kind]))
    then = stored([track_of(shapes, FRAMES[-1], 0.5, (), {MUTABLE})])[0]
    clean = noisy = then
    for _ in range(data.draw(st.integers(1, 3))):
        edit = data.draw(edits(clean))
        clean, noisy = edit(clean, 0.0), edit(noisy, NOISE)
    check(then, clean, noisy)


def check(then: Track, clean: Track, noisy: Track) -> None:
    """Compares the edited track with a reference that interpolates both, without what the editor loses."""
    found = changes(then, noisy, ("occluded",))
    before, after = interpolate(then, FRAMES), interpolate(clean, FRAMES)
    for frame in FRAMES:
        old, new = before.shape(frame), after.shape(frame)
        change = found.get(frame)
        if old is None or new is None:
            assert (change is not None) == (old is not new), frame
            continue
        apart_now = distance(old, new)
        if apart_now > DEFINITE:
            assert change is not None, frame
        if apart_now <= 1e-6:
            assert change is None, (frame, change)
        if change is not None:
            assert change.now is not None
            assert distance(change.now, new) <= 2 * NOISE or len(new.points) != len(old.points)


@given(st.sampled_from(KINDS), st.data())
def test_an_unedited_track_has_not_changed(kind: str, data: st.DataObject) -> None:
    track = track_of(data.draw(objects([kind])), FRAMES[-1], 0.5, (), {MUTABLE})
    assert changes(track, stored([track])[0], ("occluded", "z_order", "group")) == {}
