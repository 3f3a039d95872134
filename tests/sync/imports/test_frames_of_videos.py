"""Tasks of videos whose frames become images: CVAT does not give videos back, so they are image sequences then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import DataOptions
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.plan import prepare_import
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.request import ImportRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from sync_annotator import Annotator
from sync_imports import CAT, DOG, Elsewhere, clip_task
from sync_loop import Loop
from video_loop import with_keyframe

WIDTH = 64


@pytest.fixture
def elsewhere(loop: Loop) -> Elsewhere:
    """Nothing is in the dataset."""
    return Elsewhere(loop)


def at(frame: int, x: float, **more: Any) -> dict[str, Any]:
    return {"frame": frame, "points": [x, 8.0, x + 16.0, 24.0], **more}


def annotate(cvat: Annotator, task: int) -> None:
    """A cat that goes right on frames 1 to 4, and a dog on frame 2."""
    cvat.track("cat", at(1, 0.0), at(4, 12.0), at(5, 12.0, outside=True), task=task)
    cvat.draw("dog", 2, [1.0, 2.0, 30.0, 40.0], task=task)


def run(elsewhere: Elsewhere, task: int | None, folder: Path, **params: Any) -> dict[str, Any]:
    return elsewhere.run(task, create_samples=True, folder=str(folder), **params)


def boxes(loop: Loop) -> list[list[tuple[str, Any, float]]]:
    """Class, index and left side of the boxes of each image, in the order of the frames."""
    found = []
    for sample in loop.dataset.sort_by("frame_number"):
        labels = sample["gt"].detections if sample["gt"] else []
        found.append(sorted((item.label, item.index, round(item.bounding_box[0] * WIDTH, 3)) for item in labels))
    return found


def test_frames_become_a_sequence_that_loads_and_undoes(elsewhere: Elsewhere, tmp_path: Path) -> None:
    loop, cvat = elsewhere.loop, elsewhere.loop.cvat
    task = clip_task(elsewhere, options=DataOptions(start_frame=2, step=3))
    annotate(cvat, task)
    report = run(elsewhere, task, tmp_path / "new", sample_fields=["job"])
    told = report["imported"]
    assert (told["media"], told["made"], told["linked"], told["not_fetched"]) == ("image", 6, 6, [])
    assert "CVAT does not give back: its 6 frames, frame 3 and each 3 from there, become" in told["notes"][0]
    numbers = [3, 6, 9, 12, 15, 18]
    assert loop.dataset.sort_by("frame_number").values(["frame_number", "sequence"]) == (
        numbers,
        [f"clip_20.mp4 #{task}"] * 6,
    )
    assert loop.dataset.media_type == "image" and len(set(loop.dataset.values("job"))) == 1
    for sample in loop.dataset:  # the white square is where the clip has it on that frame
        image = cv2.imread(sample.filepath)
        left = int((image[16, :, 0] > 150).argmax())
        assert image.shape == (48, 64, 3) and abs(left - (sample.frame_number - 1)) <= 1
        assert sample.filepath.endswith(f"task_{task}/clip_20.mp4/frame_{sample.frame_number:06d}.png")
    assert boxes(loop) == [
        [],
        [("cat", 1, 0.0)],
        [("cat", 1, 4.0), ("dog", None, 1.0)],
        [("cat", 1, 8.0)],
        [("cat", 1, 12.0)],
        [],
    ]
    objects = report["objects"]
    assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"] == 5
    (job,) = cvat.jobs(task)
    track = cvat.call("GET", f"jobs/{job['id']}/annotations")["tracks"][0]
    body = {"version": 0, "tags": [], "shapes": [], "tracks": [with_keyframe(track, 3, points=[20.0, 8.0, 36.0, 24.0])]}
    cvat.call("PATCH", f"jobs/{job['id']}/annotations", body, action="update")
    sample = loop.dataset.match(fo.ViewField("frame_number") == 15).first()
    sample["gt"].detections[0].label = "dog"
    sample.save()
    assert loop.load()["changed"] == 2
    assert boxes(loop)[2:5] == [[("cat", 1, 10.0), ("dog", None, 1.0)], [("cat", 1, 20.0)], [("dog", 1, 12.0)]]
    undo(loop.dataset, "run")
    assert boxes(loop)[2:5] == [[("cat", 1, 4.0), ("dog", None, 1.0)], [("cat", 1, 8.0)], [("dog", 1, 12.0)]]
    assert records.find(loop.dataset, "run").media_type == "image"


def test_what_is_told_of_the_frames(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Before anything is done: which frames become images."""
    for options, words in (
        (DataOptions(), "its 20 frames become"),
        (DataOptions(start_frame=4), "its 16 frames, from frame 5 on, become"),
    ):
        task = clip_task(elsewhere, options=options)
        request = ImportRequest(anno_key="run", tasks=(task,), create_samples=True, folder=str(tmp_path / "new"))
        told = prepare_import(elsewhere.loop.dataset, request, elsewhere.client).as_dict()
        assert words in told["notes"][0]


