"""Whether a field is still what it was: others can delete or rename it at any time, without notice."""

from typing import Any

import fiftyone.core.odm as foo

from ..errors import LoadFailed
from .samples import FieldPlace


def check_declared(dataset: Any, place: FieldPlace) -> None:
    """Looks a field up in the database, as what this process knows of it may be old.

    Raises:
        LoadFailed: if it is gone, or holds something else
    """
    top, *rest = place.path.split(".")
    kept = "frame_fields" if place.on_frames else "sample_fields"
    found = foo.get_db_conn().datasets.find_one({"_id": dataset._doc.id}, {kept: True})
    fields = (found or {}).get(kept) or []
    declared = next((item for item in fields if item.get("name") == top), None)
    for step in rest:
        declared = next((item for item in (declared or {}).get("fields") or [] if item.get("name") == step), None)
    if found is None:
        raise LoadFailed("The dataset was deleted meanwhile.")
    if declared is None:
        raise LoadFailed(
            f"The field '{place.name}' was deleted or renamed meanwhile, so nothing more is written into it."
        )
    kind = str(declared.get("embedded_doc_type") or "").rpartition(".")[2]
    if kind != place.cls:
        raise LoadFailed(f"The field '{place.name}' does not hold {place.cls or 'plain values'} any more.")
