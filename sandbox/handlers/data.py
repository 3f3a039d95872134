"""Uploading media: one multipart request, or start / batches / finish."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.datastructures import FileStorage

from ..access import require, sees_job, sees_storage, sees_task
from ..events import UpdateEvents
from ..fields import Boolean, Choice, Field, Form, Integer, Invalid, Items, Text
from ..models import ClientFile, Data, Job, Task
from ..request import Request
from ..responses import Response, empty, invalid, refuse, server_error
from ..routes import route
from ..views import Views
from .tus import create_upload, tus_headers


class _FrameFilter(Text):
    """Nothing, or `step=N`."""

    def read(self, value: Any) -> str:
        text = super().read(value)
        if text and not re.fullmatch(r"step=0*[1-9]\d*", text):
            raise Invalid("Invalid frame filter expression")
        return text


class _ChunkSize(Integer):
    def read(self, value: Any) -> int:
        number = super().read(value)
        if number < 1:
            raise Invalid("Chunk size must be a positive integer")
        return number


def _check_range(values: dict[str, Any]) -> None:
    stop = values["stop_frame"]
    if stop is not None and stop < values["start_frame"]:
        raise Invalid({"non_field_errors": ["Stop frame must be more or equal start frame"]})


_DATA = Form(
    {
        "image_quality": Integer(0, 100, required=True),
        "chunk_size": _ChunkSize(null=True, default=None),
        "start_frame": Integer(0, default=0),
        "stop_frame": Integer(0, null=True, default=None),
        "frame_filter": _FrameFilter(blank=True, default=""),
        "sorting_method": Choice("lexicographical", "natural", "predefined", "random", default="lexicographical"),
        "upload_file_order": Items(default=list),
        "job_file_mapping": Items(Items(), null=True, default=None),
        "server_files": Items(default=list),
        "server_files_exclude": Items(default=list),
        "copy_data": Boolean(default=False),
        "cloud_storage_id": Integer(null=True, default=None),
        "use_cache": Boolean(default=False),
        "use_zip_chunks": Boolean(default=False),
        "validation_params": Field(null=True, default=None),
    },
    check=_check_range,
)
_DELETED = Form({"deleted_frames": Items(Integer(0))})
_LISTS = ("upload_file_order", "server_files", "server_files_exclude", "job_file_mapping")
_LONGEST_NAME = 255


@route("POST", "/api/tasks/{ident}/data[/]", wants_files=True)
def post_data(request: Request, ident: str) -> Response:
    """Every step of an upload; headers say which one it is."""
    task = request.store.task(ident)
    require(sees_task(request, task))
    fields = _fields(request)
    if task.data and task.data.size:
        raise refuse(400, "Adding more data is not supported")
    if "Upload-Length" in request.headers:
        return create_upload(request, task)
    start, finish = "Upload-Start" in request.headers, "Upload-Finish" in request.headers
    if "Upload-Multiple" in request.headers:
        _DATA.accept(fields)
        _store_files(request, task)
        return empty(200)
    if start and not finish:
        _open(request, task)
        return empty(202)
    return _finish(request, task, fields)


@route("OPTIONS", "/api/tasks/{ident}/data[/]")
def tus_options(request: Request, ident: str) -> Response:
    return empty(204, tus_headers())


def _fields(request: Request) -> dict[str, Any]:
    """The plain fields of a form or of JSON."""
    if request.http.mimetype == "application/offset+octet-stream":
        return {}
    if not request.has_files:
        if not isinstance(request.json, dict):
            raise server_error()
        return request.json
    fields: dict[str, Any] = request.form.to_dict()
    for name in _LISTS:
        found = sorted(
            (int(match[1]), value)
            for key, value in request.form.items()
            if (match := re.fullmatch(rf"{name}\[(\d+)\]", key))
        )
        if found:
            fields[name] = [value for _, value in found]
    return fields


def _open(request: Request, task: Task) -> Data:
    """The task's place for files; made by the first request of an upload."""
    if task.data is None:
        with UpdateEvents(request.services.events, request.user, task=task):
            task.data = Data(request.store.next_id("data"))
            request.store.touch(task)
    return task.data


def _store_files(request: Request, task: Task) -> Data:
    """Keep the files of a batch, all or nothing. Only base names are kept, and each only once."""
    data = _open(request, task)
    found = sorted(
        (int(match[1]), _base_name(part), part)
        for key, part in request.files.items(multi=True)
        if (match := re.fullmatch(r"client_files\[(\d+)\]", key))
    )
    names = [name for _, name, _ in found]
    if "" in names or len(set(names)) < len(names) or set(names) & set(data.files):
        raise server_error()
    kept = request.services.settings.kept_bytes
    for _, name, part in found:
        data.files[name] = ClientFile(name, part.stream.read(-1 if kept is None else kept))
    return data


