"""Bring labels that changed here into CVAT."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.refresh.refresh import EDITOR, refresh
from ...sync.request import RefreshRequest, parse
from ...sync.runs.record import find
from ..shared import choose_run, context, panel_work
from ..shared.background import InBackground
from ..shared.running import perform, show
from . import from_panel, texts


class RefreshRun(InBackground, foo.Operator):
    """Brings labels that were changed here into the open jobs of a run; what annotators touched stays."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="refresh_run",
            label="Send changed labels to a CVAT run",
            description="Bring labels that were changed, added or deleted here into the open jobs of a run",
            icon="sync",
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
        looks = ctx.params.get("preview", True)
        if run is not None:
            inputs.view("editor", types.Warning(label="Annotators save first", description=EDITOR))
            inputs.bool("preview", default=True, label="Only show what would change", view=types.SwitchView())
            inputs.bool("completed", default=False, label=texts.COMPLETED, view=types.SwitchView())
            inputs.bool("in_progress", default=False, label=texts.IN_PROGRESS, view=types.SwitchView())
            label = "Also if this deletes more than a fifth of the labels in CVAT"
            inputs.bool("confirm", default=False, label=label, view=types.SwitchView())
        return choose_run.form(inputs, "Send changed labels to CVAT", "Show" if looks else "Send changes")

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Refreshes the run ``anno_key``; parameters: :class:`sync.request.RefreshRequest`, result:
        :func:`sync.refresh.refresh.refresh`."""
        params = from_panel.given(ctx)
        if panel_work.is_asked_for(ctx):
            from_panel.begin_refresh(ctx, params)
            return iter(())
        return perform(ctx, partial(from_panel.carry_out, ctx, params), partial(_finish, ctx))

    def __call__(self, samples: Any, anno_key: Any, **params: Any) -> dict[str, Any]:
        """Refreshes a run from Python.

        Args:
            samples: the dataset, or a view of the samples that are looked at
            anno_key: the run's key, or the summary that the send returned
            **params: as in :class:`sync.request.RefreshRequest`; and ``url``, ``token``, ``username``, ``email`` and
                ``password`` to log in otherwise than the environment says

        Returns:
            what was written, and what was left and why; see :func:`sync.refresh.refresh.refresh`
        """
        login, params = context.split_login(params)
        request = parse(RefreshRequest, {**params, "anno_key": choose_run.key_of(anno_key)})
        run = find(samples._root_dataset, request.anno_key)
        client = context.client_from(login, run.organization, server=run.server)
        with client, terminal.watching() as reporter:
            return refresh(samples, request, client, reporter)


def _finish(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
    left = sum(item["count"] for item in report["left"])
    if not report["preview"]:
        yield ctx.ops.notify(texts.line(report), variant="warning" if left else "success")
    yield show(ctx, texts.text(report))
