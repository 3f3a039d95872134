"""The labels of a dataset and the store of a run in memory, and a clock that counts what is written and can kill.

They are held to what MongoDB does by `test_scratch.py`.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Mapping
from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.labels import SampleLabels, held
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.list_changes import FormerValue
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.samples import FieldPlace
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.writes import Reverts, Writes
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.dry_run import DryRunLabels, DryRunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import Text

Thing = dict[str, Any]


class Killed(BaseException):
    """The process ends here."""


class Clock:
    """Counts writes, and kills at one of them: after that there is neither a write nor a request."""

    def __init__(self) -> None:
        self.writes = 0
        self.last: int | None = None
        self.dead = False

    def tick(self) -> None:
        """One write."""
        self.check()
        if self.last is not None and self.writes >= self.last:
            self.dead = True
            raise Killed
        self.writes += 1

    def check(self) -> None:
        """Whether the process lives."""
        if self.dead:
            raise Killed


class Nowhere:
    """A store with nothing in it."""

    def load(self, name: str) -> None:
        return None

    def names(self, start: str = "") -> list[str]:
        return []


class MemoryStore(DryRunStore):
    """A run's store, from what a real one has."""

    def __init__(self, kept: Mapping[str, bytes], clock: Clock) -> None:
        super().__init__(Nowhere())  # type: ignore[arg-type]
        self._kept = dict(kept)
        self.clock = clock

    def save(self, name: str, text: Text) -> None:
        self.clock.tick()
        super().save(name, text)

    def drop(self, *starts: str) -> None:
        for start in starts or ("",):
            for name in self.names(start):
                self.clock.tick()
                del self._kept[name]

    def forget(self, name: str) -> None:
        """Forgets one name."""
        self.clock.tick()
        self._kept[name] = None

    def note(self, name: str, value: Thing) -> None:
        """Keeps something small."""
        self.save(name, json.dumps(value))

    def noted(self, name: str) -> Thing | None:
        """Something small."""
        text = self.load(name)
        return None if text is None else dict(json.loads(text))

    @property
    def contents(self) -> dict[str, bytes]:
        return {name: data for name, data in self._kept.items() if data is not None}


def duplicate(thing: Any) -> Any:
    """A copy that shares nothing, several times as fast as ``copy.deepcopy`` makes one."""
    return pickle.loads(pickle.dumps(thing, pickle.HIGHEST_PROTOCOL))


class MemorySamples:
    """Samples that are there."""

    def __init__(self, samples: Mapping[str, Thing]) -> None:
        self.samples = samples

    def read(self, place: FieldPlace, sample_ids: Iterable[str]) -> dict[str, SampleLabels]:
        return {key: held(place, self.samples[key]) for key in sample_ids if key in self.samples}

    def read_only(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def field_class(self, name: str) -> str | None:
        return {"gt": "Detections", "pred": "Detections", "sky": "Classification"}.get(name)


class MemoryLabels(DryRunLabels):
    """A dataset's labels; each is written by itself, so that a process can die between two."""

    def __init__(self, samples: Mapping[str, Thing], clock: Clock) -> None:
        super().__init__(MemorySamples(samples))  # type: ignore[arg-type]
        self.clock = clock
        self.gone: set[str] = set()
        self.tags: dict[str, set[str]] = {}

    def read(self, place: FieldPlace, sample_ids: Iterable[str]) -> dict[str, SampleLabels]:
        return super().read(place, [key for key in sample_ids if key not in self.gone])

    def write(self, place: FieldPlace, writes: Writes) -> None:
        for edit in writes.edits:
            self._one(place, Writes(edits=[edit]))
        for delete in writes.deletes:
            self._one(place, Writes(deletes=[delete]))
        for add in writes.adds:
            self._one(place, Writes(adds=[add]))

    def _one(self, place: FieldPlace, writes: Writes) -> None:
        self.clock.tick()
        super().write(place, writes)

    def revert(self, place: FieldPlace, reverts: Reverts) -> None:
        for replace in reverts.replace:
            self.clock.tick()
            super().revert(place, Reverts(replace=[replace]))
        for remove in reverts.remove:
            self.clock.tick()
            super().revert(place, Reverts(remove=[remove]))
        for insert in sorted(reverts.insert, key=lambda item: item[1]):
            self.clock.tick()
            super().revert(place, Reverts(insert=[insert]))

    def indexes_of(self, place: FieldPlace, ids: Iterable[str]) -> set[int]:
        """The indexes that labels of a field have."""
        labels = (item for held in self.read(place, ids).values() for item in held.labels.values())
        return {item["index"] for item in labels if item.get("index") is not None}

    def take_all(self, place: FieldPlace, sample_id: str) -> None:
        """Leaves nothing of a field, as when it is renamed."""
        self._keep(place, sample_id, SampleLabels({}, FormerValue(False)))

    def tag(self, sample_ids: Iterable[str], tag: str) -> None:
        for key in sample_ids:
            self.clock.tick()
            self.tags.setdefault(key, set()).add(tag)

    def untag(self, sample_ids: Iterable[str], tag: str) -> None:
        for key in sample_ids:
            self.clock.tick()
            self.tags.setdefault(key, set()).discard(tag)
