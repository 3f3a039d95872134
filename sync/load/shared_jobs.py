"""Labels on frames that two jobs of a task have: each job has its own copy, and both may be edited.

In whatever order the jobs are loaded, the end is the same. Changes of different parts are both applied. Of a part that
both changed, differently, the change of the earlier job counts. A label that one of them deletes is deleted. What is
new in both is one label if it is alike (see `drawn_twice`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from ...cvat import Job, Shape
from ...labels.base import BaseLabel, LabelKey
from ...labels.schema import LabelSchema
from ...labels.tracks.identity import Identity
from ...labels.vocabulary import Vocabulary
from ..runs.base import BaseStore
from ..runs.marks import JobMark, SharedFrames
from ..runs.outbox import TrackLabels, each_label
from .drawn_twice import Drawn, find_alike
from .merge import EXISTENCE, OtherJob


@dataclass(frozen=True)
class Neighbor:
    """A job that shares frames with another one.

    Args:
        job_id: the job
        frames: those that both have
        is_earlier: whether it is the earlier one
    """

    job_id: int
    frames: range
    is_earlier: bool

    @classmethod
    def of(cls, mark: JobMark) -> tuple["Neighbor", ...]:
        """Those of a job with open conflicts, as they were when it was last loaded."""
        return tuple(cls(one.job_id, range(one.first, one.last + 1), one.is_earlier) for one in mark.shares)

    def as_mark(self) -> SharedFrames:
        """The same, to be kept."""
        return SharedFrames(self.job_id, self.frames[0], self.frames[-1], self.is_earlier)


class JobSpans:
    """The jobs of a task in the order of their frames, to find those that share some.

    Args:
        jobs: the jobs
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        listed = list(jobs)
        self._listed = {job.id: place for place, job in enumerate(listed)}
        self._jobs = sorted(listed, key=lambda job: (job.start_frame, job.id))
        self._starts = [job.start_frame for job in self._jobs]
        self._ends = list(accumulate((job.stop_frame for job in self._jobs), max))

    def neighbors_of(self, job: Job) -> tuple[Neighbor, ...]:
        """The other jobs that share frames with a job, in the order in which they are listed."""
        found = []
        for place in range(bisect_right(self._starts, job.stop_frame) - 1, -1, -1):
            if self._ends[place] < job.start_frame:
                break  # neither this job nor any before it reaches so far
            other = self._jobs[place]
            frames = range(max(job.start_frame, other.start_frame), min(job.stop_frame, other.stop_frame) + 1)
            if other.id != job.id and frames:
                earlier = (other.start_frame, other.id) < (job.start_frame, job.id)
                found.append(Neighbor(other.id, frames, earlier))
        return tuple(sorted(found, key=lambda one: self._listed[one.job_id]))

    def shared_with_earlier(self, job: Job) -> frozenset[int]:
        """The frames of a job that an earlier one has, too."""
        return frozenset(frame for one in self.neighbors_of(job) if one.is_earlier for frame in one.frames)


