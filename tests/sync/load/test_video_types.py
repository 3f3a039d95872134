"""Every kind of label on the frames of a video comes back: edited where somebody edited it, untouched elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sync_loop import operator
from video_loop import HEIGHT, WIDTH, VideoLoop

from sandbox import Sandbox

FRAMES = 12
POINTS = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.4]]


@pytest.fixture
def clip(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> VideoLoop:
    return VideoLoop(dataset, box, tmp_path)


def send(clip: VideoLoop, *fields: str, **params: Any) -> None:
    operator("send_to_cvat")(clip.dataset, anno_key="run", label_field=list(fields), **params)


def test_polylines_and_points_are_tracks(clip: VideoLoop) -> None:
    def line(frame: int) -> list[Any]:
        shifted = [[x + 0.01 * frame, y] for x, y in POINTS]
        return [fo.Polyline(label="lane", points=[shifted], closed=True, filled=True, index=1)]

    clip.fill(FRAMES, line, fo.Polylines)
    send(clip, "frames.gt")
    before = clip.documents()
    (track,) = clip.tracks()
    assert {shape["type"] for shape in track["shapes"]} == {"polygon"}
    clip.write("update", track)
    assert clip.load(confirm=False)["unchanged"] == FRAMES and clip.documents() == before
    clip.keyframe(track, 6, points=[1.0, 1.0, 90.0, 1.0, 90.0, 90.0])
    clip.load()
    assert clip.changed_frames(before) == list(range(1, FRAMES - 1))
    assert clip.labels(6)[0]["points"] == [
        [[1 / WIDTH, 1 / HEIGHT], [90 / WIDTH, 1 / HEIGHT], [90 / WIDTH, 90 / HEIGHT]]
    ]


def test_skeletons_are_tracks_whose_points_move_alone(clip: VideoLoop) -> None:
    def pose(frame: int) -> list[Any]:
        return [fo.Keypoint(label="person", points=[(0.1 + 0.01 * frame, 0.1), (0.3, 0.5)], index=1)]

    clip.fill(FRAMES, pose, fo.Keypoints)
    clip.dataset.skeletons = {"frames.gt": fo.KeypointSkeleton(labels=["head", "foot"], edges=[[0, 1]])}
    clip.dataset.save()
    send(clip, "frames.gt")
    before = clip.documents()
    (track,) = clip.tracks()
    clip.write("update", track)
    assert clip.load(confirm=False)["unchanged"] == FRAMES and clip.documents() == before
    foot = track["elements"][1]
    last = {**foot["shapes"][-1], "frame": 6, "points": [10.0, 20.0]}
    last.pop("id")
    clip.write("update", {**track, "elements": [track["elements"][0], {**foot, "shapes": [*foot["shapes"], last]}]})
    clip.load()
    assert clip.changed_frames(before) == list(range(1, FRAMES))
    assert [round(value, 6) for value in clip.labels(6)[0]["points"][1]] == [
        round(10 / WIDTH, 6),
        round(20 / HEIGHT, 6),
    ]
    assert clip.labels(6)[0]["points"][0] == [0.1 + 0.01 * 6, 0.1]


def test_masks_are_single_shapes_and_keep_their_identity(clip: VideoLoop) -> None:
    def blob(frame: int) -> list[Any]:
        mask = np.ones((20, 30), dtype=bool)
        return [fo.Detection(label="blob", bounding_box=[0.25, 0.25, 0.125, 0.125], mask=mask, index=5)]

    clip.fill(4, blob)
    send(clip, "frames.gt")
    before = clip.documents()
    assert clip.tracks() == []
    shape = clip.cvat.shape(2)
    clip.cvat.edit(shape)
    assert clip.load(confirm=False)["unchanged"] == 4 and clip.documents() == before
    runs = [0, 100, 50.0, 50.0, 59.0, 59.0]
    clip.cvat.edit(clip.cvat.shape(2), points=runs)
    assert clip.load()["changed"] == 1 and clip.changed_frames(before) == [2]
    assert clip.labels(2)[0]["index"] == 5
    undo(clip.dataset, "run")
    assert clip.changed_frames(before) == []


def test_tags_of_frames_and_of_the_video(clip: VideoLoop) -> None:
    clip.fill(6, lambda frame: [fo.Classification(label="day")] if frame < 3 else [], fo.Classifications)
    sample = clip.dataset.first()
    sample["scene"] = fo.Classification(label="street")
    sample.frames[2]["weather"] = "dry"
    sample.save()
    send(clip, "frames.gt", "scene", "frames.weather")
    before = clip.documents()
    tags = clip.cvat.objects("tags")
    assert len(tags) == 5
    names = {label["id"]: name for name, label in clip.cvat.labels().items()}
    clip.cvat.draw(next(name for name in names.values() if name.startswith("day")), 4, type="tag")
    weather = next(tag for tag in tags if names[tag["label_id"]].startswith("frames.weather"))
    clip.cvat.set(weather, "value", "wet")
    clip.cvat.draw(names[weather["label_id"]], 5, type="tag")
    blank = clip.cvat.tag(5)
    clip.cvat.set(blank, "value", "fog")
    report = clip.load()
    assert report["deleted"] == 0 and clip.changed_frames(before) == [4]
    frames = clip.dataset.first().frames
    assert [frames[number]["weather"] for number in (2, 6)] == ["wet", "fog"]
    assert [item.label for item in frames[5].gt.classifications] == ["day"]
    assert clip.dataset.first().scene.label == "street"
    undo(clip.dataset, "run")
    assert clip.documents().keys() == before.keys()
    clip.dataset.reload()
    assert clip.dataset.first().frames[2]["weather"] == "dry"


def test_frames_that_were_not_sent_are_not_touched(clip: VideoLoop) -> None:
    clip.fill(20, lambda frame: [fo.Detection(label="car", bounding_box=[0.02 * frame, 0.1, 0.1, 0.1], index=1)])
    send(clip, "frames.gt", frame_start=2, frame_step=3, keyframe_tolerance=0)
    before = clip.documents()
    (track,) = clip.tracks()
    clip.keyframe(track, 2, points=[100.0, 24.0, 132.0, 48.0])
    report = clip.load(policy="ask")
    changed = clip.changed_frames(before)
    assert changed == [5, 8, 11, 14] and report["changed"] == 4
    assert clip.labels(8)[0]["bounding_box"][0] * WIDTH == 100.0
    clip.cvat.track(
        "car", {"frame": 5, "points": [1.0, 1.0, 9.0, 9.0]}, {"frame": 6, "points": [1.0] * 4, "outside": True}
    )
    assert clip.load()["added"] == 1 and len(clip.labels(17)) == 2


def make_frames_anew(clip: VideoLoop) -> None:
    """The same frames in documents with other ids."""
    for document in list(clip.dataset._frame_collection.find()):
        clip.dataset._frame_collection.delete_one({"_id": document.pop("_id")})
        clip.dataset._frame_collection.insert_one(document)


def test_documents_of_frames_that_were_made_anew_are_found(clip: VideoLoop) -> None:
    """By their numbers: their labels are the same."""
    clip.fill(10, lambda frame: [fo.Detection(label="car", bounding_box=[0.02 * frame, 0.1, 0.1, 0.1], index=1)])
    send(clip, "frames.gt")
    make_frames_anew(clip)
    before = clip.documents()
    (track,) = clip.tracks()
    clip.keyframe(track, 5, points=[150.0, 24.0, 182.0, 48.0])
    report = clip.load()
    assert (report["samples_gone"], report["changed"]) == (0, 8)
    assert clip.changed_frames(before) == list(range(1, 9))


def test_values_of_frames_that_were_made_anew_are_found(clip: VideoLoop) -> None:
    clip.fill(4, lambda frame: [fo.Classification(label="day")], fo.Classifications)
    sample = clip.dataset.first()
    for number in range(1, 5):
        sample.frames[number]["weather"] = "dry"
    sample.save()
    send(clip, "frames.weather")
    make_frames_anew(clip)
    clip.cvat.set(clip.cvat.tag(2), "value", "wet")
    report = clip.load()
    assert (report["conflicts"], report["changed"]) == ([], 1)
    assert [frame["weather"] for frame in clip.dataset.first().frames.values()] == ["dry", "dry", "wet", "dry"]


def test_conflicts_on_frames_that_were_made_anew_stay_open(clip: VideoLoop) -> None:
    """They are decided on the frames that there are now, and their labels are not there twice."""
    clip.fill(10, lambda frame: [fo.Detection(label="car", bounding_box=[0.02 * frame, 0.25, 0.1, 0.25], index=1)])
    send(clip, "frames.gt", keyframe_tolerance=0)
    (track,) = clip.tracks()
    track = clip.keyframe(track, 5, points=[150.0, 60.0, 190.0, 120.0])
    frame = clip.dataset.first().frames[6]
    frame.gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    frame.save()
    assert len(clip.load(policy="ask")["conflicts"]) == 1
    make_frames_anew(clip)
    report = clip.load(policy="ask")
    assert (report["samples_gone"], len(report["conflicts"])) == (0, 1)
    clip.keyframe(track, 2, points=[50.0, 60.0, 90.0, 120.0])
    report = clip.load(policy="ask")
    assert (report["added"], len(report["conflicts"])) == (0, 1)
    assert resolve(clip.dataset, "run", [{"take": "remote"}])["changed"] == 1
    assert [len(clip.labels(number)) for number in range(10)] == [1] * 10 and clip.lefts(5) == [150.0]
