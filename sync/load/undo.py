"""Undo: the last load of a run is taken back, label by label."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...labels.base import BaseLabel, LabelKey
from ...labels.types import LABEL_TYPES
from ..dataset.labels import DatasetLabels, Labels
from ..dataset.samples import FRAMES, Document, FieldPlace
from ..dataset.writes import Reverts
from ..errors import Refused, database_context
from ..runs import record as records
from ..runs.base import BaseStore, TaskBase, count_fields
from ..runs.change import CONFLICT_TAG, DELETED_TAG, Change
from ..runs.lease import Lease
from ..runs.log import JobEntry, LoadLog, LoadRecord, TaskEntry
from ..runs.marks import JobMark, Marks
from ..runs.refreshes import check_no_refresh
from ..runs.store import RunStore, Store
from .label_tracks import without
from .merge_settings import Local
from .recover import find_held, read_changed, rebase, recover, same_document


@dataclass
class Undone:
    """What an undo did.

    Args:
        removed, restored, changed: labels that are gone again, back again, and as they were
        edited_since: labels that somebody edited after the load; they are left as they are
        samples_gone: labels of samples that the dataset does not have any more
    """

    removed: int = 0
    restored: int = 0
    changed: int = 0
    edited_since: list[dict[str, Any]] = field(default_factory=list)
    samples_gone: int = 0

    def count(self, change: Change) -> None:
        """Counts a label that was put back; one that moved is counted where it had come to."""
        if change.kind == "moved":
            self.changed += 1
        elif change.kind == "moved away":
            return
        elif change.before is None:
            self.removed += 1
        elif change.after is None:
            self.restored += 1
        elif change.kind != "marked":
            self.changed += 1


@database_context("What was undone stays so; undo again when the database is back.")
def undo(dataset: Any, key: str) -> dict[str, Any]:
    """Undoes the last load of a run that was not undone yet.

    Its labels are what they were before, to the last bit, unless somebody edited them since. So is what both sides last
    agreed on: a later load brings the same changes again. Fields that were declared stay, as do labels that were copied
    beside when a ``dest_field`` was first loaded into.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key

    Returns:
        ``load`` (the number of the load), ``at`` (when it was), ``removed``, ``restored`` and ``changed`` (how many
        labels), ``edited_since`` (the labels that were left alone), ``samples_gone`` and a ``text``. What was edited
        since is told by ``field``, ``sample_id``, ``label_id``, ``class`` and ``edited``: the paths that differ, or
        ``existence`` if the label was deleted since, or is there again

    Raises:
        RunMissing: if there is no such run
        Refused: if there is nothing to undo, or the run is being sent or loaded at this moment
    """
    dataset = dataset._root_dataset
    record = records.find(dataset, key)
    store = RunStore(dataset, record.run_id)
    check_no_refresh(store, key)
    with Lease(store, key, "undone"):
        return undo_last(DatasetLabels(dataset), store, key)


def undo_last(labels: Labels, store: Store, key: str) -> dict[str, Any]:
    """Undoes the last load; see :func:`undo`."""
    log = LoadLog(store)
    done = [record for record in log.records() if record.status != "undone"]
    if not done:
        raise Refused(f"There is no load of the run '{key}' to undo: none changed anything, or all are undone.")
    load = done[-1]
    if not load.undoable:
        raise Refused(f"The load of {load.at} is too old to be undone: what it changed is not kept any more.")
    undone = finish_undo(labels, BaseStore(store, load.target), log, load)
    return {
        "anno_key": key,
        "load": load.number,
        "at": load.at,
        "removed": undone.removed,
        "restored": undone.restored,
        "changed": undone.changed,
        "edited_since": undone.edited_since,
        "samples_gone": undone.samples_gone,
        "text": _sentence(load, undone),
    }


def _sentence(load: LoadRecord, undone: Undone) -> str:
    text = (
        f"The load of {load.at} is undone. Labels changed back: {undone.changed:,}, removed: {undone.removed:,}, "
        f"restored: {undone.restored:,}."
    )
    if undone.edited_since:
        text += f" Edited since, and left as they are: {len(undone.edited_since):,}."
    return f"{text} The next load brings the same changes again."


def finish_undo(labels: Labels, base: BaseStore, log: LoadLog, load: LoadRecord) -> Undone:
    """Undoes a load, from wherever an earlier attempt ended."""
    if load.status == "applying":
        recover(labels, base, log, load)
    log.save(load.model_copy(update={"status": "undoing"}))
    undone, marks = Undone(), base.marks()
    for job_id in reversed(log.job_ids(load.number)):  # a label that two jobs have may have been written twice
        entry = log.job(load.number, job_id)
        if entry is not None:
            _undo_job(labels, base, marks, load, entry, undone)
    for task in log.tasks(load.number):
        _undo_task(labels, base, task)
    log.save(load.model_copy(update={"status": "undone"}))  # the last write: nothing is left to be done after it
    return undone


def _undo_job(labels: Labels, base: BaseStore, marks: Marks, load: LoadRecord, entry: JobEntry, undone: Undone) -> None:
    """Labels first, then the conflicts and the base, then the mark: each can be done twice."""
    job_id = entry.note.job_id
    mark = marks.get(job_id, JobMark())
    known = base.known_labels(job_id, mark)
    back, reverts = plan_undo(entry, read_changed(labels, entry.changes, load.types), undone)
    for name, bundle in reverts.items():
        labels.revert(FieldPlace.of(name, LABEL_TYPES[load.types[name]]), bundle)
    labels.drop_frames({c.sample_id for c in entry.changes if c.before is None and c.field.startswith(FRAMES)})
    labels.untag(entry.tagged, CONFLICT_TAG)
    labels.tag(entry.untagged, CONFLICT_TAG)
    stays = {change.key for change in entry.changes}.difference(back)
    open_ = [item for item in base.open(job_id) if item.base.key in stays]
    open_ += [item for item in entry.open if item.base.key not in stays]
    base.save_open(job_id, tuple(open_))
    now, tracks = rebase(known, back), without(base.tracks(job_id), back.keys())
    base.save_labels(job_id, now, tracks)
    facts = {"updated_date": None, "labels": count_fields((*now, *tracks)), "open": len(open_)}
    marks.save({job_id: mark.model_copy(update=facts)})


def plan_undo(
    entry: JobEntry, local: Local, undone: Undone
) -> tuple[dict[LabelKey, BaseLabel | None], dict[str, Reverts]]:
    """Decides which labels of a job go back.

    Args:
        entry: what the load changed
        local: what the dataset has now
        undone: is added to

    Returns:
        the base of the labels that go back, and what to write, by field
    """
    back: dict[LabelKey, BaseLabel | None] = {}
    reverts: dict[str, Reverts] = {}
    moves = [change for change in entry.changes if change.kind in ("moved", "moved away")]
    stay = {(change.sample_id, change.label_id) for change in moves if _is_edited(local, change)}
    for change in entry.changes:
        held = find_held(local, change)
        if held is None:
            undone.samples_gone += 1
            continue
        if _is_edited(local, change):
            undone.edited_since.append(_edit(change, held.labels.get(change.label_id)))
            continue
        if change.kind in ("moved", "moved away") and (change.sample_id, change.label_id) in stay:
            continue  # what it is in its other field was edited since: it stays there, and only there
        if same_document(held.labels.get(change.label_id), change.after):
            _revert(reverts.setdefault(change.field, Reverts()), change)
        undone.count(change)
        back[change.key] = change.base
    return back, reverts


def _is_edited(local: Local, change: Change) -> bool:
    """Whether a label is neither what a load made of it, nor what it was before."""
    held = find_held(local, change)
    if held is None:
        return False
    now = held.labels.get(change.label_id)
    return not same_document(now, change.after) and not same_document(now, change.before)


def _edit(change: Change, now: Document | None) -> dict[str, Any]:
    """A label that somebody edited since, and what of it."""
    label, after = now or change.after or change.before or {}, change.after
    edited = ["existence"]
    if now is not None and after is not None:
        edited = sorted(path for path in {*now, *after} if not same_document(_only(path, now), _only(path, after)))
    return {
        "field": change.field,
        "sample_id": change.sample_id,
        "label_id": change.label_id,
        "class": label.get("label"),
        "edited": edited,
    }


def _only(path: str, document: Document) -> Document | None:
    return {path: document[path]} if path in document else None


def _revert(reverts: Reverts, change: Change) -> None:
    if change.before is None:
        reverts.remove.append((change.sample_id, change.label_id, change.holder))
    elif change.after is None:
        reverts.insert.append((change.sample_id, change.index or 0, change.before))
    else:
        reverts.replace.append((change.sample_id, change.before))


def _undo_task(labels: Labels, base: BaseStore, entry: TaskEntry) -> None:
    known: TaskBase | None = base.task(entry.task_id)
    labels.untag(entry.tagged, DELETED_TAG)
    labels.tag(entry.untagged, DELETED_TAG)
    if known is not None:
        facts: Mapping[str, Any] = {
            "vocabulary": entry.vocabulary,
            "deleted_frames": entry.deleted_frames,
            "updated_date": None,
        }
        base.save_task(entry.task_id, known.model_copy(update=facts))
