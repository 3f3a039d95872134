"""The labels of a dataset as a load sees them: raw documents, read, written, and put back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Protocol

from bson import ObjectId
from numpy.typing import NDArray
from pymongo import UpdateOne

from ...labels.schema import FieldSchema
from .mask_files import save_files
from .samples import Document, FieldPlace, Writes, ensure_field, field_class, write_labels


@dataclass(frozen=True)
class FormerValue:
    """What a field held that was no place for labels: nothing at all, or a value such as ``None``."""

    there: bool
    value: Any = None


@dataclass(frozen=True)
class SampleLabels:
    """What a field of a sample holds.

    Args:
        labels: the documents, by id, in order
        holder: what is there, if it is no place for labels
    """

    labels: dict[str, Document]
    holder: FormerValue | None = None


@dataclass
class Reverts:
    """Labels to be put back.

    Args:
        replace: sample id and the whole document that the label of this id shall be
        remove: sample id, label id, and what the field shall hold if nothing else is left in it
        insert: sample id, place in the list, and document
    """

    replace: list[tuple[str, Document]] = field(default_factory=list)
    remove: list[tuple[str, str, FormerValue | None]] = field(default_factory=list)
    insert: list[tuple[str, int, Document]] = field(default_factory=list)


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

    def save_files(self, files: Mapping[str, NDArray[Any]]) -> None:
        """Writes arrays to image files."""


class DatasetLabels:
    """The labels of a FiftyOne dataset."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def read(self, place: FieldPlace, sample_ids: Iterable[str]) -> dict[str, SampleLabels]:
        ids = [ObjectId(sample_id) for sample_id in sample_ids]
        found = self._dataset._sample_collection.find({"_id": {"$in": ids}}, {place.name: True})
        return {str(sample["_id"]): held(place, sample) for sample in found}

    def write(self, place: FieldPlace, writes: Writes) -> None:
        write_labels(self._dataset, place, writes)

    def revert(self, place: FieldPlace, reverts: Reverts) -> None:
        operations = _list_reverts(place, reverts) if place.many else _single_reverts(place, reverts)
        if not operations:
            return
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        updates = []
        for match, change in operations:
            change.setdefault("$set", {})["last_modified_at"] = now
            updates.append(UpdateOne(match, change))
        touched = {item[0] for items in (reverts.replace, reverts.remove, reverts.insert) for item in items}
        self._dataset._bulk_write(updates, ids=sorted(touched), ordered=True)

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

    def save_files(self, files: Mapping[str, NDArray[Any]]) -> None:
        save_files(files)


def held(place: FieldPlace, sample: Mapping[str, Any]) -> SampleLabels:
    """What a field holds in a sample's document."""
    top, *rest = place.name.split(".")
    there, value = top in sample, sample.get(top)
    for step in rest:
        there, value = (step in value, value.get(step)) if isinstance(value, Mapping) else (False, None)
    documents = {str(document["_id"]): document for document in place.labels(sample)}
    if place.many:
        filled = isinstance(value, Mapping) and isinstance(value.get(place.root.rsplit(".", 1)[1]), list)
    else:
        filled = value is not None
    return SampleLabels(documents, None if filled else FormerValue(there, value))


Operation = tuple[Document, dict[str, Any]]


def _list_reverts(place: FieldPlace, reverts: Reverts) -> list[Operation]:
    operations: list[Operation] = []
    for sample_id, document in reverts.replace:
        match = {"_id": ObjectId(sample_id), f"{place.root}._id": document["_id"]}
        operations.append((match, {"$set": {f"{place.root}.$": document}}))
    for sample_id, label_id, holder in reverts.remove:
        match = {"_id": ObjectId(sample_id), f"{place.root}._id": ObjectId(label_id)}
        if holder is not None:  # the last one goes with its list, in one step
            operations.append(_emptied(place, {**match, place.root: {"$size": 1}}, holder))
        operations.append((match, {"$pull": {place.root: {"_id": ObjectId(label_id)}}}))
    for sample_id, index, document in sorted(reverts.insert, key=lambda item: item[1]):
        _id = ObjectId(sample_id)
        empty = {"_cls": place.cls, place.root.rsplit(".", 1)[1]: []}
        operations.append(({"_id": _id, place.name: None}, {"$set": {place.name: empty}}))
        match = {"_id": _id, f"{place.root}._id": {"$ne": document["_id"]}}
        operations.append((match, {"$push": {place.root: {"$each": [document], "$position": index}}}))
    return operations


def _single_reverts(place: FieldPlace, reverts: Reverts) -> list[Operation]:
    operations: list[Operation] = []
    for sample_id, document in reverts.replace:
        value = document.get("value") if place.plain else document
        operations.append(({"_id": ObjectId(sample_id)}, {"$set": {place.name: value}}))
    for sample_id, _, holder in reverts.remove:
        operations.append(_emptied(place, {"_id": ObjectId(sample_id)}, holder or FormerValue(True)))
    for sample_id, _, document in reverts.insert:
        value = document.get("value") if place.plain else document
        operations.append(({"_id": ObjectId(sample_id), place.name: None}, {"$set": {place.name: value}}))
    return operations


def _emptied(place: FieldPlace, match: Document, holder: FormerValue) -> Operation:
    """A field that holds what it held before it had labels."""
    if holder.there:
        return match, {"$set": {place.name: holder.value}}
    return match, {"$unset": {place.name: ""}}
