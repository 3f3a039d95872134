"""Which objects tracks are that are not in the base though their labels are, as after a load that was killed."""

from collections.abc import Iterable, Mapping, Sequence

from ...labels.base import BaseLabel
from ...labels.tracks.identity import Identity
from ..runs.base import NewObject
from ..runs.outbox import TrackLabels
from .label_tracks import track_of_label, track_through
from .track_identity import INDEX, INSTANCE


def by_base_track(
    labels: Iterable[BaseLabel], known: Sequence[TrackLabels], begun: Mapping[int, NewObject]
) -> dict[int, list[BaseLabel]]:
    """Labels with objects of their own by the tracks that they are on: as these were before a load began to write.

    Args:
        labels: the labels
        known: the tracks that are in the base
        begun: the objects of tracks that got their ids since, if a load began to write their labels, by these ids
    """
    there = {item.track.id for item in known}
    found: dict[int, list[BaseLabel]] = {}
    for label in labels:
        track_id = track_of_label(label) or 0
        one = begun.get(track_id)
        if one is not None and one.same in there and track_id not in there:
            track_id = one.same or 0
        found.setdefault(track_id, []).append(label)
    return found


def lost_tracks(
    by_track: Mapping[int, Sequence[BaseLabel]], known: Sequence[TrackLabels], begun: Mapping[int, NewObject]
) -> list[TrackLabels]:
    """The tracks that labels were on and that are not in the base.

    Args:
        by_track: the labels, by the tracks' ids
        known: the tracks that are in the base
        begun: the objects of new tracks whose labels a load began to write, by the tracks' ids
    """
    there = {item.track.id for item in known}
    lost = {track_id: own for track_id, own in sorted(by_track.items()) if track_id not in there}
    return [_through(own, begun.get(track_id) or _object_of(own, track_id)) for track_id, own in lost.items()]


def _through(labels: Sequence[BaseLabel], known: NewObject) -> TrackLabels:
    return TrackLabels(
        field=labels[0].field,
        origin=known.origin,
        index=known.index,
        instance=known.instance,
        track=track_through(labels),
        labels=(),
    )


def _object_of(labels: Sequence[BaseLabel], track_id: int) -> NewObject:
    """The object of labels: they say what it was."""
    parts = labels[0].parts
    return NewObject(new_origin(track_id), parts.get(INDEX), parts.get(INSTANCE))


def new_origin(track_id: int) -> int:
    """The number of the object of a track that was drawn in CVAT: no send gives it, and no other job."""
    return -track_id


def begun_identities(begun: Mapping[int, NewObject], known: Sequence[TrackLabels]) -> dict[int, Identity]:
    """Which objects new tracks are whose labels a load began to write, by the tracks' ids, as far as none was written.

    Args:
        begun: the objects
        known: the other tracks that there were
    """
    there = {item.track.id for item in known}
    return {track_id: Identity(one.index, one.instance) for track_id, one in begun.items() if track_id not in there}
