"""The frames of a task whose objects are tracks, one by one: those of a video, or the images of a sequence."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from ...labels.base import BaseLabel
from ...labels.schema import LabelSchema
from ...labels.shapes import Size
from ...labels.types import LABEL_TYPES
from ..dataset.labels import Labels
from ..dataset.samples import FRAMES, FieldPlace
from ..dataset.sequences import ImageSequence
from ..runs.base import BaseStore, FrameRecord, OpenConflict, TaskBase
from ..runs.outbox import TrackLabels
from ..runs.run_record import RunRecord, TaskRecord
from ..runs.video import VideoSpan
from .placed_frames import ImageFrames, PlacedFrames


class TrackFrames(PlacedFrames):
    """The frames of a task whose objects are tracks.

    Attributes:
        has_keyframes: whether labels there say that they are keyframes, as FiftyOne has it on frames of videos only
    """

    has_keyframes = False

    @abstractmethod
    def size_of(self, frame: int) -> Size:
        """The size of a frame, in pixels."""


class SequenceFrames(ImageFrames, TrackFrames):
    """The images of a task of a sequence. What holds their labels are the samples.

    Args:
        frames: the images, in order
    """

    def size_of(self, frame: int) -> Size:
        """The size of an image; those of one sequence may differ."""
        return self[frame].size


class VideoFrames(TrackFrames):
    """The frames of a task of a video. What holds their labels are the documents of the frames.

    Args:
        known: what is kept of the task
        span: the frames that it has of the video
        ids: the documents, by FiftyOne's frame number
    """

    has_keyframes = True

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

    def size_of(self, frame: int) -> Size:
        """The size of all frames."""
        return self.video.size


def frames_of(known: TaskBase, labels: Labels) -> Sequence[FrameRecord]:
    """The frames of a task.

    Args:
        known: what is kept of the task
        labels: knows the documents of frames
    """
    if known.sequence is not None:
        return SequenceFrames(known.frames)
    if known.video is None:
        return ImageFrames(known.frames) if any(frame.of for frame in known.frames) else known.frames
    numbers = [known.video.number_of(frame) for frame in range(known.video.count)]
    return VideoFrames(known, known.video, labels.frames(known.frames[0].sample_id, numbers))


Entries = tuple[tuple[BaseLabel, ...], tuple[TrackLabels, ...], tuple[OpenConflict, ...]]
"""The labels of a job, its tracks with theirs, and its open conflicts."""


def placed_entries(frames: Sequence[FrameRecord], entries: Entries) -> Entries:
    """What is kept of a job, with the documents that hold the labels now.

    Args:
        frames: those of its task
        entries: its labels, tracks and conflicts
    """
    if not isinstance(frames, PlacedFrames):
        return entries
    base, tracks, conflicts = entries
    return (
        tuple(map(frames.placed, base)),
        tuple(map(frames.placed_track, tracks)),
        tuple(map(frames.placed_conflict, conflicts)),
    )


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

    def number_of(self, frame: int) -> int:
        """FiftyOne's number, from 1, of a frame of the task, from 0."""
        return self.span.number_of(frame)


@dataclass(frozen=True)
class TaskSequence:
    """The image sequence of a task.

    Args:
        name: what it is called
    """

    name: str

    @classmethod
    def of(cls, known: TaskBase | None) -> "TaskSequence | None":
        """That of a task; ``None`` if it has none."""
        return None if known is None or known.sequence is None else cls(known.sequence.name)

    def number_of(self, frame: int) -> int:
        """What a frame of the task is called: CVAT's number, from 0, as the samples have none of their own."""
        return frame


@dataclass(frozen=True)
class TaskFrameImages:
    """The frames of videos that a task has as images.

    Args:
        frames: the task's frames
    """

    frames: tuple[FrameRecord, ...]

    @classmethod
    def of(cls, known: TaskBase | None) -> "TaskFrameImages | None":
        """Those of a task; ``None`` if it has none."""
        return None if known is None or not any(frame.of for frame in known.frames) else cls(known.frames)

    def number_of(self, frame: int) -> int:
        """FiftyOne's number, from 1, of a frame of the task, from 0."""
        of = self.frames[frame].of
        return of.number if of else frame

    @cached_property
    def videos(self) -> dict[str, str]:
        """The videos of the frames, by the ids of their documents."""
        return {frame.sample_id: frame.of.sample_id for frame in self.frames if frame.of}


Timeline = TaskVideo | TaskSequence | TaskFrameImages
"""What the frames of a task are the frames of."""


def sample_of(label: BaseLabel, timeline: Timeline | None) -> str:
    """The sample of a label: of one on a frame of a video, the video."""
    if isinstance(timeline, TaskVideo):
        return timeline.sample_id
    if isinstance(timeline, TaskFrameImages):
        return timeline.videos.get(label.sample_id, label.sample_id)
    return label.sample_id


def timeline_of(known: TaskBase | None) -> Timeline | None:
    """What the frames of a task are the frames of; ``None`` if they are images by themselves."""
    return TaskVideo.of(known) or TaskSequence.of(known) or TaskFrameImages.of(known)


class TakenIndexes:
    """The indexes that are taken in each video or sequence: by its labels, by its tracks when both sides
    agreed, or by new tracks whose labels a load that was killed began to write.

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
        self._schema, self._base, self._known, self._labels = schema, base, known, labels
        self._taken: dict[str | ImageSequence, set[int]] = {}
        self._tasks: dict[str | ImageSequence, list[TaskRecord]] = {}
        for task in record.tasks:
            if task.id in known:
                self._tasks.setdefault(_whole(known[task.id]), []).append(task)

    def of(self, task: TaskBase) -> frozenset[int]:
        """Those of the video, or the sequence, of a task."""
        whole = _whole(task)
        if whole not in self._taken:
            self._taken[whole] = set(self._read(whole))
        return frozenset(self._taken[whole])

    def take(self, task: TaskBase, indexes: Iterable[int]) -> None:
        """Says that indexes are taken now."""
        self._taken.setdefault(_whole(task), set()).update(indexes)

    def _read(self, whole: str | ImageSequence) -> Iterator[int]:
        tasks = self._tasks.get(whole, [])
        samples = {frame.sample_id for task in tasks for frame in self._known[task.id].frames}
        for name, item in self._schema.fields.items():
            place = FieldPlace.of(name, LABEL_TYPES[item.type])
            if "index" not in LABEL_TYPES[item.type].codec.standard:
                continue
            if isinstance(whole, ImageSequence):
                yield from () if place.on_frames else self._labels.sequence_indexes(place, whole, samples)
            elif place.on_frames:
                yield from self._labels.indexes(place, whole)
        for task in tasks:
            tracks = (track for job_id in task.jobs for track in self._base.look_ahead(job_id))
            yield from (track.index for track in tracks if track.index is not None)
            begun = (one for job_id in task.jobs for one in self._base.new_objects(job_id).values())
            yield from (one.index for one in begun if one.index is not None)


def _whole(task: TaskBase) -> str | ImageSequence:
    """What a task is all, or a part, of: a sequence, or a video by its sample."""
    return task.sequence or task.frames[0].sample_id
