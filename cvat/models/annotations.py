"""Annotations of a job: tags, shapes and tracks, read fast and checked before they are written."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic.dataclasses import dataclass

from .base import AS_STORED, Many, Resource, Slotted

LARGEST_COORDINATE = 1e100
"""Pixels. CVAT stores 1e400 although it answers 500, and the job can then not be read any more."""

LARGEST_INTEGER = 2**31 - 1
"""CVAT's columns for frames, groups and z orders have 32 bits; more is a 500."""


LONGEST_TYPE = 40
"""Characters of a type that are kept; CVAT's own are shorter."""

TypeName = Annotated[str, AfterValidator(lambda name: name[:LONGEST_TYPE])]


@dataclass(frozen=True, slots=True, kw_only=True, config=AS_STORED)
class AttributeValue(Slotted):
    """The value of one attribute. CVAT knows only texts: ``true``, ``5``."""

    spec_id: int
    value: str


@dataclass(frozen=True, slots=True, kw_only=True, config=AS_STORED)
class Tag(Slotted):
    """A label of a whole frame."""

    id: int | None = None
    frame: int
    label_id: int
    group: int | None = None
    source: str = "manual"
    attributes: Many[AttributeValue] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=AS_STORED)
class Shape(Slotted):
    """A shape in one frame; of a skeleton the ``elements`` are the points.

    Attributes:
        type: ``rectangle``, ``polygon``, ``polyline``, ``points``, ``ellipse``, ``cuboid``, ``mask`` or
            ``skeleton``.
        points: Pixels. Rectangle: x1, y1, x2, y2. Ellipse: cx, cy, right x, top y. Mask: run lengths, then
            left, top, right, bottom inclusive. Skeleton: empty.
        rotation: Degrees clockwise, 0 to 360.
        track: The track that this is on one frame, if it is no shape of its own; the server has no such key.
    """

    id: int | None = None
    track: int | None = None
    type: TypeName
    frame: int
    label_id: int
    points: Many[float] = ()
    rotation: float = 0.0
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    group: int | None = None
    source: str = "manual"
    score: float | None = None
    attributes: Many[AttributeValue] = ()
    elements: Many[Shape] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=AS_STORED)
class TrackedShape(Slotted):
    """A keyframe of a track."""

    id: int | None = None
    type: TypeName
    frame: int
    points: Many[float] = ()
    rotation: float = 0.0
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    attributes: Many[AttributeValue] = ()


class Track(Resource):
    """An object over several frames. Mutable attributes belong to the keyframes, the others to the track."""

    id: int | None = None
    frame: int
    label_id: int
    group: int | None = None
    source: str = "manual"
    attributes: Many[AttributeValue] = ()
    shapes: Many[TrackedShape] = ()
    elements: Many[Track] = ()


class Annotations(Resource):
    """Everything that is annotated in a job. A read has no order inside a frame: compare by id."""

    version: int = 0
    tags: Many[Tag] = ()
    shapes: Many[Shape] = ()
    tracks: Many[Track] = ()

    @property
    def count(self) -> int:
        """Tags, shapes and tracks together; elements are part of their skeleton."""
        return len(self.tags) + len(self.shapes) + len(self.tracks)

    def for_create(self) -> dict[str, Any]:
        """The JSON to create these objects: CVAT refuses ids there.

        Raises:
            ValueError: A number or a skeleton would harm the job; the message names the object.
        """
        return _dump(self, with_ids=False)

    def for_update(self) -> dict[str, Any]:
        """The JSON to update or delete these objects, complete and with their ids.

        Raises:
            ValueError: As for ``for_create``; or an object has no id (CVAT would create it).
        """
        for where, item in _named(self):
            if item.id is None:
                raise ValueError(f"{where} has no id, so it cannot be updated or deleted")
        return _dump(self, with_ids=True)

    def dump(self) -> dict[str, Any]:
        """The JSON with the ids that are known.

        Raises:
            ValueError: As for ``for_create``.
        """
        return _dump(self, with_ids=True)


class ReadAnnotations(Annotations):
    """What CVAT answers of a job. It names all kinds of objects, also those that the job has none of.

    Another answer, such as ``{}`` of a proxy, is not taken for a job from which all was deleted.
    """

    tags: Many[Tag]
    shapes: Many[Shape]
    tracks: Many[Track]


