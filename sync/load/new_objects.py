"""Objects that no label of the base has, to be found by what they look like."""

from collections.abc import Container, Iterable, Sequence
from typing import Any

from ...cvat import Shape
from ...labels.base import BaseLabel
from ...labels.objects import Key, Object, key_of, shape_of, texts_of
from ...labels.shapes import CvatShape
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from .identity import Candidate, Found, find_exact, find_similar

Items = tuple[Object | None, ...]
"""The objects of a label, in the order of its base; ``None`` for one that is gone."""


class NewObjects:
    """Objects that belong to no label so far.

    Args:
        items: the objects
        vocabulary: what the task's labels mean now
    """

    def __init__(self, items: Iterable[Object], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._items: dict[Key, Object] = {}
        self._by_frame: dict[tuple[int, str], list[Key]] = {}
        self._by_group: dict[tuple[int, str, int, int], list[Key]] = {}
        for item in items:
            self.put_back(item)

    def put_back(self, item: Object) -> None:
        """Adds an object that is not its label's any more."""
        key, field = key_of(item), self._field(item)
        self._items[key] = item
        if field and self._grouping(field) == "frame":
            self._by_frame.setdefault((item.frame, field), []).append(key)
        elif field and item.group:
            self._by_group.setdefault((item.frame, field, item.group, item.label_id), []).append(key)

    def rest(self) -> list[Object]:
        """The objects that were not taken, in the order in which they were made."""
        return [self._items[key] for key in sorted(self._items)]

    def take_exact(self, labels: Sequence[BaseLabel]) -> dict[int, Items]:
        """What labels that lost their ids are now, if it is exactly the same, by the label's own ``id()``."""
        rest = self.rest()
        found = find_exact([self._candidate(label) for label in labels], [self._candidate_of(item) for item in rest])
        return self._take(labels, rest, found)

    def take_similar(self, labels: Sequence[BaseLabel]) -> dict[int, Items]:
        """What labels that lost their ids are now, if it overlaps, by the label's own ``id()``."""
        rest = self.rest()
        found = find_similar([self._candidate(label) for label in labels], [self._candidate_of(item) for item in rest])
        return self._take(labels, rest, found)

    def take_parts(self, labels: Sequence[tuple[BaseLabel, Items]]) -> list[Items]:
        """The objects of labels of which some are gone, with those that were made again exactly as they were."""
        by_look: dict[tuple[int, int, CvatShape], list[Object]] = {}
        for item in reversed(self.rest()):  # the first made is the last of its list
            by_look.setdefault((item.frame, item.label_id, shape_of(item, self._vocabulary)), []).append(item)

        def again(old: Object) -> Object | None:
            alike = by_look.get((old.frame, old.label_id, shape_of(old, self._vocabulary)))
            return self._items.pop(key_of(alike.pop())) if alike else None

        return [tuple(i or again(old) for old, i in zip(label.objects, items, strict=True)) for label, items in labels]

    def take_more(self, label: BaseLabel, items: Items, shared: Container[tuple[int, int]]) -> tuple[Object, ...]:
        """The objects that were added to a label: to its group, or to its frame.

        A group is what the label's own objects have now: an editor gives all members a new number. A new member is a
        part of a label that was sent as several parts, and only if it has its class.

        Args:
            label: the label
            items: what it is now
            shared: frame and number of groups that are no one label's
        """
        gathers = self._grouping(label.field)
        keys: list[Key] = []
        if gathers == "frame":
            keys = self._by_frame.pop((label.frame, label.field), [])
        elif gathers == "group" and label.group:
            mine = {(item.group, item.label_id) for item in items if item and item.group}
            for group, label_id in sorted(mine):
                if (label.frame, group) not in shared:
                    keys += self._by_group.pop((label.frame, label.field, group, label_id), [])
        return tuple(self._items.pop(key) for key in keys if key in self._items)

    def take_twins(self, held: Iterable[Object]) -> list[Object]:
        """The objects that are exact copies of others that count: of those held by labels, or of earlier new ones.

        Objects that are gathered by frame are left alone: a copy of a mask changes nothing but what lies above.
        """
        seen = {self._look(item) for item in held}
        twins = []
        for item in self.rest():
            field = self._field(item)
            if field and self._grouping(field) == "frame":
                continue
            if (look := self._look(item)) in seen:
                twins.append(self._items.pop(key_of(item)))
            seen.add(look)
        return twins

    def _take(self, labels: Sequence[BaseLabel], rest: Sequence[Object], found: Found) -> dict[int, Items]:
        return {
            id(labels[number]): tuple(self._items.pop(key_of(rest[i])) for i in numbers)
            for number, numbers in found.items()
        }

    def _look(self, item: Object) -> tuple[Any, ...]:
        """All that an editor's double save has in common."""
        occluded = isinstance(item, Shape) and item.occluded
        texts = tuple(sorted(texts_of(item).items()))
        return item.frame, item.label_id, shape_of(item, self._vocabulary), texts, occluded

    def _grouping(self, field: str) -> str:
        return LABEL_TYPES[self._vocabulary.schema.fields[field].type].codec.grouping

    def _field(self, item: Object) -> str | None:
        return self._vocabulary.meaning(item.label_id, shape_of(item, self._vocabulary).type).field

    def _candidate(self, label: BaseLabel) -> Candidate:
        type_ = LABEL_TYPES[self._vocabulary.schema.fields[label.field].type]
        shapes = tuple(shape_of(item, self._vocabulary) for item in label.objects)
        return Candidate(label.frame, label.field, label.objects[0].label_id, shapes, alone=not type_.many)

    def _candidate_of(self, item: Object) -> Candidate:
        return Candidate(item.frame, self._field(item), item.label_id, (shape_of(item, self._vocabulary),))
