"""A send that loses some of its tasks: the others are complete and can be loaded, and one resume makes the rest."""

from __future__ import annotations

from collections import Counter
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat import cvat as wire
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import FrameMeta
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.media import Frame
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Cancelled, RoundtripError, SendFailed
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.lease import Lease
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import prepare, task_images
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.checks import MOST_REASONS, match_frames, summed_up
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.ordered_gate import OrderedGate
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.task_failures import TaskFailure, ends_run, failures_explained
from pymongo.errors import ServerSelectionTimeoutError
from sync_failures import UGLY, Failures
from sync_loop import Loop

TASKS = 5


@pytest.fixture
def five(loop: Loop) -> Loop:
    """Five images with a label each, to be sent as five tasks."""
    names = ["cat", "dog", "cow", "hen", "pig"]
    loop.fill(*(fo.Detections(detections=[fo.Detection(label=n, bounding_box=[0.1, 0.1, 0.2, 0.2])]) for n in names))
    return loop


def complete(loop: Loop) -> list[int]:
    """The tasks of the run that can be loaded, by their place."""
    tasks = records.find(loop.dataset, "run").complete_tasks
    return [int(task.name.rpartition("(")[2][0]) for task in tasks]


def is_once(loop: Loop) -> None:
    """All of the run is in CVAT once."""
    tasks = loop.cvat.find("tasks")
    assert sorted(task["name"][-8:] for task in tasks) == [f"({n} of 5)" for n in range(1, TASKS + 1)]
    assert [len(loop.cvat.objects(task=task["id"])) for task in tasks] == [1] * TASKS


QUOTA = b'{"detail": "You have reached the limit of 3 tasks of your plan"}'


def test_a_quota(five: Loop) -> None:
    five.box.faults.add("status", "POST", r"/api/tasks$", nth=4, times=None, status=403, body=QUOTA)
    with pytest.raises(RoundtripError) as caught:
        five.send(task_size=1)
    sentence = str(caught.value)
    assert "Task 4 of 5 failed: " in sentence and "Task 5 of 5 failed: " in sentence
    assert "You have reached the limit of 3 tasks of your plan" in sentence
    assert "3 of 5 tasks are complete in CVAT and can be loaded at once; what was sent is kept." in sentence
    assert not [ugly for ugly in UGLY if ugly in sentence]
    assert complete(five) == [1, 2, 3]
    # What is there is loaded, also a second time, and a resume that is refused again takes nothing back
    five.cvat.move(five.cvat.shape(task=2, frame=0), 32.0, task=2)
    report = five.load()
    assert (report["jobs"], report["changed"], report["unchanged"], report["deleted"]) == (3, 1, 2, 0)
    assert report["notes"] == [
        "This run was not sent completely. The 3 tasks of it that are complete were looked at; resume the run for the "
        "rest."
    ]
    with pytest.raises(RoundtripError, match="3 of 5 tasks are complete"):
        five.send(resume=True)
    assert five.load()["changed"] == 0
    five.box.faults.clear()
    run = five.send(resume=True)
    assert (run["labels"], len(run["tasks"]), run["left_out"]) == (5, 5, [])
    is_once(five)
    before = five.documents()
    report = five.load()
    assert (report["jobs"], report["jobs_read"], report["unchanged"], report["notes"]) == (5, 2, 5, [])
    assert five.documents() == before
    assert five.labels()[1][0].bounding_box[0] == pytest.approx(0.2)


REQUESTS: dict[str, tuple[str, str]] = {
    "making it": ("POST", r"/api/tasks$"),
    "its images": ("POST", "/api/tasks/2/data"),
    "its frames": ("GET", "/api/tasks/2/data/meta"),
    "its jobs": ("GET", r"/api/jobs\?.*task_id=2\b"),
    "its labels": ("PATCH", "/api/jobs/2/annotations"),
    "its mark": ("PATCH", r"/api/tasks/2$"),
}


FAILURES = [(request, 403) for request in REQUESTS] + [
    *(("its labels", status) for status in (400, 500, 504)),
    *(("its frames", status) for status in (500, 504)),
    *(("making it", 504), ("its images", 500)),
]


