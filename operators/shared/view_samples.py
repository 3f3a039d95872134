"""View the samples of a result: what the button below it does."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import Refused
from . import shown_samples
from .running import answer


class ViewSamples(foo.Operator):
    """Shows the samples of a load, a preview or an undo in the grid."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="view_samples", label="View the samples of a CVAT load", unlisted=True, risk_level=types.RiskLevel.LOW
        )

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Shows the samples that were kept under the name ``of``; how many ``samples``."""

        def work() -> dict[str, Any]:
            ids = shown_samples.kept(ctx, ctx.params.get("of", ""))
            view = ctx.dataset.select(ids)
            if not ids or not len(view):
                raise Refused("These samples are not known any more. Load or preview again.")
            ctx.ops.set_view(view)
            ctx.ops.notify(f"The grid shows {len(view):,} of the dataset's samples.")
            return {"samples": len(view)}

        return answer(ctx, work)
