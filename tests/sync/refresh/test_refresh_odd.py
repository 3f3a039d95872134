"""Refreshes of runs of which something changed meanwhile: fields or tasks that are gone, other orders, other views."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh import execute, settle
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import refreshes
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.lease import Lease
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.refreshes import RefreshLog, RefreshRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from sync_loop import Loop, operator


def refresh(loop: Loop, view: Any = None, **params: Any) -> dict[str, Any]:
    target = loop.dataset if view is None else view
    return dict(operator("refresh_run")(target, "run", **params))


def relabel(loop: Loop, number: int = 0) -> None:
    sample = loop.dataset[loop.dataset.values("id")[number]]
    sample.gt.detections[0].label = "dog" if sample.gt.detections[0].label == "cat" else "cat"
    sample.save()


def test_a_field_that_was_renamed_deletes_nothing(filled: Loop) -> None:
    filled.send()
    filled.dataset.rename_sample_field("gt", "boxes")
    for preview in (True, False):
        with pytest.raises(Refused, match="The field 'gt' of the run 'run' is not there any more"):
            refresh(filled, preview=preview)
    filled.dataset.add_sample_field("gt", fo.StringField)
    with pytest.raises(Refused, match="does not hold Detections any more"):
        refresh(filled)
    assert len(filled.cvat.objects()) == 2
    filled.dataset.delete_sample_field("gt")
    filled.dataset.rename_sample_field("boxes", "gt")
    relabel(filled)
    assert refresh(filled)["changed"] == 1


def test_a_view_of_patches_is_of_their_samples(filled: Loop) -> None:
    filled.send()
    relabel(filled, 0)
    relabel(filled, 1)
    patches = filled.dataset.limit(1).to_patches("gt")
    assert refresh(filled, patches)["changed"] == 1
    assert refresh(filled)["changed"] == 1


def test_labels_of_one_id_and_jobs_that_are_not_there_are_told(filled: Loop) -> None:
    """Of two labels with one id in a list, the first is the run's; the other is counted, as in a send."""
    filled.send_in_order(task_size=1)
    relabel(filled, 0)
    sample = filled.dataset.first()
    twin = sample.gt.detections[0].copy()
    twin._id, twin.bounding_box = sample.gt.detections[0]._id, [0.6, 0.6, 0.1, 0.1]
    sample.gt.detections.append(twin)
    sample.save()
    for preview in (True, False):
        report = refresh(filled, preview=preview)
        left = [{"reason": "with the id of another one in the same list", "count": 1, "samples": [sample.id]}]
        assert (report["changed"], report["unchanged"], report["left"]) == (1, 1, left)
    assert len(filled.cvat.objects()) == 1
    report = refresh(filled, jobs=[2, 99], tasks=7)
    assert report["notes"] == ["No job of this run has the task 7.", "No job of this run has the id 99."]
    assert (report["changed"], report["unchanged"], report["left"]) == (0, 0, [])


def test_what_was_in_the_middle_of_a_task_that_is_gone_ends(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh is killed, and its task deleted: the other task's labels go on."""
    filled.send_in_order(task_size=1)
    relabel(filled, 0)
    relabel(filled, 1)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settle, "_agree", die)
        with pytest.raises(KeyboardInterrupt):
            refresh(filled)
    filled.box.faults.add("status", "GET", "jobs/1/annotations", status=404)
    with pytest.raises(Exception, match="it goes on from there"):
        refresh(filled)  # who knows what that means: the job is there
    filled.cvat.call("DELETE", "tasks/1")
    report = refresh(filled)
    assert report["changed"] == 1 and "was deleted in CVAT" in " ".join(report["notes"])
    assert filled.load()["changed"] == 0
    assert operator("undo_refresh")(filled.dataset, "run")["taken_back"] == 1


