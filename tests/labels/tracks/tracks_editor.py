"""What an annotator does to a track in CVAT's editor, as the editor stores it (recorded in 18c and 26)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import AttributeValue, Track, TrackedShape
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from hypothesis import strategies as st
from tracks_strategies import MUTABLE

FRAMES = range(40)


def at(track: Track, frame: int, **changes: Any) -> TrackedShape:
    """The keyframe that the editor makes of what it shows on a frame. That of a frame that is one keeps its id."""
    found = {shape.frame: shape for shape in track.shapes}.get(frame)
    if found is None:
        ended = track.model_copy(
            update={"shapes": tuple(s.model_copy(update={"outside": False}) for s in track.shapes)}
        )
        item = interpolate(ended, range(frame, frame + 1)).frames[frame]
        values = {"id": None, "frame": frame, "points": item.points, "rotation": item.rotation, "attributes": ()}
        found = item.keyframe.model_copy(update=values)
    return found.model_copy(update=changes)


def with_keyframe(track: Track, keyframe: TrackedShape) -> Track:
    """A track with one keyframe more, or with another one on its frame."""
    shapes = {shape.frame: shape for shape in track.shapes}
    shapes[keyframe.frame] = keyframe
    first = min(shapes)
    return track.model_copy(update={"frame": first, "shapes": tuple(shapes[frame] for frame in sorted(shapes))})


def move(track: Track, frame: int, by: Mapping[int, float], noise: float = 0.0) -> Track:
    """Moves some numbers of what is on a frame; the editor moves the others by what it loses."""
    points = at(track, frame).points
    moved = tuple(value + by.get(n, noise) for n, value in enumerate(points))
    return with_keyframe(track, at(track, frame, points=moved))


def turn(track: Track, frame: int, degrees: float) -> Track:
    return with_keyframe(track, at(track, frame, rotation=(at(track, frame).rotation + degrees) % 360.0))


def hide(track: Track, frame: int, outside: bool = True) -> Track:
    """Switches outside on a frame."""
    return with_keyframe(track, at(track, frame, outside=outside))


def occlude(track: Track, frame: int) -> Track:
    return with_keyframe(track, at(track, frame, occluded=not at(track, frame).occluded))


def write(track: Track, frame: int, spec: int, text: str) -> Track:
    """Gives an attribute a text from a frame on."""
    return with_keyframe(track, at(track, frame, attributes=(AttributeValue(spec_id=spec, value=text),)))


def pin(track: Track, frame: int, noise: float = 0.0) -> Track:
    """Makes a frame a keyframe without changing anything, but for what the editor loses."""
    return track if any(shape.frame == frame for shape in track.shapes) else move(track, frame, {}, noise)


def unpin(track: Track, frame: int) -> Track:
    """Removes a keyframe, unless it is the only one."""
    shapes = tuple(shape for shape in track.shapes if shape.frame != frame)
    return track.model_copy(update={"shapes": shapes, "frame": shapes[0].frame}) if shapes else track


def without_ids(track: Track) -> Track:
    """A track as the editor creates it anew."""
    return track.model_copy(
        update={"id": None, "shapes": tuple(shape.model_copy(update={"id": None}) for shape in track.shapes)}
    )


def split(track: Track, frame: int) -> tuple[Track, Track]:
    """Cuts a track in two, the second one beginning on a frame."""
    texts: dict[int, AttributeValue] = {}
    for shape in track.shapes:
        texts.update((value.spec_id, value) for value in shape.attributes if shape.frame <= frame)
    cut = at(track, frame, attributes=tuple(texts.values()))
    first = [shape for shape in track.shapes if shape.frame < frame]
    second = [cut, *(shape for shape in track.shapes if shape.frame > frame)]
    ended = [*first, cut.model_copy(update={"outside": True, "attributes": ()})]
    return (
        without_ids(track.model_copy(update={"shapes": tuple(ended)})),
        without_ids(track.model_copy(update={"frame": frame, "shapes": tuple(second)})),
    )


def merge(one: Track, other: Track) -> Track:
    """Joins the keyframes of two tracks, the second of which begins later; what ends the first one there is dropped."""
    start = other.shapes[0].frame
    kept = [shape for shape in one.shapes if shape.frame < start]
    return without_ids(one.model_copy(update={"shapes": (*kept, *other.shapes)}))


@st.composite
def edits(draw: st.DrawFn, track: Track) -> Callable[[Track, float], Track]:
    """An action of a person on a track: a function of it, and of what the editor loses."""
    keyframes = [shape.frame for shape in track.shapes]
    frame = draw(st.integers(keyframes[0], min(keyframes[-1] + 3, FRAMES[-1])))
    numbers = len(track.shapes[0].points)
    by = draw(st.dictionaries(st.integers(0, max(numbers - 1, 0)), st.sampled_from([-30.0, -1.0, 2.5]), min_size=1))
    keyframe, outside = draw(st.sampled_from(keyframes)), draw(st.booleans())
    text, degrees = draw(st.sampled_from("abz")), draw(st.sampled_from([1.0, 90.0, 200.0]))
    return draw(
        st.sampled_from(
            [
                lambda one, loss: move(one, frame, by, loss),
                lambda one, loss: pin(one, frame, loss),
                lambda one, loss: unpin(one, keyframe),
                lambda one, loss: hide(one, frame, outside),
                lambda one, loss: write(one, frame, MUTABLE, text),
                lambda one, loss: occlude(one, frame),
                lambda one, loss: turn(one, frame, degrees),
                lambda one, loss: one.model_copy(update={"label_id": 2}),
            ]
        )
    )
