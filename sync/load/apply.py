"""Writing what was decided about a job's labels: only differences, in bulk, each repeatable."""

from collections.abc import Sequence
from dataclasses import replace

from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.labels import Labels, SampleLabels
from ..dataset.mask_files import with_pixels
from ..dataset.samples import Document, FieldPlace
from ..dataset.writes import Writes
from ..runs.base import OpenConflict
from ..runs.change import CONFLICT_TAG, Change, JobPlan
from .decide import concerned
from .diff import JobDiff
from .merge_settings import Local, MergeSettings

PORTION = 5_000
"""Labels that are written at once."""


def read_local(labels: Labels, diff: JobDiff, was_open: Sequence[OpenConflict], settings: MergeSettings) -> Local:
    """What the dataset has of the labels that a decision is about, with the pixels of their mask files."""
    changed = [*(edited.base for edited in diff.edited), *diff.deleted]
    wanted = {label.label_id for label in changed}

    def look(held: SampleLabels, document: Document) -> Document:
        return with_pixels(document, held.media, held.own)

    local: dict[str, dict[str, SampleLabels]] = {}
    for name, ids in concerned(diff, was_open, settings).items():
        local[name] = {
            sample: replace(held, labels={i: look(held, d) if i in wanted else d for i, d in held.labels.items()})
            for sample, held in labels.read(settings.place(name), ids).items()
        }
    return local


def write_changes(labels: Labels, plan: JobPlan, schema: LabelSchema) -> None:
    """Writes the changes of a job to the dataset. A label that moves comes before it goes."""
    leaving = [change for change in plan.changes if change.kind == "moved away"]
    others = [change for change in plan.changes if change.kind != "moved away"] if leaving else plan.changes
    for changes in (others, leaving):
        for start in range(0, len(changes), PORTION):
            _write_batch(labels, changes[start : start + PORTION], schema)
    labels.tag(plan.tagged, CONFLICT_TAG)
    labels.untag(plan.untagged, CONFLICT_TAG)


def _write_batch(labels: Labels, changes: Sequence[Change], schema: LabelSchema) -> None:
    writes: dict[str, Writes] = {}
    for change in changes:
        labels.save_files(change.files)
        _add(writes.setdefault(change.field, Writes()), change)
    for name, bundle in writes.items():
        labels.write(FieldPlace.of(name, LABEL_TYPES[schema.fields[name].type]), bundle)


def _add(writes: Writes, change: Change) -> None:
    if change.after is None:
        writes.deletes.append((change.sample_id, change.label_id))
    elif change.before is None:
        writes.adds.append((change.sample_id, change.after))
    else:
        writes.edits.append((change.sample_id, change.label_id, change.values))
