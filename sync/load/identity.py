"""Finding labels again whose ids CVAT has lost: a pure function of what was there and what is new.

An id is lost when a deletion is undone, when everything is removed and drawn again, when a shape is split, or when a
file is imported. A label whose id is still there never takes part, so no copy can steal its identity.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ...labels.attributes import Unreadable
from ...labels.figures import Figure
from ...labels.masks import decode_runs

LEAST_OVERLAP = 0.5
"""Areas (boxes, polygons, masks) are the same label if their intersection is at least this part of their union.

The larger piece of a shape that was cut in two has just that.
"""

FARTHEST, FARTHEST_PX = 0.1, 10.0
"""Points and lines are the same label if they are closer than this part of their diagonal, or this many pixels.

Measured is the mean distance of each point to the nearest of the other figure, both ways.
"""

SAME_CLASS = 1.0
"""What a common class adds to an overlap of 0 to 1: it counts before the overlap."""

GRID = 256  # how finely areas are compared that are no upright boxes

How = Literal["exact", "overlap"]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Sketch:
    """What a label, or an object, looks like.

    Args:
        frame: the frame it is on
        field: its field; ``None`` for an object that no field can hold
        name: its class, as CVAT's id
        figures: what is drawn of it
        alone: whether its field has room for one label only
    """

    frame: int
    field: str | None
    name: int
    figures: tuple[Figure, ...]
    alone: bool = False

    @property
    def place(self) -> tuple[int, str | None]:
        """Where it may be found."""
        return self.frame, self.field


def find_again(lost: Sequence[Sketch], fresh: Sequence[Sketch]) -> dict[int, tuple[tuple[int, ...], How]]:
    """Finds lost labels among new objects, one to one.

    First those of the same class and exactly the same figures, then the best assignment of those that overlap; a common
    class counts before a better overlap. In a field for one label, the only object is that label wherever it is.

    Args:
        lost: labels all of whose objects are gone
        fresh: objects that belong to no label, of one figure each

    Returns:
        for the lost labels that were found, by number, their objects' numbers and how they were found
    """
    found = _exact(lost, fresh)
    taken = {number for numbers, _ in found.values() for number in numbers}
    places: dict[tuple[int, str | None], tuple[list[int], list[int]]] = {}
    for number, sketch in enumerate(lost):
        if number not in found and len(sketch.figures) == 1:
            places.setdefault(sketch.place, ([], []))[0].append(number)
    for number, sketch in enumerate(fresh):
        if number not in taken and sketch.place in places:
            places[sketch.place][1].append(number)
    for olds, news in places.values():
        for old, new in _assign([lost[i] for i in olds], [fresh[i] for i in news]):
            found[olds[old]] = ((news[new],), "overlap")
    return found


def _exact(lost: Sequence[Sketch], fresh: Sequence[Sketch]) -> dict[int, tuple[tuple[int, ...], How]]:
    by_look: dict[tuple[int, int, Figure], list[int]] = {}
    for number in reversed(range(len(fresh))):  # the first made is the last of its list
        sketch = fresh[number]
        by_look.setdefault((sketch.frame, sketch.name, sketch.figures[0]), []).append(number)
    found: dict[int, tuple[tuple[int, ...], How]] = {}
    for number, sketch in enumerate(lost):
        looks = [(sketch.frame, sketch.name, figure) for figure in sketch.figures]
        if looks and all(len(by_look.get(look, ())) >= looks.count(look) for look in looks):
            found[number] = (tuple(by_look[look].pop() for look in looks), "exact")
    return found


def _assign(lost: Sequence[Sketch], fresh: Sequence[Sketch]) -> Iterable[tuple[int, int]]:
    """The best pairs of what is at one place."""
    if not lost or not fresh:
        return []
    if lost[0].alone:
        return [(0, 0)] if len(lost) == len(fresh) == 1 else []
    scores = np.zeros((len(lost), len(fresh)))
    near = _reach(lost)[:, None, :], _reach(fresh)[None, :, :]
    overlap = np.minimum(near[0], near[1])  # of right, bottom, -left, -top
    meet = (overlap[..., 0] + overlap[..., 2] >= 0) & (overlap[..., 1] + overlap[..., 3] >= 0)
    for old, new in np.argwhere(meet):
        score = likeness(lost[old].figures[0], fresh[new].figures[0])
        if score:
            scores[old, new] = score + SAME_CLASS * (lost[old].name == fresh[new].name)
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return [(int(old), int(new)) for old, new in zip(rows, columns, strict=True) if scores[old, new]]


def _reach(sketches: Sequence[Sketch]) -> Points:
    """How far each can be from another one of the same label: right, bottom, -left, -top."""
    reach = np.full((len(sketches), 4), -math.inf)
    for number, sketch in enumerate(sketches):
        try:
            points = _outline(sketch.figures[0])
        except (ValueError, IndexError):  # numbers that make no such figure: CVAT does not check them
            continue
        if len(points):
            low, high = points.min(axis=0), points.max(axis=0)
            slack = 0.0 if _is_area(sketch.figures[0]) else _limit(points)
            reach[number] = [*(high + slack), *(slack - low)]
    return reach


def likeness(old: Figure, new: Figure) -> float:
    """How alike two figures are, 0 to 1; 0 if they can't be the same label."""
    if "tag" in (old.type, new.type) or _is_area(old) != _is_area(new):
        return 0.0
    if not _is_area(old):
        return _closeness(old, new)
    try:
        overlap = _overlap(old, new)
    except Unreadable:
        return 0.0
    return overlap if overlap >= LEAST_OVERLAP else 0.0


