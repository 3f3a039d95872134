"""What can go wrong on the way to CVAT: one sentence, nothing is left half done, and the person can go on."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import task_images as module
from sync_failures import Failures
from sync_loop import Loop

from sandbox import Sandbox
from sandbox.faults import Fault

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
    "annotations of the second job": ("PATCH", "/annotations", {"segment_size": 1}, "change the annotations of job "),
    "assignees": ("PATCH", r"/api/jobs/\d+\?*$", ASSIGNED, "change job 1"),
}


EARLY = ("version", "user", "people", "projects", "make the project", "make the task")
"""Steps before which nothing is in CVAT."""


def fail(loop: Loop, step: str) -> Fault:
    method, path, _, _ = STEPS[step]
    nth = 2 if "second" in step else 1
    return loop.box.faults.add("status", method, path, nth=nth, status=500, body=b"<h1>Server Error (500)</h1>")


@pytest.mark.parametrize("step", STEPS)
def test_an_internal_error_in_the_middle(filled: Loop, failures: Failures, step: str) -> None:
    _, _, params, expected = STEPS[step]
    fault = fail(filled, step)
    sentence = failures.send(**params)
    assert fault.applied == 1
    assert f"internal error (500) when asked to {expected}" in sentence  # jobs are written side by side
    assert ": Server Error (500). " in sentence
    if step in EARLY:
        failures.nothing_left()
        failures.goes_on(**params)
    else:
        assert "Resume the run 'run' to go on from there, or delete it with its tasks." in sentence
        failures.interrupted(complete=1 if step in ("make the second task", "assignees") else 0)
        failures.resumes(**params)


@pytest.mark.parametrize("step", [step for step in STEPS if step not in EARLY])
def test_what_was_interrupted_can_be_deleted(filled: Loop, failures: Failures, step: str) -> None:
    params = STEPS[step][2]
    fail(filled, step)
    failures.send(**params)
    filled.execute("delete_run", anno_key="run", delete_tasks=True)
    failures.nothing_left()
    failures.goes_on(**params)


def test_a_project_that_was_extended_keeps_that(filled: Loop, failures: Failures) -> None:
    filled.cvat.call("POST", "projects", {"name": "streets", "labels": [{"name": "cat", "attributes": []}]})
    filled.box.faults.add("status", "POST", r"/api/tasks\?*$", status=403)
    sentence = failures.send(project_labels="extend", **PROJECT)
    assert "No task was made; the project 'streets' keeps what was added to its labels; the dataset is as" in sentence
    assert filled.dataset.list_annotation_runs() == []
    assert sorted(label["name"] for label in filled.cvat.find("labels", project_id=1)) == ["cat", "dog"]


def test_a_view_of_dynamic_groups(filled: Loop, failures: Failures) -> None:
    assert "groups its samples by 'filepath' in no order" in failures.send(filled.dataset.group_by("filepath"))


LOST = {name: step for name, step in STEPS.items() if step[0] != "GET" and "annotations" not in name}


@pytest.mark.parametrize("step", LOST)
def test_a_lost_answer_is_looked_up(filled: Loop, failures: Failures, step: str) -> None:
    """The server did it, and nothing is done a second time."""
    method, path, params, _ = LOST[step]
    fault = filled.box.faults.add("lost_reply", method, path, nth=2 if "second" in step else 1)
    failures.goes_on(**params)
    assert fault.applied == 1
    assert len(filled.cvat.find("tasks")) == (2 if "task_size" in params else 1)
    assert len(filled.cvat.find("projects")) == (1 if params == PROJECT else 0)


@pytest.mark.parametrize("kind", ["lost_reply", "reset", "half_body"])
def test_annotations_in_doubt_are_looked_up(filled: Loop, failures: Failures, kind: str) -> None:
    filled.box.faults.add(kind, "PATCH", "/annotations")
    failures.goes_on()
    assert len(filled.cvat.objects()) == 2


@pytest.mark.parametrize("path", [r"/api/tasks\?*$", "/api/projects"])
def test_what_may_be_there_is_found_when_resuming(filled: Loop, failures: Failures, path: str) -> None:
    """The answer is lost, and CVAT does not say either whether it did it."""
    params = PROJECT if "projects" in path else {}
    filled.box.faults.add("lost_reply", "POST", path)
    found = "/api/projects.*name=" if params else "/api/tasks.*search="
    rule = filled.box.faults.add("status", "GET", found, status=500, nth=2 if params else 1)
    away = filled.box.faults.add("status", "GET", "/api/tasks.*search=", status=500, nth=1 if params else 2)
    sentence = failures.send(**params)
    assert rule.applied == 1
    assert away.applied == (0 if params else 1)
    assert "Resume the run 'run'" in sentence
    failures.interrupted()
    filled.box.faults.clear()
    failures.resumes(**params)
    assert len(filled.cvat.find("projects")) == len(params)


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
    failures.interrupted()
    failures.resumes()


BROKEN = "utils.dataset_manifest.errors.InvalidImageError: failed to parse image file 'photo_001.jpg'"


@pytest.fixture
def broken(filled: Loop) -> Fault:
    """An image that CVAT can't read, as CVAT 2.54 says it; see the recordings of failed creations."""
    body = f'{{"id": "x", "status": "failed", "message": "{BROKEN}", "progress": 0.0}}'.encode()
    return filled.box.faults.add("status", "GET", "/api/requests/", status=200, body=body, times=1)


