"""Open conflicts as steps, a label each, and what a button of a step decides."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Step(NamedTuple):
    """A label that is in conflict.

    Args:
        field, sample_id, label_id: where it is
        parts: which of its parts are
    """

    field: str
    sample_id: str
    label_id: str
    parts: tuple[str, ...]


def to_steps(waiting: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The labels that are in conflict, one after the other; see :func:`sync.load.resolve.conflicts`."""
    parts: dict[tuple[str, str, str], list[str]] = {}
    for item in waiting:
        where = (item["field"], item["sample_id"], item["label_id"])
        found = parts.setdefault(where, [])
        if item["outcome"] == "open":
            found.append(item["part"])
    return [Step(*where, tuple(found)) for where, found in parts.items()]


def this_one(step: Step, take: str) -> list[dict[str, Any]]:
    """Decides about one label."""
    return [{"take": take, "field": step.field, "label_id": step.label_id}]


def all_on(steps: Iterable[Step], sample_id: str, take: str) -> list[dict[str, Any]]:
    """Decides about all labels of a sample."""
    return [choice for step in steps if step.sample_id == sample_id for choice in this_one(step, take)]


def all_like(step: Step, take: str) -> list[dict[str, Any]]:
    """Decides about the same parts of all labels of the field."""
    return [{"take": take, "field": step.field, "part": part} for part in step.parts]
