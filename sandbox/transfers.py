"""Tasks that move: into a project, into an organization, and as copies out of a backup."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from .annotations.checks import Schema
from .annotations.reading import read_job
from .annotations.relabel import relabel, relabel_one
from .annotations.rows import Transaction
from .annotations.writing import Writer
from .models import Job, Label, Organization, Project, Task, User
from .responses import invalid
from .store import Store

_UNMAPPED = {"non_field_errors": ["All task or project label names must be mapped to the target project"]}
Json = dict[str, Any]


def move_to_project(store: Store, task: Task, project: Project, names: dict[int, str]) -> None:
    """Give a task the labels of a project. Shapes keep their ids, and the jobs their dates.

    Args:
        store: the state.
        task: the task.
        project: where it goes.
        names: the names in the project of labels whose names differ there, by id.

    Raises:
        Refusal: 400 for a label or an attribute that the project lacks; nothing is changed then.
    """
    old = task.used_labels
    targets = {label.name: label for label in project.labels.values()}
    wanted = {label.id: names.get(label.id, label.name) for label in old.values()}
    if not set(wanted.values()) <= set(targets):
        raise invalid(_UNMAPPED)
    labels: dict[int, int] = {}
    attributes: dict[int, int] = {}
    for label in old.values():
        _pair(label, targets[wanted[label.id]], labels, attributes)
    for job in task.jobs.values():
        relabel(job, labels, attributes)
    if task.project:
        task.project.tasks.pop(task.id)
    store.drop_labels(task.labels)
    task.labels.clear()
    task.project = project
    project.tasks[task.id] = task


def _pair(old: Label, new: Label, labels: dict[int, int], attributes: dict[int, int]) -> None:
    """Note which id becomes which, for a label, its sublabels and their attributes."""
    labels[old.id] = new.id
    known = {attribute.name: attribute.id for attribute in new.attributes}
    for attribute in old.attributes:
        if attribute.name not in known:
            raise invalid([f'Target project does not have "{new.name}" label with "{attribute.name}" attribute'])
        attributes[attribute.id] = known[attribute.name]
    parts = {sublabel.name: sublabel for sublabel in new.sublabels}
    for sublabel in old.sublabels:
        if sublabel.name not in parts:
            raise invalid(_UNMAPPED)
        _pair(sublabel, parts[sublabel.name], labels, attributes)


def transfer(store: Store, thing: Task | Project, organization: Organization | None) -> None:
    """Move a task, or a project with its tasks, into another workspace. Their assignees are removed."""
    thing.organization = organization
    tasks = list(thing.tasks.values()) if isinstance(thing, Project) else [thing]
    for task in tasks:
        task.organization = organization
        if task is not thing:
            task.assignee, task.assignee_updated_date = None, store.now()
        for job in task.jobs.values():
            if job.assignee:
                job.assignee, job.assignee_updated_date = None, store.now()
    store.touch(thing)


def copy_task(store: Store, task: Task, owner: User) -> Task:
    """What a backup of a task gives when it is restored: everything new but its content.

    Labels, annotations, data and the tracker link are copied; issues, assignees and the project are not. The
    jobs begin anew, only their `status` is kept.
    """
    now = store.now()
    copy = replace(
        task,
        id=store.next_id("task"),
        owner=owner,
        organization=None,
        project=None,
        assignee=None,
        assignee_updated_date=None,
        created_date=now,
        updated_date=now,
        labels={},
        jobs={},
    )
    store.tasks[copy.id] = copy
    labels: dict[int, int] = {}
    attributes: dict[int, int] = {}
    for label in task.used_labels.values():
        twin = _copy_label(store, label, copy)
        copy.labels[twin.id] = twin
        _pair(label, twin, labels, attributes)
    if task.data:
        copy.data = replace(
            task.data,
            id=store.next_id("data"),
            files=dict(task.data.files),
            deleted_frames=set(task.data.deleted_frames),
            chunks_updated_date=store.now(),
        )
    for job in task.jobs.values():
        _copy_job(store, job, copy, labels, attributes)
    store.touch(copy)
    return copy


def _copy_label(store: Store, label: Label, owner: Task, parent: Label | None = None) -> Label:
    attributes = [replace(entry, id=store.next_id("attribute")) for entry in label.attributes]
    twin = replace(label, id=store.next_id("label"), owner=owner, parent=parent, attributes=attributes, sublabels=[])
    store.labels[twin.id] = twin
    twin.sublabels = [_copy_label(store, sublabel, owner, twin) for sublabel in label.sublabels]
    for old, new in zip(label.sublabels, twin.sublabels, strict=True):
        twin.svg = (twin.svg or "").replace(f'data-label-id="{old.id}"', f'data-label-id="{new.id}"')
    return twin


def _copy_job(store: Store, job: Job, task: Task, labels: dict[int, int], attributes: dict[int, int]) -> None:
    now = store.now()
    twin = Job(
        store.next_id("job"), task, job.type, job.start_frame, job.stop_frame, now, store.now(), store.now(),
        status=job.status, included_frames=job.included_frames,
    )  # fmt: skip
    store.jobs[twin.id] = task.jobs[twin.id] = twin
    content = deepcopy(read_job(job, Schema(job.task.used_labels)))
    for kind in content.values():
        for thing in kind:
            relabel_one(thing, labels, attributes)
            _forget_ids(thing)
    with Transaction() as transaction:
        Writer(store, twin, transaction).create(content)


def _forget_ids(thing: Json) -> None:
    thing.pop("id", None)
    for part in (*thing.get("shapes", ()), *thing.get("elements", ())):
        _forget_ids(part)
