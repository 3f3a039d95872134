"""The panel "CVAT": what it shows of the runs, and what its buttons open."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from panels_app import Panel as AnyPanel
from sync_loop import URI, Loop


class Panel(AnyPanel):
    """The panel of runs, open in the App."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop, "cvat")

    @property
    def cards(self) -> dict[str, dict[str, Any]]:
        """The runs by their keys, the newest first."""
        return {card["run"]: card for card in self.state["cards"]}

    def prompted(self) -> tuple[str, dict[str, Any]]:
        """The operator whose dialog the last event opened, and what is filled in there."""
        (only,) = (params for name, params in self.asked if name == "prompt_user_for_operation")
        return only["operator_uri"], only.get("params") or {}


def test_without_a_run(filled: Loop) -> None:
    panel = Panel(filled)
    assert panel.cards == {}
    assert "empty" in panel.shown
    panel.event("send")
    assert panel.prompted()[0] == f"{URI}/send_to_cvat"


def test_cards(filled: Loop) -> None:
    filled.send(anno_key="first")
    panel = Panel(filled)
    card, (card_of_first,) = panel.cards["first"], [name for name in panel.shown if name.startswith("card_")]
    assert card["title"] == "**first** · sent · `gt`"
    assert card["facts"].startswith("2 samples · 2 labels · sent ") and card["facts"].endswith(" · loaded never")
    assert f"({filled.box.url}/tasks/1)" in card["tasks"]
    filled.load("first")
    filled.send(anno_key="second")
    panel.event("refresh")
    first, second = (name for name in reversed(panel.shown) if name.startswith("card_"))
    assert first == card_of_first and second != first, "an open menu stays with its run"
    never = {key: card["facts"].endswith("loaded never") for key, card in panel.cards.items()}
    assert never == {"first": False, "second": True}
    filled.execute("delete_run", anno_key="first")
    panel.event("on_change_dataset")
    assert [*panel.cards] == ["second"]


@pytest.mark.parametrize("method", ["load_with", "rename", "delete"])
def test_actions_open_dialogs(filled: Loop, method: str) -> None:
    filled.send(anno_key="first")
    filled.send(anno_key="second")
    panel = Panel(filled)
    names = {"load_with": "load_annotations", "rename": "rename_run", "delete": "delete_run"}
    for key in panel.cards:
        panel.event(method, run=key)
        uri, params = panel.prompted()
        assert (uri, params["anno_key"]) == (f"{URI}/{names[method]}", key)


def test_actions_that_show(filled: Loop) -> None:
    filled.send(filled.dataset.limit(1))
    panel = Panel(filled)
    panel.event("view", run="run")
    assert [name for name, _ in panel.asked if name == "set_view"] == ["set_view"]
    panel.event("info", run="run")
    assert "show_output" not in [name for name, _ in panel.asked], "it is shown in the panel, without a dialog"
    assert panel.shown["shown"]["default"].startswith("**run**: sent")
    panel.event("show_runs")
    assert panel.drawn


def test_the_panel_needs_no_server(filled: Loop) -> None:
    filled.send()
    filled.box.close()
    panel = Panel(filled)
    assert [*panel.cards] == ["run"] and panel.drawn
    panel.event("refresh")
    assert [*panel.cards] == ["run"] and "cannot be reached" in panel.state["missing"]
    assert panel.shown["problem"]["view"]["label"] == "CVAT can't be used now"
    assert "export FIFTYONE_CVAT_URL" in panel.shown["how"]["default"]


def offered(panel: Panel, key: str) -> tuple[str, list[str]]:
    """The next step and the menu of a run, as the App shows them."""
    number = [*panel.cards].index(key)
    row = panel.drawn[number]["actions"]["type"]["properties"]
    step = row["step"]["view"]["label"] if "step" in row else ""
    return step, [choice["label"] for choice in row["more"]["view"]["choices"]]


def interrupt(loop: Loop) -> None:
    """A send that fails on its way."""
    loop.box.faults.add("status", "PATCH", "/annotations", status=500)
    with pytest.raises(Exception, match="Resume the run"):
        loop.send(anno_key="broken")


