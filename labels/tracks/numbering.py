"""Which object each track is after a load: the original index, or a free one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..attributes import LARGEST_INTEGER
from .identity import Identity
from .match import BaseTrack, Matches
from .shared import OtherTrack, find_shared

FOUND = "Tracks that lost their ids in CVAT and were found again"
SPLIT_OFF = "Tracks that were split off others, with new indexes"
MERGED = "Tracks that were merged into others, and have the index of these"
NEW = "New tracks, with new indexes"
SHARED = "Tracks that are drawn in two jobs that share frames, and are one object"
RENUMBERED = (
    "Tracks that have another index, as a job between shows that they are one object with others, or as their class is "
    "of another field now, in which another object has theirs"
)


@dataclass(frozen=True)
class Numbering:
    """The objects of a job's tracks.

    Args:
        identities: for each track, what says in FiftyOne which object it is. New labels get it, and labels that came to
            the track from another one; a new object has no instance yet
        counts: what happened to tracks, by reason
        shared: tracks of other jobs that new tracks are, too, by the number of the new one
        renumbered: the numbers of tracks that are another object than they were
    """

    identities: tuple[Identity, ...]
    counts: Counter[str] = field(default_factory=Counter)
    shared: Mapping[int, Sequence[OtherTrack]] = field(default_factory=dict)
    renumbered: frozenset[int] = frozenset()


def number_tracks(
    matches: Matches,
    base: Sequence[BaseTrack],
    used: Collection[int],
    others: Sequence[OtherTrack] = (),
    settled: Mapping[int, Identity] | None = None,
    *,
    drawn: Collection[int],
) -> Numbering:
    """Gives each track of a job its object.

    Args:
        matches: the tracks
        base: those that they were
        used: the indexes that the field has anywhere in the video, or had when both sides last agreed
        others: tracks of jobs that share frames with this one, but which it did not have; the first that a new track is
            says which object that is
        settled: the objects of some tracks, by their ids: what they were known as turned out to be another object
        drawn: the numbers of the tracks that give new labels; a new one that gives none is not spoken of
    """
    fresh = [number for number, one in enumerate(matches.tracks) if one.same is None]
    shared = find_shared([matches.tracks[number].track for number in fresh], others) if others else {}
    shared = {fresh[number]: there for number, there in shared.items()}
    settled = settled or {}
    renumbered: set[int] = set()
    free = free_indexes({*used, *(one.identity.index or 0 for one in base)})
    tracks = matches.tracks
    identities: dict[int, Identity] = {}
    counts: Counter[str] = Counter()
    for number in sorted(range(len(tracks)), key=lambda n: (tracks[n].track.frame, tracks[n].track.id or 0)):
        one = tracks[number]
        if one.same is not None:
            was = base[one.same].identity
            identities[number] = settled.get(one.track.id or 0, was)
            renumbered.update([number] if identities[number] != was else [])
            counts[FOUND] += one.how != "id"
            continue
        if number in shared:
            identities[number] = settled.get(one.track.id or 0, shared[number][0].identity)
            counts[SHARED] += 1
            continue
        identities[number] = settled.get(one.track.id or 0) or Identity(next(free))
        counts[SPLIT_OFF if one.sources else NEW] += bool(one.sources) or number in drawn
    still_there = {one.same for one in tracks}
    counts[MERGED] += len({old for one in tracks if one.same is not None for old in one.others} - still_there)
    counts[RENUMBERED] += len(renumbered)
    found = tuple(identities[number] for number in range(len(tracks)))
    return Numbering(found, +counts, shared, frozenset(renumbered))


def free_indexes(taken: Collection[int]) -> Iterator[int]:
    """Indexes that nothing has: those above all others, as long as MongoDB holds them; then the small ones."""
    above = range(max(taken, default=0) + 1, LARGEST_INTEGER + 1)
    return itertools.chain(above, (number for number in itertools.count(1) if number not in taken))
