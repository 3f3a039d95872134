"""Objects that two jobs of a task have, as they share frames: each has a copy of its own, but it is one object."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

from ...cvat import Annotations, Job
from ...labels.tracks.identity import Identity
from ...labels.tracks.shared import OtherTrack, find_shared
from ..load.shared_jobs import JobSpans


class Copies:
    """Counts the copies in the jobs of a task, which are shown to it one after the other.

    Args:
        jobs: the jobs
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._spans = JobSpans(jobs)
        self._there: dict[int, Annotations] = {}

    def count(self, job: Job, annotations: Annotations) -> int:
        """How many objects of a job are also in a job that was shown before.

        Args:
            job: the job
            annotations: what it has
        """
        near = self._spans.neighbors_of(job)
        before = [(one, self._there[one.job_id]) for one in near if one.job_id in self._there]
        if near:
            self._there[job.id] = annotations
        held = Counter[Hashable]()
        for _, there in before:
            held |= Counter(_looks(there))
        tracks = [
            OtherTrack(one.job_id, track, Identity(), one.frames) for one, there in before for track in there.tracks
        ]
        return (held & Counter(_looks(annotations))).total() + len(find_shared(annotations.tracks, tracks))


def _looks(annotations: Annotations) -> Iterator[Hashable]:
    """What copies of tags and shapes have in common; their frame says that both jobs have it."""
    for tag in annotations.tags:
        yield tag.frame, tag.label_id
    for shape in annotations.shapes:
        points = tuple(tuple(item.points) for item in (shape, *shape.elements))
        yield shape.frame, shape.label_id, shape.type, shape.rotation, points
