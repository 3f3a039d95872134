"""Take a refresh back."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.readable import readable
from ...sync.refresh.undo import undo_refresh
from ...sync.request import UndoRefreshRequest, parse
from ...sync.runs.record import find
from ...sync.runs.refreshes import RefreshLog
from ...sync.runs.store import RunStore
from ..shared import choose_run, context, panel_work
from ..shared.background import InBackground
from ..shared.running import perform, show
from ..shared.safe import WHOLE, safe
from ..shared.texts import short_date
from . import from_panel
from .texts import COMPLETED, IN_PROGRESS


class UndoRefresh(InBackground, foo.Operator):
    """Takes back what the last refresh wrote into CVAT, where nobody touched it since."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="undo_refresh",
            label="Take back changes sent to a CVAT run",
            description="Make the labels in CVAT what they were before the last refresh, where nobody touched them",
            icon="undo",
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="sent")
        if run is not None:
            last = RefreshLog(RunStore(ctx.dataset, run.record.run_id)).last()
            if last is None:
                sentence = "Nothing was sent into the jobs of this run that can be taken back."
                notice = inputs.view("last", types.Warning(label=sentence))
                notice.invalid, notice.error_message = True, sentence
            else:
                told = f"Of {short_date(last.at)} by {last.user}: labels {last.created:,} created, "
                told += f"{last.changed:,} changed, {last.deleted:,} deleted."
                inputs.view("last", types.Notice(label=readable(told)))
                inputs.bool("completed", default=False, label=COMPLETED, view=types.SwitchView())
                inputs.bool("in_progress", default=False, label=IN_PROGRESS, view=types.SwitchView())
        return choose_run.form(inputs, "Take back changes sent to CVAT", "Take back")

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Takes back the last refresh of the run ``anno_key``; see :func:`sync.refresh.undo.undo_refresh`."""
        params = from_panel.given(ctx)
        if panel_work.is_asked_for(ctx):
            from_panel.begin_take_back(ctx, params)
            return iter(())
        return perform(ctx, partial(from_panel.take_back, ctx, params), partial(_finish, ctx))

    def __call__(self, samples: Any, anno_key: Any, **params: Any) -> dict[str, Any]:
        """Takes back the last refresh of a run from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            **params: as in :class:`sync.request.UndoRefreshRequest`; and ``url``, ``token``, ``username``, ``email``
                and ``password`` to log in otherwise than the environment says

        Returns:
            what was taken back; see :func:`sync.refresh.undo.undo_refresh`
        """
        login, params = context.split_login(params)
        request = parse(UndoRefreshRequest, {**params, "anno_key": choose_run.key_of(anno_key)})
        run = find(samples._root_dataset, request.anno_key)
        client = context.client_from(login, run.organization, server=run.server)
        with client, terminal.watching() as reporter:
            return undo_refresh(samples, request, client, reporter)


def _finish(ctx: foo.ExecutionContext, result: dict[str, Any]) -> Iterator[Any]:
    yield ctx.ops.notify(result["text"], variant="warning" if result["left"] or result["jobs_left"] else "success")
    yield show(ctx, safe(result["text"], WHOLE))
