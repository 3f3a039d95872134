"""The labels of one task: what they mean in CVAT, and who writes them into its jobs."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from ...cvat import Label
from ...labels.groups import last_used
from ...labels.shapes import Size
from ...labels.tracks.mutability import mutable_specs
from ...labels.vocabulary import Vocabulary
from ..dataset.media import Frame
from ..errors import Refused
from ..runs.base import TaskBase
from ..runs.outbox import Batch, JobPlace, StoredBatch
from .context import SendContext
from .encode import Identity, LabelReader, Place, draw, groups_of, identities
from .job_doubts import settle
from .job_writer import JobWriter, WriterContext
from .plan import Segment, TaskPlan, foresee_segments, shared_frames
from .prefetch import Foreseen
from .track_reader import SequenceReader, TrackReader
from .video_labels import VideoLabels
from .video_reader import VideoReader
from .words import words_to_draw

JOBS_AT_ONCE = 4
"""Jobs of one task that are written at the same time; each to itself is written in order."""


class Drawing(Protocol):
    """Draws the labels of a task's jobs."""

    def drawn(
        self, segment: Segment, earlier: Sequence[Batch], refused: Mapping[Identity, str], lost: Counter[str]
    ) -> Iterator[Batch]:
        """The labels of a job in batches, but for those that are in it already, or that CVAT does not take.

        Args:
            segment: the job
            earlier: what is in the job already
            refused: labels that CVAT is known not to take, and the reason
            lost: counts the labels that stay behind, by reason
        """

    def shared(self, segment: Segment) -> range:
        """The frames of a job that an earlier one has, too."""


class ImageLabels:
    """The labels of a task of images.

    Args:
        reader: reads them
        words: what the task's labels mean
        places: the frames of the task
        segments: its jobs
    """

    def __init__(
        self, reader: LabelReader, words: Vocabulary, places: Sequence[Place], segments: Sequence[Segment]
    ) -> None:
        self._reader, self._words, self._places, self._segments = reader, words, places, segments

    def shared(self, segment: Segment) -> range:
        """The frames of a job that an earlier one has, too."""
        return shared_frames(self._segments, segment)

    def drawn(
        self, segment: Segment, earlier: Sequence[Batch], refused: Mapping[Identity, str], lost: Counter[str]
    ) -> Iterator[Batch]:
        """The labels of a job in batches; see :class:`Drawing`."""
        skip, shared = identities(earlier), self.shared(segment)
        here = [self._places[number] for number in segment.frames]
        twice, once = here[: len(shared)], here[len(shared) :]
        groups = [last_used(itertools.chain(groups_of(earlier), self._reader.groups(here)))]
        for batch in draw(self._reader.read(twice), self._words, skip, groups, Counter(), refused):
            yield batch.model_copy(update={"dropped": {}})  # the earlier job counts that
            groups.extend(groups_of([batch]))
        yield from draw(self._reader.read(once), self._words, skip, groups, lost, refused)


