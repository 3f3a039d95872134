"""Masks and shapes that no person would make, through the whole loop: the bad one is counted, and all others go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from sync_loop import Loop

BOX = [0.1, 0.1, 0.5, 0.5]
BAD_MASKS: dict[str, np.ndarray] = {
    "masks without pixels": np.zeros((0, 5), dtype=bool),
    "masks of 1 dimensions": np.ones(7, dtype=bool),
    "masks of 4 dimensions": np.ones((2, 2, 1, 1), dtype=np.uint8),
    "masks of 5 channels": np.ones((2, 2, 5), dtype=np.uint8),
    "masks of type complex128": np.ones((2, 2), dtype=complex),
    "detections whose mask has no pixel in the image": np.full((3, 3), np.nan),
}
GOOD_MASKS = [
    np.ones((20, 20, 1), dtype=np.uint8),
    np.ones((20, 20, 3), dtype=np.int64),
    np.where(np.eye(9) > 0, np.nan, 1.0),
    np.eye(9, dtype=bool),
]


def instances(*masks: Any) -> fo.Detections:
    return fo.Detections(detections=[fo.Detection(label="cat", bounding_box=BOX, mask=mask) for mask in masks])


def left_out(run: dict[str, Any]) -> dict[str, int]:
    return {item["what"]: item["count"] for item in run["left_out"]}


def test_masks_that_can_t_be_read_stay_behind_and_the_others_go(loop: Loop) -> None:
    loop.fill(instances(*BAD_MASKS.values(), *GOOD_MASKS))
    before = loop.documents()
    run = loop.send()
    assert left_out(run) == {f"gt: {reason}": 1 for reason in BAD_MASKS}
    assert run["labels"] == len(GOOD_MASKS)
    assert len(loop.cvat.objects()) == len(GOOD_MASKS)
    report = loop.load()
    assert (report["unchanged"], report["deleted"], report["added"]) == (len(GOOD_MASKS), 0, 0)
    assert loop.documents() == before


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGB", "RGBA", "I;16"])
def test_mask_files_of_any_mode(loop: Loop, tmp_path: Path, mode: str) -> None:
    cells = np.zeros((24, 32), dtype=np.uint8)
    cells[4:20, 3:9] = 1
    if mode == "P":
        image = Image.fromarray(cells, "P")
        image.putpalette([0, 0, 0, 128, 0, 0, *[0] * 762])
    else:
        image = Image.fromarray(cells.astype(np.uint16) if mode == "I;16" else cells * 255)
        image = image if mode == "I;16" else image.convert(mode)
    image.save(tmp_path / "mask.png")
    file = str(tmp_path / "mask.png")
    targets = {1 if mode in ("P", "I;16") else 255: "cat"}
    loop.fill(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=BOX, mask_path=file)]))
    loop.dataset.set_values("scene", [fo.Segmentation(mask_path=file)])
    before = loop.documents()
    run = loop.send(label_schema={"gt": {}, "scene": {"mask_targets": targets}})
    assert (run["labels"], run["left_out"]) == (2, [])
    covered = sorted(sum(item["points"][1:-4:2]) for item in loop.cvat.objects())
    # 16 x 6 cells, each of 5 x 5 pixels in the box, and of 10 x 10 in the whole image
    assert covered == [16 * 6 * 25, 16 * 6 * 100]
    assert loop.load()["unchanged"] == 2
    assert loop.documents() == before


def painted(loop: Loop, mask: np.ndarray, targets: dict[Any, str], name: str) -> tuple[dict[str, Any], np.ndarray]:
    """A segmentation whose first four pixels are painted in CVAT: the report, and the mask then."""
    loop.fill(fo.Segmentation(mask=mask))
    loop.send(label_schema={"gt": {"mask_targets": targets}})
    loop.cvat.draw(name, 0, [0, 4, 0, 0, 3, 0], "mask")
    report = loop.load()
    found = loop.dataset.first()["gt"].mask
    assert not any(loop.load()[count] for count in ("added", "changed", "deleted"))
    return report, found


@pytest.mark.parametrize("dtype", ["?", "u1", "u2", "i4", "f4"])
def test_a_target_that_a_mask_has_no_room_for_makes_it_wider(loop: Loop, dtype: str) -> None:
    mask = np.zeros((240, 320), dtype=dtype)
    mask[100:] = 1
    report, found = painted(loop, mask, {1: "cat", 300: "dog"}, "dog")
    expected = mask.astype(int)
    expected[0, :4] = 300
    assert report["changed"] == 1
    assert np.array_equal(found, expected)


def test_a_bool_mask_can_have_two_targets(loop: Loop) -> None:
    mask = np.zeros((240, 320), dtype=bool)
    mask[100:] = True
    _, found = painted(loop, mask, {1: "cat", 2: "dog"}, "dog")
    assert found[0, :5].tolist() == [2, 2, 2, 2, 0] and (found[100:] == 1).all()


@pytest.mark.parametrize("coloured", [True, False])
def test_targets_of_another_kind_than_the_mask(loop: Loop, coloured: bool) -> None:
    """Such a label stays behind by reason, and what is drawn in its place is counted."""
    mask = np.zeros((240, 320, 3) if not coloured else (240, 320), dtype=np.uint8)
    mask[0, 0] = 7 if coloured else [7, 8, 9]
    targets = {"#ff0000": "cat"} if coloured else {1: "cat"}
    loop.fill(fo.Segmentation(mask=mask), fo.Segmentation(mask=None))
    run = loop.send(label_schema={"gt": {"mask_targets": targets}})
    (reason,) = [text for text in left_out(run) if "targets are" in text]
    assert left_out(run)[reason] == 1
    loop.cvat.draw("cat", 0, [0, 4, 0, 0, 3, 0], "mask")
    report = loop.load()
    assert report["deleted"] == 0
    assert np.array_equal(loop.dataset.first()["gt"].mask, mask)
    assert report["fields"]["gt"]["refused"], report


def test_a_stroke_over_another_class_is_loaded(loop: Loop) -> None:
    mask = np.zeros((240, 320), dtype=np.uint8)
    mask[:100], mask[100:] = 1, 2
    loop.fill(fo.Segmentation(mask=mask))
    loop.send(label_schema={"gt": {"mask_targets": {1: "cat", 2: "dog"}}})
    cat = next(item for item in loop.cvat.objects() if item["points"][-3] == 0)
    loop.cvat.edit(cat, points=[0, 320 * 110, 0, 0, 319, 109])
    assert loop.load()["changed"] == 1
    expected = mask.copy()
    expected[100:110] = 1
    assert np.array_equal(loop.dataset.first()["gt"].mask, expected)


BOMBS: dict[str, tuple[str, list[float]]] = {
    "a box of 100,000 x 100,000": ("mask", [0, 1e10, 0, 0, 99_999, 99_999]),
    "a box of 10,000,000 x 10,000,000": ("mask", [0, 1e14, 0, 0, 9_999_999, 9_999_999]),
    "a negative origin": ("mask", [0, 16, -3, 0, 0, 3]),
    "right before left": ("mask", [0, 16, 9, 0, 3, 3]),
    "runs that do not fill it": ("mask", [0, 3, 0, 0, 3, 3]),
    "runs of 1e308": ("mask", [0, 1e308, 0, 0, 3, 3]),
    "a corner at 1e308": ("rectangle", [0, 0, 1e308, 1e308]),
    "a line to 1e308": ("polyline", [0, 0, 1e308, -1e308]),
    "a polygon to 1e15": ("polygon", [0, 0, 1e15, 0, 3, 4]),
    "an ellipse of 1e200": ("ellipse", [0, 0, 1e200, 1]),
    "points at -1e300": ("points", [-1e300, 0]),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_nobody_drew_is_counted_by_reason_and_the_rest_is_loaded(loop: Loop, bomb: str) -> None:
    loop.fill(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=BOX)]))
    loop.send()
    type_, points = BOMBS[bomb]
    loop.cvat.draw("cat", 0, points, type_)
    loop.cvat.draw("cat", 0, [10, 10, 50, 50])
    report = loop.load()
    assert (report["added"], report["unchanged"], report["deleted"]) == (1, 1, 0)
    (left,) = report["left"]
    assert (left["type"], left["name"], left["count"]) == (type_, "cat", 1)
    assert left["reason"].startswith("not readable: ")
    assert report["objects"] == {"found": 3, "unchanged": 1, "applied": 1, "left": 1}


@pytest.mark.parametrize("bomb", [name for name, (type_, _) in BOMBS.items() if type_ in ("mask", "rectangle")])
def test_nor_does_an_edit_into_it_change_a_label(loop: Loop, bomb: str) -> None:
    loop.fill(
        instances(np.eye(9))
        if BOMBS[bomb][0] == "mask"
        else fo.Detections(detections=[fo.Detection(label="cat", bounding_box=BOX)])
    )
    before = loop.documents()
    loop.send()
    loop.cvat.edit(loop.cvat.shape(), points=BOMBS[bomb][1])
    report = loop.load()
    assert loop.documents() == before
    (text,) = report["fields"]["gt"]["refused"]
    assert text.startswith("edits of shapes that could not be read (")
