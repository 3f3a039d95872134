"""The switch "Load by itself" on the card of a run."""

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.shared.reloading import reload
from ..operators.shared.running import answer
from ..operators.watch import in_app
from ..operators.watch.texts import state_line
from ..sync.runs.log import LoadRecord
from ..sync.watch.status import WatchStatus


class ByItself:
    """Methods of the panel for runs that are loaded by themselves."""

    def switch_watch(self, ctx: foo.ExecutionContext) -> None:
        """The switch: turns it on with the rule that the run has, or off."""
        card = next((card for card in ctx.panel.state.cards or () if card["run"] == ctx.params["run"]), None)
        if card is not None:
            said: dict[str, Any] | None = None if card["watch"]["on"] else {}
            answer(ctx, lambda: in_app.turn(ctx, card["run"], said))
        self._read_runs(ctx)  # type: ignore[attr-defined]

    def watch_rule(self, ctx: foo.ExecutionContext) -> None:
        """The action "Load by itself": when, and how."""
        self._prompt(ctx, "watch_runs")  # type: ignore[attr-defined]

    def _follow_watch(self, ctx: foo.ExecutionContext) -> None:
        """Lets the App's server begin again that was started anew, and shows what came by itself."""
        shown = ctx.panel.state.cards or ()
        if any(card["watch"]["begin"] for card in shown):
            answer(ctx, lambda: in_app.begin(ctx) or {})
        now = {card["id"]: card["loads_by_itself"] for card in shown}
        before = ctx.panel.state.loads_by_itself or now
        ctx.panel.state.loads_by_itself = now
        if came := [card["run"] for card in shown if now[card["id"]] > before.get(card["id"], now[card["id"]])]:
            list(reload(ctx))
            ctx.ops.notify(f"Loaded by itself: {', '.join(came)}.", variant="success")


def facts(status: WatchStatus) -> dict[str, Any]:
    """What a card has of it."""
    line = state_line(status)
    return {
        "on": status.state != "off",
        "line": f"Loads by itself: {line}" if line else "",
        "begin": status.is_to_start_here,
    }


def count_loads(loads: Sequence[LoadRecord]) -> int:
    """How many of the loads of a run came by themselves."""
    return sum(bool(load.by_itself) for load in loads)


def add_switch(row: types.Object, card: Mapping[str, Any], on_click: Any) -> None:
    """Adds the switch to the buttons of a card: a button, as it must never show what is not so."""
    is_on = card["watch"]["on"]
    label = "Load by itself: on" if is_on else "Load by itself: off"
    icon = "toggle_on" if is_on else "toggle_off"
    row.btn("by_itself", label, icon, on_click=on_click, params={"run": card["run"]})
