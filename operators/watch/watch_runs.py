"""Watch runs: load them by themselves."""

import logging
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.request import parse
from ...sync.runs.run_record import RunRecord
from ...sync.watch.program import watch
from ...sync.watch.rule import USUAL, WatchRequest
from ..load.form import POLICIES, STAGES, STATES
from ..shared import choose_run, context
from ..shared.background import InBackground
from ..shared.running import answer, output
from . import in_app

logger = logging.getLogger(__name__)


class WatchRuns(InBackground, foo.Operator):
    """Looks at runs now and then, and loads what annotators completed."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="watch_runs",
            label="Load CVAT runs by themselves",
            description="Load what annotators completed without a click, now and whenever more is done",
            icon="autorenew",
            dynamic=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="sent")
        if run is None:
            return choose_run.form(inputs, "Load by itself", "Turn on")
        known = in_app.rule_of(ctx.dataset, run.record)
        inputs.bool("on", default=True, label="Load this run by itself", view=types.SwitchView())
        if ctx.params.get("on", True):
            for name, label, offered in (("states", "Jobs in state", STATES), ("stages", "Jobs in stage", STAGES)):
                view = types.DropdownView(multiple=True, space=6)
                for choice in offered:
                    view.add_choice(choice, label=choice)
                default = list(getattr(known, name))
                inputs.list(name, types.String(), default=default, label=label, description="Empty for any", view=view)
            policies = types.RadioGroup(orientation="vertical")
            for name, label in POLICIES.items():
                policies.add_choice(name, label=label)
            label = "If a label was changed both here and in CVAT"
            inputs.enum("policy", policies.values(), default=known.policy, label=label, view=policies)
            inputs.float("every", default=known.every, min=5, max=86_400, label="Seconds between two looks at CVAT")
            inputs.view("note", types.Notice(label=in_app.NOTE))
        return choose_run.form(inputs, "Load by itself", "Turn on" if ctx.params.get("on", True) else "Turn off")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Watches runs; parameters: :class:`sync.watch.rule.WatchRequest`, result: :func:`sync.watch.program.watch`.

        In the App, the run ``anno_key`` is turned on or off, and a thread of the App's server watches it.
        """
        if context.in_app(ctx):
            return answer(ctx, lambda: in_app.turn(ctx, ctx.params.get("anno_key", ""), _said(ctx)))
        params = {name: value for name, value in context.answers(ctx).items() if name != "anno_key"}
        if key := ctx.params.get("anno_key"):
            params["runs"] = key

        def connect(record: RunRecord) -> Any:
            return context.client_for(ctx, record.organization, server=record.server)

        def tell(key: str, text: str) -> None:
            log(key, text)
            if ctx.delegated:
                ctx.set_progress(label=f"{key}: {text}" if key else text)

        return watch(ctx.dataset, parse(WatchRequest, params), connect, tell, waits=not ctx.delegated)

    def __call__(self, samples: Any, runs: Any = (), **params: Any) -> dict[str, Any]:
        """Watches runs from Python, until there is none left or Ctrl-C is pressed.

        Args:
            samples: the dataset, or any view of it
            runs: their keys; by default all that are turned on, also those that are from now on
            **params: as in :class:`sync.watch.rule.WatchRequest`; and ``url``, ``token``, ``username``, ``email`` and
                ``password`` to log in otherwise than the environment says

        Returns:
            what it did; see :func:`sync.watch.program.watch`
        """
        login, params = context.split_login(params)
        keys = () if runs is None else runs if isinstance(runs, (list, tuple, set, frozenset)) else (runs,)
        request = parse(WatchRequest, {"runs": [choose_run.key_of(run) for run in keys], **params})

        def connect(record: RunRecord) -> Any:
            return context.client_from(login, record.organization, server=record.server)

        return watch(samples, request, connect, log)

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        return output("Load by itself")


def log(key: str, text: str) -> None:
    """Logs a sentence about a run."""
    logger.info("%s: %s" if key else "%s%s", key, text)


def _said(ctx: foo.ExecutionContext) -> dict[str, Any] | None:
    """The rule that the form says; ``None`` to turn it off."""
    if not ctx.params.get("on", True):
        return None
    said = {name: ctx.params[name] for name in ("states", "stages", "policy") if ctx.params.get(name) is not None}
    return {**said, "every": ctx.params.get("every") or USUAL}
