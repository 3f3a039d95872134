"""Two worlds, the recorded and the replayed one, and which id here is which id there."""

from __future__ import annotations

import json
import re
from typing import Any

_PATHS = {
    "tasks": "task",
    "jobs": "job",
    "projects": "project",
    "labels": "label",
    "issues": "issue",
    "comments": "comment",
    "webhooks": "webhook",
    "deliveries": "delivery",
    "users": "user",
    "organizations": "organization",
    "access_tokens": "token",
}
KEYS = {
    "label_id": "label",
    "spec_id": "spec",
    "project_id": "project",
    "task_id": "task",
    "job_id": "job",
    "job": "job",
    "parent_job_id": "job",
    "result_id": "task",
    "issue": "issue",
    "issue_id": "issue",
    "webhook_id": "webhook",
    "organization": "organization",
    "organization_id": "organization",
}
_IN_PATH = re.compile(rf"/({'|'.join(_PATHS)})/(\d+)")
_IN_QUERY = re.compile(
    r"(?<![a-z_])((?:target(?:=|%3D)job(?:&|%26))?(?:task_id|job_id|project_id|issue_id|target_id))(=|%3D)(\d+)"
)
_TUS = re.compile(r"1_[0-9a-f-]{36}")
_IN_TEXT = (
    (re.compile(r'("label_id": )(\d+)'), "label"),
    (re.compile(r"(label_id `)(\d+)"), "label"),
    (re.compile(r"(spec_id `)(\d+)"), "spec"),
    (re.compile(r"(Key \(id\)=\()(\d+)"), "shape"),
    (re.compile(r"(parent job )(\d+)"), "job"),
    (re.compile(r'(data-label-id=")(\d+)'), "label"),
)
_NEAR = 10


class Ids:
    """Ids of the recorded world to ids of the replayed one, by kind.

    An id that was never seen stays as it is, unless it follows closely on a known one: then the
    recording meant an id that the server is about to give, and so does the replay.
    """

    def __init__(self) -> None:
        self._known: dict[str, dict[Any, Any]] = {}
        self.places = {"<server-root>": "/home/django", "<share>": "/home/django/share"}

    def learn(self, kind: str, recorded: Any, replayed: Any) -> None:
        self._known.setdefault(kind, {})[recorded] = replayed

    def knows(self, kind: str, recorded: Any) -> bool:
        return recorded in self._known.get(kind, {})

    def get(self, kind: str, recorded: Any) -> Any:
        """The replayed id."""
        known = self._known.get(kind, {})
        if recorded in known or not isinstance(recorded, int) or kind != "shape":
            return known.get(recorded, recorded)
        below = [ident for ident in known if isinstance(ident, int) and recorded - _NEAR < ident < recorded]
        return known[max(below)] + recorded - max(below) if below else recorded

    def back(self, kind: str, replayed: Any) -> Any:
        """The recorded id, None if there is none."""
        return next((old for old, new in self._known.get(kind, {}).items() if new == replayed), None)

    def text(self, text: str, server: str) -> str:
        """A recorded text as it should read in the replayed world."""
        for place, here in {**self.places, "<server>": server}.items():
            text = text.replace(place, here)
        text = _IN_PATH.sub(lambda m: f"/{m[1]}/{self.get(_PATHS[m[1]], int(m[2]))}", text)
        text = _IN_QUERY.sub(lambda m: f"{m[1]}{m[2]}{self._in_query(m[1], int(m[3]))}", text)
        text = _TUS.sub(lambda m: str(self.get("tus", m[0])), text)
        for pattern, kind in _IN_TEXT:
            text = pattern.sub(lambda m, kind=kind: f"{m[1]}{self.get(kind, int(m[2]))}", text)  # type: ignore[misc]
        return text

    def _in_query(self, name: str, number: int) -> int:
        targets = {"target_id": "job" if "job" in name else "task"}
        return int(self.get({**KEYS, **targets}[re.split("&|%26", name)[-1]], number))

    def query(self, query: dict[str, Any], path: str = "") -> dict[str, str]:
        """A recorded query for the replayed world; an `id` in its filter is one of what the path lists."""
        listed = _PATHS.get(path.rpartition("/")[2], "")
        result = {}
        for name, value in query.items():
            if name in KEYS and str(value).isdecimal():
                value = self.get(KEYS[name], int(value))
            elif name == "filter" and str(value).startswith("{"):
                value = json.dumps(self._rule(json.loads(value), listed))
            elif name == "rq_id":
                value = self.text(str(value), "")
            result[name] = str(value)
        return result

    def _rule(self, rule: Any, listed: str) -> Any:
        if not isinstance(rule, dict):
            return self.places.get(rule, rule) if isinstance(rule, str) else rule
        operation, operands = next(iter(rule.items()))
        if operation == "var":
            return rule
        names = [operand.get("var") for operand in operands if isinstance(operand, dict)]
        kind = {**KEYS, "id": listed}.get(names[0], "") if names and isinstance(names[0], str) else ""
        return {
            operation: [
                self.get(kind, operand) if kind and isinstance(operand, int) else self._rule(operand, listed)
                for operand in operands
            ]
        }

    def body(self, value: Any, kind: str = "") -> Any:
        """A recorded JSON body for the replayed world; `kind` is what `id` means here."""
        if isinstance(value, list):
            return [self.body(item, kind) for item in value]
        if not isinstance(value, dict):
            return value
        result = {}
        for key, item in value.items():
            if key == "id" and kind:
                as_text = isinstance(item, str) and item.isdecimal()
                result[key] = str(self.get(kind, int(item))) if as_text else self.get(kind, item)
            elif key in KEYS and isinstance(item, int) and not isinstance(item, bool):
                result[key] = self.get(KEYS[key], item)
            else:
                result[key] = self.body(item, inner_kind(key, kind))
        return result


def inner_kind(key: str, kind: str) -> str:
    """What an `id` is inside the value of `key`, inside an object of `kind`."""
    if key == "shapes":
        return "keyframe" if kind == "track" else "shape"
    if key == "elements":
        return kind
    if key == "attributes":
        return "spec" if kind == "label" else ""
    return {"tags": "tag", "tracks": "track", "labels": "label", "sublabels": "label"}.get(key, "")


def kind_of(thing: dict[str, Any], kind: str) -> str:
    """What the `id` of an object in an answer is."""
    url = _IN_PATH.search(str(thing.get("url", "")))
    if url:
        return _PATHS[url[1]]
    signs = {
        "has_parent": "label",
        "input_type": "spec",
        "position": "issue",
        "issue": "comment",
        "read_only": "token",
        "slug": "organization",
        "redelivery": "delivery",
        "joined_date": "membership",
        "username": "user",
    }
    return next((name for sign, name in signs.items() if sign in thing), kind)
