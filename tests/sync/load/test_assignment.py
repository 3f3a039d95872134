"""The best pairs of lost and new shapes: exact for few, near for many, and in time that grows with their number."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Sequence

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.likeness import Outline, alike
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import assignment
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.assignment import pair_up
from hypothesis import given, settings
from hypothesis import strategies as st


def box(left: float, top: float, width: float = 20.0, height: float = 20.0, rotation: float = 0.0) -> CvatShape:
    return CvatShape("rectangle", (left, top, left + width, top + height), rotation)


def polygon(left: float, top: float, width: float) -> CvatShape:
    return CvatShape("polygon", (left, top, left + width, top, left + width / 2, top + width))


def line(left: float, top: float, width: float) -> CvatShape:
    return CvatShape("polyline", (left, top, left + width, top + 3, left + width, top + 9))


def outlines(shapes: Sequence[CvatShape]) -> list[Outline]:
    return [Outline(shape) for shape in shapes]


numbers = st.integers(0, 30).map(float)
odd = st.sampled_from([float("nan"), float("inf"), 1e308, -1e308, 0.0])
shapes = st.one_of(
    st.builds(box, numbers, numbers, st.integers(0, 30).map(float)),
    st.builds(box, numbers, numbers, rotation=st.sampled_from([0.0, 30.0])),
    st.builds(polygon, numbers, numbers, st.integers(1, 30).map(float)),
    st.builds(line, numbers, numbers, st.integers(1, 30).map(float)),
    st.builds(box, odd, numbers),
    st.builds(lambda *points: CvatShape("polygon", points), odd, numbers, odd),
)


def best_total(lost: Sequence[Outline], fresh: Sequence[Outline]) -> float:
    """The largest sum of likenesses, by trying all assignments."""
    if len(lost) > len(fresh):
        lost, fresh = fresh, lost
    choices = itertools.permutations(range(len(fresh)), len(lost))
    return max(sum(alike(lost[n], fresh[m]) for n, m in enumerate(choice)) for choice in choices)


@given(st.lists(shapes, max_size=4), st.lists(shapes, max_size=5))
@settings(max_examples=120, deadline=None)
def test_of_few_no_assignment_is_better(lost: list[CvatShape], fresh: list[CvatShape]) -> None:
    olds, news = outlines(lost), outlines(fresh)
    pairs = pair_up(olds, news)
    assert len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)
    assert all(alike(olds[old], news[new]) > 0 for old, new in pairs)
    if olds and news:
        total = sum(alike(olds[old], news[new]) for old, new in pairs)
        assert total == pytest.approx(best_total(olds, news), abs=1e-9)


@given(st.lists(shapes, max_size=12), st.lists(shapes, max_size=12))
@settings(max_examples=80, deadline=None)
def test_many_are_treated_like_few(lost: list[CvatShape], fresh: list[CvatShape]) -> None:
    """With fewer than so many neighbours, the same pairs come out, whether or not all are looked at."""
    olds, news = outlines(lost), outlines(fresh)
    every = pair_up(olds, news)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "ALL_PAIRS", 0)
        assert pair_up(olds, news) == every


@pytest.mark.parametrize("crowd", [1, 2, 400])
def test_in_a_crowd_each_is_found_once(crowd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "CROWD", crowd)
    chance = random.Random(7)
    lost = [box(chance.uniform(0, 60), chance.uniform(0, 60), 200, 200) for _ in range(300)]
    fresh = [CvatShape("rectangle", tuple(x + 1 for x in shape.points)) for shape in reversed(lost)]
    pairs = pair_up(outlines(lost), outlines(fresh))
    assert len({new for _, new in pairs}) == len(pairs) >= 290
    right = sum(old + new == 299 for old, new in pairs)
    assert right >= (200 if crowd > 2 else 60)


def test_equal_shapes_each_find_one() -> None:
    assert len(pair_up(outlines([box(5, 5)] * 500), outlines([box(6, 6)] * 400))) == 400


@pytest.mark.parametrize("make", [box, polygon, line])
def test_the_pairs_that_are_compared_grow_with_the_shapes(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them overlap, so that without a bound all pairs would be compared."""
    compared = []
    likeness = assignment.alike
    monkeypatch.setattr(assignment, "alike", lambda old, new: (compared.append(1), likeness(old, new))[1])
    overlaps = assignment._box_overlaps
    monkeypatch.setattr(assignment, "_box_overlaps", lambda a, b: (compared.extend([1] * len(a)), overlaps(a, b))[1])
    counts = {}
    for number in (100, 200, 400):
        compared.clear()
        lost = [make(n / number, 0.0, 100.0) for n in range(number)]  # type: ignore[operator]
        fresh = [make(n / number + 1, 0.0, 100.0) for n in range(number)]  # type: ignore[operator]
        pair_up(outlines(lost), outlines(fresh))
        counts[number] = len(compared)
    assert counts[400] <= 2.2 * counts[200] <= 2.2 * 2.2 * counts[100]
    assert counts[400] <= 2 * assignment.NEAREST * 400


def test_thousands_of_overlapping_boxes() -> None:
    """Comparing each with each would take minutes."""
    count = 20_000 if os.environ.get("ROUNDTRIP_ALL") else 8_000
    lost = outlines([box(n * 300 / count, (n * 7 % count) * 300 / count, 1000, 1000) for n in range(count)])
    fresh = outlines([box(n * 300 / count + 3, (n * 7 % count) * 300 / count, 1000, 1000) for n in range(count)])
    started = time.process_time()
    assert len(pair_up(lost, fresh)) > 0.95 * count
    assert time.process_time() - started < 20
