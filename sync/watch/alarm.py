"""Waiting between two looks: until the time has come, somebody hints that something happened, or it is to end."""

import threading

GAP = 2.0
"""Seconds between two looks at least, however many hints come."""


class Alarm:
    """Wakes a watcher; any thread may ring or end it.

    Attributes:
        stop: set once it is to end
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._bell = threading.Event()

    def ring(self) -> None:
        """Hints that something happened."""
        self._bell.set()

    def end(self) -> None:
        """Ends the waiting for good."""
        self.stop.set()
        self._bell.set()

    def wait(self, seconds: float) -> None:
        """Waits; many hints in a row wake as seldom as one every two seconds."""
        if self.stop.wait(min(GAP, seconds)):
            return
        self._bell.wait(max(0.0, seconds - GAP))
        if not self.stop.is_set():
            self._bell.clear()