@pytest.mark.parametrize(("request_", "status"), FAILURES)
def test_one_task_that_fails_stops_no_other(five: Loop, request_: str, status: int) -> None:
    """Whatever is wrong with it; four of five are complete, and one resume makes the fifth."""
    method, path = REQUESTS[request_]
    made = {"nth": 2, "times": 1} if path.endswith("tasks$") else {"times": None}
    rule = five.box.faults.add("status", method, path, status=status, **made)
    try:
        run = five.send(task_size=1)
        assert (status, request_) in {(400, "its labels"), (504, "making it")}  # left out by name; made again
        assert run["labels"] + sum(item["count"] for item in run["left_out"]) == TASKS
        return
    except RoundtripError as error:
        assert "4 of 5 tasks are complete in CVAT and can be loaded at once" in str(error)
        assert "Task 2 of 5 failed: " in str(error)
    assert rule.applied
    assert complete(five) == [1, 3, 4, 5]
    report = five.load()
    assert (report["jobs"], report["unchanged"], report["deleted"]) == (4, 4, 0)
    five.box.faults.clear()
    assert five.send(resume=True)["labels"] == TASKS
    is_once(five)
    assert five.load()["unchanged"] == TASKS


UNFORESEEN = [ZeroDivisionError("x" * 900), KeyError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")]


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
def test_what_nobody_foresaw_in_one_task(five: Loop, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = task_images.match_frames

    def broken(planned: Any, *args: Any, **options: Any) -> Any:
        if planned[0].path.endswith("photo_001.jpg"):
            raise error
        return real(planned, *args, **options)

    monkeypatch.setattr(task_images, "match_frames", broken)
    with pytest.raises(SendFailed) as caught:
        five.send(task_size=1)
    sentence = str(caught.value)
    assert "4 of 5 tasks are complete" in sentence and type(error).__name__ in sentence and len(sentence) < 700
    monkeypatch.undo()
    assert records.find(five.dataset, "run").problem in sentence
    monkeypatch.setenv("FIFTYONE_CVAT_URL", five.box.url)
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "admin")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")
    assert five.send(resume=True)["labels"] == TASKS
    is_once(five)


@pytest.mark.parametrize("where", ["_send_context", "_finish", "_prepare_project"])
def test_what_nobody_foresaw_in_the_run(filled: Loop, failures: Failures, where: str) -> None:
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.send_run import SendRun

    def broken(*args: Any) -> Any:
        raise IndexError("list index out of range")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SendRun, where, broken)
        sentence = failures.send()
    assert "Something went wrong that nobody foresaw (IndexError: list index out of range)." in sentence
    assert filled.send(resume=True)["labels"] == 2


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_nobody_foresaw_before_a_send(filled: Loop, monkeypatch: pytest.MonkeyPatch, dry_run: bool) -> None:
    def broken(*args: Any) -> Any:
        raise TypeError("unhashable type: 'list'")

    monkeypatch.setattr(prepare, "arrange", broken)
    with pytest.raises(SendFailed, match=r"nobody foresaw \(TypeError: unhashable .*\)\. Nothing was sent\."):
        filled.send(dry_run=dry_run)
    assert filled.dataset.list_annotation_runs() == filled.cvat.find("tasks") == []


def test_so_many_reasons_that_no_record_could_hold_them() -> None:
    reasons = Counter({f"gt: labels of class '{n}', which is not in the schema": n % 3 + 1 for n in range(30_000)})
    told = summed_up(reasons)
    assert (len(told), sum(told.values())) == (MOST_REASONS, sum(reasons.values()))
    assert list(told)[-1].startswith("what is left out for 28,001 other reasons")
    assert summed_up(Counter(a=1)) == {"a": 1}


def test_many_classes_that_are_not_in_the_schema(loop: Loop) -> None:
    """Their names are as long as they may be; the run's record is still a document of the database."""
    names = [f"{n:05d}{'x' * 75}" for n in range(3_000)]
    boxes = [fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2]) for name in names]
    loop.fill(fo.Detections(detections=boxes))
    seen = loop.send(dry_run=True, classes=["cat"])
    run = loop.send(classes=["cat"])
    assert run["left_out"] == seen["left_out"] and len(run["left_out"]) == MOST_REASONS
    assert sum(item["count"] for item in run["left_out"]) == 3_000


