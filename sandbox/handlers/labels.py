"""Labels: reading them, and making or changing them for a project or a task."""

from __future__ import annotations

import re
import zlib
from typing import Any

from ..access import in_workspace, owns_project, owns_task, require, sees_job, sees_project, sees_task
from ..fields import Boolean, Choice, Form, Forms, Integer, Items, Text
from ..lists import Listing
from ..models import Attribute, Label, Project, Task
from ..request import Request
from ..responses import Response, detail, empty, invalid, server_error
from ..routes import route
from ..store import Store
from ..views import Views

TYPES = (
    "any", "bounding_box", "cuboid", "ellipse", "mask", "points", "polygon", "polyline", "rectangle",
    "skeleton", "tag",
)  # fmt: skip

_COLORS = {"car": "#2080c0", "person": "#c06060", "box": "#208080", "fish": "#e06080"}


_ATTRIBUTE = Form(
    {
        "id": Integer(),
        "name": Text(64, required=True),
        "mutable": Boolean(required=True),
        "input_type": Choice("checkbox", "radio", "number", "text", "select", required=True),
        "default_value": Text(128, blank=True, default=""),
        "values": Items(Text(200, blank=True), default=list),
    }
)
_COMMON = {
    "id": Integer(),
    "name": Text(64),
    "color": Text(8, blank=True),
    "type": Choice(*TYPES),
    "attributes": Forms(_ATTRIBUTE),
    "svg": Text(blank=True),
    "deleted": Boolean(),
}
_SUBLABEL = Form({**_COMMON, "name": Text(64, required=True)})
NEW_LABEL = Form({**_COMMON, "name": Text(64, required=True), "sublabels": Forms(_SUBLABEL)})
LABEL_CHANGE = Form({**_COMMON, "sublabels": Forms(_SUBLABEL)})

_LABELS = Listing[Label](
    terms={
        "id": lambda label: label.id,
        "name": lambda label: label.name,
        "type": lambda label: label.type,
        "color": lambda label: label.color,
        "parent": lambda label: label.parent.name if label.parent else None,
    },
    simple=("name", "type", "color", "parent"),
    search=("name",),
    newest_first=False,
)


@route("GET", "/api/labels")
def list_labels(request: Request) -> Any:
    """The labels of one project, task or job, or all that the caller may see."""
    return _LABELS.answer(request, _wanted(request), Views(request.base).label)


@route("GET", "/api/labels/{ident}")
def get_label(request: Request, ident: str) -> Any:
    label = request.store.find("Label", request.store.labels, ident)
    require(_sees(request, label.owner))
    return Views(request.base).label(label)


@route("PATCH", "/api/labels/{ident}")
def patch_label(request: Request, ident: str) -> Any:
    label = request.store.find("Label", request.store.labels, ident)
    require(_owns(request, label.owner))
    values = LABEL_CHANGE.accept(request.json, partial=True)
    values.setdefault("color", label.color)
    _change(request.store, label, values)
    touch_all(request.store, label.owner)
    return Views(request.base).label(label)


@route("DELETE", "/api/labels/{ident}")
def delete_label(request: Request, ident: str) -> Response:
    label = request.store.find("Label", request.store.labels, ident)
    require(_owns(request, label.owner))
    _remove(request.store, label)
    touch_all(request.store, label.owner)
    return empty(204)


def add_labels(store: Store, owner: Project | Task, labels: list[dict[str, Any]]) -> None:
    """Give a new project or task its labels.

    Raises:
        Refusal: 400 for names that repeat.
    """
    _check_names([values["name"] for values in labels])
    for values in labels:
        _add(store, owner, values)


def patch_labels(store: Store, owner: Project | Task, labels: list[dict[str, Any]]) -> None:
    """Change the labels of a project or task: those with an id are changed or removed, others added.

    Raises:
        Refusal: 400 for a name that exists, 404 for an unknown id.
    """
    for values in labels:
        if "id" in values and values["id"] not in owner.labels:
            raise detail(404, f"Not found label with id #{values['id']} to change")
    names = {label.id: label.name for label in owner.labels.values()}
    for values in labels:
        if values.get("deleted"):
            names.pop(values["id"], None)
        else:
            key = values.get("id", -1 - len(names))
            names[key] = values.get("name", names.get(key, ""))
    _check_names(list(names.values()))
    for values in labels:
        label = owner.labels.get(values.get("id", 0))
        if label is None:
            _add(store, owner, values)
        elif values.get("deleted"):
            _remove(store, label)
        else:
            _change(store, label, values)
    if labels:
        touch_all(store, owner)


