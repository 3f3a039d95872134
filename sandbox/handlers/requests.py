"""Background requests: the creation of task data."""

from __future__ import annotations

from .. import clock
from ..access import in_workspace, require
from ..lists import Listing
from ..models import Creation
from ..request import Request
from ..responses import Refusal, Response, empty, invalid, text
from ..routes import route
from ..views import Views

_REQUESTS = Listing[Creation](
    terms={
        "id": lambda creation: creation.created_date,
        "status": lambda creation: creation.status,
        "task_id": lambda creation: creation.task.id,
        "project_id": lambda creation: None,
        "job_id": lambda creation: None,
        "action": lambda creation: "create",
        "target": lambda creation: "task",
        "subresource": lambda creation: None,
        "format": lambda creation: None,
        "created_date": lambda creation: creation.created_date,
    },
    simple=("status", "task_id", "project_id", "job_id", "action", "target", "subresource", "format"),
)
_NO_STORE = [("cache-control", "max-age=0, no-cache, no-store, must-revalidate, private")]


@route("GET", "/api/requests")
def list_requests(request: Request) -> Response:
    visible = (
        creation
        for creation in request.store.creations.values()
        if creation.owner is request.user and _is_alive(creation) and in_workspace(request, creation.task.organization)
    )
    return Response(_REQUESTS.answer(request, visible, Views(request.base).creation), headers=_NO_STORE)


@route("GET", "/api/requests/{ident}")
def get_request(request: Request, ident: str) -> Response:
    creation = _find(request, ident)
    view = Views(request.base).creation(creation)
    if creation.status in ("failed", "finished"):
        creation.unsettled = False
    return Response(view, headers=_NO_STORE)


@route("POST", "/api/requests/{ident}/cancel")
def cancel_request(request: Request, ident: str) -> Response:
    """Only what has not begun can be cancelled; it is forgotten then."""
    creation = _find(request, ident)
    if creation.status != "queued":
        response = text("Only requests that have not yet been started can be cancelled", 400)
        response.headers += _NO_STORE
        raise Refusal(response)
    del request.store.creations[ident]
    return empty(200, list(_NO_STORE))


def _is_alive(creation: Creation) -> bool:
    return not (creation.expiry_date and clock.is_past(creation.expiry_date))


def _find(request: Request, ident: str) -> Creation:
    creation = request.store.creations.get(ident)
    if creation is None or not _is_alive(creation):
        response = text("There is no request with specified id", 404)
        response.headers += _NO_STORE
        raise Refusal(response)
    require(request.user.is_superuser or creation.owner is request.user)
    if creation.task.id not in request.store.tasks:
        raise invalid(["Task matching query does not exist."])
    return creation
