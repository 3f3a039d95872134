"""A stop in the middle of a wait for CVAT: soon, and nothing is lost; and one login for all a process does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Cancelled as CvatCancelled
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.kept import forget_sessions
from fiftyone.plugins.orgs.roundtrip.cvat.sync.connection import connect, find_credentials
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Cancelled
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.load import load
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import ProgressReporter
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import LoadRequest, SendRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.send import send
from sync_loop import Loop

SOON = 2.0
"""Seconds within which a stop must have its effect."""

HELD = 3.5
"""Seconds for which the server holds a request; it does what was asked all the same."""

FAULTS: dict[str, dict[str, Any]] = {
    "no answer": {"kind": "delay", "seconds": HELD},
    "come back in 11 days": {"kind": "status", "status": 429, "headers": {"Retry-After": "999999"}},
    "come back in a minute": {"kind": "status", "status": 429, "headers": {"Retry-After": "60"}},
}


def stopped(work: Callable[[ProgressReporter], Any]) -> BaseException:
    """Does something, stops it in the middle, and gives what it ended with."""
    reporter = ProgressReporter()
    timer = threading.Timer(0.7, reporter.stop.set)
    timer.start()
    start = time.monotonic()
    with pytest.raises(Exception) as caught:
        work(reporter)
    assert time.monotonic() - start < 0.7 + SOON
    timer.join()
    return caught.value


@pytest.mark.parametrize("fault", FAULTS)
def test_a_load_stops_in_the_middle_of_a_wait(filled: Loop, fault: str) -> None:
    filled.send()
    filled.cvat.move(filled.cvat.shape())
    before = filled.documents()
    rule = filled.box.faults.add(**FAULTS[fault], method="GET", path=r"/api/jobs/\d+/annotations", times=None)
    request = LoadRequest(anno_key="run", confirm=True)
    error = stopped(lambda reporter: load(filled.dataset, request, connect(find_credentials()), reporter))
    if fault == "come back in 11 days":
        assert "Try again in 12 days (after " in str(error) and str(error).endswith("Nothing was changed.")
    else:
        assert isinstance(error, (Cancelled, CvatCancelled)) and "Nothing was changed" in str(error)
    assert filled.documents() == before
    filled.box.faults.clear()
    assert rule.applied
    assert filled.load()["changed"] == 1


@pytest.mark.parametrize("path", [r"/api/tasks$", r"/api/tasks/\d+/data", r"/api/jobs/\d+/annotations"])
@pytest.mark.parametrize("fault", ["no answer", "come back in a minute"])
def test_a_send_stops_in_the_middle_of_a_wait_and_goes_on_later(filled: Loop, fault: str, path: str) -> None:
    filled.box.faults.add(**FAULTS[fault], path=path, times=None)
    request = SendRequest(anno_key="run", label_field="gt")
    error = stopped(lambda reporter: send(filled.dataset, request, connect(find_credentials()), reporter))
    assert isinstance(error, Cancelled), error
    filled.box.faults.clear()
    if fault == "no answer":
        time.sleep(HELD - 0.7)  # what was asked before the stop is done by then
    filled.execute("resume_run", anno_key="run")
    assert len(filled.cvat.objects()) == 2
    assert filled.load()["unchanged"] == 2


def test_a_process_logs_in_once(filled: Loop) -> None:
    forget_sessions()
    before = filled.clock
    filled.send()
    for _ in range(3):
        filled.load()
    asked = filled.requests(before)
    assert asked.count("POST /api/auth/login") == 1
    assert asked.count("GET /api/server/about") == 1


def test_a_load_of_nothing_new_is_quick(filled: Loop) -> None:
    """A login takes a real CVAT 0.2 s."""
    filled.send()
    filled.load()
    before = filled.clock
    assert filled.load()["unchanged"] == 2
    asked = filled.requests(before)
    assert "POST /api/auth/login" not in asked
    assert len(asked) <= 4
