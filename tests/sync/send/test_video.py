"""Videos are sent with sparse tracks: what CVAT shows on each frame is what the labels say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from shutil import copy
from typing import Any

import cv2
import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from fiftyone import ViewField as F
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.run_record import RunRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sync_loop import Loop, operator
from sync_videos import FIELD, Videos, box, clip_file, pixels, video


@pytest.fixture
def videos(loop: Loop) -> Videos:
    """An empty dataset of videos, and a server."""
    return Videos(loop)


def run_of(videos: Videos) -> tuple[RunRecord, BaseStore]:
    found = record.find(videos.dataset, "run")
    return found, BaseStore(RunStore(videos.dataset, found.run_id))


def left_out(said: dict[str, Any]) -> dict[str, int]:
    return {item["what"]: item["count"] for item in said["left_out"]}


def test_an_object_is_a_track_with_few_keyframes(videos: Videos) -> None:
    videos.add(video(20, lambda n: [box(0.02 * n, index=1), box(0.5, index=2, label="van")]))
    before = videos.frames()
    said = videos.send()
    assert (said["labels"], said["left_out"]) == (40, [])
    (there,) = videos.annotations()
    assert [len(track.shapes) for track in there.tracks] == [2, 1]
    assert there.shapes == ()
    assert said["notes"] == ["40 labels are in CVAT as tracks, with 3 keyframes."]
    assert videos.frames() == before


def test_the_base_has_each_track_with_its_labels(videos: Videos) -> None:
    videos.add(video(8, lambda n: [box(0.02 * n, index=1), box(0.5)] if n != 4 else []))
    videos.send(frame_start=1)
    run, base = run_of(videos)
    (task,) = run.tasks
    kept = base.task(task.id)
    assert (run.media_type, task.frames) == ("video", 7)
    assert kept is not None and kept.video is not None and (kept.count, kept.size_of(3).width) == (7, 64)
    assert [kept.video.number_of(frame) for frame in range(7)] == [2, 3, 4, 5, 6, 7, 8]
    (track,) = base.tracks(task.jobs[0])
    frames = {str(f["_id"]): f for f in videos.dataset._frame_collection.find()}
    assert [label.frame for label in track.labels] == [0, 1, 3, 4, 5, 6]
    for label in track.labels:
        holder = frames[label.sample_id]
        assert kept.video.frame_of(holder["frame_number"]) == label.frame
        assert str(holder["gt"]["detections"][0]["_id"]) == label.label_id
        assert label.parts["bounding_box"] == holder["gt"]["detections"][0]["bounding_box"]
    assert (track.index, track.track.id) == (1, videos.annotations()[0].tracks[0].id)
    singles = base.labels(task.jobs[0])
    assert singles is not None and [label.frame for label in singles] == [0, 1, 3, 4, 5, 6]
    assert all(label.objects[0].id for label in singles)
    assert base.marks()[task.jobs[0]].labels == {FIELD: 12}


@pytest.mark.parametrize("overlap", [0, 4])
def test_jobs_may_overlap_and_each_label_counts_once(videos: Videos, overlap: int) -> None:
    videos.add(video(20, lambda n: [box(0.02 * n, index=1), box(0.7)]))
    said = videos.send(segment_size=10, overlap=overlap, keyframe_tolerance=0)
    spans = [(job["start_frame"], job["stop_frame"]) for job in videos.jobs()]
    assert spans == ([(0, 9), (10, 19)] if not overlap else [(0, 9), (6, 15), (12, 19)])
    assert said["labels"] == 40
    assert set(videos.shown()) == set(range(20))
    assert all(len(points) == 2 for points in videos.shown().values())
    run, base = run_of(videos)
    tracks = [track for job in run.tasks[0].jobs for track in base.tracks(job)]
    assert {track.origin for track in tracks} == {0} and len(tracks) == len(spans)
    assert sum(mark.labels[FIELD] for mark in base.marks().values()) == 40


def test_frames_that_are_not_sent_keep_their_labels(videos: Videos) -> None:
    videos.add(video(20, lambda n: [box(0.02 * n, index=1), box(0.7)]))
    before = videos.frames()
    said = videos.send(frame_start=3, frame_stop=16, frame_step=4)
    assert said["tasks"][0]["frames"] == 4
    assert said["labels"] == 8
    assert left_out(said) == {f"{FIELD}: labels on frames that were not sent": 32}
    expected = {frame: pixels(box(0.02 * (3 + 4 * frame + 1))) for frame in range(4)}
    for frame, points in videos.shown().items():
        assert points[0] == pytest.approx(expected.pop(frame), abs=0.5)
    assert not expected
    assert videos.frames() == before


def test_labels_beyond_the_end_are_counted(videos: Videos) -> None:
    """Without metadata nobody knows how long the video is but CVAT."""
    sample = video(12, lambda n: [box(0.1, index=1), box(0.6)], path=clip_file(10))
    sample.metadata = None
    videos.add(sample)
    said = videos.send()
    assert said["labels"] == 20
    assert left_out(said) == {f"{FIELD}: labels on frames that CVAT does not find in the video": 4}


def test_another_number_of_frames_stops_that_video_alone(videos: Videos) -> None:
    good, short = video(20, lambda n: [box(0.1)]), video(10, lambda n: [box(0.1)], total=12)
    ids = videos.add(short, good)
    with pytest.raises(Exception, match="has 10 frames for CVAT but 12 by its metadata") as error:
        videos.send()
    assert "clip_10.mp4" in str(error.value) and "1 of 2 tasks is complete" in str(error.value)
    sample = videos.dataset[ids[0]]
    sample.metadata.total_frame_count = 10
    sample.save()
    said = videos.loop.execute("resume_run", anno_key="run")
    assert said["labels"] == 30


def test_a_decoder_that_gives_fewer_frames_than_the_file_says(videos: Videos, tmp_path: Path) -> None:
    """The end of the file is missing: 98 of 100 frames can be decoded, and the metadata is of the file's head."""
    whole = tmp_path / "whole.avi"
    writer = cv2.VideoWriter(str(whole), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for number in range(100):
        writer.write(np.full((48, 64, 3), number, np.uint8))
    writer.release()
    content = whole.read_bytes()
    starts = [found.start() for found in re.finditer(b"00dc", content)]
    cut = tmp_path / "cut.avi"
    cut.write_bytes(content[: starts[99]])
    capture = cv2.VideoCapture(str(cut))
    decoded = sum(1 for _ in iter(capture.grab, False))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 100 > decoded > 90
    (key,) = videos.add(video(100, lambda n: [box(0.1, index=1)], path=cut))
    with pytest.raises(Exception, match=f"has {decoded} frames for CVAT but 100 by its metadata"):
        videos.send()
    sample = videos.dataset[key]
    sample.metadata = None
    sample.save()
    said = videos.loop.execute("resume_run", anno_key="run")
    assert said["labels"] == decoded
    assert left_out(said) == {f"{FIELD}: labels on frames that CVAT does not find in the video": 100 - decoded}


def test_videos_that_cvat_cannot_read_are_left_out(videos: Videos, tmp_path: Path) -> None:
    """Also if that turns out only when CVAT made the frames."""
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "empty.mp4").write_bytes(b"")
    paths = [tmp_path / name for name in ("broken.mp4", "empty.mp4", "missing.mp4")]
    samples = [video(5, lambda n: [box(0.1)], path=path) for path in paths]
    videos.add(*samples, video(10, lambda n: [box(0.1)], total=12), video(5, lambda n: [box(0.1, index=1)]))
    said = videos.send(bad_files="leave_out")
    assert (said["samples"], said["labels"], len(said["tasks"])) == (1, 5, 1)
    reasons = " ".join(left_out(said))
    for reason in ("can't be read by CVAT", "is empty", "is missing", "has 10 frames for CVAT but 12"):
        assert reason in reasons
    assert len(videos.loop.cvat.find("tasks")) == 1
    assert len(videos.dataset.match_tags("not_sent_to_cvat")) == 4


