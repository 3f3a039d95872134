"""Validation of tasks and jobs: which frames are ground truth, and which are honeypots."""

from __future__ import annotations

from typing import Any

from ..access import owns_task, require, sees_job, sees_task
from ..fields import Choice, Form, Integer, Items
from ..request import Request
from ..responses import invalid
from ..routes import route
from ..validation import exchange, job_layout, layout

_TASK, _JOB = "/api/tasks/{ident}/validation_layout", "/api/jobs/{ident}/validation_layout"
_CHANGE = Form(
    {
        "disabled_frames": Items(Integer(0)),
        "frame_selection_method": Choice("manual", "random_uniform"),
        "honeypot_real_frames": Items(Integer(0)),
    }
)


@route("GET", _TASK)
def task_validation_layout(request: Request, ident: str) -> Any:
    task = request.store.task(ident)
    require(sees_task(request, task))
    return layout(task)


@route("PATCH", _TASK)
def patch_task_validation_layout(request: Request, ident: str) -> Any:
    """Disable validation frames, or choose other ones as honeypots."""
    task = request.store.task(ident)
    require(owns_task(request, task))
    if task.validation is None:
        raise invalid(["The task does not have validation frames"])
    values = _CHANGE.accept(request.json, partial=True)
    if "disabled_frames" in values:
        task.validation.disabled = set(values["disabled_frames"])
    if "frame_selection_method" in values:
        exchange(task, list(task.validation.honeypots), values.get("honeypot_real_frames"))
    return layout(task)


@route("GET", _JOB)
def job_validation_layout(request: Request, ident: str) -> Any:
    job = request.store.job(ident)
    require(sees_job(request, job))
    return job_layout(job)


@route("PATCH", _JOB)
def patch_job_validation_layout(request: Request, ident: str) -> Any:
    """Choose other frames of the pool as the honeypots of a job."""
    job = request.store.job(ident)
    require(owns_task(request, job.task))
    values = _CHANGE.accept(request.json, partial=True)
    found = job_layout(job)
    if not found:
        raise invalid(["The task does not have honeypots"])
    exchange(job.task, found["honeypot_frames"], values.get("honeypot_real_frames"))
    return job_layout(job)
