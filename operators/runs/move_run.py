"""Move a run to another address of its server."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.connection import PREFIX
from ...sync.progress import ProgressReporter
from ...sync.runs.move import move_run
from ..shared import choose_run, context
from ..shared.running import perform, show

URL = f"{PREFIX}URL"


class MoveRun(foo.Operator):
    """Follows a CVAT server to another address: https instead of http, or another name."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="move_run",
            label="Move a CVAT run to a new address",
            description="Its server has another address now; the tasks there are compared first",
            icon="dns",
            dynamic=True,
            execute_as_generator=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs)
        if run is not None:
            configured = context.configured_url(ctx)
            text = f"The run is at {run.record.server}. It moves to the address that is configured here: {configured}."
            notice = inputs.view("addresses", types.Notice(label=text))
            if configured == run.record.server:
                notice.invalid, notice.error_message = True, f"Set {URL} to the new address first."
        return choose_run.form(inputs, "Move a run to a new address", "Move")

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Moves the run ``anno_key`` to the server at ``url``, by default the one that is configured."""

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            with context.client_for(ctx, url=ctx.params.get("url")) as client:
                return move_run(ctx.dataset, ctx.params.get("anno_key", ""), client, reporter)

        return perform(ctx, work, partial(self._finish, ctx))

    def __call__(self, samples: Any, anno_key: Any, url: str, **login: Any) -> dict[str, Any]:
        """Moves a run from Python; see :func:`sync.runs.move.move_run`.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            url: the new address
            **login: ``token``, ``username``, ``email`` and ``password``, to log in otherwise than the environment says
        """
        with context.client_from({**login, "url": url}) as client, terminal.watching() as reporter:
            return move_run(samples, choose_run.key_of(anno_key), client, reporter)

    @staticmethod
    def _finish(ctx: foo.ExecutionContext, result: dict[str, Any]) -> Iterator[Any]:
        yield ctx.ops.notify(result["text"], variant="success")
        yield show(ctx, result["text"])
