"""Interpolation is that of the recorded server, and makes something of whatever is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Shape, Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import FrameShape, interpolate, shape_of
from hypothesis import given
from tracks_strategies import corrupt_tracks
from wire_distill import FACTS, from_lines
from wire_interpolation import load

RECORDED = {facts["name"]: facts for facts in load()}
FRAMES = range(20)


def track_of(name: str) -> Track:
    return Track.model_validate(RECORDED[name]["stored"])


def same(shape: Shape, recorded: dict[str, Any]) -> None:
    """Whether a shape is what the server has, to the last digit that is recorded."""
    for name in ("frame", "type", "outside", "occluded", "z_order"):
        assert getattr(shape, name) == recorded[name], (shape.frame, name)
    assert shape.points == pytest.approx(tuple(recorded["points"]), abs=1e-8), shape.frame
    assert shape.rotation == pytest.approx(recorded["rotation"], abs=1e-8), shape.frame
    texts = sorted([value.spec_id, value.value] for value in shape.attributes)
    assert texts == recorded["attributes"], shape.frame
    for element in shape.elements:
        same(element, next(e for e in recorded["elements"] if e["label_id"] == element.label_id))
    assert len(shape.elements) == len(recorded.get("elements", ()))


@pytest.mark.parametrize("name", [name for name, facts in RECORDED.items() if "error" not in facts])
def test_every_frame_is_the_servers(name: str) -> None:
    track, facts = track_of(name), RECORDED[name]
    found = interpolate(track, FRAMES)
    assert found.odd == ()
    there = {**found.frames, **found.ends}
    recorded = {shape["frame"]: shape for shape in facts["frames"]}
    assert sorted(there) == facts["shown"]
    for frame, item in there.items():
        same(shape_of(track, frame, item), recorded[frame])
    assert set(found.ends) == {frame for frame in facts["shown"] if recorded[frame]["outside"]}
    assert found.keyframes == {frame for frame, shape in recorded.items() if shape["keyframe"]}


def test_the_recordings_hold_every_type_and_the_editor_differs_where_it_is_said() -> None:
    types = {track_of(name).shapes[0].type for name in RECORDED}
    assert types == {"rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "skeleton", "mask"}
    what = {item["what"] for facts in RECORDED.values() for item in facts["differences"]}
    assert what == {
        *("rotation", "frames on which the object is visible", "keyframe"),
        *(f"element {number} z_order" for number in (0, 1)),
    }


def test_a_track_of_masks_is_on_its_keyframes_only() -> None:
    name = "mask, 3 keyframes (in a job of its own)"
    assert "NotImplementedError" in RECORDED[name]["error"]
    found = interpolate(track_of(name), FRAMES)
    assert sorted(found.frames) == [0, 8, 15]
    assert [oddity.reason for oddity in found.odd] == [
        "a track of masks, which CVAT can't interpolate: they are on its keyframes only"
    ]


def test_tracks_that_people_made_of_boxes_and_drew_are_where_they_see_them() -> None:
    """Recorded in the editor on four images: a merge of boxes on frames 0 and 2, and a track drawn on frame 1."""
    facts = from_lines((Path(FACTS) / "26_ui_merge_group_track.jsonl").read_text(encoding="utf-8"))
    merged, drawn = (
        Track.model_validate(track)
        for fact in facts["exchanges"]
        if fact.get("request", {}).get("query", {}).get("action") == "create"
        for track in fact["response"]["json"]["tracks"]
    )
    assert sorted(interpolate(merged, range(4)).frames) == [0, 2]
    assert sorted(interpolate(drawn, range(4)).frames) == [1, 2, 3]


def keyframe(frame: int, points: Any = (0, 0, 4, 4), **more: Any) -> dict[str, Any]:
    return {"type": "rectangle", "frame": frame, "points": points, **more}


def a_track(*shapes: dict[str, Any], **more: Any) -> Track:
    first = min((shape["frame"] for shape in shapes), default=0)
    return Track.model_validate({"frame": first, "label_id": 1, "shapes": shapes, **more})


@pytest.mark.parametrize(
    ("track", "frames", "reasons"),
    [
        pytest.param(a_track(), [], ["a track without keyframes"], id="no keyframes"),
        pytest.param(
            a_track(keyframe(0), keyframe(4, ()), keyframe(6)),
            [0, 1, 2, 3, 4, 5, 6, 7],
            ["a keyframe whose points are no rectangle"],
            id="a keyframe without points is as if it were not there",
        ),
        pytest.param(
            a_track(keyframe(0), keyframe(4, (), outside=True)),
            [0, 1, 2, 3],
            ["a keyframe whose points are no rectangle"],
            id="an end without points is an end",
        ),
        pytest.param(
            a_track(keyframe(2, (1, 1, 2)), keyframe(3, (1e308, 0, 1, 1))),
            [],
            ["a keyframe whose points are no rectangle"] * 2,
            id="nothing that could be drawn",
        ),
        pytest.param(
            a_track(keyframe(1), keyframe(3, (5, 5, 9, 9)), keyframe(3, (1, 1, 2, 2))),
            [1, 2, 3, 4, 5, 6, 7],
            ["a second keyframe on one frame"],
            id="two on one frame",
        ),
        pytest.param(
            a_track(keyframe(0), {"type": "polygon", "frame": 2, "points": (0, 0, 9, 0, 9, 9)}),
            [0, 1, 2, 3, 4, 5, 6, 7],
            ["a keyframe that turns a rectangle into a polygon"],
            id="another type",
        ),
        pytest.param(a_track(keyframe(0, outside=True)), [], [], id="outside all along"),
        pytest.param(
            a_track(keyframe(0), keyframe(3), frame=2), [2, 3, 4, 5, 6, 7], [], id="begins after its keyframe"
        ),
        pytest.param(a_track(keyframe(-3), keyframe(30)), [0, 1, 2, 3, 4, 5, 6, 7], [], id="around the frames"),
        pytest.param(a_track(keyframe(30)), [], [], id="beyond the frames"),
        pytest.param(
            a_track({"type": "skeleton", "frame": 0}), [], ["a skeleton without points"], id="skeleton without points"
        ),
        pytest.param(
            a_track({"type": "starfish", "frame": 0, "points": (1, 2)}),
            [],
            ["a keyframe whose points are no starfish"],
            id="unknown type",
        ),
    ],
)
def test_odd_tracks_are_read_as_far_as_they_make_sense(track: Track, frames: list[int], reasons: list[str]) -> None:
    found = interpolate(track, range(8))
    assert sorted(found.frames) == frames
    assert [oddity.reason for oddity in found.odd] == reasons


def test_of_two_keyframes_on_one_frame_the_later_one_counts() -> None:
    found = interpolate(a_track(keyframe(0), keyframe(2, (5, 5, 9, 9)), keyframe(2, (2, 2, 6, 6))), range(3))
    assert found.frames[1].points == (1, 1, 5, 5)


def test_attributes_left_out_are_those_of_the_keyframe_before() -> None:
    track = a_track(
        keyframe(0, attributes=[{"spec_id": 1, "value": "a"}, {"spec_id": 2, "value": "b"}]),
        keyframe(2, attributes=[{"spec_id": 2, "value": "c"}]),
        attributes=[{"spec_id": 3, "value": "fixed"}],
    )
    shape = interpolate(track, range(4)).shape(3)
    assert shape is not None
    assert {value.spec_id: value.value for value in shape.attributes} == {1: "a", 2: "c", 3: "fixed"}


def test_a_point_that_a_skeleton_has_twice_counts_once() -> None:
    point = {"frame": 0, "label_id": 7, "shapes": [{"type": "points", "frame": 0, "points": (1, 1)}]}
    found = interpolate(a_track({"type": "skeleton", "frame": 0}, elements=[point, point]), range(2))
    assert [len(item.elements) for item in found.frames.values()] == [1, 1]
    assert [oddity.reason for oddity in found.odd] == ["a point that a skeleton has twice"]


@given(corrupt_tracks())
def test_corrupt_tracks_never_raise(data: dict[str, Any]) -> None:
    found = interpolate(Track.model_validate(data), range(8))
    items: list[FrameShape] = [*found.frames.values(), *found.ends.values()]
    assert all(0 <= frame < 8 for frame in (*found.frames, *found.ends))
    assert not any(item.outside for item in found.frames.values()) and all(item.outside for item in found.ends.values())
    for frame, item in {**found.frames, **found.ends}.items():
        shape_of(found.track, frame, item)
    assert all(abs(value) <= 2e100 for item in items if not item.outside for value in item.points)
