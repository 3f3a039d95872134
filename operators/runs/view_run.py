"""View a run's samples."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.runs import record
from ...sync.send.send import LEFT_OUT_TAG
from ..shared import choose_run, context, texts
from ..shared.running import answer


class ViewRun(foo.Operator):
    """Shows the samples of a run in the grid."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="view_run",
            label="View samples of a CVAT run",
            description="Show the samples that were sent with a run",
            icon="filter_alt",
            risk_level=types.RiskLevel.LOW,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        key, records = choose_run.without_question(ctx), record.find_all(ctx.dataset)
        asked = [records[key]] if key in records else [] if key else list(records.values())
        left_out = any(texts.images_left_out(run.left_out) for run in asked)
        if key and not left_out:
            return None
        inputs = types.Object()
        choose_run.choose(ctx, inputs)
        if left_out:
            label = "Only those that could not be sent"
            inputs.bool("left_out", default=False, label=label, view=types.CheckboxView())
        return choose_run.form(inputs, "View the samples of a run", "Show samples")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Loads the view of the run ``anno_key``, or only of what was ``left_out``; the number of ``samples``."""

        def work() -> dict[str, Any]:
            key = choose_run.without_question(ctx) or ""
            view = self(ctx.dataset, key, left_out=bool(ctx.params.get("left_out")))
            ctx.ops.set_view(view)
            return {"samples": len(view)}

        return answer(ctx, work)

    def __call__(self, samples: Any, anno_key: Any, *, left_out: bool = False) -> Any:
        """The view of a run's samples, from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            left_out: whether only those that could not be sent because of their files
        """
        dataset, key = samples._root_dataset, choose_run.key_of(anno_key)
        record.find(dataset, key)
        view = dataset.load_annotation_view(key)
        return view.match_tags(LEFT_OUT_TAG) if left_out else view
