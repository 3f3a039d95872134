"""The last answers for a dataset, as the next defaults. Logins are no answers of a form, so none is kept."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.names import projects_called
from ..shared import context, cvat_names

STORE, NAME = "roundtrip_cvat_answers", "send"
KEPT = (
    "label_field",
    "more",
    "organization",
    "project_name",
    "project_labels",
    "for_review",
    "subset",
    "task_size",
    "segment_size",
    "overlap",
    "task_assignee",
    "job_assignees",
    "image_quality",
    "media_field",
    "rotation_unit",
    "frame_step",
    "keyframe_tolerance",
)
"""What is likely to be the same the next time; not what belongs to one send, such as its samples and its name."""


def keep(ctx: foo.ExecutionContext) -> None:
    """Keeps the answers of a send that was asked for in the App."""
    if context.in_app(ctx):
        said = {name: ctx.params[name] for name in KEPT if ctx.params.get(name) not in (None, "", [])}
        ctx.store(STORE).set(NAME, said)


def fill_in(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Makes the last answers the defaults of a form, as far as it asks for them and still offers them."""
    said = ctx.store(STORE).get(NAME)
    for name, value in said.items() if isinstance(said, dict) else ():
        item = inputs.properties.get(name)
        if name == "project_name" and isinstance(value, str):
            called = projects_called(cvat_names.offered(ctx, cvat_names.Names("projects"), value), value)
            value = called[0] if len(called) == 1 else value
        if name in KEPT and item is not None and _is_offered(item, value):
            item.default = value


def _is_offered(item: types.Property, value: Any) -> bool:
    choices = getattr(item.view, "_choices", None)
    if choices is None or getattr(item.view, "allow_user_input", False):
        return True
    offered = {choice.value for choice in choices}
    return all(one in offered for one in (value if isinstance(value, list) else [value]))
