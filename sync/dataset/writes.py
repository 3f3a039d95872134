"""Writing labels into the samples, or frames, of a dataset: in bulk, one update for each, each repeatable.

What is called a sample here is the document that holds the labels: of a field of frames, that of the frame.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from ..errors import LoadFailed
from .declared import check_declared
from .frame_documents import reload_holders
from .list_changes import Document, FormerValue, ListChange, expression, former_value, splice
from .samples import FieldPlace, holders

ATTEMPTS = 5
"""Times that a list is written, should somebody else change it at the same moment."""

AT_ONCE = 100_000
"""Labels of the lists that are written at once."""

Update = tuple[Document, Any]
"""Which sample is meant, if it is still what it was, and what happens to it."""


@dataclass
class Writes:
    """The changes to one field.

    Args:
        edits: sample id, label id, and the new values by path in the label
        adds: sample id and the new label's document
        deletes: sample id and label id
    """

    edits: list[tuple[str, str, Document]] = field(default_factory=list)
    adds: list[tuple[str, Document]] = field(default_factory=list)
    deletes: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.edits or self.adds or self.deletes)

    def of_lists(self) -> dict[str, ListChange]:
        """The changes by sample, for a field with lists of labels."""
        found: dict[str, ListChange] = {}
        for sample_id, label_id, values in self.edits:
            merge = found.setdefault(sample_id, ListChange()).merge
            merge[label_id] = {**merge.get(label_id, {}), **values}
        for sample_id, label_id in self.deletes:
            found.setdefault(sample_id, ListChange()).remove[label_id] = None
        for sample_id, document in self.adds:
            found.setdefault(sample_id, ListChange()).insert.append((None, document))
        return found

    def of_singles(self, place: FieldPlace) -> list[tuple[str, Document, Document]]:
        """The changes for a field with one label, or one value, on each sample: sample id, condition and update."""
        if place.plain:
            values = [(sample_id, changes["value"]) for sample_id, _, changes in self.edits if "value" in changes]
            values += [(sample_id, None) for sample_id, _ in self.deletes]
            values += [(sample_id, document.get("value")) for sample_id, document in self.adds]
            return [(sample_id, {}, {"$set": {place.path: value}}) for sample_id, value in values]
        updates: list[tuple[str, Document, Document]] = []
        for sample_id, label_id, edit in self.edits:
            change = {"$set": {f"{place.root}.{path}": value for path, value in edit.items()}}
            updates.append((sample_id, {f"{place.root}._id": ObjectId(label_id)}, change))
        for sample_id, label_id in self.deletes:
            updates.append((sample_id, {f"{place.root}._id": ObjectId(label_id)}, {"$set": {place.path: None}}))
        for sample_id, document in self.adds:
            updates.append((sample_id, {place.path: None}, {"$set": {place.path: document}}))
        return updates


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

    def of_lists(self) -> dict[str, ListChange]:
        """The changes by sample, for a field with lists of labels."""
        found: dict[str, ListChange] = {}
        for sample_id, document in self.replace:
            found.setdefault(sample_id, ListChange()).replace[str(document["_id"])] = document
        for sample_id, label_id, holder in self.remove:
            found.setdefault(sample_id, ListChange()).remove[label_id] = holder
        for sample_id, place, document in self.insert:
            found.setdefault(sample_id, ListChange()).insert.append((place, document))
        return found

    def of_singles(self, place: FieldPlace) -> list[tuple[str, Document, Document]]:
        """The changes for a field with one label, or one value, on each sample: sample id, condition and update."""
        updates: list[tuple[str, Document, Document]] = []
        for sample_id, document in self.replace:
            updates.append((sample_id, {}, {"$set": {place.path: _single(place, document)}}))
        for sample_id, _, holder in self.remove:
            there = holder is None or holder.there
            value = holder.value if holder else None
            updates.append((sample_id, {}, {"$set": {place.path: value}} if there else {"$unset": {place.path: ""}}))
        for sample_id, _, document in self.insert:
            updates.append((sample_id, {place.path: None}, {"$set": {place.path: _single(place, document)}}))
        return updates


def write_bundle(dataset: Any, place: FieldPlace, bundle: Writes | Reverts) -> None:
    """Applies changes to a field. Each can be applied twice and is then applied once.

    Raises:
        LoadFailed: if the field is gone, or another one than it was; nothing is written into it
    """
    check_declared(dataset, place)
    if place.many:
        touched = _write_lists(holders(dataset, place), place, bundle.of_lists())
    else:
        touched = _write_singles(holders(dataset, place), bundle.of_singles(place))
    try:
        check_declared(dataset, place)
    except LoadFailed:  # it went amid this: what was written is in no field
        match = {"_id": {"$in": [ObjectId(sample_id) for sample_id in touched]}}
        holders(dataset, place).update_many(match, {"$unset": {place.path: ""}})
        raise
    reload_holders(dataset, place, touched)


def _write_singles(collection: Any, updates: Iterable[tuple[str, Document, Document]]) -> set[str]:
    now = _now()
    operations, touched = [], set()
    for sample_id, match, change in updates:
        change.setdefault("$set", {})["last_modified_at"] = now
        operations.append(UpdateOne({"_id": ObjectId(sample_id), **match}, change))
        touched.add(sample_id)
    if operations:
        collection.bulk_write(operations, ordered=True)
    return touched


def _write_lists(collection: Any, place: FieldPlace, changes: Mapping[str, ListChange]) -> set[str]:
    """Writes lists. Each is read and then written if it has the same labels in the same order as when it was read."""
    touched: set[str] = set()
    for _ in range(ATTEMPTS):
        planned = matched = 0
        for updates in _in_portions(_list_updates(collection, place, changes)):
            touched.update(str(match["_id"]) for match, _ in updates)
            done = collection.bulk_write([UpdateOne(*update) for update in updates], ordered=False)
            planned += len(updates)
            matched += done.matched_count
        if planned == matched:
            return touched
    raise LoadFailed(
        f"Labels in the field '{place.name}' can't be written: something else changes them at the same time, or they "
        "are not lists of labels with ids. Load again when nothing else writes."
    )


def _in_portions(updates: Iterable[tuple[int, Update]]) -> Iterable[list[Update]]:
    portion: list[Update] = []
    size = 0
    for labels, update in updates:
        portion.append(update)
        size += labels
        if size >= AT_ONCE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _list_updates(
    collection: Any, place: FieldPlace, changes: Mapping[str, ListChange]
) -> Iterable[tuple[int, Update]]:
    """The updates of the lists that are not yet what they shall be, and how many labels these have."""
    old = f"${place.root}"
    size = {"$cond": [{"$isArray": old}, {"$size": old}, -1]}
    there = {"$ne": [{"$ifNull": [f"${place.path}", None]}, None]}
    facts: Document = {"ids": f"{old}._id", "size": size, "there": there}
    wanted = {"_id": {"$in": [ObjectId(sample_id) for sample_id in changes]}}
    now = _now()
    for sample in collection.find(wanted, facts):
        change = changes[str(sample["_id"])]
        if sample["size"] < 0:
            pieces = splice([], change)
            if pieces:
                yield len(pieces), _first_labels(place, sample, [document for _, document in change.insert], now)
            continue
        ids = sample["ids"]
        pieces = splice([str(label_id) for label_id in ids], change)
        if pieces is None:
            continue
        match: Document = {
            "_id": sample["_id"],
            place.root: {"$size": len(ids)},  # and not more that have no id
            "$expr": {"$eq": [f"{old}._id", {"$literal": ids}]},
        }
        value = former_value(change, pieces)
        stages: list[Document]
        if value is None:
            stages = [{"$set": {place.root: expression(place.root, pieces)}}]
        elif value.there:
            stages = [{"$set": {place.path: {"$literal": value.value}}}]
        else:
            stages = [{"$unset": place.path}]
        yield len(ids) + len(change.insert), (match, [*stages, {"$set": {"last_modified_at": now}}])


def _first_labels(place: FieldPlace, sample: Document, documents: list[Document], now: datetime) -> Update:
    """The update of a field that has no list. The list comes with its labels: an empty one is not what was there."""
    match = {"_id": sample["_id"], place.root if sample["there"] else place.path: None}
    first = documents if sample["there"] else {"_cls": place.cls, place.root.rsplit(".", 1)[1]: documents}
    return match, {"$set": {place.root if sample["there"] else place.path: first, "last_modified_at": now}}


def _single(place: FieldPlace, document: Document) -> Any:
    return document.get("value") if place.plain else document


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)
