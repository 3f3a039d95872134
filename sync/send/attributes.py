"""The attributes of a send: what the person asked for, completed from what the dataset declares and labels have."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ...labels.attribute_schema import AttributeSchema, named_attributes
from ...labels.attributes import to_text
from ...labels.field_kinds import FieldKind, field_kind
from ...labels.inference import SeenValues, widened
from ...labels.names import KEYFRAME, attribute_problem
from ..dataset.observe import Observed
from ..dataset.samples import FRAMES
from ..errors import Refused

CONFIDENCE = AttributeSchema(type="number", values=(0, 1, 0.01), read_only=True, kind="float")
_COMPONENTS = {"dropdown": "select", "radio": "radio", "checkbox": "checkbox", "toggle": "checkbox"}
_NOT_ATTRIBUTES = {"confidence", "rotation"}


def propose_attributes(
    dataset: Any, name: str, seen: Observed, declared: Mapping[str, str], document: str
) -> dict[str, AttributeSchema]:
    """The attributes to start from: those of the dataset's own schema, and always those that labels have.

    Args:
        dataset: the dataset
        name: the field
        seen: its labels
        declared: the classes of the fields that are declared for attributes, by name
        document: the labels' class in FiftyOne
    """
    found = dict(seen.attribute_schemas(declared))
    said = (getattr(dataset, "label_schemas", None) or {}).get(name) or {}
    for item in said.get("attributes") or ():
        schema = declared_attribute(item, document)
        if schema is not None:
            attribute = item["name"]
            found[attribute] = widened(schema, seen.attributes.get(attribute, SeenValues()), seen.misses(attribute))
    aside = {"confidence", KEYFRAME} if name.startswith(FRAMES) else {"confidence"}
    return {attribute: item for attribute, item in found.items() if attribute not in aside}


def declared_attribute(item: Mapping[str, Any], document: str) -> AttributeSchema | None:
    """An attribute of the dataset's own label schema, or ``None`` if it is none that annotators can set."""
    name = item.get("name", "")
    return None if attribute_problem(name, document) or name in _NOT_ATTRIBUTES else _as_declared(item)


def _as_declared(item: Mapping[str, Any]) -> AttributeSchema | None:
    """How annotators set what a label schema of the dataset declares; ``None`` if CVAT has no widget for it."""
    kind = item.get("type")
    if kind not in ("str", "int", "float", "bool"):
        return None
    widget = _COMPONENTS.get(item.get("component", ""), "number" if kind in ("int", "float") else "text")
    values = tuple(value for value in item.get("values") or () if value is not None)
    if kind == "bool":
        widget, values = "checkbox", ()
    if widget in ("select", "radio") and not values:
        widget = "text"
    if widget == "number" and item.get("range"):
        low, high = item["range"]
        values = (low, high, 1 if kind == "int" else (high - low) / 100 or 0.01)
    default = item.get("default")
    if default is not None and widget in ("select", "radio") and to_text(default) not in map(to_text, values):
        default = None
    read_only = bool(item.get("read_only"))
    try:
        return AttributeSchema(type=widget, values=values, default=default, read_only=read_only, kind=kind)
    except ValidationError:  # it fits FiftyOne's editor, but not CVAT's
        return AttributeSchema(type="text", read_only=read_only, kind=kind)


def wanted_attributes(said: Any, exists: bool, proposed: Mapping[str, AttributeSchema]) -> dict[str, Any]:
    """The settings of the attributes that are asked for.

    Args:
        said: what was asked for; ``True`` for all
        exists: whether the field exists
        proposed: see :func:`propose_attributes`
    """
    if said is True:
        return dict(proposed) if exists else {}
    try:
        named = named_attributes(said)
    except ValueError as error:
        raise Refused(f"The parameter 'attributes' is wrong: {error}.") from None
    return {name: _with_kind(settings, proposed.get(name)) for name, settings in named.items()}


def _with_kind(settings: Any, proposed: AttributeSchema | None) -> Any:
    """The settings of an attribute; numbers keep the kind that they have in the dataset."""
    if proposed is None or not settings:
        return settings or proposed or {}
    is_number = proposed.kind in ("int", "float")
    if isinstance(settings, Mapping) and is_number and settings.get("type", "text") in ("text", "number"):
        return {"kind": proposed.kind, **settings}
    return settings


def value_schema(dataset: Any, name: str, said: Mapping[str, Any], seen: Observed, declared: Mapping[str, str]) -> Any:
    """The attribute of a field that is one value: as said, else a choice of its classes, else as the dataset's own
    schema has it, else what suits the values."""
    given = said.get("attributes")
    if isinstance(given, Mapping) and given.get("value"):
        return given["value"]
    if said.get("classes"):
        return {"type": "select", "values": list(said["classes"])}
    own = _as_declared((getattr(dataset, "label_schemas", None) or {}).get(name) or {})
    if own is not None:
        return widened(own, seen.attributes.get("value", SeenValues()), missing=False)
    known: FieldKind | None = field_kind(declared.get("value"))
    return seen.attribute_schemas(declared).get("value") or {
        "type": "text",
        "kind": known.kinds[0] if known and known.kinds else "str",
    }


def confidence(seen: Observed) -> AttributeSchema:
    """How confidence is shown: for reading only, whatever it is."""
    return widened(CONFIDENCE, seen.attributes.get("confidence", SeenValues()), seen.misses("confidence"))
