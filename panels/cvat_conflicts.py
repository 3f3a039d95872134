"""The panel "CVAT conflicts": one label after the other, with both versions and a button for each."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.conflicts import texts as conflict_texts
from ..operators.shared import choose_run, shown_samples
from ..operators.shared.reloading import reload
from ..operators.shared.running import answer
from ..operators.shared.safe import code, safe
from ..operators.shared.texts import count
from ..sync.errors import RoundtripError
from ..sync.load.resolve import conflicts, resolve
from .steps import Step, all_like, this_one, to_steps

SIDES = {"remote": "Take CVAT's", "local": "Keep mine"}


class CvatConflicts(foo.Panel):
    """The open conflicts of the dataset's runs, label by label."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="cvat_conflicts",
            label="CVAT conflicts",
            icon="rule",
            allow_multiple=False,
            surfaces="grid modal",
            help_markdown="Labels that were changed both here and in CVAT. Decide whose version counts.",
        )

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Looks for the run with conflicts: the one that was shown, else the newest."""
        ctx.panel.state.at = 0
        self._read(ctx)

    on_change_dataset = on_load

    def refresh(self, ctx: foo.ExecutionContext) -> None:
        """The button "Refresh"."""
        self._read(ctx)

    def next(self, ctx: foo.ExecutionContext) -> None:
        """The button "Next": this label is left as it is."""
        self._go(ctx, 1)

    def back(self, ctx: foo.ExecutionContext) -> None:
        """The button "Back"."""
        self._go(ctx, -1)

    def open(self, ctx: foo.ExecutionContext) -> None:
        """The button "Open sample"."""
        ctx.ops.open_sample(id=ctx.panel.state.step["sample_id"])

    def view(self, ctx: foo.ExecutionContext) -> None:
        """The button "View all": the samples with conflicts in the grid."""
        ids = dict.fromkeys(item["sample_id"] for item in conflicts(ctx.dataset, ctx.panel.state.run))
        ctx.ops.set_view(ctx.dataset.select(list(ids)))

    def take_remote(self, ctx: foo.ExecutionContext) -> None:
        """The button "Take CVAT's"."""
        self._decide(ctx, this_one(Step(**ctx.panel.state.step), "remote"))

    def take_local(self, ctx: foo.ExecutionContext) -> None:
        """The button "Keep mine"."""
        self._decide(ctx, this_one(Step(**ctx.panel.state.step), "local"))

    def all_remote(self, ctx: foo.ExecutionContext) -> None:
        """The button "Take CVAT's for all of this kind"."""
        self._decide(ctx, all_like(Step(**ctx.panel.state.step), "remote"))

    def all_local(self, ctx: foo.ExecutionContext) -> None:
        """The button "Keep mine for all of this kind"."""
        self._decide(ctx, all_like(Step(**ctx.panel.state.step), "local"))

    def _go(self, ctx: foo.ExecutionContext, by: int) -> None:
        ctx.panel.state.at = (ctx.panel.state.at or 0) + by
        self._read(ctx)

    def _decide(self, ctx: foo.ExecutionContext, decisions: list[dict[str, Any]]) -> None:
        done = answer(ctx, lambda: resolve(ctx.dataset, ctx.panel.state.run, decisions))
        if "decided" in done:
            ctx.ops.notify(f"Decided {count(done['decided'], 'conflict')}.", variant="success")
            list(reload(ctx))
        self._read(ctx)

    def _read(self, ctx: foo.ExecutionContext) -> None:
        """Reads what is open now, and keeps of it what is shown."""
        state = ctx.panel.state
        sent = [run.key for run in choose_run.find_all(ctx.dataset) if run.status.state == "sent"]
        first = [state.run] if state.run in sent else []
        state.run, state.step, state.text = None, None, ""
        for key in [*first, *sent]:
            try:
                waiting = conflicts(ctx.dataset, key)
            except RoundtripError:  # the panel of the runs says what is wrong with it
                continue
            if steps := to_steps(waiting):
                state.run, state.total = key, len(steps)
                state.at = (state.at or 0) % len(steps)
                step = steps[state.at]
                names = shown_samples.names_of(ctx.dataset, [step._asdict()])
                mine = [item for item in waiting if item["label_id"] == step.label_id and item["field"] == step.field]
                state.text = _describe(key, state.at, state.total, names.get(step.sample_id, ""), step, mine)
                state.step = step._asdict()
                return

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        panel = types.Object()
        if not ctx.panel.state.step:
            panel.md("Nothing is left to decide.", name="nothing")
            panel.btn("refresh", label="Refresh", icon="refresh", on_click=self.refresh)
            return types.Property(panel, view=types.GridView(px=2, py=2, gap=2))
        panel.md(ctx.panel.state.text, name="text")
        this = panel.h_stack("this", gap=1, align_x="left")
        this.btn("remote", label=SIDES["remote"], on_click=self.take_remote, variant="contained")
        this.btn("local", label=SIDES["local"], on_click=self.take_local, variant="contained")
        walk = panel.h_stack("walk", gap=1, align_x="left")
        walk.btn("open", label="Open sample", icon="open_in_full", on_click=self.open, variant="outlined")
        if ctx.panel.state.total > 1:
            walk.btn("back", label="Back", on_click=self.back, variant="outlined")
            walk.btn("next", label="Next", on_click=self.next, variant="outlined")
            like = panel.h_stack("like", gap=1, align_x="left")
            for side, on_click in (("remote", self.all_remote), ("local", self.all_local)):
                like.btn(
                    f"all_{side}", label=f"{SIDES[side]} for all of this kind", on_click=on_click, variant="outlined"
                )
        more = panel.h_stack("more", gap=1, align_x="left")
        more.btn("view", label="View all in the grid", icon="filter_alt", on_click=self.view)
        more.btn("refresh", label="Refresh", icon="refresh", on_click=self.refresh)
        return types.Property(panel, view=types.GridView(px=2, py=2, gap=2))


def _describe(key: str, at: int, total: int, name: str, step: Step, waiting: list[dict[str, Any]]) -> str:
    """One label that is in conflict, in Markdown."""
    kind = ", ".join(conflict_texts.part(part) for part in step.parts)
    lines = [
        f"**Conflict {at + 1:,} of {total:,}** in the run {safe(key)}",
        "",
        f"{safe(name)}, field {code(step.field)}: {safe(kind)}",
        "",
        conflict_texts.versions(waiting),
    ]
    return "\n".join(lines)
