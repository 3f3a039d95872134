"""Pictures: frames, chunks, previews."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from ..access import require, sees_job, sees_task
from ..media import MediaError, frame_picture, jpeg, upright
from ..models import Data, Job, Task
from ..request import Request
from ..responses import Refusal, Response, invalid, refuse, server_error, text
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
    return _preview(_shown(task), 0)


@route("GET", "/api/jobs/{ident}/preview")
def job_preview(request: Request, ident: str) -> Response:
    job = request.store.job(ident)
    require(sees_job(request, job))
    return _preview(_shown(job.task), job.start_frame)


def _shown(task: Task) -> Data:
    """The media of a task that a preview is made of."""
    if task.data is None or not task.data.size:
        raise Refusal(text("Task image preview not found", 404))
    return task.data


def _media(task: Task) -> Data:
    if task.data is None or not task.data.size:
        raise server_error()
    return task.data


def _preview(data: Data, number: int) -> Response:
    picture, _ = frame_picture(data, number)
    return Response(body=jpeg(picture, 75, _PREVIEW), content_type="image/jpeg")


def _picture(request: Request, task: Task, job: Job | None) -> Response:
    query = request.query
    kind, number = query.get("type"), query.get("number")
    if kind not in ("chunk", "frame", "preview", "context_image"):
        raise invalid(["Data type not specified or has wrong value"])
    if query.get("quality", "compressed") not in ("compressed", "original"):
        raise invalid(["Wrong quality value"])
    data = _media(task)
    if kind == "preview":
        return _preview(data, job.start_frame if job else 0)
    if number is None and not (kind == "chunk" and "index" in query):
        raise invalid(["Number is not specified"])
    if not re.fullmatch(r"-?\d+", number or query["index"]):
        raise server_error()
    original = query.get("quality") == "original"
    if kind == "chunk":
        return _chunk(request, data, job, original)
    return _frame(data, job, int(number or 0), original) if kind == "frame" else _context(data, int(number or 0))


def _frame(data: Data, job: Job | None, number: int, original: bool) -> Response:
    if not 0 <= number < data.size:
        raise refuse(400, f"Invalid frame '{number}'. The frame number should be in the [0, {data.size}] range")
    if job and not job.start_frame <= number <= job.stop_frame:
        raise refuse(400, f"Incorrect requested frame number: {number}")
    try:
        picture, kind = frame_picture(data, number)
    except MediaError:
        raise server_error() from None
    return Response(
        body=picture if original else _compress(data, picture), content_type=kind if original else _kind(data)
    )


def _compress(data: Data, picture: bytes) -> bytes:
    """A frame in little quality; frames of videos are served as they are."""
    return picture if data.video else jpeg(picture, data.image_quality)


def _kind(data: Data) -> str:
    """The media type of a compressed frame."""
    return "image/png" if data.video else "image/jpeg"


def _context(data: Data, number: int) -> Response:
    """A zip archive of the images that belong to a frame, as JPEGs."""
    if not 0 <= number < data.size:
        raise refuse(400, f"Invalid frame '{number}'. The frame number should be in the [0, {data.size}] range")
    related = data.frames[number].related
    members = [(f"{PurePosixPath(file.name).stem}.jpg", jpeg(file.data or b"", data.image_quality)) for file in related]
    return Response(body=_zip(members), content_type="application/zip" if members else None)


def _chunk(request: Request, data: Data, job: Job | None, original: bool) -> Response:
    """Some frames: of a job, its own chunk `index`, or what it has of the task's chunk `number`."""
    size, first, last = data.chunk_size or 1, 0, data.size - 1
    number = request.query.get("number")
    if job and number is None:
        first, last = job.start_frame, job.stop_frame
    number = number or request.query["index"]
    count = -(-(last - first + 1) // size)
    if not 0 <= int(number) < count:
        message = f"Invalid chunk number '{number}'. The chunk number should be in the [0, {count - 1}] range"
        raise refuse(400, [message] if "number" not in request.query else message)
    start = first + int(number) * size
    frames = range(start, min(start + size - 1, last) + 1)
    if job:
        frames = range(max(frames.start, job.start_frame), min(frames.stop, job.stop_frame + 1))
    return _packed(data, frames, original)


def _packed(data: Data, frames: range, original: bool) -> Response:
    """Frames as a part of the video, or as a zip archive."""
    if data.video and (original or data.compressed_chunk_type == "video"):
        body = data.video.clip(data.frames[number].source for number in frames)
        kind = "video/mp4"
    else:
        body = _zip(
            (f"{place:06d}.{name}", content) for place, (name, content) in enumerate(_files(data, frames, original))
        )
        kind = "application/zip"
    headers = [("x-checksum", str(zlib.crc32(body))), ("x-updated-date", data.chunks_updated_date or "")]
    return Response(body=body, content_type=kind, headers=headers)


def _files(data: Data, frames: range, original: bool) -> Iterator[tuple[str, bytes]]:
    """Extension and content of each frame, as chunks have them: a video's are JPEGs, too."""
    for number in frames:
        frame = data.frames[number]
        if data.video:
            yield "jpeg", jpeg(data.video.picture(frame.source), data.image_quality)
        elif original:
            yield frame.name.rpartition(".")[2], upright(frame)[0]
        else:
            yield "jpeg", jpeg(upright(frame)[0], data.image_quality)


def _zip(members: Iterable[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()
