"""View a run's samples."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..sync.record import find
from . import context, runs
from .running import answer


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
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.in_app(ctx):
            return None
        inputs = types.Object()
        runs.choose(ctx, inputs)
        return runs.form(inputs, "View the samples of a run", "Show samples")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Loads the view of the run ``anno_key``; its ``samples``."""

        def work() -> dict[str, Any]:
            view = self(ctx.dataset, ctx.params.get("anno_key", ""))
            ctx.ops.set_view(view)
            return {"samples": len(view)}

        return answer(ctx, work)

    def __call__(self, samples: Any, run: Any) -> Any:
        """The view of a run's samples, from Python.

        Args:
            samples: the dataset, or any view of it
            run: the run's key, or the summary that the send returned
        """
        dataset, key = samples._root_dataset, runs.key_of(run)
        find(dataset, key)
        return dataset.load_annotation_view(key)
