"""The client and the stand-in server together: jobs, annotations, reviews, permissions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from live_fixtures import CAR

from cvat import (
    AmbiguousOutcome,
    Annotations,
    AttributeValue,
    Client,
    Conflict,
    Credentials,
    PermissionDenied,
    Refused,
    RetryPolicy,
    Shape,
    Tag,
    Task,
    UnsupportedServer,
    UploadFile,
)
from sandbox import Sandbox

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
    before = len(box.log)
    assert cvat.listed_tasks([other.id, task.id, 10**6, task.id]) == {
        one: cvat.task(one) for one in (task.id, other.id)
    }
    assert len(box.log) == before + 3
    assert cvat.listed_tasks([task.id]) == cvat.listed_tasks([]) == {}


def test_a_server_without_that_filter_is_asked_task_by_task(
    box: Sandbox, cvat: Client, task: Task, images: Callable[..., list[UploadFile]]
) -> None:
    empty = cvat.create_task("empty", labels=[CAR])
    box.faults.add("status", path="filter=", status=400, body=b'["filter: term is not supported"]')
    assert cvat.jobs(task_ids=[task.id, empty.id]) == cvat.jobs(task.id)
    box.faults.add("status", path="filter=", status=400, body=b'["filter: term is not supported"]')
    assert cvat.listed_tasks([task.id, empty.id]) == {}


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
    nothing = {"tags": [], "shapes": [], "tracks": []}
    server.script = lambda seen: answer(
        json=nothing if "annotations" in seen.path else {"id": 7, "task_id": 1, "updated_date": str(next(count))}
    )
    with pytest.raises(Conflict, match="Job 7 was being changed during 3 reads in a row"):
        client.stable_annotations(7, tries=3)


@pytest.mark.parametrize("told", [{}, {"version": 0, "tags": [], "shapes": []}], ids=repr)
def test_an_answer_that_names_no_objects_is_no_empty_job(server: Any, answer: Any, client: Client, told: Any) -> None:
    server.answers(answer(json=told))
    with pytest.raises(UnsupportedServer, match="Field required"):
        client.annotations(7)


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
