"""A row of the list of attributes in the form of "Send to CVAT"."""

import fiftyone.operators.types as types

WIDGETS = {
    "text": "Text",
    "number": "Number",
    "select": "Choice (list)",
    "radio": "Choice (buttons)",
    "checkbox": "Checkbox",
}


def row(*, video: bool) -> types.Object:
    """What is asked of an attribute."""
    attribute = types.Object()
    attribute.str("name", label="Name", required=True, view=types.View(space=3))
    widgets = types.DropdownView(space=3)
    for widget, label in WIDGETS.items():
        widgets.add_choice(widget, label=label)
    attribute.enum("type", widgets.values(), label="Widget", required=True, view=widgets)
    attribute.list(
        "values",
        types.String(),
        label="Values",
        view=types.AutocompleteView(allow_user_input=True, allow_duplicates=False, space=6),
    )
    attribute.str("default", label="Default", view=types.View(space=6))
    attribute.bool("read_only", label="Read-only", view=types.CheckboxView(space=3))
    if video:  # a box of a new row shows unticked: it asks for what is not so by itself
        attribute.bool("fixed", label="Same in all frames of a video", view=types.CheckboxView(space=3))
    return attribute
