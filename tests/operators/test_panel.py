"""The panel "CVAT runs": what it shows, and what its buttons open."""

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
        super().__init__(loop, "cvat_runs")

    @property
    def rows(self) -> list[dict[str, Any]]:
        return list(self.state["rows"])

    def prompted(self) -> tuple[str, dict[str, Any]]:
        """The operator whose dialog the last event opened, and what is filled in there."""
        (only,) = (params for name, params in self.asked if name == "prompt_user_for_operation")
        return only["operator_uri"], only.get("params") or {}


def test_without_a_run(filled: Loop) -> None:
    panel = Panel(filled)
    assert panel.rows == []
    assert "empty" in panel.shown
    panel.event("send")
    assert panel.prompted()[0] == f"{URI}/send_to_cvat"


def test_rows(filled: Loop) -> None:
    filled.send(anno_key="first")
    panel = Panel(filled)
    (row,) = panel.rows
    assert (row["run"], row["status"], row["samples"], row["labels"], row["loaded"]) == ("first", "sent", 2, 2, "never")
    assert f"({filled.box.url}/tasks/1)" in panel.state["links"]
    filled.load("first")
    filled.send(anno_key="second")
    panel.event("refresh")
    assert {row["run"]: row["loaded"] != "never" for row in panel.rows} == {"first": True, "second": False}
    filled.execute("delete_run", anno_key="first")
    panel.event("on_change_dataset")
    assert [row["run"] for row in panel.rows] == ["second"]


@pytest.mark.parametrize("method", ["load", "rename", "delete"])
def test_row_actions_open_dialogs(filled: Loop, method: str) -> None:
    filled.send(anno_key="first")
    filled.send(anno_key="second")
    panel = Panel(filled)
    names = {"load": "load_annotations", "rename": "rename_run", "delete": "delete_run"}
    for number, row in enumerate(panel.rows):
        panel.event(method, row=number)
        uri, params = panel.prompted()
        assert (uri, params["anno_key"]) == (f"{URI}/{names[method]}", row["run"])


def test_row_actions_that_show(filled: Loop) -> None:
    filled.send(filled.dataset.limit(1))
    panel = Panel(filled)
    panel.event("view", row=0)
    assert [name for name, _ in panel.asked if name == "set_view"] == ["set_view"]
    panel.event("info", row=0)
    (shown,) = (params for name, params in panel.asked if name == "show_output")
    assert shown["results"]["text"].startswith("**run**: sent")


def test_the_panel_needs_no_server(filled: Loop) -> None:
    filled.send()
    filled.box.close()
    assert len(Panel(filled).rows) == 1


def offered(panel: Panel, number: int) -> list[str]:
    """The actions of a row, as the App shows them."""
    table = panel.shown["rows"]["view"]
    return [action["name"] for action in table["row_actions"] if action["rows"][number]]


def interrupt(loop: Loop) -> None:
    """A send that fails on its way."""
    loop.box.faults.add("status", "PATCH", "/annotations", status=500)
    with pytest.raises(Exception, match="Resume the run"):
        loop.send(anno_key="broken")


def test_an_interrupted_run_can_be_resumed(filled: Loop) -> None:
    filled.send(anno_key="whole")
    interrupt(filled)
    panel = Panel(filled)
    numbers = {row["run"]: number for number, row in enumerate(panel.rows)}
    assert offered(panel, numbers["whole"]) == ["load", "view", "info", "rename", "delete"]
    assert offered(panel, numbers["broken"]) == ["resume", "view", "info", "delete"]
    row = panel.rows[numbers["broken"]]
    assert (row["status"], row["labels"], row["sent"], row["loaded"]) == ("interrupted", "", "", "")
    assert "**broken**: CVAT failed with an internal error (500)" in panel.state["interrupted"]
    panel.event("resume", row=numbers["broken"])
    assert panel.prompted() == (f"{URI}/resume_run", {"anno_key": "broken"})
    panel.event("info", row=numbers["broken"])
    (shown,) = (params for name, params in panel.asked if name == "show_output")
    assert shown["results"]["text"].startswith("**broken**: interrupted, 2 samples\n")
    filled.execute("resume_run", anno_key="broken")
    panel.event("refresh")
    assert {row["status"] for row in panel.rows} == {"sent"}
    assert panel.state["interrupted"] == ""


def test_a_send_is_followed_and_stopped(filled: Loop) -> None:
    panel = Panel(filled)
    timer = panel.shown["timer"]["view"]
    assert timer["interval"] >= 10_000, "an idle panel asks seldom"
    thread = threading.Thread(target=_send_or_stop, args=(filled,))
    with filled.box.hold_creations():
        thread.start()
        _wait(panel, lambda: panel.rows and "preparing" in str(panel.state["progress"]))
        assert panel.rows[0]["status"].startswith("sending, ")
        assert offered(panel, 0) == ["stop", "view", "info"]
        assert panel.shown["timer"]["view"]["interval"] < timer["interval"]
        bar = panel.shown["progress_0"]
        assert bar["view"]["label"].startswith("run: CVAT is preparing")
        assert 0 < bar["default"] < 1
        panel.event("stop", row=0)
        (said,) = (params for name, params in panel.asked if name == "notify")
        assert "stops within some seconds" in said["message"]
        thread.join()
    panel.event("refresh")
    assert (panel.rows[0]["status"], panel.state["interrupted"].splitlines()[-1]) == (
        "interrupted",
        "- **run**: Stopped.",
    )
    panel.event("stop", row=0)  # as in a panel that was not drawn anew yet
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
        panel.event("refresh")


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
    assert sorted(row["run"] for row in panel.rows) == ["damaged", "good"]
    lines = panel.state["damaged"].splitlines()
    assert any(line.startswith("- **damaged**: What is kept of this run ('marks') is damaged") for line in lines)
    assert lines[0] == "**Can't be read**" and any(line.startswith("- **unreadable**: Its record") for line in lines)
    assert "damaged_text" in panel.shown
    assert AnyPanel(filled, "cvat_conflicts").state.get("step") is None
    filled.send(anno_key="next")
    assert filled.load("next")["unchanged"] == 2
