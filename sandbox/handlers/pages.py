"""The sandbox's own pages: tasks, and an editor for a job. The same document for all; its script does the rest."""

from __future__ import annotations

from pathlib import Path

from ..call import Call
from ..reply import Reply, empty
from ..routes import route
from .auth import start_session

_PAGE = Path(__file__).resolve().parent.parent / "page"
_LOCAL = {"127.0.0.1", "localhost", "[::1]"}


@route("GET", "/", page=True, open=True)
def home(call: Call) -> Reply:
    return _document(call)


@route("GET", "/tasks/{task}", page=True, open=True)
def task_page(call: Call, task: str) -> Reply:
    """The jobs of a task; a task with a single job leads straight to it."""
    found = call.store.tasks.get(int(task)) if task.isdecimal() else None
    if found and len(found.jobs) == 1:
        (job,) = found.jobs
        return empty(302, [("Location", f"/tasks/{task}/jobs/{job}")])
    return _document(call)


@route("GET", "/tasks/{task}/jobs/{job}", page=True, open=True)
def job_page(call: Call, task: str, job: str) -> Reply:
    return _document(call)


@route("GET", "/page.js", page=True, open=True)
def script(call: Call) -> Reply:
    return Reply(body=(_PAGE / "page.js").read_bytes(), content_type="text/javascript; charset=utf-8")


def _document(call: Call) -> Reply:
    """The document; who opens it on this machine is logged in as the first user."""
    local = call.request.remote_addr in ("127.0.0.1", "::1") and call.request.host.rsplit(":", 1)[0] in _LOCAL
    known = call.request.cookies.get("sessionid", "") in call.store.sessions and "csrftoken" in call.request.cookies
    headers = start_session(call, next(iter(call.store.users.values()))) if local and not known else []
    body = (_PAGE / "index.html").read_bytes()
    return Reply(body=body, content_type="text/html; charset=utf-8", headers=headers)
