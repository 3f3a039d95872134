"""Temporal detections are tags with a start and a stop, which annotators edit, delete and add."""

from __future__ import annotations

from typing import Any

import bson
import fiftyone as fo
import pytest
from bson import Int64
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sync_loop import Loop
from sync_videos import FIELD, Videos, box, video


@pytest.fixture
def videos(loop: Loop) -> Videos:
    """A video with two events, of which one is beyond the frames that tests send."""
    found = Videos(loop)
    sample = video(20, lambda n: [box(0.1, index=1)])
    event = fo.TemporalDetection(label="jump", support=[3, 8], confidence=0.5, height=2, tags=["mine"])
    sample["events"] = fo.TemporalDetections(detections=[event, fo.TemporalDetection(label="run", support=[9, 18])])
    found.add(sample)
    return found


def supports(videos: Videos) -> list[tuple[str, list[int]]]:
    """The class and the support of each event."""
    found = videos.dataset._sample_collection.find_one()["events"]["detections"]
    return [(item["label"], list(item["support"])) for item in found]


def events(videos: Videos) -> list[bytes]:
    """The events as the database has them, byte by byte."""
    return [bson.encode(item) for item in videos.dataset._sample_collection.find_one()["events"]["detections"]]


def test_unedited_every_bit_stays(videos: Videos) -> None:
    path = "events.detections.1.support"
    videos.dataset._sample_collection.update_one({}, {"$set": {path: [Int64(9), Int64(18)]}})
    foreseen = videos.send(label_field=["events", FIELD], frame_stop=9, dry_run=True)
    said = videos.send(label_field=["events", FIELD], frame_stop=9)
    assert said["labels_by_field"] == {"events": 2, FIELD: 10}
    assert foreseen["labels_by_field"]["events"] == {"jump": 1, "run": 1}
    assert all(any("CVAT's player counts from 0" in note for note in found["notes"]) for found in (foreseen, said))
    cvat = videos.loop.cvat
    specs = {spec["name"]: spec for spec in cvat.labels()["jump"]["attributes"]}
    assert {name: specs[name]["input_type"] for name in ("start", "stop")} == {"start": "number", "stop": "number"}
    assert {spec["name"] for spec in cvat.labels()["run"]["attributes"]} == {"start", "stop", "height"}
    tag = cvat.tag(0)
    assert {item["spec_id"]: item["value"] for item in tag["attributes"]}[specs["stop"]["id"]] == "8"
    before = videos.loop.documents()
    cvat.edit(tag)
    report = videos.loop.load(confirm=False)
    assert (report["jobs_read"], report["unchanged"]) == (1, 12) and videos.loop.documents() == before


def test_what_annotators_do(videos: Videos) -> None:
    videos.send(label_field="events")
    cvat, before = videos.loop.cvat, events(videos)
    jump = cvat.set(cvat.tag(0), "stop", "12")
    cvat.delete(cvat.tag(0, 1))
    cvat.set(cvat.set(cvat.draw("jump", 0, type="tag"), "start", "5"), "stop", "6")
    preview = videos.loop.load(preview=True)
    assert preview["changed"] == 1 and events(videos) == before
    assert [(item["was"], item["now"]) for item in preview["first_changes"][:1]] == [({"stop": 8}, {"stop": 12})]
    report = videos.loop.load()
    assert [report[name] for name in ("added", "changed", "deleted")] == [1, 1, 1]
    assert supports(videos) == [("jump", [3, 12]), ("jump", [5, 6])]
    kept = videos.dataset.reload() or videos.dataset.first().events.detections[0]
    assert (kept.confidence, kept.tags, kept["height"]) == (0.5, ["mine"], 2)
    assert videos.loop.load()["jobs_read"] == 0
    cvat.set(cvat.relabel(jump, "run"), "start", "4")
    assert videos.loop.load()["changed"] == 1 and supports(videos)[0] == ("run", [4, 12])
    undo(videos.dataset, "run")
    undo(videos.dataset, "run")
    assert events(videos) == before


@pytest.mark.parametrize(("start", "stop"), [("9", "8"), ("0", "8"), ("-1", "8"), ("3", "2")])
def test_what_makes_no_sense_is_counted(videos: Videos, start: str, stop: str) -> None:
    videos.send(label_field="events")
    cvat, before = videos.loop.cvat, events(videos)
    cvat.set(cvat.set(cvat.tag(0), "start", start), "stop", stop)
    cvat.set(cvat.draw("run", 0, type="tag"), "start", "7")
    report = videos.loop.load()
    assert events(videos) == before
    assert "the stop is before the start" in str(report["fields"]["events"]["refused"])
    assert any("the stop is before the start" in item["reason"] and item["name"] == "run" for item in report["left"])
    assert videos.loop.load()["jobs_read"] == 0


def test_a_start_here_and_a_stop_there_are_a_conflict(videos: Videos) -> None:
    """They belong together: taken apart they may be no stretch."""
    videos.send(label_field="events")
    sample = videos.dataset.first()
    sample.events.detections[0].support = [3, 5]
    sample.save()
    videos.loop.cvat.set(videos.loop.cvat.tag(0), "start", "7")
    report = videos.loop.load(policy="ask")
    assert len(report["conflicts"]) == 1 and supports(videos)[0] == ("jump", [3, 5])
    assert resolve(videos.dataset, "run", [{"take": "remote"}])["changed"] == 1
    assert supports(videos)[0] == ("jump", [7, 8])


def test_an_odd_support_stays_behind_by_name(videos: Videos) -> None:
    odd: list[Any] = [[8, 3], [0, 4], [2], None, [1.5, 2], "x"]
    blank = {"_cls": "TemporalDetection", "tags": [], "label": "jump"}
    more = [{**blank, "_id": bson.ObjectId(), "support": support} for support in odd]
    videos.dataset._sample_collection.update_one({}, {"$push": {"events.detections": {"$each": more}}})
    said = videos.send(label_field="events")
    left = {item["what"]: item["count"] for item in said["left_out"]}
    assert (said["labels"], sum(left.values())) == (2, 6)
    assert left == {"events: temporal detections whose support is no first and last frame": 6}


def test_clips_of_them_are_sent_with_the_first_clip(videos: Videos) -> None:
    said = videos.send(view=videos.dataset.to_clips("events"), label_field=["events", FIELD])
    assert said["labels_by_field"] == {"events": 2, FIELD: 16}
    assert [sum(len(there.tags) for there in videos.annotations(task)) for task in (0, 1)] == [2, 0]


def test_a_new_field_of_them(videos: Videos) -> None:
    videos.send(label_schema={"scenes": {"type": "temporal_detections", "classes": ["rain"]}})
    videos.loop.cvat.set(videos.loop.cvat.draw("rain", 4, type="tag"), "stop", "9")
    assert videos.loop.load()["added"] == 1
    videos.dataset.reload()
    (event,) = videos.dataset.first().scenes.detections
    assert (event.label, list(event.support), type(event)) == ("rain", [1, 9], fo.TemporalDetection)


def test_images_have_none(filled: Loop) -> None:
    schema = {"events": {"type": "temporal_detections", "classes": ["rain"]}}
    with pytest.raises(Exception, match="would hold TemporalDetections, which only whole videos have"):
        filled.send(label_schema=schema)
