"""The annotation runs of a dataset that this plugin made: how they are kept, found, renamed and forgotten."""

import contextlib
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

import fiftyone.constants as foc
import fiftyone.core.annotation as foa
import fiftyone.core.odm as foo
import fiftyone.core.view as fov
import fiftyone.utils.annotations as foua
from bson import json_util
from pydantic import ValidationError

from ..errors import Refused, RunMissing, database_context
from .lease import check_free, is_held
from .reading import read_anew
from .run_record import BACKEND, RunRecord
from .store import RunStore, stored_runs

NAME = "roundtrip"
"""The name of the annotation backend in FiftyOne."""
RESULTS = "roundtrip_backend.RunResults"
"""The class that loads a run for `dataset.load_annotations()`, under the name that is stored with each run.

The module has this name wherever the plugin is loaded, and for programs that have its folder on their Python path.
"""
LONGEST_KEY = 200
"""Characters of a wrong key in a sentence."""


def now() -> str:
    """The time, as records keep it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def register(view: Any, key: str, record: RunRecord) -> None:
    """Makes the annotation run of a send. It remembers the view."""
    config = _config(record)
    method = config.build()
    method.validate_run(view, key, overwrite=False)
    # FiftyOne quotes the version where the plugin is not there to load the run
    version = f"{foc.VERSION} with the plugin {BACKEND} (`fiftyone.operators.list_operators()` loads it)"
    info = foa.AnnotationInfo(
        key, version=version, timestamp=datetime.now(timezone.utc).replace(tzinfo=None), config=config
    )
    with contextlib.suppress(ReferenceError):  # another thread has just read the dataset anew: it is listed below
        method.save_run_info(view, info, overwrite=False)  # the last step: whatever fails here, there is no run
    _list(view._root_dataset, key)


RELOADS = 20
"""Times that a dataset is read anew if other threads have just read it as it was before."""


def _list(dataset: Any, key: str) -> None:
    """Lists a new run with its dataset.

    Threads share the document of a dataset. One that reads it anew at the wrong moment, as each request of the App
    does, takes the run out again before it is written.
    """
    for _ in range(RELOADS):
        found = foo.get_db_conn().datasets.find_one({"_id": dataset._doc.id}, {f"annotation_runs.{key}": True})
        if found is None or key in (found.get("annotation_runs") or {}):
            return
        with contextlib.suppress(ReferenceError):
            dataset._reload(hard=True)
            dataset._doc.annotation_runs[key] = foo.RunDocument.objects.get(dataset_id=dataset._doc.id, key=key)
            dataset.save()


def stages_of(view: Any) -> tuple[str, ...] | None:
    """A view as FiftyOne stores it with a run; ``None`` for a whole dataset."""
    if not isinstance(view, fov.DatasetView):
        return None
    return tuple(json_util.dumps(stage) for stage in view._serialize(include_uuids=False))


def view_of(dataset: Any, stages: Iterable[str] | None) -> Any:
    """The view that :func:`stages_of` gave."""
    if stages is None:
        return dataset
    return fov.DatasetView._build(dataset, [json_util.loads(stage) for stage in stages])


def update_view(dataset: Any, key: str, view: Any) -> None:
    """Makes another view that of a run."""
    found = foa.AnnotationMethod._get_run_doc(dataset, key)
    stages = stages_of(view)
    found.view_stages = None if stages is None else list(stages)
    found.save()


def update(dataset: Any, key: str, record: RunRecord) -> None:
    """Writes a changed record."""
    check_there(dataset, key)
    for left in reversed(range(RELOADS)):
        try:
            foa.AnnotationMethod.update_run_config(dataset, key, _config(record))
            break
        except (ValueError, ReferenceError):  # another thread has just read the dataset as it was before the run
            if not left:
                raise
            dataset._reload(hard=True)
    point_to_backend(dataset, key)


_pointing = threading.Lock()
"""Threads share FiftyOne's document of a run, as a send and a panel do, and only one of them may put a file into it."""


class _Pointer:
    """The results that FiftyOne stores with a run: only the name of the class that loads it."""

    def serialize(self) -> dict[str, str]:
        return {"cls": RESULTS}

    def get_meta(self) -> dict[str, Any]:
        return {}


def point_to_backend(samples: Any, key: str) -> None:
    """Lets `dataset.load_annotations()` find the plugin's backend.

    A run that has just begun does not name it yet, nor does one of an earlier version.
    """
    with (
        _pointing,
        contextlib.suppress(ValueError, ReferenceError),
    ):  # of a run that is gone, or was read anew, meanwhile
        if not foa.AnnotationMethod._get_run_doc(samples, key).results:
            foa.AnnotationMethod.save_run_results(samples, key, _Pointer(), cache=False)


def check_there(dataset: Any, key: str) -> None:
    """Checks in the database that a run is still there, whatever this process knows.

    Raises:
        RunMissing: if another process deleted or renamed it, or the dataset
    """
    found = foo.get_db_conn().datasets.find_one({"_id": dataset._doc.id}, {f"annotation_runs.{key}": True})
    if found is None:
        raise RunMissing(f"The dataset was deleted meanwhile, so nothing more is done with the run '{key}'.")
    if key not in (found.get("annotation_runs") or {}):
        raise RunMissing(f"The run '{key}' was deleted or renamed meanwhile, so nothing more is done with it.")


def _config(record: RunRecord) -> foua.AnnotationBackendConfig:
    """The record as FiftyOne's own class of config, which every process can read, with or without the plugin."""
    return foua.AnnotationBackendConfig(NAME, **record.model_dump(mode="json"))


