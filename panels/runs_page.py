"""The page of the runs: a card each, with how far its jobs are, the next step, and the rest in a menu."""

import time
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.load import built_in_runs
from ..operators.load import from_panel as loads
from ..operators.refresh import from_panel as refreshes
from ..operators.send import from_panel as sends
from ..operators.shared import choose_run
from ..operators.shared.running import answer
from ..sync.errors import StateUnreadable
from ..sync.runs import record
from ..sync.runs.base import BaseStore
from ..sync.runs.lease import VERBS, Heartbeat, read_heartbeat
from ..sync.runs.log import LoadLog
from ..sync.runs.look import kept_look
from ..sync.runs.refreshes import RefreshLog
from ..sync.runs.stop import STOPPABLE, stop
from ..sync.runs.store import RunStore
from ..sync.watch.status import watch_status
from . import card_view, cards, header, sandbox_part, server, turns

PREFIX = "@roundtrip/cvat"
BEHIND = frozenset(
    {
        "send_to_cvat",
        "resume_run",
        "add_samples",
        "load_annotations",
        "undo_load",
        "refresh_run",
        "undo_refresh",
    }
)
"""Operators that the panel shows the progress and the result of."""
FIRST, WORKING, BUSY, IDLE = 300, 1_000, 2_000, 10_000
"""Milliseconds until the next look at the records: at first, while the panel does something, while something is sent
elsewhere, and else, to notice what begins elsewhere."""
SELDOM = 60.0
"""Seconds between two looks at CVAT."""
MOST = 20
"""Runs that are shown before the person asks for all."""


