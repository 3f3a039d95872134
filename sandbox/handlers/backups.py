"""Backups of tasks. The file is a word only: what is restored is what the server kept of the task."""

from __future__ import annotations

import io
import uuid
import zipfile
from urllib.parse import urlencode

from ..access import owns_task, require
from ..models import BackgroundRequest
from ..request import Request
from ..responses import Response, invalid, missing
from ..routes import route
from ..transfers import copy_task

_MEMBER = "task.json"


@route("POST", "/api/tasks/{ident}/backup/export")
def export_backup(request: Request, ident: str) -> Response:
    store, user = request.store, request.user
    task = store.task(ident)
    require(owns_task(request, task))
    query = {"action": "export", "target": "task", "target_id": task.id, "user_id": user.id, "subresource": "backup"}
    entry = BackgroundRequest(urlencode(query), "export:backup", user, store.now(), task)
    entry.result_path = f"/tasks/{task.id}/backup/download?{urlencode({'rq_id': entry.id})}"
    request.services.background.start(entry, lambda _: None)
    return Response({"rq_id": entry.id}, 202)


@route("GET", "/api/tasks/{ident}/backup/download")
def download_backup(request: Request, ident: str) -> Response:
    store = request.store
    task = store.task(ident)
    require(owns_task(request, task))
    entry = store.background_requests.get(request.query.get("rq_id", ""))
    if entry is None or entry.task is not task:
        raise missing("Request")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(_MEMBER, str(task.id))
    return Response(body=out.getvalue(), content_type="application/zip")


@route("POST", "/api/tasks/backup", wants_files=True)
def import_backup(request: Request) -> Response:
    """Restore a task from the file of a backup, as long as the task that it is of is there."""
    store, user = request.store, request.user
    part = request.files.get("task_file")
    try:
        with zipfile.ZipFile(part.stream if part else io.BytesIO()) as archive:
            task = store.tasks[int(archive.read(_MEMBER))]
    except (zipfile.BadZipFile, KeyError, ValueError):
        raise invalid(["The file is not a backup of a task of this server."]) from None
    query = {"action": "import", "target": "task", "id": uuid.uuid4(), "subresource": "backup"}
    entry = BackgroundRequest(urlencode(query), "import:backup", user, store.now())

    def restore(done: BackgroundRequest) -> None:
        with store.lock:
            done.result_id = copy_task(store, task, user).id

    request.services.background.start(entry, restore)
    return Response({"rq_id": entry.id}, 202)