def test_a_track_that_comes_meanwhile_is_loaded(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.send()
    filled.load()
    relabel(filled)
    update = execute.JobExecutor._update

    def meanwhile(self: Any, writes: Any) -> None:
        update(self, writes)
        filled.cvat.track("cat", {"frame": 1, "points": [10.0, 10.0, 30.0, 30.0]})

    with monkeypatch.context() as patch:
        patch.setattr(execute.JobExecutor, "_update", meanwhile)
        assert refresh(filled)["changed"] == 1
    assert filled.load()["added"] == 1


def test_the_order_of_points_is_no_change(loop: Loop) -> None:
    """CVAT gives the points of a skeleton in any order, which changes with each write to the job."""
    points = [(0.1, 0.1), (0.4, 0.2), (0.3, 0.6), (0.7, 0.7)]
    loop.fill(fo.Keypoints(keypoints=[fo.Keypoint(label="a", points=points)]))
    loop.dataset.default_skeleton = fo.KeypointSkeleton(labels=["n", "e", "s", "w"], edges=[[0, 1, 2, 3]])
    loop.dataset.save()
    loop.send()
    assert loop.cvat.shape()["type"] == "skeleton"
    sample = loop.dataset.first()
    sample.gt.keypoints[0].points = [(0.15, 0.1), *points[1:]]
    sample.save()
    assert refresh(loop)["changed"] == 1

    def order() -> list[int]:
        return [point["label_id"] for point in loop.cvat.shape()["elements"]]

    before = order()
    for number in range(50):
        if order() == before:
            loop.cvat.draw("a", points=[number + 1.0, 1.0], type="points")
    assert order() != before
    result = operator("undo_refresh")(loop.dataset, "run")
    assert (result["taken_back"], result["left"]) == (1, 0)


def test_a_refresh_that_is_on_was_not_interrupted(filled: Loop) -> None:
    filled.send()
    store = RunStore(filled.dataset, records.find(filled.dataset, "run").run_id)
    RefreshLog(store).save(RefreshRecord(number=1))
    with Lease(store, "run", "refreshed"), pytest.raises(Refused, match="is being refreshed at this moment; wait"):
        filled.load()
    with pytest.raises(Refused, match="was interrupted while it wrote"):
        filled.load()


def test_jobs_that_share_frames_count_a_label_once(loop: Loop) -> None:
    """Also where the first of them is left out."""
    cats = [fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2])]) for _ in range(3)]
    loop.fill(*cats)
    loop.send(segment_size=2, overlap=1, classes=["cat", "dog"])
    assert len(loop.cvat.objects()) == 4
    assert refresh(loop)["unchanged"] == 3
    loop.cvat.call("PATCH", "jobs/1", {"state": "completed"})
    relabel(loop, 1)
    middle = loop.dataset[loop.dataset.values("id")[1]]
    middle.gt.detections.append(fo.Detection(label="dog", bounding_box=[0.5, 0.5, 0.2, 0.2]))
    middle.save()
    for preview in (True, False):
        report = refresh(loop, preview=preview)
        assert (report["created"], report["changed"], report["jobs_written"]) == (1, 1, 1)
    report = refresh(loop, completed=True)
    assert (report["created"], report["changed"]) == (1, 1)
    loaded = loop.load()
    assert [loaded[name] for name in ("unchanged", "added", "changed", "deleted")] == [4, 0, 0, 0]
    middle = loop.dataset[loop.dataset.values("id")[1]]
    middle.gt.detections[0].label = "cat"
    middle.save()
    report = refresh(loop, completed=True)
    assert (report["changed"], report["jobs_written"]) == (1, 2)
    loaded = loop.load()
    assert [loaded[name] for name in ("unchanged", "added", "changed", "deleted")] == [4, 0, 0, 0]
    result = operator("undo_refresh")(loop.dataset, "run", completed=True)
    assert (result["taken_back"], result["left"]) == (1, 0) and "1 label is in CVAT what it was" in result["text"]


