"""Waits that end when the caller wants to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import Cancelled
from .limits import REACTION

Stopped = Callable[[], bool]
"""Called several times a second, in any thread; True means that the caller wants to stop. Must be quick."""


def never() -> bool:
    """The default: no way to stop."""
    return False


def either(first: Stopped, second: Stopped) -> Stopped:
    """True as soon as one of two is."""
    if first is never:
        return second
    return lambda: first() or second()


def check(stopped: Stopped) -> None:
    """Raises ``Cancelled`` if the caller wants to stop."""
    if stopped():
        raise Cancelled("Stopped")


def pause(seconds: float, stopped: Stopped) -> None:
    """Waits.

    Raises:
        Cancelled: The caller wants to stop.
    """
    ends = time.monotonic() + seconds
    check(stopped)
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(left, REACTION))
        check(stopped)


@contextmanager
def holding(lock: threading.Lock | threading.Semaphore, stopped: Stopped) -> Iterator[None]:
    """Holds a lock, or a place of a semaphore, that another thread may keep for long.

    Raises:
        Cancelled: The caller wanted to stop before it was free.
    """
    check(stopped)
    while not lock.acquire(timeout=REACTION):
        check(stopped)
    try:
        yield
    finally:
        lock.release()