def test_two_videos_of_one_name(videos: Videos, tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(Path(copy(clip_file(5), tmp_path / folder / "clip.mp4")))
    videos.add(
        *(video(5, lambda n, x=x: [box(x, index=1)], path=path) for x, path in zip((0.1, 0.5), paths, strict=True))
    )
    said = videos.send()
    names = [task["name"] for task in said["tasks"]]
    assert len(set(names)) == 2 and all(name.endswith(".mp4") for name in names)
    assert [videos.shown(task)[0] for task in (0, 1)] == [[pixels(box(x))] for x in (0.1, 0.5)]


def test_a_video_of_one_frame(videos: Videos) -> None:
    videos.add(video(1, lambda n: [box(0.1, index=1), box(0.5)]))
    assert videos.send()["labels"] == 2
    (there,) = videos.annotations()
    assert [(shape.frame, shape.outside) for shape in there.tracks[0].shapes] == [(0, False)]


def test_a_video_without_labels(videos: Videos) -> None:
    videos.add(video(5))
    videos.dataset.add_frame_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    said = videos.send(label_schema={FIELD: {"classes": ["car"]}})
    assert (said["labels"], said["left_out"], said["tasks"][0]["frames"]) == (0, [], 5)
    said = videos.send(anno_key="new", label_schema={"frames.fresh": {"type": "detections", "classes": ["car"]}})
    assert (said["labels"], said["tasks"][0]["frames"]) == (0, 5)


def test_labels_that_a_view_hides_stay_behind(videos: Videos) -> None:
    videos.add(video(6, lambda n: [box(0.1, index=1), box(0.5, label="van", index=2)]))
    view = videos.dataset.filter_labels(FIELD, F("label") == "van")
    assert videos.send(view=view)["labels"] == 6
    (there,) = videos.annotations()
    assert len(there.tracks) == 1


def test_attributes_belong_to_the_object_or_to_its_keyframes(videos: Videos) -> None:
    """As the labels have them; `keyframe` is no attribute."""
    videos.add(video(10, lambda n: [box(0.1, index=1, plate="B 1", speed=float(n > 5), keyframe=n == 3)]))
    videos.send()
    (label,) = videos.loop.cvat.find("labels")
    assert {spec["name"]: spec["mutable"] for spec in label["attributes"]} == {"plate": False, "speed": True}
    (there,) = videos.annotations()
    assert [value.value for value in there.tracks[0].attributes] == ["B 1"]
    assert [shape.frame for shape in there.tracks[0].shapes] == [0, 2, 5]


def test_what_can_be_no_track_is_a_single_shape_or_a_tag(videos: Videos) -> None:
    sample = video(4)
    for number in range(1, 5):
        mask = fo.Detection(
            label="car", bounding_box=[0.1, 0.1, 0.25, 0.25], mask=np.ones((12, 16), dtype=bool), index=1
        )
        lines = [[(0.1, 0.1), (0.2, 0.2)], [(0.3, 0.3), (0.4, 0.4)]]
        sample.frames[number] = fo.Frame(
            gt=fo.Detections(detections=[mask, box(0.5)]),
            lines=fo.Polylines(polylines=[fo.Polyline(label="road", points=lines, index=1)]),
            dots=fo.Keypoints(keypoints=[fo.Keypoint(label="nose", points=[(0.1 * number, 0.1)], index=1)]),
            weather=fo.Classification(label="sunny"),
            daytime="night",
        )
    sample["scene"] = fo.Classification(label="street")
    sample["place"] = "Berlin"
    videos.add(sample)
    fields = ["frames.gt", "frames.lines", "frames.dots", "frames.weather", "frames.daytime", "scene", "place"]
    said = videos.send(label_field=fields)
    assert said["labels_by_field"] == {**dict.fromkeys(fields[:5], 4), "frames.gt": 8, "scene": 1, "place": 1}
    (there,) = videos.annotations()
    assert Counter(shape.type for shape in there.shapes) == {"mask": 4, "rectangle": 4, "polyline": 8}
    assert [track.shapes[0].type for track in there.tracks] == ["points"]
    assert Counter(tag.frame for tag in there.tags) == {0: 4, 1: 2, 2: 2, 3: 2}
    assert any("single shapes" in note and "4 frames.gt" in note for note in said["notes"])


def test_nothing_that_is_wrong_with_a_label_stops_the_others(videos: Videos) -> None:
    """Copies of an id, numbers that are none, classes that are none, and what is no label at all."""
    (key,) = videos.add(video(6, lambda n: [box(0.1, index=1), box(0.5, index=2)]))
    frames = videos.dataset._frame_collection
    first, *_ = [frame["_id"] for frame in frames.find({"_sample_id": ObjectId(key)}).sort("frame_number")]
    (label, other) = frames.find_one({"_id": first})["gt"]["detections"]
    odd = [
        {**label, "bounding_box": [0.1, 0.1, 0.2, 0.2]},
        {**label, "_id": ObjectId(), "bounding_box": [float("nan")] * 4},
        {**label, "_id": ObjectId(), "label": ["no", "class"]},
        {**label, "_id": ObjectId(), "bounding_box": "wide"},
        "no label",
    ]
    frames.update_one({"_id": first}, {"$set": {"gt.detections": [label, other, *odd]}})
    videos.dataset.reload()
    said = videos.send()
    frames.update_one({"_id": first}, {"$set": {"gt.detections": [label, other]}})  # FiftyOne can't read the others
    assert said["labels"] == 12
    assert said["labels"] + sum(left_out(said).values()) == 12 + len(odd)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "whole videos": ({"label_field": "boxes"}, "would hold Detections of whole videos"),
    "stretches of time on frames": (
        {"label_field": "frames.events", "label_type": "temporal_detections", "classes": ["rain"]},
        "would hold TemporalDetections, which only whole videos have",
    ),
    "an overlap without jobs": ({"overlap": 2}, "`?overlap`?.* is wrong: it needs a `segment_size`"),
    "a stop before the start": ({"frame_start": 5, "frame_stop": 2}, "it is before `frame_start`"),
    "the number of a frame": ({"label_field": "frames.frame_number"}, "frame_number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_sent_is_refused_by_name(videos: Videos, case: str) -> None:
    sample = video(5, lambda n: [box(0.1)])
    sample["boxes"] = fo.Detections(detections=[box(0.1)])
    sample["events"] = fo.TemporalDetections(detections=[fo.TemporalDetection(label="rain", support=[1, 3])])
    videos.add(sample)
    params, sentence = REFUSED[case]
    with pytest.raises(Exception, match=sentence):
        videos.send(**params)
    assert videos.loop.cvat.find("tasks") == []


def test_parameters_of_videos_are_refused_for_images(filled: Loop) -> None:
    with pytest.raises(Exception, match="Only videos take `frame_step`"):
        filled.send(frame_step=2, segment_size=2, overlap=1)


@st.composite
def objects(draw: st.DrawFn) -> list[list[fo.Detection]]:
    """The labels of 12 frames: objects that come and go, turn, change, and single boxes."""
    frames: list[list[fo.Detection]] = [[] for _ in range(12)]
    for index in range(1, draw(st.integers(1, 3)) + 1):
        x = draw(st.floats(0, 0.5))
        for frame in frames:
            x = min(0.7, max(0.0, x + draw(st.sampled_from([0.0, 0.0, 0.02, -0.03, 0.1]))))
            if draw(st.integers(0, 5)):
                label = draw(st.sampled_from(["car", "car", "car", "van"]))
                y = draw(st.sampled_from([0.1, 0.1, 0.1, 0.4]))
                own = {"index": index} if draw(st.integers(0, 4)) else {}
                frame.append(box(x, y, label, occluded=draw(st.booleans()), **own))
    return frames


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labels=objects(), jobs=st.sampled_from([{}, {"segment_size": 5}, {"segment_size": 8, "overlap": 3}]))
def test_cvat_shows_every_label_where_it_is(videos: Videos, labels: list[list[fo.Detection]], jobs: Any) -> None:
    videos.dataset.clear()
    for task in videos.loop.cvat.find("tasks"):
        videos.loop.cvat.call("DELETE", f"tasks/{task['id']}")
    if "run" in videos.dataset.list_annotation_runs():
        videos.dataset.delete_annotation_run("run")
    videos.add(video(12, lambda n: labels[n - 1]))
    count = sum(map(len, labels))
    schema = {FIELD: {"type": "detections", "classes": ["car", "van"]}}
    said = videos.send(label_schema=schema, **jobs)
    assert said["labels"] + sum(left_out(said).values()) == count == said["labels"]
    shown = videos.shown()
    for frame, expected in enumerate(labels):
        there = shown.get(frame, [])
        for label in expected:
            nearest = min(there, key=lambda points: np.abs(np.subtract(points, pixels(label))).max())
            assert np.abs(np.subtract(nearest, pixels(label))).max() <= 0.5 + 1e-6
        # Two jobs may show an object each a little off on the frames that they share
        assert len(there) <= len(expected) * (2 if "overlap" in jobs else 1)


def test_videos_are_added_to_a_run(videos: Videos) -> None:
    videos.add(video(8, lambda n: [box(0.02 * n, index=1)]))
    videos.send()
    videos.add(video(6, lambda n: [box(0.03 * n, index=1, label="boat")], path=clip_file(6)))
    run = dict(operator("send_to_cvat")(videos.dataset, "run", extend=True, add_classes=True))
    assert (run["added"]["samples"], run["added"]["labels"], run["added"]["already"]) == (1, 6, 1)
    assert [task["frames"] for task in run["tasks"]] == [8, 6]
    report = dict(operator("load_annotations")(videos.dataset, "run"))
    assert (report["unchanged"], report["added"], report["changed"], report["deleted"]) == (14, 0, 0, 0)
