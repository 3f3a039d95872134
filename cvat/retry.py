"""How often, and after which pause, a request is sent again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from .headers import whole_number
from .words import duration


@dataclass(frozen=True)
class RetryPolicy:
    """Growing pauses with jitter, bounded in number and in total.

    Attributes:
        attempts: Times a request is sent at most when answers were lost or said "later".
        connect_attempts: Times a connection is tried at most, when none could be made.
        first_pause: Seconds before the second attempt; doubled each time.
        longest_pause: Seconds that a pause is at most when the server named none.
        longest_wait: Seconds that a server's ``Retry-After`` is followed at most before it is asked again.
        patience: Seconds of all pauses of one request together. A server that wants more than is left is not waited
            for.
    """

    attempts: int = 5
    connect_attempts: int = 3
    first_pause: float = 0.3
    longest_pause: float = 8.0
    longest_wait: float = 120.0
    patience: float = 240.0

    def pause(self, attempt: int, asked: float | None = None) -> float:
        """Seconds to wait after the given attempt (1 is the first).

        Args:
            attempt: The attempt that failed.
            asked: Seconds that the server asked for in ``Retry-After``.
        """
        if asked is not None:
            return min(asked, self.longest_wait)
        ceiling = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        return ceiling * random.uniform(0.5, 1.0)


USUAL = RetryPolicy()
"""The default of a client."""


def retry_after(value: str) -> float | None:
    """Reads ``Retry-After``, in seconds or as a date; None if it is absent or unreadable."""
    value = value.strip()
    if not value or len(value) > 100:
        return None
    seconds = whole_number(value)
    if seconds is not None:
        return float(seconds)
    try:
        when = parsedate_to_datetime(value)
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone.utc)
        return max((when - datetime.now(timezone.utc)).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def come_back(seconds: float) -> str:
    """Says when a server wants to be asked again, such as ``in 12 days (after 2026-12-01 14:00 UTC)``."""
    try:
        when = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    except OverflowError:
        return "in more than a thousand years"
    return f"in {duration(seconds)} (after {when:%Y-%m-%d %H:%M} UTC)"
