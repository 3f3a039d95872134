"""What a job's tracks in CVAT mean for the labels on its frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...cvat.models import Shape, Track
from .compare import FrameChange, compare
from .identity import Identity, LabelKey
from .interpolate import Interpolated, interpolate
from .match import BaseTrack, Matches, TrackNow, match_tracks
from .moved import SizeOf
from .numbering import Numbering, number_tracks
from .shared import OtherTrack
from .stored import Oddity


@dataclass(frozen=True, slots=True)
class EditedLabel:
    """A label whose track is not on its frame what it was.

    Args:
        key: the label
        track: the number of its track now
        change: what changed
    """

    key: LabelKey
    track: int
    change: FrameChange


@dataclass(frozen=True)
class NewFrame:
    """A frame on which a track is without standing for a label.

    Args:
        frame: its number
        track: the number of the track
        shape: what the track is there
        keyframe: whether it is a keyframe
    """

    frame: int
    track: int
    shape: Shape
    keyframe: bool


@dataclass(frozen=True)
class LoadedTracks:
    """What changed in a job. Labels that are in none of the lists keep every bit.

    Args:
        matches: which tracks are which
        numbering: which objects they are
        edited: labels whose track changed on their frame
        deleted: labels whose object is not on their frame any more
        moved: labels that are on a track of another object now, with the number of the track
        new: labels that came
        odd: what of a track could not be read: the number of the track, the frame, and why
    """

    matches: Matches
    numbering: Numbering
    edited: tuple[EditedLabel, ...] = ()
    deleted: tuple[LabelKey, ...] = ()
    moved: tuple[tuple[LabelKey, int], ...] = ()
    new: tuple[NewFrame, ...] = ()
    odd: tuple[tuple[int, Oddity], ...] = ()


def load_tracks(
    base: Sequence[BaseTrack],
    now: Sequence[Track],
    frames: range,
    size_of: SizeOf,
    used: Collection[int] = (),
    removed: Collection[int] = (),
    facts: Collection[str] = (),
    defaults: Mapping[int, str] | None = None,
    others: Sequence[OtherTrack] = (),
    settled: Mapping[int, Identity] | None = None,
) -> LoadedTracks:
    """Compares the tracks of a job with what they were when both sides last agreed.

    Args:
        base: what they were
        now: what CVAT has now
        frames: those of the job
        size_of: the size of each
        used: the indexes that the field has anywhere in the video, or had when both sides last agreed
        removed: frames that were removed in CVAT: nothing on them counts as changed
        facts: what of :data:`.compare.FACTS` is kept in attributes
        defaults: texts of attributes that CVAT got since, by the ids of their specs
        others, settled: what other jobs say of objects; see :func:`.numbering.number_tracks`
    """
    matches = match_tracks(base, now, frames)
    keys = [dict(one.held) for one in base]
    reading = _Reading(base, frames, size_of, facts, defaults)
    deleted: list[LabelKey] = [(f, keys[n][f]) for n, f in matches.gone if f not in removed]
    edited: list[EditedLabel] = []
    new: list[NewFrame] = []
    moved: list[tuple[LabelKey, int]] = []
    odd: list[tuple[int, Oddity]] = []
    for number, one in enumerate(matches.tracks):
        found = interpolate(one.track, frames)
        odd += [(number, oddity) for oddity in found.odd]
        if found.odd and not found.frames and not found.ends:
            continue  # what can't be read says nothing about its labels
        for source, change in reading.changes(one, found, removed):
            key = change.frame, keys[source][change.frame]
            if change.items[1] is None:
                deleted.append(key)
            else:
                edited.append(EditedLabel(key, number, change))
        here = found.frames.keys() - set(removed)
        elsewhere = [(f, owner) for f, owner in one.sources.items() if owner != one.same and f in here]
        moved += [((f, keys[owner][f]), number) for f, owner in elsewhere]
        fresh = [(f, shape) for f in here - one.sources.keys() if (shape := found.shape(f))]
        new += [NewFrame(f, number, shape, f in found.keyframes) for f, shape in fresh]
    new.sort(key=lambda label: (label.frame, label.track))
    numbering = number_tracks(matches, base, used, others, settled, drawn={label.track for label in new})
    return LoadedTracks(matches, numbering, tuple(edited), tuple(deleted), tuple(moved), tuple(new), tuple(odd))


class _Reading:
    """Compares tracks with base tracks, each of which is interpolated once."""

    def __init__(
        self,
        base: Sequence[BaseTrack],
        frames: range,
        size_of: SizeOf,
        facts: Collection[str],
        defaults: Mapping[int, str] | None,
    ) -> None:
        self._base, self._frames, self._size_of = base, frames, size_of
        self._facts, self._defaults = facts, defaults
        self._then: dict[int, Interpolated] = {}

    def changes(
        self, one: TrackNow, found: Interpolated, removed: Collection[int]
    ) -> Iterator[tuple[int, FrameChange]]:
        """What changed of the labels of a track: the number of the base track that had each, and the change."""
        for source in sorted(set(one.sources.values())):
            if source not in self._then:
                self._then[source] = interpolate(self._base[source].track, self._frames)
            frames = [f for f, owner in one.sources.items() if owner == source and f not in removed]
            then = self._then[source]
            for change in compare(then, found, frames, self._size_of, self._facts, self._defaults).values():
                yield source, change
