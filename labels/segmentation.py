"""Segmentation <-> masks, one for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import pixels
from .attributes import NotCarried
from .codec import Codec, Document, DrawingSchema, Pair, Parts
from .masks import decode_runs, encode_runs, fit, tight
from .shapes import CvatShape, Size

Canvas = NDArray[np.int64]
NOTHING = -1
"""On a canvas: a pixel that no mask covers."""


class SegmentationCodec(Codec):
    """A class for each pixel of a frame.

    The ``mask`` has any number of pixels and is stretched over the frame; in CVAT each class is a mask in the frame's
    pixels. An edit changes the pixels that look different in CVAT than before, and no others: values that are no target
    stay.
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
        mask = pixels.mask_of(document)
        if mask is None:
            raise NotCarried("segmentations without a mask that can be read")
        shapes = []
        for name, values in _values_by_name(schema).items():
            there = np.zeros(mask.shape[:2], dtype=np.bool_)
            for value in values:
                there |= _where(mask, value)
            covered = fit(there, size.width, size.height)
            if covered.any():
                part, left, top = tight(covered)
                shapes.append(CvatShape("mask", encode_runs(part, left, top), name=name))
        return shapes

    def decode(self, base: Parts, pairs: Sequence[Pair], size: Size, schema: DrawingSchema) -> Parts:
        then = [old for old, _ in pairs if old is not None]
        now = [new for _, new in pairs if new is not None]
        names = list(_values_by_name(schema))
        before, after = _compose(then, names, size), _compose(now, names, size)
        changed = before != after
        if not changed.any():
            return {}
        targets = _values_by_name(schema)
        edits = []
        for number in np.unique(after[changed]).tolist():
            part, left, top = tight(changed & (after == number))
            value = _background(schema) if number == NOTHING else targets[names[number]][0]
            edits.append({"value": value, "runs": list(encode_runs(part, left, top))})
        return {"mask": {"size": [size.height, size.width], "edits": edits}}

    def decode_new(self, shapes: Sequence[CvatShape], size: Size, schema: DrawingSchema) -> Parts:
        return self.decode({}, [(None, shape) for shape in shapes], size, schema) or {
            "mask": {"size": [size.height, size.width], "edits": []}
        }

    def parts(self, document: Document) -> Parts:
        digest = pixels.digest(document)
        return {"mask": digest and {"sha1": digest}}

    def store(self, document: Document | None, parts: Parts) -> dict[str, Any]:
        if "mask" not in parts:
            return dict(parts)
        wanted = parts["mask"]
        old = pixels.mask_of(document) if document else None
        height, width = wanted["size"]
        coloured = any(isinstance(edit["value"], str) for edit in wanted["edits"])
        shape = (height, width, 3) if coloured else (height, width)
        array = np.zeros(shape, dtype=np.uint8) if old is None else np.array(old)
        for edit in wanted["edits"]:
            _paint(array, edit["value"], edit["runs"], height, width)
        others = {path: value for path, value in parts.items() if path != "mask"}
        return {**others, **pixels.store_array(document, array, "mask")}

    def blank(self) -> dict[str, Any]:
        return {"_cls": "Segmentation", "tags": []}


def _values_by_name(schema: DrawingSchema) -> dict[str, list[int | str]]:
    """The pixel values of each class that is drawn; the background is what is not drawn."""
    found: dict[str, list[int | str]] = {}
    for value, name in schema.targets.items():
        if value not in (0, "#000000"):
            found.setdefault(name, []).append(value)
    return found


def _background(schema: DrawingSchema) -> int | str:
    return "#000000" if any(isinstance(value, str) for value in schema.targets) else 0


def _where(mask: NDArray[Any], value: int | str) -> NDArray[np.bool_]:
    if isinstance(value, str):
        if mask.ndim != 3:
            return np.zeros(mask.shape[:2], dtype=np.bool_)
        return np.asarray((mask[..., :3] == _colour(value)).all(axis=-1))
    if mask.ndim != 2:
        raise NotCarried("segmentations in colours, whose targets are numbers")
    return np.asarray(mask == value)


def _colour(value: str) -> NDArray[np.uint8]:
    return np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.uint8)


def _compose(shapes: Sequence[CvatShape], names: Sequence[str], size: Size) -> Canvas:
    """What is seen in CVAT: the number of a class for each pixel of the frame, the upper mask above the lower."""
    canvas: Canvas = np.full((size.height, size.width), NOTHING, dtype=np.int64)
    for shape in sorted(shapes, key=lambda item: item.z_order):
        if shape.name not in names:
            continue
        mask, left, top = decode_runs(shape.points)
        rows = slice(max(0, top), min(size.height, top + mask.shape[0]))
        columns = slice(max(0, left), min(size.width, left + mask.shape[1]))
        inside = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        canvas[rows, columns][inside] = names.index(shape.name)
    return canvas


def _paint(array: NDArray[Any], value: int | str, runs: Sequence[float], height: int, width: int) -> None:
    mask, left, top = decode_runs(runs)
    frame = np.zeros((height, width), dtype=np.bool_)
    frame[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    there = fit(frame, array.shape[1], array.shape[0])
    if isinstance(value, str):
        array[..., :3][there] = _colour(value)
    else:
        array[there] = value
