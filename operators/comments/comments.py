"""Review comments: what people wrote in CVAT about a run."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import RoundtripError
from ...sync.runs.comments import list_comments
from ...sync.runs.record import find
from ..shared import choose_run, context, shown_samples
from ..shared.running import answer, output
from ..shared.safe import WHOLE, safe
from . import texts


class Comments(foo.Operator):
    """Lists the review comments of a run, as the last load found them."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="comments",
            label="CVAT review comments",
            description="What people wrote in CVAT about a run, as of the last load",
            icon="comment",
            dynamic=True,
            risk_level=types.RiskLevel.LOW,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.in_app(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="sent")
        if run is not None:
            try:
                found = self._listed(ctx, run.key)
            except RoundtripError as error:
                inputs.view("problem", types.Warning(label=safe(error, WHOLE)))
            else:
                inputs.md(found["text"], name="list")
                shown_samples.button(inputs, f"comments {run.key}", found["samples"], "with open comments")
        return choose_run.form(inputs, "CVAT review comments", "Close")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The review comments of the run ``anno_key``, and a ``text`` in Markdown."""
        return answer(ctx, lambda: self._listed(ctx, ctx.params.get("anno_key", "")))

    def _listed(self, ctx: foo.ExecutionContext, key: str) -> dict[str, Any]:
        """The comments of a run, how many ``samples`` have open ones, and all in words."""
        found = self(ctx.dataset, key)
        open_ = [item["sample_id"] for item in found if item["sample_id"] and not item["resolved"]]
        ids = list(dict.fromkeys(open_))
        if context.in_app(ctx):
            shown_samples.keep(ctx, f"comments {key}", ids)
        names = shown_samples.names_of(ctx.dataset, [item for item in found if item["sample_id"]])
        run = find(ctx.dataset, key)
        text = texts.listed(found, {task.id: task.url for task in run.tasks}, names, run.server)
        return {"comments": found, "samples": len(ids), "text": text}

    def __call__(self, samples: Any, anno_key: Any) -> list[dict[str, Any]]:
        """The review comments of a run, from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned

        Returns:
            see :func:`sync.runs.comments.list_comments`
        """
        return list_comments(samples, choose_run.key_of(anno_key))

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property | None:
        return None if context.in_app(ctx) else output("CVAT review comments")
