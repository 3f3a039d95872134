"""What the answers in the form of "Send to CVAT" mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.operators as foo

from ...labels.attributes import Kind, Unreadable, from_text
from ...sync.errors import Refused
from ...sync.send import proposals
from ...sync.send.schema import ALLOW
from ..shared import context, cvat_names
from . import media_form
from .sequence_form import BY_NAME

FORM_ONLY = frozenset(
    {
        "target",
        "schema",
        "new_field",
        "new_name",
        "new_type",
        "new_classes",
        "more",
        "show_dry_run",
        "dry_run",
        "resume",
        "slice",
        "for_review",
        "find_job_assignees",
    }
)
"""Answers that are no parameters of a send."""
LOCKED = {"read_only": True}
"""How an attribute is shown to people who only look."""


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _proposal(ctx: foo.ExecutionContext, target: str, name: str) -> dict[str, Any]:
    return proposals.propose_field(context.target(ctx), name)


def proposal(ctx: foo.ExecutionContext, name: str) -> dict[str, Any]:
    """The proposed schema of a field; looked up once for each time the form is opened."""
    return dict(_proposal(ctx, context.meant(ctx), name))


def key_of(name: str) -> str:
    """The name of a field as a key of the form, where dots would be paths."""
    return name.replace(".", "__")


def read(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """The parameters of a send: what a program gave, or what the form's answers mean."""
    params = {k: v for k, v in context.answers(ctx).items() if k not in FORM_ONLY and v not in (None, "", [])}
    params.pop("server", None)
    params = media_form.read(params)
    if params.get("sequence_order") == BY_NAME:
        del params["sequence_order"]
    if isinstance(project := params.get("project_name"), str):
        params.update(cvat_names.chosen_project(ctx, project))
    answers, locked = _dict(ctx.params.get("schema"), "schema"), bool(ctx.params.get("for_review"))
    if locked:
        params.update(dict.fromkeys(ALLOW, False))
    if not answers and not locked and not ctx.params.get("new_field"):
        return params
    chosen = params.pop("label_field", [])
    if not _is_texts(names := [chosen] if isinstance(chosen, str) else chosen):
        raise Refused("The parameter 'label_field' is wrong: it is the name of a field, or a list of names.")
    schema: dict[str, Any] = {}
    for name in names:
        said = _dict(answers.get(key_of(name)), f"schema.{name}")
        schema[name] = {"classes": said["classes"]} if said.get("classes") else {}
        if said.get("edit") or locked:
            proposed = proposal(ctx, name)["attributes"]
            kinds = {item["name"]: item["kind"] for item in proposed}
            rows = _list(said.get("attributes"), "attributes") if said.get("edit") else map(attribute_row, proposed)
            attributes = dict(read_attribute(_dict(item, "attributes"), kinds) for item in rows)
            schema[name]["attributes"] = {
                name: {**item, **LOCKED} if locked else item for name, item in attributes.items()
            }
    if ctx.params.get("new_field") and ctx.params.get("new_name"):
        schema[str(ctx.params["new_name"])] = new_field(
            ctx.params.get("new_type"), _list(ctx.params.get("new_classes"), "new_classes")
        )
    return {**params, "label_schema": schema}


def new_field(type_: str | None, classes: list[str]) -> dict[str, Any]:
    """A new field as ``annotate()`` wants it; the classes of a segmentation are its pixel values 1, 2 and so on."""
    if type_ == "segmentation":
        return {"type": type_, "mask_targets": dict(enumerate(classes, 1))}
    return {"type": type_, "classes": classes}


def _number_kind(item: Mapping[str, Any]) -> Kind:
    """What a new number is: whole if its minimum, maximum and step are."""
    values = [str(value) for value in _list(item.get("values"), "values")]
    return "int" if values and all(value.lstrip("+-").isdecimal() for value in values) else "float"


def attribute_row(proposed: Mapping[str, Any]) -> dict[str, Any]:
    """A proposed attribute as a row of the form, which has a box for what is fixed, not for what is mutable."""
    row = {key: value for key, value in proposed.items() if key not in ("kind", "mutable")}
    return {**row, "fixed": not proposed.get("mutable", True)}


def read_attribute(item: Mapping[str, Any], kinds: Mapping[str, Kind]) -> tuple[str, dict[str, Any]]:
    """An attribute as the form has it, as ``annotate()`` wants it.

    Args:
        item: the form's answers: texts
        kinds: what the values of each attribute are in the dataset; a new one has none

    Raises:
        Refused: if a value is none of its kind
    """
    widget, name = item.get("type") or "text", str(item.get("name") or "")
    kind = kinds.get(name)
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
    try:
        if widget in ("select", "radio", "number") and item.get("values"):
            settings["values"] = [from_text(str(value), kind) for value in _list(item["values"], "values")]
        if item.get("default") not in (None, ""):
            settings["default"] = from_text(str(item["default"]), kind)
    except Unreadable as error:
        raise Refused(f"The attribute '{name}' can't be set up so: {error}.") from None
    return name, settings


def _dict(value: Any, name: str) -> Mapping[str, Any]:
    """An answer with parts, whatever a program gave.

    Raises:
        Refused: if it is something else
    """
    if value and not isinstance(value, Mapping):
        raise Refused(f"The parameter '{name}' is wrong: it is a dict.")
    return value or {}


def _list(value: Any, name: str) -> Sequence[Any]:
    """An answer that is a list.

    Raises:
        Refused: if it is something else
    """
    if value and not isinstance(value, (list, tuple)):
        raise Refused(f"The parameter '{name}' is wrong: it is a list.")
    return value or ()


def _is_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
