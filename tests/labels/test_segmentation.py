"""Segmentation: edits of masks change the pixels that look different, and no others."""

import dataclasses

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried, Unreadable
from fiftyone.plugins.orgs.roundtrip.cvat.labels.masks import encode_runs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.pixels import PIXELS, mask_of
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import FieldSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.segmentation import CONTESTED, SegmentationCodec
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
    mask = np.zeros((2, 2, 3), dtype=np.uint8)
    mask[0, 0] = [1, 2, 3]
    with pytest.raises(NotCarried, match=r"^segmentations in colours, whose targets are numbers$"):
        CODEC.encode(document(mask), Size(2, 2), SCHEMA)


def test_colours_as_targets_of_a_mask_of_numbers_are_refused() -> None:
    with pytest.raises(NotCarried, match=r"^segmentations of numbers, whose targets are colours$"):
        CODEC.encode(document(np.zeros((2, 2), dtype=np.uint8)), Size(2, 2), COLOURS)


class TestOverlaps:
    """CVAT's editor stores a brush stroke over another mask in both: what was painted last counts."""

    SIZE = Size(8, 1)

    def after(self, row: list[int], *now: tuple[str, str, int]) -> tuple[list[int], dict[str, int]]:
        """The row after masks are given as ``#`` and ``.``, the first as edits of what was sent, and what is said."""
        mask = np.array([row], dtype=np.uint8)
        old = {shape.name: shape for shape in CODEC.encode(document(mask), self.SIZE, SCHEMA)}
        pairs = []
        for name, cells, z_order in now:
            covers = np.array([[cell == "#" for cell in cells]])
            pairs.append(
                (old.pop(name, None), CvatShape("mask", encode_runs(covers, 0, 0), name=name, z_order=z_order))
            )
        pairs += [(shape, None) for shape in old.values()]
        parts = CODEC.decode({}, pairs, self.SIZE, SCHEMA)
        store = CODEC.store(document(mask), parts) if parts else {}
        found = mask_of({**document(mask), **store})
        assert found is not None
        return found[0].tolist(), dict(CODEC.doubts(pairs, self.SIZE, SCHEMA))

    @pytest.mark.parametrize("name", ["road", "sky"])
    def test_a_stroke_over_another_class_belongs_to_the_edited_one_in_either_direction(self, name: str) -> None:
        row = [1, 1, 1, 0, 2, 2, 2, 7]
        road, sky = "###.....", "....###."
        edited = {"road": ("######..", sky), "sky": (road, "..#####.")}[name]
        expected = {"road": [1, 1, 1, 1, 1, 1, 2, 7], "sky": [1, 1, 2, 2, 2, 2, 2, 7]}[name]
        for z_orders in ((0, 0), (5, 0), (0, 5)):
            shapes = [("road", edited[0], z_orders[0]), ("sky", edited[1], z_orders[1])]
            assert self.after(row, *shapes) == (expected, {})
            assert self.after(row, *reversed(shapes)) == (expected, {})

    def test_of_two_new_ones_the_upper_counts_and_of_equally_high_ones_the_later(self) -> None:
        row = [1, 0, 0, 0, 0, 0, 0, 2]
        said = {CONTESTED: 2}
        assert self.after(row, ("road", "#####...", 0), ("sky", "...#####", 0)) == ([1, 1, 1, 2, 2, 2, 2, 2], said)
        assert self.after(row, ("road", "#####...", 1), ("sky", "...#####", 0)) == ([1, 1, 1, 1, 1, 2, 2, 2], said)

    def test_what_is_erased_shows_what_lies_below(self) -> None:
        overlapping = [("road", "####....", 0), ("sky", "..######", 0)]
        assert self.after([1, 1, 2, 2, 2, 2, 2, 2], *overlapping)[0] == [1, 1, 1, 1, 2, 2, 2, 2]
        size = self.SIZE
        road, sky = (
            CvatShape("mask", encode_runs(np.array([[c == "#" for c in cells]]), 0, 0), name=name)
            for name, cells, _ in overlapping
        )
        erased = CvatShape("mask", encode_runs(np.array([[True, True]]), 0, 0), name="road")
        mask = np.array([[1, 1, 1, 1, 2, 2, 2, 2]], dtype=np.uint8)
        parts = CODEC.decode({}, [(road, erased), (sky, sky)], size, SCHEMA)
        assert mask_of(CODEC.store(document(mask), parts)).tolist() == [[1, 1, 2, 2, 2, 2, 2, 2]]
        assert CODEC.decode({}, [(road, road), (sky, sky)], size, SCHEMA) == {}

    def test_a_mask_that_is_brought_to_the_front_shows(self) -> None:
        road, sky = (
            CvatShape("mask", encode_runs(np.array([[c == "#" for c in cells]]), 0, 0), name=name)
            for name, cells in (("road", "####...."), ("sky", "..######"))
        )
        mask = np.array([[1, 1, 2, 2, 2, 2, 2, 2]], dtype=np.uint8)
        front = dataclasses.replace(road, z_order=3)
        parts = CODEC.decode({}, [(road, front), (sky, sky)], self.SIZE, SCHEMA)
        assert mask_of(CODEC.store(document(mask), parts)).tolist() == [[1, 1, 1, 1, 2, 2, 2, 2]]

    def test_a_class_that_is_no_target_is_counted(self) -> None:
        row, said = self.after(
            [1, 0, 0, 0, 0, 0, 0, 2], ("road", "#.......", 0), ("sky", ".......#", 0), ("tree", "..##....", 0)
        )
        assert (row, said) == ([1, 0, 0, 0, 0, 0, 0, 2], {"masks of class 'tree', which is no mask target": 1})


DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
targets = st.sampled_from([1, 2, 254, 255, 256, 300, 65_535, 65_536, 2**31, 2**40, 2**62, -1, -128, -129])


@given(st.sampled_from(DTYPES), st.lists(targets, min_size=1, max_size=4, unique=True), st.data())
def test_a_painted_target_is_there_and_no_other_pixel_changed_whatever_the_type(
    dtype: str, values: list[int], data: st.DataObject
) -> None:
    """Or the label says that it can't hold it. A target never turns into another value."""
    schema = FieldSchema(
        type="segmentation", classes=[f"c{v}" for v in values], mask_targets={v: f"c{v}" for v in values}
    )
    mask = np.array([[0, 1, 1, 0, 0, 0]]).astype(dtype)
    size = Size(6, 1)
    old = CODEC.encode(document(mask), size, schema)
    value = data.draw(st.sampled_from(values))
    stroke = CvatShape("mask", encode_runs(np.array([[True, True]]), 3, 0), name=f"c{value}")
    parts = CODEC.decode({}, [*((shape, shape) for shape in old), (None, stroke)], size, schema)
    try:
        found = mask_of(CODEC.store(document(mask), parts))
    except Unreadable:
        assert (dtype[0] == "f" and abs(value) > 2**53) or (dtype == "u8" and value < 0)
        return
    assert found is not None
    assert [int(number) for number in found[0]] == [0, 1, 1, value, value, 0]
    if dtype == "?":
        assert found.dtype == np.bool_ or value != 1


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_a_file_gets_no_type_that_it_can_t_hold(dtype: str) -> None:
    schema = FieldSchema(type="segmentation", classes=["a", "b"], mask_targets={300: "a", 70_000: "b"})
    there = {**fo.Segmentation(mask_path="/m.png").to_dict(), PIXELS: np.zeros((1, 2), dtype=dtype)}
    for name, holds in (("a", True), ("b", False)):
        parts = CODEC.decode_new(
            [CvatShape("mask", encode_runs(np.array([[True]]), 0, 0), name=name)], Size(2, 1), schema
        )
        if holds:
            array = CODEC.store(there, parts)["mask_path"]
            assert (array.dtype, array.tolist()) == (np.uint16, [[300, 0]])
        else:
            with pytest.raises(Unreadable, match="a mask file can't hold values of type uint32"):
                CODEC.store(there, parts)


def test_a_mask_that_became_something_else_here_is_said() -> None:
    """Someone replaced it in FiftyOne while CVAT had the old one."""
    parts = CODEC.decode_new(
        [CvatShape("mask", encode_runs(np.array([[True]]), 0, 0), name="road")], Size(2, 1), SCHEMA
    )
    for other in (np.arange(12, dtype=np.uint8).reshape(2, 2, 3), np.array(["x"]), np.zeros((0, 3)), np.zeros(4)):
        with pytest.raises(Unreadable):
            CODEC.store(document(other), parts)
    coloured = CODEC.decode_new(
        [CvatShape("mask", encode_runs(np.array([[True]]), 0, 0), name="red")], Size(2, 1), COLOURS
    )
    with pytest.raises(Unreadable, match="segmentations of numbers"):
        CODEC.store(document(np.zeros((1, 2), dtype=np.uint8)), coloured)


def test_values_of_one_class_stay_apart() -> None:
    """Where a class has several values, a pixel that has one of them is not given another."""
    schema = FieldSchema(type="segmentation", classes=("road",), mask_targets={1: "road", 5: "road"})
    mask = np.array([[1, 5, 0, 0]], dtype=np.uint8)
    size = Size(4, 1)
    (old,) = CODEC.encode(document(mask), size, schema)
    whole = CvatShape("mask", encode_runs(np.ones((1, 3), bool), 0, 0), name="road")
    parts = CODEC.decode({}, [(old, None), (None, whole)], size, schema)
    assert mask_of(CODEC.store(document(mask), parts)).tolist() == [[1, 5, 1, 0]]


def test_a_segmentation_drawn_in_cvat() -> None:
    shape = CvatShape("mask", encode_runs(np.ones((2, 3), bool), 1, 0), name="road")
    parts = CODEC.decode_new([shape], Size(5, 3), SCHEMA)
    after = {**CODEC.blank(), **CODEC.store(None, parts)}
    assert mask_of(after).tolist() == [[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
