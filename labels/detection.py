"""Detection <-> rectangle or mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import pixels
from .attributes import NotCarried
from .codec import Codec, Document, DrawingSchema, Pair, Parts
from .editor import noise_px, touched, turned, visible
from .masks import check_runs, decode_runs, encode_runs, pixel_box, place
from .rotation import RotationUnit, from_degrees, to_degrees
from .shapes import FARTHEST_PX, ROUNDING_PX, CvatShape, Size, is_number


class DetectionCodec(Codec):
    """A box, upright or rotated, or an instance mask.

    ``bounding_box`` is relative ``[x, y, width, height]``. A rotated box keeps its upright ``bounding_box`` and has its
    clockwise ``rotation``, in the unit of its field. A ``mask`` has any number of pixels and is stretched over the box;
    in CVAT it has the frame's pixels.
    """

    document = "Detection"
    shape_types = frozenset({"rectangle", "mask"})
    geometry = ("bounding_box", "rotation", "mask")
    standard = frozenset({"confidence", "mask_path", "index", "instance"})

    def shape_type(self, document: Document) -> str:
        return "mask" if pixels.has_mask(document) else "rectangle"

    def encode(self, document: Document, size: Size, schema: DrawingSchema) -> list[CvatShape]:
        box = _numbers(document.get("bounding_box"))
        if pixels.has_mask(document):
            return [CvatShape("mask", _mask_points(document, box, size))]
        x, y, width, height = box
        points = (x * size.width, y * size.height, (x + width) * size.width, (y + height) * size.height)
        return [CvatShape("rectangle", points, _rotation(document.get("rotation"), schema.rotation_unit))]

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Parts:
        old, new = pairs[0]
        if old is None or new is None or new == old:
            return {}
        if new.type == "mask":
            return _edited_mask(base, old, new, size)
        if old.type == "mask":
            return {**self.decode_new([new], size, schema), "mask": None}
        parts: Parts = {}
        before, after = _upright(old.points), _upright(new.points)
        spun = turned(old.rotation, new.rotation)
        clips = not (old.rotation or new.rotation)
        moved = touched(before, after, size, alone=not spun, clips=clips)
        dragged = visible(before, after, size, clips=clips)
        if any(moved):
            slack = noise_px(size) if dragged else ROUNDING_PX
            parts["bounding_box"] = _edited_box(base["bounding_box"], before, after, moved, size, slack)
        if spun or (new.rotation != old.rotation and not dragged):
            parts["rotation"] = from_degrees(new.rotation, schema.rotation_unit)
        return parts

    def decode_new(self, shapes: Sequence[CvatShape], size: Size, schema: DrawingSchema) -> Parts:
        shape = shapes[0]
        if shape.type == "mask":
            return {"bounding_box": _mask_box(shape.points, size), "mask": _runs(shape, size)}
        parts: Parts = {"bounding_box": _box(shape.points, size)}
        if shape.rotation:
            parts["rotation"] = from_degrees(shape.rotation, schema.rotation_unit)
        return parts

    def parts(self, document: Document) -> Parts:
        parts = {path: document.get(path) for path in ("bounding_box", "rotation")}
        if digest := pixels.digest(document):
            parts["mask"] = {"sha1": digest}
        return parts

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
    extents = (size.width, size.height)
    if any(abs(v) * extents[i % 2] > FARTHEST_PX for i, v in enumerate(box)):
        raise NotCarried("labels that lie absurdly far outside their image")
    part, left, top = place(pixels.covered(document), pixel_box(box, size), size)
    if not part.any():
        raise NotCarried("detections whose mask has no pixel in the image")
    return encode_runs(part, left, top)


def _edited_mask(base: Parts, old: CvatShape, new: CvatShape, size: Size) -> Parts:
    parts: Parts = {"mask": _runs(new, size)}
    if old.type != "mask" or new.points[-4:] != old.points[-4:]:
        parts["bounding_box"] = _mask_box(new.points, size)
    if base.get("rotation"):
        parts["rotation"] = None
    return parts


def _runs(shape: CvatShape, size: Size) -> dict[str, list[float]]:
    check_runs(shape.points, size)
    return {"runs": list(shape.points)}


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
    if not all(map(is_number, box)):
        raise NotCarried("detections whose bounding box is not four finite numbers")
    return [float(value) for value in box]


def _rotation(value: Any, unit: RotationUnit) -> float:
    if value is None:
        return 0.0
    if not is_number(value):
        raise NotCarried("detections whose rotation is not a finite number")
    try:
        return to_degrees(value, unit)
    except ValueError:
        raise NotCarried(
            "detections whose rotation is beyond 2 pi radians (if it is in degrees, set `rotation_unit` to 'degrees')"
        ) from None


def _upright(points: Sequence[float]) -> list[float]:
    """The corners as left, top, right, bottom, however they were drawn."""
    left, right = sorted((points[0], points[2]))
    top, bottom = sorted((points[1], points[3]))
    return [left, top, right, bottom]


def _box(points: Sequence[float], size: Size) -> list[float]:
    left, top, right, bottom = _upright(points)
    return [left / size.width, top / size.height, (right - left) / size.width, (bottom - top) / size.height]


def _edited_box(
    base: Sequence[float],
    old: Sequence[float],
    new: Sequence[float],
    moved: Sequence[bool],
    size: Size,
    slack: float,
) -> list[float]:
    """The box after an edit: a side that was not moved keeps its number to the last bit, and so does a kept width."""
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
