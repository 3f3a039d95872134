"""What loads did, label by label, so that they can be undone and listed later."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import bson
from pydantic import BaseModel, ConfigDict, TypeAdapter

from ...cvat import Job
from ...labels.base import BaseLabel, LabelKey
from ..dataset.list_changes import FormerValue
from .base import OpenConflict, dump_labels, read_labels
from .change import Change
from .report import Counts
from .store import Store, damaged, parsed

KEPT = 5
"""Loads of a run that can be undone; of older ones it is only kept who changed which labels, and when."""

PORTION = 5_000
"""Changes of labels that are kept together."""

Status = Literal["applying", "applied", "undoing", "undone"]


class JobNote(BaseModel):
    """A job that a load took labels from, and how many it added, changed and deleted."""

    model_config = ConfigDict(frozen=True)

    job_id: int
    task_id: int
    assignee: str | None = None
    stage: str = ""
    state: str = ""
    added: int = 0
    changed: int = 0
    deleted: int = 0


def note_of(job: Job) -> JobNote:
    """A job as it is noted, without counts."""
    who = job.assignee.username if job.assignee else None
    return JobNote(job_id=job.id, task_id=job.task_id, assignee=who, stage=job.stage, state=job.state)


class LoadRecord(BaseModel):
    """One load of a run.

    Args:
        number: counted from 1
        kind: a ``"load"``, or decisions about conflicts (``"resolve"``)
        status: where it stands
        target: the base that it is about, see :class:`sync.runs.base.BaseStore`
        types: the label types of its fields
        at: when it began, an ISO date in UTC
        user: who loaded
        by_itself: whether nobody asked for it, see :mod:`sync.watch`
        jobs: from which jobs
        added, changed, deleted, conflicts: how many labels, and parts
        frames_deleted, frames_restored: samples whose frame was removed in CVAT, or brought back
        undoable: whether its changes are kept
    """

    model_config = ConfigDict(frozen=True)

    number: int
    kind: Literal["load", "resolve"] = "load"
    status: Status = "applying"
    target: str = ""
    types: dict[str, str] = {}
    at: str = ""
    user: str = ""
    by_itself: bool = False
    jobs: tuple[JobNote, ...] = ()
    added: int = 0
    changed: int = 0
    deleted: int = 0
    conflicts: int = 0
    frames_deleted: int = 0
    frames_restored: int = 0
    undoable: bool = True


class TaskEntry(BaseModel):
    """What a load changed of a task: its facts before, and the samples whose tag changed."""

    model_config = ConfigDict(frozen=True)

    task_id: int
    vocabulary: dict[str, Any]
    deleted_frames: tuple[int, ...]
    tagged: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobEntry:
    """What a load changed in a job.

    Args:
        note: the job
        tally: the counts
        changes: the changes of labels; empty once they can't be undone any more
        labels: the kind of change of each label: field, id, kind
        open: the conflicts of the job that were open before
        tagged, untagged: samples whose tag changed
        batches: how many batches of changes are kept before these
    """

    note: JobNote
    tally: Counts
    changes: tuple[Change, ...]
    labels: tuple[tuple[str, str, str], ...] = ()
    open: tuple[OpenConflict, ...] = ()
    tagged: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()
    batches: int = 0

    def with_more(self, more: "JobEntry") -> "JobEntry":
        """An entry that was kept, with further changes of its job."""
        tally = self.tally.model_copy(deep=True)
        tally.add(more.tally)
        counts = {what: getattr(self.note, what) + getattr(more.note, what) for what in ("added", "changed", "deleted")}
        return replace(
            self,
            note=self.note.model_copy(update=counts),
            tally=tally,
            changes=more.changes,
            tagged=tuple(sorted({*self.tagged, *more.tagged})),
            untagged=tuple(sorted({*self.untagged, *more.untagged})),
        )


_RECORDS = TypeAdapter(tuple[LoadRecord, ...])
_OPEN = TypeAdapter(tuple[OpenConflict, ...], config=ConfigDict(ser_json_inf_nan="constants"))


class LoadLog:
    """The loads of a run.

    Args:
        store: the run's store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._records: tuple[LoadRecord, ...] | None = None

    def records(self) -> tuple[LoadRecord, ...]:
        """All loads that changed anything, oldest first."""
        if self._records is None:
            text = self._store.load("loads")
            self._records = () if text is None else parsed("loads", _RECORDS.validate_json, text)
        return self._records

    def save(self, record: LoadRecord) -> None:
        """Keeps a record, in the place of what was known of this load."""
        others = (item for item in self.records() if item.number != record.number)
        kept = tuple(sorted([*others, record], key=lambda item: item.number))
        self._store.save("loads", _RECORDS.dump_json(kept, exclude_defaults=True))
        self._records = kept

    def job_ids(self, number: int) -> list[int]:
        """The jobs that a load changed labels of."""
        return self._ids(f"load/{number}/job/")

    def job(self, number: int, job_id: int) -> JobEntry | None:
        """What a load changed in a job."""
        data = self._store.load(f"load/{number}/job/{job_id}")
        if data is None:
            return None
        entry = parsed(f"load/{number}", _read_entry, data)
        changes: dict[LabelKey, Change] = {}
        for batch in range(entry.batches):
            kept = self._store.load(f"load/{number}/changes/{job_id}/{batch}")
            for change in () if kept is None else parsed(f"load/{number}", _read_changes, kept):
                changes.setdefault(change.key, change)
        return replace(entry, changes=tuple(changes.values()))

    def save_job(self, number: int, entry: JobEntry) -> JobEntry:
        """Keeps what a load is about to change in a job, in batches that memory hardly notices.

        Returns:
            the entry as it is kept, without its changes: more can follow
        """
        starts = range(0, len(entry.changes), PORTION)
        for batch, start in enumerate(starts, entry.batches):
            data = _dump_changes(entry.changes[start : start + PORTION])
            self._store.save(f"load/{number}/changes/{entry.note.job_id}/{batch}", data)
        labels = (*entry.labels, *((change.field, change.label_id, change.kind) for change in entry.changes))
        kept = replace(entry, changes=(), labels=labels, batches=entry.batches + len(starts))
        self._store.save(f"load/{number}/job/{entry.note.job_id}", _dump_entry(kept))
        return kept

    def tasks(self, number: int) -> list[TaskEntry]:
        """What a load changed of tasks."""
        found = [self.task(number, task_id) for task_id in self._ids(f"load/{number}/task/")]
        return [entry for entry in found if entry is not None]

    def task(self, number: int, task_id: int) -> TaskEntry | None:
        """What a load changed of a task."""
        text = self._store.load(f"load/{number}/task/{task_id}")
        return None if text is None else parsed(f"load/{number}", TaskEntry.model_validate_json, text)

    def save_task(self, number: int, entry: TaskEntry) -> None:
        """Keeps what a load is about to change of a task."""
        self._store.save(f"load/{number}/task/{entry.task_id}", entry.model_dump_json())

    def prune(self) -> None:
        """Forgets the documents of loads that are too old to be undone, or that were undone."""
        records = self.records()
        live = [record.number for record in records if record.status != "undone"][-KEPT:]
        for record in records:
            if record.undoable and record.status in ("applied", "undone") and record.number not in live:
                self._store.drop(f"load/{record.number}/task/")
                for job_id in self.job_ids(record.number):
                    entry = self.job(record.number, job_id)
                    if entry is not None and entry.changes:
                        self.save_job(record.number, replace(entry, changes=(), open=(), batches=0))
                self._store.drop(f"load/{record.number}/changes/")
                self.save(record.model_copy(update={"undoable": False}))

    def _ids(self, start: str) -> list[int]:
        with damaged(start):
            return sorted(int(name.removeprefix(start)) for name in self._store.names(start))


