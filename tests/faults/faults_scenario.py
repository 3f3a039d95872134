"""What is sent: few and tiny images, but several tasks, jobs, uploads and portions of labels, of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from PIL import Image

SIZE = (32, 24)
LARGE = 4
"""The image that is uploaded in chunks."""
SAMPLES = 8
BLOB = np.eye(6, 8, dtype=bool) | np.eye(6, 8, 1, dtype=bool)

FIELDS = ["boxes", "blobs", "lines", "pose", "weather"]
LABELS = 3 * SAMPLES + SAMPLES // 2 * 3 + SAMPLES
"""How many labels there are."""

REQUESTS: dict[str, dict[str, Any]] = {
    "tasks": {"label_field": FIELDS, "task_size": 3, "segment_size": 2},
    "project": {
        "label_field": FIELDS,
        "task_size": 3,
        "segment_size": 2,
        "project_name": "Streets",
        "task_assignee": "annotator1",
        "job_assignees": ["annotator2", "annotator1"],
        "issue_tracker": "https://issues.example/7",
    },
}
"""The sends: tasks of their own, and tasks of a project with people."""


def fill(dataset: fo.Dataset, folder: Path) -> None:
    """Adds the samples."""
    dataset.skeletons = {"pose": fo.KeypointSkeleton(labels=["nose", "eye", "ear"], edges=[[0, 1, 2]])}
    samples = []
    for number in range(SAMPLES):
        sample = fo.Sample(str(_image(folder, number)), boxes=_boxes(number), weather=_weather(number))
        if number % 2:
            sample["blobs"], sample["lines"], sample["pose"] = _blobs(number), _lines(number), _pose(number)
        samples.append(sample)
    dataset.add_samples(samples)


def _image(folder: Path, number: int) -> Path:
    path = folder / f"image_{number}.png"
    if number == LARGE:
        Image.effect_noise((96, 72), 90).save(path)
    else:
        Image.new("RGB", SIZE, (20 * number, 90, 200)).save(path)
    return path


def _boxes(number: int) -> fo.Detections:
    """Two of the boxes are alike: what is told apart by its looks would be mixed up."""
    places = ([0.1, 0.1, 0.3, 0.3], [0.5, 0.25, 0.125, 0.4], [0.5, 0.25, 0.125, 0.4])
    return fo.Detections(
        detections=[
            fo.Detection(
                label=("car", "bus")[number % 2],
                bounding_box=place,
                confidence=0.1 + number / 10,
                parked=bool(number % 3),
                plate=f"B {number}{n // 2}",
            )
            for n, place in enumerate(places)
        ]
    )


def _blobs(number: int) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label="puddle", bounding_box=[0.25, 0.25, 0.25, 0.25], mask=BLOB, tags=[str(number)])]
    )


def _lines(number: int) -> fo.Polylines:
    """A line of two parts, which are two shapes of one group."""
    parts = [[[0.1, 0.1], [0.2, 0.2]], [[0.5, 0.5], [0.6, number / 10]]]
    return fo.Polylines(polylines=[fo.Polyline(label="lane", points=parts)])


def _pose(number: int) -> fo.Keypoints:
    nowhere = (float("nan"), float("nan"))
    points = [(0.1, number / 10), nowhere if number == 1 else (0.2, 0.3), (0.4, 0.5)]
    return fo.Keypoints(keypoints=[fo.Keypoint(label="person", points=points)])


def _weather(number: int) -> fo.Classification:
    return fo.Classification(label=("sun", "rain")[number % 2], confidence=0.5)
