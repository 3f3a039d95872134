"""Every 2D label type through the whole loop: unedited nothing changes, edited only the edited part."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import fiftyone as fo
import numpy as np
import pytest
from sync_loop import Loop

NAN = math.nan
WIDTH, HEIGHT = 320, 240
BLOB = np.zeros((24, 32), dtype=np.uint8)
BLOB[4:20, 3:9] = 1
SCENE = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
SCENE[:100], SCENE[100:], SCENE[0, 0], SCENE[239, 319] = 2, 1, 7, 255
COLOURS = np.zeros((60, 80, 3), dtype=np.uint8)
COLOURS[:20], COLOURS[20:40], COLOURS[45, 45] = [255, 0, 0], [0, 255, 0], [1, 2, 3]


def masks(tmp_path: Path) -> dict[str, str]:
    """Mask files beside the images."""
    paths = {"blob": tmp_path / "blob.png", "scene": tmp_path / "scene.png"}
    cv2.imwrite(str(paths["blob"]), BLOB * 200)
    cv2.imwrite(str(paths["scene"]), SCENE)
    return {name: str(path) for name, path in paths.items()}


def everything(tmp_path: Path) -> dict[str, Any]:
    """One sample's value for a field of each kind."""
    files = masks(tmp_path)
    line = [[0.1, 0.1], [0.2, 0.2], [0.3, 0.1]]
    return {
        "instances": fo.Detections(
            detections=[
                fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.1, 0.1], mask=BLOB > 0, confidence=0.3, tags=["a"]),
                fo.Detection(label="cat", bounding_box=[0.123, 0.31, 0.333, 0.27], mask=BLOB * 255),
                fo.Detection(label="dog", bounding_box=[0.5, 0.5, 0.1, 0.1], mask_path=files["blob"]),
                fo.Detection(label="dog", bounding_box=[0.5, 0.5, 0.2, 0.2], rotation=359.9),
            ]
        ),
        "lines": fo.Polylines(
            polylines=[
                fo.Polyline(label="cat", points=[line, [[0.5, 0.5], [0.6, 0.6], [0.7, 0.5]]], closed=True, filled=True),
                fo.Polyline(label="open", points=[line[:2]]),
                fo.Polyline(label="ring", points=[line], closed=True),
            ]
        ),
        "points": fo.Keypoints(
            keypoints=[
                fo.Keypoint(
                    label="p", points=[(0.1, 0.2), (NAN, NAN), (0.3, 0.4)], confidence=[0.1, 0.2, 0.3], seen=[1, 0, 2]
                )
            ]
        ),
        "pose": fo.Keypoints(
            keypoints=[
                fo.Keypoint(label="man", points=[(0.1, 0.2), (NAN, NAN), (0.3, 0.4)], occluded=[True, False, False])
            ]
        ),
        "one_point": fo.Keypoint(label="p", points=[(0.25, 0.75)]),
        "seg": fo.Segmentation(mask=SCENE),
        "seg_file": fo.Segmentation(mask_path=files["scene"]),
        "seg_rgb": fo.Segmentation(mask=COLOURS),
        "sky": fo.Classification(label="cat", confidence=0.4),
        "age": fo.Regression(value=1.25, confidence=0.1),
        "code": "002100",
        "count": 3,
        "score": 0.1,
        "night": True,
    }


@pytest.fixture
def zoo(loop: Loop, tmp_path: Path) -> Loop:
    """Two samples with a field of each kind, and a third with none."""
    loop.dataset.skeletons = {"pose": fo.KeypointSkeleton(labels=["nose", "eye", "ear"], edges=[[0, 1, 2]])}
    targets = {1: "road", 2: "heaven", 255: "void"}
    loop.dataset.mask_targets = {"seg": targets, "seg_file": targets, "seg_rgb": {"#ff0000": "red", "#00FF00": "green"}}
    loop.fill(None, None, None)
    for sample in list(loop.dataset)[:2]:
        for name, value in everything(tmp_path).items():
            sample[name] = value
        sample.save()
    return loop


