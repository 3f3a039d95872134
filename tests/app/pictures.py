"""Made-up photographs with boxes, and the weather."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import numpy as np

from demo import scenes

WIDTH, HEIGHT = 480, 360
SCENES = (scenes.street, scenes.street, scenes.parking, scenes.street, scenes.shelf)
WEATHER = ("clear", "overcast", "dusk", "rain")


def photograph(folder: Path, number: int) -> fo.Sample:
    """Sample number so and so: its picture is painted into the folder."""
    weather = WEATHER[number % len(WEATHER)]
    rng = np.random.default_rng(number)
    scene = SCENES[number % len(SCENES)](rng, (WIDTH, HEIGHT), weather)
    path = folder / f"{number:02d}.jpg"
    scene.image.convert("RGB").save(path)
    boxes = []
    for thing in scene.things:
        x0, y0, x1, y1 = (float(value) for value in thing.box)
        box = [x0 / WIDTH, y0 / HEIGHT, (x1 - x0) / WIDTH, (y1 - y0) / HEIGHT]
        boxes.append(fo.Detection(label=thing.label, bounding_box=box, **thing.attributes))
    return fo.Sample(str(path), ground_truth=fo.Detections(detections=boxes), weather=fo.Classification(label=weather))
