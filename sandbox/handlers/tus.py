"""Resumable uploads by the TUS protocol, with the real server's peculiarities."""

from __future__ import annotations

import base64
import binascii
import uuid
from email.header import Header
from urllib.parse import urljoin

from ..access import require, sees_task
from ..models import ClientFile, Data, Task, Upload
from ..request import Request
from ..responses import Refusal, Response, empty, server_error, text
from ..routes import route

_MAX_SIZE = 26843545600
_CHUNK_TYPE = "application/offset+octet-stream"


def tus_headers(*more: tuple[str, str]) -> list[tuple[str, str]]:
    """The headers of every answer of the protocol."""
    return [
        ("tus-resumable", "1.0.0"),
        ("tus-version", "1.0.0"),
        ("tus-extension", ""),
        ("tus-max-size", str(_MAX_SIZE)),
        ("cache-control", "no-store"),
        *more,
    ]


def create_upload(request: Request, task: Task) -> Response:
    """Begin a file. Its name counts as uploaded from now on, complete or not."""
    name = _file_name(request)
    if ".." in name.split("/"):
        raise Refusal(text(f'"File name {name} is not allowed"', 400, "text/plain"))
    length = int(request.headers["Upload-Length"])
    if length > _MAX_SIZE:
        raise _refuse(413, f"File size exceeds max limit of {_MAX_SIZE} bytes")
    files = task.data.files if task.data else {}
    unfinished = any(upload.task is task and upload.name == name for upload in request.store.uploads.values())
    if name in files and not unfinished:
        raise _refuse(409, "File with same name already exists")
    origin = _origin(request)
    if task.data is None:
        task.data = Data(request.store.next_id("data"))
        request.store.touch(task)
    upload = Upload(f"{request.user.id}_{uuid.uuid4()}", task, name, length)
    request.store.uploads[upload.id] = upload
    task.data.files.setdefault(name, ClientFile(name, b""))
    return empty(
        201,
        tus_headers(
            ("location", urljoin(origin + request.http.path, upload.id)),
            ("upload-filename", Header(name, None if name.isascii() else "utf-8").encode()),
        ),
    )


def _file_name(request: Request) -> str:
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                break
    raise _refuse(400, "Metadata is expected to contain 'filename' key")


def _origin(request: Request) -> str:
    """The address for `Location`: the proxy's host or the browser's origin, else the server falls over."""
    host = request.headers.get("X-Forwarded-Host")
    if host:
        return f"{request.headers.get('X-Forwarded-Proto', request.http.scheme)}://{host}"
    origin = request.headers.get("Origin")
    if not origin:
        raise server_error()
    return origin


def _refuse(status: int, message: str) -> Refusal:
    return Refusal(Response(message, status, tus_headers()))


@route("HEAD", "/api/tasks/{ident}/data/{upload}", allow="PATCH, HEAD, OPTIONS")
def head_upload(request: Request, ident: str, upload: str) -> Response:
    """How much of a file has arrived."""
    found = _find(request, ident, upload)
    return empty(
        200,
        tus_headers(("upload-offset", str(found.offset)), ("upload-length", str(found.length))),
    )


@route("PATCH", "/api/tasks/{ident}/data/{upload}")
def patch_upload(request: Request, ident: str, upload: str) -> Response:
    """The next part of a file."""
    if request.http.mimetype != _CHUNK_TYPE:
        raise request.unsupported_media_type()
    found = _find(request, ident, upload)
    offset = int(request.headers.get("Upload-Offset", "-1"))
    if offset != found.offset:
        return empty(409, tus_headers())
    if offset + len(request.body) > found.length:
        return empty(413, tus_headers())
    found.offset += len(request.body)
    limit = request.services.settings.kept_bytes
    found.content += request.body if limit is None else request.body[: max(0, limit - len(found.content))]
    if found.offset == found.length:
        _complete(request, found)
    return empty(204, tus_headers(("upload-offset", str(found.offset))))


def _complete(request: Request, upload: Upload) -> None:
    """A first completion is the file; a second one of the same name does nothing."""
    del request.store.uploads[upload.id]
    assert upload.task.data is not None
    file = upload.task.data.files[upload.name]
    if "/" in upload.name:
        file.data = None  # there is no such directory
        raise server_error()
    if not file.data:
        file.data = bytes(upload.content)


def _find(request: Request, ident: str, upload: str) -> Upload:
    if not _is_upload_id(upload):
        response = text("", 404)
        response.bare = True
        raise Refusal(response)
    task = request.store.task(ident)
    require(sees_task(request, task) and upload.startswith(f"{request.user.id}_"))
    found = request.store.uploads.get(upload)
    if found is None or found.task is not task:
        raise Refusal(empty(404, tus_headers()))
    return found


def _is_upload_id(text: str) -> bool:
    user, _, rest = text.partition("_")
    try:
        uuid.UUID(rest)
    except ValueError:
        return False
    return user.isdecimal()
