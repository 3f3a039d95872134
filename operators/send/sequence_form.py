"""The part of a form that is about image sequences: which images belong together, and in which order."""

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.send import proposals
from ..shared import context

BY_NAME = "-"
"""The answer that images are in the order of their file names; no field has this name."""


def is_asked_first(ctx: foo.ExecutionContext) -> bool:
    """Whether sequences are not only one of more options: because the view groups its images, or somebody chose one."""
    collection = context.target(ctx)
    if proposals.is_video(collection):
        return False
    return bool(ctx.params.get("sequence_field")) or proposals.sequence_of_view(collection) is not None


def ask(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Asks which images are a sequence, if there is a field that could say so."""
    collection = context.target(ctx)
    found = proposals.sequence_choices(collection)
    if not found.fields:
        return
    of_view = proposals.sequence_of_view(collection)
    chosen = ctx.params.get("sequence_field")
    fields = types.DropdownView(multiple=True, space=6 if chosen or of_view else 12)
    for name in found.fields:
        fields.add_choice(name, label=name)
    prop = inputs.list(
        "sequence_field",
        types.String(),
        default=list(of_view.fields) if of_view else [],
        label="Images in sequence",
        description="With one value of this",
        view=fields,
    )
    if of_view and chosen == []:
        prop.invalid, prop.error_message = True, "This view groups its images; choose the fields that say how."
    if chosen or of_view:
        order = types.DropdownView(space=6)
        order.add_choice(BY_NAME, label="File names")
        for name in found.orders:
            order.add_choice(name, label=name)
        default = of_view.order if of_view and of_view.order else BY_NAME
        label, hint = "In the order of", "Of their places in the task"
        inputs.enum("sequence_order", order.values(), default=default, label=label, description=hint, view=order)
