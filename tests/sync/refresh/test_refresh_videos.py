"""What changed of a video's labels goes to CVAT, track by track: ids stay, and so does what annotators touched."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from sequence_loop import Scenes
from sequence_loop import box as image_box
from sync_loop import Loop, operator
from video_loop import VideoLoop, box
from video_refreshes import BOTH, FRAMES, edit, frames_of, loaded, move, refresh, shown, totals


def test_a_stretch_of_a_track(sent: VideoLoop) -> None:
    """It alone gets keyframes; the track keeps its id, and frames that nobody edited every bit."""
    before = {track["id"]: track for track in sent.tracks()}
    there = shown(sent)
    edit(sent, move(30.0), range(8, 12))
    seen = refresh(sent, preview=True)
    assert totals(seen) == (0, 4, 0) and shown(sent) == there
    assert totals(refresh(sent)) == (0, 4, 0)
    now = {track["id"]: track for track in sent.tracks()}
    assert now.keys() == before.keys()
    first, second = sorted(before)
    assert now[second] == before[second]
    ids = {shape["frame"]: shape["id"] for shape in now[first]["shapes"]}
    assert list(ids) == [0, 7, 8, 11, 12, 19]
    assert {shape["id"] for shape in before[first]["shapes"]} <= set(ids.values())
    for frame, lefts in shown(sent).items():
        moved = [left + 30 if frame in range(8, 12) and left == 10 + 5 * frame else left for left in there[frame]]
        assert lefts == pytest.approx(sorted(moved), abs=0.5)
    assert loaded(sent) == (0, 0, 0, 0)
    assert totals(refresh(sent)) == (0, 0, 0)
    # An annotator goes on, and only that is loaded
    track = next(track for track in sent.tracks() if track["id"] == first)
    sent.keyframe(track, 15, points=[300.0, 60.0, 310.0, 120.0])
    assert loaded(sent) == (0, 6, 0, 0)


def test_attributes_classes_deletions_and_new_objects(sent: VideoLoop) -> None:
    ids = sorted(track["id"] for track in sent.tracks())

    def change(number: int, labels: list[fo.Detection]) -> list[fo.Detection]:
        kept = []
        for label in labels:
            if label.index == 1 and number in (4, 5):
                label["code"] = "#here"
            if label.index == 1 and number in (0, 1):
                continue
            if label.index == 2:
                label.label = "car"
            kept.append(label)
        if number >= 15:
            kept.append(box(250.0, "van", index=7))
        return kept

    edit(sent, change)
    report = refresh(sent)
    # 5 of the new object, 2 with another text, 10 of another class; 2 are gone
    assert totals(report) == (5, 12, 2), report["left"]
    names = {label["id"]: name for name, label in sent.cvat.labels().items()}
    tracks = sorted(sent.tracks(), key=lambda track: track["id"])
    assert [track["id"] for track in tracks][:2] == ids
    assert [names[track["label_id"]] for track in tracks] == ["car", "car", "van"]
    assert tracks[0]["frame"] == 2
    texts = {shape["frame"]: [item["value"] for item in shape["attributes"]] for shape in tracks[0]["shapes"]}
    assert texts[4] == ["#here"] and texts[6] == ["#1"]
    assert loaded(sent) == (0, 0, 0, 0) and totals(refresh(sent)) == (0, 0, 0)
    assert operator("undo_refresh")(sent.dataset, "run")["taken_back"] == 19
    tracks = sorted(sent.tracks(), key=lambda track: track["id"])
    assert [(track["id"], names[track["label_id"]]) for track in tracks] == [(ids[0], "car"), (ids[1], "van")]
    assert loaded(sent) == (0, 0, 0, 0)
    assert totals(refresh(sent)) == (5, 12, 2)


def test_a_class_that_changes_on_some_frames_is_a_track_of_its_own(sent: VideoLoop) -> None:
    def change(_: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            if label.index == 1:
                label.label = "van"

    edit(sent, change, range(5, 9))
    before = shown(sent)
    report = refresh(sent)
    assert totals(report) == (0, 4, 0)
    assert len(sent.tracks()) == 3 and shown(sent) == before
    assert loaded(sent) == (0, 0, 0, 0) and totals(refresh(sent)) == (0, 0, 0)


def test_what_an_annotator_touched_stays(sent: VideoLoop) -> None:
    """On the frames up to the next keyframes; elsewhere on the track it is written."""
    track = next(track for track in sent.tracks() if len(frames_of(track)) == FRAMES)
    track = sent.keyframe(track, 5)
    track = sent.keyframe(track, 9)
    track = sent.keyframe(track, 7, points=[150.0, 60.0, 190.0, 120.0])
    there = shown(sent)
    edit(sent, move(40.0), range(4, 14))
    report = refresh(sent)
    assert totals(report) == (0, 7, 0)
    assert [(item["reason"], item["count"]) for item in report["left"]] == [(BOTH, 3)]
    samples = {id_ for item in report["left"] for id_ in item["samples"]}
    assert samples == {item["sample_id"] for item in report["listed"]} == {sent.sample_id}
    now = shown(sent)
    assert all(now[frame] == pytest.approx(there[frame], abs=1e-3) for frame in (6, 7, 8))
    # It is still there to be loaded, and what was written is known
    report = sent.load(policy="remote")
    assert totals(report, "added", "changed", "deleted") == (0, 3, 0)
    assert {item["label_id"] for item in report["conflicts"]} and 150.0 in sent.lefts(7)
    assert sent.lefts(10) == [10.0 + 50 + 40] and totals(refresh(sent)) == (0, 0, 0)


def test_single_shapes_and_new_frames(sent: VideoLoop) -> None:
    """A box without an index stays a shape; a label of an object where it was not yet comes onto its track."""

    def change(number: int, labels: list[fo.Detection]) -> list[fo.Detection] | None:
        for label in labels:
            if label.index is None:
                label.bounding_box = [0.5, 0.5, 0.1, 0.1]
        return [*labels, box(101.0, "van", index=2)] if number in (10, 11, 14) else None

    shape = sent.cvat.shape(frame=6)
    edit(sent, change)
    assert totals(refresh(sent)) == (3, 1, 0)
    assert len(sent.tracks()) == 2
    assert sent.cvat.shape(frame=6)["id"] == shape["id"] and sent.cvat.shape(frame=6)["points"][0] == 160.0
    assert [frame for frame, lefts in shown(sent).items() if 101.0 in lefts] == [10, 11, 14]
    assert loaded(sent) == (0, 0, 0, 0) and totals(refresh(sent)) == (0, 0, 0)


def test_a_track_in_several_jobs(video: VideoLoop) -> None:
    """Each job has its part; one that is completed is left out, and what both have on shared frames counts once.

    What is then written into that job alone counts, also on frames whose labels the others got before.
    """
    video.fill(FRAMES, lambda number: [box(10.0 + 5 * number, index=1)])
    video.send(segment_size=10, overlap=2)
    video.load()
    edit(video, move(20.0))
    video.cvat.call("PATCH", "jobs/2", {"state": "completed"})
    report = refresh(video)
    assert totals(report) == (0, 14, 0)
    assert [(job["job_id"], job["why"], job["labels"]) for job in report["jobs_left"]] == [
        (2, "completed", 8),
    ]
    report = refresh(video, completed=True)
    assert totals(report) == (0, 10, 0) and report["unchanged"] == 10, "each of 20 counts once"
    for job in (1, 2, 3):
        assert all(lefts == pytest.approx([30 + 5 * f], abs=0.5) for f, lefts in shown(video, job).items())
    assert loaded(video) == (0, 0, 0, 0) and totals(refresh(video, completed=True)) == (0, 0, 0)


@pytest.mark.parametrize("theirs", [1, 2])
def test_a_label_that_one_of_two_jobs_changed_is_left_in_both(video: VideoLoop, theirs: int) -> None:
    """On a frame that two jobs share; all else is written, and a person who decides for CVAT gets what it shows."""
    video.fill(FRAMES, lambda number: [box(10.0, index=1)])
    video.send(segment_size=10, overlap=3)
    video.load()
    before = {job: shown(video, job) for job in (1, 2)}
    edit(video, move(50.0), range(7, 9))
    track = video.tracks(theirs)[0]
    for frame in (7, 9):  # so that only the frame between changes
        track = video.keyframe(track, frame, job=theirs)
    video.keyframe(track, 8, job=theirs, points=[90.0, 60.0, 130.0, 120.0])
    there = shown(video, theirs)
    report = refresh(video)
    assert totals(report) == (0, 1, 0)
    assert [(left["reason"], left["count"]) for left in report["left"]] == [(BOTH, 1)]
    for job in (1, 2):
        now = shown(video, job)
        assert now[7] == [60.0] and now[8] == (there if job == theirs else before[job])[8]
    assert loaded(video)[-1] == 1
    operator("resolve_conflicts")(video.dataset, "run", [{"take": "remote"}])
    assert video.lefts(7) == [60.0] and video.lefts(8) == [90.0]
    refresh(video)
    assert shown(video, 1)[8] == shown(video, 2)[8] == [90.0]
    assert loaded(video) == (0, 0, 0, 0) and totals(refresh(video)) == (0, 0, 0)


def test_labels_of_the_whole_video(video: VideoLoop) -> None:
    video.fill(FRAMES, lambda number: [box(10.0, index=1)])
    sample = video.dataset.first()
    sample["sky"] = fo.Classification(label="sunny")
    sample["events"] = fo.TemporalDetections(detections=[fo.TemporalDetection(label="walk", support=[2, 5])])
    sample.save()
    schema = {
        "sky": {"type": "classification", "classes": ["sunny", "rainy"]},
        "events": {"type": "temporal_detections", "classes": ["walk", "run"]},
    }
    operator("send_to_cvat")(video.dataset, anno_key="run", label_schema=schema, segment_size=10)
    video.load()
    sample["sky"].label = "rainy"
    sample["events"].detections[0].support = [3, 9]
    sample["events"].detections.append(fo.TemporalDetection(label="run", support=[4, 6]))
    sample.save()
    assert totals(refresh(video)) == (1, 2, 0)
    assert len(video.cvat.objects("tags")) == 3
    assert loaded(video) == (0, 0, 0, 0) and totals(refresh(video)) == (0, 0, 0)


def test_what_the_view_of_a_video_hid_stays_here(sent: VideoLoop) -> None:
    operator("send_to_cvat")(
        sent.dataset.filter_labels("frames.gt", fo.ViewField("label") == "van"),
        anno_key="vans",
        label_field="frames.gt",
    )
    report = operator("refresh_run")(sent.dataset, "vans")
    assert totals(report) == (0, 0, 0) and sum(item["count"] for item in report["left"]) == FRAMES + 1


def test_image_sequences(loop: Loop, tmp_path: Path) -> None:
    scenes = Scenes(loop, tmp_path)
    ids = scenes.add("a", 8, lambda number: [image_box(10.0 + 5 * number, index=1)])
    scenes.send()
    scenes.load()
    for own in ids[2:5]:
        sample = loop.dataset[own]
        sample["gt"].detections[0].bounding_box[0] += 0.1
        sample.save()
    view = loop.dataset.select(ids[:4])
    assert totals(dict(operator("refresh_run")(view, "run"))) == (0, 2, 0)
    assert totals(dict(operator("refresh_run")(loop.dataset, "run"))) == (0, 1, 0)
    (track,) = scenes.tracks()
    model = Annotations.model_validate({"tracks": [track]}).tracks[0]
    lefts = {f: item.points[0] for f, item in interpolate(model, range(8)).frames.items()}
    assert lefts == pytest.approx({f: 10 + 5 * f + (32 if f in (2, 3, 4) else 0) for f in range(8)}, abs=0.5)
    before = scenes.samples()
    found = scenes.load()
    assert totals(found, "added", "changed", "deleted") == (0, 0, 0) and scenes.samples() == before
