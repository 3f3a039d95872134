"""How long a request may live whose answer was lost, and waiting for what it does.

A gateway gives up after its own time; the server behind it goes on, and nothing says when it is done. So what it does
is looked for until it is there, or for longer than it takes.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LEAST = 10.0
"""Seconds that any request may live after its answer was lost."""
TIMES = 3.0
"""Times as long as it lasted before that."""
PER_OBJECT = 0.005
"""Seconds for each object that it writes: a busy server takes 1 to 2 ms."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0
"""Seconds between two looks."""


def life_of(objects: int, lasted: float) -> float:
    """Seconds after which nothing comes of a request any more.

    Args:
        objects: how many it writes
        lasted: seconds from its sending until its answer was lost
    """
    return lasted + LEAST + TIMES * lasted + PER_OBJECT * objects


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
        return cls(time.monotonic() + max(0.0, seconds), check)

    def looks(self) -> Iterator[None]:
        """One turn for each look, the first one at once and the last one at the end."""
        pause = FIRST_PAUSE
        while True:
            yield
            left = self.until - time.monotonic()
            if left <= 0:
                return
            self.check()
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE)
