"""Keypoints: as points, with missing ones and values for each point; and as skeletons."""

import math
from dataclasses import replace

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried
from fiftyone.plugins.orgs.roundtrip.cvat.labels.keypoint import KeypointCodec
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import FieldSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape, Node, Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.skeleton import Skeleton
from hypothesis import given
from hypothesis import strategies as st

CODEC = KeypointCodec()
SIZE = Size(640, 480)
POINTS = FieldSchema(type="keypoints", classes=("dog",))
POSE = FieldSchema(
    type="keypoints", classes=("dog",), skeleton=Skeleton(labels=("nose", "eye", "ear"), edges=((0, 1),))
)
NAN = [math.nan, math.nan]

places = st.tuples(st.floats(-1, 2), st.floats(-1, 2)).map(list)
three_places = st.lists(st.one_of(places, st.just(NAN)), min_size=3, max_size=3)
three_bools = st.lists(st.booleans(), min_size=3, max_size=3)


def document(points: list, **more: object) -> dict:
    return dict(fo.Keypoint(label="dog", points=points, **more).to_dict())


def read(points: list, new: CvatShape, schema: FieldSchema = POINTS, **more: object) -> dict:
    """The changed parts after an edit in CVAT."""
    doc = document(points, **more)
    (old,) = CODEC.encode(doc, SIZE, schema)
    return CODEC.decode(CODEC.parts(doc), [(old, new)], SIZE, schema)


def same(one: list, other: list) -> bool:
    """Whether points are the same to the last bit, missing ones included."""
    return repr(one) == repr(other)


@given(st.lists(st.one_of(places, st.just(NAN)), min_size=1, max_size=9))
def test_unedited_points_are_not_touched(points: list) -> None:
    if all(math.isnan(x) for x, _ in points):
        with pytest.raises(NotCarried):
            CODEC.encode(document(points), SIZE, POINTS)
        return
    (shape,) = CODEC.encode(document(points), SIZE, POINTS)
    assert len(shape.points) == 2 * sum(not math.isnan(x) for x, _ in points)
    assert read(points, shape) == {}


@given(st.lists(places, min_size=1, max_size=6, unique_by=tuple), st.data())
def test_a_moved_point_moves_alone(points: list, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(points) - 1))
    points = [*points[:index], points[index], NAN, *points[index + 1 :]]
    (old,) = CODEC.encode(document(points), SIZE, POINTS)
    moved = list(old.points)
    moved[2 * index] += 3000.25
    after = read(points, replace(old, points=tuple(moved)))["points"]
    assert after[index][0] == moved[2 * index] / 640
    after[index][0] = points[index][0]
    assert same(after, points)


def test_values_of_points_follow_them() -> None:
    points = [[0.1, 0.1], NAN, [0.2, 0.2], [0.3, 0.3]]
    (old,) = CODEC.encode(document(points), SIZE, POINTS)
    fewer = CvatShape("points", (*old.points[:2], *old.points[4:], 64.0, 96.0))
    parts = read(points, fewer, confidence=[0.5, 0.6, 0.7, 0.8], names=["a", "b", "c", "d"])
    assert same(parts["points"], [[0.1, 0.1], NAN, [0.3, 0.3], [0.1, 0.2]])
    assert same(parts["confidence"], [0.5, 0.6, 0.8, math.nan])
    assert parts["names"] == ["a", "b", "d", None]


@given(
    st.lists(st.one_of(places, st.just(NAN)), min_size=3, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3)
)
def test_an_unedited_skeleton_is_not_touched(points: list, occluded: list[bool]) -> None:
    (shape,) = CODEC.encode(document(points, occluded=occluded), SIZE, POSE)
    assert [node.outside for node in shape.nodes] == [math.isnan(x) for x, _ in points]
    assert [node.occluded for node in shape.nodes] == occluded
    assert all(math.isfinite(node.x) and math.isfinite(node.y) for node in shape.nodes)
    assert read(points, shape, POSE, occluded=occluded) == {}


@given(three_places, st.integers(0, 2))
def test_one_point_of_a_skeleton_is_edited(points: list, index: int) -> None:
    (old,) = CODEC.encode(document(points), SIZE, POSE)

    def now(**changes: object) -> CvatShape:
        return replace(old, nodes=tuple(replace(n, **changes) if n.index == index else n for n in old.nodes))

    placed = read(points, now(x=3200.0, y=-960.0, outside=False), POSE)["points"]
    assert placed[index] == [5.0, -2.0]
    assert same([*placed[:index], points[index], *placed[index + 1 :]], points)
    hidden = read(points, now(occluded=True), POSE)
    assert hidden["occluded"] == [n == index for n in range(3)] and same(hidden["points"], points)
    gone = read(points, now(outside=True), POSE).get("points", points)
    assert math.isnan(gone[index][0]) and same([*gone[:index], points[index], *gone[index + 1 :]], points)


def test_a_skeleton_needs_all_its_points() -> None:
    with pytest.raises(NotCarried, match="3 points"):
        CODEC.encode(document([[0.1, 0.2]]), SIZE, POSE)


def test_a_skeleton_drawn_in_cvat() -> None:
    nodes = (Node(0, 64, 48), Node(1, 1, 1, outside=True), Node(2, 128, 96, occluded=True))
    parts = CODEC.decode_new([CvatShape("skeleton", nodes=nodes)], SIZE, POSE)
    assert same(parts["points"], [[0.1, 0.1], NAN, [0.2, 0.2]])
    assert parts["occluded"] == [False, False, True]
