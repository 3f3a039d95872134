"""Segmentation <-> masks, one for each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import pixels
from .attributes import NotCarried, Unreadable
from .codec import Codec, Document, DrawingSchema, Pair, Parts
from .masks import Mask, decode_runs, encode_runs, fit, tight
from .shapes import CvatShape, Size

Canvas = NDArray[np.int32]
NOTHING = -1
"""On a canvas: a pixel that no mask covers."""

CONTESTED = "pixels that two classes newly cover: they are of the one above"


class SegmentationCodec(Codec):
    """A class for each pixel of a frame.

    The ``mask`` has any number of pixels and is stretched over the frame; in CVAT each class is a mask in the frame's
    pixels. An edit changes the pixels whose masks were edited, and no others: values that are no target stay.
    """

    document = "Segmentation"
    shape_types = frozenset({"mask"})
    geometry = ("mask",)
    standard = frozenset({"mask_path"})
    named = False
    scored = False
    grouping = "frame"

    def shape_type(self, document: Document) -> str:
        return "mask"

    def encode(self, document: Document, size: Size, schema: DrawingSchema) -> list[CvatShape]:
        array = pixels.colours(document) if _in_colours(schema) else pixels.numbers(document)
        shapes = []
        for name, values in _values_by_name(schema).items():
            there = np.zeros(array.shape[:2], dtype=np.bool_)
            for value in values:
                there |= _where(array, value)
            covered = fit(there, size.width, size.height)
            if covered.any():
                part, left, top = tight(covered)
                shapes.append(CvatShape("mask", encode_runs(part, left, top), name=name))
        return shapes

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Parts:
        targets = _values_by_name(schema)
        names = list(targets)
        seen = _compose(pairs, names, size)
        if not seen.changed.any():
            return {}
        edits = []
        for number in np.unique(seen.after[seen.changed]).tolist():
            part, left, top = tight(seen.changed & (seen.after == number))
            values = [_background(schema)] if number == NOTHING else targets[names[number]]
            edit: dict[str, Any] = {"value": values[0], "runs": list(encode_runs(part, left, top))}
            edits.append({**edit, "same": values[1:]} if len(values) > 1 else edit)
        return {"mask": _mask(size, edits, schema)}

    def decode_new(self, shapes: Sequence[CvatShape], size: Size, schema: DrawingSchema) -> Parts:
        return self.decode({}, [(None, shape) for shape in shapes], size, schema) or {"mask": _mask(size, [], schema)}

    def doubts(self, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Counter[str]:
        names = list(_values_by_name(schema))
        strange = [new.name for old, new in pairs if new and new != old and new.name not in names]
        counts = Counter(f"masks of class '{name}', which is no mask target" for name in strange)
        if contested := _compose(pairs, names, size).contested:
            counts[CONTESTED] = contested
        return counts

    def parts(self, document: Document) -> Parts:
        digest = pixels.digest(document)
        return {"mask": digest and {"sha1": digest}}

    def store(self, document: Document | None, parts: Parts) -> dict[str, Any]:
        if "mask" not in parts:
            return dict(parts)
        wanted = parts["mask"]
        others = {path: value for path, value in parts.items() if path != "mask"}
        height, width = wanted["size"]
        coloured = wanted.get("coloured", any(isinstance(edit["value"], str) for edit in wanted["edits"]))
        old = _old_array(document, coloured)
        shape = (height, width, 3) if coloured else (height, width)
        array = np.zeros(shape, dtype=np.uint8) if old is None else np.array(old)
        for edit in wanted["edits"]:
            there = np.zeros((height, width), dtype=np.bool_)
            mask, left, top = decode_runs(edit["runs"])
            there[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
            there = fit(there, array.shape[1], array.shape[0])
            for value in (edit["value"], *edit.get("same", ())):
                there &= ~_where(_plane(array, value), value)  # what has the class already keeps its value
            array = pixels.paint(array, there, edit["value"]) if there.any() else array
        if old is not None and np.array_equal(array, old):
            return others
        return {**others, **pixels.store_array(document, array, "mask")}

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Segmentation", "tags": []}


def _mask(size: Size, edits: Sequence[dict[str, Any]], schema: DrawingSchema) -> dict[str, Any]:
    return {"size": [size.height, size.width], "edits": list(edits), "coloured": _in_colours(schema)}


def _old_array(document: Document | None, coloured: bool) -> pixels.Array | None:
    """The pixels of a label that are edited, with all their channels; ``None`` if there are none yet.

    Raises:
        Unreadable: if they are not what was sent
    """
    if document is None or not pixels.has_mask(document):
        return None
    try:
        seen = pixels.colours(document) if coloured else pixels.numbers(document)
    except NotCarried as error:
        raise Unreadable(str(error)) from None
    indices = document.get(pixels.INDICES) if document.get("mask_path") and not coloured else None
    whole = pixels.mask_of(document) if indices is None else indices
    return seen if whole is None else whole


def _plane(array: pixels.Array, value: int | str) -> pixels.Array:
    """What of an array is compared with a value: its colours, or one number for each pixel."""
    if isinstance(value, str):
        return array[..., :3]
    return array if array.ndim == 2 else array[..., 0]


def _values_by_name(schema: DrawingSchema) -> dict[str, list[int | str]]:
    """The pixel values of each class that is drawn; the background is what is not drawn."""
    found: dict[str, list[int | str]] = {}
    for value, name in schema.targets.items():
        if value not in (0, "#000000"):
            found.setdefault(name, []).append(value)
    return found


def _in_colours(schema: DrawingSchema) -> bool:
    return any(isinstance(value, str) for value in schema.targets)


def _background(schema: DrawingSchema) -> int | str:
    return "#000000" if _in_colours(schema) else 0


def _where(array: pixels.Array, value: int | str) -> Mask:
    if isinstance(value, str):
        return np.asarray((array[..., :3] == pixels.colour(value)).all(axis=-1))
    return np.asarray(array == value) if pixels.holds(array.dtype, value) else np.zeros(array.shape, dtype=np.bool_)


@dataclass(frozen=True)
class Composition:
    """What is seen of the masks of a frame.

    Args:
        after: the number of a class for each pixel, or :data:`NOTHING`
        changed: the pixels whose class an edit decided
        contested: how many pixels two classes newly cover
    """

    after: Canvas
    changed: Mask
    contested: int


def _compose(pairs: Sequence[Pair], names: Sequence[str], size: Size) -> Composition:
    """Decides whose every pixel is after an edit.

    CVAT's editor stores a brush stroke over another mask in both. So a pixel that was newly added to a mask belongs to
    it, whatever lies above; where several got it newly, the upper one counts, and of equally high ones the later.
    """
    frame = (size.height, size.width)
    before, after, won = (np.full(frame, NOTHING, dtype=np.int32) for _ in range(3))
    edited, shared, contested = (np.zeros(frame, dtype=np.bool_) for _ in range(3))
    for shape in sorted((old for old, _ in pairs if old), key=lambda shape: shape.z_order):
        if (was := _number(shape, names)) != NOTHING:
            area, mask, _ = _masks(shape, None, size)
            shared[area] |= mask & (before[area] != NOTHING) & (before[area] != was)
            before[area][mask] = was
    for old, new in sorted(pairs, key=lambda pair: pair[1].z_order if pair[1] else 0):
        was, now = _number(old, names), _number(new, names)
        if (was, now) == (NOTHING, NOTHING):
            continue
        area, had, has = _masks(old if was != NOTHING else None, new if now != NOTHING else None, size)
        moved = was != now or (old is not None and new is not None and old.z_order != new.z_order)
        edited[area] |= (had | has) if moved else (had ^ has)
        if now != NOTHING:
            gained = has if was != now else has & ~had
            contested[area] |= gained & (won[area] != NOTHING) & (won[area] != now)
            won[area][gained] = now
            after[area][has] = now
    after = np.where(won != NOTHING, won, after)
    changed = edited & ((before != after) | shared)
    return Composition(after, changed, int(np.count_nonzero(contested & changed)))


def _number(shape: CvatShape | None, names: Sequence[str]) -> int:
    return names.index(shape.name) if shape is not None and shape.name in names else NOTHING


def _masks(old: CvatShape | None, new: CvatShape | None, size: Size) -> tuple[tuple[slice, slice], Mask, Mask]:
    """The smallest part of a frame with two masks, and what each covers of it."""
    decoded = [decode_runs(shape.points, size) if shape else None for shape in (old, new)]
    boxes = [(left, top, left + mask.shape[1], top + mask.shape[0]) for mask, left, top in filter(None, decoded)]
    first, last = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
    covers = []
    for item in decoded:
        there = np.zeros((last[1] - first[1], last[0] - first[0]), dtype=np.bool_)
        if item is not None:
            mask, x, y = item[0], item[1] - first[0], item[2] - first[1]
            there[y : y + mask.shape[0], x : x + mask.shape[1]] = mask
        covers.append(there)
    return (slice(first[1], last[1]), slice(first[0], last[0])), covers[0], covers[1]