class RunsPage:
    """Methods of the panel for its page of runs. What is shown is kept in the panel's state."""

    def show_runs(self, ctx: foo.ExecutionContext) -> None:
        """Opens the page."""
        ctx.panel.state.page = "runs"
        self._read_runs(ctx)

    def show_all(self, ctx: foo.ExecutionContext) -> None:
        """The button "Show all runs"."""
        ctx.panel.state.all = True
        self._read_runs(ctx)

    def send(self, ctx: foo.ExecutionContext) -> None:
        """The button "Send to CVAT"; of a notice, with the answers that were given before."""
        self._open(ctx, "send_to_cvat", dict(ctx.params.get("answers") or {}))

    def import_tasks(self, ctx: foo.ExecutionContext) -> None:
        """The button "Import from CVAT"."""
        self._open(ctx, "import_from_cvat", {})

    def load(self, ctx: foo.ExecutionContext) -> None:
        """The next step "Load". What both sides changed is left for the page of conflicts."""
        loads.begin_load(ctx, {"anno_key": ctx.params["run"], "policy": "ask"})
        self._show_work(ctx)

    def load_again(self, ctx: foo.ExecutionContext) -> None:
        """A load with these parameters, such as one that was confirmed."""
        loads.begin_load(ctx, dict(ctx.params.get("load") or {}))
        self._show_work(ctx)

    def load_with(self, ctx: foo.ExecutionContext) -> None:
        """The action "Load with options"."""
        self._prompt(ctx, "load_annotations")

    def undo(self, ctx: foo.ExecutionContext) -> None:
        """The action "Undo the last load": its form says which one that is."""
        self._prompt(ctx, "undo_load")

    def undo_now(self, ctx: foo.ExecutionContext) -> None:
        """The button "Undo" below the result of a load."""
        loads.begin_undo(ctx, ctx.params["run"])
        self._show_work(ctx)

    def resume(self, ctx: foo.ExecutionContext) -> None:
        """The next step "Resume"."""
        sends.begin_resume(ctx, ctx.params["run"])
        self._show_work(ctx)

    def resume_with(self, ctx: foo.ExecutionContext) -> None:
        """The action "Resume with options"."""
        self._prompt(ctx, "resume_run")

    def stop(self, ctx: foo.ExecutionContext) -> None:
        """The next step "Stop" of a run that is sent, wherever that is."""
        asked = answer(ctx, lambda: stop(ctx.dataset, ctx.params["run"]))
        if "anno_key" in asked:
            ctx.ops.notify(asked["text"])
        self._read_runs(ctx)

    def refresh_run(self, ctx: foo.ExecutionContext) -> None:
        """The action "Send changed labels"."""
        self._prompt(ctx, "refresh_run")

    def refresh_again(self, ctx: foo.ExecutionContext) -> None:
        """A refresh with these parameters, such as one that was looked at before."""
        refreshes.begin_refresh(ctx, dict(ctx.params.get("refresh") or {}))
        self._show_work(ctx)

    def undo_refresh(self, ctx: foo.ExecutionContext) -> None:
        """The action "Take back sent changes": its form says which ones these are."""
        self._prompt(ctx, "undo_refresh")

    def add_samples(self, ctx: foo.ExecutionContext) -> None:
        """The action "Add samples"."""
        self._prompt(ctx, "add_samples")

    def view(self, ctx: foo.ExecutionContext) -> None:
        """The action "View samples"."""
        self._show_view(ctx, ctx.dataset.load_annotation_view(ctx.params["run"]))  # type: ignore[attr-defined]

    def rename(self, ctx: foo.ExecutionContext) -> None:
        """The action "Rename"."""
        self._prompt(ctx, "rename_run")

    def delete(self, ctx: foo.ExecutionContext) -> None:
        """The action "Delete"."""
        self._prompt(ctx, "delete_run")

    def more(self, ctx: foo.ExecutionContext) -> None:
        """The menu of a run. What was chosen says what to do with which run."""
        method, _, ctx.params["run"] = str(ctx.params.get("value") or "").partition(":")
        if method in {item.method for item in cards.MENU}:
            getattr(self, method)(ctx)

    def _prompt(self, ctx: foo.ExecutionContext, operator: str, **params: Any) -> None:
        self._open(ctx, operator, {**params, "anno_key": ctx.params["run"]})

    def _open(self, ctx: foo.ExecutionContext, operator: str, params: dict[str, Any]) -> None:
        """Opens the form of an operator; what takes long goes on in the background."""
        if operator in BEHIND:
            params = {**params, "in_panel": True}
        ctx.prompt(f"{PREFIX}/{operator}", params=params, on_success=self.refresh)  # type: ignore[attr-defined]

    def _show_work(self, ctx: foo.ExecutionContext) -> None:
        """Shows what has just begun."""
        if ctx.panel.state.page not in ("runs", "jobs"):
            ctx.panel.state.page = "runs"
        ctx.panel.state.notice = None
        self._read_work(ctx)  # type: ignore[attr-defined]
        self._read_runs(ctx)

    def _read_runs(self, ctx: foo.ExecutionContext) -> list[choose_run.Run]:
        """Reads the records of the runs, and what is kept of those that are shown; asks nobody else."""
        state = ctx.panel.state
        found = choose_run.find_all(ctx.dataset)
        problems = dict.fromkeys(record.find_unreadable(ctx.dataset), cards.UNREADABLE)
        shown = []
        for run in found if state.all else found[:MOST]:
            try:
                facts = _facts(ctx.dataset, run)
            except StateUnreadable as error:
                facts, problems[run.key] = cards.NOTHING, str(error)
            shown.append(cards.card(run, facts))
        state.cards, state.total, state.damaged = shown, len(found), cards.damages(problems)
        state.foreign = built_in_runs.listed(ctx.dataset)
        return found

    def _look(self, ctx: foo.ExecutionContext, found: list[choose_run.Run]) -> None:
        """Asks CVAT who answers, and for the jobs of the runs; what it said is read anew by whoever shows it."""
        state = ctx.panel.state
        state.asked_at = time.time()
        with turns.away(ctx):
            greeting, missing = server.greet(ctx)
            problems = [] if missing else server.look(ctx, found)
        if turns.is_past(ctx):
            return
        state.server, state.missing, state.problems = greeting, missing, problems
        state.sandbox, state.sandbox_offered = sandbox_part.link(), sandbox_part.is_offered(ctx)
        if not state.missing:
            state.looked, state.was_logged_in = server.clock(), True

    def _render_runs(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        header.render(self, state, panel)
        if not state.cards:
            header.render_nothing(self, state, panel)
        for card in state.cards or ():
            card_view.render(self, panel, card, working(state, card["run"]))
        if len(state.cards or ()) < (state.total or 0):
            panel.btn("show_all", label=f"Show all {state.total:,} runs", on_click=self.show_all)
        for name in ("damaged", "foreign"):
            if text := getattr(state, name):
                panel.md(text, name=f"{name}_text")


def working(state: Any, key: str) -> bool:
    """Whether the panel does something with a run."""
    return any(work["key"] == key for work in state.working or ())


def _facts(dataset: Any, run: choose_run.Run) -> cards.Facts:
    """What is kept of a run.

    Raises:
        StateUnreadable: if it is damaged
    """
    store = RunStore(dataset, run.record.run_id)
    heartbeat = read_heartbeat(store) if choose_run.is_usable(run) else None
    return cards.Facts(
        marks=BaseStore(store).marks(),
        loads=LoadLog(store).records() if run.record.loaded_at else (),
        look=kept_look(store),
        busy=_busy(heartbeat),
        stoppable=heartbeat is not None and heartbeat.doing in STOPPABLE,
        refreshed=RefreshLog(store).last() is not None,
        watch=watch_status(dataset, run.record),
    )


def _busy(heartbeat: Heartbeat | None) -> str:
    if heartbeat is None or not heartbeat.is_alive(time.time()):
        return ""
    verb = VERBS[heartbeat.doing]
    return f"{verb[0].upper()}{verb[1:]} it: {heartbeat.text}" if heartbeat.text else f"{verb[0].upper()}{verb[1:]} it"
