"""What CVAT's editor does to shapes beside what a person does is not taken for an edit."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.editor import kept_vertices, noise_px, touched
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from hypothesis import given
from hypothesis import strategies as st
from labels_server import bits, edited, schema_of, send

SIZE = Size(640, 480)
FRAMES = [(64, 48), (640, 480), (1920, 1080), (7680, 4320), (16_384, 16_384), (65_500, 65_500)]


def single(value: float, window: int) -> float:
    """A coordinate as the editor holds it: shifted by ten times its window, in single precision."""
    offset = np.float32(10 * window)
    return float(np.float32(np.float32(value) + offset) - offset)


@given(
    st.sampled_from(FRAMES),
    st.sampled_from([800, 1366, 1920, 3840]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 3),
)
def test_the_noise_of_single_precision_is_below_the_limit(
    size: tuple[int, int], window: int, x: float, y: float, times: int
) -> None:
    limit = noise_px(Size(*size))
    for value in (x * size[0], y * size[1]):
        now = value
        for _ in range(times):
            now = single(now, window)
        assert abs(now - value) < limit


def test_what_was_measured_is_noise_and_what_a_person_can_do_is_not() -> None:
    assert 1e-3 < noise_px(Size(640, 480)) < 0.01
    assert 0.0039 * 2 < noise_px(Size(7680, 4320)) < 0.02


OUTSIDE = [-0.125, 0.25, 0.5, 1.0]
"""A box from -80, 120 to 240, 600."""


class TestOutside:
    """The editor clips to the image what it saves, whichever corner was dragged."""

    def changed(self, *points: float, **others: Any) -> dict[str, Any]:
        sent = send({"label": "car", "bounding_box": OUTSIDE}, schema_of(gt={}))
        return sent.changes(edited(sent.objects[0], points=points, **others))

    @pytest.mark.parametrize("shake", [0.0, 1e-3])
    def test_a_side_that_was_not_dragged_stays_outside(self, shake: float) -> None:
        """The right side was dragged; left and bottom lie on the border now."""
        new = self.changed(0.0 + shake, 120 - shake, 280, 480 - shake)["bounding_box"]
        assert bits([new[0], new[1], new[3]]) == bits([-0.125, 0.25, 1.0])
        assert new[2] == 360 / 640

    def test_one_that_was_dragged_is_where_it_was_dragged_to(self) -> None:
        assert self.changed(64, 120, 240, 480)["bounding_box"] == [0.1, 0.25, (240 - 64) / 640, 1.0]

    def test_a_clip_without_another_edit_is_meant(self) -> None:
        assert self.changed(0, 120, 240, 480)["bounding_box"] == [0, 0.25, 240 / 640, 360 / 480]

    def test_a_turned_box_is_not_clipped(self) -> None:
        sent = send({"label": "car", "bounding_box": OUTSIDE, "rotation": 30}, schema_of(gt={}))
        new = sent.changes(edited(sent.objects[0], points=(0, 120, 280, 600)))["bounding_box"]
        assert new[:1] == [0]

    @pytest.mark.parametrize("type_", ["polygons", "polylines"])
    def test_nor_do_vertices_of_lines_lose_their_outer_part(self, type_: str) -> None:
        line = [[-0.25, 0.1], [0.5, 0.1], [1.5, 0.5], [0.5, 1.25]]
        closed = type_ == "polygons"
        sent = send(
            {"label": "car", "points": [line], "closed": closed, "filled": closed}, schema_of(gt={"type": type_})
        )
        inside = np.clip(np.reshape(sent.objects[0].points, (-1, 2)), 0, [640, 480])
        moved = inside.copy()
        moved[1] += 7
        (new,) = sent.changes(edited(sent.objects[0], points=tuple(moved.ravel())))["points"]
        assert bits([new[0], *new[2:]]) == bits([line[0], *line[2:]])
        more = np.insert(inside, 2, [333, 222], axis=0)
        (new,) = sent.changes(edited(sent.objects[0], points=tuple(more.ravel())))["points"]
        assert bits([*new[:2], *new[3:]]) == bits(line)

    def test_points_keep_it_too(self) -> None:
        points = [[-0.25, 0.1], [0.5, 0.1]]
        sent = send({"label": "car", "points": points}, schema_of(gt={"type": "keypoints"}))
        new = sent.changes(edited(sent.objects[0], points=(0.0, 48.0, 330.0, 48.0)))["points"]
        assert bits(new[0]) == bits(points[0])


def flat(vertices: Any) -> tuple[float, ...]:
    return tuple(float(value) for vertex in vertices for value in vertex)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("ABCD", "ABXCD", [0, 1, None, 2, 3]),
        ("ABCD", "ACD", [0, 2, 3]),
        ("ABCD", "DABC", [3, 0, 1, 2]),
        ("ABCD", "DCBA", [3, 2, 1, 0]),
        ("ABCA", "BCA", [1, 2, 3]),  # two vertices in one place: the next along the line
        ("ABCA", "ABCAX", [0, 1, 2, 3, None]),
        ("AB", "AAB", [0, None, 1]),  # an old vertex is one new one, not two
    ],
)
def test_which_vertex_is_which(old: str, new: str, kept: list[int | None]) -> None:
    places = {name: (100.0 * n, 50.0 * n) for n, name in enumerate("ABCDX")}
    assert kept_vertices(flat(places[v] for v in old), flat(places[v] for v in new), SIZE) == kept


def test_the_nearest_of_vertices_that_lie_close_together() -> None:
    assert kept_vertices((5.0, 5.0, 5.003, 5.0, 9.0, 9.0), (5.003, 5.0, 9.0, 9.0), SIZE) == [1, 2]


@given(st.lists(st.tuples(st.floats(-900, 900), st.floats(-900, 900)), min_size=1, max_size=30), st.data())
def test_no_old_vertex_is_two_new_ones(places: list[tuple[float, float]], data: st.DataObject) -> None:
    new = data.draw(st.lists(st.sampled_from(places), max_size=40))
    kept = [index for index in kept_vertices(flat(places), flat(new), SIZE) if index is not None]
    assert len(set(kept)) == len(kept)


@pytest.mark.parametrize("kind", ["random", "one place", "a column"])
def test_ten_thousand_vertices_take_less_than_two_seconds(kind: str) -> None:
    vertices = {
        "random": np.random.default_rng(3).random((10_000, 2)) * 480,
        "one place": np.full((10_000, 2), 7.0),
        "a column": np.stack([np.full(10_000, 7.0), np.arange(10_000) / 25], axis=1),
    }[kind]
    start = time.process_time()
    kept = kept_vertices(flat(vertices), flat(vertices[:-1]), SIZE)
    assert time.process_time() - start < 2
    assert None not in kept


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=12).filter(lambda points: len(points) % 2 == 0))
def test_what_is_the_same_was_not_moved(points: list[float]) -> None:
    assert not any(touched(points, points, SIZE))