def test_an_image_that_cvat_cannot_read(filled: Loop, failures: Failures, broken: Fault) -> None:
    path = filled.dataset.last().filepath
    sentence = failures.send()
    assert f"CVAT can't read '{path}' (failed to parse image file 'photo_001.jpg'). Put the file right, or" in sentence
    assert filled.cvat.find("tasks") == []  # it can't be used again
    failures.interrupted()
    failures.resumes()


def test_an_image_that_cvat_cannot_read_is_left_out(filled: Loop, broken: Fault) -> None:
    run = filled.send(bad_files="leave_out")
    assert (run["samples"], run["labels"], len(filled.cvat.find("tasks"))) == (1, 1, 1)
    assert run["left_out"] == [
        {"what": "images: the file can't be read by CVAT", "count": 1},
        {"what": "gt: labels of images that are left out", "count": 1},
    ]
    assert filled.dataset.match_tags("not_sent_to_cvat").values("id") == [filled.dataset.last().id]


def test_an_image_that_cvat_drops(filled: Loop, failures: Failures) -> None:
    """It drops files that it does not know in silence."""
    body = b'{"size": 1, "frames": [{"name": "photo_000.jpg", "width": 320, "height": 240}], "deleted_frames": []}'
    filled.box.faults.add("status", "GET", "/data/meta", status=200, body=body)
    assert f"CVAT left out 1 of 2 images, such as '{filled.dataset.last().filepath}'; it may" in failures.send()
    failures.interrupted()
    failures.resumes()


def test_a_creation_that_fails_without_reason_is_made_anew(filled: Loop, failures: Failures) -> None:
    body = b'{"id": "x", "status": "failed", "message": "rq.timeouts.JobTimeoutException: too slow", "progress": 0.0}'
    filled.box.faults.add("status", "GET", "/api/requests/", status=200, body=body)
    failures.goes_on()
    assert len(filled.cvat.find("tasks")) == 1


def test_a_body_that_is_too_large_is_sent_in_parts(filled: Loop, failures: Failures) -> None:
    fault = filled.box.faults.add("status", "PATCH", "/annotations", status=413)
    failures.goes_on()
    assert fault.applied == 1
    assert len(filled.cvat.objects()) == 2


def test_a_gateway_that_gives_up_gets_smaller_parts(filled: Loop, failures: Failures) -> None:
    fault = filled.box.faults.add("status", "PATCH", "/annotations", status=504, times=2)
    failures.goes_on()
    assert fault.applied == 2
    assert len(filled.cvat.objects()) == 2


def test_what_cannot_be_deleted_now_is_deleted_later(filled: Loop, box: Sandbox, failures: Failures) -> None:
    box.faults.add("status", "PATCH", "/annotations", status=500)
    failures.send()
    box.faults.add("status", "DELETE", status=500, times=None)
    with pytest.raises(Exception, match=r"internal error.*The run 'run' is still there; delete it again when"):
        filled.execute("delete_run", anno_key="run", delete_tasks=True)
    failures.interrupted()
    box.faults.clear()
    filled.execute("delete_run", anno_key="run", delete_tasks=True)
    failures.nothing_left()
    failures.goes_on()
