"""A CVAT track with other shapes on some frames; on all others it is what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from ...cvat.models import Shape, Track
from .interpolate import Interpolated, interpolate
from .keyframes import Specs, track_of, wrong_frames

OUTSIDE_JOB = "of tracks in CVAT that have keyframes outside of their job"
ODD = "of tracks in CVAT that make no sense"


def why_not(track: Track, then: Interpolated, span: range) -> str:
    """Why a track can't be written again without loss; empty if it can.

    Args:
        track: as CVAT has it
        then: what it is on the frames of its job
        span: these frames
    """
    if then.odd:
        return f"{ODD}: {then.odd[0].reason}"
    keyframes = (shape for part in (track, *track.elements) for shape in part.shapes)
    return "" if all(shape.frame in span for shape in keyframes) else OUTSIDE_JOB


def edit_track(
    track: Track,
    changes: Mapping[int, Shape | None],
    span: range,
    tolerance: float,
    specs: Specs,
    forced: Collection[int] = (),
    facts: Collection[str] = (),
) -> Track | None:
    """A track that is something else on some frames. It keeps its id, and its keyframes theirs.

    On the other frames it is what it was, to the billionth of a pixel: its keyframes there stay, and the frames beside
    the changed ones become keyframes. On the changed ones it has the fewest keyframes.

    Args:
        track: as CVAT has it; it can be edited, see :func:`why_not`
        changes: what it is to be on frames of its job; ``None`` where it is not to be. All shapes that are left are of
            one type and class
        span: the frames of its job
        tolerance: how many pixels CVAT may show changed coordinates off between keyframes
        specs: the attributes that may change along a track, and those that need no keyframes
        forced: changed frames that have to be keyframes
        facts: what of group and source labels say; of all others the track keeps it

    Returns:
        ``None`` if it is nowhere then
    """
    then = interpolate(track, span)
    fixed = {f: shape for f in sorted(then.frames.keys() - changes.keys()) if (shape := then.shape(f))}
    shapes = {**fixed, **{frame: shape for frame, shape in changes.items() if shape is not None}}
    if not shapes:
        return None
    shapes = dict(sorted(shapes.items()))
    pinned = {*forced, *_pins(track, fixed, changes, span)}
    while True:
        made = track_of(shapes, span[-1], tolerance, pinned, *specs)
        wrong = wrong_frames(interpolate(made, span), fixed, 0.0) - pinned
        if not wrong:
            return _in_place(made, track, {fact: _usual(shapes, fact) for fact in facts if fact in ("group", "source")})
        pinned |= wrong


def _pins(track: Track, fixed: Collection[int], changes: Collection[int], span: range) -> Iterator[int]:
    """Frames that do not change and have to be keyframes, so that nothing between them changes, either."""
    keyframes = {shape.frame for part in (track, *track.elements) for shape in part.shapes}
    for frame in fixed:
        is_last = frame + 1 in span and frame + 1 not in fixed
        if frame in keyframes or is_last or frame - 1 in changes or frame + 1 in changes:
            yield frame


def _usual(shapes: Mapping[int, Shape], fact: str) -> object:
    return Counter(getattr(shape, fact) for shape in shapes.values()).most_common(1)[0][0]


def _in_place(made: Track, old: Track, facts: Mapping[str, object]) -> Track:
    """A track with the ids of another one."""
    ids = {shape.frame: shape.id for shape in old.shapes}
    parts = {part.label_id: part for part in old.elements}
    return made.model_copy(
        update={
            "id": old.id,
            "group": old.group,
            "source": old.source,
            **facts,
            "shapes": tuple(shape.model_copy(update={"id": ids.get(shape.frame)}) for shape in made.shapes),
            "elements": tuple(
                _in_place(part, parts[part.label_id], {}) if part.label_id in parts else part for part in made.elements
            ),
        }
    )
