"""What the views that were sent hid: labels that were there then and were not sent, as somebody meant it so."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from bson import ObjectId

from ..dataset.frames import read_some_frames, videos_of_frames
from ..dataset.samples import FieldPlace, read_samples
from ..runs.base import BaseStore
from ..runs.record import stages_of, view_of
from ..runs.run_record import RunRecord
from ..runs.sent_views import SentBatch, SentViews
from ..runs.store import RunStore

Labels = Mapping[str, Collection[str]]
"""Ids of labels, by sample."""


Hidden = Callable[[FieldPlace, Labels], set[tuple[str, str]]]
"""Those of some labels of a field that are not to be sent, with their samples."""


def nothing_hidden(place: FieldPlace, labels: Labels) -> set[tuple[str, str]]:
    """Of a whole dataset."""
    return set()


@dataclass(frozen=True)
class _Batch:
    """Samples that were sent together, by a view that is not the whole dataset.

    Args:
        view: the view
        tasks: their tasks
        sent_at: when
        base: knows the samples of tasks
    """

    view: Any
    tasks: tuple[int, ...]
    sent_at: datetime | None
    base: BaseStore

    @cached_property
    def samples(self) -> frozenset[str]:
        """The samples of its tasks."""
        tasks = (self.base.task(task_id) for task_id in self.tasks)
        return frozenset(frame.sample_id for task in tasks if task for frame in task.frames)

    def is_old(self, label_id: str) -> bool:
        """Whether a label was made before it was sent."""
        if self.sent_at is None or not ObjectId.is_valid(label_id):
            return False
        return bool(ObjectId(label_id).generation_time <= self.sent_at)

    def shown(self, place: FieldPlace, holders: Mapping[str, str]) -> Iterator[tuple[str, set[str]]]:
        """The labels that the view shows of a field, for those of some samples, or frames, that it has.

        Args:
            place: the field
            holders: the documents that hold the labels, with their samples
        """
        if not holders:
            return
        if place.on_frames:
            found = read_some_frames(self.view, list(holders), [place.path])
        else:
            found = read_samples(self.view.select(list(holders)), [place.path])
        for document in found:
            labels = place.labels(document)
            yield str(document["_id"]), {str(item.get("_id")) for item in labels if isinstance(item, Mapping)}


class SentView:
    """The views that were sent, if they were no whole dataset.

    Args:
        dataset: the dataset
        key: the run's key
        record: the run
    """

    def __init__(self, dataset: Any, key: str, record: RunRecord) -> None:
        self._dataset = dataset
        self._fields = {name for name, item in record.schema_.fields.items() if item.existing_field}
        self._batches = [] if record.of_frames else list(_batches(dataset, key, record))

    def hidden(self, place: FieldPlace, labels: Labels) -> set[tuple[str, str]]:
        """Those of some labels that are as old as their send, and hidden where its view has them, with their samples.

        Args:
            place: their field
            labels: labels that CVAT never had, by the document that holds them
        """
        if not self._batches or place.name not in self._fields or place.plain:
            return set()
        asked = {holder: ids for holder, ids in labels.items() if ids}
        samples = videos_of_frames(self._dataset, asked) if place.on_frames else {holder: holder for holder in asked}
        hidden: set[tuple[str, str]] = set()
        for batch in self._batches:
            old = {
                holder: kept
                for holder, ids in asked.items()
                if samples.get(holder) in batch.samples and (kept := set(filter(batch.is_old, ids)))
            }
            for holder, seen in batch.shown(place, {holder: samples[holder] for holder in old}):
                hidden |= {(holder, own) for own in old[holder] - seen}
        return hidden


def _batches(dataset: Any, key: str, record: RunRecord) -> Iterator[_Batch]:
    """What was sent of a run by views that are no whole dataset, and whose fields are there."""
    store = RunStore(dataset, record.run_id)
    base = BaseStore(store)
    batches = SentViews(store).batches()
    if not batches and record.imported:
        return  # its view has all labels of its samples
    if not batches:
        stages = stages_of(_view(dataset.load_annotation_view, key))
        batches = (SentBatch(stages=stages, at=record.created_at, tasks=tuple(task.id for task in record.tasks)),)
    for batch in batches:
        view = _view(view_of, dataset, batch.stages)
        if batch.stages and view is not None:
            yield _Batch(view, batch.tasks, datetime.fromisoformat(batch.at) if batch.at else None, base)


def _view(make: Callable[..., Any], *args: Any) -> Any:
    """A view; ``None`` if a field that it goes by is gone."""
    try:
        return make(*args)
    except ValueError:
        return None
