"""A task that was annotated in CVAT before FiftyOne knew of it: something to import."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cvat import Annotations, Client, Credentials, LabelSpec, Shape, UploadFile

if TYPE_CHECKING:
    import fiftyone as fo

NAME = "annotated before FiftyOne"
SERIES, COUNT = "parking", 4


def annotate(dataset: fo.Dataset) -> int:
    """Make the task in the sandbox, on some pictures of the dataset; returns its id."""
    view = dataset.match_tags(SERIES).limit(COUNT)
    names = ("url", "username", "password")
    with Client(Credentials(**{name: os.environ[f"FIFTYONE_CVAT_{name.upper()}"] for name in names})) as client:
        task = client.create_task(NAME, labels=[LabelSpec(name="vehicle")])
        files = [UploadFile(Path(path).name, Path(path), Path(path).stat().st_size) for path in view.values("filepath")]
        client.wait_for_creation(task.id, client.upload(task.id, files))
        (job,) = client.jobs(task.id)
        (label,) = client.labels(task_id=task.id)
        client.create_annotations(job.id, Annotations(shapes=list(_vehicles(view, label.id))))
    return task.id


def _vehicles(view: fo.DatasetView, label_id: int) -> Iterator[Shape]:
    """The cars on the pictures, as boxes in pixels."""
    for frame, sample in enumerate(view):
        width, height = sample.metadata.width, sample.metadata.height
        for thing in sample.ground_truth.detections:
            if thing.label == "car":
                x, y, w, h = thing.bounding_box
                points = (x * width, y * height, (x + w) * width, (y + h) * height)
                yield Shape(type="rectangle", frame=frame, label_id=label_id, points=points)
