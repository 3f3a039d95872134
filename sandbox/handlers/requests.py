"""Background requests: the creation of task data, backups."""

from __future__ import annotations

from .. import clock
from ..access import in_workspace, require
from ..lists import Listing
from ..models import BackgroundRequest
from ..request import Request
from ..responses import Refusal, Response, empty, invalid, text
from ..routes import route
from ..views import Views

_REQUESTS = Listing[BackgroundRequest](
    terms={
        "id": lambda entry: entry.created_date,
        "status": lambda entry: entry.status,
        "task_id": lambda entry: entry.task.id if entry.task else None,
        "project_id": lambda entry: None,
        "job_id": lambda entry: None,
        "action": lambda entry: entry.operation.split(":")[0],
        "target": lambda entry: "task",
        "subresource": lambda entry: "backup" if entry.operation.endswith("backup") else None,
        "format": lambda entry: None,
        "created_date": lambda entry: entry.created_date,
    },
    simple=("status", "task_id", "project_id", "job_id", "action", "target", "subresource", "format"),
)
_NO_STORE = [("cache-control", "max-age=0, no-cache, no-store, must-revalidate, private")]


@route("GET", "/api/requests")
def list_requests(request: Request) -> Response:
    visible = (
        entry
        for entry in request.store.background_requests.values()
        if entry.owner is request.user
        and _is_alive(entry)
        and in_workspace(request, entry.task.organization if entry.task else None)
    )
    return Response(_REQUESTS.answer(request, visible, Views(request.base).background_request), headers=_NO_STORE)


@route("GET", "/api/requests/{ident}")
def get_request(request: Request, ident: str) -> Response:
    entry = _find(request, ident)
    view = Views(request.base).background_request(entry)
    if entry.status in ("failed", "finished"):
        entry.unsettled = False
    return Response(view, headers=_NO_STORE)


@route("POST", "/api/requests/{ident}/cancel")
def cancel_request(request: Request, ident: str) -> Response:
    """Only what has not begun can be cancelled; it is forgotten then."""
    entry = _find(request, ident)
    if entry.status != "queued":
        response = text("Only requests that have not yet been started can be cancelled", 400)
        response.headers += _NO_STORE
        raise Refusal(response)
    del request.store.background_requests[ident]
    return empty(200, list(_NO_STORE))


def _is_alive(entry: BackgroundRequest) -> bool:
    return not (entry.expiry_date and clock.is_past(entry.expiry_date))


def _find(request: Request, ident: str) -> BackgroundRequest:
    entry = request.store.background_requests.get(ident)
    if entry is None or not _is_alive(entry):
        response = text("There is no request with specified id", 404)
        response.headers += _NO_STORE
        raise Refusal(response)
    require(request.user.is_superuser or entry.owner is request.user)
    if entry.task and entry.task.id not in request.store.tasks:
        raise invalid(["Task matching query does not exist."])
    return entry
