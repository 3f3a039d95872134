"""Watching for a program: from Python, by a worker of delegated operations, or as a service."""

import threading
import time
from collections.abc import Callable
from typing import Any

from ..errors import Refused
from ..runs import record as records
from ..runs.base import BaseStore
from ..runs.store import RunStore
from .alarm import Alarm
from .order import Order
from .rule import WatchRequest, turn_off, turn_on, turn_on_once
from .watcher import Connect, Watcher

Tell = Callable[[str, str], None]


def watch(
    dataset: Any,
    request: WatchRequest,
    connect: Connect,
    tell: Tell,
    alarm: Alarm | None = None,
    clock: Callable[[], float] = time.time,
    *,
    waits: bool = True,
) -> dict[str, Any]:
    """Watches runs until there is none left, or it is told to end: by the alarm, or by Ctrl-C.

    Args:
        dataset: the dataset, or any view of it
        request: which runs, and how
        connect: gives a client for a run
        tell: takes sentences about runs, with their keys
        alarm: ends it
        clock: the time, in seconds since the epoch
        waits: whether it waits for runs to be turned on again, once none is

    Returns:
        ``loads`` (the report of each load), ``ended`` (why it ended by itself, or an empty text), ``troubles`` (what is
        wrong at the end, by key) and a ``text``

    Raises:
        RunMissing: if there is no such run
        Refused: if it is to be turned off and no run is named, or it is not on
    """
    dataset = dataset._root_dataset
    if request.on is False:
        return _turn_off(dataset, request)
    watcher = prepare(dataset, request, connect, tell, alarm or Alarm(), clock, waits=waits)
    until_interrupted(watcher, once=request.once)
    return summary(watcher)


def prepare(
    dataset: Any,
    request: WatchRequest,
    connect: Connect,
    tell: Tell,
    alarm: Alarm,
    clock: Callable[[], float] = time.time,
    *,
    waits: bool = True,
) -> Watcher:
    """Notes the rule of each run that is named, and gives the watcher; see :func:`watch`."""
    only = None
    if request.runs:
        if request.on:
            for key in request.runs:
                turn_on(dataset, key, request.said, here=False)
        only = frozenset(turn_on_once(dataset, key, request.said) for key in request.runs)
    elif request.said or request.on:
        raise Refused("Name the runs that this rule is for; the others keep theirs. Nothing was changed.")
    return Watcher(dataset, Order(request.every, only, waits=waits), connect, alarm, tell, clock)


def until_interrupted(watcher: Watcher, *, once: bool = False) -> None:
    """Lets a watcher look, once or until it has ended, in a thread of its own: Ctrl-C then ends a load cleanly.

    Args:
        watcher: the watcher
        once: whether it looks once only
    """
    failed: list[BaseException] = []

    def work() -> None:
        try:
            if once:
                watcher.look()
                watcher.leave()
            else:
                watcher.run()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="cvat-watch", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.5)
    except KeyboardInterrupt:
        watcher.alarm.end()
        thread.join()
    if failed:
        raise failed[0]


def summary(watcher: Watcher) -> dict[str, Any]:
    """What a watcher did, as a plain dict; see :func:`watch`."""
    count = len(watcher.loads)
    text = f"{count:,} load{'' if count == 1 else 's'} came by itself." if count else "Nothing was to be loaded."
    if not count and watcher.is_idle and not watcher.ended and not watcher.troubles:
        text = f"Nothing was to be loaded: {_why_idle(watcher.dataset)}"
    return {
        "loads": watcher.loads,
        "ended": watcher.ended,
        "troubles": watcher.troubles,
        "text": " ".join(filter(None, [text, watcher.ended])),
    }


def _why_idle(dataset: Any) -> str:
    """Why no run of a dataset is watched, and what to do."""
    there = records.find_all(dataset)
    if not there:
        return "the dataset has no run."
    for key, record in there.items():
        base = BaseStore(RunStore(dataset, record.run_id))
        if record.complete_tasks and base.task(record.complete_tasks[0].id) is None:
            return f"{records.not_here(key)} Watch it there."
    return "it is turned on for no run of this dataset. Name the `runs` that are to be loaded by themselves."


def _turn_off(dataset: Any, request: WatchRequest) -> dict[str, Any]:
    if not request.runs:
        raise Refused("Name the runs that are not to be loaded by themselves any more. Nothing was changed.")
    for key in request.runs:  # all are looked up before one is changed
        records.find(dataset, key)
    for key in request.runs:
        turn_off(dataset, key)
    text = f"Not loaded by itself any more: {', '.join(request.runs)}."
    return {"loads": [], "ended": "", "troubles": {}, "text": text}
