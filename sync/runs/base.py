"""The base of a run: what its labels were when both sides last agreed, one document for each job."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ...cvat import Shape, Tag
from ...labels.base import BaseLabel, LabelKey
from ...labels.codec import Parts
from ...labels.schema import LabelSchema
from ...labels.shapes import Size
from ...labels.vocabulary import Vocabulary
from ..dataset.media import VideoFrame
from ..dataset.sequences import ImageSequence
from ..errors import StateUnreadable
from ..request import Policy
from .marks import JobMark, Marks
from .outbox import JobPlace, Outbox, TrackLabels, dump_entries, each_field, labels_of, read_entries
from .store import Store, damaged, parsed
from .video import VideoSpan

NO_SAMPLE = "0" * 24
"""The sample of a frame that has none, in a task that was not made by a send: an id that no sample has."""


class FrameRecord(BaseModel):
    """A frame of a task: its sample, its name in CVAT and its size there in pixels; perhaps of which video it is."""

    model_config = ConfigDict(frozen=True)

    sample_id: str
    name: str
    width: int
    height: int
    of: VideoFrame | None = None

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)


class TaskBase(BaseModel):
    """What is kept of a task.

    Args:
        frames: its frames, in order; of a video one that stands for all: with the video's sample, name and size
        vocabulary: what its labels mean
        created_date: when CVAT made it, if a send did that
        updated_date: the task's, when it was last looked at
        deleted_frames: frames that annotators had removed then
        video: the frames that it has of a video; ``None`` if it has images
        sequence: the image sequence that its frames are, or are a part of
    """

    model_config = ConfigDict(frozen=True)

    frames: tuple[FrameRecord, ...]
    vocabulary: dict[str, Any]
    created_date: str = ""
    updated_date: str | None = None
    deleted_frames: tuple[int, ...] = ()
    video: VideoSpan | None = None
    sequence: ImageSequence | None = None

    @property
    def count(self) -> int:
        """How many frames it has."""
        return self.video.count if self.video else len(self.frames)

    def place_of(self, frame: int) -> VideoFrame | None:
        """The frame of a video that a frame is; ``None`` if it is an image by itself."""
        if self.video:
            return VideoFrame(sample_id=self.frames[0].sample_id, number=self.video.number_of(frame))
        return self.frames[frame].of

    def size_of(self, frame: int) -> Size:
        """The size of a frame, in pixels."""
        return self.frames[0 if self.video else frame].size

    def words(self, schema: LabelSchema) -> Vocabulary:
        with damaged("task"):
            return Vocabulary.load(schema, self.vocabulary)


class OpenConflict(BaseModel):
    """A label that both sides changed, left alone until somebody decides.

    Args:
        base: what it was
        remote: its parts in CVAT; ``None`` if it was deleted there
        objects: its tag or shapes in CVAT
        decided: the parts that somebody decided, before all were
        on_sample: whether its sample has the tag, because there is no label that could have it
        to: the field that its class in CVAT belongs to, if that is another one
        replaced: whether it is another thing in CVAT, of another class, in the only place that its field has
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    base: BaseLabel
    remote: Parts | None
    objects: tuple[Annotated[Shape | Tag, Field(union_mode="left_to_right")], ...] = ()
    decided: dict[str, Policy] = {}
    on_sample: bool = False
    to: str | None = None
    replaced: bool = False


@dataclass(frozen=True)
class NewObject:
    """The object of a track whose id CVAT did not have before: its number, and what says in FiftyOne which one it is.

    Args:
        origin: the number
        index, instance: what says which object it is
        same: the id of the track that it was, if it is not a new object
    """

    origin: int
    index: int | None
    instance: str | None
    same: int | None = None


class SentLabels(BaseModel):
    """Where a job's labels are that nobody has loaded yet."""

    model_config = ConfigDict(frozen=True)

    task: int
    segment: int


