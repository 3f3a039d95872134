"""The form of "Load annotations", and what its answers mean."""

import hashlib
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.errors import RoundtripError
from ...sync.imports.built_in_runs import SENTENCE
from ...sync.readable import readable
from ...sync.request import LoadRequest, parse
from ...sync.runs import record
from ..send import options as send_options
from ..send.answers import key_of
from ..shared import choose_run, context, shown_samples
from . import built_in_runs, texts

FORM_ONLY = frozenset(
    {"more", "beside", "into", "preview_text", "preview_of", "preview_samples", "cautions", "confirm_deleted"}
    | {"confirm_emptied", "most_deleted"}
)
POLICIES = {
    "remote": "Take CVAT's version",
    "local": "Keep my version",
    "ask": "Decide later: leave these labels as they are, and list them",
}
MOST_DELETED = 20
"""Percent of a run's labels that may be deleted without a question; of few labels, some always may."""
STATES = ("new", "in progress", "completed", "rejected")
STAGES = ("annotation", "validation", "acceptance")


def build(ctx: foo.ExecutionContext) -> types.Property:
    """The form."""
    inputs = types.Object()
    others = built_in_runs.offered(ctx.dataset)
    run = choose_run.choose(ctx, inputs, only="sent", others=others)
    if run is None and (ctx.params.get("anno_key") or next(iter(others), "")) in others:
        inputs.view("foreign", types.Notice(label=SENTENCE))
    if run is not None:
        if jobs := ctx.params.get("jobs"):
            said = f"Only job {jobs[0]}" if len(jobs) == 1 else f"Only {len(jobs):,} jobs"
            inputs.view("only", types.Notice(label=f"{said} of the run; the others are left for later."))
        _preview(ctx, inputs)
        _policy(inputs)
        inputs.bool("more", default=False, label="More options", view=types.SwitchView())
        if ctx.params.get("more"):
            _options(ctx, inputs, run)
        label = "Only show what would change"
        inputs.bool("preview", default=False, label=label, view=types.SwitchView())
    looks = run is not None and ctx.params.get("preview")
    return choose_run.form(inputs, "Load annotations from CVAT", "Show" if looks else "Load")


def _preview(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Shows what would change, if the person has just asked for that or has to confirm it."""
    if not ctx.params.get("preview_text"):
        return
    if ctx.params.get("preview_of") != fingerprint(ctx):
        inputs.view("changed", types.Notice(label="You have changed something since you looked at what would change."))
        return
    inputs.str("preview_text", view=types.MarkdownView())
    shown_samples.button(
        inputs, f"preview {ctx.params.get('anno_key')}", ctx.params.get("preview_samples") or 0, "concerned"
    )
    for item in ctx.params.get("cautions") or ():
        name = f"confirm_{item['caution']}"
        box = inputs.bool(name, default=False, label=texts.caution(item), view=types.CheckboxView())
        if not ctx.params.get(name) and not ctx.params.get("preview"):
            box.invalid, box.error_message = True, "Tick this if it is what the annotators meant."


def _policy(inputs: types.Object) -> None:
    choices = types.RadioGroup(orientation="vertical")
    for name, label in POLICIES.items():
        choices.add_choice(name, label=label)
    label = "If a label was changed both here and in CVAT"
    inputs.enum("policy", choices.values(), default="remote", label=label, view=choices)


def _options(ctx: foo.ExecutionContext, inputs: types.Object, run: choose_run.Run) -> None:
    _several(inputs, "states", "Only jobs in state", {name: name for name in STATES})
    _several(inputs, "stages", "Only jobs in stage", {name: name for name in STAGES})
    people = types.AutocompleteView(allow_user_input=True, allow_duplicates=False, space=6)
    for person in send_options.names(ctx, "users"):
        people.add_choice(person, label=readable(person))
    inputs.list("assignees", types.String(), label="Only jobs of", description="User names in CVAT", view=people)
    if len(run.record.tasks) > 1:
        _several(inputs, "tasks", "Only jobs in task", {str(task.id): task.name for task in run.record.tasks})
    choice = types.RadioGroup(orientation="vertical")
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
    label = "Ask before more than this part of the labels is deleted, in %"
    inputs.int("most_deleted", default=MOST_DELETED, min=0, max=100, label=label)
    inputs.bool("beside", default=False, label="Load into other fields", view=types.SwitchView())
    if ctx.params.get("beside"):
        into = types.Object()
        for name in run.record.label_schema:
            into.str(key_of(name), label=f"{name} goes to", default=f"{name}_cvat")
        inputs.define_property("into", into)


def _several(inputs: types.Object, name: str, label: str, choices: dict[str, str]) -> None:
    view = types.DropdownView(multiple=True, space=6)
    for choice, shown_as in choices.items():
        view.add_choice(choice, label=readable(shown_as))
    inputs.list(name, types.String(), label=label, description="The others are left for later", view=view)


def read(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """The parameters of a load: what a program gave, or what the form's answers mean."""
    params = {k: v for k, v in context.answers(ctx).items() if k not in FORM_ONLY and v not in (None, "", [])}
    if params.get("tasks"):
        params["tasks"] = [int(task) for task in params["tasks"]]
    if ctx.params.get("most_deleted") not in (None, MOST_DELETED):
        params["max_deleted"] = ctx.params["most_deleted"] / 100
    if ctx.params.get("beside"):
        into = ctx.params.get("into") or {}
        fields = record.find(ctx.dataset, params.get("anno_key", "")).label_schema
        params["dest_field"] = {name: to for name in fields if (to := into.get(key_of(name)))}
    confirmed = [name for name in ("deleted", "emptied") if ctx.params.get(f"confirm_{name}")]
    # What was confirmed was of another load, if the answers changed since
    if confirmed and ctx.params.get("preview_of") == _digest(params):
        params["confirm"] = confirmed
    return params


def fingerprint(ctx: foo.ExecutionContext) -> str:
    """Whether two forms ask for the same load."""
    try:
        return _digest(read(ctx))
    except RoundtripError:
        return ""


def _digest(params: dict[str, Any]) -> str:
    asked = parse(LoadRequest, params).model_dump_json(exclude={"preview", "confirm"})
    return hashlib.sha256(asked.encode()).hexdigest()
