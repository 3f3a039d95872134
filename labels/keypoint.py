"""Keypoint <-> points, or a skeleton."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .attributes import NotCarried
from .codec import Codec, Document, DrawingSchema, Pair, Parts
from .editor import kept_vertices, touched
from .shapes import CvatShape, Node, Size

OCCLUDED = "occluded"
"""The attribute with a bool for each point of a skeleton: whether it is hidden."""


class KeypointCodec(Codec):
    """Points of one object, in order; missing ones are ``[nan, nan]``.

    ``points`` is a list of relative ``[x, y]``. Attributes with as many entries as there are points belong to the
    points and follow them. In a field with a skeleton a label is a CVAT skeleton, else it is CVAT's points.
    """

    document = "Keypoint"
    shape_types = frozenset({"points", "skeleton"})
    geometry = ("points",)
    standard = frozenset({"confidence", "index", "instance"})
    scored = False

    def shape_type(self, document: Document) -> str:
        return "points"

    def encode(self, document: Document, size: Size, schema: DrawingSchema) -> list[CvatShape]:
        points = _points(document)
        if schema.skeleton is not None:
            if len(points) != len(schema.skeleton.labels):
                raise NotCarried(f"keypoints that do not have the skeleton's {len(schema.skeleton.labels)} points")
            return [CvatShape("skeleton", nodes=_nodes(points, document.get(OCCLUDED), size))]
        seen = [point for point in points if point is not None]
        if not seen:
            raise NotCarried("keypoints without a visible point")
        return [CvatShape("points", tuple(v for x, y in seen for v in (x * size.width, y * size.height)))]

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Parts:
        old, new = pairs[0]
        if old is None or new is None or new == old:
            return {}
        if new.type == "skeleton":
            return _edited_skeleton(base, old, new, size, schema)
        return _edited_points(base, old, new, size)

    def decode_new(self, shapes: Sequence[CvatShape], size: Size, schema: DrawingSchema) -> Parts:
        shape = shapes[0]
        if shape.type != "skeleton":
            return {"points": _relative(shape.points, size)}
        count = len(schema.skeleton.labels) if schema.skeleton else 0
        nodes = {node.index: node for node in shape.nodes}
        count = max([count, *(index + 1 for index in nodes)])
        parts: Parts = {"points": [_place(nodes.get(index), size) for index in range(count)]}
        if any(node.occluded for node in shape.nodes):
            parts[OCCLUDED] = [bool(index in nodes and nodes[index].occluded) for index in range(count)]
        return parts

    def follows(self, document: Document) -> list[str]:
        points = document.get("points")
        return _lists(document, len(points)) if isinstance(points, (list, tuple)) and points else []

    def parts(self, document: Document) -> Parts:
        return {"points": document.get("points"), **{name: document[name] for name in self.follows(document)}}

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Keypoint", "attributes": {}, "tags": []}


def _lists(document: Document, count: int) -> list[str]:
    """The paths with one entry for each point."""
    own = {"points", "tags", "_id", "_cls"}
    lists = (name for name, value in document.items() if isinstance(value, list) and len(value) == count)
    return [name for name in lists if name not in own]


def _points(document: Document) -> list[tuple[float, float] | None]:
    """The points, ``None`` for missing ones."""
    found: list[tuple[float, float] | None] = []
    try:
        for x, y in document.get("points") or []:
            missing = x is None or y is None or not (math.isfinite(x) and math.isfinite(y))
            found.append(None if missing else (float(x), float(y)))
    except (TypeError, ValueError):
        raise NotCarried("keypoints whose points are not pairs of numbers") from None
    if not found:
        raise NotCarried("keypoints without points")
    return found


def _relative(points: Sequence[float], size: Size) -> list[list[float]]:
    return [[x / size.width, y / size.height] for x, y in zip(points[::2], points[1::2], strict=True)]


def _nodes(points: Sequence[tuple[float, float] | None], occluded: Any, size: Size) -> tuple[Node, ...]:
    seen = [point for point in points if point is not None] or [(0.5, 0.5)]
    middle = (sum(x for x, _ in seen) / len(seen), sum(y for _, y in seen) / len(seen))
    hidden = occluded if isinstance(occluded, list) and len(occluded) == len(points) else [False] * len(points)
    return tuple(
        Node(index, x * size.width, y * size.height, outside=point is None, occluded=bool(hidden[index]))
        for index, point in enumerate(points)
        for x, y in [point or middle]
    )


def _place(node: Node | None, size: Size) -> list[float]:
    if node is None or node.outside:
        return [math.nan, math.nan]
    return [node.x / size.width, node.y / size.height]


def _edited_skeleton(base: Parts, old: CvatShape, new: CvatShape, size: Size, schema: DrawingSchema) -> Parts:
    before, after = ({node.index: node for node in shape.nodes} for shape in (old, new))
    both = [index for index in before if index in after]
    flat_old = [v for i in both for v in (before[i].x, before[i].y)]
    flat_new = [v for i in both for v in (after[i].x, after[i].y)]
    moves = touched(flat_old, flat_new, size, clips=False)
    moved = {index: (moves[2 * n], moves[2 * n + 1]) for n, index in enumerate(both)}
    points = []
    for index, was in enumerate(base["points"]):
        node = after.get(index)
        if node is None or node.outside:
            missing = index in before and before[index].outside
            points.append(list(was) if missing else [math.nan, math.nan])
        elif index not in before or before[index].outside:
            points.append(_place(node, size))
        else:
            fresh = _place(node, size)
            points.append([fresh[axis] if moved[index][axis] else was[axis] for axis in (0, 1)])
    parts: Parts = {"points": points}
    hidden = [bool(index in after and after[index].occluded) for index in range(len(points))]
    if hidden != [bool(index in before and before[index].occluded) for index in range(len(points))]:
        parts[OCCLUDED] = hidden
    return parts


def _edited_points(base: Parts, old: CvatShape, new: CvatShape, size: Size) -> Parts:
    fresh = _relative(new.points, size)
    seen = [i for i, point in enumerate(base["points"]) if all(v is not None and math.isfinite(v) for v in point)]
    again = kept_vertices(old.points, new.points, size)
    if len(new.points) == len(old.points) and all(k in (None, n) for n, k in enumerate(again)):
        moved = touched(old.points, new.points, size)
        points = [list(point) for point in base["points"]]
        for n, index in enumerate(seen):
            points[index] = [fresh[n][axis] if moved[2 * n + axis] else points[index][axis] for axis in (0, 1)]
        return {"points": points}
    kept = [None if k is None else seen[k] for k in again]
    order: list[tuple[int | None, list[float]]] = []
    for n, was in enumerate(kept):
        order.append((was, fresh[n] if was is None else list(base["points"][was])))
    missing = [(i, list(point)) for i, point in enumerate(base["points"]) if i not in seen]
    for index, point in missing:
        before = [n for n, (i, _) in enumerate(order) if i is not None and i < index]
        order.insert(before[-1] + 1 if before else 0, (index, point))
    parts: Parts = {"points": [point for _, point in order]}
    for name in _lists(base, len(base["points"])):
        unknown = math.nan if any(isinstance(value, float) for value in base[name]) else None
        parts[name] = [unknown if index is None else base[name][index] for index, _ in order]
    return parts
