"""What can go wrong when annotations are loaded: one sentence, a consistent dataset, and load_run again goes on."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from sync_failures import PASSWORD, Failures
from sync_loop import Loop


def cats(count: int) -> list[fo.Detections]:
    boxes = [[0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]]
    return [
        fo.Detections(detections=[fo.Detection(label="cat", bounding_box=box) for box in boxes]) for _ in range(count)
    ]


@pytest.fixture
def edited(loop: Loop) -> dict[str, Any]:
    """A run of two tasks of two jobs each, with an edit in each job and a class that was renamed."""
    loop.fill(*cats(4))
    run = loop.send_in_order(task_size=2, segment_size=1)
    for task in (1, 2):
        for frame in (0, 1):
            loop.cvat.move(loop.cvat.shape(frame, task=task), task=task)
            loop.cvat.delete(loop.cvat.shape(frame, 1, task=task), task=task)
    loop.cvat.rename_class("cat", "lynx", task=2)
    return run


def undisturbed(loop: Loop) -> list[Any]:
    """What the labels must be in the end."""
    return [[(label.label, label.bounding_box) for label in labels] for labels in loop.labels()]


FINAL = [[(name, [0.115625, 0.1, 0.2, 0.2])] for name in ("cat", "cat", "lynx", "lynx")]


def test_the_undisturbed_load(loop: Loop, edited: dict[str, Any]) -> None:
    report = loop.load(edited)
    assert (report["changed"], report["deleted"], report["unchanged"]) == (4, 4, 0)
    assert undisturbed(loop) == [[(name, pytest.approx(box))] for [(name, box)] in FINAL]


STEPS: dict[str, tuple[str, str, int]] = {
    # the request that fails: its method and path, and how many of such there are
    "jobs": ("GET", r"/api/jobs\?", 1),
    "task": ("GET", r"/api/tasks/\d+\?*$", 2),
    "frames": ("GET", "/data/meta", 2),
    "labels": ("GET", "/api/labels", 2),
    "annotations": ("GET", "/annotations", 4),
    "job": ("GET", r"/api/jobs/\d+\?*$", 4),
}
NTH = [(step, nth) for step, (_, _, count) in STEPS.items() for nth in range(1, count + 1)]


@pytest.mark.parametrize(("step", "nth"), NTH)
def test_an_internal_error_in_the_middle(loop: Loop, edited: dict[str, Any], step: str, nth: int) -> None:
    """What can't be read is named and left; the rest is loaded, and the next load brings what is missing."""
    method, path, _ = STEPS[step]
    fault = loop.box.faults.add("status", method, path, nth=nth, status=500, body=b"<h1>Server Error (500)</h1>")
    if step == "task":  # else their list has said all of them
        loop.box.faults.add("status", method, r"/api/tasks\?", status=500, body=b"<h1>Server Error (500)</h1>")
    before = loop.documents()
    if step == "jobs":
        with pytest.raises(CvatError, match="Nothing was changed"):
            loop.load(edited)
        assert loop.documents() == before
    else:
        report = loop.load(edited)
        (note,) = [note for note in report["notes"] if "could not be read" in note]
        assert note.endswith("Labels there stay as they are; load again for them.")
        unread = 1 if step in ("annotations", "job") else 2
        assert (report["jobs_failed"], report["changed"], report["deleted"]) == (unread, 4 - unread, 4 - unread)
    assert fault.applied == 1
    report = loop.load(edited)
    assert undisturbed(loop) == [[(name, pytest.approx(box))] for [(name, box)] in FINAL]
    assert (report["conflicts"], report["jobs_failed"]) == ([], 0)
    after = loop.documents()
    assert not any(loop.load(edited)[name] for name in ("added", "changed", "deleted", "jobs_read"))
    assert loop.documents() == after


@pytest.mark.parametrize("body", [b'{"version": 0, "tags": [], "shapes": [{"id"', b"<html>busy</html>", b"[]"])
def test_a_job_that_answers_nonsense_does_not_stop_the_others(loop: Loop, edited: dict[str, Any], body: bytes) -> None:
    job = loop.cvat.jobs(task=1)[0]["id"]  # of the task whose class was renamed, all jobs are read until all could be
    path = f"/api/jobs/{job}/annotations"
    loop.box.faults.add("status", "GET", path, times=None, status=200, body=body)
    report = loop.load(edited)
    assert f"Job {job} (frames 0 to 0) could not be read" in "".join(report["notes"])
    assert (report["jobs_failed"], report["jobs_read"], report["changed"]) == (1, 3, 3)
    again = loop.load(edited)
    assert (again["jobs_failed"], again["jobs_read"], again["changed"]) == (1, 0, 0)
    loop.box.faults.clear()
    assert loop.load(edited)["changed"] == 1
    assert undisturbed(loop) == [[(name, pytest.approx(box))] for [(name, box)] in FINAL]


