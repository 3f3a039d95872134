"""Marks are kept job by job, survive a kill at any write, and cost the same beside ten others or thousands."""

from __future__ import annotations

from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.marks import MOST_SINCE, JobMark, Marks
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import Text, pieces_of
from hypothesis import given, settings
from hypothesis import strategies as st


class Killed(BaseException):
    """The process ends."""


class Memory:
    """A store that may end with a write."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.written = 0
        self.lives = -1

    def save(self, name: str, text: Text) -> None:
        if self.lives == 0:
            raise Killed
        self.lives -= 1
        self.texts[name] = b"".join(pieces_of(text))
        self.written += len(self.texts[name])

    def load(self, name: str) -> bytes | None:
        return self.texts.get(name)

    def names(self, start: str = "") -> list[str]:
        return [name for name in self.texts if name.startswith(start)]

    def drop(self, *starts: str) -> None:
        raise AssertionError("nothing is dropped")


marks = st.dictionaries(
    st.integers(1, 4), st.builds(JobMark, updated_date=st.sampled_from(["a", "b", None]), open=st.integers(0, 1))
)
steps = st.lists(st.tuples(st.sampled_from(["save", "save_all", "again"]), marks, st.integers(-1, 2)), max_size=12)


@settings(max_examples=120)
@given(steps)
def test_marks_are_those_of_the_last_step_or_of_the_one_before(steps: list[tuple[str, Any, int]]) -> None:
    patched = pytest.MonkeyPatch()
    patched.setattr(f"{Marks.__module__}.MOST_SINCE", 2)
    store = Memory()
    kept, expected = Marks(store), {}
    for step, changes, lives in steps:
        then = {"save": {**expected, **changes}, "save_all": changes, "again": expected}[step]
        store.lives = lives
        try:
            kept = Marks(store) if step == "again" else kept
            if step != "again":
                getattr(kept, step)(changes)
        except Killed:
            kept = Marks(store)
            assert dict(kept) in (expected, then)
        else:
            assert dict(kept) == dict(Marks(store)) == then
        expected = dict(kept)
    patched.undo()


def test_copies_have_marks_of_their_own() -> None:
    store = Memory()
    Marks(store).save({1: JobMark(open=1)})
    Marks(store, "@copy").save({1: JobMark(open=2)})
    assert (Marks(store)[1].open, Marks(store, "@copy")[1].open) == (1, 2)


def test_what_is_written_does_not_grow_with_the_square_of_the_jobs() -> None:
    written = []
    for jobs in (1_000, 4_000):
        store = Memory()
        kept = Marks(store)
        kept.save_all(dict.fromkeys(range(jobs), JobMark()))
        for job in range(jobs):
            kept.save({job: JobMark(updated_date="2026-11-27T00:00:00.000000Z", labels={"ground_truth": 100})})
        written.append(store.written / jobs)
    assert written[1] < 3 * written[0]
    assert written[1] < 100 * 100 * MOST_SINCE
