"""`load_annotations()`: what was asked for, as a request of the engine, and what a person is told of the load."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from ..sync import terminal
from ..sync.connection import NAMES, connect, find_credentials
from ..sync.errors import Refused
from ..sync.load.load import load
from ..sync.progress import ProgressReporter
from ..sync.readable import readable
from ..sync.request import LoadRequest, parse
from ..sync.runs.record import find

logger = logging.getLogger(__name__)

UNEXPECTED = {"prompt": "keep", "keep": "keep", "ignore": "ignore"}
"""What `unexpected` means here. FiftyOne's default asks on the terminal; nothing is lost if they are kept."""
CONFLICTS = {
    "remote": "CVAT's change counts",
    "local": "the change that was made here counts",
    "open": "the operator `resolve_conflicts` lists and decides them",
}
"""What became of parts that both sides had changed, by their outcome."""
CHOICES = ("states", "stages", "assignees", "tasks", "jobs")


@dataclass(frozen=True)
class LoadCall:
    """What a call of `load_annotations()` asked for.

    Args:
        request: what to load, and how
        login: how to log in
        shows_progress: whether to show how far it is
        cleanup: whether the run's tasks are deleted in CVAT afterwards
    """

    request: LoadRequest
    login: Mapping[str, Any]
    shows_progress: bool = True
    cleanup: bool = False


def read_call(key: str, asked: Mapping[str, Any] | None, login: Mapping[str, Any]) -> LoadCall:
    """Reads the arguments of `load_annotations()`.

    Args:
        key: the run's key
        asked: the arguments; ``None`` if the backend was called in another way
        login: how to log in, if the arguments don't say it

    Raises:
        Refused: if one does not apply to a run of this plugin; it is named
    """
    if asked is None:
        return LoadCall(LoadRequest(anno_key=key), login)
    more = dict(asked["kwargs"])
    said = {name: more.pop(name) for name in NAMES if name in more}
    unexpected, progress, cleanup = asked["unexpected"], asked["progress"], bool(asked["cleanup"])
    if not isinstance(unexpected, str) or unexpected not in UNEXPECTED:
        raise Refused(
            f"`unexpected={unexpected!r}` does not apply to a run of this plugin: labels that no field of the run can "
            "hold are kept in a field named after their type ('keep'), or left out and counted ('ignore')."
        )
    if progress is not None and not isinstance(progress, bool):
        raise Refused("`progress` is True, False or None here: a load has steps of its own, not samples.")
    if more.get("preview"):
        raise Refused("`load_annotations()` returns nothing, so there is no `preview`; the operator has one.")
    if cleanup and (chosen := [name for name in CHOICES if more.get(name)]):
        raise Refused(f"`cleanup=True` would delete jobs that `{chosen[0]}` leaves for later. Nothing was changed.")
    given = {"anno_key": key, "dest_field": asked["dest_field"], "unexpected": UNEXPECTED[unexpected]}
    request = parse(LoadRequest, {**more, **given})
    return LoadCall(request, {**login, **said}, progress is not False, cleanup)


def load_run(dataset: Any, call: LoadCall) -> dict[str, Any]:
    """Loads a run by the engine.

    Args:
        dataset: the dataset
        call: what was asked for

    Returns:
        the report, see :func:`sync.load.load.load`

    Raises:
        Refused: if it can't be loaded, or its tasks can't be deleted afterwards; the message says what was done
    """
    run = find(dataset, call.request.anno_key)
    if call.cleanup and run.imported:
        raise Refused("The tasks of this run were there before it, so `cleanup` does not delete them.")
    credentials = find_credentials(call.login, ask=True, server=run.server)
    with connect(credentials, run.organization) as client, _reporter(call.shows_progress) as reporter:
        report = load(dataset, call.request, client, reporter)
    logger.info(_sentence(report))
    for text in _to_know(report):
        logger.warning(text)
    if call.cleanup and (left := _left(report, call.request)):
        raise Refused(f"The run '{report['anno_key']}' is loaded, but its tasks stay in CVAT: {left}.")
    return report


def _reporter(shown: bool) -> AbstractContextManager[ProgressReporter]:
    return terminal.watching() if shown else nullcontext(ProgressReporter())


def _sentence(report: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{report[what]:,} {what}" for what in ("added", "changed", "deleted", "unchanged"))
    for name, item in report["fields"].items():
        counts += f", {item['copied']:,} copied into '{name}'" if item["copied"] else ""
    return f"Loaded the run '{report['anno_key']}' from CVAT. Labels: {counts}."


def _to_know(report: Mapping[str, Any]) -> Iterator[str]:
    """What a person should read after a load."""
    for outcome, what in CONFLICTS.items():
        if count := sum(item["outcome"] == outcome for item in report["conflicts"]):
            yield f"Changed here and in CVAT: {count:,} x; {what}."
    for name, item in report["fields"].items():
        for reason, count in item["refused"].items():
            yield readable(f"Refused in field '{name}': {count:,} x {reason}.")
    for what, count in report["unexpected"].items():
        yield readable(f"Unexpected: {count:,} x {what}.")
    for item in report["left"]:
        yield readable(f"Only in CVAT: {item['count']:,} x {item['type']} '{item['name']}', {item['reason']}.")
    yield from report["notes"]


def _left(report: Mapping[str, Any], request: LoadRequest) -> str:
    """What is in CVAT alone, so that it would be lost with the tasks."""
    if report["jobs_left"] or report["jobs_failed"]:
        return f"{report['jobs_left'] + report['jobs_failed']} of its jobs are not loaded"
    if open_ := sum(item["outcome"] == "open" for item in report["conflicts"]):
        return f"{open_} conflicts are open"
    if report["left"] and request.unexpected != "ignore":
        objects = sum(item["count"] for item in report["left"])
        return f"{objects:,} objects are only there, as the log says; `results.cleanup()` deletes them all the same"
    return ""
