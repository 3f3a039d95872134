"""Polylines and polygons: what of their points an edit of their shapes changes."""

from __future__ import annotations

import itertools
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried
from fiftyone.plugins.orgs.roundtrip.cvat.labels.polyline import PolylineCodec
from fiftyone.plugins.orgs.roundtrip.cvat.labels.read import read_label
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape, Size
from hypothesis import assume, given
from hypothesis import strategies as st
from labels_server import Sent, bits, echo, edited, schema_of, send
from labels_strategies import deltas, lines, noise, polylines, sizes

SCHEMA = schema_of(gt={"type": "polylines"})
CODEC = PolylineCodec()
FIELD = SCHEMA.fields["gt"]
SIZE = (640, 480)
SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]
STROKE = [[0.2, 0.2], [0.3, 0.4]]


def polyline(points: Any, closed: bool = False, filled: bool = False) -> dict[str, Any]:
    """A polyline as MongoDB has it."""
    return {**fo.Polyline(label="car", closed=closed, filled=filled).to_dict(), "points": points}


def vertices(points: tuple[float, ...]) -> list[tuple[float, ...]]:
    return [tuple(points[n : n + 2]) for n in range(0, len(points), 2)]


def flat(points: Any) -> tuple[float, ...]:
    return tuple(itertools.chain.from_iterable(points))


@pytest.mark.parametrize(
    ("closed", "filled", "parts", "types"),
    [
        (False, False, [SQUARE], ["polyline"]),
        (True, False, [SQUARE], ["polygon"]),
        (False, True, [SQUARE], ["polygon"]),
        (True, True, [SQUARE, SQUARE[:3]], ["polygon", "polygon"]),
        (True, True, [STROKE], ["polyline"]),  # CVAT has no polygon of two points
        (True, False, [SQUARE, STROKE], ["polygon", "polyline"]),
    ],
)
def test_drawn_as_one_shape_for_each_part(closed: bool, filled: bool, parts: Any, types: list[str]) -> None:
    sent = send(polyline(parts, closed, filled), SCHEMA)
    assert [item.type for item in sent.objects] == types
    assert {item.group for item in sent.objects} == ({None} if len(parts) == 1 else {1})
    assert [item.points for item in sent.objects] == [
        tuple(value for x, y in part for value in (x * 640, y * 480)) for part in parts
    ]


@pytest.mark.parametrize(
    "points",
    [
        None,
        [],
        [[]],
        [[[0.1, 0.1]]],
        [[], None],
        SQUARE,
        [[["0.1", "0.1"], ["0.5", "0.5"]]],
        [["ab", "cd"]],
        [[[0.1, None], [0.5, 0.5]]],
        [[[True, 0.1], [0.5, 0.5]]],
        [[[0.1, 0.1, 0.1], [0.5, 0.5, 0.5]]],
        [[[0.1, float("nan")], [0.5, 0.5]]],
        [[[0.1, 10**400], [0.5, 0.5]]],
        [[[0.1, 1e300], [0.5, 0.5]]],
        "points",
        5,
        {"a": 1},
        ObjectId("65" * 12),
    ],
    ids=repr,
)
def test_what_is_no_line_is_left_out_with_a_reason(points: Any) -> None:
    for size in (SIZE, (3, 3)):
        for was in ({}, {"cvat_ellipse": [0.5, 0.5, 0.1, 0.1, 0.0]}):
            with pytest.raises(NotCarried, match=r"^(polylines|labels) \w+"):
                send(polyline(points) | was, SCHEMA, size)


@st.composite
def sent_lines(draw: st.DrawFn) -> Sent:
    size = draw(sizes)
    return send(draw(polylines(size)), SCHEMA, size)


@given(sent_lines())
def test_an_unedited_line_keeps_every_bit(sent: Sent) -> None:
    assert bits(sent.base.parts) == bits(sent.document)
    assert sent.changes(*map(echo, sent.objects)) == {}


