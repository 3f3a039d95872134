"""Labels of frames become tracks, one an object; what can't be in one is a single shape, and is counted."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.drawn import NOWHERE
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.identity import FrameLabel, Identity, find_objects
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.mutability import AttributeChanges
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.send import (
    CHANGES_CLASS,
    DISAGREE,
    NO_TRACK,
    SECOND,
    SentVideo,
)
from hypothesis import given
from hypothesis import strategies as st
from tracks_world import SIZE, World, box, schema_of


def held(sent: SentVideo) -> list[list[int]]:
    """The frames of the labels of each track."""
    return [[frame for frame, _ in track.held] for track in sent.tracks]


def test_an_object_is_what_has_one_index() -> None:
    sent = World().send([box(0, index=1), box(0, 0.5, index=2), box(1, index=1), box(5, index=1)])
    assert held(sent) == [[0, 1, 5], [0]]
    assert [track.identity for track in sent.tracks] == [Identity(1), Identity(2)]
    assert sent.shapes == () and sent.counts == Counter()
    assert [(shape.frame, shape.outside) for shape in sent.tracks[0].track.shapes] == [
        (0, False), (2, True), (5, False), (6, True),
    ]  # fmt: skip


def test_a_label_without_identity_is_a_single_shape() -> None:
    sent = World().send([box(0), box(1), box(1, index=True)])
    assert sent.tracks == () and [shape.origin for shape in sent.shapes] == [None] * 3


@pytest.mark.parametrize(
    ("labels", "objects", "disagreeing"),
    [
        pytest.param([box(0, instance="a"), box(1, instance="a")], [0, 0], [], id="by instance"),
        pytest.param([box(0, index=1, instance="a"), box(1, index=1, instance="a")], [0, 0], [], id="by both"),
        pytest.param([box(0, index=1, instance="a"), box(1, index=1)], [0, 0], [], id="an index that an instance has"),
        pytest.param([box(0, index=1, instance="a"), box(1, instance="a"), box(2, index=2)], [0, 0, 1], [], id="mixed"),
        pytest.param(
            [box(0, index=1, instance="a"), box(1, index=1, instance="a"), box(2, index=2, instance="a")],
            [0, 0, 0],
            [2],
            id="one instance, two indexes",
        ),
        pytest.param(
            [box(0, index=1, instance="a"), box(1, index=1, instance="a"), box(2, index=1, instance="b")],
            [0, 0, 1],
            [2],
            id="one index, two instances",
        ),
        pytest.param(
            [box(0, index=1, instance="a"), box(0, index=1, instance="b"), box(2, index=1)],
            [0, 1, 2],
            [1],
            id="an index that two instances have is an object of its own",
        ),
        pytest.param(
            [box(0, index=1, instance="a"), box(0, index=1, label="van", instance="b")],
            [0, 1],
            [],
            id="indexes that are counted by class",
        ),
    ],
)
def test_the_instance_decides(labels: list[FrameLabel], objects: list[int], disagreeing: list[int]) -> None:
    found = find_objects(labels)
    assert list(found.numbers) == objects
    assert [label.frame if label.frame else labels.index(label) for label in found.disagreeing] == disagreeing
    sent = World().send(labels)
    assert sent.counts[DISAGREE] == len(disagreeing)
    assert {track.origin for track in sent.tracks} == set(objects)


def test_a_class_change_makes_two_tracks_of_one_object() -> None:
    world = World()
    sent = world.send([box(f, index=7, label="van" if f in (2, 3) else "car") for f in range(5)])
    assert [(track.track.label_id, track.origin) for track in sent.tracks] == [
        (world.id_of("car"), 0), (world.id_of("van"), 0),
    ]  # fmt: skip
    assert held(sent) == [[0, 1, 4], [2, 3]]
    assert {track.identity for track in sent.tracks} == {Identity(7)}
    assert sent.counts == {CHANGES_CLASS: 5}


def test_two_labels_of_an_object_on_one_frame_are_a_track_and_a_shape() -> None:
    near, far = box(1, 0.12, index=1), box(1, 0.7, index=1)
    sent = World().send([box(0, index=1), far, near, box(2, 0.14, index=1)])
    assert [key for track in sent.tracks for key in track.held][1] == near.key
    assert [(shape.key, shape.identity) for shape in sent.shapes] == [(far.key, Identity(1))]
    assert sent.counts == {SECOND: 1}


def test_objects_of_one_index_but_two_classes_are_two_tracks_on_the_same_frames() -> None:
    sent = World().send([box(f, 0.5 * n, index=1, label=name) for f in (0, 1) for n, name in enumerate(("car", "van"))])
    assert held(sent) == [[0, 1], [0, 1]] and sent.shapes == ()


def test_what_can_be_no_track_is_a_shape_that_keeps_its_identity() -> None:
    line = [[0.1, 0.1], [0.2, 0.2]]
    parts = [
        FrameLabel(f, str(f), {"_cls": "Polyline", "label": "car", "index": 3, "points": points}, SIZE)
        for f, points in enumerate(([line], [line, line], [line]))
    ]
    sent = World(type="polylines").send(parts)
    assert held(sent) == [[0, 2]]
    assert [(shape.key, shape.identity) for shape in sent.shapes] == [((1, "1"), Identity(3))]
    assert sent.counts == {NO_TRACK: 1}


def test_masks_are_single_shapes(mask_bytes: bytes) -> None:
    sent = World(type="instances").send([box(0, index=1, mask=mask_bytes), box(1, index=1, mask=mask_bytes)])
    assert sent.tracks == () and len(sent.shapes) == 2
    assert sent.counts == {NO_TRACK: 2}


@pytest.fixture
def mask_bytes() -> bytes:
    import fiftyone.core.utils as fou
    import numpy as np

    return bytes(fou.serialize_numpy_array(np.ones((4, 4), dtype=bool)))


def test_a_label_that_cvat_cannot_hold_is_left_out_alone() -> None:
    sent = World().send(
        [box(0, index=1), box(1, index=1, label="bus"), box(2, float("nan"), index=1), box(12, index=1)]
    )
    assert held(sent) == [[0]]
    assert Counter(notice.reason for notice in sent.left_out) == {
        "labels of class 'bus', which is not in the schema": 1,
        "detections whose bounding box is not four finite numbers": 1,
        NOWHERE: 1,
    }


def test_keypoints_with_a_skeleton_are_skeleton_tracks() -> None:
    world = World(type="keypoints", classes=["fish"], skeleton={"labels": ["head", "tail"]})
    nan = float("nan")
    rows = [[[0.1, 0.1], [0.5, 0.5]], [[0.2, 0.1], [nan, nan]], [[0.3, 0.1], [0.7, 0.5]]]
    labels = [
        FrameLabel(f, str(f), {"_cls": "Keypoint", "label": "fish", "index": 1, "points": points}, SIZE)
        for f, points in enumerate(rows)
    ]
    (sent,) = world.send(labels, [range(3)]).tracks
    head, tail = sent.track.elements
    assert [(shape.frame, shape.outside) for shape in head.shapes] == [(0, False), (2, False)]
    assert [(shape.frame, shape.outside) for shape in tail.shapes] == [(0, False), (1, True), (2, False)]
    assert [shape.frame for shape in sent.track.shapes] == [0]


@pytest.mark.parametrize("overlap", [0, 2])
def test_an_object_in_several_jobs_is_a_track_in_each(overlap: int) -> None:
    jobs = [range(5 + overlap), range(5, 10)]
    sent = World().send([box(f, 0.01 * f, index=1) for f in range(1, 9)], jobs)
    assert [(track.job, track.origin) for track in sent.tracks] == [(0, 0), (1, 0)]
    assert held(sent) == [list(range(1, 5 + overlap)), [5, 6, 7, 8]]
    ends = [[(shape.frame, shape.outside) for shape in track.track.shapes] for track in sent.tracks]
    assert ends == [[(1, False), (4 + overlap, False)], [(5, False), (9, True)]]


def test_a_label_that_is_a_keyframe_stays_one() -> None:
    sent = World().send([box(f, index=1, keyframe=f in (3, 4)) for f in range(10)])
    assert [shape.frame for shape in sent.tracks[0].track.shapes] == [0, 3, 4]


ATTRIBUTES = {"speed": {"type": "number"}, "make": {"type": "text"}}


def moving(f: int, **more: Any) -> FrameLabel:
    return box(f, index=1, make="vw", speed=float(f), **more)


def test_attributes_that_never_change_along_an_object_are_immutable() -> None:
    changes = AttributeChanges(schema_of(attributes=ATTRIBUTES))
    changes.add([moving(f) for f in range(3)])
    changes.add([box(f, index=2, label="van", make=make, speed=1.0) for f, make in enumerate("abb")])
    schema = changes.schema()
    mutable = {name: {a for a, item in schema.attributes_of(name).items() if item.mutable} for name in ("car", "van")}
    assert mutable == {"car": {"speed"}, "van": {"make"}}


def test_attributes_of_what_is_never_seen_twice_stay_mutable() -> None:
    changes = AttributeChanges(schema_of(attributes=ATTRIBUTES))
    changes.add([moving(0), box(1, make="a"), box(2, make="b")])
    assert all(item.mutable for item in changes.schema().attributes_of("car").values())


def test_an_attribute_that_someone_made_immutable_stays_so() -> None:
    changes = AttributeChanges(schema_of(attributes={"speed": {"type": "number", "mutable": False}}))
    changes.add([moving(f) for f in range(3)])
    assert not changes.schema().attributes_of("car")["speed"].mutable


def test_mutable_texts_are_on_keyframes_and_the_others_on_the_track() -> None:
    changes = AttributeChanges(schema_of(attributes=ATTRIBUTES))
    labels = [box(f, index=1, make="vw", speed=1.0 if f < 5 else 2.0) for f in range(10)]
    changes.add(labels)
    world = World(**changes.schema().model_dump(exclude={"type"}))
    (sent,) = world.send(labels).tracks
    assert [value.value for value in sent.track.attributes] == ["vw"]
    assert [(k.frame, [value.value for value in k.attributes]) for k in sent.track.shapes] == [
        (0, ["1.0"]),
        (5, ["2.0"]),
    ]


def test_an_immutable_attribute_that_changes_is_counted() -> None:
    world = World(attributes={"make": {"type": "text", "mutable": False}})
    sent = world.send([box(f, index=1, make=make) for f, make in enumerate("abb")])
    assert [value.value for value in sent.tracks[0].track.attributes] == ["b"]
    assert sent.counts == {"values of 'make' that change along a track, where CVAT's attribute can't": 1}


def test_what_a_track_has_once_or_not_at_all_is_counted() -> None:
    """Its group and its source are those of its first label in each job; it has no score."""
    world = World(facts={"group": "party", "source": "origin", "score": "confidence"})
    labels = [box(f, index=1, party=1 + (f > 3), origin="me", confidence=0.5 if f == 0 else None) for f in range(6)]
    labels[5].document["origin"] = "you"
    sent = world.send(labels, [range(5), range(3, 10)])
    assert [(sent_track.track.group, sent_track.track.source) for sent_track in sent.tracks] == [(1, "me")] * 2
    assert sent.counts == {
        "values of 'party', of which a track in CVAT has one": 2,
        "values of 'origin', of which a track in CVAT has one": 1,
        "values of 'confidence', which no track in CVAT has": 1,
    }


@given(
    st.lists(
        st.builds(
            box,
            frame=st.integers(0, 11),
            x=st.floats(0, 0.8) | st.just(float("inf")),
            index=st.none() | st.integers(0, 2),
            label=st.sampled_from(["car", "van", "bus"]),
            keyframe=st.booleans(),
        ),
        max_size=30,
    ),
    st.sampled_from([(range(10),), (range(5), range(5, 10)), (range(6), range(3, 10))]),
)
def test_each_label_is_in_a_track_or_a_shape_or_left_out(labels: list[FrameLabel], jobs: tuple[range, ...]) -> None:
    labels = list({label.key: label for label in labels}.values())
    sent = World().send(labels, jobs)
    in_tracks = {key for track in sent.tracks for key in track.held}
    in_shapes = [shape.key for shape in sent.shapes]
    left_out = [notice.label.key for notice in sent.left_out]
    assert sorted([*in_tracks, *in_shapes, *left_out]) == sorted(label.key for label in labels)
    assert sent.encoded.keys() == in_tracks | set(in_shapes)
    for track in sent.tracks:
        found = interpolate(track.track, jobs[track.job])
        assert [frame for frame, _ in track.held] == sorted(found.frames)
        for key in track.held:
            assert found.frames[key[0]].points == pytest.approx(sent.encoded[key].objects[0].points, abs=0.5 + 1e-8)


def test_the_order_of_labels_does_not_change_the_tracks() -> None:
    labels = [box(f, 0.05 * n, index=n) for f in range(8) for n in range(3)]
    mixed = list(labels)
    random.Random(1).shuffle(mixed)
    tracks = [{(track.identity, track.track) for track in World().send(some).tracks} for some in (labels, mixed)]
    assert tracks[0] == tracks[1]


@pytest.mark.parametrize(("read_only", "keyframes"), [(False, 10), (True, 2)])
def test_an_attribute_that_changes_all_the_time(read_only: bool, keyframes: int) -> None:
    """Each change is a keyframe, and a word of it is said; but of what nobody can edit, no change is one."""
    world = World(attributes={"speed": {"type": "text", "kind": "float", "read_only": read_only}})
    sent = world.send([box(frame, 0.05 * frame, index=1, speed=0.5 + frame) for frame in range(10)])
    assert sent.keyframes == keyframes
    assert [reason.split(" is another")[0] for reason in sent.counts] == ["labels whose 'speed'"] * (not read_only)
    assert [*sent.counts.values()] == [9] * (not read_only)
    (track,) = sent.tracks
    shown = interpolate(track.track, range(10))
    assert [round(shown.frames[frame].points[0] / 64, 6) for frame in range(10)] == [0.5 * n for n in range(10)]
