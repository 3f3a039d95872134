"""Image sequences with labels, sent to a server as tracks, and an exact look at what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import bson
import cv2
import fiftyone as fo
import numpy as np
from sync_annotator import Annotator
from sync_loop import Loop
from video_loop import with_keyframe

SIZE = (320, 240)
"""Width and height of most images, in pixels."""

Thing = dict[str, Any]
Boxes = Callable[[int], Sequence[fo.Label]]


def box(x: float, label: str = "car", size: tuple[int, int] = SIZE, **more: Any) -> fo.Detection:
    """A box with its left side at a pixel."""
    return fo.Detection(label=label, bounding_box=[x / size[0], 0.25, 0.125, 0.25], **more)


class Scenes:
    """A dataset of image sequences.

    Args:
        loop: with an empty dataset
        folder: for the images
    """

    def __init__(self, loop: Loop, folder: Path) -> None:
        self.loop = loop
        self.dataset: fo.Dataset = loop.dataset
        self.cvat: Annotator = loop.cvat
        self._folder = folder

    def add(
        self,
        scene: Any,
        count: int,
        boxes: Boxes = lambda number: (),
        *,
        sizes: Mapping[int, tuple[int, int]] | None = None,
        first: int = 0,
        **values: Callable[[int], Any],
    ) -> list[str]:
        """Adds a sequence, with its images in another order than they are in; their ids in order.

        Args:
            scene: its value of ``scene``
            count: of its images
            boxes: the labels of each image, from 0
            sizes: of images that are not of the usual size
            first: the ``frame_number`` of the first one
            values: what images have in other fields, or in ``frame_number``
        """
        samples = []
        for number in range(count):
            path = self._folder / f"{scene}_{number}.png"
            width, height = (sizes or {}).get(number, SIZE)
            cv2.imwrite(str(path), np.full((height, width, 3), 40 + number % 200, np.uint8))
            sample = fo.Sample(str(path), scene=scene, frame_number=first + number)
            for name, value in values.items():
                sample[name] = value(number)
            if labels := list(boxes(number)):
                sample["gt"] = fo.Detections(detections=labels)
            samples.append(sample)
        mixed = sorted(range(count), key=lambda number: (number * 7919 + 3) % 101)
        ids = dict(zip(mixed, self.dataset.add_samples([samples[number] for number in mixed]), strict=True))
        return [ids[number] for number in range(count)]

    def send(self, view: Any = None, **params: Any) -> dict[str, Any]:
        """Sends the dataset, by default as its scenes in the order of their numbers."""
        if view is None:
            params = {"sequence_field": "scene", "sequence_order": "frame_number", **params}
        return self.loop.send_in_order(view=view, **params)

    def load(self, **params: Any) -> dict[str, Any]:
        return self.loop.load(**params)

    # what a person does in CVAT

    def tracks(self, task: int = 1) -> list[Thing]:
        """The tracks of a task."""
        return [track for job in self.cvat.jobs(task) for track in self._objects(job["id"])["tracks"]]

    def shapes(self, task: int = 1) -> list[Thing]:
        """The single shapes of a task."""
        return [shape for job in self.cvat.jobs(task) for shape in self._objects(job["id"])["shapes"]]

    def _objects(self, job: int) -> Thing:
        return dict(self.cvat.call("GET", f"jobs/{job}/annotations"))

    def write(self, action: str, *tracks: Thing, job: int = 1) -> list[Thing]:
        """Saves tracks as the web editor does."""
        body = {"version": 0, "tags": [], "shapes": [], "tracks": list(tracks)}
        return list(self.cvat.call("PATCH", f"jobs/{job}/annotations", body, action=action)["tracks"])

    def keyframe(self, track: Thing, frame: int, job: int = 1, **changes: Any) -> Thing:
        """Makes a keyframe, or changes it, as the web editor does when something is edited on a frame."""
        return self.write("update", with_keyframe(track, frame, **changes), job=job)[0]

    # what the dataset has

    def samples(self) -> dict[str, bytes]:
        """The labels of samples as the database has them, byte by byte."""
        return {str(item["_id"]): bson.encode(item) for item in self.dataset._sample_collection.find()}

    def labels(self) -> dict[str, bytes]:
        """The labels alone, byte by byte: dates move when labels are put back."""
        return {str(item["_id"]): bson.encode(item.get("gt") or {}) for item in self.dataset._sample_collection.find()}

    def changed(self, ids: Sequence[str], before: Mapping[str, bytes]) -> list[int]:
        """The images of a sequence, from 0, that differ from before."""
        now = self.samples()
        return [number for number, own in enumerate(ids) if now[own] != before[own]]

    def boxes(self, sample_id: str) -> list[fo.Detection]:
        """The labels of an image."""
        labels = self.dataset[sample_id]["gt"]
        return list(labels.detections) if labels else []

    def lefts(self, ids: Sequence[str], size: tuple[int, int] = SIZE) -> list[list[float]]:
        """The left sides of the boxes of images, in pixels."""
        return [[round(label.bounding_box[0] * size[0], 3) for label in self.boxes(own)] for own in ids]


def moved(points: Sequence[float], by: float) -> list[float]:
    """Points moved to the right, in pixels."""
    return [value if number % 2 else value + by for number, value in enumerate(points)]
