"""Consensus: what several annotators drew, merged into one job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from ..access import owns_task, require
from ..annotations.checks import Schema
from ..annotations.reading import read_job
from ..annotations.rows import Transaction
from ..annotations.tracks import overlap
from ..annotations.writing import Writer
from ..fields import Form, Integer
from ..models import BackgroundRequest, Job, Task
from ..request import Request
from ..responses import Response, invalid
from ..routes import route

_MERGE = Form({"task_id": Integer(default=None), "job_id": Integer(default=None)})
_SAME = 0.4
_NONE_IN_TASK = (
    "No annotation jobs in the annotation stage or no consensus_replica jobs not in the annotation - new state found"
)
_NONE_IN_JOB = (
    "No annotated consensus jobs found for parent job {}. Make sure at least one consensus job is not in the "
    "annotation - new state"
)
Json = dict[str, Any]


@route("POST", "/api/consensus/merges")
def merge(request: Request) -> Response:
    """Merge the replicas of one job, or of all jobs of a task, that are no longer new."""
    store = request.store
    values = _MERGE.accept(request.json)
    job = store.job(str(values["job_id"])) if values["job_id"] is not None else None
    task = job.task if job else store.task(str(values["task_id"]))
    require(owns_task(request, task))
    parents = [job] if job else [parent for parent in task.jobs.values() if parent.stage == "annotation"]
    parents = [parent for parent in parents if _begun(parent)]
    if not parents:
        raise invalid([_NONE_IN_JOB.format(job.id) if job else _NONE_IN_TASK])
    target, ident = ("job", job.id) if job else ("task", task.id)
    name = urlencode({"action": "merge", "target": target, "target_id": ident})
    entry = BackgroundRequest(name, f"merge:{target}", request.user, store.now(), task, job=job)

    def work(_: BackgroundRequest) -> None:
        with store.lock, Transaction() as transaction:
            for parent in parents:
                Writer(store, parent, transaction).replace(_merged(_begun(parent), task))
                parent.state = "completed"
                parent.revision += 1
                store.touch(parent, task, task.project)

    request.services.background.start(entry, work)
    return Response({"rq_id": entry.id}, 202)


def _begun(parent: Job) -> list[Job]:
    """The replicas of a job that are no longer new."""
    replicas = (job for job in parent.task.jobs.values() if job.parent is parent)
    return [job for job in replicas if (job.stage, job.state) != ("annotation", "new")]


def _merged(replicas: list[Job], task: Task) -> dict[str, list[Json]]:
    """What is in any of the replicas, once; of shapes that cover each other the last one. No tracks."""
    schema = Schema(task.used_labels)
    merged: dict[str, list[Json]] = {"tags": [], "shapes": [], "tracks": []}
    for found in (read_job(job, schema) for job in replicas):
        for kind in ("tags", "shapes"):
            for thing in _anew(found[kind]):
                place = next((n for n, other in enumerate(merged[kind]) if _is_same(other, thing)), None)
                if place is None:
                    merged[kind].append(thing)
                else:
                    merged[kind][place] = thing
    return merged


def _anew(things: list[Json]) -> Iterator[Json]:
    for thing in things:
        copy = {name: value for name, value in thing.items() if name != "id"}
        copy |= {"source": "consensus", "group": 0}
        if "elements" in copy:
            copy["elements"] = list(_anew(copy["elements"]))
        yield copy


def _is_same(one: Json, other: Json) -> bool:
    if any(one.get(name) != other.get(name) for name in ("frame", "type", "label_id")):
        return False
    return not one.get("points") or overlap(one["points"], other["points"]) > _SAME
