"""What a project of CVAT has of the labels that are to be sent, shown in the form as soon as the project is chosen."""

import json
from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import CvatError, RoundtripError
from ...sync.request import SendRequest, parse
from ...sync.send import proposals
from ...sync.send.project import FoundProject
from ..shared import context, cvat_names
from ..shared.safe import WHOLE, row, safe
from ..shared.texts import count
from . import answers

MOST = 30
"""Labels that are listed one by one."""

SEVERAL = "CVAT has several projects of this name. Choose one of the list, which shows their numbers."
LACKS = {
    "stop": "**With what is missing, nothing can be sent.** Choose below what to do about it.",
    "leave_out": "What is missing is left out, and stays in the dataset as it is.",
    "extend": "What is missing is added to the project.",
}
"""What becomes of labels and attributes that a project does not have."""


def show(ctx: foo.ExecutionContext, inputs: types.Object, connected: bool) -> None:
    """Shows what the chosen project has, and what it lacks.

    Args:
        ctx: the operator's context
        inputs: the form
        connected: whether CVAT can be asked
    """
    name = ctx.params.get("project_name")
    if not name or not connected:
        return
    offered = _offered(ctx, name)
    if name not in offered:
        if any(choice.startswith(f"{name} (#") for choice in offered):
            several = inputs.view("several_projects", types.Warning(label=SEVERAL))
            several.invalid, several.error_message = True, SEVERAL
        else:
            inputs.view("new_project", types.Notice(label="There is no project of this name yet: it will be made."))
        return
    try:
        asked = answers.read(ctx)
    except RoundtripError as error:
        inputs.view("project_problem", types.Warning(label=safe(error, WHOLE)))
        return
    about = ("project_name", "project_id", "organization", "label_schema", "label_field", "rotation_unit")
    wanted = {key: asked[key] for key in about if key in asked}
    fit = _fit(ctx, context.meant(ctx), json.dumps(wanted, sort_keys=True, default=str))
    if fit["problem"]:
        inputs.view("project_problem", types.Warning(label=safe(fit["problem"], WHOLE)))
    else:
        inputs.md(text(fit, ctx.params.get("project_labels") or "stop"), name="project_fit")


def names_of(ctx: foo.ExecutionContext) -> list[str]:
    """The names of the labels of the chosen project; none if none that exists is chosen."""
    name = ctx.params.get("project_name")
    if not name or name not in _offered(ctx, name):
        return []
    return [label.name for label in _found(ctx, name, cvat_names.workspace(ctx)).labels]


def _offered(ctx: foo.ExecutionContext, name: str) -> Mapping[str, str]:
    return cvat_names.offered(ctx, cvat_names.Names("projects"), name).choices


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _found(ctx: foo.ExecutionContext, name: str, organization: str | None) -> FoundProject:
    """The project as CVAT has it; without labels if it can't be asked."""
    try:
        client = context.client_for(ctx, organization, hasty=True)
        return proposals.find_chosen(client, name)
    except (RoundtripError, CvatError):
        return FoundProject()


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _fit(ctx: foo.ExecutionContext, target: str, asked: str) -> dict[str, Any]:
    """What the project has of the labels; the last argument tells when to look anew."""
    found = _found(ctx, ctx.params["project_name"], cvat_names.workspace(ctx))
    if found.project is None:
        return {"problem": "CVAT does not say which labels this project has."}
    try:
        request = parse(SendRequest, {**json.loads(asked), "anno_key": "form"})
        return {**proposals.fit(context.target(ctx), request, found), "problem": ""}
    except RoundtripError as error:
        return {"problem": str(error)}


def text(fit: Mapping[str, Any], lacks: str) -> str:
    """What a project has and lacks, in Markdown.

    Args:
        fit: as of :func:`sync.send.proposals.fit`
        lacks: what is to be done about what it lacks
    """
    there = len(fit["has"])
    lines = [
        f"The project **{safe(fit['project'])}** has {count(there, 'label')}.",
        "",
        "| Sent | In the project |",
        "|:--|:--|",
    ]
    rows = [row(safe(mine), safe(theirs)) for mine, theirs in fit["maps"].items()]
    rows += [row(safe(what), "missing") for what in fit["lacks"]]
    rows += [row(safe(what), "values that this does not take are left out") for what in fit["unlike"]]
    lines += rows[:MOST]
    if len(rows) > MOST:
        lines += ["", f"... and {len(rows) - MOST:,} more."]
    if fit["lacks"]:
        lines += ["", LACKS[lacks]]
    if fit["unused"]:
        listed = ", ".join(map(safe, fit["unused"][:MOST]))
        more = f" and {len(fit['unused']) - MOST:,} more" if len(fit["unused"]) > MOST else ""
        lines += ["", f"The project has also: {listed}{more}."]
    return "\n".join(lines)