def test_an_interrupted_run_can_be_resumed(filled: Loop) -> None:
    filled.send(anno_key="whole")
    interrupt(filled)
    panel = Panel(filled)
    rest = ["When to load by itself", "Send changed labels", "Add samples", "View samples", "Info", "Rename", "Delete"]
    assert offered(panel, "whole") == ("Load", ["Load with options", "Plots", *rest])
    assert offered(panel, "broken") == ("Resume", ["Resume with options", "View samples", "Info", "Delete"])
    card = panel.cards["broken"]
    assert (card["title"], card["facts"]) == ("**broken** · interrupted · `gt`", "2 samples")
    assert card["problem"].startswith("CVAT failed with an internal error (500)")
    panel.event("resume_with", run="broken")
    assert panel.prompted() == (f"{URI}/resume_run", {"anno_key": "broken", "in_panel": True})
    panel.event("info", run="broken")
    assert panel.shown["shown"]["default"].startswith("**broken**: interrupted, 2 samples\n")
    panel.event("show_runs")
    panel.event("resume", run="broken")
    panel.wait_for_work()
    assert panel.notice["line"] == "Sent 2 samples with 2 labels to CVAT, in 1 task."
    assert {card["state"] for card in panel.cards.values()} == {"sent"}
    assert panel.cards["broken"]["problem"] == ""


def test_a_send_is_followed_and_stopped(filled: Loop) -> None:
    panel = Panel(filled)
    panel.event("tick")
    timer = panel.shown["timer"]["view"]
    assert timer["interval"] >= 10_000, "an idle panel asks seldom"
    thread = threading.Thread(target=_send_or_stop, args=(filled,))
    with filled.box.hold_creations():
        thread.start()
        _wait(panel, lambda: "run" in panel.cards and "preparing" in panel.cards["run"]["busy"])
        assert panel.cards["run"]["title"].startswith("**run** · sending, ")
        assert offered(panel, "run") == ("Stop", ["View samples", "Info"])
        assert panel.shown["timer"]["view"]["interval"] < timer["interval"]
        properties = panel.drawn[0]
        (bar,) = (item for name, item in properties.items() if name.startswith("busy"))
        assert bar["view"]["label"].startswith("CVAT is preparing")
        assert 0 < bar["default"] < 1
        panel.event("stop", run="run")
        (said,) = (params for name, params in panel.asked if name == "notify")
        assert "stops within some seconds" in said["message"]
        thread.join()
    panel.event("refresh")
    assert (panel.cards["run"]["state"], panel.cards["run"]["problem"]) == ("interrupted", "Stopped.")
    panel.event("stop", run="run")  # as in a panel that was not drawn anew yet
    (said,) = (params for name, params in panel.asked if name == "notify")
    assert (said["variant"], "it was interrupted" in said["message"]) == ("error", True)


def _send_or_stop(loop: Loop) -> None:
    with contextlib.suppress(Exception):
        loop.send()


def _wait(panel: Panel, condition: Callable[[], Any]) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.1)
        panel.event("tick")


def test_a_damaged_run_is_named_and_hides_no_other(filled: Loop) -> None:
    filled.send(anno_key="good")
    filled.send(anno_key="damaged")
    filled.send(anno_key="unreadable")
    store = RunStore(filled.dataset, records.find(filled.dataset, "damaged").run_id)
    store.save("marks", b"[1]")
    store.note("lease", {"owner": ["x"]})
    run = filled.dataset._doc.annotation_runs["unreadable"]
    run.config["run_id"] = ["x"]
    run.save()
    filled.dataset.reload()
    panel = Panel(filled)
    assert sorted(panel.cards) == ["damaged", "good"]
    lines = panel.state["damaged"].splitlines()
    assert any(line.startswith("- **damaged**: What is kept of this run ('marks') is damaged") for line in lines)
    assert lines[0] == "**Can't be read**" and any(line.startswith("- **unreadable**: Its record") for line in lines)
    assert "damaged_text" in panel.shown
    panel.event("show_conflicts", run="good")
    assert panel.state.get("step") is None
    panel.event("show_runs")
    filled.send(anno_key="next")
    assert filled.load("next")["unchanged"] == 2
