"""Annotations of jobs and of whole tasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from ..access import require, sees_job, sees_task
from ..annotations.checks import FORMS, Schema
from ..annotations.reading import is_torn, read_job
from ..annotations.rows import Transaction
from ..annotations.tracks import KINDS, Collection, cut, join
from ..annotations.writing import Writer
from ..call import Call
from ..events import Watch
from ..models import Job, Task
from ..reply import Refusal, Reply, crash, empty, invalid, text
from ..routes import route
from .labels import labels_of

_GONE = (
    "This endpoint is no longer supported.\n"
    "To initiate the export process, use POST /api/{kind}/id/dataset/export?save_images=False.\n"
    "To check the process status, use GET /api/requests/rq_id,\n"
    "where rq_id is obtained from the response of the previous request.\n"
    "To download the prepared file, use the result_url obtained from the response of the previous request.\n"
)
_JOB, _TASK = "/api/jobs/{ident}/annotations[/]", "/api/tasks/{ident}/annotations[/]"
Write = Callable[[Writer, Collection], bool]
_ACTIONS: dict[str, Write] = {"create": Writer.create, "update": Writer.update, "delete": Writer.delete}


@route("GET", _JOB)
def get_job_annotations(call: Call, ident: str) -> Reply:
    job = _job(call, ident)
    _refuse_export(call, "jobs")
    return _answer(read_job(_readable(job), _schema(job.task)))


@route("GET", _TASK)
def get_task_annotations(call: Call, ident: str) -> Reply:
    task = _task(call, ident)
    _refuse_export(call, "tasks")
    if task.data is None:
        raise Refusal(text("Exporting annotations from a task without data is not allowed", 400))
    schema = _schema(task)
    parts = [(job.start_frame, job.stop_frame, read_job(_readable(job), schema)) for job in _parts(task)]
    whole = join(parts)
    for kind in ("tags", "shapes"):
        whole[kind].sort(key=lambda thing: thing["frame"])
    return _answer(whole)


@route("POST", _JOB)
@route("POST", _TASK)
def import_annotations(call: Call, ident: str) -> Any:
    """Files of annotations are not imported."""
    raise invalid([f"Unknown input format '{call.query.get('format', '')}'"])


@route("PUT", _JOB)
def put_job_annotations(call: Call, ident: str) -> Reply:
    job = _job(call, ident)
    data = _checked(call, job.task, "create")
    _write(call, job.task, [(_readable(job), data)], Writer.replace)
    return _answer(data)


@route("PUT", _TASK)
def put_task_annotations(call: Call, ident: str) -> Reply:
    task = _task(call, ident)
    if task.data is None:
        raise crash()
    return _write_task(call, task, _checked(call, task, "create"), Writer.replace)


@route("PATCH", _JOB)
def patch_job_annotations(call: Call, ident: str) -> Reply:
    job = _job(call, ident)
    action = _action(call)
    data = _checked(call, job.task, action)
    _write(call, job.task, [(job, data)], _ACTIONS[action])
    return _answer(data)


@route("PATCH", _TASK)
def patch_task_annotations(call: Call, ident: str) -> Reply:
    task = _task(call, ident)
    action = _action(call)
    if task.data is None:
        raise crash()
    return _write_task(call, task, _checked(call, task, action), _ACTIONS[action])


@route("DELETE", _JOB)
def delete_job_annotations(call: Call, ident: str) -> Reply:
    job = _job(call, ident)
    _write(call, job.task, [(_readable(job), _nothing())], Writer.replace)
    return empty(204)


@route("DELETE", _TASK)
def delete_task_annotations(call: Call, ident: str) -> Reply:
    task = _task(call, ident)
    _write(call, task, [(_readable(job), _nothing()) for job in _parts(task)], Writer.replace)
    return empty(204)


def _job(call: Call, ident: str) -> Job:
    job = call.store.job(ident)
    require(sees_job(call, job))
    return job


def _task(call: Call, ident: str) -> Task:
    task = call.store.task(ident)
    require(sees_task(call, task))
    return task


def _parts(task: Task) -> Iterator[Job]:
    """The jobs whose annotations are the task's."""
    jobs = (job for job in task.jobs.values() if job.type == "annotation")
    return iter(sorted(jobs, key=lambda job: job.start_frame))


def _readable(job: Job) -> Job:
    """The job, if the server can still read it."""
    if is_torn(job):
        raise crash()
    return job


def _schema(task: Task) -> Schema:
    return Schema(labels_of(task))


def _nothing() -> Collection:
    return {kind: [] for kind in KINDS}


def _refuse_export(call: Call, kind: str) -> None:
    if "format" in call.query:
        raise Refusal(text(_GONE.format(kind=kind), 410))


def _action(call: Call) -> str:
    action = call.query.get("action", "")
    if action not in _ACTIONS:
        raise invalid(["Please specify a correct 'action' for the request"])
    return action


def _checked(call: Call, task: Task, action: str) -> Collection:
    if not isinstance(call.json, dict):
        raise crash()
    data = FORMS[action].accept(call.json)
    _schema(task).check(data)
    return data


def _write(call: Call, task: Task, parts: list[tuple[Job, Collection]], write: Write) -> None:
    """Write to several jobs, all or nothing; what was written to moves, and its task and project."""
    store = call.store
    moved = []
    with Transaction() as transaction:
        for job, data in parts:
            if write(Writer(store, job, transaction), data):
                moved.append(job)
    for job in moved:
        with Watch(call.services.events, call.user, job=job, task=task, project=task.project):
            job.revision += 1
            store.touch(job, task, task.project)


def _write_task(call: Call, task: Task, data: Collection, write: Write) -> Reply:
    parts = [(job, cut(data, job.start_frame, job.stop_frame)) for job in _parts(task)]
    for job, _ in parts:
        _readable(job)
    _write(call, task, parts, write)
    return _answer(join((job.start_frame, job.stop_frame, part) for job, part in parts))


def _answer(data: Collection) -> Reply:
    try:
        return Reply({"version": 0, **data})
    except ValueError:
        # An infinite number was stored, and cannot be written as JSON.
        assert _has_infinity(data)
        raise crash() from None


def _has_infinity(data: Any) -> bool:
    if isinstance(data, float):
        return not math.isfinite(data)
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return any(_has_infinity(child) for child in children)
