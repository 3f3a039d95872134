"""The journal of a send, where one task of several is made anew."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import Batch, BatchAnswer, JobPlace, Outbox
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.journal import Journal, TaskStep


@pytest.fixture
def store(dataset: fo.Dataset) -> RunStore:
    return RunStore(dataset, "run")


def fill(store: RunStore, number: int) -> None:
    Journal(store).save_step(number, TaskStep(task_id=number + 100, name="task", frames=1))
    Journal(store).uploads(number).stored(["a.png"])
    Outbox(store).draw(JobPlace(number, 0), 0, Batch())
    Outbox(store).save(JobPlace(number, 0), 0, BatchAnswer())


def test_the_other_tasks_are_kept(store: RunStore) -> None:
    """Also those whose numbers begin alike: a step that is gone would have its labels written once more."""
    for number in (1, 10, 11):
        fill(store, number)
    before = {name for name in store.names() if "/1/" not in name and not name.endswith("/1")}
    Journal(store).forget_task(1)
    assert set(store.names()) == before
    assert Journal(store).step(1) is None
    assert [Journal(store).step(number).task_id for number in (10, 11)] == [110, 111]


def test_nothing_outlives_the_step(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the process ends: files and labels of the deleted task would count as those of the new one."""
    for allowed in count():
        fill(store, 1)
        with monkeypatch.context() as patch:
            patch.setattr(type(store._store), "delete", _ending(type(store._store).delete, allowed))
            try:
                Journal(store).forget_task(1)
            except KeyboardInterrupt:
                assert Journal(store).step(1) is not None
                continue
        break
    assert allowed == 4
    assert store.names() == []


def _ending(real: Callable[..., bool], allowed: int) -> Callable[..., bool]:
    left = iter(range(allowed))

    def delete(*args: object) -> bool:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real(*args)

    return delete
