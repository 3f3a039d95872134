"""Labels that are on tracks: which track, and how they are kept in the base."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from ...cvat import Shape
from ...cvat.models import Track, TrackedShape
from ...labels.base import BaseLabel, LabelKey
from ...labels.objects import Object
from ...labels.tracks.keyframes import keyframe_of
from ..runs.outbox import TrackLabels
from ..runs.packed_labels import PackedLabels

Present = Mapping[tuple[int, int], Shape]
"""What tracks are now, by their id and frame."""


def track_of_label(label: BaseLabel) -> int | None:
    """The track that a label with objects of its own is on; ``None`` for other labels."""
    first = label.objects[0] if len(label.objects) == 1 else None
    return first.track if isinstance(first, Shape) else None


def on_track(label: BaseLabel, track_id: int | None) -> BaseLabel:
    """A label that is on a track, as one that is on another one."""
    objects = tuple(item.model_copy(update={"track": track_id}) for item in label.objects)
    return label.model_copy(update={"objects": objects})


def track_through(labels: Sequence[BaseLabel]) -> Track:
    """A track that is what labels of one track were: each is a keyframe, and it is nowhere else."""
    shapes = {label.frame: item for label in labels if isinstance(item := label.objects[0], Shape)}
    first = shapes[min(shapes)]
    keyframes: list[TrackedShape] = []
    for frame, shape in sorted(shapes.items()):
        keyframes.append(keyframe_of(shape, frame, shape.attributes))
        if frame + 1 not in shapes:
            keyframes.append(keyframe_of(shape, frame + 1, (), outside=True))
    elements = tuple(_element(shapes, item.label_id) for item in first.elements)
    return Track(
        id=first.track,
        frame=min(shapes),
        label_id=first.label_id,
        group=first.group,
        shapes=tuple(keyframes),
        elements=elements,
    )


def _element(shapes: Mapping[int, Shape], label_id: int) -> Track:
    own = {frame: item for frame, shape in shapes.items() for item in shape.elements if item.label_id == label_id}
    keyframes = tuple(keyframe_of(item, frame, (), item.outside) for frame, item in sorted(own.items()))
    return Track(frame=min(own), label_id=label_id, shapes=keyframes)


def on_tracks(objects: Iterable[Object]) -> dict[tuple[int, int], Shape]:
    """Those of some objects that are what tracks are on a frame, by the track's id and the frame."""
    return {(i.track, i.frame): i for i in objects if isinstance(i, Shape) and i.track is not None}


def told_apart(
    labels: Iterable[BaseLabel],
    track_ids: Collection[int | None],
    present: Present,
    open_: Collection[LabelKey] = (),
) -> tuple[list[BaseLabel], dict[int, list[BaseLabel]]]:
    """Labels that are not what a track is now, and those that are, by the id of their track.

    Args:
        labels: labels after a load, but for those that are in tracks already
        track_ids: the tracks that there are
        present: what they are where a label was edited, or came
        open_: labels of open conflicts: these are looked at again by themselves
    """
    apart: list[BaseLabel] = []
    joined: dict[int, list[BaseLabel]] = {}
    for label in labels:
        track_id = track_of_label(label)
        there = track_id is not None and track_id in track_ids and label.key not in open_
        if there and track_id is not None and present.get((track_id, label.frame)) == label.objects[0]:
            joined.setdefault(track_id, []).append(label.model_copy(update={"objects": ()}))
        else:
            apart.append(label)
    return apart, joined


def nest(tracks: Sequence[TrackLabels], joined: Mapping[int, Iterable[BaseLabel]]) -> tuple[TrackLabels, ...]:
    """Tracks with the labels that joined them, see :func:`told_apart`."""
    return tuple(_with_labels(item, joined.get(item.track.id or 0, ())) for item in tracks)


def _with_labels(item: TrackLabels, labels: Iterable[BaseLabel]) -> TrackLabels:
    new = {label.frame: label for label in labels}
    if not new:
        return item
    own = {label.frame: label for label in item.labels} | new
    together = PackedLabels(label for _, label in sorted(own.items()))
    return item.model_copy(update={"labels": together, "field": together.fields[0]})


def without(tracks: Sequence[TrackLabels], gone: Collection[LabelKey]) -> tuple[TrackLabels, ...]:
    """Tracks without some of their labels."""
    if not gone:
        return tuple(tracks)
    return tuple(
        item.model_copy(update={"labels": PackedLabels(own for own in item.labels if own.key not in gone)})
        if any(own.key in gone for own in item.labels)
        else item
        for item in tracks
    )
