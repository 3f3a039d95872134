"""Change a job: who has it, and at which stage and in which state it is."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import Refused, error_context
from ...sync.readable import readable
from ...sync.runs import record
from ...sync.runs.same_server import check_server
from ..load.form import STAGES, STATES
from ..shared import context, cvat_names
from ..shared.choose_run import form
from ..shared.running import answer

KEEP = "as it is"
OFFERED = {"stage": STAGES, "state": STATES}
"""What a job can be set to."""


class ChangeJob(foo.Operator):
    """Gives a job of a run to somebody, and sets its stage and state in CVAT."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="change_job",
            label="Change a CVAT job",
            description="Give a job in CVAT to somebody, and set its stage and state",
            icon="edit",
            unlisted=True,
            dynamic=True,
            risk_level=types.RiskLevel.MEDIUM,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        if not context.asks(ctx):
            return None
        inputs = types.Object()
        run = record.find_all(ctx.dataset).get(str(ctx.params.get("anno_key")))
        hint = "A user name; empty to leave it as it is"
        people = cvat_names.Names("users", run)
        cvat_names.show_problem(ctx, inputs, people)
        cvat_names.ask_for_one(ctx, inputs, "assignee", people, "Assignee", hint, space=12)
        inputs.bool("nobody", default=False, label="Take it from whoever has it", view=types.SwitchView())
        for name, label, offered in (("stage", "Stage", STAGES), ("state", "State", STATES)):
            view = types.DropdownView()
            for choice in (KEEP, *offered):
                view.add_choice(choice, label=choice)
            inputs.enum(name, view.values(), default=KEEP, label=label, view=view)
        return form(inputs, f"Change job {ctx.params.get('job', '')}", "Change")

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Changes the ``job`` of the run ``anno_key``: its ``assignee``, ``stage`` and ``state``, if given."""

        def work() -> dict[str, Any]:
            run = record.find(ctx.dataset, ctx.params.get("anno_key", ""))
            job = ctx.params.get("job")
            if type(job) is not int or job not in {job_id for task in run.tasks for job_id in task.jobs}:
                raise Refused(f"The run has no job {job}.")
            with context.client_for(ctx, run.organization, server=run.server, hasty=True) as client:
                check_server(run, client, ctx.params["anno_key"])
                with error_context(lambda: "Nothing was changed."):
                    changes = _changes(ctx.params, client)
                with error_context(lambda: "Look at the job in CVAT before you try again: it may be changed."):
                    changed = client.update_job(job, **changes)
            who = changed.assignee.username if changed.assignee else "nobody"
            text = f"Job {changed.id}: {changed.stage}, {changed.state}, assigned to {who}."
            ctx.ops.notify(readable(text), variant="success")
            return {"job": changed.id, "assignee": who, "stage": changed.stage, "state": changed.state}

        return answer(ctx, work)


def _changes(params: dict[str, Any], client: Any) -> dict[str, Any]:
    """What is to be changed, as CVAT is told it.

    Raises:
        Refused: if nothing is, or CVAT has no such user
    """
    changes = {name: params[name] for name in OFFERED if params.get(name) not in (None, "", KEEP)}
    for what, value in changes.items():
        if value not in OFFERED[what]:
            raise Refused(f"The parameter '{what}' is wrong: it is one of {', '.join(OFFERED[what])}.")
    name = params.get("assignee")
    if name and not isinstance(name, str):
        raise Refused("The parameter 'assignee' is wrong: it is the name of a user.")
    if params.get("nobody"):
        changes["assignee"] = None
    elif name:
        user = client.find_user(name)
        if user is None:
            raise Refused(f"CVAT shows no user '{name}' here. Nothing was changed.")
        changes["assignee"] = user.id
    if not changes:
        raise Refused("Nothing was chosen that is to be changed.")
    return changes