class SharedLabels:
    """What the other jobs of a job's frames made of their labels.

    Args:
        base: what the labels of each job were when both sides last agreed
        neighbors: the other jobs
        job_id: the job
        tracks: its tracks as they are now
        vocabulary: what the task's labels mean; needed to find what is new in two jobs
    """

    def __init__(
        self,
        base: BaseStore | None = None,
        neighbors: Sequence[Neighbor] = (),
        job_id: int = 0,
        tracks: Sequence[TrackLabels] = (),
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self._base, self._neighbors, self._job_id = base, neighbors, job_id
        self._objects, self._vocabulary = _objects_of(tracks), vocabulary
        self._labels: dict[int, dict[LabelKey, BaseLabel]] = {}
        self._drawn: dict[int, list[Drawn]] = {}
        self._gone: dict[int, Mapping[LabelKey, bool]] = {}
        self._open: dict[int, set[LabelKey]] = {}

    def has(self, frame: int) -> bool:
        """Whether another job has a frame, too."""
        return any(frame in one.frames for one in self._neighbors)

    def field_of(self, label: BaseLabel) -> str:
        """The field that a label is in, should a load of another job have moved it."""
        for one in self._of(label.frame):
            if label.key not in self._labels[one.job_id]:
                homes = (field for field, *which in self._labels[one.job_id] if which == [label.frame, label.label_id])
                return next(homes, label.field)
        return label.field

    def other(self, label: BaseLabel) -> OtherJob | None:
        """What another job made of a label; ``None`` if none has it, or had it."""
        key = label.key
        for one in self._of(label.frame):
            there = self._labels[one.job_id].get(key)
            if there is not None:
                made = key not in self._own  # all of it comes from loads of that job
                return OtherJob(one.is_earlier, there.parts, frozenset(there.parts if made else there.wrote))
            if key in self._gone[one.job_id]:
                return OtherJob(one.is_earlier, None, (EXISTENCE,) if self._gone[one.job_id][key] else ())
        return None

    def waits(self, label: BaseLabel) -> bool:
        """Whether a label is in a conflict of another job that nobody has decided."""
        for one in self._of(label.frame):
            if one.job_id not in self._open:
                assert self._base is not None, "there are other jobs"
                waiting = self._base.open(one.job_id)
                self._open[one.job_id] = {item.base.key for item in waiting}
            if label.key in self._open[one.job_id]:
                return True
        return False

    def alike(self, news: Sequence[BaseLabel], schema: LabelSchema) -> dict[int, BaseLabel]:
        """The label of another job, and not of this one, that each new label is, by the number of the new one."""
        near = {one.job_id for frame in {label.frame for label in news} for one in self._of(frame)}
        there = [item for job_id in sorted(near) for item in self._of_job(job_id)]
        if not there or self._vocabulary is None:
            return {}
        here = [Drawn(label, self._objects.get(_track_of(label))) for label in news]
        return find_alike(here, there, schema, self._vocabulary)

    def _of_job(self, job_id: int) -> list[Drawn]:
        """The labels of another job on the frames that both have, but for those that this one has, too."""
        if job_id not in self._drawn:
            assert self._base is not None, "there are other jobs"
            tracks = self._base.tracks(job_id)
            objects = _objects_of(tracks)
            of_labels = {label.key: item.identity for item in tracks for label in item.labels}
            self._drawn[job_id] = [
                Drawn(label, of_labels.get(key) or objects.get(_track_of(label)))
                for key, label in self._labels[job_id].items()
                if key not in self._own
            ]
        return self._drawn[job_id]

    @cached_property
    def _own(self) -> set[LabelKey]:
        """The labels that the job itself had when both sides last agreed."""
        return set() if self._base is None else {item.key for item in self._known(self._job_id)}

    def _known(self, job_id: int) -> Iterator[BaseLabel]:
        assert self._base is not None, "there are other jobs"
        return each_label((*(self._base.labels(job_id) or ()), *self._base.tracks(job_id)))

    def _of(self, frame: int) -> Iterator[Neighbor]:
        """The other jobs of a frame, whose labels are known then."""
        for one in self._neighbors if self._base else ():
            if self._base is not None and frame in one.frames:
                if one.job_id not in self._labels:
                    labels = self._known(one.job_id)
                    here = {item.key: item for item in labels if item.frame in one.frames}
                    self._labels[one.job_id] = here
                    self._gone[one.job_id] = self._base.gone(one.job_id)
                yield one


def _objects_of(tracks: Iterable[TrackLabels]) -> dict[int | None, Identity]:
    """Which object each track is, by its id."""
    return {item.track.id: item.identity for item in tracks if item.identity}


def _track_of(label: BaseLabel) -> int | None:
    first = label.objects[0] if label.objects else None
    return first.track if isinstance(first, Shape) else None
