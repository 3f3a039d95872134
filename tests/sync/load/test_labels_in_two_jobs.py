"""What counts of labels on frames that two jobs have: the number of labels, copies of them, conflicts.

Examples; that the order of the loads does not matter is a law, see `test_shared_frames.py`.
"""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import resolve
from sync_loop import Loop, operator
from video_loop import VideoLoop, box


@pytest.mark.parametrize("order", [(), (1, 2), (2, 1)], ids=str)
def test_what_is_written_into_a_whole_task_is_one_label(loop: Loop, order: tuple[int, ...]) -> None:
    """CVAT puts it into each job of its frame, as when a model annotates a task; it stays one label in both."""
    loop.fill(*(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0, 0, 0.1, 0.1])]) for _ in range(3)))
    loop.send(segment_size=2, overlap=1)
    label = loop.cvat.labels()["cat"]["id"]
    blank = {"type": "rectangle", "label_id": label, "occluded": False, "z_order": 0, "rotation": 0.0, "attributes": []}
    shapes = [{**blank, "frame": frame, "points": [50.0, 50.0, 90.0 + frame, 90.0]} for frame in range(3)]
    loop.cvat.call("PATCH", "tasks/1/annotations", {"version": 0, "shapes": shapes}, action="create")
    copies = loop.cvat.objects(frame=1)
    assert len(copies) == 4  # two of each
    reports = [loop.load(jobs=[job]) for job in order] or [loop.load()]
    assert sum(report["added"] for report in reports) == 3 and [len(own) for own in loop.labels()] == [2, 2, 2]
    for report in reports:
        objects = report["objects"]
        assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
    loop.cvat.write("update", {**copies[-1], "points": [60.0, 50.0, 100.0, 90.0]}, job=2)
    assert loop.load()["changed"] == 1 and loop.labels()[1][1].bounding_box[0] == 60 / 320
    loop.cvat.write("delete", copies[2], job=1)
    assert loop.load()["deleted"] == 1 and [len(own) for own in loop.labels()] == [2, 1, 2]
    assert loop.load()["jobs_read"] == 0


def test_a_copy_beside_has_each_label_once_and_none_that_one_job_deleted(loop: Loop) -> None:
    loop.fill(
        *(
            fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[x, 0, 0.1, 0.1]) for x in (0.1, 0.5)])
            for _ in range(3)
        )
    )
    loop.send(segment_size=2, overlap=1)
    first = loop.cvat.call("GET", "jobs/1/annotations")["shapes"]
    (gone,) = (shape for shape in first if shape["frame"] == 1 and shape["points"][0] == 32.0)
    loop.cvat.write("delete", gone, job=1)
    assert loop.load()["deleted"] == 1
    report = loop.load(dest_field="fixed")
    assert report["fields"]["fixed"]["copied"] == 5 and [len(own) for own in loop.labels("fixed")] == [2, 1, 2]
    again = next(shape for shape in loop.cvat.objects(frame=1) if shape["points"][0] == 32.0)
    loop.cvat.write("update", {**again, "points": [40.0, 0.0, 80.0, 24.0]}, job=2)
    for into in (None, "fixed"):
        report = loop.load(dest_field=into)
        assert [report[what] for what in ("added", "changed", "deleted")] == [0, 0, 0]
    assert [len(own) for own in loop.labels("fixed")] == [2, 1, 2]


def test_what_is_decided_counts_no_label_twice(loop: Loop, tmp_path: Path) -> None:
    video = VideoLoop(loop.dataset, loop.box, tmp_path)
    video.fill(12, lambda n: [box(10.0 + 5 * n, index=1)])
    video.send(segment_size=8, overlap=4, keyframe_tolerance=0)
    video.keyframe(video.tracks(2)[0], 6, job=2, points=[150.0, 60.0, 190.0, 120.0])
    frame = loop.dataset.first().frames[7]
    frame.gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    frame.save()
    assert len(loop.load(policy="ask")["conflicts"]) == 1
    assert resolve(loop.dataset, "run", [{"take": "remote"}])["changed"] == 1
    assert loop.load()["unchanged"] == 12


def test_what_is_decided_counts_as_a_change_of_its_job(loop: Loop) -> None:
    """The other job knows of it: what it changes later is no conflict with FiftyOne, and what is gone stays gone."""
    loop.fill(
        *(
            fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[x, 0, 0.1, 0.1]) for x in (0.1, 0.5)])
            for _ in range(3)
        )
    )
    schema = {"gt": {"type": "detections", "classes": ["cat", "dog", "cow"], "attributes": {}}}
    loop.send(label_schema=schema, segment_size=2, overlap=1)
    one, other = (
        [shape for shape in loop.cvat.call("GET", f"jobs/{job}/annotations")["shapes"] if shape["frame"] == 1]
        for job in (1, 2)
    )
    sample = list(loop.dataset)[1]
    for label in sample.gt.detections:
        label.label = "mine"
    sample.save()
    labels = loop.cvat.labels()
    loop.cvat.write("update", {**other[0], "label_id": labels["dog"]["id"]}, job=2)
    loop.cvat.write("delete", other[1], job=2)
    assert len(loop.load(policy="ask")["conflicts"]) == 2
    assert resolve(loop.dataset, "run", [{"take": "remote"}])["open"] == 0
    assert [label.label for label in loop.labels()[1]] == ["dog"]
    loop.cvat.write("update", {**one[0], "label_id": labels["cow"]["id"]}, job=1)
    loop.cvat.write("update", {**one[1], "points": [1.0, 1.0, 9.0, 9.0]}, job=1)
    report = loop.load(policy="local")
    assert [label.label for label in loop.labels()[1]] == ["cow"]
    assert [conflict["outcome"] for conflict in report["conflicts"]] == ["local", "remote"]
    assert [conflict["of_jobs"] for conflict in report["conflicts"]] == [True, True]
    assert "changed differently in two jobs that have their frame" in str(report)


def test_a_part_that_two_jobs_and_fiftyone_changed_is_one_conflict(loop: Loop) -> None:
    """With all that counts: what it was, what FiftyOne had, and what the earlier job made of it."""
    loop.fill(*(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1] * 4)]) for _ in range(3)))
    schema = {"gt": {"type": "detections", "classes": ["cat", "dog", "cow"], "attributes": {}}}
    loop.send(label_schema=schema, segment_size=2, overlap=1)
    label = list(loop.dataset)[1].gt.detections[0]
    loop.dataset.select_labels(ids=[label.id]).set_field("gt.detections.label", "mine").save()
    for job, name in ((1, "cow"), (2, "dog")):
        (shape,) = (s for s in loop.cvat.call("GET", f"jobs/{job}/annotations")["shapes"] if s["frame"] == 1)
        loop.cvat.write("update", {**shape, "label_id": loop.cvat.labels()[name]["id"]}, job=job)
    report = loop.load()
    (conflict,) = report["conflicts"]
    told = {name: conflict.get(name) for name in ("base", "local", "remote", "outcome", "of_jobs")}
    assert told == {"base": "cat", "local": "mine", "remote": "cow", "outcome": "remote", "of_jobs": None}
    assert [item.label for item in loop.labels()[1]] == ["cow"]
    assert "changed differently in two jobs that have their frame" in str(report)
    assert operator("load_history")(loop.dataset, "run")[0]["conflicts"] == 1
