"""Who is sending a run, and what others may do meanwhile."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Cancelled, Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import Progress
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import lease as module
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.lease import Heartbeat, Lease, ask_to_stop, is_held, read_heartbeat
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from pymongo.errors import PyMongoError


@pytest.fixture
def store(dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setattr(module, "BEAT", 0.02)
    return RunStore(dataset, "run")


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


HERE, ELSEWHERE = socket.gethostname(), "another-host"
CASES = {
    # host, process, seconds since its last sign -> whether it is alive
    "this process": (HERE, os.getpid(), 0, True),
    "a process that ended": (HERE, 0, 0, False),
    "silent for long": (HERE, os.getpid(), 61, False),
    "on another host": (ELSEWHERE, 1, 50, True),
    "on another host, silent for long": (ELSEWHERE, 1, 61, False),
}


@pytest.mark.parametrize("case", CASES)
def test_alive(case: str) -> None:
    host, pid, ago, alive = CASES[case]
    pid = pid or dead_process()  # just now: its number is soon that of another one
    assert Heartbeat(owner="x", host=host, pid=pid, at=1000).is_alive(1000 + ago) is alive


def wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_one_sends_at_a_time(store: RunStore) -> None:
    with Lease(store, "run") as held:
        held.report(Progress("Uploading", 0.5))
        wait_until(lambda: (read_heartbeat(store) or held).text == "Uploading")
        with pytest.raises(Refused, match=r"is being sent at this moment \(Uploading\)"), Lease(store, "run"):
            pass
        assert is_held(store)
    assert read_heartbeat(store) is None
    with Lease(store, "run"):
        pass


def test_what_a_dead_process_left_is_taken_over(store: RunStore) -> None:
    store.note(module.NAME, Heartbeat(owner="x", host=HERE, pid=dead_process(), at=time.time()).model_dump())
    assert not is_held(store)
    with Lease(store, "run") as held:
        held.check()


def test_somebody_asks_to_stop(store: RunStore) -> None:
    def stopped() -> bool:
        try:
            held.check()
        except Cancelled:
            return True
        return False

    with Lease(store, "run") as held:
        assert not stopped()
        ask_to_stop(store)
        wait_until(stopped)
    with Lease(store, "run") as held:  # the wish was for that send alone
        time.sleep(0.1)
        assert not stopped()


def test_whoever_was_silent_too_long_gives_way(store: RunStore) -> None:
    """A laptop that slept: another process went on with the run."""
    with Lease(store, "run") as held:
        store.note(module.NAME, Heartbeat(owner="another", host=ELSEWHERE, pid=1, at=time.time()).model_dump())
        wait_until(lambda: held.is_lost)
        with pytest.raises(Refused, match="Another process goes on with sending the run 'run'"):
            held.check()
    heartbeat = read_heartbeat(store)
    assert heartbeat is not None
    assert heartbeat.owner == "another"


def test_a_database_that_is_away_does_not_hide_what_happened(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise PyMongoError("no servers")

    with pytest.raises(Refused, match="what happened"), Lease(store, "run"):
        monkeypatch.setattr(store, "forget", away)
        raise Refused("what happened")
