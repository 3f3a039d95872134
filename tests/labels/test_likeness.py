"""How alike shapes are; whatever numbers they have, the answer comes fast, in little memory, and is no error."""

from __future__ import annotations

import math
import time
import tracemalloc

import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.likeness import LEAST_OVERLAP, likeness
from fiftyone.plugins.orgs.roundtrip.cvat.labels.masks import encode_runs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape, Node
from hypothesis import given
from hypothesis import strategies as st


def box(left: float, top: float = 0.0, width: float = 10.0, height: float = 10.0, rotation: float = 0.0) -> CvatShape:
    return CvatShape("rectangle", (left, top, left + width, top + height), rotation)


def polygon(*points: float) -> CvatShape:
    return CvatShape("polygon", points)


def mask(left: int, width: int = 10) -> CvatShape:
    return CvatShape("mask", encode_runs(np.ones((10, width), dtype=bool), left, 0))


def dots(*points: float) -> CvatShape:
    return CvatShape("points", points)


def skeleton(*points: tuple[float, float]) -> CvatShape:
    return CvatShape("skeleton", nodes=tuple(Node(index, x, y) for index, (x, y) in enumerate(points)))


DIAMOND = polygon(10, 0, 20, 10, 10, 20, 0, 10)
LIKENESS: dict[str, tuple[CvatShape, CvatShape, float]] = {
    "the same box": (box(0), box(0), 1.0),
    "boxes": (box(0), box(2), 8 / 12),
    "a box drawn from its other corner": (box(0), CvatShape("rectangle", (10.0, 10.0, 0.0, 0.0)), 1.0),
    "a box inside another": (box(0), box(0, width=5), 0.5),
    "below the least": (box(0), box(0, width=4.9), 0.0),
    "apart": (box(0), box(50), 0.0),
    "turned by half": (box(0, rotation=90), box(0), 1.0),
    "turned by an eighth": (box(0), box(0, rotation=45), 0.7071),
    "a box of no size": (box(0, width=0), box(0, width=0), 1.0),
    "polygons": (DIAMOND, DIAMOND, 1.0),
    "a polygon in a box": (DIAMOND, box(0, width=20, height=20), 0.5),
    "masks": (mask(0), mask(2), 8 / 12),
    "a mask and a box": (mask(0), box(2), 8 / 12),
    "an ellipse in a box": (CvatShape("ellipse", (10.0, 10.0, 20.0, 0.0)), box(0, width=20, height=20), math.pi / 4),
    "points": (dots(0, 0, 100, 0), dots(0, 0, 100, 0), 1.0),
    "points in another order": (dots(0, 0, 100, 0), dots(100, 0, 0, 0), 1.0),
    "points a bit off": (dots(0, 0, 100, 0), dots(0, 5, 100, 5), 0.5),
    "points too far off": (dots(0, 0, 100, 0), dots(0, 11, 100, 11), 0.0),
    "large things may be farther off": (dots(0, 0, 1000, 0), dots(0, 25, 1000, 25), 0.75),
    "one point": (dots(0, 0), dots(0, 4), 0.6),
    "lines": (CvatShape("polyline", (0.0, 0.0, 50.0, 0.0)), CvatShape("polyline", (0.0, 1.0, 50.0, 1.0)), 0.9),
    "a line and an area": (CvatShape("polyline", (0.0, 0.0, 50.0, 0.0)), box(0), 0.0),
    "skeletons": (skeleton((0, 0), (10, 0)), skeleton((0, 1), (10, 1)), 0.9),
    "skeletons whose points changed places": (skeleton((0, 0), (60, 0)), skeleton((60, 0), (0, 0)), 0.0),
}


@pytest.mark.parametrize(("old", "new", "expected"), LIKENESS.values(), ids=LIKENESS)
def test_likeness(old: CvatShape, new: CvatShape, expected: float) -> None:
    assert likeness(old, new) == pytest.approx(expected, abs=0.01)
    assert likeness(new, old) == pytest.approx(likeness(old, new), abs=0.01)
    assert LEAST_OVERLAP == 0.5


TYPES = ["rectangle", "polygon", "polyline", "points", "mask", "ellipse", "cuboid", "skeleton", "tag", "circle"]
numbers = st.sampled_from([0.0, -1.0, 1e9, 1e308, -1e308, math.inf, -math.inf, math.nan, 5e-324]) | st.floats(-50, 700)


@given(st.sampled_from(TYPES), st.lists(numbers, max_size=18), st.sampled_from(TYPES), st.lists(numbers, max_size=18))
def test_any_numbers_have_an_answer(old: str, before: list[float], new: str, after: list[float]) -> None:
    for turn in (0.0, 30.0, math.nan):
        found = likeness(CvatShape(old, tuple(before), turn), CvatShape(new, tuple(after)))
        assert 0.0 <= found <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            CvatShape("mask", (0.0, 1e10, 0, 0, 99_999, 99_999)),
            CvatShape("mask", (5.0, 1e10 - 5, 0, 0, 99_999, 99_999)),
        ),
        (
            CvatShape("polyline", tuple(np.random.default_rng(1).random(20_000) * 500)),
            CvatShape("polyline", tuple(np.random.default_rng(1).random(20_000) * 500 + 1)),
        ),
        (CvatShape("polyline", (3.0, 4.0) * 10_000), CvatShape("polyline", (4.0, 4.0) * 10_000)),
        (CvatShape("polygon", (3.0, 4.0, 9.0, 9.0) * 10_000), CvatShape("polygon", (4.0, 4.0, 9.0, 8.0) * 10_000)),
    ],
    ids=["a mask in a box of 100,000 x 100,000", "lines of 10,000 points", "all in one place", "a polygon"],
)
def test_large_ones_take_little_memory_and_time(old: CvatShape, new: CvatShape) -> None:
    tracemalloc.start()
    start = time.process_time()
    likeness(old, new)
    took = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6
    assert took < 2
