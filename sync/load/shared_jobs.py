"""Labels on frames that two jobs of a task have: each job has its own copy, and both may be edited.

In whatever order the jobs are loaded, the end is the same. Changes of different parts are both applied. Of a part that
both changed, differently, the change of the earlier job counts. A label that one of them deletes is deleted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...cvat import Job
from ...labels.base import BaseLabel
from ..runs.base import BaseStore
from ..runs.outbox import each_label
from .merge import EXISTENCE, OtherJob

Key = tuple[str, str]
"""A label: its field and its id."""


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


def neighbors_of(job: Job, jobs: Iterable[Job]) -> tuple[Neighbor, ...]:
    """The jobs that share frames with a job.

    Args:
        job: the job
        jobs: all jobs of its task
    """
    found = []
    for other in jobs:
        frames = range(max(job.start_frame, other.start_frame), min(job.stop_frame, other.stop_frame) + 1)
        if other.id != job.id and frames:
            earlier = (other.start_frame, other.id) < (job.start_frame, job.id)
            found.append(Neighbor(other.id, frames, earlier))
    return tuple(found)


def shared_with_earlier(job: Job, jobs: Iterable[Job]) -> frozenset[int]:
    """The frames of a job that an earlier one of some jobs has, too."""
    return frozenset(frame for one in neighbors_of(job, jobs) if one.is_earlier for frame in one.frames)


class SharedLabels:
    """What the other jobs of a job's frames made of their labels.

    Args:
        base: what the labels of each job were when both sides last agreed
        neighbors: the other jobs
    """

    def __init__(self, base: BaseStore | None = None, neighbors: Sequence[Neighbor] = ()) -> None:
        self._base, self._neighbors = base, neighbors
        self._labels: dict[int, dict[Key, BaseLabel]] = {}
        self._gone: dict[int, Mapping[Key, bool]] = {}

    def has(self, frame: int) -> bool:
        """Whether another job has a frame, too."""
        return any(frame in one.frames for one in self._neighbors)

    def field_of(self, label: BaseLabel) -> str:
        """The field that a label is in, should a load of another job have moved it."""
        for one in self._of(label.frame):
            if (label.field, label.label_id) not in self._labels[one.job_id]:
                homes = (field for field, label_id in self._labels[one.job_id] if label_id == label.label_id)
                return next(homes, label.field)
        return label.field

    def other(self, label: BaseLabel) -> OtherJob | None:
        """What another job made of a label; ``None`` if none has it, or had it."""
        key = label.field, label.label_id
        for one in self._of(label.frame):
            there = self._labels[one.job_id].get(key)
            if there is not None:
                return OtherJob(one.is_earlier, there.parts, frozenset(there.wrote))
            if key in self._gone[one.job_id]:
                return OtherJob(one.is_earlier, None, (EXISTENCE,) if self._gone[one.job_id][key] else ())
        return None

    def _of(self, frame: int) -> Iterator[Neighbor]:
        """The other jobs of a frame, whose labels are known then."""
        for one in self._neighbors if self._base else ():
            if self._base is not None and frame in one.frames:
                if one.job_id not in self._labels:
                    labels = each_label((*(self._base.labels(one.job_id) or ()), *self._base.tracks(one.job_id)))
                    here = {(item.field, item.label_id): item for item in labels if item.frame in one.frames}
                    self._labels[one.job_id] = here
                    self._gone[one.job_id] = self._base.gone(one.job_id)
                yield one
