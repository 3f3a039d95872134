"""Detection <-> rectangle."""

from collections.abc import Sequence
from typing import Any

from .attributes import NotCarried
from .codec import Document, Parts
from .figures import NOISE_PX, ROUNDING_PX, Figure, Size, is_number, touched, turned, visible


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
        before, after = _upright(old.points), _upright(new.points)
        spun = turned(old.rotation, new.rotation)
        moved = touched(before, after, alone=not spun)
        if any(moved):
            parts["bounding_box"] = _edited_box(base["bounding_box"], before, after, moved, size)
        if spun or (new.rotation != old.rotation and not visible(before, after)):
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
    if not all(map(is_number, box)):
        raise NotCarried("detections whose bounding box is not four finite numbers")
    return [float(value) for value in box]


def _rotation(value: Any) -> float:
    if value is None:
        return 0.0
    if not is_number(value):
        raise NotCarried("detections whose rotation is not a finite number")
    return float(value) % 360.0


def _upright(points: Sequence[float]) -> list[float]:
    """The corners as left, top, right, bottom, however they were drawn."""
    left, right = sorted((points[0], points[2]))
    top, bottom = sorted((points[1], points[3]))
    return [left, top, right, bottom]


def _box(points: Sequence[float], size: Size) -> list[float]:
    left, top, right, bottom = _upright(points)
    return [left / size.width, top / size.height, (right - left) / size.width, (bottom - top) / size.height]


def _edited_box(
    base: Sequence[float], old: Sequence[float], new: Sequence[float], moved: Sequence[bool], size: Size
) -> list[float]:
    """The box after an edit: a side that was not moved keeps its number to the last bit, and so does a kept width."""
    slack = NOISE_PX if visible(old, new) else ROUNDING_PX
    box = list(base)
    for axis, extent in ((0, size.width), (1, size.height)):
        ends = slice(axis, None, 2)
        box[ends] = _edited_span(base[ends], old[ends], new[ends], moved[ends], extent, slack)
    return box


def _edited_span(
    base: Sequence[float],
    old: Sequence[float],
    new: Sequence[float],
    moved: Sequence[bool],
    extent: int,
    slack: float,
) -> Sequence[float]:
    """Start and length of the box along one axis."""
    if not any(moved):
        return base
    low, high = (there if meant else was for was, there, meant in zip(old, new, moved, strict=True))
    start, length = base
    if length < 0:  # the base began at its far side
        return low / extent, (high - low) / extent
    slid = all(moved) and abs((high - low) - (old[1] - old[0])) <= slack
    return low / extent if moved[0] else start, length if slid else max(high - low, 0.0) / extent
