"""Labels that lost their ids in CVAT: which of the new objects they are."""

from __future__ import annotations

import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.masks import encode_runs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.identity import Candidate, find_exact, find_similar

CAT, DOG = 1, 2


def box(left: float, top: float = 0.0, width: float = 10.0, height: float = 10.0, rotation: float = 0.0) -> CvatShape:
    return CvatShape("rectangle", (left, top, left + width, top + height), rotation)


def polygon(*points: float) -> CvatShape:
    return CvatShape("polygon", points)


def mask(left: int, width: int = 10) -> CvatShape:
    return CvatShape("mask", encode_runs(np.ones((10, width), dtype=bool), left, 0))


def dots(*points: float) -> CvatShape:
    return CvatShape("points", points)


def seen(shape: CvatShape, name: int = CAT, frame: int = 0, field: str | None = "gt", alone: bool = False) -> Candidate:
    return Candidate(frame, field, name, (shape,), alone)


def parts(*shapes: CvatShape) -> Candidate:
    return Candidate(0, "gt", CAT, shapes)


FOUND: dict[str, tuple[list[Candidate], list[Candidate], dict[int, tuple[tuple[int, ...], str]]]] = {
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
    "another class is another label": ([seen(box(0))], [seen(box(0), DOG)], {}),
    "its class, not a better overlap": (
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
    "a tag has no place": ([seen(CvatShape("tag"))], [seen(CvatShape("tag"), DOG)], {}),
    "the only tag of a field for one": (
        [seen(CvatShape("tag"), alone=True)],
        [seen(CvatShape("tag"), DOG)],
        {0: ((0,), "overlap")},
    ),
    "two tags for a field for one": (
        [seen(CvatShape("tag"), alone=True)],
        [seen(CvatShape("tag"), DOG), seen(CvatShape("tag"), 3)],
        {},
    ),
    "numbers that make no shape": ([seen(box(0))], [seen(CvatShape("rectangle", (0.0, 0.0, 9.0)))], {}),
    "runs that make no mask": ([seen(mask(0))], [seen(CvatShape("mask", (3.0, 0, 0, 9, 9)))], {}),
}


@pytest.mark.parametrize(("lost", "fresh", "found"), FOUND.values(), ids=FOUND)
def test_labels_are_found_again(
    lost: list[Candidate], fresh: list[Candidate], found: dict[int, tuple[tuple[int, ...], str]]
) -> None:
    exact = find_exact(lost, fresh)
    left = [number for number in range(len(lost)) if number not in exact]
    rest = [number for number in range(len(fresh)) if not any(number in numbers for numbers in exact.values())]
    similar = find_similar([lost[i] for i in left], [fresh[i] for i in rest])
    assert {
        **{number: (numbers, "exact") for number, numbers in exact.items()},
        **{left[number]: (tuple(rest[i] for i in numbers), "overlap") for number, numbers in similar.items()},
    } == found