def test_a_project_has_videos_images_and_removed_frames(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """A removed frame is left out and counted, and comes when it was restored, as do new videos."""
    loop, cvat = elsewhere.loop, elsewhere.loop.cvat
    project = elsewhere.client.create_project("zoo", [CAT, DOG]).id
    loop.fill(None)
    images = elsewhere.make(project_id=project, labels=())
    loop.dataset.clear()
    clip = clip_task(elsewhere, project_id=project)
    annotate(cvat, clip)
    cvat.call("PATCH", f"tasks/{clip}/data/meta", {"deleted_frames": [2, 7]})
    report = run(elsewhere, None, tmp_path, project="zoo")
    assert (report["imported"]["tasks"], report["imported"]["made"]) == ([images, clip], 19)
    record = records.find(loop.dataset, "run")
    assert (record.samples, record.left_out) == (19, {"frames that were removed in CVAT": 2})
    assert {(item["reason"], item["name"], item["count"]) for item in report["left"]} == {
        ("on frames that were removed in CVAT", "cat", 1),
        ("on frames that were removed in CVAT", "dog", 1),
    }
    assert run(elsewhere, None, tmp_path, project="zoo")["imported"] is None and len(loop.dataset) == 19
    cvat.call("PATCH", f"tasks/{clip}/data/meta", {"deleted_frames": [7]})
    second = clip_task(elsewhere, project_id=project)
    report = run(elsewhere, None, tmp_path, project="zoo")
    assert (report["imported"]["made"], report["imported"]["tasks"], report["added"]) == (21, [second], 2)
    assert any(f"of task {second} is a video" in note for note in report["notes"])
    frames = loop.dataset.match(fo.ViewField("sequence") == f"clip_20.mp4 #{clip}").sort_by("frame_number")
    assert [len(item.detections) if item else 0 for item in frames.values("gt")][:5] == [0, 1, 2, 1, 1]
    assert frames.values("frame_number") == [n for n in range(1, 21) if n != 8]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"sequence_field": "taken"}, "a field 'taken' of another type, so the frames of videos"),
        ({"sequence_order": "sequence"}, "each needs a field of its own"),
        ({"sample_fields": ["task"], "sequence_field": "task"}, "each needs a field of its own"),
        ({"sequence_field": "a.b"}, "must be the name of a field"),
    ],
)
def test_what_is_refused_changes_nothing(
    elsewhere: Elsewhere, tmp_path: Path, params: dict[str, Any], words: str
) -> None:
    loop = elsewhere.loop
    loop.dataset.add_sample_field("taken", fo.IntField)
    task = clip_task(elsewhere)
    with pytest.raises(Refused, match=words):
        run(elsewhere, task, tmp_path / "new", **params)
    assert len(loop.dataset) == 0 and not (tmp_path / "new").exists()


def test_a_track_in_two_jobs_is_one_object(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Frames that jobs share have a label once."""
    loop, cvat = elsewhere.loop, elsewhere.loop.cvat
    task = clip_task(elsewhere, segment_size=10, overlap=4)
    cat = cvat.labels(task)["cat"]["id"]
    blank = {"type": "rectangle", "occluded": False, "outside": False, "z_order": 0, "rotation": 0.0, "attributes": []}
    shapes = [{**blank, **shape} for shape in (at(4, 0.0), at(12, 16.0), at(13, 16.0, outside=True))]
    track = {"label_id": cat, "frame": 4, "source": "manual", "attributes": [], "shapes": shapes}
    whole = {"version": 0, "tags": [], "shapes": [], "tracks": [track]}
    cvat.call("PATCH", f"tasks/{task}/annotations", whole, action="create")
    report = run(elsewhere, task, tmp_path)
    assert boxes(loop)[4:13] == [[("cat", 1, 2.0 * n)] for n in range(9)] and report["added"] == 9
    labels = loop.labels()
    assert loop.load()["unchanged"] == 9 and loop.labels() == labels
