"""Pictures: frames, chunks, previews."""

from __future__ import annotations

import io
import zipfile

from ..access import require, sees_job, sees_task
from ..media import frame_picture, jpeg
from ..models import Data, Job, Task
from ..request import Request
from ..responses import Response, invalid, refuse, server_error
from ..routes import route

_PREVIEW = 256


@route("GET", "/api/tasks/{ident}/data[/]")
def task_data(request: Request, ident: str) -> Response:
    task = request.store.task(ident)
    require(sees_task(request, task))
    return _picture(request, task, None)


@route("GET", "/api/jobs/{ident}/data[/]")
def job_data(request: Request, ident: str) -> Response:
    job = request.store.job(ident)
    require(sees_job(request, job))
    return _picture(request, job.task, job)


@route("GET", "/api/tasks/{ident}/preview")
def task_preview(request: Request, ident: str) -> Response:
    task = request.store.task(ident)
    require(sees_task(request, task))
    return _preview(_media(task), 0)


@route("GET", "/api/jobs/{ident}/preview")
def job_preview(request: Request, ident: str) -> Response:
    job = request.store.job(ident)
    require(sees_job(request, job))
    return _preview(_media(job.task), job.start_frame)


def _media(task: Task) -> Data:
    if task.data is None or not task.data.size:
        raise server_error()
    return task.data


def _preview(data: Data, number: int) -> Response:
    picture, _ = frame_picture(data, number)
    return Response(body=jpeg(picture, 75, _PREVIEW), content_type="image/jpeg")


def _picture(request: Request, task: Task, job: Job | None) -> Response:
    kind, number = request.query.get("type"), request.query.get("number")
    if kind not in ("chunk", "frame", "preview", "context_image"):
        raise invalid(["Data type not specified or has wrong value"])
    data = _media(task)
    if kind == "preview":
        return _preview(data, job.start_frame if job else 0)
    if number is None and not (kind == "chunk" and "index" in request.query):
        raise invalid(["Number is not specified"])
    original = request.query.get("quality") == "original"
    if kind == "chunk":
        return _chunk(data, int(number or request.query["index"]), job, original)
    return _frame(data, int(number or 0), original)


def _frame(data: Data, number: int, original: bool) -> Response:
    if not 0 <= number < data.size:
        raise refuse(400, f"Invalid frame '{number}'. The frame number should be in the [0, {data.size}] range")
    picture, kind = frame_picture(data, number)
    if not original:
        picture, kind = jpeg(picture, data.image_quality), "image/jpeg"
    return Response(body=picture, content_type=kind)


def _chunk(data: Data, number: int, job: Job | None, original: bool) -> Response:
    """A zip archive of some frames."""
    first, last = (job.start_frame, job.stop_frame) if job else (0, data.size - 1)
    size = data.chunk_size or 1
    numbers = range(first + number * size, min(first + (number + 1) * size - 1, last) + 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for position, frame in enumerate(numbers):
            response = _frame(data, frame, original)
            archive.writestr(f"{position:06d}.{(response.content_type or '').split('/')[-1]}", response.body)
    return Response(body=out.getvalue(), content_type="application/zip")
