"""The sandbox's own pages: tasks, and an editor for a job. The same document for all; its script does the rest."""

from __future__ import annotations

from hmac import compare_digest
from html import escape
from pathlib import Path

from ..request import Request
from ..responses import Response, empty, page_not_found
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
_REFUSED = "This link is not of this sandbox."


@route("GET", "/", page=True, open=True)
def home(request: Request) -> Response:
    """The list of tasks; a link with the right key logs in as the first user."""
    key = request.query.get("key")
    if key is None:
        return _document()
    if not compare_digest(key.encode(), request.store.link_key.encode()):
        return _absent(_REFUSED)
    user = next(iter(request.store.users.values()))
    return empty(302, [("Location", "/"), ("Referrer-Policy", "no-referrer"), *start_session(request, user)])


@route("GET", "/tasks/{task}", page=True, open=True)
def task_page(request: Request, task: str) -> Response:
    """The jobs of a task; a task with a single job leads straight to it."""
    if not _is_logged_in(request):
        return _document()
    found = request.store.tasks.get(int(task)) if task.isdecimal() else None
    if found is None:
        return _absent(f"There is no task {task} here.")
    if len(found.jobs) == 1:
        (job,) = found.jobs
        return empty(302, [("Location", f"/tasks/{task}/jobs/{job}")])
    return _document()


@route("GET", "/tasks/{task}/jobs/{job}", page=True, open=True)
def job_page(request: Request, task: str, job: str) -> Response:
    found = request.store.jobs.get(int(job)) if job.isdecimal() else None
    if _is_logged_in(request) and (found is None or str(found.task.id) != task):
        return _absent(f"There is no job {job} of a task {task} here.")
    return _document()


@route("GET", "/page/{name}", page=True, open=True)
def script(request: Request, name: str) -> Response:
    """One of the scripts."""
    if name not in {path.name for path in _PAGE.glob("*.js")}:
        return page_not_found()
    return Response(body=(_PAGE / name).read_bytes(), content_type="text/javascript; charset=utf-8")


def _absent(sentence: str) -> Response:
    """A page that says what is not there."""
    page = _ABSENT.format(sentence=escape(sentence))
    return Response(status=404, body=page.encode(), content_type="text/html; charset=utf-8")


def _is_logged_in(request: Request) -> bool:
    return request.http.cookies.get("sessionid", "") in request.store.sessions


def _document() -> Response:
    """The document; its script asks for name and password where nobody is logged in."""
    return Response(body=(_PAGE / "index.html").read_bytes(), content_type="text/html; charset=utf-8")
