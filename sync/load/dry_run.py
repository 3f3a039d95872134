"""A dataset's labels and a run's store to try things on: what is written stays in memory."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bson import ObjectId
from numpy.typing import NDArray

from ...labels.schema import FieldSchema
from ..dataset.labels import Labels, SampleLabels
from ..dataset.list_changes import Document, FormerValue, ListChange, applied, former_value, splice
from ..dataset.samples import FieldPlace
from ..dataset.sequences import ImageSequence
from ..dataset.writes import Reverts, Writes
from ..runs.store import Store, Text, pieces_of


class DryRunLabels:
    """The labels of a dataset, with changes that only this object knows.

    Args:
        below: the labels that are really there
    """

    def __init__(self, below: Labels) -> None:
        self._below = below
        self._fields: dict[str, dict[str, SampleLabels]] = {}

    def read(self, place: FieldPlace, sample_ids: Iterable[str]) -> dict[str, SampleLabels]:
        changed = self._fields.get(place.name, {})
        wanted = list(sample_ids)
        below = self._below.read(place, [sample_id for sample_id in wanted if sample_id not in changed])
        found = {sample_id: changed.get(sample_id) or below.get(sample_id) for sample_id in wanted}
        return {sample_id: held for sample_id, held in found.items() if held is not None}

    def write(self, place: FieldPlace, writes: Writes) -> None:
        if place.many:
            self._change_lists(place, writes.of_lists())
            return
        for sample_id, label_id, values in writes.edits:
            self._edit(place, sample_id, lambda labels, i=label_id, v=values: _update(place, labels, i, v))
        for sample_id, label_id in writes.deletes:
            self._edit(place, sample_id, lambda labels, i=label_id: labels.pop(i, None))
        for sample_id, document in writes.adds:
            self._edit(place, sample_id, lambda labels, d=document: _add(labels, d))

    def revert(self, place: FieldPlace, reverts: Reverts) -> None:
        if place.many:
            self._change_lists(place, reverts.of_lists())
            return
        for sample_id, document in reverts.replace:
            self._edit(place, sample_id, lambda labels, d=document: labels.update({str(d["_id"]): d}))
        for sample_id, label_id, holder in reverts.remove:
            self._edit(place, sample_id, lambda labels, i=label_id: labels.pop(i, None), holder)
        for sample_id, _, document in reverts.insert:
            self._edit(place, sample_id, lambda labels, d=document: _add(labels, d))

    def tag(self, sample_ids: Iterable[str], tag: str) -> None:
        """Nothing to be tried."""

    def untag(self, sample_ids: Iterable[str], tag: str) -> None:
        """Nothing to be tried."""

    def ensure(self, name: str, schema: FieldSchema) -> None:
        """Any field can be written."""

    def field_class(self, name: str) -> str | None:
        return self._below.field_class(name)

    def read_only(self, names: Iterable[str]) -> frozenset[str]:
        return self._below.read_only(names)

    def save_files(self, files: Mapping[str, NDArray[Any]]) -> None:
        """Nothing to be tried."""

    def frames(self, sample_id: str, numbers: Collection[int]) -> dict[int, str]:
        return self._below.frames(sample_id, numbers)

    def drop_frames(self, ids: Collection[str]) -> None:
        """Nothing to be tried."""

    def indexes(self, place: FieldPlace, sample_id: str) -> set[int]:
        return self._below.indexes(place, sample_id)

    def sequence_indexes(self, place: FieldPlace, sequence: ImageSequence, sample_ids: Collection[str]) -> set[int]:
        return self._below.sequence_indexes(place, sequence, sample_ids)

    def _change_lists(self, place: FieldPlace, changes: Mapping[str, ListChange]) -> None:
        for sample_id, found in self.read(place, changes).items():
            change = changes[sample_id]
            pieces = splice(list(found.labels), change)
            if pieces is not None:
                labels = applied(list(found.labels.values()), pieces)
                held = {str(document["_id"]): document for document in labels}
                self._keep(place, sample_id, SampleLabels(held, former_value(change, pieces), closed=found.closed))

    def _edit(self, place: FieldPlace, sample_id: str, change: Any, holder: FormerValue | None = None) -> None:
        found = self.read(place, [sample_id]).get(sample_id)
        if found is None:
            return
        labels = dict(found.labels)
        change(labels)
        left = None if labels else holder or found.holder or FormerValue(True)
        self._keep(place, sample_id, SampleLabels(labels, left, closed=found.closed))

    def _keep(self, place: FieldPlace, sample_id: str, held: SampleLabels) -> None:
        self._fields.setdefault(place.name, {})[sample_id] = held


def _update(place: FieldPlace, labels: dict[str, Document], label_id: str, values: Document) -> None:
    if place.plain and "value" in values:
        labels[label_id] = {"_id": ObjectId(label_id), "value": values["value"]}
    elif label_id in labels:
        labels[label_id] = {**labels[label_id], **values}


def _add(labels: dict[str, Document], document: Document) -> None:
    if not labels:
        labels[str(document["_id"])] = document


class DryRunStore:
    """A run's store, with changes that only this object knows.

    Args:
        below: the store that is really there
    """

    def __init__(self, below: Store) -> None:
        self._below = below
        self._kept: dict[str, bytes | None] = {}

    def save(self, name: str, text: Text) -> None:
        self._kept[name] = b"".join(pieces_of(text))

    def load(self, name: str) -> bytes | None:
        return self._kept[name] if name in self._kept else self._below.load(name)

    def names(self, start: str = "") -> list[str]:
        found = {*self._below.names(start), *(name for name in self._kept if name.startswith(start))}
        return [name for name in sorted(found) if self._kept.get(name, b"") is not None]

    def drop(self, *starts: str) -> None:
        for start in starts or ("",):
            self._kept.update(dict.fromkeys(self.names(start)))
