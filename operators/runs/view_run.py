"""View a run's samples."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.runs.record import find
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
            dynamic=True,
            risk_level=types.RiskLevel.LOW,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.in_app(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs)
        if run is not None and (number := texts.images_left_out(run.record.left_out)):
            label = f"Only the {texts.count(number, 'sample')} that could not be sent"
            inputs.bool("left_out", default=False, label=label, view=types.CheckboxView())
        return choose_run.form(inputs, "View the samples of a run", "Show samples")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Loads the view of the run ``anno_key``, or only of what was ``left_out``; the number of ``samples``."""

        def work() -> dict[str, Any]:
            view = self(ctx.dataset, ctx.params.get("anno_key", ""), left_out=bool(ctx.params.get("left_out")))
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
        find(dataset, key)
        view = dataset.load_annotation_view(key)
        return view.match_tags(LEFT_OUT_TAG) if left_out else view
