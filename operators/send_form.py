"""The form of "Send to CVAT", and what its answers mean."""

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..labels.attributes import Kind, Unreadable, from_text
from ..labels.types import LABEL_TYPES
from ..sync import offer, record
from ..sync.errors import CvatError, Refused, RoundtripError
from . import context, media_form, send_options
from .words import count

FORM_ONLY = frozenset(
    {"target", "schema", "new_field", "new_name", "new_type", "new_classes", "more", "dry_run", "resume"}
)
WIDGETS = {
    "text": "Text",
    "number": "Number",
    "select": "Choice (list)",
    "radio": "Choice (buttons)",
    "checkbox": "Checkbox",
}


def build(ctx: foo.ExecutionContext) -> types.Property:
    """The form, filled in as far as the dataset allows."""
    inputs = types.Object()
    connected = _server(ctx, inputs)
    _targets(ctx, inputs)
    media_form.bad_files(ctx, inputs)
    _fields(ctx, inputs)
    _run(ctx, inputs)
    inputs.bool("more", default=False, label="More options", view=types.SwitchView())
    if ctx.params.get("more"):
        send_options.add(ctx, inputs, connected)
    label = "Only show what would be sent"
    inputs.bool("dry_run", default=False, label=label, view=types.SwitchView())
    button = "Show" if ctx.params.get("dry_run") else "Send"
    return types.Property(inputs, view=types.PromptView(label="Send to CVAT", submit_button_label=button))


def _server(ctx: foo.ExecutionContext, inputs: types.Object) -> bool:
    answer = greeting(ctx)
    if answer["error"]:
        notice = inputs.view("server", types.Error(label="CVAT can't be used yet", description=answer["error"]))
        notice.invalid, notice.error_message = True, answer["error"]
        return False
    inputs.view("server", types.Notice(label=answer["text"]))
    return True


@foo.execution_cache(residency="ephemeral", prompt_scoped=True, ttl=60)  # type: ignore[misc]
def greeting(ctx: foo.ExecutionContext) -> dict[str, str]:
    """Who answers at the server, or why nobody does. Asked once for each time the form is opened."""
    try:
        return {"text": offer.greet(context.client_for(ctx, hasty=True)), "error": ""}
    except (RoundtripError, CvatError) as error:
        return {"text": "", "error": str(error)}


