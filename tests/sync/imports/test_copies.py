"""What two jobs have of one object is counted once."""

from __future__ import annotations

from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Job
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.copies import Copies


def job(number: int, start: int, stop: int) -> Job:
    return Job(id=number, task_id=1, start_frame=start, stop_frame=stop)


def shape(frame: int, x: float = 1.0, label: int = 1) -> dict[str, Any]:
    return {"type": "rectangle", "frame": frame, "label_id": label, "points": [x, 1.0, x + 9.0, 9.0], "rotation": 0.0}


def track(first: int, last: int, x: float = 1.0) -> dict[str, Any]:
    ends = [(first, False), (last + 1, True)]
    keyframes = [{**shape(frame, x), "outside": out, "occluded": False, "z_order": 0} for frame, out in ends]
    return {"frame": first, "label_id": 1, "shapes": [{**item, "attributes": []} for item in keyframes]}


def annotations(**there: Any) -> Annotations:
    return Annotations.model_validate(there)


def test_copies_are_counted() -> None:
    """Those of tags, shapes and tracks; two that are the same in one job are two there."""
    one, other, third, far = job(1, 0, 9), job(2, 8, 17), job(3, 9, 20), job(4, 30, 39)
    copies = Copies([one, other, third, far])
    there = annotations(
        tags=[{"frame": 9, "label_id": 1}],
        shapes=[shape(9), shape(9), shape(8), shape(2)],
        tracks=[track(4, 9), track(0, 9, 200.0)],
    )
    assert copies.count(one, there) == 0
    there = annotations(
        tags=[{"frame": 9, "label_id": 1}, {"frame": 9, "label_id": 2}],
        shapes=[shape(9), shape(9), shape(9), shape(8, 2.0), shape(8, label=2), shape(12)],
        tracks=[track(8, 12), track(8, 12, 100.0)],
    )
    assert copies.count(other, there) == 1 + 2 + 1
    assert copies.count(third, annotations(shapes=[shape(9)] * 4 + [shape(12), shape(20)])) == 3 + 1
    assert copies.count(far, annotations(shapes=[shape(30)])) == 0
