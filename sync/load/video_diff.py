"""What changed in a job of a video or sequence: its tracks, and its single shapes and tags."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from ...cvat import Shape
from ...labels.objects import Key, Object, key_of
from ...labels.read import Reading
from ...labels.types import NEW_FIELD_FOR
from ...labels.vocabulary import Vocabulary
from .diff import JobDiff, New, diff_objects
from .edited_label import Edited
from .job_objects import list_objects
from .label_tracks import on_tracks, track_of_label
from .new_objects import NewObjects
from .track_diff import TrackDiff, VideoJob, diff_tracks
from .track_identity import KEYFRAME


class NewVideoObjects(NewObjects):
    """Objects of a video that belong to no label so far."""

    def take_twins(self, held: Iterable[Object]) -> list[Object]:
        """Of single objects only: two tracks may be the same on a frame."""
        on_tracks = {key: item for key, item in self._items.items() if isinstance(item, Shape) and item.track}
        for key in on_tracks:
            del self._items[key]
        twins = super().take_twins(held)
        self._items.update(on_tracks)
        return twins


def diff_video(job: VideoJob, vocabulary: Vocabulary) -> JobDiff:
    """Compares what a job of a video has with its base.

    Args:
        job: the job
        vocabulary: what the task's labels mean now
    """
    waiting = [label for label in job.base if track_of_label(label) is not None]
    singles = [label for label in job.base if track_of_label(label) is None]
    tracks = diff_tracks(job, waiting, vocabulary)
    objects = list_objects(job.annotations.model_copy(update={"tracks": ()}), job.span)
    objects.found.update((key_of(shape), shape) for shape in tracks.pool)
    objects.left += tracks.left
    diff = diff_objects(singles, objects, job.frames, job.removed, vocabulary, NewVideoObjects)
    _join(diff, tracks)
    diff.new = [_placed(new, job, tracks) for new in diff.new]
    if diff.objects is not None:
        diff.objects.found += tracks.found - len(tracks.left)
        diff.objects.unchanged += tracks.unchanged
    present: dict[tuple[int, int], Shape] = {}
    for new in diff.new:
        present.update(on_tracks(new.objects))
    for label in diff.kept:
        present.update(on_tracks(label.objects))
    return replace(
        diff,
        kept=[*diff.kept, *tracks.kept],
        edited=[*diff.edited, *tracks.edited],
        deleted=[*diff.deleted, *tracks.deleted],
        matches=diff.matches + tracks.matches,
        odd=diff.odd + tracks.odd,
        tracks=tracks.tracks,
        present=present,
        notes=Counter(tracks.identities.counts),
        indexes=frozenset(tracks.identities.indexes),
        shared=tuple(tracks.identities.shared),
        objects_of_new=tracks.objects_of_new,
    )


def _join(diff: JobDiff, tracks: TrackDiff) -> None:
    """Gives labels of single shapes that were merged into tracks the objects of these."""
    kept = []
    for label in diff.kept:
        track_id = track_of_label(label)
        edited = Edited(label, Reading(dict(label.parts)), label.objects)
        joined = edited if track_id is None else tracks.identities.join(edited, track_id)
        if joined is edited:
            kept.append(label)
            continue
        diff.edited.append(joined)
        if diff.objects is not None:
            diff.objects.unchanged -= len(label.objects)
    diff.kept = kept
    diff.edited = [
        edited
        if edited.objects == edited.base.objects or (track_id := _track_of(edited)) is None
        else tracks.identities.join(edited, track_id)
        for edited in (edit.read() for edit in diff.edited)
    ]


def _track_of(edited: Edited) -> int | None:
    first: Key | None = key_of(edited.objects[0]) if len(edited.objects) == 1 else None
    return first[1] if first is not None and first[0] == "track" else None


def _placed(new: New, job: VideoJob, tracks: TrackDiff) -> New:
    """A new label with its document, its object, and whether it is on a keyframe."""
    field, drawn = new.drawn.field, new.drawn
    first = new.objects[0]
    if isinstance(first, Shape) and first.track is not None:
        type_ = tracks.identities.type_of(field, NEW_FIELD_FOR[new.figure])
        parts = tracks.identities.of_new(type_, first.track, first.frame)
        if not job.frames.has_keyframes:
            parts = {name: value for name, value in parts.items() if name != KEYFRAME}
        drawn = replace(drawn, parts={**drawn.parts, **parts})
    return replace(new, sample_id=job.frames.holder(field, new.frame), drawn=drawn)
