"""Time as the server writes it: UTC, microseconds, and never the same moment twice."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Clock:
    """Gives strictly increasing times, so that a later change always has a later date."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=timezone.utc)

    def now(self) -> str:
        """The present moment, later than every one handed out before."""
        with self._lock:
            self._last = max(datetime.now(timezone.utc), self._last + timedelta(microseconds=1))
            return self._last.strftime(_FORMAT)


def parse(text: str) -> datetime:
    """Read a date; one without a zone is UTC.

    Raises:
        ValueError: if it is not a date.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def later(text: str, **delta: float) -> str:
    """The date `text` plus the given `timedelta` arguments."""
    return (parse(text) + timedelta(**delta)).strftime(_FORMAT)


def is_past(text: str) -> bool:
    """Whether the date `text` is over."""
    return parse(text) <= datetime.now(timezone.utc)
