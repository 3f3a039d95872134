"""The loop as a person goes it: a dataset, the operators, a server, and an exact look at what became of the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import bson
import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import task_pool
from sync_annotator import Annotator

from sandbox import Sandbox

URI = "@roundtrip/cvat"
Change = tuple[Any, Any]


@cache
def operator(name: str) -> Any:
    """An operator of the plugin, as ``foo.get_operator()`` gives it."""
    return foo.get_operator(f"{URI}/{name}")


class Loop:
    """A dataset and a server.

    Args:
        dataset: an empty one
        box: the server
        photos: makes image files
    """

    def __init__(self, dataset: fo.Dataset, box: Sandbox, photos: Callable[..., list[Path]]) -> None:
        self.dataset = dataset
        self.box = box
        self.cvat = Annotator(box)
        self._photos = photos

    def fill(self, *labels: Any, field: str = "gt", **photos: Any) -> list[str]:
        """Adds a sample for each label (``None`` for a sample without); their ids."""
        paths = self._photos(len(labels), **photos)
        samples = [fo.Sample(str(path)) for path in paths]
        for sample, label in zip(samples, labels, strict=True):
            if label is not None:
                sample[field] = label
        return list(self.dataset.add_samples(samples))

    def send_in_order(self, **params: Any) -> dict[str, Any]:
        """Sends one task after the other: the numbers of the jobs follow those of the tasks.

        CVAT makes the jobs of a task when it has the images, so tasks that are sent together get theirs in any order.
        """
        with patch.object(task_pool, "TASKS_AT_ONCE", 1):
            return self.send(**params)

    def send(self, view: Any = None, **params: Any) -> dict[str, Any]:
        """Sends, by default the whole dataset and the field ``gt``."""
        given = {"anno_key": "run", **params}
        if not {"label_field", "label_schema"} & set(given):
            given["label_field"] = "gt"
        return dict(operator("send_to_cvat")(self.dataset if view is None else view, **given))

    def load(self, run: Any = "run", **params: Any) -> dict[str, Any]:
        """Loads a run; the few labels of a test may all be deleted."""
        return dict(operator("load_annotations")(self.dataset, run, **{"confirm": True, **params}))

    def execute(self, name: str, view: Any = None, selected: Iterable[str] = (), **params: Any) -> Any:
        """Runs an operator by ``foo.execute_operator()``; its result."""
        ctx = {"view": self.dataset.view() if view is None else view, "selected": list(selected)}
        return foo.execute_operator(f"{URI}/{name}", ctx=ctx, params=params).result

    def documents(self) -> dict[str, bytes]:
        """The samples as the database has them, byte by byte."""
        return {str(item["_id"]): bson.encode(item) for item in self.dataset._sample_collection.find()}

    def since(self, before: Mapping[str, bytes]) -> dict[str, Change]:
        """What differs from before: the old and the new value by path; ``...`` stands for nothing at all.

        A path begins with the sample's number. In a list of labels, each has its number of before; a label that came
        is ``+0``, ``+1`` ... and its class. Dates of modification are left out, but have to move for exactly the
        samples that changed.
        """
        now = self.documents()
        found: dict[str, Change] = {}
        for number, sample in enumerate(sorted({*before, *now})):
            old, new = (bson.decode(items[sample]) if sample in items else ... for items in (before, now))
            count = len(found)
            if old is ... or new is ...:
                _compare(old, new, str(number), found)
                continue
            moved = old.pop("last_modified_at") != new.pop("last_modified_at")
            _compare(old, new, str(number), found)
            assert moved == (len(found) > count), f"sample {number}: its date {'moved' if moved else 'stayed'}"
        return found

    def labels(self, field: str = "gt") -> list[list[Any]]:
        """The labels of a field, sample by sample."""
        found = []
        for value in self.dataset.values(field):
            kept = value if value is None or isinstance(value, list) else _members(value)
            found.append(kept or [])
        return found

    def requests(self, since: int = 0) -> list[str]:
        """What was asked of the server: ``METHOD path``, without the annotators' own requests before ``since``."""
        return [f"{entry.method} {entry.path}" for entry in self.box.log[since:]]

    @property
    def clock(self) -> int:
        """The number of requests so far."""
        return len(self.box.log)


def _members(value: Any) -> list[Any]:
    path = getattr(value, "_LABEL_LIST_FIELD", None)
    return list(getattr(value, path)) if path else [value]


def _compare(old: Any, new: Any, path: str, found: dict[str, Change]) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            _compare(old.get(name, ...), new.get(name, ...), f"{path}/{name}", found)
    elif _is_labels(old) and _is_labels(new):
        then, now = ({item["_id"]: item for item in items} for items in (old, new))
        for number, (key, label) in enumerate(then.items()):
            if key in now:
                _compare(label, now[key], f"{path}/{number}", found)
            else:
                found[f"{path}/{number}"] = (label["label"], ...)
        for number, key in enumerate(key for key in now if key not in then):
            found[f"{path}/+{number}"] = (..., now[key]["label"])
    elif old is ... or new is ... or bson.encode({"": old}) != bson.encode({"": new}):
        found[path] = (old, new)


def _is_labels(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) and "_id" in item for item in value)
