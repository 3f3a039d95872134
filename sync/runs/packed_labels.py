"""The labels of a track in a third of the memory: a long video has one on each of its frames."""

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import Annotated, Any, TypeAlias, overload

from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from ...labels.base import BaseLabel
from ...labels.tracks.identity import LabelKey

TOGETHER = 256
"""Labels that are packed, and read again, together."""

FEW = 16
"""So few labels are not packed."""

_LABELS = TypeAdapter(tuple[BaseLabel, ...], config=ConfigDict(ser_json_inf_nan="constants"))


class PackedLabels(Sequence[BaseLabel]):
    """Labels as compressed JSON; where they are is at hand. Each is made again whenever it is asked for.

    Args:
        labels: the labels

    Attributes:
        frames, ids, fields: the frame, the id and the field of each
    """

    __slots__ = ("_chunks", "fields", "frames", "ids")

    def __init__(self, labels: Iterable[BaseLabel]) -> None:
        self.frames, ids, fields = array("q"), [], []
        self._chunks: list[bytes | tuple[BaseLabel, ...]] = []
        names: dict[str, str] = {}
        rest = iter(labels)
        while chunk := tuple(islice(rest, TOGETHER)):
            self.frames.extend(label.frame for label in chunk)
            ids += [label.label_id for label in chunk]
            fields += [names.setdefault(label.field, label.field) for label in chunk]
            self._chunks.append(chunk if len(chunk) <= FEW else _packed(chunk))
        self.ids, self.fields = tuple(ids), tuple(fields)

    @classmethod
    def of(cls, labels: Iterable[BaseLabel]) -> "PackedLabels":
        """Labels, packed if they are not yet."""
        return labels if isinstance(labels, cls) else cls(labels)

    @property
    def keys(self) -> Iterator[LabelKey]:
        """The frame and the id of each."""
        return zip(self.frames, self.ids, strict=True)

    @property
    def is_ascending(self) -> bool:
        """Whether each is on a later frame than the one before."""
        return all(before < after for before, after in pairwise(self.frames))

    def on(self, frame: int) -> BaseLabel | None:
        """The label on a frame, if they ascend."""
        place = bisect_left(self.frames, frame)
        return self[place] if place < len(self) and self.frames[place] == frame else None

    def as_json(self) -> Iterator[bytes]:
        """The labels as one list."""
        yield b"["
        for number, chunk in enumerate(self._chunks):
            text = zlib.decompress(chunk) if isinstance(chunk, bytes) else _json(chunk)
            yield (b"," if number else b"") + text[1:-1]
        yield b"]"

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[BaseLabel]:
        for chunk in self._chunks:
            yield from _unpacked(chunk) if isinstance(chunk, bytes) else chunk

    @overload
    def __getitem__(self, place: int) -> BaseLabel: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[BaseLabel, ...]: ...

    def __getitem__(self, place: int | slice) -> BaseLabel | tuple[BaseLabel, ...]:
        if isinstance(place, slice):
            return tuple(self[number] for number in range(*place.indices(len(self))))
        number = range(len(self))[place]
        chunk = self._chunks[number // TOGETHER]
        return (_unpacked_before(chunk) if isinstance(chunk, bytes) else chunk)[number % TOGETHER]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, PackedLabels):
            alike = self.frames == other.frames and self.ids == other.ids
            return alike and (self._chunks == other._chunks or all(a == b for a, b in zip(self, other, strict=True)))
        return isinstance(other, tuple | list) and len(self) == len(other) and all(map(_same, self, other))

    def __hash__(self) -> int:
        return hash(self.ids)

    def __repr__(self) -> str:
        return repr(tuple(self))


def _same(one: object, other: object) -> bool:
    return one == other


def _json(labels: tuple[BaseLabel, ...]) -> bytes:
    return _LABELS.dump_json(labels, exclude_defaults=True)


def _packed(labels: tuple[BaseLabel, ...]) -> bytes:
    return zlib.compress(_json(labels), 1)


def _unpacked(chunk: bytes) -> tuple[BaseLabel, ...]:
    return _LABELS.validate_json(zlib.decompress(chunk))


_unpacked_before = lru_cache(maxsize=8)(_unpacked)  # what is asked for one by one is asked for in order


class _AsPacked:
    """How pydantic reads and writes labels that are packed."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        labels = handler.generate_schema(tuple[BaseLabel, ...])
        packing = core_schema.no_info_after_validator_function(PackedLabels, labels)
        return core_schema.json_or_python_schema(
            json_schema=packing,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(PackedLabels), packing]),
            serialization=core_schema.plain_serializer_function_ser_schema(tuple, return_schema=labels),
        )


LabelRow: TypeAlias = Annotated[Sequence[BaseLabel], _AsPacked()]
"""Labels, one on each frame, ascending; packed once they are read."""
