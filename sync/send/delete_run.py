"""Discard: forget a run, and on request delete what it made in CVAT."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...cvat import Client, Conflict, NotFound, PermissionDenied, Task
from ...cvat import Refused as CvatRefused
from ..errors import Refused, database_context, error_context
from ..progress import ProgressReporter
from ..runs import record as records
from ..runs.lease import check_free
from ..runs.run_record import RunRecord
from ..runs.same_server import check_server
from ..runs.store import RunStore
from .journal import Journal
from .made_tasks import MadeTask, find_task, is_same, knows, made_tasks, may_have_made
from .send import LEFT_OUT_TAG
from .task_marks import delete_task, tasks_of_run

FORBIDDEN = (PermissionDenied, CvatRefused, Conflict)
"""What CVAT answers if something may not be done."""
NAMED = 5
"""Tasks that are left of which it is said why."""


@database_context("Delete the run again when it is back: what is gone by then is not looked for.")
def delete(dataset: Any, key: str, client: Client | None, reporter: ProgressReporter) -> dict[str, Any]:
    """Deletes a run's record and state. The dataset's labels stay as they are, and so do tasks that were imported.

    Args:
        dataset: the dataset
        key: the run's key
        client: the CVAT server, to delete the tasks there too that the run made; ``None`` to leave them
        reporter: takes the progress, and carries the wish to stop

    Returns:
        ``anno_key``, ``tasks_deleted``, ``tasks_gone`` (which CVAT did not have any more), ``tasks_left``,
        ``project_left`` (the name of a project that the run made, if that is still there) and a ``text`` for the
        person, which says why tasks were left

    Raises:
        RunMissing: if there is no such run
        Refused: if the tasks are on another server, or of another dataset, or the run is being sent or loaded now
        CvatError: if CVAT can't be reached or fails; the run is then still there
    """
    run = records.find(dataset, key)
    store = RunStore(dataset, run.run_id)
    check_free(store, key)
    result, has_project = Deletion(), run.project_made
    if client is not None and may_have_made(store, run):
        client = client.within(run.organization).stopping_when(reporter.stop.is_set)
        _check_own(key, run, store, client)
        with error_context(lambda: f"The run '{key}' is still there; delete it again when that is mended."):
            _delete_tasks(client, run, store, reporter, result)
            if run.status != "sent":
                _delete_project(client, run, Journal(store))
            has_project = run.project_made and _is_there(client, run.project_id)
    if run.status != "sent":
        _untag(dataset, Journal(store))
    records.forget(dataset, key, run.run_id)
    done = {*result.deleted, *result.gone, *result.left}
    left = [*result.left, *(task.id for task in run.tasks if task.id not in done)]
    counts = {"tasks_deleted": result.deleted, "tasks_gone": result.gone, "tasks_left": left}
    project = run.project_name if has_project else None
    return {"anno_key": key, **counts, "project_left": project, "text": _text(key, result, left, project)}


@database_context("Try again when it is back: tasks that are gone by then are no problem.")
def delete_tasks(dataset: Any, key: str, client: Client, reporter: ProgressReporter) -> dict[str, Any]:
    """Deletes the tasks of a run in CVAT. The run stays, without them: its loads can still be seen and undone.

    Args:
        dataset: the dataset
        key: the run's key
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Returns:
        ``anno_key``, ``tasks_deleted``, ``tasks_gone``, ``tasks_left`` and a ``text``, as of :func:`delete`

    Raises:
        RunMissing: if there is no such run
        Refused: if the tasks are not the run's own, it is not complete, or is being sent or loaded now
        CvatError: if CVAT can't be reached or fails; the run then still has its tasks
    """
    run = records.find(dataset, key)
    store = RunStore(dataset, run.run_id)
    check_free(store, key)
    if run.imported:
        raise Refused(f"The tasks of the run '{key}' were there before it; they are not deleted.")
    if run.status != "sent":
        raise Refused(f"The run '{key}' was not sent completely; resume it first, or delete it with its tasks.")
    result = Deletion()
    client = client.within(run.organization).stopping_when(reporter.stop.is_set)
    _check_own(key, run, store, client)
    with error_context(lambda: f"The run '{key}' still has its tasks; try again when that is mended."):
        _delete_tasks(client, run, store, reporter, result)
    text = " ".join(_in_cvat(result, list(result.left)))
    left = tuple(task for task in run.tasks if task.id in result.left)
    records.update(dataset, key, run.model_copy(update={"tasks": left, "notes": (*run.notes, text)}))
    counts = {"tasks_deleted": result.deleted, "tasks_gone": result.gone, "tasks_left": list(result.left)}
    return {"anno_key": key, **counts, "text": f"The run '{key}' has {'no' if not left else 'some'} tasks now. {text}"}


@dataclass
class Deletion:
    """What became of the tasks of a run: those that were deleted, that were gone, and why others are left."""

    deleted: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    left: dict[int, str] = field(default_factory=dict)


def _check_own(key: str, run: RunRecord, store: RunStore, client: Client) -> None:
    """Checks that the tasks of a run are this dataset's, and on this server.

    Raises:
        Refused: if not
    """
    check_server(run, client, key)
    if not knows(store, made_tasks(store, run)):
        raise Refused(f"{records.not_here(key)} Its tasks are not deleted from here; delete the run without them.")


def _delete_tasks(
    client: Client, run: RunRecord, store: RunStore, reporter: ProgressReporter, result: Deletion
) -> None:
    """Deletes what the run made: of tasks, only those that are what was made; of an interrupted run also empty ones
    that carry its mark, whose making it did not live to note."""
    made = made_tasks(store, run)
    marked = {} if run.status == "sent" else {task.id: task for task in tasks_of_run(client, run.run_id)}
    told = [] if run.imported else [task.id for task in run.tasks]  # of an import, most were there before it
    ids = list(dict.fromkeys([*told, *made, *marked]))
    for number, task_id in enumerate(ids):
        reporter.step(f"Deleting task {task_id}", number / len(ids))
        try:
            _delete_task(client, task_id, made.get(task_id), marked.get(task_id), result)
        except FORBIDDEN as error:  # one that may not be deleted keeps no other
            result.left[task_id] = f"could not be deleted: {(error.detail or str(error)).rstrip('.')}"


def _delete_task(client: Client, task_id: int, made: MadeTask | None, marked: Task | None, result: Deletion) -> None:
    """Deletes a task, if it is known to be the run's."""
    now = marked or find_task(client, task_id)
    if now is None:
        result.gone.append(task_id)
    elif made is not None and not is_same(client, made, now):
        result.left[task_id] = "is another one now than was made"
    elif made is None and (marked is None or now.size):
        result.left[task_id] = "was not made by this run"
    else:
        delete_task(client, task_id)
        result.deleted.append(task_id)


