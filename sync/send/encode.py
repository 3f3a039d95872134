"""Drawing labels: a job's labels as batches, each to be written by one request."""

import threading
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ...cvat import Shape
from ...labels.attributes import NotCarried
from ...labels.base import BaseLabel
from ...labels.encode import Encoded, encode_label
from ...labels.groups import last_used, users_groups
from ...labels.schema import LabelSchema
from ...labels.shapes import Size
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from ..dataset.frames import read_some_frames
from ..dataset.mask_files import with_pixels
from ..dataset.samples import Document, FieldPlace, NoLabel, read_samples
from ..readable import readable
from ..runs.outbox import Batch, each_label

OBJECTS = 5_000
"""Objects in a request: while CVAT writes them the next are drawn. It takes bodies of up to 100 MB."""
BYTES = 16 << 20
"""Roughly the size of a request; masks are long."""
NUMBER_BYTES = 8
NO_LABELS = "values that are no labels"
SAMPLES = 1_000
"""Samples whose labels are in memory at a time."""

Identity = tuple[str, str, str]
"""A label: its field, its sample and its own id."""
NOTHING: Mapping[Identity, str] = MappingProxyType({})


@dataclass(frozen=True)
class Place:
    """A frame whose labels are drawn: its number, its sample, and its size as displayed, in pixels."""

    frame: int
    sample_id: str
    size: Size


class LabelReader:
    """Reads the labels of samples, for several threads.

    Args:
        collection: the view that is sent: it may hide labels
        schema: the run's schema
    """

    def __init__(self, collection: Any, schema: LabelSchema) -> None:
        self._collection = collection
        self._schema = schema
        self._lock = threading.Lock()
        fields = {name: item for name, item in schema.fields.items() if item.existing_field}
        self._places = [FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in fields.items()]

    @property
    def collection(self) -> Any:
        """The view that is sent."""
        return self._collection

    @property
    def dataset(self) -> Any:
        """Its dataset."""
        return self._collection._root_dataset

    def read(self, places: Sequence[Place]) -> Iterator[tuple[Place, str, Any]]:
        """The labels of some frames, in their order, with their fields."""
        for start in range(0, len(places) if self._places else 0, SAMPLES):
            some = places[start : start + SAMPLES]
            found = self._labels([place.sample_id for place in some])
            for place in some:
                for field, labels in found.get(place.sample_id, ()):
                    for document in labels:
                        yield place, field, document

    def groups(self, places: Sequence[Place]) -> Iterator[int]:
        """The numbers of the groups that users gave to labels of some frames; nothing is read if they gave none."""
        if any("group" in item.facts for item in self._schema.fields.values()):
            for _, field, document in self.read(places):
                if isinstance(document, Mapping):
                    yield from users_groups([document], self._schema.fields[field])

    def _labels(self, sample_ids: Sequence[str]) -> dict[str, list[tuple[str, list[Any]]]]:
        with self._lock:
            samples = list(read_samples(self._collection.select(sample_ids), [place.path for place in self._places]))
        return {str(item["_id"]): [(place.name, place.labels(item)) for place in self._places] for item in samples}


class FrameReader(LabelReader):
    """Reads the labels of frames of videos that are sent as images: a place's sample is the frame's document."""

    def _labels(self, sample_ids: Sequence[str]) -> dict[str, list[tuple[str, list[Any]]]]:
        with self._lock:
            paths = [place.path for place in self._places]
            frames = list(read_some_frames(self._collection, sample_ids, paths))
        return {str(item["_id"]): [(place.name, place.labels(item)) for place in self._places] for item in frames}


def reader_of(collection: Any, schema: LabelSchema, *, of_frames: bool) -> LabelReader:
    """Who reads the labels of images: of samples, or of frames of videos."""
    return (FrameReader if of_frames else LabelReader)(collection, schema)


