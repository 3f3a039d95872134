"""How many labels of each class a collection has, counted by the database."""

from collections.abc import Iterable
from typing import Any

import fiftyone as fo

from .samples import field_class

NAMED = {
    "Detections",
    "Detection",
    "Polylines",
    "Polyline",
    "Keypoints",
    "Keypoint",
    "Classifications",
    "Classification",
}
"""Classes of FiftyOne whose labels have a class of their own."""


def count_classes(collection: Any, fields: Iterable[str]) -> dict[str, dict[str, int]]:
    """The labels of fields, by field and class; labels without a class are under an empty name.

    Args:
        collection: the samples
        fields: their names; those that the dataset does not have any more are left out
    """
    found: dict[str, dict[str, int]] = {}
    for name in fields:
        try:
            kind = field_class(collection, name)
        except ValueError:
            continue
        if kind in NAMED:
            _, path = collection._get_label_field_path(name, "label")
            counts = collection.aggregate(fo.CountValues(path))
            if nameless := counts.pop(None, 0):
                counts[""] = nameless
            found[name] = {str(cls): number for cls, number in counts.items()}
        else:
            found[name] = {name: int(collection.count(name))}
    return found
