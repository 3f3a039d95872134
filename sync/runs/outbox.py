"""The labels that a send writes: kept before each request, and again with the ids that CVAT answered."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from ...cvat import Shape, Tag
from ...labels.base import BaseLabel
from .store import Store


class Batch(BaseModel):
    """Labels that are written by one request, as they were drawn.

    Args:
        labels: the labels, whose objects have no ids yet
        left_out: what of them CVAT can't hold, counted by sentence
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    labels: tuple[BaseLabel, ...]
    left_out: dict[str, int] = {}


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


class Outbox:
    """The batches of labels of a run: as they were drawn, and what CVAT answered.

    Args:
        store: the run's store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def draw(self, task: int, segment: int, number: int, batch: Batch) -> None:
        """Keeps a batch, before it is sent."""
        self._store.save(f"drawn/{task}/{segment}/{number}", batch.model_dump_json(exclude_defaults=True))

    def save(self, task: int, segment: int, number: int, saved: BatchAnswer) -> None:
        """Keeps CVAT's answer to a batch."""
        self._store.save(f"saved/{task}/{segment}/{number}", saved.model_dump_json(exclude_defaults=True))

    def batches(self, task: int, segment: int) -> Iterator[StoredBatch]:
        """The batches that were drawn of a job, in order."""
        number = 0
        while (text := self._store.load(f"drawn/{task}/{segment}/{number}")) is not None:
            answer = self._store.load(f"saved/{task}/{segment}/{number}")
            saved = None if answer is None else BatchAnswer.model_validate_json(answer)
            yield StoredBatch(number, Batch.model_validate_json(text), saved)
            number += 1

    def forget(self, task: int) -> None:
        """Forgets what was drawn for a task and can't have been sent."""
        self._store.drop(f"drawn/{task}/")


def labels_of(batch: Batch, saved: BatchAnswer) -> tuple[BaseLabel, ...]:
    """The labels of a batch, with their objects as CVAT has them."""
    tags, shapes = iter(saved.tags), iter(saved.shapes)
    labels = []
    missing = 0
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
