"""Ends a piece of work at one of its writes to the database, as if its process were killed there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fiftyone.core.odm.database as food
from pymongo import monitoring

WRITES = frozenset({"insert", "update", "delete", "findAndModify"})


class Killed(BaseException):
    """The process ends here."""


class Watcher(monitoring.CommandListener):
    """Counts the writes of a piece of work, and ends it at one of them.

    Args:
        at: the number of that write
        after: whether it is done
    """

    def __init__(self, at: int | None = None, after: bool = False) -> None:
        self.at, self.after = at, after
        self.writes = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in WRITES:
            if self.writes == self.at and not self.after:
                raise Killed
            self.writes += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.command_name in WRITES and self.after and self.writes - 1 == self.at:
            raise Killed

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Counted when it started."""


@contextmanager
def watching(watcher: Watcher) -> Iterator[Watcher]:
    """Lets a watcher see what FiftyOne's own connection sends."""
    food.get_db_conn()
    listeners: Any = food._client._event_listeners
    kept = dict(vars(listeners))
    name = next(key for key in kept if key.endswith("__command_listeners"))
    enabled = next(key for key in kept if key.endswith("__enabled_for_commands"))
    vars(listeners).update({name: [*kept[name], watcher], enabled: True})
    try:
        yield watcher
    finally:
        vars(listeners).update(kept)
