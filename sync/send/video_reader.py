"""Reading the labels of one video: those of its frames, and those that are of the whole video."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ...labels.groups import users_groups
from ...labels.schema import LabelSchema
from ...labels.shapes import Size
from ...labels.types import LABEL_TYPES
from ..dataset.clips import Clip
from ..dataset.frames import read_frames
from ..dataset.samples import Document, FieldPlace, read_samples
from ..runs.base import TaskBase
from ..runs.video import VideoSpan
from .encode import Place
from .track_reader import Found, TrackReader

NOT_SENT = "labels on frames that were not sent"
NO_FRAME = "labels on frames that CVAT does not find in the video"


class VideoReader(TrackReader):
    """Reads the labels of one video.

    Args:
        collection: the view that is sent: it may hide labels
        schema: the run's schema
        base: the task
        stop: the last frame that was asked for, from 0; ``None`` if all were
        clip: the only frames of the video that are looked at; ``None`` for all
    """

    def __init__(
        self, collection: Any, schema: LabelSchema, base: TaskBase, stop: int | None, clip: Clip | None = None
    ) -> None:
        super().__init__(schema)
        assert base.video is not None, "the task has a video"
        self._collection = collection
        self._stop = stop if clip is None else clip.last - 1
        self._clip = clip
        self.span: VideoSpan = base.video
        self.size: Size = base.frames[0].size
        self._sample_id = base.frames[0].sample_id
        fields = {name: item for name, item in schema.fields.items() if item.existing_field}
        places = [FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in fields.items()]
        self._on_frames = [place for place in places if place.on_frames]
        self._on_sample = [place for place in places if not place.on_frames and self.span.leads]

    @property
    def shared(self) -> int:
        """How many frames, from the first one on, an earlier task of the run has, too."""
        return self.span.shared

    @property
    def has_whole(self) -> bool:
        """Whether labels of the whole video are on the first frame."""
        return bool(self._on_sample)

    def all(self, lost: Counter[str]) -> Iterator[Found]:
        """The labels of all frames, in order.

        Args:
            lost: counts the labels on frames that the task does not have
        """
        for document in self._documents(None):
            place = self._place(document)
            for field in self._on_frames:
                labels = field.labels(document)
                if place is None and self._is_counted_elsewhere(document):
                    continue
                if place is None:
                    lost.update({f"{field.name}: {self._reason(document)}": len(labels)} if labels else {})
                else:
                    yield from ((place, field.name, label) for label in labels)

    def read(self, frames: range) -> Iterator[Found]:
        """The labels of some frames of the task. Those of the whole video are on its first frame.

        Args:
            frames: ascending
        """
        if not frames:
            return
        if frames.start == 0 and self._on_sample:
            here = Place(0, self._sample_id, self.size)
            view = self._collection.select(self._sample_id)
            for document in read_samples(view, [place.path for place in self._on_sample]):
                for field in self._on_sample:
                    yield from ((here, field.name, label) for label in field.labels(document))
        for document in self._documents(frames):
            if (place := self._place(document)) is not None and place.frame in frames:
                for field in self._on_frames:
                    yield from ((place, field.name, label) for label in field.labels(document))

    def groups(self) -> set[int]:
        """The numbers of the groups that users gave to labels of the video; nothing is read if they gave none."""
        used: set[int] = set()
        asked = [place for place in self._on_frames if "group" in self._schema.fields[place.name].facts]
        for document in self._documents(None) if asked else ():
            for place in asked:
                labels = [label for label in place.labels(document) if isinstance(label, Mapping)]
                used |= users_groups(labels, self._schema.fields[place.name])
        return used

    def _documents(self, frames: range | None) -> Iterator[Document]:
        if not self._on_frames:
            return iter(())
        numbers = (self._clip.first, self._clip.last) if self._clip else None
        numbers = (self.span.number_of(frames[0]), self.span.number_of(frames[-1])) if frames else numbers
        return read_frames(self._collection, self._sample_id, [place.path for place in self._on_frames], numbers)

    def _place(self, document: Document) -> Place | None:
        """Where a frame is in the task; ``None`` if it is not."""
        number = document.get("frame_number")
        frame = self.span.frame_of(number) if type(number) is not bool and isinstance(number, int) else None
        return None if frame is None else Place(frame, str(document["_id"]), self.size)

    def _is_counted_elsewhere(self, document: Document) -> bool:
        """Whether an earlier clip of the video counts the labels of a frame that the task does not have."""
        number = document.get("frame_number")
        return self._clip is not None and isinstance(number, int) and number <= self._clip.shared

    def _reason(self, document: Document) -> str:
        """Why the labels of a frame stay behind that the task does not have."""
        number = document.get("frame_number")
        if not isinstance(number, int) or (self._stop is not None and number - 1 > self._stop):
            return NOT_SENT
        return NO_FRAME if number >= self.span.number_of(self.span.count) else NOT_SENT
