"""Videos with labels on their frames, and what CVAT shows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import bson
import cv2
import fiftyone as fo
import numpy as np
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate, shape_of
from sync_loop import Loop

SIZE = (64, 48)
FIELD = "frames.gt"

Labels = Iterable[fo.Label]


@cache
def clip_file(frames: int = 20, size: tuple[int, int] = SIZE) -> Path:
    """A video in which a white square goes to the right. Made once for each length."""
    path = Path(mkdtemp(prefix="clips-")) / f"clip_{frames}.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, size)
    for number in range(frames):
        image = np.full((size[1], size[0], 3), 60, np.uint8)
        image[8:24, number : number + 16] = 255
        writer.write(image)
    writer.release()
    return path


def box(x: float, y: float = 0.25, label: str = "car", **more: Any) -> fo.Detection:
    """A box of a quarter of the frame's width and height."""
    return fo.Detection(label=label, bounding_box=[x, y, 0.25, 0.25], **more)


def video(
    frames: int = 20,
    labels: Callable[[int], Labels] = lambda number: (),
    *,
    path: Path | None = None,
    total: int | None = None,
) -> fo.Sample:
    """A sample with boxes on its frames.

    Args:
        frames: of the clip
        labels: the labels of each frame, by FiftyOne's number, from 1; frames without labels get no document
        path: of another file than the usual clip
        total: how many frames its metadata says; by default as many as there are
    """
    count = frames if total is None else total
    sample = fo.Sample(
        str(path or clip_file(frames)),
        metadata=fo.VideoMetadata(total_frame_count=count, frame_width=SIZE[0], frame_height=SIZE[1]),
    )
    for number in range(1, frames + 1):
        if found := list(labels(number)):
            sample.frames[number] = fo.Frame(gt=fo.Detections(detections=found))
    return sample


class Videos:
    """The loop with videos.

    Args:
        loop: with an empty dataset
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.dataset = loop.dataset
        loop.dataset.media_type = "video"

    def add(self, *samples: fo.Sample) -> list[str]:
        """Adds samples; their ids."""
        return list(self.dataset.add_samples(samples))

    def send(self, **params: Any) -> dict[str, Any]:
        """Sends the whole dataset, by default its boxes."""
        view = params.pop("view", None)
        if not {"label_field", "label_schema"} & set(params):
            params["label_field"] = FIELD
        return self.loop.send(view, **params)

    def jobs(self, task: int = 0) -> list[dict[str, Any]]:
        """The jobs of a task, by the number of the task."""
        return self.loop.cvat.jobs(self.loop.cvat.find("tasks")[task]["id"])

    def annotations(self, task: int = 0) -> list[Annotations]:
        """What the jobs of a task have."""
        found = [self.loop.cvat.call("GET", f"jobs/{job['id']}/annotations") for job in self.jobs(task)]
        return [Annotations.model_validate(item) for item in found]

    def shown(self, task: int = 0) -> dict[int, list[list[float]]]:
        """The points of the shapes that CVAT shows on each frame of a task, sorted, to a millionth of a pixel.

        What two jobs show alike on a frame is there once.
        """
        found: dict[int, set[tuple[float, ...]]] = {}
        for job, there in zip(self.jobs(task), self.annotations(task), strict=True):
            frames = range(job["start_frame"], job["stop_frame"] + 1)
            for track in there.tracks:
                for frame, item in interpolate(track, frames).frames.items():
                    found.setdefault(frame, set()).add(_rounded(shape_of(track, frame, item).points))
            for shape in there.shapes:
                found.setdefault(shape.frame, set()).add(_rounded(shape.points))
        return {frame: sorted(map(list, points)) for frame, points in sorted(found.items())}

    def frames(self) -> dict[str, bytes]:
        """The frames as the database has them, byte by byte."""
        return {str(item["_id"]): bson.encode(item) for item in self.dataset._frame_collection.find()}


def _rounded(points: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(point, 6) for point in points)


def pixels(label: fo.Detection) -> list[float]:
    """The corners of a box, in pixels."""
    x, y, width, height = label.bounding_box
    return [x * SIZE[0], y * SIZE[1], (x + width) * SIZE[0], (y + height) * SIZE[1]]
