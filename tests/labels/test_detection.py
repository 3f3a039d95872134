"""Detections: what of a bounding box an edit of its rectangle changes."""

from __future__ import annotations

import copy
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried
from fiftyone.plugins.orgs.roundtrip.cvat.labels.detection import DetectionCodec
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape, Size
from hypothesis import assume, given
from hypothesis import strategies as st
from labels_server import bits, echo, edited, schema_of, send
from labels_strategies import any_boxes, boxes, deltas, noise, rotations, sizes

SCHEMA = schema_of(gt={})
CODEC = DetectionCodec()
FIELD = SCHEMA.fields["gt"]
LEFT, TOP, RIGHT, BOTTOM = range(4)


def detection(box: Any, rotation: Any = None) -> dict[str, Any]:
    """A detection as MongoDB has it."""
    document = fo.Detection(label="car").to_dict()
    return {**document, "bounding_box": box} | ({} if rotation is None else {"rotation": rotation})


def shift(points: tuple[float, ...], by: list[float]) -> tuple[float, ...]:
    return tuple(point + more for point, more in zip(points, by, strict=True))


@pytest.mark.parametrize(
    ("box", "size", "points"),
    [
        ([0.25, 0.5, 0.5, 0.25], (640, 480), (160, 240, 480, 360)),
        ([0, 0, 1, 1], (1, 1), (0, 0, 1, 1)),
        ([-0.5, 0.5, 2, 1], (640, 480), (-320, 240, 960, 720)),
        ([0.5, 0.5, 0, 0], (7919, 3), (3959.5, 1.5, 3959.5, 1.5)),
        ([0.5, 0.5, -0.25, 0.25], (640, 480), (320, 240, 160, 360)),
    ],
)
def test_drawn_as_a_rectangle(box: list[float], size: tuple[int, int], points: tuple[float, ...]) -> None:
    assert CODEC.encode(detection(box), Size(*size), FIELD) == [CvatShape("rectangle", points)]


@pytest.mark.parametrize(
    ("rotation", "degrees"),
    [(None, 0), (0, 0), (-30, 330), (0.5, 0.5), (359.9, 359.9), (360, 0), (720, 0), (-725.5, 354.5)],
)
def test_rotation_is_what_cvat_accepts(rotation: Any, degrees: float) -> None:
    sent = send(detection([0.1, 0.1, 0.5, 0.5], rotation), SCHEMA)
    assert sent.objects[0].rotation == degrees
    assert sent.changes(echo(sent.objects[0])) == {}


@pytest.mark.parametrize(
    "broken",
    [
        {"bounding_box": None},
        {"bounding_box": []},
        {"bounding_box": [0.1, 0.2, 0.3]},
        {"bounding_box": "0.1"},
        {"bounding_box": 7},
        {"bounding_box": {"x": 1}},
        {"bounding_box": ["0.1", "0.1", "0.5", "0.5"]},
        {"bounding_box": [0.1, None, 0.5, 0.5]},
        {"bounding_box": [0.1, True, 0.5, 0.5]},
        {"bounding_box": [0.1, float("nan"), 0.5, 0.5]},
        {"bounding_box": [0.1, 0.1, float("inf"), 0.5]},
        {"bounding_box": [0.1, 0.1, 10**400, 0.5]},
        {"bounding_box": [0.1, 0.1, 1e300, 0.5]},
        {"mask": b"packed"},
        {"mask_path": "/masks/1.png"},
        {"rotation": "upright"},
        {"rotation": True},
        {"rotation": float("nan")},
        {"rotation": ObjectId("65" * 12)},
    ],
    ids=repr,
)
def test_what_is_no_rectangle_is_left_out_with_a_reason(broken: dict[str, Any]) -> None:
    with pytest.raises(NotCarried, match=r"^(detections|labels) \w+"):
        send(detection([0.1, 0.1, 0.5, 0.5]) | broken, SCHEMA)


@given(any_boxes, rotations, sizes)
def test_an_unedited_box_keeps_every_bit(box: list[float], rotation: Any, size: tuple[int, int]) -> None:
    sent = send(detection(box, rotation), SCHEMA, size)
    assert bits(sent.base.parts) == bits({"label": "car", "bounding_box": box, "rotation": rotation})
    assert sent.changes(echo(sent.objects[0])) == {}


