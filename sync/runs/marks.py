"""Where a load stands with each job, kept after each job without writing that of all others again."""

import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter

from .store import Store, parsed

MOST_SINCE = 100
"""Marks that are kept beside the others. More of them are written again with each job, fewer make the whole be written
more often; either way a load of thousands of jobs must not write thousands of marks thousands of times."""


class SharedFrames(NamedTuple):
    """Frames that a job has in common with another one.

    Args:
        job_id: the other job
        first, last: the frames
        is_earlier: whether it is the earlier one
    """

    job_id: int
    first: int
    last: int
    is_earlier: bool


class JobMark(BaseModel):
    """Where a load stands with a job, without its labels.

    Args:
        updated_date: the job's, when it was last read; ``None`` if it never was
        labels: how many labels the base has, by field
        open: how many of them are in conflict, and wait for a decision
        shares: the frames that it has in common with others, if there are such conflicts
    """

    model_config = ConfigDict(frozen=True)

    updated_date: str | None = None
    labels: dict[str, int] = {}
    open: int = 0
    shares: tuple[SharedFrames, ...] = ()


class _Since(BaseModel):
    """Marks that are newer than those of the whole.

    Args:
        of: checksum of the whole that they are newer than; beside any other they mean nothing
        marks: by job
    """

    of: int
    marks: dict[int, JobMark]


_MARKS = TypeAdapter(dict[int, JobMark])


class Marks(Mapping[int, JobMark]):
    """The marks of a run's jobs, by the id of the job. Only one writes at a time: the lease of the run sees to that.

    Args:
        store: the run's store
        tail: what the names end with that are about a copy of the run's labels

    Raises:
        StateUnreadable: if what is kept is damaged
    """

    def __init__(self, store: Store, tail: str = "") -> None:
        self._store = store
        self._whole_name, self._since_name = f"marks{tail}", f"marks-since{tail}"
        whole = store.load(self._whole_name)
        self._of = _checksum(whole)
        self._all = {} if whole is None else parsed("marks", _MARKS.validate_json, whole)
        since = self._kept_since()
        self._since = since.marks if since and since.of == self._of else {}
        self._all.update(self._since)

    def __getitem__(self, job_id: int) -> JobMark:
        return self._all[job_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def save(self, marks: Mapping[int, JobMark]) -> None:
        """Keeps the marks of some jobs, beside those of the others."""
        changed = {job_id: mark for job_id, mark in marks.items() if mark != self._all.get(job_id)}
        if not changed:
            return
        self._all.update(changed)
        self._since.update(changed)
        if len(self._since) > MOST_SINCE:
            self.save_all(self._all)
        else:
            self._save_since()

    def save_all(self, marks: Mapping[int, JobMark]) -> None:
        """Keeps these marks and no others."""
        self._all, self._since = dict(marks), {}
        whole = _MARKS.dump_json(self._all)
        self._of = _checksum(whole)
        since = self._kept_since()
        if since and since.of == self._of:  # newer than this very whole, when it was there before
            self._save_since()
        self._store.save(self._whole_name, whole)

    def _save_since(self) -> None:
        self._store.save(self._since_name, _Since(of=self._of, marks=self._since).model_dump_json())

    def _kept_since(self) -> _Since | None:
        text = self._store.load(self._since_name)
        return None if text is None else parsed("marks", _Since.model_validate_json, text)


def _checksum(whole: bytes | None) -> int:
    return zlib.crc32(whole or b"")
