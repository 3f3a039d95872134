"""Discard: forget a run, and on request delete what it made in CVAT."""

from collections.abc import Iterable
from typing import Any

from ...cvat import Client
from ..errors import Refused, error_context
from ..progress import Watch
from ..runs import record as records
from ..runs.lease import is_held
from ..runs.record import RunRecord
from ..runs.store import RunStore
from .journal import Journal
from .send import LEFT_OUT_TAG
from .task_marks import delete_task, tasks_of_run


def delete(dataset: Any, key: str, client: Client | None, watch: Watch) -> dict[str, Any]:
    """Deletes a run's record and state. The dataset's labels stay as they are, and so do tasks that were imported.

    Args:
        dataset: the dataset
        key: the run's key
        client: the CVAT server, to delete the run's tasks there too; ``None`` to leave them
        watch: who waits

    Returns:
        ``anno_key``, ``tasks_deleted``, ``tasks_left`` and a ``text`` for the person

    Raises:
        RunMissing: if there is no such run
        Refused: if the tasks are on another server, or the run is being sent at this moment
        CvatError: if CVAT refuses; the run is then still there
    """
    run = records.find(dataset, key)
    store = RunStore(dataset, run.run_id)
    if run.status != "sent" and is_held(store):
        raise Refused(f"The run '{key}' is being sent at this moment; stop that first, or wait for its end.")
    known = [task.id for task in run.tasks]
    deleted: list[int] = []
    if client is not None and not run.imported:
        if client.url != run.server:
            raise Refused(f"The run '{key}' was sent to {run.server}, but you are connected to {client.url}.")
        with error_context(lambda: f"The run '{key}' is still there; delete it again when that is mended."):
            for number, task_id in enumerate(_all_tasks(client, run, known)):
                watch.step(f"Deleting task {task_id}", number / max(1, len(known)))
                delete_task(client, task_id)
                deleted.append(task_id)
            if run.status != "sent":
                _delete_project(client, run, Journal(store))
    if run.status != "sent":
        _untag(dataset, Journal(store))
    records.forget(dataset, key, run.run_id)
    left = [task_id for task_id in known if task_id not in deleted]
    return {"anno_key": key, "tasks_deleted": deleted, "tasks_left": left, "text": _text(key, deleted, left)}


def _all_tasks(client: Client, run: RunRecord, known: Iterable[int]) -> list[int]:
    """The tasks of a run; of an interrupted one also those whose making it did not live to note."""
    found = dict.fromkeys(known)
    if run.status != "sent":
        found.update(dict.fromkeys(task.id for task in tasks_of_run(client, run.run_id)))
    return list(found)


def _delete_project(client: Client, run: RunRecord, journal: Journal) -> None:
    """Deletes the project that an interrupted run made, if nobody else has put tasks into it."""
    plan = journal.plan()
    if plan is None or plan.project_found or not run.project_name:
        return
    for project in client.find_projects(run.project_name):
        unsure = run.project_id is None and project.owner is not None and project.owner.username == run.created_by
        if (project.id == run.project_id or unsure) and not client.tasks(project_id=project.id):
            client.delete_project(project.id)


def _untag(dataset: Any, journal: Journal) -> None:
    plan = journal.plan()
    if plan is not None and plan.bad:
        dataset.select([file.sample_id for file in plan.bad]).untag_samples(LEFT_OUT_TAG)


def _text(key: str, deleted: list[int], left: list[int]) -> str:
    text = f"The run '{key}' is deleted; the dataset's labels are as they were."
    if deleted:
        text += f" So are its tasks in CVAT: {', '.join(map(str, deleted))}."
    if left:
        text += f" Still in CVAT: task {', '.join(map(str, left))}."
    return text
