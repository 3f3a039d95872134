"""Labels as they are drawn now, and the objects that they, and the tracks of their field, are."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from ...cvat import Shape
from ...labels.base import BaseLabel
from ...labels.encode import Encoded
from ...labels.shapes import Size
from ...labels.tracks.identity import FrameLabel, Identity
from ...labels.tracks.send import alone
from ..load.track_identity import INDEX, INSTANCE
from ..runs.outbox import TrackLabels
from .local_changes import Candidate
from .track_changes import TrackChange

NO_SIZE = Size(1, 1)
"""Of a track, which stands for its labels only as to which object they are."""


@dataclass
class DrawnLabel:
    """A label as it is drawn now.

    Args:
        label: as it is in the base then
        own: as it is in FiftyOne
        encoded: what was made of it
        from_: the track that it leaves
        told: whether an earlier job counts what becomes of it
    """

    label: BaseLabel
    own: FrameLabel
    encoded: Encoded
    from_: TrackChange | None = None
    told: bool = False

    @property
    def shape(self) -> Shape | None:
        """What it is on a track; ``None`` if it can't be on one."""
        return alone(self.encoded)

    @property
    def kind(self) -> tuple[int, str] | None:
        """What a track has to be of, to have it."""
        return (self.shape.label_id, self.shape.type) if self.shape else None


class Objects:
    """Which objects the tracks of a field, and labels that are on none of them, are.

    Args:
        tracks: the tracks
        free: the labels
        numbers: the objects of the tracks, and then of the labels; ``None`` for labels that are of none
    """

    def __init__(
        self, tracks: Sequence[TrackChange], free: Sequence[DrawnLabel], numbers: Sequence[int | None]
    ) -> None:
        self.homes: dict[tuple[object, object], list[TrackChange]] = {}
        self._home_of: dict[int, list[TrackChange]] = {}
        self.origins: dict[int | None, int] = {}
        for change, number in zip(tracks, numbers, strict=False):
            home = self._home_of[id(change)] = self.homes.setdefault((number, change.kind), [])
            home.append(change)
            self.origins.setdefault(number, change.entry.origin)
        self._numbers = {item.own.key: n for item, n in zip(free, numbers[len(tracks) :], strict=True)}
        self._leaving: dict[int, list[DrawnLabel]] = {}
        for item in free:
            self._leaving.setdefault(id(item.from_), []).append(item)

    def turn(self, change: TrackChange, there: list[TrackChange]) -> None:
        """A track is of another object, or class, from now on: a home of that, and none of what it was."""
        before = self._home_of.get(id(change), [])
        before[:] = [one for one in before if one is not change]
        there.append(change)
        self._home_of[id(change)] = there

    def number_of(self, item: DrawnLabel) -> int | None:
        """The object of a label."""
        return self._numbers[item.own.key]

    def leaving(self, item: DrawnLabel) -> list[DrawnLabel]:
        """The labels that leave the same track."""
        return self._leaving[id(item.from_)]

    def is_whole(self, item: DrawnLabel) -> bool:
        """Whether the labels that leave the same track can be one track."""
        return len({(self.number_of(one), one.kind) for one in self.leaving(item)}) == 1


def origin_by(identity: Identity) -> int:
    """The number of an object that got its first track here: the same in each job, and none that a send gives."""
    return 2**32 + zlib.crc32(repr(identity).encode())


def as_written(candidate: Candidate, made: Encoded) -> BaseLabel:
    """A label as it is in the base once it is written."""
    base, local = candidate.base, candidate.local or {}
    before = base.parts if base else {}
    identity = {name: local[name] for name in (INDEX, INSTANCE) if name in before and name in local}
    parts = {**before, **identity, **made.parts}
    return candidate.label.model_copy(update={"parts": parts, "objects": made.objects, "wrote": ()})


def of_track(entry: TrackLabels) -> FrameLabel:
    """A track as a label that is of its object."""
    identity = entry.identity
    instance = None if identity.instance is None else {"_id": identity.instance}
    return FrameLabel(-1, str(entry.track.id), {"index": identity.index, "instance": instance}, NO_SIZE)
