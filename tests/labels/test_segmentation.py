"""Segmentation: edits of masks change the pixels that look different, and no others."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried
from fiftyone.plugins.orgs.roundtrip.cvat.labels.masks import encode_runs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.pixels import mask_of
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import FieldSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.segmentation import SegmentationCodec
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape, Size
from hypothesis import given
from hypothesis import strategies as st

CODEC = SegmentationCodec()
SCHEMA = FieldSchema(type="segmentation", classes=("road", "sky"), mask_targets={1: "road", 2: "sky", 0: "background"})
COLOURS = FieldSchema(type="segmentation", classes=("red",), mask_targets={"#FF0000": "red"})


def document(mask: np.ndarray) -> dict:
    return dict(fo.Segmentation(mask=mask).to_dict())


@st.composite
def scenes(draw: st.DrawFn) -> np.ndarray:
    """Frames with road, sky, nothing, and values that are no target."""
    shape = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1))).choice([0, 1, 2, 7, 255], shape).astype(np.uint8)


def stored(mask: np.ndarray, pairs: list[tuple[CvatShape | None, CvatShape | None]]) -> np.ndarray | None:
    """The mask after an edit in CVAT; ``None`` if nothing is to be written."""
    size = Size(mask.shape[1], mask.shape[0])
    parts = CODEC.decode(CODEC.parts(document(mask)), pairs, size, SCHEMA)
    return mask_of(CODEC.store(document(mask), parts)) if parts else None


@given(scenes())
def test_each_class_is_one_mask_and_unedited_nothing_is_written(mask: np.ndarray) -> None:
    shapes = CODEC.encode(document(mask), Size(mask.shape[1], mask.shape[0]), SCHEMA)
    assert {shape.name for shape in shapes} == {name for v, name in {1: "road", 2: "sky"}.items() if (mask == v).any()}
    assert stored(mask, [(shape, shape) for shape in shapes]) is None


@given(scenes(), scenes())
def test_a_drawn_mask_changes_its_pixels_only(mask: np.ndarray, other: np.ndarray) -> None:
    size = Size(mask.shape[1], mask.shape[0])
    old = CODEC.encode(document(mask), size, SCHEMA)
    height, width = min(mask.shape[0], other.shape[0]), min(mask.shape[1], other.shape[1])
    brush = other[:height, :width] == 1
    new = CvatShape("mask", encode_runs(brush, 0, 0), name="sky", z_order=1)
    expected = mask.copy()
    painted = brush & (mask[:height, :width] != 2)
    expected[:height, :width][painted] = 2
    after = stored(mask, [*((shape, shape) for shape in old), (None, new)])
    assert np.array_equal(mask if after is None else after, expected)
    assert after is None or after.dtype == mask.dtype


@given(scenes())
def test_a_deleted_class_becomes_background_and_other_values_stay(mask: np.ndarray) -> None:
    old = CODEC.encode(document(mask), Size(mask.shape[1], mask.shape[0]), SCHEMA)
    after = stored(mask, [(shape, None if shape.name == "road" else shape) for shape in old])
    assert np.array_equal(mask if after is None else after, np.where(mask == 1, 0, mask))


@given(scenes())
def test_a_relabelled_mask_changes_its_class(mask: np.ndarray) -> None:
    old = CODEC.encode(document(mask), Size(mask.shape[1], mask.shape[0]), SCHEMA)
    became = [CvatShape("mask", shape.points, name="sky") for shape in old]
    after = stored(mask, list(zip(old, became, strict=True)))
    assert np.array_equal(mask if after is None else after, np.where(mask == 1, 2, mask))


def test_colours_keep_every_other_pixel() -> None:
    mask = np.zeros((4, 6, 3), dtype=np.uint8)
    mask[:2] = [255, 0, 0]
    mask[3, 3] = [1, 2, 3]
    size = Size(6, 4)
    (red,) = CODEC.encode(document(mask), size, COLOURS)
    parts = CODEC.decode(
        {}, [(red, CvatShape("mask", encode_runs(np.ones((1, 6), bool), 0, 0), name="red"))], size, COLOURS
    )
    expected = mask.copy()
    expected[1] = 0
    assert np.array_equal(mask_of(CODEC.store(document(mask), parts)), expected)


def test_a_mask_of_another_size_than_its_frame_is_stretched_both_ways() -> None:
    mask = np.repeat(np.repeat(np.array([[1, 2], [2, 0]], dtype=np.uint8), 2, axis=0), 3, axis=1)
    size = Size(12, 8)
    old = CODEC.encode(document(mask), size, SCHEMA)
    pairs = [(shape, None if shape.name == "road" else shape) for shape in old]
    after = mask_of(CODEC.store(document(mask), CODEC.decode({}, pairs, size, SCHEMA)))
    assert np.array_equal(after, np.where(mask == 1, 0, mask))


def test_numbers_as_targets_of_a_coloured_mask_are_refused() -> None:
    with pytest.raises(NotCarried):
        CODEC.encode(document(np.zeros((2, 2, 3), dtype=np.uint8)), Size(2, 2), SCHEMA)


def test_a_segmentation_drawn_in_cvat() -> None:
    shape = CvatShape("mask", encode_runs(np.ones((2, 3), bool), 1, 0), name="road")
    parts = CODEC.decode_new([shape], Size(5, 3), SCHEMA)
    after = {**CODEC.blank(), **CODEC.store(None, parts)}
    assert mask_of(after).tolist() == [[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
