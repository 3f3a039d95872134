"""Polyline <-> polygon, polyline or ellipse; one shape for each part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .attributes import NotCarried
from .codec import Codec, Document, DrawingSchema, Pair, Parts
from .shapes import CvatShape, Size, is_number, kept_vertices, touched, visible

ELLIPSE_VERTICES = 64
ELLIPSE, CUBOID = "cvat_ellipse", "cvat_cuboid"


class PolylineCodec(Codec):
    """A line or area of one or more parts.

    ``points`` is a list of parts, each a list of relative ``[x, y]``. A closed or filled line is a polygon in CVAT, an
    open one a polyline; a label of several parts is one group of shapes. An ellipse or a cuboid that was drawn in CVAT
    is a label whose attribute ``cvat_ellipse`` or ``cvat_cuboid`` has its own numbers, so that it can be sent as one
    again: relative ``[cx, cy, rx, ry, clockwise degrees]``, and relative ``x, y`` of the eight corners.
    """

    document = "Polyline"
    shape_types = frozenset({"polygon", "polyline", "ellipse", "cuboid"})
    geometry = ("points", "closed", "filled", ELLIPSE, CUBOID)
    standard = frozenset({"confidence", "index", "instance"})
    grouping = "group"

    def shape_type(self, document: Document) -> str:
        if _numbers(document.get(ELLIPSE), 5):
            return "ellipse"
        if _numbers(document.get(CUBOID), 16):
            return "cuboid"
        return _line_type(document)

    def encode(self, document: Document, size: Size, schema: DrawingSchema) -> list[CvatShape]:
        solid = _solid(document, size)
        if solid is not None:
            return [solid]
        parts = document.get("points")
        if not isinstance(parts, (list, tuple)) or not parts:
            raise NotCarried("polylines without points")
        return [_shape(part, _line_type(document) == "polygon", size) for part in parts]

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Parts:
        if all(new == old for old, new in pairs):
            return {}
        there = [(old, new) for old, new in pairs if new is not None]
        solid = {shape.type for pair in pairs for shape in pair if shape} & {"ellipse", "cuboid"}
        if len(pairs) == 1 and solid:
            own = {name: None for name in (ELLIPSE, CUBOID) if base.get(name) is not None}
            return {**own, **self.decode_new([new for _, new in there], size, schema)}
        parts: Parts = {"points": _edited_lines(base["points"], pairs, size)}
        became = {new.type for old, new in there if old is None or new.type != old.type}
        if became and became == {new.type for _, new in there}:
            area = became == {"polygon"}
            if area != bool(base.get("closed") or base.get("filled")):
                parts.update(closed=area, filled=area)
        return parts

    def decode_new(self, shapes: Sequence[CvatShape], size: Size, schema: DrawingSchema) -> Parts:
        first = shapes[0]
        if first.type == "ellipse":
            return _ellipse(first, size)
        if first.type == "cuboid":
            return _cuboid(first, size)
        area = first.type == "polygon"
        return {"points": [_line(shape.points, size) for shape in shapes], "closed": area, "filled": area}

    def parts(self, document: Document) -> Parts:
        parts = {path: document.get(path) for path in ("points", "closed", "filled")}
        parts.update({own: document[own] for own in (ELLIPSE, CUBOID) if document.get(own) is not None})
        return parts

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Polyline", "attributes": {}, "tags": []}


def _line_type(document: Document) -> str:
    return "polygon" if document.get("closed") or document.get("filled") else "polyline"


def _numbers(value: Any, count: int) -> list[float] | None:
    """A list of so many finite numbers, or ``None``."""
    if not isinstance(value, (list, tuple)) or len(value) != count:
        return None
    return [float(number) for number in value] if all(map(is_number, value)) else None


def _solid(document: Document, size: Size) -> CvatShape | None:
    """The ellipse or cuboid that a label was drawn as, unless its points were changed since."""
    shape = None
    if numbers := _numbers(document.get(ELLIPSE), 5):
        cx, cy, rx, ry, degrees = numbers
        points = (cx * size.width, cy * size.height, (cx + rx) * size.width, (cy - ry) * size.height)
        shape, parts = CvatShape("ellipse", points, degrees % 360.0), _ellipse
    elif numbers := _numbers(document.get(CUBOID), 16):
        scale = (size.width, size.height)
        shape, parts = CvatShape("cuboid", tuple(v * scale[i % 2] for i, v in enumerate(numbers))), _cuboid
    points_now = document.get("points")
    if shape is None or not isinstance(points_now, (list, tuple)) or not all(map(_is_line, points_now)):
        return None
    drawn = parts(shape, size)["points"]
    alike = [len(part) for part in drawn] == [len(part) for part in points_now]
    return shape if alike and all(np.allclose(a, b) for a, b in zip(drawn, points_now, strict=True)) else None


def _ellipse(shape: CvatShape, size: Size) -> Parts:
    cx, cy, right, top = shape.points[:4]
    rx, ry = right - cx, cy - top
    turn = math.radians(shape.rotation)
    around = np.linspace(0, 2 * math.pi, ELLIPSE_VERTICES, endpoint=False)
    x, y = rx * np.cos(around), ry * np.sin(around)
    xs = cx + x * math.cos(turn) - y * math.sin(turn)
    ys = cy + x * math.sin(turn) + y * math.cos(turn)
    line = [[float(x) / size.width, float(y) / size.height] for x, y in zip(xs, ys, strict=True)]
    own = [cx / size.width, cy / size.height, rx / size.width, ry / size.height, shape.rotation]
    return {"points": [line], "closed": True, "filled": True, ELLIPSE: own}


def _cuboid(shape: CvatShape, size: Size) -> Parts:
    corners = _line(shape.points, size)
    front, back = corners[:4], corners[4:]
    own = [value for corner in corners for value in corner]
    return {"points": [_ring(front), _ring(back)], "closed": True, "filled": False, CUBOID: own}


def _ring(face: list[list[float]]) -> list[list[float]]:
    """A face of a cuboid as a line around it: CVAT lists its left edge, then its right edge, each from the top."""
    return [face[0], face[2], face[3], face[1]] if len(face) == 4 else face


def _shape(part: Any, area: bool, size: Size) -> CvatShape:
    if not _is_line(part):
        raise NotCarried("polylines whose points are not pairs of finite numbers")
    if len(part) < 2:
        raise NotCarried("polylines with a part of less than two points")
    points = tuple(value for x, y in part for value in (float(x) * size.width, float(y) * size.height))
    return CvatShape("polygon" if area and len(part) > 2 else "polyline", points)


def _is_line(part: Any) -> bool:
    return isinstance(part, (list, tuple)) and all(map(_is_pair, part))


def _is_pair(vertex: Any) -> bool:
    return isinstance(vertex, (list, tuple)) and len(vertex) == 2 and all(map(is_number, vertex))


def _edited_lines(base: Sequence[Any], pairs: Sequence[Pair], size: Size) -> list[list[list[float]]]:
    """The parts of a label after an edit."""
    if sum(old is not None for old, _ in pairs) != len(base):  # an earlier deletion of a part was not let through
        return [_line(new.points, size) for _, new in pairs if new is not None]
    lines = iter(base)
    edited = []
    for old, new in pairs:
        line = next(lines) if old is not None else None
        if old is not None and new is not None and line is not None:
            edited.append(_edited_line(line, old.points, new.points, size))
        elif new is not None:
            edited.append(_line(new.points, size))
    return edited


def _line(points: Sequence[float], size: Size) -> list[list[float]]:
    return [[x / size.width, y / size.height] for x, y in zip(points[::2], points[1::2], strict=True)]


def _edited_line(
    base: Sequence[Sequence[float]], old: Sequence[float], new: Sequence[float], size: Size
) -> list[list[float]]:
    """A part after an edit: coordinates that were not moved keep their numbers to the last bit."""
    fresh = _line(new, size)
    if len(old) != len(new):
        return [list(base[k]) if k is not None else fresh[i] for i, k in enumerate(kept_vertices(old, new))]
    moved = touched(old, new)
    marks = list(zip(moved[::2], moved[1::2], strict=True))
    line = [
        [there if meant else was for was, there, meant in zip(*vertex, strict=True)]
        for vertex in zip(base, fresh, marks, strict=True)
    ]
    if visible(old, new):
        # Vertices may have changed places: one was removed and another one added, or the line begins elsewhere
        gone = [i for i, mark in enumerate(marks) if any(mark)]
        for i, k in zip(gone, kept_vertices(_pick(old, gone), _pick(new, gone)), strict=True):
            if k is not None:
                line[i] = list(base[gone[k]])
    return line


def _pick(points: Sequence[float], vertices: Sequence[int]) -> list[float]:
    return [value for vertex in vertices for value in points[2 * vertex : 2 * vertex + 2]]
