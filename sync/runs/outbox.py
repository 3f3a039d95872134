"""The labels that a send writes: kept before each request, and again with the ids that CVAT answered."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ...cvat import Shape, Tag
from ...cvat.models import Track
from ...labels.base import BaseLabel
from ...labels.tracks.identity import Identity
from ...labels.tracks.match import BaseTrack
from .packed_labels import LabelRow, PackedLabels
from .store import Store, parsed

MOST_OBJECTS = 1_000_000
"""No batch has more."""


class TrackLabels(BaseModel):
    """A track of a job, and the labels that it stands for.

    Args:
        field: the field of the labels
        origin: the number of the object in its field and video; tracks of one origin are one object
        index, instance: what says in FiftyOne which object it is
        track: the track; with ids, once CVAT has it
        labels: one on each frame where it is, ascending; they have no objects of their own
        home: the field that the object was in first, if its class is of another one since
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    field: str
    origin: int
    index: int | None = None
    instance: str | None = None
    track: Track
    labels: LabelRow
    home: str = ""

    @property
    def object_key(self) -> tuple[str, int]:
        """What tracks of one object have in common, in this job and in others, whatever field their class is of."""
        return self.home or self.field, self.origin

    @property
    def objects(self) -> tuple[Track, ...]:
        """What is created in CVAT."""
        return (self.track,)

    @property
    def identity(self) -> Identity:
        """What says in FiftyOne which object it is."""
        return Identity(self.index, self.instance)

    @property
    def sample_id(self) -> str:
        """The document that holds the first of its labels."""
        return self.labels[0].sample_id

    def as_base(self) -> BaseTrack:
        """The same for :func:`labels.tracks.load.load_tracks`."""
        return BaseTrack(self.track, tuple(PackedLabels.of(self.labels).keys), self.identity, self.origin)


Entry: TypeAlias = Annotated[BaseLabel | TrackLabels, Field(union_mode="left_to_right")]
"""What is in CVAT as a whole, or not at all: a label with its tag or shapes, or a track with its labels."""


def each_label(entries: Iterable[BaseLabel | TrackLabels]) -> Iterator[BaseLabel]:
    """The labels, those of tracks among them."""
    for entry in entries:
        yield from entry.labels if isinstance(entry, TrackLabels) else (entry,)


def each_field(entries: Iterable[BaseLabel | TrackLabels]) -> Iterator[tuple[str, int]]:
    """The field and the frame of each label, those of tracks among them."""
    for entry in entries:
        if isinstance(entry, TrackLabels):
            own = PackedLabels.of(entry.labels)
            yield from zip(own.fields, own.frames, strict=True)
        else:
            yield entry.field, entry.frame


_ENTRY: TypeAdapter[BaseLabel | TrackLabels] = TypeAdapter(Entry, config=ConfigDict(ser_json_inf_nan="constants"))
_ENTRIES: TypeAdapter[tuple[BaseLabel | TrackLabels, ...]] = TypeAdapter(tuple[Entry, ...])


def dump_entries(entries: Iterable[BaseLabel | TrackLabels]) -> Iterator[bytes]:
    """Labels and tracks as JSON, one a line, piece by piece: of a long video all at once would fill the memory."""
    yield b"[\n"
    for number, entry in enumerate(entries):
        yield b",\n" if number else b""
        if isinstance(entry, TrackLabels):
            head = _ENTRY.dump_json(entry, exclude={"labels"}, exclude_defaults=True)
            yield head[:-1] + b',"labels":'
            yield from PackedLabels.of(entry.labels).as_json()
            yield b"}"
        else:
            yield _ENTRY.dump_json(entry, exclude_defaults=True)
    yield b"\n]"


def read_entries(text: bytes, start: int = 0) -> tuple[tuple[BaseLabel | TrackLabels, ...], int]:
    """Labels and tracks as :func:`dump_entries` wrote them, and where their text ends.

    Args:
        text: holds them
        start: where they begin
    """
    if not text.startswith(b"[\n", start):
        return _ENTRIES.validate_json(text[start:]), len(text)
    found: list[BaseLabel | TrackLabels] = []
    start += 2
    while not text.startswith((b"]", b"\n]"), start):
        stop = text.index(b"\n", start)
        found.append(_ENTRY.validate_json(text[start:stop].removesuffix(b",")))
        start = stop + 1
    return tuple(found), text.index(b"]", start) + 1


class Batch(BaseModel):
    """Labels that are written by one request, as they were drawn.

    Args:
        labels: the labels and tracks, whose objects have no ids yet
        dropped: what CVAT can't hold of one of them, as sentences, by its place in the batch
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    labels: tuple[Entry, ...] = ()
    dropped: dict[int, tuple[str, ...]] = {}

    @property
    def left_out(self) -> Counter[str]:
        """What CVAT can't hold of the labels, counted by sentence."""
        return Counter(sentence for sentences in self.dropped.values() for sentence in sentences)

    def part(self, places: range | list[int]) -> "Batch":
        """The labels at some places, with what of them was dropped."""
        dropped = {new: self.dropped[old] for new, old in enumerate(places) if old in self.dropped}
        return Batch.model_construct(labels=tuple(self.labels[place] for place in places), dropped=dropped)


