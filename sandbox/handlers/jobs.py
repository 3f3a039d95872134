"""Jobs: state, stage, assignee; ground truth jobs."""

from __future__ import annotations

import random
from typing import Any

from ..access import in_workspace, owns_task, require, sees_job, sees_task
from ..events import UpdateEvents
from ..fields import Choice, Field, Form, Integer, Items
from ..lists import Listing
from ..models import Job, Task, Validation
from ..request import Request
from ..responses import Response, empty, invalid
from ..routes import route
from ..segments import add_ground_truth
from ..views import Views
from .projects import assign, known_fields
from .tasks import TASK_TERMS

STAGES = ("annotation", "validation", "acceptance")
STATES = ("new", "in progress", "completed", "rejected")
TYPES = ("annotation", "ground_truth", "consensus_replica")

_JOBS = Listing[Job](
    terms={
        **{
            name: lambda job, get=TASK_TERMS[name]: get(job.task)  # type: ignore[misc]
            for name in ("project_id", "project_name", "dimension", "tracker_link")
        },
        "id": lambda job: job.id,
        "task_id": lambda job: job.task.id,
        "task_name": lambda job: job.task.name,
        "assignee": lambda job: job.assignee.username if job.assignee else None,
        "stage": lambda job: job.stage,
        "state": lambda job: job.state,
        "type": lambda job: job.type,
        "mode": lambda job: job.task.mode,
        "created_date": lambda job: job.created_date,
        "updated_date": lambda job: job.updated_date,
    },
    simple=(
        "task_id", "task_name", "project_id", "project_name", "assignee", "stage", "state", "type",
        "dimension", "mode", "tracker_link",
    ),
    search=("task_name", "project_name", "assignee", "state", "stage"),
    choices={"stage": STAGES, "state": STATES, "type": TYPES},
)  # fmt: skip
_CHANGE_FIELDS = {"stage": Choice(*STAGES), "state": Choice(*STATES), "assignee": Field(null=True)}
_CHANGE = Form(_CHANGE_FIELDS)
_NEW = Form(
    {
        "task_id": Integer(required=True),
        "type": Choice(*TYPES, required=True),
        "frame_selection_method": Choice("manual", "random_uniform", "random_per_job", default="manual"),
        "frames": Items(Integer(0), empty=False, default=list),
        "frame_count": Integer(1, default=0),
        "random_seed": Integer(0, default=None),
    }
)


@route("GET", "/api/jobs")
def list_jobs(request: Request) -> Any:
    visible = (
        job
        for job in request.store.jobs.values()
        if sees_job(request, job) and in_workspace(request, job.task.organization)
    )
    return _JOBS.answer(request, visible, Views(request.base).job)


@route("GET", "/api/jobs/{ident}")
def get_job(request: Request, ident: str) -> Any:
    job = request.store.job(ident)
    require(sees_job(request, job))
    return Views(request.base).job(job)


@route("PATCH", "/api/jobs/{ident}")
def patch_job(request: Request, ident: str) -> Any:
    """Change a job; its date changes even when nothing else does. A new stage starts in state `new`."""
    store = request.store
    job = store.job(ident)
    require(sees_job(request, job))
    values = _CHANGE.accept(known_fields(request.json, _CHANGE_FIELDS), partial=True)
    if {"stage", "assignee"} & set(values):
        require(sees_task(request, job.task))
    with UpdateEvents(request.services.events, request.user, job=job):
        if "assignee" in values:
            assign(store, job, values["assignee"])
        if "stage" in values:
            job.stage, job.state = values["stage"], "new"
        job.state = values.get("state", job.state)
        job.status = job.progress
        store.touch(job)
        _update_status(request, job.task)
    return Views(request.base).job(job)


def _update_status(request: Request, task: Task) -> None:
    """A task is where the least advanced of its jobs is."""
    statuses = {job.status for job in task.jobs.values()}
    status = next((word for word in ("annotation", "validation") if word in statuses), "completed")
    if status != task.status:
        with UpdateEvents(request.services.events, request.user, task=task):
            task.status = status
            request.store.touch(task)


@route("DELETE", "/api/jobs/{ident}")
def delete_job(request: Request, ident: str) -> Response:
    job = request.store.job(ident)
    require(owns_task(request, job.task))
    if job.type != "ground_truth":
        raise invalid(["Only ground truth jobs can be removed"])
    request.store.drop_job(job)
    job.task.validation = None
    return empty(204)


@route("POST", "/api/jobs")
def create_job(request: Request) -> Response:
    """A ground truth job over some frames of a task; there is at most one."""
    store = request.store
    data = request.json
    task = store.tasks.get(data.get("task_id", 0))
    if task is None:
        raise invalid(["Task matching query does not exist."])
    require(owns_task(request, task))
    values = _NEW.accept(data)
    if values["type"] != "ground_truth":
        raise invalid([f"Unexpected job type '{values['type']}'"])
    if any(job.type == "ground_truth" for job in task.jobs.values()):
        raise invalid(['Task with validation mode "gt" cannot have more than 1 GT job'])
    frames = _choose_frames(task, values)
    task.validation = Validation("gt", frames)
    job = add_ground_truth(store, task)
    view = Views(request.base).job(job)
    request.services.events.send("create:job", "job", view, request.user, task.project, task.organization)
    return Response(view, 201, headers=[("location", view["url"])])


def _choose_frames(task: Task, values: dict[str, Any]) -> list[int]:
    size = task.data.size if task.data else 0
    if values["frame_selection_method"] == "manual":
        unknown = [number for number in values["frames"] if number >= size]
        if unknown:
            names = ", ".join(map(str, unknown))
            raise invalid([f"The following frames do not exist in the task: {names}"])
        return sorted(set(values["frames"]))
    count = values["frame_count"]
    if count > size:
        raise invalid(
            [
                f"The number of frames requested ({count}) must not be greater than "
                f"the number of the task frames ({size})"
            ]
        )
    return sorted(random.Random(values["random_seed"]).sample(range(size), count))
