"""Load into other fields: copies of a run's labels in other fields, with a base of their own."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from ...labels.base import BaseLabel, LabelKey, is_digest
from ...labels.codec import Parts
from ...labels.schema import FieldSchema, LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.attribute_fields import with_declared
from ..dataset.labels import Labels
from ..dataset.samples import FRAMES, FieldPlace
from ..dataset.writes import Writes
from ..errors import Refused
from ..runs.base import BaseStore, TaskBase
from ..runs.marks import JobMark
from ..runs.outbox import TrackLabels, each_label
from ..runs.report import LoadReport
from ..runs.run_record import RunRecord
from .clip_deletions import gone_from_clips


@dataclass(frozen=True)
class MappedSchema:
    """A run's schema with the names of the fields it is loaded into.

    Args:
        schema: the schema under those names
        fields: the name a field is loaded into, by the field that was sent
        target: the name of the base; empty for the fields that were sent
    """

    schema: LabelSchema
    fields: dict[str, str]
    target: str

    def with_declared(self, dataset: Any) -> "MappedSchema":
        """The same, which knows what the fields of a dataset can hold now."""
        return MappedSchema(with_declared(self.schema, dataset), self.fields, self.target)

    def with_field(self, name: str, item: FieldSchema) -> "MappedSchema":
        """The same with one more field."""
        return MappedSchema(LabelSchema(fields={**self.schema.fields, name: item}), self.fields, self.target)


def map_fields(schema: LabelSchema, dest: str | dict[str, str] | None) -> MappedSchema:
    """Applies a ``dest_field``.

    Raises:
        Refused: if it names a field that is not in the run, or one name for two
    """
    if not dest:
        return MappedSchema(schema, {}, "")
    if isinstance(dest, str):
        sent = [name for name, item in schema.fields.items() if item.classes] or list(schema.fields)
        if len(sent) > 1:  # fields without classes were made for what was drawn in CVAT besides
            raise Refused("This run has several fields; give `dest_field` as a dict of field and destination.")
        dest = {sent[0]: dest}
    if unknown := [name for name in dest if name not in schema.fields]:
        raise Refused(f"The run has no field '{unknown[0]}'; it has: {', '.join(schema.fields)}.")
    moved = {name: to for name, to in dest.items() if to and to != name}
    if not moved:
        return MappedSchema(schema, {}, "")
    names = [moved.get(name, name) for name in schema.fields]
    if across := [name for name, to in moved.items() if name.startswith(FRAMES) != to.startswith(FRAMES)]:
        here = "of frames" if across[0].startswith(FRAMES) else "of samples"
        raise Refused(
            f"'{across[0]}' is a field {here}, '{moved[across[0]]}' is not; names of fields of frames begin with "
            f"'{FRAMES}'."
        )
    if len(set(names)) < len(names):
        raise Refused("Two fields of the run would be loaded into the same field.")
    fields = {
        moved.get(name, name): item.model_copy(update={"existing_field": name not in moved and item.existing_field})
        for name, item in schema.fields.items()
    }
    return MappedSchema(LabelSchema(fields=fields), moved, derived_id(*sorted(f"{a}>{b}" for a, b in moved.items())))


def derived_id(*parts: str) -> str:
    """An id that the same parts always give, so that what is done twice is done once."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def seed_copy(
    labels: Labels,
    record: RunRecord,
    mapped: MappedSchema,
    main: BaseStore,
    copy: BaseStore,
    report: LoadReport,
    jobs: Collection[int],
) -> None:
    """Copies the labels of some of the run's jobs into their new fields, each with every bit but its id, and starts
    their base."""
    marks = {job_id: mark for job_id, mark in main.marks().items() if job_id in jobs}
    known = {job_id: main.known_labels(job_id, mark) for job_id, mark in marks.items()}
    gone = {job_id: main.gone(job_id) for job_id in marks}
    deleted = {key for own in gone.values() for key, by_load in own.items() if by_load} | gone_from_clips(record, main)
    keys: dict[LabelKey, LabelKey] = {}
    done: dict[str, set[tuple[str, str]]] = {}
    for job_id, base in known.items():
        tracks = main.tracks(job_id)
        copied = tuple(_copied(label, record, mapped) for label in base)
        copied_tracks = tuple(_copied_track(item, record, mapped) for item in tracks)
        every = zip((*base, *each_label(tracks)), (*copied, *each_label(copied_tracks)), strict=True)
        together = list(every)
        for name, to in mapped.fields.items():
            pairs = [(old, new) for old, new in together if old.field == name]
            written = _copy_labels(labels, record.schema_.fields[name], name, to, pairs, deleted)
            done.setdefault(to, set()).update(written)  # what two jobs have is one label
        keys.update((old.key, new.key) for old, new in together)
        copy.save_labels(job_id, copied, copied_tracks)
    for to, written in done.items():
        report.of(to).copied += len(written)
    for job_id, own in gone.items():
        if kept := {keys[key]: by_load for key, by_load in own.items() if key in keys}:
            copy.save_gone(job_id, kept)
    for task in record.tasks:
        if copy.task(task.id) is None and (there := main.task(task.id)) is not None:
            copy.save_task(task.id, _renamed(there, mapped))
    names = mapped.fields
    copy.marks().save(
        {
            job_id: JobMark(
                updated_date=mark.updated_date, labels={names.get(name, name): n for name, n in mark.labels.items()}
            )
            for job_id, mark in marks.items()
        }
    )


def _copied(label: BaseLabel, record: RunRecord, mapped: MappedSchema) -> BaseLabel:
    to = mapped.fields.get(label.field)
    if to is None:
        return label
    plain = not LABEL_TYPES[record.schema_.fields[label.field].type].field
    label_id = label.sample_id if plain else derived_id(record.run_id, mapped.target, label.label_id)
    return label.model_copy(update={"field": to, "label_id": label_id})


def _copied_track(item: TrackLabels, record: RunRecord, mapped: MappedSchema) -> TrackLabels:
    labels = tuple(_copied(label, record, mapped) for label in item.labels)
    return item.model_copy(update={"field": mapped.fields.get(item.field, item.field), "labels": labels})


def _copy_labels(
    labels: Labels,
    schema: FieldSchema,
    name: str,
    to: str,
    pairs: Sequence[tuple[BaseLabel, BaseLabel]],
    deleted: Collection[LabelKey],
) -> set[tuple[str, str]]:
    """Copies labels, but for those that a load deleted while another job still has them; where, and the copies' ids."""
    type_ = LABEL_TYPES[schema.type]
    held = labels.read(FieldPlace.of(name, type_), {old.sample_id for old, _ in pairs})
    blank = type_.codec.blank()
    writes = Writes()
    for old, new in pairs:
        there = held[old.sample_id].labels if old.sample_id in held else {}
        document = there.get(old.label_id)
        if document is None and old.key in deleted:
            continue
        document = document or {**blank, **_without_digests(old.parts)}
        writes.adds.append((new.sample_id, {**document, "_id": ObjectId(new.label_id)}))
    labels.write(FieldPlace.of(to, type_), writes)
    return {(sample_id, str(document["_id"])) for sample_id, document in writes.adds}


def _without_digests(parts: Parts) -> Parts:
    """The parts that can be written again; of pixels, and of what CVAT can't show, only a digest is kept."""
    return {path: value for path, value in parts.items() if not is_digest(value)}


def _renamed(known: TaskBase, mapped: MappedSchema) -> TaskBase:
    words = [{**word, "field": mapped.fields.get(word["field"], word["field"])} for word in known.vocabulary["words"]]
    return known.model_copy(update={"vocabulary": {**known.vocabulary, "words": words}})
