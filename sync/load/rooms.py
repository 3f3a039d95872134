"""The fields for labels that no field of a run can hold."""

from collections.abc import Container

from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.labels import Labels
from ..errors import Refused

MOST = 100
"""So many names are tried."""


def room_for(labels: Labels, schema: LabelSchema, type_: str, made: Container[str] = (), holder: str = "") -> str:
    """The field for labels of a type: a new one named after it, or one that a run made; never the user's own.

    Args:
        labels: the dataset's labels
        schema: the run's schema
        type_: the label type
        made: the fields that other runs made
        holder: what the names of fields begin with: ``"frames."`` in videos

    Raises:
        Refused: if a hundred such names are taken
    """
    for end in ("", "_cvat", *(f"_cvat_{number}" for number in range(2, MOST))):
        name = f"{holder}{type_}{end}"
        if _is_free(labels, schema, type_, name, made):
            return name
    raise Refused(f"There is no free field name for the {type_} that were drawn in CVAT.")


def _is_free(labels: Labels, schema: LabelSchema, type_: str, name: str, made: Container[str]) -> bool:
    wanted = LABEL_TYPES[type_].field
    try:
        there = labels.field_class(name)
    except ValueError:
        return False  # something else than labels
    item = schema.fields.get(name)
    if item is not None:
        return not item.existing_field and LABEL_TYPES[item.type].field == wanted
    return there is None or (there == wanted and name in made and not labels.read_only([name]))
