"""The page of the conflicts: one label after the other, with a picture, what each side did, and the buttons."""

from collections.abc import Callable
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.conflicts import differences
from ..operators.conflicts import texts as conflict_texts
from ..operators.conflicts.picture import legend, picture
from ..operators.shared import choose_run, shown_samples
from ..operators.shared.reloading import reload
from ..operators.shared.running import answer
from ..operators.shared.safe import code, safe
from ..operators.shared.texts import count
from ..sync.errors import RoundtripError
from ..sync.load.resolve import conflicts, resolve
from ..sync.load.versions import Versions, find_versions
from . import header, turns
from .rows import add_button, add_row, add_text
from .steps import Step, all_like, all_on, is_first_of, step_of, this_one, to_steps

SIDES = {"remote": "Take CVAT's", "local": "Keep mine"}
ONE_KEYS = "Keys: **C** takes CVAT's, **M** keeps mine, **O** opens the sample"
KEYS = f"{ONE_KEYS}, **N** or **→** goes to the next, **B** or **←** back"
"""What the file `assets/app.js` does with keys."""
CLICKS = "data-roundtrip-clicks"
"""Says in the page how many clicks it is of, so that the file knows when a key's answer is drawn."""
Decisions = list[dict[str, Any]]


class ConflictsPage:
    """Methods of the panel for its page of conflicts. What is shown is kept in the panel's state."""

    def show_conflicts(self, ctx: foo.ExecutionContext) -> None:
        """Opens the page with the conflicts of a run."""
        ctx.panel.state.set({"page": "conflicts", "run": ctx.params.get("run"), "at": 0})
        self._read_conflicts(ctx)

    def next(self, ctx: foo.ExecutionContext) -> None:
        """The button "Next": this label is left as it is."""
        self._go(ctx, 1)

    def back(self, ctx: foo.ExecutionContext) -> None:
        """The button "Back"."""
        self._go(ctx, -1)

    def open(self, ctx: foo.ExecutionContext) -> None:
        """The button "Open sample": with the label selected."""
        if step := _meant(ctx):
            labels = [{"label_id": i, "sample_id": step.sample_id, "field": step.field} for i in step.label_ids[:1]]
            ctx.ops.set_selected_labels(labels)
            ctx.ops.open_sample(id=step.sample_id)

    def view_all(self, ctx: foo.ExecutionContext) -> None:
        """The button "View all": the samples with conflicts in the grid."""
        ids = dict.fromkeys(item["sample_id"] for item in conflicts(ctx.dataset, ctx.panel.state.run))
        self._show_view(ctx, ctx.dataset.select(list(ids)))  # type: ignore[attr-defined]

    def take_remote(self, ctx: foo.ExecutionContext) -> None:
        """The button "Take CVAT's"."""
        self._decide(ctx, lambda step: this_one(step, "remote"))

    def take_local(self, ctx: foo.ExecutionContext) -> None:
        """The button "Keep mine"."""
        self._decide(ctx, lambda step: this_one(step, "local"))

    def all_remote(self, ctx: foo.ExecutionContext) -> None:
        """The button "Take CVAT's" for all of this kind."""
        self._decide(ctx, lambda step: all_like(step, "remote"))

    def all_local(self, ctx: foo.ExecutionContext) -> None:
        """The button "Keep mine" for all of this kind."""
        self._decide(ctx, lambda step: all_like(step, "local"))

    def sample_remote(self, ctx: foo.ExecutionContext) -> None:
        """The button "Take CVAT's" for all of this sample."""
        self._decide(ctx, lambda step: _of_its_sample(ctx, step, "remote"))

    def sample_local(self, ctx: foo.ExecutionContext) -> None:
        """The button "Keep mine" for all of this sample."""
        self._decide(ctx, lambda step: _of_its_sample(ctx, step, "local"))

    def _go(self, ctx: foo.ExecutionContext, by: int) -> None:
        ctx.panel.state.at = (ctx.panel.state.at or 0) + by
        self._read_conflicts(ctx)

    def _decide(self, ctx: foo.ExecutionContext, choose: Callable[[Step], Decisions]) -> None:
        step = _meant(ctx)
        if step is None:
            return
        done = answer(ctx, lambda: resolve(ctx.dataset, ctx.panel.state.run, choose(step)))
        if "decided" in done:
            ctx.ops.notify(conflict_texts.decided(done), variant="success")
            self.forget_notice(ctx, ctx.panel.state.run, "show_conflicts")  # type: ignore[attr-defined]
            list(reload(ctx))
        self._read_conflicts(ctx)

    def _read_conflicts(self, ctx: foo.ExecutionContext) -> None:
        """Reads what is open now: of the run that was shown, else of the newest that has conflicts."""
        state = ctx.panel.state
        sent = [run.key for run in choose_run.find_all(ctx.dataset) if choose_run.is_usable(run)]
        first = [state.run] if state.run in sent else []
        for key in dict.fromkeys([*first, *sent]):
            try:
                waiting = conflicts(ctx.dataset, key)
            except RoundtripError:  # the page of the runs says what is wrong with it
                continue
            if steps := to_steps(waiting):
                self._show_step(ctx, key, steps, waiting)
                return
        state.set({"run": None, "step": None, "steps": 0})

    def _show_step(self, ctx: foo.ExecutionContext, key: str, steps: list[Step], waiting: list[dict[str, Any]]) -> None:
        at = (ctx.panel.state.at or 0) % len(steps)
        step = steps[at]
        versions = find_versions(ctx.dataset, key, this_one(step, "local")[0])
        image = picture(versions) if versions else ""
        labels = sum(len(other.label_ids) for other in steps)
        names = shown_samples.names_of(ctx.dataset, [{"sample_id": step.sample_id}])
        mine = [item for item in waiting if is_first_of(step, item)]
        ctx.panel.set_data("picture", image)
        ctx.panel.state.set(
            {
                "run": key,
                "at": at,
                "steps": len(steps),
                "on_sample": sum(other.sample_id == step.sample_id for other in steps),
                "step": step._asdict(),
                "has_picture": bool(image),
                "text": describe(key, at, len(steps), labels, names.get(step.sample_id, ""), step),
                "changes": _changes(mine, versions, bool(image)),
            }
        )

    def _render_conflicts(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        state = ctx.panel.state
        panel.btn("runs", label="All runs", icon="arrow_back", on_click=self.show_runs)  # type: ignore[attr-defined]
        if not state.step:
            header.in_the_middle(panel, "nothing", "Nothing is left to decide.", "No label is in conflict.")
            return
        add_text(panel, "text", state.text)
        if state.has_picture:
            panel.img(
                "picture", point_on_hover=False, alt_text="The label as it was, as you have it, and as CVAT has it"
            )
        panel.md(state.changes, name="changes")
        keys = KEYS if state.steps > 1 else ONE_KEYS
        panel.md(keys, name="keys", componentsProps={"container": {CLICKS: turns.clicks(ctx)}})
        this = add_row(panel, "this")
        params = {"label": step_of(state.step).key}  # what is pressed twice is meant once
        self._sides(this, "", self.take_remote, self.take_local, params, first=True)
        add_button(this, "open", "Open sample", "open_in_full", on_click=self.open, params=params)
        if state.steps > 1:
            add_button(this, "back", "Back", on_click=self.back)
            add_button(this, "next", "Next", on_click=self.next)
            like = add_row(panel, "like")
            self._sides(like, " for all of this kind", self.all_remote, self.all_local, params)
        if state.on_sample > 1:
            same = add_row(panel, "same")
            self._sides(same, " for all of this sample", self.sample_remote, self.sample_local, params)
        if state.steps > 1:
            panel.btn("view_all", label="View all in the grid", icon="filter_alt", on_click=self.view_all)

    def _sides(
        self,
        row: types.Object,
        of: str,
        remote: Callable[..., Any],
        local: Callable[..., Any],
        params: dict[str, Any],
        *,
        first: bool = False,
    ) -> None:
        for side, on_click in (("remote", remote), ("local", local)):
            add_button(row, side, SIDES[side] + of, on_click=on_click, params=params, first=first)


def _meant(ctx: foo.ExecutionContext) -> Step | None:
    """The label that the person saw who pressed a button; ``None`` if it is decided since, as by a second click."""
    kept = ctx.panel.state.step
    step = step_of(kept) if kept else None
    return step if step and ctx.params.get("label", step.key) == step.key else None


def _of_its_sample(ctx: foo.ExecutionContext, step: Step, take: str) -> Decisions:
    steps = to_steps(conflicts(ctx.dataset, ctx.panel.state.run))
    return all_on(steps, step.sample_id, take)


def describe(key: str, at: int, total: int, labels: int, name: str, step: Step) -> str:
    """Which label it is, in Markdown.

    Args:
        key: the run
        at, total: which step of how many
        labels: how many labels these are in all, as the card of the run counts them
        name: of the sample
        step: the label, or the labels of a track
    """
    kind = ", ".join(conflict_texts.part(part) for part in step.parts)
    what = count(len(step.label_ids), "label")
    of = "" if labels == total else f" ({count(labels, 'label')} in all)"
    frames = ""
    if step.frames:
        first, last = step.frames
        frames = f", frame {first:,}" if first == last else f", frames {first:,} to {last:,} ({what})"
    lines = [
        f"**Conflict {at + 1:,} of {total:,}**{of} in the run {safe(key)}",
        "",
        f"{safe(name)}{frames}, field {code(step.field)}: {safe(kind)}",
    ]
    return "\n".join(lines)


def _changes(waiting: list[dict[str, Any]], versions: Versions | None, has_picture: bool) -> str:
    """What each side did, in Markdown, and what the colours of the picture mean."""
    text = differences.table(waiting, versions)
    return f"{legend(versions)}\n\n{text}" if versions and has_picture else text
