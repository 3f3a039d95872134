"""Discard: forget a run, and on request delete what it made in CVAT."""

from typing import Any

from ..cvat import Client
from . import record as records
from .errors import Refused
from .progress import Watch


def delete(dataset: Any, key: str, client: Client | None, watch: Watch) -> dict[str, Any]:
    """Deletes a run's record and state. The dataset's labels stay as they are.

    Args:
        dataset: the dataset
        key: the run's key
        client: the CVAT server, to delete the run's tasks there too; ``None`` to leave them
        watch: who waits

    Returns:
        ``anno_key``, ``tasks_deleted``, ``tasks_left`` and a ``text`` for the person

    Raises:
        RunMissing: if there is no such run
        Refused: if the tasks are on another server
        CvatError: if CVAT refuses; the run is then still there
    """
    run = records.find(dataset, key)
    deleted: list[int] = []
    if client is not None:
        if client.url != run.server:
            raise Refused(f"The run '{key}' was sent to {run.server}, but you are connected to {client.url}.")
        for number, task in enumerate(run.tasks):
            watch.step(f"Deleting task {task.id}", number / len(run.tasks))
            client.delete_task(task.id)
            deleted.append(task.id)
    records.forget(dataset, key, run.run_id)
    left = [task.id for task in run.tasks if task.id not in deleted]
    text = f"The run '{key}' is deleted; the dataset's labels are as they were."
    if deleted:
        text += f" So are its tasks in CVAT: {', '.join(map(str, deleted))}."
    if left:
        text += f" Still in CVAT: task {', '.join(map(str, left))}."
    return {"anno_key": key, "tasks_deleted": deleted, "tasks_left": left, "text": text}
