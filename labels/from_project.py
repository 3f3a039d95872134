"""What labels of CVAT are in a label schema: classes, attributes, a skeleton."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from ..cvat.models import AttributeSpec, Label
from .attribute_schema import AttributeSchema
from .names import attribute_problem
from .schema import ClassSchema
from .skeleton import Skeleton
from .types import LABEL_TYPES


def offered_labels(labels: Iterable[Label], type_: str) -> list[Label]:
    """Those labels of a project with which objects of a label type can be drawn."""
    drawn = {"points", "skeleton"} if LABEL_TYPES[type_].drawn_as == "points" else {LABEL_TYPES[type_].drawn_as}
    return [label for label in labels if label.type in {*drawn, "any"}]


def skeleton_in(labels: Sequence[Label]) -> Skeleton | None:
    """The skeleton of which all these labels are; ``None`` if they are of none, or of several."""
    points = {tuple(sub.name for sub in label.sublabels) for label in labels if label.type == "skeleton"}
    only = next(iter(points)) if len(points) == 1 else ()
    return Skeleton(labels=only) if only and all(label.type == "skeleton" for label in labels) else None


def classes_of(labels: Iterable[Label], type_: str) -> tuple[ClassSchema, ...]:
    """The labels as classes; those of several tasks with one name are one class, with the attributes of all."""
    found: dict[str, dict[str, AttributeSchema]] = {}
    codec = LABEL_TYPES[type_].codec
    own = {*codec.geometry, *codec.standard}
    for label in labels:
        attributes = found.setdefault(label.name, {})
        for spec in label.attributes:
            if attribute_problem(spec.name, codec.document) is None and spec.name not in own:
                attributes.setdefault(spec.name, attribute_of(spec))
    return tuple(ClassSchema(name=name, attributes=attributes) for name, attributes in found.items() if name.strip())


def attribute_of(spec: AttributeSpec) -> AttributeSchema:
    """What an attribute of CVAT is in a schema: its widget and values, and the type that its values have in FiftyOne.

    CVAT takes settings that no schema allows, such as a range of two numbers, or a choice of equal values; the widget
    then does without.
    """
    kind = {"checkbox": "bool", "number": _number_kind(spec)}.get(spec.input_type, "str")
    values = spec.values if spec.input_type in ("select", "radio", "number") else ()
    settings: dict[str, Any] = {"type": spec.input_type, "kind": kind, "mutable": spec.mutable}
    for tried in ({**settings, "values": values}, settings, {**settings, "type": "text"}):
        try:
            return AttributeSchema.model_validate(tried)
        except ValidationError:
            continue
    return AttributeSchema()


def _number_kind(spec: AttributeSpec) -> str:
    return "int" if all(text.strip().lstrip("-").isdecimal() for text in spec.values) else "float"
