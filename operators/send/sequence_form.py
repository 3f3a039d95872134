"""The part of a form that is about image sequences: which images belong together, and in which order."""

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync.send import proposals
from ..shared import context

BY_NAME = "-"
"""The answer that images are in the order of their file names; no field has this name."""


def is_chosen(ctx: foo.ExecutionContext) -> bool:
    """Whether images are sent in sequence: because somebody said so, or because the view groups them."""
    return _is_said(ctx) or _is_of_view(ctx)


def is_asked_first(ctx: foo.ExecutionContext) -> bool:
    """Whether sequences are not one of more options: the view groups its images, or else the answer would be hidden."""
    return _is_of_view(ctx) or (_is_said(ctx) and not ctx.params.get("more"))


def _is_said(ctx: foo.ExecutionContext) -> bool:
    return bool(ctx.params.get("sequence_field")) and not proposals.is_video(context.target(ctx))


def _is_of_view(ctx: foo.ExecutionContext) -> bool:
    collection = context.target(ctx)
    return not proposals.is_video(collection) and proposals.sequence_of_view(collection) is not None


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
        description="Those with the same value of this",
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
        label, hint = "In the order of", "From the first image to the last"
        inputs.enum("sequence_order", order.values(), default=default, label=label, description=hint, view=order)
