"""The panel "CVAT": the runs of the dataset, the jobs of each, and the conflicts of loads."""

import time

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.conflicts.resolve_conflicts import SHOW_CONFLICTS
from ..operators.shared import shown_samples
from .by_itself import ByItself
from .conflicts_page import ConflictsPage
from .jobs_page import JobsPage
from .runs_page import BUSY, FIRST, IDLE, SELDOM, RunsPage


class CvatPanel(RunsPage, JobsPage, ConflictsPage, ByItself, foo.Panel):
    """One panel with three pages. CVAT is asked after it has opened, on Refresh, and seldom while it is open."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="cvat",
            label="CVAT",
            icon="swap_horiz",
            allow_multiple=False,
            help_markdown="What was sent to CVAT, how far the annotators are, and what waits for you.",
        )

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Reads the records; CVAT is asked by the timer, so that the panel is there at once."""
        state = ctx.panel.state
        state.page, state.asked_at, state.dataset = state.page or "runs", None, ctx.dataset.name
        self._show(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Another dataset has other runs."""
        state = ctx.panel.state
        if state.dataset != ctx.dataset.name:  # the App says so of the first one, too
            state.page, state.asked_at, state.jobs, state.run = "runs", None, {}, None
            state.dataset = ctx.dataset.name
        self._show(ctx)

    def on_change_ctx(self, ctx: foo.ExecutionContext) -> None:
        """The person does something elsewhere in the App, such as asking for the conflicts of a run."""
        self._show(ctx, again=ctx.panel.state.page != "conflicts")

    def refresh(self, ctx: foo.ExecutionContext) -> None:
        """The button "Refresh", and the end of a dialog."""
        self._look(ctx, self._read_runs(ctx))
        self._show(ctx)

    def tick(self, ctx: foo.ExecutionContext) -> None:
        """The timer."""
        found = self._read_runs(ctx)
        self._follow_watch(ctx)
        if time.time() - (ctx.panel.state.asked_at or 0) >= SELDOM:
            self._look(ctx, found)
        if ctx.panel.state.page == "jobs":
            self._read_jobs(ctx)

    def _show(self, ctx: foo.ExecutionContext, *, again: bool = True) -> None:
        """Reads what the page shows, unless it is the same and need not be read again."""
        if asked := shown_samples.take(ctx, SHOW_CONFLICTS):
            ctx.params["run"] = asked[0]
            self.show_conflicts(ctx)
        elif not again:
            return
        elif ctx.panel.state.page == "conflicts":
            self._read_conflicts(ctx)
        elif ctx.panel.state.page == "jobs":
            self._read_jobs(ctx)
        else:
            self._read_runs(ctx)

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        panel, state = types.Object(), ctx.panel.state
        if state.page == "conflicts":
            self._render_conflicts(ctx, panel)
        else:
            sending = any(card["state"] == "sending" for card in state.cards or ())
            interval = FIRST if not state.asked_at else BUSY if sending else IDLE
            panel.view("timer", types.TimerView(interval=interval, on_interval=self.tick))
            page = self._render_jobs if state.page == "jobs" else self._render_runs
            page(ctx, panel)
        return types.Property(panel, view=types.GridView(px=2, py=2, gap=2))