FIELDS = [
    *("instances", "lines", "points", "pose", "one_point", "seg", "seg_file", "seg_rgb"),
    *("sky", "age", "code", "count", "score", "night"),
]


def test_unedited_every_bit_of_every_kind_stays(zoo: Loop) -> None:
    before = zoo.documents()
    run = zoo.send(label_field=FIELDS)
    assert run["left_out"] == []
    assert run["labels_by_field"].keys() == set(FIELDS)
    report = zoo.load(run)
    assert zoo.documents() == before
    assert report["unchanged"] == run["labels"] == 2 * 19


def test_each_kind_has_cvat_labels_of_its_own_type(zoo: Loop) -> None:
    zoo.send(label_field=FIELDS)
    labels = zoo.cvat.labels()
    kinds = {name: label["type"] for name, label in labels.items()}
    assert kinds["dog"] == "any" and kinds["p (points)"] == kinds["p (one_point)"] == "points"
    assert kinds["man"] == "skeleton" and kinds["road (seg)"] == "mask" and kinds["code"] == "tag"
    assert [point["name"] for point in labels["man"]["sublabels"]] == ["nose", "eye", "ear"]
    assert {"cat (instances)", "cat (lines)", "cat (sky)", "red", "green"} <= set(labels)


def brush(left: int, top: int, width: int, height: int) -> list[float]:
    """A filled mask as CVAT has it."""
    return [0, width * height, left, top, left + width - 1, top + height - 1]


class TestInstanceMasks:
    def test_an_edited_mask_keeps_its_type_and_its_value(self, zoo: Loop) -> None:
        zoo.send(label_field="instances")
        before = zoo.documents()
        for number in (0, 1):
            zoo.cvat.edit(zoo.cvat.shape(0, number), points=brush(16, 24, 4, 3))
        zoo.load()
        changed = zoo.since(before)
        assert changed.keys() == {
            f"0/instances/detections/{n}/{part}" for n in (0, 1) for part in ("mask", "bounding_box")
        }
        first, second, *_ = zoo.labels("instances")[0]
        assert first.bounding_box == second.bounding_box == [16 / 320, 24 / 240, 4 / 320, 3 / 240]
        assert first.mask.dtype == bool and first.mask.shape == (3, 4) and first.mask.all()
        assert second.mask.dtype == np.uint8 and (second.mask == 255).all()

    def test_an_edited_mask_file_is_a_new_file_beside_the_old(self, zoo: Loop, tmp_path: Path) -> None:
        zoo.send(label_field="instances")
        zoo.cvat.edit(zoo.cvat.shape(0, 2), points=brush(160, 120, 2, 2))
        zoo.load()
        label = zoo.labels("instances")[0][2]
        assert label.mask_path != str(tmp_path / "blob.png") and Path(label.mask_path).parent == tmp_path
        assert (label.get_mask() == 200).all() and label.get_mask().shape == (2, 2)
        assert (cv2.imread(str(tmp_path / "blob.png"), cv2.IMREAD_UNCHANGED) == BLOB * 200).all()
        assert zoo.labels("instances")[1][2].mask_path == str(tmp_path / "blob.png")
        before = zoo.documents()
        assert zoo.load()["changed"] == 0 and zoo.documents() == before

    def test_a_relabelled_mask_keeps_its_pixels(self, zoo: Loop) -> None:
        zoo.send(label_field="instances")
        before = zoo.documents()
        zoo.cvat.relabel(zoo.cvat.shape(0, 1), "dog")
        zoo.load()
        assert zoo.since(before) == {"0/instances/detections/1/label": ("cat", "dog")}

    def test_a_drawn_mask_arrives(self, zoo: Loop) -> None:
        zoo.send(label_field="instances")
        zoo.cvat.draw("dog", 2, brush(32, 24, 8, 6), "mask")
        zoo.load()
        (label,) = zoo.labels("instances")[2]
        assert label.bounding_box == [0.1, 0.1, 8 / 320, 6 / 240]
        assert label.mask.shape == (6, 8) and label.mask.all()


