"""The labels to create in CVAT for a schema, and the names that annotators see."""

from collections import Counter
from collections.abc import Mapping

from ..cvat.models import AttributeSpec, LabelSpec
from .attribute_schema import AttributeSchema
from .names import NAME_LIMIT
from .schema import LabelSchema
from .skeleton import skeleton_svg
from .types import LABEL_TYPES


def cvat_names(schema: LabelSchema) -> dict[tuple[str, str], str]:
    """The CVAT label name of each (field, class): the plain class, or ``class (field)`` where fields share it."""
    pairs = [(field, entry) for field, item in schema.fields.items() for entry in item.class_names]
    uses = Counter(name.strip() for _, name in pairs)
    names: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for field, name in pairs:
        plain = name.strip()
        wanted = plain if uses[plain] == 1 else f"{plain} ({field})"
        names[field, name] = _fit(wanted, taken)
        taken.add(names[field, name])
    return names


def _fit(name: str, taken: set[str]) -> str:
    """Shortens a name to what CVAT allows, keeping it unique."""
    if len(name) <= NAME_LIMIT and name not in taken:
        return name
    number = 1
    while True:
        number += 1
        tail = f"~{number}"
        short = name[: NAME_LIMIT - len(tail)] + tail
        if short not in taken:
            return short


def label_specs(schema: LabelSchema, colors: Mapping[tuple[str, str], str] | None = None) -> list[LabelSpec]:
    """The labels to create in CVAT for a schema.

    Args:
        schema: the run's label schema
        colors: the colour of each (field, class) as ``#rrggbb``; CVAT picks one for the others
    """
    names = cvat_names(schema)
    return [
        LabelSpec(
            name=names[field, entry],
            color=(colors or {}).get((field, entry)),
            type=item.drawn_as or ("skeleton" if item.skeleton else LABEL_TYPES[item.type].drawn_as),
            attributes=tuple(_spec(name, attribute) for name, attribute in item.attributes_of(entry).items()),
            sublabels=tuple(LabelSpec(name=name, type="points") for name in item.skeleton.labels)
            if item.skeleton
            else (),
            svg=skeleton_svg(item.skeleton) if item.skeleton else None,
        )
        for field, item in schema.fields.items()
        for entry in item.class_names
    ]


def _spec(name: str, attribute: AttributeSchema) -> AttributeSpec:
    widget = attribute.widget
    return AttributeSpec(
        name=name,
        mutable=attribute.mutable,
        input_type=widget.input,
        default_value=widget.default,
        values=widget.values or (("false",) if widget.input == "checkbox" else ()),
    )
