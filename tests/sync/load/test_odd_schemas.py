"""Ranges that are no numbers, and jobs of other kinds: what can't be used stops no load, and is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import UploadFile
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from sync_imports import Elsewhere
from sync_loop import Loop

NAN = float("nan")


def _task(loop: Loop, **settings: Any) -> int:
    """A task that was made in CVAT, of the images of the dataset."""
    loop.fill(None, None)
    client = Elsewhere(loop).client
    task = loop.cvat.call(
        "POST", "tasks", {"name": "elsewhere", "labels": [{"name": "cat", "attributes": []}], **settings}
    )
    paths = [Path(path) for path in loop.dataset.values("filepath")]
    rq_id = client.upload(task["id"], [UploadFile(path.name, path, path.stat().st_size) for path in paths])
    client.wait_for_creation(task["id"], rq_id)
    return int(task["id"])


def box(label: str = "cat", **more: Any) -> fo.Detections:
    return fo.Detections(detections=[fo.Detection(label=label, bounding_box=[0.1, 0.1, 0.2, 0.2], **more)])


@pytest.mark.parametrize("values", [[NAN, NAN, NAN], [0, NAN, 1], [float("-inf"), float("inf"), 1], [0, 9, NAN]])
def test_a_range_that_is_no_range_does_not_bar_a_load(loop: Loop, values: list[float]) -> None:
    """It is refused when it is sent; if not, the run can be loaded."""
    loop.fill(box(age=3))
    schema = {"gt": {"classes": ["cat"], "attributes": {"age": {"type": "number", "values": values}}}}
    try:
        loop.send(label_schema=schema)
    except Refused as refused:
        assert "age" in str(refused)
        assert loop.dataset.list_annotation_runs() == []
        return
    loop.cvat.set(loop.cvat.shape(), "age", "5")
    assert loop.load()["changed"] == 1


@pytest.mark.parametrize("text", ["NaN", "nan", "Infinity", "1e400", "many"])
def test_a_range_that_was_made_so_in_cvat(loop: Loop, text: str) -> None:
    loop.fill(box())
    loop.send(classes=["cat"])
    label = loop.cvat.labels()["cat"]
    spec = {"name": "age", "mutable": False, "input_type": "number", "default_value": "1", "values": [text, text, text]}
    loop.cvat.call("PATCH", f"labels/{label['id']}", {"name": "cat", "attributes": [*label["attributes"], spec]})
    loop.cvat.set(loop.cvat.shape(), "age", "5")
    assert loop.load()["changed"] == 1
    assert loop.labels()[0][0]["age"] == 5
    loop.cvat.set(loop.cvat.shape(), "age", text)
    report = loop.load()
    assert report["objects"]["found"] == sum(report["objects"][what] for what in ("unchanged", "applied", "left"))
    assert loop.dataset.clone().values("gt.detections.label") == [["cat"]]


def test_replicas_that_wait_to_be_merged_are_said(loop: Loop) -> None:
    task = _task(loop, consensus_replicas=2)
    loop.execute("import_from_cvat", anno_key="run", tasks=[task])
    replicas = loop.cvat.jobs(task, "consensus_replica")
    for job in replicas:
        thing = {"type": "rectangle", "frame": 0, "points": [5.0, 5.0, 50.0, 50.0], "attributes": []}
        loop.cvat.write("create", {**thing, "label_id": loop.cvat.labels(task)["cat"]["id"]}, task=task, job=job["id"])
        loop.cvat.call("PATCH", f"jobs/{job['id']}", {"state": "in progress"})
    report = loop.load()
    assert report["notes"] == [
        f"Task {task} ('elsewhere') has 2 consensus replicas of its jobs; what is drawn in them is loaded once CVAT "
        "has merged them."
    ]
    assert report["added"] == 0
    loop.cvat.call("POST", "consensus/merges", {"task_id": task})
    assert loop.load()["added"] == 1


def test_a_ground_truth_job_is_said(loop: Loop) -> None:
    task = _task(loop)
    loop.execute("import_from_cvat", anno_key="run", tasks=[task])
    frames = {"frame_selection_method": "manual", "frames": [0]}
    job = loop.cvat.call("POST", "jobs", {"type": "ground_truth", "task_id": task, **frames})
    thing = {"type": "rectangle", "frame": 0, "points": [5.0, 5.0, 50.0, 50.0], "attributes": []}
    loop.cvat.write("create", {**thing, "label_id": loop.cvat.labels(task)["cat"]["id"]}, task=task, job=job["id"])
    report = loop.load()
    assert report["notes"] == [
        f"Task {task} ('elsewhere') has a ground truth job, for validation; what is drawn in it is not loaded."
    ]
    assert (report["added"], report["objects"]["found"]) == (0, 0)
