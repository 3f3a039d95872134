"""The sandbox's own pages: tasks, and an editor for a job. The same document for all; its script does the rest."""

from __future__ import annotations

from html import escape
from pathlib import Path

from ..request import Request
from ..responses import Response, empty
from ..routes import route
from .auth import start_session

_PAGE = Path(__file__).resolve().parent.parent / "page"
_ABSENT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sandbox, not CVAT</title></head>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1 style="font-size: 20px">{sentence}</h1>
<p>It may have been deleted. This sandbox, which is not CVAT, forgets everything when it ends.</p>
<p><a href="/">All tasks</a></p>
</body>
</html>
"""
_LOCAL = {"127.0.0.1", "localhost", "[::1]"}


@route("GET", "/", page=True, open=True)
def home(request: Request) -> Response:
    return _document(request)


@route("GET", "/tasks/{task}", page=True, open=True)
def task_page(request: Request, task: str) -> Response:
    """The jobs of a task; a task with a single job leads straight to it."""
    found = request.store.tasks.get(int(task)) if task.isdecimal() else None
    if found is None:
        return _absent(f"There is no task {task} here.")
    if len(found.jobs) == 1:
        (job,) = found.jobs
        return empty(302, [("Location", f"/tasks/{task}/jobs/{job}")])
    return _document(request)


@route("GET", "/tasks/{task}/jobs/{job}", page=True, open=True)
def job_page(request: Request, task: str, job: str) -> Response:
    found = request.store.jobs.get(int(job)) if job.isdecimal() else None
    if found is None or str(found.task.id) != task:
        return _absent(f"There is no job {job} of a task {task} here.")
    return _document(request)


@route("GET", "/page.js", page=True, open=True)
def script(request: Request) -> Response:
    return Response(body=(_PAGE / "page.js").read_bytes(), content_type="text/javascript; charset=utf-8")


def _absent(sentence: str) -> Response:
    """A page that says what is not there."""
    page = _ABSENT.format(sentence=escape(sentence))
    return Response(status=404, body=page.encode(), content_type="text/html; charset=utf-8")


def _document(request: Request) -> Response:
    """The document; who opens it on this machine is logged in as the first user."""
    local = request.http.remote_addr in ("127.0.0.1", "::1") and request.http.host.rsplit(":", 1)[0] in _LOCAL
    known = request.http.cookies.get("sessionid", "") in request.store.sessions and "csrftoken" in request.http.cookies
    headers = start_session(request, next(iter(request.store.users.values()))) if local and not known else []
    body = (_PAGE / "index.html").read_bytes()
    return Response(body=body, content_type="text/html; charset=utf-8", headers=headers)
