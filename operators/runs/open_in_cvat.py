"""Open in CVAT: links to the tasks and jobs of a run."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.runs.record import find
from ..shared import choose_run, context
from ..shared.running import answer, output
from ..shared.safe import link


class OpenInCvat(foo.Operator):
    """Gives the links to a run's tasks and jobs."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="open_in_cvat",
            label="Open in CVAT",
            description="Links to the tasks and jobs of a run",
            icon="open_in_new",
            risk_level=types.RiskLevel.LOW,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx) or choose_run.without_question(ctx):
            return None
        inputs = types.Object()
        choose_run.choose(ctx, inputs)
        return choose_run.form(inputs, "Open in CVAT", "Show links")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The links of the run ``anno_key``: ``tasks``, and a ``text`` in Markdown."""
        return answer(ctx, lambda: self(ctx.dataset, choose_run.without_question(ctx) or ""))

    def __call__(self, samples: Any, anno_key: Any) -> dict[str, Any]:
        """The links of a run, from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
        """
        record = find(samples._root_dataset, choose_run.key_of(anno_key))
        lines = []
        for task in record.tasks:
            lines.append(f"- {link(task.name, task.url, record.server)}")
            lines += [f"  - {link(f'Job {job}', f'{task.url}/jobs/{job}', record.server)}" for job in task.jobs]
        return {"tasks": [task.model_dump(mode="json") for task in record.tasks], "text": "\n".join(lines)}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        return output("Open in CVAT")
