"""What changed in a job of CVAT since both sides last agreed: a pure function of the base and what CVAT has now."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..cvat import Annotations
from ..labels.attributes import Unreadable
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
        frame: the number of its frame
        figure: the type of its objects
        drawn: what it is; its ``field`` is ``None`` if no field of the run can hold it
        objects: its tag or shapes
    """

    sample_id: str
    frame: int
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
    here = [label for label in base if label.frame not in removed]
    result.kept = [label for label in base if label.frame in removed]
    taken = [(label, tuple(_take(found, item) for item in label.objects)) for label in base]
    now = {id(label): items for label, items in taken}
    fresh = _Fresh((item for item in found.values() if item.frame not in removed), vocabulary)
    for label in here:
        items, found_by_id = now[id(label)], True
        if label.objects and all(item is None for item in items):
            again = fresh.take_back(label)
            if again is not None:
                result.matched += 1
                items, found_by_id = again, False
        added = fresh.take_more(label)
        if not added and label.objects and all(item is None for item in items) and not _whole_frame(label, vocabulary):
            result.deleted.append(label)
        elif not added and _untouched(label, items, vocabulary):
            # With the ids that it has now, should they be new
            result.kept.append(label if found_by_id else label.model_copy(update={"objects": items}))
        else:
            result.edited.append(_edited(label, items, added, vocabulary, frames))
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


def _whole_frame(label: BaseLabel, vocabulary: Vocabulary) -> bool:
    """Whether a label is about the whole frame, so that without any object it is empty and not deleted."""
    return LABEL_TYPES[vocabulary.schema.fields[label.field].type].codec.gathers == "frame"


def _untouched(label: BaseLabel, now: Sequence[Object | None], vocabulary: Vocabulary) -> bool:
    return all(
        item is not None and same_content(old, item, vocabulary, label.field) and old.label_id not in vocabulary.renamed
        for old, item in zip(label.objects, now, strict=True)
    )


def _edited(
    label: BaseLabel,
    now: Sequence[Object | None],
    added: Sequence[Object],
    vocabulary: Vocabulary,
    frames: Sequence[FrameRecord],
) -> Edited:
    pairs: list[tuple[Object | None, Object | None]] = [*zip(label.objects, now, strict=True)]
    pairs += [(None, item) for item in added]
    reading = read_label(label, pairs, vocabulary, frames[label.frame].size)
    return Edited(label, reading, tuple(item for _, item in pairs if item is not None))


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
            self._by_look.setdefault(self._look(item), []).append(key)
            self._by_place.setdefault((item.frame, self._field(item)), []).append(key)

    def take_back(self, label: BaseLabel) -> tuple[Object, ...] | None:
        """The objects of a label that lost its id: deleted and brought back, or a field's single tag replaced."""
        again: list[Key] = []
        for old in label.objects:
            same = (key for key in self._by_look.get(self._look(old), ()) if key in self._items and key not in again)
            key = next(same, None)
            if key is None:
                break
            again.append(key)
        if len(again) < len(label.objects):
            again = self._alone(label)
        return tuple(self._items.pop(key) for key in again) or None

    def take_more(self, label: BaseLabel) -> tuple[Object, ...]:
        """The objects that were added to a label: to its group, or to its frame."""
        gathers = LABEL_TYPES[self._vocabulary.schema.fields[label.field].type].codec.gathers
        if not gathers:
            return ()
        keys = [key for key in self._by_place.get((label.frame, label.field), ()) if key in self._items]
        if gathers == "group":
            keys = [key for key in keys if label.group and self._items[key].group == label.group]
        return tuple(self._items.pop(key) for key in keys)

    def rest(self) -> list[Object]:
        """The objects that were not taken, in the order in which they were made."""
        return [self._items[key] for key in sorted(self._items)]

    def _alone(self, label: BaseLabel) -> list[Key]:
        """The only object on the frame for a field that holds a single label."""
        type_ = LABEL_TYPES[self._vocabulary.schema.fields[label.field].type]
        if type_.many or type_.codec.gathers == "frame" or len(label.objects) != 1:
            return []
        there = [key for key in self._by_place.get((label.frame, label.field), ()) if key in self._items]
        return there if len(there) == 1 else []

    def _field(self, item: Object) -> str | None:
        return self._vocabulary.meaning(item.label_id, figure_of(item, self._vocabulary).type).field

    def _look(self, item: Object) -> tuple[int, int, Figure]:
        return item.label_id, item.frame, figure_of(item, self._vocabulary)


def _read_fresh(
    fresh: Sequence[Object], frames: Sequence[FrameRecord], vocabulary: Vocabulary, result: JobDiff
) -> None:
    for items in _together(fresh, vocabulary):
        first = items[0]
        figure = figure_of(first, vocabulary).type
        if not 0 <= first.frame < len(frames):
            result.unreadable["objects on frames that the task does not have"] += len(items)
            continue
        if figure not in NEW_FIELD_FOR:
            result.unreadable[f"objects of type {figure}"] += len(items)
            continue
        frame = frames[first.frame]
        field = vocabulary.meaning(first.label_id, figure).field
        try:
            drawn = read_new(items, None if field else NEW_FIELD_FOR[figure], vocabulary, frame.size)
        except Unreadable as error:
            result.unreadable[f"objects of type {figure} ({error})"] += len(items)
            continue
        result.new.append(New(frame.sample_id, first.frame, figure, drawn, tuple(items)))


def _together(fresh: Sequence[Object], vocabulary: Vocabulary) -> list[list[Object]]:
    """The objects of each new label: alone, or with all others of its frame where the field is of that kind."""
    labels: list[list[Object]] = []
    by_frame: dict[tuple[str, int], list[Object]] = {}
    for item in fresh:
        field = vocabulary.meaning(item.label_id, figure_of(item, vocabulary).type).field
        if field is None or LABEL_TYPES[vocabulary.schema.fields[field].type].codec.gathers != "frame":
            labels.append([item])
        elif (field, item.frame) in by_frame:
            by_frame[field, item.frame].append(item)
        else:
            by_frame[field, item.frame] = [item]
            labels.append(by_frame[field, item.frame])
    return labels
