"""An ordered gate: what several threads do at the same time, but begin in order."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PAUSE = 0.1
"""Seconds between two looks at whether the send is to end."""


class OrderedGate:
    """Lets numbered threads do one step in the order of their numbers.

    Args:
        check: raises if nobody is to wait any longer
        first: the lowest number
    """

    def __init__(self, check: Callable[[], None], first: int = 0) -> None:
        self._check = check
        self._next = first
        self._passed: set[int] = set()
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
            self.pass_by(number)

    def pass_by(self, number: int) -> None:
        """Lets the others go on if this number had its turn, or will never take it."""
        with self._changed:
            self._passed.add(number)
            while self._next in self._passed:
                self._next += 1
            self._changed.notify_all()
