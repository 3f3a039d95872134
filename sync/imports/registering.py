"""What is kept of a task that is imported."""

from ...cvat import Client
from ...labels.schema import LabelSchema
from ...labels.vocabulary import Vocabulary
from ..runs.base import NO_SAMPLE, FrameRecord, TaskBase
from ..runs.run_record import TaskRecord
from .linking import Links
from .survey import FoundTask


def task_record(found: FoundTask, client: Client) -> TaskRecord:
    """A task as the record of a run has it."""
    return TaskRecord(
        id=found.task.id,
        name=found.task.name,
        url=client.task_url(found.task.id),
        frames=found.meta.size if found.is_video else len(found.meta.frames),
        jobs=tuple(job.id for job in found.jobs),
    )


def task_base(found: FoundTask, schema: LabelSchema, links: Links) -> TaskBase:
    """What is kept of a task: nothing that was drawn in it is known so far, nor that frames were removed."""
    of_video = found.is_video and found.sequence is None
    frames = tuple(
        FrameRecord(
            sample_id=links.samples.get((found.task.id, frame.number), NO_SAMPLE),
            name=frame.name,
            width=found.image_of(frame.number).width,
            height=found.image_of(frame.number).height,
        )
        for frame in found.frames
    )
    return TaskBase(
        frames=frames,
        vocabulary=Vocabulary(schema, (), found.labels).dump(),
        updated_date=None if found.meta.deleted_frames else found.task.updated_date,  # removed frames are news
        video=found.span if of_video else None,
        sequence=found.sequence,
    )
