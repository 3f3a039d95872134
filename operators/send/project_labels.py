"""What a project of CVAT has of the labels that are to be sent, shown in the form as soon as the project is chosen."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import CvatError, RoundtripError
from ...sync.names import projects_called
from ...sync.request import SendRequest, parse
from ...sync.send import proposals
from ...sync.send.project import FoundProject
from ..shared import context, cvat_names
from ..shared.as_in_forms import as_in_forms
from ..shared.safe import WHOLE, row, safe
from ..shared.texts import count
from . import answers

PROJECTS = cvat_names.Names("projects")
MOST = 30
"""Labels that are listed one by one."""

SEVERAL = "CVAT has several projects of this name. Choose one of the list, which shows their numbers."
LACKS = {
    "stop": "**With what is missing, nothing can be sent.** Choose below what to do about it.",
    "leave_out": "What is missing is left out, and stays in the dataset as it is.",
    "extend": "What is missing is added to the project.",
}
"""What becomes of labels and attributes that a project does not have."""
CHOICES = {
    "stop": "Send nothing",
    "leave_out": "Leave it out of what is sent",
    "extend": "Add it to the project",
}


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
    chosen = cvat_names.chosen_project(ctx, name).get("project_id")
    if chosen is None:
        if len(projects_called(cvat_names.offered(ctx, PROJECTS, name), name)) > 1:
            several = inputs.view("several_projects", types.Warning(label=SEVERAL))
            several.invalid, several.error_message = True, SEVERAL
        else:
            inputs.view("new_project", types.Notice(label="There is no project of this name yet: it will be made."))
        return
    if problem := _found(ctx, chosen, cvat_names.workspace(ctx))[1]:
        notice = inputs.view("project_problem", types.Error(label=safe(problem, WHOLE)))
        notice.invalid, notice.error_message = True, problem
        return
    try:
        asked = answers.read(ctx)
    except RoundtripError as error:
        inputs.view("project_problem", types.Warning(label=safe(error, WHOLE)))
        return
    about = ("project_name", "project_id", "organization", "label_schema", "label_field", "rotation_unit")
    wanted = {key: asked[key] for key in about if key in asked}
    fit = _fit(ctx, context.meant(ctx), chosen, json.dumps(wanted, sort_keys=True, default=str))
    if fit["problem"]:
        inputs.view("project_problem", types.Warning(label=safe(fit["problem"], WHOLE)))
        return
    said = ctx.params.get("project_labels") or "stop"
    inputs.md(text(fit, said), name="project_fit")
    if fit["lacks"] or fit["attributes"]:
        _ask(inputs, said)


def _ask(inputs: types.Object, said: str) -> None:
    """Asks what to do about what the project lacks."""
    choices = types.RadioGroup(orientation="vertical")
    for name, label in CHOICES.items():
        choices.add_choice(name, label=label)
    asked = inputs.enum("project_labels", choices.values(), default="stop", label="What is missing", view=choices)
    if said == "stop":
        asked.invalid, asked.error_message = True, "Choose whether it is left out, or added to the project."


def names_of(ctx: foo.ExecutionContext) -> list[str]:
    """The names of the labels of the chosen project; none if none that exists is chosen."""
    name = ctx.params.get("project_name")
    chosen = cvat_names.chosen_project(ctx, name).get("project_id") if name else None
    if chosen is None:
        return []
    return [label.name for label in _found(ctx, chosen, cvat_names.workspace(ctx))[0].labels]


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _found(ctx: foo.ExecutionContext, project_id: int, organization: str | None) -> tuple[FoundProject, str]:
    """The project as CVAT has it, or why it can't be known."""
    try:
        found = proposals.find_chosen(context.client_for(ctx, organization, hasty=True), project_id)
    except (RoundtripError, CvatError) as error:
        return FoundProject(), str(error)
    return found, ""


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _fit(ctx: foo.ExecutionContext, target: str, project_id: int, asked: str) -> dict[str, Any]:
    """What the project has of the labels; the last argument tells when to look anew."""
    found, _ = _found(ctx, project_id, cvat_names.workspace(ctx))
    try:
        request = parse(SendRequest, {**json.loads(asked), "anno_key": "form"})
        return {**proposals.fit(context.target(ctx), request, found), "problem": ""}
    except RoundtripError as error:
        return {"problem": as_in_forms(error)}


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
    rows += [row(safe(what), "**missing**") for what in fit["lacks"]]
    rows += [row(safe(name), f"**missing**: {_listed(attributes)}") for name, attributes in fit["attributes"].items()]
    rows += [row(safe(what), "values that this does not take are left out") for what in fit["unlike"]]
    lines += rows[:MOST]
    if len(rows) > MOST:
        lines += ["", f"... and {len(rows) - MOST:,} more."]
    if fit["unused"]:
        lines += ["", f"The project has also: {_listed(fit['unused'])}."]
    if fit["lacks"] or fit["attributes"]:
        lines += ["", LACKS[lacks]]
    return "\n".join(lines)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST:,} more" if len(names) > MOST else ""
    return ", ".join(map(safe, names[:MOST])) + more