@database_context("Nothing was changed.")
def find(dataset: Any, key: str) -> RunRecord:
    """The record of a run.

    Raises:
        RunMissing: if there is none, or it is another tool's
    """
    keys = _keys(dataset)
    if key not in keys:
        there = f"there are: {', '.join(keys)}" if keys else "there are none"
        raise RunMissing(f"The dataset '{dataset.name}' has no annotation run '{str(key)[:LONGEST_KEY]}'; {there}.")
    record = _read(dataset, key)
    if record is None:
        raise RunMissing(f"The run '{key}' was made by another tool; load it with `dataset.load_annotations('{key}')`.")
    point_to_backend(dataset, key)
    return record


@database_context("Nothing was changed.")
def is_there(dataset: Any, key: str) -> bool:
    """Whether the database has a run of this plugin under a key, whatever this process knows."""
    return key in _keys(dataset) and key in find_all(dataset)


def find_all(dataset: Any) -> dict[str, RunRecord]:
    """The records of all runs that this plugin made, by key, newest first; without those that can't be read."""
    found: list[tuple[str, datetime, str, RunRecord]] = []
    for key in dataset.list_annotation_runs():
        with contextlib.suppress(RunMissing, ValueError):  # it is gone by now
            if (record := _read(dataset, key)) is not None:
                registered = foa.AnnotationMethod._get_run_doc(dataset, key).timestamp  # to the millisecond
                found.append((record.created_at, registered or datetime.min, key, record))
    found.sort(key=lambda run: run[:3], reverse=True)
    return {key: record for *_, key, record in found}


@database_context("Nothing was changed.")
def find_all_now(dataset: Any) -> dict[str, RunRecord]:
    """The same as of :func:`find_all`, as the database has them, for who waits long between two looks.

    Raises:
        RunMissing: if the dataset is gone
    """
    _keys(dataset)
    return find_all(dataset)


def find_unreadable(dataset: Any) -> list[str]:
    """The keys of the runs of this plugin whose records can't be read."""
    found = []
    for key in dataset.list_annotation_runs():
        try:
            _read(dataset, key)
        except RunMissing:
            found.append(key)
    return found


def not_here(key: str) -> str:
    """What is wrong with a run whose record was copied or imported with the dataset, but not what was known of it."""
    return (
        f"What was known of the run '{key}' is not with this dataset: it is kept with the dataset that was sent, not "
        "with a copy or an import of it."
    )


def sweep(dataset: Any) -> None:
    """Forgets the state of runs whose record is gone: deleted by other means, or never written.

    If a record can't be read, nothing is forgotten: nobody knows which state is its own.
    """
    stored = stored_runs(dataset)
    held = {run_id for run_id in stored if is_held(RunStore(dataset, run_id))}
    read_anew(dataset)  # only now: what was stored or held before has its record by now
    if find_unreadable(dataset):
        return
    with_record = {record.run_id for record in find_all(dataset).values()}
    for run_id in stored - held - with_record:
        RunStore(dataset, run_id).drop()


def _keys(dataset: Any) -> list[str]:
    """The keys of a dataset's runs as the database has them: another process may have made, or changed, some."""
    try:
        read_anew(dataset)
    except ValueError:  # FiftyOne has no such dataset any more
        raise RunMissing(f"The dataset '{dataset.name}' was deleted meanwhile, and its runs with it.") from None
    return list(dataset.list_annotation_runs())


def _read(dataset: Any, key: str) -> RunRecord | None:
    try:
        config = foa.AnnotationMethod._get_run_doc(dataset, key).config
    except ValueError:  # it is gone, or only its reference is left
        return None
    if not isinstance(config, Mapping) or config.get("backend") != BACKEND:
        return None
    data = {name: config[name] for name in RunRecord.model_fields if name in config}
    try:
        record = RunRecord.model_validate(data)
        record.schema_  # noqa: B018 - it is read, too
        return record
    except (ValidationError, TypeError, ValueError, KeyError, AttributeError):
        raise RunMissing(
            f"The record of the run '{key}' can't be read: it is damaged, or a newer version of the plugin wrote it. "
            f"Update the plugin, or forget the run with `dataset.delete_annotation_run('{key}')`; its tasks stay in "
            "CVAT."
        ) from None


def check_key(dataset: Any, key: str) -> None:
    """Checks that a key is free.

    Raises:
        Refused: if it is not
    """
    if key in _keys(dataset):
        raise Refused(f"There is a run '{key}' already. Choose another key, or delete that run first.")


def free_key(dataset: Any, stem: str = "cvat") -> str:
    """A key that no run has."""
    taken = set(dataset.list_annotation_runs())
    number = 1
    while (key := stem if number == 1 else f"{stem}_{number}") in taken:
        number += 1
    return key


@database_context("Look at the runs when it is back, and rename again if need be.")
def rename(dataset: Any, key: str, new_key: str) -> None:
    """Gives a run another key.

    Raises:
        Refused: if that is taken or no identifier, or the run is not complete: what goes on with it knows its key
    """
    record = find(dataset, key)
    if record.status != "sent":
        raise Refused(f"The run '{key}' is not complete. Resume it or wait for its end, then rename it.")
    check_free(RunStore(dataset, record.run_id), key)
    if not isinstance(new_key, str) or not new_key.isidentifier():
        raise Refused(
            f"'{str(new_key)[:LONGEST_KEY]}' can't be a key: use letters, digits and underscores, and no digit first."
        )
    check_key(dataset, new_key)
    dataset.rename_annotation_run(key, new_key)


def forget(dataset: Any, key: str, run_id: str) -> None:
    """Deletes a run's record and state. Labels stay as they are.

    The record goes first: state without a record is swept away some time, a record without its state is of no use.
    """
    if key in dataset.list_annotation_runs():
        dataset.delete_annotation_run(key)
    RunStore(dataset, run_id).drop()
