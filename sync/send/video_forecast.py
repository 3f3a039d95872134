"""What a send of videos or image sequences would write: the same labels become the same tracks, thrown away."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...labels.schema import LabelSchema
from ...labels.shapes import Size
from ...labels.vocabulary import Vocabulary
from ..dataset.frames import last_frame
from ..dataset.media import BadFile, Frame
from ..progress import ProgressReporter
from ..request import SendRequest
from ..runs.base import FrameRecord, TaskBase
from ..runs.outbox import Batch, each_label
from .encode import LabelReader
from .forecast import UNKNOWN_SIZE, Forecast, SampleSizes, count_classes
from .plan import Segment, TaskPlan, foresee_segments
from .refusals import without_harm
from .task_video import asked_of, bad_video, expected_frames, span_of
from .track_reader import SequenceReader, TrackReader
from .video_labels import VideoLabels
from .video_reader import VideoReader


@dataclass(frozen=True)
class VideoFacts:
    """What FiftyOne knows of a video: how many frames it has, and their size in pixels, as far as somebody looked."""

    total: int = 0
    size: Size | None = None


@dataclass
class VideoForecast:
    """What a send of videos would write.

    Args:
        written: the labels, and what would stay behind
        notices: what else has to be said of labels, by sentence
        tracked, keyframes: how many labels are in tracks, and how many keyframes these have
        jobs: how many jobs each task has
        frames: how many frames CVAT will have of the videos whose frames are known
        unknown: how many videos have frames that nobody counted
    """

    written: Forecast
    notices: Counter[str] = field(default_factory=Counter)
    tracked: int = 0
    keyframes: int = 0
    jobs: list[int] = field(default_factory=list)
    frames: int = 0
    unknown: int = 0

    @property
    def notes(self) -> list[str]:
        """What a person should know before the send, in sentences."""
        said = object_notes(self.notices, self.tracked, self.keyframes, "will be")
        if self.frames:
            said.insert(0, f"{self.frames:,} frames will be in CVAT.")
        if self.unknown:
            said.append(
                f"Videos whose frames nobody counted: {self.unknown:,}. Their jobs are guessed from their labels; "
                "compute the dataset's metadata to know them."
            )
        return said


def object_notes(notices: Mapping[str, int], tracked: int, keyframes: int, are: str = "are") -> list[str]:
    """What there is to say of the objects of videos, in sentences.

    Args:
        notices: what has to be said of labels, by sentence
        tracked, keyframes: how many labels are in tracks, and how many keyframes these have
        are: the verb
    """
    said = [f"{tracked:,} labels {are} in CVAT as tracks, with {keyframes:,} keyframes."] if tracked else []
    return [*said, *(f"{count:,} {what}." for what, count in notices.items())]


def facts_of(collection: Any, sample_ids: Sequence[str]) -> dict[str, VideoFacts]:
    """What FiftyOne knows of videos, by sample."""
    names = ["metadata.total_frame_count", "metadata.frame_width", "metadata.frame_height"]
    if not sample_ids or any(collection.get_field(name) is None for name in names):
        return {}
    values = collection.select(list(sample_ids)).values(["id", *names])
    return {
        sample_id: VideoFacts(
            total if isinstance(total, int) and total > 0 else 0,
            Size(width, height) if isinstance(width, int) and isinstance(height, int) and width * height else None,
        )
        for sample_id, total, width, height in zip(*values, strict=True)
    }


def without_short(collection: Any, videos: Sequence[Frame], request: SendRequest) -> tuple[list[Frame], list[BadFile]]:
    """The videos that have a frame that was asked for; the others, as far as that is known."""
    late = [video.sample_id for video in videos if asked_of(video, request).frame_start]
    known = facts_of(collection, list(dict.fromkeys(late)))
    good, short = [], []
    for video in videos:
        total, start = known.get(video.sample_id, VideoFacts()).total, asked_of(video, request).frame_start
        if total and not expected_frames(asked_of(video, request), total):
            reason = f"has {total:,} frames only, and the first one to send is frame {start:,}, from 0"
            short.append(bad_video(video, reason))
        else:
            good.append(video)
    return good, short


def forecast_videos(
    collection: Any,
    schema: LabelSchema,
    words: Vocabulary,
    mutable: Collection[int],
    tasks: Sequence[TaskPlan],
    request: SendRequest,
    reporter: ProgressReporter,
) -> VideoForecast:
    """Draws all labels of a send.

    Args:
        collection: the samples
        schema: the run's schema
        words: what the labels in CVAT will mean
        mutable: the attributes, by the ids of their specs, that may change along a track
        tasks: the tasks to make
        request: what the person asked for
        reporter: takes the progress, and carries the wish to stop
    """
    counts: dict[str, Counter[str]] = {name: Counter() for name in schema.fields}
    left_out: Counter[str] = Counter()
    found = VideoForecast(Forecast({}, left_out))
    known = facts_of(collection, [frame.sample_id for task in tasks for frame in task.frames if frame.video])
    images, sizes = LabelReader(collection, schema), SampleSizes(collection)
    for number, task in enumerate(tasks, 1):
        reader: TrackReader
        if task.sequence is not None:
            total = len(task.frames)
            reader = SequenceReader(images, schema, sizes.places(task.frames))
        else:
            (video,) = task.frames
            facts = known.get(video.sample_id, VideoFacts())
            found.unknown += not facts.total and not video.clip
            base = _base(collection, video, facts, request)
            total = base.count
            found.frames += total if facts.total or video.clip else 0
            reader = VideoReader(collection, schema, base, request.frame_stop, video.clip)
        segments = foresee_segments(total, request.segment_size, request.overlap)
        found.jobs.append(len(segments))
        labels = VideoLabels(reader, words, segments, lambda: mutable, request.keyframe_tolerance)
        for batch in _batches(labels, segments, left_out):
            count_classes(batch, schema, counts)
            left_out.update(batch.left_out)
        objects = labels.objects()
        found.notices.update(objects.notices)
        found.tracked += objects.labels
        found.keyframes += objects.keyframes
        what = "videos" if task.sequence is None else "tasks"
        reporter.step(f"Looking at the labels: {number:,} of {len(tasks):,} {what}")
    existing = [name for name in counts if schema.fields[name].existing_field]
    found.written.labels.update({name: dict(counts[name].most_common()) for name in existing})
    return found


def _base(collection: Any, video: Frame, facts: VideoFacts, request: SendRequest) -> TaskBase:
    """A task as CVAT will make it."""
    unknown = video.clip.last if video.clip else last_frame(collection._root_dataset, video.sample_id)
    total, asked = facts.total or unknown or 1, asked_of(video, request)
    size = facts.size or UNKNOWN_SIZE
    frame = FrameRecord(sample_id=video.sample_id, name=video.name, width=size.width, height=size.height)
    count = max(1, expected_frames(asked, total))
    span = span_of(video, asked.frame_start, asked.frame_step, count)
    return TaskBase(frames=(frame,), vocabulary={}, video=span)


def _batches(labels: VideoLabels, segments: Sequence[Segment], left_out: Counter[str]) -> Iterator[Batch]:
    """What would be written, each label once."""
    jobs = [labels.drawn(segment, (), {}, left_out) for segment in segments]
    for segment, drawn in zip(segments, jobs, strict=True):
        shared = labels.shared(segment)
        for batch in drawn:
            kept, refused = without_harm(batch)
            left_out.update(refusal.sentence for refusal in refused)
            own = [label for label in each_label(kept.labels) if label.frame not in shared]
            yield Batch.model_construct(labels=tuple(own), dropped=dict(enumerate(kept.dropped.values())))
