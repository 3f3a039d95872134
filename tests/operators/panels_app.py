"""The App's side of a panel: what happens to it, what it asks for, what it shows."""

from __future__ import annotations

import asyncio
import copy
import json
import time
from typing import Any

from fiftyone.operators.executor import ExecutionContext, Executor
from sync_loop import Loop, operator


class Panel:
    """A panel, open in the App."""

    def __init__(self, loop: Loop, name: str) -> None:
        self.loop = loop
        self.panel = operator(name)
        self.state: dict[str, Any] = {}
        self.shown: dict[str, Any] = {}
        self.view: list[Any] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.event("on_load")

    def event(self, method: str, **params: Any) -> None:
        """Something happens: the App calls a method, and takes over what is new."""
        self.answer(self.send(method, **params))

    def send(self, method: str, **params: Any) -> ExecutionContext:
        """What the App sends when something happens: among it, the state that the browser has now."""
        given = {"panel_id": "p", "panel_state": copy.deepcopy(self.state), "__method__": method, **params}
        request = {"dataset_name": self.loop.dataset.name, "filters": {}, "view": self.view, "params": given}
        secrets = self.panel._plugin_secrets
        ctx = ExecutionContext(request, executor=Executor(), operator_uri=self.panel.uri, required_secrets=secrets)
        asyncio.run(ctx.resolve_secret_values(secrets))
        return ctx

    def answer(self, ctx: ExecutionContext) -> None:
        """The panel does what was asked, and the browser takes over what it is told."""
        self.panel.execute(ctx)
        asked = [(step.operator_uri, step.params or {}) for step in ctx.executor._requests]
        self.asked = json.loads(json.dumps(asked, default=str))
        for news in self.of("patch_panel_state"):
            self.state.update(news["state"])
        for drawn in self.of("show_panel_output"):
            self.shown = drawn["output"]["type"]["properties"]

    @property
    def drawn(self) -> list[dict[str, Any]]:
        """What the cards of the runs show, in their order."""
        return [item["type"]["properties"] for name, item in self.shown.items() if name.startswith("card_")]

    @property
    def notice(self) -> dict[str, Any]:
        """What came of the last work."""
        return dict(self.state["notice"] or {})

    @property
    def clicks(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """What the notice offers: the method and its parameters, by label."""
        return {click["label"]: (click["method"], click["params"]) for click in self.notice.get("clicks", ())}

    def click(self, label: str) -> None:
        """Presses a button of the notice."""
        method, params = self.clicks[label]
        self.event(method, **params)

    def wait_for_work(self) -> None:
        """Ticks, as the timer does, until all is done that goes on in the background."""
        ends = time.monotonic() + 60
        self.event("tick")
        while self.state["working"]:
            assert time.monotonic() < ends
            time.sleep(0.05)
            self.event("tick")

    def of(self, name: str) -> list[dict[str, Any]]:
        """The parameters of what the last event asked the App to do."""
        return [params for kind, params in self.asked if kind == name]