def touch_all(store: Store, owner: Project | Task) -> None:
    """After a change of labels the project or task, and all below, have one and the same date."""
    owner.updated_date = now = store.now()
    tasks = list(owner.tasks.values()) if isinstance(owner, Project) else [owner]
    for task in tasks:
        task.updated_date = now
        for job in task.jobs.values():
            job.updated_date = now


def _check_names(names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise invalid(["All label names must be unique"])


def _color(name: str) -> str:
    """The colour of a label that was given none: always the same for one name."""
    return _COLORS.get(name) or f"#{zlib.crc32(name.encode()) & 0xFFFFFF:06x}"


def _add(store: Store, owner: Project | Task, values: dict[str, Any], parent: Label | None = None) -> Label:
    label = Label(
        id=store.next_id("label"),
        name=values["name"],
        color=values.get("color") or _color(values["name"]),
        type=values.get("type", "any"),
        owner=owner,
        parent=parent,
    )
    _set_attributes(store, label, values.get("attributes", []))
    store.labels[label.id] = label
    if parent is None:
        owner.labels[label.id] = label
    for child in values.get("sublabels", []):
        label.sublabels.append(_add(store, owner, child, label))
    if label.type == "skeleton":
        label.svg = _with_ids(values.get("svg", ""), label.sublabels)
    return label


def _with_ids(svg: str, sublabels: list[Label]) -> str:
    """Skeleton drawings come with the names of their parts and go with their ids."""
    ids = {label.name: label.id for label in sublabels}
    return re.sub(r'data-label-name="([^"]*)"', lambda found: f'data-label-id="{ids.get(found[1], 0)}"', svg)


def _set_attributes(store: Store, label: Label, attributes: list[dict[str, Any]]) -> None:
    """Change attributes that exist (by id) and add the others."""
    known = {attribute.id: attribute for attribute in label.attributes}
    for values in attributes:
        taken = {other.name for other in label.attributes if other.id != values.get("id")}
        if values["name"] in taken:
            raise invalid([f"Duplicate attribute with name '{values['name']}' exists"])
        # They are stored as lines of one text
        lines = "\n".join(values["values"]).split("\n")
        fields = {**values, "values": lines}
        ident = fields.pop("id", None)
        if ident in known:
            label.attributes.remove(known[ident])
        else:
            ident = store.next_id("attribute")
        label.attributes.append(Attribute(id=ident, **fields))


def _change(store: Store, label: Label, values: dict[str, Any]) -> None:
    label.name = values.get("name", label.name)
    label.color = values.get("color") or _color(label.name)
    label.type = values.get("type", label.type)
    _set_attributes(store, label, values.get("attributes", []))


def _remove(store: Store, label: Label) -> None:
    """A label goes with all annotations that have it."""
    store.drop_labels({label.id: label})
    label.owner.labels.pop(label.id, None)
    tasks = label.owner.tasks.values() if isinstance(label.owner, Project) else [label.owner]
    tables = (("tags", store.tag_rows), ("shapes", store.shape_rows), ("tracks", store.track_rows))
    for job in (job for task in tasks for job in task.jobs.values()):
        for name, rows in tables:
            table = getattr(job, name)
            for ident in [ident for ident, thing in table.items() if thing["label_id"] == label.id]:
                del table[ident]
                rows.delete(job, ident)


def _wanted(request: Request) -> list[Label]:
    store, query = request.store, request.query
    if "job_id" in query:
        job = store.jobs.get(_number(query["job_id"]))
        if job is None:
            raise server_error()
        require(sees_job(request, job))
        return list(job.task.used_labels.values())
    for name, table in (("task_id", store.tasks), ("project_id", store.projects)):
        if name in query:
            owner = table.get(_number(query[name]))
            if owner is None:
                raise server_error()
            require(_sees(request, owner))
            if not in_workspace(request, owner.organization):
                return []
            return list((owner.used_labels if isinstance(owner, Task) else owner.labels).values())
    return [label for label in store.labels.values() if not label.parent and _sees(request, label.owner)]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def _sees(request: Request, owner: Project | Task) -> bool:
    return sees_project(request, owner) if isinstance(owner, Project) else sees_task(request, owner)


def _owns(request: Request, owner: Project | Task) -> bool:
    return owns_project(request, owner) if isinstance(owner, Project) else owns_task(request, owner)
