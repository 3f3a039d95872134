"""Load annotations."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.errors import LoadStopped
from ...sync.load.load import load
from ...sync.progress import ProgressReporter
from ...sync.request import LoadRequest, parse
from ...sync.runs.record import find
from ..shared import choose_run, context, panel_work, show_form, shown_samples
from ..shared.background import InBackground
from ..shared.reloading import reload
from ..shared.running import perform
from . import built_in_runs, changed_labels, form, from_panel, look, texts

ICON = "/assets/load.svg"


class LoadAnnotations(InBackground, foo.Operator):
    """Brings what people decided in CVAT back into the dataset."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="load_annotations",
            label="Load annotations",
            description="Bring the annotations from CVAT back into the dataset",
            icon=ICON,
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement | None:
        """The button above the grid, where there is something to load. The App asks whenever what it shows changes."""
        dataset = ctx.dataset
        if dataset is None or not (choose_run.is_any_usable(dataset) or built_in_runs.offered(dataset)):
            return None
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label="Load annotations from CVAT", icon=ICON, prompt=True),
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        return form.build(ctx) if context.asks(ctx) else None

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Load; parameters: :class:`sync.request.LoadRequest`, result: :func:`sync.load.load`."""

        key = ctx.params.get("anno_key", "")
        if isinstance(key, str) and key in built_in_runs.offered(ctx.dataset):
            return perform(ctx, lambda reporter: built_in_runs.load_in_app(ctx, key), partial(_finish_foreign, ctx))

        if panel_work.is_asked_for(ctx) and not ctx.params.get("preview"):
            from_panel.begin_load(ctx, form.read(ctx))
            return iter(())

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            request = parse(LoadRequest, form.read(ctx))
            run = find(ctx.dataset, request.anno_key)
            try:
                client = context.client_for(ctx, run.organization, server=run.server)
                return _load(ctx.dataset, request, client, reporter)
            except LoadStopped as stopped:
                if not context.in_app(ctx):
                    raise
                return stopped.report

        return perform(ctx, work, partial(_finish, ctx))

    def __call__(self, samples: Any, anno_key: Any, **params: Any) -> dict[str, Any]:
        """Loads annotations from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            **params: as in :class:`sync.request.LoadRequest`; and ``url``, ``token``, ``username``, ``email`` and
                ``password`` to log in otherwise than the environment says

        Returns:
            the report as a plain dict, :func:`sync.load.load`; for a run of FiftyOne's built-in integration
            :func:`sync.imports.built_in_runs.load_foreign`
        """
        login, params = context.split_login(params)
        key = choose_run.key_of(anno_key)
        if key in built_in_runs.offered(samples._root_dataset):
            return built_in_runs.load_from(samples, key, login, params)
        request = parse(LoadRequest, {"anno_key": key, **params})
        run = find(samples._root_dataset, request.anno_key)
        client = context.client_from(login, run.organization, server=run.server)
        with terminal.watching() as reporter:
            return _load(samples, request, client, reporter)


def _load(samples: Any, request: LoadRequest, client: Any, reporter: ProgressReporter) -> dict[str, Any]:
    with client:
        return load(samples, request, client, reporter)


def _finish(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
    if report["preview"]:
        yield from _ask(ctx, report)
        return
    names, paths = shown_samples.files_of(ctx.dataset, [*report["first_changes"], *report["conflicts"]])
    text = " ".join([texts.loaded_line(report), *report["notes"][:2]])
    open_ = any(item["outcome"] == "open" for item in report["conflicts"])
    yield ctx.ops.notify(text, variant="warning" if report["notes"] or open_ else "success")
    yield from reload(ctx)
    listed, total = changed_labels.rows(report["first_changes"], paths), sum(report[what] for what in texts.WHAT)
    yield shown_samples.result(
        ctx,
        texts.loaded(report, names),
        f"load {report['anno_key']}",
        report["samples"],
        "concerned",
        more=partial(changed_labels.add, listed=listed, total=total, before=False),
    )


def _ask(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
    """Opens the form again with the same answers: there, one sees what a load would do, and can confirm it."""
    yield shown_samples.result(ctx, texts.STOPPED)  # what the form covers, and leaves if it is closed
    of = form.digest(form.read(ctx))
    look.keep(ctx, report, of)
    answers = {name: value for name, value in context.answers(ctx).items() if name not in ("seen", "preview")}
    yield show_form.again(ctx, {**answers, "look": True, "stopped": of})


def _finish_foreign(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
    yield ctx.ops.notify(built_in_runs.loaded_line(report), variant="success")
    yield from reload(ctx)
    yield shown_samples.result(ctx, built_in_runs.loaded(report))
