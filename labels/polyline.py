"""Polyline <-> polygon, polyline, ellipse or cuboid; one shape for each part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .attributes import NotCarried
from .codec import Codec, Document, DrawingSchema, Pair, Parts
from .editor import kept_vertices, touched, visible
from .shapes import FARTHEST_PX, CvatShape, Size, is_number
from .solids import CUBOID, ELLIPSE, OWN, Line, decode_solid, edit_solid, encode_solid, solid_lines, solid_type


class PolylineCodec(Codec):
    """A line or area of one or more parts.

    ``points`` is a list of parts, each a list of relative ``[x, y]``. A closed or filled line is a polygon in CVAT, an
    open one a polyline; a label of several parts is one group of shapes. A part that makes no line stays behind. An
    ellipse or a cuboid that was drawn in CVAT is a label that also has the numbers of the shape (see
    :mod:`labels.solids`), so that it can be sent as one again.
    """

    document = "Polyline"
    shape_types = frozenset({"polygon", "polyline", "ellipse", "cuboid"})
    geometry = ("points", "closed", "filled", ELLIPSE, CUBOID)
    standard = frozenset({"confidence", "index", "instance"})
    grouping = "group"

    def shape_type(self, document: Document) -> str:
        return solid_type(document) or _line_type(document)

    def encode(self, document: Document, size: Size, schema: DrawingSchema) -> list[CvatShape]:
        solid = encode_solid(document, size)
        if solid is not None:
            return [solid]
        parts = document.get("points")
        if not isinstance(parts, (list, tuple)) or not parts:
            raise NotCarried("polylines without points")
        problems = [_problem(part, size) for part in parts]
        if all(problems):
            raise NotCarried(f"polylines {problems[0]}")
        good = [part for part, problem in zip(parts, problems, strict=True) if not problem]
        return [_shape(part, _line_type(document) == "polygon", size) for part in good]

    def left_out(self, document: Document, size: Size) -> list[str]:
        if encode_solid(document, size) is not None:
            return []
        problems = (_problem(part, size) for part in document.get("points") or ())
        return [f"parts of polylines {problem}" for problem in problems if problem]

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Parts:
        if all(new == old for old, new in pairs):
            return {}
        there = [(old, new) for old, new in pairs if new is not None]
        solid = {shape.type for pair in pairs for shape in pair if shape} & OWN.keys()
        own: Parts = {name: None for name in OWN.values() if solid and base.get(name) is not None}
        if len(pairs) == len(there) == 1 and solid:
            ((old, new),) = there
            parts = (
                edit_solid(base, old, new, size) if old and new.type in OWN else self.decode_new([new], size, schema)
            )
            return {**own, **parts} if parts else {}
        parts = {**own, "points": _edited_lines(base["points"], pairs, size)}
        became = {new.type for old, new in there if old is None or new.type != old.type}
        if became and became == {new.type for _, new in there}:
            area = became != {"polyline"}
            if area != bool(base.get("closed") or base.get("filled")):
                parts.update(closed=area, filled=area)
        return parts

    def decode_new(self, shapes: Sequence[CvatShape], size: Size, schema: DrawingSchema) -> Parts:
        if len(shapes) == 1 and shapes[0].type in OWN:
            return decode_solid(shapes[0], size)
        area = shapes[0].type != "polyline"
        return {"points": [line for shape in shapes for line in _lines(shape, size)], "closed": area, "filled": area}

    def parts(self, document: Document) -> Parts:
        parts = {path: document.get(path) for path in ("points", "closed", "filled")}
        parts.update({own: document[own] for own in (ELLIPSE, CUBOID) if document.get(own) is not None})
        return parts

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Polyline", "attributes": {}, "tags": []}


def _line_type(document: Document) -> str:
    return "polygon" if document.get("closed") or document.get("filled") else "polyline"


def _problem(part: Any, size: Size) -> str:
    """Why a part can't be drawn; empty if it can."""
    if not isinstance(part, (list, tuple)) or not all(map(_is_pair, part)):
        return "whose points are not pairs of finite numbers"
    if len(part) < 2:
        return "of less than two points"
    if not all(abs(x) * size.width <= FARTHEST_PX and abs(y) * size.height <= FARTHEST_PX for x, y in part):
        return "that lie absurdly far outside their image"
    return ""


def _is_pair(vertex: Any) -> bool:
    return isinstance(vertex, (list, tuple)) and len(vertex) == 2 and all(map(is_number, vertex))


def _shape(part: Any, area: bool, size: Size) -> CvatShape:
    points = tuple(value for x, y in part for value in (float(x) * size.width, float(y) * size.height))
    return CvatShape("polygon" if area and len(part) > 2 else "polyline", points)


def _edited_lines(base: Sequence[Any], pairs: Sequence[Pair], size: Size) -> list[Any]:
    """The parts of a label after an edit; those that were not drawn stay where they are."""
    drawn = [not _problem(part, size) for part in base]
    if sum(old is not None for old, _ in pairs) != sum(drawn):  # an earlier deletion of a part was not let through
        undrawn = [part for part, is_drawn in zip(base, drawn, strict=True) if not is_drawn]
        return [line for _, new in pairs if new is not None for line in _lines(new, size)] + undrawn
    sent = iter([pair for pair in pairs if pair[0] is not None])
    edited: list[Any] = []
    for part, is_drawn in zip(base, drawn, strict=True):
        if not is_drawn:
            edited.append(part)
            continue
        old, new = next(sent)
        if old is not None and new is not None:
            same = old.type not in OWN and new.type not in OWN
            edited += [_edited_line(part, old.points, new.points, size)] if same else _lines(new, size)
    added = (new for old, new in pairs if old is None and new is not None)
    return edited + [line for new in added for line in _lines(new, size)]


def _lines(shape: CvatShape, size: Size) -> list[Line]:
    """A new shape as lines: one, but for the two faces of a cuboid."""
    return solid_lines(shape, size) if shape.type in OWN else [_line(shape.points, size)]


def _line(points: Sequence[float], size: Size) -> Line:
    return [[x / size.width, y / size.height] for x, y in zip(points[::2], points[1::2], strict=True)]


def _edited_line(base: Sequence[Sequence[float]], old: Sequence[float], new: Sequence[float], size: Size) -> Line:
    """A part after an edit: coordinates that were not moved keep their numbers to the last bit."""
    fresh = _line(new, size)
    if len(old) != len(new):
        return [list(base[k]) if k is not None else fresh[i] for i, k in enumerate(kept_vertices(old, new, size))]
    moved = touched(old, new, size)
    marks = list(zip(moved[::2], moved[1::2], strict=True))
    line = [
        [there if meant else was for was, there, meant in zip(*vertex, strict=True)]
        for vertex in zip(base, fresh, marks, strict=True)
    ]
    if visible(old, new, size):
        # Vertices may have changed places: one was removed and another one added, or the line begins elsewhere
        gone = [i for i, mark in enumerate(marks) if any(mark)]
        for i, k in zip(gone, kept_vertices(_pick(old, gone), _pick(new, gone), size), strict=True):
            if k is not None:
                line[i] = list(base[gone[k]])
    return line


def _pick(points: Sequence[float], vertices: Sequence[int]) -> list[float]:
    return [value for vertex in vertices for value in points[2 * vertex : 2 * vertex + 2]]
