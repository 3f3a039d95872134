"""What goes on in the background: how far it is, a button that stops it, and a notice with the next click."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.shared import panel_work
from ..operators.shared.panel_work import PanelWork
from ..operators.shared.reloading import BUTTONS, reload
from ..operators.shared.safe import WHOLE, safe
from ..sync.readable import readable
from .card_view import bar
from .rows import ANYWHERE, TABLES, add_button, add_row, add_text

CLICKS = frozenset(
    {
        "add_samples",
        "load_again",
        "load_with",
        "refresh_again",
        "refresh_run",
        "send",
        "show_conflicts",
        "show_jobs",
        "show_samples",
        "undo_now",
        "undo_refresh",
    }
)
"""Methods of the panel that a notice may offer."""
ALERTS = {"success": types.Success, "warning": types.Warning, "error": types.Error}


class WorkPart:
    """Methods of the panel for what goes on behind it. What is shown is kept in the panel's state."""

    def stop_work(self, ctx: foo.ExecutionContext) -> None:
        """The button "Stop"."""
        for work in panel_work.works(ctx):
            if work.number == ctx.params.get("number"):
                work.stop()
        self._read_work(ctx)

    def dismiss(self, ctx: foo.ExecutionContext) -> None:
        """The button that puts a notice away."""
        state = ctx.panel.state
        if state.notice:
            panel_work.forget(ctx, state.notice["number"])
        state.notice = None

    def details(self, ctx: foo.ExecutionContext) -> None:
        """The button "Details" of a notice."""
        if ctx.panel.state.notice:
            ctx.panel.state.page = "result"

    def forget_notice(self, ctx: foo.ExecutionContext, key: str, method: str) -> None:
        """Puts the notice about a run away if it asks for something that the person is doing now.

        Args:
            ctx: the context
            key: the run
            method: that the notice offers
        """
        notice = ctx.panel.state.notice
        if notice and notice["key"] == key and any(click["method"] == method for click in notice["clicks"]):
            self.dismiss(ctx)

    def _read_work(self, ctx: foo.ExecutionContext) -> bool:
        """Reads how far everything is; whether something ended since the last time."""
        state = ctx.panel.state
        found = panel_work.works(ctx)
        state.working = [shown(work) for work in found if work.outcome is None]
        ended = [work for work in found if work.outcome is not None and work.number not in (state.told or ())]
        if not ended:
            return False
        state.told = [work.number for work in found if work.outcome is not None]
        state.notice = notice(ended[-1])
        if not all(work.into_cvat for work in ended):
            list(reload(ctx))
        else:
            ctx.trigger(BUTTONS)
        return True

    def _render_work(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        for work in state.working or ():
            box = panel.v_stack(f"work_{work['number']}", gap=1)
            label = f"{work['verb']} {work['key']}: {work['text']}"
            bar(box, "progress", work["done"], label)
            params = {"number": work["number"]}
            box.btn("stop", "Stop", "stop", "outlined", on_click=self.stop_work, params=params)
        if state.notice and (state.page == "runs" or (state.page == "jobs" and state.notice["key"] == state.run)):
            self._render_notice(state, panel)

    def _render_notice(self, state: Any, panel: types.Object) -> None:
        notice = state.notice
        box = panel.v_stack("notice", gap=1, align_x="stretch")
        line = notice["line"]
        if state.page == "runs" and (state.total or 0) > 1 and f"'{notice['key']}'" not in line:
            line = f"{notice['key']}: {line}"
        box.view("said", ALERTS[notice["variant"]](label=line, componentsProps=ANYWHERE))
        row = add_row(box, "clicks")
        self._render_clicks(notice, row, is_there="show_jobs" if state.page == "jobs" else "")
        if notice["details"]:
            add_button(row, "details", "Details", on_click=self.details)
        row.btn("dismiss", "Close", on_click=self.dismiss)

    def _render_clicks(self, notice: dict[str, Any], row: types.Object, is_there: str = "") -> None:
        """Draws what can be done next, but for what leads to where the person is."""
        for number, click in enumerate(notice["clicks"]):
            method = click["method"]
            if method in CLICKS and method != is_there:
                on_click, params = getattr(self, method), click["params"]
                add_button(row, f"click_{number}", click["label"], on_click=on_click, params=params, first=number == 0)

    def _render_result(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        """Draws the page with what came of a work: what the notice says in a line, in full."""
        notice = ctx.panel.state.notice
        bar = add_row(panel, "bar")
        bar.btn("runs", label="All runs", icon="arrow_back", on_click=self.show_runs)  # type: ignore[attr-defined]
        if not notice:
            return
        self._render_clicks(notice, bar)
        add_text(panel, "heading", f"**{safe(notice['key'])}**")
        panel.md(notice["details"], name="shown", componentsProps=TABLES)
        for work in panel_work.works(ctx):
            if work.number == notice["number"] and work.outcome is not None:
                work.outcome.more(panel, self.open_label)  # type: ignore[attr-defined]


def shown(work: PanelWork) -> dict[str, Any]:
    """A work that goes on, as the panel's state has it."""
    progress = work.progress
    return {
        "number": work.number,
        "verb": work.verb,
        "key": readable(work.key),
        "text": "Stopping" if work.reporter.stop.is_set() else progress.text,
        "done": progress.done,
    }


def notice(work: PanelWork) -> dict[str, Any]:
    """What came of a work, as the panel's state has it."""
    assert work.outcome is not None
    outcome = work.outcome
    return {
        "variant": outcome.variant,
        "key": readable(work.key),
        "line": readable(outcome.line, WHOLE),
        "details": outcome.details,
        "clicks": [{**click._asdict(), "params": dict(click.params)} for click in outcome.clicks],
        "number": work.number,
    }
