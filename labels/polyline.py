"""Polyline <-> polygon or polyline, one figure for each part."""

from collections.abc import Sequence
from typing import Any

from .attributes import NotCarried
from .codec import Document, Parts
from .figures import Figure, Size, is_number, kept_vertices, touched, visible


class PolylineCodec:
    """A line or area of one or more parts.

    ``points`` is a list of parts, each a list of relative ``[x, y]``. A closed or filled line is a polygon in CVAT, an
    open one a polyline; a label of several parts is one group of figures.
    """

    document = "Polyline"
    figures = frozenset({"polygon", "polyline"})
    geometry: tuple[str, ...] = ("points", "closed", "filled")
    standard = frozenset({"confidence", "index", "instance"})

    def encode(self, document: Document, size: Size) -> list[Figure]:
        parts = document.get("points")
        if not isinstance(parts, (list, tuple)) or not parts:
            raise NotCarried("polylines without points")
        area = bool(document.get("closed") or document.get("filled"))
        return [_figure(part, area, size) for part in parts]

    def decode(self, base: Parts, pairs: Sequence[tuple[Figure, Figure | None]], size: Size) -> Parts:
        if all(new == old for old, new in pairs):
            return {}
        there = [(old, new) for old, new in pairs if new is not None]
        if len(pairs) == len(base["points"]):
            parts: Parts = {
                "points": [
                    _edited_line(line, old.points, new.points, size)
                    for line, (old, new) in zip(base["points"], pairs, strict=True)
                    if new is not None
                ]
            }
        else:  # an earlier deletion of a part was not let through
            parts = {"points": [_line(new.points, size) for _, new in there]}
        became = {new.type for old, new in there if new.type != old.type}
        if became and became == {new.type for _, new in there}:
            area = became == {"polygon"}
            if area != bool(base.get("closed") or base.get("filled")):
                parts.update(closed=area, filled=area)
        return parts

    def draw(self, figures: Sequence[Figure], size: Size) -> Parts:
        area = figures[0].type == "polygon"
        return {"points": [_line(figure.points, size) for figure in figures], "closed": area, "filled": area}

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Polyline", "attributes": {}, "tags": []}


def _figure(part: Any, area: bool, size: Size) -> Figure:
    if not isinstance(part, (list, tuple)) or not all(map(_is_pair, part)):
        raise NotCarried("polylines whose points are not pairs of finite numbers")
    if len(part) < 2:
        raise NotCarried("polylines with a part of less than two points")
    points = tuple(value for x, y in part for value in (float(x) * size.width, float(y) * size.height))
    return Figure("polygon" if area and len(part) > 2 else "polyline", points)


def _is_pair(vertex: Any) -> bool:
    return isinstance(vertex, (list, tuple)) and len(vertex) == 2 and all(map(is_number, vertex))


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
