"""CVAT's background requests, of which we need those that create tasks."""

from __future__ import annotations

from urllib.parse import quote

from .errors import NotFound, PermissionDenied, Refused, UnsupportedServer
from .limits import HEADER_TEXT
from .models import RequestStatus, Task
from .models.base import Resource
from .responses import Response
from .session import Session

HAS_DATA = "Adding more data is not supported"
"""CVAT's answer to every kind of upload into a task that has its data."""


class _RequestPage(Resource):
    """A list of requests."""

    results: tuple[RequestStatus, ...]


def default_rq_id(task_id: int) -> str:
    """The id that CVAT 2.54 gives to the creation of a task. Older ones made others: ``listed_creation`` finds them."""
    return f"action=create&target=task&target_id={task_id}"


def request_path(rq_id: str) -> str:
    """The path of a background request; its id has characters that must be encoded."""
    return f"/api/requests/{quote(rq_id, safe='')}"


def rq_id_in(session: Session, task_id: int, response: Response) -> str:
    """The id in the answer to the end of an upload; a 409 names the creation that is already under way."""
    try:
        answer = session.json(response) if response.content else {}
    except UnsupportedServer:
        answer = {}  # the status has said that it began
    rq_id = answer.get("rq_id") if isinstance(answer, dict) else None
    return rq_id if isinstance(rq_id, str) and rq_id and len(rq_id) <= HEADER_TEXT else default_rq_id(task_id)


def creation_status(session: Session, rq_id: str) -> RequestStatus | None:
    """The state of a request; None if it is expired, unknown, another user's, or its task was deleted."""
    try:
        return session.read(RequestStatus, request_path(rq_id))
    except (NotFound, PermissionDenied):
        return None
    except Refused as error:
        if error.status == 400:
            return None
        raise


def listed_creation(session: Session, task_id: int) -> RequestStatus | None:
    """The request that creates a task, whatever its id; None if there is none, or it is expired or another user's."""
    query = {"action": "create", "target": "task", "task_id": task_id}
    found = session.read(_RequestPage, "/api/requests", query).results
    return found[0] if found else None


def begun_creation(session: Session, task_id: int) -> str | None:
    """The id of the request that creates, or has created, a task; None if its upload never came to its end."""
    listed = listed_creation(session, task_id)
    if listed is not None:
        return listed.id or default_rq_id(task_id)
    # The size is set when the creation has ended: its request may have expired.
    return default_rq_id(task_id) if session.read(Task, f"/api/tasks/{task_id}").size else None
