"""Send to CVAT."""

import webbrowser
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.errors import Refused
from ...sync.progress import ProgressReporter
from ...sync.request import SendRequest, parse
from ...sync.runs.record import find, is_there
from ...sync.send.grow import grow
from ...sync.send.growth import prepare_growth
from ...sync.send.prepare import describe, prepare
from ...sync.send.send import resume, send
from ..shared import choose_run, context, panel_work
from ..shared.background import InBackground
from ..shared.running import perform, show
from . import answers, dry_run_text, form, from_panel, presets
from .finish import finish, unstoppable

ICON, BUTTON = "/assets/send.svg", "/assets/send_button.svg"
"""The button above the grid is orange, so its icon is white."""


class SendToCvat(InBackground, foo.Operator):
    """Sends the selected samples, the view or the dataset to CVAT."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="send_to_cvat",
            label="Send to CVAT",
            description="Send samples and their labels to CVAT, for people to annotate",
            icon=ICON,
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        return types.Placement(
            types.Places.SAMPLES_GRID_ACTIONS, types.Button(label="Send to CVAT", icon=BUTTON, prompt=True)
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        return form.build(ctx) if context.asks(ctx) else None

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Send; parameters: :class:`sync.request.SendRequest`, result: :func:`sync.send.send`."""

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            request, samples = parse(SendRequest, answers.read(ctx)), context.target(ctx)
            do = _verb(samples, request, again=bool(ctx.params.get("resume")), dry=dry)
            where, watched = _where(samples, request), dry or panel_work.is_asked_for(ctx)
            with context.client_for(ctx, where.organization, server=where.server) as client:
                done = do(samples, request, client, reporter if watched else unstoppable(reporter))
            if do is send:
                presets.keep(ctx)
            return done

        dry = bool(ctx.params.get("dry_run")) or form.only_shows(ctx)
        if panel_work.is_asked_for(ctx) and not dry:
            from_panel.begin_send(ctx, str(ctx.params.get("anno_key") or ""), work)
            return iter(())
        return perform(ctx, work, partial(_foretell if dry else finish, ctx))

    def __call__(
        self, samples: Any, anno_key: Any = None, *, resume: bool = False, dry_run: bool = False, **params: Any
    ) -> dict[str, Any]:
        """Send samples from Python.

        Args:
            samples: the dataset or view to send
            anno_key: the key of the new run; with ``resume`` also the summary of an earlier send
            resume: whether to go on with the run ``anno_key`` if a send of it was interrupted; a complete one is left
                as it is
            dry_run: whether only to find out what would be sent; nothing is changed anywhere
            **params: as in :class:`sync.request.SendRequest`; and ``url``, ``token``, ``username``, ``email`` and
                ``password`` to log in otherwise than the environment says

        Returns:
            the run as a plain dict, see :func:`sync.send.send.send`, with ``extend`` :func:`sync.send.grow.grow`; of a
            dry run :func:`sync.send.prepare.describe`
        """
        login, params = context.split_login(params)
        given = {} if anno_key is None else {"anno_key": choose_run.key_of(anno_key)}
        request = parse(SendRequest, {**params, **given})
        do, where = _verb(samples, request, again=resume, dry=dry_run), _where(samples, request)
        client = context.client_from(login, where.organization, server=where.server)
        with client, terminal.watching() as reporter:
            summary = do(samples, request, client, reporter)
        if request.launch_editor and not dry_run:
            webbrowser.open(summary["tasks"][-1 if request.extend else 0]["url"])
        return summary


def _foretell(ctx: foo.ExecutionContext, found: dict[str, Any]) -> Iterator[Any]:
    """Shows what would be sent."""
    yield show(ctx, dry_run_text.text(found))


class _Where(NamedTuple):
    """Where to send: the organization, and the address of the server, if that is known."""

    organization: str | None
    server: str | None = None


def _where(samples: Any, request: SendRequest) -> _Where:
    """Where to send: samples are added where their run is."""
    if not request.extend:
        return _Where(request.organization)
    run = find(samples._root_dataset, request.anno_key)
    return _Where(run.organization, run.server)


Verb = Callable[[Any, SendRequest, Any, ProgressReporter], dict[str, Any]]


def _verb(samples: Any, request: SendRequest, *, again: bool, dry: bool) -> Verb:
    """What to do with a request: send it, go on with it if it was begun, add to its run, or only look at it."""
    if request.extend:
        if again:
            raise Refused("Give either `resume` or `extend`: an interrupted run is resumed before samples are added.")
        return look_at_growth if dry else grow
    if dry:
        return _look
    if again and is_there(samples._root_dataset, request.anno_key):
        return _go_on
    return send


def look_at_growth(samples: Any, request: SendRequest, client: Any, reporter: ProgressReporter) -> dict[str, Any]:
    """What would be added to a run; see :func:`sync.send.prepare.describe`."""
    return describe(prepare_growth(samples, request, client, reporter)[1], reporter)


def _look(samples: Any, request: SendRequest, client: Any, reporter: ProgressReporter) -> dict[str, Any]:
    return describe(prepare(samples, request, client, reporter), reporter)


def _go_on(samples: Any, request: SendRequest, client: Any, reporter: ProgressReporter) -> dict[str, Any]:
    said = request.bad_files if "bad_files" in request.model_fields_set else None
    where = request.organization
    return resume(samples._root_dataset, request.anno_key, client, reporter, bad_files=said, organization=where)