def test_a_server_that_answers_for_no_job(loop: Loop, edited: dict[str, Any]) -> None:
    before = loop.documents()
    loop.box.faults.add("status", "GET", "/annotations", times=None, status=500, body=b"busy")
    with pytest.raises(CvatError, match="Nothing was changed"):
        loop.load(edited)
    assert loop.documents() == before


def test_a_connection_that_breaks_while_reading_is_tried_again(loop: Loop, edited: dict[str, Any]) -> None:
    for kind in ("lost_reply", "reset", "half_body"):
        loop.box.faults.add(kind, "GET", "/annotations")
    loop.load(edited)
    assert undisturbed(loop) == [[(name, pytest.approx(box))] for [(name, box)] in FINAL]


def test_a_job_that_changes_while_it_is_read(loop: Loop, edited: dict[str, Any]) -> None:
    """The editor saves in steps; what is read between two of them is read again."""
    job = next(iter(loop.box.store.jobs.values()))
    annotations = loop.box.faults.add("change", "GET", f"/api/jobs/{job.id}/annotations", times=None)

    def save_meanwhile(answer: dict[str, Any]) -> dict[str, Any]:
        if annotations.applied == 1:
            loop.box.store.touch(job)
        return answer

    annotations.change = save_meanwhile
    loop.load(edited)
    assert annotations.applied == 2
    assert undisturbed(loop) == [[(name, pytest.approx(box))] for [(name, box)] in FINAL]


LOGINS = {
    "wrong password": ({"PASSWORD": PASSWORD}, "an access token in CVAT and use it instead. Nothing was changed."),
    "malformed token": (
        {"TOKEN": "nonsense"},
        "did not accept the access token; it may be expired or revoked. Nothing",
    ),
    "server down": ({"URL": "http://127.0.0.1:9"}, "but you are connected to http://127.0.0.1:9"),
    "no credentials": ({"PASSWORD": ""}, "There are no credentials for CVAT"),
}


@pytest.mark.parametrize("case", LOGINS)
def test_login(loop: Loop, edited: dict[str, Any], failures: Failures, monkeypatch: Any, case: str) -> None:
    settings, expected = LOGINS[case]
    with monkeypatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"FIFTYONE_CVAT_{name}", value)
        assert expected in failures.load(edited)
    assert loop.load(edited)["changed"] == 4


def test_the_server_is_down(loop: Loop, edited: dict[str, Any], failures: Failures) -> None:
    loop.box.close()
    assert "nothing is listening at this address. Nothing was changed." in failures.load(edited)


def test_no_permission(loop: Loop, edited: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user who may not see the tasks learns that, and nothing is taken for deleted."""
    before = loop.documents()
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "annotator1")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "annotator1")
    report = loop.load(edited)
    assert loop.documents() == before
    assert [note.split(";")[0] for note in report["notes"]] == [
        "You have no access to task 1 in CVAT",
        "You have no access to task 2 in CVAT",
    ]


REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "no such run": ({"run": "nope"}, "has no annotation run 'nope'; there are: run."),
    "no key": ({"run": ""}, "has no annotation run ''"),
    "a wrong parameter": ({"destfield": "x"}, "There is no parameter 'destfield'; did you mean 'dest_field'?"),
    "a policy that is none": ({"unexpected": "drop"}, "The parameter 'unexpected' is wrong: input should be 'keep' or"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_request(loop: Loop, edited: dict[str, Any], failures: Failures, case: str) -> None:
    given, expected = REQUESTS[case]
    assert expected in failures.load(**{"run": edited, **given})


def test_something_that_is_no_run(loop: Loop, edited: dict[str, Any], failures: Failures) -> None:
    for thing in ({}, {"tasks": []}, None, 7):
        assert "is no run" in failures.load(thing)


def test_damaged_state(loop: Loop, edited: dict[str, Any]) -> None:
    import fiftyone.operators as foo
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import NAME

    store = foo.ExecutionStore.create(NAME, dataset_id=loop.dataset._doc.id)
    first = min(key for key in store.list_keys() if "/job/" in key)
    store.set(first, {**store.get(first), "data": b"nonsense"})
    report = loop.load(edited)
    (note,) = [note for note in report["notes"] if "is damaged, so it can't be loaded" in note]
    assert note.startswith("Job 1 (frames 0 to ") and report["jobs_failed"] == 1
    assert report["changed"]  # of the other job
