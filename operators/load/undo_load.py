"""Undo a load."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.load.undo import undo
from ...sync.progress import ProgressReporter
from ...sync.readable import readable
from ...sync.runs.history import history
from ..history import texts as history_texts
from ..shared import choose_run, context, panel_work, shown_samples
from ..shared.background import InBackground
from ..shared.reloading import reload
from ..shared.running import perform
from . import from_panel, texts


class UndoLoad(InBackground, foo.Operator):
    """Takes back the last load of a run, but for labels that somebody edited since."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="undo_load",
            label="Undo a CVAT load",
            description="Make the labels of a run what they were before the last load",
            icon="undo",
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="sent")
        if run is not None:
            _last(inputs, history(ctx.dataset, run.key))
        return choose_run.form(inputs, "Undo a load", "Undo")

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Undoes the last load of the run ``anno_key``; see :func:`sync.load.undo.undo` for the result."""
        key = ctx.params.get("anno_key", "")
        if panel_work.is_asked_for(ctx):
            from_panel.begin_undo(ctx, key)
            return iter(())

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            reporter.step("Undoing the last load")
            return undo(ctx.dataset, key)

        return perform(ctx, work, partial(_finish, ctx))

    def __call__(self, samples: Any, anno_key: Any) -> dict[str, Any]:
        """Undoes the last load of a run from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned

        Returns:
            what was done, and the labels that were edited since and are left alone; see :func:`sync.load.undo.undo`
        """
        return undo(samples, choose_run.key_of(anno_key))


def _last(inputs: types.Object, loads: list[dict[str, Any]]) -> None:
    """Says which load would be undone, or why none can be."""
    done = [load for load in loads if load["status"] != "undone" and load["kind"] != "refresh"]
    if done and done[-1]["undoable"]:
        inputs.view("load", types.Notice(label=readable(history_texts.last_load(done[-1]))))
        return
    sentence = "The last load is too old to be undone." if done else "There is no load to undo."
    notice = inputs.view("load", types.Warning(label=sentence))
    notice.invalid, notice.error_message = True, sentence


def _finish(ctx: foo.ExecutionContext, result: dict[str, Any]) -> Iterator[Any]:
    kept = result["edited_since"]
    yield ctx.ops.notify(texts.undone_line(result), variant="warning" if kept else "success")
    yield from reload(ctx)
    text = texts.undone(result, shown_samples.names_of(ctx.dataset, kept))
    ids = list(dict.fromkeys(item["sample_id"] for item in kept))
    yield shown_samples.result(ctx, text, f"undo {result['anno_key']}", ids, "with labels that were kept")