def _named(annotations: Annotations) -> Iterator[tuple[str, Tag | Shape | Track]]:
    """Every object with a name for messages, such as ``shape 3 (rectangle, frame 5)``."""
    for index, tag in enumerate(annotations.tags):
        yield f"tag {index} (frame {tag.frame})", tag
    for index, shape in enumerate(annotations.shapes):
        yield f"shape {index} ({shape.type}, frame {shape.frame})", shape
    for index, track in enumerate(annotations.tracks):
        yield f"track {index} (frame {track.frame})", track


def _dump(annotations: Annotations, *, with_ids: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"version": annotations.version, "tags": [], "shapes": [], "tracks": []}
    for where, item in _named(annotations):
        if isinstance(item, Tag):
            body["tags"].append(_common(item, where, with_ids))
        elif isinstance(item, Shape):
            body["shapes"].append(_shape(item, where, with_ids))
        else:
            body["tracks"].append(_track(item, where, with_ids))
    return body


def _shape(shape: Shape, where: str, with_ids: bool) -> dict[str, Any]:
    body = _common(shape, where, with_ids)
    _geometry(shape, where, body)
    if shape.score is not None:
        body["score"] = _number(shape.score, where, "score")
    if shape.elements:
        for element in shape.elements:
            if element.frame != shape.frame:
                raise ValueError(f"{where} has an element on frame {element.frame}; the job could not be read any more")
        body["elements"] = [_shape(element, f"an element of {where}", with_ids) for element in shape.elements]
    return body


def _track(track: Track, where: str, with_ids: bool) -> dict[str, Any]:
    body = _common(track, where, with_ids)
    if not track.shapes:
        raise ValueError(f"{where} has no keyframes")
    if not with_ids:
        _check_new_track(track, where)
    body["shapes"] = [_keyframe(shape, f"a keyframe of {where}", with_ids) for shape in track.shapes]
    if track.elements:
        body["elements"] = [_track(element, f"an element of {where}", with_ids) for element in track.elements]
    return body


def _check_new_track(track: Track, where: str) -> None:
    """Refuses what a job takes and somebody else can't read then."""
    frame, count = Counter(shape.frame for shape in track.shapes).most_common(1)[0]
    if count > 1:
        raise ValueError(f"{where} has two keyframes on frame {frame}: the task could not be read any more")
    if any(shape.type == "mask" for shape in track.shapes):
        raise ValueError(f"{where} is a track of masks: CVAT's editor could not open the job any more")


def _keyframe(shape: TrackedShape, where: str, with_ids: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "frame": _integer(shape.frame, where, "frame", least=0),
        "attributes": _attributes(shape.attributes),
    }
    if with_ids and shape.id is not None:
        body["id"] = shape.id
    _geometry(shape, where, body)
    return body


def _common(item: Tag | Shape | Track, where: str, with_ids: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "frame": _integer(item.frame, where, "frame", least=0),
        "label_id": item.label_id,
        "source": item.source,
        "attributes": _attributes(item.attributes),
    }
    if with_ids and item.id is not None:
        body["id"] = item.id
    if item.group is not None:
        body["group"] = _integer(item.group, where, "group", least=0)
    return body


def _geometry(shape: Shape | TrackedShape, where: str, body: dict[str, Any]) -> None:
    points = shape.points
    if not all(-LARGEST_COORDINATE <= point <= LARGEST_COORDINATE for point in points):
        for index, point in enumerate(points):
            _number(point, where, f"points[{index}]")
    # Run lengths are counts: whole numbers make half the bytes.
    whole = shape.type == "mask" and all(point.is_integer() for point in points)
    body["type"] = shape.type
    body["points"] = [int(point) for point in points] if whole else list(points)
    body["rotation"] = _number(shape.rotation, where, "rotation")
    body["occluded"] = shape.occluded
    body["outside"] = shape.outside
    body["z_order"] = _integer(shape.z_order, where, "z_order", least=-LARGEST_INTEGER)


def _attributes(values: tuple[AttributeValue, ...]) -> list[dict[str, Any]]:
    return [{"spec_id": value.spec_id, "value": value.value} for value in values]


def _number(value: float, where: str, name: str) -> float:
    if not math.isfinite(value) or abs(value) > LARGEST_COORDINATE:
        raise ValueError(f"{name} of {where} is {value}, which CVAT cannot store")
    return value


def _integer(value: int, where: str, name: str, *, least: int) -> int:
    if not least <= value <= LARGEST_INTEGER:
        raise ValueError(f"{name} of {where} is {value}, which CVAT cannot store")
    return value
