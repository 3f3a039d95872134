"""The labels of a dataset as a load sees them: raw documents, read, written, and put back."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from bson import ObjectId
from numpy.typing import NDArray

from ...labels.schema import FieldSchema
from ..new_files import remove_unfinished
from .frame_documents import (
    MissingFrame,
    drop_frames,
    indexes_of,
    make_frames,
    tag_frames,
    untag_frames,
    videos_of,
)
from .frames import frame_ids
from .list_changes import Document, FormerValue
from .mask_files import save_files
from .samples import FieldPlace, ensure_field, field_class, holders, is_read_only, own_folder
from .sequences import ImageSequence, indexes_in
from .writes import Reverts, Writes, write_bundle

CLOSED = "the field holds something there that is no label of it"
"""Why nothing is written into a field of a sample: whoever put it there may want it, and it would be lost."""

SIZE = "_roundtrip_size"
"""The name of a sample's size among what is read of it; no field has it."""


@dataclass(frozen=True)
class SampleLabels:
    """What a field of a sample holds.

    Args:
        labels: the documents, by id, in order
        holder: what is there, if it is no place for labels
        media: the file of the sample
        own: the dataset's own folder
        size: of the whole sample, in bytes
        twins: the ids of further labels that have the id of one of these
        closed: why nothing can be written there; empty if it can
    """

    labels: dict[str, Document]
    holder: FormerValue | None = None
    media: str = ""
    own: str = ""
    size: int = 0
    twins: tuple[str, ...] = ()
    closed: str = ""


class Labels(Protocol):
    """The labels of a dataset. What is done twice is done once."""

    def read(self, place: FieldPlace, sample_ids: Iterable[str]) -> dict[str, SampleLabels]:
        """What a field of some samples holds; samples that the dataset lost are absent."""

    def write(self, place: FieldPlace, writes: Writes) -> None:
        """Applies changes."""

    def revert(self, place: FieldPlace, reverts: Reverts) -> None:
        """Puts labels back."""

    def tag(self, sample_ids: Iterable[str], tag: str) -> None:
        """Tags samples."""

    def untag(self, sample_ids: Iterable[str], tag: str) -> None:
        """Takes a tag from samples."""

    def ensure(self, name: str, schema: FieldSchema) -> None:
        """Declares a field, if there is none of this name."""

    def field_class(self, name: str) -> str | None:
        """The FiftyOne class of a field; see :func:`sync.dataset.samples.field_class`."""

    def read_only(self, names: Iterable[str]) -> frozenset[str]:
        """Those of some fields that must not be written."""

    def save_files(self, files: Mapping[str, NDArray[Any]]) -> None:
        """Writes arrays to image files."""

    def frames(self, sample_id: str, numbers: Collection[int]) -> dict[int, str]:
        """The ids of the documents of frames of a video; those that are missing are made once labels come there."""

    def drop_frames(self, ids: Collection[str]) -> None:
        """Takes documents of frames away that hold nothing."""

    def indexes(self, place: FieldPlace, sample_id: str) -> set[int]:
        """The indexes that labels of a field have on the frames of a video."""

    def sequence_indexes(self, place: FieldPlace, sequence: ImageSequence, sample_ids: Collection[str]) -> set[int]:
        """The indexes that labels of a field have in an image sequence.

        Args:
            place: the field
            sequence: the sequence, whether its samples are in the run or not
            sample_ids: samples of the run that were in it when they were sent
        """


