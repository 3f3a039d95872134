"""One process of a send: what it does, where it is killed, and what it tells.

Such a process is forked from one that has imported everything and has no connection to the database, which is what
makes hundreds of them affordable.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import threading
import traceback
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import fiftyone as fo
import fiftyone.core.odm.database as fod
from faults_points import WRITES, Death, Kind, Moment, Point, call_name, write_name
from faults_scenario import SOME, edit
from faults_work import KEY, Told, Work
from fiftyone.operators.registry import OperatorRegistry
from pymongo import monitoring
from requests.adapters import HTTPAdapter

OperatorRegistry()  # makes the plugin importable

from fiftyone.plugins.orgs.roundtrip.cvat.cvat import (  # noqa: E402
    Client,
    Credentials,
    CvatError,
    RetryPolicy,
    creation,
)
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.tasks import Tasks  # noqa: E402
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError, RunMissing  # noqa: E402
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.load import load  # noqa: E402
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import ProgressReporter  # noqa: E402
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh.refresh import refresh  # noqa: E402
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh.undo import undo_refresh  # noqa: E402
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import (  # noqa: E402
    LoadRequest,
    RefreshRequest,
    SendRequest,
    UndoRefreshRequest,
    parse,
)
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import delete_run, encode, patience, task_marks  # noqa: E402
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.grow import grow  # noqa: E402
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.send import resume, send  # noqa: E402

HASTY = RetryPolicy(attempts=3, connect_attempts=2, first_pause=0.004, longest_pause=0.01, longest_wait=0.01)
SMALL = [
    (encode, "OBJECTS", 3),  # several batches of labels in a job
    (patience, "LEAST", 0.5),
    (patience, "FIRST_PAUSE", 0.01),
    (task_marks, "PAUSES_OF_DELETION", (0.02, 0.05, 0.1)),
    (creation, "FIRST_PAUSE", 0.01),
]
UPLOADS = {"group_bytes": 3_000, "group_files": 2}  # several groups in a task, and large files in chunks

fod._disconnect()  # a connection does not survive a fork
atexit.unregister(fod._delete_non_persistent_datasets_if_allowed)  # that is for the process of the tests to do
gc.freeze()  # or else each process would look through, and so copy, all that was imported


def run(work: Work) -> Told:
    """The whole life of a process, unless it is killed."""
    witness = Witness()
    monitoring.register(witness)
    witness.watch_calls()
    _make_small()
    fod.establish_db_conn(fo.config)
    dataset = fo.load_dataset(work.dataset)
    witness.begin(work.death)
    told = Told(points=witness.points)
    try:
        with Client(Credentials(url=work.url, username="admin", password="admin"), timeout=5, retry=HASTY) as client:
            for act in work.acts:
                told.answers[act] = ACTS[act](dataset, work.request, client)
    except (RoundtripError, CvatError) as error:
        told.error = f"{type(error).__name__}: {error}"
    except Exception as error:
        told.error = f"{type(error).__name__}: {error}"
        told.unexpected = traceback.format_exc()
    return told


def _make_small() -> None:
    for module, name, value in SMALL:
        assert hasattr(module, name), f"{module.__name__} has no {name}"
        setattr(module, name, value)
    assert UPLOADS.keys() <= Tasks.upload.__kwdefaults__.keys()
    Tasks.upload.__kwdefaults__.update(UPLOADS)


def _send(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    return send(dataset, parse(SendRequest, {"anno_key": KEY, **request}), client)


def _resume(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    try:
        return resume(dataset, KEY, client)
    except RunMissing:
        return _send(dataset, request, client)  # it ended before there was anything to go on with


def _send_some(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    return _send(dataset.sort_by("filepath").limit(SOME), request, client)


def _grow(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    return grow(dataset, parse(SendRequest, {"anno_key": KEY, "extend": True, "add_classes": True}), client)


def _grow_on(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    run = resume(dataset, KEY, client)
    return _grow(dataset, request, client) if run["samples"] < len(dataset) else run


def _edit(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    edit(dataset)


def _refresh(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    return refresh(dataset, RefreshRequest(anno_key=KEY), client)


def _take_back(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    return undo_refresh(dataset, UndoRefreshRequest(anno_key=KEY), client)


def _load(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    return load(dataset, parse(LoadRequest, {"anno_key": KEY}), client)


def _delete(dataset: Any, request: Mapping[str, Any], client: Client) -> Any:
    try:
        return delete_run.delete(dataset, KEY, client, ProgressReporter())
    except RunMissing:
        return None


ACTS = {
    "send": _send,
    "resume": _resume,
    "load": _load,
    "delete": _delete,
    "send some": _send_some,
    "grow": _grow,
    "grow on": _grow_on,
    "edit": _edit,
    "refresh": _refresh,
    "take back": _take_back,
}


class Witness(monitoring.CommandListener):
    """Counts the calls and writes of this process, and kills it at one of them."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._death: Death | None = None
        self._seen: Counter[tuple[Kind, str]] = Counter()
        self._writing: dict[int, Point] = {}
        self._lock = threading.Lock()

    def begin(self, death: Death | None) -> None:
        """Forgets what was before."""
        self.points.clear()
        self._seen.clear()
        self._death = death

    def watch_calls(self) -> None:
        """Sees every request, its repetitions included, when it is sent and when it is answered."""
        once = HTTPAdapter.send

        def watched(adapter: HTTPAdapter, request: Any, *arguments: Any, **options: Any) -> Any:
            point = self._meet("call", call_name(request.method, urlsplit(request.url).path))
            answer = once(adapter, request, *arguments, **options)
            self._die_at(point, "after")
            return answer

        HTTPAdapter.send = watched  # type: ignore[method-assign]

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """A command is going to be sent."""
        if event.command_name in WRITES:
            point = self._meet("write", write_name(event.command_name, event.command))
            self._writing[event.request_id] = point

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """A command was answered."""
        point = self._writing.pop(event.request_id, None)
        if point is not None:
            self._die_at(point, "after")

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """A command was refused."""
        self._writing.pop(event.request_id, None)

    def _meet(self, kind: Kind, name: str) -> Point:
        with self._lock:
            self._seen[kind, name] += 1
            point = Point(kind, name, self._seen[kind, name])
            self.points.append(point)
        self._die_at(point, "before")
        return point

    def _die_at(self, point: Point, moment: Moment) -> None:
        if self._death == (point, moment):
            os.kill(os.getpid(), signal.SIGKILL)
