"""Detection <-> rectangle or mask."""

import math
from collections.abc import Sequence
from typing import Any

from . import pixels
from .attributes import NotCarried
from .codec import Codec, Document, Pair, Parts
from .figures import Figure, Size, touched
from .masks import crop, decode_runs, encode_runs, fit, pixel_box
from .schema import FieldSchema


class DetectionCodec(Codec):
    """A box, upright or rotated, or an instance mask.

    ``bounding_box`` is relative ``[x, y, width, height]``. A rotated box keeps its upright ``bounding_box`` and has its
    clockwise degrees in the attribute ``rotation``, as FiftyOne's own importers do. A ``mask`` has any number of pixels
    and is stretched over the box; in CVAT it has the frame's pixels.
    """

    document = "Detection"
    figures = frozenset({"rectangle", "mask"})
    geometry = ("bounding_box", "rotation", "mask")
    standard = frozenset({"confidence", "mask_path", "index", "instance"})

    def figure(self, document: Document) -> str:
        return "mask" if pixels.has_mask(document) else "rectangle"

    def encode(self, document: Document, size: Size, schema: FieldSchema) -> list[Figure]:
        box = _numbers(document.get("bounding_box"))
        if pixels.has_mask(document):
            return [Figure("mask", _mask_points(document, box, size))]
        x, y, width, height = box
        points = (x * size.width, y * size.height, (x + width) * size.width, (y + height) * size.height)
        return [Figure("rectangle", points, _rotation(document.get("rotation")))]

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: FieldSchema) -> Parts:
        old, new = pairs[0]
        if old is None or new is None or new == old:
            return {}
        if new.type == "mask":
            return _edited_mask(base, old, new, size)
        if old.type == "mask":
            return {**self.draw([new], size, schema), "mask": None}
        parts: Parts = {}
        if new.points != old.points:
            parts["bounding_box"] = _edited_box(base["bounding_box"], old.points, new.points, size)
        if new.rotation != old.rotation:
            parts["rotation"] = new.rotation
        return parts

    def draw(self, figures: Sequence[Figure], size: Size, schema: FieldSchema) -> Parts:
        figure = figures[0]
        if figure.type == "mask":
            return {"bounding_box": _mask_box(figure.points, size), "mask": _runs(figure)}
        parts: Parts = {"bounding_box": _box(figure.points, size)}
        if figure.rotation:
            parts["rotation"] = figure.rotation
        return parts

    def parts(self, document: Document) -> Parts:
        digest = pixels.digest(document)
        return {
            "bounding_box": document.get("bounding_box"),
            "rotation": document.get("rotation"),
            "mask": digest and {"sha1": digest},
        }

    def store(self, document: Document | None, parts: Parts) -> dict[str, Any]:
        values = dict(parts)
        if "mask" in values:
            runs = values.pop("mask")
            mask = None if runs is None else decode_runs(runs["runs"])[0]
            values.update(pixels.store_mask(document, mask))
        return values

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Detection", "attributes": {}, "tags": []}


def _mask_points(document: Document, box: Sequence[float], size: Size) -> tuple[float, ...]:
    mask = pixels.mask_of(document)
    if mask is None:
        raise NotCarried("detections whose mask can't be read")
    left, top, width, height = pixel_box(box, size)
    cropped, left, top = crop(fit(mask, width, height), left, top, size)
    if not cropped.any():
        raise NotCarried("detections whose mask has no pixel in the image")
    return encode_runs(cropped, left, top)


def _edited_mask(base: Parts, old: Figure, new: Figure, size: Size) -> Parts:
    parts: Parts = {"mask": _runs(new)}
    if old.type != "mask" or new.points[-4:] != old.points[-4:]:
        parts["bounding_box"] = _mask_box(new.points, size)
    if base.get("rotation"):
        parts["rotation"] = None
    return parts


def _runs(figure: Figure) -> dict[str, list[float]]:
    decode_runs(figure.points)  # CVAT does not check them
    return {"runs": list(figure.points)}


def _mask_box(points: Sequence[float], size: Size) -> list[float]:
    left, top, right, bottom = points[-4:]
    return [
        left / size.width,
        top / size.height,
        (right - left + 1) / size.width,
        (bottom - top + 1) / size.height,
    ]


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
