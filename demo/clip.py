"""The demo's clip: a made-up street on which things move, with a label on each frame on which they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from .look import COLORS

WIDTH, HEIGHT, FRAMES, RATE = 640, 360, 90, 15
ROAD = (200, 330)
"""Where the road begins and ends, in pixels from the top."""


@dataclass(frozen=True)
class Mover:
    """Something that moves.

    Args:
        label: what it is
        color: in words
        paint: the same, blue first
        size: width and height in pixels
        start: where its upper left corner is on the first frame
        speed: pixels a frame, to the right
        sway: pixels that it swings up and down
        stops: the first and the last frame on which it stands still
    """

    label: str
    color: str
    paint: tuple[int, int, int]
    size: tuple[int, int]
    start: tuple[float, float]
    speed: float
    sway: float = 0.0
    stops: tuple[int, int] = (FRAMES, FRAMES)

    def moves(self, frame: int) -> bool:
        """Whether it moves on a frame."""
        return not self.stops[0] <= frame <= self.stops[1]

    def corner(self, frame: int) -> tuple[float, float]:
        """Where its upper left corner is on a frame."""
        driven = min(frame, self.stops[0]) + max(0, frame - self.stops[1])
        return self.start[0] + self.speed * driven, self.start[1] + self.sway * float(np.sin(frame / 4))


MOVERS = (
    Mover("car", "red", (60, 60, 210), (110, 46), (-60.0, 225.0), 6.0, stops=(40, 55)),
    Mover("truck", "white", (225, 225, 225), (170, 74), (700.0, 255.0), -7.5),
    Mover("bicycle", "green", (70, 170, 60), (44, 40), (150.0, 205.0), 3.0, sway=2.0),
    Mover("person", "blue", (190, 110, 40), (20, 52), (420.0, 140.0), -1.2, sway=1.5),
)


def build(name: str, folder: Path) -> fo.Dataset:
    """Paint the clip and make its dataset, in place of one of the same name.

    Args:
        name: the dataset's name
        folder: where the clip goes
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "street.webm"
    with _quiet():
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), RATE, (WIDTH, HEIGHT))
        for frame in range(FRAMES):
            writer.write(_paint(frame))
        writer.release()
    facts = fo.VideoMetadata(
        size_bytes=path.stat().st_size,
        mime_type="video/webm",
        frame_width=WIDTH,
        frame_height=HEIGHT,
        frame_rate=RATE,
        total_frame_count=FRAMES,
        duration=FRAMES / RATE,
        encoding_str="VP80",
    )
    sample = fo.Sample(str(path), metadata=facts, scene=fo.Classification(label="street"))
    for frame in range(FRAMES):
        sample.frames[frame + 1] = fo.Frame(ground_truth=fo.Detections(detections=list(_labels(frame))))
    dataset = fo.Dataset(name, overwrite=True)
    dataset.add_sample(sample)
    dataset.add_dynamic_frame_fields()
    colors = [{"value": name, "color": color} for name, color in COLORS.items()]
    dataset.app_config.color_scheme = fo.ColorScheme(
        color_by="value", fields=[{"path": "frames.ground_truth", "valueColors": colors}]
    )
    dataset.save()
    return dataset


def _labels(frame: int) -> Iterator[fo.Detection]:
    """What can be seen on a frame, counted from 0."""
    for index, mover in enumerate(MOVERS, 1):
        x, y = mover.corner(frame)
        left, right = max(0.0, x), min(float(WIDTH), x + mover.size[0])
        if right - left > 8:
            box = [left / WIDTH, y / HEIGHT, (right - left) / WIDTH, mover.size[1] / HEIGHT]
            moving = mover.moves(frame)
            yield fo.Detection(label=mover.label, bounding_box=box, index=index, color=mover.color, moving=moving)


def _paint(frame: int) -> NDArray[np.uint8]:
    image = np.full((HEIGHT, WIDTH, 3), (150, 190, 150), np.uint8)
    image[:120] = (220, 190, 150)
    image[ROAD[0] : ROAD[1]] = (95, 95, 95)
    for x in range(0, WIDTH, 80):
        cv2.rectangle(image, (x, 262), (x + 40, 267), (230, 230, 230), -1)
    for mover in MOVERS:
        x, y = (round(value) for value in mover.corner(frame))
        width, height = mover.size
        cv2.rectangle(image, (x, y), (x + width, y + height), mover.paint, -1)
        cv2.rectangle(image, (x + width // 5, y + 4), (x + width * 4 // 5, y + height // 3), (80, 60, 40), -1)
    return image


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the encoder, which is no Python, from writing about the format between the demo's own lines."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
