"""Import tasks that were annotated in CVAT without FiftyOne."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.imports.importing import import_from_cvat
from ...sync.imports.plan import ImportRequest, prepare_import
from ...sync.progress import ProgressReporter
from ...sync.readable import readable
from ...sync.request import parse
from ...sync.runs import record
from ..load import texts as load_texts
from ..shared import choose_run, context, cvat_names, show_form, shown_samples
from ..shared.background import InBackground
from ..shared.reloading import reload
from ..shared.running import perform
from . import texts

FORM_ONLY = frozenset({"target", "dry_run", "preview_text", "preview_of", "ignore"})


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
        return _form(ctx) if context.in_app(ctx) else None

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Imports; see :class:`sync.imports.plan.ImportRequest` and :func:`sync.imports.importing.import_from_cvat`."""
        dry = bool(ctx.params.get("dry_run"))

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            request = parse(ImportRequest, _read(ctx))
            with context.client_for(ctx, request.organization) as client:
                if dry:  # the App would leave the progress behind the form
                    silent = ProgressReporter(stop=reporter.stop)
                    return prepare_import(context.target(ctx), request, client, silent).as_dict()
                return import_from_cvat(context.target(ctx), request, client, reporter)

        return perform(ctx, work, partial(_foretell if dry else _finish, ctx))

    def __call__(self, samples: Any, anno_key: str, *, dry_run: bool = False, **params: Any) -> dict[str, Any]:
        """Imports tasks from Python.

        Args:
            samples: the dataset, or a view of the samples that are meant
            anno_key: the key of the new run
            dry_run: whether only to find out what would be imported; nothing is changed
            **params: as in :class:`sync.imports.plan.ImportRequest`, such as ``tasks``, ``project`` and
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


def _form(ctx: foo.ExecutionContext) -> types.Property:
    inputs = types.Object()
    if ctx.params.get("preview_text") and ctx.params.get("preview_of") == _fingerprint(ctx):
        inputs.str("preview_text", view=types.MarkdownView())
    _tasks(ctx, inputs)
    found = context.targets(ctx)
    if len(found) > 1:
        choices = types.RadioGroup(orientation="vertical")
        for name in found:
            choices.add_choice(name, label=f"The {name.replace('_', ' ')}")
        inputs.enum("target", choices.values(), default=next(iter(found)), label="Look for samples in", view=choices)
    hint = "For tasks with boxes alone, or one other type; empty for fields named after the types"
    if ctx.dataset.media_type == "video":
        hint += ". Tracks, shapes and tags become labels of frames: 'boxes' is the field 'frames.boxes'"
    inputs.str("label_field", label="Field for the labels", description=hint)
    media = "video" if ctx.dataset.media_type == "video" else "image"
    key = inputs.str("anno_key", default=record.free_key(ctx.dataset, "import"), label="Name of the run", required=True)
    said = ctx.params.get("anno_key")
    if said and not said.isidentifier():
        key.invalid, key.error_message = True, "Use letters, digits and underscores, and no digit first."
    elif said and said in ctx.dataset.list_annotation_runs():
        key.invalid, key.error_message = True, "There is a run of this name already."
    inputs.bool("ignore", default=False, label=f"Leave out {media}s that match no sample", view=types.CheckboxView())
    label = "Only show what would be imported"
    inputs.bool("dry_run", default=False, label=label, view=types.SwitchView())
    return choose_run.form(inputs, "Import from CVAT", "Show" if ctx.params.get("dry_run") else "Import")


def _tasks(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=False, space=6)
    tasks = inputs.list("tasks", types.String(), label="Tasks", description="Their numbers in CVAT", view=view)
    projects = types.AutocompleteView(allow_user_input=True, space=6)
    for name in cvat_names.names(ctx, "projects"):
        projects.add_choice(name, label=readable(name))
    inputs.str("project", label="Or a project", description="All of its tasks", view=projects)
    said = ctx.params.get("tasks") or []
    if wrong := [task for task in said if not str(task).isdecimal()]:
        tasks.invalid, tasks.error_message = True, f"'{wrong[0]}' is no number of a task."
    elif not said and not ctx.params.get("project"):
        tasks.invalid, tasks.error_message = True, "Give a task or a project."


def _read(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """The parameters of an import: what a program gave, or what the form's answers mean."""
    params = {k: v for k, v in context.answers(ctx).items() if k not in FORM_ONLY and v not in (None, "", [])}
    if ctx.params.get("ignore"):
        params["unmatched"] = "ignore"
    if isinstance(params.get("tasks"), list):
        params["tasks"] = [int(task) if str(task).isdecimal() else task for task in params["tasks"]]
    return params


def _fingerprint(ctx: foo.ExecutionContext) -> str:
    """Whether two forms ask for the same import."""
    return json.dumps([context.target_name(ctx), _read(ctx)], sort_keys=True, default=str)


def _foretell(ctx: foo.ExecutionContext, found: Mapping[str, Any]) -> Iterator[Any]:
    """Shows what would be imported, in the form with the same answers."""
    preview = {"preview_text": texts.preview(found), "preview_of": _fingerprint(ctx), "dry_run": False}
    yield show_form.again(ctx, {**context.answers(ctx), **preview})


def _finish(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
    yield ctx.ops.notify(texts.imported_line(report), variant="success")
    yield from reload(ctx)
    text = f"**{texts.imported_line(report)}** Load annotations brings what changes in CVAT from now on.\n\n"
    text += load_texts.loaded(report)
    yield shown_samples.result(ctx, text, f"load {report['anno_key']}", report["samples"], "concerned")
