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
from ..send.answers import key_of
from ..shared import choose_run, context, cvat_names
from ..shared.safe import WHOLE, safe
from . import built_in_runs, look, texts

FORM_ONLY = frozenset({"more", "beside", "into", "most_deleted", "look", "seen", "stopped", "find_assignees"})
CONFIRM = "confirm_"
"""What the names of boxes begin with; what follows is the caution, and of which load."""
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
        _policy(inputs)
        inputs.bool("more", default=False, label="More options", view=types.SwitchView())
        if ctx.params.get("more"):
            _options(ctx, inputs, run)
        inputs.bool("look", default=False, label="Show what would change", view=types.SwitchView())
        if ctx.params.get("look"):
            _look(ctx, inputs)
    return choose_run.form(inputs, "Load annotations from CVAT", "Load")


def _look(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Shows what would change, and asks to confirm what has to be."""
    try:
        asked = read(ctx)
    except RoundtripError as error:
        inputs.view("unclear", types.Warning(label=safe(error, WHOLE)))
        return
    of = digest(asked)
    if ctx.params.get("stopped") != of:
        look.loader(inputs, asked, of)
    if looked_at(ctx) != of or (found := look.kept(ctx, of)) is None:
        return
    look.show(inputs, found, of)
    for item in found["cautions"]:
        name = _box(item["caution"], of)
        box = inputs.bool(name, default=False, label=texts.caution(item), view=types.CheckboxView())
        if not ctx.params.get(name):
            box.invalid, box.error_message = True, "Tick this if it is what the annotators meant."


def looked_at(ctx: foo.ExecutionContext) -> str | None:
    """Of which load the form shows what it would change."""
    seen = ctx.params.get("seen") or {}
    if seen.get("state") == "loaded":
        return (seen.get("data") or {}).get("of")
    return None if seen.get("state") == "loading" else ctx.params.get("stopped")


def _box(caution: str, of: str) -> str:
    """The box that confirms a caution. Other answers make another load, and other boxes, which nobody ticked yet."""
    return f"{CONFIRM}{caution}_{of[:12]}"


def _policy(inputs: types.Object) -> None:
    choices = types.RadioGroup(orientation="vertical")
    for name, label in POLICIES.items():
        choices.add_choice(name, label=label)
    label = "If a label was changed both here and in CVAT"
    inputs.enum("policy", choices.values(), default="remote", label=label, view=choices)


def _options(ctx: foo.ExecutionContext, inputs: types.Object, run: choose_run.Run) -> None:
    _several(inputs, "states", "Only jobs in state", {name: name for name in STATES})
    _several(inputs, "stages", "Only jobs in stage", {name: name for name in STAGES})
    people = cvat_names.Names("users", run.record)
    cvat_names.ask_for_several(ctx, inputs, "assignees", people, "Only jobs of", "User names in CVAT")
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
    said = {k: v for k, v in context.answers(ctx).items() if k not in FORM_ONLY and v not in (None, "", [])}
    params = {k: v for k, v in said.items() if not k.startswith(CONFIRM)}
    if isinstance(tasks := params.get("tasks"), list):  # what is no number is refused in words later
        params["tasks"] = [int(task) if isinstance(task, str) and task.isdecimal() else task for task in tasks]
    most = ctx.params.get("most_deleted")
    if isinstance(most, int | float) and most != MOST_DELETED:
        params["max_deleted"] = most / 100
    if ctx.params.get("beside"):
        into = ctx.params.get("into") or {}
        fields = record.find(ctx.dataset, params.get("anno_key", "")).label_schema
        params["dest_field"] = {name: to for name in fields if (to := into.get(key_of(name)))}
    # What was confirmed was of another load, if the answers changed since
    of = digest(params) if len(said) > len(params) and looked_at(ctx) else ""
    if of and looked_at(ctx) in (of, ctx.params.get("stopped")):
        confirmed = [name for name in ("deleted", "emptied") if ctx.params.get(_box(name, of))]
        params = {**params, "confirm": confirmed} if confirmed else params
    return params


def digest(params: dict[str, Any]) -> str:
    """Whether two forms ask for the same load: a load's parameters as a text of fixed length."""
    asked = parse(LoadRequest, params).model_dump_json(exclude={"preview", "confirm"})
    return hashlib.sha256(asked.encode()).hexdigest()
