"""Labels that one clip of a video deleted, while another clip with the same frame still knows of them."""

from collections.abc import Iterator, Mapping

from ...labels.base import LabelKey
from ..runs.base import BaseStore, TaskBase
from ..runs.outbox import each_label
from ..runs.run_record import RunRecord, TaskRecord


def gone_from_clips(record: RunRecord, base: BaseStore) -> set[LabelKey]:
    """The labels that a task of a video does not have, though another one has, and both have the frame.

    A send puts a label on such a frame into both tasks, so that a load of one of them deleted it; or it was drawn in
    one of them alone.

    Args:
        record: the run
        base: what its labels were when both sides last agreed
    """
    clips: dict[str, list[tuple[TaskRecord, TaskBase]]] = {}
    for task in record.tasks:
        known = base.task(task.id)
        if known is not None and known.video is not None:
            clips.setdefault(known.frames[0].sample_id, []).append((task, known))
    return {key for some in clips.values() if len(some) > 1 for key in _lacking(some, base)}


def _lacking(clips: list[tuple[TaskRecord, TaskBase]], base: BaseStore) -> Iterator[LabelKey]:
    """What some clips of one video lack."""
    numbers: list[Mapping[LabelKey, LabelKey]] = []  # by the frame's number in the video
    for task, known in clips:
        labels = (label for job in task.jobs for label in each_label((*(base.labels(job) or ()), *base.tracks(job))))
        video = known.video
        numbers.append({(it.field, video.number_of(it.frame), it.label_id): it.key for it in labels} if video else {})
    for own in numbers:
        for there, key in own.items():
            for (_, known), other in zip(clips, numbers, strict=True):
                if there not in other and known.video is not None and known.video.frame_of(there[1]) is not None:
                    yield key
