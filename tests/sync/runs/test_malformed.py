"""What is kept of a run, and its record, can be damaged in any way: each ends in a sentence, and hides no other run."""

from __future__ import annotations

import zlib
from typing import Any

import bson
import fiftyone.core.annotation as foa
import fiftyone.operators as foo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError, StateUnreadable
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import NAME, RunStore
from sync_loop import Loop, operator

VERBS = {
    "load": lambda loop: loop.load(),
    "preview": lambda loop: loop.load(preview=True),
    "undo": lambda loop: operator("undo_load")(loop.dataset, "run"),
    "history": lambda loop: operator("load_history")(loop.dataset, "run"),
    "comments": lambda loop: operator("comments")(loop.dataset, "run"),
    "conflicts": lambda loop: operator("resolve_conflicts")(loop.dataset, "run"),
    "delete": lambda loop: operator("delete_run")(loop.dataset, "run", delete_tasks=True),
}

HEADS: dict[str, Any] = {
    "no dict": ["x"],
    "nothing in it": {},
    "no number of pieces": {"format": 1, "pieces": None, "check": 0, "data": b""},
    "endless pieces": {"format": 1, "pieces": 10**12, "check": 0, "data": b""},
    "other data": {"format": 1, "pieces": 1, "check": 0, "data": b"x"},
    "text for data": {"format": 1, "pieces": 1, "check": zlib.crc32(b"x"), "data": "x"},
    "not compressed": {"format": 1, "pieces": 1, "check": zlib.crc32(b"x"), "data": b"x"},
    "format a text": {"format": "1", "pieces": 1, "check": 0, "data": b""},
}

READERS = {
    "comments": "comments",
    "open": "conflicts",
    "marks": "conflicts",
    "marks-since": "conflicts",
    "job": "conflicts",
}

TEXTS = (b"", b"{}", b"[[]]", b"[" * 5_000, b"\xff", bson.encode({"x": 1}))


@pytest.fixture
def loaded(filled: Loop) -> Loop:
    """A run that was loaded once, and has something to be loaded."""
    filled.send()
    filled.cvat.move(filled.cvat.shape(0))
    filled.load()
    filled.cvat.move(filled.cvat.shape(0))
    return filled


def raw(loop: Loop) -> Any:
    return foo.ExecutionStore.create(NAME, dataset_id=loop.dataset._doc.id)


def kept(loop: Loop) -> list[str]:
    return sorted(key for key in raw(loop).list_keys() if "#" not in key)


def check(loop: Loop, verb: str) -> None:
    """The verb works, or says in a sentence why not."""
    try:
        VERBS[verb](loop)
    except (RoundtripError, CvatError) as error:
        assert str(error).endswith((".", "?")) and "Traceback" not in str(error)


@pytest.mark.parametrize("damage", HEADS)
def test_every_document_with_a_damaged_head(loaded: Loop, damage: str) -> None:
    store, names = raw(loaded), kept(loaded)
    assert len(names) > 5
    for name in names:
        before = store.get(name)
        store.set(name, HEADS[damage])
        with pytest.raises(StateUnreadable, match="is damaged"):
            RunStore(loaded.dataset, name.partition("/")[0]).load(name.partition("/")[2])
        for verb in ("preview", "history", "conflicts"):
            check(loaded, verb)
        store.set(name, before)
    assert loaded.load()["changed"] == 1


def test_every_document_with_another_text(loaded: Loop) -> None:
    run_id = records.find(loaded.dataset, "run").run_id
    store = RunStore(loaded.dataset, run_id)
    for name in store.names():
        before = store.load(name)
        assert before is not None
        for text in TEXTS:
            store.save(name, text)
            check(loaded, "preview")
            check(loaded, READERS.get(name.partition("/")[0], "history"))
        store.save(name, before)
    assert loaded.load()["changed"] == 1


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("text", [b"{}", b"[1]"])
def test_every_verb_with_every_damage(loaded: Loop, verb: str, text: bytes) -> None:
    run_id = records.find(loaded.dataset, "run").run_id
    store = RunStore(loaded.dataset, run_id)
    for name in store.names():
        store.save(name, text)
    check(loaded, verb)


@pytest.mark.parametrize("gone", ["job/", "drawn/", "saved/"])
def test_labels_whose_base_is_gone_are_not_added_again(filled: Loop, gone: str) -> None:
    """As when the run is deleted by another process while this one reads."""
    filled.send()
    before = filled.documents()
    filled.cvat.move(filled.cvat.shape(0))
    RunStore(filled.dataset, records.find(filled.dataset, "run").run_id).drop(gone)
    check(filled, "load")
    assert filled.documents() == before


def test_a_mark_and_its_labels() -> None:
    class Empty:
        def load(self, name: str) -> None: ...

    from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.marks import JobMark

    base = BaseStore(Empty())  # type: ignore[arg-type]
    assert base.known_labels(1, JobMark()) == ()
    with pytest.raises(StateUnreadable, match="job 1 is gone"):
        base.known_labels(1, JobMark(labels={"gt": 2}))


RECORDS: dict[str, Any] = {
    "no schema": {"label_schema": {"gt": {"type": "nothing"}}},
    "schema a list": {"label_schema": [1]},
    "schema of nothing": {"label_schema": {"gt": None}},
    "an id that is a list": {"run_id": ["x"]},
    "no id": {"run_id": None},
    "tasks a text": {"tasks": "x"},
    "a task without an id": {"tasks": [{"name": "x"}]},
    "dates": {"created_at": "yesterday", "loaded_at": "\x00"},
    "a date that is a number": {"created_at": 7},
    "a server that is none": {"server": "javascript:alert(1)"},
    "a later format": {"format": 99, "label_schema": {"gt": {"kind": "new"}}},
}


@pytest.mark.parametrize("case", RECORDS)
def test_a_malformed_record_hides_no_other(filled: Loop, case: str) -> None:
    filled.send()
    good = records.find(filled.dataset, "run").model_dump(mode="json")
    config = foa.AnnotationMethodConfig(**{**good, "run_id": "other", **RECORDS[case]})
    foa.AnnotationMethod(config).register_run(filled.dataset, "odd")
    assert "run" in records.find_all(filled.dataset)
    for name in ("load_annotations", "run_info", "open_in_cvat", "delete_run", "load_history", "undo_load", "comments"):
        try:
            operator(name)(filled.dataset, "odd")
        except (RoundtripError, CvatError) as error:
            assert str(error).endswith((".", "?"))
        if "odd" not in filled.dataset.list_annotation_runs():
            foa.AnnotationMethod(config).register_run(filled.dataset, "odd")
    filled.send(anno_key="next")
    assert filled.load("next")["unchanged"] == filled.load("run")["unchanged"] == 2


def test_a_run_of_a_tool_that_is_not_here(filled: Loop) -> None:
    """FiftyOne can't make its config: the class is not installed."""
    import fiftyone.core.odm as odm

    filled.send()
    foa.AnnotationMethod(foa.AnnotationMethodConfig(backend="x")).register_run(filled.dataset, "theirs")
    filled.dataset._doc.annotation_runs["theirs"].config = {"cls": "no.such.module.Config", "type": "annotation"}
    filled.dataset._doc.annotation_runs["theirs"].save()
    assert odm.get_db_conn() is not None
    assert list(records.find_all(filled.dataset)) == ["run"]
    filled.send(anno_key="next")
