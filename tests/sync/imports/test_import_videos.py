"""Tasks of videos that were annotated without FiftyOne: linked by file name, loaded onto the frames, and merged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import DataOptions, LabelSpec, UploadFile
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.plan import prepare_import
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.request import ImportRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from PIL import Image
from sync_imports import CAT, Elsewhere, clip_task
from sync_loop import Loop
from sync_videos import Videos, video

FRAMES = 20


class Clips(Elsewhere):
    """Somebody who makes tasks in CVAT from videos."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        self.videos = Videos(loop)

    def clip(self, name: str = "clip_20.mp4", **settings: Any) -> int:
        """A task of a clip, under this name."""
        return clip_task(self, name, **settings)


@pytest.fixture
def clips(loop: Loop) -> Clips:
    found = Clips(loop)
    found.videos.add(video(FRAMES))
    return found


def at(frame: int, x: float, **more: Any) -> dict[str, Any]:
    return {"frame": frame, "points": [x, 8.0, x + 16.0, 24.0], **more}


def annotate(clips: Clips, task: int) -> None:
    """A cat that goes right on frames 2 to 11, a dog drawn once, a tag, and a fish of two points."""
    cvat = clips.loop.cvat
    cvat.track("cat", at(2, 0.0), at(10, 32.0), at(12, 32.0, outside=True), task=task)
    cvat.draw("dog", 5, [1.0, 2.0, 30.0, 40.0], task=task)
    cvat.draw("dog", 7, type="tag", task=task)
    fish = cvat.labels(task)["fish"]
    point = {"frame": 0, "type": "points", "occluded": False, "outside": False, "z_order": 0, "attributes": []}
    elements = [
        {"label_id": part["id"], "frame": 0, "attributes": [], "shapes": [{**point, "points": [x, 9.0]}]}
        for part, x in zip(fish["sublabels"], (4.0, 8.0), strict=True)
    ]
    whole = {"frame": 0, "type": "skeleton", "points": []}
    cvat.track("fish", whole, {**whole, "frame": 4, "outside": True}, task=task, elements=elements)


def lefts(clips: Clips, field: str = "detections") -> dict[int, list[tuple[str, Any, float]]]:
    found = {}
    for number, frame in clips.loop.dataset.first().frames.items():
        labels = frame[field].detections if frame.has_field(field) and frame[field] else []
        if labels:
            found[number] = [(item.label, item.index, round(item.bounding_box[0] * 64, 3)) for item in labels]
    return found


def test_what_was_drawn_arrives_on_the_frames(clips: Clips) -> None:
    task = clips.clip()
    annotate(clips, task)
    before = clips.videos.frames()
    report = clips.run(task, label_field=None)
    assert report["imported"]["fields"] == {
        "frames.detections": "detections",
        "frames.keypoints": "keypoints",
        "frames.classifications": "classifications",
    }
    assert (report["imported"]["media"], report["imported"]["frames"], report["imported"]["notes"]) == ("video", 1, [])
    boxes = lefts(clips)
    assert {number: [item for item in items if item[0] == "cat"] for number, items in boxes.items()} == {
        number: [("cat", boxes[3][0][1], round(min(4.0 * (number - 3), 32.0), 3))] for number in range(3, 13)
    }
    assert [item[0] for item in boxes[6]] == ["cat", "dog"] or [item[0] for item in boxes[6]] == ["dog", "cat"]
    frames = clips.loop.dataset.first().frames
    assert [item.label for item in frames[8].classifications.classifications] == ["dog"]
    assert sorted(n for n, frame in frames.items() if frame.keypoints) == [1, 2, 3, 4]
    objects = report["objects"]
    assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
    loaded = clips.videos.frames()
    assert clips.loop.load()["jobs_read"] == 0 and clips.videos.frames() == loaded
    record = records.find(clips.loop.dataset, "run")
    assert (record.imported, record.media_type, record.tasks[0].frames) == (True, "video", FRAMES)
    undo(clips.loop.dataset, "run")
    assert clips.videos.frames() == before
    assert clips.loop.load()["added"] == report["added"] and lefts(clips) == boxes


