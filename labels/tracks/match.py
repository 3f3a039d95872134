"""Which tracks in CVAT are the ones that were sent: by id, and if that is gone, by what they look like.

An id is gone when a deletion is undone, when a track is split, or when tracks are merged or joined. Then a label is on
a new track that was, on its frame, where the lost track was. Of the new tracks that are where a lost track was, the one
with most of its frames is that track; a track is one lost track only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...cvat.models import Track
from .compare import content_of
from .identity import Identity, LabelKey
from .near import Nearness

How = Literal["id", "exact", "overlap", "new"]


@dataclass(frozen=True)
class BaseTrack:
    """A track of a job when both sides last agreed.

    Args:
        track: as CVAT had it
        held: the labels that it stands for, one a frame
        identity: what says in FiftyOne which object it is
        origin: the number of the object; tracks of one origin, in this job or in others, are one object
        is_begun: whether it was new to a load that was killed: its labels are those that this had written by then, and
            may be of tracks that are lost
    """

    track: Track
    held: tuple[LabelKey, ...]
    identity: Identity
    origin: int
    is_begun: bool = False


@dataclass(frozen=True)
class TrackNow:
    """A track that CVAT has now.

    Args:
        track: the track
        how: how it was found
        same: the number of the base track that it is; ``None`` for a new object
        sources: for frames with a label, the number of the base track whose label is on this track now; where the track
            is not on the frame any more, the label was deleted there
    """

    track: Track
    how: How = "new"
    same: int | None = None
    sources: Mapping[int, int] = field(default_factory=dict)

    @property
    def others(self) -> frozenset[int]:
        """The base tracks that it has labels of, but that it is not."""
        return frozenset(self.sources.values()) - {self.same}


@dataclass(frozen=True)
class Matches:
    """What became of the tracks of a job.

    Args:
        tracks: those that CVAT has now, in their order
        gone: the base tracks' labels that are on no track any more: numbers of base tracks, and frames
    """

    tracks: tuple[TrackNow, ...]
    gone: tuple[tuple[int, int], ...]


def match_tracks(base: Sequence[BaseTrack], now: Sequence[Track], frames: range) -> Matches:
    """Finds the tracks of a job again.

    Args:
        base: when both sides last agreed
        now: as CVAT has them now, with ids
        frames: those of the job
    """
    by_id = dict(_by_id(base, now))
    begun = {number: old for number, (old, _) in by_id.items() if base[old].is_begun}
    same = {number: found for number, found in by_id.items() if number not in begun}
    fresh = [number for number in range(len(now)) if number not in same]
    lost = _rest(base, same, begun)
    same.update(_exact(base, lost, now, fresh))
    fresh = [number for number in fresh if number not in same]
    lost = _rest(base, same, begun)
    held = [[frame for frame, _ in base[number].held if frame in frames] for number in lost]
    near = Nearness([base[number].track for number in lost], held, frames)
    near.look_at([now[n] for n in fresh])
    same.update((fresh[new], (lost[old], "overlap")) for old, new in near.pairs().items())
    sources = {
        number: {frame: old for frame, _ in base[old].held} for number, (old, how) in same.items() if how != "overlap"
    }
    for old, new, frame in near.labels():
        sources.setdefault(fresh[new], {})[frame] = lost[old]
    for number, old in begun.items():  # after all others: what they are is found as that load found it
        same.setdefault(number, (old, "id"))
        sources.setdefault(number, {}).update((frame, old) for frame, _ in base[old].held)
    kept = {(old, frame) for by_frame in sources.values() for frame, old in by_frame.items()}
    tracks = [
        TrackNow(track, same[n][1], same[n][0], sources.get(n, {}))
        if n in same
        else TrackNow(track, sources=sources.get(n, {}))
        for n, track in enumerate(now)
    ]
    gone = [(n, frame) for n, one in enumerate(base) for frame, _ in one.held if (n, frame) not in kept]
    return Matches(tuple(tracks), tuple(gone))


def _by_id(base: Sequence[BaseTrack], now: Sequence[Track]) -> Iterator[tuple[int, tuple[int, How]]]:
    by_id = {one.track.id: number for number, one in enumerate(base) if one.track.id is not None}
    for number, track in enumerate(now):
        if track.id is not None and (old := by_id.pop(track.id, None)) is not None:
            yield number, (old, "id")


def _exact(
    base: Sequence[BaseTrack], lost: Sequence[int], now: Sequence[Track], fresh: Sequence[int]
) -> Iterator[tuple[int, tuple[int, How]]]:
    by_content: dict[object, list[int]] = {}
    for old in reversed(lost):
        by_content.setdefault(content_of(base[old].track), []).append(old)
    for new in fresh:
        if found := by_content.get(content_of(now[new])):
            yield new, (found.pop(), "exact")


def _rest(base: Sequence[BaseTrack], same: Mapping[int, tuple[int, How]], begun: Mapping[int, int]) -> list[int]:
    found = {*(old for old, _ in same.values()), *begun.values()}
    return [number for number in range(len(base)) if number not in found]