def draw(
    labels: Iterator[tuple[Place, str, Any]],
    vocabulary: Vocabulary,
    skip: Container[Identity],
    groups: Iterable[int],
    lost: Counter[str],
    refused: Mapping[Identity, str] = NOTHING,
) -> Iterator[Batch]:
    """Draws labels, in batches that make requests of a good size.

    Each label is either in a batch, or in ``skip``, or counted in ``lost``.

    Args:
        labels: where they are, their fields, and their documents
        vocabulary: what the task's labels mean
        skip: labels that were drawn before
        groups: the numbers of CVAT groups that are in use, see :func:`groups_of` and :meth:`LabelReader.groups`
        lost: counts the labels that can't be carried, by reason
        refused: labels that CVAT is known not to take, and the reason
    """
    batch: list[BaseLabel] = []
    dropped: dict[int, tuple[str, ...]] = {}
    count = size = 0
    group = last_used(groups)
    for place, field, identity, document in told_apart(labels, lost):
        if identity in skip:
            continue
        if (reason := refused.get(identity)) is not None:
            lost[reason] += 1
            continue
        drawn = _drawn(document, field, vocabulary, place, group + 1, lost)
        if drawn is None:
            continue
        if drawn.left_out:
            dropped[len(batch)] = tuple(f"{field}: {reason}" for reason in drawn.left_out)
        group += len(drawn.objects) > 1
        batch.append(
            BaseLabel.model_construct(
                field=field,
                sample_id=place.sample_id,
                frame=place.frame,
                label_id=identity[2],
                parts=drawn.parts,
                objects=drawn.objects,
                group=0,
            )
        )
        count += len(drawn.objects)
        size += sum(len(item.points) for item in drawn.objects if isinstance(item, Shape)) * NUMBER_BYTES
        if count >= OBJECTS or size >= BYTES:
            yield Batch.model_construct(labels=tuple(batch), dropped=dropped)
            batch, dropped, count, size = [], {}, 0, 0
    if batch:
        yield Batch.model_construct(labels=tuple(batch), dropped=dropped)


def told_apart(
    labels: Iterator[tuple[Place, str, Any]], lost: Counter[str]
) -> Iterator[tuple[Place, str, Identity, Document]]:
    """The labels with their identities; what has none of its own is counted.

    An id may be in several samples and fields, as copies of labels keep theirs. Twice in one list, it can't be said
    which of the two somebody edited.
    """
    where: tuple[str, str] | None = None
    seen: set[str] = set()
    for place, field, document in labels:
        if not isinstance(document, Mapping) or document.get("_id") is None:
            lost[readable(f"{field}: {document.what if isinstance(document, NoLabel) else NO_LABELS}")] += 1
            continue
        if where != (place.sample_id, field):
            where, seen = (place.sample_id, field), set()
        label_id = str(document["_id"])
        if label_id in seen:
            lost[f"{field}: labels with the id of another one in the same list"] += 1
            continue
        seen.add(label_id)
        yield place, field, (field, place.sample_id, label_id), dict(document)


def _drawn(
    document: Document, field: str, vocabulary: Vocabulary, place: Place, group: int, lost: Counter[str]
) -> Encoded | None:
    """A label as CVAT objects; ``None`` if it can't be carried, which is counted."""
    try:
        return encode_label(with_pixels(document), field, vocabulary, place.size, place.frame, group)
    except NotCarried as error:
        lost[readable(f"{field}: {error}")] += 1
    except Exception as error:  # whatever is in a document: it is this label that stays behind, and no other
        lost[f"{field}: labels that can't be drawn ({type(error).__name__})"] += 1
    return None


def identities(batches: Sequence[Batch]) -> set[Identity]:
    """The labels of batches."""
    return {(label.field, label.sample_id, label.label_id) for batch in batches for label in each_label(batch.labels)}


def groups_of(batches: Sequence[Batch]) -> Iterator[int]:
    """The numbers of CVAT groups in batches."""
    return (item.group or 0 for batch in batches for label in batch.labels for item in label.objects)
