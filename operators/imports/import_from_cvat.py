"""Import tasks that were annotated in CVAT without FiftyOne."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.imports.importing import import_from_cvat
from ...sync.imports.plan import prepare_import
from ...sync.imports.request import ImportRequest
from ...sync.progress import ProgressReporter
from ...sync.request import parse
from ..load import texts as load_texts
from ..shared import context, shown_samples
from ..shared.background import InBackground
from ..shared.reloading import reload
from ..shared.running import perform, show
from . import form, texts


class ImportFromCvat(InBackground, foo.Operator):
    """Links tasks that are in CVAT already to samples with the same file names, and loads them as a run."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="import_from_cvat",
            label="Import from CVAT",
            description="Link tasks that were annotated in CVAT to your samples, and load their labels",
            icon="cloud_download",
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        return form.build(ctx) if context.asks(ctx) else None

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Imports; see :func:`sync.imports.importing.import_from_cvat`."""

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            request = parse(ImportRequest, form.read(ctx))
            with context.client_for(ctx, request.organization) as client:
                if ctx.params.get("dry_run"):
                    return prepare_import(context.target(ctx), request, client, reporter).as_dict()
                return import_from_cvat(context.target(ctx), request, client, reporter)

        return perform(ctx, work, partial(_finish, ctx))

    def __call__(self, samples: Any, anno_key: str, *, dry_run: bool = False, **params: Any) -> dict[str, Any]:
        """Imports tasks from Python.

        Args:
            samples: the dataset, or a view of the samples that are meant
            anno_key: the key of the new run
            dry_run: whether only to find out what would be imported; nothing is changed
            **params: as in :class:`sync.imports.request.ImportRequest`, such as ``tasks``, ``project`` and
                ``label_field``; and ``url``, ``token``, ``username``, ``email`` and ``password`` to log in otherwise
                than the environment says

        Returns:
            the report of the load, with ``imported``; see :func:`sync.imports.importing.import_from_cvat`
        """
        login, params = context.split_login(params)
        request = parse(ImportRequest, {"anno_key": anno_key, **params})
        with context.client_from(login, request.organization) as client, terminal.watching() as reporter:
            if dry_run:
                return prepare_import(samples, request, client, reporter).as_dict()
            return import_from_cvat(samples, request, client, reporter)


def _finish(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
    if "imported" not in report:
        yield show(ctx, texts.preview(report))
        return
    yield ctx.ops.notify(texts.imported_line(report), variant="success")
    yield from reload(ctx)
    text = f"**{texts.imported_line(report)}** Load annotations brings what changes in CVAT from now on.\n\n"
    text += texts.not_fetched(report["imported"]) + load_texts.loaded(report)
    yield shown_samples.result(ctx, text, f"load {report['anno_key']}", report["samples"], "concerned")
