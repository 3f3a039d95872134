"""The content of a store as plain data without ids and dates."""

from __future__ import annotations

from typing import Any

from .annotations.checks import Schema
from .annotations.reading import read_job
from .models import Job, Label, Project, Task, User
from .store import Store

Json = dict[str, Any]


def snapshot(store: Store) -> Json:
    """Projects, tasks, frames by name, jobs, annotations with names instead of ids."""
    return {
        "projects": [_project(project) for project in store.projects.values()],
        "tasks": [_task(task) for task in store.tasks.values()],
    }


def _name(user: User | None) -> str | None:
    return user.username if user else None


def _project(project: Project) -> Json:
    return {
        "name": project.name,
        "owner": _name(project.owner),
        "assignee": _name(project.assignee),
        "bug_tracker": project.bug_tracker,
        "organization": project.organization.slug if project.organization else None,
        "labels": [_label(label) for label in project.labels.values()],
    }


def _label(label: Label) -> Json:
    return {
        "name": label.name,
        "type": label.type,
        "color": label.color,
        "attributes": [
            {
                "name": entry.name,
                "mutable": entry.mutable,
                "input_type": entry.input_type,
                "default_value": entry.default_value,
                "values": entry.values,
            }
            for entry in label.attributes
        ],
        "sublabels": [_label(sublabel) for sublabel in label.sublabels],
    }


def _task(task: Task) -> Json:
    data = task.data
    return {
        "name": task.name,
        "project": task.project.name if task.project else None,
        "owner": _name(task.owner),
        "assignee": _name(task.assignee),
        "bug_tracker": task.bug_tracker,
        "subset": task.subset,
        "status": task.status,
        "labels": [_label(label) for label in task.labels.values()],
        "frames": [
            {"name": frame.name, "width": frame.width, "height": frame.height}
            for frame in (data.frames if data else ())
        ],
        "deleted_frames": sorted(data.deleted_frames) if data else [],
        "jobs": [_job(job) for job in task.jobs.values()],
    }


def _job(job: Job) -> Json:
    labels = job.task.used_labels
    names = {
        part.id: part.name if part is label else f"{label.name}.{part.name}"
        for label in labels.values()
        for part in (label, *label.sublabels)
    }
    attributes = {
        entry.id: entry.name
        for label in labels.values()
        for part in (label, *label.sublabels)
        for entry in part.attributes
    }
    found = read_job(job, Schema(labels))
    return {
        "type": job.type,
        "start_frame": job.start_frame,
        "stop_frame": job.stop_frame,
        "stage": job.stage,
        "state": job.state,
        "assignee": _name(job.assignee),
        **{
            kind: sorted((_nameless(thing, names, attributes) for thing in things), key=repr)
            for kind, things in found.items()
        },
        "issues": [
            {
                "frame": issue.frame,
                "position": issue.position,
                "resolved": issue.resolved,
                "comments": [comment.message for comment in issue.comments.values()],
            }
            for issue in job.issues.values()
        ],
    }


def _nameless(thing: Json, names: dict[int, str], attributes: dict[int, str]) -> Json:
    """An annotation with names where it had ids."""
    view = {key: value for key, value in thing.items() if key not in ("id", "label_id", "attributes")}
    if "label_id" in thing:
        view["label"] = names.get(thing["label_id"])
    view["attributes"] = {attributes[entry["spec_id"]]: entry["value"] for entry in thing["attributes"]}
    for key in ("elements", "shapes"):
        if key in thing:
            view[key] = sorted((_nameless(part, names, attributes) for part in thing[key]), key=repr)
    return view
