"""Watching in a thread of this process: that of the App's server. It goes on when the App is closed."""

import contextlib
import logging
import threading
from typing import Any

from ..errors import StateUnreadable
from ..runs import record as records
from ..runs.store import RunStore
from .alarm import Alarm
from .order import Order
from .rule import LEAST, MOST, read_rule
from .watcher import Connect, Watcher

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_watchers: dict[str, tuple[threading.Thread, Alarm, float]] = {}
"""The thread of each dataset, by the dataset's id, and its pace."""


def ensure_watched(dataset: Any, connect: Connect) -> None:
    """Has the runs of a dataset watched here that are to be; a thread that is at it already looks at once.

    Args:
        dataset: the dataset
        connect: gives a client
    """
    every = _pace(dataset)
    key = str(dataset._doc.id)
    with _lock:
        found = _watchers.get(key)
        if found and found[0].is_alive() and not found[1].stop.is_set():
            if found[2] == every:
                found[1].ring()
                return
            found[1].end()
        alarm = Alarm()
        watcher = Watcher(dataset, Order(every, here=True), connect, alarm, _tell)
        thread = threading.Thread(target=_watch, args=(watcher,), name="cvat-watch", daemon=True)
        _watchers[key] = thread, alarm, every
        thread.start()


def end_all(timeout: float = 30.0) -> None:
    """Ends all threads of this process, and waits for them."""
    with _lock:
        found = [*_watchers.values()]
        _watchers.clear()
    for _, alarm, _ in found:
        alarm.end()
    for thread, _, _ in found:
        thread.join(timeout)


def _pace(dataset: Any) -> float:
    """The shortest of the times that the runs want to have between two looks."""
    paces = [MOST]
    for record in records.find_all(dataset).values():
        with contextlib.suppress(StateUnreadable):  # of a run that the watcher names
            rule = read_rule(RunStore(dataset, record.run_id))
            if rule is not None and rule.on and rule.here:
                paces.append(max(LEAST, rule.every))
    return min(paces)


def _watch(watcher: Watcher) -> None:
    try:
        watcher.run()
    except Exception as error:  # a thread has nobody above it
        logger.error("Watching the dataset '%s' ended: %s", watcher.dataset.name, type(error).__name__)


def _tell(key: str, text: str) -> None:
    logger.info("%s: %s", key, text) if key else logger.info("%s", text)
