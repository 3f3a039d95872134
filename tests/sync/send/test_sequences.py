"""Which images are a sequence, in which order CVAT gets them, and what is said of those that have no place in one."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone import ViewField as F
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest, parse
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.checks import check_parameters, check_target, read_paths
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.sequences import Arranged, arrange, natural, with_grouping
from sequence_loop import SIZE, Scenes, box
from sync_loop import Loop


@pytest.fixture
def scenes(loop: Loop, tmp_path: Path) -> Scenes:
    return Scenes(loop, tmp_path)


@pytest.fixture
def two(scenes: Scenes) -> Scenes:
    """Two sequences with one object each, which has the same index in both."""
    scenes.add("a", 4, lambda number: [box(10.0 * number, index=1)], first=10)
    scenes.add("b", 3, lambda number: [box(20.0 * number, "van", index=1)])
    return scenes


def names(scenes: Scenes, task: int) -> list[str]:
    return [frame["name"] for frame in scenes.cvat.call("GET", f"tasks/{task}/data/meta")["frames"]]


FORWARD, BACKWARD = ["a_0.png", "a_1.png", "a_2.png", "a_3.png"], ["a_3.png", "a_2.png", "a_1.png", "a_0.png"]

VIEWS: dict[str, tuple[Callable[[fo.Dataset], Any], dict[str, Any], list[str]]] = {
    "groups": (lambda ds: ds.group_by("scene", order_by="frame_number"), {}, FORWARD),
    "flat groups": (lambda ds: ds.group_by("scene", order_by="frame_number", flat=True), {}, FORWARD),
    "groups by a field itself": (lambda ds: ds.group_by(F("scene"), order_by="frame_number"), {}, FORWARD),
    "groups backwards": (lambda ds: ds.group_by("scene", order_by="frame_number", reverse=True), {}, BACKWARD),
    "groups with another order": (
        lambda ds: ds.group_by("scene", order_by="frame_number", reverse=True),
        {"sequence_order": "filepath"},
        FORWARD,
    ),
    "groups in no order": (lambda ds: ds.group_by("scene"), {"sequence_order": "frame_number"}, FORWARD),
    "groups by two fields": (lambda ds: ds.group_by(["scene", "camera"], order_by="frame_number"), {}, FORWARD),
    "one field of groups": (
        lambda ds: ds.group_by("scene", order_by="frame_number", reverse=True),
        {"sequence_field": "scene"},
        BACKWARD,
    ),
    "a field": (lambda ds: ds.view(), {"sequence_field": "scene", "sequence_order": "frame_number"}, FORWARD),
    "a field and file names": (lambda ds: ds.view(), {"sequence_field": "scene"}, FORWARD),
    "two fields": (lambda ds: ds.view(), {"sequence_field": ["scene", "camera"]}, FORWARD),
}


@pytest.fixture(scope="module")
def seven() -> Iterator[fo.Dataset]:
    """Two sequences, whose samples are in no order."""
    dataset = fo.Dataset()
    for number in (2, 0, 3, 1):
        dataset.add_sample(fo.Sample(f"/a_{number}.png", scene="a", camera="left", frame_number=number))
    for number in (1, 2, 0):
        label = fo.Detections(detections=[box(10.0)])
        dataset.add_sample(fo.Sample(f"/b_{number}.png", scene="b", camera="left", frame_number=number, gt=label))
    yield dataset
    dataset.delete()


def arranged(target: Any, **params: Any) -> Arranged:
    """What a send makes of a view, before it looks at files."""
    request = parse(SendRequest, {"anno_key": "run", **params})
    collection = check_target(target)
    request = with_grouping(target, request, collection.media_type)
    check_parameters(request, collection.media_type, None)
    return arrange(target, collection, request, read_paths(collection, "filepath"))


@pytest.mark.parametrize("case", list(VIEWS))
def test_what_a_sequence_is(seven: fo.Dataset, case: str) -> None:
    view, params, order = VIEWS[case]
    found = arranged(view(seven), **params)
    sequences = [found.sequences[sample_id] for sample_id, _ in found.paths]
    parts = {key.values[0]: key.name for key in sequences}
    assert parts == ({"a": "a, left", "b": "b, left"} if "two" in case else {"a": "a", "b": "b"})
    assert [path for _, path in found.paths if path and "a_" in path] == [f"/{name}" for name in order]
    assert [key.values[0] for key, _ in groupby(sequences)] in (["a", "b"], ["b", "a"])
    assert (found.bad, found.notes, len(found.paths)) == ([], (), 7)


def test_groups_are_a_task_each(two: Scenes) -> None:
    said = two.send(two.dataset.group_by("scene", order_by="frame_number"))
    assert [(task["name"].split(": ")[1], task["frames"]) for task in said["tasks"]] == [("a", 4), ("b", 3)]
    assert names(two, 1) == FORWARD
    assert [(len(two.tracks(task)), len(two.shapes(task))) for task in (1, 2)] == [(1, 0), (1, 0)]
    assert (said["samples"], said["labels"]) == (7, 7)


def test_only_the_groups_of_a_view_are_sent(two: Scenes) -> None:
    groups = two.dataset.group_by("scene", order_by="frame_number")
    said = two.send(groups.match(F("scene") == "b"))
    assert [task["frames"] for task in said["tasks"]] == [3]
    said = two.send(two.dataset.match(F("frame_number") != 11).group_by("scene", order_by="frame_number"), anno_key="b")
    assert [task["frames"] for task in said["tasks"]] == [3, 3]
    first = groups.match(F("scene") == "a").first().id
    said = two.send(groups.select(first), anno_key="c")
    assert [task["frames"] for task in said["tasks"]] == [4]


def test_labels_that_a_view_hides_before_its_grouping_stay_behind(two: Scenes) -> None:
    shown = two.dataset.filter_labels("gt", F("label") == "van", only_matches=False)
    said = two.send(shown.group_by("scene", order_by="frame_number"))
    assert (said["labels"], said["samples"]) == (3, 7)


REFUSED: dict[str, tuple[Callable[[fo.Dataset], Any], dict[str, Any], str]] = {
    "an expression": (lambda ds: ds.group_by(F("scene").upper(), order_by="frame_number"), {}, "by an expression"),
    "no order": (lambda ds: ds.group_by("scene"), {}, "by 'scene' in no order"),
    "labels hidden later": (
        lambda ds: ds.group_by("scene", order_by="frame_number").filter_labels("gt", F("x") == 1, only_matches=False),
        {},
        "FilterLabels comes after the grouping",
    ),
    "no such field": (lambda ds: ds.view(), {"sequence_field": "lane"}, "There is no field 'lane'"),
    "no such order": (
        lambda ds: ds.view(),
        {"sequence_field": "scene", "sequence_order": "lane"},
        "There is no field 'lane'",
    ),
    "a list": (lambda ds: ds.view(), {"sequence_field": "tags"}, "'tags' is a ListField"),
    "labels": (lambda ds: ds.view(), {"sequence_field": "gt.detections.label"}, "has several values in a sample"),
    "an id": (lambda ds: ds.view(), {"sequence_field": "id"}, "'id' is a ObjectIdField"),
    "order alone": (lambda ds: ds.view(), {"sequence_order": "frame_number"}, "only with `sequence_field`"),
    "a step": (lambda ds: ds.view(), {"sequence_field": "scene", "frame_step": 2}, "Only videos take `frame_step`"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_is_no_sequence_is_refused_by_name(seven: fo.Dataset, case: str) -> None:
    view, params, sentence = REFUSED[case]
    with pytest.raises(Refused) as refused:
        arranged(view(seven), **params)
    assert sentence in str(refused.value)


def test_videos_are_no_images_in_sequence() -> None:
    request = parse(SendRequest, {"anno_key": "run", "sequence_field": "scene"})
    with pytest.raises(Refused, match="These are videos, or frames of them"):
        with_grouping(None, request, "video")


def test_the_order_of_file_names_is_that_of_people() -> None:
    right = ["", "/a/02.png", "/a/2.png", "/b/2.png", "/a/10.png", "/a/x9y9.png", "/a/x9y10.png", "/a/x10y1.png"]
    assert sorted(set(right), key=natural) == right


def test_groups_of_slices_are_refused_and_one_of_their_slices_can_be_sequences(scenes: Scenes) -> None:
    ids = scenes.add("a", 4, lambda number: [box(10.0 + 3 * number, index=1)])
    paths, loop = [scenes.dataset[own].filepath for own in ids], scenes.loop
    sliced = fo.Dataset()
    try:
        sliced.add_group_field("group", default="left")
        for number, path in enumerate(paths):
            group = fo.Group()
            for name in ("left", "right"):
                label = fo.Detections(detections=[box(10.0 + 3 * number, index=1)])
                facts = {"group": group.element(name), "scene": "a", "frame_number": number, "gt": label}
                sliced.add_sample(fo.Sample(path, **facts))
        with pytest.raises(Refused, match="choose the slice"):
            loop.send(sliced.group_by("scene", order_by="frame_number"))
        said = loop.send(sliced.select_group_slices("left").group_by("scene", order_by="frame_number"))
        assert (said["samples"], said["labels"], len(scenes.tracks())) == (4, 4, 1)
    finally:
        sliced.delete()


def test_images_without_a_place_are_named_and_left_out_and_the_others_close_up(scenes: Scenes) -> None:
    ids = scenes.add("a", 6, lambda number: [box(10.0 * number, index=1)])
    scenes.add("b", 1, lambda number: [box(10.0, index=1)])
    samples = {number: scenes.dataset[ids[number]] for number in (2, 4)}
    samples[2]["frame_number"], samples[4]["scene"] = None, None
    for sample in samples.values():
        sample.save()
    text = {"$set": {"frame_number": "5"}}  # which other programs wrote
    scenes.dataset._sample_collection.update_one({"_id": ObjectId(ids[5])}, text)
    with pytest.raises(Refused) as refused:
        scenes.send()
    assert "a_2.png' has no place in its sequence, as its sample has no 'frame_number'" in str(refused.value)
    assert "a_4.png' belongs to no sequence, as its sample has no 'scene'" in str(refused.value)
    before = scenes.labels()
    said = scenes.send(bad_files="leave_out")
    assert [task["frames"] for task in said["tasks"]] == [3, 1]
    assert names(scenes, 1) == ["a_0.png", "a_1.png", "a_3.png"]
    left = {item["what"]: item["count"] for item in said["left_out"]}
    assert left == {
        "images: the file has no place in its sequence, as its sample has no 'frame_number'": 2,
        "images: the file belongs to no sequence, as its sample has no 'scene'": 1,
        "gt: labels of images that are left out": 3,
    }
    (track,) = scenes.tracks(1)
    assert [round(shape["points"][0]) for shape in track["shapes"]] == [0, 10, 30]
    assert [[shape["frame"] for shape in own["shapes"]] for own in scenes.tracks(2)] == [[0]]
    scenes.load()
    assert scenes.labels() == before


def test_equal_places_are_in_the_order_of_file_names_which_is_said(scenes: Scenes) -> None:
    scenes.add("a", 5, lambda number: [box(10.0 * number, index=1)], frame_number=lambda number: number // 2)
    said = scenes.send()
    assert names(scenes, 1) == [f"a_{number}.png" for number in range(5)]
    sentence = (
        "4 images have the same 'frame_number' as another one of their sequence; these are in the order of their file "
        "names."
    )
    assert sentence in said["notes"]


def test_dates_and_texts_give_an_order_and_numbers_and_bools_are_sequences(dataset: fo.Dataset) -> None:
    day = datetime.datetime(2024, 5, 1)
    for number in range(4):
        values: dict[str, Any] = {
            "at": day - datetime.timedelta(seconds=number),
            "text": "zyx10"[number],
            "night": number % 2 == 0,
            "lane": [1.5, float("nan"), 1.5, 2.0][number],
        }
        dataset.add_sample(fo.Sample(f"/{number}.png", **values))

    def order(**params: Any) -> list[str]:
        return ["".join(p[1:2] for _, p in arranged(dataset, **params).paths if p)]

    assert order(sequence_field="night", sequence_order="at") == ["2031"]
    assert order(sequence_field="lane", sequence_order="text") == ["203"]
    assert [file.path for file in arranged(dataset, sequence_field="lane").bad] == ["/1.png"]


def test_a_bad_image_in_the_middle_is_left_out_and_the_others_close_up(scenes: Scenes) -> None:
    """Also where CVAT finds it out: what it shows on the others is what they have."""
    ids = scenes.add("a", 6, lambda number: [box(10.0 * number**2, index=1)])
    gone, broken = (Path(scenes.dataset[ids[number]].filepath) for number in (1, 3))
    gone.unlink()
    whole = broken.read_bytes()
    broken.write_bytes(whole[:40] + b"\0" * 20 + whole[60:])
    before = scenes.labels()
    said = scenes.send(bad_files="leave_out")
    assert names(scenes, 1) == ["a_0.png", "a_2.png", "a_4.png", "a_5.png"]
    (track,) = scenes.tracks()
    assert [(shape["frame"], round(shape["points"][0])) for shape in track["shapes"]] == [
        (0, 0),
        (1, 40),
        (2, 160),
        (3, 250),
    ]
    assert {item["what"] for item in said["left_out"]} >= {"gt: labels of images that are left out"}
    scenes.load()
    assert scenes.labels() == before


def test_images_of_different_sizes_are_in_one_sequence(scenes: Scenes) -> None:
    """A track is in pixels, each image's own, and each box comes back to where it was."""
    large = (640, 480)
    sizes = {2: large, 3: large}
    ids = scenes.add("a", 6, lambda number: [box(10.0 * number, size=sizes.get(number, SIZE), index=1)], sizes=sizes)
    before = scenes.labels()
    scenes.send()
    (track,) = scenes.tracks()
    assert {shape["frame"] for shape in track["shapes"]} >= {0, 1, 2, 3, 4, 5} - {0}
    scenes.load()
    assert scenes.labels() == before
    points = {shape["frame"]: shape["points"] for shape in track["shapes"]}
    scenes.keyframe(track, 2, points=[points[2][0] + 40, *points[2][1:]])
    report = scenes.load()
    assert report["changed"] == 1
    (label,) = scenes.boxes(ids[2])
    assert label.bounding_box[0] == pytest.approx((20.0 + 40) / 640)