def _dump_changes(changes: Sequence[Change]) -> bytes:
    kept = [
        {
            "kind": change.kind,
            "where": [change.field, change.sample_id, change.label_id],
            "before": change.before,
            "after": change.after,
            "index": change.index,
            "holder": None if change.holder is None else [change.holder.there, change.holder.value],
            "bases": [change.base is not None, change.base_after is not None],
        }
        for change in changes
    ]
    bases = [base for change in changes for base in (change.base, change.base_after) if base is not None]
    data: bytes = bson.encode({"changes": kept, "bases": dump_labels(tuple(bases))})
    return data


def _read_changes(data: bytes) -> list[Change]:
    found = bson.decode(data)
    bases = iter(read_labels(found["bases"]))
    return [_read_change(item, bases) for item in found["changes"]]


def _dump_entry(entry: JobEntry) -> bytes:
    data: bytes = bson.encode(
        {
            "note": entry.note.model_dump_json(),
            "tally": entry.tally.model_dump_json(),
            "labels": json.dumps(entry.labels),
            "batches": entry.batches,
            "open": _OPEN.dump_json(entry.open),
            "tagged": list(entry.tagged),
            "untagged": list(entry.untagged),
        }
    )
    return data


def _read_entry(data: bytes) -> JobEntry:
    """An entry without its changes."""
    found = bson.decode(data)
    return JobEntry(
        note=JobNote.model_validate_json(found["note"]),
        tally=Counts.model_validate_json(found["tally"]),
        changes=(),
        labels=tuple((field, label_id, kind) for field, label_id, kind in json.loads(found["labels"])),
        open=_OPEN.validate_json(found["open"]),
        tagged=tuple(found["tagged"]),
        untagged=tuple(found["untagged"]),
        batches=found["batches"],
    )


def _read_change(item: dict[str, Any], bases: Any) -> Change:
    was, then = item["bases"]
    base: BaseLabel | None = next(bases) if was else None
    after: BaseLabel | None = next(bases) if then else None
    holder = None if item["holder"] is None else FormerValue(*item["holder"])
    name, sample_id, label_id = item["where"]
    return Change(
        kind=item["kind"],
        field=name,
        sample_id=sample_id,
        label_id=label_id,
        before=item["before"],
        after=item["after"],
        index=item["index"],
        holder=holder,
        base=base,
        base_after=after,
    )
