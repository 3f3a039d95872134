"""Programs, terminals and workers: what they are told while something is sent, and how it can be ended."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.plugins.orgs.roundtrip.cvat.sync import terminal
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import Progress
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.record import find
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.status import status_of
from operators_app import Dialog, properties
from sync_loop import URI, Loop, operator

PATIENCE = 60.0
"""Seconds; a worker has to import FiftyOne."""


def wait_until(condition: Callable[[], Any]) -> Any:
    ends = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < ends
        time.sleep(0.1)
    return found


def state(loop: Loop) -> str:
    loop.dataset.reload()
    if "run" not in loop.dataset.list_annotation_runs():
        return "none"
    return status_of(loop.dataset, find(loop.dataset, "run")).state


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(fo.config, "show_progress_bars", True)
    monkeypatch.setattr(sys, "stdout", screen)
    filled.send()
    assert "\r" in screen.getvalue()
    assert "Looking at the labels" in screen.getvalue()
    assert sys.stdout is screen, "the bar gives the terminal back"


@pytest.mark.parametrize(("bars", "out"), [(False, Screen), (True, io.StringIO)])
def test_silent_otherwise(filled: Loop, monkeypatch: pytest.MonkeyPatch, bars: bool, out: type[io.StringIO]) -> None:
    screen = out()
    monkeypatch.setattr(fo.config, "show_progress_bars", bars)
    monkeypatch.setattr(sys, "stdout", screen)
    filled.send()
    assert screen.getvalue() == ""


def test_the_bar_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(fo.config, "show_progress_bars", True)
    monkeypatch.setattr(sys, "stdout", screen)
    with terminal.watching() as reporter:
        reporter.report(Progress("half", 0.5))
        time.sleep(0.2)
        reporter.report(Progress("something else"))
    (line,) = [line for line in screen.getvalue().split("\r") if "something else" in line]
    assert "50%" in line


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C ends a program, also where this one was started to ignore it, as in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_leaves_a_run_that_can_be_resumed(filled: Loop, ctrl_c: None) -> None:
    """As a person presses it: a signal, while CVAT prepares the task."""

    def press() -> None:
        wait_until(lambda: any(entry.path.startswith("/api/requests") for entry in list(filled.box.log)))
        os.kill(os.getpid(), signal.SIGINT)

    before = filled.documents()
    finger = threading.Thread(target=press)
    with filled.box.hold_creations():
        finger.start()
        with pytest.raises(KeyboardInterrupt, match="Resume the run 'run' to go on from there"):
            filled.send()
    finger.join()
    assert state(filled) == "interrupted"
    assert filled.execute("run_info", anno_key="run")["problem"] == "Stopped."
    assert filled.documents() == before
    summary = operator("resume_run")(filled.dataset, "run")
    assert (summary["samples"], summary["labels"]) == (2, 2)
    assert len(filled.cvat.find("tasks")) == 1


def test_a_program_stops_a_send_of_another(filled: Loop) -> None:
    failed: list[BaseException] = []

    def send() -> None:
        try:
            filled.send()
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=send)
    with filled.box.hold_creations():
        thread.start()
        wait_until(lambda: state(filled) == "sending")
        wait_until(lambda: filled.cvat.find("tasks"))
        assert "stops within some seconds" in filled.execute("stop_run", anno_key="run")["text"]
        thread.join(PATIENCE)
    assert "Resume the run 'run'" in str(failed[0])
    assert state(filled) == "interrupted"
    with pytest.raises(Exception, match="it was interrupted"):
        operator("stop_run")(filled.dataset, "run")
    assert filled.execute("resume_run", anno_key="run")["labels"] == 2
    with pytest.raises(Exception, match="there is nothing to stop"):
        operator("stop_run")(filled.dataset, "run")


def test_the_dialogs_of_resume_and_stop_offer_what_they_can_do(filled: Loop) -> None:
    fault = filled.box.faults.add("status", "PATCH", "/annotations", status=500, times=None)
    with pytest.raises(Exception, match="Resume the run"):
        filled.send(bad_files="leave_out")
    fault.times = 0
    filled.send(anno_key="other")
    form = Dialog(filled, "resume_run").accept_defaults()
    assert [choice["value"] for choice in properties(form)["anno_key"]["view"]["choices"]] == ["run"]
    assert "internal error (500)" in properties(form)["why"]["view"]["label"]
    assert properties(form)["bad_files"]["default"] == "leave_out"
    assert "no_runs" in properties(Dialog(filled, "stop_run").form())
    form = Dialog(filled, "load_annotations", anno_key="run").form()
    assert properties(form)["anno_key"]["error_message"] == "The run 'run' is interrupted; choose another one."
    opened = Dialog(filled, "resume_run")
    opened.accept_defaults()
    shown = opened.run()
    assert shown.notice == ("success", "Sent 2 samples with 2 labels to CVAT, in 1 task.")
    assert shown.of("set_progress")


def test_an_unfinished_run_keeps_its_name(filled: Loop) -> None:
    filled.box.faults.add("status", "PATCH", "/annotations", status=500)
    with pytest.raises(Exception, match="Resume the run"):
        filled.send()
    with pytest.raises(Exception, match="is not complete"):
        filled.execute("rename_run", anno_key="run", new_key="other")


def test_a_worker_sends_and_tells_how_far_it_is(filled: Loop) -> None:
    """Scheduled from a program; a real worker, in a process of its own, does it."""
    asked = {"dataset": filled.dataset, "request_delegation": True}
    params = {"anno_key": "run", "label_field": "gt"}
    queued = foo.execute_operator(f"{URI}/send_to_cvat", ctx=asked, params=params).result
    assert filled.cvat.find("tasks") == [], "nothing is sent before a worker takes it"
    command = [str(Path(sys.executable).parent / "fiftyone"), "delegated", "launch"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with filled.box.hold_creations():
            wait_until(lambda: state(filled) == "sending")
            status = wait_until(lambda: told(filled))
            assert "2 of 2 images" in status.text
            wait_until(lambda: DelegatedOperationService().get(queued["id"]).status)
        wait_until(lambda: state(filled) == "sent")
        done = wait_until(lambda: finished(queued["id"]))
        assert done.run_state == "completed", done.result
    finally:
        worker.terminate()
        worker.wait()
    assert filled.load("run")["unchanged"] == 2


def told(loop: Loop) -> Any:
    """The status of the run, once it says something."""
    loop.dataset.reload()
    status = status_of(loop.dataset, find(loop.dataset, "run"))
    return status if "preparing" in status.text else None


def finished(operation: Any) -> Any:
    """A delegated operation that has ended."""
    found = DelegatedOperationService().get(operation)
    return found if found.run_state in ("completed", "failed") else None
