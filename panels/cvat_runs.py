"""The panel "CVAT runs": what was sent, where it is, and what can be done with it."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.load import built_in_runs
from ..operators.shared import choose_run, running, texts
from ..operators.shared.running import answer
from ..sync.errors import StateUnreadable
from ..sync.load.resolve import count_open
from ..sync.runs import record, status
from ..sync.runs.stop import stop
from .rows import ACTIONS, COLUMNS, UNREADABLE, damages, interruptions, links, progress, row, shown_for

PREFIX = "@roundtrip/cvat"
BUSY, IDLE = 2_000, 10_000
"""Milliseconds between two looks: while something is sent, and else, to notice what begins elsewhere."""


class CvatRuns(foo.Panel):
    """The dataset's runs, newest first, with links to their tasks."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="cvat_runs",
            label="CVAT runs",
            icon="send",
            allow_multiple=False,
            help_markdown="The annotation runs that were sent to CVAT. Load brings people's work back.",
        )

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Reads the records."""
        found = choose_run.find_all(ctx.dataset)
        problems = dict.fromkeys(record.find_unreadable(ctx.dataset), UNREADABLE)
        conflicts: dict[str, int] = {}
        for run in found:
            try:
                conflicts[run.key] = count_open(ctx.dataset, run.record)
            except StateUnreadable as error:
                problems[run.key] = str(error)
        ctx.panel.state.rows = [row(run, conflicts.get(run.key, 0)) for run in found]
        ctx.panel.state.progress = progress(found)
        ctx.panel.state.interrupted = interruptions(found)
        ctx.panel.state.damaged = damages(problems)
        ctx.panel.state.links = links(found)
        ctx.panel.state.foreign = built_in_runs.listed(ctx.dataset)

    on_change_dataset = on_load
    on_change_ctx = on_load

    def refresh(self, ctx: foo.ExecutionContext) -> None:
        """The button "Refresh", and the timer."""
        self.on_load(ctx)

    def send(self, ctx: foo.ExecutionContext) -> None:
        """The button "Send to CVAT"."""
        ctx.prompt(f"{PREFIX}/send_to_cvat", on_success=self.refresh)

    def load(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Load annotations"."""
        self._prompt(ctx, "load_annotations")

    def resolve(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Resolve conflicts"."""
        self._prompt(ctx, "resolve_conflicts")

    def undo(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Undo the last load"."""
        self._prompt(ctx, "undo_load")

    def history(self, ctx: foo.ExecutionContext) -> None:
        """The row action "History"."""
        self._prompt(ctx, "load_history")

    def comments(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Review comments"."""
        self._prompt(ctx, "comments")

    def resume(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Resume"."""
        self._prompt(ctx, "resume_run")

    def stop(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Stop"."""
        asked = answer(ctx, lambda: stop(ctx.dataset, _key(ctx)))
        if "anno_key" in asked:
            ctx.ops.notify(asked["text"])
        self.on_load(ctx)

    def view(self, ctx: foo.ExecutionContext) -> None:
        """The row action "View samples"."""
        key = _key(ctx)
        ctx.ops.set_view(ctx.dataset.load_annotation_view(key))

    def info(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Info"."""
        key = _key(ctx)
        found = record.find(ctx.dataset, key)
        text = texts.run_info(key, found.model_dump(mode="json"), status.status_of(ctx.dataset, found))
        running.show(ctx, text)

    def rename(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Rename"."""
        self._prompt(ctx, "rename_run")

    def delete(self, ctx: foo.ExecutionContext) -> None:
        """The row action "Delete"."""
        self._prompt(ctx, "delete_run")

    def _prompt(self, ctx: foo.ExecutionContext, operator: str) -> None:
        ctx.prompt(f"{PREFIX}/{operator}", params={"anno_key": _key(ctx)}, on_success=self.refresh)

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        panel = types.Object()
        bar = panel.h_stack("bar", gap=1, align_x="left")
        bar.btn("send", label="Send to CVAT", icon="send", on_click=self.send, variant="contained")
        bar.btn("refresh", label="Refresh", icon="refresh", on_click=self.refresh)
        state = ctx.panel.state
        interval = BUSY if state.progress else IDLE
        panel.view("timer", types.TimerView(interval=interval, on_interval=self.refresh))
        if not state.rows:
            panel.md("No run yet. Select samples and press **Send to CVAT**.", name="empty")
        else:
            for number, item in enumerate(state.progress or ()):
                view = types.ProgressView(label=item["label"])
                panel.float(f"progress_{number}", default=item["done"], view=view)
            self._table(panel, state.rows)
            for name in ("interrupted", "damaged", "links"):
                if text := getattr(state, name):
                    panel.md(text, name=f"{name}_text")
        if state.foreign:
            panel.md(state.foreign, name="foreign_text")
        return types.Property(panel, view=types.GridView(px=2, py=2, gap=2))

    def _table(self, panel: types.Object, rows: list[dict[str, Any]]) -> None:
        table = types.TableView(componentsProps={"table": {"sx": {"minWidth": 360, "& th, & td": {"px": 1}}}})
        for key, label in COLUMNS.items():
            table.add_column(key, label=label)
        for action in ACTIONS:
            on_click, offered = getattr(self, action.method), shown_for(action, rows)
            table.add_row_action(
                action.method, on_click, label=action.label, icon=action.icon, tooltip=action.label, rows=offered
            )
        panel.list("rows", types.Object(), view=table)


def _key(ctx: foo.ExecutionContext) -> str:
    """The run of a row action. The App says which row by its number in the table that the person sees."""
    return str(ctx.panel.state.rows[ctx.params["row"]]["run"])
