"""Labels on frames that two jobs of a task have: each job has its own copy, and both may be edited.

In whatever order the jobs are loaded, the end is the same. Changes of different parts are both applied. Of a part that
both changed, differently, the change of the earlier job counts. A label that one of them deletes is deleted. What is
new and exactly the same in both is one label: CVAT puts what is written into a whole task into each job of its frame.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...cvat import Job, Tag
from ...labels.base import BaseLabel
from ...labels.objects import Object, texts_of
from ..runs.base import BaseStore
from ..runs.outbox import each_label
from .merge import EXISTENCE, OtherJob

Key = tuple[str, str]
"""A label: its field and its id."""

Look = tuple[Any, ...]
"""All that copies of a label in two jobs have in common."""


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
        job_id: the job
    """

    def __init__(self, base: BaseStore | None = None, neighbors: Sequence[Neighbor] = (), job_id: int = 0) -> None:
        self._base, self._neighbors, self._job_id = base, neighbors, job_id
        self._labels: dict[int, dict[Key, BaseLabel]] = {}
        self._drawn: dict[int, dict[Look, BaseLabel]] = {}
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

    def drawn_alike(self, label: BaseLabel) -> BaseLabel | None:
        """The label of another job, and not of this one, that is exactly what a new label is; ``None`` if none is."""
        for one in self._of(label.frame):
            if one.job_id not in self._drawn:
                there = self._labels[one.job_id].values()
                self._drawn[one.job_id] = {_look(item): item for item in there if item.objects}
            found = self._drawn[one.job_id].get(_look(label))
            if found is not None and (found.field, found.label_id) not in self._own:
                return found
        return None

    @cached_property
    def _own(self) -> set[Key]:
        """The labels that the job itself had when both sides last agreed."""
        return set() if self._base is None else {(item.field, item.label_id) for item in self._known(self._job_id)}

    def _known(self, job_id: int) -> Iterator[BaseLabel]:
        assert self._base is not None, "there are other jobs"
        return each_label((*(self._base.labels(job_id) or ()), *self._base.tracks(job_id)))

    def _of(self, frame: int) -> Iterator[Neighbor]:
        """The other jobs of a frame, whose labels are known then."""
        for one in self._neighbors if self._base else ():
            if self._base is not None and frame in one.frames:
                if one.job_id not in self._labels:
                    labels = self._known(one.job_id)
                    here = {(item.field, item.label_id): item for item in labels if item.frame in one.frames}
                    self._labels[one.job_id] = here
                    self._gone[one.job_id] = self._base.gone(one.job_id)
                yield one


def _look(label: BaseLabel) -> Look:
    return label.field, label.frame, *map(_look_of, label.objects)


def _look_of(item: Object) -> Look:
    look = item.label_id, tuple(sorted(texts_of(item).items()))
    if isinstance(item, Tag):
        return look
    parts = tuple(map(_look_of, item.elements))
    return *look, item.track is None, item.type, item.points, item.rotation, item.occluded, item.outside, parts