def _base_name(part: FileStorage) -> str:
    """The last part of a file's path. The parser drops backslashes, so the header is asked for them."""
    name = part.filename or ""
    raw = re.search(r'filename="([^"]*\\[^"\\][^"]*)"', part.headers.get("Content-Disposition", ""))
    if raw:
        name = raw[1]
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    if len(name) <= _LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    return stem[: _LONGEST_NAME - len(extension) - 1] + dot + extension


def _finish(request: Request, task: Task, fields: dict[str, Any]) -> Response:
    creator = request.services.creator
    pending = creator.pending(task)
    if pending:
        return Response({"rq_id": pending.id}, 409)
    values = _DATA.accept(fields)
    storage = _storage(request, values)
    data = _store_files(request, task)
    order = values["upload_file_order"]
    if values["sorting_method"] == "predefined" and order and not values["server_files"]:
        _check_order(order, list(data.files))
    with UpdateEvents(request.services.events, request.user, task=task):
        data.image_quality = values["image_quality"]
        data.start_frame = values["start_frame"]
        data.frame_filter = values["frame_filter"]
        data.storage, data.cloud_storage_id = storage, values["cloud_storage_id"]
        request.store.touch(task)
    return Response({"rq_id": creator.start(task, request.user, values).id}, 202)


def _storage(request: Request, values: dict[str, Any]) -> str:
    """Where the files of a task are.

    Raises:
        Refusal: for a cloud storage that is not there, or not this user's.
    """
    ident = values["cloud_storage_id"]
    if ident is None:
        return "share" if values["server_files"] and not values["copy_data"] else "local"
    if ident not in request.store.cloud_storages:
        raise invalid(["CloudStorage matching query does not exist."])
    require(sees_storage(request, request.store.cloud_storages[ident]))
    return "cloud_storage"


def _check_order(order: list[str], names: list[str]) -> None:
    """Refuse an order that does not name exactly the stored files."""
    missing = [(number, name, "missing") for number, name in enumerate(order) if name not in set(names)]
    extra = [(number, name, "extra") for number, name in enumerate(names) if name not in set(order)]
    if missing or extra:
        wrong = sorted(missing + extra, key=lambda item: item[0])
        raise invalid(
            [
                "Uploaded files do not match the 'upload_file_order' field contents. Please check the "
                "uploaded data and the list of uploaded files. Mismatching files: "
                + ", ".join(f"{name} ({how})" for _, name, how in wrong)
            ]
        )


@route("GET", "/api/tasks/{ident}/data/meta")
def task_meta(request: Request, ident: str) -> Any:
    task = request.store.task(ident)
    require(sees_task(request, task))
    if task.data is None:
        raise server_error()
    return Views(request.base).meta(task)


@route("PATCH", "/api/tasks/{ident}/data/meta")
def patch_task_meta(request: Request, ident: str) -> Any:
    task = request.store.task(ident)
    require(sees_task(request, task))
    if task.data is None:
        raise server_error()
    frames = _DELETED.accept(request.json, partial=True).get("deleted_frames", [])
    unknown = [number for number in frames if number >= task.data.size]
    if unknown:
        raise invalid({"deleted_frames": [f"Unknown frames {_enumerate(unknown)} requested for removal"]})
    _delete_frames(request, task, set(range(task.data.size)), set(frames))
    return Views(request.base).meta(task)


@route("GET", "/api/jobs/{ident}/data/meta")
def job_meta(request: Request, ident: str) -> Any:
    job = request.store.job(ident)
    require(sees_job(request, job))
    return Views(request.base).meta(job.task, job)


@route("PATCH", "/api/jobs/{ident}/data/meta")
def patch_job_meta(request: Request, ident: str) -> Any:
    job = request.store.job(ident)
    require(sees_job(request, job))
    frames = _DELETED.accept(request.json, partial=True).get("deleted_frames", [])
    own = _frames(job)
    foreign = [number for number in frames if number not in own]
    if foreign:
        raise invalid([f"Frames {_enumerate(foreign)} do not belong to the job"])
    _delete_frames(request, job.task, own, set(frames))
    return Views(request.base).meta(job.task, job)


def _frames(job: Job) -> set[int]:
    if job.included_frames is not None:
        return set(job.included_frames)
    return set(range(job.start_frame, job.stop_frame + 1))


def _enumerate(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _delete_frames(request: Request, task: Task, scope: set[int], deleted: set[int]) -> None:
    """Set which frames of the scope are deleted. The date of the task changes, even when nothing else does."""
    assert task.data is not None
    with UpdateEvents(request.services.events, request.user, task=task, project=task.project):
        task.data.deleted_frames = (task.data.deleted_frames - scope) | deleted
        request.store.touch(task, task.project)
