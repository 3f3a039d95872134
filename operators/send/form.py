"""The form of "Send to CVAT"."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...labels.types import LABEL_TYPES
from ...sync.dataset.samples import FRAMES
from ...sync.errors import CvatError, Refused, RoundtripError
from ...sync.progress import ProgressReporter
from ...sync.readable import readable
from ...sync.request import SendRequest, parse
from ...sync.runs import record
from ...sync.send import proposals
from ...sync.send.prepare import describe, prepare
from ..shared import context, cvat_names
from ..shared.as_in_forms import as_in_forms
from ..shared.safe import safe
from ..shared.texts import count
from . import attribute_form, dry_run_text, media_form, options, presets, project_labels, sequence_form
from .answers import attribute_row, key_of, proposal, read
from .media_form import MOST_FILES

MOST_NAMED = 5
"""Fields that are named because they can't be sent."""
TARGETS = {
    "selected_samples": "The {} selected",
    "selected_labels": "Only the {} selected, on their samples",
    "current_view": "The current view: {}",
    "dataset": "The whole dataset: {}",
}
"""What can be sent, and how much that is."""


def build(ctx: foo.ExecutionContext) -> types.Property:
    """The form, filled in as far as the dataset allows."""
    inputs = types.Object()
    connected = _server(ctx, inputs)
    choose_target(ctx, inputs, "Send")
    if sequence_form.is_asked_first(ctx):
        sequence_form.ask(ctx, inputs)
    media_form.bad_files(ctx, inputs)
    _fields(ctx, inputs)
    hint = "Additions, deletions and edits are not loaded back; comments are. Attributes are shown read-only"
    inputs.bool(
        "for_review",
        default=False,
        label="For review: nobody is to change these labels",
        description=hint,
        view=types.SwitchView(),
    )
    _run(ctx, inputs)
    inputs.bool(
        "more", default=False, label="More options", description=options.kept(ctx.params), view=types.SwitchView()
    )
    if ctx.params.get("more"):
        options.add(ctx, inputs, connected)
    inputs.bool("show_dry_run", default=False, label="Show what would be sent", view=types.SwitchView())
    if ctx.params.get("show_dry_run"):
        _dry_run(ctx, inputs)
    presets.fill_in(ctx, inputs, connected)
    button = "Show" if only_shows(ctx) else "Send"
    return types.Property(inputs, view=types.PromptView(label="Send to CVAT", submit_button_label=button))


def _server(ctx: foo.ExecutionContext, inputs: types.Object) -> bool:
    answer = greeting(ctx)
    if answer["error"]:
        said = f"{answer['error'].rstrip('.')}. {cvat_names.AGAIN}"
        notice = inputs.view("server", types.Error(label="CVAT can't be used yet", description=said))
        notice.invalid, notice.error_message = True, answer["error"]
        return False
    inputs.view("server", types.Notice(label=readable(answer["text"])))
    return True


@foo.execution_cache(residency="ephemeral", prompt_scoped=True, ttl=60)  # type: ignore[misc]
def greeting(ctx: foo.ExecutionContext) -> dict[str, str]:
    """Who answers at the server, or why nobody does. Asked once for each time the form is opened."""
    try:
        return {"text": proposals.describe_login(context.client_for(ctx, hasty=True)), "error": ""}
    except (RoundtripError, CvatError) as error:
        return {"text": "", "error": str(error)}


def only_shows(ctx: foo.ExecutionContext) -> bool:
    """Whether the form's button only shows what would be sent: of many images, that takes too long for a form."""
    if not ctx.params.get("show_dry_run"):
        return False
    collection = proposals.samples_of(context.target(ctx))
    return len(collection) > MOST_FILES or proposals.count_frames(collection) > media_form.MOST_FRAMES