def test_what_the_view_hid_that_was_sent_stays_here(loop: Loop) -> None:
    """New labels go there, whatever the view says of them."""
    boxes = [
        fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2], confidence=number) for number in (0.9, 0.2, 0.3)
    ]
    loop.fill(fo.Detections(detections=boxes))
    loop.send(loop.dataset.filter_labels("gt", fo.ViewField("confidence") > 0.5))
    seen = refresh(loop, preview=True)
    assert (seen["created"], [item["count"] for item in seen["left"]]) == (0, [2])
    sample = loop.dataset.first()
    later = fo.Detection(label="cat", bounding_box=[0.6, 0.1, 0.2, 0.2], confidence=0.1)
    later._id = ObjectId.from_datetime(datetime.now(timezone.utc) + timedelta(hours=1))
    sample.gt.detections.append(later)
    sample.save()
    report = refresh(loop)
    assert (report["created"], report["changed"], [item["count"] for item in report["left"]]) == (1, 0, [2])
    assert (len(loop.cvat.objects()), loop.load()["unchanged"]) == (2, 2)
    # The run grows by another view: each hides what it hid. The task that was there has no label for a new class
    loop.fill(fo.Detections(detections=[box.copy() for box in boxes]), suffix=".png")
    last = loop.dataset.last()
    last.gt.detections[0].label = "dog"
    last.save()
    view = loop.dataset.skip(1).filter_labels("gt", fo.ViewField("confidence") != 0.2)
    added = operator("send_to_cvat")(view, anno_key="run", extend=True, add_classes=True)["added"]
    assert (added["samples"], added["labels"]) == (1, 2)
    relabel(loop)
    left = {item["reason"]: item["count"] for item in refresh(loop)["left"]}
    assert left == {
        "that the view hid which was sent, so they were not sent then, either": 3,
        "gt: labels of class 'dog', which the task in CVAT has no label for": 1,
    }
    assert len(loop.cvat.objects()) == 2 and len(loop.cvat.objects(task=2)) == 2


def test_a_refresh_that_is_too_old_is_not_taken_back(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshes, "KEPT", 1)
    filled.send()
    for number in range(2):
        relabel(filled, number)
        assert refresh(filled)["changed"] == 1
    assert operator("undo_refresh")(filled.dataset, "run")["taken_back"] == 1
    with pytest.raises(Refused, match="too old to be taken back"):
        operator("undo_refresh")(filled.dataset, "run")


def test_killed_while_it_forgets_what_it_asked_for(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A label that was created, deleted and drawn again is no answer to the first request."""
    filled.send()
    sample = filled.dataset.first()
    new = fo.Detection(label="dog", bounding_box=[0.5, 0.5, 0.1, 0.1])
    sample.gt.detections.append(new)
    sample.save()
    store = RunStore(filled.dataset, records.find(filled.dataset, "run").run_id)

    def killed(log: RefreshLog, job_id: int) -> None:
        store.drop(f"refresh/plan/{job_id}")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(RefreshLog, "forget_plan", killed)
        refresh(filled)
    assert refresh(filled)["created"] == 0
    filled.cvat.delete(filled.cvat.shape(0, 1))
    assert filled.load()["deleted"] == 1
    sample.reload()
    sample.gt.detections.append(new)
    sample.save()
    assert (refresh(filled)["created"], len(filled.cvat.objects())) == (1, 3)
    assert filled.load()["unchanged"] == 3
    assert store.names("refresh/out/") == []


@pytest.mark.parametrize("theirs", [1, 2])
def test_a_label_that_one_of_two_jobs_changed_is_left_in_both(loop: Loop, theirs: int) -> None:
    cats = [fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2])]) for _ in range(3)]
    loop.fill(*cats)
    loop.send(segment_size=2, overlap=1, classes=["cat", "dog"])
    there = loop.cvat.call("GET", f"jobs/{theirs}/annotations")
    shape = next(item for item in there["shapes"] if item["frame"] == 1)
    moved = {**shape, "points": [1.0, 2.0, 30.0, 40.0]}
    loop.cvat.call("PATCH", f"jobs/{theirs}/annotations", {**there, "shapes": [moved]}, action="update")
    before = loop.cvat.objects()
    relabel(loop, 1)
    report = refresh(loop)
    assert (report["changed"], report["jobs_written"]) == (0, 0)
    assert [left["count"] for left in report["left"]] == [1]
    assert loop.cvat.objects() == before
    relabel(loop, 1)  # as it was: then only theirs is left
    report = refresh(loop) if loop.load()["changed"] == 1 else {}
    assert (report["changed"], report["jobs_written"]) == (1, 1)
    loaded = loop.load()
    assert [loaded[name] for name in ("added", "changed", "deleted")] == [0, 0, 0]
    assert refresh(loop)["jobs_written"] == 0
