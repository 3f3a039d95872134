"""Moving a run to another address of its CVAT server, once it is sure that it is the same server."""

from collections.abc import Iterator
from typing import Any

from ...cvat import Client, NotFound, PermissionDenied
from ..errors import Refused, database_context
from ..progress import ProgressReporter
from . import record as records
from .base import BaseStore
from .lease import check_free
from .run_record import RunRecord, TaskRecord
from .store import RunStore

NAMED = 3
"""Tasks of which it is said how they differ."""


@database_context("Nothing is at another address; move it again when the database is back.")
def move_run(dataset: Any, key: str, client: Client, reporter: ProgressReporter | None = None) -> dict[str, Any]:
    """Gives a run the address of the server that a client is connected to.

    What the dataset has of the run has to fit: the tasks there have the same ids, names, frames and jobs. Tasks that
    are not there were deleted; one has to be.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key
        client: the server under its new address
        reporter: takes the progress, and carries the wish to stop

    Returns:
        ``anno_key``, ``server``, ``was`` (the address before), ``tasks`` and ``tasks_gone`` (ids), and a ``text``

    Raises:
        RunMissing: if there is no such run
        Refused: if it is not the same server; nothing was changed
        CvatError: if CVAT can't be reached or refuses; nothing was changed
    """
    reporter = reporter or ProgressReporter()
    dataset = dataset._root_dataset
    record = records.find(dataset, key)
    store = RunStore(dataset, record.run_id)
    check_free(store, key)
    if client.url == record.server:
        raise Refused(f"The run '{key}' is at {record.server} already.")
    client = client.within(record.organization).stopping_when(reporter.stop.is_set)
    reporter.step(f"Looking at {client.url}")
    gone = _check_tasks(record, BaseStore(store), client, reporter)
    tasks = tuple(task.model_copy(update={"url": client.task_url(task.id)}) for task in record.tasks)
    records.update(dataset, key, record.model_copy(update={"server": client.url, "tasks": tasks}))
    text = f"The run '{key}' is at {client.url} now; it was at {record.server}."
    if gone:
        text += f" There are no more there: task {', '.join(map(str, gone))}."
    return {
        "anno_key": key,
        "server": client.url,
        "was": record.server,
        "tasks": [task.id for task in record.tasks if task.id not in gone],
        "tasks_gone": gone,
        "text": text,
    }


def _check_tasks(record: RunRecord, base: BaseStore, client: Client, reporter: ProgressReporter) -> list[int]:
    """Checks that a server has the tasks of a run; those that it has not.

    Raises:
        Refused: if one differs, or none is there
    """
    gone: list[int] = []
    wrong: list[str] = []
    for number, task in enumerate(record.tasks):
        reporter.step(f"Comparing task {task.id}", number / len(record.tasks))
        try:
            wrong += list(_differences(task, base, client))
        except NotFound:
            gone.append(task.id)
        except PermissionDenied:
            wrong.append(f"you have no access to task {task.id} there")
        if len(wrong) >= NAMED:
            break
    if wrong:
        raise Refused(
            f"CVAT at {client.url} is not known to be the server of this run: {'; '.join(wrong[:NAMED])}. Nothing was "
            "changed."
        )
    if len(gone) == len(record.tasks):
        raise Refused(
            f"CVAT at {client.url} has none of the run's tasks, so it can't be told whether it is the same server. "
            "Nothing was changed."
        )
    return gone


def _differences(task: TaskRecord, base: BaseStore, client: Client) -> Iterator[str]:
    """What of a task is not what it was, as parts of a sentence."""
    now = client.task(task.id)
    if now.name != task.name:
        yield f"task {task.id} is called '{now.name}' there, and not '{task.name}'"
        return
    known = base.task(task.id)
    if known is not None:
        frames = [frame.name for frame in client.task_meta(task.id).frames]
        if frames != [frame.name for frame in known.frames]:
            yield f"task {task.id} has other frames there"
            return
    jobs = {job.id for job in client.jobs(task_id=task.id)}
    if missing := sorted(set(task.jobs) - jobs):
        yield f"task {task.id} has no job {missing[0]} there"
