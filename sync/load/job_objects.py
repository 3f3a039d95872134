"""What a job has, object by object: its tags, its shapes, and its tracks on each frame."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from ...cvat import Annotations, Shape, Tag
from ...cvat.models import Track
from ...labels.objects import Key, Object, key_of
from ...labels.tracks.interpolate import Interpolated, interpolate, shape_of

NO_ID = "CVAT gave it no id"
ID_TWICE = "CVAT gave its id twice"

MOST_TRACK_FRAMES = 500_000
"""So many frames of tracks are labels of a job; an annotator could make any number with few clicks."""


@dataclass(frozen=True)
class LeftObject:
    """An object that stays in CVAT alone, and why.

    Args:
        reason: why
        type: what it is there
        label_id: its class there
        frame: where
    """

    reason: str
    type: str
    label_id: int
    frame: int

    @classmethod
    def of(cls, item: Object, reason: str) -> "LeftObject":
        return cls(reason, type_of(item), item.label_id, item.frame)


@dataclass
class JobObjects:
    """What a job has.

    Args:
        found: its objects, by identity
        left: those that can't be labels, whatever they are
        odd: what of its tracks makes no sense, beside objects that were left
    """

    found: dict[Key, Object] = field(default_factory=dict)
    left: list[LeftObject] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many objects a job has."""
        return len(self.found) + len(self.left)


def type_of(item: Object) -> str:
    """What an object is in CVAT."""
    if not isinstance(item, Shape):
        return "tag"
    return item.type if item.track is None else f"track of type {item.type}"


def without_own_id(annotations: Annotations) -> int:
    """How many objects of a job can't be told apart, as CVAT gave them no id, or that of another one."""
    kinds: tuple[Sequence[Tag | Shape | Track], ...] = (annotations.tags, annotations.shapes, annotations.tracks)
    return sum(len(items) - len({item.id for item in items} - {None}) for items in kinds)


def list_objects(annotations: Annotations, frames: range) -> JobObjects:
    """Lists what a job has.

    Args:
        annotations: what CVAT gave
        frames: of the job
    """
    job = JobObjects()
    room = MOST_TRACK_FRAMES
    for item in _single_objects(annotations):
        _keep(job, item)
    for track in sorted(annotations.tracks, key=lambda track: track.id or 0):
        there = interpolate(track, frames) if room > 0 else Interpolated(track)
        room -= len(there.frames)
        if room < 0:
            reason = f"the tracks of a job are labels on {MOST_TRACK_FRAMES:,} frames at most"
            job.left.append(LeftObject(reason, "track", track.label_id, track.frame))
        else:
            _add_track(job, there, frames)
    return job


def _single_objects(annotations: Annotations) -> Iterator[Object]:
    yield from annotations.tags
    for shape in annotations.shapes:
        yield shape if shape.track is None else shape.model_copy(update={"track": None})


def _keep(job: JobObjects, item: Object) -> None:
    if item.id is None and key_of_track(item) is None:
        job.left.append(LeftObject.of(item, NO_ID))
    elif (key := key_of(item)) in job.found:
        job.left.append(LeftObject.of(item, ID_TWICE))
    else:
        job.found[key] = item


def key_of_track(item: Object) -> int | None:
    """The track that an object is of, if it is of one."""
    return item.track if isinstance(item, Shape) else None


def _add_track(job: JobObjects, there: Interpolated, frames: range) -> None:
    """Adds a track: what it is on each frame, and the keyframes that are nothing there."""
    track = there.track
    count = job.count
    for frame, item in there.frames.items():
        _keep(job, shape_of(track, frame, item).model_copy(update={"track": track.id}))
    reasons = {oddity.frame: oddity.reason for oddity in there.odd}
    job.left += left_keyframes(track, frames, reasons, there.frames)
    if job.count == count:
        reason = reasons.pop(track.frame, "it is on no frame")
        job.left.append(LeftObject(reason, "track", track.label_id, track.frame))
    job.odd.extend(reasons.values())


def left_keyframes(
    track: Track, frames: range, reasons: dict[int, str], there: Container[int] = ()
) -> list[LeftObject]:
    """The keyframes of a track that are nothing in its job.

    Args:
        track: the track
        frames: of the job
        reasons: what of the track is odd, by frame; what is said of a keyframe is taken out
        there: frames on which the track is, whatever is odd
    """
    left = []
    for frame, type_ in _drawn_keyframes(track).items():
        if frame in there:
            continue
        if frame not in frames:
            reason = "on frames that its job does not have"
        elif frame not in reasons and (type_ == "skeleton" or frame >= track.frame):
            continue  # of a skeleton all of whose points are outside nothing is drawn there
        else:
            reason = reasons.pop(frame, "its keyframe could not be read")
        left.append(LeftObject(reason, f"track of type {type_}", track.label_id, frame))
    return left


def _drawn_keyframes(track: Track) -> dict[int, str]:
    """The frames on which a track has a keyframe that is not outside, and its type there."""
    return {shape.frame: shape.type for shape in track.shapes if not shape.outside}