def test_what_the_editor_clips_is_told_by_the_size_of_each_image(scenes: Scenes) -> None:
    """A side that was moved to where a smaller image of the sequence ends was moved."""
    small, large = (120, 240), (640, 240)
    ids = scenes.add(
        "a",
        2,
        lambda number: [box([30.0, 100.0][number], size=[small, large][number], index=1)],
        sizes={0: small, 1: large},
    )
    scenes.send()
    (track,) = scenes.tracks()
    assert track["shapes"][1]["points"] == [100.0, 60.0, 180.0, 120.0]
    scenes.keyframe(track, 1, points=[100.0, 80.0, 120.0, 120.0])
    scenes.load()
    (label,) = scenes.boxes(ids[1])
    assert label.bounding_box == pytest.approx([100 / 640, 80 / 240, 20 / 640, 40 / 240])


def test_two_labels_of_one_object_on_an_image_are_a_track_and_a_shape(scenes: Scenes) -> None:
    scenes.add("a", 3, lambda number: [box(10.0, index=1), *([box(200.0, index=1)] if number == 1 else [])])
    before = scenes.labels()
    said = scenes.send()
    assert [len(scenes.tracks()), len(scenes.shapes())] == [1, 1]
    assert any("labels of an object that has another one on their frame" in note for note in said["notes"])
    scenes.load()
    assert scenes.labels() == before


