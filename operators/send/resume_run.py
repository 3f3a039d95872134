"""Resume a send."""

from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import terminal
from ...sync.progress import ProgressReporter
from ...sync.readable import readable
from ...sync.runs.record import find
from ...sync.runs.store import RunStore
from ...sync.send.journal import Journal
from ...sync.send.send import resume
from ..shared import choose_run, context, panel_work
from ..shared.as_in_forms import as_in_forms
from ..shared.background import InBackground
from ..shared.running import perform
from . import from_panel, media_form
from .finish import finish, unstoppable


class ResumeRun(InBackground, foo.Operator):
    """Goes on with a send that was interrupted."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="resume_run",
            label="Resume sending a CVAT run",
            description="Go on with a send that was interrupted, from where it ended",
            icon="play_arrow",
            dynamic=True,
            execute_as_generator=True,
            allow_delegated_execution=True,
            risk_level=types.RiskLevel.HIGH,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = choose_run.choose(ctx, inputs, only="interrupted")
        if run is not None:
            inputs.view("why", types.Notice(label=readable(f"Why it ended: {as_in_forms(run.status.text)}")))
            plan = Journal(RunStore(ctx.dataset, run.record.run_id)).plan()
            media_form.policy(inputs, plan.request.bad_files if plan else "stop")
        return choose_run.form(inputs, "Resume sending a run", "Resume")

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Goes on with the run ``anno_key``; see :func:`sync.send.send.resume` for the result."""

        if panel_work.is_asked_for(ctx):
            from_panel.begin_resume(ctx, ctx.params.get("anno_key", ""), ctx.params.get("bad_files"))
            return iter(())

        def work(reporter: ProgressReporter) -> dict[str, Any]:
            key = ctx.params.get("anno_key", "")
            run = find(ctx.dataset, key)
            with context.client_for(ctx, run.organization, server=run.server) as client:
                said = ctx.params.get("bad_files")
                return resume(ctx.dataset, key, client, unstoppable(reporter), bad_files=said)

        return perform(ctx, work, partial(finish, ctx))

    def __call__(self, samples: Any, anno_key: Any, *, bad_files: str | None = None, **login: Any) -> dict[str, Any]:
        """Goes on with a send from Python.

        Args:
            samples: the dataset, or any view of it
            anno_key: the run's key, or the summary that the send returned
            bad_files: what to do from now on about files that CVAT can't read, ``"stop"`` or ``"leave_out"``; ``None``
                for what the send was given
            **login: ``url``, ``token``, ``username``, ``email`` and ``password``, to log in otherwise than the
                environment says

        Returns:
            the run as a plain dict, see :func:`sync.send.send`; also if it had been complete
        """
        dataset, key = samples._root_dataset, choose_run.key_of(anno_key)
        run = find(dataset, key)
        client = context.client_from(login, run.organization, server=run.server)
        with client, terminal.watching() as reporter:
            return resume(dataset, key, client, reporter, bad_files=bad_files)