def test_it_merges_like_any_other_run(clips: Clips) -> None:
    task = clips.clip()
    annotate(clips, task)
    clips.run(task, label_field="boxes")
    sample = clips.loop.dataset.first()
    label = next(item for item in sample.frames[4].boxes_detections.detections if item.label == "cat")
    label.label = "dog"
    sample.save()
    cvat = clips.loop.cvat
    (job,) = [item["id"] for item in cvat.jobs(task)]
    track = cvat.call("GET", f"jobs/{job}/annotations")["tracks"][0]
    shapes = [{**shape, "points": [x + 2.0 for x in shape["points"]]} for shape in track["shapes"]]
    body = {"version": 0, "tags": [], "shapes": [], "tracks": [{**track, "shapes": shapes}]}
    cvat.call("PATCH", f"jobs/{job}/annotations", body, action="update")
    report = clips.loop.load()
    assert (report["changed"], report["conflicts"]) == (10, [])
    boxes = lefts(clips, "boxes_detections")
    assert boxes[4][0][0] == "dog" and boxes[4][0][2] == 6.0
    assert clips.run(task, label_field="boxes")["imported"] is None


def test_frames_are_linked_by_their_numbers(clips: Clips) -> None:
    task = clips.clip(options=DataOptions(start_frame=4, step=3))
    clips.loop.cvat.track("cat", at(0, 0.0), at(1, 9.0), at(2, 9.0, outside=True), task=task)
    report = clips.run(task, label_field="frames.gt")
    assert [*lefts(clips, "gt")] == [5, 8] and report["added"] == 2
    assert report["notes"][0] == "'clip_20.mp4' has 6 of its 20 frames in CVAT."


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 1, 0)], ids=str)
def test_what_stands_in_two_jobs_is_one_object(clips: Clips, order: tuple[int, ...]) -> None:
    """CVAT cuts tracks at the borders of jobs, and makes jobs of videos share five frames unless told otherwise."""
    task = clips.clip(segment_size=10)
    cvat = clips.loop.cvat
    jobs = {item["start_frame"]: item["id"] for item in cvat.jobs(task)}
    assert [*jobs] == [0, 5, 10]  # and frames up to 9, 14 and 19
    in_order = order == (0, 1, 2)
    if not in_order:
        assert clips.run(task, label_field="gt")["added"] == 0  # there is nothing yet
    labels = cvat.labels(task)
    cat = {"frame": 2, "label_id": labels["cat"]["id"], "group": 0, "attributes": []}
    shapes = [box_at(2, 0.0), box_at(17, 45.0), box_at(18, 45.0, outside=True)]
    dog = {**box_at(6, 30.0), "label_id": labels["dog"]["id"]}
    whole = {"version": 0, "tags": [], "shapes": [dog], "tracks": [{**cat, "shapes": shapes}]}
    cvat.call("PATCH", f"tasks/{task}/annotations", whole, action="create")
    parts = [cvat.call("GET", f"jobs/{job}/annotations") for job in jobs.values()]
    assert [(len(part["tracks"]), len(part["shapes"])) for part in parts] == [(1, 1), (1, 1), (1, 0)]
    reports = [clips.run(task, label_field="gt")] if in_order else []
    reports += [] if in_order else [clips.loop.load(jobs=[[*jobs.values()][number]]) for number in order]
    assert sum(report["added"] for report in reports) == 17
    for report in reports:
        objects = report["objects"]
        assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
    field = next(name for report in reports for name, counts in report["fields"].items() if counts["added"])
    boxes = lefts(clips, field.removeprefix("frames."))
    cats = {number: [item for item in items if item[0] == "cat"] for number, items in boxes.items()}
    index = cats[3][0][1]
    assert cats == {number: [("cat", index, 3.0 * (number - 3))] for number in range(3, 19)}
    assert [number for number, items in boxes.items() if ("dog", None, 30.0) in items] == [7]
    notes = [note for report in reports for note in report["notes"]]
    assert any("drawn in two jobs that share frames, and are one object" in note for note in notes)
    assert clips.loop.load()["jobs_read"] == 0


def box_at(frame: int, x: float, **more: Any) -> dict[str, Any]:
    """A keyframe, or a shape."""
    blank = {"type": "rectangle", "occluded": False, "outside": False, "z_order": 0, "rotation": 0.0, "attributes": []}
    return {**blank, **at(frame, x), **more}


RESERVED = [
    *("index", "instance", "keyframe", "tags", "label", "attributes", "confidence", "logits", "id", "_id", "_cls"),
    *("bounding_box", "points", "mask", "mask_path", "rotation", "closed", "filled", "copy", "clean", "a.b", "$set"),
]


