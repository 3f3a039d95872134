"""Another process deletes a run or its dataset amid a send or load: a sentence, and nothing of it comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone.core.odm as odm
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from sync_loop import Loop


def delete_run(loop: Loop) -> None:
    _datasets().update_one({"_id": loop.dataset._doc.id}, {"$unset": {"annotation_runs.run": ""}})


def rename_run(loop: Loop) -> None:
    rename = {"$rename": {"annotation_runs.run": "annotation_runs.other"}}
    _datasets().update_one({"_id": loop.dataset._doc.id}, rename)


def delete_dataset(loop: Loop) -> None:
    _datasets().delete_one({"_id": loop.dataset._doc.id})
    odm.get_db_conn().drop_collection(loop.dataset._doc.sample_collection_name)


def _datasets() -> Any:
    return odm.get_db_conn().datasets


HOW: dict[str, tuple[Callable[[Loop], None], str]] = {
    "run deleted": (delete_run, "The run 'run' was deleted or renamed meanwhile"),
    "run renamed": (rename_run, "The run 'run' was deleted or renamed meanwhile"),
    "dataset deleted": (delete_dataset, "The dataset was deleted meanwhile"),
}
AMID = {
    "load": ("GET", r"/api/jobs/\d+/annotations"),
    "send": ("PATCH", r"/api/jobs/\d+/annotations"),
    "send of the images": ("POST", r"/api/tasks/\d+/data"),
}


@pytest.mark.parametrize("verb", AMID)
@pytest.mark.parametrize("how", HOW)
def test_it_goes_meanwhile(filled: Loop, how: str, verb: str) -> None:
    go, said = HOW[how]
    work: Callable[[], Any] = filled.send
    if verb == "load":
        filled.send()
        filled.cvat.move(filled.cvat.shape(0))
        work = filled.load
    before = filled.documents()

    def change(answer: Any) -> Any:
        go(filled)
        return answer

    filled.box.faults.add("change", *AMID[verb], change=change)
    with pytest.raises(RoundtripError, match=said) as caught:
        work()
    sentence = str(caught.value)
    assert sentence.endswith(".") and "Error" not in sentence, sentence
    there = [sample_id for sample_id in filled.documents() if how != "dataset deleted"]
    assert {sample_id: filled.documents()[sample_id] for sample_id in there} == ({} if not there else before)
    assert _datasets().count_documents({"_id": filled.dataset._doc.id}) == (how != "dataset deleted")
    if verb == "load":
        assert sentence.endswith("Nothing was changed.")
    else:
        assert "Delete what it made in CVAT there: task " in sentence
