"""Keeping Python's garbage collector from walking FiftyOne's whole heap again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def set_aside() -> Iterator[None]:
    """Sets aside what is in memory, so that only what is made meanwhile is looked through for garbage.

    A send or load makes many objects at once, and each full collection would visit every object of FiftyOne too: that
    took more than half of the time. Used twice at a time, the first to end only ends the saving.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