def _dry_run(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Shows what would be sent with the answers given so far."""
    if only_shows(ctx):
        what = "labels on frames" if proposals.is_video(context.target(ctx)) else "images"
        sentence = f"For so many {what} this takes a while: press Show. Nothing is sent as long as this is on."
        inputs.view("later", types.Notice(label=sentence))
        return
    try:
        asked = read(ctx)
    except Refused as error:
        inputs.view("preview_text", types.Warning(label=as_in_forms(error)))
        return
    found = _foreseen(ctx, context.meant(ctx), json.dumps(asked, sort_keys=True, default=str))
    if found["error"]:
        inputs.view("preview_text", types.Warning(label=found["error"]))
    else:
        inputs.md(found["text"], name="preview_text")


@foo.execution_cache(residency="ephemeral", prompt_scoped=True, ttl=60)  # type: ignore[misc]
def _foreseen(ctx: foo.ExecutionContext, target: str, asked: str) -> dict[str, str]:
    """What would be sent, or why it can't be. The last two arguments tell when to look anew."""
    try:
        request = parse(SendRequest, read(ctx))
        with context.client_for(ctx, request.organization, hasty=True) as client:
            prepared = prepare(context.target(ctx), request, client, ProgressReporter())
    except (RoundtripError, CvatError) as error:
        return {"text": "", "error": as_in_forms(error)}
    return {"text": dry_run_text.text(describe(prepared)), "error": ""}


def choose_target(ctx: foo.ExecutionContext, inputs: types.Object, label: str) -> None:
    """Asks which samples are meant."""
    found = context.targets(ctx)
    choices = types.RadioGroup(orientation="vertical")
    for name, collection in found.items():
        choices.add_choice(name, label=TARGETS[name].format(_size(ctx, name, collection)))
    inputs.enum("target", choices.values(), default=next(iter(found)), label=label, view=choices)
    if ctx.dataset.media_type == "group":
        media = ctx.dataset.group_media_types
        slices = types.DropdownView()
        for name in ctx.dataset.group_slices:
            slices.add_choice(name, label=name, description=media.get(name))
        default = context.slice_name(ctx)
        inputs.enum("slice", slices.values(), default=default, label="Slice of the groups", view=slices)


def _size(ctx: foo.ExecutionContext, name: str, collection: Any) -> str:
    """How much a collection has."""
    if name == "selected_labels":
        return count(len(ctx.selected_labels), "label")
    size = len(ctx.selected) if name == "selected_samples" else len(collection)
    if context.is_of_patches(collection):
        return count(size, "patch", "patches")
    if collection.media_type == "group" and ctx.dataset.media_type == "group":
        return count(size, "group")
    samples, noun = len(proposals.samples_of(collection)), media_form.name_of_samples(collection)
    return count(size, noun) if samples == size else f"{count(samples, noun)} in {count(size, 'group')}"


def _fields(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    collection = context.target(ctx)
    fields = proposals.sendable_fields(collection)
    chosen = ctx.params.get("label_field") or []
    choices = types.DropdownView(multiple=True)
    for name, cls in fields.items():
        of = (
            "frame" if name.startswith(FRAMES) else media_form.noun(ctx) if proposals.is_video(collection) else "sample"
        )
        choices.add_choice(name, label=name, description=cls or f"value of a {of}")
    default = list(fields)[:1]
    hint = _others(collection)
    prop = inputs.list(
        "label_field", types.String(), default=default, label="Label fields", description=hint, view=choices
    )
    if not chosen and "label_field" in ctx.params and not ctx.params.get("new_field"):
        prop.invalid, prop.error_message = True, "Choose at least one field, or annotate a new one."
    schema = types.Object()
    for name in chosen:
        if name in fields:
            _field_schema(ctx, schema, name, proposal(ctx, name))
    if chosen:
        inputs.define_property("schema", schema)
    inputs.bool("new_field", default=not fields, label="Annotate a new field", view=types.SwitchView())
    if ctx.params.get("new_field"):
        _new_field(ctx, inputs)


def _others(collection: Any) -> str | None:
    """Which fields are not offered."""
    others = [f"{name} ({cls})" for name, cls in proposals.other_fields(collection).items()]
    more = f" and {len(others) - MOST_NAMED:,} more" if len(others) > MOST_NAMED else ""
    return f"Can't be sent: {', '.join(map(safe, others[:MOST_NAMED]))}{more}" if others else None


def _new_field(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    on_frames = "For labels on frames, begin with 'frames.', as in frames.boxes"
    hint = on_frames if proposals.is_video(context.target(ctx)) else "Such as boxes"
    name = inputs.str("new_name", label="Name of the new field", description=hint)
    if not ctx.params.get("new_name"):
        name.invalid, name.error_message = True, "Give the field a name."
    elif ctx.dataset.get_field(ctx.params["new_name"]) is not None:
        name.invalid, name.error_message = True, "The dataset has a field of this name; choose it above."
    kinds = types.DropdownView()
    of_videos = proposals.is_video(context.target(ctx))
    for type_, item in LABEL_TYPES.items():
        if item.of_videos and not of_videos:
            continue
        kinds.add_choice(type_, label=type_, description=item.field or "value of a sample")
    inputs.enum("new_type", kinds.values(), default="detections", label="Type", view=kinds)
    type_ = LABEL_TYPES.get(ctx.params.get("new_type") or "detections")
    if type_ is not None and type_.codec.named:
        classes = ctx.dataset.default_classes or []
        from_project = project_labels.names_of(ctx)
        hint = "Type a class and press Enter"
        if from_project:
            hint += ". If you give none, the labels of the project are the classes: " + ", ".join(
                map(safe, from_project[:10])
            )
        said = ctx.params.get("new_classes")
        _classes(inputs, "new_classes", classes, said, hint, needed=not from_project, more=from_project)


def _field_schema(ctx: foo.ExecutionContext, schema: types.Object, name: str, proposed: Mapping[str, Any]) -> None:
    answers = ((ctx.params.get("schema") or {}).get(key_of(name))) or {}
    item = types.Object()
    classes = answers.get("classes", proposed["classes"]) or []
    if proposed["named"]:
        hint = "The classes that annotators can use"
        more = project_labels.names_of(ctx)
        _classes(item, "classes", proposed["classes"], answers.get("classes"), hint, more=more)
    behind = proposals.left_behind(proposed["counts"], list(classes)) if proposed["named"] else None
    if behind:
        listed = ", ".join(f"{number:,} {cls}" for cls, number in behind.most_common(5))
        item.view("behind", types.Warning(label=f"Left out, as their class is not listed: {listed}"))
    listed = ", ".join(attribute["name"] for attribute in proposed["attributes"]) or "none"
    if proposed["named"] or proposed["attributes"]:
        item.bool("edit", default=False, label=f"Edit the attributes: {listed}", view=types.SwitchView())
    if answers.get("edit"):
        item.list(
            "attributes",
            attribute_form.row(video=proposals.is_video(context.target(ctx))),
            default=[attribute_row(attribute) for attribute in proposed["attributes"]],
            label="Attributes",
            description="What annotators can set; of a number, the values are minimum, maximum, step",
        )
    heading = f"{name}: {count(proposed['labels'], 'label')}, {proposed['type']}"
    schema.define_property(key_of(name), item, label=heading, view=types.View(label=heading))


def _classes(
    inputs: types.Object,
    name: str,
    offered: list[str],
    said: list[str] | None,
    hint: str,
    *,
    needed: bool = True,
    more: Sequence[str] = (),
) -> None:
    """Asks for classes.

    Args:
        inputs: the form
        name: of the answer
        offered: the classes to start from
        said: the answer so far
        hint: what there is to say
        needed: whether there has to be one
        more: others that can be chosen
    """
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=False)
    for cls in dict.fromkeys((*offered, *more)):
        view.add_choice(cls, label=cls)
    prop = inputs.list(name, types.String(), default=list(offered), label="Classes", description=hint, view=view)
    if needed and not (offered if said is None else said):
        prop.invalid, prop.error_message = True, "Give at least one class."


def _run(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    key = inputs.str(
        "anno_key",
        default=record.free_key(ctx.dataset),
        label="Name of the run",
        description="You load the annotations back under this name",
    )
    said = ctx.params.get("anno_key")
    if not said and "anno_key" in ctx.params:
        key.invalid, key.error_message = True, "Give the run a name."
    elif said and not said.isidentifier():
        key.invalid, key.error_message = True, "Use letters, digits and underscores, and no digit first."
    elif said and said in ctx.dataset.list_annotation_runs():
        key.invalid, key.error_message = True, "There is a run of this name already."