class DatasetLabels:
    """The labels of a FiftyOne dataset. What holds them is a sample, or a frame of a video."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._missing: dict[str, MissingFrame] = {}
        self._tidied: set[Path] = set()

    def read(self, place: FieldPlace, sample_ids: Iterable[str]) -> dict[str, SampleLabels]:
        wanted = set(sample_ids)
        paths = {place.path: True, SIZE: {"$bsonSize": "$$ROOT"}}
        paths.update({"_sample_id": True} if place.on_frames else {"filepath": True})
        documents = list(holders(self._dataset, place).find({"_id": {"$in": [*map(ObjectId, wanted)]}}, paths))
        files = videos_of(self._dataset, documents) if place.on_frames else {}
        own = own_folder(self._dataset)
        found = {}
        for document in documents:
            media = files.get(document["_id"]) if place.on_frames else document.get("filepath")
            found[str(document["_id"])] = replace(held(place, document), media=str(media or ""), own=own)
        if place.on_frames:
            nothing = SampleLabels({}, FormerValue(False), own=own)
            found.update(dict.fromkeys(self._still_missing(wanted - found.keys()), nothing))
        return found

    def _still_missing(self, ids: Iterable[str]) -> list[str]:
        """Those of some frames that have no document, but could get one: the dataset still has their videos."""
        missing = {own_id: self._missing[own_id] for own_id in ids if own_id in self._missing}
        if not missing:
            return []
        match = {"_id": {"$in": [ObjectId(video) for video in {frame.sample_id for frame in missing.values()}]}}
        videos = {str(video) for video in self._dataset._sample_collection.distinct("_id", match)}
        return [own_id for own_id, frame in missing.items() if frame.sample_id in videos]

    def write(self, place: FieldPlace, writes: Writes) -> None:
        if place.on_frames:
            make_frames(self._dataset, {i: self._missing[i] for i, _ in writes.adds if i in self._missing})
        write_bundle(self._dataset, place, writes)

    def revert(self, place: FieldPlace, reverts: Reverts) -> None:
        write_bundle(self._dataset, place, reverts)

    def tag(self, sample_ids: Iterable[str], tag: str) -> None:
        samples, frames = self._told_apart(sample_ids)
        if samples:
            self._dataset.select(samples).tag_samples(tag)
        tag_frames(self._dataset, frames, tag)

    def untag(self, sample_ids: Iterable[str], tag: str) -> None:
        samples, frames = self._told_apart(sample_ids)
        if samples:
            self._dataset.select(samples).untag_samples(tag)
        untag_frames(self._dataset, frames, tag)

    def _told_apart(self, ids: Iterable[str]) -> tuple[list[str], list[str]]:
        """Ids of samples, and those of frames."""
        wanted = list(ids)
        if not wanted or self._dataset._frame_collection is None:
            return wanted, []
        match = {"_id": {"$in": [*map(ObjectId, wanted)]}}
        samples = {str(i) for i in self._dataset._sample_collection.distinct("_id", match)}
        return [i for i in wanted if i in samples], [i for i in wanted if i not in samples]

    def ensure(self, name: str, schema: FieldSchema) -> None:
        ensure_field(self._dataset, name, schema)

    def field_class(self, name: str) -> str | None:
        return field_class(self._dataset, name)

    def read_only(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(name for name in names if is_read_only(self._dataset, name))

    def save_files(self, files: Mapping[str, NDArray[Any]]) -> None:
        folders = {Path(path).parent for path in files} - self._tidied
        remove_unfinished(folders)  # of a load that ended while it wrote there; once, as a folder may have many files
        self._tidied |= folders
        save_files(files)

    def frames(self, sample_id: str, numbers: Collection[int]) -> dict[int, str]:
        found = frame_ids(self._dataset, sample_id, numbers)
        for number in set(numbers) - found.keys():
            missing = MissingFrame(sample_id, number)
            found[number] = missing.own_id
            self._missing[missing.own_id] = missing
        return found

    def drop_frames(self, ids: Collection[str]) -> None:
        drop_frames(self._dataset, ids)

    def indexes(self, place: FieldPlace, sample_id: str) -> set[int]:
        return indexes_of(self._dataset, place, sample_id)

    def sequence_indexes(self, place: FieldPlace, sequence: ImageSequence, sample_ids: Collection[str]) -> set[int]:
        return indexes_in(self._dataset, place, sequence, sample_ids)


def held(place: FieldPlace, sample: Mapping[str, Any]) -> SampleLabels:
    """What a field holds in a document."""
    top, *rest = place.path.split(".")
    there, value = top in sample, sample.get(top)
    for step in rest:
        there, value = (step in value, value.get(step)) if isinstance(value, Mapping) else (False, None)
    documents: dict[str, Document] = {}
    twins: list[str] = []
    closed = ""
    for document in place.labels(sample):
        if not isinstance(document, dict) or "_id" not in document:
            closed = CLOSED
        else:
            label_id = str(document["_id"])
            if label_id in documents:  # of two with one id, the first is meant
                twins.append(label_id)
            documents.setdefault(label_id, document)
    if place.many:
        filled = isinstance(value, Mapping) and isinstance(value.get(place.root.rsplit(".", 1)[1]), list)
    else:
        filled = value is not None
    holder = None if filled else FormerValue(there, value)
    return SampleLabels(documents, holder, size=sample.get(SIZE, 0), twins=tuple(twins), closed=closed)
