"""The points of a send: its calls to CVAT and its writes to the database, named so that a second run meets them again.

Tasks and jobs are sent in parallel, so the order of the points differs from run to run. A point is therefore told by
what it is, without ids, and by how many alike came before it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

Kind = Literal["call", "write"]
Moment = Literal["before", "after"]

WRITES = frozenset({"insert", "update", "delete", "findAndModify", "bulkWrite", "create", "createIndexes", "drop"})
"""Commands that change the database."""
_LISTS = {"insert": "documents", "update": "updates", "delete": "deletes"}

_RUN_ID = re.compile(r"^[0-9a-f]{32}/")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Point:
    """One call or write.

    Args:
        kind: which of the two
        name: what it is, without ids: ``POST /api/tasks/N/data/``, ``update execution_store step/N``
        nth: its place among those of this name, from 1
    """

    kind: Kind
    name: str
    nth: int

    def __str__(self) -> str:
        return f"{self.name} {self.nth}"


class Death(NamedTuple):
    """Where a process dies: before a point, or after it, but before it knows the answer."""

    point: Point
    moment: Moment


def call_name(method: str, path: str) -> str:
    """The name of a call.

    Args:
        method: the HTTP method
        path: the path without query, quoted or not
    """
    return f"{method} {_without_ids(unquote(path))}"


def call_pattern(point: Point) -> tuple[str, str]:
    """The method of a call, and a regular expression that finds all calls of its name."""
    method, path = point.name.split(" ", 1)
    pattern = re.escape(path).replace("<id>", _UUID.pattern).replace("/N", r"/\d+").replace("=N", r"=\d+")
    return method, rf"^{pattern}(\?|$)"


def write_name(command: str, body: Mapping[str, Any]) -> str:
    """The name of a write: the command, the collection, and of the plugin's store the key."""
    collection = _without_ids(_OBJECT_ID.sub("<id>", str(body[command])))
    entries = body.get(_LISTS.get(command, ""), (body,))
    query = entries[0].get("q", entries[0].get("query", entries[0])) if entries else {}
    key = query.get("key", "")
    return f"{command} {collection} {_without_ids(_RUN_ID.sub('', key))}".rstrip() if key else f"{command} {collection}"


def _without_ids(text: str) -> str:
    return _NUMBER.sub("N", _UUID.sub("<id>", text))


def lasting(runs: Iterable[Iterable[Point]]) -> list[Point]:
    """The points that all of some runs have: how often a run asks whether CVAT is ready is a matter of luck."""
    counted = [Counter((point.kind, point.name) for point in run) for run in runs]
    least = {key: min(run[key] for run in counted) for key in counted[0]}
    return [Point(kind, name, nth) for (kind, name), most in sorted(least.items()) for nth in range(1, most + 1)]