class TestParts:
    def test_a_label_of_several_parts_is_one_label_again(self, zoo: Loop) -> None:
        zoo.send(label_field="lines")
        first, second = (zoo.cvat.shape(0, number) for number in (0, 1))
        assert first["group"] == second["group"] > 0
        zoo.cvat.delete(second)
        zoo.load()
        assert len(zoo.labels("lines")[0][0].points) == 1
        zoo.cvat.write("create", {**{k: v for k, v in first.items() if k != "id"}, "points": [8, 6, 16, 12, 32, 6]})
        zoo.cvat.move(first)
        before = zoo.documents()
        zoo.load()
        changed = zoo.since(before)
        assert changed.keys() == {"0/lines/polylines/0/points"}
        moved, added = zoo.labels("lines")[0][0].points
        assert [x for x, _ in moved] == [37 / 320, 69 / 320, 101 / 320] and [y for _, y in moved] == [0.1, 0.2, 0.1]
        assert added == [[8 / 320, 6 / 240], [16 / 320, 12 / 240], [32 / 320, 6 / 240]]

    def test_an_ellipse_keeps_its_numbers_and_can_be_sent_again(self, zoo: Loop) -> None:
        zoo.send(label_field="lines")
        zoo.cvat.draw("open", 2, [80.0, 60.0, 112.0, 48.0], "ellipse")
        zoo.cvat.edit(zoo.cvat.shape(2), rotation=30.0)
        zoo.load()
        (label,) = zoo.labels("lines")[2]
        assert label["cvat_ellipse"] == [0.25, 0.25, 0.1, 0.05, 30.0] and label.filled and label.closed
        zoo.send(anno_key="again", label_field="lines")
        again = next(shape for shape in zoo.cvat.objects(task=2) if shape["type"] == "ellipse")
        assert again["points"] == pytest.approx([80.0, 60.0, 112.0, 48.0]) and again["rotation"] == 30.0

    def test_a_cuboid_keeps_its_numbers(self, zoo: Loop) -> None:
        zoo.send(label_field="lines")
        corners = [float(value) for value in range(10, 26)]
        zoo.cvat.draw("open", 2, corners, "cuboid")
        zoo.load()
        (label,) = zoo.labels("lines")[2]
        assert [v * (320, 240)[i % 2] for i, v in enumerate(label["cvat_cuboid"])] == pytest.approx(corners)


class TestKeypoints:
    def test_a_moved_point_leaves_the_others_and_the_missing_one(self, zoo: Loop) -> None:
        zoo.send(label_field="points")
        before = zoo.documents()
        shape = zoo.cvat.shape(0)
        assert shape["points"] == [32.0, 48.0, 96.0, 96.0]
        zoo.cvat.edit(shape, points=[*shape["points"][:2], 100.0, 96.0])
        zoo.load()
        assert zoo.since(before).keys() == {"0/points/keypoints/0/points"}
        points = zoo.labels("points")[0][0].points
        assert points[0] == [0.1, 0.2] and math.isnan(points[1][0]) and points[2] == [100 / 320, 0.4]

    def test_a_skeleton_is_edited_point_by_point(self, zoo: Loop) -> None:
        zoo.send(label_field="pose")
        before = zoo.documents()
        shape = zoo.cvat.shape(0)
        nose, eye, ear = sorted(shape["elements"], key=lambda element: element["label_id"])
        assert eye["outside"] and nose["occluded"]
        eye.update(outside=False, points=[160.0, 120.0])
        ear.update(outside=True)
        zoo.cvat.edit(shape, elements=[ear, eye, nose])
        zoo.load()
        assert zoo.since(before).keys() == {"0/pose/keypoints/0/points"}
        points = zoo.labels("pose")[0][0].points
        assert points[0] == [0.1, 0.2] and points[1] == [0.5, 0.5] and math.isnan(points[2][0])


