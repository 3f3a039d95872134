"""Tasks, without their media."""

from __future__ import annotations

from typing import Any

from ..access import in_workspace, owns_task, require, sees_project, sees_task
from ..events import UpdateEvents
from ..fields import Field, Form, Forms, Integer, Invalid, Text
from ..lists import Listing
from ..models import Project, Task
from ..request import Request
from ..responses import Response, empty, invalid, refuse, server_error
from ..routes import route
from ..transfers import move_to_project, transfer
from ..views import Views
from .labels import LABEL_CHANGE, NEW_LABEL, add_labels, patch_labels
from .projects import assign, known_fields, named_organization

TASK_TERMS = {
    "id": lambda task: task.id,
    "name": lambda task: task.name,
    "project_id": lambda task: task.project.id if task.project else None,
    "project_name": lambda task: task.project.name if task.project else None,
    "owner": lambda task: task.owner.username,
    "assignee": lambda task: task.assignee.username if task.assignee else None,
    "tracker_link": lambda task: task.bug_tracker,
    "subset": lambda task: task.subset,
    "status": lambda task: task.status,
    "mode": lambda task: task.mode,
    "dimension": lambda task: "2d",
    "validation_mode": lambda task: task.validation.mode if task.validation else None,
    "created_date": lambda task: task.created_date,
    "updated_date": lambda task: task.updated_date,
}
_TASKS = Listing[Task](
    terms=TASK_TERMS,
    simple=(
        "name", "project_id", "project_name", "owner", "assignee", "tracker_link", "subset", "status",
        "mode", "dimension", "validation_mode",
    ),
    search=("project_name", "name", "owner", "status", "assignee", "subset", "mode", "tracker_link"),
)  # fmt: skip
_FIELDS = {
    "name": Text(256),
    "project_id": Field(null=True),
    "assignee_id": Field(null=True),
    "owner_id": Field(null=True),
    "organization_id": Field(null=True),
    "bug_tracker": Text(2000, blank=True),
    "subset": Text(64, blank=True),
    "labels": Forms(LABEL_CHANGE),
    "target_storage": Field(null=True),
    "source_storage": Field(null=True),
}


class _Replicas(Integer):
    def read(self, value: Any) -> int:
        number = super().read(value)
        if number and not 1 < number < 12:
            message = f"Consensus replicas must be 0 or a positive number more than 1 and less than 12, got {number}"
            raise Invalid(message)
        return number


_NEW = Form(
    {
        **_FIELDS,
        "name": Text(256, required=True),
        "labels": Forms(NEW_LABEL, default=list),
        "segment_size": Integer(0, default=0),
        "overlap": Integer(0, null=True, default=None),
        "consensus_replicas": _Replicas(default=0),
    }
)
_CHANGE = Form(_FIELDS)


@route("GET", "/api/tasks")
def list_tasks(request: Request) -> Any:
    visible = (
        task
        for task in request.store.tasks.values()
        if sees_task(request, task) and in_workspace(request, task.organization)
    )
    return _TASKS.answer(request, visible, Views(request.base).task)


@route("POST", "/api/tasks")
def create_task(request: Request) -> Response:
    store = request.store
    project = _project(request)
    values = _NEW.accept(request.json)
    _check_quota(request)
    if project and values["labels"]:
        raise invalid(["Task must have only one of Label set or project_id"])
    if project and project.organization is not request.organization:
        raise invalid(["The task and its project should be in the same organization."])
    now = store.now()
    task = Task(
        id=store.next_id("task"),
        owner=request.user,
        organization=request.organization,
        created_date=now,
        updated_date=store.now(),
        project=project,
        **{
            name: values[name]
            for name in ("name", "bug_tracker", "subset", "segment_size", "overlap", "consensus_replicas")
            if name in values
        },
    )
    assign(store, task, values.get("assignee_id"))
    add_labels(store, task, values["labels"])
    store.tasks[task.id] = task
    view = Views(request.base).task(task)
    events = request.services.events
    events.send("create:task", "task", view, request.user, project, task.organization)
    if project:
        with UpdateEvents(events, request.user, project=project):
            project.tasks[task.id] = task
            store.touch(project)
    return Response(view, 201, headers=[("location", view["url"])])


