"""Polyline <-> polygon or polyline, one figure for each part."""

import math
from collections.abc import Sequence
from typing import Any

from .attributes import NotCarried
from .codec import Document, Parts
from .figures import Figure, Size, kept_vertices, touched


class PolylineCodec:
    """A line or area of one or more parts.

    ``points`` is a list of parts, each a list of relative ``[x, y]``. A closed or filled line is a polygon in CVAT, an
    open one a polyline; a label of several parts is one group of figures.
    """

    document = "Polyline"
    figures = frozenset({"polygon", "polyline"})
    geometry: tuple[str, ...] = ("points", "closed", "filled")
    standard = frozenset({"confidence", "index", "instance"})

    def figure(self, document: Document) -> str:
        return "polygon" if document.get("closed") or document.get("filled") else "polyline"

    def encode(self, document: Document, size: Size) -> list[Figure]:
        parts = document.get("points") or []
        if not parts:
            raise NotCarried("polylines without points")
        area = self.figure(document) == "polygon"
        return [_figure(part, area, size) for part in parts]

    def decode(self, base: Parts, pairs: Sequence[tuple[Figure, Figure | None]], size: Size) -> Parts:
        if all(new == old for old, new in pairs):
            return {}
        lines = [
            _edited_line(line, old.points, new.points, size)
            for line, (old, new) in zip(base["points"], pairs, strict=True)
            if new is not None
        ]
        parts: Parts = {"points": lines}
        shapes_then = {old.type for old, _ in pairs}
        shapes_now = {new.type for _, new in pairs if new is not None}
        if shapes_now == {"polyline"} and "polygon" in shapes_then:
            parts.update(closed=False, filled=False)
        elif shapes_now == {"polygon"} and "polyline" in shapes_then and not (base["closed"] or base["filled"]):
            parts.update(closed=True, filled=True)
        return parts

    def draw(self, figures: Sequence[Figure], size: Size) -> Parts:
        area = figures[0].type == "polygon"
        return {"points": [_line(figure.points, size) for figure in figures], "closed": area, "filled": area}

    def parts(self, document: Document) -> Parts:
        return {path: document.get(path) for path in self.geometry}

    def store(self, document: Document | None, parts: Parts) -> dict[str, Any]:
        return dict(parts)

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Polyline", "attributes": {}, "tags": []}


def _figure(part: Any, area: bool, size: Size) -> Figure:
    try:
        points = [float(value) for x, y in part for value in (x * size.width, y * size.height)]
    except (TypeError, ValueError):
        raise NotCarried("polylines whose points are not pairs of numbers") from None
    if not all(map(math.isfinite, points)):
        raise NotCarried("polylines with points that are not finite numbers")
    if len(points) < 4:
        raise NotCarried("polylines with a part of a single point")
    return Figure("polygon" if area and len(points) >= 6 else "polyline", tuple(points))


def _line(points: Sequence[float], size: Size) -> list[list[float]]:
    return [[x / size.width, y / size.height] for x, y in zip(points[::2], points[1::2], strict=True)]


def _edited_line(
    base: Sequence[Sequence[float]], old: Sequence[float], new: Sequence[float], size: Size
) -> list[list[float]]:
    """A part after an edit: coordinates that were not moved keep their numbers to the last bit."""
    fresh = _line(new, size)
    if len(old) == len(new):
        moved = iter(touched(old, new))
        return [
            [there if next(moved) else was for was, there in zip(vertex, now, strict=True)]
            for vertex, now in zip(base, fresh, strict=True)
        ]
    kept = kept_vertices(old, new)
    return [fresh[i] if k is None else list(base[k]) for i, k in enumerate(kept)]
