"""The label schema of tasks that were not made by FiftyOne, derived from CVAT's labels and what was drawn with them."""

from collections.abc import Collection, Iterable, Mapping

import fiftyone as fo

from ...cvat import Label
from ...labels.from_project import classes_of
from ...labels.rotation import default_unit
from ...labels.schema import FieldSchema, LabelSchema
from ...labels.types import NEW_FIELD_FOR
from ..errors import Refused

TYPES = tuple(dict.fromkeys(NEW_FIELD_FOR.values()))
"""The label types that what is drawn in CVAT becomes."""

Drawn = Mapping[int, Collection[str]]
"""The types of the objects that were drawn with each CVAT label, by its id."""

FieldNames = str | Mapping[str, str] | None


def derive_schema(labels: Iterable[Label], drawn: Drawn, names: FieldNames) -> LabelSchema:
    """The fields that hold what was drawn, one for each label type, with CVAT's labels as classes.

    What was drawn decides, as CVAT lets every label be drawn as anything; where nothing was, the types of the labels
    do. Boxes and masks share a field, as FiftyOne's detections can be either.

    Args:
        labels: CVAT's labels of all tasks
        drawn: what was drawn with them
        names: the name of the field; of each type's field, by type; or ``None`` to name each after its type. One name
            for several types gets the type appended

    Raises:
        Refused: if a name is given for a type that there is none of
    """
    labels = list(labels)
    seen = {NEW_FIELD_FOR[figure] for figures in drawn.values() for figure in figures if figure in NEW_FIELD_FOR}
    said = {NEW_FIELD_FOR[label.type] for label in labels if label.type in NEW_FIELD_FOR}
    types = _merged(seen or said or {"detections"})
    fields = _name_fields(types, names)
    return LabelSchema(
        fields={
            fields[type_]: FieldSchema(
                type=type_,
                classes=classes_of([label for label in labels if type_ in _homes(label, drawn, types)], type_),
                existing_field=False,
                rotation_unit=default_unit(fo.__version__),
            )
            for type_ in types
        }
    )


def _merged(types: Collection[str]) -> tuple[str, ...]:
    """The types that get a field of their own, in a fixed order."""
    return tuple(t for t in TYPES if t in types and not (t == "instances" and "detections" in types))


def _homes(label: Label, drawn: Drawn, types: Collection[str]) -> set[str]:
    """The types of the fields that a label is a class of; one that says nothing is a class of all."""
    figures = {label.type, *drawn.get(label.id, ())} & NEW_FIELD_FOR.keys()
    homes = {NEW_FIELD_FOR[figure] for figure in figures} if figures else set(types)
    return homes | {"detections"} if "instances" in homes and "detections" in types else homes


def _name_fields(types: Collection[str], names: FieldNames) -> dict[str, str]:
    if isinstance(names, str):
        return {type_: names if len(types) == 1 else f"{names}_{type_}" for type_ in types}
    given = dict(names or {})
    if "instances" in given and "detections" in types:  # they share a field
        given.setdefault("detections", given["instances"])
        del given["instances"]
    elif "detections" in given and "instances" in types:
        given["instances"] = given.pop("detections")
    if unknown := sorted(set(given) - set(TYPES)):
        raise Refused(f"`label_field` names a field for '{unknown[0]}'; the label types are: {', '.join(TYPES)}.")
    fields = {type_: given.get(type_, type_) for type_ in types}
    if len(set(fields.values())) < len(fields):
        raise Refused(f"`label_field` gives one field to several label types; there are: {', '.join(types)}.")
    return fields
