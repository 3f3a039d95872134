"""The form of "Import from CVAT", and what its answers mean."""

import json
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.imports.making import FACTS
from ...sync.runs import record
from ..send import media_form
from ..shared import choose_run, context, cvat_names
from . import look

OF_MADE = frozenset({"folder", "sample_fields", "media_source", *media_form.PARTS})
"""Answers that have a meaning only if samples are made."""
FORM_ONLY = frozenset({"target", "slice", "dry_run", "ignore", "look", "seen", "find_tasks"})
AGAIN = "The run is there: tasks that came to its project since, and images that did not come before, are added to it."
FETCH = "fetch"
SOURCES = {
    FETCH: "Fetch them from CVAT",
    "share": "CVAT has them on its file share, and they are here, too",
    "cloud_storage": "CVAT has them in a cloud storage, where they stay",
}
OWN = "Images that are found there are not fetched; the others are. The look below says how many."
TARGETS = {
    "dataset": "The whole dataset",
    "current_view": "The current view",
    "selected_samples": "The selected samples",
}


def build(ctx: foo.ExecutionContext) -> types.Property:
    """The form."""
    inputs = types.Object()
    cvat_names.show_problem(ctx, inputs, cvat_names.Names("tasks"))
    is_clear = _tasks(ctx, inputs)
    _target(ctx, inputs)
    hint = "Only if all labels are of one type, such as boxes. Empty for a field for each type, named after it"
    if ctx.dataset.media_type == "video":
        hint += ". Tracks, shapes and tags become labels of frames: 'boxes' is the field 'frames.boxes'"
    inputs.str("label_field", label="Field for the labels", description=hint)
    key = inputs.str("anno_key", default=record.free_key(ctx.dataset, "import"), label="Name of the run", required=True)
    said = ctx.params.get("anno_key")
    if said and not said.isidentifier():
        key.invalid, key.error_message = True, "Use letters, digits and underscores, and no digit first."
    elif said and said in ctx.dataset.list_annotation_runs():
        is_clear = False  # what is found out while the form is open is of a new run
        known = record.find_all(ctx.dataset).get(said)
        if known is not None and known.imported and ctx.params.get("create_samples"):
            inputs.view("again", types.Notice(label=AGAIN))
        else:
            key.invalid, key.error_message = True, "There is a run of this name already."
    is_clear &= _missing(ctx, inputs)
    inputs.bool("look", default=False, label="Show what would be imported", view=types.SwitchView())
    if ctx.params.get("look") and is_clear:
        look.add(ctx, inputs, read(ctx), fingerprint(ctx))
    return choose_run.form(inputs, "Import from CVAT", "Import")


def _target(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Asks among which samples those of the tasks are looked for, if there is a choice."""
    found = context.targets(ctx)
    choices = types.RadioGroup(orientation="vertical")
    for name in filter(found.__contains__, TARGETS):
        choices.add_choice(name, label=TARGETS[name])
    if len(choices.values()) > 1:
        inputs.enum("target", choices.values(), default="dataset", label="Look for the samples in", view=choices)


def _missing(ctx: foo.ExecutionContext, inputs: types.Object) -> bool:
    """Asks what to do about images, or videos, that match no sample; whether the answer is clear."""
    is_video, is_empty = ctx.dataset.media_type == "video", not len(ctx.dataset)
    if not is_video:
        label = "Make samples of images that match none"
        inputs.bool("create_samples", default=is_empty, label=label, view=types.SwitchView())
    if is_video or not ctx.params.get("create_samples", is_empty):
        label = f"Leave out {'videos' if is_video else 'images'} that match no sample"
        inputs.bool("ignore", default=False, label=label, view=types.CheckboxView())
        return True
    hint = "Where fetched images go, on the machine of the App's server; those that are there are kept"
    folder = inputs.str("folder", label="Folder for the images", description=hint)
    said = ctx.params.get("folder") or ""
    if not said:
        folder.invalid, folder.error_message = True, "Give a folder, such as /data/from_cvat."
    if said and not said.startswith("~") and not Path(said).is_absolute():
        folder.invalid, folder.error_message = True, "Give the whole path, from the root on."
    is_placed = _own_media(ctx, inputs)
    facts = types.DropdownView(multiple=True)
    for name in FACTS:
        facts.add_choice(name, label=name)
    label = "What new samples keep of where they came from"
    inputs.list("sample_fields", types.String(), label=label, description="Each in a field of its own", view=facts)
    return bool(said) and not folder.invalid and is_placed


def _own_media(ctx: foo.ExecutionContext, inputs: types.Object) -> bool:
    """Asks whether the images need not be fetched, as they are the person's own; whether the answer is clear."""
    choice = types.DropdownView()
    for name, label in SOURCES.items():
        choice.add_choice(name, label=label)
    inputs.enum("media_source", choice.values(), default=FETCH, label="Where the images come from", view=choice)
    source = ctx.params.get("media_source") or FETCH
    if source == FETCH:
        return True
    here = media_form.place(ctx, inputs, source, media_form.folder_of_all(ctx), True)
    said = ctx.params.get("media_prefix") or ""
    if not here.invalid and said and "://" not in said and not Path(said).is_dir():
        here.invalid, here.error_message = True, "There is no such folder on the machine of the App's server."
    inputs.view("own", types.Notice(label=OWN))
    return not here.invalid and "no_storages" not in inputs.properties


def _tasks(ctx: foo.ExecutionContext, inputs: types.Object) -> bool:
    """Asks for the tasks; whether the answer is clear."""
    all_tasks, projects = cvat_names.Names("tasks"), cvat_names.Names("projects")
    hint = "By name, or number"
    tasks = cvat_names.ask_for_several(ctx, inputs, "tasks", all_tasks, "Tasks", hint)
    cvat_names.ask_for_one(ctx, inputs, "project", projects, "Or a project", "All of its tasks")
    said = ctx.params.get("tasks") or []
    if wrong := [task for task in said if not str(task).isdecimal()]:
        tasks.invalid, tasks.error_message = (
            True,
            f"'{wrong[0]}' is no task. Choose one of the list, or type a number.",
        )
    elif not said and not ctx.params.get("project"):
        tasks.invalid, tasks.error_message = True, "Choose a task or a project."
    return not tasks.invalid


def read(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """The parameters of an import: what a program gave, or what the form's answers mean."""
    params = {k: v for k, v in context.answers(ctx).items() if k not in FORM_ONLY and v not in (None, "", [])}
    if ctx.params.get("ignore") and not params.get("create_samples"):
        params["unmatched"] = "ignore"
    if context.in_app(ctx) and not params.get("create_samples"):  # what was filled in before the switch was turned off
        params = {name: value for name, value in params.items() if name not in OF_MADE}
    params = media_form.read(params)
    if params.get("media_source") == FETCH:
        del params["media_source"]
    if isinstance(params.get("tasks"), list):
        params["tasks"] = [int(task) if str(task).isdecimal() else task for task in params["tasks"]]
    if isinstance(params.get("project"), str):
        said = cvat_names.chosen_project(ctx, params["project"])
        params["project"] = said.get("project_id", params["project"])
    return params


def fingerprint(ctx: foo.ExecutionContext) -> str:
    """Whether two forms ask for the same import."""
    return json.dumps([context.meant(ctx), read(ctx)], sort_keys=True, default=str)