def test_frames_of_a_validation_pool_are_named_as_what_they_are() -> None:
    frames = [Frame(sample_id=str(n), name=f"{n}.jpg", path=f"/{n}.jpg", size=1) for n in range(2)]
    got = [FrameMeta(name=f"{n}.jpg", width=4, height=4) for n in (0, 1, 0)]
    with pytest.raises(SendFailed, match="has frames of one name twice, as one has with honeypots"):
        match_frames(frames, got)


def test_a_server_that_went_away_is_not_asked_by_every_task(five: Loop) -> None:
    rule = five.box.faults.add("status", "POST", "/data", status=500, times=None)
    with pytest.raises(RoundtripError, match="0 of 5 tasks are complete in CVAT; what was sent is kept"):
        five.send(task_size=1)
    assert rule.applied < 5 * 3
    five.box.faults.clear()
    assert five.send(resume=True)["labels"] == TASKS
    is_once(five)


ENDINGS: list[tuple[BaseException, int, bool]] = [
    (wire.PermissionDenied("no"), 9, False),
    (wire.Refused("no"), 9, False),
    (wire.CreationFailed("no"), 9, False),
    (SendFailed("no"), 9, False),
    (ValueError("no"), 9, False),
    (wire.ServerFault("no"), 1, False),
    (wire.ServerFault("no"), 3, True),
    (wire.AmbiguousOutcome("no"), 2, False),
    (wire.Unreachable("no"), 3, True),
    (wire.NotAuthenticated("no"), 1, True),
    (wire.Redirected("no"), 1, True),
    (ServerSelectionTimeoutError("no"), 1, True),
    (Cancelled("Stopped."), 0, True),
    (wire.Cancelled("Stopped."), 0, True),
    (KeyboardInterrupt(), 0, True),
    (SystemExit(), 0, True),
]


@pytest.mark.parametrize(("error", "in_a_row", "ends"), ENDINGS, ids=lambda item: type(item).__name__)
def test_what_ends_all_tasks(error: BaseException, in_a_row: int, ends: bool) -> None:
    assert ends_run(error, in_a_row) is ends


def test_failures_in_words() -> None:
    failures = [TaskFailure(number, wire.Refused(f"No {number}")) for number in range(6)]
    assert failures_explained(failures[:1], 1) == "No 0."
    assert failures_explained(failures[1:2], 4) == "Task 2 of 4 failed: No 1."
    assert failures_explained(failures, 9).endswith("Task 3 of 9 failed: No 2. So did 3 more.")


def test_a_task_that_never_comes_to_its_turn_holds_no_other_up() -> None:
    gate = OrderedGate(lambda: None)
    gate.pass_by(1)
    with gate.turn(0):
        pass
    with gate.turn(2):
        pass
    gate.pass_by(3)
    gate.pass_by(3)
    with gate.turn(4):
        pass


def test_a_run_that_is_being_sent_is_not_loaded(five: Loop) -> None:
    five.box.faults.add("status", "POST", r"/api/tasks$", nth=4, times=None, status=403)
    with pytest.raises(RoundtripError):
        five.send(task_size=1)
    store = RunStore(five.dataset, records.find(five.dataset, "run").run_id)
    with Lease(store, "run"), pytest.raises(RoundtripError, match="is being sent at this moment; wait for its end"):
        five.load()
    with pytest.raises(RoundtripError, match=r"was not sent completely: .* Resume it first"):
        five.load(dest_field="copy")  # it would never get the labels of the other tasks
    assert five.load()["unchanged"] == 3


# More jobs than frames, and jobs that CVAT does not let be assigned


def test_jobs_with_frames_that_the_task_does_not_have(filled: Loop, failures: Failures) -> None:
    def longer(answer: Any) -> Any:
        for job in answer["results"]:
            job["stop_frame"] += 2
        return answer

    filled.box.faults.add("change", "GET", r"/api/jobs\?", change=longer, times=None)
    sentence = failures.send()
    assert "CVAT's job 1 has frames 0 to 3, but its task has 2 frames, 0 to 1." in sentence
    filled.box.faults.clear()
    failures.resumes()


