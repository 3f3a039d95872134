"""Loading some jobs and leaving the others for later; and what was loaded when, from whose job."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.load_run import LoadRun
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.history import as_csv, as_json, history, label_history
from sync_loop import Loop


@pytest.fixture
def four(loop: Loop) -> Loop:
    """Two tasks of two jobs each, one label in each job; all were moved, and each job is somebody else's."""
    loop.fill(*(fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1] * 4)]) for _ in range(4)))
    loop.send_in_order(task_size=2, segment_size=1)
    for task in (1, 2):
        for frame in (0, 1):
            loop.cvat.move(loop.cvat.shape(frame, task=task), task=task)
    states = ("completed", "in progress", "completed", "new")
    for job, (state, stage) in enumerate(zip(states, ("acceptance", "annotation") * 2, strict=True), 1):
        loop.cvat.call("PATCH", f"jobs/{job}", {"stage": stage, "state": state, "assignee": 2 + job % 2})
    return loop


def moved(loop: Loop) -> list[bool]:
    return [labels[0].bounding_box[0] != 0.1 for labels in loop.labels()]


CHOICES: dict[str, tuple[dict[str, Any], list[int]]] = {
    "all": ({}, [1, 2, 3, 4]),
    "a state": ({"states": ["completed"]}, [1, 3]),
    "two states": ({"states": ["completed", "in progress"]}, [1, 2, 3]),
    "a stage": ({"stages": "acceptance"}, [1, 3]),
    "a person": ({"assignees": ["annotator1"]}, [2, 4]),
    "a task": ({"tasks": [2]}, [3, 4]),
    "jobs": ({"jobs": [1, 4]}, [1, 4]),
    "a job": ({"jobs": 2}, [2]),
    "a state of a task": ({"states": ["completed"], "tasks": [1]}, [1]),
    "none": ({"states": ["rejected"]}, []),
}


@pytest.mark.parametrize(("choice", "jobs"), CHOICES.values(), ids=CHOICES)
def test_choice(four: Loop, choice: dict[str, Any], jobs: list[int]) -> None:
    report = four.load(**choice)
    assert moved(four) == [job in jobs for job in (1, 2, 3, 4)]
    assert (report["jobs"], report["jobs_read"], report["jobs_left"]) == (4, len(jobs), 4 - len(jobs))
    assert (report["changed"], report["unchanged"]) == (len(jobs), 4 - len(jobs))
    rest = four.load()
    assert moved(four) == [True] * 4
    assert (rest["jobs_read"], rest["jobs_left"], rest["changed"]) == (4 - len(jobs), 0, 4 - len(jobs))


def test_the_counts_of_a_load_that_was_killed_are_not_those_of_other_jobs(
    four: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        real = LoadRun._apply_held

        def apply(load_run: LoadRun, held: Any, marks: Any) -> None:
            if held.job.id == 3 and not load_run.context.store.__class__.__name__.startswith("DryRun"):
                raise KeyboardInterrupt
            real(load_run, held, marks)

        patch.setattr(LoadRun, "_apply_held", apply)
        with pytest.raises(KeyboardInterrupt):
            four.load()
    assert moved(four) == [True, True, False, False]
    report = four.load(jobs=[4])
    assert (report["jobs_read"], report["changed"], report["unchanged"]) == (1, 1, 3)
    assert (report["matches"]["by_id"], report["objects"]["found"], len(report["samples"])) == (1, 1, 1)
    (load,) = history(four.dataset, "run")
    assert (load["changed"], len(load["jobs"])) == (3, 3)
    assert [four.load()["changed"], four.load()["changed"]] == [1, 0]


def test_a_new_name_and_a_removed_frame_reach_the_jobs_that_were_left(four: Loop) -> None:
    four.cvat.rename_class("cat", "lynx", task=1)
    four.cvat.remove_frames(0, 1, task=1)
    report = four.load(jobs=[1])
    assert report["frames_deleted"] == 1
    four.cvat.remove_frames(task=1)
    four.load(jobs=[1])
    assert [labels[0].label for labels in four.labels()] == ["lynx", "cat", "cat", "cat"]
    four.load()
    assert [labels[0].label for labels in four.labels()] == ["lynx", "lynx", "cat", "cat"]
    assert four.dataset.distinct("tags") == []


@pytest.mark.parametrize("choice", [{"states": ["done"]}, {"jobs": ["x"]}, {"max_deleted": 2}, {"confirm": "all"}])
def test_a_choice_that_is_none(four: Loop, choice: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"^The parameter '.*' is wrong"):
        four.load(**choice)


def test_history(four: Loop) -> None:
    four.load(states=["completed"])
    four.load()
    four.load()
    first, second = history(four.dataset, "run")
    assert (first["number"], first["status"], first["user"], first["changed"]) == (1, "applied", "admin", 2)
    assert [(job["job_id"], job["assignee"], job["state"], job["changed"]) for job in first["jobs"]] == [
        (1, "annotator2", "completed", 1),
        (3, "annotator2", "completed", 1),
    ]
    assert [job["assignee"] for job in second["jobs"]] == ["annotator1", "annotator1"]
    undo(four.dataset, "run")
    assert [load["status"] for load in history(four.dataset, "run")] == ["applied", "undone"]


def test_the_history_of_a_label(four: Loop) -> None:
    four.load(jobs=[1])
    key = four.labels()[0][0].id
    (one,) = label_history(four.dataset, "run", key)
    assert {name: one[name] for name in ("load", "job_id", "assignee", "field", "change", "user")} == {
        "load": 1,
        "job_id": 1,
        "assignee": "annotator2",
        "field": "gt",
        "change": "changed",
        "user": "admin",
    }
    for _ in range(6):  # more than can be undone
        four.cvat.move(four.cvat.shape())
        four.load(jobs=[1])
    assert [item["load"] for item in label_history(four.dataset, "run", key)] == [1, 2, 3, 4, 5, 6, 7]
    undo(four.dataset, "run")
    assert label_history(four.dataset, "run", key)[-1]["load"] == 6
    assert label_history(four.dataset, "run", four.labels()[1][0].id) == []


def test_export(four: Loop) -> None:
    four.load()
    loads = history(four.dataset, "run")
    assert json.loads(as_json(loads)) == loads
    lines = list(csv.DictReader(io.StringIO(as_csv(loads))))
    assert [(line["load"], line["job_id"], line["assignee"], line["changed"]) for line in lines] == [
        ("1", str(job), f"annotator{1 + job % 2}", "1") for job in (1, 2, 3, 4)
    ]