# A missing keypoint is not a number
_LABELS = TypeAdapter(tuple[BaseLabel, ...], config=ConfigDict(ser_json_inf_nan="constants"))
_OPEN = TypeAdapter(tuple[OpenConflict, ...], config=ConfigDict(ser_json_inf_nan="constants"))
_OBJECTS = TypeAdapter(dict[int, NewObject])
_GONE = TypeAdapter(tuple[tuple[str, int, str, bool], ...])


class _Kept(NamedTuple):
    """What is kept of a job: its labels but for those of its tracks, and these; whether as a send wrote them."""

    labels: tuple[BaseLabel, ...]
    tracks: tuple[TrackLabels, ...]
    is_sent: bool

    @classmethod
    def of(cls, entries: Iterable[BaseLabel | TrackLabels], *, is_sent: bool) -> "_Kept":
        """The same, told apart."""
        labels: list[BaseLabel] = []
        tracks: list[TrackLabels] = []
        for item in entries:
            tracks.append(item) if isinstance(item, TrackLabels) else labels.append(item)
        return cls(tuple(labels), tuple(tracks), is_sent)

    @property
    def size(self) -> int:
        """How many labels there are."""
        return len(self.labels) + sum(len(item.labels) for item in self.tracks)


class BaseStore:
    """The base of a run, or of its copy in other fields.

    Args:
        store: the run's store
        target: empty for the fields that were sent, else a name for the fields that it was loaded into
    """

    def __init__(self, store: Store, target: str = "") -> None:
        self._store = store
        self.target = target
        self._tail = f"@{target}" if target else ""
        self._ahead: dict[int, _Kept] = {}

    def labels(self, job_id: int) -> tuple[BaseLabel, ...] | None:
        """The labels of a job but for those of its tracks, or ``None`` if nothing is known of it."""
        found = self._read(job_id)
        return None if found is None else found.labels

    def tracks(self, job_id: int) -> tuple[TrackLabels, ...]:
        """The tracks of a job with their labels."""
        found = self._read(job_id)
        return () if found is None else found.tracks

    def look_ahead(self, job_id: int) -> tuple[TrackLabels, ...]:
        """The tracks of a job of which all is asked for soon: it is kept until then, so that it is read once."""
        if (found := self._read(job_id)) is None:
            return ()
        self._ahead[job_id] = found
        return found.tracks

    def _read(self, job_id: int) -> "_Kept | None":
        text = self._store.load(f"job/{job_id}{self._tail}")
        if text is None:
            return None
        if text.startswith(b"{"):
            sent = parsed(f"job/{job_id}", SentLabels.model_validate_json, text)
            batches = Outbox(self._store).batches(JobPlace(sent.task, sent.segment))
            with damaged(f"job/{job_id}"):
                entries = tuple(label for b in batches if b.saved for label in labels_of(b.batch, b.saved, b.number))
            return _Kept.of(entries, is_sent=True)
        return _Kept.of(parsed(f"job/{job_id}", read_entries, text)[0], is_sent=False)

    def known_labels(self, job_id: int, mark: JobMark) -> tuple[BaseLabel, ...]:
        """The labels of a job that has such a mark, but for those of its tracks.

        Raises:
            StateUnreadable: if they are gone, or some of them
        """
        return self.known_entries(job_id, mark)[0]

    def known_entries(self, job_id: int, mark: JobMark) -> tuple[tuple[BaseLabel, ...], tuple[TrackLabels, ...]]:
        """The labels of a job that has such a mark, but for those of its tracks; and the tracks with theirs.

        Raises:
            StateUnreadable: if they are gone, or some of them: without them, what CVAT has would count as new
        """
        found = self._ahead.pop(job_id, None) or self._read(job_id)
        expected = sum(mark.labels.values())
        if expected and (found is None or (found.is_sent and found.size < expected)):
            raise StateUnreadable(
                f"What is kept of the labels of job {job_id} is gone, so it can't be known what changed there."
            )
        return (found.labels, found.tracks) if found else ((), ())

    def point_to_sent(self, job_id: int, task: int, segment: int) -> None:
        """Says that a job's labels are as the batches have them that were written by a send.

        Args:
            job_id: the job
            task, segment: the task's place in the run, and the job's in the task
        """
        self._store.save(f"job/{job_id}{self._tail}", SentLabels(task=task, segment=segment).model_dump_json())

    def save_labels(self, job_id: int, labels: tuple[BaseLabel, ...], tracks: tuple[TrackLabels, ...] = ()) -> None:
        """Keeps the labels of a job, and its tracks with theirs."""
        self._ahead.pop(job_id, None)
        self._store.save(f"job/{job_id}{self._tail}", dump_entries((*labels, *tracks)))

    def open(self, job_id: int) -> tuple[OpenConflict, ...]:
        """The conflicts of a job that wait for a decision."""
        text = self._store.load(f"open/{job_id}{self._tail}")
        return () if text is None else parsed(f"open/{job_id}", _OPEN.validate_json, text)

    def save_open(self, job_id: int, conflicts: tuple[OpenConflict, ...]) -> None:
        """Keeps the conflicts of a job."""
        self._store.save(f"open/{job_id}{self._tail}", _OPEN.dump_json(conflicts, exclude_defaults=True))

    def new_objects(self, job_id: int) -> dict[int, NewObject]:
        """The objects of a job's new tracks, by the tracks' ids, while a load writes their labels."""
        text = self._store.load(f"objects/{job_id}{self._tail}")
        return {} if text is None else parsed(f"objects/{job_id}", _OBJECTS.validate_json, text)

    def save_new_objects(self, job_id: int, objects: Mapping[int, NewObject]) -> None:
        """Keeps the objects of new tracks before their labels are written: should that end, they stay the same."""
        self._store.save(f"objects/{job_id}{self._tail}", _OBJECTS.dump_json(dict(objects)))

    def gone(self, job_id: int) -> dict[LabelKey, bool]:
        """Labels of a job that are gone from it while another job may have them: whether a load deleted them."""
        text = self._store.load(f"gone/{job_id}{self._tail}")
        found = () if text is None else parsed(f"gone/{job_id}", _GONE.validate_json, text)
        return {(field, frame, label_id): by_load for field, frame, label_id, by_load in found}

    def save_gone(self, job_id: int, gone: Mapping[LabelKey, bool]) -> None:
        """Keeps which labels of a job are gone from it."""
        self._store.save(f"gone/{job_id}{self._tail}", _GONE.dump_json(tuple((*key, by) for key, by in gone.items())))

    def marks(self) -> Marks:
        """Where the load stands with each job."""
        return Marks(self._store, self._tail)

    def task(self, task_id: int) -> TaskBase | None:
        """What is kept of a task, or ``None``."""
        text = self._store.load(f"task/{task_id}{self._tail}")
        return None if text is None else parsed(f"task/{task_id}", TaskBase.model_validate_json, text)

    def save_task(self, task_id: int, task: TaskBase) -> None:
        """Keeps the facts of a task."""
        self._store.save(f"task/{task_id}{self._tail}", task.model_dump_json(exclude_defaults=True))


def dump_labels(labels: tuple[BaseLabel, ...]) -> bytes:
    """The base of some labels as JSON."""
    return _LABELS.dump_json(labels, exclude_defaults=True)


def read_labels(text: bytes) -> tuple[BaseLabel, ...]:
    """The base of some labels that :func:`dump_labels` gave."""
    return _LABELS.validate_json(text)


def by_label(labels: Sequence[BaseLabel]) -> dict[LabelKey, BaseLabel]:
    """The base by label."""
    return {label.key: label for label in labels}


def count_fields(entries: Iterable[BaseLabel | TrackLabels], shared: Collection[int] = ()) -> dict[str, int]:
    """How many labels each field has, those of tracks among them.

    Args:
        entries: labels and tracks
        shared: frames that an earlier job has, too: it counts their labels
    """
    return dict(Counter(field for field, frame in each_field(entries) if frame not in shared))
