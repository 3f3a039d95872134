"""The App's side of a panel: what happens to it, what it asks for, what it shows."""

from __future__ import annotations

import asyncio
import json
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
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.event("on_load")

    def event(self, method: str, **params: Any) -> None:
        """Something happens: the App calls a method, keeps the state and draws anew."""
        given = {"panel_id": "p", "panel_state": self.state, "__method__": method, **params}
        request = {"dataset_name": self.loop.dataset.name, "filters": {}, "view": [], "params": given}
        secrets = self.panel._plugin_secrets
        ctx = ExecutionContext(request, executor=Executor(), operator_uri=self.panel.uri, required_secrets=secrets)
        asyncio.run(ctx.resolve_secret_values(secrets))
        self.panel.execute(ctx)
        self.asked = [(step.operator_uri, step.params or {}) for step in ctx.executor._requests]
        self.state = json.loads(json.dumps(ctx.panel.state._data))
        self.shown = self.panel.render(ctx).to_json()["type"]["properties"]

    def of(self, name: str) -> list[dict[str, Any]]:
        """The parameters of what the last event asked the App to do."""
        return [params for kind, params in self.asked if kind == name]
