"""What changed of a video's labels goes to CVAT, track by track: ids stay, and so does what annotators touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from sequence_loop import Scenes
from sequence_loop import box as image_box
from sync_loop import Loop, operator
from video_loop import WIDTH, VideoLoop, box

FRAMES = 20
BOTH = "changed here and in CVAT: load, which merges them, then refresh again"


def refresh(video: VideoLoop, **params: Any) -> dict[str, Any]:
    return dict(operator("refresh_run")(video.dataset, "run", **{"confirm": True, **params}))


def totals(report: dict[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(report[name] for name in names or ("created", "changed", "deleted"))


def loaded(video: VideoLoop) -> tuple[int, ...]:
    """What a load finds to do."""
    before = video.documents()
    report = video.load()
    found = (*totals(report, "added", "changed", "deleted"), len(report["conflicts"]))
    assert any(found) or video.documents() == before
    return found


def shown(video: VideoLoop, job: int = 1) -> dict[int, list[float]]:
    """The left sides of the boxes that a job shows on its frames."""
    facts = video.cvat.call("GET", f"jobs/{job}")
    there = Annotations.model_validate(video.cvat.call("GET", f"jobs/{job}/annotations"))
    found: dict[int, list[float]] = {}
    for track in there.tracks:
        for frame, item in interpolate(track, range(facts["start_frame"], facts["stop_frame"] + 1)).frames.items():
            found.setdefault(frame, []).append(round(item.points[0], 3))
    for shape in there.shapes:
        found.setdefault(shape.frame, []).append(round(shape.points[0], 3))
    return {frame: sorted(lefts) for frame, lefts in sorted(found.items())}


def edit(video: VideoLoop, change: Callable[[int, list[fo.Detection]], Any], frames: range = range(FRAMES)) -> None:
    """Changes the labels of some frames, from 0; what ``change`` returns takes their place."""
    sample = video.dataset.first()
    for number in frames:
        labels = sample.frames[number + 1]["gt"] or fo.Detections()
        found = change(number, labels.detections)
        if found is not None:
            labels.detections = found
        sample.frames[number + 1]["gt"] = labels
    sample.save()


def move(by: float, index: int = 1) -> Callable[[int, list[fo.Detection]], None]:
    def change(_: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            if label.index == index:
                x, *rest = label.bounding_box
                label.bounding_box = [x + by / WIDTH, *rest]

    return change


@pytest.fixture
def video(loop: Loop, tmp_path: Path) -> VideoLoop:
    return VideoLoop(loop.dataset, loop.box, tmp_path)


@pytest.fixture
def sent(video: VideoLoop) -> VideoLoop:
    """Two objects, the second on the first ten frames, and a single box on frame 6; loaded once."""

    def labels(number: int) -> list[fo.Detection]:
        found = [box(10.0 + 5 * number, index=1, code="#1")]
        found += [box(200.0 - 3 * number, "van", index=2)] if number < 10 else []
        return [*found, box(130.0)] if number == 6 else found

    video.fill(FRAMES, labels)
    video.send({"attributes": {"code": {"type": "text", "mutable": True}}})
    video.load()
    return video


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


def test_an_object_that_is_deleted(sent: VideoLoop) -> None:
    edit(sent, lambda number, labels: [label for label in labels if label.index != 2])
    assert totals(refresh(sent)) == (0, 0, 10)
    assert len(sent.tracks()) == 1
    assert loaded(sent) == (0, 0, 0, 0)
    assert operator("undo_refresh")(sent.dataset, "run")["taken_back"] == 10
    assert len(sent.tracks()) == 2 and loaded(sent) == (0, 0, 0, 0)


def test_a_track_that_is_made_again_when_it_is_taken_back(sent: VideoLoop) -> None:
    """An annotator had hidden it on some frames, which no load has seen: its labels there are known once."""
    track = next(track for track in sent.tracks() if len(interpolate_frames(track)) < FRAMES)
    sent.keyframe(sent.keyframe(track, 5), 0, outside=True)
    edit(sent, lambda number, labels: [label for label in labels if label.index != 2])
    assert totals(refresh(sent)) == (0, 0, 5) and len(sent.tracks()) == 1
    operator("undo_refresh")(sent.dataset, "run")
    assert sorted(len(interpolate_frames(track)) for track in sent.tracks()) == [5, FRAMES]
    loaded(sent)
    assert loaded(sent) == (0, 0, 0, 0)


def test_labels_that_come_to_a_track_with_another_id(sent: VideoLoop) -> None:
    """An annotator undid a deletion, and here the labels have other ids: the object is not made beside itself."""
    track = next(track for track in sent.tracks() if len(interpolate_frames(track)) < FRAMES)
    sent.delete_and_undo(track)
    there = shown(sent)

    def again(_: int, labels: list[fo.Detection]) -> list[fo.Detection]:
        same = {"label": "van", "index": 2, "code": "#1"}
        return [fo.Detection(bounding_box=x.bounding_box, **same) if x.index == 2 else x for x in labels]

    edit(sent, again)
    report = refresh(sent)
    assert totals(report) == (0, 0, 0) and shown(sent) == there
    assert [left["count"] for left in report["left"]] == [20], "ten that are gone, and ten that are new"
    loaded(sent)
    refresh(sent)
    assert shown(sent) == there
    assert loaded(sent) == (0, 0, 0, 0)


def test_labels_that_change_their_object(sent: VideoLoop) -> None:
    """Of some frames, they go to the track of their new object; of all, the track is that object."""

    def change(number: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            if label.index == 1 and label.label == "car" and number >= 10:
                label.index = 9

    edit(sent, change)
    assert totals(refresh(sent)) == (0, 10, 0)
    assert sorted(len(interpolate_frames(track)) for track in sent.tracks()) == [10, 10, 10]
    assert loaded(sent) == (0, 0, 0, 0) and totals(refresh(sent)) == (0, 0, 0)
    ids = {track["id"] for track in sent.tracks()}

    def all_of_it(_: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            label.index = 12 if label.index == 9 else label.index

    edit(sent, all_of_it)
    assert totals(refresh(sent)) == (0, 10, 0)
    assert {track["id"] for track in sent.tracks()} == ids
    assert loaded(sent) == (0, 0, 0, 0) and totals(refresh(sent)) == (0, 0, 0)


def interpolate_frames(track: dict[str, Any]) -> set[int]:
    model = Annotations.model_validate({"tracks": [track]}).tracks[0]
    return set(interpolate(model, range(FRAMES)).frames)


def test_what_an_annotator_touched_stays(sent: VideoLoop) -> None:
    """On the frames up to the next keyframes; elsewhere on the track it is written."""
    track = next(track for track in sent.tracks() if len(interpolate_frames(track)) == FRAMES)
    track = sent.keyframe(track, 5)
    track = sent.keyframe(track, 9)
    track = sent.keyframe(track, 7, points=[150.0, 60.0, 190.0, 120.0])
    there = shown(sent)
    edit(sent, move(40.0), range(4, 14))
    report = refresh(sent)
    assert totals(report) == (0, 7, 0)
    assert [(item["reason"], item["count"]) for item in report["left"]] == [(BOTH, 3)]
    now = shown(sent)
    assert all(now[frame] == pytest.approx(there[frame], abs=1e-3) for frame in (6, 7, 8))
    # It is still there to be loaded, and what was written is known
    report = sent.load(policy="remote")
    assert totals(report, "added", "changed", "deleted") == (0, 3, 0)
    assert {item["label_id"] for item in report["conflicts"]} and 150.0 in sent.lefts(7)
    assert sent.lefts(10) == [10.0 + 50 + 40] and totals(refresh(sent)) == (0, 0, 0)


def test_a_label_of_an_object_that_became_something_else(sent: VideoLoop) -> None:
    """An annotator hid it on most frames, and here its class is another now: what is new is written at once."""
    track = next(track for track in sent.tracks() if len(interpolate_frames(track)) < FRAMES)
    sent.keyframe(sent.keyframe(track, 9), 0, outside=True)

    def change(number: int, labels: list[fo.Detection]) -> list[fo.Detection] | None:
        for label in labels:
            if label.index == 2 and number == 9:
                label.label = "car"
        return [*labels, box(101.0, "van", index=2)] if number == 4 else None

    edit(sent, change)
    assert totals(refresh(sent)) == (1, 1, 0)
    assert (
        101.0 in shown(sent)[4]
        and next(t["label_id"] for t in sent.tracks() if t["id"] == track["id"]) != track["label_id"]
    )
    assert totals(refresh(sent)) == (0, 0, 0)
    loaded(sent)
    assert loaded(sent) == (0, 0, 0, 0)


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


@pytest.mark.parametrize("touched", ["from", "to", "shape"])
def test_a_label_that_goes_between_objects_of_which_somebody_touched_one(sent: VideoLoop, touched: str) -> None:
    """It stays where it is when the refresh is taken back, as half of that would have it twice, or nowhere."""
    first, second = sorted(sent.tracks(), key=lambda track: -len(interpolate_frames(track)))

    def change(number: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            if label.index == 1 and number in (15, 16):
                label.index, label.label = (None, "car") if touched == "shape" else (2, "van")

    edit(sent, change)
    assert totals(refresh(sent)) == (0, 2, 0)
    there = sorted(map(len, shown(sent).values()))
    track = next(t for t in sent.tracks() if t["id"] == (first if touched == "from" else second)["id"])
    if touched == "shape":
        shape = sent.cvat.shape(frame=15)
        sent.cvat.move(shape)
    else:
        sent.keyframe(track, 3, points=[40.0, 60.0, 80.0, 120.0])
    back = operator("undo_refresh")(sent.dataset, "run")
    assert (back["taken_back"], back["left"]) == (0, 2)
    assert sorted(map(len, shown(sent).values())) == there, "each label stands in CVAT once"
    loaded(sent)
    refresh(sent)
    loaded(sent)
    assert sorted(map(len, shown(sent).values())) == there and loaded(sent) == (0, 0, 0, 0)
