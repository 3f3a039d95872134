"""Labels that lost their ids in CVAT: which of the new objects they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.figures import Figure, Node
from fiftyone.plugins.orgs.roundtrip.cvat.labels.masks import encode_runs
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.identity import LEAST_OVERLAP, Sketch, find_again, likeness

CAT, DOG = 1, 2


def box(left: float, top: float = 0.0, width: float = 10.0, height: float = 10.0, rotation: float = 0.0) -> Figure:
    return Figure("rectangle", (left, top, left + width, top + height), rotation)


def polygon(*points: float) -> Figure:
    return Figure("polygon", points)


def mask(left: int, width: int = 10) -> Figure:
    return Figure("mask", encode_runs(np.ones((10, width), dtype=bool), left, 0))


def dots(*points: float) -> Figure:
    return Figure("points", points)


def seen(figure: Figure, name: int = CAT, frame: int = 0, field: str | None = "gt", alone: bool = False) -> Sketch:
    return Sketch(frame, field, name, (figure,), alone)


def parts(*figures: Figure) -> Sketch:
    return Sketch(0, "gt", CAT, figures)


FOUND: dict[str, tuple[list[Sketch], list[Sketch], dict[int, tuple[tuple[int, ...], str]]]] = {
    # what was lost, what is new, which is which and how it was found
    "nothing lost": ([], [seen(box(0))], {}),
    "nothing new": ([seen(box(0))], [], {}),
    "brought back": ([seen(box(0))], [seen(box(0))], {0: ((0,), "exact")}),
    "brought back beside another": ([seen(box(0))], [seen(box(1)), seen(box(0))], {0: ((1,), "exact")}),
    "two alike, one brought back": ([seen(box(0)), seen(box(0))], [seen(box(0))], {0: ((0,), "exact")}),
    "two alike, both": (
        [seen(box(0)), seen(box(0))],
        [seen(box(0)), seen(box(0))],
        {0: ((0,), "exact"), 1: ((1,), "exact")},
    ),
    "the exact one is not taken by a neighbour": (
        [seen(box(1)), seen(box(0))],
        [seen(box(0))],
        {1: ((0,), "exact")},
    ),
    "drawn again": ([seen(box(0))], [seen(box(2))], {0: ((0,), "overlap")}),
    "too far": ([seen(box(0))], [seen(box(4))], {}),
    "another frame": ([seen(box(0))], [seen(box(0), frame=1)], {}),
    "another field": ([seen(box(0))], [seen(box(0), DOG, field="pred")], {}),
    "no field": ([seen(box(0))], [seen(box(0), DOG, field=None)], {}),
    "another class": ([seen(box(0))], [seen(box(0), DOG)], {0: ((0,), "overlap")}),
    "its class before a better overlap": (
        [seen(box(0))],
        [seen(box(0), DOG), seen(box(2))],
        {0: ((1,), "overlap")},
    ),
    "the best assignment of all, not of the first": (
        [seen(box(0)), seen(box(3))],
        [seen(box(1)), seen(box(-2))],
        {0: ((1,), "overlap"), 1: ((0,), "overlap")},
    ),
    "one to one": ([seen(box(0)), seen(box(1))], [seen(box(0.5))], {0: ((0,), "overlap")}),
    "cut in two": ([seen(box(0))], [seen(box(0, width=4)), seen(box(4, width=6))], {0: ((1,), "overlap")}),
    "several parts, all there": (
        [parts(polygon(0, 0, 9, 0, 9, 9), polygon(20, 0, 29, 0, 29, 9))],
        [seen(polygon(20, 0, 29, 0, 29, 9)), seen(polygon(0, 0, 9, 0, 9, 9))],
        {0: ((1, 0), "exact")},
    ),
    "several parts, one of them there": (
        [parts(polygon(0, 0, 9, 0, 9, 9), polygon(20, 0, 29, 0, 29, 9))],
        [seen(polygon(0, 0, 9, 0, 9, 9))],
        {},
    ),
    "two parts alike, one there": (
        [parts(polygon(0, 0, 9, 0, 9, 9), polygon(0, 0, 9, 0, 9, 9))],
        [seen(polygon(0, 0, 9, 0, 9, 9))],
        {},
    ),
    "a tag has no place": ([seen(Figure("tag"))], [seen(Figure("tag"), DOG)], {}),
    "the only tag of a field for one": (
        [seen(Figure("tag"), alone=True)],
        [seen(Figure("tag"), DOG)],
        {0: ((0,), "overlap")},
    ),
    "two tags for a field for one": (
        [seen(Figure("tag"), alone=True)],
        [seen(Figure("tag"), DOG), seen(Figure("tag"), 3)],
        {},
    ),
    "numbers that make no figure": ([seen(box(0))], [seen(Figure("rectangle", (0.0, 0.0, 9.0)))], {}),
    "runs that make no mask": ([seen(mask(0))], [seen(Figure("mask", (3.0, 0, 0, 9, 9)))], {}),
}


@pytest.mark.parametrize(("lost", "fresh", "found"), FOUND.values(), ids=FOUND)
def test_find_again(lost: list[Sketch], fresh: list[Sketch], found: dict[int, tuple[tuple[int, ...], str]]) -> None:
    assert find_again(lost, fresh) == found


def skeleton(*points: tuple[float, float]) -> Figure:
    return Figure("skeleton", nodes=tuple(Node(index, x, y) for index, (x, y) in enumerate(points)))


DIAMOND = polygon(10, 0, 20, 10, 10, 20, 0, 10)
LIKENESS: dict[str, tuple[Figure, Figure, float]] = {
    "the same box": (box(0), box(0), 1.0),
    "boxes": (box(0), box(2), 8 / 12),
    "a box drawn from its other corner": (box(0), Figure("rectangle", (10.0, 10.0, 0.0, 0.0)), 1.0),
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
    "an ellipse in a box": (Figure("ellipse", (10.0, 10.0, 20.0, 0.0)), box(0, width=20, height=20), math.pi / 4),
    "points": (dots(0, 0, 100, 0), dots(0, 0, 100, 0), 1.0),
    "points in another order": (dots(0, 0, 100, 0), dots(100, 0, 0, 0), 1.0),
    "points a bit off": (dots(0, 0, 100, 0), dots(0, 5, 100, 5), 0.5),
    "points too far off": (dots(0, 0, 100, 0), dots(0, 11, 100, 11), 0.0),
    "large things may be farther off": (dots(0, 0, 1000, 0), dots(0, 25, 1000, 25), 0.75),
    "one point": (dots(0, 0), dots(0, 4), 0.6),
    "lines": (Figure("polyline", (0.0, 0.0, 50.0, 0.0)), Figure("polyline", (0.0, 1.0, 50.0, 1.0)), 0.9),
    "a line and an area": (Figure("polyline", (0.0, 0.0, 50.0, 0.0)), box(0), 0.0),
    "skeletons": (skeleton((0, 0), (10, 0)), skeleton((0, 1), (10, 1)), 0.9),
    "skeletons whose points changed places": (skeleton((0, 0), (60, 0)), skeleton((60, 0), (0, 0)), 0.0),
}


@pytest.mark.parametrize(("old", "new", "expected"), LIKENESS.values(), ids=LIKENESS)
def test_likeness(old: Figure, new: Figure, expected: float) -> None:
    assert likeness(old, new) == pytest.approx(expected, abs=0.01)
    assert likeness(new, old) == pytest.approx(likeness(old, new), abs=0.01)
    assert LEAST_OVERLAP == 0.5
