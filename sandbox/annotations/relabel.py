"""Annotations under other ids of labels and attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..models import Job

Json = dict[str, Any]


def relabel(job: Job, labels: dict[int, int], attributes: dict[int, int]) -> None:
    """Replace the ids of labels and attributes in all annotations of a job; other ids stay."""
    for thing in [*job.tags.values(), *job.shapes.values(), *job.tracks.values()]:
        relabel_one(thing, labels, attributes)


def relabel_one(thing: Json, labels: dict[int, int], attributes: dict[int, int]) -> None:
    """Replace the ids of labels and attributes in one tag, shape or track."""
    for part in _parts(thing):
        if "label_id" in part:
            part["label_id"] = labels.get(part["label_id"], part["label_id"])
        for entry in part["attributes"]:
            entry["spec_id"] = attributes.get(entry["spec_id"], entry["spec_id"])


def _parts(thing: Json) -> Iterator[Json]:
    """An annotation, its keyframes and its elements."""
    yield thing
    for inner in (*thing.get("shapes", ()), *thing.get("elements", ())):
        yield from _parts(inner)