def _targets(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    found = context.targets(ctx)
    words = {
        "selected_samples": "The {} selected",
        "current_view": "The current view: {}",
        "dataset": "The whole dataset: {}",
    }
    choices = types.RadioGroup(orientation="vertical")
    for name, collection in found.items():
        size = len(ctx.selected) if name == "selected_samples" else len(collection)
        choices.add_choice(name, label=words[name].format(count(size, "sample")))
    inputs.enum("target", choices.values(), default=next(iter(found)), label="Send", view=choices)


def _fields(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    collection = context.target(ctx)
    fields = offer.sendable_fields(collection)
    chosen = ctx.params.get("label_field") or []
    choices = types.DropdownView(multiple=True)
    for name, cls in fields.items():
        choices.add_choice(name, label=name, description=cls or "value of a sample")
    default = list(fields)[:1]
    prop = inputs.list("label_field", types.String(), default=default, label="Label fields", view=choices)
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


def _new_field(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    name = inputs.str("new_name", label="Name of the new field", required=True)
    if ctx.params.get("new_name") and ctx.dataset.get_field(ctx.params["new_name"]) is not None:
        name.invalid, name.error_message = True, "The dataset has a field of this name; choose it above."
    kinds = types.DropdownView()
    for type_, item in LABEL_TYPES.items():
        kinds.add_choice(type_, label=type_, description=item.field or "value of a sample")
    inputs.enum("new_type", kinds.values(), default="detections", label="Type", view=kinds)
    type_ = LABEL_TYPES.get(ctx.params.get("new_type") or "detections")
    if type_ is not None and type_.codec.named:
        classes = ctx.dataset.default_classes or []
        _classes(inputs, "new_classes", classes, ctx.params.get("new_classes"), "Type a class and press Enter")


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _proposal(ctx: foo.ExecutionContext, target: str, name: str) -> dict[str, Any]:
    return offer.propose_field(context.targets(ctx)[target], name)


def proposal(ctx: foo.ExecutionContext, name: str) -> dict[str, Any]:
    """The proposed schema of a field; looked up once for each time the form is opened."""
    return dict(_proposal(ctx, context.target_name(ctx), name))


def _field_schema(ctx: foo.ExecutionContext, schema: types.Object, name: str, proposed: Mapping[str, Any]) -> None:
    answers = ((ctx.params.get("schema") or {}).get(key_of(name))) or {}
    item = types.Object()
    classes = answers.get("classes", proposed["classes"]) or []
    if proposed["named"]:
        hint = "The classes that annotators can use"
        _classes(item, "classes", proposed["classes"], answers.get("classes"), hint)
    behind = offer.left_behind(proposed["counts"], list(classes)) if proposed["named"] else None
    if behind:
        listed = ", ".join(f"{number:,} {cls}" for cls, number in behind.most_common(5))
        item.view("behind", types.Warning(label=f"Left out, as their class is not listed: {listed}"))
    listed = ", ".join(attribute["name"] for attribute in proposed["attributes"]) or "none"
    if proposed["named"] or proposed["attributes"]:
        item.bool("edit", default=False, label=f"Edit the attributes: {listed}", view=types.SwitchView())
    if answers.get("edit"):
        item.list(
            "attributes",
            _attribute(),
            default=[attribute_row(attribute) for attribute in proposed["attributes"]],
            label="Attributes",
            description="What annotators can set; of a number, the values are minimum, maximum, step",
        )
    heading = f"{name}: {count(proposed['labels'], 'label')}, {proposed['type']}"
    schema.define_property(key_of(name), item, label=heading, view=types.View(label=heading))


def _classes(inputs: types.Object, name: str, offered: list[str], said: list[str] | None, hint: str) -> None:
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=False)
    for cls in offered:
        view.add_choice(cls, label=cls)
    prop = inputs.list(name, types.String(), default=list(offered), label="Classes", description=hint, view=view)
    if not (offered if said is None else said):
        prop.invalid, prop.error_message = True, "Give at least one class."


def _attribute() -> types.Object:
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
    # A box of a new row shows unticked: it asks for what is not so by itself
    attribute.bool("fixed", label="Fixed along a track", view=types.CheckboxView(space=3))
    return attribute


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


def key_of(name: str) -> str:
    """The name of a field as a key of the form, where dots would be paths."""
    return name.replace(".", "__")


def read(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """The parameters of a send: what a program gave, or what the form's answers mean."""
    params = {k: v for k, v in context.answers(ctx).items() if k not in FORM_ONLY and v not in (None, "", [])}
    params.pop("server", None)
    params = media_form.read(params)
    answers = ctx.params.get("schema")
    if not answers and not ctx.params.get("new_field"):
        return params
    chosen = params.pop("label_field", [])
    schema: dict[str, Any] = {}
    for name in [chosen] if isinstance(chosen, str) else chosen:
        said = (answers or {}).get(key_of(name)) or {}
        schema[name] = {"classes": said["classes"]} if said.get("classes") else {}
        if said.get("edit"):
            kinds = {item["name"]: item["kind"] for item in proposal(ctx, name)["attributes"]}
            attributes = [read_attribute(item, kinds.get(item.get("name"))) for item in said.get("attributes") or ()]
            schema[name]["attributes"] = dict(attributes)
    if ctx.params.get("new_field") and ctx.params.get("new_name"):
        schema[ctx.params["new_name"]] = new_field(ctx.params.get("new_type"), ctx.params.get("new_classes") or [])
    return {**params, "label_schema": schema}


def new_field(type_: str | None, classes: list[str]) -> dict[str, Any]:
    """A new field as ``annotate()`` wants it; the classes of a segmentation are its pixel values 1, 2 and so on."""
    if type_ == "segmentation":
        return {"type": type_, "mask_targets": dict(enumerate(classes, 1))}
    return {"type": type_, "classes": classes}


def _number_kind(item: Mapping[str, Any]) -> Kind:
    """What a new number is: whole if its minimum, maximum and step are."""
    values = [str(value) for value in item.get("values") or ()]
    return "int" if values and all(value.lstrip("+-").isdecimal() for value in values) else "float"


def attribute_row(proposed: Mapping[str, Any]) -> dict[str, Any]:
    """A proposed attribute as a row of the form, which has a box for what is fixed, not for what is mutable."""
    row = {key: value for key, value in proposed.items() if key not in ("kind", "mutable")}
    return {**row, "fixed": not proposed.get("mutable", True)}


def read_attribute(item: Mapping[str, Any], kind: Kind | None) -> tuple[str, dict[str, Any]]:
    """An attribute as the form has it, as ``annotate()`` wants it.

    Args:
        item: the form's answers: texts
        kind: what the values are in the dataset; ``None`` for a new attribute

    Raises:
        Refused: if a value is none of its kind
    """
    widget = item.get("type") or "text"
    if widget == "checkbox":
        kind = "bool"
    elif kind is None or (widget == "number" and kind not in ("int", "float")):
        kind = _number_kind(item) if widget == "number" else "str"
    settings: dict[str, Any] = {
        "type": widget,
        "mutable": not item.get("fixed"),
        "read_only": item.get("read_only", False),
        "kind": kind,
    }
    name = str(item.get("name") or "")
    try:
        if widget in ("select", "radio", "number") and item.get("values"):
            settings["values"] = [from_text(str(value), kind) for value in item["values"]]
        if item.get("default") not in (None, ""):
            settings["default"] = from_text(str(item["default"]), kind)
    except Unreadable as error:
        raise Refused(f"The attribute '{name}' can't be set up so: {error}.") from None
    return name, settings