def _delete_project(client: Client, run: RunRecord, journal: Journal) -> None:
    """Deletes the project that an interrupted run made, if nobody else has put tasks into it."""
    plan = journal.plan()
    if plan is None or plan.project_found or not plan.request.project_name:
        return
    for project in client.find_projects(plan.request.project_name):
        unsure = run.project_id is None and project.owner is not None and project.owner.username == run.created_by
        if (project.id == run.project_id or unsure) and not client.tasks(project_id=project.id):
            with contextlib.suppress(*FORBIDDEN):  # it is then said to be left
                client.delete_project(project.id)


def _is_there(client: Client, project_id: int | None) -> bool:
    try:
        return project_id is not None and client.project(project_id) is not None
    except NotFound:
        return False
    except FORBIDDEN:
        return True


def _untag(dataset: Any, journal: Journal) -> None:
    plan = journal.plan()
    if plan is not None and plan.bad:
        dataset.select([file.sample_id for file in plan.bad]).untag_samples(LEFT_OUT_TAG)


def _text(key: str, result: Deletion, left: Sequence[int], project: str | None) -> str:
    said = [f"The run '{key}' is deleted; the dataset's labels are as they were.", *_in_cvat(result, left)]
    if project is not None:
        said.append(f"The project '{project}', which the run made, is still in CVAT; other tasks may be in it by now.")
    return " ".join(said)


def _in_cvat(result: Deletion, left: Sequence[int]) -> Iterator[str]:
    """What became of a run's tasks, in sentences."""
    if result.deleted:
        yield f"Deleted in CVAT: task {_listed(result.deleted)}."
    if result.gone:
        yield f"CVAT did not have any more: task {_listed(result.gone)}."
    if left:
        yield f"Still in CVAT: task {_listed(left)}."
    for task_id, why in list(result.left.items())[:NAMED]:
        yield f"Task {task_id} {why}."


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))
