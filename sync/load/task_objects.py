"""Which objects the tracks of a task's jobs are, where jobs share frames and are read one after the other."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from ...cvat import Annotations, Job
from ...cvat.models import Track
from ...labels.schema import LabelSchema
from ...labels.tracks.identity import Identity
from ...labels.tracks.numbering import free_indexes
from ...labels.tracks.shared import OtherTrack
from ...labels.vocabulary import Vocabulary
from ..runs.base import BaseStore
from ..runs.outbox import TrackLabels
from .diff import JobDiff
from .shared_jobs import JobSpans

TWICE = (
    "Objects of job {job} that got a class of '{field}' and kept their index, as `allow_index_edits` is off, though "
    "another object has it there, so that the index stands twice"
)


class TaskObjects:
    """The objects of a task.

    A new track that another job has, too, is the object of that one. Where it is a track of the job before and one of
    the job after, which were two objects so far, they are one from now on: that of the job before. So the labels of the
    other get its index, also in a job that did not change in CVAT.

    Args:
        base: what the labels of each job were when both sides last agreed
        jobs: all jobs of the task
        fixed: those whose labels can't be changed by this load: they changed in CVAT, and are left for later

    Attributes:
        settled: which objects tracks turned out to be, by job and id
        pending: the jobs that have to be read, or read again, for that
    """

    def __init__(self, base: BaseStore, jobs: Sequence[Job], fixed: Collection[int] = ()) -> None:
        self._base, self._fixed = base, fixed
        self._jobs = {job.id: job for job in jobs}
        self._spans = JobSpans(jobs)
        self._now: dict[int, Sequence[TrackLabels]] = {}
        self.settled: dict[int, dict[int, Identity]] = {}
        self.pending: set[int] = set()
        self._moved: dict[tuple[str, int, str], Identity] = {}

    def others(self, job: Job, tracks: Sequence[TrackLabels], annotations: Annotations) -> list[OtherTrack]:
        """The tracks of the jobs that share frames with a job, but which it does not have.

        Args:
            job: the job
            tracks: its tracks when both sides last agreed
            annotations: what CVAT has now
        """
        self.pending.discard(job.id)
        known = {item.track.id for item in tracks}
        if all(track.id in known for track in annotations.tracks):
            return []
        mine = {item.identity for item in tracks}
        near = sorted(self._spans.neighbors_of(job), key=lambda one: one.job_id not in self._fixed)
        return [
            OtherTrack(one.job_id, item.track, identity, one.frames, item.origin)
            for one in near
            for item in self._of(one.job_id)
            if (identity := self._identity(one.job_id, item)) and identity not in mine
        ]

    def settled_of(
        self, job: Job, tracks: Sequence[TrackLabels], annotations: Annotations, vocabulary: Vocabulary, used: set[int]
    ) -> dict[int, Identity]:
        """Which objects some tracks of a job turn out to be, by their ids.

        Where the class of a track is of another field now, in which another object has its index, it gets a free one,
        and so does the same object in other jobs.

        Args:
            job: the job
            tracks: its tracks when both sides last agreed
            annotations: what CVAT has now
            vocabulary: what the task's labels mean now
            used: the indexes that are taken in the video
        """
        settled = dict(self.settled.get(job.id, {}))
        for item, to in _moved(tracks, annotations, vocabulary):
            if not _may_renumber(vocabulary.schema, item.field, to):
                continue
            identity = self._in_field(item, to, used)
            if identity != item.identity:
                settled[item.track.id or 0] = identity
        return settled

    def index_notes(
        self, job: Job, tracks: Sequence[TrackLabels], annotations: Annotations, vocabulary: Vocabulary
    ) -> Counter[str]:
        """What there is to say of objects that keep their index in another field, where another object has it.

        Args:
            job: the job
            tracks: its tracks when both sides last agreed
            annotations: what CVAT has now
            vocabulary: what the task's labels mean now
        """
        kept: dict[str, dict[tuple[str, int], int | None]] = {}
        for item, to in _moved(tracks, annotations, vocabulary):
            if not _may_renumber(vocabulary.schema, item.field, to):
                kept.setdefault(to, {})[item.object_key] = item.index
        notes = Counter[str]()
        for to, moved in kept.items():
            held: dict[int | None, set[tuple[str, int]]] = {}
            for one in (one for job_id in self._jobs for one in self._of(job_id) if one.field == to):
                held.setdefault(one.index, set()).add(one.object_key)
            if count := sum(bool(held.get(index, set()) - {key}) for key, index in moved.items()):
                notes[TWICE.format(job=job.id, field=to)] = count
        return notes

    def _in_field(self, item: TrackLabels, to: str, used: set[int]) -> Identity:
        """What an object is in another field: what it is there in another job, or what it was, if its index is free."""
        where = (*item.object_key, to)
        if where not in self._moved:
            there = [one for job_id in self._jobs for one in self._of(job_id) if one.field == to]
            same = [one.identity for one in there if one.object_key == item.object_key]
            taken = any(one.index == item.index for one in there)
            index = next(free_indexes({*used, item.index or 0})) if taken else item.index
            self._moved[where] = same[0] if same else Identity(index, item.instance)
        return self._moved[where]

    def note(self, job: Job, diff: JobDiff) -> None:
        """Notes what was found of a job."""
        self._now[job.id] = diff.tracks
        for other, identity in diff.shared:
            if other.identity != identity:
                self._settle(other.job_id, other.identity, identity)

    def order(self, jobs: Iterable[int]) -> list[int]:
        """Jobs in the order in which they are written: so that a load that is killed finds what is left to be done."""
        listed = list(jobs)
        last_first = sorted(self.settled.keys() & set(listed), key=lambda job_id: -self._jobs[job_id].start_frame)
        return [*last_first, *(job_id for job_id in listed if job_id not in self.settled)]

    def _settle(self, job_id: int, was: Identity, now: Identity) -> None:
        """Makes an object of a job, and of the jobs that share frames with it, another one."""
        if job_id in self._fixed:
            return
        tracks = [item for item in self._of(job_id) if self._identity(job_id, item) == was]
        if not tracks:
            return
        self.settled.setdefault(job_id, {}).update({item.track.id or 0: now for item in tracks})
        self.pending.add(job_id)
        for one in self._spans.neighbors_of(self._jobs[job_id]):
            self._settle(one.job_id, was, now)

    def _identity(self, job_id: int, item: TrackLabels) -> Identity:
        return self.settled.get(job_id, {}).get(item.track.id or 0, item.identity)

    def _of(self, job_id: int) -> Sequence[TrackLabels]:
        if job_id not in self._now:
            self._now[job_id] = self._base.tracks(job_id)
        return self._now[job_id]


def _field_of(track: Track, vocabulary: Vocabulary) -> str | None:
    """The field that the class of a track is of; ``None`` if that has labels of another kind."""
    wanted = vocabulary.field_of(track.label_id)
    kinds = {shape.type for shape in track.shapes}
    return wanted if all(vocabulary.meaning(track.label_id, kind).field == wanted for kind in kinds) else None


def _moved(
    tracks: Sequence[TrackLabels], annotations: Annotations, vocabulary: Vocabulary
) -> Iterator[tuple[TrackLabels, str]]:
    """The tracks with an index whose class is of another field now, and that field."""
    now = {track.id: track for track in annotations.tracks}
    for item in tracks:
        track = now.get(item.track.id)
        if track is None or track.label_id == item.track.label_id or item.index is None:
            continue
        to = _field_of(track, vocabulary)
        if to is not None and to != item.field:
            yield item, to


def _may_renumber(schema: LabelSchema, *fields: str) -> bool:
    return all(schema.fields[name].allow_index_edits for name in fields if name in schema.fields)
