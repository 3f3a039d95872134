"""Conflicts in words: what a label was, what it is here, and what it is in CVAT."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..shared.safe import row, safe
from ..shared.texts import count

PARTS = {"existence": "label", "label": "class", "geometry": "shape"}
SHAPE_PATHS = frozenset({"bounding_box", "rotation", "mask", "points", "closed", "filled"})
OUTCOMES = {"remote": "CVAT's counts", "local": "yours counts", "open": "to be decided"}
MOST = 20
"""Conflicts that are listed one by one."""


def part(name: str) -> str:
    """What of a label is in conflict: ``class``, ``shape``, ``label`` (whether it exists), or the attribute's name."""
    return PARTS.get(name, name.removesuffix(" (attribute)"))


def value(name: str, given: Any, base: Any = None) -> str:
    """A value of a part.

    Args:
        name: the part
        given: its value
        base: its value before, if the words may be about what became of it
    """
    if name == "existence":
        return _existence(given, base)
    if name == "geometry":
        return _shape(given)
    return _plain(given)


def _existence(given: Mapping[str, Any] | None, base: Mapping[str, Any] | None) -> str:
    """A whole label: that it is gone, or what about it was changed."""
    if given is None:
        return "deleted"
    if base is None or given is base:
        return _plain(given.get("label")) if given.get("label") is not None else "a label"
    changed = [path for path in given if given[path] != base.get(path)]
    words = [f"{part(path)} {_plain(given[path])}" for path in changed if path not in SHAPE_PATHS]
    if any(path in SHAPE_PATHS for path in changed):
        words.append("another shape")
    return f"changed: {', '.join(words)}" if words else "as it was"


def _shape(given: Mapping[str, Any] | None) -> str:
    if not given:
        return "none"
    words = []
    if given.get("mask") is not None:
        words.append("mask")
    if box := given.get("bounding_box"):
        x, y, width, height = (f"{100 * number:.1f}" for number in box)
        words.append(f"{width} x {height} % at {x}, {y} %")
    if given.get("rotation"):
        words.append(f"turned by {given['rotation']:.1f} degrees")
    if points := given.get("points"):
        words.append(_points(points))
    return ", ".join(words) or "another shape"


def _points(points: Sequence[Any]) -> str:
    """How many points, and where they begin: a keypoint has one list of points, a polyline several."""
    flat = points if points and not isinstance(points[0][0], (list, tuple)) else [p for line in points for p in line]
    if not flat:
        return "no points"
    x, y = (f"{100 * number:.1f}" for number in flat[0])
    return f"{count(len(flat), 'point')} from {x}, {y} %"


def _plain(given: Any) -> str:
    if given is None:
        return "none"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, float):
        return f"{given:g}"
    if isinstance(given, Mapping):
        return "another value"
    return str(given) or "empty"


def sentences(conflict: Mapping[str, Any]) -> dict[str, str]:
    """The three versions of a part: ``was``, ``yours`` and ``cvat``."""
    name, base = conflict["part"], conflict["base"]
    return {
        "was": value(name, base),
        "yours": value(name, conflict["local"], base),
        "cvat": value(name, conflict["remote"], base),
    }


def table(conflicts: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """The first conflicts as a table in Markdown, and how many more there are.

    Args:
        conflicts: as of :class:`sync.runs.report.Counts`
        names: of the samples, by id
    """
    if not conflicts:
        return []
    lines = ["", "| Sample | Field | In conflict | It was | Yours | CVAT's | Outcome |", "|" + ":--|" * 7]
    for item in conflicts[:MOST]:
        said = sentences(item)
        sample = names.get(item["sample_id"], item["sample_id"])
        cells = [sample, item["field"], part(item["part"]), said["was"], said["yours"], said["cvat"]]
        lines.append(row(*map(safe, [*cells, OUTCOMES[item["outcome"]]])))
    if len(conflicts) > MOST:
        lines += ["", f"... and {count(len(conflicts) - MOST, 'more conflict')}."]
    return lines


def decided(result: Mapping[str, Any]) -> str:
    """What was decided, in one sentence or two."""
    labels = len({(c["field"], c["label_id"]) for c in result["report"]["conflicts"] if c["outcome"] != "open"})
    left = f"{count(result['open'], 'label')} still open." if result["open"] else "Nothing is left to decide."
    return f"Decided about {count(labels, 'label')}. {left}"
