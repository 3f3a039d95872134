"""Which tracks of two jobs that share frames are one object: decided as CVAT does for its view of a task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...cvat.models import Track
from ..likeness import LEAST_OVERLAP
from .identity import Identity
from .near import MOST_BOXES, boxes_of, overlap_of


@dataclass(frozen=True)
class OtherTrack:
    """A track of another job.

    Args:
        job_id: the job
        track: the track
        identity: what says in FiftyOne which object it is
        frames: those that both jobs have
        origin: the number of the object
    """

    job_id: int
    track: Track
    identity: Identity
    frames: range
    origin: int = 0


def find_shared(tracks: Sequence[Track], others: Iterable[OtherTrack]) -> dict[int, list[OtherTrack]]:
    """Finds tracks of a job among those of the jobs that share frames with it.

    Two are one object if they have the same class and overlap by half or more, on average over the frames that both
    jobs have and at least one of them is on: that is how CVAT decides. Of each job a track is one other track only, and
    the pair that overlaps most goes first.

    Args:
        tracks: those of the job
        others: those of the other jobs

    Returns:
        the other tracks that each is, by its number
    """
    by_job: dict[tuple[int, range], list[OtherTrack]] = {}
    for other in others:
        by_job.setdefault((other.job_id, other.frames), []).append(other)
    found: dict[int, list[OtherTrack]] = {}
    for (_, frames), there in by_job.items():
        for here, number in _pairs(tracks, [one.track for one in there], frames):
            found.setdefault(here, []).append(there[number])
    return found


def _pairs(here: Sequence[Track], there: Sequence[Track], frames: range) -> list[tuple[int, int]]:
    """The pairs of tracks that are one object, by their numbers."""
    if not here or not there:
        return []
    every = 1 + len(here) * len(there) * len(frames) // MOST_BOXES
    boxes = np.stack([boxes_of(track, frames, None)[::every] for track in here])
    scores: list[tuple[float, int, int]] = []
    for number, track in enumerate(there):
        box = boxes_of(track, frames, None)[::every]
        either = (~np.isnan(boxes[..., 0]) | ~np.isnan(box[:, 0])).sum(axis=1)
        shares = overlap_of(box, boxes).sum(axis=1) / np.maximum(either, 1)
        near = np.flatnonzero(shares >= LEAST_OVERLAP).tolist()
        scores += [(-float(shares[n]), n, number) for n in near if here[n].label_id == track.label_id]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, one, other in sorted(scores):
        if one not in pairs and other not in taken:
            pairs[one] = other
            taken.add(other)
    return list(pairs.items())
