"""Annotations as the plain JSON that CVAT speaks, for writing many of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .models.annotations import LARGEST_COORDINATE, LARGEST_INTEGER
from .words import shorten

Object = Mapping[str, Any]

_WHOLE = (("frame", 0), ("group", 0), ("z_order", -LARGEST_INTEGER))
"""Whole numbers and the least each may be."""


@dataclass(frozen=True)
class EncodedObjects:
    """Objects that are ready to be sent.

    Attributes:
        tags, shapes, tracks: How many there are.
        body: The JSON of the request.
    """

    tags: int
    shapes: int
    body: bytes
    tracks: int = 0

    @property
    def count(self) -> int:
        """How many objects there are."""
        return self.tags + self.shapes + self.tracks


def encode_objects(tags: Sequence[Object], shapes: Sequence[Object], tracks: Sequence[Object] = ()) -> EncodedObjects:
    """Makes the body of a request that creates objects, ahead of the time when it is sent.

    Args:
        tags: Valid objects without ids, in CVAT's own form.
        shapes: The same.
        tracks: The same, checked by ``Annotations.for_create()``.

    Raises:
        ValueError: An object would harm the job for good; the message names it.
    """
    check_objects(tags, shapes)
    body = encode({"version": 0, "tags": tags, "shapes": shapes, "tracks": tracks})
    return EncodedObjects(len(tags), len(shapes), body, len(tracks))


def encode(body: object) -> bytes:
    """The JSON of annotations.

    Raises:
        ValueError: It has a NaN or an infinity, after which CVAT might not read the job again.
    """
    return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()


def check_objects(tags: Sequence[Object], shapes: Sequence[Object]) -> None:
    """Refuses what would harm a job for good: CVAT may store it and then be unable to read the job.

    Raises:
        ValueError: The message names the object.
    """
    for index, tag in enumerate(tags):
        if problem := _problem(tag):
            raise ValueError(f"tag {index} (frame {tag.get('frame')}) has {problem}, which CVAT cannot store")
    for index, shape in enumerate(shapes):
        if problem := _problem(shape) or _problem_of_elements(shape):
            where = f"shape {index} ({shape.get('type')}, frame {shape.get('frame')})"
            raise ValueError(f"{where} has {problem}, which CVAT cannot store")


def _problem(item: Object) -> str:
    # A sum is quick, and neither NaN nor a number that is too large gets through it.
    if not sum(map(abs, item.get("points", ()))) <= LARGEST_COORDINATE:
        return f"the coordinates {_extremes(item['points'])}"
    for name in ("rotation", "score"):
        value = item.get(name)
        if value and not abs(value) <= LARGEST_COORDINATE:
            return f"the {name} {value}"
    for name, least in _WHOLE:
        value = item.get(name)
        if value and not least <= value <= LARGEST_INTEGER:
            return f"the {name} {value}"
    return ""


def _problem_of_elements(shape: Object) -> str:
    for element in shape.get("elements", ()):
        if element.get("frame") != shape.get("frame"):
            return f"an element on frame {element.get('frame')}"
        if problem := _problem(element):
            return f"an element with {problem}"
    return ""


def _extremes(points: Iterable[float]) -> str:
    """The coordinates to blame."""
    wrong = [shorten(str(point), 20) for point in points if not abs(point) <= LARGEST_COORDINATE]
    return ", ".join(wrong[:3]) or "that are too large together"
