"""What goes on in the background: how far it is, a button that stops it, and a notice with the next click."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.shared import panel_work
from ..operators.shared.panel_work import PanelWork
from ..operators.shared.reloading import reload
from ..operators.shared.safe import WHOLE
from ..sync.readable import readable
from .card_view import bar

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
        notice = ctx.panel.state.notice
        if notice:
            self._show_text(ctx, "What came of it", notice["details"])  # type: ignore[attr-defined]

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
        return True

    def _render_work(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        for work in state.working or ():
            box = panel.v_stack(f"work_{work['number']}", gap=1)
            label = f"{work['verb']} {work['key']}: {work['text']}"
            bar(box, "progress", work["done"], label)
            params = {"number": work["number"]}
            box.btn("stop", "Stop", "stop", "outlined", on_click=self.stop_work, params=params)
        if state.notice and state.page in ("runs", "jobs"):
            shown_jobs_of = state.run if state.page == "jobs" else None
            self._render_notice(state.notice, panel, shown_jobs_of)

    def _render_notice(self, notice: dict[str, Any], panel: types.Object, shown_jobs_of: str | None) -> None:
        box = panel.v_stack("notice", gap=1)
        box.view("said", ALERTS[notice["variant"]](label=notice["line"]))
        row = box.h_stack("clicks", gap=1, align_x="left")
        for number, click in enumerate(notice["clicks"]):
            is_there = click["method"] == "show_jobs" and click["params"]["run"] == shown_jobs_of
            if click["method"] in CLICKS and not is_there:
                on_click = getattr(self, click["method"])
                variant = "contained" if number == 0 else "outlined"
                row.btn(f"click_{number}", click["label"], variant=variant, on_click=on_click, params=click["params"])
        if notice["details"]:
            row.btn("details", "Details", variant="outlined", on_click=self.details)
        row.btn("dismiss", "Close", on_click=self.dismiss)


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
    told = work.outcome._asdict()
    clicks = [{**click._asdict(), "params": dict(click.params)} for click in work.outcome.clicks]
    return {**told, "line": readable(told["line"], WHOLE), "clicks": clicks, "number": work.number}
