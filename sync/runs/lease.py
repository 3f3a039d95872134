"""The lease of a run: who is sending it now, how far that is, and whether it is still alive."""

import contextlib
import os
import socket
import threading
import time
import uuid
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pymongo.errors import PyMongoError

from ..errors import Cancelled, Refused
from ..progress import Progress
from .store import RunStore

NAME, STOP = "lease", "stop"
BEAT = 2.0
"""Seconds between two signs of life."""
SILENCE = 60.0
"""Seconds without one after which a process counts as gone."""


_ended: set[str] = set()
"""Sends of this process that ended while the database was away, so that their last sign of life is still there."""


class Heartbeat(BaseModel):
    """A sign of life.

    Args:
        owner: who sends: an id of that send alone
        host, pid: where it runs
        at: when this was written, in seconds since the epoch
        text, done: how far it is; see :class:`sync.progress.Progress`
    """

    model_config = ConfigDict(frozen=True)

    owner: str
    host: str
    pid: int
    at: float
    text: str = ""
    done: float | None = None

    def is_alive(self, now: float) -> bool:
        """Whether its process still sends. One on this machine that ended is known at once."""
        if now - self.at > SILENCE or self.owner in _ended:
            return False
        return self.host != socket.gethostname() or _runs(self.pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it runs, and is somebody else's
        return True
    return True


def read_heartbeat(store: RunStore) -> Heartbeat | None:
    """The last sign of life of a run's send, or ``None`` if nobody sends it."""
    return _as_heartbeat(store.noted(NAME))


def _as_heartbeat(found: Any) -> Heartbeat | None:
    """What is noted as a sign of life; ``None`` if it is none, and nobody is known to send."""
    try:
        return None if found is None else Heartbeat.model_validate(found)
    except ValidationError:
        return None


def is_held(store: RunStore) -> bool:
    """Whether somebody is sending a run at this moment."""
    heartbeat = read_heartbeat(store)
    return heartbeat is not None and heartbeat.is_alive(time.time())


def ask_to_stop(store: RunStore) -> None:
    """Asks whoever sends a run to stop; it does so within some seconds."""
    store.note(STOP, {"at": time.time()})


def forget_dead_heartbeat(store: RunStore) -> None:
    """Forgets the last sign of a process that ended before it could do so itself."""
    heartbeat = read_heartbeat(store)
    if heartbeat is not None and not heartbeat.is_alive(time.time()):
        store.drop(NAME)


class Lease:
    """Holds a run while it is sent, so that nobody else sends it at the same time; a context manager.

    Args:
        store: the run's store
        key: the run's key, for messages

    Raises:
        Refused: on entering, if somebody else is sending the run
    """

    def __init__(self, store: RunStore, key: str) -> None:
        self._store = store
        self._key = key
        self._progress = Progress("")
        self._owner = uuid.uuid4().hex
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="cvat-lease", daemon=True)

    def report(self, progress: Progress) -> None:
        """Takes how far the send is; the next sign of life says it."""
        self._progress = progress

    @property
    def is_lost(self) -> bool:
        """Whether another process took the run over."""
        return self._lost.is_set()

    def check(self) -> None:
        """Ends this send if somebody asked for it, or another process took over as this one was silent for long.

        Raises:
            Cancelled, Refused: if so
        """
        if self._stopped.is_set():
            raise Cancelled("Stopped.")
        if self.is_lost:
            raise Refused(f"Another process goes on with sending the run '{self._key}'; this one ends.")

    def __enter__(self) -> "Lease":
        found = self._store.noted(NAME)
        heartbeat = _as_heartbeat(found)
        if heartbeat is not None and heartbeat.is_alive(time.time()):
            where = heartbeat.text or f"process {heartbeat.pid} on {heartbeat.host}"
            raise Refused(f"The run '{self._key}' is being sent at this moment ({where}); wait for its end.")
        if not self._store.exchange(NAME, found, self._heartbeat()):
            raise Refused(f"The run '{self._key}' is being sent by somebody else since just now; wait for its end.")
        if self._store.noted(STOP):
            self._store.drop(STOP)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if not self._lost.is_set():
            try:
                self._store.drop(NAME)
            except PyMongoError:  # what ended the send is to be told; for other processes the sign ages by itself
                _ended.add(self._owner)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            with contextlib.suppress(Exception):  # a database that is away for a moment does not end the send
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
        )
        return heartbeat.model_dump()
