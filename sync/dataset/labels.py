"""The labels of a dataset as a load sees them: raw documents, read, written, and put back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bson import ObjectId
from numpy.typing import NDArray

from ...labels.schema import FieldSchema
from .list_changes import Document, FormerValue
from .mask_files import save_files
from .samples import FieldPlace, ensure_field, field_class, is_read_only, own_folder
from .writes import Reverts, Writes, write_bundle

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
    """

    labels: dict[str, Document]
    holder: FormerValue | None = None
    media: str = ""
    own: str = ""
    size: int = 0


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


class DatasetLabels:
    """The labels of a FiftyOne dataset."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def read(self, place: FieldPlace, sample_ids: Iterable[str]) -> dict[str, SampleLabels]:
        ids = [ObjectId(sample_id) for sample_id in sample_ids]
        wanted = {place.name: True, "filepath": True, SIZE: {"$bsonSize": "$$ROOT"}}
        found = self._dataset._sample_collection.find({"_id": {"$in": ids}}, wanted)
        own = own_folder(self._dataset)
        return {
            str(sample["_id"]): replace(held(place, sample), media=str(sample.get("filepath") or ""), own=own)
            for sample in found
        }

    def write(self, place: FieldPlace, writes: Writes) -> None:
        write_bundle(self._dataset, place, writes)

    def revert(self, place: FieldPlace, reverts: Reverts) -> None:
        write_bundle(self._dataset, place, reverts)

    def tag(self, sample_ids: Iterable[str], tag: str) -> None:
        if ids := list(sample_ids):
            self._dataset.select(ids).tag_samples(tag)

    def untag(self, sample_ids: Iterable[str], tag: str) -> None:
        if ids := list(sample_ids):
            self._dataset.select(ids).untag_samples(tag)

    def ensure(self, name: str, schema: FieldSchema) -> None:
        ensure_field(self._dataset, name, schema)

    def field_class(self, name: str) -> str | None:
        return field_class(self._dataset, name)

    def read_only(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(name for name in names if is_read_only(self._dataset, name))

    def save_files(self, files: Mapping[str, NDArray[Any]]) -> None:
        save_files(files)


def held(place: FieldPlace, sample: Mapping[str, Any]) -> SampleLabels:
    """What a field holds in a sample's document."""
    top, *rest = place.name.split(".")
    there, value = top in sample, sample.get(top)
    for step in rest:
        there, value = (step in value, value.get(step)) if isinstance(value, Mapping) else (False, None)
    documents: dict[str, Document] = {}
    for document in place.labels(sample):
        if isinstance(document, Mapping) and "_id" in document:
            documents.setdefault(str(document["_id"]), document)  # of two with one id, the first is meant
    if place.many:
        filled = isinstance(value, Mapping) and isinstance(value.get(place.root.rsplit(".", 1)[1]), list)
    else:
        filled = value is not None
    return SampleLabels(documents, None if filled else FormerValue(there, value), size=sample.get(SIZE, 0))
