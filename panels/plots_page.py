"""The page with the plots of a run: its jobs over time, its labels by class, the edits by annotator."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.shared.safe import WHOLE, safe
from ..sync.dataset.class_counts import count_classes
from ..sync.errors import RoundtripError
from ..sync.runs import record
from ..sync.runs.log import LoadLog
from ..sync.runs.look import kept_look
from ..sync.runs.sent_classes import sent_classes
from ..sync.runs.store import RunStore
from . import plots
from .rows import add_row, add_text

PLOTS = {
    "states": ("Jobs by state", "jobs", True, "CVAT was not asked for the jobs of this run yet."),
    "classes": ("Labels by class", "labels", False, "The run has no labels yet."),
    "people": ("Edits by annotator", "labels", True, "No load has changed a label yet."),
}
"""The heading of each plot, what it counts, whether its bars are stacked, and what is said if there is nothing."""


class PlotsPage:
    """Methods of the panel for its page of plots. What is shown is kept in the panel's state."""

    def show_plots(self, ctx: foo.ExecutionContext) -> None:
        """Opens the page of a run."""
        state = ctx.panel.state
        state.run = ctx.params["run"]
        self._read_plots(ctx)
        state.page = "plots"

    def _read_plots(self, ctx: foo.ExecutionContext) -> None:
        state = ctx.panel.state
        try:
            state.plots, state.plots_problem = _traces(ctx.dataset, state.run), ""
        except RoundtripError as error:
            state.plots, state.plots_problem = {}, str(error)

    def _render_plots(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        bar = add_row(panel, "bar")
        bar.btn("runs", label="All runs", icon="arrow_back", on_click=self.show_runs)  # type: ignore[attr-defined]
        add_text(panel, "heading", f"**{safe(state.run)}**")
        if state.plots_problem:
            panel.md(safe(state.plots_problem, WHOLE), name="problem")
        for name, (heading, of, stacked, nothing) in PLOTS.items():
            traces = (state.plots or {}).get(name)
            panel.md(f"**{heading}**" + ("" if traces else f": {nothing}"), name=f"{name}_heading")
            if traces:
                layout = plots.layout(traces, of=of, stacked=stacked)
                config = {"displayModeBar": False, "scrollZoom": False}
                panel.plot(f"plot_{name}", data=traces, layout=layout, config=config, height=f"{layout['height']}px")


def _traces(dataset: Any, key: str) -> dict[str, plots.Traces]:
    """The traces of each plot.

    Raises:
        RoundtripError: if the run is gone, or what is kept of it is damaged
    """
    run = record.find(dataset, key)
    store = RunStore(dataset, run.run_id)
    now = count_classes(dataset.load_annotation_view(key), run.label_schema)
    return {
        "states": plots.states_over_time(kept_look(store)),
        "classes": plots.labels_by_class(sent_classes(store), now),
        "people": plots.edits_by_annotator(LoadLog(store).records()),
    }
