"""Writing what was decided about a job's labels: only differences, in bulk, each repeatable."""

import pickle
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

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


class PlannedWrites:
    """What is to be written of a job. Of a long video it is very much, so it is packed until it is written.

    Args:
        plan: what was decided
    """

    def __init__(self, plan: JobPlan) -> None:
        leaving = [change for change in plan.changes if change.kind == "moved away"]
        others = [change for change in plan.changes if change.kind != "moved away"] if leaving else plan.changes
        self._tagged, self._untagged = plan.tagged, plan.untagged
        self._batches = [
            zlib.compress(pickle.dumps(_batch_of(changes[start : start + PORTION])), 1)
            for changes in (others, leaving)  # a label that moves comes before it goes
            for start in range(0, len(changes), PORTION)
        ]

    def write(self, labels: Labels, schema: LabelSchema) -> None:
        """Writes it to the dataset."""
        for batch in self._batches:
            files, bundles = pickle.loads(zlib.decompress(batch))
            labels.save_files(files)
            for name, bundle in bundles.items():
                labels.write(FieldPlace.of(name, LABEL_TYPES[schema.fields[name].type]), bundle)
        labels.tag(self._tagged, CONFLICT_TAG)
        labels.untag(self._untagged, CONFLICT_TAG)


def _batch_of(changes: Sequence[Change]) -> tuple[dict[str, NDArray[Any]], dict[str, Writes]]:
    """The files that changes need, and the changes by field."""
    files: dict[str, NDArray[Any]] = {}
    bundles: dict[str, Writes] = {}
    for change in changes:
        files.update(change.files)
        _add(bundles.setdefault(change.field, Writes()), change)
    return files, bundles


def _add(writes: Writes, change: Change) -> None:
    if change.after is None:
        writes.deletes.append((change.sample_id, change.label_id))
    elif change.before is None:
        writes.adds.append((change.sample_id, change.after))
    else:
        writes.edits.append((change.sample_id, change.label_id, change.values))
