"""The labels to create in CVAT for a schema, and the names that annotators see."""

from collections.abc import Mapping

from ..cvat.models import AttributeSpec, LabelSpec
from .attribute_schema import AttributeSchema, name_in_cvat
from .label_names import label_names
from .schema import LabelSchema
from .skeleton import skeleton_svg
from .types import LABEL_TYPES


def cvat_names(schema: LabelSchema) -> dict[tuple[str, str], str]:
    """The CVAT label name of each (field, class), see :func:`labels.label_names.label_names`."""
    return label_names((field, entry) for field, item in schema.fields.items() for entry in item.class_names)


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
        name=name_in_cvat(name, attribute),
        mutable=attribute.mutable,
        input_type=widget.input,
        default_value=widget.default,
        values=widget.values or (("false",) if widget.input == "checkbox" else ()),
    )
