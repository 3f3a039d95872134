"""Ends a piece of work at one of its writes to the database, as if its process were killed there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fiftyone.core.odm.database as food
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import lease
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
        if event.command_name in WRITES and _is_work():
            if self.writes == self.at and not self.after:
                raise Killed
            self.writes += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.command_name in WRITES and _is_work() and self.after and self.writes - 1 == self.at:
            raise Killed

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Counted when it started."""


def _is_work() -> bool:
    """Whether this is no sign of life, which another thread gives."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def mortal() -> Iterator[None]:
    """Afterwards, signs of life that are left are those of a process that is gone."""
    owners: list[str] = []
    begin = lease.Lease.__init__

    def begin_known(self: Any, *given: Any, **more: Any) -> None:
        begin(self, *given, **more)
        owners.append(self._owner)

    lease.Lease.__init__ = begin_known  # type: ignore[method-assign]
    try:
        yield
    finally:
        lease._ended.update(owners)
        lease.Lease.__init__ = begin  # type: ignore[method-assign]


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
        with mortal():
            yield watcher
    finally:
        vars(listeners).update(kept)
