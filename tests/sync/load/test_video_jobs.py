"""Tracks cut by jobs are one object, in whatever order the jobs are loaded; and odd things in jobs are counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.apply import PlannedWrites
from sync_killing import Killed, mortal
from sync_loop import Loop, operator
from sync_videos import Videos, video
from sync_videos import box as square
from video_loop import VideoLoop, box, without_ids

from sandbox import Sandbox

Thing = dict[str, Any]


@pytest.fixture
def make(tmp_path: Path, new_world: Callable[[], tuple[fo.Dataset, Sandbox]]) -> Callable[[], VideoLoop]:
    """Makes datasets, each with a server of its own."""
    return lambda: VideoLoop(*new_world(), tmp_path)


def shown(clip: VideoLoop) -> list[Any]:
    return [
        [(label["label"], label.get("index"), label["bounding_box"]) for label in clip.labels(frame)]
        for frame in range(24)
    ]


@pytest.mark.parametrize("overlap", [0, 4])
def test_jobs_one_by_one_end_as_together(overlap: int, make: Callable[[], VideoLoop]) -> None:
    ends = []
    for order in ((), (1, 2), (2, 1)):
        clip = make()
        clip.fill(24, lambda frame: [box(10.0 + 5.0 * frame, index=4)])
        clip.send(segment_size=14 if overlap else 12, overlap=overlap)
        one, other = (clip.tracks(job)[0] for job in (1, 2))
        clip.keyframe(one, 5, job=1, points=[100.0, 60.0, 140.0, 120.0])
        clip.write("delete", other, job=2)
        again = without_ids(other)
        (again,) = clip.write("create", again, job=2)
        clip.keyframe(again, 18, job=2, outside=True)
        for job in order:
            clip.load(jobs=[job], confirm=True)
        if not order:
            clip.load()
        assert clip.load()["jobs_read"] == 0
        ends.append(shown(clip))
    assert ends[0] == ends[1] == ends[2]
    assert {index for frame in ends[0] for _, index, _ in frame} == {4}
    assert ends[0][18:23] == [[]] * 5 and all(len(frame) == 1 for frame in (*ends[0][:18], ends[0][23]))


def test_an_index_that_a_killed_load_gave_is_not_given_again(make: Callable[[], VideoLoop]) -> None:
    """Though none of its labels was written before another job was loaded."""
    clip = make()
    clip.fill(24, lambda frame: [box(10.0, index=4)])
    clip.send(segment_size=12)
    for frame in (3, 15):
        clip.cvat.track("car", {"frame": frame, "points": [100.0, 1.0, 150.0, 50.0]})
    with patch.object(PlannedWrites, "write", side_effect=Killed), mortal(), pytest.raises(Killed):
        clip.load(jobs=[1])
    for job in (2, 1):
        clip.load(jobs=[job])
    assert {frame: [index for _, index, _ in shown(clip)[frame]] for frame in (3, 15)} == {3: [4, 5], 15: [4, 6]}
    assert clip.load()["jobs_read"] == 0


@pytest.fixture
def clip(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> VideoLoop:
    clip = VideoLoop(dataset, box, tmp_path)
    clip.fill(20, lambda frame: [globals()["box"](10.0 + 5.0 * frame, index=1)])
    return clip


AT = {"type": "rectangle", "points": [100.0, 60.0, 140.0, 120.0], "outside": False, "occluded": False}


@pytest.mark.parametrize(
    ("keyframes", "added", "reasons"),
    [
        ([{"frame": 3, "outside": True}], 0, {"it is on no frame"}),
        ([{"frame": 3}, {"frame": 5, "outside": True}], 2, set()),
        ([{"frame": 18}, {"frame": 40}, {"frame": 10**6}], 2, {"on frames that its job does not have"}),
        ([{"frame": 30}], 0, {"on frames that its job does not have"}),
        ([{"frame": 3}, {"frame": 6, "type": "polygon", "points": [0.0, 0.0, 9.0, 0.0, 9.0, 9.0]}], 17, set()),
    ],
    ids=["all outside", "plain", "beyond", "only beyond", "another type"],
)
def test_odd_tracks_are_counted(clip: VideoLoop, keyframes: list[Thing], added: int, reasons: set[str]) -> None:
    clip.send()
    before = clip.documents()
    label = clip.cvat.labels()["van"]["id"]
    shapes = [{**AT, "attributes": [], "rotation": 0.0, "z_order": 0, **keyframe} for keyframe in keyframes]
    clip.write("create", {"frame": shapes[0]["frame"], "label_id": label, "attributes": [], "shapes": shapes})
    report = clip.load(unexpected="ignore")
    objects = report["objects"]
    assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
    assert {item["reason"] for item in report["left"]} >= reasons
    assert report["deleted"] == 0 and clip.changed_frames(before) == sorted(
        {frame for frame in range(20) if len(clip.labels(frame)) > 1}
    )
    assert clip.load()["jobs_read"] == 0


def test_a_job_all_of_whose_frames_are_removed(clip: VideoLoop) -> None:
    clip.send(segment_size=10)
    before = clip.documents()
    clip.write("delete", clip.tracks(1)[0])
    clip.cvat.remove_frames(*range(10))
    report = clip.load(confirm=False)
    assert clip.documents() == before and report["frames_deleted"] == 10
    clip.cvat.remove_frames()
    assert clip.load()["deleted"] == 10


def test_a_job_that_lost_everything_asks(clip: VideoLoop) -> None:
    clip.send()
    before = clip.documents()
    clip.write("delete", clip.tracks()[0])
    with pytest.raises(Exception, match="The load stopped before it changed anything"):
        clip.load(confirm=False)
    assert clip.documents() == before
    assert clip.load()["deleted"] == 20


def test_a_job_that_lost_a_few_labels_of_its_only_track_does_not_ask(clip: VideoLoop) -> None:
    clip.send()
    clip.keyframe(clip.tracks()[0], 16, outside=True)
    assert clip.load(confirm=False)["deleted"] == 3


def test_a_video_of_one_frame(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> None:
    clip = VideoLoop(dataset, box, tmp_path)
    clip.fill(1, lambda frame: [globals()["box"](10.0, index=1)])
    clip.send()
    (track,) = clip.tracks()
    clip.keyframe(track, 0, points=AT["points"])
    assert clip.load()["changed"] == 1 and clip.lefts(0) == [100.0]


def test_switches_of_the_run(clip: VideoLoop) -> None:
    clip.send(allow_deletions=False, allow_spatial_edits=False, allow_index_edits=False)
    before = clip.documents()
    (track,) = clip.tracks()
    clip.keyframe(track, 15, points=AT["points"])
    report = clip.load()
    assert clip.changed_frames(before) == [] and report["fields"]["frames.gt"]["refused"]["spatial edits"] > 5
    clip.write("delete", clip.tracks()[0])
    report = clip.load()
    assert clip.changed_frames(before) == [] and report["fields"]["frames.gt"]["refused"]["deletions"] == 20
    whole = {**without_ids(track), "shapes": [{k: v for k, v in s.items() if k != "id"} for s in track["shapes"]]}
    first, last = ({k: v for k, v in shape.items() if k != "id"} for shape in (whole["shapes"][0], whole["shapes"][-1]))
    middle = {**first, "frame": 8, "points": [50.0, 60.0, 90.0, 120.0]}
    clip.write("create", {**whole, "shapes": [first, {**middle, "outside": True}]})
    clip.write("create", {**whole, "frame": 8, "shapes": [middle, last]})
    report = clip.load()
    assert clip.changed_frames(before) == [] and (report["added"], report["deleted"]) == (0, 0)


def test_a_copy_beside_has_its_own_base(clip: VideoLoop) -> None:
    clip.send()
    before = clip.documents()
    (track,) = clip.tracks()
    clip.keyframe(track, 10, points=AT["points"])
    with pytest.raises(Exception, match=r"begin with 'frames\."):
        clip.load(dest_field="fixed")
    report = clip.load(dest_field="frames.fixed")
    assert report["fields"]["frames.fixed"]["copied"] == 20 and report["changed"] == 18
    assert clip.changed_frames(before) == []
    assert clip.labels(10, "fixed")[0]["bounding_box"][0] * 320 == 100.0
    assert clip.load()["changed"] == 18


def test_a_polygon_in_a_run_of_boxes_goes_to_a_field_of_frames(clip: VideoLoop) -> None:
    clip.send()
    line = {**AT, "type": "polygon", "points": [1.0, 1.0, 50.0, 1.0, 50.0, 50.0]}
    clip.cvat.add_class("road")
    clip.cvat.track("road", {"frame": 3, **line}, {"frame": 5, **line, "outside": True})
    report = clip.load()
    assert report["added"] == 2 and len(clip.labels(3, "polylines")) == 1
    assert clip.labels(3, "polylines")[0]["label"] == "road" and clip.labels(3, "polylines")[0]["index"] == 2


def test_two_videos_of_one_name_have_indexes_of_their_own(loop: Loop) -> None:
    videos = Videos(loop)
    ids = videos.add(*(video(8, lambda number, n=n: [square(0.05 * number, index=n)]) for n in (1, 5)))
    videos.send()
    before = videos.frames()
    second = loop.cvat.find("tasks")[1]["id"]
    at = {"points": [1.0, 1.0, 9.0, 9.0]}
    loop.cvat.track("car", {"frame": 2, **at}, {"frame": 4, **at, "outside": True}, task=second)
    report = loop.load()
    assert (report["added"], report["samples"]) == (2, [ids[1]])
    assert [len(sample.frames[3].gt.detections) for sample in loop.dataset] == [1, 2]
    assert loop.dataset[ids[1]].frames[4].gt.detections[1].index == 6
    assert sum(old != videos.frames()[key] for key, old in before.items()) == 2


def test_a_video_that_is_gone_gets_no_frames(clip: VideoLoop) -> None:
    """What was edited and drawn on it is counted; frames of a video that the dataset does not have are not made."""
    clip.send()
    (track,) = clip.tracks()
    clip.keyframe(track, 10, points=AT["points"])
    clip.cvat.track("van", {"frame": 2, **AT}, {"frame": 4, **AT, "outside": True})
    clip.dataset.delete_samples(clip.sample_id)
    for look in (True, False):
        report = clip.load(preview=look)
        assert [report[what] for what in ("added", "changed", "deleted")] == [0, 0, 0]
        assert {item["reason"] for item in report["left"]} == {"on samples that are no longer in the dataset"}
        assert sum(item["count"] for item in report["left"]) == 20
    assert clip.dataset._frame_collection.count_documents({}) == 0
    assert clip.load()["jobs_read"] == 0


@pytest.mark.parametrize("allowed", [True, False], ids=["edits of indexes", "no edits of indexes"])
def test_an_object_in_another_field_has_an_index_of_its_own_there(make: Callable[[], VideoLoop], allowed: bool) -> None:
    """If another object has its index there; and it is the same one in each job, whenever that is loaded."""
    clip = make()
    clip.fill(8, lambda n: [box(10.0, index=1), box(100.0, index=2)])
    sample = clip.dataset.first()
    for frame in sample.frames.values():
        frame["cats"] = fo.Detections(detections=[box(200.0, "cat", index=1)])
    sample.save()
    of = {"type": "detections", "allow_index_edits": allowed}
    schema = {"frames.gt": {**of, "classes": ["car"]}, "frames.cats": {**of, "classes": ["cat"]}}
    operator("send_to_cvat")(clip.dataset, anno_key="run", label_schema=schema, segment_size=4)
    label = clip.cvat.labels()["cat"]["id"]

    def relabel(job: int) -> dict[str, Any]:
        cars = [track for track in clip.tracks(job) if track["shapes"][0]["points"][0] < 150]
        clip.write("update", *({**track, "label_id": label} for track in cars), job=job)
        return clip.load()

    def indexes(frame: int) -> dict[float, int]:
        return {round(item["bounding_box"][0] * 320): item["index"] for item in clip.labels(frame, "cats")}

    report = relabel(1)
    assert report["changed"] == 8
    assert [len(clip.labels(frame)) for frame in (3, 4)] == [0, 2]
    found = indexes(0)
    assert (found[200], found[100]) == (1, 2) and found[10] == (3 if allowed else 1)
    assert any("that have another index" in note for note in report["notes"]) == allowed
    twice = [note for note in report["notes"] if "so that the index stands twice" in note]
    assert [(note.partition(" and ")[0], note[-3:]) for note in twice] == (
        [] if allowed else [("Objects of job 1 that got a class of 'frames.cats'", " 1.")]
    )
    relabel(2)
    assert all(indexes(frame) == found for frame in range(8))
    assert clip.load()["jobs_read"] == 0
