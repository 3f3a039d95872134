"""Whether the fields of a run are there: labels of one that was renamed were not deleted."""

from collections.abc import Mapping

from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.labels import Labels
from ..errors import Refused
from ..runs.marks import JobMark


def check_fields(labels: Labels, schema: LabelSchema, key: str, marks: Mapping[int, JobMark]) -> None:
    """Checks that the fields are there that have labels in CVAT, and hold what they held.

    Args:
        labels: the dataset's labels
        schema: the run's schema
        key: the run's key
        marks: where the load stands with each job

    Raises:
        Refused: if one is not, or holds something else
    """
    for name, item in schema.fields.items():
        cls = LABEL_TYPES[item.type].field
        try:
            found = labels.field_class(name)
        except ValueError as kind:
            found = str(kind)
        if found == cls or (found is None and not any(mark.labels.get(name) for mark in marks.values())):
            continue
        what = "is not there any more" if found is None else f"does not hold {cls or 'plain values'} any more"
        raise Refused(
            f"The field '{name}' of the run '{key}' {what}, so nothing can be said of its labels. Nothing was changed. "
            "Give it its name back; or add it anew, empty, if they are to be deleted in CVAT."
        )
