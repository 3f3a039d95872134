"""Background requests: the creation of task data."""

from __future__ import annotations

from .. import clock
from ..access import in_context, require
from ..call import Call
from ..lists import Listing
from ..models import Creation
from ..reply import Refusal, Reply, empty, invalid, text
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
def list_requests(call: Call) -> Reply:
    visible = (
        creation
        for creation in call.store.creations.values()
        if creation.owner is call.user and _is_alive(creation) and in_context(call, creation.task.organization)
    )
    return Reply(_REQUESTS.answer(call, visible, Views(call.base).creation), headers=_NO_STORE)


@route("GET", "/api/requests/{ident}")
def get_request(call: Call, ident: str) -> Reply:
    creation = _find(call, ident)
    view = Views(call.base).creation(creation)
    if creation.status in ("failed", "finished"):
        creation.unsettled = False
    return Reply(view, headers=_NO_STORE)


@route("POST", "/api/requests/{ident}/cancel")
def cancel_request(call: Call, ident: str) -> Reply:
    """Only what has not begun can be cancelled; it is forgotten then."""
    creation = _find(call, ident)
    if creation.status != "queued":
        reply = text("Only requests that have not yet been started can be cancelled", 400)
        reply.headers += _NO_STORE
        raise Refusal(reply)
    del call.store.creations[ident]
    return empty(200, list(_NO_STORE))


def _is_alive(creation: Creation) -> bool:
    return not (creation.expiry_date and clock.is_past(creation.expiry_date))


def _find(call: Call, ident: str) -> Creation:
    creation = call.store.creations.get(ident)
    if creation is None or not _is_alive(creation):
        reply = text("There is no request with specified id", 404)
        reply.headers += _NO_STORE
        raise Refusal(reply)
    require(call.user.is_superuser or creation.owner is call.user)
    if creation.task.id not in call.store.tasks:
        raise invalid(["Task matching query does not exist."])
    return creation
