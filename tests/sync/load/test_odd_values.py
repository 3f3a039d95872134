"""What other programs put where labels belong: it is counted with what it is, and nothing is written over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bson
import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.labels import CLOSED, held
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.samples import FieldPlace
from sequence_loop import Scenes
from sync_loop import Loop
from sync_videos import Videos, video

PLACE = FieldPlace.of("frames.gt", LABEL_TYPES["detections"])


def boxes(*labels: Any) -> dict[str, Any]:
    return {"_cls": "Detections", "detections": list(labels)}


def car() -> dict[str, Any]:
    return {"_id": ObjectId(), "_cls": "Detection", "label": "car", "bounding_box": [0.1, 0.1, 0.2, 0.2], "tags": []}


A_CLASS = {"_id": ObjectId(), "_cls": "Classification", "label": "car"}
NO_LABELS = "values that are no labels"
NO_BOX = "detections without a bounding box"
VALUES: list[tuple[Any, dict[str, int], int]] = [
    # what a field of Detections holds, what is counted of it, and how many labels it has
    (None, {}, 0),
    ({}, {}, 0),
    ({"_cls": "Detections"}, {}, 0),
    ({"_cls": "Detections", "detections": None}, {}, 0),
    (boxes(), {}, 0),
    (boxes(car()), {}, 1),
    ("car", {"values that are no Detections (str)": 1}, 0),
    (7, {"values that are no Detections (int)": 1}, 0),
    (False, {"values that are no Detections (bool)": 1}, 0),
    ([car(), car()], {"values that are no Detections (list)": 1}, 0),
    (b"car", {"values that are no Detections (bytes)": 1}, 0),
    (A_CLASS, {"values that are no Detections (Classification)": 1}, 0),
    (car(), {"values that are no Detections (Detection)": 1}, 0),
    ({"_cls": "Polylines", "polylines": [{}, {}]}, {"values that are no Detections (Polylines)": 2}, 0),
    ({"_cls": "Polylines", "polylines": []}, {"values that are no Detections (Polylines)": 1}, 0),
    ({"_cls": "Detections", "detections": {"0": car()}}, {"values that are no Detections (dict)": 1}, 0),
    ({"_cls": "Detections", "detections": "car"}, {"values that are no Detections (str)": 1}, 0),
    (boxes(car(), None, "car", {"label": "car"}, [car()]), {NO_LABELS: 4}, 1),
    (boxes(car(), {**A_CLASS, "_id": ObjectId()}), {NO_BOX: 1}, 1),
]
COUNT = len(VALUES)
LABELS = sum(labels for _, _, labels in VALUES)
IS_CLOSED = [bool(held(PLACE, {"gt": value}).closed) for value, _, _ in VALUES]


def counted() -> dict[str, int]:
    found: dict[str, int] = {}
    for _, reasons, _ in VALUES:
        for reason, count in reasons.items():
            found[reason] = found.get(reason, 0) + count
    return found


@pytest.mark.parametrize("number", range(COUNT))
def test_what_is_counted_is_closed_unless_it_is_a_label(number: int) -> None:
    value, reasons, labels = VALUES[number]
    there = held(PLACE, {"gt": value})
    assert IS_CLOSED[number] == bool(reasons and NO_BOX not in reasons)
    assert len(there.labels) == labels + reasons.get(NO_BOX, 0)
    assert len(PLACE.labels({"gt": value})) == labels + sum(reasons.values())


def test_a_field_of_one_label_is_closed_by_anything_else() -> None:
    place = FieldPlace.of("gt", LABEL_TYPES["classification"])
    for value, closed in ((None, ""), (A_CLASS, ""), ("car", CLOSED), (boxes(), CLOSED), ([A_CLASS], CLOSED)):
        there = held(place, {"gt": value})
        assert there.closed == closed and len(place.labels({"gt": value})) == (value is not None)


def odd_video(loop: Loop, folder: Path) -> tuple[Any, dict[str, Any], str]:
    videos = Videos(loop)
    videos.add(video(COUNT, lambda number: [fo.Detection(label="car", bounding_box=[0, 0, 1, 1])]))
    return videos.dataset._frame_collection, {"label_field": "frames.gt"}, "frames.gt"


def odd_clips(loop: Loop, folder: Path) -> tuple[Any, dict[str, Any], str]:
    frames, params, field = odd_video(loop, folder)
    return frames, {**params, "view": loop.dataset.to_clips([[(1, COUNT)]])}, field


def odd_frames(loop: Loop, folder: Path) -> tuple[Any, dict[str, Any], str]:
    frames, params, field = odd_video(loop, folder)
    for number, path in enumerate(loop._photos(COUNT), 1):
        frames.update_one({"frame_number": number}, {"$set": {"filepath": str(path)}})
    loop.dataset.add_frame_field("filepath", fo.StringField)
    return frames, {**params, "view": loop.dataset.to_frames(sample_frames=False)}, field


def odd_sequence(loop: Loop, folder: Path) -> tuple[Any, dict[str, Any], str]:
    scenes = Scenes(loop, folder)
    scenes.add("a", COUNT, lambda number: [fo.Detection(label="car", bounding_box=[0, 0, 1, 1])])
    params = {"label_field": "gt", "sequence_field": "scene", "sequence_order": "frame_number"}
    return scenes.dataset._sample_collection, params, "gt"


def odd_images(loop: Loop, folder: Path) -> tuple[Any, dict[str, Any], str]:
    loop.fill(*(fo.Detections(detections=[fo.Detection(label="car", bounding_box=[0, 0, 1, 1])]) for _ in VALUES))
    return loop.dataset._sample_collection, {"label_field": "gt"}, "gt"


@pytest.mark.parametrize("make", [odd_video, odd_clips, odd_frames, odd_sequence, odd_images])
def test_nothing_is_silent(loop: Loop, tmp_path: Path, make: Callable[..., Any]) -> None:
    collection, params, field = make(loop, tmp_path)
    key = "frame_number" if collection.distinct("frame_number") else "filepath"
    holders = [item["_id"] for item in collection.find(sort=[(key, 1)])]
    for holder, (value, _, _) in zip(holders, VALUES, strict=True):
        collection.update_one({"_id": holder}, {"$set": {"gt": value}})

    foreseen, said = loop.send(**params, dry_run=True), loop.send(**params)
    expected = {f"{field}: {reason}": count for reason, count in counted().items()}
    for answer in (foreseen, said):
        assert {item["what"]: item["count"] for item in answer["left_out"]} == expected
        assert answer["labels"] == LABELS

    def values() -> list[bytes]:
        now = {item["_id"]: item.get("gt") for item in collection.find()}
        return [bson.encode({"": now[holder]}) for holder in holders]

    before = values()
    assert loop.load()["changed"] == 0 and values() == before
    closed = sum(IS_CLOSED)
    moved = loop.cvat.objects()
    for thing in moved:
        loop.cvat.move(thing)
    drawn = {**moved[0], "points": [1.0, 1.0, 9.0, 9.0], "attributes": []}
    del drawn["id"]
    loop.cvat.write("create", *({**drawn, "frame": frame} for frame in range(COUNT)))
    preview, report = loop.load(preview=True), loop.load()
    for answer in (preview, report):
        assert (answer["added"], answer["changed"]) == (COUNT - closed, LABELS - 1)
        objects = answer["objects"]
        assert objects["left"] == closed + 1 and objects["found"] == objects["applied"] + objects["left"]
        assert {item["reason"] for item in answer["left"]} == {CLOSED}
    now = values()
    assert [old == new for old, new in zip(before, now, strict=True)] == IS_CLOSED
    loop.dataset.clone().delete()

    for holder, is_closed in zip(holders, IS_CLOSED, strict=True):
        if is_closed:
            collection.update_one({"_id": holder}, {"$set": {"gt": None}})
    again = 1  # the label that was moved in CVAT, and is not here any more
    assert (loop.load()["added"], loop.load()["jobs_read"]) == (closed + again, 0)
    collection.update_many({}, {"$unset": {"gt": ""}})  # FiftyOne can't read them, not even to forget the dataset
