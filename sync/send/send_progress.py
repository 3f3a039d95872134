"""Adding up what several threads of a send have done, as a sentence for the person."""

import threading
import time
from collections.abc import Callable

from ..progress import Progress, ProgressReporter

PATIENCE = 0.2
"""Seconds between two reports of the same step."""
SURE = 0.02
"""The part of the work after which the remaining time can be estimated."""


class SendProgress:
    """What of a send is done.

    Args:
        reporter: takes the progress, and carries the wish to stop
        images, bytes, labels: how many there are
        clock: gives the seconds
        noun: what the images are called
    """

    def __init__(
        self,
        reporter: ProgressReporter,
        images: int,
        bytes: int,
        labels: int,
        clock: Callable[[], float] = time.monotonic,
        noun: str = "images",
    ) -> None:
        self._reporter = reporter
        self._images, self._bytes, self._labels = images, bytes, labels
        self._clock = clock
        self._noun = noun
        self._began = clock()
        self._told = -PATIENCE
        self._lock = threading.Lock()
        self._sent: dict[int, tuple[int, int]] = {}
        self._written = 0
        self._at_start: float | None = None
        self._doing = "Sending"

    def say(self, doing: str) -> None:
        """Reports what is being done now."""
        with self._lock:
            self._doing = doing
            self._tell()

    def keep(self, task: int, *, images: int, bytes: int) -> None:
        """Takes how many images and bytes of a task are sent by now."""
        with self._lock:
            self._sent[task] = (images, bytes)
            self._tell_at_times()

    def add(self, *, labels: int) -> None:
        """Takes labels that were written."""
        with self._lock:
            self._written += labels
            self._tell_at_times()

    @property
    def done(self) -> float:
        """The part that is done: bytes count as much as labels do, if there are both."""
        images, size = (sum(values) for values in zip(*self._sent.values(), strict=True)) if self._sent else (0, 0)
        parts = [(images, self._images), (size, self._bytes), (self._written, self._labels)]
        shares = [min(1.0, have / of) for have, of in parts if of]
        return sum(shares) / len(shares) if shares else 0.0

    def _tell_at_times(self) -> None:
        if self._clock() - self._told >= PATIENCE:
            self._tell()

    def _tell(self) -> None:
        self._told = self._clock()
        self._reporter.report(Progress(self._text(), self.done))

    def _text(self) -> str:
        images, size = (sum(values) for values in zip(*self._sent.values(), strict=True)) if self._sent else (0, 0)
        parts = [f"{images:,} of {self._images:,} {self._noun}"]
        if self._bytes:
            parts.append(f"{megabytes(size)} of {megabytes(self._bytes)}")
        if self._labels:
            parts.append(f"{self._written:,} of {self._labels:,} labels")
        return f"{self._doing}: {', '.join(parts)}{self._pace(size)}"

    def _pace(self, size: int) -> str:
        seconds, done = self._clock() - self._began, self.done
        if self._at_start is None:
            self._at_start = done
        fresh = done - self._at_start
        if seconds < 3 or fresh < SURE:
            return ""
        rate = f"{megabytes(int(size / seconds))}/s, " if size and size < self._bytes else ""
        return f" ({rate}about {duration(seconds * (1 - done) / fresh)} left)"


def megabytes(size: float) -> str:
    """``45 kB``, ``12.3 MB``, ``4.56 GB``."""
    if 0 < size < 1e5:
        return f"{max(1, round(size / 1e3))} kB"
    return f"{size / 1e9:,.2f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
