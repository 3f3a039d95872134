"""Stop a send."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.runs.stop import stop
from ..shared import choose_run, context
from ..shared.running import answer, output


class StopRun(foo.Operator):
    """Stops sending a run; what was sent is kept."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="stop_run",
            label="Stop sending a CVAT run",
            description="Stop a send that is under way; it can be resumed later",
            icon="stop",
            dynamic=True,
            risk_level=types.RiskLevel.MEDIUM,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        choose_run.choose(ctx, inputs, only="sending")
        return choose_run.form(inputs, "Stop sending a run", "Stop")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Asks whoever sends the run ``anno_key`` to stop."""

        def work() -> dict[str, Any]:
            asked = self(ctx.dataset, ctx.params.get("anno_key", ""))
            ctx.ops.notify(asked["text"])
            return asked

        return answer(ctx, work)

    def __call__(self, samples: Any, anno_key: Any) -> dict[str, Any]:
        """Stops a send from Python; it ends within some seconds, and can be resumed.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
        """
        return stop(samples._root_dataset, choose_run.key_of(anno_key))

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        return output("Stop sending a run")
