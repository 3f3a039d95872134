"""Whoever is connected to another server sees and changes nothing there that only has the numbers of a run's jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from operators_app import Dialog
from panels_app import Panel
from sync_loop import Loop, operator


@pytest.fixture
def elsewhere(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A run, and a server with another address that has a task and a job of the same numbers."""
    filled.send()
    monkeypatch.setenv("FIFTYONE_CVAT_URL", filled.box.url.replace("127.0.0.1", "localhost"))
    return filled


def said_by_status(loop: Loop) -> str:
    with pytest.raises(RoundtripError) as caught:
        loop.dataset.load_annotation_results("run").get_status()
    return str(caught.value)


def said_by_watcher(loop: Loop) -> str:
    return str(operator("watch_runs")(loop.dataset, "run", once=True)["troubles"])


def said_by_panel(loop: Loop) -> str:
    panel = Panel(loop, "cvat")
    panel.event("refresh")
    (card,) = panel.drawn
    assert "job completed" not in str(card) and "gone" not in card
    return str(panel.state["problems"])


def said_by_dialog(loop: Loop) -> str:
    return Dialog(loop, "change_job", anno_key="run", job=1, state="completed").run().notice[1]


def said_by_comments(loop: Loop) -> str:
    panel = Panel(loop, "cvat")
    panel.event("comments", run="run")
    return str(panel.shown)


@pytest.mark.parametrize("ask", [said_by_status, said_by_watcher, said_by_panel, said_by_dialog, said_by_comments])
def test_a_run_is_looked_for_on_its_server_only(elsewhere: Loop, ask: Callable[[Loop], str]) -> None:
    before: Any = elsewhere.cvat.call("GET", "jobs/1")
    assert "but you are connected to" in ask(elsewhere)
    assert elsewhere.cvat.call("GET", "jobs/1") == before
