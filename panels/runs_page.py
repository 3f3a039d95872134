"""The page of the runs: a card each, with how far its jobs are, the next step, and the rest in a menu."""

import time
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.load import built_in_runs
from ..operators.shared import choose_run, running, texts
from ..operators.shared.running import answer
from ..operators.shared.safe import WHOLE, safe
from ..sync.errors import StateUnreadable
from ..sync.load.resolve import count_open
from ..sync.runs import record, status
from ..sync.runs.history import history
from ..sync.runs.stop import stop
from ..sync.watch.status import OFF, watch_status
from . import by_itself, cards, server

PREFIX = "@roundtrip/cvat"
FIRST, BUSY, IDLE = 300, 2_000, 10_000
"""Milliseconds until the next look at the records: at first, while something is sent, and else, to notice what begins
elsewhere."""
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
        """The button "Send to CVAT"."""
        ctx.prompt(f"{PREFIX}/send_to_cvat", on_success=self.refresh)  # type: ignore[attr-defined]

    def import_tasks(self, ctx: foo.ExecutionContext) -> None:
        """The button "Import from CVAT"."""
        ctx.prompt(f"{PREFIX}/import_from_cvat", on_success=self.refresh)  # type: ignore[attr-defined]

    def load(self, ctx: foo.ExecutionContext) -> None:
        """The action "Load annotations"."""
        self._prompt(ctx, "load_annotations")

    def undo(self, ctx: foo.ExecutionContext) -> None:
        """The action "Undo the last load"."""
        self._prompt(ctx, "undo_load")

    def history(self, ctx: foo.ExecutionContext) -> None:
        """The action "History"."""
        self._prompt(ctx, "load_history")

    def comments(self, ctx: foo.ExecutionContext) -> None:
        """The action "Review comments"."""
        self._prompt(ctx, "comments")

    def resume(self, ctx: foo.ExecutionContext) -> None:
        """The action "Resume"."""
        self._prompt(ctx, "resume_run")

    def stop(self, ctx: foo.ExecutionContext) -> None:
        """The action "Stop"."""
        asked = answer(ctx, lambda: stop(ctx.dataset, ctx.params["run"]))
        if "anno_key" in asked:
            ctx.ops.notify(asked["text"])
        self._read_runs(ctx)

    def refresh_run(self, ctx: foo.ExecutionContext) -> None:
        """The action "Send changed labels"."""
        self._prompt(ctx, "refresh_run")

    def add_samples(self, ctx: foo.ExecutionContext) -> None:
        """The action "Add samples"."""
        self._prompt(ctx, "add_samples")

    def view(self, ctx: foo.ExecutionContext) -> None:
        """The action "View samples"."""
        ctx.ops.set_view(ctx.dataset.load_annotation_view(ctx.params["run"]))

    def info(self, ctx: foo.ExecutionContext) -> None:
        """The action "Info"."""
        key = ctx.params["run"]
        found = record.find(ctx.dataset, key)
        text = texts.run_info(key, found.model_dump(mode="json"), status.status_of(ctx.dataset, found))
        running.show(ctx, text)

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
        params["anno_key"] = ctx.params["run"]
        ctx.prompt(f"{PREFIX}/{operator}", params=params, on_success=self.refresh)  # type: ignore[attr-defined]

    def _read_runs(self, ctx: foo.ExecutionContext) -> list[choose_run.Run]:
        """Reads the records of the runs; asks nobody else."""
        state = ctx.panel.state
        found = choose_run.find_all(ctx.dataset)
        problems = dict.fromkeys(record.find_unreadable(ctx.dataset), cards.UNREADABLE)
        shown = []
        for run in found:
            conflicts, last, loads, watch = 0, "", 0, OFF
            try:
                conflicts = count_open(ctx.dataset, run.record)
                if run.record.loaded_at:
                    listed = history(ctx.dataset, run.key)
                    last, loads = (listed[-1]["status"] if listed else ""), by_itself.count_loads(listed)
                watch = watch_status(ctx.dataset, run.record)
            except StateUnreadable as error:
                problems[run.key] = str(error)
            shown.append(cards.card(run, conflicts, last, watch, loads))
        state.cards, state.damaged = shown, cards.damages(problems)
        state.foreign = built_in_runs.listed(ctx.dataset)
        return found

    def _look(self, ctx: foo.ExecutionContext, found: list[choose_run.Run]) -> None:
        """Asks CVAT who answers, and for the jobs of the runs."""
        state = ctx.panel.state
        state.server, state.missing = server.greet(ctx)
        state.asked_at = time.time()
        if state.missing:
            return
        jobs, problems = server.look(ctx, found)
        state.jobs = {**(state.jobs or {}), **jobs}
        state.problems = problems
        state.looked = server.clock()

    def _render_runs(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        self._header(state, panel)
        if not state.cards:
            panel.md("#### No run yet\nSelect samples in the grid and send them to CVAT.", name="empty")
        shown = state.cards if state.all else (state.cards or [])[:MOST]
        for number, card in enumerate(shown or ()):
            self._card(panel, number, card, (state.jobs or {}).get(card["id"]))
        if len(shown or ()) < len(state.cards or ()):
            panel.btn("show_all", label=f"Show all {len(state.cards):,} runs", on_click=self.show_all)
        for name in ("damaged", "foreign"):
            if text := getattr(state, name):
                panel.md(text, name=f"{name}_text")

    def _header(self, state: Any, panel: types.Object) -> None:
        if state.missing:
            panel.view("problem", types.Error(label="CVAT can't be used now", description=state.missing))
            if not state.looked:
                panel.md(server.how_to_log_in(), name="how")
        elif state.server:
            looked = f" · looked at {state.looked}" if state.looked else ""
            panel.md(safe(state.server, WHOLE) + looked, name="greeting")
        else:
            panel.md("Asking CVAT ...", name="greeting")
        if state.missing and state.looked:
            panel.md(f"What is shown of jobs is of {state.looked}.", name="old")
        for number, problem in enumerate(state.problems or ()):
            panel.md(safe(problem, WHOLE), name=f"problem_{number}")
        bar = panel.h_stack("bar", gap=1, align_x="left")
        bar.btn("send", label="Send to CVAT", icon="send", on_click=self.send, variant="outlined")
        bar.btn("import", label="Import", icon="download", on_click=self.import_tasks, variant="outlined")
        label = "Test connection" if state.missing else "Refresh"
        bar.btn("refresh", label=label, icon="refresh", on_click=self.refresh)  # type: ignore[attr-defined]

    def _card(self, panel: types.Object, number: int, card: dict[str, Any], jobs: list[dict[str, Any]] | None) -> None:
        """A run. Of its jobs nothing is shown before CVAT was asked."""
        box = panel.v_stack(f"card_{number}", variant="outline", gap=1, px=2, py=1)
        box.md(card["title"], name="title")
        box.md(card["facts"], name="facts")
        if card["state"] == "sending":
            box.float("sending", default=card["done"], view=types.ProgressView(label=card["sending"]))
        if jobs:
            done, label = cards.jobs_done(jobs)
            box.float("jobs", default=done, view=types.ProgressView(label=label))
        for name, text in (("waits", cards.waits(card, jobs or ())), ("problem", card["problem"])):
            if text:
                box.md(f"**{text}**" if name == "waits" else text, name=name)
        if card["watch"]["line"]:
            box.md(safe(card["watch"]["line"], WHOLE), name="watch")
        if card["tasks"]:
            box.md(card["tasks"], name="tasks")
        params = {"run": card["run"]}
        row = box.h_stack("actions", gap=1, align_x="left")
        if step := cards.next_step(card):
            row.btn("step", step.label, step.icon, "contained", on_click=getattr(self, step.method), params=params)
        if jobs:
            row.btn("open_run", "Jobs", "list", "outlined", on_click=self.show_jobs, params=params)  # type: ignore[attr-defined]
        if card["usable"]:
            by_itself.add_switch(row, card, self.switch_watch)  # type: ignore[attr-defined]
        view = types.DropdownView(icon="MoreVertIcon", compact=True, addOnClickToMenuItems=True)
        for item in cards.menu(card):
            view.add_choice(f"{item.method}:{card['run']}", label=item.label)
        row.enum("more", view.values(), view=view, on_change=self.more)
