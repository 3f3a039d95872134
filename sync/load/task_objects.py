"""Which objects the tracks of a task's jobs are, where jobs share frames and are read one after the other."""

from collections.abc import Collection, Iterable, Sequence

from ...cvat import Annotations, Job
from ...labels.tracks.identity import Identity
from ...labels.tracks.shared import OtherTrack
from ..runs.base import BaseStore
from ..runs.outbox import TrackLabels
from .diff import JobDiff
from .shared_jobs import neighbors_of


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
        self._now: dict[int, Sequence[TrackLabels]] = {}
        self.settled: dict[int, dict[int, Identity]] = {}
        self.pending: set[int] = set()

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
        near = sorted(neighbors_of(job, self._jobs.values()), key=lambda one: one.job_id not in self._fixed)
        return [
            OtherTrack(one.job_id, item.track, identity, one.frames)
            for one in near
            for item in self._of(one.job_id)
            if (identity := self._identity(one.job_id, item)) and identity not in mine
        ]

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
        for one in neighbors_of(self._jobs[job_id], self._jobs.values()):
            self._settle(one.job_id, was, now)

    def _identity(self, job_id: int, item: TrackLabels) -> Identity:
        return self.settled.get(job_id, {}).get(item.track.id or 0, item.identity)

    def _of(self, job_id: int) -> Sequence[TrackLabels]:
        if job_id not in self._now:
            self._now[job_id] = self._base.tracks(job_id)
        return self._now[job_id]
