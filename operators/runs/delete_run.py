"""Delete a run, with or without its tasks in CVAT."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.progress import ProgressReporter
from ...sync.runs.record import find
from ...sync.runs.run_record import RunRecord
from ...sync.runs.store import RunStore
from ...sync.send.delete_run import delete
from ...sync.send.made_tasks import may_have_made
from ..shared import choose_run, context
from ..shared.reloading import BUTTONS
from ..shared.running import perform, show
from ..shared.safe import WHOLE, safe

TASKS, UNUSED = "delete_tasks", "delete_unused_tasks"
"""The box of a run, and that of one that nobody can work on, which is ticked. The App keeps the answer to a box when
another run is chosen, so these have two names."""


class DeleteRun(foo.Operator):
    """Forgets a run, and on request deletes its tasks in CVAT. Labels stay as they are."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="delete_run",
            label="Delete a CVAT run",
            description="Forget a run, and on request delete its tasks in CVAT; the dataset's labels stay",
            icon="delete",
            dynamic=True,
            execute_as_generator=True,
            risk_level=types.RiskLevel.DANGEROUS,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs)
        if run is None or may_have_made(RunStore(ctx.dataset, run.record.run_id), run.record):
            name = _box(run.record) if run else TASKS
            inputs.bool(
                name,
                default=name == UNUSED,
                label="Delete its tasks in CVAT too",
                description="With everything that was annotated there and not yet loaded",
                view=types.CheckboxView(),
            )
        return choose_run.form(inputs, "Delete a run", "Delete")

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Deletes the run ``anno_key``, and with ``delete_tasks`` its CVAT tasks."""

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            key = ctx.params.get("anno_key", "")
            run, client = find(ctx.dataset, key), None
            if ctx.params.get(_box(run) if context.in_app(ctx) else TASKS):
                client = context.client_for(ctx, run.organization, server=run.server)
            return delete(ctx.dataset, key, client, reporter)

        return perform(ctx, work, partial(self._finish, ctx))

    def __call__(self, samples: Any, anno_key: Any, delete_tasks: bool = False, **login: Any) -> dict[str, Any]:
        """Deletes a run from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            delete_tasks: whether to delete its tasks in CVAT too
            **login: ``url``, ``token``, ``username``, ``email`` and ``password``, to log in otherwise than the
                environment says
        """
        dataset, key = samples._root_dataset, choose_run.key_of(anno_key)
        run = find(dataset, key)
        client = context.client_from(login, run.organization, server=run.server) if delete_tasks else None
        with terminal.watching() as reporter:
            return delete(dataset, key, client, reporter)

    @staticmethod
    def _finish(ctx: foo.ExecutionContext, result: dict[str, Any]) -> Iterator[Any]:
        yield ctx.ops.notify(result["text"], variant="success")
        yield ctx.trigger(BUTTONS)  # there may be nothing to load any more
        yield ctx.ops.reload_dataset()
        yield show(ctx, safe(result["text"], WHOLE))


def _box(run: RunRecord) -> str:
    """The name of the box that deletes a run's tasks: of what an interrupted send left, without a task that is
    complete, they are of no use."""
    return TASKS if run.status == "sent" or run.complete_tasks else UNUSED
