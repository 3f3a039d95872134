"""What the view that was sent hid: labels that were there then and were not sent, as somebody meant it so."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from ..dataset.samples import FieldPlace, read_samples
from ..runs.record import RunRecord, stages_of

Labels = Mapping[str, Collection[str]]
"""Ids of labels, by sample."""


Hidden = Callable[[FieldPlace, Labels], set[tuple[str, str]]]
"""Those of some labels of a field that are not to be sent, with their samples."""


def nothing_hidden(place: FieldPlace, labels: Labels) -> set[tuple[str, str]]:
    """Of a whole dataset."""
    return set()


class SentView:
    """The view that was sent, if it was no whole dataset.

    Args:
        dataset: the dataset
        key: the run's key
        record: the run
    """

    def __init__(self, dataset: Any, key: str, record: RunRecord) -> None:
        self._view = None if record.of_frames or record.imported else _view_of(dataset, key)
        self._sent_at = datetime.fromisoformat(record.created_at) if record.created_at else None
        self._fields = {name for name, item in record.schema_.fields.items() if item.existing_field}

    def hidden(self, place: FieldPlace, labels: Labels) -> set[tuple[str, str]]:
        """Those of some labels that are as old as the run, and hidden on samples that the view has, with their samples.

        Args:
            place: their field
            labels: labels that CVAT never had
        """
        if self._view is None or place.name not in self._fields or place.plain:
            return set()
        old = {sample: kept for sample, ids in labels.items() if (kept := set(filter(self._is_old, ids)))}
        if not old:
            return set()
        shown = {
            str(sample["_id"]): {str(item.get("_id")) for item in place.labels(sample) if isinstance(item, Mapping)}
            for sample in read_samples(self._view.select(list(old)), [place.path])
        }
        return {(sample, own) for sample, ids in old.items() if sample in shown for own in ids - shown[sample]}

    def _is_old(self, label_id: str) -> bool:
        if self._sent_at is None or not ObjectId.is_valid(label_id):
            return False
        return bool(ObjectId(label_id).generation_time <= self._sent_at)


def _view_of(dataset: Any, key: str) -> Any:
    """The view of a run; ``None`` for a whole dataset, or if a field that it goes by is gone."""
    try:
        view = dataset.load_annotation_view(key)
    except ValueError:
        return None
    return view if stages_of(view) else None
