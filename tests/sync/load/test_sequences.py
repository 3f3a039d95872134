"""Image sequences as tracks, and what comes back to each image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F
from fiftyone.plugins.orgs.roundtrip.cvat.panels.steps import to_steps
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import SendFailed
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.frame_numbers import frame_ranges
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import conflicts, resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sequence_loop import Scenes, box, moved
from sync_loop import Loop


@pytest.fixture
def scenes(loop: Loop, tmp_path: Path) -> Scenes:
    return Scenes(loop, tmp_path)


def going(number: int) -> list[Any]:
    """Two cars that go to the right, the second one with a gap, and a tree that is no object."""
    first = box(10.0 + 4 * number, index=1, confidence=0.5, tags=["mine"])
    second = [box(200.0 - 2 * number, index=2)] if number not in (4, 5) else []
    return [first, *second, box(100.0, "tree")]


def test_objects_are_tracks_and_an_edit_changes_exactly_the_images_up_to_its_neighbours(scenes: Scenes) -> None:
    ids = scenes.add("a", 12, going)
    other = scenes.add("b", 3, going)
    said = scenes.send()
    assert [task["frames"] for task in said["tasks"]] == [12, 3]
    assert [task["name"].split(": ")[1] for task in said["tasks"]] == ["a", "b"]
    meta = scenes.cvat.call("GET", "tasks/1/data/meta")
    assert [frame["name"] for frame in meta["frames"]] == [f"a_{number}.png" for number in range(12)]
    tracks, shapes = scenes.tracks(), scenes.shapes()
    assert (len(tracks), len(shapes)) == (2, 12)
    assert [shape["frame"] for shape in tracks[0]["shapes"]] == [0, 11]
    gap = [(shape["frame"], shape["outside"]) for shape in tracks[1]["shapes"]]
    assert gap == [(0, False), (4, True), (6, False), (11, False)]
    before, labels = scenes.samples(), scenes.labels()
    report = scenes.load()
    assert not any(report[what] for what in ("added", "changed", "deleted"))
    assert scenes.samples() == before
    scenes.keyframe(tracks[1], 8, points=moved(tracks[1]["shapes"][2]["points"], 30.0))
    report = scenes.load()
    assert scenes.changed(ids, before) == [7, 8, 9, 10]
    assert scenes.changed(other, before) == []
    assert report["changed"] == 4
    again = scenes.samples()
    assert scenes.load()["jobs_read"] == 0
    assert scenes.samples() == again
    undo(scenes.dataset, "run")
    assert scenes.labels() == labels


def test_a_new_track_gets_an_index_that_is_free_in_the_whole_sequence(scenes: Scenes) -> None:
    """Also where images of it were not sent, and those of other sequences don't count."""
    car = fo.Instance()
    ids = scenes.add("a", 6, lambda number: [box(10.0, index=number // 5 * 7 + 1, instance=car)])
    scenes.add("b", 2, lambda number: [box(10.0, index=30, instance=car)])
    before = scenes.labels()
    scenes.send(scenes.dataset.match(F("frame_number") < 5), sequence_field="scene")
    track = scenes.cvat.track("car", at(1, 100.0), at(3, 120.0), at(4, 120.0, outside=True))
    report = scenes.load()
    assert (report["added"], report["changed"], report["deleted"]) == (3, 0, 0)
    assert scenes.lefts(ids) == [[10.0], [10.0, 100.0], [10.0, 110.0], [10.0, 120.0], [10.0], [10.0]]
    new = [scenes.boxes(ids[number])[1] for number in (1, 2, 3)]
    assert [label.index for label in new] == [9, 9, 9]
    assert len({label.instance.id for label in new}) == 1
    assert new[0].instance.id != car.id
    assert not any(label.has_field("keyframe") for label in new)
    scenes.keyframe(track, 3, points=[150.0, 60.0, 190.0, 120.0])
    assert scenes.load()["changed"] == 2
    assert scenes.lefts(ids)[1:4] == [[10.0, 100.0], [10.0, 125.0], [10.0, 150.0]]
    undo(scenes.dataset, "run")
    undo(scenes.dataset, "run")
    assert scenes.labels() == before


def test_conflicts_are_ranges_of_frames_and_resolved_as_one(scenes: Scenes) -> None:
    ids = scenes.add("a", 10, lambda number: [box(10.0 + 4 * number, index=1)])
    scenes.send()
    (track,) = scenes.tracks()
    scenes.keyframe(track, 5, points=moved([30.0, 60.0, 70.0, 120.0], 40.0))
    for number in (3, 4, 5, 9):
        sample = scenes.dataset[ids[number]]
        sample["gt"].detections[0].bounding_box = [0.7, 0.5, 0.1, 0.1]
        sample.save()
    preview = scenes.load(policy="ask", preview=True)
    report = scenes.load(policy="ask")
    assert preview["conflicts"] == report["conflicts"]
    (found,) = frame_ranges(conflicts(scenes.dataset, "run"))
    (step,) = to_steps(conflicts(scenes.dataset, "run"))
    assert (step.sample_id, step.frames, len(step.label_ids)) == (ids[3], (3, 5), 3)
    assert (found["text"], found["track"], found["sample_id"]) == ("frames 3-5 of a: box", track["id"], ids[3])
    assert report["changed"] == 5
    assert {item["sample_id"] for item in report["conflicts"]} == {ids[number] for number in (3, 4, 5)}
    assert {item["sequence"] for item in report["conflicts"]} == {"a"}
    done = resolve(scenes.dataset, "run", [{"take": "remote", "track": found["track"], "frames": (3, 4)}])
    assert (done["changed"], done["open"]) == (2, 1)
    done = resolve(scenes.dataset, "run", [{"take": "local", "track": found["track"], "frames": found["frames"]}])
    assert (done["changed"], done["open"]) == (0, 0)
    assert [row[0] for row in scenes.lefts(ids)] == [10.0, 22.0, 34.0, 46.0, 58.0, 224.0, 64.0, 58.0, 52.0, 224.0]
    assert not any(scenes.load()[what] for what in ("added", "changed", "deleted", "jobs_read"))


def test_jobs_and_parts_of_a_sequence_are_one_object(scenes: Scenes) -> None:
    """Loading the jobs one by one ends as loading them together."""
    ids = scenes.add("a", 11, lambda number: [box(10.0 + 4 * number, index=3)])
    scenes.send(task_size=7, segment_size=4, overlap=2)
    jobs = [job for task in (1, 2) for job in scenes.cvat.jobs(task)]
    spans = [(job["task_id"], job["start_frame"], job["stop_frame"]) for job in jobs]
    assert spans == [(1, 0, 3), (1, 2, 5), (1, 4, 6), (2, 0, 3)]
    before = scenes.samples()
    assert not any(scenes.load()[what] for what in ("added", "changed", "deleted"))
    for job in (jobs[0], jobs[3]):
        scenes.write("create", drawn(scenes, job["task_id"], at(1, 200.0)), job=job["id"])
    assert scenes.load(jobs=[jobs[3]["id"]])["added"] == 3
    assert scenes.load()["added"] == 3
    index = {number: [label.index for label in scenes.boxes(own)] for number, own in enumerate(ids)}
    assert [index[number] for number in (1, 2, 3)] == [[3, 5]] * 3
    assert [index[number] for number in (8, 9, 10)] == [[3, 4]] * 3
    assert scenes.changed(ids, before) == [1, 2, 3, 8, 9, 10]


def test_a_load_beside_into_another_field(scenes: Scenes) -> None:
    """The labels that were sent stay; what was on a sample that is gone is counted."""
    ids = scenes.add("a", 6, lambda number: [box(10.0 + 3 * number, index=1)])
    scenes.send()
    (track,) = scenes.tracks()
    scenes.keyframe(track, 3, points=[100.0, 60.0, 140.0, 120.0])
    scenes.dataset.delete_samples(ids.pop(4))
    before = scenes.labels()
    preview, report = (scenes.load(dest_field="fixed", preview=look) for look in (True, False))
    assert [preview[what] for what in ("changed", "left")] == [report[what] for what in ("changed", "left")]
    assert [(item["reason"], item["count"]) for item in report["left"]] == [
        ("on samples that are no longer in the dataset", 1)
    ]
    assert scenes.labels() == before
    boxes = [scenes.dataset[own]["fixed"].detections[0] for own in ids]
    assert [round(label.bounding_box[0] * 320) for label in boxes] == [10, 40, 70, 100, 25]


def test_a_removed_frame_keeps_its_labels_and_its_sample_is_tagged(scenes: Scenes) -> None:
    ids = scenes.add("a", 5, lambda number: [box(10.0 + 4 * number, index=1)])
    scenes.send()
    before = scenes.labels()
    scenes.cvat.call("PATCH", "tasks/1/data/meta", {"deleted_frames": [2]})
    (track,) = scenes.tracks()
    scenes.keyframe(track, 2, points=[200.0, 60.0, 240.0, 120.0])
    report = scenes.load()
    assert scenes.dataset.match_tags("deleted_in_cvat").values("id") == [ids[2]]
    assert report["deleted"] == 0
    assert [number for number, own in enumerate(ids) if scenes.labels()[own] != before[own]] == [1, 3]


def test_a_send_that_was_interrupted_goes_on_and_each_label_is_there_once(scenes: Scenes) -> None:
    scenes.add("a", 8, going)
    before = scenes.labels()
    scenes.loop.box.faults.add("lost_reply", "PATCH", r"/annotations", nth=2)
    scenes.loop.box.faults.add("status", "PATCH", r"/annotations", nth=3, times=50, status=500)
    with pytest.raises(SendFailed):
        scenes.send(segment_size=4)
    scenes.loop.box.faults.clear()
    scenes.loop.send(anno_key="run", resume=True)
    lefts = sorted(round(shape["points"][0]) for shape in scenes.shapes())
    assert lefts == [100] * 8
    assert len(scenes.tracks()) == 4
    assert not any(scenes.load()[what] for what in ("added", "changed", "deleted"))
    assert scenes.labels() == before


def test_polylines_keypoints_tags_and_masks_of_a_sequence(scenes: Scenes) -> None:
    """Lines and points with an index are tracks, masks and tags are not; all come back as they were."""
    ids = scenes.add("a", 4, lambda number: [])
    for number, own in enumerate(ids):
        sample, x = scenes.dataset[own], 0.1 + 0.05 * number
        lane = fo.Polyline(label="lane", points=[[(x, 0.1), (x + 0.1, 0.5), (x, 0.9)]], index=1)
        sample["lanes"] = fo.Polylines(polylines=[lane])
        sample["dots"] = fo.Keypoints(keypoints=[fo.Keypoint(label="dot", points=[(x, 0.2)], index=2)])
        sample["weather"] = fo.Classification(label="rain" if number else "sun")
        mask = np.ones((24, 32), bool)
        sample["gt"] = fo.Detections(
            detections=[fo.Detection(label="car", bounding_box=[x, 0.2, 0.1, 0.1], mask=mask, index=5)]
        )
        sample.save()
    before = scenes.samples()
    said = scenes.send(label_field=["lanes", "dots", "weather", "gt"])
    assert sorted(track["shapes"][0]["type"] for track in scenes.tracks()) == ["points", "polyline"]
    assert [shape["type"] for shape in scenes.shapes()] == ["mask"] * 4
    assert (said["labels"], len(scenes.cvat.objects("tags"))) == (16, 4)
    assert not any(scenes.load()[what] for what in ("added", "changed", "deleted"))
    assert scenes.samples() == before


def at(frame: int, left: float, **more: Any) -> dict[str, Any]:
    return {"frame": frame, "points": [left, 60.0, left + 40.0, 120.0], **more}


def drawn(scenes: Scenes, task: int, *keyframes: dict[str, Any]) -> dict[str, Any]:
    """A track of a car as the editor creates it."""
    blank = {"type": "rectangle", "occluded": False, "outside": False, "z_order": 0, "rotation": 0.0, "attributes": []}
    shapes = [{**blank, **keyframe} for keyframe in keyframes]
    facts = {"label_id": scenes.cvat.labels(task)["car"]["id"], "source": "manual", "attributes": []}
    return {**facts, "frame": shapes[0]["frame"], "shapes": shapes}
