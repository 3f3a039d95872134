"""How far people are with a run: its tasks and jobs as they are in CVAT now."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...cvat import Client, Job
from ..readable import readable
from .run_record import RunRecord
from .same_server import check_server


def look(key: str, record: RunRecord, client: Client) -> dict[str, Any]:
    """Asks CVAT for the jobs of a run.

    Args:
        key: the run's key
        record: the run
        client: its CVAT server

    Returns:
        ``anno_key``, ``server``, ``status``, ``samples``, ``labels``, ``left_out``, and ``tasks`` by id: ``name``,
        ``url``, ``frames`` and ``jobs`` by id: ``url``, ``frames``, ``stage``, ``state``, ``assignee``, ``updated``. A
        task that CVAT does not have, or show, has no jobs

    Raises:
        Refused: if the client is connected to another server
    """
    check_server(record, client, key)
    ids = [task.id for task in record.tasks]
    found: dict[int, dict[int, dict[str, Any]]] = {task_id: {} for task_id in ids}
    for job in client.within(record.organization).jobs(task_ids=ids) if ids else ():
        if job.type == "annotation" and job.task_id in found:
            found[job.task_id][job.id] = _job(job, client)
    tasks = {
        task.id: {"name": task.name, "url": task.url, "frames": task.frames, "jobs": found[task.id]}
        for task in record.tasks
    }
    summary = record.summary(key)
    known = {name: summary[name] for name in ("anno_key", "server", "samples", "labels", "left_out")}
    return {**known, "status": record.status, "tasks": tasks}


def _job(job: Job, client: Client) -> dict[str, Any]:
    return {
        "url": f"{client.task_url(job.task_id)}/jobs/{job.id}",
        "frames": job.stop_frame - job.start_frame + 1,
        "stage": job.stage,
        "state": job.state,
        "assignee": job.assignee.username if job.assignee else None,
        "updated": job.updated_date,
    }


def described(state: Mapping[str, Any]) -> str:
    """The state of a run as lines of text."""
    return "\n".join(_lines(state))


def _lines(state: Mapping[str, Any]) -> Iterator[str]:
    yield f"Run '{state['anno_key']}' in CVAT at {state['server']}"
    yield f"  {state['samples']:,} samples, {state['labels']:,} labels sent"
    for item in state["left_out"]:
        yield f"  left out: {item['count']:,} x {readable(item['what'])}"
    if not state["tasks"]:
        yield "  It has no task in CVAT."
    for task_id, task in state["tasks"].items():
        yield f"  Task {task_id} ({readable(task['name'])}): {task['url']}"
        if not task["jobs"]:
            yield "    CVAT has no job of it, or does not show it to you."
        for job_id, job in task["jobs"].items():
            who = readable(job["assignee"]) if job["assignee"] else "nobody"
            yield f"    Job {job_id}: {readable(job['stage'])}, {readable(job['state'])}; {who}; {job['url']}"