def test_attributes_of_reserved_names_are_counted(clips: Clips) -> None:
    """Whatever a class of CVAT calls its attributes, what FiftyOne's labels keep of their own stays that."""
    specs = [{"name": name, "input_type": "text", "mutable": name != "index"} for name in (*RESERVED, "age")]
    task = clips.clip(labels=[LabelSpec.model_validate({"name": "car", "attributes": specs})])
    spec = {item["name"]: item["id"] for item in clips.loop.cvat.labels(task)["car"]["attributes"]}
    texts = {name: [{"spec_id": number, "value": f"{name}!"}] for name, number in spec.items()}
    moving = [item for name in spec if name != "index" for item in texts[name]]
    ends = [box_at(0, 0.0, attributes=moving), box_at(2, 8.0), box_at(3, 8.0, outside=True)]
    clips.loop.cvat.track("car", *ends, task=task, attributes=texts["index"])
    single = {**box_at(5, 9.0), "attributes": [item for some in texts.values() for item in some]}
    del single["outside"]
    single["label_id"] = clips.loop.cvat.labels(task)["car"]["id"]
    clips.loop.cvat.write("create", single, task=task)
    report = clips.run(task, label_field="gt")
    assert report["added"] == 4
    frames = clips.loop.dataset.first().frames
    (tracked,), (alone,) = frames[2].gt.detections, frames[6].gt.detections
    assert (tracked.label, tracked.index, tracked.tags, tracked["age"]) == ("car", 1, [], "age!")
    assert (alone.label, alone.index, alone.confidence, alone.tags, alone["age"]) == ("car", None, None, [], "age!")
    assert frames[1].gt.detections[0]["keyframe"] is True
    refused = report["fields"]["frames.gt"]["refused"]
    for name in RESERVED:
        assert refused[f"values of '{name}', which labels can't have as an attribute here"] == 4, name
    assert clips.loop.load()["jobs_read"] == 0
    before = clips.videos.frames()
    own = clips.loop.cvat.objects(frame=5, task=task)[0]
    changed = [{**item, "value": "5"} for item in own["attributes"]]
    clips.loop.cvat.write("update", {**own, "attributes": changed}, task=task)
    assert clips.loop.load()["changed"] == 1 and clips.videos.frames() != before
    (alone,) = clips.loop.dataset.reload() or clips.loop.dataset.first().frames[6].gt.detections
    assert (alone.label, alone.index, alone["age"]) == ("car", None, "5")


def test_what_is_refused(clips: Clips, tmp_path: Path) -> None:
    loop, task = clips.loop, clips.clip()
    annotate(clips, task)
    sample = loop.dataset.first()
    old = fo.Detection(label="cat", bounding_box=[0, 0, 0.1, 0.1])
    sample.frames[3] = fo.Frame(old=fo.Detections(detections=[old]))
    sample.save()
    images = clips.client.create_task("images", labels=[CAT])
    rq_id = clips.client.upload(images.id, [UploadFile("a.png", *_photo(tmp_path))])
    clips.client.wait_for_creation(images.id, rq_id)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"tasks": images.id}, "has images, but the samples are videos"),
        ({"tasks": task, "label_field": {"detections": "old"}}, "'frames.old' has labels on 1 of the videos already"),
        ({"tasks": clips.clip("other.mp4")}, "None of the 1 videos has the file name"),
    ]
    before = clips.videos.frames()
    for params, words in refused:
        with pytest.raises(Refused, match=words):
            clips.run(**{"task": None, **params})
    sample.metadata.total_frame_count = 12
    sample.save()
    with pytest.raises(Refused, match="goes up to frame 20 in CVAT, but has 12 frames by its metadata"):
        clips.run(task)
    assert clips.videos.frames() == before and not loop.dataset.list_annotation_runs()


def _photo(folder: Path) -> tuple[Path, int]:
    path = folder / "a.png"
    Image.new("RGB", (8, 8)).save(path)
    return path, path.stat().st_size


def test_a_video_that_is_no_sample_is_left_out(clips: Clips) -> None:
    tasks = [clips.clip(), clips.clip("other.mp4")]
    annotate(clips, tasks[0])
    found = prepare_import(
        clips.loop.dataset, ImportRequest(anno_key="run", tasks=tuple(tasks), unmatched="ignore"), clips.client
    ).as_dict()
    assert (found["tasks"], found["linked"], found["unmatched"]) == ([tasks[0]], 1, ["other.mp4"])
    report = clips.run(None, tasks=tasks, unmatched="ignore", label_field=None)
    assert report["added"] == 16 and clips.run(None, tasks=tasks, unmatched="ignore")["imported"] is None
