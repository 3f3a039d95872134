"""The demo's dataset: made-up photographs with boxes, attributes, polygons, lines and a classification."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fiftyone as fo
import numpy as np

from .look import dress
from .paint import Point
from .scenes import SKIES, Outline, Scene, Thing, parking, shelf, street

LABEL_FIELDS = ("ground_truth", "regions", "lanes", "weather")

Painter = Callable[[np.random.Generator, tuple[int, int], str], Scene]
SERIES: tuple[tuple[str, Painter, int, tuple[tuple[int, int], ...], tuple[str, ...]], ...] = (
    ("street", street, 12, ((960, 540), (800, 600), (1024, 576)), (".jpg",)),
    ("parking", parking, 8, ((960, 640), (800, 600)), (".jpg", ".png")),
    ("shelf", shelf, 8, ((960, 720), (600, 800)), (".png", ".jpg")),
)


def build(name: str, folder: Path, seed: int = 7) -> fo.Dataset:
    """Paint the pictures and make the dataset, in place of one of the same name.

    Args:
        name: the dataset's name.
        folder: where the pictures go.
        seed: another seed, other pictures; the same one, the same to the last bit.
    """
    samples = []
    for number, (series, painter, count, sizes, suffixes) in enumerate(SERIES):
        (folder / series).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            rng = np.random.default_rng([seed, number, index])
            weather = "indoors" if painter is shelf else list(SKIES)[index % len(SKIES)]
            scene = painter(rng, sizes[index % len(sizes)], weather)
            path = folder / series / f"{series}_{index + 1:02d}{suffixes[index % len(suffixes)]}"
            scene.image.save(path, quality=90)
            samples.append(_sample(path, series, scene, rng))
    dataset = fo.Dataset(name, overwrite=True)
    dataset.add_samples(samples, progress=False)
    dataset.compute_metadata(progress=False)
    dataset.add_dynamic_sample_fields()
    dress(dataset)
    return dataset


def _sample(path: Path, series: str, scene: Scene, rng: np.random.Generator) -> fo.Sample:
    size = scene.image.size
    sample = fo.Sample(filepath=str(path), tags=[series])
    sample["ground_truth"] = fo.Detections(
        detections=[_detection(thing, size, rng, index) for index, thing in enumerate(scene.things)]
    )
    sample["regions"] = fo.Polylines(polylines=[_polyline(outline, size, closed=True) for outline in scene.regions])
    if scene.lanes:
        sample["lanes"] = fo.Polylines(polylines=[_polyline(line, size, closed=False) for line in scene.lanes])
    sample["weather"] = fo.Classification(label=scene.weather, confidence=float(rng.uniform(0.8, 1)))
    return sample


def _detection(thing: Thing, size: tuple[int, int], rng: np.random.Generator, index: int) -> fo.Detection:
    (left, top), (right, bottom) = _relative(thing.box[:2], size), _relative(thing.box[2:], size)
    confidence = float(rng.beta(9, 1.4))
    return fo.Detection(
        label=thing.label,
        bounding_box=[left, top, right - left, bottom - top],
        confidence=confidence,
        index=index + 1,
        tags=["look_again"] if confidence < 0.7 else [],
        **thing.attributes,
    )


def _polyline(outline: Outline, size: tuple[int, int], closed: bool) -> fo.Polyline:
    points = [_relative(point, size) for point in outline.points]
    return fo.Polyline(label=outline.label, points=[points], closed=closed, filled=closed, **outline.attributes)


def _relative(point: Point, size: tuple[int, int]) -> Point:
    """A point as FiftyOne counts: shares of the picture, and inside it."""
    x, y = (min(1.0, max(0.0, float(value) / extent)) for value, extent in zip(point, size, strict=True))
    return x, y
