"""Many tasks and jobs, ground truth, and frames that are removed and brought back."""

from __future__ import annotations

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import encode
from sync_loop import Loop

TAG = "deleted_in_cvat"


def cats(count: int = 1) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2]) for _ in range(count)]
    )


@pytest.mark.parametrize(
    ("settings", "frames", "jobs"),
    [
        ({"task_size": 3}, [3, 3, 1], [1, 1, 1]),
        ({"segment_size": 3}, [7], [3]),
        ({"task_size": 5, "segment_size": 2}, [5, 2], [3, 1]),
        ({"task_size": 100, "segment_size": 100}, [7], [1]),
    ],
)
def test_tasks_and_jobs(loop: Loop, settings: dict[str, int], frames: list[int], jobs: list[int]) -> None:
    ids = loop.fill(*(cats(number + 1) for number in range(7)))
    before = loop.documents()
    run = loop.send(**settings)
    assert [task["frames"] for task in run["tasks"]] == frames
    assert [len(task["jobs"]) for task in run["tasks"]] == jobs
    assert len({task["name"] for task in run["tasks"]}) == len(frames)
    assert run["labels"] == 28
    last = run["tasks"][-1]["id"]
    last_frame = frames[-1] - 1
    loop.cvat.draw("cat", last_frame, task=last)
    loop.cvat.delete(loop.cvat.shape(0, 0, task=run["tasks"][0]["id"]), task=run["tasks"][0]["id"])
    report = loop.load(run)
    assert loop.since(before) == {"0/gt/detections/0": ("cat", ...), "6/gt/detections/+0": (..., "cat")}
    assert (report["jobs"], report["unchanged"]) == (sum(jobs), 27)
    assert len(loop.dataset[ids[6]].gt.detections) == 8
    loop.cvat.move(loop.cvat.shape(last_frame, 0, task=last), task=last)
    report = loop.load(run)
    assert (report["changed"], report["jobs_read"]) == (1, 1)


def test_requests_of_a_load_grow_with_what_changed(loop: Loop) -> None:
    loop.fill(*(cats() for _ in range(8)))
    run = loop.send(segment_size=1)
    loop.load(run)
    loop.cvat.move(loop.cvat.shape(3))
    clock = loop.clock
    loop.load(run)
    assert sum("annotations" in line for line in loop.requests(clock)) == 1


def test_labels_in_portions(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """CVAT takes only so much in one request."""
    monkeypatch.setattr(encode, "OBJECTS", 3)
    loop.fill(cats(4), cats(4))
    before, clock = loop.documents(), loop.clock
    run = loop.send()
    assert sum("PATCH" in line and "annotations" in line for line in loop.requests(clock)) == 3
    loop.load(run)
    assert loop.documents() == before
    for number in range(4):
        loop.cvat.move(loop.cvat.shape(1, number), by=number + 1.0)
    loop.load(run)
    assert loop.since(before).keys() == {f"1/gt/detections/{number}/bounding_box" for number in range(4)}
    lefts = [label.bounding_box[0] for label in loop.labels()[1]]
    assert lefts == pytest.approx([0.1 + (number + 1) / 320 for number in range(4)])


def test_a_ground_truth_job_is_not_the_annotators(loop: Loop) -> None:
    loop.fill(cats(), cats())
    before = loop.documents()
    run = loop.send()
    body = {"type": "ground_truth", "task_id": 1, "frame_selection_method": "manual", "frames": [0]}
    job = loop.cvat.call("POST", "jobs", body)["id"]
    shape = {**loop.cvat.shape(), "points": [1.0, 1.0, 9.0, 9.0]}
    del shape["id"]
    loop.cvat.write("create", shape, job=job)
    report = loop.load(run)
    assert loop.documents() == before
    assert report["jobs"] == 1


def test_removed_frames(loop: Loop) -> None:
    """They are tagged, their labels stay, and nothing that happens on them counts before they are back."""
    ids = loop.fill(cats(), cats(), cats())
    before = loop.documents()
    run = loop.send()
    cvat = loop.cvat
    cvat.move(cvat.shape(1))
    cvat.delete(cvat.shape(2))
    cvat.remove_frames(1, 2)
    report = loop.load(run)
    assert loop.since(before) == {"1/tags": ([], [TAG]), "2/tags": ([], [TAG])}
    assert (report["frames_deleted"], report["deleted"]) == (2, 0)
    assert any(TAG in note for note in report["notes"])

    tagged = loop.documents()
    assert loop.load(run)["frames_deleted"] == 0
    assert loop.documents() == tagged

    cvat.remove_frames(2)
    report = loop.load(run)
    assert loop.since(tagged).keys() == {"1/tags", "1/gt/detections/0/bounding_box"}
    assert (report["frames_restored"], report["changed"]) == (1, 1)

    cvat.remove_frames()
    report = loop.load(run)
    assert (report["frames_restored"], report["deleted"]) == (1, 1)
    assert loop.dataset.count_sample_tags() == {}
    assert [len(labels) for labels in loop.labels()] == [1, 1, 0]
    assert loop.dataset.values("id") == ids


def test_removed_frames_whose_samples_are_gone(loop: Loop) -> None:
    ids = loop.fill(cats(), cats())
    run = loop.send()
    loop.dataset.delete_samples(ids[0])
    loop.cvat.remove_frames(0)
    before = loop.documents()
    loop.load(run)
    loop.cvat.remove_frames()
    loop.load(run)
    assert loop.documents() == before


def test_a_task_that_was_deleted_in_cvat(loop: Loop) -> None:
    loop.fill(cats(), cats())
    before = loop.documents()
    run = loop.send(task_size=1)
    first, second = (task["id"] for task in run["tasks"])
    loop.cvat.call("DELETE", f"tasks/{first}")
    loop.cvat.delete(loop.cvat.shape(task=second), task=second)
    report = loop.load(run)
    assert loop.since(before) == {"1/gt/detections/0": ("cat", ...)}
    assert any(f"Task {first}" in note and "deleted" in note for note in report["notes"])
    loop.cvat.call("DELETE", f"tasks/{second}")
    after = loop.documents()
    assert len(loop.load(run)["notes"]) == 2
    assert loop.documents() == after


def test_an_annotator_who_sees_only_a_job(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The assignee of a job may not read its task; what the job has is loaded all the same."""
    loop.fill(cats(), cats(), cats())
    run = loop.send(segment_size=1, job_assignees=["annotator1", "annotator2"])
    loop.cvat.remove_frames(0)
    loop.load(run)
    before = loop.documents()
    assert [job["assignee"]["username"] for job in loop.cvat.jobs()] == ["annotator1", "annotator2", "annotator1"]
    for frame in range(3):
        loop.cvat.relabel(loop.cvat.move(loop.cvat.shape(frame)), "cat")
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "annotator2")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "annotator2")
    report = loop.load(run)
    assert loop.since(before).keys() == {"1/gt/detections/0/bounding_box"}
    assert (report["changed"], report["frames_restored"]) == (1, 0)
    assert loop.dataset.count_sample_tags() == {TAG: 1}
    loop.cvat.remove_frames(0, 1)
    assert loop.load(run)["frames_deleted"] == 1
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "admin")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")
    loop.cvat.remove_frames()
    report = loop.load(run)
    assert (report["changed"], report["frames_restored"]) == (2, 2)
    assert loop.dataset.count_sample_tags() == {}
