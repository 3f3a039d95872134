"""Which frames of a track changed since it was sent, and how.

What counts is whether CVAT's interpolation at a frame changed: so the edit of a keyframe changes the frames up to its
neighbours and no others, and a frame that CVAT only shows slightly off from its label has not changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ...cvat.models import AttributeValue, Shape, Track
from .interpolate import FrameShape, Interpolated, shape_of
from .moved import Moved, SizeOf, find_moved

FACTS = ("occluded", "z_order", "group")
"""What CVAT knows of an object on a frame, and people edit. ``source`` is of the whole track and changes by itself."""


@dataclass(frozen=True, slots=True)
class FrameChange:
    """What changed on a frame. There may be very many: the shapes are made when they are asked for.

    Args:
        frame: its number
        tracks: the track when both sides last agreed, and in CVAT now
        items: what they are on the frame; ``None`` where they are not there. Numbers that nobody moved are those of
            then, to the last bit
        label: whether its class changed
        geometry: whether it was moved
        attributes: the ids of the specs whose texts changed
        facts: what else of :data:`FACTS` did
    """

    frame: int
    tracks: tuple[Track, Track]
    items: tuple[FrameShape | None, FrameShape | None]
    label: bool = False
    geometry: bool = False
    attributes: frozenset[int] = frozenset()
    facts: frozenset[str] = frozenset()

    @property
    def exists(self) -> bool:
        """Whether the object came to the frame, or went from it."""
        return None in self.items

    @property
    def then(self) -> Shape | None:
        """What the track was when both sides last agreed; ``None`` if it was not there."""
        return self._shape(0)

    @property
    def now(self) -> Shape | None:
        """What it is in CVAT now; ``None`` if it is not there."""
        return self._shape(1)

    def _shape(self, side: int) -> Shape | None:
        item = self.items[side]
        return None if item is None else shape_of(self.tracks[side], self.frame, item)


def compare(
    then: Interpolated,
    now: Interpolated,
    frames: Collection[int],
    size_of: SizeOf,
    facts: Collection[str] = (),
    defaults: Mapping[int, str] | None = None,
) -> dict[int, FrameChange]:
    """The frames on which a track is not what it was.

    Args:
        then: the track when both sides last agreed
        now: the track in CVAT now
        frames: the frames to look at
        size_of: the size of each
        facts: those of :data:`FACTS` that matter; the hidden points of a skeleton always do
        defaults: texts of attributes that CVAT got since, by the ids of their specs: no edits

    Returns:
        the changes by frame, ascending
    """
    if same_track(then.track, now.track):
        return {}
    asked = set(frames)
    both = sorted(asked & then.frames.keys() & now.frames.keys())
    moved = find_moved(then, now, both, size_of)
    states = _States(then.track, now.track, facts, defaults or {})
    tracks = then.track, now.track
    found: dict[int, FrameChange] = {}
    for frame in both:
        before, after = then.frames[frame], now.frames[frame]
        label, attributes, other = states.changes(before, after)
        geometry = moved.get(frame)
        if label or attributes or other or geometry:
            after = (geometry or Moved()).applied(before, after)
            found[frame] = FrameChange(frame, tracks, (before, after), label, geometry is not None, attributes, other)
    for frame in asked & then.frames.keys() - now.frames.keys():
        found[frame] = FrameChange(frame, tracks, (then.frames[frame], None))
    for frame in asked & now.frames.keys() - then.frames.keys():
        found[frame] = FrameChange(frame, tracks, (None, now.frames[frame]))
    return dict(sorted(found.items()))


class _States:
    """What of a track holds from keyframe to keyframe: compared once for each two keyframes that meet."""

    def __init__(self, then: Track, now: Track, facts: Collection[str], defaults: Mapping[int, str]) -> None:
        self._then, self._now = then, now
        self._facts = [fact for fact in FACTS if fact in facts]
        self._defaults = defaults
        self._seen: dict[tuple[int, int], tuple[bool, frozenset[int], frozenset[str]]] = {}

    def changes(self, then: FrameShape, now: FrameShape) -> tuple[bool, frozenset[int], frozenset[str]]:
        """Whether the class changed, which attributes did, and what else."""
        key = then.keyframe.frame, now.keyframe.frame
        if key not in self._seen:
            old, new = _texts(self._then, then), _texts(self._now, now)
            attributes = {
                spec for spec in old.keys() | new.keys() if old.get(spec, self._defaults.get(spec)) != new.get(spec)
            }
            other = {
                fact for fact in self._facts if self._fact(self._then, then, fact) != self._fact(self._now, now, fact)
            }
            label = self._then.label_id != self._now.label_id
            self._seen[key] = label, frozenset(attributes), frozenset(other)
        return self._seen[key]

    @staticmethod
    def _fact(track: Track, item: FrameShape, fact: str) -> object:
        return (track.group or 0) if fact == "group" else getattr(item.keyframe, fact)


def _texts(track: Track, item: FrameShape) -> dict[int, str]:
    return {value.spec_id: value.value for value in (*track.attributes, *item.attributes)}


def same_track(then: Track, now: Track) -> bool:
    """Whether a track is stored as it was, but for ids, its source, and the order of what has no order."""
    return then is now or content_of(then) == content_of(now)


def content_of(track: Track) -> tuple[object, ...]:
    """What is the same for tracks that are stored as the same, whatever their ids are. Hashable."""
    return (
        track.label_id,
        track.frame,
        track.group or 0,
        _sorted_texts(track.attributes),
        tuple(
            (s.frame, s.type, s.points, s.rotation, s.occluded, s.outside, s.z_order, _sorted_texts(s.attributes))
            for s in sorted(track.shapes, key=lambda shape: shape.frame)
        ),
        tuple(content_of(element) for element in sorted(track.elements, key=lambda element: element.label_id)),
    )


def _sorted_texts(values: Collection[AttributeValue]) -> tuple[tuple[int, str], ...]:
    return tuple(sorted((value.spec_id, value.value) for value in values))
