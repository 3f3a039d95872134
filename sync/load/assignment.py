"""The best pairs of lost and new shapes, in time that grows with their number: pure functions.

All of thousands of shapes on a frame may overlap, so not every pair is looked at: each shape is compared with those
whose edges are nearest to its own.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ...labels.likeness import LEAST_OVERLAP, Outline, alike

ALL_PAIRS = 4_096
"""So many pairs are all looked at."""

NEAREST, FEWEST = 24, 2
"""Of more, the nearest shapes that each is compared with, and how many are enough if the shapes are very many."""

DRAWN_PAIRS = 40_000
"""Pairs of shapes on a frame that are drawn to be compared, if they are no upright boxes. Each takes some 0.1 ms."""

ASIDE_PX = 1e-3
"""How far equal shapes count as being apart, when the nearest ones are looked for."""

CROWD = 400
"""Of so many shapes that may all be each other the best assignment is found; of more, the best pairs go first."""

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]


def pair_up(lost: Sequence[Outline], fresh: Sequence[Outline]) -> list[tuple[int, int]]:
    """The best pairs, one to one, of shapes that are alike.

    Args:
        lost: shapes of one frame that are gone
        fresh: shapes of that frame that are new
    """
    pairs = _near_pairs(lost, fresh)
    if not len(pairs):
        return []
    scores = _scores(lost, fresh, pairs)
    pairs, scores = pairs[scores > 0], scores[scores > 0]
    return sorted(pair for group in _groups(pairs, scores, (len(lost), len(fresh))) for pair in _best(group))


def _near_pairs(lost: Sequence[Outline], fresh: Sequence[Outline]) -> Numbers:
    """The pairs that are looked at: ``(n, 2)``."""
    one, other = (np.array([outline.reach for outline in some]).reshape(-1, 4) for some in (lost, fresh))
    olds, news = (np.flatnonzero(np.isfinite(reach).all(axis=1)) for reach in (one, other))
    if len(olds) * len(news) <= ALL_PAIRS:
        pairs = np.stack(np.meshgrid(olds, news, indexing="ij"), axis=-1).reshape(-1, 2)
    else:
        boxes = all(outline.is_box for outline in (*lost, *fresh))
        number = NEAREST if boxes else max(FEWEST, min(NEAREST, DRAWN_PAIRS // (len(olds) + len(news))))
        here = _nearest(one[olds], other[news], number)
        there = _nearest(other[news], one[olds], number)[:, ::-1]
        near = np.unique(np.concatenate([here, there]), axis=0)
        pairs = np.stack([olds[near[:, 0]], news[near[:, 1]]], axis=1)
    within = np.minimum(one[pairs[:, 0]], other[pairs[:, 1]])  # of right, bottom, -left, -top
    meet = (within[:, 0] + within[:, 2] >= 0) & (within[:, 1] + within[:, 3] >= 0)
    return np.asarray(pairs[meet])


def _nearest(these: Floats, those: Floats, number: int) -> Numbers:
    """For each of these the nearest of those, by all four edges: ``(n, 2)``."""
    number = min(number, len(those))
    found = cKDTree(_told_apart(those)).query(_told_apart(these), k=range(1, number + 1))[1]
    return np.stack([np.repeat(np.arange(len(these)), number), found.ravel()], axis=1)


def _told_apart(edges: Floats) -> Floats:
    """Edges with one more number, so that of many equal shapes the first is nearest to the first of others."""
    counts: Counter[tuple[float, ...]] = Counter()
    ranks = []
    for row in map(tuple, edges.tolist()):
        ranks.append(counts[row] * ASIDE_PX)
        counts[row] += 1
    return np.column_stack([edges, ranks])


def _scores(lost: Sequence[Outline], fresh: Sequence[Outline], pairs: Numbers) -> Floats:
    """How alike the shapes of each pair are."""
    scores = np.zeros(len(pairs))
    here, there = (np.array([outline.is_box for outline in some])[pairs[:, n]] for n, some in enumerate((lost, fresh)))
    boxes = here & there
    one, other = (
        np.array([outline.reach for outline in some])[pairs[boxes, n]] for n, some in enumerate((lost, fresh))
    )
    scores[boxes] = _box_overlaps(one, other)
    for number in np.flatnonzero(~boxes):
        old, new = pairs[number]
        scores[number] = alike(lost[old], fresh[new])
    return scores


def _box_overlaps(one: Floats, other: Floats) -> Floats:
    """Intersection over union of upright boxes, given as right, bottom, -left, -top; 0 if it is too small."""
    within = np.minimum(one, other)
    both = np.prod(np.clip(within[:, :2] + within[:, 2:], 0, None), axis=1)
    whole = sum(np.prod(box[:, :2] + box[:, 2:], axis=1) for box in (one, other)) - both
    overlaps = np.divide(both, whole, out=np.zeros_like(both), where=whole > 0)
    return np.asarray(np.where(overlaps >= LEAST_OVERLAP, overlaps, 0.0))


class _Group(NamedTuple):
    """Pairs that have to do with each other, and their scores."""

    pairs: Numbers
    scores: Floats


def _groups(pairs: Numbers, scores: Floats, size: tuple[int, int]) -> Iterator[_Group]:
    """Pairs by shapes that may be each other."""
    edges = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1] + size[0])), shape=(sum(size),) * 2)
    _, group_of = connected_components(edges, directed=False)
    groups = group_of[pairs[:, 0]]
    order = np.argsort(groups, kind="stable")
    ends = np.flatnonzero(np.diff(groups[order])) + 1
    for part in np.split(order, ends):
        if len(part):
            yield _Group(pairs[part], scores[part])


def _best(group: _Group) -> Iterator[tuple[int, int]]:
    """The best pairs of a group."""
    if len(group.pairs) == 1:
        yield int(group.pairs[0, 0]), int(group.pairs[0, 1])
        return
    olds, rows = np.unique(group.pairs[:, 0], return_inverse=True)
    news, columns = np.unique(group.pairs[:, 1], return_inverse=True)
    if max(len(olds), len(news)) <= CROWD:
        table = np.zeros((len(olds), len(news)))
        table[rows, columns] = group.scores
        for row, column in zip(*linear_sum_assignment(table, maximize=True), strict=True):
            if table[row, column]:
                yield int(olds[row]), int(news[column])
        return
    taken: tuple[set[int], set[int]] = (set(), set())
    for number in np.argsort(-group.scores, kind="stable"):
        old, new = map(int, group.pairs[number])
        if old not in taken[0] and new not in taken[1]:
            taken[0].add(old)
            taken[1].add(new)
            yield old, new
