"""An ordered gate: what several threads do at the same time, but begin in order."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PAUSE = 0.1
"""Seconds between two looks at whether the send is to end."""


class OrderedGate:
    """Lets numbered threads do one step in the order of their numbers, which begin at 0.

    Args:
        check: raises if nobody is to wait any longer
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._next = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, number: int) -> Iterator[None]:
        """Waits until all lower numbers had their turn; in whatever way it ends, the next number may go on."""
        with self._changed:
            while self._next < number:
                self._check()
                self._changed.wait(PAUSE)
        try:
            yield
        finally:
            with self._changed:
                self._next = max(self._next, number + 1)
                self._changed.notify_all()
