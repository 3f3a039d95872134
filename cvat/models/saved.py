"""The answer to a creation of many objects: CVAT's own JSON, with what is relied on checked."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, FailFast
from typing_extensions import Required, TypedDict

from .base import Resource


class _Element(TypedDict, total=False):
    """A point of a skeleton."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]

    id: Required[int]
    label_id: Required[int]
    frame: int
    points: list[float]
    attributes: list[dict[str, Any]]


class _Object(TypedDict, total=False):
    """A tag or a shape."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]

    id: Required[int]
    label_id: Required[int]
    frame: Required[int]
    type: str
    points: list[float]
    rotation: float
    attributes: list[dict[str, Any]]
    elements: list[_Element]


class _Track(TypedDict, total=False):
    """A track."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]

    id: Required[int]
    label_id: Required[int]
    frame: Required[int]
    shapes: Required[list[dict[str, Any]]]


_Tracks = Annotated[list[_Track], FailFast(), BeforeValidator(lambda value: [] if value is None else value)]
_Objects = Annotated[list[_Object], FailFast(), BeforeValidator(lambda value: [] if value is None else value)]


class SavedObjects(Resource):
    """Tags, shapes and tracks as the server saved them, with their ids, in the order of the request."""

    tags: _Objects = []  # noqa: RUF012 - pydantic copies it
    shapes: _Objects = []  # noqa: RUF012 - pydantic copies it
    tracks: _Tracks = []  # noqa: RUF012 - pydantic copies it
