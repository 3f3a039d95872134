"""A job that has something to be loaded."""

from collections import Counter
from dataclasses import dataclass, replace

from ...cvat import Job
from ...labels.base import BaseLabel
from ..runs.base import BaseStore, OpenConflict
from ..runs.outbox import TrackLabels
from .diff import JobDiff
from .shared_jobs import Neighbor
from .video_frames import Timeline


@dataclass(frozen=True)
class JobChanges:
    """A job that has something to be loaded.

    Args:
        job: the job
        date: its date when it was read; ``None`` if it was not, because only its open conflicts are looked at again
        diff: what changed in it
        base: its base
        open: its conflicts that nobody decided so far
        emptied: how many labels are gone, if CVAT has neither shapes nor tags in it now
        tracks: its tracks when both sides last agreed, with their labels
        timeline: the video, or the image sequence, of which the task has frames
        neighbors: jobs of its task that have some of its frames, too
        elsewhere: how many frames of the task, from its first one on, an earlier task has
    """

    job: Job
    date: str | None
    diff: JobDiff
    base: tuple[BaseLabel, ...]
    open: tuple[OpenConflict, ...]
    emptied: int = 0
    tracks: tuple[TrackLabels, ...] = ()
    timeline: Timeline | None = None
    neighbors: tuple[Neighbor, ...] = ()
    elsewhere: int = 0

    @property
    def shared(self) -> frozenset[int]:
        """Frames that an earlier job has, too."""
        twice = [frame for one in self.neighbors if one.is_earlier for frame in one.frames]
        return frozenset((*twice, *range(self.job.start_frame, min(self.elsewhere, self.job.stop_frame + 1))))

    @property
    def deleted(self) -> int:
        """How many of its labels are gone."""
        return len(self.diff.deleted)

    @property
    def notes(self) -> Counter[str]:
        """What there is to say of its tracks, and of how many."""
        return self.diff.notes

    def copy(self) -> "JobChanges":
        """The same, to be tried."""
        return replace(self, diff=self.diff.copy())

    def whole(self, base: BaseStore) -> "JobChanges":
        """The same with its labels, which it has."""
        return self