@given(boxes, rotations, sizes, deltas, noise(4), st.sampled_from([LEFT, TOP, RIGHT, BOTTOM]))
def test_a_side_that_is_dragged_outward(
    box: list[float], rotation: Any, size: tuple[int, int], by: float, shake: list[float], side: int
) -> None:
    sent = send(detection(box, rotation), SCHEMA, size)
    item = sent.objects[0]
    shake[side] = by if side in (RIGHT, BOTTOM) else -by
    now = shift(item.points, shake)
    axis = side % 2
    untouched = [n for n in range(4) if n not in (side, axis + 2)]
    changes = sent.changes(edited(item, points=now))
    assert set(changes) == {"bounding_box"}
    new = changes["bounding_box"]
    assert bits([new[n] for n in untouched]) == bits([box[n] for n in untouched])
    far = {**dict(enumerate(item.points)), side: now[side]}
    assert new[axis] == (far[axis] / size[axis] if side == axis else box[axis])
    assert new[axis + 2] == (far[axis + 2] - far[axis]) / size[axis]


@given(boxes, rotations, sizes, st.tuples(deltas, deltas), noise(4))
def test_a_box_that_is_moved_keeps_its_width_and_height(
    box: list[float], rotation: Any, size: tuple[int, int], by: tuple[float, float], shake: list[float]
) -> None:
    assume(box[2] * size[0] > 0.01 and box[3] * size[1] > 0.01)  # noise could turn a smaller one inside out
    sent = send(detection(box, rotation), SCHEMA, size)
    now = shift(sent.objects[0].points, [more + by[n % 2] for n, more in enumerate(shake)])
    changes = sent.changes(edited(sent.objects[0], points=now))
    assert set(changes) == {"bounding_box"}
    assert changes["bounding_box"][:2] == [now[0] / size[0], now[1] / size[1]]
    assert bits(changes["bounding_box"][2:]) == bits(box[2:])


@given(any_boxes, sizes, st.floats(0, 360), st.floats(1, 359), noise(4))
def test_a_box_that_is_turned_keeps_its_box(
    box: list[float], size: tuple[int, int], start: float, by: float, shake: list[float]
) -> None:
    sent = send(detection(box, start), SCHEMA, size)
    item = sent.objects[0]
    now = edited(item, points=shift(item.points, shake), rotation=(start + by) % 360)
    assert sent.changes(now) == {"rotation": (start + by) % 360}


@given(boxes, sizes, deltas, st.floats(-5e-4, 5e-4))
def test_a_turned_box_that_is_resized_keeps_its_rotation(
    box: list[float], size: tuple[int, int], by: float, shake: float
) -> None:
    sent = send(detection(box, 30.5), SCHEMA, size)
    item = sent.objects[0]
    now = edited(item, points=shift(item.points, [0, 0, by, 0]), rotation=30.5 + shake)
    assert set(sent.changes(now)) == {"bounding_box"}


@given(boxes, st.integers(0, 3), st.sampled_from([1e-3, -1e-3, 1e-6]))
def test_the_smallest_edit_is_meant_when_it_is_alone(box: list[float], side: int, by: float) -> None:
    sent = send(detection(box), SCHEMA)
    item = sent.objects[0]
    now = shift(item.points, [by if n == side else 0.0 for n in range(4)])
    changes = sent.changes(edited(item, points=now))
    assert set(changes) == {"bounding_box"}
    untouched = [n for n in range(4) if n % 2 != side % 2]
    assert bits([changes["bounding_box"][n] for n in untouched]) == bits([box[n] for n in untouched])
    x, y, w, h = changes["bounding_box"]
    upright = sorted((now[0], now[2])) + sorted((now[1], now[3]))
    assert [x * 640, (x + w) * 640, y * 480, (y + h) * 480] == pytest.approx(upright, abs=1e-9)


def test_the_smallest_rotation_is_meant_when_it_is_alone() -> None:
    sent = send(detection([0.1, 0.1, 0.5, 0.5], 30), SCHEMA)
    assert sent.changes(edited(sent.objects[0], rotation=30.0001)) == {"rotation": 30.0001}


def test_over_the_top_is_a_short_way() -> None:
    sent = send(detection([0.1, 0.1, 0.5, 0.5], 359.9999), SCHEMA)
    item = sent.objects[0]
    changes = sent.changes(edited(item, points=shift(item.points, [0, 0, 5, 0]), rotation=0.0))
    assert set(changes) == {"bounding_box"}