class BatchAnswer(BaseModel):
    """What CVAT answered to a batch: for each object its id, or all of it if it differs from what was sent.

    An id of ``None`` stands for an object that was deleted in CVAT before its id could be learned.
    """

    model_config = ConfigDict(frozen=True)

    tags: tuple[int | dict[str, Any] | None, ...] = ()
    shapes: tuple[int | dict[str, Any] | None, ...] = ()
    tracks: tuple[dict[str, Any] | None, ...] = ()


class StoredBatch(NamedTuple):
    """A batch as it is kept: its place among those of its job, and CVAT's answer, if that is known."""

    number: int
    batch: Batch
    saved: BatchAnswer | None


@dataclass(frozen=True)
class JobPlace:
    """Where what is kept of a job is found: the task's place in the run, and the job's in the task."""

    task: int
    segment: int

    def __str__(self) -> str:
        return f"{self.task}/{self.segment}"


class Outbox:
    """The batches of labels of a run: as they were drawn, and what CVAT answered.

    Args:
        store: the run's store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def draw(self, place: JobPlace, number: int, batch: Batch) -> None:
        """Keeps a batch, before it is sent."""
        self._store.save(f"drawn/{place}/{number}", _dump_batch(batch))

    def save(self, place: JobPlace, number: int, saved: BatchAnswer) -> None:
        """Keeps CVAT's answer to a batch."""
        self._store.save(f"saved/{place}/{number}", saved.model_dump_json(exclude_defaults=True))

    def withdraw(self, place: JobPlace, number: int) -> None:
        """Forgets the labels of a batch that is not in CVAT; its number stays taken."""
        self.draw(place, number, Batch())
        self.save(place, number, BatchAnswer())

    def batches(self, place: JobPlace) -> Iterator[StoredBatch]:
        """The batches that were drawn of a job, in order."""
        for number, text in numbered(self._store, f"drawn/{place}"):
            answer = self._store.load(f"saved/{place}/{number}")
            saved = None if answer is None else parsed(f"saved/{place}", BatchAnswer.model_validate_json, answer)
            yield StoredBatch(number, parsed(f"drawn/{place}", _read_batch, text), saved)

    def forget(self, task: int) -> None:
        """Forgets what was drawn for a task and can't have been sent."""
        self._store.drop(f"drawn/{task}/")


_LABELS = b'{"labels":'


def _dump_batch(batch: Batch) -> Iterator[bytes]:
    yield _LABELS
    yield from dump_entries(batch.labels)
    yield b"," + batch.model_dump_json(exclude={"labels"})[1:].encode()


def _read_batch(text: bytes) -> Batch:
    if not text.startswith(_LABELS + b"[\n"):
        return Batch.model_validate_json(text)
    labels, end = read_entries(text, len(_LABELS))
    rest = Batch.model_validate_json(b"{" + text[end:].removeprefix(b","))
    return rest.model_copy(update={"labels": labels})


def numbered(store: Store, start: str) -> Iterator[tuple[int, bytes]]:
    """What is kept under one name and the numbers from 0."""
    number = 0
    while (text := store.load(f"{start}/{number}")) is not None:
        yield number, text
        number += 1


def labels_of(batch: Batch, saved: BatchAnswer, number: int = 0) -> tuple[BaseLabel | TrackLabels, ...]:
    """The labels and tracks of a batch, with their objects as CVAT has them.

    Args:
        batch, saved: the batch, and CVAT's answer
        number: the place of the batch in its job
    """
    tags, shapes, tracks = iter(saved.tags), iter(saved.shapes), iter(saved.tracks)
    labels: list[BaseLabel | TrackLabels] = []
    missing = -number * MOST_OBJECTS
    for label in batch.labels:
        if isinstance(label, TrackLabels):
            stored = next(tracks)
            missing -= stored is None
            track = label.track.model_copy(update={"id": missing}) if stored is None else Track.model_validate(stored)
            labels.append(label.model_copy(update={"track": track}))
            continue
        objects: list[Tag | Shape] = []
        for item in label.objects:
            found = next(tags if isinstance(item, Tag) else shapes)
            if found is None:
                missing -= 1  # an id that no object has
                found = missing
            if isinstance(found, dict):
                objects.append(type(item).model_validate(found))
            else:
                objects.append(item.model_copy(update={"id": found}))
        group = (objects[0].group or 0) if len(objects) > 1 else 0
        labels.append(label.model_copy(update={"objects": tuple(objects), "group": group}))
    return tuple(labels)
