"""What a watcher is to watch, and what it remembers between two looks."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..runs.marks import JobMark
from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from .rule import WatchRule


@dataclass(frozen=True)
class Order:
    """What is to be watched, and how.

    Args:
        every: seconds between two looks
        only: the ids of the runs; by default all for which it is turned on. It ends with the last of them
        here: whether only those that the App's server is to watch; it ends when there is none any more
        waits: whether it waits for runs that are turned on later, if none is
    """

    every: float
    only: frozenset[str] | None = None
    here: bool = False
    waits: bool = True

    def wants(self, run_id: str, rule: WatchRule | None) -> bool:
        """Whether a run is to be watched."""
        return rule is not None and rule.on and (self.only is None or run_id in self.only) and (rule.here >= self.here)


@dataclass
class Memory:
    """What a watcher remembers of a run between two looks.

    Attributes:
        failures: how many looks, or loads, in a row went wrong
        due: when to try again
        trouble: what is wrong now
        said: the last sentence about it
        loaded: the jobs that were loaded last, with their dates
    """

    failures: int = 0
    due: float = 0.0
    trouble: str = ""
    said: str = ""
    loaded: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True)
class Chosen:
    """A run that is to be looked at."""

    key: str
    record: RunRecord
    rule: WatchRule
    store: RunStore
    marks: Mapping[int, JobMark]
    memory: Memory

    @property
    def place(self) -> tuple[str, str | None]:
        """The server and the workspace."""
        return self.record.server, self.record.organization
