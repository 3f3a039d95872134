"""Ellipses and cuboids of CVAT as polylines of FiftyOne, which keep the numbers of the shape beside their points."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .codec import Document, Parts
from .editor import noise_px, touched, turned
from .shapes import CvatShape, Size, is_number

ELLIPSE_VERTICES = 64
ELLIPSE, CUBOID = "cvat_ellipse", "cvat_cuboid"
"""The attributes with the numbers: relative ``[cx, cy, rx, ry, clockwise degrees]``, and ``x, y`` of eight corners."""

OWN = {"ellipse": ELLIPSE, "cuboid": CUBOID}
"""The attribute of each type of shape."""

Line = list[list[float]]


def solid_type(document: Document) -> str | None:
    """The type of shape that a label was drawn as, if it is one of these."""
    return next((type_ for type_ in OWN if _own(document, type_)), None)


def encode_solid(document: Document, size: Size) -> CvatShape | None:
    """The ellipse or cuboid that a label was drawn as, unless its points were changed since."""
    type_ = solid_type(document)
    if type_ is None:
        return None
    shape = _shape(type_, _own(document, type_), size)
    now, drawn = document.get("points"), solid_lines(shape, size)
    if not isinstance(now, (list, tuple)) or [len(line) for line in drawn] != [_length(part) for part in now]:
        return None
    try:
        return shape if all(np.allclose(a, b) for a, b in zip(drawn, now, strict=True)) else None
    except (TypeError, ValueError):
        return None


def decode_solid(shape: CvatShape, size: Size) -> Parts:
    """The parts of a label that was drawn as an ellipse or a cuboid."""
    return _parts(shape.type, _numbers_of(shape, size), size)


def edit_solid(base: Parts, old: CvatShape, new: CvatShape, size: Size) -> Parts:
    """The parts after an edit: numbers that were not edited stay as they are, to the last bit."""
    own = _own(base, new.type)
    fresh = _numbers_of(new, size)
    if own is None or old.type != new.type:
        return _parts(new.type, fresh, size)
    moved = _moved_ellipse(old, new, size) if new.type == "ellipse" else _moved_cuboid(old, new, size)
    numbers = [there if meant else was for was, there, meant in zip(own, fresh, moved, strict=True)]
    return _parts(new.type, numbers, size) if any(moved) else {}


def solid_lines(shape: CvatShape, size: Size) -> list[Line]:
    """The lines around an ellipse or a cuboid, relative."""
    if shape.type == "cuboid":
        corners = [[x / size.width, y / size.height] for x, y in _pairs(shape.points)]
        return [_ring(corners[:4]), _ring(corners[4:])]
    cx, cy, right, top = shape.points[:4]
    rx, ry, turn = right - cx, cy - top, math.radians(shape.rotation)
    around = np.linspace(0, 2 * math.pi, ELLIPSE_VERTICES, endpoint=False)
    x, y = rx * np.cos(around), ry * np.sin(around)
    xs = cx + x * math.cos(turn) - y * math.sin(turn)
    ys = cy + x * math.sin(turn) + y * math.cos(turn)
    return [[[float(x) / size.width, float(y) / size.height] for x, y in zip(xs, ys, strict=True)]]


def _ring(face: Line) -> Line:
    """A face of a cuboid as a line around it: CVAT lists its left edge, then its right edge, each from the top."""
    return [face[0], face[2], face[3], face[1]] if len(face) == 4 else face


def _parts(type_: str, numbers: Sequence[float], size: Size) -> Parts:
    lines = solid_lines(_shape(type_, numbers, size), size)
    return {"points": lines, "closed": True, "filled": type_ == "ellipse", OWN[type_]: list(numbers)}


def _shape(type_: str, numbers: Sequence[float] | None, size: Size) -> CvatShape:
    """The shape of relative numbers."""
    values = list(numbers or ())
    if type_ == "cuboid":
        return CvatShape("cuboid", tuple(v * (size.width, size.height)[i % 2] for i, v in enumerate(values)))
    cx, cy, rx, ry, degrees = values
    points = (cx * size.width, cy * size.height, (cx + rx) * size.width, (cy - ry) * size.height)
    return CvatShape("ellipse", points, degrees % 360.0)


def _numbers_of(shape: CvatShape, size: Size) -> list[float]:
    """The relative numbers of a shape."""
    if shape.type == "cuboid":
        return [v / (size.width, size.height)[i % 2] for i, v in enumerate(shape.points)]
    cx, cy, right, top = shape.points
    return [cx / size.width, cy / size.height, (right - cx) / size.width, (cy - top) / size.height, shape.rotation]


def _moved_ellipse(old: CvatShape, new: CvatShape, size: Size) -> list[bool]:
    """Which of centre, radii and rotation a person changed. A radius has the noise of its centre, too."""
    then, now = (
        np.array([s.points[0], s.points[1], s.points[2] - s.points[0], s.points[1] - s.points[3]]) for s in (old, new)
    )
    apart = np.abs(now - then)
    far = apart > noise_px(size) * np.array([1, 1, 2, 2])
    spun = turned(old.rotation, new.rotation)
    if far.any() or spun:
        return [*(bool(moved) for moved in far), spun]
    return [*(bool(moved) for moved in apart > 0), old.rotation != new.rotation]


def _moved_cuboid(old: CvatShape, new: CvatShape, size: Size) -> list[bool]:
    return touched(old.points, new.points, size, clips=False)


def _own(document: Document, type_: str) -> list[float] | None:
    value = document.get(OWN.get(type_, ""))
    count = 5 if type_ == "ellipse" else 16
    if not isinstance(value, (list, tuple)) or len(value) != count or not all(map(is_number, value)):
        return None
    return [float(number) for number in value]


def _length(part: Any) -> int:
    return len(part) if isinstance(part, (list, tuple)) else -1


def _pairs(points: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(points[::2], points[1::2], strict=True))
