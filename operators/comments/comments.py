"""Review comments: what people wrote in CVAT about a run."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.runs.comments import list_comments
from ...sync.runs.record import find
from ..shared import choose_run, context, shown_samples
from ..shared.running import answer, output
from . import current, texts


class Comments(foo.Operator):
    """Lists the review comments of a run."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="comments",
            label="CVAT review comments",
            description="What people wrote in CVAT about a run",
            icon="comment",
            risk_level=types.RiskLevel.LOW,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx) or choose_run.without_question(ctx, "sent"):
            return None
        inputs = types.Object()
        choose_run.choose(ctx, inputs, only="sent")
        return choose_run.form(inputs, "CVAT review comments", "Show")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The review comments of the run ``anno_key``, and a ``text`` in Markdown; in the App those of this moment."""

        def work() -> dict[str, Any]:
            key = choose_run.without_question(ctx, "sent") or ""
            return current.comments(ctx, key) if context.in_app(ctx) else self._listed(ctx, key)

        return answer(ctx, work)

    def _listed(self, ctx: foo.ExecutionContext, key: str) -> dict[str, Any]:
        found, run = self(ctx.dataset, key), find(ctx.dataset, key)
        names = shown_samples.names_of(ctx.dataset, [item for item in found if item["sample_id"]])
        text = texts.listed(found, {task.id: task.url for task in run.tasks}, names, run.server)
        return {"comments": found, "text": text}

    def __call__(self, samples: Any, anno_key: Any) -> list[dict[str, Any]]:
        """The review comments of a run, from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned

        Returns:
            see :func:`sync.runs.comments.list_comments`
        """
        return list_comments(samples, choose_run.key_of(anno_key))

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        shown = output("CVAT review comments")
        if context.in_app(ctx):
            of, number = ctx.results.get("of", ""), ctx.results.get("samples", 0)
            shown_samples.button(shown.type, of, number, "with open comments")
        return shown
