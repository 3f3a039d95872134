"""The client and the stand-in server together: accounts, projects, tasks and their creation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from live_fixtures import CAR

from cvat import (
    AmbiguousOutcome,
    Cancelled,
    Client,
    CreationFailed,
    Credentials,
    DeadlinePassed,
    LabelSpec,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Refused,
    RequestStatus,
    RetryPolicy,
    Task,
    Unreachable,
    UploadFile,
)
from sandbox import Sandbox

# Accounts


def test_login_by_name(cvat: Client) -> None:
    info = cvat.check()
    assert (info.user.username, info.version) == ("admin", "2.54.1")


def test_login_with_a_wrong_password(box: Sandbox) -> None:
    with pytest.raises(NotAuthenticated, match="did not accept the password of 'admin'"):
        Client(Credentials(url=box.url, username="admin", password="wrong")).check()


def access_token(client: Client, **options: Any) -> str:
    response = client.session.request("POST", "/api/auth/access_tokens", json={"name": "t", **options})
    return str(client.session.json(response)["value"])


def test_access_tokens(box: Sandbox, cvat: Client, hasty: RetryPolicy) -> None:
    writer = Client(Credentials(url=box.url, token=access_token(cvat, read_only=False)), retry=hasty)
    assert writer.check().user.username == "admin"
    made = writer.create_task("by token")
    reader = Client(Credentials(url=box.url, token=access_token(cvat, read_only=True)), retry=hasty)
    assert reader.task(made.id).name == "by token"
    with pytest.raises(PermissionDenied, match="If the access token is read-only"):
        reader.delete_task(made.id)
    expired = access_token(cvat, expiry_date="2020-01-01T00:00:00Z")
    with pytest.raises(NotAuthenticated, match="may be expired or revoked"):
        Client(Credentials(url=box.url, token=expired), retry=hasty).check()


def test_a_logout_elsewhere_is_survived(box: Sandbox, cvat: Client) -> None:
    cvat.session.request("POST", "/api/auth/logout", json={})
    assert cvat.check().user.username == "admin"


def test_users(cvat: Client) -> None:
    names = [user.username for user in cvat.users()]
    assert "admin" in names
    found = cvat.find_user("admin")
    assert found is not None and found.username == "admin" and found.is_active is not False
    for other in ("ADMIN", "admi", "nobody-of-this-name"):
        assert cvat.find_user(other) is None
    assert isinstance(cvat.organizations(), list)


def test_throttling_is_waited_for(hasty: RetryPolicy) -> None:
    with Sandbox(port=0, anonymous_rate=1) as box:
        box.faults.add("status", path="login", status=429, headers={"Retry-After": "0"}, times=2)
        client = Client(Credentials(url=box.url, username="admin", password="admin"), retry=hasty)
        assert client.check().user.username == "admin"


# Projects and labels


def test_a_project_and_its_labels(cvat: Client) -> None:
    project = cvat.create_project("streets", [CAR])
    assert cvat.project(project.id).name == "streets"
    assert project.id in [found.id for found in cvat.find_projects("streets")]
    assert project.id in [found.id for found in cvat.projects("TREET")]
    (car,) = cvat.labels(project_id=project.id)
    assert [attribute.name for attribute in car.attributes] == ["make", "parked"]
    assert [label.name for label in cvat.add_labels([LabelSpec(name="bus")], project_id=project.id)] == [
        "car",
        "bus",
    ]
    with pytest.raises(Refused, match="All label names must be unique"):
        cvat.add_labels([LabelSpec(name="bus")], project_id=project.id)
    inside = cvat.create_task("inside", project_id=project.id)
    assert [label.name for label in cvat.labels(task_id=inside.id)] == ["car", "bus"]
    assert [found.id for found in cvat.tasks(project_id=project.id)] == [inside.id]
    assert cvat.delete_project(project.id) is True
    assert cvat.delete_project(project.id) is False
    with pytest.raises(NotFound, match=f"could not read task {inside.id}"):
        cvat.task(inside.id)


def test_labels_of_a_job(cvat: Client, task: Task) -> None:
    job = cvat.jobs(task.id)[0]
    assert cvat.labels(job_id=job.id) == cvat.labels(task_id=task.id)
    with pytest.raises(ValueError, match="exactly one"):
        cvat.labels(job_id=1, task_id=1)


# Tasks and their creation


def test_tasks_are_found_by_tracker_link(cvat: Client) -> None:
    link = "fiftyone://dataset/run?part=1&of=2"
    made = cvat.create_task("tracked", bug_tracker=link)
    assert [found.id for found in cvat.tasks(tracker_link=link)] == [made.id]
    assert cvat.tasks(tracker_link=link + "0") == []


def test_a_lost_answer_to_a_creation_is_found_again(box: Sandbox, cvat: Client) -> None:
    box.faults.add("lost_reply", method="POST", path="/api/tasks$")
    with pytest.raises(AmbiguousOutcome):
        cvat.create_task("lost", bug_tracker="link-of-the-lost")
    assert [found.name for found in cvat.tasks(tracker_link="link-of-the-lost")] == ["lost"]


def test_updating_and_deleting_a_task(cvat: Client) -> None:
    user = cvat.users()[0]
    made = cvat.create_task("a", assignee_id=user.id, subset="Train")
    assert made.assignee is not None
    changed = cvat.update_task(made.id, name="b")
    assert (changed.name, changed.subset, changed.assignee) == ("b", "Train", made.assignee)
    assert cvat.update_task(made.id, assignee_id=None).assignee is None
    assert cvat.delete_task(made.id) is True
    assert cvat.delete_task(made.id) is False


def test_either_labels_or_project(cvat: Client) -> None:
    with pytest.raises(ValueError, match="not both"):
        cvat.create_task("a", labels=[], project_id=1)


def test_waiting_tells_the_states(
    box: Sandbox, cvat: Client, images: Callable[..., list[UploadFile]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvat.creation.FIRST_PAUSE", 0.01)
    made = cvat.create_task("slow", labels=[CAR])
    told: list[RequestStatus] = []
    with box.hold_creations():
        rq_id = cvat.upload(made.id, images("a.png"))
        with pytest.raises(DeadlinePassed, match=r"within 0 s \(queued\); it goes on"):
            cvat.wait_for_creation(made.id, rq_id, deadline=0.05, progress=told.append)
        with pytest.raises(Cancelled, match="CVAT goes on creating it"):
            cvat.wait_for_creation(made.id, rq_id, cancelled=lambda: True)
        status = cvat.creation(made.id, rq_id)
        assert status is not None and status.status == "queued"
    assert {status.status for status in told} == {"queued"}
    assert cvat.wait_for_creation(made.id, rq_id, deadline=10).size == 1


@pytest.mark.parametrize(
    ("content", "name", "file", "reason"),
    [
        (b"no image", "broken.png", "broken.png", "cannot identify image file 'broken.png'"),
        (b"text", "notes.txt", None, "No media data found"),
    ],
)
def test_a_failed_creation_says_why(
    cvat: Client, tmp_path: Any, content: bytes, name: str, file: str | None, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    made = cvat.create_task("bad", labels=[CAR])
    rq_id = cvat.upload(made.id, [UploadFile(name, tmp_path / name, len(content))])
    with pytest.raises(CreationFailed) as caught:
        cvat.wait_for_creation(made.id, rq_id, deadline=10)
    assert str(caught.value) == f"CVAT could not create task {made.id}: {reason}"
    assert (caught.value.message, caught.value.file) == (reason, file)


def test_an_expired_request_is_answered_by_the_task(box: Sandbox, cvat: Client, task: Task) -> None:
    rq_id = f"action=create&target=task&target_id={task.id}"
    box.expire_requests()
    assert cvat.creation(task.id, rq_id) is None
    assert cvat.wait_for_creation(task.id, rq_id, deadline=5).size == 5


def test_a_request_that_never_was(cvat: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvat.creation.FIRST_PAUSE", 0.01)
    made = cvat.create_task("empty", labels=[CAR])
    with pytest.raises(CreationFailed, match="its request is gone and the task has no frames"):
        cvat.wait_for_creation(made.id, f"action=create&target=task&target_id={made.id}", deadline=5)


def test_a_task_that_is_deleted_meanwhile(cvat: Client, task: Task) -> None:
    cvat.delete_task(task.id)
    with pytest.raises(NotFound):
        cvat.wait_for_creation(task.id, f"action=create&target=task&target_id={task.id}", deadline=5)


def test_waiting_survives_a_server_that_is_away(box: Sandbox, cvat: Client, task: Task) -> None:
    rq_id = f"action=create&target=task&target_id={task.id}"
    box.faults.add("html", path="/api/requests/", status=502, times=7)
    assert cvat.wait_for_creation(task.id, rq_id, deadline=10).size == 5
    box.faults.add("html", path="/api/requests/", status=500, times=None)
    with pytest.raises(DeadlinePassed, match="internal error"):
        cvat.wait_for_creation(task.id, rq_id, deadline=0.3)


def test_waiting_for_a_server_that_is_gone(images: Callable[..., list[UploadFile]]) -> None:
    quick = RetryPolicy(connect_attempts=1)
    with Sandbox(port=0, creation_delay=60) as box:
        client = Client(Credentials(url=box.url, username="admin", password="admin"), retry=quick)
        made = client.create_task("t", labels=[CAR])
        rq_id = client.upload(made.id, images("a.png"))
    with pytest.raises((Unreachable, DeadlinePassed), match="nothing is listening"):
        client.wait_for_creation(made.id, rq_id, deadline=0.5)


def test_frames(cvat: Client, task: Task) -> None:
    meta = cvat.task_meta(task.id)
    assert (meta.size, meta.frames[4].name, meta.frames[4].width, meta.frames[4].height) == (
        5,
        "4.png",
        16,
        12,
    )
    part = cvat.job_meta(cvat.jobs(task.id)[1].id)
    assert [frame.name for frame in part.frames] == ["2.png", "3.png"]


def test_waiting_survives_throttling(box: Sandbox, cvat: Client, task: Task) -> None:
    rq_id = f"action=create&target=task&target_id={task.id}"
    box.faults.add("status", path="/api/requests/", status=429, headers={"Retry-After": "0"}, times=7)
    assert cvat.wait_for_creation(task.id, rq_id, deadline=10).size == 5


def test_a_creation_that_ends_without_frames(server: Any, answer: Any, client: Client) -> None:
    server.script = lambda seen: answer(
        json={"status": "finished"} if "requests" in seen.path else {"id": 5, "name": "t", "size": 0}
    )
    with pytest.raises(CreationFailed, match="CVAT did not create task 5: the task has no frames"):
        client.wait_for_creation(5, "r")


def test_a_failure_is_looked_at_again_for_its_reason(server: Any, answer: Any, client: Client) -> None:
    whole = 'Traceback (most recent call last):\n  File "x.py"\nValueError: No media data found\n'
    states = [{"status": "failed", "message": text} for text in ("", whole, "ValueError: No media data found\n")]
    server.answers(*(answer(json=state) for state in states))
    with pytest.raises(CreationFailed, match="could not create task 5: No media data found"):
        client.wait_for_creation(5, "r")
    assert len(server.seen) == 3
    server.answers(answer(json=states[0]))
    with pytest.raises(CreationFailed, match="it gave no reason"):
        client.wait_for_creation(5, "r")
