"""How far something is, and whether the person wants it to stop."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import Cancelled
from .readable import readable


@dataclass(frozen=True)
class Progress:
    """A sentence for the person, and the part that is done (0 to 1), if that is known."""

    text: str
    done: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", readable(self.text))


def _silent(progress: Progress) -> None:
    """Shows the progress nowhere."""


@dataclass(frozen=True)
class ProgressReporter:
    """Takes the progress of a send or load, and carries the wish to stop it.

    Args:
        report: takes each progress
        stop: set when the person cancels
    """

    report: Callable[[Progress], None] = _silent
    stop: threading.Event = field(default_factory=threading.Event)

    def step(self, text: str, done: float | None = None) -> None:
        """Reports a step, and ends here if the person cancelled.

        Raises:
            Cancelled: if so
        """
        if self.stop.is_set():
            raise Cancelled("Stopped.")
        self.report(Progress(text, done))