def test_a_large_sequence_is_several_tasks_in_order(scenes: Scenes) -> None:
    scenes.add("a", 7, lambda number: [box(10.0 * number, index=4)])
    said = scenes.send(task_size=3, segment_size=2)
    assert [task["frames"] for task in said["tasks"]] == [3, 3, 1]
    assert [names(scenes, task) for task in (1, 2, 3)] == [
        ["a_0.png", "a_1.png", "a_2.png"],
        ["a_3.png", "a_4.png", "a_5.png"],
        ["a_6.png"],
    ]
    assert said["tasks"][0]["name"].endswith("run (1 of 3)")
    before = scenes.labels()
    scenes.load()
    assert scenes.labels() == before


def test_the_dry_run_says_what_becomes_of_objects(two: Scenes) -> None:
    found = two.send(dry_run=True)
    assert "7 labels will be in CVAT as tracks, with 4 keyframes." in found["notes"]
    assert [(task["images"], task["jobs"]) for task in found["tasks"]] == [(4, 1), (3, 1)]
    assert (found["labels"], found["labels_by_field"]) == (7, {"gt": {"car": 4, "van": 3}})
    assert two.cvat.find("tasks") == []


def test_attributes_that_never_change_belong_to_the_object_and_keyframes_are_no_attribute(scenes: Scenes) -> None:
    def labels(number: int) -> list[fo.Detection]:
        return [box(10.0 * number, index=1, color="red", lit=number > 1, keyframe=number in (0, 2))]

    scenes.add("a", 4, labels)
    before = scenes.labels()
    scenes.send()
    specs = {spec["name"]: spec["mutable"] for spec in scenes.cvat.labels()["car"]["attributes"]}
    assert specs == {"color": False, "lit": True}
    (track,) = scenes.tracks()
    assert [shape["frame"] for shape in track["shapes"]] == [0, 2, 3]
    scenes.load()
    assert scenes.labels() == before
