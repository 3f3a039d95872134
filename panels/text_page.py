"""The page that shows a text: what is known of a run, its loads, its review comments."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.comments import current
from ..operators.history import texts as history_texts
from ..operators.shared import shown_samples, texts
from ..operators.shared.running import answer
from ..operators.shared.safe import safe
from ..sync.runs import record, status
from ..sync.runs.history import history
from . import turns
from .rows import TABLES, add_button, add_row, add_text


class TextPage:
    """Methods of the panel for its page with a text. What is shown is kept in the panel's state."""

    def info(self, ctx: foo.ExecutionContext) -> None:
        """The action "Info"."""

        def work() -> dict[str, Any]:
            key = ctx.params["run"]
            found = record.find(ctx.dataset, key)
            return {"text": texts.run_info(key, found.model_dump(mode="json"), status.status_of(ctx.dataset, found))}

        self._show_text(ctx, "**Info**", answer(ctx, work)["text"])

    def history(self, ctx: foo.ExecutionContext) -> None:
        """The action "History of loads"."""
        key = ctx.params["run"]
        shown = answer(ctx, lambda: {"text": history_texts.loads(key, history(ctx.dataset, key))})
        self._show_text(ctx, "**History of loads**", shown["text"], saves=key)

    def save_history(self, ctx: foo.ExecutionContext) -> None:
        """The button "Save"."""
        self._prompt(ctx, "load_history")  # type: ignore[attr-defined]

    def comments(self, ctx: foo.ExecutionContext) -> None:
        """The action "Review comments": as CVAT has them now; if it does not answer, as of the last load."""
        clicked = turns.clicks(ctx)
        with turns.away(ctx):
            shown = answer(ctx, lambda: current.comments(ctx, ctx.params["run"]))
        if turns.clicks(ctx) == clicked:  # else the person has gone on to something else
            samples, of = shown.get("samples", 0), shown.get("of", "")
            title = f"**Review comments** · {safe(ctx.params['run'])}"
            self._show_text(ctx, title, shown["text"], samples=samples, of=of)

    def show_samples(self, ctx: foo.ExecutionContext) -> None:
        """The buttons that show the samples of a result in the grid."""
        ids = shown_samples.kept(ctx, str(ctx.params.get("of", "")))
        view = ctx.dataset.select(ids)
        if not ids or not len(view):
            ctx.ops.notify("These samples are not known any more.", variant="warning")
            return
        self._show_view(ctx, view)  # type: ignore[attr-defined]

    def _show_text(
        self, ctx: foo.ExecutionContext, title: str, text: str, *, samples: int = 0, of: str = "", saves: str = ""
    ) -> None:
        """Opens the page.

        Args:
            ctx: the context
            title: of the page, in Markdown
            text: in Markdown
            samples: how many samples it is about, if they can be shown
            of: under which name these are kept
            saves: the run whose history can be saved
        """
        shown = {"text_title": title, "text_shown": text, "text_samples": samples, "text_of": of, "text_saves": saves}
        ctx.panel.state.set({"page": "text", **shown})

    def _render_text(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        row = add_row(panel, "bar")
        row.btn("runs", label="All runs", icon="arrow_back", on_click=self.show_runs)  # type: ignore[attr-defined]
        if state.text_samples:
            label = f"View the {texts.count(state.text_samples, 'sample')} with open comments"
            params = {"of": state.text_of}
            add_button(row, "samples", label, "filter_alt", on_click=self.show_samples, params=params)
        if state.text_saves:
            params = {"run": state.text_saves}
            add_button(row, "save", "Save as a file", "save", on_click=self.save_history, params=params)
        add_text(panel, "title", state.text_title)
        panel.md(state.text_shown or "", name="shown", componentsProps=TABLES)