def _check_quota(request: Request) -> None:
    """Refuse a task too many. What the real server says then is not recorded."""
    limit = request.services.settings.max_tasks
    if limit is not None and sum(task.owner is request.user for task in request.store.tasks.values()) >= limit:
        raise refuse(403, ["user tasks limit reached"])


def _project(request: Request) -> Project | None:
    ident = request.json.get("project_id") if isinstance(request.json, dict) else None
    if ident is None:
        return None
    if not isinstance(ident, int):
        raise server_error()
    project = request.store.projects.get(ident)
    if project is None:
        raise invalid(["Project matching query does not exist."])
    require(sees_project(request, project))
    return project


@route("GET", "/api/tasks/{ident}")
def get_task(request: Request, ident: str) -> Any:
    task = request.store.task(ident)
    require(sees_task(request, task))
    return Views(request.base).task(task)


@route("HEAD", "/api/tasks/{ident}")
def head_task(request: Request, ident: str) -> Any:
    """A bug of the real server, kept."""
    raise server_error()


@route("PATCH", "/api/tasks/{ident}")
def patch_task(request: Request, ident: str) -> Any:
    store = request.store
    task = store.task(ident)
    require(sees_task(request, task))
    data = known_fields(request.json, _FIELDS)
    values = _CHANGE.accept(data, partial=True)
    if set(values) & {"assignee_id", "owner_id", "project_id", "organization_id"}:
        require(owns_task(request, task))
    if "organization_id" in values:
        return _transfer(request, task, values)
    target = _target(request, task, values)
    dated = task.assignee_updated_date
    with UpdateEvents(request.services.events, request.user, task=task, project=task.project):
        labels = values.pop("labels", None)
        if target:
            move_to_project(store, task, target, {entry["id"]: entry["name"] for entry in labels or ()})
        elif labels is not None and task.project is None:
            patch_labels(store, task, labels)
        for name in ("name", "bug_tracker", "subset"):
            setattr(task, name, values.get(name, getattr(task, name)))
        if "assignee_id" in values:
            assign(store, task, values["assignee_id"])
        if values:
            store.touch(task, task.project)
    view = Views(request.base).task(task)
    task.assignee_updated_date = dated  # as for projects
    return view


def _transfer(request: Request, task: Task, values: dict[str, Any]) -> Any:
    """Into another workspace."""
    organization = named_organization(request, values)
    if task.project:
        raise invalid({"non_field_errors": ["Only top-level resources can be moved between workspaces"]})
    transfer(request.store, task, organization)
    return Views(request.base).task(task)


def _target(request: Request, task: Task, values: dict[str, Any]) -> Project | None:
    """The project into which a change moves a task, if it does."""
    if "project_id" not in values or values["project_id"] == (task.project.id if task.project else None):
        return None
    if values["project_id"] is None:
        raise server_error()
    return _project(request)


@route("DELETE", "/api/tasks/{ident}")
def delete_task(request: Request, ident: str) -> Response:
    store = request.store
    task = store.task(ident)
    require(owns_task(request, task))
    if request.services.creator.is_running(task):
        raise server_error()
    view = Views(request.base).task(task)
    events = request.services.events
    if task.project:
        with UpdateEvents(events, request.user, project=task.project):
            store.drop_task(task)
            store.touch(task.project)
    store.drop_task(task)
    events.send("delete:task", "task", view, request.user, task.project, task.organization)
    return empty(204)


@route("GET", "/api/tasks/{ident}/status")
def task_status(request: Request, ident: str) -> Any:
    """The state of the creation, the way clients of old asked for it."""
    task = request.store.task(ident)
    require(sees_task(request, task))
    creation = request.store.background_requests.get(f"action=create&target=task&target_id={task.id}")
    names = {"queued": "Queued", "started": "Started", "failed": "Failed", "finished": "Finished"}
    return {"state": names[creation.status] if creation else "Finished", "message": "", "progress": 0.0}
