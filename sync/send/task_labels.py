"""The labels of one task: what they mean in CVAT, and who writes them into its jobs."""

import itertools
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ...labels.fitting import fit_project
from ...labels.shapes import Size
from ...labels.vocabulary import Vocabulary
from ..dataset.media import Frame
from ..runs.outbox import JobPlace, StoredBatch
from .context import SendContext
from .encode import Place, draw, groups_of, identities
from .job_doubts import settle
from .job_writer import Desk, JobWriter
from .plan import Segment, foresee_segments
from .prefetch import Foreseen

JOBS_AT_ONCE = 4
"""Jobs of one task that are written at the same time; each to itself is written in order."""


class TaskLabels:
    """The labels of a task.

    Args:
        context: what all tasks of the run share
        number: the task's place in the run
    """

    def __init__(self, context: SendContext, number: int) -> None:
        self._context = context
        self._number = number
        self._desk = Desk(context.client, context.outbox, context.attempts, context.check, say=context.progress.say)

    def foresee(self, task_id: int, frames: Sequence[Frame]) -> Foreseen:
        """What the labels mean, and writers that can draw before CVAT made the jobs.

        There are none if the files did not say how large the images are.
        """
        labels = self._context.project_labels or self._context.client.labels(task_id=task_id)
        names = fit_project(self._context.schema, labels).names if self._context.project_id else None
        words = Vocabulary.bind(self._context.schema, labels, names)
        places = places_of(frames)
        drawable = all(place.size.width for place in places)
        segments = foresee_segments(len(frames), self._context.request.segment_size)
        return words, self.writers(words, segments, places) if drawable else []

    def writers(self, words: Vocabulary, segments: Sequence[Segment], places: Sequence[Place]) -> list[JobWriter]:
        """Writers of jobs in which nothing is yet."""
        return [self._writer(words, segment, places, ()) for segment in segments]

    def resumed(self, words: Vocabulary, segments: Sequence[Segment], places: Sequence[Place]) -> list[JobWriter]:
        """Writers of jobs into which an earlier process may have written."""
        return [self._writer(words, segment, places, self._settled(segment)) for segment in segments]

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
        desk = self._desk
        place = JobPlace(self._number, segment.number)
        return settle(desk.client, segment.job_id, place, desk.outbox, desk.attempts, desk.check)

    def _writer(
        self, words: Vocabulary, segment: Segment, places: Sequence[Place], earlier: Sequence[StoredBatch]
    ) -> JobWriter:
        place = JobPlace(self._number, segment.number)
        batches = [kept.batch for kept in earlier]
        refused = {
            (item.field, item.sample_id, item.label_id): item.sentence
            for item in (self._desk.attempts.refusals(place) if earlier else ())
        }
        here = [places[number] for number in segment.frames]
        reader = self._context.reader
        groups = itertools.chain(groups_of(batches), reader.groups(here))
        lost: Counter[str] = Counter()
        drawn = draw(reader.read(here), words, identities(batches), groups, lost, refused)
        return JobWriter(self._desk, place, drawn, lost, earlier)


def places_of(frames: Sequence[Frame]) -> list[Place]:
    """The frames of a task with the sizes that the files themselves tell."""
    return [Place(number, frame.sample_id, Size(frame.width, frame.height)) for number, frame in enumerate(frames)]
