"""Keeping Python's garbage collector from walking FiftyOne's whole heap again and again."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 50_000
"""Objects to be made before the youngest are looked through: most of what is made lives to the end."""

_lock = threading.Lock()
_users = 0
_thresholds = gc.get_threshold()


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Sets aside what is in memory, so that only what is made meanwhile is looked through for garbage, and less often.

    A send or load makes many objects at once, and each full collection would visit every object of FiftyOne too: that
    took more than half of the time. May be used several times at once; the last to end puts everything back.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users, _thresholds
    with _lock:
        if not _users:
            _thresholds = gc.get_threshold()
            gc.set_threshold(max(_thresholds[0], OBJECTS), *_thresholds[1:])
        _users += 1
        gc.freeze()


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if not _users:
            gc.set_threshold(*_thresholds)
            gc.unfreeze()
