"""A watcher looks at runs and loads them; it goes on whatever happens to one of them, to CVAT or to itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync import connection
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.history import history
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.lease import Lease
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.run_record import RunRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch import sign as signs
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.alarm import Alarm
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.held import HeldRuns
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.program import prepare
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.rule import WatchRequest, turn_off, turn_on
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.status import watch_status
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.watcher import Watcher
from pymongo.errors import AutoReconnect
from sync_loop import Loop, operator


class Time:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Watching:
    """A watcher at work, with what it says.

    Args:
        loop: the loop
        runs: the runs that are named
        every: seconds between two looks
    """

    def __init__(self, loop: Loop, *runs: str, every: float = 60.0, **said: Any) -> None:
        self.loop = loop
        self.time = Time()
        self.said: list[str] = []
        self.alarm = Alarm()
        request = WatchRequest(runs=runs, every=every, **said)
        self.watcher: Watcher = prepare(loop.dataset, request, self._connect, self._tell, self.alarm, self.time)

    def _connect(self, record: RunRecord) -> Any:
        return connection.connect(connection.find_credentials(server=record.server), record.organization)

    def _tell(self, key: str, text: str) -> None:
        self.said.append(f"{key}: {text}")

    def look(self, after: float = 60.0) -> list[str]:
        """The next look; what was said then."""
        self.time.now += after
        self.said.clear()
        self.watcher.look()
        return list(self.said)


def complete(loop: Loop, task: int = 1, state: str = "completed") -> None:
    """Somebody says that all jobs of a task are done."""
    for job in loop.cvat.jobs(task):
        loop.cvat.call("PATCH", f"jobs/{job['id']}", {"state": state})


def status(watching: Watching, key: str = "run") -> Any:
    """How a run stands, as the panel sees it."""
    dataset = watching.loop.dataset
    return watch_status(dataset, records.find(dataset, key), watching.time.now)


def test_a_completed_job_is_loaded_and_an_idle_look_is_one_request(filled: Loop) -> None:
    filled.send()
    watching = Watching(filled, "run")
    filled.cvat.move(filled.cvat.shape(0))
    assert watching.look() == [], "it moved, and nobody said that it is done"
    before = filled.documents()
    complete(filled)
    (said,) = watching.look()
    assert said == "run: Loaded by itself from 1 of 1 jobs: 0 added, 1 changed, 0 deleted labels."
    assert len(filled.since(before)) == 1
    clock = filled.clock
    assert watching.look() == [] and watching.look() == []
    asked = filled.requests(clock)
    assert len(asked) == 2 and set(asked) == {"GET /api/jobs"}
    (load,) = history(filled.dataset, "run")
    assert load["by_itself"] is True and load["user"] == "admin"
    filled.cvat.move(filled.cvat.shape(0))
    assert filled.load()["changed"] == 1
    assert [load["by_itself"] for load in history(filled.dataset, "run")] == [True, False]
    assert "| by itself |" in operator("load_history").execute(context(filled))["text"]


def context(loop: Loop) -> Any:
    """The context of an operator that a program calls."""
    return foo.ExecutionContext({"dataset_name": loop.dataset.name, "params": {"anno_key": "run"}})


def test_two_runs_share_a_request_and_their_rules_count(filled: Loop) -> None:
    for key in ("one", "two"):
        filled.send(anno_key=key)
    Watching(filled, "two", states=("in progress",), policy="remote")
    watching = Watching(filled, "one", "two")
    watching.look()
    for task in (1, 2):
        filled.cvat.draw("cat", task=task)
        complete(filled, task)
    clock = filled.clock
    (said,) = watching.look()
    assert said.startswith("one: Loaded") and filled.requests(clock).count("GET /api/jobs") == 2  # the look, the load
    complete(filled, 2, "in progress")
    (said,) = watching.look()
    assert said.startswith("two: Loaded")
    turn_off(filled.dataset, "two")
    filled.cvat.draw("dog", task=2)
    assert watching.look() == ["two: It is turned off for this run."]
    assert Watching(filled, "two").look() == ["two: It is turned off for this run."], "started again, it stays so"


def test_a_conflict_waits_for_a_person(filled: Loop) -> None:
    filled.send()
    sample = filled.dataset.first()
    sample["gt"].detections[0].label = "dog"
    sample.save()
    filled.cvat.relabel(filled.cvat.shape(0), "cat")
    filled.cvat.edit(filled.cvat.shape(0), label_id=filled.cvat.labels()["dog"]["id"])
    filled.cvat.move(filled.cvat.shape(0))
    sample["gt"].detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    sample.save()
    complete(filled)
    watching = Watching(filled, "run")
    (said,) = watching.look()
    assert said.endswith("1 in conflict to be decided.")
    clock = filled.clock
    assert watching.look() == [] and filled.requests(clock) == ["GET /api/jobs"], "it waits, and is not loaded again"
    assert len(history(filled.dataset, "run")) == 1
    assert filled.labels()[0][0].bounding_box == [0.5, 0.5, 0.1, 0.1]


def test_a_caution_stops_it_until_a_person_loads(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiftyone.plugins.orgs.roundtrip.cvat.sync.load.cautions.FEW", 0)
    filled.send()
    watching = Watching(filled, "run")
    before = filled.documents()
    filled.cvat.delete(filled.cvat.shape(0))
    complete(filled)
    (said,) = watching.look()
    assert said.startswith("run: Stopped: It would delete 1 of 2 labels") and "load it yourself" in said
    assert filled.documents() == before and (status(watching).state, history(filled.dataset, "run")) == ("stopped", [])
    assert status(watching).text in said
    clock = filled.clock
    assert watching.look() == []
    assert Watching(filled, "run").look() == [said], "started anew, it is still stopped"
    assert filled.requests(clock) == []
    assert filled.load()["deleted"] == 1
    filled.cvat.move(filled.cvat.shape(1))
    (said,) = watching.look()
    assert said.startswith("run: Loaded by itself") and status(watching).state == "watched"


def test_what_was_undone_does_not_come_again(filled: Loop) -> None:
    filled.send()
    watching = Watching(filled, "run")
    filled.cvat.move(filled.cvat.shape(0))
    complete(filled)
    before = filled.documents()
    watching.look()
    operator("undo_load")(filled.dataset, "run")
    after = filled.documents()
    (said,) = watching.look()
    assert said.startswith("run: Stopped: Its last load was undone") and filled.documents() == after
    assert watching.look() == []
    turn_on(filled.dataset, "run", {}, here=False)
    (said,) = watching.look()
    assert "1 changed" in said and len(filled.since(before)) == 1


def test_another_watcher_leaves_it_alone_until_the_first_is_gone(filled: Loop) -> None:
    filled.send()
    first, second = Watching(filled, "run"), Watching(filled, "run")
    first.look()
    (said,) = second.look()
    assert "watches it already" in said and second.look() == []
    first.watcher.leave()
    complete(filled)
    filled.cvat.move(filled.cvat.shape(0))
    (said,) = second.look()
    assert said.startswith("run: Loaded by itself")
    assert status(second).state == "watched"
    store = RunStore(filled.dataset, records.find(filled.dataset, "run").run_id)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    dead = signs.new_sign("somebody", second.time.now, second.time.now + 60).model_copy(update={"pid": process.pid})
    store.note(signs.SIGN, dead.model_dump())
    assert second.look() == [] and second.watcher._held.ids, "a process that ended without a word"


def test_a_run_that_is_being_loaded_is_left_alone(filled: Loop) -> None:
    filled.send()
    watching = Watching(filled, "run")
    filled.cvat.move(filled.cvat.shape(0))
    complete(filled)
    store = RunStore(filled.dataset, records.find(filled.dataset, "run").run_id)
    with Lease(store, "run", "undone"):
        assert watching.look() == []
    (said,) = watching.look()
    assert said.startswith("run: Loaded by itself")


def test_other_names_and_a_clock_that_is_put_back(filled: Loop) -> None:
    """A run is known by its id, a dataset too; and no look waits for the time that a clock had."""
    filled.send()
    watching = Watching(filled, "run")
    assert watching.look() == []
    records.rename(filled.dataset, "run", "other")
    filled.dataset.name += "-renamed"
    filled.cvat.move(filled.cvat.shape(0))
    complete(filled)
    (said,) = watching.look()
    assert said.startswith("other: Loaded by itself")
    filled.box.faults.add("status", "GET", "/api/jobs", status=400, times=1)
    assert watching.look() != [] and watching.look(1.0) == []
    filled.cvat.move(filled.cvat.shape(0))
    said, well = watching.look(-86_400.0)
    assert said.startswith("other: Loaded by itself") and well == "other: All is well again."


def test_cvat_that_is_away_is_asked_less_and_less(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiftyone.plugins.orgs.roundtrip.cvat.cvat.retry.RetryPolicy.pause", lambda *_: 0.0)
    filled.send()
    watching = Watching(filled, "run")
    watching.look()
    filled.box.faults.add("status", "GET", "/api/jobs", status=503, times=None)
    asked = []
    for _ in range(30):
        clock = filled.clock
        said = watching.look()
        asked.append(bool(filled.requests(clock)))
        assert not said or "503" in said[0]
    looks = [number for number, was in enumerate(asked) if was]
    assert looks == [0, 2, 6, 14, 29], "minutes; a quarter of an hour at most"
    assert status(watching).text and watching.watcher.troubles
    filled.box.faults.clear()
    complete(filled)
    filled.cvat.move(filled.cvat.shape(0))
    said = watching.look(900)
    assert said[0].startswith("run: Loaded by itself") and said[1] == "run: All is well again."
    assert status(watching).text == "" and watching.watcher.troubles == {}


def test_one_runs_trouble_stops_no_other(filled: Loop) -> None:
    for key in ("gone", "damaged", "empty", "well"):
        filled.send(anno_key=key)
    watching = Watching(filled, "gone", "damaged", "empty", "well")
    watching.look()
    for task in (1, 2, 4):
        filled.cvat.draw("cat", task=task)
        complete(filled, task)
    filled.cvat.call("DELETE", "tasks/3")
    filled.execute("delete_run", anno_key="gone")
    store = RunStore(filled.dataset, records.find(filled.dataset, "damaged").run_id)
    store.save("marks", b"[1]")
    said = watching.look()
    assert any(text.startswith("well: Loaded by itself") for text in said)
    assert any("A run was deleted" in text for text in said)
    assert any(text.startswith("damaged: What is kept of this run ('marks') is damaged") for text in said)
    assert any(text.startswith("empty: CVAT lists no job of it") for text in said)
    assert watching.watcher.ended == ""


@pytest.mark.parametrize("what", ["the database", "a fault of the program"])
def test_what_fails_once_ends_nothing(filled: Loop, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    filled.send()
    watching = Watching(filled, "run")
    watching.look()
    error = AutoReconnect("away") if what == "the database" else KeyError("x")

    def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(HeldRuns, "take", fail)
        (said,) = watching.look()
        assert watching.look() == [] and watching.watcher.troubles[""]
    sentences = {"the database": "FiftyOne's database failed (away)", "a fault of the program": "(KeyError)"}
    assert sentences[what] in said
    filled.cvat.move(filled.cvat.shape(0))
    complete(filled)
    (said,) = watching.look()
    assert said.startswith("run: Loaded by itself") and watching.watcher.troubles == {}


@pytest.mark.parametrize("what", ["dataset", "run", "password"])
def test_it_ends_in_a_sentence(filled: Loop, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    filled.send()
    watching = Watching(filled, "run")
    watching.look()
    ways: dict[str, Callable[[], Any]] = {
        "dataset": lambda: fo.delete_dataset(filled.dataset.name),
        "run": lambda: filled.dataset.delete_annotation_run("run"),
        "password": lambda: monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "wrong"),
    }
    ways[what]()
    said = watching.look()
    assert watching.watcher.ended, said
    expected = {"dataset": "was deleted", "run": "A run was deleted", "password": "did not accept"}
    assert any(expected[what] in text for text in said), said
    watching.watcher.leave()
    if what == "password":
        assert (status(watching).state, "did not accept" in status(watching).text) == ("stopped", True)
        monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")
        again = Watching(filled, "run")
        assert again.look() == [] and status(again).state == "watched"
