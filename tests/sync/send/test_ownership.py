"""Nothing in CVAT is deleted, adopted or gone on with on the word of a record alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.journal import Journal
from sync_loop import Loop, operator

OTHERS = "Its tasks are not deleted from here; delete the run without them."


@pytest.fixture
def clone(filled: Loop) -> Iterator[fo.Dataset]:
    """A copy of a dataset with a run."""
    filled.send()
    copy = filled.dataset.clone()
    yield copy
    copy.delete()


def delete(dataset: Any, **params: Any) -> dict[str, Any]:
    return dict(operator("delete_run")(dataset, "run", **params))


def tasks(loop: Loop) -> list[int]:
    return [task["id"] for task in loop.cvat.find("tasks")]


def claim(dataset: fo.Dataset, **changes: Any) -> None:
    """Makes the run's record say something else, as a dataset from elsewhere can."""
    records.update(dataset, "run", records.find(dataset, "run").model_copy(update=changes))


@pytest.mark.parametrize("status", ["sent", "sending"])
def test_a_copy_of_a_dataset_deletes_no_task(filled: Loop, clone: fo.Dataset, status: str) -> None:
    claim(clone, status=status)
    with pytest.raises(Exception, match=f"is not with this dataset: .* {OTHERS}"):
        delete(clone, delete_tasks=True)
    assert clone.list_annotation_runs() == ["run"]
    assert delete(clone)["tasks_left"] == tasks(filled) == [1]
    assert clone.list_annotation_runs() == []
    assert filled.load()["unchanged"] == 2


def test_a_copy_of_a_dataset_resumes_no_run(filled: Loop, clone: fo.Dataset) -> None:
    claim(clone, status="sending")
    requests = filled.clock
    with pytest.raises(Exception, match=r"is not with this dataset: .* delete it here without its tasks"):
        operator("resume_run")(clone, "run")
    assert [entry for entry in filled.requests(requests) if not entry.startswith("GET")] == []


def test_an_imported_dataset_deletes_no_task_that_its_record_names(filled: Loop, tmp_path: Any) -> None:
    filled.send()
    filled.dataset.export(export_dir=str(tmp_path / "out"), dataset_type=fo.types.FiftyOneDataset)
    other = fo.Dataset.from_dir(dataset_dir=str(tmp_path / "out"), dataset_type=fo.types.FiftyOneDataset)
    try:
        with pytest.raises(Exception, match=OTHERS):
            delete(other, delete_tasks=True)
        delete(other)
    finally:
        other.delete()
    assert tasks(filled) == [1]


@pytest.mark.parametrize("status", ["sent", "sending"])
def test_a_record_that_also_names_somebody_elses_task(filled: Loop, status: str) -> None:
    """What the store knows goes; the other stays, whoever's it is."""
    filled.send()
    theirs = filled.cvat.call("POST", "tasks", {"name": "theirs", "labels": [{"name": "car", "attributes": []}]})["id"]
    mine = records.find(filled.dataset, "run").tasks
    claim(filled.dataset, status=status, tasks=(*mine, mine[0].model_copy(update={"id": theirs, "name": "theirs"})))
    result = delete(filled.dataset, delete_tasks=True)
    assert (result["tasks_deleted"], result["tasks_left"], tasks(filled)) == ([1], [theirs], [theirs])
    assert f"Task {theirs} was not made by this run." in result["text"]


def test_the_number_of_a_task_on_a_server_that_was_set_up_anew(filled: Loop) -> None:
    filled.send()
    filled.box.store.tasks[1].created_date = "2020-01-01T00:00:00.000000Z"
    result = delete(filled.dataset, delete_tasks=True)
    assert (result["tasks_deleted"], result["tasks_left"], tasks(filled)) == ([], [1], [1])
    assert "Task 1 is another one now than was made." in result["text"]


@pytest.mark.parametrize("same", [True, False])
def test_a_run_of_which_no_date_was_kept_goes_by_the_names_of_its_frames(filled: Loop, same: bool) -> None:
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore

    filled.send()
    base = BaseStore(RunStore(filled.dataset, records.find(filled.dataset, "run").run_id))
    known = base.task(1)
    assert known is not None and known.created_date
    names = {} if same else {"frames": (known.frames[0].model_copy(update={"name": "x.jpg"}), *known.frames[1:])}
    base.save_task(1, known.model_copy(update={"created_date": "", **names}))
    assert delete(filled.dataset, delete_tasks=True)["tasks_left"] == ([] if same else [1])
    assert tasks(filled) == ([] if same else [1])


def test_what_others_deleted_is_told(filled: Loop) -> None:
    filled.send(task_size=1)
    filled.cvat.call("DELETE", "tasks/1")
    result = delete(filled.dataset, delete_tasks=True)
    assert (result["tasks_deleted"], result["tasks_gone"], result["tasks_left"]) == ([2], [1], [])
    assert "CVAT did not have any more: task 1." in result["text"]


def test_a_full_task_with_the_mark_of_an_interrupted_run_stays(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a backup that was restored: the run's own task is noted before it gets any frame."""
    monkeypatch.setattr(Journal, "finish", lambda self: self._store.drop("step/"))
    filled.send()
    run_id = records.find(filled.dataset, "run").run_id
    filled.cvat.call("PATCH", "tasks/1", {"bug_tracker": f"fiftyone:x/run#{run_id[:12]}-1"})
    claim(filled.dataset, status="sending", tasks=())
    result = delete(filled.dataset, delete_tasks=True)
    assert (result["tasks_deleted"], result["tasks_left"], tasks(filled)) == ([], [1], [1])
