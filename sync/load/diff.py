"""What changed in a job of CVAT since both sides last agreed: a pure function of the base and what CVAT has now."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ...cvat import Annotations
from ...labels.attributes import Unreadable
from ...labels.base import BaseLabel
from ...labels.objects import Key, Object, key_of, same_content, shape_of
from ...labels.read import NewLabel, Reading, read_label, read_new
from ...labels.types import LABEL_TYPES, NEW_FIELD_FOR
from ...labels.vocabulary import Vocabulary
from ..runs.base import NO_SAMPLE, FrameRecord
from .identity import Candidate, How, find_again


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
    drawn: NewLabel
    objects: tuple[Object, ...]


@dataclass
class JobDiff:
    """What changed in a job.

    Args:
        kept: labels that nobody touched in CVAT, and those on frames that were removed there
        edited: labels that were
        deleted: labels that are gone from CVAT
        new: labels that are new there
        matches: how labels were found: ``"by_id"``, ``"exact"``, ``"overlap"``, or not: ``"new"``
        unreadable: objects that can't be labels in FiftyOne, counted by what they are
    """

    kept: list[BaseLabel] = field(default_factory=list)
    edited: list[Edited] = field(default_factory=list)
    deleted: list[BaseLabel] = field(default_factory=list)
    new: list[New] = field(default_factory=list)
    matches: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)

    def copy(self) -> "JobDiff":
        """The same, to be used up."""
        return JobDiff(
            [*self.kept], [*self.edited], [*self.deleted], [*self.new], Counter(self.matches), Counter(self.unreadable)
        )

    def use_up(self) -> None:
        """Lets go of the labels, once it is decided about them: there may be very many."""
        self.kept, self.edited, self.deleted, self.new = [], [], [], []


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
    result = JobDiff()
    result.kept = [label for label in base if label.frame in removed]
    taken = [(label, tuple(_take(found, item) for item in label.objects)) for label in base]
    here = [(label, items) for label, items in taken if label.frame not in removed]
    fresh = _NewObjects((item for item in found.values() if item.frame not in removed), vocabulary)
    more = [() if _is_lost(label, items, vocabulary) else fresh.take_more(label) for label, items in here]
    again = fresh.find_again([label for label, items in here if _is_lost(label, items, vocabulary)])
    for (label, items), added in zip(here, more, strict=True):
        how = "by_id"
        if _is_lost(label, items, vocabulary):
            items, how = again[id(label)]
            added = fresh.take_more(label)
            if not added and not any(items):
                result.deleted.append(label)
                continue
        result.matches[how] += 1
        if not added and _untouched(label, items, vocabulary):
            # With the ids that it has now, should they be new
            same = how == "by_id"
            result.kept.append(label if same else label.model_copy(update={"objects": items}))
        else:
            result.edited.append(_edited(label, items, added, vocabulary, frames))
    _read_fresh(fresh.rest(), frames, vocabulary, result)
    result.matches["new"] = len(result.new)
    if annotations.tracks:
        result.unreadable["tracks"] += len(annotations.tracks)
    return result


def _take(found: dict[Key, Object], old: Object) -> Object | None:
    """What an object is now; one that was moved to another frame is gone from its own, and new on the other."""
    item = found.get(key_of(old))
    if item is None or item.frame != old.frame:
        return None
    return found.pop(key_of(old))


def _is_lost(label: BaseLabel, now: Sequence[Object | None], vocabulary: Vocabulary) -> bool:
    """Whether none of a label's objects is there; one about the whole frame is empty then, and not lost."""
    codec = LABEL_TYPES[vocabulary.schema.fields[label.field].type].codec
    return bool(label.objects) and not any(now) and codec.grouping != "frame"


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


class _NewObjects:
    """Objects that no label of the base has, to be found by what they look like."""

    def __init__(self, items: Iterable[Object], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._items: dict[Key, Object] = {}
        self._by_place: dict[tuple[int, str | None], list[Key]] = {}
        for item in items:
            key = key_of(item)
            self._items[key] = item
            self._by_place.setdefault((item.frame, self._field(item)), []).append(key)

    def find_again(self, labels: Sequence[BaseLabel]) -> dict[int, tuple[tuple[Object | None, ...], How]]:
        """What labels that lost their ids are now, and how they were found, by the label's own ``id()``."""
        rest = self.rest()
        found = find_again([self._candidate(label) for label in labels], [self._candidate_of(item) for item in rest])
        again: dict[int, tuple[tuple[Object | None, ...], How]] = {}
        for number, label in enumerate(labels):
            numbers, how = found.get(number, ((), "exact"))
            items = tuple(self._items.pop(key_of(rest[i])) for i in numbers)
            again[id(label)] = (items or (None,) * len(label.objects), how)
        return again

    def take_more(self, label: BaseLabel) -> tuple[Object, ...]:
        """The objects that were added to a label: to its group, or to its frame."""
        gathers = LABEL_TYPES[self._vocabulary.schema.fields[label.field].type].codec.grouping
        if not gathers:
            return ()
        keys = [key for key in self._by_place.get((label.frame, label.field), ()) if key in self._items]
        if gathers == "group":
            keys = [key for key in keys if label.group and self._items[key].group == label.group]
        return tuple(self._items.pop(key) for key in keys)

    def rest(self) -> list[Object]:
        """The objects that were not taken, in the order in which they were made."""
        return [self._items[key] for key in sorted(self._items)]

    def _field(self, item: Object) -> str | None:
        return self._vocabulary.meaning(item.label_id, shape_of(item, self._vocabulary).type).field

    def _candidate(self, label: BaseLabel) -> Candidate:
        type_ = LABEL_TYPES[self._vocabulary.schema.fields[label.field].type]
        figures = tuple(shape_of(item, self._vocabulary) for item in label.objects)
        return Candidate(label.frame, label.field, label.objects[0].label_id, figures, alone=not type_.many)

    def _candidate_of(self, item: Object) -> Candidate:
        return Candidate(item.frame, self._field(item), item.label_id, (shape_of(item, self._vocabulary),))


def _read_fresh(
    fresh: Sequence[Object], frames: Sequence[FrameRecord], vocabulary: Vocabulary, result: JobDiff
) -> None:
    for items in _together(fresh, vocabulary):
        first = items[0]
        figure = shape_of(first, vocabulary).type
        if not 0 <= first.frame < len(frames):
            result.unreadable["objects on frames that the task does not have"] += len(items)
            continue
        if figure not in NEW_FIELD_FOR:
            result.unreadable[f"objects of type {figure}"] += len(items)
            continue
        frame = frames[first.frame]
        if frame.sample_id == NO_SAMPLE:
            result.unreadable["objects on frames that match no sample"] += len(items)
            continue
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
        field = vocabulary.meaning(item.label_id, shape_of(item, vocabulary).type).field
        if field is None or LABEL_TYPES[vocabulary.schema.fields[field].type].codec.grouping != "frame":
            labels.append([item])
        elif (field, item.frame) in by_frame:
            by_frame[field, item.frame].append(item)
        else:
            by_frame[field, item.frame] = [item]
            labels.append(by_frame[field, item.frame])
    return labels
