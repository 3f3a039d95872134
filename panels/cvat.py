"""The panel "CVAT": the runs of the dataset, the jobs and plots of each, the conflicts of loads, and what goes on."""

import time
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.conflicts.resolve_conflicts import SHOW_CONFLICTS
from ..operators.shared import choose_run, shown_samples
from . import turns
from .by_itself import ByItself
from .conflicts_page import ConflictsPage
from .jobs_page import JobsPage
from .plots_page import PlotsPage
from .runs_page import BUSY, FIRST, IDLE, SELDOM, WORKING, RunsPage
from .sandbox_part import SandboxPart
from .text_page import TextPage
from .view_part import ViewPart
from .work_part import WorkPart


class CvatPanel(
    RunsPage, JobsPage, PlotsPage, ConflictsPage, TextPage, WorkPart, ViewPart, SandboxPart, ByItself, foo.Panel
):
    """One panel with several pages. CVAT is asked after it has opened, on Refresh, and seldom while it is open."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="cvat",
            label="CVAT",
            icon="swap_horiz",
            allow_multiple=False,
            help_markdown="What was sent to CVAT, how far the annotators are, and what waits for you.",
        )

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Does what an event is for, and draws what is new; see :mod:`.turns`."""
        method = ctx.params.get("__method__") or "on_startup"
        if method == "on_startup":
            return super().execute(ctx)
        with turns.turn(ctx, method) as is_due:
            if is_due:
                if callable(call := getattr(self, method, None)):
                    call(ctx)
                turns.show(ctx, self.render(ctx))
        return None

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Reads the records; CVAT is asked by the timer, so that the panel is there at once."""
        state = ctx.panel.state
        state.page, state.asked_at, state.dataset = state.page or "runs", None, ctx.dataset.name
        self._show(ctx)
        self._read_work(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Another dataset has other runs."""
        state = ctx.panel.state
        if state.dataset != ctx.dataset.name:  # the App says so of the first one, too
            state.page, state.asked_at, state.run, state.all = "runs", None, None, False
            state.notice, state.told, state.looked, state.dataset = None, None, "", ctx.dataset.name
            state.can_go_back = False
        self._show(ctx)

    def on_change_ctx(self, ctx: foo.ExecutionContext) -> None:
        """The person does something elsewhere in the App, such as asking for the conflicts of a run."""
        self._show(ctx, again=ctx.panel.state.page in ("runs", "jobs"))

    def test(self, ctx: foo.ExecutionContext) -> None:
        """The button "Test connection": what is wrong is said where the login is; that all is well, as a message."""
        self.refresh(ctx)
        if not ctx.panel.state.missing:
            ctx.ops.notify(f"It works: {ctx.panel.state.server}", variant="success")

    def refresh(self, ctx: foo.ExecutionContext) -> None:
        """The button "Refresh", and the end of a dialog."""
        self._read_work(ctx)
        self._look(ctx, choose_run.find_all(ctx.dataset))
        if not turns.is_past(ctx):
            self._show(ctx)

    def tick(self, ctx: foo.ExecutionContext) -> None:
        """The timer."""
        ended = self._read_work(ctx)
        found = self._read_runs(ctx)
        self._follow_watch(ctx)
        if ended or time.time() - (ctx.panel.state.asked_at or 0) >= SELDOM:
            self._look(ctx, found)
            if turns.is_past(ctx):
                return
            self._read_runs(ctx)
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
        self._render_work(ctx, panel)
        self._render_view(ctx, panel)
        pages = {
            "conflicts": self._render_conflicts,
            "jobs": self._render_jobs,
            "plots": self._render_plots,
            "text": self._render_text,
            "result": self._render_result,
        }
        pages.get(state.page, self._render_runs)(ctx, panel)
        if state.page != "conflicts" or state.working:  # the last, as it takes a line although it shows nothing
            panel.view("timer", types.TimerView(interval=_interval(state), on_interval=self.tick))
        return types.Property(panel, view=types.GridView(px=2, py=2, gap=2))


def _interval(state: Any) -> int:
    """Milliseconds until the timer."""
    if state.working:
        return WORKING
    if not state.asked_at:
        return FIRST
    return BUSY if any(card["busy"] for card in state.cards or ()) else IDLE