class TaskLabels:
    """The labels of a task.

    Args:
        context: what all tasks of the run share
        plan: the task
    """

    def __init__(self, context: SendContext, plan: TaskPlan) -> None:
        self._context = context
        self._number = plan.number
        self._are_tracks = plan.sequence is not None
        self._video: VideoLabels | None = None
        self._writers = WriterContext(
            context.client, context.outbox, context.attempts, context.check, say=context.progress.say
        )

    def foresee(self, task_id: int, frames: Sequence[Frame]) -> Foreseen:
        """What the labels mean, and writers that can draw before CVAT made the jobs.

        There are none if the files did not say how large the images are, nor of a sequence: it may lose images yet.
        """
        labels = self._cvat_labels(task_id)
        try:
            words = self._context.bind(labels)
        except ValueError as error:
            raise Refused(f"{error} in task {task_id}: somebody changed the task's labels meanwhile.") from None
        places = places_of(frames)
        if self._are_tracks or not all(place.size.width for place in places):
            return words, []
        request = self._context.request
        segments = foresee_segments(len(frames), request.segment_size, request.overlap)
        drawing = ImageLabels(self._context.reader, words_to_draw(words), places, segments)
        return words, self.writers(drawing, segments)

    def drawing(self, words: Vocabulary, task_id: int, base: TaskBase, segments: Sequence[Segment]) -> Drawing:
        """Who draws the labels of a task whose frames are there."""
        context, words = self._context, words_to_draw(words)
        if base.video is None and base.sequence is None:
            return ImageLabels(context.reader, words, places_of_base(base), segments)
        reader: TrackReader = (
            SequenceReader(context.reader, context.schema, places_of_base(base))
            if base.video is None
            else self._video_reader(base)
        )

        def mutable() -> Collection[int]:
            return mutable_specs(self._cvat_labels(task_id))

        self._video = VideoLabels(reader, words, segments, mutable, context.request.keyframe_tolerance)
        return self._video

    def _video_reader(self, base: TaskBase) -> VideoReader:
        context, (video,) = self._context, self._context.journal.task(self._number).frames
        return VideoReader(context.reader.collection, context.schema, base, context.request.frame_stop, video.clip)

    def facts(self) -> dict[str, Any]:
        """What a step says of the objects whose labels are written as tracks."""
        if self._video is None:
            return {}
        found = self._video.objects()
        return {"notices": dict(found.notices), "tracked": found.labels, "keyframes": found.keyframes}

    def writers(self, drawing: Drawing, segments: Sequence[Segment]) -> list[JobWriter]:
        """Writers of jobs in which nothing is yet."""
        return [self._writer(drawing, segment, ()) for segment in segments]

    def resumed(self, drawing: Drawing, segments: Sequence[Segment]) -> list[JobWriter]:
        """Writers of jobs into which an earlier process may have written."""
        return [self._writer(drawing, segment, self._settled(segment)) for segment in segments]

    def write(self, segments: Sequence[Segment], writers: Sequence[JobWriter]) -> None:
        """Writes the labels of all jobs."""
        with ThreadPoolExecutor(JOBS_AT_ONCE, thread_name_prefix="cvat-jobs") as pool:
            list(pool.map(self._write_job, segments, writers))

    def _write_job(self, segment: Segment, writer: JobWriter) -> None:
        self._context.progress.add(labels=sum(writer.labels.values()))
        for count in writer.write(segment.job_id):
            self._context.progress.add(labels=count)
            self._context.check()
        self._context.base.point_to_sent(segment.job_id, self._number, segment.number)

    def _settled(self, segment: Segment) -> list[StoredBatch]:
        shared = self._writers
        place = JobPlace(self._number, segment.number)
        return settle(shared.client, segment.job_id, place, shared.outbox, shared.attempts, shared.check)

    def _writer(self, drawing: Drawing, segment: Segment, earlier: Sequence[StoredBatch]) -> JobWriter:
        place = JobPlace(self._number, segment.number)
        refused = {
            (item.field, item.sample_id, item.label_id): item.sentence
            for item in (self._writers.attempts.refusals(place) if earlier else ())
        }
        lost: Counter[str] = Counter()
        drawn = drawing.drawn(segment, [kept.batch for kept in earlier], refused, lost)
        return JobWriter(self._writers, place, drawn, lost, earlier, drawing.shared(segment))

    def _cvat_labels(self, task_id: int) -> Sequence[Label]:
        return self._context.project_labels or self._context.client.labels(task_id=task_id)


def places_of_base(base: TaskBase) -> list[Place]:
    """The frames of a task of images, with the sizes that CVAT found."""
    return [Place(number, frame.sample_id, frame.size) for number, frame in enumerate(base.frames)]


def places_of(frames: Sequence[Frame]) -> list[Place]:
    """The frames of a task with the sizes that the files themselves tell."""
    return [Place(number, frame.sample_id, Size(frame.width, frame.height)) for number, frame in enumerate(frames)]