@given(sent_lines(), deltas, st.data())
def test_a_vertex_that_is_dragged(sent: Sent, by: float, data: st.DataObject) -> None:
    """Of one part one coordinate, or both of a vertex; CVAT's editor shakes the others of this part."""
    part = data.draw(st.integers(0, len(sent.objects) - 1))
    points = sent.objects[part].points
    vertex = data.draw(st.integers(0, len(points) // 2 - 1))
    moved = data.draw(st.sampled_from([(0,), (1,), (0, 1)]))
    shake = data.draw(noise(len(points)))
    # Both by a fraction of a pixel, or the vertex could come to lie on another
    step = by if len(moved) == 1 else min(by, 0.05)
    for axis in moved:
        shake[2 * vertex + axis] = step
    now = list(sent.objects)
    now[part] = edited(now[part], points=tuple(p + s for p, s in zip(points, shake, strict=True)))
    expected = [[list(v) for v in line] for line in sent.document["points"]]
    for axis in moved:
        size = (sent.size.width, sent.size.height)[axis]
        expected[part][vertex][axis] = now[part].points[2 * vertex + axis] / size
    assert bits(sent.changes(*now)) == bits({"points": expected})


@given(sent_lines(), st.sampled_from([1e-3, -1e-6]), st.data())
def test_the_smallest_edit_is_meant_when_it_is_alone(sent: Sent, by: float, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, len(sent.objects) - 1))
    points = list(sent.objects[part].points)
    index = data.draw(st.integers(0, len(points) - 1))
    points[index] += by
    now = list(sent.objects)
    now[part] = edited(now[part], points=tuple(points))
    expected = [[list(v) for v in line] for line in sent.document["points"]]
    size = (sent.size.width, sent.size.height)[index % 2]
    expected[part][index // 2][index % 2] = points[index] / size
    assert bits(sent.changes(*now)) == bits({"points": expected})


@given(st.data(), st.booleans())
def test_vertices_that_are_added_and_removed(data: st.DataObject, closed: bool) -> None:
    """Every vertex that is left keeps every bit, wherever in the line it is now."""
    line = data.draw(lines(SIZE, least=4))
    sent = send(polyline([line], closed, closed), SCHEMA)
    then = vertices(sent.objects[0].points)
    shake = data.draw(noise(2 * len(line)))
    shaken = [(x + shake[2 * n], y + shake[2 * n + 1]) for n, (x, y) in enumerate(then)]
    least = 3 if closed else 2  # CVAT refuses smaller polygons
    kept = data.draw(st.lists(st.integers(0, len(line) - 1), min_size=least, max_size=len(line), unique=True))
    turn = data.draw(st.integers(0, len(kept) - 1))  # a closed line may begin elsewhere
    kept = sorted(kept)[turn:] + sorted(kept)[:turn]
    fresh = [(2000.5 + n, 3000.25) for n in range(data.draw(st.integers(0, 3)))]
    place = data.draw(st.integers(0, len(kept)))
    now = [shaken[k] for k in kept]
    now[place:place] = fresh
    assume(now != shaken)  # the smallest edit is meant when it is alone
    expected = [list(line[k]) for k in kept]
    expected[place:place] = [[x / SIZE[0], y / SIZE[1]] for x, y in fresh]
    changes = sent.changes(edited(sent.objects[0], points=flat(now)))
    assert bits(changes) == bits({"points": [expected]})


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_polygon_may_begin_elsewhere(turn: int) -> None:
    """Also one whose neighbours share a coordinate, as those of a rectangle do."""
    line = [[0.1, 0.1], [0.7, 0.1], [0.7, 0.3], [0.1, 0.3]]
    sent = send(polyline([line], True, True), SCHEMA)
    shaken = [(x + 4e-4, y - 4e-4) for x, y in vertices(sent.objects[0].points)]
    now = edited(sent.objects[0], points=flat(shaken[turn:] + shaken[:turn]))
    assert bits(sent.changes(now)) == bits({"points": [line[turn:] + line[:turn]]})


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_part_that_is_deleted(closed: bool, gone: int) -> None:
    """The others keep every bit, also where the polygons go and a line of two points is left."""
    parts = [SQUARE, [[x / 3, y / 3] for x, y in SQUARE], STROKE]
    sent = send(polyline(parts, closed, filled=False), SCHEMA)
    now: list[Any] = list(sent.objects)
    now[gone] = None
    assert bits(sent.changes(*now)) == bits({"points": [p for n, p in enumerate(parts) if n != gone]})
    if gone == 2:
        only = [None, now[1], None]
        assert bits(sent.changes(*only)) == bits({"points": [parts[1]]})
    if gone == 0:
        only = [None, None, now[2]]
        assert bits(sent.changes(*only)) == bits({"points": [STROKE]})


def test_a_deletion_that_was_refused_does_not_stop_later_reads() -> None:
    """The base then has more parts than CVAT has shapes."""
    sent = send(polyline([SQUARE, STROKE]), SCHEMA)
    base = sent.base.model_copy(update={"objects": sent.objects[1:]})
    later = Sent(sent.document, sent.vocabulary, sent.size, sent.encoded, base, base.objects)
    assert later.changes(echo(base.objects[0])) == {}
    moved = later.changes(edited(base.objects[0], points=(1, 1, 5, 5)))
    assert moved == {"points": [[[1 / 640, 1 / 480], [5 / 640, 5 / 480]]]}


@pytest.mark.parametrize(
    ("closed", "filled", "now", "changes"),
    [
        (True, True, "polyline", {"closed": False, "filled": False}),
        (True, False, "polyline", {"closed": False}),
        (False, True, "polyline", {"filled": False}),
        (False, False, "polygon", {"closed": True, "filled": True}),
    ],
)
def test_a_line_that_becomes_an_area_and_back(closed: bool, filled: bool, now: str, changes: dict[str, Any]) -> None:
    sent = send(polyline([SQUARE], closed, filled), SCHEMA)
    assert sent.changes(edited(sent.objects[0], type=now)) == changes


def test_closed_stays_closed_whatever_its_vertices() -> None:
    sent = send(polyline([STROKE], closed=True, filled=False), SCHEMA)
    longer = flat([*vertices(sent.objects[0].points), (5.0, 5.0)])
    assert set(sent.changes(edited(sent.objects[0], points=longer))) == {"points"}


def test_a_polygon_that_became_a_rectangle_is_refused() -> None:
    sent = send(polyline([SQUARE], True, True), SCHEMA)
    reading = sent.read(edited(sent.objects[0], type="rectangle", points=(1, 2, 3, 4)))
    assert bits(reading.parts) == bits(sent.base.parts)
    assert reading.refused == {"edits that turned a Polyline into a rectangle": 1}


def test_whole_numbers_stay_whole_numbers() -> None:
    sent = send(polyline([[[0, 0], [1, 1], [0, 1]]]), SCHEMA)
    now = edited(sent.objects[0], points=(0, 0, 320, 480, 0, 480))
    assert bits(sent.changes(now)) == bits({"points": [[[0, 0], [0.5, 1], [0, 1]]]})


@pytest.mark.parametrize(("type_", "area"), [("polygon", True), ("polyline", False)])
def test_a_drawn_line_is_stored_as_fiftyone_would(type_: str, area: bool) -> None:
    shape = CvatShape(type_, (64, 48, 320, 240, 0, 480))
    ours = CODEC.blank() | CODEC.decode_new([shape], Size(640, 480), FIELD)
    points = [[[0.1, 0.1], [0.5, 0.5], [0.0, 1.0]]]
    theirs = fo.Polyline(label="car", points=points, closed=area, filled=area).to_dict()
    del theirs["_id"], theirs["label"]
    assert bits(ours) == bits(theirs)


@given(st.data(), sizes)
def test_a_drawn_line_is_where_it_was_drawn(data: st.DataObject, size: tuple[int, int]) -> None:
    document = data.draw(polylines(size))
    frame = Size(*size)
    shapes = CODEC.encode(document, frame, FIELD)
    drawn = CODEC.encode(CODEC.decode_new(shapes, frame, FIELD), frame, FIELD)
    for then, now in zip(shapes, drawn, strict=True):
        assert now.points == pytest.approx(then.points, abs=1e-6)


BAD_PARTS = [
    [],
    None,
    [[0.9, 0.9]],
    "x",
    [[0.1, None], [0.2, 0.2]],
    [[0.1, float("nan")], [0, 0]],
    [[0, 0], [1e300, 0]],
]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("bad", BAD_PARTS, ids=repr)
def test_a_part_that_is_no_line_stays_behind_and_the_others_go(bad: Any, closed: bool) -> None:
    """It stays where it is, with every bit, whatever becomes of the others."""
    parts = [SQUARE, bad, STROKE]
    sent = send(polyline(parts, closed, closed), SCHEMA)
    assert len(sent.objects) == 2
    (reason,) = sent.encoded.left_out
    assert reason.startswith("parts of polylines ")
    kept = sent.base.parts["points"][1]
    assert sent.changes(*map(echo, sent.objects)) == {}
    first, second = sent.objects
    moved = edited(first, points=(first.points[0] + 8, *first.points[1:]))
    changes = sent.changes(moved, second)["points"]
    assert bits(changes[1:]) == bits([kept, STROKE])
    assert bits(changes[0][1:]) == bits(SQUARE[1:])
    assert bits(sent.changes(None, second)["points"]) == bits([kept, STROKE])


def ellipse(*points: float, rotation: float = 0.0) -> CvatShape:
    return CvatShape("ellipse", points, rotation)


class TestSolids:
    """What was drawn as an ellipse or a cuboid, loaded, sent, and edited again."""

    def sent_again(self, shape: CvatShape, size: tuple[int, int] = SIZE) -> Sent:
        drawn = PolylineCodec().decode_new([shape], Size(*size), FIELD)
        return send({"label": "car", **drawn}, SCHEMA, size)

    @given(st.sampled_from([0, 1, 2, 3, "turn"]), noise(4), st.floats(-1e-4, 1e-4))
    def test_only_what_was_dragged_of_an_ellipse_changes(self, what: Any, shake: list[float], spin: float) -> None:
        sent = self.sent_again(ellipse(200.3, 150.7, 260.9, 110.1, rotation=30.0))
        own = sent.document["cvat_ellipse"]
        item = sent.objects[0]
        assert sent.changes(echo(item)) == {}
        points = [p + s for p, s in zip(item.points, shake, strict=True)]
        if what == "turn":
            now = edited(item, points=tuple(points), rotation=75.0)
        elif what in (0, 1):  # moved: the point on the border goes along
            points[what] += 20
            points[what + 2] += 20
            now = edited(item, points=tuple(points), rotation=30.0 + spin)
        else:
            points[what] += 20 if what == 2 else -20
            now = edited(item, points=tuple(points), rotation=30.0 + spin)
        changes = sent.changes(now)
        number = 4 if what == "turn" else int(what)
        new = changes["cvat_ellipse"]
        assert bits([v for n, v in enumerate(new) if n != number]) == bits(
            [v for n, v in enumerate(own) if n != number]
        )
        assert new[number] != own[number]
        again = send({**sent.document, **changes}, SCHEMA)
        assert again.objects[0].type == "ellipse"

    def test_only_the_corner_of_a_cuboid_that_was_dragged_changes(self) -> None:
        corners = (10.1, 20.2, 10.1, 80.4, 90.9, 22.2, 90.9, 81.3, 120.7, 12.1, 120.7, 70.3, 140.2, 13.1, 140.2, 71.9)
        sent = self.sent_again(CvatShape("cuboid", corners))
        own = sent.document["cvat_cuboid"]
        shaken = [p + 9e-4 for p in sent.objects[0].points]
        shaken[4] += 15
        new = sent.changes(edited(sent.objects[0], points=tuple(shaken)))["cvat_cuboid"]
        assert bits(new[:4] + new[5:]) == bits(own[:4] + own[5:])
        assert new[4] == shaken[4] / SIZE[0]

    @pytest.mark.parametrize("type_", ["ellipse", "cuboid"])
    def test_one_that_was_grouped_with_a_line_is_a_line_around_it(self, type_: str) -> None:
        sent = send(polyline([SQUARE], True, True), SCHEMA)
        points = (200.0, 150.0, 260.0, 110.0) if type_ == "ellipse" else tuple(float(n * 7 % 90) for n in range(16))
        added = edited(sent.objects[0], type=type_, points=points).model_copy(update={"id": 77})
        reading = read_label(sent.base, [(sent.objects[0], sent.objects[0]), (None, added)], sent.vocabulary, sent.size)
        assert bits(reading.parts["points"][0]) == bits(SQUARE)
        assert [len(line) for line in reading.parts["points"][1:]] == ([64] if type_ == "ellipse" else [4, 4])
