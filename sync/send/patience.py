"""How long a request may live whose answer was lost, and waiting for what it does.

A gateway gives up after its own time; the server behind it goes on, and nothing says when it is done. So what it does
is looked for until it is there, or for longer than it takes.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LEAST = 10.0
"""Seconds that any request may live after its answer was lost."""
TIMES = 3.0
"""Times as long as it lasted before that."""
PER_OBJECT = 0.005
"""Seconds for each object that it writes: a busy server takes 1 to 2 ms."""
MOST = 1800.0
"""Seconds that any request may live: no clock, and no note of an earlier process, makes anybody wait longer."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0
"""Seconds between two looks."""
REACTION = 0.2
"""Seconds after which a pause looks whether the send is to end."""


def life_of(objects: int, lasted: float) -> float:
    """Seconds after which nothing comes of a request any more.

    Args:
        objects: how many it writes
        lasted: seconds from its sending until its answer was lost
    """
    lasted = min(max(0.0, lasted), MOST) if math.isfinite(lasted) else MOST
    return min(lasted + LEAST + TIMES * lasted + PER_OBJECT * objects, MOST)


def rest(seconds: float, check: Callable[[], None]) -> None:
    """Pauses.

    Args:
        seconds: how long, at most :data:`MOST`
        check: raises if nobody is to wait any longer
    """
    until = time.monotonic() + min(seconds, MOST)
    check()
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, REACTION))
        check()


@dataclass(frozen=True)
class Wait:
    """Waiting until a moment.

    Args:
        until: when nothing can come any more, on :func:`time.monotonic`'s clock
        check: raises if nobody is to wait any longer
    """

    until: float
    check: Callable[[], None]

    @classmethod
    def of(cls, seconds: float, check: Callable[[], None]) -> "Wait":
        """From now on."""
        return cls(time.monotonic() + min(max(0.0, seconds), MOST), check)

    def looks(self) -> Iterator[None]:
        """One turn for each look, the first one at once and the last one at the end."""
        pause = FIRST_PAUSE
        while True:
            yield
            left = self.until - time.monotonic()
            if left <= 0:
                return
            rest(min(pause, left), self.check)
            pause = min(pause * 1.5, LONGEST_PAUSE)
