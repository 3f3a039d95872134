"""Waits for what a lost request does: bounded for any clock and any note, and soon over when somebody stops."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Cancelled as CvatCancelled
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Client, Credentials, ServerFault
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Cancelled
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.lease import SILENCE, Heartbeat
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.patience import LEAST, MOST, Wait, life_of, rest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.task_marks import delete_task

SOON = 1.0
ABSURD = [-1e12, -1.0, 0.0, 1e12, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("lasted", ABSURD)
def test_no_request_lives_longer_than_any_may(lasted: float) -> None:
    assert LEAST <= life_of(10**9, lasted) <= MOST
    left = Wait.of(lasted, lambda: None).until - time.monotonic()
    assert -1.0 < left <= MOST


@pytest.mark.parametrize("seconds", [60.0, 1e12, math.inf])
def test_a_pause_ends_soon_after_a_stop(seconds: float) -> None:
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Cancelled("Stopped.")

    for wait in (lambda: rest(seconds, check), lambda: list(Wait.of(seconds, check).looks())):
        stop.clear()
        timer = threading.Timer(0.1, stop.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            wait()
        assert time.monotonic() - began < 0.1 + SOON
        timer.join()


def test_so_does_waiting_for_a_task_that_cannot_be_deleted_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    client = Client(Credentials(url="http://127.0.0.1:1", token="t")).stopping_when(stop.is_set)

    def refuse(*_: Any) -> bool:
        stop.set()
        raise ServerFault("CVAT failed")

    monkeypatch.setattr(type(client), "delete_task", refuse)
    began = time.monotonic()
    with pytest.raises(CvatCancelled):
        delete_task(client, 1)
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("at", [-1e12, 0.0, 1e12, SILENCE + 1, -SILENCE - 1])
def test_a_sign_of_life_of_another_time_is_none(at: float) -> None:
    beat = Heartbeat(owner="x", host="another", pid=1, at=1000.0 + at if at else 1000.0)
    assert beat.is_alive(1000.0) == (at == 0.0)
