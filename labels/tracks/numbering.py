"""Which object each track is after a load: the original index, or a free one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ..attributes import LARGEST_INTEGER
from .identity import Identity
from .match import BaseTrack, Matches

FOUND = "tracks that lost their ids in CVAT and were found again"
SPLIT_OFF = "tracks that were split off others: they have new indexes"
MERGED = "tracks that were merged into others: they have the index of these"
NEW = "new tracks: they have new indexes"


@dataclass(frozen=True)
class Numbering:
    """The objects of a job's tracks.

    Args:
        identities: for each track, what says in FiftyOne which object it is. New labels get it, and labels that came to
            the track from another one; a new object has no instance yet
        counts: what happened to tracks, by reason
    """

    identities: tuple[Identity, ...]
    counts: Counter[str] = field(default_factory=Counter)


def number_tracks(matches: Matches, base: Sequence[BaseTrack], used: Collection[int]) -> Numbering:
    """Gives each track of a job its object.

    Args:
        matches: the tracks
        base: those that they were
        used: the indexes that the field has anywhere in the video, or had when both sides last agreed
    """
    free = _free_indexes({*used, *(one.identity.index or 0 for one in base)})
    tracks = matches.tracks
    identities: dict[int, Identity] = {}
    counts: Counter[str] = Counter()
    for number in sorted(range(len(tracks)), key=lambda n: (tracks[n].track.frame, tracks[n].track.id or 0)):
        one = tracks[number]
        if one.same is not None:
            identities[number] = base[one.same].identity
            counts[FOUND] += one.how != "id"
            continue
        identities[number] = Identity(next(free))
        counts[SPLIT_OFF if one.sources else NEW] += 1
    still_there = {one.same for one in tracks}
    counts[MERGED] += len({old for one in tracks if one.same is not None for old in one.others} - still_there)
    return Numbering(tuple(identities[number] for number in range(len(tracks))), +counts)


def _free_indexes(taken: Collection[int]) -> Iterator[int]:
    """Indexes that nothing has: those above all others, as long as MongoDB holds them; then the small ones."""
    above = range(max(taken, default=0) + 1, LARGEST_INTEGER + 1)
    return itertools.chain(above, (number for number in itertools.count(1) if number not in taken))
