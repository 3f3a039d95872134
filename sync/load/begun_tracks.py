"""Which objects tracks are that are not in the base though their labels are, as after a load that was killed."""

from collections.abc import Iterable, Mapping, Sequence

from ...labels.base import BaseLabel
from ...labels.tracks.identity import Identity
from ..runs.base import NewObject
from ..runs.outbox import TrackLabels
from .label_tracks import track_through
from .track_identity import INDEX, INSTANCE


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
    free = 1 + last_origin(known, begun)
    return [
        _through(own, begun.get(track_id) or _object_of(own, origin))
        for origin, (track_id, own) in enumerate(lost.items(), free)
    ]


def _through(labels: Sequence[BaseLabel], known: NewObject) -> TrackLabels:
    return TrackLabels(field=labels[0].field, **vars(known), track=track_through(labels), labels=())


def _object_of(labels: Sequence[BaseLabel], origin: int) -> NewObject:
    """The object of labels: they say what it was, but for its number, which no other one has."""
    parts = labels[0].parts
    return NewObject(origin, parts.get(INDEX), parts.get(INSTANCE))


def last_origin(known: Iterable[TrackLabels], begun: Mapping[int, NewObject]) -> int:
    """The largest number of an object; -1 if there is none."""
    return max((*(item.origin for item in known), *(one.origin for one in begun.values())), default=-1)


def begun_identities(begun: Mapping[int, NewObject], known: Sequence[TrackLabels]) -> dict[int, Identity]:
    """Which objects new tracks are whose labels a load began to write, by the tracks' ids, as far as none was written.

    Args:
        begun: the objects
        known: the other tracks that there were
    """
    there = {item.track.id for item in known}
    return {track_id: Identity(one.index, one.instance) for track_id, one in begun.items() if track_id not in there}
