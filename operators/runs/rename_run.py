"""Rename a run."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.runs import record
from ..shared import choose_run, context
from ..shared.running import answer


class RenameRun(foo.Operator):
    """Gives a run another key."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="rename_run",
            label="Rename a CVAT run",
            description="Give a run another name; its tasks in CVAT keep theirs",
            icon="edit",
            dynamic=True,
            risk_level=types.RiskLevel.MEDIUM,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        choose_run.choose(ctx, inputs, only="sent", whole=True)
        new = inputs.str("new_key", label="New name", required=True)
        said = ctx.params.get("new_key")
        if said and not said.isidentifier():
            new.invalid, new.error_message = True, "Use letters, digits and underscores, and no digit first."
        elif said and said in ctx.dataset.list_annotation_runs():
            new.invalid, new.error_message = True, "There is a run of this name already."
        return choose_run.form(inputs, "Rename a run", "Rename")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Renames the run ``anno_key`` to ``new_key``."""

        def work() -> dict[str, Any]:
            old, new = ctx.params.get("anno_key", ""), ctx.params.get("new_key", "")
            renamed = self(ctx.dataset, old, new)
            ctx.ops.notify(f"The run '{old}' is now '{new}'.", variant="success")
            return renamed

        return answer(ctx, work)

    def __call__(self, samples: Any, anno_key: Any, new_key: str) -> dict[str, Any]:
        """Renames a run from Python; its new ``anno_key``.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            new_key: an identifier that no run has
        """
        record.rename(samples._root_dataset, choose_run.key_of(anno_key), new_key)
        return {"anno_key": new_key}