def test_a_job_that_cannot_be_assigned_holds_no_run_back(filled: Loop) -> None:
    filled.box.faults.add("status", "PATCH", r"/api/jobs/1$", status=403, times=None)
    run = filled.send(segment_size=1, job_assignees=["annotator1"])
    assert run["labels"] == 2
    assert [note[:33] for note in run["notes"]] == ["Job 1 could not be assigned: CVAT"]
    assert [(job["assignee"] or {}).get("username") for job in filled.cvat.jobs()] == [None, "annotator1"]


# Discard


@pytest.mark.parametrize("path", ["DELETE", "GET"])
def test_discarding_goes_on_past_a_task_that_is_forbidden(five: Loop, path: str) -> None:
    five.send(task_size=1)
    five.box.faults.add("status", path, r"/api/tasks/2$", status=403, times=None, body=b'{"detail": "not yours"}')
    result = five.execute("delete_run", anno_key="run", delete_tasks=True)
    assert (result["tasks_deleted"], result["tasks_left"]) == ([1, 3, 4, 5], [2])
    assert "Still in CVAT: task 2. Task 2 could not be deleted: not yours." in result["text"]


def test_a_project_that_a_run_made_and_leaves_behind_is_said(filled: Loop) -> None:
    filled.send(project_name="streets")
    filled.send(anno_key="second", project_name="streets")
    of_second = filled.execute("delete_run", anno_key="second", delete_tasks=True)
    assert of_second["project_left"] is None and "project" not in of_second["text"]  # it was there before
    kept = filled.execute("delete_run", anno_key="run")
    assert kept["project_left"] == "streets"
    assert "The project 'streets', which the run made, is still in CVAT" in kept["text"]


@pytest.mark.parametrize("fault", ["", "gone", "403"])
def test_the_project_of_an_interrupted_run(filled: Loop, failures: Failures, fault: str) -> None:
    filled.box.faults.add("status", "PATCH", "/annotations", status=500)
    failures.send(project_name="streets")
    if fault == "gone":
        filled.cvat.call("DELETE", "projects/1")
    if fault == "403":
        filled.box.faults.add("status", "DELETE", "/api/projects", status=403, times=None)
    result = filled.execute("delete_run", anno_key="run", delete_tasks=True)
    assert result["project_left"] == ("streets" if fault == "403" else None)
    assert len(filled.cvat.find("projects")) == (fault == "403")


# A restored copy of a task, while its run is interrupted


@pytest.mark.parametrize("gone", [True, False])
def test_a_resume_beside_a_restored_copy(filled: Loop, failures: Failures, gone: bool) -> None:
    """The copy carries the mark, and somebody works in it: it is neither adopted, nor written into, nor deleted."""
    filled.box.faults.add("status", "PATCH", "/annotations", status=500)
    failures.send()
    copy = filled.box.restore_copy(1)
    theirs = filled.cvat.draw("dog", task=copy)
    if gone:
        filled.cvat.call("DELETE", "tasks/1")
    run = filled.send(resume=True)
    own = run["tasks"][0]["id"]
    assert own != copy and (own == 1) is not gone
    assert [shape["id"] for shape in filled.cvat.objects(task=copy)] == [theirs["id"]]
    assert len(filled.cvat.objects(task=own)) == 2
    (note,) = run["notes"]
    assert f"Task {copy} " in note and "was not made by it: it may be a restored backup" in note
    assert filled.load()["unchanged"] == 2
    result = filled.execute("delete_run", anno_key="run", delete_tasks=True)
    assert result["tasks_deleted"] == [own]
    assert [task["id"] for task in filled.cvat.find("tasks")] == [copy]


@pytest.mark.parametrize("gone", [True, False])
def test_a_discard_beside_a_restored_copy(filled: Loop, failures: Failures, gone: bool) -> None:
    filled.box.faults.add("status", "PATCH", "/annotations", status=500)
    failures.send()
    copy = filled.box.restore_copy(1)
    if gone:
        filled.cvat.call("DELETE", "tasks/1")
    result = filled.execute("delete_run", anno_key="run", delete_tasks=True)
    assert (result["tasks_deleted"], result["tasks_gone"]) == (([], [1]) if gone else ([1], []))
    assert result["tasks_left"] == [copy]
    assert Counter(task["id"] for task in filled.cvat.find("tasks")) == Counter([copy])
