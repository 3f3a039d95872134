"""Frames of videos, whose labels are in documents that others may have made anew: they are found by their numbers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import overload

from ...labels.base import BaseLabel
from ..dataset.labels import Labels
from ..runs.base import FrameRecord, OpenConflict, TaskBase
from ..runs.outbox import TrackLabels
from ..runs.packed_labels import PackedLabels


class PlacedFrames(Sequence[FrameRecord], ABC):
    """The frames of a task, and the documents that hold their labels now."""

    @abstractmethod
    def holder(self, field: str | None, frame: int) -> str:
        """The document that holds the labels of a field on a frame."""

    def placed(self, label: BaseLabel) -> BaseLabel:
        """A label in the document that holds it now: others may have made that of its frame anew."""
        holder = self.holder(label.field, label.frame) if 0 <= label.frame < len(self) else label.sample_id
        if holder == label.sample_id:
            return label
        own = {"label_id": holder} if label.label_id == label.sample_id else {}  # a value has the id of its document
        return label.model_copy(update={"sample_id": holder, **own})

    def placed_track(self, item: TrackLabels) -> TrackLabels:
        """A track with its labels in the documents that hold them now."""
        if all(self.placed(label) is label for label in item.labels):
            return item
        return item.model_copy(update={"labels": PackedLabels(map(self.placed, item.labels))})

    def placed_conflict(self, item: OpenConflict) -> OpenConflict:
        """A conflict whose label is in the document that holds it now."""
        base = self.placed(item.base)
        return item if base is item.base else item.model_copy(update={"base": base})


class ImageFrames(PlacedFrames):
    """Frames of a task that are images, each in a document of its own.

    Args:
        frames: the frames; those of videos as :func:`with_present_frames` gives them
    """

    def __init__(self, frames: Sequence[FrameRecord]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, frame: int) -> FrameRecord: ...

    @overload
    def __getitem__(self, frame: slice) -> Sequence[FrameRecord]: ...

    def __getitem__(self, frame: int | slice) -> FrameRecord | Sequence[FrameRecord]:
        return self._frames[frame]

    def holder(self, field: str | None, frame: int) -> str:
        """The document of a frame: that of a frame of a video, or a sample."""
        return self._frames[frame].sample_id


def with_present_frames(known: TaskBase, labels: Labels) -> TaskBase:
    """What is kept of a task, with the documents that its frames of videos have now, should it have such as images.

    Args:
        known: what is kept of the task
        labels: knows the documents of frames
    """
    numbers: dict[str, list[int]] = {}
    for frame in known.frames:
        if frame.of:
            numbers.setdefault(frame.of.sample_id, []).append(frame.of.number)
    ids = {video: labels.frames(video, own) for video, own in numbers.items()}
    frames = tuple(
        frame.model_copy(update={"sample_id": ids[frame.of.sample_id][frame.of.number]}) if frame.of else frame
        for frame in known.frames
    )
    return known if frames == known.frames else known.model_copy(update={"frames": frames})
