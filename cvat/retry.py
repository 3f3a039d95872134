"""How often, and after which pause, a request is sent again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class RetryPolicy:
    """Growing pauses with jitter, bounded in number and in total.

    Attributes:
        attempts: Times a request is sent at most when answers were lost or said "later".
        connect_attempts: Times a connection is tried at most, when none could be made.
        first_pause: Seconds before the second attempt; doubled each time.
        longest_pause: Seconds that a pause is at most when the server named none.
        longest_wait: Seconds that a server's ``Retry-After`` is followed at most.
        patience: Seconds of all pauses of one request together.
    """

    attempts: int = 5
    connect_attempts: int = 3
    first_pause: float = 0.3
    longest_pause: float = 8.0
    longest_wait: float = 120.0
    patience: float = 240.0

    def pause(self, attempt: int, wish: float | None = None) -> float:
        """Seconds to wait after the given attempt (1 is the first).

        Args:
            attempt: The attempt that failed.
            wish: What the server asked for in ``Retry-After``.
        """
        if wish is not None:
            return min(max(wish, 0.0), self.longest_wait)
        ceiling = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        return ceiling * random.uniform(0.5, 1.0)


USUAL = RetryPolicy()
"""What a client does unless told otherwise."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Reads ``Retry-After``, in seconds or as a date; None if it is absent or unreadable."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    if not value:
        return None
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return max((when - datetime.now(timezone.utc)).total_seconds(), 0.0)
