"""The frames of a task of a video, one by one, as the load knows those of images."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from ...cvat import Job
from ...labels.base import BaseLabel
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.labels import Labels
from ..dataset.samples import FRAMES, FieldPlace
from ..runs.base import BaseStore, FrameRecord, TaskBase
from ..runs.outbox import TrackLabels
from ..runs.record import RunRecord
from ..runs.video import VideoSpan


class VideoFrames(Sequence[FrameRecord]):
    """The frames of a task of a video. What holds their labels are the documents of the frames.

    Args:
        known: what is kept of the task
        span: the frames that it has of the video
        ids: the documents, by FiftyOne's frame number
    """

    def __init__(self, known: TaskBase, span: VideoSpan, ids: Mapping[int, str]) -> None:
        self.video = known.frames[0]
        self.span = span
        self._ids = [ids[span.number_of(frame)] for frame in range(span.count)]

    def __len__(self) -> int:
        return self.span.count

    @overload
    def __getitem__(self, frame: int) -> FrameRecord: ...

    @overload
    def __getitem__(self, frame: slice) -> Sequence[FrameRecord]: ...

    def __getitem__(self, frame: int | slice) -> FrameRecord | Sequence[FrameRecord]:
        if isinstance(frame, slice):
            return [self[number] for number in range(*frame.indices(len(self)))]
        name = f"{self.video.name}, frame {self.span.number_of(frame)}"
        return self.video.model_copy(update={"sample_id": self._ids[frame], "name": name})

    def holder(self, field: str | None, frame: int) -> str:
        """The document that holds the labels of a field on a frame."""
        return self.video.sample_id if field and not field.startswith(FRAMES) else self._ids[frame]

    def placed(self, label: BaseLabel) -> BaseLabel:
        """A label in the document that holds it now: others may have made that of its frame anew."""
        holder = self.holder(label.field, label.frame) if 0 <= label.frame < len(self) else label.sample_id
        return label if holder == label.sample_id else label.model_copy(update={"sample_id": holder})

    def placed_track(self, item: TrackLabels) -> TrackLabels:
        """A track with its labels in the documents that hold them now."""
        labels = tuple(self.placed(label) for label in item.labels)
        moved = any(new is not old for new, old in zip(labels, item.labels, strict=True))
        return item.model_copy(update={"labels": labels}) if moved else item


def frames_of(known: TaskBase, labels: Labels) -> Sequence[FrameRecord]:
    """The frames of a task.

    Args:
        known: what is kept of the task
        labels: knows the documents of frames
    """
    if known.video is None:
        return known.frames
    numbers = [known.video.number_of(frame) for frame in range(known.video.count)]
    return VideoFrames(known, known.video, labels.frames(known.frames[0].sample_id, numbers))


@dataclass(frozen=True)
class TaskVideo:
    """The video of a task.

    Args:
        sample_id: its sample
        span: the frames that the task has of it
    """

    sample_id: str
    span: VideoSpan

    @classmethod
    def of(cls, known: TaskBase | None) -> "TaskVideo | None":
        """That of a task; ``None`` if it has images."""
        return None if known is None or known.video is None else cls(known.frames[0].sample_id, known.video)


def shared_frames(job: Job, jobs: Iterable[Job]) -> frozenset[int]:
    """The frames of a job that an earlier job of its task has, too.

    Args:
        job: the job
        jobs: all jobs of the task
    """
    earlier = [other for other in jobs if (other.start_frame, other.id) < (job.start_frame, job.id)]
    last = max((other.stop_frame for other in earlier), default=-1)
    return frozenset(range(job.start_frame, min(last, job.stop_frame) + 1))


class VideoIndexes:
    """The indexes that are taken in each video: by its labels, or by its tracks when both sides last agreed.

    Args:
        record: the run
        schema: its schema, under the names of the fields that are loaded into
        base: what its labels were
        known: what is kept of its tasks
        labels: the dataset's labels
    """

    def __init__(
        self, record: RunRecord, schema: LabelSchema, base: BaseStore, known: Mapping[int, TaskBase], labels: Labels
    ) -> None:
        self._record, self._schema, self._base, self._known, self._labels = record, schema, base, known, labels
        self._taken: dict[str, set[int]] = {}

    def of(self, sample_id: str) -> frozenset[int]:
        """Those of a video."""
        if sample_id not in self._taken:
            self._taken[sample_id] = set(self._read(sample_id))
        return frozenset(self._taken[sample_id])

    def take(self, sample_id: str, indexes: Iterable[int]) -> None:
        """Says that indexes are taken now."""
        self._taken.setdefault(sample_id, set()).update(indexes)

    def _read(self, sample_id: str) -> Iterator[int]:
        for name, item in self._schema.fields.items():
            place = FieldPlace.of(name, LABEL_TYPES[item.type])
            if place.on_frames and "index" in LABEL_TYPES[item.type].codec.standard:
                yield from self._labels.indexes(place, sample_id)
        for task in self._record.tasks:
            video = TaskVideo.of(self._known.get(task.id))
            if video is not None and video.sample_id == sample_id:
                tracks = (track for job_id in task.jobs for track in self._base.tracks(job_id))
                yield from (track.index for track in tracks if track.index is not None)
