"""What differs between versions of a label, in words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...labels.shapes import CvatShape, Size
from ...sync.load.versions import Versions
from ..shared.safe import row, safe
from ..shared.texts import count
from . import texts
from .outlines import Tint, extent, outlines, tints

SEEN = 0.5
"""Pixels; what moved by less is not seen."""


def table(conflicts: Sequence[Mapping[str, Any]], versions: Versions | None) -> str:
    """The parts of one label that are in conflict, and what each side did, in Markdown.

    Args:
        conflicts: of the label, as of :func:`sync.load.resolve.conflicts`
        versions: how it is drawn, if that is known
    """
    lines = ["| | Yours | CVAT's |", "|:--|:--|:--|"]
    for item in conflicts:
        decided = "" if item["outcome"] == "open" else f" ({texts.outcome(item)})"
        sides = (change(item, side, versions) for side in ("local", "remote"))
        lines.append(row(*map(safe, (texts.part(item["part"]) + decided, *sides))))
    return "\n".join(lines)


def change(conflict: Mapping[str, Any], side: str, versions: Versions | None) -> str:
    """What one side did to a part: ``car → truck``, ``moved by 14 px``, ``deleted``.

    Args:
        conflict: the part
        side: ``"local"`` or ``"remote"``
        versions: how the label is drawn, if that is known
    """
    name, base, now = conflict["part"], conflict["base"], conflict[side]
    if name == "geometry" and versions is not None and (words := shape_change(versions, side)):
        return words
    if name == "existence" and now is not None and base is not None and versions is not None:
        return _edits(base, now, shape_change(versions, side))
    if name in ("existence", "geometry"):
        return texts.value(name, now, base)
    return from_to(name, base, now)


def _edits(base: Mapping[str, Any], now: Mapping[str, Any], drawn: str) -> str:
    """What was done to a label that the other side deleted."""
    changed = [path for path in now if now[path] != base.get(path)]
    words = [drawn] if drawn and any(path in texts.SHAPE_PATHS for path in changed) else []
    words += [
        f"{texts.part(path)} {from_to(path, base.get(path), now[path])}"
        for path in changed
        if path not in texts.SHAPE_PATHS
    ]
    return ", ".join(words) or "as it was"


def from_to(name: str, base: Any, now: Any) -> str:
    """What a part was and is: ``car → truck``."""
    return f"{texts.value(name, base)} → {texts.value(name, now)}"


def shape_change(versions: Versions, side: str) -> str:
    """How a label is drawn otherwise than it was; empty if it is not."""
    return shapes_changed(versions.base, getattr(versions, side), versions.size)


def shapes_changed(old: Sequence[CvatShape], new: Sequence[CvatShape], size: Size) -> str:
    """What became of shapes: ``moved by 14 px, 3 px wider``; empty if nothing that is seen.

    Args:
        old, new: the shapes of one label, in pixels
        size: of the frame
    """
    if not old or not new:
        return "" if bool(old) == bool(new) else ("drawn" if new else "not drawn any more")
    if [shape.type for shape in old] != [shape.type for shape in new]:
        return _kinds(old, new)
    if all(shape.type == "mask" for shape in new):
        return _pixels(tints(old, size), tints(new, size), size)
    words = [*_box(old, new, size), *_turned(old, new)]
    return ", ".join(words) or _vertices(old, new)


def _kinds(old: Sequence[CvatShape], new: Sequence[CvatShape]) -> str:
    before, after = (", ".join(dict.fromkeys(shape.type for shape in shapes)) for shapes in (old, new))
    if before == after:
        return f"{count(len(old), 'part')} → {len(new):,}"
    return f"{before} → {after}"


def _pixels(old: Sequence[Tint], new: Sequence[Tint], size: Size) -> str:
    before, after = (_painted(found, size) for found in (old, new))
    if moved := _moved(before, after):
        return f"moved by {_px(moved)}"
    more, fewer = int((after & ~before).sum()), int((before & ~after).sum())
    words = [f"{count(more, 'pixel')} added" if more else "", f"{count(fewer, 'pixel')} removed" if fewer else ""]
    return ", ".join(filter(None, words))


def _moved(before: Any, after: Any) -> float:
    """By how many pixels a mask was moved as it is; 0 if it was not, or has other pixels now."""
    if not before.any() or not after.any():
        return 0.0
    (old, *was), (new, *now) = (_cropped(canvas) for canvas in (before, after))
    return math.dist(was, now) if np.array_equal(old, new) else 0.0


def _cropped(canvas: Any) -> tuple[Any, int, int]:
    """What is painted on a canvas, and where its left and its upper edge are."""
    rows, columns = (np.flatnonzero(canvas.any(axis=axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(columns[0])
    return canvas[top : rows[-1] + 1, left : columns[-1] + 1], left, top


def _painted(found: Sequence[Tint], size: Size) -> Any:
    canvas = np.zeros((size.height, size.width), dtype=bool)
    for mask, left, top in found:
        canvas[top : top + mask.shape[0], left : left + mask.shape[1]] |= mask
    return canvas


def _box(old: Sequence[CvatShape], new: Sequence[CvatShape], size: Size) -> list[str]:
    """How the box around a label moved and grew, its rotation aside."""
    before, after = (extent(outlines([_upright(shape) for shape in shapes], size)) for shapes in (old, new))
    if before is None or after is None:
        return []
    middles = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in (before, after)]
    moved = math.dist(*middles)
    wider = (after[2] - after[0]) - (before[2] - before[0])
    taller = (after[3] - after[1]) - (before[3] - before[1])
    words = [f"moved by {_px(moved)}"] if moved >= SEEN else []
    for grown, more, less in ((wider, "wider", "narrower"), (taller, "taller", "shorter")):
        if abs(grown) >= SEEN:
            words.append(f"{_px(abs(grown))} {more if grown > 0 else less}")
    return words


def _upright(shape: CvatShape) -> CvatShape:
    return CvatShape(shape.type, shape.points, nodes=shape.nodes)


def _turned(old: Sequence[CvatShape], new: Sequence[CvatShape]) -> list[str]:
    """By how much a label was turned, if it is one shape."""
    if len(new) != 1:
        return []
    turn = (new[0].rotation - old[0].rotation + 180) % 360 - 180
    if abs(turn) < SEEN:
        return []
    return [f"turned by {abs(turn):.0f}° {'clockwise' if turn > 0 else 'counterclockwise'}"]


def _vertices(old: Sequence[CvatShape], new: Sequence[CvatShape]) -> str:
    """What became of the points of a label whose box is the same."""
    before, after = (np.concatenate([_places(shape) for shape in shapes]) for shapes in (old, new))
    if len(before) != len(after):
        return f"{count(len(before), 'point')} → {len(after):,}"
    farthest = float(np.hypot(*(after - before).T).max(initial=0.0))
    return f"points moved by up to {_px(farthest)}" if farthest >= SEEN else ""


def _places(shape: CvatShape) -> Any:
    flat = [value for node in shape.nodes for value in (node.x, node.y)] if shape.nodes else list(shape.points)
    return np.asarray(flat[: len(flat) // 2 * 2], dtype=float).reshape(-1, 2)


def _px(length: float) -> str:
    return f"{length:,.0f} px" if length >= 1 else f"{length:.1f} px"
