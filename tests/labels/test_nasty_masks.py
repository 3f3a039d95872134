"""Masks of any type, shape and value: what can be read is read, else the label is left out with a reason."""

from __future__ import annotations

import io
import tracemalloc
import zlib
from typing import Any

import fiftyone as fo
import fiftyone.core.utils as fou
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attributes import NotCarried
from fiftyone.plugins.orgs.roundtrip.cvat.labels.masks import decode_runs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.pixels import INDICES, PIXELS, digest, mask_of, store_mask
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import FieldSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from hypothesis import given
from hypothesis import strategies as st
from labels_server import echo, edited, schema_of, send

SIZE = (40, 30)
SEGMENTATION = FieldSchema(type="segmentation", classes=("a", "b"), mask_targets={1: "a", 2: "b"})
COLOURS = FieldSchema(type="segmentation", classes=("a", "b"), mask_targets={"#ff0000": "a", "#00ff00": "b"})
SHAPES = [(20, 20), (20, 20, 1), (20, 20, 2), (20, 20, 3), (20, 20, 4), (20, 20, 5), (0, 5), (5, 0), (0, 0), (0,), (9,)]
SHAPES += [(), (1, 1), (1, 400), (2, 3, 0), (2, 3, 4, 5), (1, 20, 20)]
DTYPES = ["?", "u1", "i1", "u2", "i8", "f2", "f4", "f8", "c8", "U3", "S2", "M8[s]", "m8[s]", "V4"]


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    shape, dtype = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(DTYPES))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = random.choice([0, 1, 2, 127], shape)
    array = np.zeros(shape, dtype) if dtype[0] in "USMmV" else values.astype(dtype)
    if array.dtype.kind == "f" and array.size and draw(st.booleans()):
        array.flat[0], array.flat[-1] = np.nan, np.inf
    return array


def packed(array: np.ndarray) -> bytes:
    return bytes(fou.serialize_numpy_array(array))


def nasty_bytes() -> list[Any]:
    bomb = io.BytesIO()
    np.lib.format.write_array_header_1_0(bomb, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6)})
    pickled = io.BytesIO()
    np.save(pickled, np.array([{}], dtype=object), allow_pickle=True)
    damaged = [b"", b"packed", zlib.compress(b"nothing"), packed(np.eye(3))[:-9], zlib.compress(bomb.getvalue())]
    return [*damaged, zlib.compress(pickled.getvalue()), "text", 7, 10**12, [1], {"a": 1}, 1.5]


documents = st.one_of(
    arrays().map(lambda array: {"mask": packed(array)}),
    arrays().map(lambda array: {"mask_path": "/m.png", PIXELS: array}),
    arrays().map(lambda array: {"mask_path": "/m.png", PIXELS: np.zeros((5, 5, 3), np.uint8), INDICES: array}),
    st.sampled_from(nasty_bytes()).map(lambda value: {"mask": value}),
    st.just({"mask_path": "/gone.png"}),
)


@given(
    documents, st.sampled_from([[0.1, 0.1, 0.5, 0.5], [-3, -3, 7, 7], [0, 0, 0, 0], [5, 5, 1, 1], [0, 0, 1e9, 1e300]])
)
def test_an_instance_is_drawn_or_left_out(masked: dict[str, Any], box: list[float]) -> None:
    document = {**fo.Detection(label="car", bounding_box=box).to_dict(), **masked}
    try:
        sent = send(document, schema_of(gt={}), SIZE)
    except NotCarried as error:
        assert str(error).startswith(("masks ", "labels ", "detections "))
        return
    (shape,) = sent.objects
    assert decode_runs(shape.points, Size(*SIZE))[0].any()
    assert sent.changes(echo(shape)) == {}
    changes = sent.read(edited(shape, points=(0.0, 4.0, 1, 1, 2, 2))).parts
    written = LABEL_TYPES["detections"].codec.store(document, {k: v for k, v in changes.items() if k == "mask"})
    assert set(written) <= {"mask", "mask_path"}


@given(documents, st.sampled_from([SEGMENTATION, COLOURS]))
def test_a_segmentation_is_drawn_or_left_out(masked: dict[str, Any], schema: FieldSchema) -> None:
    codec = LABEL_TYPES["segmentation"].codec
    document = {**fo.Segmentation().to_dict(), **masked}
    assert codec.parts(document)
    try:
        shapes = codec.encode(document, Size(*SIZE), schema)
    except NotCarried as error:
        assert str(error).startswith(("masks ", "segmentations "))
        return
    for shape in shapes:
        decode_runs(shape.points, Size(*SIZE))


