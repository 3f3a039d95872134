"""What loads changed, when, and whose work it was."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from ..errors import database_context
from ..readable import readable
from . import record as records
from .log import LoadLog, LoadRecord
from .refreshes import RefreshLog, RefreshRecord
from .store import RunStore, Store

COLUMNS = (
    *("load", "kind", "status", "at", "user", "by_itself", "job_id", "task_id", "assignee", "stage", "state"),
    *("added", "changed", "deleted"),
)

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""How a formula begins in a spreadsheet; the last four are as wide as Chinese characters."""


@database_context("Nothing was changed.")
def history(dataset: Any, key: str) -> list[dict[str, Any]]:
    """The loads of a run that changed anything, and its refreshes, oldest first.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key

    Returns:
        for each its ``number``, ``kind`` (``"load"``, ``"resolve"`` for decisions about conflicts, or ``"refresh"``,
        which has numbers of its own and counts what was added, changed and deleted in CVAT), ``status``
        (``"applied"``, ``"undone"``, or ``"applying"`` and ``"undoing"`` if it was interrupted), ``at`` (an ISO date in
        UTC), ``user``, ``by_itself`` (whether nobody asked for it), counts of ``added``, ``changed`` and ``deleted``
        labels, ``conflicts``, ``frames_deleted``, ``frames_restored``, whether it is ``undoable``, and its ``jobs``:
        ``job_id``, ``task_id``, ``assignee``, ``stage``, ``state`` and the same counts

    Raises:
        RunMissing: if there is no such run
    """
    return history_of(_store(dataset, key))


def history_of(store: Store) -> list[dict[str, Any]]:
    """The loads and refreshes of a run; see :func:`history`."""
    loads = [record.model_dump(mode="json", exclude={"target", "types"}) for record in LoadLog(store).records()]
    log = RefreshLog(store)
    refreshes = [_as_load(log, record) for record in log.records()]
    return sorted([*loads, *refreshes], key=lambda item: str(item["at"]))  # of one second: loads first


def _as_load(log: RefreshLog, record: RefreshRecord) -> dict[str, Any]:
    """A refresh as the history has it."""
    facts = record.model_dump(include={"number", "status", "at", "user", "changed", "deleted"})
    there = [note for note in record.notes if note.added or note.changed or note.deleted]
    undoable = record.status != "undone" and log.has_done(record.number)
    said = LoadRecord(number=record.number, added=record.created, undoable=undoable, jobs=tuple(there))
    return {**said.model_dump(mode="json", exclude={"target", "types"}), **facts, "kind": "refresh"}


@database_context("Nothing was changed.")
def label_history(dataset: Any, key: str, label_id: str) -> list[dict[str, Any]]:
    """The loads that changed a label, oldest first; undone ones do not count.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key
        label_id: the label; for a plain value the id of its sample

    Returns:
        for each its ``load`` (number), ``kind``, ``at``, ``user``, ``job_id``, ``task_id``, ``assignee``, ``field`` and
        what became of the label: ``change`` is ``"added"``, ``"changed"``, ``"deleted"``, or ``"marked"`` if only its
        tag changed

    Raises:
        RunMissing: if there is no such run
    """
    return label_history_of(_store(dataset, key), label_id)


def label_history_of(store: Store, label_id: str) -> list[dict[str, Any]]:
    """The loads that changed a label; see :func:`label_history`."""
    log = LoadLog(store)
    found = []
    for record in log.records():
        if record.status == "undone":
            continue
        for job_id in log.job_ids(record.number):
            entry = log.job(record.number, job_id)
            for name, key, kind in entry.labels if entry else ():
                if entry and key == label_id:
                    who = entry.note.model_dump(include={"job_id", "task_id", "assignee"})
                    when = {"load": record.number, "kind": record.kind, "at": record.at, "user": record.user}
                    found.append({**when, **who, "field": name, "change": kind})
    return found


def as_csv(loads: Sequence[dict[str, Any]]) -> str:
    """A history as CSV, one line for each load and job."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for load in loads:
        for job in load["jobs"] or [{}]:
            row = {**load, "load": load["number"], **job}
            writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula: names come from CVAT."""
    if not isinstance(value, str):
        return value
    text = readable(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_json(loads: Sequence[dict[str, Any]]) -> str:
    """A history as JSON."""
    return json.dumps(list(loads), indent=2)


def _store(dataset: Any, key: str) -> RunStore:
    dataset = dataset._root_dataset
    return RunStore(dataset, records.find(dataset, key).run_id)
