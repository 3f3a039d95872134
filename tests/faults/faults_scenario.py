"""What is sent: few and tiny images, but several tasks, jobs, uploads and batches of labels, of every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import requests
from PIL import Image

from sandbox import Sandbox

SIZE = (32, 24)
LARGE = 4
"""The image that is uploaded in chunks."""
SAMPLES = 8
BLOB = np.eye(6, 8, dtype=bool) | np.eye(6, 8, 1, dtype=bool)

FIELDS = ["boxes", "blobs", "lines", "pose", "weather"]
_IN_PARTS = {"label_field": FIELDS, "task_size": 3, "segment_size": 2}
_ON_THE_SHARE = {"media_source": "share", "media_map": {"/pictures": ""}}


def _nothing(box: Sandbox) -> None:
    """The server is empty."""


def _project(box: Sandbox) -> None:
    """The server has a project with one of the labels, which lacks an attribute."""
    plate = {"name": "plate", "input_type": "text", "mutable": True, "values": [], "default_value": ""}
    body = {"name": "Streets", "labels": [{"name": "car", "type": "rectangle", "attributes": [plate]}]}
    requests.post(f"{box.url}/api/projects", json=body, auth=("admin", "admin")).raise_for_status()


@dataclass(frozen=True)
class Scene:
    """A send, and the world in which it happens.

    Args:
        request: its parameters
        interest: a regular expression that finds the names of the points to try: those that no other send has
        prepare: fills the server
        root: where the images are said to be, if only the server sees them
        unreadable: the numbers of images that CVAT can't read
    """

    request: Mapping[str, Any]
    interest: str = ""
    prepare: Callable[[Sandbox], None] = _nothing
    root: str = ""
    unreadable: tuple[int, ...] = ()


SCENES = {
    "tasks": Scene(_IN_PARTS),
    "project": Scene(
        {
            **_IN_PARTS,
            "project_name": "Streets",
            "task_assignee": "annotator1",
            "job_assignees": ["annotator2", "annotator1"],
            "issue_tracker": "https://issues.example/7",
        }
    ),
    "extended": Scene(
        {**_IN_PARTS, "project_name": "Streets", "project_labels": "extend"},
        interest="projects|labels|runs",
        prepare=_project,
    ),
    "share": Scene({**_IN_PARTS, **_ON_THE_SHARE}, interest="data$|share", root="/pictures"),
    "left out": Scene(
        {**_IN_PARTS, **_ON_THE_SHARE, "bad_files": "leave_out"},
        interest="tasks$|tasks/N$|data$|requests|samples|plan|step|drawn|runs",
        root="/pictures",
        unreadable=(4,),
    ),
}
"""The sends: tasks of their own; tasks of a new project with people; of one that is there and lacks labels; of images
that the server sees by itself; and one that finds out late that an image can't be read."""


def fill(dataset: fo.Dataset, folder: Path, scene: Scene) -> None:
    """Adds the samples, and writes their images."""
    dataset.skeletons = {"pose": fo.KeypointSkeleton(labels=["nose", "eye", "ear"], edges=[[0, 1, 2]])}
    samples = []
    for number in range(SAMPLES):
        path = _image(folder, number)
        if number in scene.unreadable:
            path.write_text("no image")
        place = f"{scene.root or folder}/{path.name}"
        sample = fo.Sample(place, boxes=_boxes(number), weather=_weather(number))
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
