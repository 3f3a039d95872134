"""Pictures: frames, chunks, previews."""

from __future__ import annotations

import io
import zipfile

from ..access import require, sees_job, sees_task
from ..call import Call
from ..media import frame_picture, jpeg
from ..models import Data, Job, Task
from ..reply import Reply, crash, invalid, refuse
from ..routes import route

_PREVIEW = 256


@route("GET", "/api/tasks/{ident}/data[/]")
def task_data(call: Call, ident: str) -> Reply:
    task = call.store.task(ident)
    require(sees_task(call, task))
    return _picture(call, task, None)


@route("GET", "/api/jobs/{ident}/data[/]")
def job_data(call: Call, ident: str) -> Reply:
    job = call.store.job(ident)
    require(sees_job(call, job))
    return _picture(call, job.task, job)


@route("GET", "/api/tasks/{ident}/preview")
def task_preview(call: Call, ident: str) -> Reply:
    task = call.store.task(ident)
    require(sees_task(call, task))
    return _preview(_media(task), 0)


@route("GET", "/api/jobs/{ident}/preview")
def job_preview(call: Call, ident: str) -> Reply:
    job = call.store.job(ident)
    require(sees_job(call, job))
    return _preview(_media(job.task), job.start_frame)


def _media(task: Task) -> Data:
    if task.data is None or not task.data.size:
        raise crash()
    return task.data


def _preview(data: Data, number: int) -> Reply:
    picture, _ = frame_picture(data, number)
    return Reply(body=jpeg(picture, 75, _PREVIEW), content_type="image/jpeg")


def _picture(call: Call, task: Task, job: Job | None) -> Reply:
    kind, number = call.query.get("type"), call.query.get("number")
    if kind not in ("chunk", "frame", "preview", "context_image"):
        raise invalid(["Data type not specified or has wrong value"])
    data = _media(task)
    if kind == "preview":
        return _preview(data, job.start_frame if job else 0)
    if number is None and not (kind == "chunk" and "index" in call.query):
        raise invalid(["Number is not specified"])
    original = call.query.get("quality") == "original"
    if kind == "chunk":
        return _chunk(data, int(number or call.query["index"]), job, original)
    return _frame(data, int(number or 0), original)


def _frame(data: Data, number: int, original: bool) -> Reply:
    if not 0 <= number < data.size:
        raise refuse(400, f"Invalid frame '{number}'. The frame number should be in the [0, {data.size}] range")
    picture, kind = frame_picture(data, number)
    if not original:
        picture, kind = jpeg(picture, data.image_quality), "image/jpeg"
    return Reply(body=picture, content_type=kind)


def _chunk(data: Data, number: int, job: Job | None, original: bool) -> Reply:
    """A zip archive of some frames."""
    first, last = (job.start_frame, job.stop_frame) if job else (0, data.size - 1)
    size = data.chunk_size or 1
    numbers = range(first + number * size, min(first + (number + 1) * size - 1, last) + 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for position, frame in enumerate(numbers):
            reply = _frame(data, frame, original)
            archive.writestr(f"{position:06d}.{(reply.content_type or '').split('/')[-1]}", reply.body)
    return Reply(body=out.getvalue(), content_type="application/zip")
