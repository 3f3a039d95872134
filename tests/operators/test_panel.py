"""The panel "CVAT runs": what it shows, and what its buttons open."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fiftyone.operators.executor import ExecutionContext, Executor
from sync_loop import URI, Loop, operator


class Panel:
    """The panel, open in the App."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.panel = operator("cvat_runs")
        self.state: dict[str, Any] = {}
        self.shown: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.event("on_load")

    def event(self, method: str, **params: Any) -> None:
        """Something happens: the App calls a method, keeps the state and draws anew."""
        given = {"panel_id": "p", "panel_state": self.state, "__method__": method, **params}
        request = {"dataset_name": self.loop.dataset.name, "filters": {}, "view": [], "params": given}
        ctx = ExecutionContext(request, executor=Executor(), operator_uri=self.panel.uri)
        self.panel.execute(ctx)
        self.asked = [(step.operator_uri, step.params or {}) for step in ctx.executor._requests]
        self.state = json.loads(json.dumps(ctx.panel.state._data))
        self.shown = self.panel.render(ctx).to_json()

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
    assert "empty" in panel.shown["type"]["properties"]
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
