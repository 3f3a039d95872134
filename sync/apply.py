"""Applying what changed in a job to the dataset: only differences, in bulk."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from ..cvat import Shape
from ..labels.attributes import kind_of
from ..labels.codec import Parts
from ..labels.schema import FieldSchema, LabelSchema
from ..labels.translate import BaseLabel, Object, is_digest, key_of, local_parts, settle
from ..labels.types import LABEL_TYPES, NEW_FIELD_FOR
from .copying import derived_id
from .diff import Edited, JobDiff, New
from .merge import Decision, as_dict, merge, permit, same
from .pixels import save_arrays, with_pixels
from .report import LoadReport
from .samples import Document, FieldPlace, Writes, read_labels, write_labels


def apply_job(
    dataset: Any, run_id: str, diff: JobDiff, schema: LabelSchema, rooms: dict[str, str], report: LoadReport
) -> tuple[BaseLabel, ...]:
    """Merges a job's changes with the labels that the dataset has now, and writes the result.

    Args:
        dataset: the dataset
        run_id: the run's own id
        diff: what changed in CVAT
        schema: the run's schema
        rooms: the field for labels that no field of the run can hold, by label type; without one they are ignored
        report: is added to

    Returns:
        the job's new base
    """
    job = _Applied(dataset, run_id, schema, rooms, report)
    job.look_at(diff)
    base = [*diff.kept]
    base.extend(label for edited in diff.edited if (label := job.edit(edited)))
    base.extend(label for gone in diff.deleted if (label := job.delete(gone)))
    base.extend(label for new in diff.new if (label := job.add(new)))
    job.write()
    report.matched += diff.matched
    for what, count in diff.unreadable.items():
        report.unexpected[f"{what}: not loaded, they stay in CVAT"] += count
    return tuple(base)


class _Applied:
    """The changes of one job, collected and then written."""

    def __init__(
        self, dataset: Any, run_id: str, schema: LabelSchema, rooms: dict[str, str], report: LoadReport
    ) -> None:
        self.dataset = dataset
        self.run_id = run_id
        self.schema = schema
        self.rooms = rooms
        self.report = report
        self.places = {name: FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in schema.fields.items()}
        self.writes = {name: Writes() for name in schema.fields}
        self.local: dict[str, dict[str, dict[str, Document]]] = {}

    def look_at(self, diff: JobDiff) -> None:
        """Reads the labels of the samples that changed, by field, sample and label id."""
        samples: dict[str, set[str]] = {}
        changed = [*(edited.base for edited in diff.edited), *diff.deleted]
        concerned = {label.label_id for label in changed}
        for label in changed:
            samples.setdefault(label.field, set()).add(label.sample_id)
        for new in diff.new:
            field = self._field_of(new)
            if field is not None:
                samples.setdefault(field, set()).add(new.sample_id)
        for name, ids in samples.items():
            found = read_labels(self.dataset, self.places[name], ids)
            self.local[name] = {
                sample: {(i := str(d["_id"])): with_pixels(d) if i in concerned else d for d in labels}
                for sample, labels in found.items()
            }

    def edit(self, edited: Edited) -> BaseLabel | None:
        """Merges a label that was edited in CVAT; its new base."""
        base, schema = edited.base, self.schema.fields[edited.base.field]
        labels = self._labels(base)
        if labels is None:
            return None
        local = _local(base, labels, schema)
        decision, refused = permit(merge(base.parts, local, edited.reading.parts), schema)
        self.report.of(base.field).refused.update(refused + edited.reading.refused)
        self._note_conflicts(base, decision)
        settled: Parts = {}
        document = labels.get(base.label_id)
        if decision.action == "edit" and document is not None:
            values, settled = settle(document, schema, decision.changes)
            values = save_arrays(document, values)
            self.writes[base.field].edits.append((base.sample_id, base.label_id, values))
            self.report.of(base.field).changed += 1
        elif decision.action == "restore" and (whole := _restorable(edited, decision.changes, schema)):
            settled = self._add(base.field, base.sample_id, base.label_id, whole)
        elif decision.action == "restore":
            self.report.of(base.field).refused["edits of segmentations that were deleted here"] += 1
        remote = edited.reading.parts
        agreed = {path: value for path, value in remote.items() if local is not None and same(local.get(path), value)}
        objects = _without_geometry(base, edited) if "spatial edits" in refused else edited.objects
        return base.model_copy(update={"parts": {**base.parts, **settled, **agreed}, "objects": objects})

    def delete(self, gone: BaseLabel) -> BaseLabel | None:
        """Merges a label that was deleted in CVAT; its base, if it stays."""
        schema = self.schema.fields[gone.field]
        labels = self._labels(gone)
        if labels is None:
            return None
        decision, refused = permit(merge(gone.parts, _local(gone, labels, schema), None), schema)
        self.report.of(gone.field).refused.update(refused)
        self._note_conflicts(gone, decision)
        if decision.action == "delete":
            self.writes[gone.field].deletes.append((gone.sample_id, gone.label_id))
            self.report.of(gone.field).deleted += 1
        return gone if refused else None

    def add(self, new: New) -> BaseLabel | None:
        """Adds a label that was drawn in CVAT; its base."""
        field = self._field_of(new)
        if field is None:
            self.report.unexpected[f"{new.figure}: ignored"] += 1
            return None
        if new.drawn.field is None:
            self.report.unexpected[f"{new.figure}: put into '{field}'"] += 1
        label_id = derived_id(self.run_id, field, *map(str, key_of(new.objects[0])))
        if self.places[field].plain:
            label_id = new.sample_id
        nothing = dict.fromkeys(self.schema.fields[field].all_attributes)
        base = BaseLabel(
            field=field,
            sample_id=new.sample_id,
            frame=new.frame,
            label_id=label_id,
            parts={**nothing, **new.drawn.parts},
            objects=new.objects,
        )
        labels = self._labels(base)
        if labels is None:
            return None
        schema = self.schema.fields[field]
        refused = self.report.of(field).refused
        refused.update(new.drawn.refused)
        if schema.existing_field and not schema.allow_additions:
            refused["additions"] += 1
            return None
        if not self.places[field].many and not self._is_free(base, labels):
            refused["second labels on a sample, for which the field has no room"] += 1
            return None
        if label_id in labels:
            return base
        added = self._add(field, new.sample_id, label_id, new.drawn.parts)
        return base.model_copy(update={"parts": {**nothing, **added}})

    def write(self) -> None:
        """Writes everything."""
        for name, writes in self.writes.items():
            write_labels(self.dataset, self.places[name], writes)

    def _field_of(self, new: New) -> str | None:
        return new.drawn.field or self.rooms.get(NEW_FIELD_FOR[new.figure])

    def _labels(self, label: BaseLabel) -> dict[str, Document] | None:
        """The labels on a label's sample; ``None`` if the dataset does not have the sample any more."""
        labels = self.local.get(label.field, {}).get(label.sample_id)
        if labels is None:
            self.report.samples_gone += 1
        return labels

    def _is_free(self, base: BaseLabel, labels: Iterable[str]) -> bool:
        writes = self.writes[base.field]
        gone = {label_id for sample_id, label_id in writes.deletes if sample_id == base.sample_id}
        added = any(sample_id == base.sample_id for sample_id, _ in writes.adds)
        return not added and not set(labels) - gone - {base.label_id}

    def _add(self, field: str, sample_id: str, label_id: str, parts: Parts) -> Parts:
        """Adds a label; its parts as they will be read from its document."""
        schema = self.schema.fields[field]
        blank = LABEL_TYPES[schema.type].codec.blank()
        values, agreed = settle(blank, schema, parts)
        self.writes[field].adds.append((sample_id, {**blank, "_id": ObjectId(label_id), **values}))
        self.report.of(field).added += 1
        return agreed

    def _note_conflicts(self, base: BaseLabel, decision: Decision) -> None:
        for conflict in decision.conflicts:
            where = {"field": base.field, "sample_id": base.sample_id, "label_id": base.label_id}
            self.report.conflicts.append({**where, **as_dict(conflict), "taken": "remote"})


