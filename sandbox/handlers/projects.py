"""Projects."""

from __future__ import annotations

from typing import Any

from ..access import in_workspace, owns_project, require, role, sees_project
from ..events import UpdateEvents
from ..fields import Field, Form, Forms, Text
from ..lists import Listing
from ..models import Organization, Project, User
from ..request import Request
from ..responses import Response, detail, empty, invalid, server_error
from ..routes import route
from ..store import Store
from ..transfers import transfer
from ..views import Views
from .labels import LABEL_CHANGE, NEW_LABEL, add_labels, patch_labels

_PROJECTS = Listing[Project](
    terms={
        "id": lambda project: project.id,
        "name": lambda project: project.name,
        "owner": lambda project: project.owner.username,
        "assignee": lambda project: project.assignee.username if project.assignee else None,
        "status": lambda project: "annotation",
        "created_date": lambda project: project.created_date,
        "updated_date": lambda project: project.updated_date,
    },
    simple=("name", "owner", "assignee", "status"),
    search=("name", "owner", "assignee"),
)
_FIELDS = {
    "name": Text(256),
    "bug_tracker": Text(2000, blank=True),
    "assignee_id": Field(null=True),
    "owner_id": Field(null=True),
    "organization_id": Field(null=True),
    "labels": Forms(LABEL_CHANGE),
    "target_storage": Field(null=True),
    "source_storage": Field(null=True),
}
_NEW = Form({**_FIELDS, "name": Text(256, required=True), "labels": Forms(NEW_LABEL, default=list)})
_CHANGE = Form(_FIELDS)


@route("GET", "/api/projects")
def list_projects(request: Request) -> Any:
    visible = (
        project
        for project in request.store.projects.values()
        if sees_project(request, project) and in_workspace(request, project.organization)
    )
    return _PROJECTS.answer(request, visible, Views(request.base).project)


@route("POST", "/api/projects")
def create_project(request: Request) -> Response:
    store = request.store
    values = _NEW.accept(request.json)
    now = store.now()
    project = Project(
        id=store.next_id("project"),
        name=values["name"],
        owner=request.user,
        organization=request.organization,
        created_date=now,
        updated_date=store.now(),
        bug_tracker=values.get("bug_tracker", ""),
    )
    assign(store, project, values.get("assignee_id"))
    add_labels(store, project, values["labels"])
    store.projects[project.id] = project
    view = Views(request.base).project(project)
    request.services.events.send("create:project", "project", view, request.user, project, project.organization)
    return Response(view, 201, headers=[("location", view["url"])])


@route("GET", "/api/projects/{ident}")
def get_project(request: Request, ident: str) -> Any:
    project = request.store.project(ident)
    require(sees_project(request, project))
    return Views(request.base).project(project)


@route("PATCH", "/api/projects/{ident}")
def patch_project(request: Request, ident: str) -> Any:
    project = request.store.project(ident)
    require(owns_project(request, project))
    data = known_fields(request.json, _FIELDS)
    values = _CHANGE.accept(data, partial=True)
    if "organization_id" in values:
        transfer(request.store, project, named_organization(request, values))
        return Views(request.base).project(project)
    dated = project.assignee_updated_date
    with UpdateEvents(request.services.events, request.user, project=project):
        patch_labels(request.store, project, values.pop("labels", []))
        for name in ("name", "bug_tracker"):
            setattr(project, name, values.get(name, getattr(project, name)))
        if "assignee_id" in values:
            assign(request.store, project, values["assignee_id"])
        if data:
            project.updated_date = request.store.now()
    view = Views(request.base).project(project)
    project.assignee_updated_date = dated  # the answer has the new date, but it is not kept: a bug of the real server
    return view


@route("DELETE", "/api/projects/{ident}")
def delete_project(request: Request, ident: str) -> Response:
    project = request.store.project(ident)
    require(owns_project(request, project))
    view = Views(request.base).project(project)
    request.services.events.send("delete:project", "project", view, request.user, project, project.organization)
    request.store.drop_project(project)
    return empty(204)


def named_organization(request: Request, values: dict[str, Any]) -> Organization | None:
    """The organization into which a change moves something, None for the personal workspace.

    Raises:
        Refusal: 400 if it is unknown, or if something else is to be changed, too.
    """
    others = set(values) - {"organization_id"}
    if others:
        message = f"Fields {others} cannot be updated when transferring to another workspace"
        raise invalid({"non_field_errors": [message]})
    ident = values["organization_id"]
    if ident is None:
        return None
    if ident not in request.store.organizations:
        raise invalid(["Invalid org id"])
    organization = request.store.organizations[ident]
    require(request.user.is_superuser or role(request, organization) is not None)
    return organization


def known_fields(data: Any, fields: Any) -> dict[str, Any]:
    """The data of a change, refused when it names anything else than the fields."""
    if not isinstance(data, dict):
        raise server_error()
    if not set(data) <= set(fields):
        raise detail(403, "Attempted to update an unknown field")
    return data


def assign(store: Store, thing: Any, ident: Any) -> None:
    """Set the assignee by id; an unknown one is too much for the server."""
    assignee: User | None = None
    if ident is not None:
        assignee = store.users.get(ident) if isinstance(ident, int) else None
        if assignee is None:
            raise server_error()
    if assignee is not thing.assignee:
        thing.assignee = assignee
        thing.assignee_updated_date = store.now()
