"""Writing tracks into one job as they were planned. Whatever was done of it before is done once."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from ...cvat import Annotations, Client, CvatError
from ...cvat.models import Track
from ...labels.base import BaseLabel
from ..runs.outbox import TrackLabels
from ..runs.refreshes import JobWrites, LabelKey, TrackWrite, key_of
from ..send.refusals import is_about_labels
from ..send.video_labels import weight_of
from .draw import track_as_written, track_in_order
from .portions import in_portions
from .report import DISAGREES, TOUCHED

KEYFRAMES = 5_000
"""Keyframes in a request."""


class TrackExecutor:
    """Writes the tracks of one job.

    Args:
        client: the CVAT server
        plan: what to write
        left: gets the labels that are not as they were to be, and why
    """

    def __init__(self, client: Client, plan: JobWrites, left: list[tuple[BaseLabel, str]]) -> None:
        self._client, self._plan, self._left = client, plan, left
        self._ready: list[TrackWrite] = []
        self._done: list[TrackWrite] = []
        self._named: set[LabelKey] = set()

    def sort(self, there: Mapping[int, Track], stuck: Collection[LabelKey]) -> set[LabelKey]:
        """Finds out what can be written as planned: nobody touched the track since, nor another one from, or to, which
        a label goes: half of that would have the label twice, or nowhere.

        Args:
            there: the tracks that the job has
            stuck: labels whose shapes somebody touched since

        Returns:
            the labels of tracks that can't be; nothing else is made of them
        """
        blocked = set(stuck)
        ready: list[TrackWrite] = []
        for write in self._plan.tracks:
            if write.kind == "created" or write.there is None:
                continue
            now = there.get(write.there.id or 0)
            if _is_done(write, now):
                self._done.append(write)
            elif now == write.there:
                ready.append(write)
            else:
                blocked.update(write.touched)
                self._leave(write, TOUCHED)
        count = -1
        while count != len(ready):
            count, rest = len(ready), []
            for write in ready:
                if blocked.isdisjoint(write.touched):
                    rest.append(write)
                else:
                    blocked.update(write.touched)
                    self._leave(write, TOUCHED)
            ready = rest
        self._ready += ready
        return blocked

    def write(self, check: Callable[[], None], read: Callable[[], Annotations], refused: Counter[str]) -> None:
        """Updates tracks, and deletes those that are to be deleted.

        Args:
            check: raises if this is to end
            read: reads the job again
            refused: counts what CVAT does not take
        """
        changed = [write for write in self._ready if write.track is not None]
        for number, some in enumerate(in_portions(changed, _weight, KEYFRAMES)):
            check()
            self._update(self._untouched(some, tracks_of(read())) if number else some, refused)
        gone = [write.there for write in self._ready if write.track is None and write.there is not None]
        for start in range(0, len(gone), KEYFRAMES):
            check()
            self._client.delete_annotations(
                self._plan.job_id, Annotations(tracks=tuple(gone[start : start + KEYFRAMES]))
            )

    def _untouched(self, writes: Sequence[TrackWrite], there: Mapping[int, Track]) -> list[TrackWrite]:
        """Those of which nobody touched the track while portions before them were written."""
        late = [write for write in writes if there.get(write.id or 0) != write.there]
        for write in late:
            self._ready.remove(write)
            self._leave(write, TOUCHED)
        return [write for write in writes if write not in late]

    def _update(self, writes: Sequence[TrackWrite], refused: Counter[str]) -> None:
        tracks = tuple(write.track for write in writes if write.track is not None)
        try:
            self._client.update_annotations(self._plan.job_id, Annotations(tracks=tracks))
        except CvatError as error:
            if not is_about_labels(error):
                raise
            if len(writes) == 1:
                field = writes[0].touched[0][0] if writes[0].touched else ""
                refused[f"{field}: refused by CVAT: {error.detail or error}"] += len(writes[0].touched)
                self._ready.remove(writes[0])
                return
            middle = len(writes) // 2
            self._update(writes[:middle], refused)
            self._update(writes[middle:], refused)

    def compare(
        self, there: Mapping[int, Track], created: Mapping[LabelKey, TrackLabels], refused: Collection[LabelKey]
    ) -> list[TrackWrite]:
        """Takes what the job has now of each track, if that is what was written; the tracks that are.

        Args:
            there: the tracks that the job has now
            created: the tracks that were created, by their first label
            refused: labels that CVAT does not take
        """
        found = []
        for write in (*self._done, *self._ready):
            now = there.get(write.there.id or 0) if write.there else None
            if _is_done(write, now):
                found.append(_settled(write, now))
            else:
                self._leave(write, DISAGREES)
        for write in self._plan.tracks:
            if write.kind != "created" or write.after is None:
                continue
            made = created.get(first_of(write.after)) if write.after.labels else None
            if made is None:
                if not any(key in refused for key in write.touched):
                    self._leave(write, TOUCHED)
                continue
            now = there.get(made.track.id or 0)
            if now is None or write.track is None or not track_as_written(write.track, now):
                self._leave(write, DISAGREES)  # it is known by its id, whatever somebody made of it since
                now = track_in_order(made.track)
            found.append(_settled(write, now))
        return found

    def _leave(self, write: TrackWrite, reason: str) -> None:
        labels = {key_of(label): label for label in (*write.labels_before, *write.labels_after)}
        new = [key for key in write.touched if key in labels and key not in self._named]
        self._left += [(labels[key], reason) for key in new]  # one that goes from a track to another is one label
        self._named.update(new)


def tracks_of(annotations: Annotations) -> dict[int, Track]:
    """The tracks of a job, by id, in a form in which they compare."""
    return {track.id or 0: track_in_order(track) for track in annotations.tracks}


def first_of(entry: BaseLabel | TrackLabels) -> LabelKey:
    """A label, or the first one of a track."""
    return key_of(entry.labels[0] if isinstance(entry, TrackLabels) else entry)


def new_entry(write: TrackWrite, blocked: Collection[LabelKey]) -> TrackLabels | None:
    """A track that is to be created, with its labels; ``None`` if it is not."""
    if write.kind != "created" or write.after is None or write.track is None or not write.after.labels:
        return None
    if any(key in blocked for key in write.touched):
        return None
    return write.after.model_copy(update={"track": write.track})


def _is_done(write: TrackWrite, now: Track | None) -> bool:
    """Whether the job has a track as it is to be."""
    if write.track is None or now is None:
        return write.track is None and now is None
    return track_as_written(write.track, now)


def _settled(write: TrackWrite, now: Track | None) -> TrackWrite:
    """A write with the track as CVAT has it."""
    if now is None or write.after is None:
        return write
    kept = now if write.as_written else write.after.track.model_copy(update={"id": now.id})
    return write.model_copy(update={"track": now, "after": write.after.model_copy(update={"track": kept})})


def _weight(write: TrackWrite) -> int:
    return weight_of(write.after) if write.after else 0
