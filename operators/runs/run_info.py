"""Run info."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.runs.record import find
from ...sync.runs.status import status_of
from ..shared import choose_run, context, texts
from ..shared.running import answer, output


class RunInfo(foo.Operator):
    """Shows what is known of a run."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="run_info",
            label="CVAT run info",
            description="What was sent, when, by whom, and where it is",
            icon="info",
            risk_level=types.RiskLevel.LOW,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx) or choose_run.without_question(ctx):
            return None
        inputs = types.Object()
        choose_run.choose(ctx, inputs)
        return choose_run.form(inputs, "CVAT run info", "Show")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The record of the run ``anno_key``, and a ``text`` in Markdown."""
        return answer(ctx, lambda: self(ctx.dataset, choose_run.without_question(ctx) or ""))

    def __call__(self, samples: Any, anno_key: Any) -> dict[str, Any]:
        """The record of a run, from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
        """
        key = choose_run.key_of(anno_key)
        found = find(samples._root_dataset, key)
        status, record = status_of(samples._root_dataset, found), found.model_dump(mode="json")
        said = {"status": status.state, "progress": status.done, "problem": found.problem}
        return {**record, **said, "anno_key": key, "text": texts.run_info(key, record, status)}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        return output("CVAT run info")
