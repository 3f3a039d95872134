"""The client and the stand-in server together: accounts, tasks, creation, jobs, annotations."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cvat import (
    AmbiguousOutcome,
    Annotations,
    AttributeSpec,
    AttributeValue,
    Cancelled,
    Client,
    Conflict,
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
    Shape,
    Tag,
    Task,
    Unreachable,
    UploadFile,
)
from sandbox import Sandbox

CAR = LabelSpec(
    name="car",
    attributes=(
        AttributeSpec(name="make", default_value="unknown"),
        AttributeSpec(name="parked", mutable=True, input_type="checkbox", default_value="false", values=("false",)),
    ),
)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None, creation_delay=0.0) as made:
        yield made


@pytest.fixture
def cvat(box: Sandbox, hasty: RetryPolicy) -> Iterator[Client]:
    box.faults.clear()
    with Client(Credentials(url=box.url, username="admin", password="admin"), timeout=5, retry=hasty) as client:
        client.check()
        yield client
    box.faults.clear()
    assert box.crashes == []


@pytest.fixture
def task(cvat: Client, images: Callable[..., list[UploadFile]]) -> Task:
    """A task of five frames in jobs of two."""
    made = cvat.create_task("live", labels=[CAR, LabelSpec(name="night", type="tag")], segment_size=2)
    rq_id = cvat.upload(made.id, images(*(f"{index}.png" for index in range(5))))
    return cvat.wait_for_creation(made.id, rq_id, deadline=10)


# Accounts


def test_login_by_name(cvat: Client) -> None:
    info = cvat.check()
    assert (info.user.username, info.version) == ("admin", "2.54.1")


def test_login_with_a_wrong_password(box: Sandbox) -> None:
    with pytest.raises(NotAuthenticated, match="did not accept the password of 'admin'"):
        Client(Credentials(url=box.url, username="admin", password="wrong")).check()


def access_token(client: Client, **options: Any) -> str:
    response = client.session.request("POST", "/api/auth/access_tokens", json={"name": "t", **options})
    return str(response.json()["value"])


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
    found = cvat.find_user("ADMIN")
    assert found is not None and found.username == "admin"
    assert cvat.find_user("nobody-of-this-name") is None
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


# Jobs


def test_jobs(cvat: Client, task: Task) -> None:
    jobs = cvat.jobs(task.id)
    assert [(job.start_frame, job.stop_frame, job.frame_count) for job in jobs] == [
        (0, 1, 2),
        (2, 3, 2),
        (4, 4, 1),
    ]
    assert [job.id for job in jobs] == sorted(job.id for job in jobs)
    assert cvat.job(jobs[0].id) == jobs[0]
    assert cvat.jobs(10**6) == []
    assert cvat.job_url(task.id, jobs[0].id) == f"{cvat.url}/tasks/{task.id}/jobs/{jobs[0].id}"


def test_jobs_of_several_tasks_in_one_request(
    box: Sandbox, cvat: Client, task: Task, images: Callable[..., list[UploadFile]]
) -> None:
    other = cvat.create_task("other", labels=[CAR])
    cvat.wait_for_creation(other.id, cvat.upload(other.id, images("a.png")), deadline=10)
    before = len(box.log)
    jobs = cvat.jobs(task_ids=[task.id, other.id, task.id])
    assert len(box.log) == before + 1
    assert jobs == cvat.jobs(task.id) + cvat.jobs(other.id)
    assert cvat.jobs(task_ids=[]) == []


def test_a_server_without_that_filter_is_asked_task_by_task(
    box: Sandbox, cvat: Client, task: Task, images: Callable[..., list[UploadFile]]
) -> None:
    empty = cvat.create_task("empty", labels=[CAR])
    box.faults.add("status", path="filter=", status=400, body=b'["filter: term is not supported"]')
    assert cvat.jobs(task_ids=[task.id, empty.id]) == cvat.jobs(task.id)


def test_updating_a_job(cvat: Client, task: Task) -> None:
    job, user = cvat.jobs(task.id)[0], cvat.users()[0]
    assigned = cvat.update_job(job.id, assignee=user.id)
    assert assigned.assignee is not None and assigned.assignee.id == user.id
    done = cvat.update_job(job.id, state="completed")
    assert (done.state, done.assignee) == ("completed", assigned.assignee)
    assert cvat.update_job(job.id, stage="validation").state == "new"
    assert cvat.update_job(job.id, assignee=None).assignee is None


# Annotations


def box_at(x: float, label_id: int, frame: int = 0, **more: Any) -> Shape:
    return Shape(type="rectangle", frame=frame, label_id=label_id, points=(x, 1.5, x + 10, 9.25), **more)


def test_annotations_keep_their_ids_and_digits(cvat: Client, task: Task) -> None:
    job, (car, night) = cvat.jobs(task.id)[0], cvat.labels(task_id=task.id)
    make, parked = car.attributes
    assert make.id is not None and parked.id is not None
    values = (AttributeValue(spec_id=make.id, value="vw"), AttributeValue(spec_id=parked.id, value="true"))
    new = Annotations(
        tags=(Tag(frame=1, label_id=night.id),),
        shapes=(box_at(1 / 3, car.id, 1, attributes=values), box_at(0.1 + 0.2, car.id, 0, attributes=values)),
    )
    saved = cvat.create_annotations(job.id, new)
    assert [shape.frame for shape in saved.shapes] == [1, 0]
    assert all(item.id is not None for item in (*saved.tags, *saved.shapes))
    read = {shape.id: shape for shape in cvat.annotations(job.id).shapes}
    assert [read[shape.id] for shape in saved.shapes] == list(saved.shapes)

    moved = saved.shapes[0].model_copy(update={"points": (2.0, 2.0, 4.0, 4.0)})
    updated = cvat.update_annotations(job.id, Annotations(shapes=(moved,)))
    assert updated.shapes == (moved,)
    cvat.delete_annotations(job.id, Annotations(tags=saved.tags, shapes=(saved.shapes[1],)))
    left = cvat.annotations(job.id)
    assert (left.tags, [shape.id for shape in left.shapes]) == ((), [moved.id])


def test_nothing_to_write_sends_nothing(box: Sandbox, cvat: Client) -> None:
    before, nothing = len(box.log), Annotations()
    assert cvat.create_annotations(1, nothing) == cvat.update_annotations(1, nothing) == nothing
    cvat.delete_annotations(1, nothing)
    assert len(box.log) == before


def test_a_refused_write_says_which_object(cvat: Client, task: Task) -> None:
    job, car = cvat.jobs(task.id)[0], cvat.labels(task_id=task.id)[0]
    bad = Shape(type="rectangle", frame=0, label_id=car.id, points=(1.0, 2.0))
    with pytest.raises(Refused, match=r"shapes\[1\].points: invalid length for shape type 'rectangle'"):
        cvat.create_annotations(job.id, Annotations(shapes=(box_at(1, car.id), bad)))
    assert cvat.annotations(job.id).count == 0


def test_a_lost_answer_to_new_annotations_is_not_repeated(box: Sandbox, cvat: Client, task: Task) -> None:
    job, car = cvat.jobs(task.id)[0], cvat.labels(task_id=task.id)[0]
    box.faults.add("lost_reply", method="PATCH", path="action=create")
    with pytest.raises(AmbiguousOutcome, match=f"asked to change the annotations of job {job.id}"):
        cvat.create_annotations(job.id, Annotations(shapes=(box_at(1, car.id),)))
    assert cvat.annotations(job.id).count == 1


@pytest.mark.parametrize("kind", ["lost_reply", "reset"])
def test_updates_and_deletions_are_repeated(box: Sandbox, cvat: Client, task: Task, kind: str) -> None:
    job, car = cvat.jobs(task.id)[0], cvat.labels(task_id=task.id)[0]
    saved = cvat.create_annotations(job.id, Annotations(shapes=(box_at(1, car.id), box_at(2, car.id))))
    box.faults.add(kind, method="PATCH", path="action=update")
    assert cvat.update_annotations(job.id, saved).count == 2
    box.faults.add(kind, method="PATCH", path="action=delete")
    cvat.delete_annotations(job.id, saved)
    assert cvat.annotations(job.id).count == 0


def test_an_answer_about_other_objects_is_not_believed(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(json={"version": 0, "tags": [], "shapes": [], "tracks": []}))
    with pytest.raises(AmbiguousOutcome, match="was given 1 objects for job 7 and saved 0"):
        client.create_annotations(7, Annotations(shapes=(box_at(1, 1),)))


def test_a_stable_read(cvat: Client, task: Task) -> None:
    job = cvat.jobs(task.id)[0]
    date, annotations = cvat.stable_annotations(job.id)
    assert (date, annotations.count) == (cvat.job(job.id).updated_date, 0)


def test_a_read_during_writes_waits_for_calm(cvat: Client, task: Task, box: Sandbox, hasty: RetryPolicy) -> None:
    job, car = cvat.jobs(task.id)[0], cvat.labels(task_id=task.id)[0]
    box.faults.add("delay", method="GET", path="/annotations", seconds=0.05, times=2)
    writer = Client(Credentials(url=box.url, username="admin", password="admin"), retry=hasty)
    writer.check()

    def write() -> None:
        time.sleep(0.01)
        writer.create_annotations(job.id, Annotations(shapes=(box_at(1, car.id),)))

    thread = threading.Thread(target=write)
    thread.start()
    date, annotations = cvat.stable_annotations(job.id)
    thread.join()
    assert (date, annotations.count) == (cvat.job(job.id).updated_date, 1)


def test_a_job_that_never_rests(server: Any, answer: Any, client: Client) -> None:
    count = iter(range(99))
    server.script = lambda seen: answer(
        json={"shapes": []} if "annotations" in seen.path else {"id": 7, "task_id": 1, "updated_date": str(next(count))}
    )
    with pytest.raises(Conflict, match="Job 7 was being changed during 3 reads in a row"):
        client.stable_annotations(7, tries=3)


# Reviews and permissions


def test_issues_and_comments(cvat: Client, task: Task) -> None:
    job = cvat.jobs(task.id)[0]
    body = {"job": job.id, "frame": 1, "position": [1.5, 2.5, 3, 4], "message": "too wide"}
    cvat.session.request("POST", "/api/issues", json=body)
    (issue,) = cvat.issues(job.id)
    assert (issue.frame, issue.position, issue.resolved) == (1, (1.5, 2.5, 3.0, 4.0), False)
    assert [comment.message for comment in cvat.comments(issue.id)] == ["too wide"]


def test_an_annotator_sees_only_the_own_job(box: Sandbox, cvat: Client, task: Task, hasty: RetryPolicy) -> None:
    account = next(account for account in box.users if not account.superuser)
    person = cvat.find_user(account.username)
    first, second, _ = cvat.jobs(task.id)
    assert person is not None
    cvat.update_job(first.id, assignee=person.id)
    who = Credentials(url=box.url, username=account.username, password=account.password)
    annotator = Client(who, retry=hasty)
    assert [job.id for job in annotator.jobs(task.id)] == [first.id]
    assert annotator.annotations(first.id).count == 0
    assert annotator.labels(job_id=first.id)[0].name == "car"
    for forbidden in (lambda: annotator.task(task.id), lambda: annotator.annotations(second.id)):
        with pytest.raises(PermissionDenied, match="does not let this user read"):
            forbidden()


# Writes that meet, and creations of which nothing is known for a while


def test_a_write_that_met_another_is_sent_again(box: Sandbox, cvat: Client, task: Task) -> None:
    job, car = cvat.jobs(task.id)[0], cvat.labels(task_id=task.id)[0]
    met = b'"duplicate key value violates unique constraint"'
    box.faults.add("status", method="PATCH", path="/annotations", status=400, body=met, times=2)
    saved = cvat.create_annotations(job.id, Annotations(shapes=(box_at(1, car.id),)))
    box.faults.add("status", method="PATCH", path="/annotations", status=400, body=met, times=3)
    with pytest.raises(Refused, match="duplicate key"):
        cvat.update_annotations(job.id, saved)


def test_a_stable_read_after_a_list_of_jobs(box: Sandbox, cvat: Client, task: Task) -> None:
    job = cvat.jobs(task.id)[0]
    before = len(box.log)
    assert cvat.stable_annotations(job.id, before=job.updated_date)[0] == job.updated_date
    assert len(box.log) == before + 2
    assert cvat.stable_annotations(job.id, before="long ago")[0] == job.updated_date


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