class TestSegmentation:
    def test_an_erased_class_becomes_background_and_unknown_values_stay(self, zoo: Loop) -> None:
        zoo.send(label_field=["seg", "seg_file"])
        labels = zoo.cvat.labels()
        for name in ("road (seg)", "road (seg_file)"):
            shape = next(s for s in zoo.cvat.objects(frame=0) if s["label_id"] == labels[name]["id"])
            zoo.cvat.delete(shape)
        before = zoo.documents()
        zoo.load()
        assert zoo.since(before).keys() == {"0/seg/mask", "0/seg_file/mask_path"}
        expected = np.where(SCENE == 1, 0, SCENE)
        for name in ("seg", "seg_file"):
            assert np.array_equal(zoo.dataset.first()[name].get_mask(), expected)

    def test_a_painted_class_covers_what_was_below(self, zoo: Loop) -> None:
        zoo.send(label_field="seg_rgb")
        zoo.cvat.edit(zoo.cvat.draw("green", 0, brush(0, 0, 4, 4), "mask"), z_order=1)
        zoo.load()
        mask = zoo.dataset.first().seg_rgb.mask
        assert (mask[0, 0] == [0, 255, 0]).all() and (mask[45, 45] == [1, 2, 3]).all()
        assert np.array_equal(mask[1:, 1:], COLOURS[1:, 1:])

    def test_a_class_with_another_name_in_cvat_stands_for_the_same_pixels(self, zoo: Loop) -> None:
        zoo.send(label_field="seg")
        for name in ("street", "lane"):  # also once the first name is known
            zoo.cvat.rename_class("road" if name == "street" else "street", name)
            road = next(s for s in zoo.cvat.objects(frame=0) if s["label_id"] == zoo.cvat.labels()[name]["id"])
            zoo.cvat.delete(road)
            zoo.cvat.draw(name, 0, brush(3, 2, 4, 4) if name == "street" else brush(0, 0, 4, 4), "mask")
            report = zoo.load()
            assert (report["changed"], report["fields"]["seg"]["refused"], report["objects"]["left"]) == (1, {}, 0)
            assert any(f"is called '{name}' in CVAT now" in note for note in report["notes"])
            assert (zoo.dataset.first().seg.mask[0:4, 0:4] == 1).sum() == (2 if name == "street" else 16)
            assert not any(zoo.load()[what] for what in ("added", "changed", "deleted", "jobs_read"))

    @pytest.mark.parametrize("unexpected", ["keep", "ignore"])
    def test_masks_of_a_class_that_is_no_target_are_no_part(self, zoo: Loop, unexpected: str) -> None:
        zoo.send(label_field="seg")
        zoo.cvat.add_class("tree (seg)")
        zoo.cvat.add_class("bush")
        for name in ("tree (seg)", "bush"):
            zoo.cvat.draw(name, 0, brush(0, 0, 4, 4), "mask")
        before = zoo.documents()
        report = zoo.load(unexpected=unexpected)
        if unexpected == "ignore":
            assert [(item["reason"], item["name"]) for item in report["left"]] == [
                ("in no field of the run", "tree"),
                ("in no field of the run", "bush"),
            ]
            assert zoo.since(before) == {}
        else:
            assert report["left"] == [] and zoo.since(before).keys() == {"0/instances_cvat"}
            assert [label.label for label in zoo.labels("instances_cvat")[0]] == ["tree", "bush"]

    def test_masks_on_an_empty_frame_make_one_segmentation(self, zoo: Loop) -> None:
        zoo.send(label_field="seg")
        zoo.cvat.draw("road", 2, brush(0, 0, 320, 100), "mask")
        zoo.cvat.draw("heaven", 2, brush(0, 200, 320, 40), "mask")
        assert zoo.load()["added"] == 1
        mask = zoo.dataset.last().seg.mask
        assert (
            mask.shape == (240, 320) and (mask[:100] == 1).all() and (mask[200:] == 2).all() and not mask[100:200].any()
        )


