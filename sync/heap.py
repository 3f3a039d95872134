"""Keeping Python's garbage collector from walking FiftyOne's whole heap again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 50_000
"""Objects to be made before the youngest are looked through: most of what is made lives to the end."""


@contextmanager
def set_aside() -> Iterator[None]:
    """Sets aside what is in memory, so that only what is made meanwhile is looked through for garbage.

    A send or load makes many objects at once, and each full collection would visit every object of FiftyOne too: that
    took more than half of the time. Used twice at a time, the first to end only ends the saving.
    """
    threshold = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(max(threshold[0], OBJECTS), *threshold[1:])
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()
