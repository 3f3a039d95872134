"""Conflicts that can be judged: the picture of the three versions, and what differs in words."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.masks import encode_runs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import CvatShape, Node, Size
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts.differences import change, shapes_changed, table
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts.outlines import Outline, outlines
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts.picture import COLORS, crop_box, dashes, draw, picture
from fiftyone.plugins.orgs.roundtrip.cvat.operators.conflicts.texts import value
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.versions import Versions, find_versions
from PIL import Image
from sync_loop import Loop

SIZE = Size(320, 240)
BOX = (100.0, 80.0, 160.0, 120.0)


def box(*points: float, turn: float = 0.0) -> CvatShape:
    return CvatShape("rectangle", points or BOX, turn)


def mask(left: int, top: int, width: int, height: int) -> CvatShape:
    return CvatShape("mask", encode_runs(np.ones((height, width), dtype=bool), left, top))


def polygon(*points: float) -> CvatShape:
    return CvatShape("polygon", points)


TRIANGLE = polygon(10, 10, 50, 10, 30, 40)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ([box()], [box(100, 80, 160, 120)], ""),
        ([box()], [box(108.4, 91.2, 168.4, 131.2)], "moved by 14 px"),
        ([box()], [box(100, 80, 166, 120)], "moved by 3 px, 6 px wider"),
        ([box()], [box(103, 90, 157, 110)], "6 px narrower, 20 px shorter"),
        ([box()], [box(turn=350)], "turned by 10° counterclockwise"),
        ([box(turn=350)], [box(turn=20)], "turned by 30° clockwise"),
        ([box()], [], "not drawn any more"),
        ([], [box()], "drawn"),
        ([], [], ""),
        ([box()], [TRIANGLE], "rectangle → polygon"),
        ([TRIANGLE], [TRIANGLE, TRIANGLE], "1 part → 2"),
        ([TRIANGLE], [polygon(10, 10, 50, 10, 26, 40)], "points moved by up to 4 px"),
        ([TRIANGLE], [polygon(10, 10, 50, 10, 30, 40, 20, 20)], "3 points → 4"),
        ([mask(10, 10, 20, 10)], [mask(10, 10, 18, 11)], "18 pixels added, 20 pixels removed"),
        ([mask(10, 10, 20, 10)], [mask(13, 14, 20, 10)], "moved by 5 px"),
        ([mask(10, 10, 20, 10)], [mask(10, 10, 20, 10)], ""),
        ([CvatShape("skeleton", nodes=(Node(0, 5, 5), Node(1, 25, 5)))],) * 2 + ("",),
    ],
)
def test_what_became_of_a_shape_in_words(old: list[CvatShape], new: list[CvatShape], words: str) -> None:
    assert shapes_changed(old, new, SIZE) == words


@pytest.mark.parametrize(
    ("part", "base", "now", "words"),
    [
        ("label", "car", "truck", "class car → truck"),
        ("color", None, "red", "none → red"),
        ("moving (attribute)", True, False, "yes → no"),
        ("existence", {"label": "car"}, None, "deleted"),
        ("existence", {"label": "car", "age": 1}, {"label": "bus", "age": 1}, "class car → bus"),
        ("geometry", {"bounding_box": [0, 0, 1, 1]}, {"bounding_box": [0.1, 0, 1, 1]}, "moved by 14 px"),
    ],
)
def test_what_one_side_did_in_words(part: str, base: Any, now: Any, words: str) -> None:
    versions = Versions("", None, SIZE, (box(),), (), (box(108.4, 91.2, 168.4, 131.2),))
    said = change({"part": part, "base": base, "remote": now}, "remote", versions)
    assert said == words.removeprefix("class " if part == "label" else "")


@pytest.mark.parametrize(
    ("given", "base", "words"),
    [
        ({"bounding_box": [0, 0, 0.5, 0.5]}, None, "box"),
        ({"bounding_box": [0, 0, 0.5, 0.5]}, {"bounding_box": [0, 0, 0.5, 0.5]}, "as it was"),
        ({"bounding_box": [0.1, 0, 0.5, 0.5]}, {"bounding_box": [0, 0, 0.5, 0.5]}, "moved"),
        ({"bounding_box": [0, 0, 0.6, 0.5]}, {"bounding_box": [0, 0, 0.5, 0.5]}, "moved and resized"),
        ({"bounding_box": [0, 0, 1, 1], "rotation": 0.5}, {"bounding_box": [0, 0, 1, 1], "rotation": None}, "turned"),
        ({"bounding_box": [0, 0, 1, 1], "mask": b"1"}, {"bounding_box": [0, 0, 1, 1], "mask": b"0"}, "another mask"),
        ({"points": [[0, 0], [1, 1]]}, {"points": [[0, 0], [1, 0.5]]}, "points moved"),
        ({"points": [[[0, 0], [1, 1]]], "closed": True}, {"points": [[[0, 0]]], "closed": True}, "1 point → 2"),
        ({"points": [[0, 0]], "closed": True}, {"points": [[0, 0]], "closed": False}, "another shape"),
        ({"points": []}, None, "shape"),
        (None, {"points": [[0, 0]]}, "none"),
    ],
)
def test_a_shape_that_is_not_drawn_in_words(given: Any, base: Any, words: str) -> None:
    assert value("geometry", given, base) == words


def test_what_others_typed_stays_text_in_the_table() -> None:
    item = {"part": "label", "base": "![](x)", "local": "a|b", "remote": "# c", "outcome": "open"}
    text = table([item], None)
    assert text.count("\n") == 2 and "\\|" in text and "![](" not in text


@pytest.mark.parametrize(
    ("shape", "count", "corners"),
    [
        (box(), 1, (100, 80, 160, 120)),
        (box(turn=90), 1, (110, 70, 150, 130)),
        (CvatShape("ellipse", (100, 100, 130, 80)), 1, (70, 80, 130, 120)),
        (CvatShape("polyline", (1, 2, 30, 40)), 1, (1, 2, 30, 40)),
        (CvatShape("points", (10, 10, 20, 20)), 4, (6, 6, 24, 24)),
        (CvatShape("skeleton", nodes=(Node(0, 10, 10), Node(1, 20, 20, outside=True))), 2, (6, 6, 14, 14)),
        (mask(10, 20, 5, 4), 1, (10.5, 20.5, 14.5, 23.5)),
        (CvatShape("cuboid", tuple(map(float, range(16)))), 1, (0, 1, 14, 15)),
        (CvatShape("mask", (1, 2, 3)), 0, None),
        (box(math.nan, 0, 1, 1), 0, None),
        (polygon(1, 2, 3), 0, None),
        (polygon(), 0, None),
    ],
)
def test_outlines(shape: CvatShape, count: int, corners: tuple[float, ...] | None) -> None:
    lines = outlines([shape], SIZE)
    assert len(lines) == count
    if corners:
        points = np.concatenate([line.points for line in lines])
        assert [*points.min(axis=0), *points.max(axis=0)] == pytest.approx(corners, abs=0.1)


def test_the_crop_is_inside_of_the_image_wherever_the_label_is() -> None:
    rng = np.random.default_rng(0)
    for points in rng.uniform(-500, 800, (200, 4)):
        x0, y0, x1, y1 = crop_box(outlines([polygon(*points)], SIZE), SIZE)
        assert 0 <= x0 < x1 <= SIZE.width and 0 <= y0 < y1 <= SIZE.height
    assert crop_box([], SIZE) == (0, 0, 320, 240)


def test_dashes_cover_half_of_a_line() -> None:
    (square,) = outlines([box(0, 0, 70, 70)], SIZE)
    length = sum(float(np.hypot(*np.diff(dash, axis=0).T).sum()) for dash in dashes(square, 7))
    assert length == pytest.approx(140, abs=1)
    assert len(dashes(Outline(np.array([[0.0, 0.0], [3.0, 0.0]]), closed=False), 7)) == 1


def near(image: np.ndarray[Any, Any], color: tuple[int, int, int]) -> int:
    """How many pixels have a colour."""
    return int((np.abs(image.astype(int) - color).max(axis=2) < 12).sum())


def test_every_version_is_seen_even_if_all_are_the_same() -> None:
    image = np.full((240, 320, 3), 90, dtype=np.uint8)
    same = (box(),)
    drawn = draw(image, Versions("", None, SIZE, same, same, same))
    assert near(drawn, COLORS["local"]) > 100 and near(drawn, COLORS["remote"]) > 100
    apart = draw(image, Versions("", None, SIZE, same, (box(90, 70, 150, 110),), (box(110, 90, 170, 130),)))
    assert all(near(apart, color) > 100 for color in COLORS.values())


def test_a_mask_is_a_tint() -> None:
    image = np.full((240, 320, 3), 90, dtype=np.uint8)
    drawn = draw(image, Versions("", None, SIZE, (), (mask(100, 80, 60, 40),), ()))
    middle = drawn[drawn.shape[0] // 2, drawn.shape[1] // 2]
    assert (middle != 90).any() and (middle != COLORS["local"]).any()


def test_an_image_of_another_size_than_in_cvat(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (640, 480)).save(path)
    address = picture(Versions(str(path), None, SIZE, (box(),), (box(),), ()))
    image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,"))))
    assert image.width <= 560 and image.height <= 340


@pytest.mark.parametrize("media", ["", "nowhere.png", __file__])
def test_an_image_that_cannot_be_read_is_no_picture(media: str) -> None:
    assert picture(Versions(media, None, SIZE)) == picture(Versions(media, 3, SIZE)) == ""


def test_the_versions_of_a_conflict(filled: Loop) -> None:
    filled.send(classes=["cat", "dog"])
    filled.cvat.move(filled.cvat.shape(0), 11)
    sample = filled.dataset.first()
    label = sample.gt.detections[0]
    label.bounding_box = [label.bounding_box[0] + 0.125, *label.bounding_box[1:]]
    sample.save()
    filled.load(policy="ask")
    decision = {"take": "local", "field": "gt", "label_id": label.id}
    versions = find_versions(filled.dataset, "run", decision)
    assert versions is not None and versions.media == sample.filepath and versions.number is None
    assert shapes_changed(versions.base, versions.remote, versions.size) == "moved by 11 px"
    moved = 0.125 * versions.size.width
    assert shapes_changed(versions.base, versions.local, versions.size) == f"moved by {moved:.0f} px"
    assert picture(versions).startswith("data:image/png;base64,")
    sample.gt = fo.Detections()
    sample.save()
    gone = find_versions(filled.dataset, "run", decision)
    assert gone is not None and gone.local == ()
    assert find_versions(filled.dataset, "run", {**decision, "label_id": "0" * 24}) is None
