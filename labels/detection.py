"""Detection <-> rectangle."""

import math
from collections.abc import Sequence
from typing import Any

from .attributes import NotCarried
from .codec import Document, Parts
from .figures import Figure, Size, touched


class DetectionCodec:
    """A box, upright or rotated.

    ``bounding_box`` is relative ``[x, y, width, height]``. A rotated box keeps its upright ``bounding_box`` and has its
    clockwise degrees in the attribute ``rotation``, as FiftyOne's own importers do.
    """

    document = "Detection"
    figures = frozenset({"rectangle"})
    geometry: tuple[str, ...] = ("bounding_box", "rotation")
    standard = frozenset({"confidence", "mask", "mask_path", "index", "instance"})

    def encode(self, document: Document, size: Size) -> list[Figure]:
        if document.get("mask") is not None or document.get("mask_path"):
            raise NotCarried("detections with an instance mask")
        x, y, width, height = _numbers(document.get("bounding_box"))
        points = (x * size.width, y * size.height, (x + width) * size.width, (y + height) * size.height)
        return [Figure("rectangle", points, _rotation(document.get("rotation")))]

    def decode(self, base: Parts, pairs: Sequence[tuple[Figure, Figure | None]], size: Size) -> Parts:
        old, new = pairs[0]
        if new is None:
            return {}
        parts: Parts = {}
        if new.points != old.points:
            parts["bounding_box"] = _edited_box(base["bounding_box"], old.points, new.points, size)
        if new.rotation != old.rotation:
            parts["rotation"] = new.rotation
        return parts

    def draw(self, figures: Sequence[Figure], size: Size) -> Parts:
        figure = figures[0]
        parts: Parts = {"bounding_box": _box(figure.points, size)}
        if figure.rotation:
            parts["rotation"] = figure.rotation
        return parts

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Detection", "attributes": {}, "tags": []}


def _numbers(box: Any) -> list[float]:
    if not isinstance(box, (list, tuple)) or len(box) != 4:
        raise NotCarried("detections without a bounding box")
    numbers = [float(value) if isinstance(value, (int, float)) else math.nan for value in box]
    if not all(map(math.isfinite, numbers)):
        raise NotCarried("detections whose bounding box is not four finite numbers")
    return numbers


def _rotation(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return 0.0
    return float(value) % 360.0


def _box(points: Sequence[float], size: Size) -> list[float]:
    left, right = sorted((points[0], points[2]))
    top, bottom = sorted((points[1], points[3]))
    return [left / size.width, top / size.height, (right - left) / size.width, (bottom - top) / size.height]


def _edited_box(base: Sequence[float], old: Sequence[float], new: Sequence[float], size: Size) -> list[float]:
    """The box after an edit: a side that was not moved keeps its number to the last bit."""
    moved = touched(old, new)
    now = [n if m else o for o, n, m in zip(old, new, moved, strict=True)]
    if now[0] > now[2] or now[1] > now[3]:
        return _box(now, size)
    box = _box(now, size)
    return [
        box[0] if moved[0] else base[0],
        box[1] if moved[1] else base[1],
        box[2] if moved[0] or moved[2] else base[2],
        box[3] if moved[1] or moved[3] else base[3],
    ]
