"""The boxes of a dataset, before and after an annotator's work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .annotator import MOVE
from .pictures import HEIGHT, WIDTH

if TYPE_CHECKING:
    import fiftyone as fo


def boxes(dataset: fo.Dataset) -> dict[str, Any]:
    """All boxes by id, as they are in the database now."""
    dataset.reload()
    labels = [label for labels in dataset.values("ground_truth.detections") for label in labels]
    return {label.id: label for label in labels}


def check_edits(before: dict[str, Any], after: dict[str, Any], corners: list[list[float]]) -> None:
    """Checks that a dataset has what `Annotator.edit` did, and nothing else.

    Args:
        before: the boxes before
        after: the boxes now
        corners: as `Annotator.edit` returned them
    """
    moved, relabelled, deleted = (find(before, *corners_of_one) for corners_of_one in corners)
    assert deleted not in after
    (drawn,) = after.keys() - before.keys()
    assert after[drawn].label == "person"
    assert find(after, 20, 20, 140, 200) == drawn
    assert find(after, *(value + MOVE for value in corners[0])) == moved
    assert after[relabelled].label != before[relabelled].label
    assert after[relabelled].bounding_box == before[relabelled].bounding_box
    untouched = before.keys() - {moved, relabelled, deleted}
    assert all(after[key] == before[key] for key in untouched)


def find(labels: dict[str, Any], x0: float, y0: float, x1: float, y1: float) -> str:
    """The id of the box with these corners in pixels."""
    box = [x0 / WIDTH, y0 / HEIGHT, (x1 - x0) / WIDTH, (y1 - y0) / HEIGHT]
    (found,) = (key for key, label in labels.items() if label.bounding_box == pytest.approx(box))
    return found
