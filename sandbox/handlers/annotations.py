"""Annotations of jobs and of whole tasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from ..access import require, sees_job, sees_task
from ..annotations.checks import FORMS, Schema
from ..annotations.reading import is_unreadable, read_job
from ..annotations.rows import Transaction
from ..annotations.tracks import KINDS, Collection, cut, join
from ..annotations.writing import Writer
from ..events import UpdateEvents
from ..models import Job, Task
from ..request import Request
from ..responses import Refusal, Response, empty, invalid, server_error, text
from ..routes import route

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
def get_job_annotations(request: Request, ident: str) -> Response:
    job = _job(request, ident)
    _refuse_export(request, "jobs")
    return _answer(read_job(_readable(job), _schema(job.task)))


@route("GET", _TASK)
def get_task_annotations(request: Request, ident: str) -> Response:
    task = _task(request, ident)
    _refuse_export(request, "tasks")
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
def import_annotations(request: Request, ident: str) -> Any:
    """Files of annotations are not imported."""
    raise invalid([f"Unknown input format '{request.query.get('format', '')}'"])


@route("PUT", _JOB)
def put_job_annotations(request: Request, ident: str) -> Response:
    job = _job(request, ident)
    data = _checked(request, job.task, "create")
    _write(request, job.task, [(_readable(job), data)], Writer.replace)
    return _answer(data)


@route("PUT", _TASK)
def put_task_annotations(request: Request, ident: str) -> Response:
    task = _task(request, ident)
    if task.data is None:
        raise server_error()
    return _write_task(request, task, _checked(request, task, "create"), Writer.replace)


@route("PATCH", _JOB)
def patch_job_annotations(request: Request, ident: str) -> Response:
    job = _job(request, ident)
    action = _action(request)
    data = _checked(request, job.task, action)
    _write(request, job.task, [(job, data)], _ACTIONS[action])
    return _answer(data)


@route("PATCH", _TASK)
def patch_task_annotations(request: Request, ident: str) -> Response:
    task = _task(request, ident)
    action = _action(request)
    if task.data is None:
        raise server_error()
    return _write_task(request, task, _checked(request, task, action), _ACTIONS[action])


@route("DELETE", _JOB)
def delete_job_annotations(request: Request, ident: str) -> Response:
    job = _job(request, ident)
    _write(request, job.task, [(_readable(job), _nothing())], Writer.replace)
    return empty(204)


@route("DELETE", _TASK)
def delete_task_annotations(request: Request, ident: str) -> Response:
    task = _task(request, ident)
    _write(request, task, [(_readable(job), _nothing()) for job in _parts(task)], Writer.replace)
    return empty(204)


def _job(request: Request, ident: str) -> Job:
    job = request.store.job(ident)
    require(sees_job(request, job))
    return job


def _task(request: Request, ident: str) -> Task:
    task = request.store.task(ident)
    require(sees_task(request, task))
    return task


def _parts(task: Task) -> Iterator[Job]:
    """The jobs whose annotations are the task's."""
    jobs = (job for job in task.jobs.values() if job.type == "annotation")
    return iter(sorted(jobs, key=lambda job: job.start_frame))


def _readable(job: Job) -> Job:
    """The job, if the server can still read it."""
    if is_unreadable(job):
        raise server_error()
    return job


def _schema(task: Task) -> Schema:
    return Schema(task.used_labels)


def _nothing() -> Collection:
    return {kind: [] for kind in KINDS}


def _refuse_export(request: Request, kind: str) -> None:
    if "format" in request.query:
        raise Refusal(text(_GONE.format(kind=kind), 410))


def _action(request: Request) -> str:
    action = request.query.get("action", "")
    if action not in _ACTIONS:
        raise invalid(["Please specify a correct 'action' for the request"])
    return action


def _checked(request: Request, task: Task, action: str) -> Collection:
    if not isinstance(request.json, dict):
        raise server_error()
    data = FORMS[action].accept(request.json)
    _schema(task).check(data)
    return data


def _write(request: Request, task: Task, parts: list[tuple[Job, Collection]], write: Write) -> None:
    """Write to several jobs, all or nothing. The dates of jobs with a change, of their task and project follow."""
    store = request.store
    changed = []
    with Transaction() as transaction:
        for job, data in parts:
            if write(Writer(store, job, transaction), data):
                changed.append(job)
    for job in changed:
        with UpdateEvents(request.services.events, request.user, job=job, task=task, project=task.project):
            job.revision += 1
            store.touch(job, task, task.project)


def _write_task(request: Request, task: Task, data: Collection, write: Write) -> Response:
    parts = [(job, cut(data, job.start_frame, job.stop_frame)) for job in _parts(task)]
    for job, _ in parts:
        _readable(job)
    _write(request, task, parts, write)
    return _answer(join((job.start_frame, job.stop_frame, part) for job, part in parts))


def _answer(data: Collection) -> Response:
    try:
        return Response({"version": 0, **data})
    except ValueError:
        # An infinite number was stored, and cannot be written as JSON.
        assert _has_infinity(data)
        raise server_error() from None


def _has_infinity(data: Any) -> bool:
    if isinstance(data, float):
        return not math.isfinite(data)
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return any(_has_infinity(child) for child in children)
