"""The lease of a run: who is sending or loading it now, how far that is, and whether it is still alive."""

import contextlib
import os
import socket
import threading
import time
import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pymongo.errors import PyMongoError

from ..errors import Cancelled, Refused
from ..progress import Progress, ProgressReporter
from .store import RunStore

NAME, STOP = "lease", "stop"
Doing = Literal["sent", "loaded", "undone", "decided", "refreshed"]
"""What is being done with a run."""
VERBS: dict[Doing, str] = {
    "sent": "sending",
    "loaded": "loading",
    "undone": "undoing the last load of",
    "decided": "deciding the conflicts of",
    "refreshed": "refreshing",
}
BEAT = 2.0
"""Seconds between two signs of life."""
SILENCE = 60.0
"""Seconds without one after which a process counts as gone."""


_ended: set[str] = set()
"""Sends of this process that ended while the database was away, so that their last sign of life is still there."""


class Heartbeat(BaseModel):
    """A sign of life.

    Args:
        owner: who sends or loads: an id of that alone
        host, pid: where it runs
        at: when this was written, in seconds since the epoch
        text, done: how far it is; see :class:`sync.progress.Progress`
        doing: what it does with the run
    """

    model_config = ConfigDict(frozen=True)

    owner: str
    host: str
    pid: int
    at: float
    text: str = ""
    done: float | None = None
    doing: Doing = "sent"

    @property
    def action(self) -> str:
        """What it does with the run, after "is being"."""
        return "changed by decisions about its conflicts" if self.doing == "decided" else self.doing

    def is_alive(self, now: float) -> bool:
        """Whether its process still works. One on this machine that ended is known at once; none is of the future."""
        if abs(now - self.at) > SILENCE or self.owner in _ended:
            return False
        return self.host != socket.gethostname() or process_runs(self.pid)


def process_runs(pid: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it runs, and is somebody else's
        return True
    return True


def read_heartbeat(store: RunStore) -> Heartbeat | None:
    """The last sign of life of whoever sends or loads a run, or ``None`` if nobody does."""
    return _as_heartbeat(store.noted(NAME))


def _as_heartbeat(found: Any) -> Heartbeat | None:
    """What is noted as a sign of life; ``None`` if it is none, and nobody is known to be at the run."""
    try:
        return None if found is None else Heartbeat.model_validate(found)
    except ValidationError:
        return None


def is_held(store: RunStore) -> bool:
    """Whether somebody is sending or loading a run at this moment."""
    heartbeat = read_heartbeat(store)
    return heartbeat is not None and heartbeat.is_alive(time.time())


def check_free(store: RunStore, key: str) -> None:
    """Checks that nobody is sending or loading a run at this moment.

    Raises:
        Refused: if somebody is
    """
    heartbeat = read_heartbeat(store)
    if heartbeat is not None and heartbeat.is_alive(time.time()):
        stop = "stop that first, or " if heartbeat.doing == "sent" else ""
        raise Refused(f"The run '{key}' is being {heartbeat.action} at this moment; {stop}wait for its end.")


def ask_to_stop(store: RunStore) -> None:
    """Asks whoever sends a run to stop; it does so within some seconds."""
    store.note(STOP, {"at": time.time()})


def forget_dead_heartbeat(store: RunStore) -> None:
    """Forgets the last sign of a process that ended before it could do so itself."""
    heartbeat = read_heartbeat(store)
    if heartbeat is not None and not heartbeat.is_alive(time.time()):
        store.drop(NAME)


class Lease:
    """Holds a run while it is sent or loaded, so that nobody else does so at the same time; a context manager.

    Args:
        store: the run's store
        key: the run's key, for messages
        doing: what is done with the run

    Raises:
        Refused: on entering, if somebody else is at it
    """

    def __init__(self, store: RunStore, key: str, doing: Doing = "sent") -> None:
        self._store = store
        self._key = key
        self._doing: Doing = doing
        self._progress = Progress("")
        self._owner = uuid.uuid4().hex
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="cvat-lease", daemon=True)

    def report(self, progress: Progress) -> None:
        """Takes how far it is; the next sign of life says it."""
        self._progress = progress

    def through(self, reporter: ProgressReporter) -> ProgressReporter:
        """The same reporter, whose steps are in the signs of life, and end here if another process took over."""

        def report(progress: Progress) -> None:
            self.check()
            self.report(progress)
            reporter.report(progress)

        return ProgressReporter(report=report, stop=reporter.stop)

    @property
    def is_lost(self) -> bool:
        """Whether another process took the run over."""
        return self._lost.is_set()

    def check(self) -> None:
        """Ends this if somebody asked for it, or another process took over as this one was silent for long.

        Raises:
            Cancelled, Refused: if so
        """
        if self._stopped.is_set():
            raise Cancelled("Stopped.")
        if self.is_lost:
            raise Refused(f"Another process goes on with {VERBS[self._doing]} the run '{self._key}'; this one ends.")

    def __enter__(self) -> "Lease":
        found = self._store.noted(NAME)
        other = _as_heartbeat(found)
        if other is not None and other.is_alive(time.time()):
            where = other.text or f"process {other.pid} on {other.host}"
            raise Refused(f"The run '{self._key}' is being {other.action} at this moment ({where}); wait for its end.")
        if not self._store.exchange(NAME, found, self._heartbeat()):
            raise Refused(
                f"Somebody else is at the run '{self._key}' since just now, sending or loading it; wait for its end."
            )
        if self._store.noted(STOP):
            self._store.drop(STOP)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if not self._lost.is_set():
            try:
                self._store.forget(NAME)
            except PyMongoError:  # what ended it is to be told; for other processes the sign ages by itself
                _ended.add(self._owner)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            with contextlib.suppress(Exception):  # a database that is away for a moment ends nothing
                found = self._store.noted(NAME)
                if found is not None and found["owner"] != self._owner:
                    self._lost.set()
                    return
                self._store.note(NAME, self._heartbeat())
                if self._store.noted(STOP):
                    self._stopped.set()

    def _heartbeat(self) -> dict[str, Any]:
        heartbeat = Heartbeat(
            owner=self._owner,
            host=socket.gethostname(),
            pid=os.getpid(),
            at=time.time(),
            text=self._progress.text,
            done=self._progress.done,
            doing=self._doing,
        )
        return heartbeat.model_dump()
