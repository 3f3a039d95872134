"""The labels that a send writes: kept before each request, and again with the ids that CVAT answered."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from ...cvat import Shape, Tag
from ...labels.base import BaseLabel
from .store import Store

MOST_OBJECTS = 1_000_000
"""No batch has more."""


class Batch(BaseModel):
    """Labels that are written by one request, as they were drawn.

    Args:
        labels: the labels, whose objects have no ids yet
        dropped: what CVAT can't hold of a label, as sentences, by the label's place in the batch
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    labels: tuple[BaseLabel, ...] = ()
    dropped: dict[int, tuple[str, ...]] = {}

    @property
    def left_out(self) -> Counter[str]:
        """What CVAT can't hold of the labels, counted by sentence."""
        return Counter(sentence for sentences in self.dropped.values() for sentence in sentences)

    def part(self, places: range | list[int]) -> "Batch":
        """The labels at some places, with what of them was dropped."""
        dropped = {new: self.dropped[old] for new, old in enumerate(places) if old in self.dropped}
        return Batch.model_construct(labels=tuple(self.labels[place] for place in places), dropped=dropped)


class BatchAnswer(BaseModel):
    """What CVAT answered to a batch: for each object its id, or all of it if it differs from what was sent.

    An id of ``None`` stands for an object that was deleted in CVAT before its id could be learned.
    """

    model_config = ConfigDict(frozen=True)

    tags: tuple[int | dict[str, Any] | None, ...] = ()
    shapes: tuple[int | dict[str, Any] | None, ...] = ()


class StoredBatch(NamedTuple):
    """A batch as it is kept: its place among those of its job, and CVAT's answer, if that is known."""

    number: int
    batch: Batch
    saved: BatchAnswer | None


@dataclass(frozen=True)
class JobPlace:
    """Where what is kept of a job is found: the task's place in the run, and the job's in the task."""

    task: int
    segment: int

    def __str__(self) -> str:
        return f"{self.task}/{self.segment}"


class Outbox:
    """The batches of labels of a run: as they were drawn, and what CVAT answered.

    Args:
        store: the run's store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def draw(self, place: JobPlace, number: int, batch: Batch) -> None:
        """Keeps a batch, before it is sent."""
        self._store.save(f"drawn/{place}/{number}", batch.model_dump_json(exclude_defaults=True))

    def save(self, place: JobPlace, number: int, saved: BatchAnswer) -> None:
        """Keeps CVAT's answer to a batch."""
        self._store.save(f"saved/{place}/{number}", saved.model_dump_json(exclude_defaults=True))

    def withdraw(self, place: JobPlace, number: int) -> None:
        """Forgets the labels of a batch that is not in CVAT; its number stays taken."""
        self.draw(place, number, Batch())
        self.save(place, number, BatchAnswer())

    def batches(self, place: JobPlace) -> Iterator[StoredBatch]:
        """The batches that were drawn of a job, in order."""
        for number, text in numbered(self._store, f"drawn/{place}"):
            answer = self._store.load(f"saved/{place}/{number}")
            saved = None if answer is None else BatchAnswer.model_validate_json(answer)
            yield StoredBatch(number, Batch.model_validate_json(text), saved)

    def forget(self, task: int) -> None:
        """Forgets what was drawn for a task and can't have been sent."""
        self._store.drop(f"drawn/{task}/")


def numbered(store: Store, start: str) -> Iterator[tuple[int, bytes]]:
    """What is kept under one name and the numbers from 0."""
    number = 0
    while (text := store.load(f"{start}/{number}")) is not None:
        yield number, text
        number += 1


def labels_of(batch: Batch, saved: BatchAnswer, number: int = 0) -> tuple[BaseLabel, ...]:
    """The labels of a batch, with their objects as CVAT has them.

    Args:
        batch, saved: the batch, and CVAT's answer
        number: the place of the batch in its job
    """
    tags, shapes = iter(saved.tags), iter(saved.shapes)
    labels = []
    missing = -number * MOST_OBJECTS
    for label in batch.labels:
        objects: list[Tag | Shape] = []
        for item in label.objects:
            found = next(tags if isinstance(item, Tag) else shapes)
            if found is None:
                missing -= 1  # an id that no object has
                found = missing
            if isinstance(found, dict):
                objects.append(type(item).model_validate(found))
            else:
                objects.append(item.model_copy(update={"id": found}))
        group = (objects[0].group or 0) if len(objects) > 1 else 0
        labels.append(label.model_copy(update={"objects": tuple(objects), "group": group}))
    return tuple(labels)