class TestValues:
    def test_plain_values_and_regressions_keep_their_type(self, zoo: Loop) -> None:
        zoo.send(label_field=["code", "count", "score", "night", "age"])
        before = zoo.documents()
        names = {label["id"]: name for name, label in zoo.cvat.labels().items()}
        tags = {names[tag["label_id"]]: tag for tag in zoo.cvat.objects("tags", 0)}
        texts = {"code": "007", "count": "9", "score": "0.25", "night": "false", "age": "2.5"}
        for name, text in texts.items():
            zoo.cvat.set(tags[name], "value", text)
        zoo.load()
        assert zoo.since(before) == {
            "0/code": ("002100", "007"),
            "0/count": (3, 9),
            "0/score": (0.1, 0.25),
            "0/night": (True, False),
            "0/age/value": (1.25, 2.5),
        }

    def test_a_deleted_tag_is_no_value_and_a_new_one_is_one(self, zoo: Loop) -> None:
        zoo.send(label_field=["code"])
        before = zoo.documents()
        zoo.cvat.delete(zoo.cvat.tag(0))
        zoo.cvat.set(zoo.cvat.draw("code", 2, type="tag"), "value", "000")
        zoo.load()
        assert zoo.since(before) == {"0/code": ("002100", None), "2/code": (..., "000")}
        before = zoo.documents()
        assert zoo.load()["unchanged"] == 2 and zoo.documents() == before


def test_what_cvat_knows_of_an_object_is_kept_when_asked(loop: Loop) -> None:
    boxes = [
        fo.Detection(label="cat", bounding_box=[0.1 * n, 0.1, 0.1, 0.1], hidden=n == 1, confidence=0.5) for n in (0, 1)
    ]
    loop.fill(fo.Detections(detections=boxes))
    loop.send(occluded_attr="hidden", z_order_attr="layer", group_id_attr="team", show_confidence=True)
    first, second = loop.cvat.objects()
    assert (first["occluded"], second["occluded"]) == (False, True)
    before = loop.documents()
    assert loop.load()["changed"] == 0 and loop.documents() == before
    loop.cvat.edit(first, occluded=True, z_order=4, group=7)
    loop.cvat.set(second, "confidence (read-only)", "0.9")
    report = loop.load()
    at = "0/gt/detections/0"
    assert loop.since(before) == {
        f"{at}/hidden": (False, True),
        f"{at}/layer": (..., 4),
        f"{at}/team": (..., 7),
    }
    assert report["fields"]["gt"]["refused"] == {"edits of the read-only attribute 'confidence'": 1}


def test_a_mask_deleted_here_and_edited_there_is_made_again(zoo: Loop) -> None:
    zoo.send(label_field="instances")
    sample = zoo.dataset.first()
    sample.instances.detections = sample.instances.detections[1:]
    sample.save()
    zoo.cvat.relabel(zoo.cvat.shape(0, 0), "dog")
    report = zoo.load()
    label = zoo.labels("instances")[0][-1]
    assert report["added"] == 1 and len(report["conflicts"]) == 1
    assert label.label == "dog" and label.mask.shape == BLOB.shape and label.mask.sum() == BLOB.sum()


def test_groups_of_users_and_of_parts_do_not_meet(loop: Loop) -> None:
    """A line that annotators draw in a user's group is no part of somebody's line."""
    line = [[0.1, 0.1], [0.4, 0.2]]
    two = fo.Polyline(label="cat", points=[line, [[0.5, 0.5], [0.9, 0.6]]])
    one = fo.Polyline(label="cat", points=[line])
    one["team"], two["team"] = 1, 7
    loop.fill(fo.Polylines(polylines=[two, one]))
    before = loop.documents()
    run = loop.send(group_id_attr="team")
    assert {item["what"] for item in run["left_out"]} == {
        "gt: groups of labels of several parts: the parts are a group of their own in CVAT"
    }
    parts, users = loop.cvat.objects()[:2], loop.cvat.objects()[2]
    assert users["group"] == 1 and {item["group"] for item in parts} == {8}
    loop.load()
    assert loop.documents() == before
    drawn = loop.cvat.draw("cat", 0, [10.0, 10.0, 90.0, 90.0], "polyline")
    loop.cvat.edit(drawn, group=1)
    report = loop.load()
    assert (report["added"], report["changed"]) == (1, 0)
    assert [len(label.points) for label in loop.labels()[0]] == [2, 1, 1]
    assert loop.labels()[0][2].team == 1