@pytest.mark.parametrize(
    ("what", "points", "box"),
    [
        ("right over left", (160, 240, 80, 360), [80 / 640, 0.5, 80 / 640, 0.25]),
        ("bottom over top", (160, 240, 480, 120), [0.25, 120 / 480, 0.5, 120 / 480]),
        ("the same, drawn from another corner", (480, 360, 160, 240), [0.25, 0.5, 0.5, 0.25]),
        ("to nothing", (160, 240, 160, 240), [0.25, 0.5, 0.0, 0.0]),
    ],
)
def test_a_box_that_is_turned_inside_out(what: str, points: tuple[float, ...], box: list[float]) -> None:
    sent = send(detection([0.25, 0.5, 0.5, 0.25]), SCHEMA)
    assert sent.read(edited(sent.objects[0], points=points)).parts["bounding_box"] == box


def test_a_box_of_negative_width_is_put_right_only_where_it_is_edited() -> None:
    sent = send(detection([0.5, 0.5, -0.25, 0.25]), SCHEMA)
    item = sent.objects[0]
    lower = sent.changes(edited(item, points=(320, 240, 160, 370)))
    assert lower == {"bounding_box": [0.5, 0.5, -0.25, 130 / 480]}
    wider = sent.changes(edited(item, points=(330, 240, 160, 360)))
    assert wider == {"bounding_box": [0.25, 0.5, 170 / 640, 0.25]}


def test_whole_numbers_stay_whole_numbers() -> None:
    sent = send(detection([0, 0, 1, 1]), SCHEMA)
    assert bits(sent.changes(edited(sent.objects[0], points=(0, 0, 320, 480)))) == bits(
        {"bounding_box": [0, 0, 0.5, 1]}
    )


def test_reading_leaves_the_base_alone() -> None:
    sent = send(detection([0.25, 0.5, 0.5, 0.25]), SCHEMA)
    before = copy.deepcopy(sent.base.parts)
    sent.read(edited(sent.objects[0], points=(1, 2, 3, 4)))
    assert bits(sent.base.parts) == bits(before)


@pytest.mark.parametrize("type_", ["polygon", "polyline", "ellipse", "points", "skeleton", "cuboid"])
def test_a_rectangle_that_became_something_else_is_refused_once(type_: str) -> None:
    """Over the API a shape may change its type and keep its id; a Detection can't follow."""
    sent = send(detection([0.25, 0.5, 0.5, 0.25]), SCHEMA)
    other = edited(sent.objects[0], type=type_, points=(1, 1, 5, 1, 5, 5))
    reading = sent.read(other)
    assert bits(reading.parts) == bits(sent.base.parts)
    assert reading.refused == {f"edits that turned a Detection into {'an' if type_ == 'ellipse' else 'a'} {type_}": 1}
    later = send(detection([0.25, 0.5, 0.5, 0.25]), SCHEMA)
    object.__setattr__(later, "base", later.base.model_copy(update={"objects": (other,)}))
    assert not later.read(other).refused
    assert later.changes(edited(other, type="rectangle", points=(160, 240, 320, 360))) == {
        "bounding_box": [0.25, 0.5, 0.25, 0.25]
    }


@pytest.mark.parametrize("rotation", [0.0, 33.5])
def test_a_drawn_box_is_stored_as_fiftyone_would(rotation: float) -> None:
    turned = {"rotation": rotation} if rotation else {}
    ours = CODEC.blank() | CODEC.decode_new(
        [CvatShape("rectangle", (160, 240, 480, 360), rotation)], Size(640, 480), FIELD
    )
    theirs = fo.Detection(label="car", bounding_box=[0.25, 0.5, 0.5, 0.25], **turned).to_dict()
    del theirs["_id"], theirs["label"]
    assert bits(ours) == bits(theirs)


@given(boxes, sizes)
def test_a_drawn_box_is_where_it_was_drawn(box: list[float], size: tuple[int, int]) -> None:
    frame = Size(*size)
    shapes = CODEC.encode(detection(box), frame, FIELD)
    drawn = CODEC.decode_new(shapes, frame, FIELD)["bounding_box"]
    assert CODEC.encode(detection(drawn), frame, FIELD)[0].points == pytest.approx(shapes[0].points, abs=1e-6)
