"""Projects."""

from __future__ import annotations

from typing import Any

from ..access import in_context, owns_project, require, sees_project
from ..call import Call
from ..events import Watch
from ..fields import Field, Form, Forms, Text
from ..lists import Listing
from ..models import Project, User
from ..reply import Reply, crash, detail, empty
from ..routes import route
from ..store import Store
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
    "labels": Forms(LABEL_CHANGE),
    "target_storage": Field(null=True),
    "source_storage": Field(null=True),
}
_NEW = Form({**_FIELDS, "name": Text(256, required=True), "labels": Forms(NEW_LABEL, default=list)})
_CHANGE = Form(_FIELDS)


@route("GET", "/api/projects")
def list_projects(call: Call) -> Any:
    visible = (
        project
        for project in call.store.projects.values()
        if sees_project(call, project) and in_context(call, project.organization)
    )
    return _PROJECTS.answer(call, visible, Views(call.base).project)


@route("POST", "/api/projects")
def create_project(call: Call) -> Reply:
    store = call.store
    values = _NEW.accept(call.json)
    now = store.now()
    project = Project(
        id=store.next_id("project"),
        name=values["name"],
        owner=call.user,
        organization=call.organization,
        created_date=now,
        updated_date=store.now(),
        bug_tracker=values.get("bug_tracker", ""),
    )
    assign(store, project, values.get("assignee_id"))
    add_labels(store, project, values["labels"])
    store.projects[project.id] = project
    view = Views(call.base).project(project)
    call.services.events.send("create:project", "project", view, call.user, project, project.organization)
    return Reply(view, 201, headers=[("location", view["url"])])


@route("GET", "/api/projects/{ident}")
def get_project(call: Call, ident: str) -> Any:
    project = call.store.project(ident)
    require(sees_project(call, project))
    return Views(call.base).project(project)


@route("PATCH", "/api/projects/{ident}")
def patch_project(call: Call, ident: str) -> Any:
    project = call.store.project(ident)
    require(owns_project(call, project))
    data = known_fields(call.json, _FIELDS)
    values = _CHANGE.accept(data, partial=True)
    dated = project.assignee_updated_date
    with Watch(call.services.events, call.user, project=project):
        patch_labels(call.store, project, values.pop("labels", []))
        for name in ("name", "bug_tracker"):
            setattr(project, name, values.get(name, getattr(project, name)))
        if "assignee_id" in values:
            assign(call.store, project, values["assignee_id"])
        if data:
            project.updated_date = call.store.now()
    view = Views(call.base).project(project)
    project.assignee_updated_date = dated  # the new date is told, but not kept: a bug of the real server
    return view


@route("DELETE", "/api/projects/{ident}")
def delete_project(call: Call, ident: str) -> Reply:
    project = call.store.project(ident)
    require(owns_project(call, project))
    view = Views(call.base).project(project)
    call.services.events.send("delete:project", "project", view, call.user, project, project.organization)
    call.store.drop_project(project)
    return empty(204)


def known_fields(data: Any, fields: Any) -> dict[str, Any]:
    """The data of a change, refused when it names anything else than the fields."""
    if not isinstance(data, dict):
        raise crash()
    if not set(data) <= set(fields):
        raise detail(403, "Attempted to update an unknown field")
    return data


def assign(store: Store, thing: Any, ident: Any) -> None:
    """Set the assignee by id; an unknown one is too much for the server."""
    assignee: User | None = None
    if ident is not None:
        assignee = store.users.get(ident) if isinstance(ident, int) else None
        if assignee is None:
            raise crash()
    if assignee is not thing.assignee:
        thing.assignee = assignee
        thing.assignee_updated_date = store.now()
