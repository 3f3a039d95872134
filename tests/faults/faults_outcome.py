"""What there is after a send: on the server, in the dataset, and what is kept of the run."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bson
import fiftyone as fo
import fiftyone.core.odm as foo

from sandbox import Sandbox

_RUN = re.compile(r"#[0-9a-f]{12}-")
_RUN_ID = re.compile(r"^[0-9a-f]{32}/")
_DONE = re.compile(r"^refresh/done/(\d+)/(\d+)$")
_OF_ONE_RUN = ("run_id", "created_at", "server", "project_id")
_OF_ONE_TASK = ("id", "url", "jobs")


@dataclass(frozen=True)
class Outcome:
    """What there is after a send, without ids and dates.

    Args:
        server: all that the server has
        files: the digests of the images in each task
        samples, dataset: the raw documents
        record: the run's record
        kept: what is kept of the run, by name
        refreshes: how many refreshes wrote something that can be taken back
        same: how many of the objects that were there before are there under the same ids
    """

    server: Any
    files: Any
    samples: Any
    dataset: Any
    record: Any
    kept: Any
    refreshes: int
    same: int


class Books:
    """The dataset's documents as the database has them.

    Args:
        dataset: the dataset, without runs
        passing: fields of samples that are not compared
    """

    def __init__(self, dataset: fo.Dataset, passing: Sequence[str] = ()) -> None:
        self._dataset = dataset
        self._passing = dict.fromkeys(passing, 0)
        self._db, self._id = foo.get_db_conn(), dataset._doc.id
        self._whole = self._db.datasets.find_one({"_id": self._id})
        self._samples = list(dataset._sample_collection.find())
        self.before = self.documents()
        assert self.before["runs"] == self.before["kept"] == []

    def documents(self) -> dict[str, Any]:
        """All of them now."""
        dataset = self._db.datasets.find_one({"_id": self._id})
        # FiftyOne makes a run by two writes; a document of which the dataset knows nothing is no run
        runs = list((dataset.get("annotation_runs") or {}).values())
        samples = self._dataset._sample_collection.find({}, self._passing or None).sort("_id", 1)
        kept = self._db.execution_store.find({"dataset_id": self._id, "key": _RUN_ID})
        return {
            "dataset": {**_without_dates(dataset), "annotation_runs": len(runs)},
            "samples": [bson.encode(item) for item in (*samples, *self._frames())],
            "runs": [item["config"] for item in self._db.runs.find({"_id": {"$in": runs}})],
            "kept": [item["key"] for item in kept],
        }

    def _frames(self) -> list[Any]:
        frames = self._dataset._frame_collection
        return [] if frames is None else list(frames.find().sort("_id", 1))

    def restore(self) -> None:
        """Takes all runs away, with the tags that they gave to samples."""
        self._db.datasets.replace_one({"_id": self._id}, self._whole)
        for sample in self._samples:
            self._dataset._sample_collection.replace_one({"_id": sample["_id"]}, sample)
        self._db.runs.delete_many({"_dataset_id": self._id})
        self._db.execution_store.delete_many({"dataset_id": self._id})
        assert self.documents() == self.before, "the dataset can't be brought back"


def object_ids(box: Sandbox) -> set[tuple[str, int]]:
    """The ids of all objects on a server, with their kind."""
    jobs = box.store.jobs.values()
    return {(kind, key) for job in jobs for kind in ("shapes", "tags", "tracks") for key in getattr(job, kind)}


def outcome(books: Books, box: Sandbox, before: set[tuple[str, int]]) -> Outcome:
    """What there is now.

    Args:
        books: of a dataset with one run
        box: the server
        before: the ids of the objects that it had before
    """
    box.settle()
    documents = books.documents()
    (record,) = documents["runs"]
    return Outcome(
        server=_without_run(box.state()),
        files=_files(box),
        samples=documents["samples"],
        dataset=documents["dataset"],
        record=_record(record),
        kept=_names(documents["kept"]),
        refreshes=len({match[1] for key in documents["kept"] if (match := _DONE.match(_RUN_ID.sub("", key)))}),
        same=len(before & object_ids(box)),
    )


def not_once(undisturbed: Outcome, now: Outcome) -> list[str]:
    """The labels, tasks and projects that are not on the server as often as after an undisturbed send."""
    wanted, found = (Counter(_things(outcome.server)) for outcome in (undisturbed, now))
    return [
        f"{found[thing]} times instead of {wanted[thing]}: {thing:.200}"
        for thing in {**wanted, **found}
        if found[thing] != wanted[thing]
    ]


def _things(server: Any) -> Iterator[str]:
    yield from (f"project {project['name']}" for project in server["projects"])
    for task in server["tasks"]:
        yield f"task {task['name']}"
        for job in task["jobs"]:
            where = f"{task['name']}, job from {job['start_frame']}"
            yield where
            yield from (f"{where}: {thing}" for kind in ("tags", "shapes", "tracks") for thing in job[kind])


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two things differ, as lines for a person."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = {**one, **other}
        return [line for name in names for line in differences(one.get(name), other.get(name), f"{path}/{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for number, (a, b) in pairs for line in differences(a, b, f"{path}/{number}")]
    return [] if one == other else [f"{path}: {one!r:.300} != {other!r:.300}"]


def _without_dates(document: Any) -> Any:
    """A dataset's document without what FiftyOne notes whenever it loads or saves it."""
    if isinstance(document, dict):
        return {name: _without_dates(value) for name, value in document.items() if not name.endswith("_at")}
    return [_without_dates(item) for item in document] if isinstance(document, list) else document


def _record(config: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a record that are the same in each run."""
    kept = {name: value for name, value in config.items() if name not in _OF_ONE_RUN}
    tasks = [{name: task[name] for name in task if name not in _OF_ONE_TASK} for task in config["tasks"]]
    return {**kept, "tasks": tasks, "jobs": [len(task["jobs"]) for task in config["tasks"]]}


def _names(keys: Sequence[str]) -> dict[str, int]:
    """What is kept, counted by name; of labels once for each job: their batches may have become smaller.

    A job into which refreshes wrote counts once, whatever their numbers; how many there were is compared by itself.
    """
    names = list(dict.fromkeys(_DONE.sub(r"refresh/done/\2", _RUN_ID.sub("", key)) for key in keys))
    of_ids = r"^(job|task|refresh/done)/\d+"
    counts = Counter(re.sub(of_ids, r"\1/N", name) for name in names if name[:5] not in ("drawn", "saved"))
    drawn, saved = ({name[6:] for name in names if name.startswith(kind)} for kind in ("drawn", "saved"))
    assert drawn == saved, f"not answered: {drawn - saved}; not drawn: {saved - drawn}"
    return {**counts, **{f"drawn/{name.rpartition('/')[0]}": 1 for name in drawn}}


def _files(box: Sandbox) -> dict[str, dict[str, str]]:
    found = {}
    for task in box.store.tasks.values():
        files = task.data.files if task.data else {}
        found[task.name] = {name: hashlib.sha1(file.data).hexdigest() for name, file in files.items()}
    return found


def _without_run(state: dict[str, Any]) -> dict[str, Any]:
    """A server's state, whose tasks are made in any order and are marked with the run's id."""
    for task in state["tasks"]:
        task["bug_tracker"] = _RUN.sub("#run-", task["bug_tracker"] or "")
    return {**state, "tasks": sorted(state["tasks"], key=lambda task: str(task["name"]))}
