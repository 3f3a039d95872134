"""Add samples to a run."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import Refused
from ...sync.progress import ProgressReporter
from ...sync.readable import readable
from ...sync.request import SendRequest, parse
from ...sync.runs.record import find
from ...sync.runs.store import RunStore
from ...sync.send.grow import grow
from ...sync.send.growth import lacking
from ..shared import choose_run, context, panel_work, texts
from ..shared.background import InBackground
from ..shared.running import perform, show
from . import dry_run_text, form, from_panel, media_form
from .finish import unstoppable
from .send_to_cvat import SendToCvat, look_at_growth

FORM_ONLY = frozenset({"target", "dry_run"})
"""Answers that are no parameters of a send."""


class AddSamples(InBackground, foo.Operator):
    """Adds the samples that a run lacks to it, in new tasks."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="add_samples",
            label="Add samples to a CVAT run",
            description="Send samples that a run lacks, in new tasks of the same run",
            icon="playlist_add",
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="sent", whole=True)
        if run is not None:
            form.choose_target(ctx, inputs, "Add")
            _new(ctx, inputs, run)
            if not run.record.imported:  # of those, the labels are what CVAT has
                label = "Add classes that the run lacks"
                hint = "Otherwise labels of these classes are left out, and counted"
                inputs.bool("add_classes", default=False, label=label, description=hint, view=types.SwitchView())
            media_form.policy(inputs, "stop")
            label = "Only show what would be added"
            inputs.bool("dry_run", default=False, label=label, view=types.SwitchView())
        button = "Show" if run is not None and ctx.params.get("dry_run") else "Add"
        return choose_run.form(inputs, "Add samples to a run", button)

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Adds to the run ``anno_key``; parameters: :class:`sync.request.SendRequest`, result:
        :func:`sync.send.grow.grow`."""
        dry = bool(ctx.params.get("dry_run"))
        is_behind = panel_work.is_asked_for(ctx) and not dry

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            given = {k: v for k, v in context.answers(ctx).items() if k not in FORM_ONLY and v not in (None, "", [])}
            request, samples = parse(SendRequest, {**given, "extend": True}), context.target(ctx)
            run = find(ctx.dataset, request.anno_key)
            if run.imported and context.in_app(ctx):  # what the form does not ask, it may keep from another run
                request = request.model_copy(update={"add_classes": False})
            with context.client_for(ctx, run.organization, server=run.server) as client:
                if dry:
                    return look_at_growth(samples, request, client, reporter)
                return grow(samples, request, client, reporter if is_behind else unstoppable(reporter))

        if is_behind:
            from_panel.begin_growth(ctx, str(ctx.params.get("anno_key") or ""), work)
            return iter(())
        return perform(ctx, work, partial(_foretell if dry else _finish, ctx))

    def __call__(self, samples: Any, anno_key: Any, *, dry_run: bool = False, **params: Any) -> dict[str, Any]:
        """Adds samples to a run from Python: what ``send_to_cvat`` does with ``extend=True``.

        Args:
            samples: the dataset or view to add; samples that the run has are left as they are
            anno_key: the run's key, or the summary that the send returned
            dry_run: whether only to find out what would be added
            **params: see :class:`operators.send.send_to_cvat.SendToCvat`

        Returns:
            the run, and what was ``added``; see :func:`sync.send.grow.grow`
        """
        return SendToCvat()(samples, anno_key, dry_run=dry_run, **{**params, "extend": True})


def _new(ctx: foo.ExecutionContext, inputs: types.Object, run: choose_run.Run) -> None:
    """Says how many of the samples that are chosen the run lacks."""
    collection = context.target(ctx)
    try:
        new, already = lacking(collection, RunStore(ctx.dataset, run.record.run_id), run.record, run.key)
    except Refused as error:
        notice = inputs.view("nothing", types.Warning(label=readable(str(error))))
        notice.invalid, notice.error_message = True, str(error)
        return
    text = f"{texts.count(len(new), 'sample')} will be added."
    text += f" The run has {already:,} of them already." if already else ""
    inputs.view("new", types.Notice(label=text))


def _finish(ctx: foo.ExecutionContext, summary: dict[str, Any]) -> Iterator[Any]:
    yield ctx.ops.notify(texts.added_line(summary), variant="success")
    yield ctx.ops.reload_dataset()
    yield show(ctx, texts.added(summary))


def _foretell(ctx: foo.ExecutionContext, found: dict[str, Any]) -> Iterator[Any]:
    yield show(ctx, dry_run_text.text(found))
