"""One send, load, undo or decision of a run at a time; the second is refused in a sentence, and nothing is written."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import load as loading
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import lease
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.lease import Lease, is_held, read_heartbeat
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.record import find, rename
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.status import status_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from sync_loop import Loop, operator


def store_of(loop: Loop) -> RunStore:
    return RunStore(loop.dataset, find(loop.dataset, "run").run_id)


VERBS: dict[str, Callable[[Loop], Any]] = {
    "load": lambda loop: loop.load(),
    "undo": lambda loop: operator("undo_load")(loop.dataset, "run"),
    "decide": lambda loop: operator("resolve_conflicts")(loop.dataset, "run", [{"take": "local"}]),
    "move": lambda loop: operator("move_run")(loop.dataset, "run", f"{loop.box.url}/"),
    "delete": lambda loop: operator("delete_run")(loop.dataset, "run", delete_tasks=True),
    "forget": lambda loop: operator("delete_run")(loop.dataset, "run"),
    "rename": lambda loop: rename(loop.dataset, "run", "other"),
    "refresh": lambda loop: operator("refresh_run")(loop.dataset, "run"),
    "undo the refresh": lambda loop: operator("undo_refresh")(loop.dataset, "run"),
    "extend": lambda loop: loop.send(label_field=(), extend=True),
    "FiftyOne's load": lambda loop: loop.dataset.load_annotations("run"),
    "FiftyOne's cleanup": lambda loop: loop.dataset.load_annotation_results("run").cleanup(),
}


@pytest.mark.parametrize("doing", lease.VERBS)
def test_the_second_is_refused(filled: Loop, doing: Any) -> None:
    """Whatever is being done with a run, and whatever somebody else begins with it."""
    filled.send()
    filled.cvat.move(filled.cvat.shape(0))
    sample = filled.dataset.last()
    sample.gt.detections[0].label = "cat"
    sample.save()
    filled.fill(None, suffix=".png")
    before, objects = filled.documents(), filled.cvat.objects()
    done = {"decided": "changed by decisions about its conflicts"}.get(doing, doing)
    with Lease(store_of(filled), "run", doing):
        for verb in VERBS.values():
            with pytest.raises(Exception, match=f"is being {done} at this moment"):
                verb(filled)
    assert filled.documents() == before
    assert (len(filled.cvat.find("tasks")), filled.cvat.objects()) == (1, objects)
    assert filled.load()["changed"] == 1


def test_two_loads_at_once(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second, in another thread of the same process, is refused while the first one reads."""
    filled.send()
    filled.cvat.move(filled.cvat.shape(0))
    began, go_on = threading.Event(), threading.Event()
    carry_out = loading.carry_out

    def slowly(*args: Any) -> Any:
        began.set()
        assert go_on.wait(20)
        return carry_out(*args)

    monkeypatch.setattr(loading, "carry_out", slowly)
    reports: list[Any] = []
    first = threading.Thread(target=lambda: reports.append(filled.load()))
    first.start()
    assert began.wait(20)
    monkeypatch.setattr(loading, "carry_out", carry_out)
    with pytest.raises(Exception, match="The run 'run' is being loaded at this moment"):
        filled.load()
    assert status_of(filled.dataset, find(filled.dataset, "run")).state == "sent"
    preview = filled.load(preview=True)  # writes nothing, so it may be looked at meanwhile
    go_on.set()
    first.join()
    assert (preview["changed"], reports[0]["changed"], filled.load()["changed"]) == (1, 1, 0)


LOAD = """
import sys
import fiftyone as fo
import fiftyone.operators as foo

foo.get_operator("@roundtrip/cvat/load_annotations")(fo.load_dataset(sys.argv[1]), "run", confirm=True)
"""


def test_a_load_that_is_killed_lets_go(filled: Loop) -> None:
    """As long as another process loads, nobody else does; killed amid reading, it is gone at once."""
    filled.send()
    filled.cvat.move(filled.cvat.shape(0))
    store, before = store_of(filled), filled.documents()
    slow = filled.box.faults.add("delay", "GET", "/annotations", seconds=60, times=1)
    with subprocess.Popen([sys.executable, "-c", LOAD, filled.dataset.name]) as process:
        try:
            ends = time.monotonic() + 60
            while not slow.applied:
                assert process.poll() is None and time.monotonic() < ends
                time.sleep(0.05)
            assert is_held(store)
            for verb in ("load", "undo"):
                with pytest.raises(Exception, match="is being loaded at this moment"):
                    VERBS[verb](filled)
        finally:
            process.kill()
    slow.release()
    assert not is_held(store)
    assert filled.documents() == before
    assert filled.load()["changed"] == 1
    assert read_heartbeat(store) is None


def test_a_load_that_fails_lets_go(filled: Loop) -> None:
    filled.send()
    task = filled.cvat.find("tasks")[0]["id"]
    for number in range(2):
        filled.cvat.delete(filled.cvat.shape(number, task=task), task=task)
    with pytest.raises(Exception, match="confirm"):
        filled.load(confirm=False, max_deleted=0)
    assert read_heartbeat(store_of(filled)) is None
    assert filled.load()["deleted"] == 2


def test_what_an_earlier_version_wrote_counts_as_a_send(filled: Loop) -> None:
    filled.send()
    sign = Lease(store_of(filled), "run")._heartbeat()
    del sign["doing"]
    store_of(filled).note(lease.NAME, {**sign, "pid": os.getpid()})
    with pytest.raises(Exception, match="is being sent at this moment"):
        filled.load()
