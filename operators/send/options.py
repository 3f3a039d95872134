"""More options of "Send to CVAT": those that most people can leave as they are."""

from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...labels.rotation import default_unit
from ...labels.tracks.keyframes import TOLERANCE_PX
from ...sync.dataset.clips import is_clips
from ...sync.readable import readable
from ...sync.send import proposals
from ..shared import context, cvat_names
from . import media_form, project_labels, sequence_form

SAID = {
    "organization": "organization {}",
    "project_name": "project {}",
    "task_name": "task name {}",
    "subset": "subset {}",
    "task_size": "{} images in a task",
    "segment_size": "{} in a job",
    "overlap": "{} shared by jobs",
    "frame_start": "first frame {}",
    "frame_stop": "last frame {}",
    "task_assignee": "task assignee {}",
}
SAID_OF_LISTS = {"job_assignees": "job assignees", "sequence_field": "images in sequence"}
"""What people should see of more options while these are hidden."""


def add(ctx: foo.ExecutionContext, inputs: types.Object, connected: bool) -> None:
    """Adds them.

    Args:
        ctx: the operator's context
        inputs: the form
        connected: whether CVAT can be asked for names
    """
    _organization(ctx, inputs, cvat_names.organizations(ctx) if connected else {})
    hint = "One that exists, or the name of a new one"
    cvat_names.ask_for_one(ctx, inputs, "project_name", cvat_names.Names("projects", known=connected), "Project", hint)
    project_labels.show(ctx, inputs, connected)
    inputs.str("task_name", label="Task name", description="Empty for the default", view=types.View(space=6))
    inputs.str("subset", label="Subset", description="Of the tasks, such as train", view=types.View(space=6))
    is_video = proposals.is_video(context.target(ctx))
    if is_video:
        _frames(inputs, whole=not is_clips(context.target(ctx)))
    else:
        if not sequence_form.is_asked_first(ctx):
            sequence_form.ask(ctx, inputs)
        short = types.View(space=6 if sequence_form.is_chosen(ctx) else 4)
        inputs.int("task_size", label="Images in a task", description="Empty for all", min=1, view=short)
        inputs.int("segment_size", label="Images in a job", description="Empty for all", min=1, view=short)
        inputs.int("overlap", default=0, label="Shared by jobs", description="Images, 0 for none", min=0, view=short)
    if is_video or sequence_form.is_chosen(ctx):
        _tolerance(inputs, types.View(space=4 if is_video and not is_clips(context.target(ctx)) else 6))
    people = cvat_names.Names("users", known=connected)
    cvat_names.ask_for_one(ctx, inputs, "task_assignee", people, "Task assignee", "Who is responsible")
    hint = "They get the jobs in turn"
    cvat_names.ask_for_several(ctx, inputs, "job_assignees", people, "Job assignees", hint)
    half = types.View(space=6)
    quality = "Of what annotators see, from 1 to 100 (best)"
    inputs.int("image_quality", default=75, label="Image quality", description=quality, min=1, max=100, view=half)
    inputs.str("issue_tracker", label="Issue tracker", description="A link that is kept with the tasks", view=half)
    media = ctx.dataset.app_config.media_fields
    if len(media) > 1:
        paths = types.DropdownView()
        for name in media:
            paths.add_choice(name, label=name)
        label = f"Field with the {media_form.noun(ctx)}s"
        inputs.enum("media_field", paths.values(), default="filepath", label=label, view=paths)
    _rotation(ctx, inputs)
    media_form.source(ctx, inputs, connected)


def _frames(inputs: types.Object, *, whole: bool) -> None:
    """Asks which frames of videos are sent, and how; clips say the first and the last one themselves."""
    third = types.View(space=4 if whole else 6)
    if whole:
        inputs.int("frame_start", default=0, label="First frame", description="Counted from 0", min=0, view=third)
        inputs.int("frame_stop", label="Last frame", description="Empty for the end", min=0, view=third)
    inputs.int("frame_step", default=1, label="Frame step", description="2 for every second frame", min=1, view=third)
    inputs.int("segment_size", label="Frames in a job", description="Empty for all", min=1, view=third)
    inputs.int("overlap", default=0, label="Shared by jobs", description="Frames, 0 for none", min=0, view=third)


def _tolerance(inputs: types.Object, view: types.View) -> None:
    """Asks how exact tracks are between keyframes."""
    inputs.float(
        "keyframe_tolerance",
        default=TOLERANCE_PX,
        label="Keyframe tolerance",
        description="In pixels; 0 for none",
        min=0,
        view=view,
    )


def _rotation(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Asks for the unit of rotations, if the dataset has any."""
    schemas = (ctx.dataset.get_field_schema(flat=True), ctx.dataset.get_frame_field_schema(flat=True) or {})
    if any(path.endswith(".rotation") for schema in schemas for path in schema):
        unit = types.DropdownView(space=6)
        unit.add_choice("degrees", label="Degrees")
        unit.add_choice("radians", label="Radians")
        default = default_unit(fo.__version__)
        inputs.enum("rotation_unit", unit.values(), default=default, label="Rotations of boxes are in", view=unit)


def kept(params: Mapping[str, Any]) -> str | None:
    """What is set under More options while they are hidden, as it still counts; ``None`` if nothing is."""
    if params.get("more"):
        return None
    said = [words.format(params[name]) for name, words in SAID.items() if params.get(name) not in (None, "", [], 0)]
    several = [words for name, words in SAID_OF_LISTS.items() if params.get(name)]
    return f"Set there: {', '.join([*said, *several])}" if said or several else None


def _organization(ctx: foo.ExecutionContext, inputs: types.Object, offered: Mapping[str, str]) -> None:
    """Asks for the organization, whose short name can be typed, or found in a list."""
    view = types.AutocompleteView(allow_user_input=True, space=6)
    for slug, words in offered.items():
        view.add_choice(slug, label=readable(slug), description=readable(words))
    inputs.str("organization", label="Organization", description=_hint(ctx), view=view)


def _hint(ctx: foo.ExecutionContext) -> str:
    there = context.configured_organization(ctx)
    return f"Empty for '{there}', as it is configured" if there else "Empty for your personal workspace"
