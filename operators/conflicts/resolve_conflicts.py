"""Resolve conflicts: all at once here, one by one in the panel "CVAT"."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import Refused
from ...sync.load.resolve import conflicts, resolve
from ...sync.progress import ProgressReporter
from ..shared import choose_run, context, shown_samples
from ..shared.reloading import reload
from ..shared.running import perform
from ..shared.texts import count
from . import texts

PANEL = "cvat"
SHOW_CONFLICTS = "conflicts"
"""The name under which the run is kept whose conflicts the panel is to show."""
WAYS = {
    "step": "Go through them one by one",
    "remote": "Take CVAT's for all",
    "local": "Keep mine for all",
}


class ResolveConflicts(foo.Operator):
    """Decides about labels that both sides changed, and that a load left alone."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="resolve_conflicts",
            label="Resolve CVAT conflicts",
            description="Decide about labels that were changed both here and in CVAT",
            icon="rule",
            dynamic=True,
            execute_as_generator=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="sent")
        if run is not None:
            _offer(ctx, inputs, conflicts(ctx.dataset, run.key))
        return choose_run.form(inputs, "Resolve conflicts", "Start" if _way(ctx) == "step" else "Decide")

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Decides all conflicts of the run ``anno_key`` by ``way`` (``"remote"``, ``"local"``), or opens the panel."""
        key = ctx.params.get("anno_key", "")

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            given = ctx.params.get("decisions")
            if given is None and _way(ctx) == "step":
                return {"waiting": conflicts(ctx.dataset, key)}
            return resolve(ctx.dataset, key, [{"take": _way(ctx)}] if given is None else given)

        return perform(ctx, work, partial(_finish, ctx, key))

    def __call__(
        self, samples: Any, anno_key: Any, decisions: Iterable[Mapping[str, Any]] = (), *, dest_field: Any = None
    ) -> dict[str, Any]:
        """Decides about open conflicts from Python; without decisions, lists them.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            decisions: dicts with ``take`` (``"remote"`` for CVAT's version, ``"local"`` for the dataset's), and any
                of ``field``, ``sample_id``, ``label_id`` and ``part`` to say of which; see
                :class:`sync.load.choice.Choice`
            dest_field: as of the load, if it loaded beside

        Returns:
            what was decided, see :func:`sync.load.resolve.resolve`, and under ``conflicts`` what is still open, see
            :func:`sync.load.resolve.conflicts`
        """
        if not isinstance(decisions, Iterable):
            raise Refused("Decisions are a list of dicts.")
        key, decisions = choose_run.key_of(anno_key), list(decisions)
        done = resolve(samples, key, decisions, dest_field) if decisions else {}
        return {**done, "conflicts": conflicts(samples, key, dest_field)}


def _way(ctx: foo.ExecutionContext) -> str:
    way = ctx.params.get("way")
    return way if way in WAYS else "step"


def _offer(ctx: foo.ExecutionContext, inputs: types.Object, waiting: list[dict[str, Any]]) -> None:
    if not waiting:
        sentence = "No label of this run is in conflict."
        notice = inputs.view("none", types.Notice(label=sentence))
        notice.invalid, notice.error_message = True, sentence
        return
    labels = len({(item["field"], item["label_id"]) for item in waiting})
    was = "was" if labels == 1 else "were"
    sentence = f"{count(labels, 'label')} {was} changed both here and in CVAT, and left alone."
    names = shown_samples.names_of(ctx.dataset, waiting)
    text = "\n".join([sentence, *texts.table(waiting, names)])
    inputs.str("list", default=text, view=types.MarkdownView())
    choices = types.RadioGroup(orientation="vertical")
    for name, label in WAYS.items():
        choices.add_choice(name, label=label)
    inputs.enum("way", choices.values(), default="step", label="How", view=choices)


def _finish(ctx: foo.ExecutionContext, key: str, result: dict[str, Any]) -> Iterator[Any]:
    if "waiting" in result:
        if result["waiting"]:
            shown_samples.keep(ctx, SHOW_CONFLICTS, [key])
            yield ctx.ops.open_panel(PANEL, layout="horizontal", is_active=True)
        else:
            yield ctx.ops.notify("No label of this run is in conflict.")
        return
    text = texts.decided(result)
    yield ctx.ops.notify(text, variant="success")
    yield from reload(ctx)
    yield shown_samples.result(
        ctx, f"**{text}** Undo takes these decisions back.", f"load {key}", result["report"]["samples"]
    )
