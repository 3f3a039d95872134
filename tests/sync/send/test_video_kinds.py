"""Every kind of label on frames, and projects whose attributes are not as the labels would have them."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from sync_loop import Loop
from sync_videos import FIELD, SIZE, Videos, box, video

NAN = float("nan")


@pytest.fixture
def videos(loop: Loop) -> Videos:
    """An empty dataset of videos, and a server."""
    return Videos(loop)


def left_out(said: dict[str, Any]) -> dict[str, int]:
    return {item["what"]: item["count"] for item in said["left_out"]}


KINDS: dict[str, tuple[Any, str, int]] = {
    # a label by frame, the type of its object in CVAT, and its keyframes
    "turned boxes": (lambda n: box(0.3, 0.3, rotation=3.0 * n, index=1), "rectangle", 2),
    "polygons": (
        lambda n: fo.Polyline(
            label="a", points=[[(0.02 * n, 0.1), (0.3, 0.1), (0.3, 0.4)]], closed=True, filled=True, index=1
        ),
        "polygon",
        2,
    ),
    "lines": (lambda n: fo.Polyline(label="a", points=[[(0.02 * n, 0.1), (0.3, 0.1)]], index=1), "polyline", 2),
    "points": (lambda n: fo.Keypoint(label="a", points=[(0.5, 0.5)], index=1), "points", 1),
    "one box a frame": (lambda n: box(0.02 * n, index=1), "rectangle", 2),
}
SINGLE = {"one box a frame"}
LISTS = {fo.Detection: fo.Detections, fo.Polyline: fo.Polylines, fo.Keypoint: fo.Keypoints}


@pytest.mark.parametrize("kind", KINDS)
def test_objects_of_every_kind(videos: Videos, kind: str) -> None:
    make, type_, keyframes = KINDS[kind]
    sample = video(10)
    for number in range(1, 11):
        label = make(number)
        lists = LISTS[type(label)]
        held = label if kind in SINGLE else lists(**{lists._LABEL_LIST_FIELD: [label]})
        sample.frames[number] = fo.Frame(gt=held)
    videos.add(sample)
    before = videos.frames()
    assert videos.send(rotation_unit="degrees")["labels"] == 10
    (there,) = videos.annotations()
    assert [track.shapes[0].type for track in there.tracks] == [type_]
    assert len(there.tracks[0].shapes) == keyframes and there.shapes == ()
    report = videos.loop.load()
    assert (report["unchanged"], report["changed"], report["added"], report["deleted"]) == (10, 0, 0, 0)
    assert videos.frames() == before


def test_skeletons(videos: Videos) -> None:
    """Each point has keyframes of its own; what is missing on some frames is outside there."""
    sample = video(10)
    for number in range(1, 11):
        points = [(0.02 * number, 0.1), (0.5, 0.5), (NAN, NAN) if 4 <= number <= 6 else (0.9, 0.9)]
        sample.frames[number] = fo.Frame(gt=fo.Keypoints(keypoints=[fo.Keypoint(label="a", points=points, index=1)]))
    videos.add(sample)
    videos.dataset.skeletons = {FIELD: fo.KeypointSkeleton(labels=["x", "y", "z"], edges=[[0, 1, 2]])}
    videos.dataset.save()
    before = videos.frames()
    assert videos.send()["labels"] == 10
    (there,) = videos.annotations()
    (track,) = there.tracks
    assert len(track.elements) == 3
    report = videos.loop.load()
    assert (report["unchanged"], report["changed"], report["added"], report["deleted"]) == (10, 0, 0, 0)
    assert videos.frames() == before


def test_segmentations_and_masks_in_files(videos: Videos, tmp_path: Any) -> None:
    sample = video(3)
    for number in range(1, 4):
        mask = np.zeros((SIZE[1], SIZE[0]), dtype=np.uint8)
        mask[5 : 5 + number, 5:20] = 1
        sample.frames[number] = fo.Frame(gt=fo.Segmentation(mask=mask))
    videos.add(sample)
    before = videos.frames()
    assert videos.send(label_schema={FIELD: {"mask_targets": {1: "road"}}})["labels"] == 3
    report = videos.loop.load()
    assert (report["unchanged"], report["changed"], report["added"], report["deleted"]) == (3, 0, 0, 0)
    assert videos.frames() == before


def test_a_project_whose_attribute_cannot_change(videos: Videos) -> None:
    """What changes along a track is counted; the other way round it is written at each keyframe."""
    videos.add(video(6, lambda n: [box(0.1, index=1, speed=1.0, plate=f"B {n}")]))
    videos.send(anno_key="first", project_name="cars")
    (label,) = videos.loop.cvat.find("labels")
    assert {spec["name"]: spec["mutable"] for spec in label["attributes"]} == {"speed": False, "plate": True}
    videos.dataset.clear()
    videos.add(video(6, lambda n: [box(0.1, index=1, speed=float(n > 4), plate="B")]))
    before = videos.frames()
    foreseen = videos.send(project_name="cars", dry_run=True)
    said = videos.send(project_name="cars")
    assert said["labels"] == 6
    behind = f"{FIELD}: values of 'speed' that change along a track, where CVAT's attribute can't"
    assert left_out(said) == left_out(foreseen) == {behind: 2}
    report = videos.loop.load()
    assert (report["unchanged"], report["changed"]) == (6, 0)
    assert videos.frames() == before


def test_what_cvat_knows_of_an_object(videos: Videos) -> None:
    """Occlusion and order are of each keyframe; of groups and sources a track has one."""
    videos.add(
        video(6, lambda n: [box(0.1, index=1, hidden=n > 3, layer=1 if n < 5 else 2, party=n // 4, confidence=0.5)])
    )
    facts = {"occluded_attr": "hidden", "z_order_attr": "layer", "group_id_attr": "party", "score_attr": "confidence"}
    before = videos.frames()
    foreseen = videos.send(dry_run=True, **facts)
    said = videos.send(**facts)
    assert said["labels"] == 6
    assert (
        left_out(said)
        == left_out(foreseen)
        == {
            f"{FIELD}: values of 'party', of which a track in CVAT has one": 3,
            f"{FIELD}: values of 'confidence', which no track in CVAT has": 6,
        }
    )
    (there,) = videos.annotations()
    assert [(shape.frame, shape.occluded, shape.z_order) for shape in there.tracks[0].shapes] == [
        (0, False, 1),
        (3, True, 1),
        (4, True, 2),
    ]
    report = videos.loop.load()
    assert (report["unchanged"], report["changed"]) == (6, 0)
    assert videos.frames() == before


def test_jobs_of_one_frame(videos: Videos) -> None:
    videos.add(video(5, lambda n: [box(0.1 * n, index=1), box(0.5, 0.6)]))
    said = videos.send(segment_size=1)
    assert (said["labels"], len(said["tasks"][0]["jobs"])) == (10, 5)
    assert {frame: len(points) for frame, points in videos.shown().items()} == dict.fromkeys(range(5), 2)
    report = videos.loop.load()
    assert (report["unchanged"], report["changed"], report["added"], report["deleted"]) == (10, 0, 0, 0)


def test_numbers_of_objects_and_frames_that_make_no_sense(videos: Videos) -> None:
    """An index that is no whole number is none; a frame without a number is in no task. Each label is counted."""
    videos.add(video(4, lambda n: [box(0.1, index=1), box(0.5, 0.6, index=2)]))
    frames = videos.dataset._frame_collection
    ids = [frame["_id"] for frame in frames.find().sort("frame_number")]
    odd = {"gt.detections.0.index": -7, "gt.detections.1.index": 1.5}
    frames.update_one({"_id": ids[0]}, {"$set": odd})
    frames.update_one({"_id": ids[1]}, {"$set": {"gt.detections.0.index": 2**62, "gt.detections.1.index": "two"}})
    frames.update_one({"_id": ids[2]}, {"$set": {"gt.detections.0.instance": "me", "gt.detections.1.instance": 5}})
    frames.update_one({"_id": ids[3]}, {"$set": {"frame_number": None}})
    frames.update_one({"_id": ids[0]}, {"$set": {"frame_number": True}})
    said = videos.send()
    assert said["labels"] == 4
    assert sum(left_out(said).values()) == 4
    for place in (0, 3):
        frames.update_one({"_id": ids[place]}, {"$set": {"frame_number": place + 1}})
    frames.update_many({}, {"$unset": {"gt.detections.$[].index": "", "gt.detections.$[].instance": ""}})


def test_media_of_two_kinds_are_not_one_run(loop: Loop, photos: Any) -> None:
    """A group of a video and an image, of which both slices are chosen."""
    loop.dataset.add_group_field("group", default="clip")
    group = fo.Group()
    clip = video(3, lambda n: [box(0.1)])
    image = fo.Sample(str(photos(1)[0]), group=group.element("photo"))
    clip["group"] = group.element("clip")
    loop.dataset.add_samples([clip, image])
    both = loop.dataset.select_group_slices(["clip", "photo"], _allow_mixed=True)
    with pytest.raises(Exception, match="Send images and videos apart, each as a run of its own"):
        loop.send(both, label_field=FIELD)
    assert loop.send(loop.dataset.select_group_slices("clip"), label_field=FIELD)["labels"] == 3
