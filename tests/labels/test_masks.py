"""Masks as runs: exact both ways, whatever their size."""

import math
import time

import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import Unreadable
from fiftyone.plugins.orgs.roundtrip.cvat.labels.masks import decode_runs, encode_runs, fit, pixel_box, place, tight
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from hypothesis import given
from hypothesis import strategies as st


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    """Masks of up to 512 x 512: noise of any density, empty, full, and a single pixel."""
    height, width = draw(st.integers(1, 512)), draw(st.integers(1, 512))
    density = draw(st.sampled_from([0.0, 0.001, 0.3, 0.5, 0.999, 1.0]))
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1))).random((height, width)) < density


@given(masks(), st.integers(-50, 5000), st.integers(-50, 5000))
def test_what_is_encoded_is_decoded(mask: np.ndarray, left: int, top: int) -> None:
    points = encode_runs(mask, left, top)
    again, x, y = decode_runs(points)
    assert np.array_equal(again, mask) and (x, y) == (left, top)
    assert sum(points[:-4]) == mask.size


@pytest.mark.parametrize(
    ("rows", "points"),
    [
        (["."], (1, 5, 7, 5, 7)),
        (["#"], (0, 1, 5, 7, 5, 7)),
        (["##", "##"], (0, 4, 5, 7, 6, 8)),
        ([".##.", "..#."], (1, 2, 3, 1, 1, 5, 7, 8, 8)),
    ],
)
def test_runs_go_row_by_row_and_begin_with_background(rows: list[str], points: tuple[int, ...]) -> None:
    mask = np.array([[cell == "#" for cell in row] for row in rows])
    assert encode_runs(mask, 5, 7) == points


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ((), "a mask has at least one run and a box"),
        ((1, 2, 3), "a mask has at least one run and a box"),
        ((3, 0, 0, 1, 1), "the runs of a mask do not fill its box"),
        ((5, -1, 0, 0, 1, 1), "the runs of a mask do not fill its box"),
        ((1, 5, 5, 4, 4), "the box of a mask has no pixels"),
        ((1.5, 2.5, 0, 0, 1, 1), "the runs and the box of a mask are no whole numbers"),
        ((4, 0.5, 0, 1.5, 1), "the runs and the box of a mask are no whole numbers"),
        ((math.nan, 0, 0, 1, 1), "the runs and the box of a mask are no whole numbers"),
        ((4, 0, 0, math.inf, 1), "the runs and the box of a mask are no whole numbers"),
        ((1e308, 1e308, 0, 0, 1, 1), "the runs and the box of a mask are no whole numbers"),
        ((1e308, 1e308, 0, 0, 1e308, 1e308), "the runs and the box of a mask are no whole numbers"),
        ((0, 4, -1, 0, 0, 1), "the box of a mask is not inside its image"),
        ((0, 12, 638, 0, 640, 3), "the box of a mask is not inside its image"),
        ((0, 1e9, 1e9, 0, 0, 99_999, 19_999), "the box of a mask is not inside its image"),
    ],
)
def test_what_is_no_mask_of_the_image_is_refused(points: tuple[float, ...], why: str) -> None:
    with pytest.raises(Unreadable, match=f"^{why}$"):
        decode_runs(points, Size(640, 480))


def test_without_an_image_there_is_a_limit_too() -> None:
    with pytest.raises(Unreadable, match="larger than any image"):
        decode_runs((0, 1e9, 1e9, 0, 0, 99_999, 19_999))


@given(masks(), st.integers(1, 300), st.integers(1, 300))
def test_a_mask_is_stretched_by_the_nearest_pixel(mask: np.ndarray, width: int, height: int) -> None:
    stretched = fit(mask, width, height)
    assert stretched.shape == (height, width)
    if mask.all() or not mask.any():
        assert stretched.all() == mask.all()
    assert np.array_equal(fit(mask, mask.shape[1], mask.shape[0]), mask)


def test_a_mask_partly_outside_the_frame_is_cut() -> None:
    mask = np.ones((4, 6), dtype=bool)
    inside, left, top = place(mask, (-2, -1, 6, 4), Size(3, 2))
    assert (inside.shape, left, top) == ((2, 3), 0, 0)
    for far in ((10, 10, 6, 4), (-10, 0, 6, 4), (0, 3, 1, 1), (10**12, -(10**12), 10**9, 10**9)):
        assert place(mask, far, Size(3, 2))[0].size == 0


@given(masks(), st.integers(-700, 700), st.integers(-500, 500), st.integers(1, 900), st.integers(1, 900))
def test_only_what_is_visible_is_made_and_it_is_the_same(
    mask: np.ndarray, left: int, top: int, width: int, height: int
) -> None:
    size = Size(640, 480)
    whole = np.zeros((3000, 3000), dtype=bool)
    whole[1000 + top : 1000 + top + height, 1000 + left : 1000 + left + width] = fit(mask, width, height)
    part, x, y = place(mask, (left, top, width, height), size)
    seen = np.zeros((480, 640), dtype=bool)
    seen[y : y + part.shape[0], x : x + part.shape[1]] = part
    assert np.array_equal(seen, whole[1000:1480, 1000:1640])


def test_a_mask_over_a_huge_box_takes_no_more_than_its_image() -> None:
    part, left, top = place(np.eye(7, dtype=bool), (-(10**9), -(10**9), 2 * 10**9, 2 * 10**9), Size(64, 48))
    assert (part.shape, left, top) == ((48, 64), 0, 0)


def test_the_tight_part_of_a_mask_has_all_its_pixels() -> None:
    mask = np.zeros((9, 7), dtype=bool)
    mask[3, 2] = mask[5, 4] = True
    part, left, top = tight(mask)
    assert (part.shape, left, top, int(part.sum())) == ((3, 3), 2, 3, 2)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0.1, 0.1, 0.15, 0.2], (20, 10, 30, 20)),
        ([0.5, 0.5, 0.0, 0.0], (100, 50, 1, 1)),
        ([0, 0, 1, 1], (0, 0, 200, 100)),
    ],
)
def test_the_pixels_of_a_box(box: list[float], expected: tuple[int, int, int, int]) -> None:
    assert pixel_box(box, Size(200, 100)) == expected


def test_a_thousand_masks_take_less_than_two_seconds() -> None:
    rows, columns = np.mgrid[:480, :640]
    disc = (rows - 240) ** 2 + (columns - 320) ** 2 < 200**2
    start = time.process_time()
    for _ in range(1000):
        decode_runs(encode_runs(disc, 0, 0))
    assert time.process_time() - start < 2
