"""Labels to tracks, an edit in CVAT, and back: what was not edited keeps every bit."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.read import read_label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.identity import FrameLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.load import LoadedTracks, load_tracks
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.match import BaseTrack
from hypothesis import given
from hypothesis import strategies as st
from tracks_editor import FRAMES, move, unpin, write
from tracks_world import FIELD, SIZE, World, box, size_of, stored

ATTRIBUTES = {"speed": {"type": "number"}, "make": {"type": "text", "mutable": False}}


class Clip:
    """A field of a clip that was sent, and its tracks in CVAT.

    Args:
        world: the field
        labels: what it has on the frames
    """

    def __init__(self, world: World, labels: list[FrameLabel]) -> None:
        self.world = world
        self.sent = world.send(labels, [FRAMES])
        self.tracks = stored([one.track for one in self.sent.tracks])
        pairs = zip(self.tracks, self.sent.tracks, strict=True)
        self.base = [BaseTrack(track, one.held, one.identity, one.origin) for track, one in pairs]

    def load(self, *now: Track) -> tuple[LoadedTracks, dict[int, dict[str, Any]]]:
        """What a load finds; and by frame, what changes of the labels that were edited."""
        loaded = load_tracks(self.base, now, FRAMES, size_of)
        changes = {}
        for label in loaded.edited:
            frame, label_id = label.key
            base = BaseLabel(
                field=FIELD, sample_id="", frame=frame, label_id=label_id, objects=(),
                parts=self.sent.encoded[label.key].parts,
            )  # fmt: skip
            reading = read_label(base, [(label.change.then, label.change.now)], self.world.vocabulary, SIZE)
            assert not reading.refused
            changes[frame] = {
                path: value for path, value in reading.parts.items() if bits(value) != bits(base.parts.get(path))
            }
        return loaded, changes


def bits(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def a_box_that_shakes() -> Clip:
    """A box whose frames CVAT shows slightly off, within the tolerance."""
    shake = [0.3 * math.sin(7 * frame) / SIZE.width for frame in FRAMES]
    labels = [box(f, 0.01 * f + shake[f], index=1, speed=float(f // 20), make="vw") for f in FRAMES]
    return Clip(World(attributes=ATTRIBUTES), labels)


def test_labels_that_cvat_shows_slightly_off_have_not_changed() -> None:
    clip = a_box_that_shakes()
    assert 2 < len(clip.tracks[0].shapes) < 20
    loaded, changes = clip.load(*clip.tracks)
    assert changes == {} and not (loaded.new or loaded.deleted)


def test_a_side_that_was_dragged_changes_the_labels_up_to_the_neighbours_in_this_side_only() -> None:
    clip = a_box_that_shakes()
    frames = [shape.frame for shape in clip.tracks[0].shapes]
    before, at, after = frames[0:3]
    _, changes = clip.load(move(clip.tracks[0], at, {3: 20.0}, 1e-3))
    assert list(changes) == list(range(before + 1, after))
    for frame, change in changes.items():
        assert change.keys() == {"bounding_box"}
        there = clip.sent.encoded[clip.sent.tracks[0].held[frame]].parts["bounding_box"]
        assert change["bounding_box"][:3] == there[:3], frame
        assert change["bounding_box"][3] > there[3]


def test_an_attribute_from_a_frame_on() -> None:
    clip = a_box_that_shakes()
    spec = clip.world.vocabulary.words[0].specs["speed"][0]
    frames = [shape.frame for shape in clip.tracks[0].shapes]
    start = frames[-2] + 1
    _, changes = clip.load(write(clip.tracks[0], start, spec, "9"))
    assert changes == {frame: {"speed": 9.0} for frame in range(start, frames[-1])}


def test_an_attribute_of_the_whole_track() -> None:
    clip = a_box_that_shakes()
    track = clip.tracks[0]
    now = track.model_copy(
        update={"attributes": tuple(v.model_copy(update={"value": "bmw"}) for v in track.attributes)}
    )
    assert clip.load(now)[1] == {frame: {"make": "bmw"} for frame in FRAMES}


def test_a_class_of_the_whole_track() -> None:
    clip = a_box_that_shakes()
    van = clip.world.id_of("van")
    car, own = (word.specs for word in clip.world.vocabulary.words)
    renamed = {car[name][0]: own[name][0] for name in car}
    data = json.loads(clip.tracks[0].model_dump_json())
    for value in [*data["attributes"], *(v for shape in data["shapes"] for v in shape["attributes"])]:
        value["spec_id"] = renamed[value["spec_id"]]
    assert clip.load(Track.model_validate({**data, "label_id": van}))[1] == {f: {"label": "van"} for f in FRAMES}


def fishes() -> Clip:
    nan = float("nan")
    world = World(type="keypoints", classes=["fish"], skeleton={"labels": ["head", "tail"]})
    labels = [
        FrameLabel(
            f,
            str(f),
            {
                "_cls": "Keypoint", "label": "fish", "index": 1,
                "points": [[0.1 + 0.01 * f, 0.1], [nan, nan] if 10 <= f < 20 else [0.5, 0.5 + 0.01 * f]],
            },
            SIZE,
        )
        for f in FRAMES
        if not 25 <= f < 30
    ]  # fmt: skip
    return Clip(world, labels)


def test_a_point_of_a_skeleton_moves_alone() -> None:
    clip = fishes()
    (track,) = clip.tracks
    assert clip.load(track)[1] == {}
    head, tail = track.elements
    loaded, changes = clip.load(track.model_copy(update={"elements": (move(head, 24, {0: 64.0}, 1e-3), tail)}))
    assert changes.keys() == set(range(1, 25)) and not (loaded.new or loaded.deleted)
    for frame, change in changes.items():
        there = clip.sent.encoded[frame, str(frame)].parts["points"]
        assert bits(change["points"][1]) == bits(there[1]) and change["points"][0][1] == there[0][1]
        assert change["points"][0][0] > there[0][0]


def test_points_that_are_drawn_in_a_gap_of_a_skeleton_are_a_new_label() -> None:
    clip = fishes()
    (track,) = clip.tracks
    head, tail = track.elements
    shown = head.model_copy(
        update={"shapes": tuple(shape.model_copy(update={"outside": False}) for shape in head.shapes)}
    )
    loaded, _ = clip.load(track.model_copy(update={"elements": (shown, tail)}))
    assert [label.frame for label in loaded.new] == list(range(25, 30))
    assert not loaded.deleted


@given(st.data())
def test_only_what_changed_is_written(data: st.DataObject) -> None:
    clip = a_box_that_shakes()
    (track,) = clip.tracks
    frames = [shape.frame for shape in track.shapes if shape.frame != 20]  # there the speed changes
    at = data.draw(st.integers(0, 39))
    side = data.draw(st.integers(0, 3))
    if data.draw(st.booleans()):
        now, wide = move(track, at, {side: 8.0 if side > 1 else -8.0}, 1e-3), True
    else:
        now, wide = unpin(track, data.draw(st.sampled_from(frames[1:-1]))), False
    loaded, changes = clip.load(now)
    assert not (loaded.new or loaded.deleted or loaded.moved)
    for frame, change in changes.items():
        assert change.keys() == {"bounding_box"}
        if wide:  # the other three sides keep their numbers; of a side on the left or top the length changes, too
            there = clip.sent.encoded[clip.sent.tracks[0].held[frame]].parts["bounding_box"]
            other = 1 - side % 2
            assert change["bounding_box"][other::2] == there[other::2]


@pytest.mark.parametrize("start", [-0.05, 0.95])
def test_what_the_editor_clips_is_no_edit(start: float) -> None:
    """A box that is partly outside the image: the editor clips it where it makes a keyframe of it."""
    clip = Clip(World(), [box(f, start, index=1) for f in FRAMES])
    (track,) = clip.tracks
    assert len(track.shapes) == 1
    side = 0 if start < 0 else 2
    edge = 0.0 if start < 0 else float(SIZE.width)
    by = {side: edge - track.shapes[0].points[side], 3: 30.0}
    _, changes = clip.load(move(track, 20, by))
    for frame, change in changes.items():
        there = clip.sent.encoded[clip.sent.tracks[0].held[frame]].parts["bounding_box"]
        assert change["bounding_box"][:3] == there[:3], frame
    assert changes.keys() == set(range(1, 40))
