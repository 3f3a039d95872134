"""Load annotations."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..sync.errors import LoadStopped
from ..sync.load.load import load
from ..sync.progress import Watch
from ..sync.request import LoadRequest, parse
from ..sync.runs.record import find
from . import context, foreign, load_form, load_words, runs, show_form, shown, terminal
from .running import perform


class LoadAnnotations(foo.Operator):
    """Brings what people decided in CVAT back into the dataset."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="load_annotations",
            label="Load annotations",
            description="Bring what people decided in CVAT back into the dataset",
            icon="download",
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
        )

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label="Load annotations from CVAT", icon="download", prompt=True),
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        return load_form.build(ctx) if context.in_app(ctx) else None

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Load; parameters: :class:`sync.request.LoadRequest`, result: :func:`sync.load.load`."""

        key = ctx.params.get("anno_key", "")
        if key in foreign.offered(ctx.dataset):
            return perform(ctx, lambda watch: foreign.load_in_app(ctx, key), partial(_finish_foreign, ctx))

        def work(watch: Watch) -> dict[str, Any]:
            request = parse(LoadRequest, load_form.read(ctx))
            organization = find(ctx.dataset, request.anno_key).organization
            if request.preview and context.in_app(ctx):  # the App would leave the progress behind the form
                watch = Watch(stop=watch.stop)
            try:
                return _load(ctx.dataset, request, context.client_for(ctx, organization), watch)
            except LoadStopped as stopped:
                if not context.in_app(ctx):
                    raise
                return stopped.report

        return perform(ctx, work, partial(_finish, ctx))

    def __call__(self, samples: Any, run: Any, **params: Any) -> dict[str, Any]:
        """Loads annotations from Python.

        Args:
            samples: the dataset, or any view of it
            run: the run's key, or the summary that the send returned
            **params: as in :class:`sync.request.LoadRequest`; and ``url``, ``token``, ``username``, ``email`` and
                ``password`` to log in otherwise than the environment says

        Returns:
            the report as a plain dict, :func:`sync.load.load`; for a run of FiftyOne's built-in integration
            :func:`sync.imports.built_in_runs.load_foreign`
        """
        login, params = context.split_login(params)
        key = runs.key_of(run)
        if key in foreign.offered(samples._root_dataset):
            return foreign.load_from(samples, key, login, params)
        request = parse(LoadRequest, {"anno_key": key, **params})
        organization = find(samples._root_dataset, request.anno_key).organization
        client = context.client_from(login, organization)
        with terminal.watching() as watch:
            return _load(samples, request, client, watch)


def _load(samples: Any, request: LoadRequest, client: Any, watch: Watch) -> dict[str, Any]:
    with client:
        return load(samples, request, client, watch)


def _finish(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
    names = shown.names_of(ctx.dataset, report["conflicts"])
    if report["preview"]:
        if not ctx.params.get("preview"):  # what the form covers, and leaves if it is closed
            yield shown.result(ctx, load_words.STOPPED)
        yield _foretell(ctx, report, names)
        return
    text = " ".join([load_words.loaded_line(report), *report["notes"][:2]])
    open_ = any(item["outcome"] == "open" for item in report["conflicts"])
    yield ctx.ops.notify(text, variant="warning" if report["notes"] or open_ else "success")
    yield ctx.ops.reload_dataset()
    key = report["anno_key"]
    yield shown.result(ctx, load_words.loaded(report, names), f"load {key}", report["samples"], "concerned")


def _finish_foreign(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
    yield ctx.ops.notify(foreign.loaded_line(report), variant="success")
    yield ctx.ops.reload_dataset()
    yield shown.result(ctx, foreign.loaded(report))


def _foretell(ctx: foo.ExecutionContext, report: dict[str, Any], names: dict[str, str]) -> Any:
    """Shows what would change, in the form with the same answers; there, it can be confirmed and loaded."""
    shown.keep(ctx, f"preview {report['anno_key']}", report["samples"])
    told = {
        "outlook": load_words.preview(report, names),
        "outlook_of": load_form.fingerprint(ctx),
        "outlook_samples": len(report["samples"]),
        "cautions": report["cautions"],
        "preview": False,
        "confirm_deleted": False,
        "confirm_emptied": False,
    }
    return show_form.again(ctx, {**context.answers(ctx), **told})