def _local(base: BaseLabel, labels: Mapping[str, Document], schema: FieldSchema) -> Parts | None:
    """The parts that a label has in FiftyOne now; ``None`` if it was deleted.

    If its class was changed, the attributes of the class that it had count nevertheless.
    """
    document = labels.get(base.label_id)
    if document is None:
        return None
    kept = {path: document.get(path) for path in base.parts}
    plain = {path: value for path, value in kept.items() if value is None or kind_of(value)}
    return {**plain, **local_parts(document, schema)}


def _without_geometry(base: BaseLabel, edited: Edited) -> tuple[Object, ...]:
    """The objects of a label whose new geometry was refused: as they are now, but where they were."""
    if len(edited.objects) == len(base.objects):
        now = dict(zip(map(key_of, base.objects), edited.objects, strict=True))
    else:
        now = {key_of(item): item for item in edited.objects}
    return tuple(
        now[key_of(old)].model_copy(update=old.model_dump(include={"type", "points", "rotation", "elements"}))
        if key_of(old) in now
        else old
        for old in base.objects
    )


def _restorable(edited: Edited, parts: Parts, schema: FieldSchema) -> Parts | None:
    """The parts of a label that is to be made again; its pixels, of which only a digest is kept, come from CVAT."""
    if not any(is_digest(parts.get(path)) for path in LABEL_TYPES[schema.type].codec.geometry):
        return parts
    first = edited.objects[0] if len(edited.objects) == 1 else None
    if isinstance(first, Shape) and first.type == "mask" and "bounding_box" in parts:
        return {**parts, "mask": {"runs": list(first.points)}}
    return None