@pytest.mark.parametrize("value", nasty_bytes(), ids=lambda value: repr(value)[:30])
def test_what_is_no_mask_costs_little(value: Any) -> None:
    tracemalloc.start()
    assert mask_of({"mask": value}) is None
    assert digest({"mask": value})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


def test_a_mask_that_unpacks_to_more_than_any_has_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{mask_of.__module__}.LARGEST_BYTES", 1000)
    assert mask_of({"mask": packed(np.zeros((20, 20), dtype=np.uint8))}) is not None
    assert mask_of({"mask": packed(np.zeros((40, 40), dtype=np.uint8))}) is None


CELLS = np.zeros((4, 4), dtype=np.uint8)
CELLS[1:3, 1:3] = 1


def rgb(values: np.ndarray, *alpha: int) -> np.ndarray:
    return np.stack([values, values * 0, values, *(np.full_like(values, a) for a in alpha)], axis=-1)


@pytest.mark.parametrize(
    "array",
    [
        CELLS,
        CELLS.astype(bool),
        CELLS * 255,
        CELLS.astype(np.float64),
        np.where(CELLS, 1.0, np.nan),
        CELLS[..., None],
        rgb(CELLS * 200),
        rgb(CELLS * 200, 255),
        np.stack([CELLS, CELLS * 255], axis=-1),
        np.stack([CELLS * 0 + 9, CELLS * 0 + 9, CELLS * 0 + 9, CELLS * 255], axis=-1),
    ],
    ids=["numbers", "bool", "255", "float", "nan", "one channel", "rgb", "rgba", "la", "only where it is opaque"],
)
@pytest.mark.parametrize("where", ["document", "file", "palette"])
def test_what_of_a_mask_is_the_object(array: np.ndarray, where: str) -> None:
    masked: dict[str, Any] = {"mask": packed(array)}
    if where != "document":
        masked = {"mask_path": "/m.png", PIXELS: array}
    if where == "palette":
        masked = {"mask_path": "/m.png", PIXELS: np.full((4, 4, 3), 9, np.uint8), INDICES: array}
    sent = send({**fo.Detection(label="car", bounding_box=[0, 0, 1, 1]).to_dict(), **masked}, schema_of(gt={}), (4, 4))
    mask, left, top = decode_runs(sent.objects[0].points)
    seen = np.zeros((4, 4), dtype=bool)
    seen[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    assert np.array_equal(seen, CELLS > 0)


def test_a_palette_counts_by_its_numbers_where_targets_are_numbers_else_by_its_colours() -> None:
    indices = np.array([[0, 1, 2]], dtype=np.uint8)
    colours = np.array([[[0, 0, 0], [0, 255, 0], [255, 0, 0]]], dtype=np.uint8)
    document = {**fo.Segmentation(mask_path="/m.png").to_dict(), PIXELS: colours, INDICES: indices}
    codec = LABEL_TYPES["segmentation"].codec
    for schema, places in ((SEGMENTATION, {"a": 1, "b": 2}), (COLOURS, {"a": 2, "b": 1})):
        found = {shape.name: shape.points[-4] for shape in codec.encode(document, Size(3, 1), schema)}
        assert found == places


def test_grey_that_was_saved_in_colours_is_numbers_and_is_painted_in_all_of_them() -> None:
    codec = LABEL_TYPES["segmentation"].codec
    grey = np.stack([np.array([[0, 1, 2]], dtype=np.uint8)] * 3, axis=-1)
    document = {**fo.Segmentation().to_dict(), "mask": packed(grey)}
    old = codec.encode(document, Size(3, 1), SEGMENTATION)
    assert [shape.name for shape in old] == ["a", "b"]
    parts = codec.decode({}, [(old[0], None), (old[1], old[1])], Size(3, 1), SEGMENTATION)
    after = mask_of(codec.store(document, parts))
    assert after is not None and after.tolist() == [[[0, 0, 0], [0, 0, 0], [2, 2, 2]]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_new_mask_can_take_the_place_of_any(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, dtype)
    written = store_mask({"mask": packed(array)}, np.eye(3, dtype=bool))
    found = mask_of(written)
    assert found is not None and np.array_equal(found > 0, np.eye(3, dtype=bool))
