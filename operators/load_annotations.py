"""Load annotations."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..sync.load import load
from ..sync.progress import Watch
from ..sync.record import find
from ..sync.request import LoadRequest, parse
from . import context, runs, terminal, words
from .running import perform, show


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
        if not context.in_app(ctx):
            return None
        inputs = types.Object()
        run = runs.choose(ctx, inputs, only="sent")
        if run is not None:
            self._options(ctx, inputs, list(run.record.label_schema))
        return runs.form(inputs, "Load annotations from CVAT", "Load")

    @staticmethod
    def _options(ctx: foo.ExecutionContext, inputs: types.Object, fields: list[str]) -> None:
        choice = types.RadioGroup()
        choice.add_choice("keep", label="Keep them in a field named after their type")
        choice.add_choice("ignore", label="Ignore them")
        inputs.enum(
            "unexpected",
            choice.values(),
            default="keep",
            label="Labels that fit no field of the run",
            description="Such as a polygon in a run of boxes",
            view=choice,
        )
        inputs.bool("beside", default=False, label="Load into other fields", view=types.SwitchView())
        if ctx.params.get("beside"):
            into = types.Object()
            for name in fields:
                into.str(name.replace(".", "__"), label=f"{name} goes to", default=f"{name}_cvat")
            inputs.define_property("into", into)

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Loads; see :class:`sync.request.LoadRequest` for the parameters and :func:`sync.load.load` for the result."""

        def work(watch: Watch) -> dict[str, Any]:
            request = parse(LoadRequest, self._read(ctx))
            organization = find(ctx.dataset, request.anno_key).organization
            return self._load(ctx.dataset, request, context.client_for(ctx, organization), watch)

        return perform(ctx, work, partial(self._finish, ctx))

    def __call__(self, samples: Any, run: Any, **params: Any) -> dict[str, Any]:
        """Loads annotations from Python.

        Args:
            samples: the dataset, or any view of it
            run: the run's key, or the summary that the send returned
            **params: as in :class:`sync.request.LoadRequest`; and ``url``, ``token``, ``username``, ``email`` and
                ``password`` to log in otherwise than the environment says

        Returns:
            the report as a plain dict; see :func:`sync.load.load`
        """
        login, params = context.split_login(params)
        request = parse(LoadRequest, {"anno_key": runs.key_of(run), **params})
        organization = find(samples._root_dataset, request.anno_key).organization
        client = context.client_from(login, organization)
        with terminal.watching() as watch:
            return self._load(samples, request, client, watch)

    @staticmethod
    def _read(ctx: foo.ExecutionContext) -> dict[str, Any]:
        params = {k: v for k, v in context.answers(ctx).items() if k not in ("beside", "into") and v not in (None, "")}
        if ctx.params.get("beside"):
            into = ctx.params.get("into") or {}
            fields = find(ctx.dataset, params.get("anno_key", "")).label_schema
            params["dest_field"] = {name: to for name in fields if (to := into.get(name.replace(".", "__")))}
        return params

    @staticmethod
    def _load(samples: Any, request: LoadRequest, client: Any, watch: Watch) -> dict[str, Any]:
        with client:
            return load(samples, request, client, watch)

    @staticmethod
    def _finish(ctx: foo.ExecutionContext, report: dict[str, Any]) -> Iterator[Any]:
        text = " ".join([words.loaded_line(report), *report["notes"][:2]])
        yield ctx.ops.notify(text, variant="warning" if report["notes"] else "success")
        yield ctx.ops.reload_dataset()
        yield show(ctx, words.loaded(report))
