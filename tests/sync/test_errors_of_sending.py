"""What can go wrong on the way to CVAT: one sentence, nothing is left half done, and the person can go on."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync import send as module
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from sync_failures import Failures
from sync_loop import Loop

from sandbox import Sandbox

PROJECT, ASSIGNED = {"project_name": "streets"}, {"job_assignees": ["annotator1"]}
STEPS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    # the request that fails, more parameters, what the sentence names
    "version": ("GET", "/api/server/about", {}, "see its version"),
    "user": ("GET", "/api/users/self", {}, "see who is logged in"),
    "people": ("GET", r"/api/users\?", ASSIGNED, "list its users"),
    "projects": ("GET", "/api/projects", PROJECT, "list its projects"),
    "make the project": ("POST", "/api/projects", PROJECT, "create a project"),
    "make the task": ("POST", r"/api/tasks\?*$", {}, "create a task"),
    "make the second task": ("POST", r"/api/tasks\?*$", {"task_size": 1}, "create a task"),
    "upload": ("POST", "/data", {}, "take the files of task 1"),
    "frames": ("GET", "/data/meta", {}, "read the frame list of task 1"),
    "labels": ("GET", "/api/labels", {}, "list its labels"),
    "labels of the project": ("GET", "/api/labels", PROJECT, "list its labels"),
    "jobs": ("GET", "/api/jobs", {}, "list its jobs"),
    "annotations": ("PATCH", "/annotations", {}, "change the annotations of job 1"),
    "annotations of the second job": ("PATCH", "/annotations", {"segment_size": 1}, "change the annotations of job 2"),
    "assignees": ("PATCH", r"/api/jobs/\d+\?*$", ASSIGNED, "change job 1"),
}


@pytest.mark.parametrize("step", STEPS)
def test_an_internal_error_in_the_middle(filled: Loop, failures: Failures, step: str) -> None:
    method, path, params, expected = STEPS[step]
    nth = 2 if "second" in step else 1
    fault = filled.box.faults.add("status", method, path, nth=nth, status=500, body=b"<h1>Server Error (500)</h1>")
    sentence = failures.send(**params)
    assert fault.struck == 1
    assert f"internal error (500) when asked to {expected}: Server Error (500). " in sentence
    failures.nothing_left()
    failures.goes_on(**params)


LOST = {name: step for name, step in STEPS.items() if step[0] != "GET" and "annotations" not in name}


@pytest.mark.parametrize("step", LOST)
def test_a_lost_answer_is_looked_up(filled: Loop, failures: Failures, step: str) -> None:
    """The server did it, and nothing is done a second time."""
    method, path, params, _ = LOST[step]
    fault = filled.box.faults.add("lost_reply", method, path, nth=2 if "second" in step else 1)
    failures.goes_on(**params)
    assert fault.struck == 1
    assert len(filled.cvat.find("tasks")) == (2 if "task_size" in params else 1)
    assert len(filled.cvat.find("projects")) == (1 if params == PROJECT else 0)


@pytest.mark.parametrize("kind", ["lost_reply", "reset"])
def test_annotations_in_doubt_are_not_written_twice(filled: Loop, failures: Failures, kind: str) -> None:
    filled.box.faults.add(kind, "PATCH", "/annotations")
    assert "whether that was done is not known" in failures.send()
    failures.nothing_left()
    failures.goes_on()


@pytest.mark.parametrize("path", [r"/api/tasks\?*$", "/api/projects"])
def test_what_may_be_left_is_named(filled: Loop, failures: Failures, path: str) -> None:
    """The answer is lost, and CVAT does not say either whether it did it."""
    filled.box.faults.add("lost_reply", "POST", path)
    found = "/api/projects" if "projects" in path else "/api/tasks"
    rule = filled.box.faults.add("status", "GET", f"{found}.*name=", status=500, nth=2 if found == path else 1)
    sentence = failures.send(task_name="night", **PROJECT if found == path else {})
    assert rule.struck == 1
    assert ("project 'streets'" if found == path else "task 'night'") in sentence
    assert "comes from this send: delete it." in sentence


def test_an_upload_that_is_cut_off_for_a_while(filled: Loop, failures: Failures) -> None:
    filled.box.faults.add("reset", "POST", "/data", at="body", times=2)
    failures.goes_on()


def test_a_wait_with_hiccups(filled: Loop, failures: Failures) -> None:
    filled.box.faults.add("status", "GET", "/api/requests/", status=500, times=2)
    failures.goes_on()


def test_a_wait_without_end(filled: Loop, failures: Failures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_BASE", 0.3)
    monkeypatch.setattr(module, "WAIT_PER_FRAME", 0.0)
    with filled.box.hold_creations():
        assert "did not finish preparing 'night' within" in failures.send(task_name="night")
    failures.nothing_left()


def test_an_image_that_cvat_cannot_read(filled: Loop, failures: Failures) -> None:
    """As CVAT 2.54 says it; see the recordings of failed creations."""
    message = "utils.dataset_manifest.errors.InvalidImageError: failed to parse image file 'photo_001.jpg'"
    body = f'{{"id": "x", "status": "failed", "message": "{message}", "progress": 0.0}}'.encode()
    filled.box.faults.add("status", "GET", "/api/requests/", status=200, body=body, times=None)
    sentence = failures.send()
    assert "could not create task 1: failed to parse image file 'photo_001.jpg'. " in sentence
    filled.box.faults.clear()
    failures.nothing_left()
    failures.goes_on()


def test_an_image_that_cvat_drops(filled: Loop, failures: Failures) -> None:
    """It drops files that it does not know in silence."""
    body = b'{"size": 1, "frames": [{"name": "photo_000.jpg", "width": 320, "height": 240}], "deleted_frames": []}'
    filled.box.faults.add("status", "GET", "/data/meta", status=200, body=body)
    assert f"CVAT left out 1 of 2 images, such as '{filled.dataset.last().filepath}'; it may" in failures.send()
    failures.nothing_left()


def test_what_cannot_be_deleted_now_is_deleted_later(
    filled: Loop, box: Sandbox, failures: Failures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server fails in the middle and stays away: the run remains, to be deleted with what it left."""
    monkeypatch.setattr(module, "PAUSES_OF_DELETION", (0.01,))
    box.faults.add("status", "PATCH", "/annotations", status=500)
    box.faults.add("status", "DELETE", status=500, times=None)
    sentence = failures.send()
    assert "(task 1) could not be deleted now" in sentence
    assert filled.dataset.list_annotation_runs() == ["run"]
    with pytest.raises(RoundtripError, match=r"The run 'run' was not sent completely: .* Delete it with its tasks"):
        filled.load()
    with pytest.raises(RoundtripError, match="There is a run 'run' already"):
        filled.send()
    assert filled.execute("run_info", anno_key="run")["status"] == "failed"
    with pytest.raises(Exception, match="internal error"):
        filled.execute("delete_run", anno_key="run", delete_tasks=True)
    box.faults.clear()
    filled.execute("delete_run", anno_key="run", delete_tasks=True)
    failures.nothing_left()
    failures.goes_on()
