"""Who watches a run, when it looked last, and what stopped it: for everybody who opens the dataset."""

import os
import socket
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..readable import readable
from ..runs.lease import process_runs
from ..runs.store import RunStore

SIGN, STOP = "watch/sign", "watch/stop"
SILENCE = 60.0
"""Seconds that somebody may be late with the next look before he counts as gone."""


class Sign(BaseModel):
    """A sign of life of whoever watches a run.

    Args:
        owner: an id of that watcher alone
        host, pid: where it runs
        at: when it looked last, in seconds since the epoch
        until: when it means to look next
        trouble: what is wrong at this moment; empty if nothing is
        ended: whether it watches no more
    """

    model_config = ConfigDict(frozen=True)

    owner: str
    host: str
    pid: int
    at: float
    until: float
    trouble: str = ""
    ended: bool = False

    def is_alive(self, now: float) -> bool:
        """Whether somebody watches. A process on this machine that ended is known at once."""
        if self.ended or now > self.until + SILENCE or self.at > now + SILENCE:
            return False
        return self.host != socket.gethostname() or process_runs(self.pid)


class WatchStop(BaseModel):
    """What ended it for a run, until a person loads the run or turns it on again.

    Args:
        text: a sentence
        at: when, in seconds since the epoch
        loaded_at: when the run had been loaded last
    """

    model_config = ConfigDict(frozen=True)

    text: str
    at: float
    loaded_at: str | None = None


def as_sign(found: Any) -> Sign | None:
    """What is noted as a sign; ``None`` if it is none, and nobody is known to watch the run."""
    try:
        return None if found is None else Sign.model_validate(found)
    except ValidationError:
        return None


def new_sign(owner: str, at: float, until: float, trouble: str = "") -> Sign:
    """A sign of a watcher of this process."""
    host, pid = socket.gethostname(), os.getpid()
    return Sign(owner=owner, host=host, pid=pid, at=at, until=until, trouble=readable(trouble))


def read_sign(store: RunStore) -> Sign | None:
    """The last sign of whoever watches a run."""
    return as_sign(store.noted(SIGN))


def stop_watching(store: RunStore, text: str, at: float, loaded_at: str | None) -> None:
    """Notes what ended it."""
    store.note(STOP, WatchStop(text=readable(text), at=at, loaded_at=loaded_at).model_dump())


def clear_stop(store: RunStore) -> None:
    """Forgets what ended it."""
    sign = as_sign(store.noted(SIGN))
    if store.noted(STOP):
        store.forget(STOP)
    if sign is not None and sign.ended:
        store.forget(SIGN)


def read_stop(store: RunStore, loaded_at: str | None) -> WatchStop | None:
    """What ended it, if the run was not loaded since by a person."""
    try:
        found = store.noted(STOP)
        stop = None if found is None else WatchStop.model_validate(found)
    except ValidationError:
        return None
    return stop if stop is not None and stop.loaded_at == loaded_at else None