def _is_area(figure: Figure) -> bool:
    return figure.type in ("rectangle", "polygon", "mask", "ellipse", "cuboid")


def _closeness(old: Figure, new: Figure) -> float:
    one, other = _outline(old), _outline(new)
    if not len(one) or not len(other):
        return 0.0
    apart = np.hypot(*(one[:, None, :] - other[None, :, :]).transpose(2, 0, 1))
    if old.type == new.type == "skeleton" and len(one) == len(other):
        distance = float(np.diagonal(apart).mean())  # each point is itself
    else:
        distance = float(apart.min(axis=1).mean() + apart.min(axis=0).mean()) / 2
    return max(0.0, 1.0 - distance / _limit(one))


def _limit(points: Points) -> float:
    return max(FARTHEST_PX, FARTHEST * float(np.hypot(*np.ptp(points, axis=0))))


def _outline(figure: Figure) -> Points:
    """The points of a figure, or around it."""
    if figure.type == "skeleton":
        return np.array([(node.x, node.y) for node in figure.nodes if not node.outside], dtype=float).reshape(-1, 2)
    if figure.type == "mask":
        left, top, right, bottom = figure.points[-4:]
        return np.array([(left, top), (right + 1, top), (right + 1, bottom + 1), (left, bottom + 1)], dtype=float)
    points = np.array(figure.points, dtype=float).reshape(-1, 2)
    if figure.type == "rectangle":
        (left, top), (right, bottom) = points
        return _turned(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]), figure.rotation)
    if figure.type == "ellipse":
        (x, y), (right, top) = points
        around = np.linspace(0, 2 * math.pi, 64, endpoint=False)
        ring = np.stack([x + (right - x) * np.cos(around), y + (y - top) * np.sin(around)], axis=1)
        return _turned(ring, figure.rotation)
    if figure.type == "cuboid":
        return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0, :], dtype=float)
    return points


def _turned(points: Points, degrees: float) -> Points:
    if not degrees:
        return points
    turn, middle = math.radians(degrees), points.mean(axis=0)
    spin = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return np.asarray((points - middle) @ spin + middle)


def _overlap(old: Figure, new: Figure) -> float:
    """Intersection over union."""
    one, other = _outline(old), _outline(new)
    low = np.minimum(one.min(axis=0), other.min(axis=0))
    extent = np.maximum(one.max(axis=0), other.max(axis=0)) - low
    if not (extent > 0).all():
        return float(old.points == new.points)
    if old.type == new.type == "rectangle" and not (old.rotation or new.rotation):
        sides = np.minimum(one.max(axis=0), other.max(axis=0)) - np.maximum(one.min(axis=0), other.min(axis=0))
        both = float(np.prod(np.clip(sides, 0, None)))
        whole = float(np.prod(np.ptp(one, axis=0)) + np.prod(np.ptp(other, axis=0))) - both
        return both / whole if whole > 0 else 0.0
    here, there = _filled(old, one, low, extent), _filled(new, other, low, extent)
    either = np.count_nonzero(here | there)
    return float(np.count_nonzero(here & there) / either) if either else 0.0


def _filled(figure: Figure, outline: Points, low: Points, extent: Points) -> NDArray[np.bool_]:
    """What of a window a figure covers, on a grid."""
    if figure.type != "mask":
        canvas = np.zeros((GRID, GRID), dtype=np.uint8)
        places = np.round((outline - low) / extent * GRID * 16 - 8).astype(np.int32)
        cv2.fillPoly(canvas, [places], 1, shift=4)  # in sixteenths of a cell
        return canvas > 0
    mask, left, top = decode_runs(figure.points)
    centres = (np.arange(GRID) + 0.5) / GRID
    columns = np.floor(low[0] + centres * extent[0]).astype(int) - left
    lines = np.floor(low[1] + centres * extent[1]).astype(int) - top
    inside = ((lines >= 0) & (lines < mask.shape[0]))[:, None] & ((columns >= 0) & (columns < mask.shape[1]))[None, :]
    found = mask[np.clip(lines, 0, mask.shape[0] - 1)][:, np.clip(columns, 0, mask.shape[1] - 1)]
    return np.asarray(found & inside)
