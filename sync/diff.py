"""What changed in a job of CVAT since both sides last agreed: a pure function of the base and what CVAT has now."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..cvat import Annotations
from ..labels.figures import Figure
from ..labels.translate import (
    BaseLabel,
    Drawn,
    Key,
    Object,
    Reading,
    figure_of,
    key_of,
    read_label,
    read_new,
    same_content,
)
from ..labels.types import LABEL_TYPES, NEW_FIELD_FOR
from ..labels.vocabulary import Vocabulary
from .base import FrameRecord


@dataclass(frozen=True)
class Edited:
    """A label whose objects were changed in CVAT."""

    base: BaseLabel
    reading: Reading
    objects: tuple[Object, ...]


@dataclass(frozen=True)
class New:
    """A label that was drawn in CVAT.

    Args:
        sample_id: the sample it is on
        figure: the type of its objects
        drawn: what it is; its ``field`` is ``None`` if no field of the run can hold it
        objects: its tag or shapes
    """

    sample_id: str
    figure: str
    drawn: Drawn
    objects: tuple[Object, ...]


@dataclass
class JobDiff:
    """What changed in a job.

    Args:
        kept: labels that nobody touched in CVAT, and those on frames that were removed there
        edited: labels that were
        deleted: labels that are gone from CVAT
        new: labels that are new there
        matched: how many labels had lost their id in CVAT and were found again
        unreadable: objects that can't be labels in FiftyOne, counted by what they are
    """

    kept: list[BaseLabel]
    edited: list[Edited]
    deleted: list[BaseLabel]
    new: list[New]
    matched: int
    unreadable: Counter[str]


def diff_job(
    base: Sequence[BaseLabel],
    annotations: Annotations,
    frames: Sequence[FrameRecord],
    removed: Collection[int],
    vocabulary: Vocabulary,
) -> JobDiff:
    """Compares what a job has with its base.

    Args:
        base: the job's labels when both sides last agreed
        annotations: what CVAT has now
        frames: all frames of the task
        removed: numbers of frames that were removed in CVAT; nothing on them counts as changed
        vocabulary: what the task's labels mean now
    """
    objects: list[Object] = [*annotations.tags, *annotations.shapes]
    found: dict[Key, Object] = {key_of(item): item for item in objects}
    result = JobDiff([], [], [], [], 0, Counter())
    gone: list[BaseLabel] = []
    for label in base:
        now = tuple(_take(found, item) for item in label.objects)
        if label.objects[0].frame in removed:
            result.kept.append(label)
        elif all(item is None for item in now):
            gone.append(label)
        elif _untouched(label, now, vocabulary):
            result.kept.append(label)
        else:
            result.edited.append(_edited(label, now, vocabulary, frames))
    fresh = _Fresh((item for item in found.values() if item.frame not in removed), vocabulary)
    for label in gone:
        again = fresh.take_back(label)
        if again is None:
            result.deleted.append(label)
        else:
            result.matched += 1
            result.edited.append(_edited(label, again, vocabulary, frames))
    _read_fresh(fresh.rest(), frames, vocabulary, result)
    if annotations.tracks:
        result.unreadable["tracks"] += len(annotations.tracks)
    return result


def _take(found: dict[Key, Object], old: Object) -> Object | None:
    """What an object is now; one that was moved to another frame is gone from its own, and new on the other."""
    item = found.get(key_of(old))
    if item is None or item.frame != old.frame:
        return None
    return found.pop(key_of(old))


def _untouched(label: BaseLabel, now: Sequence[Object | None], vocabulary: Vocabulary) -> bool:
    return all(
        item is not None and same_content(old, item) and old.label_id not in vocabulary.renamed
        for old, item in zip(label.objects, now, strict=True)
    )


def _edited(
    label: BaseLabel, now: Sequence[Object | None], vocabulary: Vocabulary, frames: Sequence[FrameRecord]
) -> Edited:
    reading = read_label(label, now, vocabulary, frames[label.objects[0].frame].size)
    return Edited(label, reading, tuple(item for item in now if item is not None))


class _Fresh:
    """Objects that no label of the base has, to be found by what they look like."""

    def __init__(self, items: Iterable[Object], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._items: dict[Key, Object] = {}
        self._by_look: dict[tuple[int, int, Figure], list[Key]] = {}
        self._by_place: dict[tuple[int, str | None], list[Key]] = {}
        for item in items:
            key = key_of(item)
            self._items[key] = item
            self._by_look.setdefault(_look(item), []).append(key)
            self._by_place.setdefault((item.frame, self._field(item)), []).append(key)

    def take_back(self, label: BaseLabel) -> tuple[Object, ...] | None:
        """The objects of a label that lost its id: deleted and brought back, or a field's single tag replaced."""
        again: list[Key] = []
        for old in label.objects:
            same = (key for key in self._by_look.get(_look(old), ()) if key in self._items and key not in again)
            key = next(same, None)
            if key is None:
                break
            again.append(key)
        if len(again) < len(label.objects):
            again = self._alone(label)
        return tuple(self._items.pop(key) for key in again) or None

    def rest(self) -> list[Object]:
        """The objects that were not taken, in the order in which they were made."""
        return [self._items[key] for key in sorted(self._items)]

    def _alone(self, label: BaseLabel) -> list[Key]:
        """The only object on the frame for a field that holds a single label."""
        if LABEL_TYPES[self._vocabulary.schema.fields[label.field].type].many or len(label.objects) != 1:
            return []
        there = [key for key in self._by_place.get((label.objects[0].frame, label.field), ()) if key in self._items]
        return there if len(there) == 1 else []

    def _field(self, item: Object) -> str | None:
        return self._vocabulary.meaning(item.label_id, figure_of(item).type).field


def _look(item: Object) -> tuple[int, int, Figure]:
    return item.label_id, item.frame, figure_of(item)


def _read_fresh(
    fresh: Sequence[Object], frames: Sequence[FrameRecord], vocabulary: Vocabulary, result: JobDiff
) -> None:
    for item in fresh:
        figure = figure_of(item).type
        if not 0 <= item.frame < len(frames):
            result.unreadable["objects on frames that the task does not have"] += 1
        elif figure not in NEW_FIELD_FOR:
            result.unreadable[f"objects of type {figure}"] += 1
        else:
            frame = frames[item.frame]
            field = vocabulary.meaning(item.label_id, figure).field
            drawn = read_new([item], None if field else NEW_FIELD_FOR[figure], vocabulary, frame.size)
            result.new.append(New(frame.sample_id, figure, drawn, (item,)))
